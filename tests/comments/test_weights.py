"""What a report weighs, when reports take a comment out of view, and when they never do."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import OutboxMail
from audit.models import Entry
from comments import casefile, counting, weights
from comments.models import Comment, Decision, Notification, QueueItem, Report, Sanction
from comments.workflow import deciding, posting, reporting
from tests import cast as actors
from tests.comments.conftest import a_world, publish, turn_down, write

LONG_AGO = timedelta(days=60)


def member(handle: str, *, old: bool = True):
    return actors.person(handle, date_joined=timezone.now() - (LONG_AGO if old else timedelta(days=1)))


def with_a_record(world, handle: str, *, right: int = 0, wrong: int = 0, about: Comment | None = None):
    """Somebody whose earlier reports were answered so often one way and the other."""
    who = member(handle)
    comment = about or publish(world)
    answers = [Report.Outcome.REMOVED] * right + [Report.Outcome.KEPT] * wrong
    Report.objects.bulk_create(
        Report(
            comment=comment, revision=comment.current, reporter=who, reason="unkind", outcome=answer,
            closed_at=timezone.now(), created_at=timezone.now() - LONG_AGO,
        )
        for answer in answers
    )  # fmt: skip
    return who


def say(comment, by, reason="unkind", client=""):
    return reporting.report(comment, by=by, reason=reason, client=client)


class TestOneReport:
    @pytest.mark.parametrize(
        ("right", "wrong", "value"),
        [
            (0, 0, None), (4, 0, None), (0, 4, None),
            (5, 0, "1.53"), (64, 0, "3.0"), (500, 0, "3.0"), (0, 64, "0.1"), (0, 500, "0.1"), (10, 10, "1.0"),
        ],
    )  # fmt: skip
    def test_a_record_counts_from_five_answers_on_and_more_the_longer_it_is(self, right, wrong, value):
        assert weights.earned(right=right, wrong=wrong) == (value and Decimal(value))

    def test_a_record_never_counts_less_for_being_right_once_more(self):
        values = [weights.earned(right=right, wrong=3) for right in range(2, 80)]
        assert values == sorted(values)

    def test_members_newcomers_and_strangers(self, world):
        comment = publish(world)
        assert say(comment, member("old")).weight == 1
        new = say(comment, member("new", old=False))
        assert (new.weight, new.by_newcomer) == (Decimal("0.5"), True)
        stranger = say(comment, None, client="a")
        assert (stranger.weight, stranger.by_newcomer) == (Decimal("0.25"), True)

    def test_a_young_account_whose_comment_a_moderator_approved_is_known(self, world):
        publish(world, by=world.nora)
        assert say(publish(world), world.nora).weight == 1

    def test_a_good_record_does_not_make_an_account_older_but_a_bad_one_counts(self, world):
        good, bad = with_a_record(world, "good", right=30), with_a_record(world, "bad", wrong=30)
        for one in (good, bad):
            one.date_joined = timezone.now()
            one.save()
        comment = publish(world)
        assert say(comment, good).weight == Decimal("0.5")
        assert say(comment, bad).weight < Decimal("0.2")

    # edge case 11
    def test_one_connection_counts_once_a_day_for_a_comment(self, world, clock):
        comment = publish(world)
        assert [say(comment, None, client="a").weight for _ in range(3)] == [Decimal("0.25"), 0, 0]
        assert say(publish(world), None, client="a").weight == Decimal("0.25")

    # edge case 11
    def test_a_banned_members_report_is_read_and_hides_nothing(self, world):
        banned = with_a_record(world, "banned", right=100)
        Sanction.objects.create(user=banned, kind="ban", reason="unkind", by=world.max)
        comment = publish(world)
        assert say(comment, banned, "illegal").weight == 0
        comment.refresh_from_db()
        assert comment.status == "live"
        assert comment.queue_items.get(closed_at=None).lane == "legal"

    def test_it_stays_what_it_was_when_it_came(self, world, clock):
        comment = publish(world)
        made = say(comment, member("new", old=False))
        clock.shift(timedelta(days=30))
        made.refresh_from_db()
        assert made.weight == Decimal("0.5")


class TestHiding:
    def test_four_known_members_take_it_out_of_view(self, world):
        comment = publish(world)
        for number in range(3):
            say(comment, member(f"old{number}"))
            comment.refresh_from_db()
            assert comment.status == "live"
        told = set(OutboxMail.objects.values_list("pk", flat=True))
        say(comment, member("old3"))
        comment.refresh_from_db()
        assert comment.status == "hidden"
        decision = comment.decisions.last()
        assert (decision.source, decision.decided_by, decision.from_status) == ("reports", None, "live")
        item = comment.queue_items.get(closed_at=None)
        assert "hidden_by_reports" in item.reasons
        assert comment.reports.filter(closed_at=None).count() == 4
        assert Entry.objects.latest("seq").verb == "comment.hidden_by_reports"
        # Nothing else follows, and nobody is told before a moderator decides.
        assert not Sanction.objects.exists()
        assert set(OutboxMail.objects.values_list("pk", flat=True)) <= told
        assert not Notification.objects.filter(user=world.rita, comment=comment, decision=decision).exists()
        assert counting.drifts() == []

    def test_the_threshold_is_a_setting(self, world, settings):
        settings.REPORTS_HIDE_AT = 2
        comment = publish(world)
        say(comment, member("a"))
        say(comment, member("b"))
        comment.refresh_from_db()
        assert comment.status == "hidden"

    # edge case 9
    def test_fifty_new_accounts_and_many_strangers_hide_nothing_and_one_known_to_be_right_does(self, world):
        comment = publish(world)
        for number in range(50):
            say(comment, member(f"new{number}", old=False), "illegal" if number % 2 else "privacy")
        for number in range(20):
            say(comment, None, client=str(number))
        comment.refresh_from_db()
        assert comment.status == "live"
        assert comment.queue_items.filter(closed_at=None).count() == 1
        say(comment, with_a_record(world, "trusted", right=8), "privacy")
        comment.refresh_from_db()
        assert comment.status == "hidden"

    @pytest.mark.parametrize(("reason", "status"), [("privacy", "hidden"), ("illegal", "hidden"), ("unkind", "live")])
    def test_one_trusted_member_is_enough_for_what_is_private_or_against_the_law(self, world, reason, status):
        comment = publish(world)
        say(comment, with_a_record(world, "trusted", right=8), reason)
        comment.refresh_from_db()
        assert comment.status == status

    def test_one_who_is_merely_known_is_not(self, world):
        comment = publish(world)
        say(comment, member("old"), "privacy")
        comment.refresh_from_db()
        assert comment.status == "live"

    def test_members_who_were_always_wrong_need_forty(self, world):
        comment, other = publish(world), publish(world)
        liars = [with_a_record(world, f"liar{number}", wrong=64, about=other) for number in range(10)]
        for liar in liars:
            say(comment, liar)
        comment.refresh_from_db()
        assert comment.status == "live"

    @pytest.mark.parametrize("who", ["max", "amara", "raj", "edda", "ada"])
    def test_what_staff_wrote_stays(self, world, who):
        by = getattr(world, who)
        actors.policies.accept(by, world.rules)
        comment = write(world, by=by)
        deciding.approve(comment, by=world.mona, version=comment.version)
        for number in range(6):
            say(comment, member(f"old{number}"), "privacy")
        say(comment, with_a_record(world, "trusted", right=64), "illegal")
        comment.refresh_from_db()
        assert comment.status == "live"

    # edge case 6
    def test_two_reports_in_the_same_moment_both_count_and_make_one_item(self, race, settings):
        world = a_world()
        settings.REPORTS_HIDE_AT = 2
        comment = publish(world)
        two = [member("one"), member("two")]
        made = race(lambda number: say(Comment.objects.get(pk=comment.pk), two[number]), runners=2)
        assert {type(one) for one in made} == {Report}, made
        comment.refresh_from_db()
        assert comment.status == "hidden"
        assert QueueItem.objects.filter(comment=comment, closed_at=None).count() == 1
        assert comment.decisions.filter(source="reports").count() == 1
        assert counting.drifts() == []

    def test_a_moderator_who_was_reading_it_meanwhile_is_told(self, world):
        comment = publish(world)
        seen = comment.version
        for number in range(4):
            say(comment, member(f"old{number}"))
        with pytest.raises(deciding.WrongState):
            deciding.keep(comment, by=world.mona, version=seen)


class TestAfterKeep:
    def hidden(self, world):
        comment = publish(world)
        for number in range(4):
            say(comment, member(f"old{number}"))
        comment.refresh_from_db()
        return comment

    # edge case 8
    def test_the_same_words_are_not_hidden_again(self, world):
        comment = self.hidden(world)
        deciding.restore(comment, by=world.max, version=comment.version)
        for number in range(8):
            say(comment, member(f"more{number}"), "harm")
        say(comment, with_a_record(world, "trusted", right=64), "illegal")
        comment.refresh_from_db()
        assert comment.status == "live"
        assert comment.queue_items.get(closed_at=None).lane == "legal"

    # edge case 8
    def test_who_asks_the_same_again_is_answered_and_nobody_is_called(self, world, client):
        comment = self.hidden(world)
        deciding.restore(comment, by=world.max, version=comment.version)
        made = say(comment, member("later"))
        assert (made.outcome, made.weight) == ("kept", 0)
        assert not comment.queue_items.filter(closed_at=None).exists()
        assert "We read the comment again, and it stays." in client.get(f"/reports/{made.receipt}/").text

    def test_worries_about_somebody_and_notices_about_the_law_are_always_read(self, world):
        comment = publish(world)
        for reason in ("worried", "illegal"):
            say(comment, member(f"first{reason}"), reason)
            comment.refresh_from_db()
            deciding.keep(comment, by=world.max, version=comment.version)
            assert say(comment, member(f"second{reason}"), reason).closed_at is None
            assert comment.queue_items.filter(closed_at=None).exists()

    # edge case 8
    def test_new_words_can_be_hidden_anew(self, world):
        comment = self.hidden(world)
        deciding.restore(comment, by=world.max, version=comment.version)
        posting.edit(comment, by=world.rita, text="Other words.", version=comment.version, rules_version=world.rules)
        comment.refresh_from_db()
        if comment.status == "held":
            deciding.approve(comment, by=world.max, version=comment.version)
        for number in range(4):
            say(comment, member(f"again{number}"))
        comment.refresh_from_db()
        assert comment.status == "hidden"

    def test_an_answer_given_without_reading_says_nothing_about_the_reporter(self, world):
        comment = publish(world)
        say(comment, member("first"))
        deciding.keep(comment, by=world.max, version=comment.version)
        again = member("again")
        say(comment, again)
        Report.objects.filter(reporter=again).update(outcome="kept")
        assert weights.record_of(again) is None
        Report.objects.bulk_create(
            Report(
                comment=comment, revision=comment.current, reporter=again, reason="harm", weight=weight,
                outcome="kept", closed_at=timezone.now(),
            )
            for weight in [0] * 9 + [1] * 4
        )  # fmt: skip
        assert weights.record_of(again) is None

    # edge case 12
    def test_what_was_approved_and_never_reported_is_still_hidden_by_reports(self, world):
        assert self.hidden(world).status == "hidden"

    def test_turned_down_in_the_end_its_writer_is_told_once(self, world):
        comment = self.hidden(world)
        turn_down(world, comment)
        assert Decision.objects.filter(comment=comment).count() == 3
        assert OutboxMail.objects.filter(to=world.rita.email, template="comments/rejected").count() == 1
        assert set(comment.reports.values_list("outcome", flat=True)) == {"removed"}


def test_the_card_says_what_they_weigh_and_who_is_new(world):
    comment = publish(world)
    say(comment, member("old"))
    say(comment, member("new", old=False))
    say(comment, None, client="a")
    file = casefile.of(comment, world.max, covers=False)
    panel = render_to_string("comments/moderation/parts/reports.html", {"file": file, "comment": comment})
    assert "They weigh 1.75 together; 4 take a comment out of view." in panel
    assert panel.count("New account<") == 1
    assert panel.count("Without an account<") == 1
    assert "counts 0.25" in panel
