"""What can be decided together: the items of a lane, or what waits of one member."""

from collections import Counter
from dataclasses import dataclass

from . import queue
from .models import Batch, Comment, QueueItem
from .screening.policy import MEANINGS

PAGE_SIZE = 50
BATCHES_SHOWN = 20
Lane = QueueItem.Lane
# Each of these is read by itself.
NEVER_TOGETHER = (Lane.CRISIS,)


@dataclass(frozen=True)
class Row:
    comment: Comment
    item: QueueItem
    key: str  # what its box sends: which comment, in which version
    tags: list
    is_own: bool
    is_chosen: bool


def lane_page(lane: str, after: QueueItem | None = None) -> tuple[list[QueueItem], bool]:
    """Up to fifty items of a lane after the given one, and whether there are more."""
    items = _shown(queue.waiting().filter(rank=QueueItem.RANKS[lane]))
    if after is not None:
        items = items.filter(queue.later_than(after))
    found = list(items[: PAGE_SIZE + 1])
    return found[:PAGE_SIZE], len(found) > PAGE_SIZE


def whole_lane(lane: str, most: int) -> list[Comment]:
    """Every comment of a lane as it stands now, at most so many."""
    return [item.comment for item in _shown(queue.waiting().filter(rank=QueueItem.RANKS[lane]))[:most]]


def rows(items: list[QueueItem], viewer, chosen: set[str] = frozenset()) -> list[Row]:
    made = []
    for item in items:
        key = f"{item.comment_id}:{item.comment.version}"
        tags = [MEANINGS[reason] for reason in item.reasons if reason in MEANINGS]
        made.append(Row(item.comment, item, key, tags, item.comment.author_id == viewer.pk, key in chosen))
    return made


@dataclass(frozen=True)
class BatchRow:
    """One batch: how many were chosen, and how many were done, changed meanwhile, or not allowed."""

    batch: Batch
    chosen: int
    done: int
    changed: int
    refused: int


def earlier(before: Batch | None = None) -> tuple[list[BatchRow], bool]:
    """Up to twenty batches, the newest first, and whether there are more; one query."""
    found = Batch.objects.select_related("by").order_by("-pk")
    if before is not None:
        found = found.filter(pk__lt=before.pk)
    batches = list(found[: BATCHES_SHOWN + 1])
    return [_counted(one) for one in batches[:BATCHES_SHOWN]], len(batches) > BATCHES_SHOWN


def _counted(batch: Batch) -> BatchRow:
    counts = Counter(code for code, _said in batch.outcomes.values())
    return BatchRow(batch, len(batch.items), counts["done"], counts["conflict"], counts["refused"])


def items_of(keys: list[str]) -> list[tuple[int, int]]:
    """From what the boxes sent; what is no such pair is left out."""
    pairs = [key.partition(":") for key in keys]
    return [
        (int(pk), int(version))
        for pk, _colon, version in pairs
        if pk.isascii() and pk.isdigit() and version.isascii() and version.isdigit() and len(pk + version) < 18
    ]


def _shown(items):
    return items.select_related("comment__author", "comment__current")
