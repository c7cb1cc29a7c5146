"""Due dates that do not all fall on one day: a thousand pages due at once are nobody's work."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from dateutil.relativedelta import relativedelta
from django.db.models import Count

from .models import Page, Review, ReviewTrigger

SATURDAY = 5
WEEKS, MONTHS = 8, 12


def least_busy(load: Counter[date], first: date, last: date) -> date:
    """The working day from `first` to `last` with the least on it; of equals the latest. `load` counts per day."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    working = [day for day in days if day.weekday() < SATURDAY] or days
    return min(reversed(working), key=lambda day: load[day])


def spread(load: Counter[date], first: date, last: date) -> Iterator[date]:
    """One day after another, each counted into `load`, so that many rows share the days evenly."""
    while True:
        day = least_busy(load, first, last)
        load[day] += 1
        yield day


def reviews_due(first: date, last: date) -> Counter[date]:
    """How many open reviews are due on each day."""
    return _count(Review.objects.filter(status=Review.Status.OPEN, due_on__range=(first, last)), "due_on")


def triggers_due(first: date, last: date) -> Counter[date]:
    """How many pages were called back for each day. A review date that passed is the page's own, counted there."""
    called_back = ReviewTrigger.objects.filter(resolved_at=None, due_on__range=(first, last))
    return _count(called_back.exclude(source_kind=ReviewTrigger.Source.DATE), "due_on")


def pages_due(first: date, last: date) -> Counter[date]:
    """How many live pages have their next review on each day."""
    due = "live_publication__next_review_due"
    return _count(Page.objects.live().filter(**{f"{due}__range": (first, last)}), due)


def _count(rows, day: str) -> Counter[date]:
    return Counter(dict(rows.order_by().values_list(day).annotate(n=Count("pk"))))


class Span(NamedTuple):
    """A week or a month: open reviews due in it, pages called back for it, and public pages to be read anew."""

    first: date
    last: date
    reviews: int
    called_back: int
    pages: int
    share: int = 0  # of the fullest span beside it, in hundredths

    @property
    def total(self) -> int:
        return self.reviews + self.called_back + self.pages


class Ahead(NamedTuple):
    overdue: Span
    weeks: list[Span]
    months: list[Span]


def ahead(today: date) -> Ahead:
    """What is late already, the next eight weeks and the next twelve months, this one included."""
    monday, month = today - timedelta(days=today.weekday()), today.replace(day=1)
    weeks = [(monday + timedelta(weeks=n), monday + timedelta(weeks=n, days=6)) for n in range(WEEKS)]
    starts = [month + relativedelta(months=n) for n in range(MONTHS + 1)]
    months = [(first, after - timedelta(days=1)) for first, after in pairwise(starts)]
    last = max(weeks[-1][1], months[-1][1])
    load = [due(date.min, last) for due in (reviews_due, triggers_due, pages_due)]
    # What is due earlier in this very week or month is late, and is counted once.
    spans = [[_span(load, max(first, today), end) for first, end in table] for table in (weeks, months)]
    return Ahead(_span(load, date.min, today - timedelta(days=1)), *(_with_shares(table) for table in spans))


def _span(load: list[Counter[date]], first: date, last: date) -> Span:
    return Span(first, last, *(sum(n for day, n in counts.items() if first <= day <= last) for counts in load))


def _with_shares(spans: list[Span]) -> list[Span]:
    fullest = max(span.total for span in spans) or 1
    return [span._replace(share=round(100 * span.total / fullest)) for span in spans]
