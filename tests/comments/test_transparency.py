"""The public figures of moderation: right, the same for everybody, and pointing to nobody."""

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from comments import transparency
from comments.models import Appeal, QueueItem
from comments.workflow import deciding, posting, reporting, sanctioning
from tests.comments.conftest import publish, turn_down, write


def now_period() -> transparency.Period:
    today = timezone.localdate()
    return transparency.Period(today.year, today.month)


@pytest.fixture
def counted(world, clock):
    """What the figures say of this month, as {(table, row, column): value}."""

    def count(period=None) -> dict:
        found = transparency.count(period or now_period())
        rows = csv.DictReader(io.StringIO(transparency.as_csv(found)))
        return {(row["table"], row["row"], row["column"]): row["value"] for row in rows}

    return count


def several(world, clock, count):
    for number in range(count):
        clock.shift(timedelta(minutes=3))
        yield write(world, text=f"What helped on day {number} was a walk.")


class TestFigures:
    def test_decisions_by_reason_and_by_whom(self, world, clock, counted):
        for comment in several(world, clock, 6):
            turn_down(world, comment)
        clock.shift(timedelta(minutes=3))
        turn_down(world, write(world), reason="unkind")
        found = counted()
        assert found["decisions", "privacy", "By a person"] == "6"
        assert found["decisions", "privacy", "Automatically"] == "0"
        assert found["comments", "written", "Number"] == "7"

    def test_small_numbers_are_not_told_and_no_sum_gives_them_away(self, world, clock, counted):
        for comment in several(world, clock, 6):
            turn_down(world, comment)
        clock.shift(timedelta(minutes=3))
        turn_down(world, write(world), reason="unkind")
        found = counted()
        assert found["decisions", "unkind", "By a person"] == "1–4"
        assert found["decisions", "all", "By a person"] == "at least 5"

    @pytest.mark.parametrize(
        ("numbers", "said"),
        [([], "0"), ([3], "1–4"), ([2, 2], "1–4"), ([5, 6], "11"), ([5, 0], "5"), ([9, 3], "at least 10"), ([3, 3], "at least 5")],
    )  # fmt: skip
    def test_sums(self, numbers, said):
        assert transparency.total(numbers) == said

    def test_what_was_undone_and_what_was_only_kept_is_not_counted(self, world, clock, counted):
        comments = list(several(world, clock, 6))
        for comment in comments:
            deciding.undo(turn_down(world, comment), by=world.max)
        for comment in comments:
            comment.refresh_from_db()
            turn_down(world, comment)
        comments[0].refresh_from_db()
        posting.appeal(comments[0], by=world.rita, text="Please look again.")
        deciding.keep(comments[0], by=world.mona, version=comments[0].version)
        assert counted()["decisions", "privacy", "By a person"] == "6"

    def test_half_and_nine_of_ten_are_times_that_occurred(self, world, clock, counted):
        for comment in several(world, clock, 10):
            turn_down(world, comment)
        begun = timezone.now() - timedelta(seconds=1)
        for minutes, item in zip([1, 2, 3, 4, 5, 6, 7, 8, 100, 600], QueueItem.objects.order_by("pk"), strict=True):
            QueueItem.objects.filter(pk=item.pk).update(opened_at=begun - timedelta(minutes=minutes), closed_at=begun)
        found = counted()
        assert found["times", "median", "Value"] == "5 min"
        assert found["times", "p90", "Value"] == "100 min"

    def test_too_few_to_tell(self, world, counted):
        turn_down(world, write(world))
        found = counted()
        assert found["times", "median", "Value"] == "too few to tell"
        assert found["appeals", "overturned", "About comments"] == "too few to tell"

    def test_second_looks_and_how_often_we_were_wrong(self, world, clock, counted):
        for number, comment in enumerate(several(world, clock, 5)):
            turn_down(world, comment)
            posting.appeal(comment, by=world.rita, text="Please look again.")
            comment.refresh_from_db()
            (deciding.restore if number < 2 else deciding.keep)(comment, by=world.mona, version=comment.version)
        assert Appeal.objects.filter(upheld=True).count() == 2
        found = counted()
        assert found["appeals", "answered", "About comments"] == "5"
        assert found["appeals", "overturned", "About comments"] == "40 %"

    def test_reports_and_sanctions(self, world, clock, counted):
        reporting.report(publish(world), by=world.nora, reason="unkind")
        sanctioning.impose(world.rita, by=world.max, kind="ban", reason="unkind", message="Please stop.")
        found = counted()
        assert found["reports", "unkind", "Waits"] == "1–4"
        assert found["sanctions", "ban", "Imposed"] == "1–4"
        assert found["sanctions", "warning", "Imposed"] == "0"

    def test_a_period_holds_what_happened_in_it_alone(self, world, clock, counted):
        for comment in several(world, clock, 5):
            turn_down(world, comment)
        year = timezone.localdate().year
        assert counted(transparency.Period(year - 1))["decisions", "all", "By a person"] == "0"
        assert counted(transparency.Period(year))["decisions", "all", "By a person"] == "5"

    def test_a_fixed_number_of_queries(self, world, clock, django_assert_num_queries, django_assert_max_num_queries):
        with django_assert_max_num_queries(9) as few:
            transparency.count(now_period())
        for comment in several(world, clock, 6):
            turn_down(world, comment)
        with django_assert_num_queries(len(few)):
            transparency.count(now_period())


class TestPeriods:
    def test_december_ends_with_the_year_and_months_with_the_next(self):
        december, year, june = (transparency.Period(*one) for one in [(2026, 12), (2026,), (2026, 6)])
        assert december.ends == year.ends
        assert timezone.localtime(june.ends).strftime("%d %m") == "01 07"

    @pytest.mark.parametrize("code", ["2999", "2026-13", "2026-00", "26", "2026-1", "x", "2026-02-01", "1999"])
    def test_what_has_not_begun_and_what_is_none(self, db, code):
        assert transparency.period(code) is None

    def test_years_and_months_since_the_first_comment(self, world, clock):
        write(world)
        clock.shift(timedelta(days=40))
        codes = [one.code for one in transparency.periods()]
        today = timezone.localdate()
        assert codes[0] == str(today.year)
        assert f"{today:%Y-%m}" in codes
        assert len([code for code in codes if "-" in code]) in (2, 3)


class TestPages:
    def test_the_same_bytes_for_everybody_and_cached_like_other_public_pages(self, world, client):
        page = reverse("comments:transparency")
        first, second = Client().get(page), Client().get(page)
        assert first.status_code == 200
        assert first.content == second.content
        assert first["ETag"] == second["ETag"]
        assert "public" in first["Cache-Control"]
        assert Client().get(page, headers={"If-None-Match": first["ETag"]}).status_code == 304
        assert not first.cookies

    def test_a_month_and_its_table(self, world):
        code = now_period().code
        assert str(now_period()) in Client().get(reverse("comments:transparency_of", args=[code])).text
        answer = Client().get(reverse("comments:transparency_csv", args=[code]))
        assert answer["Content-Type"].startswith("text/csv")
        assert answer.text.splitlines()[0] == "period,table,row,column,value"

    @pytest.mark.parametrize("code", ["2999", "2001", "2026-13"])
    def test_other_periods_do_not_exist(self, world, code):
        assert Client().get(f"/transparency/{code}/").status_code == 404
        assert Client().get(f"/transparency/{code}.csv").status_code == 404

    def test_it_names_nobody(self, world):
        turn_down(world, write(world))
        page = Client().get(reverse("comments:transparency")).text
        for user in User.objects.all():
            assert user.email not in page
            assert f">{user.handle}<" not in page

    def test_readers_find_it(self, world):
        assert reverse("comments:transparency") in Client().get("/").text
