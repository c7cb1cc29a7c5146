"""The desk's pages of crisis cases: who sees them, what stands on them, and that nothing typed is lost."""

from datetime import timedelta

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import roles
from accounts.roles import Role
from comments import answer_times, cases
from comments.models import CrisisStep, ModeratorSettings
from comments.workflow import crisis, deciding
from tests import cast as actors
from tests.comments.conftest import write
from tests.comments.test_crisis import LETTER, a_case, closed, tick_all


@pytest.fixture
def desk(world, client):
    actors.sign_in(client, world.max)
    return client


def of(case) -> str:
    return reverse("comments:crisis_case", args=[case.pk])


class TestWhoSeesThem:
    @pytest.mark.parametrize("who", ["nora", "rita", "edda", "amara", "ada"])
    def test_nobody_below_a_moderator(self, world, client, who):
        case = closed(world, a_case(world))
        actors.sign_in(client, getattr(world, who))
        look = reverse("comments:crisis_look", args=[case.pk, case.follow_ups.first().pk])
        assert client.get(reverse("comments:crisis_cases")).status_code == 404
        assert client.get(of(case)).status_code == 404
        assert client.post(of(case), {"act": "note", "text": "x"}).status_code == 404
        assert client.post(look, {"note": "x"}).status_code == 404

    def test_no_moderator_sees_a_case_of_their_own(self, world, desk):
        case = a_case(world, by=world.max)
        assert desk.get(of(case)).status_code == 404
        assert desk.post(of(case), {"act": "join"}).status_code == 404
        assert of(case) not in desk.get(reverse("comments:crisis_cases")).text

    def test_nothing_is_kept_by_a_browser_and_nothing_changes_on_get(self, world, desk):
        case = a_case(world)
        answer = desk.get(of(case), {"script": "reach_out", "act": "join"})
        assert "no-store" in answer["Cache-Control"]
        assert CrisisStep.objects.count() == 2
        case.refresh_from_db()
        assert case.first_seen_at is None


class TestTheList:
    def test_what_is_overdue_comes_first_and_follow_ups_stand_below(self, world, desk, settings):
        done = closed(world, a_case(world))
        early = a_case(world)
        crisis.write_to(early, by=world.max, message=LETTER)
        late = a_case(world, by=world.nora)
        settings.CRISIS_MINUTES = (0, 100, 200)
        page = desk.get(reverse("comments:crisis_cases")).text
        assert page.index(of(late)) < page.index(of(early)) < page.index(of(done))
        assert "Overdue" in page

    def test_many_cost_as_many_queries_as_one(self, world, desk):
        def queries(address: str) -> int:
            with CaptureQueriesContext(connection) as counted:
                assert desk.get(address).status_code == 200
            return len(counted)

        first = closed(world, a_case(world))
        queries(of(first))
        one = queries(of(first)), queries(reverse("comments:crisis_cases"))
        for by in (world.rita, world.rita, world.nora):
            case = a_case(world, by=by)
            crisis.note(case, by=world.mona, text="One more.")
        crisis.note(first, by=world.mona, text="One more.")
        assert (queries(of(first)), queries(reverse("comments:crisis_cases"))) == one

    def test_an_empty_list_says_so(self, world, desk):
        assert "No case is open" in desk.get(reverse("comments:crisis_cases")).text
        assert desk.get(reverse("comments:crisis_cases"), {"after": "x"}).status_code == 404


class TestTheCase:
    def test_her_words_are_covered_until_somebody_opens_them(self, world, desk):
        case = a_case(world)
        assert '<details class="fold veiled">' in desk.get(of(case)).text
        ModeratorSettings.objects.create(user=world.max, blurs=False)
        assert '<details class="fold veiled" open>' in desk.get(of(case)).text

    def test_a_script_is_only_a_beginning(self, world, desk):
        page = desk.get(of(a_case(world)), {"script": "reach_out"}).text
        assert "Hello rita, thank you for writing" in page
        assert "http://testserver/get-help-now/" in page
        assert desk.get(of(a_case(world, by=world.nora)), {"script": "nonsense"}).status_code == 200

    def test_each_sees_the_steps_of_the_others(self, world, desk):
        case = a_case(world)
        crisis.check(case, by=world.mona, code="danger", yes=True, note="She names a day.")
        page = desk.get(of(case)).text
        assert "Mona Reyes" in page
        assert "She names a day." in page

    def test_words_are_escaped(self, world, desk):
        case = a_case(world)
        crisis.note(case, by=world.mona, text="<script>alert(1)</script>\n<b>x")
        page = desk.get(of(case)).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page

    @pytest.mark.parametrize(
        ("sent", "status", "kept"),
        [
            ({"act": "write", "message": ""}, 422, "Write a message"),
            ({"act": "write", "message": "x" * 2001}, 422, "x" * 2001),
            ({"act": "close", "note": "Typed words."}, 422, "Typed words."),
            ({"act": "close", "outcome": "private", "note": "Typed words."}, 409, "Typed words."),
            ({"act": "called", "whom": "Station 12"}, 422, "Station 12"),
            ({"act": "hand_on", "note": "Typed words."}, 409, "Typed words."),
            ({"act": "check", "code": "weather", "yes": "1"}, 422, "Nothing was saved"),
            ({"act": "dance"}, 404, ""),
        ],
    )
    def test_nothing_typed_is_lost(self, world, desk, sent, status, kept):
        answer = desk.post(of(a_case(world)), sent)
        assert answer.status_code == status
        assert kept in answer.text

    def test_the_loser_is_told_who_closed_it(self, world, desk):
        case = a_case(world)
        tick_all(case, world.mona)
        crisis.write_to(case, by=world.mona, message=LETTER)
        crisis.close(case, by=world.mona, outcome="private")
        answer = desk.post(of(case), {"act": "close", "outcome": "no_crisis", "note": "I think she is well."})
        assert answer.status_code == 409
        assert "I think she is well." in answer.text
        assert "Mona Reyes closed this case" in answer.text

    def test_the_card_leads_there(self, world):
        case = a_case(world)
        part = "comments/moderation/parts/crisis.html"
        assert of(case) in render_to_string(part, {"comment": case.comment, "viewer": world.max})
        assert render_to_string(part, {"comment": write(world), "viewer": world.max}).strip() == ""
        assert render_to_string(part, {"comment": case.comment, "viewer": world.edda}).strip() == ""


def test_while_a_case_is_open_the_desk_refuses_spam_in_words(world, desk):
    comment = a_case(world).comment
    answer = desk.post(
        reverse("comments:decide", args=[comment.public_id]), {"decision": "spam", "version": 1, "lane": "crisis"}
    )
    assert answer.status_code == 409
    assert "Somebody may be in danger here" in answer.text
    assert not deciding.Decision.objects.filter(comment=comment).exists()


class TestClosedOnes:
    ADDRESS = "/desk/moderation/crisis/cases/closed/"

    def test_what_came_of_them_and_by_whom_the_newest_first(self, world, desk):
        older, newer = closed(world, a_case(world)), closed(world, a_case(world, by=world.nora))
        still_open = a_case(world)
        page = desk.get(self.ADDRESS).text
        assert page.index(of(newer)) < page.index(of(older))
        assert of(still_open) not in page
        assert older.get_outcome_display() in page
        assert of(older) not in desk.get(reverse("comments:crisis_cases")).text.partition("Look again")[0]

    def test_no_moderator_finds_their_own(self, world, desk, client):
        own = closed(world, a_case(world, by=world.nora))
        assert of(own) in desk.get(self.ADDRESS).text
        roles.grant(world.nora, Role.MODERATOR, by=world.ada)
        actors.sign_in(client, world.nora)
        assert of(own) not in client.get(self.ADDRESS).text

    def test_many_cost_as_many_queries_as_one_and_are_paged(self, world, desk, monkeypatch):
        def queries(address: str) -> int:
            with CaptureQueriesContext(connection) as counted:
                assert desk.get(address).status_code == 200
            return len(counted)

        first = closed(world, a_case(world))
        queries(self.ADDRESS)
        few = queries(self.ADDRESS)
        made = [closed(world, a_case(world, by=world.nora)) for _ in range(3)]
        assert queries(self.ADDRESS) == few
        monkeypatch.setattr(cases, "PAGE_SIZE", 2)
        page = desk.get(self.ADDRESS).text
        assert of(first) not in page
        assert f"?before={made[1].pk}" in page
        assert of(first) in desk.get(f"{self.ADDRESS}?before={made[1].pk}").text
        assert desk.get(f"{self.ADDRESS}?before=999999").status_code == 404

    def test_how_soon_somebody_was_there(self, world, settings, clock):
        settings.CRISIS_MINUTES = (15, 60, 240)
        begun = timezone.now()
        for seen_after in (4, 10, 90, None):
            clock.move_to(begun)
            case = a_case(world)
            if seen_after:
                clock.move_to(begun + timedelta(minutes=seen_after))
                crisis.join(case, by=world.max)
        clock.move_to(begun + timedelta(hours=5))
        seen, answered = answer_times.of_the_quarter()[:2]
        assert (seen.count, seen.in_time) == (3, 50)
        assert [round(time.total_seconds() / 60) for time in (seen.median, seen.longest)] == [10, 90]
        assert (answered.count, answered.in_time) == (0, 0)

    def test_of_nothing_nothing_is_said(self, world, desk):
        assert {(one.count, one.median, one.in_time) for one in answer_times.of_the_quarter()} == {(0, None, None)}
        assert "No case was closed yet" in desk.get(self.ADDRESS).text


def test_others_in_the_same_conversation_are_pointed_out(world, desk, clock):
    first = a_case(world)
    clock.shift(timedelta(days=8))
    second = a_case(world, by=world.nora)
    assert "other case in this conversation" not in desk.get(of(second)).text
    third = a_case(world)
    page = desk.get(of(second)).text
    assert "1 other case in this conversation" in page
    assert of(third) in page
    assert of(first) not in page
