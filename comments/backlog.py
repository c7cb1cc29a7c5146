"""Says when comments wait for longer than they may: to addresses outside, and by mail to whoever is on call."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts import mail

from . import queue, webhooks
from .models import QueueItem

Lane = QueueItem.Lane


@dataclass(frozen=True)
class Overdue:
    """A lane in which somebody waits for longer than its patience, counted in the hours that moderators keep."""

    lane: str
    name: str
    opened_at: datetime
    due_at: datetime
    count: int

    @property
    def is_many(self) -> bool:
        return self.count > queue.MOST_COUNTED


def overdue() -> list[Overdue]:
    """Lanes in their order. What a moderator put off is not late before it comes back."""
    now = timezone.now()
    counts = queue.counts()
    found = []
    for lane in Lane:
        free = queue.waiting().filter(Q(put_off_until=None) | Q(put_off_until__lte=now), rank=QueueItem.RANKS[lane])
        item = free.filter(due_at__lte=now).first() if counts[lane] else None
        if item is not None:
            found.append(Overdue(lane.value, str(lane.label), item.opened_at, item.due_at, counts[lane]))
    return found


def raise_overdue() -> None:
    """Each lane once an hour, and one mail an hour about all of them; asked again within the hour, nothing happens."""
    late = overdue()
    if not late:
        return
    hour = f"{timezone.now():%Y%m%dT%H}"
    with transaction.atomic():
        for one in late:
            webhooks.tell("backlog.age", f"{one.lane}-{hour}", _payload(one))
        context = {"lanes": late, "most": queue.MOST_COUNTED, "queue_url": mail.absolute(reverse("comments:queue"))}
        for place, address in enumerate(settings.MODERATION_ON_CALL):
            mail.send("comments/backlog", address, context, key=f"backlog-{hour}-{place}")


def _payload(one: Overdue) -> dict:
    return {
        "lane": one.lane,
        "oldest_opened_at": one.opened_at.isoformat(),
        "oldest_due_at": one.due_at.isoformat(),
        "waiting": min(one.count, queue.MOST_COUNTED),
        "waiting_more": one.is_many,
        "url": mail.absolute(reverse("comments:lane", args=[one.lane])),
    }
