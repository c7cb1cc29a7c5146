"""Lists in the order of their due date: paged by key, and the date in words."""

from datetime import date
from typing import NamedTuple

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

LONGEST_NUMBER = 15
UNDATED = "none"


class Place(NamedTuple):
    """Where a piece of a list ended: rank (0 where the list has none), due date, id."""

    rank: int
    due: date | None
    pk: int

    def __str__(self) -> str:
        return f"{self.rank}_{self.due or UNDATED}_{self.pk}"


def place_in(text: str) -> Place | None:
    """ "0_2026-11-23_12" as a place; anything else starts from the first row."""
    rank, due, pk = (text.split("_") + ["", ""])[:3]
    if not (_is_number(rank) and _is_number(pk)):
        return None
    try:
        return Place(int(rank), None if due == UNDATED else date.fromisoformat(due), int(pk))
    except ValueError:
        return None


def after(rows: QuerySet, place: Place | None, *, due: str = "due_on", rank: str = "") -> QuerySet:
    """`rows` by rank, due date and id, from behind `place`. What has no date comes last."""
    order = [F(due).asc(nulls_last=True), "pk"]
    rows = rows.order_by(*([rank] if rank else []), *order)
    if place is None:
        return rows
    if place.due is None:
        later = Q(**{f"{due}__isnull": True}, pk__gt=place.pk)
    else:
        later = Q(**{f"{due}__gt": place.due}) | Q(**{due: place.due}, pk__gt=place.pk) | Q(**{f"{due}__isnull": True})
    return rows.filter(Q(**{f"{rank}__gt": place.rank}) | Q(**{rank: place.rank}) & later if rank else later)


def in_words(due: date | None, today: date) -> str:
    """How far away a due date is, as the desk says it."""
    if due is None:
        return _("No due date")
    days = (due - today).days
    if days > 0:
        return ngettext("Due in {n} day", "Due in {n} days", days).format(n=days)
    if days < 0:
        return ngettext("Overdue by {n} day", "Overdue by {n} days", -days).format(n=-days)
    return _("Due today")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER
