"""The sixty comments of the demo: every status, every lane, and a history the database would accept."""

import pytest

from comments.models import Comment, Decision, QueueItem, Report
from tests.demo import reading

EVERY = pytest.mark.parametrize("comment", reading.comments().values(), ids=lambda comment: comment["ref"])
STATUSES = {
    "approve": "live",
    "publish": "live",
    "reject": "rejected",
    "spam": "spam",
    "withdraw": "withdrawn",
    "erase": "erased",
}
STATUSES |= {"hide": "hidden", "restore": "live"}


class TestTheWhole:
    def test_sixty_over_the_three_live_articles(self):
        per_page = [comment["page"] for comment in reading.comments().values()]
        live = {slug for slug, entry in reading.articles().items() if entry["state"] == "live"}
        assert len(per_page) == 61
        assert set(per_page) == live
        assert min(per_page.count(slug) for slug in live) >= 15

    def test_every_status_and_every_lane_occurs(self):
        found = reading.comments().values()
        assert {comment["status"] for comment in found} == set(Comment.Status.values)
        assert {comment["lane"] for comment in found} - {None} == set(QueueItem.Lane.values)

    def test_replies_go_two_levels_deep(self):
        found = reading.comments()
        depths = []
        for comment in found.values():
            depth, parent = 0, comment["parent"]
            while parent:
                depth, parent = depth + 1, found[parent]["parent"]
            depths.append(depth)
        assert set(depths) == {0, 1, 2}

    def test_the_team_answers_too(self):
        answering = {c["author"] for c in reading.comments().values() if c["parent"] and c["status"] == "live"}
        roles = {role for handle in answering for role in reading.people()[handle]["roles"]}
        assert {"medical_reviewer", "moderator", "writer"} <= roles


class TestEachComment:
    @EVERY
    def test_it_is_written_by_somebody_who_had_accepted_the_rules(self, comment):
        author = reading.people()[comment["author"]]
        days = comment["hours_ago"] / 24
        published = {row["version"]: row["published_days_ago"] for row in reading.policies()["rules"]["versions"]}
        assert comment["rules_version"] in author["accepted_rules"]
        assert days < author["joined_days_ago"]
        assert max(number for number, day in published.items() if day > days) == comment["rules_version"]
        assert days < reading.articles()[comment["page"]]["review"]["published_days_ago"]

    @EVERY
    def test_it_fits(self, comment):
        assert 20 <= len(comment["text"]) <= 2000

    @EVERY
    def test_its_decisions_lead_to_its_status(self, comment):
        status, hours = "held", comment["hours_ago"]
        for decision in comment["decisions"]:
            assert decision["from"] == status
            assert decision["to"] in Comment.MOVES[status]
            assert decision["to"] == STATUSES[decision["action"]]
            assert decision["hours_ago"] <= hours
            status, hours = decision["to"], decision["hours_ago"]
        assert status == comment["status"]

    @EVERY
    def test_its_decisions_are_complete_and_made_by_others(self, comment):
        for decision in comment["decisions"]:
            assert decision["source"] in Decision.Source.values
            assert decision["reason"] in Decision.Reason.values
            if decision["source"] == "moderator":
                assert "moderator" in reading.people()[decision["by"]]["roles"]
                assert decision["by"] != comment["author"]
            elif decision["source"] == "author":
                assert decision["by"] == comment["author"]
            else:
                assert decision["by"] is None
            if decision["action"] in ("reject", "spam"):
                assert decision["rule"] in reading.rules(comment["rules_version"])
            if decision["action"] == "reject":
                assert decision["message"]

    @EVERY
    def test_a_reply_is_younger_and_under_the_same_article(self, comment):
        if comment["parent"]:
            parent = reading.comments()[comment["parent"]]
            assert parent["page"] == comment["page"]
            assert parent["hours_ago"] > comment["hours_ago"]

    @EVERY
    def test_it_waits_in_a_lane_if_and_only_if_somebody_must_look(self, comment):
        if comment["status"] in ("held", "hidden"):
            assert comment["lane"]
        if comment["status"] in ("spam", "withdrawn", "erased"):
            assert comment["lane"] is None
        if comment["lane"] == "appeal":
            assert comment["status"] == "rejected"
            assert comment["appeal"]["text"]
        else:
            assert comment["appeal"] is None

    @EVERY
    def test_its_reports_are_sound(self, comment):
        reporters = [report["by"] for report in comment["reports"]]
        assert len(set(reporters)) == len(reporters)
        for report in comment["reports"]:
            assert report["reason"] in Report.Reason.values
            assert report["by"] is None or report["by"] in reading.people()
            assert report["by"] != comment["author"]
            assert report["hours_ago"] < comment["hours_ago"]
        if any(decision["source"] == "reports" for decision in comment["decisions"]):
            assert comment["reports"]

    def test_files_are_in_the_order_of_writing(self):
        hours = [comment["hours_ago"] for comment in reading.comments().values()]
        assert hours == sorted(hours, reverse=True)

    def test_first_comments_are_first_ones(self):
        for comment in reading.comments().values():
            if comment["lane"] == "first":
                others = [c for c in reading.comments().values() if c["author"] == comment["author"]]
                assert others == [comment]
