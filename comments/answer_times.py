"""How soon somebody was there when a member may have been in danger: measured, so that it can be staffed for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from . import hours, protocol
from .models import CrisisCase

LOOKED_BACK = timedelta(days=90)
# Enough for a quarter of a large site; the newest count.
MOST = 2_000


@dataclass(frozen=True)
class AnswerTime:
    """One step of the cases of a quarter: how many came to it, how soon, and how many of a hundred in time.

    `in_time` counts those whose time ran out without it as well, and is None where no time has run out or been kept.
    """

    name: str | Promise
    count: int
    median: timedelta | None
    longest: timedelta | None
    in_time: int | None


def of_the_quarter() -> list[AnswerTime]:
    """Seen, answered and closed; then seen while somebody was there, and while nobody was. One query."""
    recent = CrisisCase.objects.filter(opened_at__gte=timezone.now() - LOOKED_BACK).order_by("-pk")
    cases = recent.values_list("opened_at", "first_seen_at", "answered_at", "closed_at")[:MOST]
    patience = protocol.patience()
    by_step = {code: [(case[0], case[place]) for case in cases] for place, code in enumerate(patience, start=1)}
    seen = by_step["seen"]
    return [
        *(_measured(protocol.CLOCKS[code], times, patience[code]) for code, times in by_step.items()),
        _measured(
            _("Seen, written while we were here"), (one for one in seen if hours.is_staffed(one[0])), patience["seen"]
        ),
        _measured(
            _("Seen, written out of hours"), (one for one in seen if not hours.is_staffed(one[0])), patience["seen"]
        ),
    ]


def _measured(
    name: str | Promise, times: Iterable[tuple[datetime, datetime | None]], patience: timedelta
) -> AnswerTime:
    times = list(times)
    took = [stopped - opened for opened, stopped in times if stopped is not None]
    ran_out = sum(stopped is None and opened + patience <= timezone.now() for opened, stopped in times)
    return AnswerTime(name, len(took), _middle(took), max(took, default=None), _share(took, ran_out, patience))


def _middle(took: Sequence[timedelta]) -> timedelta | None:
    return timedelta(seconds=median(one.total_seconds() for one in took)) if took else None


def _share(took: Sequence[timedelta], ran_out: int, patience: timedelta) -> int | None:
    whole = len(took) + ran_out
    return round(100 * sum(one < patience for one in took) / whole) if whole else None
