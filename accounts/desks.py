"""What waits for somebody: the apps above say so, and the desk's first page collects it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.utils.functional import Promise


@dataclass(frozen=True)
class Row:
    """One thing that waits: a status code or label, its words and where it is."""

    text: str
    url: str = ""
    status: str = ""
    label: str = ""


@dataclass(frozen=True)
class Card:
    """One queue on the desk's first page."""

    title: str | Promise
    count: int
    url: str
    action: str | Promise  # words of the button
    icon: str
    role: str
    rows: list[Row] = field(default_factory=list)
    urgent: str = ""  # a sentence above everything else

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError("Nothing can wait less than not at all.")


_sources: list[Callable[[object], list[Card]]] = []


def register(source: Callable[[object], list[Card]]) -> Callable[[object], list[Card]]:
    """Add a function (user) -> cards for this user's desks, [] if they have none. Usable as a decorator."""
    if source not in _sources:
        _sources.append(source)
    return source


def waiting_for(user) -> list[Card]:
    """Everything that waits for this person: urgent first, then what is not empty, then as registered."""
    cards = [card for source in _sources for card in source(user)]
    return sorted(cards, key=lambda card: (not card.urgent, not card.count))
