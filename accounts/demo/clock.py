"""A past for a made-up world: acts are played from the oldest on, each under a clock set back to its time."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import NamedTuple
from unittest.mock import patch

from django.apps import apps
from django.utils import timezone

HOURS_A_DAY = 24


class Event(NamedTuple):
    """Something that somebody did this long ago."""

    hours_ago: float
    act: Callable[[], object]


def play(events: Iterable[Event], *, after: Callable[[], object] = lambda: None) -> None:
    """Do everything from the oldest to the newest; `after` runs behind each act, under the same clock.

    What happened at the same time keeps the order in which it was given.
    """
    now = timezone.now()
    with defaults_follow_the_clock():
        for event in sorted(events, key=lambda event: -event.hours_ago):
            with at(now - timedelta(hours=event.hours_ago)):
                event.act()
                after()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Everything that asks Django for the time gets this one. The database keeps its own clock."""
    with patch("django.utils.timezone.now", return_value=moment):
        yield


@contextmanager
def defaults_follow_the_clock() -> Iterator[None]:
    """Columns with `default=timezone.now` hold that very function, so setting the clock misses them."""
    bound = timezone.now
    with ExitStack() as stack:
        for model in apps.get_models():
            for field in model._meta.local_concrete_fields:
                if field.default is bound:
                    stack.enter_context(patch.object(field, "get_default", lambda: timezone.now()))
        yield
