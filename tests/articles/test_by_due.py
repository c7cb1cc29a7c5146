"""Lists by due date: paged by key to the last row, and the date in words."""

from datetime import date, timedelta

import pytest

from articles import by_due, causes
from articles.models import ReviewTrigger
from tests import cast

TODAY = date(2028, 2, 28)


class TestWords:
    @pytest.mark.parametrize(
        ("days", "words"),
        [
            (0, "Due today"),
            (1, "Due in 1 day"),
            (2, "Due in 2 days"),
            (-1, "Overdue by 1 day"),
            (-40, "Overdue by 40 days"),
        ],
    )
    def test_how_far_away_it_is(self, days, words):
        assert by_due.in_words(TODAY + timedelta(days=days), TODAY) == words

    def test_a_leap_day_is_a_day(self):
        assert by_due.in_words(date(2028, 3, 1), TODAY) == "Due in 2 days"

    def test_without_a_date(self):
        assert by_due.in_words(None, TODAY) == "No due date"


class TestPlace:
    @pytest.mark.parametrize("place", [by_due.Place(0, TODAY, 7), by_due.Place(3, None, 12)])
    def test_it_comes_back_from_an_address(self, place):
        assert by_due.place_in(str(place)) == place

    @pytest.mark.parametrize(
        "text",
        ["", "_", "nonsense", "0_2026-13-99_1", "x_2026-01-01_1", "0_2026-01-01_²", "0_none_", f"0_none_{'9' * 40}"],
    )
    def test_anything_else_is_the_beginning(self, text):
        assert by_due.place_in(text) is None


@pytest.mark.django_db
def test_every_row_is_seen_once_and_in_order_also_without_a_date():
    page = cast.draft(cast.people().amara)
    dates = [None, TODAY, TODAY, TODAY + timedelta(days=1), None]
    severities = ["info", "banner", "review", "withdraw", "review", "review", "info"]
    ReviewTrigger.objects.bulk_create(
        ReviewTrigger(page=page, source_kind="report", source_id=f"{n}-{m}", severity=severity, due_on=due)
        for n, severity in enumerate(severities)
        for m, due in enumerate(dates)
    )
    seen, place = [], None
    while piece := list(by_due.after(causes.with_facts(ReviewTrigger.objects.all()), place, rank="rank")[:3]):
        seen += piece
        place = by_due.Place(piece[-1].rank, piece[-1].due_on, piece[-1].pk)
    keys = [(one.rank, one.due_on or date.max, one.pk) for one in seen]
    assert len(keys) == 35
    assert keys == sorted(set(keys))
