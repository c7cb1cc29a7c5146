"""When moderators are there: outside these hours every comment waits, and says from when it is read."""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _

A_DAY = 24 * 60
MINUTE = timedelta(minutes=1)


def is_staffed(now: datetime) -> bool:
    """Whether somebody reads comments at this moment. Without hours somebody always does."""
    return not settings.MODERATION_HOURS or any(start <= now < end for start, end in _openings(now))


def next_opening(now: datetime) -> datetime | None:
    """From when somebody reads; None while somebody does."""
    if is_staffed(now):
        return None
    return min((start for start, _end in _openings(now) if start > now), default=None)


def work_begins(now: datetime) -> datetime:
    """From when the time for a piece of work is counted."""
    return next_opening(now) or now


def in_words() -> str:
    """The hours as they stand on public pages: the same words at any time of the day. "" without hours."""
    return _(" and ").join(_span_in_words(span) for span in settings.MODERATION_HOURS)


def moment_in_words(moment: datetime) -> str:
    """A coming moment for a member: "today, 9:00", "tomorrow, 9:00", or the day of the week, which is never a week away."""
    there = timezone.localtime(moment)
    days = (there.date() - timezone.localdate()).days
    clock = time_format(there, "G:i")
    if days == 0:
        return _("today, {time}").format(time=clock)
    if days == 1:
        return _("tomorrow, {time}").format(time=clock)
    if days < 7:
        return _("{day}, {time}").format(day=WEEKDAYS[there.weekday()], time=clock)
    return _("{day}, {time}").format(day=date_format(there, "j F Y"), time=clock)


def _openings(now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """From two days back, because hours may run past midnight, to the same weekday next week."""
    today = timezone.localdate(now)
    for step in range(-2, 9):
        day = today + timedelta(days=step)
        for span in settings.MODERATION_HOURS:
            if day.weekday() in span.days:
                start, end = _instant(day, span.start), _instant(day, span.end)
                # Hours that lie in the hour that the clock leaves out do not happen.
                if start < end:
                    yield start, end


def _instant(day: date, minutes: int) -> datetime:
    """When the clock on the wall first shows this time on that day, or has jumped over it."""
    days, minutes = divmod(minutes, A_DAY)
    wall = datetime.combine(day + timedelta(days=days), time(*divmod(minutes, 60)))
    zone = timezone.get_default_timezone()
    found = wall.replace(tzinfo=zone).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall:
        return found
    # In a gap the two readings of the time lie on both sides of the jump.
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    minutes_between = range(int((found - before) / MINUTE) + 1)
    jump = bisect_left(
        minutes_between, wall, key=lambda step: (before + step * MINUTE).astimezone(zone).replace(tzinfo=None)
    )
    return before + jump * MINUTE


def _span_in_words(span) -> str:
    return _("{days}, {start} to {end}").format(
        days=_days_in_words(span.days), start=_clock(span.start), end=_clock(span.end)
    )


def _days_in_words(days: tuple[int, ...]) -> str:
    if len(days) == 7:
        return _("every day")
    is_run = len(days) > 2 and all((day - days[0]) % 7 == step for step, day in enumerate(days))
    if is_run:
        return _("{first} to {last}").format(first=WEEKDAYS[days[0]], last=WEEKDAYS[days[-1]])
    return _(" and ").join(str(WEEKDAYS[day]) for day in days)


def _clock(minutes: int) -> str:
    hour, minute = divmod(minutes % A_DAY, 60)
    return time_format(time(hour, minute), "G:i") if minutes % A_DAY else _("midnight")
