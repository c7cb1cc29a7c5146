"""Post, take back, report, ask for a second look: who may, who may not, and what happens twice."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts import policies
from accounts.models import PolicyVersion
from articles.workflow import publishing
from audit.models import Entry
from audit.moves import WrongState
from comments.models import Comment, Conversation, QueueItem, Sanction
from comments.screening import detectors
from comments.screening import run as screening
from comments.workflow import deciding, posting, reporting
from tests import cast as actors
from tests.comments.conftest import publish, turn_down, write


def post(world, **options):
    options = {"by": world.rita, "text": "It passed.", "token": "a", "rules_version": world.rules} | options
    return posting.post(options.pop("page", world.page), **options)


# edge case 29
def test_an_address_earns_nothing_only_the_account_does(world):
    """Somebody else's approved comments do not make a member known, whatever address she gives."""
    publish(world, by=world.rita)
    newcomer = actors.person("newcomer")
    newcomer.emailaddress_set.create(email=world.rita.email.upper(), verified=False)
    assert screening.is_first_timer(newcomer)
    assert not screening.is_first_timer(world.rita)


def new_rules(world) -> PolicyVersion:
    return policies.publish(
        "rules",
        title="Community rules",
        clauses=[{"code": "kind", "title": "Be kind", "text": "Always."}],
        changes="Shorter.",
        by=world.ada,
    )


class TestPost:
    def test_it_waits_with_its_words_rules_and_publication(self, world):
        comment = post(world, text="It passed.\r\nSlowly. ")
        assert (comment.status, comment.version, comment.published_at) == ("held", 1, None)
        assert comment.current.text == "It passed.\nSlowly."
        assert comment.current.html == "<p>It passed.<br>Slowly.</p>"
        assert comment.current.rules_version == world.rules
        assert comment.current.publication_id == world.page.live_publication_id
        assert comment.path == f"{int(comment.path, 36):08}" or len(comment.path) == 8

    def test_it_opens_one_queue_item_with_its_reasons(self, world):
        item = post(world, text="Should I ask again?").queue_items.get()
        assert (item.lane, item.rank, item.closed_at) == ("first", 6, None)
        assert item.reasons == ["all_held", "first_comment", "medical_question"]

    def test_what_detectors_saw_is_kept_with_its_places(self, world):
        comment = post(world, text="I want to die")
        finding = comment.current.findings.get()
        assert (finding.detector, finding.label, finding.spans) == ("crisis", "crisis", [[2, 13]])
        assert comment.queue_items.get().lane == "crisis"

    def test_it_writes_nothing_into_the_audit_chain(self, world):
        before = Entry.objects.count()
        post(world)
        assert Entry.objects.count() == before

    def test_the_same_token_makes_one_comment(self, world):
        first = post(world)
        assert post(world, text="Other words.") == first
        assert Comment.objects.get() == first

    def test_the_same_token_of_somebody_else_is_another_comment(self, world):
        assert post(world) != post(world, by=world.nora)

    @pytest.mark.parametrize("token", ["", "x" * 41])
    def test_it_wants_a_token(self, world, token):
        with pytest.raises(ValidationError):
            post(world, token=token)

    def test_it_takes_the_number_of_the_rules_too(self, world):
        assert post(world, rules_version=world.rules.number).current.rules_version == world.rules

    def test_it_refuses_whoever_never_accepted_the_rules(self, world):
        with pytest.raises(posting.RulesNotAccepted):
            post(world, by=world.mona)

    def test_it_refuses_rules_that_are_no_longer_in_force(self, world):
        newer = new_rules(world)
        with pytest.raises(posting.RulesNotAccepted, match="have changed"):
            post(world)
        with pytest.raises(posting.RulesNotAccepted, match="Confirm"):
            post(world, rules_version=newer)
        policies.accept(world.rita, newer)
        assert post(world, rules_version=newer).current.rules_version == newer

    @pytest.mark.parametrize("mode", ["read_only", "hidden"])
    def test_it_refuses_a_closed_conversation(self, world, mode):
        Conversation.objects.update(mode=mode)
        with pytest.raises(posting.ConversationClosed):
            post(world)

    def test_it_refuses_after_closing_time(self, world):
        Conversation.objects.update(closes_at=timezone.now())
        with pytest.raises(posting.ConversationClosed):
            post(world)

    def test_it_refuses_under_a_withdrawn_page(self, world):
        publishing.withdraw(world.page, by=world.edda, kind="outdated", public_reason="It is out of date.")
        with pytest.raises(posting.ConversationClosed):
            post(world)

    def test_it_refuses_a_suspended_member_and_says_until_when(self, world):
        until = timezone.now() + timedelta(days=3)
        ban = Sanction.objects.create(user=world.rita, by=world.max, reason="unkind", until=until)
        with pytest.raises(posting.Suspended, match=f"{until.day} {until:%B %Y}"):
            post(world)
        ban.lifted_at, ban.lifted_by = timezone.now(), world.max
        ban.save()
        assert post(world)

    def test_it_refuses_the_sixth_within_ten_minutes_and_says_when_again(self, world, clock):
        for _ in range(5):
            write(world)
        with pytest.raises(posting.TooFast, match="5 comments in a short time. You can post again in 10 minutes"):
            post(world)
        clock.shift(timedelta(minutes=8, seconds=30))
        with pytest.raises(posting.TooFast, match="in 2 minutes"):
            post(world)
        clock.shift(timedelta(minutes=2))
        assert post(world)

    @pytest.mark.parametrize("words", ["", "x" * 2001, "a\x00b", "a\u202eb"])
    def test_it_refuses_words_that_cannot_be_taken(self, world, words):
        with pytest.raises(ValidationError):
            post(world, text=words)
        assert not Comment.objects.exists()

    def test_an_inactive_account_cannot_post(self, world):
        world.rita.is_active = False
        with pytest.raises(PermissionDenied):
            post(world)

    def test_a_broken_detector_holds_it_even_where_all_is_open(self, world, monkeypatch):
        Conversation.objects.update(mode="open")

        def broken(scan):
            raise RuntimeError

        monkeypatch.setitem(detectors.DETECTORS, "crisis", broken)
        comment = post(world)
        assert (comment.status, comment.queue_items.get().lane) == ("held", "held")

    def test_an_open_conversation_publishes_with_a_decision_of_the_policy(self, world):
        Conversation.objects.update(mode="open")
        before = Entry.objects.count()
        comment = post(world)
        decision = comment.decisions.get()
        assert (comment.status, decision.source, decision.reason) == ("live", "policy", "screening")
        assert not comment.queue_items.exists()
        assert Conversation.objects.get().live_count == 1
        assert Entry.objects.count() == before

    def test_published_by_policy_is_not_approved_by_a_human(self, world):
        Conversation.objects.update(mode="open")
        post(world)
        assert screening.is_first_timer(world.rita)
        publish(world, by=world.rita, text="see https://example.org")
        assert not screening.is_first_timer(world.rita)


class TestWithdraw:
    def test_it_takes_a_live_comment_from_readers_and_keeps_the_record(self, world):
        comment = publish(world)
        posting.withdraw(comment, by=world.rita, version=comment.version)
        assert (comment.status, comment.version) == ("withdrawn", 3)
        assert Conversation.objects.get().live_count == 0
        decision = comment.decisions.last()
        assert (decision.source, decision.decided_by, decision.reason) == ("author", world.rita, "author")
        assert Entry.objects.last().verb == "comment.withdrawn"

    def test_only_the_author_may(self, world):
        comment = publish(world)
        for other in (world.nora, world.max):
            with pytest.raises(PermissionDenied):
                posting.withdraw(comment, by=other, version=comment.version)

    def test_a_stale_page_is_told_what_happened_but_not_who_did_it(self, world):
        comment = write(world)
        turn_down(world, comment)
        with pytest.raises(WrongState, match="Not published") as refusal:
            posting.withdraw(comment, by=world.rita, version=1)
        assert "Max" not in str(refusal.value)

    def test_not_twice(self, world):
        comment = publish(world)
        posting.withdraw(comment, by=world.rita, version=2)
        with pytest.raises(WrongState):
            posting.withdraw(comment, by=world.rita, version=3)

    def test_it_leaves_the_queue_unless_somebody_reported_it(self, world):
        comment, reported = write(world), publish(world)
        reporting.report(reported, by=world.nora, reason="unkind")
        for one in (comment, reported):
            posting.withdraw(one, by=world.rita, version=one.version)
        assert not comment.queue_items.filter(closed_at=None).exists()
        assert reported.queue_items.filter(closed_at=None).exists()
        deciding.keep(reported, by=world.max, version=reported.version)
        assert not QueueItem.objects.filter(closed_at=None).exists()


class TestReport:
    @pytest.mark.parametrize(
        ("reason", "lane"),
        [("worried", "crisis"), ("privacy", "privacy"), ("unkind", "reported"), ("harm", "reported")],
    )
    def test_it_opens_the_lane_of_its_reason(self, world, reason, lane):
        comment = publish(world)
        reporting.report(comment, by=world.nora, reason=reason, text="Look at it.")
        item = comment.queue_items.get(closed_at=None)
        assert (item.lane, item.reasons) == (lane, [f"report_{reason}"])

    def test_more_reports_join_and_can_only_raise_the_lane(self, world):
        comment = publish(world)
        reporting.report(comment, by=world.nora, reason="worried")
        first = comment.queue_items.get(closed_at=None)
        reporting.report(comment, by=world.amara, reason="unkind")
        item = comment.queue_items.get(closed_at=None)
        assert (item.lane, item.due_at) == ("crisis", first.due_at)
        assert item.reasons == ["report_unkind", "report_worried"]

    def test_the_same_member_counts_once(self, world):
        comment = publish(world)
        first = reporting.report(comment, by=world.nora, reason="unkind")
        assert reporting.report(comment, by=world.nora, reason="harm") == first

    def test_nobody_reports_themselves(self, world):
        with pytest.raises(PermissionDenied):
            reporting.report(publish(world), by=world.rita, reason="unkind")

    def test_only_what_is_public_can_be_reported(self, world):
        with pytest.raises(WrongState):
            reporting.report(write(world), by=world.nora, reason="unkind")

    def test_it_wants_a_reason_of_ours(self, world):
        with pytest.raises(ValidationError):
            reporting.report(publish(world), by=world.nora, reason="dislike")

    def test_nobody_reports_without_end(self, world, clock):
        comments = []
        for _ in range(11):
            comments.append(publish(world))
            clock.shift(timedelta(minutes=5))
        for comment in comments[:10]:
            reporting.report(comment, by=world.nora, reason="unkind")
        with pytest.raises(posting.TooFast):
            reporting.report(comments[10], by=world.nora, reason="unkind")


class TestAppeal:
    def test_it_opens_the_lane_and_is_on_the_record(self, world):
        comment = write(world)
        decision = turn_down(world, comment)
        made = posting.appeal(comment, by=world.rita, text="I named nobody.")
        assert (made.decision, made.first_moderator) == (decision, world.max)
        assert comment.queue_items.get(closed_at=None).lane == "appeal"
        assert Entry.objects.last().verb == "comment.appealed"

    def test_only_the_author_may(self, world):
        comment = write(world)
        turn_down(world, comment)
        with pytest.raises(PermissionDenied):
            posting.appeal(comment, by=world.nora, text="Look again.")

    def test_once_for_each_decision(self, world):
        comment = write(world)
        turn_down(world, comment)
        posting.appeal(comment, by=world.rita, text="Look again.")
        with pytest.raises(WrongState):
            posting.appeal(comment, by=world.rita, text="And again.")

    def test_not_of_what_waits_or_is_public(self, world):
        for comment in (write(world), publish(world)):
            with pytest.raises(WrongState):
                posting.appeal(comment, by=world.rita, text="Look again.")

    def test_not_after_thirty_days(self, world, clock):
        comment = write(world)
        turn_down(world, comment)
        clock.shift(timedelta(days=31))
        with pytest.raises(WrongState, match="30 days"):
            posting.appeal(comment, by=world.rita, text="Look again.")
