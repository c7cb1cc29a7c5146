"""Decisions: who may take them, what they change, and what a second moderator is told."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.models import OutboxMail, RoleGrant
from articles.models import Page
from audit.models import Entry
from audit.moves import WrongState
from comments import queue
from comments.models import Comment, Conversation, Decision, Notification, QueueItem
from comments.workflow import claiming, deciding, posting, reporting
from tests.comments.conftest import publish, turn_down, write

VERBS = {
    "approve": deciding.approve,
    "hide": deciding.hide,
    "restore": deciding.restore,
    "mark_spam": deciding.mark_spam,
    "keep": deciding.keep,
}


def mails():
    """What members were told; the desk has mails of its own."""
    return OutboxMail.objects.filter(template__startswith="comments/")


def version_of(page: Page) -> int:
    return Page.objects.values_list("version", flat=True).get(pk=page.pk)


class TestApprove:
    def test_it_publishes_once_and_for_good(self, world):
        comment = write(world)
        before = version_of(world.page)
        decision = deciding.approve(comment, by=world.max, version=1)
        assert (comment.status, comment.version) == ("live", 2)
        assert comment.published_at
        assert comment.read_at
        assert (decision.from_status, decision.to_status, decision.version) == ("held", "live", 2)
        assert (decision.source, decision.decided_by, decision.revision) == ("moderator", world.max, comment.current)
        assert Conversation.objects.get().live_count == 1
        assert version_of(world.page) == before + 1
        assert not QueueItem.objects.filter(closed_at=None).exists()

    def test_it_leaves_one_audit_entry_of_codes(self, world):
        comment = write(world, text="My very own words.")
        before = Entry.objects.count()
        deciding.approve(comment, by=world.max, version=1)
        entry = Entry.objects.last()
        assert Entry.objects.count() == before + 1
        assert (entry.verb, entry.actor, entry.object_id) == ("comment.approved", world.max, str(comment.pk))
        assert "words" not in entry.payload

    def test_a_second_moderator_is_told_who_was_first(self, world):
        comment = write(world)
        deciding.approve(comment, by=world.max, version=1)
        at = f"{timezone.localtime(comment.decisions.get().at):%H:%M}"
        stale = Comment.objects.get(pk=comment.pk)
        with pytest.raises(WrongState) as told:
            turn_down(world, stale, by=world.mona, version=1)
        assert str(told.value) == f"Already approved by Max Okafor at {at}. Your choice was not saved."
        assert comment.decisions.count() == 1

    def test_only_the_first_approval_is_told_by_mail(self, world):
        publish(world)
        publish(world)
        assert [mail.template for mail in mails()] == ["comments/approved"]


class TestReject:
    def test_it_names_reason_rule_and_words(self, world):
        comment = write(world)
        decision = turn_down(world, comment, message="Leave the number out.", note="Second time.")
        assert comment.status == "rejected"
        assert (decision.reason, decision.clause.number) == ("privacy", 2)
        assert (decision.words.message, decision.words.note) == ("Leave the number out.", "Second time.")
        assert decision.text_hash == deciding.words_hash(decision.words.salt, "Leave the number out.", "Second time.")
        assert Conversation.objects.get().live_count == 0

    def test_the_member_is_told_after_the_undo_window(self, world):
        turn_down(world, write(world), message="Leave the number out.", note="Secret.")
        mail = mails().get()
        assert mail.to == world.rita.email
        assert mail.not_before - mail.created_at > timedelta(seconds=9)
        assert "Rule 2" in mail.text
        assert "Leave the number out." in mail.text
        assert "look again" in mail.text
        assert "Secret" not in mail.text
        assert "Max" not in mail.text

    def test_what_is_taken_back_in_time_is_never_said(self, world):
        comment = write(world)
        turn_down(world, comment)
        deciding.restore(comment, by=world.max, version=comment.version)
        assert [mail.template for mail in mails()] == ["comments/approved"]

    def test_nobody_is_told_who_is_gone(self, world):
        comment = write(world)
        world.rita.is_active = False
        world.rita.save()
        turn_down(world, comment)
        assert not mails().exists()

    @pytest.mark.parametrize("reason", ["", "within_rules", "author", "erasure", "nonsense"])
    def test_it_wants_a_reason_a_moderator_may_give(self, world, reason):
        with pytest.raises(ValidationError):
            turn_down(world, write(world), reason=reason)

    def test_it_wants_a_rule_the_member_agreed_to(self, world):
        comment = write(world)
        with pytest.raises(ValidationError):
            turn_down(world, comment, clause=None)
        assert comment.status == "held"

    def test_a_live_comment_leaves_the_page(self, world):
        comment = publish(world)
        before = version_of(world.page)
        turn_down(world, comment)
        assert Conversation.objects.get().live_count == 0
        assert version_of(world.page) == before + 1

    def test_what_was_never_public_does_not_touch_the_page(self, world):
        before = version_of(world.page)
        turn_down(world, write(world))
        assert version_of(world.page) == before


class TestHideAndRestore:
    def test_hidden_waits_for_a_decision_again(self, world):
        comment = publish(world)
        deciding.hide(comment, by=world.max, version=2)
        assert comment.status == "hidden"
        assert Conversation.objects.get().live_count == 0
        item = comment.queue_items.get(closed_at=None)
        assert (item.lane, item.reasons) == ("reported", ["hidden"])

    @pytest.mark.parametrize("way", ["hide", "mark_spam"])
    def test_restored_it_has_its_old_place(self, world, way):
        comment = publish(world)
        since = comment.published_at
        VERBS[way](comment, by=world.max, version=2)
        deciding.restore(comment, by=world.mona, version=3)
        assert (comment.status, comment.published_at) == ("live", since)
        assert Conversation.objects.get().live_count == 1
        assert not comment.queue_items.filter(closed_at=None).exists()

    def test_what_waits_is_not_restored_but_approved(self, world):
        with pytest.raises(WrongState):
            deciding.restore(write(world), by=world.max, version=1)

    @pytest.mark.parametrize(
        ("verb", "state"), [("hide", "held"), ("approve", "live"), ("mark_spam", "withdrawn"), ("keep", "held")]
    )
    def test_moves_that_do_not_exist_are_refused(self, world, verb, state):
        comment = write(world) if state == "held" else publish(world)
        if state == "withdrawn":
            posting.withdraw(comment, by=world.rita, version=2)
        with pytest.raises(WrongState):
            VERBS[verb](comment, by=world.max, version=comment.version)
        assert Comment.objects.get(pk=comment.pk).status == state


class TestKeep:
    def test_it_answers_reports_and_changes_nothing_for_readers(self, world):
        comment = publish(world)
        reporting.report(comment, by=world.nora, reason="unkind")
        before = version_of(world.page)
        deciding.keep(comment, by=world.max, version=2)
        assert (comment.status, comment.version) == ("live", 3)
        assert Conversation.objects.get().live_count == 1
        assert version_of(world.page) == before
        assert not comment.reports.filter(closed_at=None).exists()
        assert not comment.queue_items.filter(closed_at=None).exists()

    def test_a_comment_kept_once_comes_back_when_reported_again(self, world):
        comment = publish(world)
        reporting.report(comment, by=world.nora, reason="unkind")
        deciding.keep(comment, by=world.max, version=2)
        reporting.report(comment, by=world.amara, reason="harm")
        assert comment.queue_items.get(closed_at=None).lane == "reported"


class TestAppeals:
    def appealed(self, world) -> Comment:
        comment = write(world)
        turn_down(world, comment)
        posting.appeal(comment, by=world.rita, text="I named nobody.")
        return comment

    def test_whoever_decided_first_does_not_hear_it(self, world):
        comment = self.appealed(world)
        for verb in (deciding.restore, deciding.keep):
            with pytest.raises(PermissionDenied, match="somebody else must hear the appeal"):
                verb(comment, by=world.max, version=comment.version)

    def test_somebody_else_may_change_the_decision(self, world):
        comment = self.appealed(world)
        deciding.restore(comment, by=world.mona, version=comment.version)
        made = Decision.objects.get(version=2).appeal
        assert (comment.status, made.upheld, made.decided_by) == ("live", True, world.mona)
        assert OutboxMail.objects.last().template == "comments/appeal_answered"

    def test_or_let_it_stand_and_that_is_the_end_of_it(self, world):
        comment = self.appealed(world)
        deciding.keep(comment, by=world.mona, version=comment.version)
        made = Decision.objects.get(version=2).appeal
        assert (comment.status, made.upheld) == ("rejected", False)
        with pytest.raises(WrongState):
            posting.appeal(comment, by=world.rita, text="Once more.")


class TestWhoMay:
    @pytest.mark.parametrize("verb", VERBS)
    def test_nobody_but_moderators(self, world, verb):
        comment = write(world)
        for other in (world.nora, world.edda, world.ruth, world.ada, world.rita):
            with pytest.raises(PermissionDenied, match="Only a moderator"):
                VERBS[verb](comment, by=other, version=1)

    def test_nobody_their_own(self, world):
        comment = write(world, by=world.max)
        for act in (lambda: deciding.approve(comment, by=world.max, version=1), lambda: turn_down(world, comment)):
            with pytest.raises(PermissionDenied, match="You wrote this comment"):
                act()
        assert Comment.objects.get(pk=comment.pk).status == "held"

    def test_nobody_whose_role_ended(self, world):
        comment = write(world)
        RoleGrant.objects.filter(user=world.max).update(revoked_at=timezone.now(), revoked_by=world.ada)
        with pytest.raises(PermissionDenied):
            deciding.approve(comment, by=type(world.max).objects.get(pk=world.max.pk), version=1)


class TestClaim:
    def test_it_lasts_five_minutes_and_binds_nobody(self, world, clock):
        item = write(world).queue_items.get()
        claiming.claim(item, by=world.max)
        assert queue.is_taken(item, by=world.mona)
        assert not queue.is_taken(item, by=world.max)
        with pytest.raises(WrongState, match="Max Okafor opened this comment just now"):
            claiming.claim(item, by=world.mona)
        clock.shift(timedelta(minutes=2, seconds=5))
        with pytest.raises(WrongState, match="Max Okafor opened this comment 2 minutes ago"):
            claiming.claim(item, by=world.mona)
        clock.shift(timedelta(minutes=3))
        assert claiming.claim(item, by=world.mona).claimed_by == world.mona

    def test_it_can_be_put_back(self, world):
        item = write(world).queue_items.get()
        claiming.claim(item, by=world.max)
        claiming.release(item, by=world.mona)
        item.refresh_from_db()
        assert item.claimed_by == world.max
        claiming.release(item, by=world.max)
        assert claiming.claim(item, by=world.mona).claimed_by == world.mona

    def test_only_moderators_and_only_what_waits(self, world):
        comment = write(world)
        item = comment.queue_items.get()
        with pytest.raises(PermissionDenied):
            claiming.claim(item, by=world.nora)
        deciding.approve(comment, by=world.mona, version=1)
        with pytest.raises(WrongState, match="already decided"):
            claiming.claim(item, by=world.max)


def test_a_keep_can_be_taken_back_although_its_author_never_heard_of_it(world):
    comment = publish(world)
    reporting.report(comment, by=world.nora, reason="unkind")
    kept = deciding.keep(comment, by=world.max, version=comment.version)
    deciding.undo(kept, by=world.max)
    comment.refresh_from_db()
    assert (comment.status, comment.version) == ("live", 4)
    assert comment.queue_items.filter(closed_at=None).count() == 1
    assert Notification.objects.filter(user=world.rita, comment=comment).count() == 1
