"""Checks of the conversation: every status has its decision, every word its form, every count its comments."""

from collections.abc import Iterator

from audit.verify import Failure, failure, register

from . import counting, text
from .models import Comment, CommentRevision, Decision


@register("decisions")
def decisions() -> Iterator[Failure]:
    """Decisions of a comment lead from held, version 1, without a gap to where it stands."""
    for comment in Comment.objects.prefetch_related("decisions").order_by("pk").iterator(chunk_size=500):
        status, version = Comment.Status.HELD, 1
        for decision in sorted(comment.decisions.all(), key=lambda one: one.version):
            if (decision.from_status, decision.version) != (status, version + 1):
                yield failure(decision, "does not follow the decision before it")
            status, version = decision.to_status, decision.version
        if (comment.status, comment.version) != (status, version):
            yield failure(comment, "stands otherwise than its last decision says")


@register("moderators")
def moderators() -> Iterator[Failure]:
    for decision in Decision.objects.filter(source=Decision.Source.MODERATOR).order_by("pk").iterator(chunk_size=500):
        if decision.decided_by_id in (None, decision.author_id):
            yield failure(decision, "is by nobody, or by the author of the comment")


@register("words of comments")
def words() -> Iterator[Failure]:
    for revision in CommentRevision.objects.exclude(text="").order_by("pk").iterator(chunk_size=500):
        # Dropped HTML is made anew from the words at every reading.
        if revision.html and revision.html != text.to_html(revision.text):
            yield failure(revision, "shows other words than were typed")


@register("counts")
def counts() -> Iterator[Failure]:
    for drift in counting.drifts():
        yield Failure("comments_conversation", str(drift.page.pk), str(drift))
