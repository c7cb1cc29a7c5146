"""What waits for a moderator, in which order, and who has it in hand."""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from . import hours
from .models import Appeal, Comment, QueueItem
from .screening.policy import PATIENCE

LEASE = timedelta(minutes=5)
PAGE_SIZE = 20
Lane = QueueItem.Lane
# A page taken from readers pauses what waits under it, except what cannot wait.
NEVER_PAUSED = (Lane.CRISIS, Lane.LEGAL, Lane.PRIVACY, Lane.SAFETY, Lane.APPEAL)


def waiting():
    """Open items, in the order to work on them."""
    seen_by_readers = Q(comment__conversation__page__live_publication__isnull=False)
    return (
        QueueItem.objects.filter(closed_at=None)
        .filter(seen_by_readers | Q(lane__in=NEVER_PAUSED))
        .order_by("rank", "due_at", "pk")
    )


def counts() -> dict[str, int]:
    """How many wait in each lane, lanes in their order; one query."""
    found = dict(waiting().order_by().values_list("lane").annotate(Count("pk")))
    return {lane: found.get(lane, 0) for lane in Lane.values}


def lane_page(lane: str, after: QueueItem | None = None) -> tuple[list[QueueItem], bool]:
    """Up to twenty items of a lane after the given one, with what the list shows of them; and whether there are more."""
    items = waiting().filter(lane=lane).select_related("comment__author", "comment__current", "claimed_by")
    if after is not None:
        items = items.filter(Q(due_at__gt=after.due_at) | Q(due_at=after.due_at, pk__gt=after.pk))
    rows = list(items[: PAGE_SIZE + 1])
    return rows[:PAGE_SIZE], len(rows) > PAGE_SIZE


def next_for(user, lane: str | None = None) -> QueueItem | None:
    """The first item that `user` may decide and nobody else has in hand."""
    now = timezone.now()
    items = waiting().exclude(comment__author=user)
    items = items.filter(Q(claimed_by=None) | Q(claimed_by=user) | Q(claimed_until__lte=now))
    # Whoever decided the first time leaves the appeal to somebody else.
    own = Appeal.objects.filter(decision__comment=OuterRef("comment"), first_moderator=user, decided_at=None)
    items = items.filter(~Exists(own))
    if lane is not None:
        items = items.filter(lane=lane)
    return items.select_related("comment").first()


def enqueue(comment: Comment, lane: str, reasons: Iterable[str]) -> QueueItem:
    """One open item per comment: new reasons join it and can only raise its lane and bring its due time forward.

    The caller holds the comment's row lock, so two first reports do not make two items.
    """
    now = timezone.now()
    # Somebody in danger is not to wait for the morning; for everything else time counts once somebody is there.
    due_at = (now if lane == Lane.CRISIS else hours.work_begins(now)) + PATIENCE[Lane(lane)]
    item = comment.queue_items.filter(closed_at=None).first()
    if item is None:
        return QueueItem.objects.create(comment=comment, lane=lane, reasons=sorted(set(reasons)), due_at=due_at)
    if QueueItem.RANKS[lane] < QueueItem.RANKS[item.lane]:
        item.lane = lane
    item.reasons = sorted({*item.reasons, *reasons})
    item.due_at = min(item.due_at, due_at)
    item.save(update_fields=["lane", "rank", "reasons", "due_at"])
    return item


def close(comment: Comment) -> None:
    comment.queue_items.filter(closed_at=None).update(closed_at=timezone.now())


def is_taken(item: QueueItem | None, *, by=None) -> bool:
    """Whether somebody has this item in hand now; `by` leaves their own claim out."""
    if item is None or item.claimed_by_id is None or item.claimed_until <= timezone.now():
        return False
    return by is None or item.claimed_by_id != by.pk
