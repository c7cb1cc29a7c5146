"""When moderators are there: read at the start, safe across midnight and both changes of the clock."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from comments import hours
from comments.models import Conversation
from comments.screening import policy
from comments.workflow import reporting
from config import env, opening_hours
from tests.comments.conftest import publish, write

WEEKDAYS = "mon-fri 09:00-17:00; sat 10:00-12:00"


def at(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=UTC)


@pytest.fixture
def staffed(settings):
    def during(written: str, zone: str = "UTC") -> None:
        settings.MODERATION_HOURS = opening_hours.parse(written)
        settings.TIME_ZONE = zone

    return during


class TestWhatIsWritten:
    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("", ()),
            ("mon 09:00-17:00", (((0,), 540, 1020),)),
            (WEEKDAYS, (((0, 1, 2, 3, 4), 540, 1020), ((5,), 600, 720))),
            ("mon,wed-fri 09:00-12:00", (((0, 2, 3, 4), 540, 720),)),
            ("sat-mon 00:00-24:00", (((5, 6, 0), 0, 1440),)),
            ("fri 22:00-02:00", (((4,), 1320, 1560),)),
            ("mon 09:00-12:00;mon 12:00-13:00", (((0,), 540, 720), ((0,), 720, 780))),
        ],
    )
    def test_it_is_understood(self, monkeypatch, written, read):
        monkeypatch.setenv("MODERATION_HOURS", written)
        assert env.hours("MODERATION_HOURS") == read

    @pytest.mark.parametrize(
        "written",
        [
            "09:00-17:00", "mon", "mon 9:00-17:00", "mon 09:00-17.00", "mon 09:00-09:00", "mon 09:00 - 17:00",
            "monday 09:00-17:00", "Mon 09:00-17:00", "mon 09:00-25:00", "mon 24:00-08:00", "mon 09:00-24:30", "mon-mon 09:00-10:00",
            "mon,mon 09:00-10:00", "mon- 09:00-10:00", "mon 09:60-10:00", "mon 09:00-17:00;", "always", "mon ٠٩:٠٠-17:00",
            "mon 09:00-12:00; mon 11:00-13:00", "sun 22:00-02:00; mon 01:00-03:00",
        ],
    )  # fmt: skip
    def test_what_is_almost_right_stops_the_start(self, monkeypatch, written):
        monkeypatch.setenv("MODERATION_HOURS", written)
        with pytest.raises(ImproperlyConfigured, match="MODERATION_HOURS is .*mon-fri 09:00-17:00"):
            env.hours("MODERATION_HOURS")

    @pytest.mark.parametrize(
        ("written", "words"),
        [
            ("", ""),
            (WEEKDAYS, "Monday to Friday, 9:00 to 17:00 and Saturday, 10:00 to 12:00"),
            ("sat,sun 18:00-24:00", "Saturday and Sunday, 18:00 to midnight"),
            ("mon-sun 08:30-20:00", "every day, 8:30 to 20:00"),
        ],
    )
    def test_it_is_said_in_words(self, staffed, written, words):
        staffed(written)
        assert hours.in_words() == words


class TestWhenSomebodyIsThere:
    def test_without_hours_somebody_always_is(self, staffed):
        staffed("")
        assert hours.is_staffed(timezone.now())
        assert hours.next_opening(timezone.now()) is None

    @pytest.mark.parametrize(
        ("now", "there", "opens"),
        [
            ("2026-03-13T08:59", False, "2026-03-13T09:00"),  # a Friday
            ("2026-03-13T09:00", True, None),
            ("2026-03-13T16:59:59", True, None),
            ("2026-03-13T17:00", False, "2026-03-14T10:00"),
            ("2026-03-14T12:00", False, "2026-03-16T09:00"),
            ("2026-03-15T23:59", False, "2026-03-16T09:00"),
        ],
    )
    def test_in_an_ordinary_week(self, staffed, now, there, opens):
        staffed(WEEKDAYS)
        assert hours.is_staffed(at(now)) is there
        assert hours.next_opening(at(now)) == (opens and at(opens))

    def test_one_opening_a_week_is_found_the_moment_it_is_over(self, staffed):
        staffed("mon 09:00-10:00")
        assert hours.next_opening(at("2026-03-16T10:00")) == at("2026-03-23T09:00")

    @pytest.mark.parametrize(
        ("now", "there"), [("13T21:59", False), ("13T23:30", True), ("14T00:30", True), ("14T02:00", False)]
    )
    def test_hours_may_run_past_midnight(self, staffed, now, there):
        staffed("fri 22:00-02:00")
        assert hours.is_staffed(at(f"2026-03-{now}")) is there

    def test_midnight_between_two_days_is_no_gap(self, staffed):
        staffed("mon-sun 00:00-24:00")
        assert all(hours.is_staffed(at("2026-03-13T23:59:59") + timedelta(seconds=step)) for step in range(3))

    def test_the_hours_are_those_of_the_sites_clock(self, staffed):
        staffed(WEEKDAYS, "Europe/Vienna")
        assert hours.next_opening(at("2026-01-12T07:59")) == at("2026-01-12T08:00")
        assert hours.next_opening(at("2026-07-13T06:59")) == at("2026-07-13T07:00")


class TestWhenTheClockChanges:
    # edge case 48
    @pytest.mark.parametrize(
        ("written", "asked", "opens"),
        [
            # 29 March 2026, Vienna: from 2:00 the clock jumps to 3:00, at 1:00 UTC.
            ("sun 09:00-17:00", "2026-03-28T20:00", "2026-03-29T07:00"),
            ("sun 02:30-10:00", "2026-03-28T20:00", "2026-03-29T01:00"),
            ("sun 02:00-03:00", "2026-03-28T20:00", "2026-04-05T00:00"),
            ("sat 22:00-03:30; mon 09:00-10:00", "2026-03-29T01:30", "2026-03-30T07:00"),
            # 25 October 2026: from 3:00 the clock goes back to 2:00, at 1:00 UTC.
            ("sun 09:00-17:00", "2026-10-24T20:00", "2026-10-25T08:00"),
            ("sun 02:30-10:00", "2026-10-24T20:00", "2026-10-25T00:30"),
            ("sun 02:15-02:45", "2026-10-25T00:50", "2026-11-01T01:15"),
        ],
    )
    def test_the_next_opening_is_when_the_clock_on_the_wall_says_so(self, staffed, written, asked, opens):
        staffed(written, "Europe/Vienna")
        assert hours.next_opening(at(asked)) == at(opens)

    # edge case 48
    @pytest.mark.parametrize(
        ("written", "begins", "lasts"),
        [
            ("sun 01:00-04:00", "2026-03-29T00:00", 2),
            ("sun 01:00-04:00", "2026-10-24T23:00", 4),
            ("sat 22:00-04:00", "2026-03-28T21:00", 5),
            ("sat 22:00-04:00", "2026-10-24T20:00", 7),
        ],
    )
    def test_a_night_is_an_hour_shorter_or_longer(self, staffed, written, begins, lasts):
        staffed(written, "Europe/Vienna")
        start = at(begins)
        assert not hours.is_staffed(start - timedelta(minutes=1))
        assert all(hours.is_staffed(start + timedelta(minutes=10 * step)) for step in range(6 * lasts))
        assert not hours.is_staffed(start + timedelta(hours=lasts))

    @pytest.mark.parametrize("zone", ["Europe/Vienna", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu"])
    def test_an_opening_is_always_ahead_and_begins_exactly_then(self, staffed, zone):
        staffed("mon-fri 09:00-17:00; sun 02:00-03:00", zone)
        for step in range(0, 366 * 24, 7):
            now = at("2026-01-01T00:17") + timedelta(hours=step)
            opens = hours.next_opening(now)
            if opens is not None:
                assert now < opens <= now + timedelta(days=8)
                assert hours.is_staffed(opens)
                assert not hours.is_staffed(opens - timedelta(seconds=1))


class TestWhatIsSentAtNight:
    def at_night(self, staffed, clock):
        staffed(WEEKDAYS)
        clock.move_to(at("2027-03-12T22:00"), tick=False)  # a Friday

    def test_everything_waits_whatever_the_mode(self, world, staffed, clock):
        publish(world)
        Conversation.objects.update(mode="open")
        assert write(world, text="By day this is published at once.").status == "live"
        self.at_night(staffed, clock)
        comment = write(world, text="By night it waits.")
        assert comment.status == "held"
        assert comment.queue_items.get().reasons == ["out_of_hours"]

    def test_its_time_counts_from_the_next_opening(self, world, staffed, clock):
        self.at_night(staffed, clock)
        due = write(world).queue_items.get().due_at
        assert due == at("2027-03-13T10:00") + policy.PATIENCE["first"]

    def test_crisis_is_never_put_off(self, world, staffed, clock):
        comment = publish(world)
        self.at_night(staffed, clock)
        reporting.report(comment, by=world.nora, reason="worried")
        assert comment.queue_items.get(closed_at=None).due_at == timezone.now() + policy.PATIENCE["crisis"]

    def test_a_report_that_joins_brings_no_due_time_back(self, world, staffed, clock):
        comment = publish(world)
        self.at_night(staffed, clock)
        reporting.report(comment, by=world.nora, reason="worried")
        due = comment.queue_items.get(closed_at=None).due_at
        reporting.report(comment, by=world.amara, reason="unkind")
        assert comment.queue_items.get(closed_at=None).due_at == due
