"""Changing one's own words: who may, until when, what a moderator reads of it, and what a stale page does."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from articles.workflow import publishing
from audit.models import Entry
from audit.moves import WrongState
from comments import counting, permissions
from comments.models import Comment, Conversation, Sanction
from comments.workflow import deciding, posting, reporting
from tests import cast as actors
from tests.comments.conftest import publish, turn_down, write
from tests.comments.test_public_pages import errors, hidden, new_rules, typed
from tests.comments.test_writing_pages import NUMBER, sure


def edit(world, comment, text="Other words.", **options):
    options = {"by": world.rita, "version": comment.version, "rules_version": world.rules} | options
    return posting.edit(comment, text=text, **options)


def edit_url(comment: Comment) -> str:
    return reverse("comments:edit", args=[comment.public_id])


def filled(client, comment: Comment, **changes) -> dict:
    page = client.get(edit_url(comment)).text
    return {
        "body": "Other words.",
        "act": "save",
        "was": hidden(page, "was"),
        "version": hidden(page, "version"),
    } | changes


@pytest.fixture
def rita(world, client):
    client.force_login(world.rita)
    return client


class TestVerb:
    # edge case 4
    def test_what_waits_goes_on_waiting_with_its_new_words_and_its_old_place(self, world, clock):
        comment = write(world)
        before = comment.queue_items.get()
        clock.shift(timedelta(minutes=5))
        edit(world, comment)
        after = comment.queue_items.get()
        assert (after.pk, after.due_at, after.closed_at) == (before.pk, before.due_at, None)
        assert "edited" in after.reasons
        assert (comment.status, comment.version, comment.current.number) == ("held", 2, 2)
        deciding.approve(comment, by=world.max, version=2)
        assert comment.current.text == "Other words."

    # edge case 3
    def test_an_approved_comment_turned_into_an_advert_is_out_of_view_and_back_in_the_queue(self, world):
        Conversation.objects.update(mode="first_held")
        comment = publish(world)
        edit(world, comment, "Buy my cure now at https://cure.example.org")
        assert (comment.status, Conversation.objects.get().live_count) == ("held", 0)
        item = comment.queue_items.get(closed_at=None)
        assert {"edited", "link"} <= set(item.reasons)
        assert counting.drifts() == []

    # edge case 5
    def test_the_record_names_the_new_revision(self, world):
        comment = publish(world)
        revision = edit(world, comment)
        decision = comment.decisions.last()
        assert (decision.revision, decision.source, decision.from_status, decision.to_status) == (
            revision, "author", "live", "held",
        )  # fmt: skip
        entry = Entry.objects.last()
        assert entry.verb == "comment.edited"
        assert f'"revision":{revision.pk}' in entry.payload
        assert "Other words" not in entry.payload

    # edge case 5
    def test_harmless_new_words_of_a_trusted_member_stay_public_where_the_conversation_is_open(self, world):
        Conversation.objects.update(mode="open")
        comment = publish(world, text="see https://example.org")
        edit(world, comment)
        assert (comment.status, comment.version, comment.decisions.last().source) == ("live", 3, "policy")
        assert comment.edited_at is not None

    # edge case 32
    def test_once_every_comment_is_held_the_live_ones_stay_and_their_edits_wait(self, world):
        Conversation.objects.update(mode="open")
        stays, changed = write(world), write(world)
        Conversation.objects.update(mode="all_held")
        edit(world, changed)
        stays.refresh_from_db()
        assert (stays.status, changed.status) == ("live", "held")

    def test_nothing_changed_is_no_version_and_no_decision(self, world):
        comment = publish(world)
        edit(world, comment, comment.current.text + "\r\n")
        assert (comment.version, comment.revisions.count(), comment.decisions.count()) == (2, 1, 1)

    def test_published_words_can_be_changed_for_fifteen_minutes(self, world, clock):
        comment = publish(world)
        assert permissions.edit_until(comment) == comment.published_at + timedelta(minutes=15)
        clock.shift(timedelta(minutes=15, seconds=1))
        with pytest.raises(WrongState, match="15 minutes"):
            edit(world, comment)

    def test_only_the_author_may(self, world):
        comment = publish(world)
        for other in (world.nora, world.max):
            with pytest.raises(PermissionDenied):
                edit(world, comment, by=other)

    @pytest.mark.parametrize("how", ["rejected", "spam", "hidden", "withdrawn"])
    def test_what_was_taken_away_is_not_changed(self, world, how):
        comment = publish(world)
        if how == "rejected":
            turn_down(world, comment)
        elif how == "spam":
            deciding.mark_spam(comment, by=world.max, version=2)
        elif how == "hidden":
            deciding.hide(comment, by=world.max, version=2)
        else:
            posting.withdraw(comment, by=world.rita, version=2)
        with pytest.raises(WrongState):
            edit(world, comment)

    def test_a_stale_page_changes_nothing(self, world):
        comment = write(world)
        deciding.approve(Comment.objects.get(), by=world.max, version=1)
        with pytest.raises(WrongState, match="changed since you opened it: Published"):
            edit(world, comment, version=1)

    def test_words_that_cannot_be_taken(self, world):
        with pytest.raises(ValidationError):
            edit(world, write(world), " ")

    def test_a_suspended_member_changes_nothing(self, world):
        comment = write(world)
        Sanction.objects.create(
            user=world.rita, by=world.max, reason="unkind", until=timezone.now() + timedelta(days=1)
        )
        with pytest.raises(posting.Suspended):
            edit(world, comment)

    def test_not_without_end(self, world):
        comment = write(world)
        for number in range(posting.MOST_EDITS):
            edit(world, comment, f"Words {number}.")
        with pytest.raises(posting.TooFast):
            edit(world, comment, "Once more.")

    def test_an_open_report_stays_about_the_words_that_were_reported(self, world):
        comment = publish(world)
        report = reporting.report(comment, by=world.nora, reason="unkind")
        edit(world, comment)
        report.refresh_from_db()
        assert (report.closed_at, report.revision.number, comment.current.number) == (None, 1, 2)

    def test_replies_stay_while_the_words_above_them_wait(self, world):
        comment = publish(world)
        answer = posting.post(
            world.page, by=world.nora, text="Yes.", token="r", rules_version=world.rules, reply_to=comment
        )
        deciding.approve(answer, by=world.max, version=1)
        comment.refresh_from_db()
        edit(world, comment)
        answer.refresh_from_db()
        assert (comment.status, comment.shown, answer.status, answer.shown) == ("held", True, "live", True)
        assert counting.drifts() == []


class TestPage:
    def test_it_says_until_when_and_what_happens_next(self, world, rita):
        comment = publish(world)
        page = rita.get(edit_url(comment)).text
        until = timezone.localtime(comment.published_at + timedelta(minutes=15))
        assert f"{until:%H:%M}</time>" in page
        assert "A moderator reads your new words before they appear." in page
        assert typed(page) == comment.current.text
        assert "until a moderator has read it" in rita.get(edit_url(write(world))).text

    def test_new_words_wait_and_she_is_told(self, world, rita):
        comment = publish(world)
        response = rita.post(edit_url(comment), filled(rita, comment))
        assert response.url == f"{world.page.get_absolute_url()}#comment-{comment.public_id}"
        page = rita.get(response.url).text
        assert "A moderator reads your new words before they appear." in page
        assert "Other words." in page
        assert "Other words." not in Client().get(world.page.get_absolute_url()).text

    def test_words_published_at_once(self, world, rita):
        Conversation.objects.update(mode="open")
        comment = write(world)
        response = rita.post(edit_url(comment), filled(rita, comment))
        assert response.url == comment.get_absolute_url()
        assert "Your new words are published." in rita.get(response.url, follow=True).text

    def test_nothing_changed_is_no_error(self, world, rita):
        comment = publish(world)
        response = rita.post(edit_url(comment), filled(rita, comment, body=comment.current.text))
        assert response.status_code == 302
        assert "You changed nothing" in rita.get(response.url, follow=True).text
        assert Comment.objects.get().version == 2

    def test_a_stale_page_shows_both_texts_and_may_be_sent_again(self, world, rita):
        comment = write(world, text="As it stands.")
        form = filled(rita, comment)
        deciding.approve(comment, by=world.max, version=1)
        response = rita.post(edit_url(comment), form)
        assert response.status_code == 409
        assert typed(response.text) == "Other words."
        assert "As it stands." in response.text
        assert "Published" in errors(response.text)[0]
        assert "Max" not in response.text
        assert rita.post(edit_url(comment), form | {"was": hidden(response.text, "was")}).status_code == 302
        assert Comment.objects.get().current.text == "Other words."

    def test_a_stale_page_about_what_is_gone_keeps_the_words_without_a_button(self, world, rita):
        comment = write(world, text="As it stands.")
        form = filled(rita, comment)
        turn_down(world, comment)
        response = rita.post(edit_url(comment), form)
        assert response.status_code == 409
        assert typed(response.text) == "Other words."
        assert 'value="save"' not in response.text

    @pytest.mark.parametrize("version", ["", "x", "999999999999"])
    def test_a_form_without_its_version_is_incomplete(self, world, rita, version):
        comment = write(world)
        response = rita.post(edit_url(comment), filled(rita, comment, was=version))
        assert response.status_code in (409, 422)
        assert typed(response.text) == "Other words."
        assert Comment.objects.get().version == 1

    def test_preview_changes_nothing_and_keeps_the_version(self, world, rita):
        comment = write(world)
        page = rita.post(edit_url(comment), filled(rita, comment, act="preview", body="x<y", was="7")).text
        assert "<p>x&lt;y</p>" in page
        assert hidden(page, "was") == "7"
        assert Comment.objects.get().version == 1

    def test_a_number_is_asked_about(self, world, rita):
        comment = publish(world)
        form = filled(rita, comment, body=NUMBER)
        page = rita.post(edit_url(comment), form).text
        assert "You are about to post a phone number" in page
        assert Comment.objects.get().version == 2
        assert rita.post(edit_url(comment), form | {"sure": sure(page)}).status_code == 302
        assert Comment.objects.get().status == "held"

    # edge case 27
    def test_new_rules_are_accepted_in_the_form(self, world, rita):
        comment = write(world)
        form = filled(rita, comment)
        new_rules(world)
        response = rita.post(edit_url(comment), form)
        assert response.status_code == 422
        assert "Here is what is new: Shorter." in response.text
        rita.post(edit_url(comment), form | {"version": hidden(response.text, "version"), "agree": "on"})
        assert Comment.objects.get().current.rules_version.number == 2

    def test_the_time_is_over(self, world, rita, clock):
        comment = publish(world)
        form = filled(rita, comment)
        clock.shift(timedelta(minutes=16))
        page = rita.get(edit_url(comment))
        assert page.status_code == 403
        assert "15 minutes" in page.text
        assert "<textarea" not in page.text
        response = rita.post(edit_url(comment), form)
        assert response.status_code == 409
        assert typed(response.text) == "Other words."

    # edge case 30
    def test_under_a_page_that_was_taken_down(self, world, rita):
        comment = publish(world)
        form = filled(rita, comment)
        publishing.withdraw(world.page, by=world.edda, kind="outdated", public_reason="It is out of date.")
        response = rita.post(edit_url(comment), form)
        assert response.status_code == 409
        assert typed(response.text) == "Other words."
        assert rita.get(edit_url(comment)).status_code == 403

    def test_words_outlive_a_session_that_ended(self, world, rita):
        comment = write(world)
        form = filled(rita, comment)
        rita.logout()
        assert rita.post(edit_url(comment), form).status_code == 403
        rita.post("/account/login/", {"login": world.rita.email, "password": actors.PASSWORD})
        page = rita.get(edit_url(comment)).text
        assert typed(page) == "Other words."
        assert rita.post(edit_url(comment), form | {"was": hidden(page, "was")}).status_code == 302

    def test_anothers_comment_does_not_exist(self, world, client):
        comment = publish(world)
        client.force_login(world.nora)
        assert client.get(edit_url(comment)).status_code == 404
        assert client.post(edit_url(comment), {"body": "Mine now.", "was": "2", "version": "1"}).status_code == 404
        assert Comment.objects.get().version == 2


class TestMine:
    def test_earlier_words_are_hers_to_see(self, world, rita):
        comment = write(world, text="As it was.")
        edit(world, comment)
        page = rita.get("/me/comments/").text
        assert "You changed this comment" in page
        assert page.index("Other words.") < page.index("As it was.")
        assert edit_url(comment) in page

    def test_no_edit_link_once_it_is_too_late(self, world, rita, clock):
        comment = publish(world)
        assert edit_url(comment) in rita.get("/me/comments/").text
        clock.shift(timedelta(minutes=16))
        assert edit_url(comment) not in rita.get("/me/comments/").text

    def test_replies_are_counted(self, world, rita):
        comment = publish(world)
        answer = posting.post(
            world.page, by=world.nora, text="Yes.", token="r", rules_version=world.rules, reply_to=comment
        )
        assert "1 reply" not in rita.get("/me/comments/").text
        deciding.approve(answer, by=world.max, version=1)
        assert "1 reply" in rita.get("/me/comments/").text
        page = rita.get(reverse("comments:withdraw", args=[comment.public_id])).text
        assert re.search(r"One reply stands below it\. It stays", page)
