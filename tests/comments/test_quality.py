"""The quality page: what signs were worth, the sample of what nobody read, and charts that everybody can read."""

import html
import re
import xml.etree.ElementTree as ElementTree
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from comments import charts, quality
from comments.models import Comment, Conversation, QueueItem, SpamModel
from comments.screening import policy, sample
from comments.workflow import claiming, deciding, posting
from tests.comments.conftest import publish, turn_down, write

PAGE = "/desk/moderation/quality/"


def words_of(answer) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def worth() -> dict[str, tuple[int, int]]:
    return {str(one.name): (one.wanting, one.fine) for one in quality.precision()}


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(posting, "MOST_COMMENTS", 1000)


class TestWhatSignsWereWorth:
    def test_by_the_last_decision_about_the_words_that_bore_them(self, world):
        turn_down(world, write(world, text="Should I ask about https://one.example ?"))
        publish(world, text="Should I read https://two.example ?")
        hidden = publish(world, text="Is it true what https://three.example says?")
        hidden.refresh_from_db()
        deciding.hide(hidden, by=world.max, version=hidden.version)
        spam = write(world, text="All of https://four.example")
        deciding.mark_spam(spam, by=world.max, version=spam.version)
        write(world, text="Nobody read https://five.example yet")
        assert worth()["Link"] == (3, 1)

    def test_an_escalated_comment_was_rightly_marked_even_if_it_stays(self, world):
        comment = write(world, text="All of https://four.example")
        item = QueueItem.objects.get(comment=comment)
        claiming.escalate(item, by=world.max, lane="legal", note="A letter came about this.")
        deciding.approve(comment, by=world.max, version=comment.version)
        assert worth()["Link"] == (1, 0)

    def test_what_was_taken_back_or_is_long_ago_does_not_count(self, world, clock):
        decision = turn_down(world, write(world, text="All of https://four.example"))
        deciding.undo(decision, by=world.max)
        assert "Link" not in worth()
        publish(world, text="Another of https://five.example")
        assert worth()["Link"] == (0, 1)
        clock.shift(timedelta(days=91))
        assert worth() == {}

    def test_new_words_are_judged_by_their_own_signs(self, world):
        comment = write(world, text="All of https://four.example")
        posting.edit(comment, by=world.rita, text="All is well with me.", version=1, rules_version=world.rules)
        comment.refresh_from_db()
        deciding.approve(comment, by=world.max, version=comment.version)
        assert "Link" not in worth()

    def test_of_few_no_share_is_told(self):
        assert quality.Precision("x", 4, 5).percent is None
        assert quality.Precision("x", 4, 6).percent == 40


class TestTheSample:
    def test_the_draw_is_the_same_every_time_and_falls_on_about_as_many_as_it_should(self):
        names = [f"comment{number}" for number in range(20_000)]
        drawn = [name for name in names if sample.is_drawn(name, 2)]
        assert 300 < len(drawn) < 500
        assert drawn == [name for name in names if sample.is_drawn(name, 2)]
        assert set(drawn) <= {name for name in names if sample.is_drawn(name, 5)}
        assert not any(sample.is_drawn(name, 0) for name in names)
        assert all(sample.is_drawn(name, 100) for name in names)

    @pytest.mark.parametrize("mode", Conversation.Mode.values)
    def test_only_what_nobody_read_is_drawn(self, mode, settings):
        settings.SAMPLE_PERCENT = 100
        for found in ([], ["medical_question"], ["link"]):
            seen = [policy.Seen("any", label) for label in found]
            before = policy.decide(seen, mode=mode, first_timer=False)
            after = sample.drawn(before, "any")
            assert (after != before) == (not before.held and not before.lane)
            assert after.held == before.held

    def test_it_is_public_meanwhile_and_what_is_found_wanting_is_counted(self, world, settings):
        settings.SAMPLE_PERCENT = 100
        Conversation.objects.update(mode="open")
        first, second, third = (
            write(world, text=f"Nothing to see here, {word}.") for word in ("really", "truly", "no")
        )
        assert set(Comment.objects.values_list("status", flat=True)) == {"live"}
        assert {(item.lane, *item.reasons) for item in QueueItem.objects.all()} == {("sample", "sample")}
        assert (quality.sampled().read, quality.sampled().waiting) == (0, 3)
        for comment in (first, second, third):
            comment.refresh_from_db()
        turn_down(world, first)
        deciding.keep(second, by=world.max, version=second.version)
        sampled = quality.sampled()
        assert (sampled.read, sampled.wanting, sampled.waiting) == (2, 1, 1)

    def test_nothing_is_drawn_where_the_setting_is_nought(self, world, settings):
        settings.SAMPLE_PERCENT = 0
        Conversation.objects.update(mode="open")
        write(world, text="Nothing to see here.")
        assert not QueueItem.objects.exists()


class TestCharts:
    def test_bars_stand_on_each_other_and_stay_inside(self):
        days = [timezone.localdate() - timedelta(days=back) for back in range(28)]
        kinds = [charts.Series("a", "chart-1", [3] * 28), charts.Series("b", "chart-2", [0, *[7] * 27])]
        chart = charts.by_day("x", "X", "x", days, kinds)
        assert len(chart.bars) == 28 + 27
        for bar in chart.bars:
            assert float(bar.x) >= charts.LEFT
            assert float(bar.x) + float(bar.width) <= charts.WIDTH
            assert float(bar.y) >= charts.TOP - 0.1
            assert float(bar.y) + float(bar.height) <= charts.HEIGHT - charts.BOTTOM + 0.1
        lower, upper = chart.bars[1], chart.bars[2]
        assert float(upper.y) + float(upper.height) == pytest.approx(float(lower.y), abs=0.1)
        assert len(chart.names) <= 5
        assert all(float(name.x) + charts.HALF_A_NAME <= charts.WIDTH for name in chart.names)

    @pytest.mark.parametrize(
        ("most", "top"), [(0, 4), (3, 4), (5, 8), (9, 10), (11, 20), (41, 80), (81, 100), (101, 200)]
    )
    def test_the_axis_ends_at_a_round_number(self, most, top):
        assert charts.nice(most) == top

    def test_days_are_those_of_the_sites_clock(self, world, clock):
        publish(world)
        days = quality.days()
        assert (len(days), days[-1]) == (28, timezone.localdate())
        assert quality.volume(days).rows[-1][1] == ["1"]
        assert [values for _day, values in quality.outcomes(days).rows][-1] == ["0", "1", "0", "0"]

    def test_waits_are_in_hours(self, world, clock):
        comment = write(world)
        clock.shift(timedelta(hours=3))
        deciding.approve(comment, by=world.max, version=comment.version)
        chart = quality.waits(quality.days())
        assert chart.rows[-1][1] == ["3"]
        assert "longest wait was 3 hours" in chart.description

    def test_what_was_taken_back_is_no_outcome(self, world):
        decision = turn_down(world, write(world))
        deciding.undo(decision, by=world.max)
        assert quality.outcomes(quality.days()).is_empty


class TestThePage:
    @pytest.fixture
    def desk(self, world, client):
        client.force_login(world.max)
        return client

    def test_for_moderators_only(self, world, client):
        for somebody in (world.rita, world.amara, world.edda, world.ruth, world.ada):
            client.force_login(somebody)
            assert client.get(PAGE).status_code == 404
        client.force_login(world.max)
        assert client.get(PAGE).status_code == 200
        assert client.post(PAGE).status_code == 405

    def test_it_says_what_there_is_where_there_is_nothing_yet(self, desk):
        said = words_of(desk.get(PAGE))
        assert "Nothing that bore a sign was decided yet." in said
        assert "Nothing to draw yet." in said
        assert "Nothing yet. It is learnt every night" in said

    def test_charts_have_names_and_tables_and_no_style_of_their_own(self, world, desk):
        publish(world)
        answer = desk.get(PAGE)
        drawn = re.findall(r"<svg viewBox[^>]*role=\"img\".*?</svg>", answer.text, re.DOTALL)
        assert len(drawn) == 3
        for svg in drawn:
            tree = ElementTree.fromstring(svg)
            named = tree.attrib["aria-labelledby"].split()
            assert [child.attrib["id"] for child in tree[:2]] == named
            assert all(child.text.strip() for child in tree[:2])
        assert answer.text.count("The same as a table") == 3
        assert "style=" not in answer.text
        assert "<style" not in answer.text

    def test_a_lane_that_waits_too_long_is_late(self, world, desk, clock):
        write(world, text="All of https://four.example")
        assert "Late" not in words_of(desk.get(PAGE))
        clock.shift(timedelta(hours=9))
        assert "First comment 1 9 Late 8" in words_of(desk.get(PAGE))

    def test_the_heaviest_words_are_shown(self, desk):
        SpamModel.objects.create(spam=60, other=50, words={"bitcoin": [40, 0], "nausea": [0, 30], "<b>": [4, 0]})
        answer = desk.get(PAGE)
        said = words_of(answer)
        assert "Comments it was learnt from: 60 that were spam or sold something, 50 that were approved." in said
        assert "bitcoin 40 0" in said
        assert "nausea 0 30" in said
        assert "It is not used yet" not in said
        assert "<bdi>&lt;b&gt;</bdi>" in answer.text

    def test_as_many_queries_for_one_comment_as_for_twelve(self, world, desk):
        counts = []
        for number in range(12):
            publish(world, text=f"Read number {number} of https://four.example")
            write(world, text=f"Now number {number} of https://five.example")
            if number in (0, 11):
                with CaptureQueriesContext(connection) as asked:
                    desk.get(PAGE)
                counts.append(len(asked))
        assert counts[0] == counts[1]
