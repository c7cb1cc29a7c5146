"""How a source stands: what is known about it, and which of these events has the last word."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from .identifiers import doi, url
from .models import Reference, ReferenceStatus

Status = Reference.Status
# Neither a correction nor a concern of a later day makes a retracted paper good again: a reinstatement does, or a person.
FINAL = {Status.RETRACTED, Status.WITHDRAWN}
LESS = {Status.CORRECTED, Status.CONCERN, Status.DEAD_LINK}
# On one and the same day the graver news is the one that stands.
GRAVITY = {code: place for place, code in enumerate(
    [Status.OK, Status.REINSTATED, Status.DEAD_LINK, Status.CORRECTED, Status.CONCERN, Status.WITHDRAWN, Status.RETRACTED]
)}  # fmt: skip


@dataclass(frozen=True)
class Event:
    """One thing known about a source. `pk` is 0 while it stands in a file only."""

    status: str
    on: date
    notice: str = ""
    source: str = ""
    pk: int = 0
    # Written down by a person without a date: it counts from the day it was written down.
    undated: bool = False

    @classmethod
    def of(cls, row: ReferenceStatus) -> Event:
        return cls(
            status=row.status,
            on=row.effective_on or timezone.localdate(row.observed_at),
            notice=notice_name(row.notice),
            source=row.source,
            pk=row.pk,
            undated=row.effective_on is None,
        )

    @property
    def order(self) -> tuple:
        return (self.on, 1, self.pk) if self.undated else (self.on, 0, GRAVITY[self.status])

    def is_same(self, other: Event) -> bool:
        """Whether both are one piece of news, perhaps told twice."""
        if self.status != other.status:
            return False
        if self.source and self.source == other.source and any(char.isdigit() for char in self.source):
            return True
        same_day = self.on == other.on or self.undated or other.undated
        return self.notice == other.notice and (bool(self.notice) or same_day)


def events_of(references: Iterable[int]) -> dict[int, list[Event]]:
    """What is on record about each source, in one query."""
    found: dict[int, list[Event]] = defaultdict(list)
    for row in ReferenceStatus.objects.filter(reference__in=list(references)).order_by("pk"):
        found[row.reference_id].append(Event.of(row))
    return found


def standing(events: Iterable[Event]) -> Event | None:
    """The event that says how a source stands: the latest, except that nothing less undoes a retraction."""
    last: Event | None = None
    for event in sorted(events, key=lambda event: event.order):
        if last is None or not (last.status in FINAL and event.status in LESS):
            last = event
    return last


def notice_name(text: str) -> str:
    """A notice in the spelling it is compared in: its bare DOI or its address."""
    for spelling in (doi, url):
        try:
            return spelling(text)
        except ValueError:
            continue
    return text.strip()
