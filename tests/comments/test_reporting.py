"""Report a comment: who may, with and without an account, what happens twice, and what the receipt tells."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import OutboxMail
from articles.workflow import publishing
from audit.moves import WrongState
from comments.models import Comment, Conversation, Notification, Report, Sanction
from comments.workflow import deciding, posting, reporting
from tests.comments.conftest import a_world, publish, turn_down, write

OURS = {"HTTP_SEC_FETCH_SITE": "same-origin"}


def address(comment: Comment) -> str:
    return reverse("comments:report", args=[comment.public_id])


def send(client, comment: Comment, **typed):
    return client.post(address(comment), {"reason": "unkind", **typed}, **OURS)


def change(world, comment: Comment, text: str = "Other words, written later.") -> None:
    comment.refresh_from_db()
    posting.edit(comment, by=world.rita, text=text, version=comment.version, rules_version=world.rules)
    comment.refresh_from_db()


@pytest.fixture
def stranger(world):
    return Client(enforce_csrf_checks=True)


class TestWithoutAnAccount:
    # edge case 11
    def test_a_stranger_reports_and_keeps_an_address(self, world, stranger):
        comment = publish(world)
        answer = send(stranger, comment, text="Look.")
        made = Report.objects.get()
        assert (made.reporter, made.reason, made.text, made.revision) == (None, "unkind", "Look.", comment.current)
        assert answer.url == f"/reports/{made.receipt}/"
        assert "Keep the address of this page." in stranger.get(answer.url).text
        assert comment.queue_items.get(closed_at=None).lane == "reported"

    def test_the_form_sets_no_cookie_and_carries_no_token(self, world, stranger):
        page = stranger.get(address(publish(world)))
        assert not page.cookies
        assert "csrfmiddlewaretoken" not in page.text
        assert page["Cache-Control"] == "private, no-store"

    @pytest.mark.parametrize(
        "headers", [{}, {"HTTP_SEC_FETCH_SITE": "cross-site"}, {"HTTP_ORIGIN": "https://evil.example"}]
    )
    def test_other_sites_cannot_send_it(self, world, stranger, headers):
        assert stranger.post(address(publish(world)), {"reason": "unkind"}, **headers).status_code == 403
        assert not Report.objects.exists()

    def test_a_members_form_needs_its_token_wherever_it_comes_from(self, world, stranger):
        stranger.force_login(world.nora)
        comment = publish(world)
        assert send(stranger, comment).status_code == 403
        token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', stranger.get(address(comment)).text)[1]
        assert send(stranger, comment, csrfmiddlewaretoken=token).status_code == 302
        assert Report.objects.get().reporter == world.nora

    def test_a_program_is_thanked_and_not_heard(self, world, stranger):
        assert send(stranger, publish(world), website="https://spam.example").status_code == 302
        assert not Report.objects.exists()

    def test_one_connection_reports_a_comment_three_times_a_day(self, world, stranger):
        comment, other = publish(world), publish(world)
        assert [send(stranger, comment).status_code for _ in range(4)] == [302, 302, 302, 429]
        refused = send(stranger, comment, text="What I typed.")
        assert "several times today" in refused.text
        assert "What I typed." in refused.text
        assert send(stranger, other).status_code == 302
        assert comment.queue_items.filter(closed_at=None).count() == 1

    def test_one_connection_sends_ten_a_day(self, world, clock):
        comments = []
        for _ in range(4):
            comments.append(publish(world))
            clock.shift(timedelta(minutes=3))
        for step in range(10):
            reporting.report(comments[step // 3], by=None, reason="harm", client="a")
        with pytest.raises(posting.TooFast, match="tomorrow"):
            reporting.report(comments[3], by=None, reason="harm", client="a")
        assert reporting.report(comments[3], by=None, reason="harm", client="b")

    def test_a_crowd_is_counted_and_then_told_that_we_know(self, world):
        comment = publish(world)
        for one in range(reporting.OPEN_ON_A_COMMENT):
            reporting.report(comment, by=None, reason="harm", client=f"client-{one}")
        with pytest.raises(posting.TooFast, match="Many readers"):
            reporting.report(comment, by=None, reason="harm", client="one more")
        assert reporting.report(comment, by=world.nora, reason="harm")
        assert Comment.objects.get().status == "live"


class TestTwice:
    def test_a_members_second_report_changes_nothing(self, world, client):
        client.force_login(world.nora)
        comment = publish(world)
        first = send(client, comment)
        assert send(client, comment, reason="worried").url == first.url
        assert Report.objects.get().reason == "unkind"
        assert comment.queue_items.get(closed_at=None).lane == "reported"

    # edge case 6
    def test_first_reports_of_strangers_at_the_same_moment_make_one_item(self, race):
        world = a_world()
        comment = publish(world)
        made = race(lambda number: reporting.report(comment, by=None, reason="unkind", client=str(number)))
        assert {type(one) for one in made} == {Report}
        assert comment.reports.filter(closed_at=None).count() == len(made)
        assert comment.queue_items.filter(closed_at=None).count() == 1

    # edge case 8
    def test_words_found_in_order_are_not_asked_about_again_by_the_same_member(self, world):
        comment = publish(world)
        first = reporting.report(comment, by=world.nora, reason="unkind")
        deciding.keep(comment, by=world.max, version=comment.version)
        assert reporting.report(comment, by=world.nora, reason="harm") == first
        assert not comment.queue_items.filter(closed_at=None).exists()

    # edge case 12
    def test_what_was_approved_and_kept_returns_to_the_queue_when_somebody_else_reports_it(self, world):
        comment = publish(world)
        assert not comment.queue_items.filter(closed_at=None).exists()
        reporting.report(comment, by=world.nora, reason="unkind")
        deciding.keep(comment, by=world.max, version=comment.version)
        reporting.report(comment, by=None, reason="harm", client="c")
        assert comment.queue_items.get(closed_at=None).reasons == ["report_harm"]


class TestAfterAnEdit:
    # edge case 7
    def test_a_report_stays_with_the_words_it_was_about(self, world, client):
        comment = publish(world)
        made = reporting.report(comment, by=world.nora, reason="unkind", text="Rude.")
        reported = made.revision
        change(world, comment)
        made.refresh_from_db()
        assert (made.revision, made.closed_at) == (reported, None)
        assert comment.current != reported
        client.force_login(world.max)
        card = client.get(f"/desk/moderation/reported/?comment={comment.public_id}").text
        assert "About earlier words" in card

    def test_a_report_of_the_words_that_stand_is_not_marked(self, world, client):
        comment = publish(world)
        reporting.report(comment, by=None, reason="unkind", client="c")
        client.force_login(world.max)
        card = client.get(f"/desk/moderation/reported/?comment={comment.public_id}").text
        assert "About earlier words" not in card
        assert "Without an account" in card

    # edge case 7
    def test_new_words_that_stay_answer_it_as_such(self, world):
        comment = publish(world)
        earlier = reporting.report(comment, by=world.nora, reason="unkind")
        change(world, comment)
        deciding.approve(comment, by=world.max, version=comment.version)
        later = reporting.report(comment, by=world.amara, reason="unkind")
        earlier.refresh_from_db()
        assert earlier.outcome == "changed"
        deciding.keep(comment, by=world.max, version=comment.version)
        later.refresh_from_db()
        assert later.outcome == "kept"

    # edge case 8
    def test_the_new_words_can_be_reported_by_the_same_member(self, world):
        publish(world)
        Conversation.objects.update(mode="open")
        comment = write(world, text="Something else, at once public.")
        first = reporting.report(comment, by=world.nora, reason="unkind")
        change(world, comment)
        assert comment.status == "live"
        second = reporting.report(comment, by=world.nora, reason="harm")
        assert second != first
        assert second.revision == comment.current


class TestWhoMay:
    # edge case 11
    def test_nobody_reports_themselves(self, world, client):
        comment = publish(world)
        client.force_login(world.rita)
        assert client.get(address(comment)).status_code == 404
        assert send(client, comment).status_code == 404
        with pytest.raises(PermissionDenied):
            reporting.report(comment, by=world.rita, reason="unkind")

    # edge case 11
    def test_a_suspended_member_may(self, world, client):
        Sanction.objects.create(
            user=world.nora, reason="unkind", by=world.max, until=timezone.now() + timedelta(days=3)
        )
        client.force_login(world.nora)
        assert send(client, publish(world)).status_code == 302

    @pytest.mark.parametrize("reason", ["", "dislike"])
    def test_it_wants_a_reason_and_keeps_what_was_typed(self, world, stranger, reason):
        comment = publish(world)
        refused = send(stranger, comment, reason=reason, text="My words.")
        assert refused.status_code == 422
        assert "Choose what is wrong." in refused.text
        assert "My words." in refused.text
        with pytest.raises(ValidationError):
            reporting.report(comment, by=None, reason=reason)

    def test_a_waiting_comment_does_not_exist(self, world, stranger):
        comment = write(world)
        assert stranger.get(address(comment)).status_code == 404
        assert send(stranger, comment).status_code == 404
        with pytest.raises(WrongState):
            reporting.report(comment, by=None, reason="unkind")

    @pytest.mark.parametrize("end", ["rejected", "hidden", "withdrawn", "tombstone"])
    def test_of_one_that_was_public_it_is_said_that_it_is_not_any_more(self, world, stranger, end):
        comment = publish(world)
        if end == "tombstone":
            reply = posting.post(
                world.page, by=world.nora, text="Thank you.", token="reply", rules_version=world.rules, reply_to=comment
            )
            deciding.approve(reply, by=world.max, version=reply.version)
            comment.refresh_from_db()
        if end == "rejected":
            turn_down(world, comment)
        elif end == "hidden":
            deciding.hide(comment, by=world.max, version=comment.version)
        else:
            posting.withdraw(comment, by=world.rita, version=comment.version)
        for answer in (stranger.get(address(comment)), send(stranger, comment)):
            assert answer.status_code == 410
            assert "This comment is no longer public" in answer.text
            assert comment.current.text not in answer.text
            assert "rita" not in answer.text

    def test_under_a_hidden_conversation_or_a_withdrawn_page_there_is_nothing(self, world, stranger):
        comment = publish(world)
        Conversation.objects.update(mode="hidden")
        assert stranger.get(address(comment)).status_code == 404
        Conversation.objects.update(mode="open")
        assert stranger.get(address(comment)).status_code == 200
        publishing.withdraw(world.page, by=world.edda, kind="other", public_reason="We are checking it.")
        assert stranger.get(address(comment)).status_code == 404


class TestLanes:
    @pytest.mark.parametrize(
        ("reason", "lane"),
        [
            ("worried", "reported"), ("illegal", "legal"), ("privacy", "privacy"), ("under_16", "privacy"),
            ("harm", "reported"), ("medical", "reported"), ("other", "reported"),
        ],
    )  # fmt: skip
    def test_each_reason_has_its_lane(self, world, reason, lane):
        comment = publish(world)
        reporting.report(comment, by=None, reason=reason, client="c")
        assert comment.queue_items.get(closed_at=None).lane == lane


class TestItsWriter:
    # edge case 10
    def test_learns_nothing_before_a_moderator_decides(self, world, client):
        comment = publish(world)
        told = OutboxMail.objects.filter(to=world.rita.email).values_list("pk", flat=True)
        news = Notification.objects.filter(user=world.rita).values_list("pk", flat=True)
        told_before, news_before = set(told), set(news)
        reporting.report(comment, by=None, reason="worried", client="c")
        reporting.report(comment, by=world.nora, reason="worried")
        client.force_login(world.rita)
        hers = client.get("/me/comments/").text + client.get(world.page.get_absolute_url()).text
        assert "report_worried" not in hers
        assert "worried about this person" not in hers
        deciding.keep(comment, by=world.max, version=comment.version)
        assert set(told.all()) <= told_before
        assert set(news.all()) == news_before


class TestReceipt:
    def test_it_says_what_and_when_and_that_it_waits(self, world, client):
        made = reporting.report(publish(world), by=None, reason="privacy", client="c")
        answer = client.get(f"/reports/{made.receipt}/")
        assert "It shares private details" in answer.text
        assert world.page.live_publication.title in answer.text
        assert "A moderator will look at it." in answer.text
        assert answer["Cache-Control"] == "private, no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert 'content="noindex"' in answer.text

    @pytest.mark.parametrize(
        ("act", "said"),
        [
            ("keep", "We read the comment again, and it stays."),
            ("reject", "We removed the comment."),
            ("spam", "We removed the comment."),
        ],
    )
    def test_later_it_says_what_became_of_it(self, world, client, act, said):
        comment = publish(world, text="Call me on the telephone.")
        made = reporting.report(comment, by=None, reason="privacy", client="c")
        if act == "keep":
            deciding.keep(comment, by=world.max, version=comment.version)
        elif act == "spam":
            deciding.mark_spam(comment, by=world.max, version=comment.version)
        else:
            turn_down(world, comment)
        page = client.get(f"/reports/{made.receipt}/").text
        assert said in page
        for secret in ("rita", "Max Okafor", "max", "Call me on the telephone."):
            assert secret not in re.sub(r"(?s)<head>.*</head>|max-|maximum", "", page)

    def test_whoever_deleted_the_words_is_not_named(self, world, client):
        comment = publish(world)
        made = reporting.report(comment, by=None, reason="privacy", client="c")
        posting.withdraw(comment, by=world.rita, version=comment.version)
        comment.refresh_from_db()
        deciding.keep(comment, by=world.max, version=comment.version)
        assert "its writer deleted it" in client.get(f"/reports/{made.receipt}/").text

    def test_nobody_guesses_one(self, world, client):
        made = reporting.report(publish(world), by=None, reason="privacy", client="c")
        assert len(made.receipt) == 40
        assert client.get(f"/reports/{'0' * 40}/").status_code == 404
        assert client.get(f"/reports/{made.receipt[:-1]}/").status_code == 404
        assert client.post(f"/reports/{made.receipt}/").status_code == 405

    def test_it_outlives_the_page(self, world, client):
        made = reporting.report(publish(world), by=None, reason="privacy", client="c")
        publishing.withdraw(world.page, by=world.edda, kind="other", public_reason="We are checking it.")
        assert "under a page that is no longer public" in client.get(f"/reports/{made.receipt}/").text


class TestMyReports:
    def test_a_member_finds_her_own_and_nobody_elses(self, world, client):
        comment = publish(world)
        hers = reporting.report(comment, by=world.nora, reason="unkind")
        others = reporting.report(comment, by=world.amara, reason="unkind")
        assert client.get("/me/reports/").status_code == 302
        client.force_login(world.nora)
        page = client.get("/me/reports/").text
        assert hers.receipt in page
        assert others.receipt not in page
        assert "A moderator has not looked at it yet." in page
        assert client.get(f"/me/reports/?before={others.receipt}").status_code == 404

    def test_they_are_paged_by_key_at_the_same_cost(self, world, client, clock, monkeypatch):
        monkeypatch.setattr("comments.receipts.PAGE_SIZE", 2)
        client.force_login(world.nora)
        counts, made = [], []
        for _ in range(5):
            made.append(reporting.report(publish(world), by=world.nora, reason="unkind").receipt)
            clock.shift(timedelta(minutes=5))
            with CaptureQueriesContext(connection) as asked:
                client.get("/me/reports/")
            counts.append(len(asked))
        assert len(set(counts)) == 1
        seen, address = [], "/me/reports/"
        while address:
            page = client.get(address).text
            seen += re.findall(r"/reports/([0-9a-f]{40})/", page)
            more = re.search(r'rel="next" href="([^"]+)"', page)
            address = more and more[1]
        assert seen == made[::-1]


class TestTheDatabaseRefuses:
    @pytest.mark.parametrize(
        "change",
        [
            "outcome = 'kept'",
            "closed_at = created_at",
            "receipt = (SELECT receipt FROM comments_report WHERE reporter_id IS NULL)",
        ],
    )
    def test_an_answer_without_a_time_a_time_without_an_answer_and_a_receipt_twice(self, world, change):
        comment = publish(world)
        reporting.report(comment, by=None, reason="unkind", client="c")
        made = reporting.report(comment, by=world.nora, reason="unkind")
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE comments_report SET {change} WHERE id = %s", [made.pk])

    def test_two_open_reports_of_one_member_about_the_same_words(self, world):
        made = reporting.report(publish(world), by=world.nora, reason="unkind")
        with pytest.raises(IntegrityError), transaction.atomic():
            Report.objects.create(comment=made.comment, revision=made.revision, reporter=world.nora, reason="harm")
