"""Bars of days and of lanes, as numbers that a template draws: places inside an SVG, and the same again as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.functional import Promise

# One unit is a pixel on a phone, so that the words in it can be read there.
WIDTH, HEIGHT = 360, 190
LEFT, RIGHT, TOP, BOTTOM = 34, 4, 8, 22
FEW_LABELS = 5
HALF_A_NAME = 18
GAP = 0.25  # of a bar's place


@dataclass(frozen=True)
class Series:
    """One kind of thing that is counted: its words, its colour's class, and a number for each place."""

    name: str | Promise
    css: str
    values: Sequence[float]


@dataclass(frozen=True)
class Bar:
    x: str
    y: str
    width: str
    height: str
    css: str


@dataclass(frozen=True)
class Mark:
    """A line across with its number, or a name under a bar."""

    x: str
    y: str
    text: str


@dataclass(frozen=True)
class Chart:
    id: str
    title: str
    description: str
    series: list[Series]
    bars: list[Bar]
    lines: list[Mark]
    names: list[Mark]
    rows: list[tuple[str, list[str]]]
    is_empty: bool
    box: str = f"0 0 {WIDTH} {HEIGHT}"
    left: int = LEFT
    right: int = WIDTH - RIGHT


def by_day(id: str, title: str, description: str, days: Sequence[date], series: list[Series]) -> Chart:
    """Bars for each day, the kinds stacked upon each other."""
    totals = [sum(one.values[place] for one in series) for place in range(len(days))]
    top = nice(max(totals, default=0))
    each = (WIDTH - LEFT - RIGHT) / max(len(days), 1)
    bars = []
    for place in range(len(days)):
        below = 0.0
        for one in series:
            if one.values[place]:
                bars.append(_bar(place, each, below, one.values[place], top, one.css))
                below += one.values[place]
    step = max(1, -(-len(days) // FEW_LABELS))
    names = [
        Mark(number(min(LEFT + (place + 0.5) * each, WIDTH - HALF_A_NAME)), str(HEIGHT - 6), date_format(day, "j M"))
        for place, day in enumerate(days)
        if place % step == step // 2
    ]
    rows = [
        (date_format(day, "j F Y"), [number(one.values[place]) for one in series]) for place, day in enumerate(days)
    ]
    return Chart(id, title, description, series, bars, _lines(top), names, rows, is_empty=not any(totals))


def nice(most: float) -> float:
    """The next round number, so that the lines across stand at numbers people read."""
    if most <= 4:
        return 4
    size = 10 ** (len(str(int(most))) - 1)
    return next(size * step for step in (1, 2, 4, 8, 10, 20) if size * step >= most)


def number(value: float) -> str:
    """At most one digit behind the point, the same in every language: SVG knows no other."""
    return f"{value:.1f}".removesuffix(".0")


def _bar(place: int, each: float, below: float, value: float, top: float, css: str) -> Bar:
    room = HEIGHT - TOP - BOTTOM
    height = value / top * room
    y = HEIGHT - BOTTOM - (below + value) / top * room
    return Bar(number(LEFT + (place + GAP / 2) * each), number(y), number(each * (1 - GAP)), f"{height:.2f}", css)


def _lines(top: float) -> list[Mark]:
    room = HEIGHT - TOP - BOTTOM
    return [Mark("0", number(HEIGHT - BOTTOM - part / 4 * room), number(top * part / 4)) for part in range(5)]
