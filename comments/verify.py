"""Checks of the conversation: every status has its decision, every word its form, every count its comments."""

import json
from collections.abc import Iterator

from audit.models import Entry
from audit.verify import Failure, failure, register

from . import counting, text
from .models import AdverseEvent, Comment, CommentRevision, CrisisCase, CrisisStep, Decision
from .workflow import safety


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


@register("side effects")
def side_effects() -> Iterator[Failure]:
    """What was recorded of a side effect has the hash that the log holds, and stands as its last step says."""
    for event in AdverseEvent.objects.order_by("pk").iterator(chunk_size=500):
        if event.snapshot_hash != safety.hash_of(event.snapshot):
            yield failure(event, "holds other words than were recorded")
        entries = Entry.objects.filter(object_type=AdverseEvent._meta.label_lower, object_id=str(event.pk))
        facts = [json.loads(payload) for payload in entries.order_by("seq").values_list("payload", flat=True)]
        if not facts or facts[0].get("sha256") != event.snapshot_hash:
            yield failure(event, "holds other words than the log says")
        elif facts[-1].get("to", AdverseEvent.State.RECORDED) != event.state:
            yield failure(event, "stands otherwise than its last entry says")


@register("crisis cases")
def crises() -> Iterator[Failure]:
    """A case stands as its steps and the log say, nobody in danger is called spam, and somebody looks again."""
    cases = CrisisCase.objects.select_related("comment").prefetch_related("steps", "follow_ups").order_by("pk")
    for case in cases.iterator(chunk_size=500):
        end = [(case.outcome, case.closed_by_id)] if case.closed_at else []
        closings = [(one.code, one.by_id) for one in case.steps.all() if one.kind == CrisisStep.Kind.CLOSED]
        if closings != end:
            yield failure(case, "stands otherwise than its steps say")
        if _logged_ends(case) != [outcome for outcome, _by in end]:
            yield failure(case, "stands otherwise than the log says")
        if case.closed_at is None and case.comment.status == Comment.Status.SPAM:
            yield failure(case, "is open about a comment that was called spam")
        if case.closed_at and case.outcome != CrisisCase.Outcome.NO_CRISIS and not case.follow_ups.all():
            yield failure(case, "was closed, and nobody is to look again")


def _logged_ends(case: CrisisCase) -> list[str]:
    entries = Entry.objects.filter(object_type=case._meta.label_lower, object_id=str(case.pk), verb="crisis.closed")
    return [json.loads(payload)["outcome"] for payload in entries.order_by("seq").values_list("payload", flat=True)]
