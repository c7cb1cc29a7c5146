"""The reasons for a decision, as its member reads them: complete, true, hers alone, and naming nobody."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import OutboxMail, User
from audit.models import Entry
from comments import statements
from comments.models import Decision
from comments.statements import Duty
from comments.workflow import deciding, posting, reporting, sanctioning
from tests.comments.conftest import publish, turn_down, write

WITH_A_NUMBER = "Call me on 020 7946 0123, I know a good clinic."


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(decision, name="statement") -> str:
    return reverse(f"comments:{name}", args=[decision.comment.public_id, decision.version])


def read(decision, user=None) -> str:
    return signed_in(user or decision.author).get(address(decision)).text


class TestWhatItSays:
    def test_what_was_done_why_which_rule_by_whom_and_what_she_can_do(self, world):
        comment = write(world, text=WITH_A_NUMBER)
        decision = turn_down(world, comment, message="Please leave out the number.")
        page = read(decision)
        for words in (
            "We keep your comment from readers.",
            "The decision holds wherever this site is read.",
            "Shares private details",
            "Please leave out the number.",
            "Phone number",
            "Rule 2 of our community rules, in version 1",
            "Leave out names, addresses and numbers.",
            "A person read your comment and decided.",
            "An automatic screening, which reads every comment here, had marked it before.",
            "Somebody who did not decide the first time answers",
            "settles such disputes out of court",
            "You can go to court",
        ):
            assert words in page, words

    def test_it_names_nobody_and_repeats_no_note_of_the_team(self, world):
        comment = publish(world)
        reporting.report(comment, by=world.nora, reason="unkind", text="This was aimed at me.")
        decision = turn_down(world, comment, by=world.mona, note="Third time this week.")
        page = read(decision)
        assert "We had notices about your comment, which said: It is unkind or abusive." in page
        for secret in ("Max", "Mona", "nora", "aimed at me", "Third time"):
            assert secret not in page

    def test_without_notices_and_without_findings_it_says_so(self, world):
        page = read(turn_down(world, write(world)))
        assert "Nobody had sent us a notice" in page
        assert "No automatic means had marked it before." in page

    def test_a_notice_that_came_afterwards_is_not_a_reason(self, world, clock):
        comment = publish(world)
        decision = deciding.hide(comment, by=world.max, version=comment.version)
        clock.shift(timedelta(minutes=1))
        comment.reports.create(revision=comment.current, reason="unkind")
        assert "Nobody had sent us a notice" in read(decision)

    def test_a_hidden_comment_waits_for_its_rule(self, world):
        comment = publish(world)
        page = read(deciding.hide(comment, by=world.max, version=comment.version))
        assert "until a moderator has looked at it again" in page
        assert "None is named yet" in page

    def test_words_that_were_taken_out_have_reasons_too(self, world):
        comment = write(world, text=WITH_A_NUMBER)
        decision = deciding.approve_redacted(comment, by=world.max, version=comment.version, spans=[(8, 24)])
        assert "We published your comment without some of its words." in read(decision)
        there = reverse("comments:statement", args=[comment.public_id, decision.version])
        client = Client()
        client.force_login(world.rita)
        assert there in client.get("/me/comments/").text

    def test_what_was_imposed_because_of_it(self, world):
        decision = turn_down(world, write(world))
        sanctioning.impose(
            world.rita, by=world.max, kind="ban", reason="privacy", message="Please stop.", decision=decision
        )
        assert "Because of it we also imposed: Banned, until we lift it." in read(decision)

    def test_the_second_look_from_asking_to_the_answer(self, world, clock):
        comment = write(world)
        decision = turn_down(world, comment)
        assert reverse("comments:appeal", args=[comment.public_id]) in read(decision)
        posting.appeal(comment, by=world.rita, text="Please look again.")
        page = read(decision)
        assert "You asked us to look again. Somebody" in page
        assert reverse("comments:appeal", args=[comment.public_id]) not in page
        comment.refresh_from_db()
        deciding.restore(comment, by=world.mona, version=comment.version)
        page = read(decision)
        assert "and changed our decision" in page
        assert "Since then this decision was changed" in page

    def test_after_thirty_days_it_says_that_the_time_is_over(self, world, clock):
        decision = turn_down(world, write(world))
        clock.shift(timedelta(days=31))
        page = read(decision)
        assert "is over" in page
        assert "You can go to court" in page

    def test_it_can_be_kept_as_plain_text(self, world):
        decision = turn_down(world, write(world), message="Say <b>less</b> & shorter.")
        answer = signed_in(world.rita).get(address(decision, "statement_text"))
        assert answer["Content-Type"] == "text/plain; charset=utf-8"
        assert "attachment" in answer["Content-Disposition"]
        assert "no-store" in answer["Cache-Control"]
        assert "Say <b>less</b> & shorter." in answer.text
        assert "Which rule\n----------" in answer.text
        assert "<b>" not in read(decision)

    def test_my_comments_and_the_mail_lead_to_it(self, world):
        comment = write(world)
        decision = turn_down(world, comment)
        assert address(decision) in signed_in(world.rita).get(reverse("comments:mine")).text
        key = f"comment-{comment.pk}-decision-{decision.version}"
        assert address(decision) in OutboxMail.objects.get(key=key).text


class TestWhichDecisions:
    # edge case 52
    @pytest.mark.parametrize(
        ("act", "duty"), [("reject", "owed"), ("spam", "exempt_spam"), ("no address", "exempt_no_address")]
    )
    def test_it_is_recorded_whether_reasons_are_owed_and_which_exemption_applies(self, world, act, duty):
        comment = write(world)
        if act == "spam":
            deciding.mark_spam(comment, by=world.max, version=comment.version)
        else:
            if act == "no address":
                User.objects.filter(pk=world.rita.pk).update(is_active=False)
            turn_down(world, comment)
        entry = Entry.objects.filter(verb__in=["comment.rejected", "comment.marked_spam"]).get()
        assert f'"statement":"{duty}"' in entry.payload

    # edge case 52
    def test_spam_is_exempt_and_still_has_a_page_that_says_so_without_telling_what_was_seen(self, world):
        comment = write(world, text=WITH_A_NUMBER)
        decision = deciding.mark_spam(comment, by=world.max, version=comment.version)
        page = read(decision)
        assert "no mail was sent" in page
        assert "Phone number" not in page
        assert not OutboxMail.objects.filter(key=f"comment-{comment.pk}-decision-{decision.version}").exists()

    def test_approvals_keeps_and_her_own_acts_have_none(self, world):
        comment = publish(world)
        deciding.keep(comment, by=world.max, version=comment.version)
        comment.refresh_from_db()
        posting.withdraw(comment, by=world.rita, version=comment.version)
        for decision in Decision.objects.all():
            assert statements.duty(decision, world.rita) == Duty.NONE
            assert signed_in(world.rita).get(address(decision)).status_code == 404
        assert not Entry.objects.filter(payload__contains='"statement"').exists()

    def test_what_was_undone_was_never_decided(self, world):
        decision = turn_down(world, write(world))
        undone = deciding.undo(decision, by=world.max)
        for one in (decision, undone):
            assert signed_in(world.rita).get(address(one)).status_code == 404


class TestWhoReadsIt:
    def test_its_author_alone(self, world):
        decision = turn_down(world, write(world))
        for name in ("statement", "statement_text"):
            assert Client().get(address(decision, name)).status_code == 302
            for user in (world.nora, world.max, world.edda, world.ada):
                assert signed_in(user).get(address(decision, name)).status_code == 404
            assert signed_in(world.rita).post(address(decision, name)).status_code == 405

    def test_a_version_that_does_not_exist(self, world):
        decision = turn_down(world, write(world))
        public_id = decision.comment.public_id
        for version in (1, 7, 999_999_999):
            page = reverse("comments:statement", args=[public_id, version])
            assert signed_in(world.rita).get(page).status_code == 404
        assert signed_in(world.rita).get(f"/me/comments/{public_id}/statement/0/").status_code == 404

    def test_it_costs_the_same_for_one_finding_and_for_many(self, world, django_assert_max_num_queries):
        decision = turn_down(world, write(world))
        client = signed_in(world.rita)
        with django_assert_max_num_queries(20) as one:
            client.get(address(decision))
        for reason in ("unkind", "privacy", "harm", "selling"):
            decision.comment.reports.create(
                revision=decision.revision, reason=reason, created_at=timezone.now() - timedelta(hours=1)
            )
        with django_assert_max_num_queries(len(one)):
            client.get(address(decision))
