"""The moderation desk over HTTP: lanes, decisions, and two moderators on one comment."""

import html
import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.desks import waiting_for
from comments.models import Comment, Decision, QueueItem
from comments.workflow import deciding, reporting
from tests.comments.conftest import publish, turn_down, write


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def card(client, comment, lane="first", **query) -> str:
    return client.get(reverse("comments:lane", args=[lane]), {"comment": comment.public_id, **query}).text


def press(client, comment, decision, *, version=None, lane="first", **fields):
    address = reverse("comments:decide", args=[comment.public_id])
    return client.post(address, {"decision": decision, "version": version or comment.version, "lane": lane, **fields})


@pytest.fixture
def desk(world) -> Client:
    return signed_in(world.max)


class TestDoors:
    @pytest.mark.parametrize("name", ["queue", "lane", "decide"])
    def test_others_do_not_learn_that_it_exists(self, world, client, name):
        comment = write(world)
        arguments = {"queue": [], "lane": ["first"], "decide": [comment.public_id]}[name]
        address = reverse(f"comments:{name}", args=arguments)
        ask = client.post if name == "decide" else client.get
        assert ask(address).status_code == 302
        for user in (world.rita, world.edda, world.ruth, world.ada):
            client.force_login(user)
            assert ask(address).status_code == 404
        assert Comment.objects.get().status == "held"

    def test_nothing_is_decided_by_get(self, world, desk):
        comment = write(world)
        assert desk.get(reverse("comments:decide", args=[comment.public_id])).status_code == 405
        card(desk, comment)
        card(desk, comment, step="reasons")
        comment.refresh_from_db()
        assert comment.version == 1
        assert QueueItem.objects.get().claimed_by is None


class TestQueue:
    def test_it_leads_to_the_first_lane_with_something_in_it(self, world, desk):
        assert "Nothing is waiting" in desk.get(reverse("comments:queue")).text
        write(world)
        assert desk.get(reverse("comments:queue")).url == "/desk/moderation/first/"
        write(world, text="I want to die.")
        assert desk.get(reverse("comments:queue")).url == "/desk/moderation/crisis/"

    def test_tabs_count_and_unknown_lanes_do_not_exist(self, world, desk):
        write(world)
        page = re.sub(r"<[^>]+>", "", desk.get(reverse("comments:lane", args=["held"])).text)
        assert re.search(r"First comment\s+1", page)
        assert "Nothing waits in this lane" in page
        assert desk.get(reverse("comments:lane", args=["nonsense"])).status_code == 404

    def test_as_many_queries_for_one_as_for_fifteen(self, world, desk, django_assert_max_num_queries):
        counts = []
        for total in (1, 15):
            while Comment.objects.count() < total:
                write(world, by=(world.rita, world.nora, world.max)[Comment.objects.count() % 3])
            with django_assert_max_num_queries(30) as queries:
                desk.get(reverse("comments:lane", args=["first"]))
            counts.append(len(queries))
        assert counts[0] == counts[1]

    def test_the_desks_first_page_shows_what_waits(self, world):
        write(world)
        write(world, text="I want to die.")
        (shown,) = [one for one in waiting_for(world.max) if one.role == "moderator"]
        assert (shown.count, shown.url) == (2, "/desk/moderation/")
        assert "1 comment may be about somebody in danger" in shown.urgent
        assert not [one for one in waiting_for(world.rita) if one.role == "moderator"]


class TestCard:
    def test_it_shows_the_words_what_was_found_and_why(self, world, desk):
        comment = write(world, text="Call 555 014 2277 99\n\nor <b>not</b>")
        page = card(desk, comment, lane="privacy")
        assert "Call <mark>555 014 2277 99</mark>" in page
        assert "or &lt;b&gt;not&lt;/b&gt;" in page
        assert "Why this needs a closer look" in page
        assert "Phone number" in page

    def test_it_shows_who_wrote_it(self, world, desk):
        publish(world, text="An earlier one.")
        page = re.sub(r"\s+", " ", card(desk, write(world)))
        assert "<dt>approved</dt><dd>1</dd>" in page
        assert "An earlier one." in page

    def test_ones_own_has_no_buttons(self, world, desk):
        page = card(desk, write(world, by=world.max))
        assert "another moderator must decide about it" in page
        assert 'value="approve"' not in page

    def test_reports_and_appeals_stand_on_it(self, world, desk):
        comment = publish(world)
        reporting.report(comment, by=world.nora, reason="worried", text="She sounds alone.")
        page = card(desk, comment, lane="crisis")
        assert "She sounds alone." in page
        assert "nora" not in page
        assert "Keep it public" in page

    def test_somebody_elses_claim_is_told(self, world, desk):
        comment = write(world)
        assert press(signed_in(world.mona), comment, "take").status_code == 302
        assert "Mona Reyes opened this comment just now." in card(desk, comment)
        assert press(desk, comment, "take").status_code == 409
        assert press(signed_in(world.mona), comment, "release").status_code == 302
        assert "opened this comment" not in card(desk, comment)


class TestDecide:
    def test_approve_goes_on_to_the_next(self, world, desk):
        comment, second = write(world), write(world)
        response = press(desk, comment, "approve")
        assert response.url == f"/desk/moderation/first/?comment={second.public_id}"
        assert "Approved. 1 left." in desk.get(response.url).text
        assert press(desk, second, "approve").url == "/desk/moderation/"
        assert Comment.objects.live().count() == 2

    def test_reject_asks_for_reason_rule_and_words_and_suggests_them(self, world, desk):
        comment = write(world, text="Call 555 014 2277 99")
        page = card(desk, comment, step="reasons")
        assert re.search(r'value="privacy"[^>]* checked', page)
        assert "because somebody could be found by what it says" in html.unescape(page)
        clause = world.rules.clauses.get(number=2)
        response = press(desk, comment, "reject", reason="privacy", clause=clause.pk, message="No numbers.", note="ok")
        assert response.status_code == 302
        decision = Decision.objects.get()
        assert (decision.reason, decision.clause, decision.words.message) == ("privacy", clause, "No numbers.")

    def test_the_usual_words_follow_the_chosen_reason(self, world, desk):
        comment = write(world)
        usual = html.unescape(
            re.search(
                r'<textarea name="message"[^>]*>\s*(.*?)</textarea>', card(desk, comment, step="reasons"), re.DOTALL
            )[1]
        )
        press(desk, comment, "reject", reason="unkind", clause=world.rules.clauses.get(number=1).pk, message=usual)
        assert "could hurt somebody" in Decision.objects.get().words.message

    @pytest.mark.parametrize("wrong", [{"reason": ""}, {"clause": ""}, {"reason": "within_rules"}, {"clause": "99999"}])
    def test_an_incomplete_rejection_comes_back_with_everything_typed(self, world, desk, wrong):
        comment = write(world)
        fields = {
            "reason": "unkind",
            "clause": world.rules.clauses.get(number=1).pk,
            "message": "Mine.",
            "note": "Yours.",
        } | wrong
        response = press(desk, comment, "reject", **fields)
        assert response.status_code == 422
        assert "errorlist" in response.text
        assert "Mine." in response.text
        assert "Yours." in response.text
        assert Comment.objects.get().status == "held"

    def test_two_moderators_at_one_comment(self, world, desk):
        comment = write(world)
        mona = signed_in(world.mona)
        card(desk, comment)
        card(mona, comment)
        assert press(desk, comment, "approve", version=1).status_code == 302
        for response in (
            press(mona, comment, "approve", version=1),
            press(mona, comment, "reject", version=1, reason="unkind", clause=world.rules.clauses.get(number=1).pk),
        ):
            assert response.status_code == 409
            assert re.search(
                r"Already approved by Max Okafor at \d\d:\d\d\. Your choice was not saved\.", response.text
            )
        assert Decision.objects.count() == 1

    @pytest.mark.parametrize(
        ("start", "decision", "status"),
        [
            ("live", "hide", "hidden"),
            ("live", "spam", "spam"),
            ("hidden", "restore", "live"),
            ("rejected", "restore", "live"),
            ("held", "spam", "spam"),
        ],
    )
    def test_the_other_buttons(self, world, desk, start, decision, status):
        comment = write(world) if start in ("held", "rejected") else publish(world)
        if start == "hidden":
            deciding.hide(comment, by=world.mona, version=2)
        if start == "rejected":
            turn_down(world, comment)
        assert f'value="{decision}"' in card(desk, comment)
        assert press(desk, comment, decision).status_code == 302
        assert Comment.objects.get().status == status

    def test_keep_answers_a_report(self, world, desk):
        comment = publish(world)
        reporting.report(comment, by=world.nora, reason="unkind")
        assert press(desk, comment, "keep", lane="reported").status_code == 302
        assert not QueueItem.objects.filter(closed_at=None).exists()

    def test_ones_own_is_refused_in_words(self, world, desk):
        comment = write(world, by=world.max)
        response = press(desk, comment, "approve")
        assert response.status_code == 403
        assert "You wrote this comment, so another moderator must decide about it." in response.text
        assert Comment.objects.get().status == "held"

    @pytest.mark.parametrize("version", ["", "x", "-1", "9" * 30])
    def test_a_broken_version_is_a_stale_one(self, world, desk, version):
        address = reverse("comments:decide", args=[write(world).public_id])
        assert desk.post(address, {"decision": "approve", "version": version}).status_code == 409

    def test_an_unknown_decision_does_not_exist(self, world, desk):
        assert press(desk, write(world), "promote").status_code == 404
