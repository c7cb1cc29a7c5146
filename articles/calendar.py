"""Due dates that do not all fall on one day: a thousand pages due at once are nobody's work."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

from django.db.models import Count

from .models import Page, Review, ReviewTrigger

SATURDAY = 5


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
    """How many pages were called back for each day."""
    return _count(ReviewTrigger.objects.filter(resolved_at=None, due_on__range=(first, last)), "due_on")


def pages_due(first: date, last: date) -> Counter[date]:
    """How many live pages have their next review on each day."""
    due = "live_publication__next_review_due"
    return _count(Page.objects.live().filter(**{f"{due}__range": (first, last)}), due)


def _count(rows, day: str) -> Counter[date]:
    return Counter(dict(rows.order_by().values_list(day).annotate(n=Count("pk"))))
