"""Due dates that are spread: no day is flooded, none is a weekend, and the calendar ahead shows them."""

import math
from collections import Counter
from datetime import date, datetime, timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from articles import calendar, review_queue
from articles.models import Page, Review, ReviewTrigger
from articles.review_forms import due_choices
from articles.workflow import calling_back
from articles.workflow import review as verbs
from tests import cast
from tests.articles import many

DAYS = st.dates(min_value=date(2026, 1, 1), max_value=date(2032, 12, 31))


def working(first: date, last: date) -> list[date]:
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in days if day.weekday() < 5]


def taken(number: int, first: date, last: date, load: Counter | None = None) -> Counter[date]:
    dates = calendar.spread(Counter() if load is None else load, first, last)
    return Counter(next(dates) for _ in range(number))


class TestSpread:
    @given(DAYS, st.integers(min_value=7, max_value=90), st.integers(min_value=1, max_value=1000))
    def test_no_day_gets_more_than_its_share(self, first, length, number):
        last = first + timedelta(days=length)
        found = taken(number, first, last)
        days = working(first, last)
        assert sum(found.values()) == number
        assert max(found.values()) <= math.ceil(number / len(days))
        assert set(found) <= set(days)

    @given(DAYS, st.integers(min_value=7, max_value=60), st.dictionaries(st.integers(0, 60), st.integers(0, 30)))
    def test_what_is_there_already_is_counted(self, first, length, busy):
        last = first + timedelta(days=length)
        load = Counter({first + timedelta(days=n): count for n, count in busy.items()})
        days, number = working(first, last), 200
        before = sum(load[day] for day in days)
        taken(number, first, last, load)
        highest = max(max(busy.values(), default=0), math.ceil((before + number) / len(days)))
        assert max(load[day] for day in days) <= highest

    def test_a_thousand_pages_at_once(self):
        today = date(2026, 11, 25)
        first, last = today + timedelta(days=45), today + timedelta(days=90)
        found = taken(1000, first, last)
        assert max(found.values()) <= math.ceil(1000 / len(working(first, last)))

    @pytest.mark.parametrize("day", [date(2026, 11, 28), date(2026, 11, 29)])
    def test_where_only_a_weekend_is_left_it_is_taken(self, day):
        assert calendar.least_busy(Counter(), day, day) == day

    def test_of_equal_days_the_latest_and_of_others_the_emptiest(self):
        monday = date(2026, 11, 23)
        assert calendar.least_busy(Counter(), monday, monday + timedelta(days=4)) == monday + timedelta(days=4)
        load = Counter({monday + timedelta(days=n): 2 for n in range(5)} | {monday: 1})
        assert calendar.least_busy(load, monday, monday + timedelta(days=4)) == monday


@pytest.fixture
def people(db):
    return cast.people()


class TestCalledBackTogether:
    def test_sixty_pages_share_the_days(self, people):
        many.live_pages(60, people)
        called = calling_back.call_back(
            Page.objects.live(), source_kind="policy", source_id="7", severity="review", days=90, by=people.ada
        )
        found = Counter(ReviewTrigger.objects.values_list("due_on", flat=True))
        today = timezone.localdate()
        days = working(today + timedelta(days=45), today + timedelta(days=90))
        assert called == 60
        assert set(found) <= set(days)
        assert max(found.values()) <= math.ceil(60 / len(days)) + 1

    def test_a_second_cause_goes_where_there_is_room(self, people):
        many.live_pages(20, people)
        for cause in ("7", "8"):
            calling_back.call_back(
                Page.objects.live(), source_kind="policy", source_id=cause, severity="review", days=60, by=people.ada
            )
        found = Counter(ReviewTrigger.objects.values_list("due_on", flat=True))
        today = timezone.localdate()
        days = working(today + timedelta(days=30), today + timedelta(days=60))
        assert max(found.values()) <= math.ceil(40 / len(days))


class TestOpenedTogether:
    def test_reviews_opened_on_one_day_are_due_on_several(self, people):
        found = Counter(cast.open_review(people).due_on for _ in range(9))
        last = timezone.localdate() + timedelta(days=verbs.REVIEW_DAYS)
        days = working(last - timedelta(days=verbs.SPREAD_DAYS), last)
        assert set(found) <= set(days)
        assert max(found.values()) <= math.ceil(9 / len(days))


class TestNextReview:
    def test_the_dates_offered_are_working_days_within_the_months_allowed(self, people):
        choices = [date.fromisoformat(value) for value, _words in due_choices(24)]
        assert len(choices) == 3
        assert all(day.weekday() < 5 for day in choices)

    def test_a_day_that_is_taken_is_offered_no_more(self, people):
        taken_day = date.fromisoformat(due_choices(24)[-1][0])
        many.live_pages(1, people, due=taken_day)
        again = date.fromisoformat(due_choices(24)[-1][0])
        assert again != taken_day
        assert again <= timezone.localdate() + timedelta(days=731)

    @pytest.mark.parametrize(
        ("today", "months", "latest"),
        [
            (date(2028, 2, 29), 12, date(2029, 2, 28)),  # the day after does not exist
            (date(2028, 8, 31), 6, date(2029, 2, 28)),
            (date(2026, 12, 31), 24, date(2028, 12, 31)),
        ],
    )
    def test_leap_days_and_month_ends_stay_within_the_month(self, people, today, months, latest):
        with patch("django.utils.timezone.localdate", return_value=today):
            choices = {words.rpartition(", ")[2]: date.fromisoformat(day) for day, words in due_choices(24)}
        key = {6: "in 6 months", 12: "in 1 year", 24: "in 2 years"}[months]
        assert latest - timedelta(days=28) <= choices[key] <= latest

    @pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati"])
    @pytest.mark.parametrize("hour", [0, 1, 2, 3, 23])
    def test_the_night_the_clocks_change_moves_no_date(self, people, zone, hour, settings):
        settings.TIME_ZONE = zone
        night = datetime(2027, 11, 7, hour, 30, tzinfo=ZoneInfo(zone))
        with timezone.override(ZoneInfo(zone)), patch("django.utils.timezone.now", return_value=night):
            due = cast.open_review(people).due_on
        assert due == calendar.least_busy(Counter(), date(2027, 11, 16), date(2027, 11, 21))


class TestAhead:
    def test_weeks_and_months_are_whole_and_follow_each_other(self, db):
        for today in (date(2026, 11, 25), date(2028, 2, 29), date(2026, 1, 31), date(2026, 12, 31)):
            ahead = calendar.ahead(today)
            assert (len(ahead.weeks), len(ahead.months)) == (8, 12)
            for spans in (ahead.weeks, ahead.months):
                assert spans[0].first == today
                for one, other in zip(spans, spans[1:], strict=False):
                    assert other.first == one.last + timedelta(days=1)
            assert all(week.last.weekday() == 6 for week in ahead.weeks)
            assert ahead.overdue.last == today - timedelta(days=1)

    def test_each_thing_is_counted_once_where_it_is_due(self, people):
        today = timezone.localdate()
        (page,) = many.live_pages(1, people, due=today + timedelta(days=200))
        many.reviews(2, people, due_on=today - timedelta(days=1))
        many.reviews(3, people, due_on=today)
        ReviewTrigger.objects.create(
            page=page, source_kind="policy", source_id="1", severity="review", due_on=today + timedelta(days=40)
        )
        # The date that passed is counted with the page, not once more as a cause.
        ReviewTrigger.objects.create(
            page=page, source_kind="date", source_id="2", severity="review", due_on=today - timedelta(days=3)
        )
        ahead = calendar.ahead(today)
        assert ahead.overdue[2:5] == (2, 0, 0)
        assert ahead.weeks[0].reviews == ahead.months[0].reviews == 3
        assert sum(week.called_back for week in ahead.weeks) == sum(month.called_back for month in ahead.months) == 1
        assert sum(week.pages for week in ahead.weeks) == 0
        assert sum(month.pages for month in ahead.months) == 1
        assert max(month.share for month in ahead.months) == 100

    def test_the_load_of_each_reviewer(self, people):
        late, other = many.reviews(2, people, due_on=timezone.localdate() - timedelta(days=1))
        for review in (late, other):
            verbs.assign(review, to=people.ruth, by=people.ruth, version=1)
        Review.objects.filter(pk=other.pk).update(due_on=timezone.localdate())
        assert [(person.name, load, late) for person, load, late in review_queue.loads()] == [
            ("Ruth Adeyemi", 2, 1),
            ("Raj Patel", 0, 0),
        ]


class TestPage:
    def test_it_costs_the_same_whatever_is_due(self, client, people, django_assert_max_num_queries):
        cast.sign_in(client, people.ruth)
        for more in (30, 0):
            with django_assert_max_num_queries(10):
                page = client.get("/desk/review/calendar/")
            assert page.status_code == 200
            if more:
                many.reviews(more, people)
                many.live_pages(more, people)
        assert "Ruth Adeyemi" in page.text

    @pytest.mark.parametrize("who", ["amara", "max", "rita", "ada"])
    def test_others_do_not_learn_that_it_exists(self, client, people, who):
        cast.sign_in(client, getattr(people, who))
        assert client.get("/desk/review/calendar/").status_code == 404
