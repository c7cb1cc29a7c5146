"""What waits for a moderator, in which order, and who has it in hand."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from . import hours
from .models import Comment, QueueItem
from .screening.policy import PATIENCE
from .signals import entered_crisis

LEASE = timedelta(minutes=5)
PAGE_SIZE = 20
Lane = QueueItem.Lane
# A page taken from readers pauses what waits under it, except what cannot wait.
NEVER_PAUSED = (Lane.CRISIS, Lane.LEGAL, Lane.PRIVACY, Lane.SAFETY, Lane.APPEAL)
MOST_COUNTED = 1000


@dataclass(frozen=True)
class Waiting:
    """How many wait in a lane, at most a thousand and one, and since when the most urgent of them does."""

    lane: str
    count: int
    oldest: datetime | None

    def __str__(self) -> str:
        return _("1,000+") if self.count > MOST_COUNTED else str(self.count)


def waiting():
    """Open items, in the order to work on them."""
    return QueueItem.objects.filter(closed_at=None, paused=False).order_by("rank", "due_at", "pk")


def lanes() -> list[Waiting]:
    """Every lane in its order; one query that reads at most a thousand and one entries of the index for each."""
    parts = [
        "SELECT %s, (SELECT COUNT(*) FROM (SELECT 1 FROM comments_queueitem WHERE closed_at IS NULL AND NOT paused "
        "AND rank = %s ORDER BY rank, due_at, id LIMIT %s) AS counted), "
        "(SELECT opened_at FROM comments_queueitem WHERE closed_at IS NULL AND NOT paused "
        "AND rank = %s ORDER BY rank, due_at, id LIMIT 1)"
    ] * len(Lane.values)
    values = [part for lane, rank in QueueItem.RANKS.items() for part in (lane, rank, MOST_COUNTED + 1, rank)]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        found = {lane: (count, oldest) for lane, count, oldest in cursor.fetchall()}
    return [Waiting(lane, found[lane][0], _moment(found[lane][1])) for lane in Lane.values]


def counts() -> dict[str, int]:
    """How many wait in each lane, lanes in their order, at most a thousand and one each."""
    return {one.lane: one.count for one in lanes()}


def newest() -> int:
    """The key of what came in last, whatever became of it since."""
    return QueueItem.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def count_since(lane: str, pk: int) -> int:
    """How many of a lane came in after that, at most a hundred."""
    return waiting().filter(rank=QueueItem.RANKS[lane], pk__gt=pk).order_by()[:100].count()


def later_than(item: QueueItem) -> Q:
    """What stands behind an item in the order of work."""
    return (
        Q(rank__gt=item.rank)
        | Q(rank=item.rank, due_at__gt=item.due_at)
        | Q(rank=item.rank, due_at=item.due_at, pk__gt=item.pk)
    )


def lane_page(lane: str, after: QueueItem | None = None) -> tuple[list[QueueItem], bool]:
    """Up to twenty items of a lane after the given one, with what the list shows of them; and whether there are more."""
    items = (
        waiting().filter(rank=QueueItem.RANKS[lane]).select_related("comment__author", "comment__current", "claimed_by")
    )
    if after is not None:
        items = items.filter(Q(due_at__gt=after.due_at) | Q(due_at=after.due_at, pk__gt=after.pk))
    rows = list(items[: PAGE_SIZE + 1])
    return rows[:PAGE_SIZE], len(rows) > PAGE_SIZE


def enqueue(comment: Comment, lane: str, reasons: Collection[str]) -> QueueItem:
    """One open item per comment: new reasons join it and can only raise its lane and bring its due time forward.

    The caller holds the comment's row lock, so two first reports do not make two items.
    """
    now = timezone.now()
    # Somebody in danger is not to wait for the morning; for everything else time counts once somebody is there.
    due_at = (now if lane == Lane.CRISIS else hours.work_begins(now)) + PATIENCE[Lane(lane)]
    item = comment.queue_items.filter(closed_at=None).first()
    if item is None:
        item = QueueItem.objects.create(
            comment=comment, lane=lane, reasons=sorted(set(reasons)), due_at=due_at, paused=_is_paused(comment, lane)
        )
        _tell_of_crisis(comment, lane, reasons)
        return item
    if QueueItem.RANKS[lane] < QueueItem.RANKS[item.lane]:
        item.lane = lane
    item.reasons = sorted({*item.reasons, *reasons})
    item.due_at = min(item.due_at, due_at)
    # Something new happened: whoever put it off wants to know.
    item.put_off_until = None
    item.paused = _is_paused(comment, item.lane)
    item.save(update_fields=["lane", "rank", "reasons", "due_at", "put_off_until", "paused"])
    _tell_of_crisis(comment, lane, reasons)
    return item


def _tell_of_crisis(comment: Comment, lane: str, reasons: Collection[str]) -> None:
    if lane == Lane.CRISIS:
        entered_crisis.send(sender=QueueItem, comment=comment, why=list(reasons))


def pause(page_id: int, *, paused: bool) -> None:
    """A page left the public or came back: what waits under it is kept, with its due time."""
    items = QueueItem.objects.filter(comment__conversation_id=page_id, closed_at=None)
    if paused:
        items.exclude(lane__in=NEVER_PAUSED).update(paused=True)
        items.update(claimed_by=None, claimed_until=None)
    else:
        items.update(paused=False)


def _is_paused(comment: Comment, lane: str) -> bool:
    return lane not in NEVER_PAUSED and comment.conversation.page.live_publication_id is None


def close(comment: Comment) -> None:
    comment.queue_items.filter(closed_at=None).update(closed_at=timezone.now())


def reopen(comment: Comment, *, since: datetime) -> None:
    """The item that a decision closed is open again, unless a new one is."""
    if not comment.queue_items.filter(closed_at=None).exists():
        last = comment.queue_items.filter(closed_at__gte=since).order_by("-closed_at").first()
        if last is not None:
            QueueItem.objects.filter(pk=last.pk).update(closed_at=None)


def forget_hiding(comment: Comment, *, since: datetime) -> None:
    """Hiding asked for a second look and was taken back: its item closes, or loses that reason if it had others."""
    item = comment.queue_items.filter(closed_at=None).first()
    if item is None:
        return
    if item.opened_at >= since:
        close(comment)
    else:
        item.reasons = [reason for reason in item.reasons if reason != "hidden"]
        item.save(update_fields=["reasons"])


def put_aside(comment: Comment) -> None:
    """Its author was asked for other words: it waits for her for a day, then for us again."""
    comment.queue_items.filter(closed_at=None).update(
        put_off_until=timezone.now() + timedelta(days=1), claimed_by=None, claimed_until=None
    )


def is_taken(item: QueueItem | None, *, by=None) -> bool:
    """Whether somebody has this item in hand now; `by` leaves their own claim out."""
    if item is None or item.claimed_by_id is None or item.claimed_until <= timezone.now():
        return False
    return by is None or item.claimed_by_id != by.pk


def _moment(stored: datetime | str | None) -> datetime | None:
    """SQLite hands times of a plain query out as text, without their zone."""
    if isinstance(stored, str):
        stored = parse_datetime(stored)
    if stored is not None and timezone.is_naive(stored):
        stored = stored.replace(tzinfo=UTC)
    return stored
