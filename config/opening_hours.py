"""Opening hours as an operator writes them, such as "mon-fri 09:00-17:00; sat 10:00-12:00"."""

import re
from typing import NamedTuple

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES = 24 * 60
WEEK = 7 * MINUTES
TIME = r"([01][0-9]|2[0-4]):([0-5][0-9])"
TIMES = re.compile(rf"{TIME}-{TIME}")


class Span(NamedTuple):
    """The same hours on some days. Minutes since midnight; an end after 1440 lies on the next day."""

    days: tuple[int, ...]  # 0 is Monday
    start: int
    end: int


def parse(written: str) -> tuple[Span, ...]:
    """What was written, in its order. Raises ValueError with the part that is not understood."""
    spans = tuple(_span(part.strip()) for part in written.split(";")) if written.strip() else ()
    _refuse_overlaps(spans)
    return spans


def _span(part: str) -> Span:
    days, _, hours = part.partition(" ")
    found = TIMES.fullmatch(hours.strip())
    if found is None:
        raise ValueError(part)
    first, last = (int(found[at]) * 60 + int(found[at + 1]) for at in (1, 3))
    if first >= MINUTES or last > MINUTES or first == last:
        raise ValueError(part)
    return Span(_days(days, part), first, last if last > first else last + MINUTES)


def _days(written: str, part: str) -> tuple[int, ...]:
    """ "mon,wed-fri" → (0, 2, 3, 4); a range may run over the weekend."""
    found: list[int] = []
    for piece in written.split(","):
        first, dash, last = piece.partition("-")
        if first not in DAYS or (dash and (last not in DAYS or last == first)):
            raise ValueError(part)
        start = DAYS.index(first)
        steps = (DAYS.index(last) - start) % 7 if dash else 0
        found += [(start + step) % 7 for step in range(steps + 1)]
    if len(set(found)) < len(found):
        raise ValueError(part)
    return tuple(found)


def _refuse_overlaps(spans: tuple[Span, ...]) -> None:
    at = sorted((day * MINUTES + span.start, span.end - span.start) for span in spans for day in span.days)
    for (start, length), (following, _length) in zip(at, [*at[1:], (at[0][0] + WEEK, 0)] if at else [], strict=True):
        if start + length > following:
            raise ValueError("two of them overlap")
