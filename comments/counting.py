"""The counts that are stored beside comments, compared with the comments themselves."""

from collections import Counter
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q

from articles import freshness
from articles.models import Page

from . import thread
from .models import Comment, Conversation


@dataclass(frozen=True)
class Drift:
    """A conversation in which a stored count is not what its comments say."""

    page: Page
    stored: int  # live comments
    counted: int
    below: dict[int, int] = field(default_factory=dict)  # comment → how many live comments are below it
    helpful: dict[int, int] = field(default_factory=dict)  # comment → how many members found it helpful

    def __str__(self) -> str:
        if self.stored != self.counted:
            return f"says {self.stored} comments, there are {self.counted}"
        wrong = sorted({*self.below, *self.helpful})
        return f"counts otherwise than its comments do: {', '.join(map(str, wrong[:5]))}"


def drifts() -> list[Drift]:
    """One conversation at a time, so that the memory this takes is that of the largest."""
    spoken_in = Q(live_count__gt=0) | Exists(Comment.objects.filter(conversation=OuterRef("pk")))
    rows = Conversation.objects.filter(spoken_in).select_related("page").order_by("pk")
    found = (_drift(row) for row in rows.iterator(chunk_size=200))
    return [drift for drift in found if drift is not None]


def repair(drift: Drift) -> None:
    """Set the counts anew, from the comments as they stand once no decision can run beside it."""
    with transaction.atomic():
        page = Page.objects.select_for_update(no_key=True).get(pk=drift.page.pk)
        now = _drift(Conversation.objects.select_related("page").get(pk=page.pk))
        if now is None:
            return
        Conversation.objects.filter(pk=page.pk).update(live_count=now.counted)
        for name, counts in (("live_below", now.below), ("helpful_count", now.helpful)):
            for comment, count in counts.items():
                Comment.objects.filter(pk=comment).update(**{name: count})
        freshness.bump(page)


def _drift(conversation: Conversation) -> Drift | None:
    live, below = 0, Counter()
    stored: dict[int, tuple[int, int]] = {}
    for comment in conversation.comments.only("path", "status", "live_below", "helpful_count").iterator(
        chunk_size=2000
    ):
        stored[comment.pk] = (comment.live_below, comment.helpful_count)
        if comment.status == Comment.Status.LIVE:
            live += 1
            below.update(thread.above(comment))
    helped = dict(
        conversation.comments.filter(found_helpful__isnull=False).values_list("pk").annotate(Count("found_helpful"))
    )
    wrong_below = {pk: below[pk] for pk, (was, _helpful) in stored.items() if was != below[pk]}
    wrong_help = {pk: helped.get(pk, 0) for pk, (_below, was) in stored.items() if was != helped.get(pk, 0)}
    if live == conversation.live_count and not wrong_below and not wrong_help:
        return None
    return Drift(conversation.page, conversation.live_count, live, wrong_below, wrong_help)
