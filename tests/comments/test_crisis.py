"""Somebody may be in danger: a case opens, people work on it together, and nobody is told who need not know."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import OutboxMail
from audit.models import Entry
from audit.moves import WrongState
from comments import erasure, protocol, signals, tasks
from comments.models import Comment, CrisisCase, CrisisStep, FollowUp, Notification
from comments.workflow import claiming, crisis, deciding, posting, reporting
from tests import cast as actors
from tests.comments.conftest import a_world, publish, turn_down, write

DESPAIR = "I want to die."
LETTER = "Hello Rita, we read what you wrote. How are you now?"


def a_case(world: SimpleNamespace, **options) -> CrisisCase:
    return write(world, text=DESPAIR, **options).crisis_cases.get()


def tick_all(case: CrisisCase, by, **answers) -> None:
    for code in protocol.POINTS:
        crisis.check(case, by=by, code=code, yes=answers.get(code, False))


def closed(world: SimpleNamespace, case: CrisisCase, outcome: str = "private") -> CrisisCase:
    tick_all(case, world.max)
    if outcome == "no_crisis":
        crisis.join(case, by=world.mona)
    else:
        crisis.write_to(case, by=world.max, message=LETTER)
    return crisis.close(case, by=world.max, outcome=outcome)


def kinds(case: CrisisCase) -> list[str]:
    return list(case.steps.order_by("pk").values_list("kind", flat=True))


@pytest.fixture
def on_call(settings):
    settings.CRISIS_ON_CALL = ("night@example.org", "lead@example.org")
    return settings.CRISIS_ON_CALL


@pytest.fixture
def heard():
    """What the rest of the system is told."""
    told = []

    def hear(key, payload, **kwargs):
        told.append((key, payload))

    signals.crisis_opened.connect(hear)
    signals.crisis_overdue.connect(hear)
    yield told
    signals.crisis_opened.disconnect(hear)
    signals.crisis_overdue.disconnect(hear)


class TestOpening:
    def test_words_of_despair_open_one_case_and_on_call_is_told_without_the_words(self, world, on_call, heard):
        case = a_case(world)
        assert (case.why, kinds(case)) == (["crisis"], ["opened", "told"])
        letters = OutboxMail.objects.filter(key__startswith="crisis-")
        assert sorted(one.to for one in letters) == ["lead@example.org", "night@example.org"]
        for letter in letters:
            assert f"http://testserver/desk/moderation/crisis/cases/{case.pk}/" in letter.text
            assert "rita" not in letter.text.lower()
            assert "die" not in letter.text
        [(key, payload)] = heard
        assert key == f"crisis-{case.pk}"
        assert payload == {
            "case": case.pk, "opened_at": case.opened_at.isoformat(),
            "url": f"http://testserver/desk/moderation/crisis/cases/{case.pk}/",
        }  # fmt: skip
        assert Entry.objects.filter(verb="crisis.opened", object_id=str(case.pk)).count() == 1

    def test_more_reasons_join_the_open_case(self, world, on_call):
        case = a_case(world)
        with transaction.atomic():
            crisis.open_case(case.comment, ["report_worried", "crisis"])
        case.refresh_from_db()
        assert case.why == ["crisis", "report_worried"]
        assert kinds(case) == ["opened", "told"]
        assert OutboxMail.objects.filter(key__startswith="crisis-").count() == 2

    def test_raising_an_item_opens_one(self, world):
        comment = write(world)
        claiming.escalate(comment.queue_items.get(), by=world.max, lane="crisis", note="I am worried.")
        assert comment.crisis_cases.get().why == ["escalated"]

    def test_other_lanes_open_none(self, world):
        write(world, text="Call me: 555 014 2277 99")
        assert not CrisisCase.objects.exists()

    def test_after_a_case_was_closed_new_words_open_another(self, world):
        case = closed(world, a_case(world))
        comment = case.comment
        posting.edit(
            comment, by=world.rita, text="I still want to die.", version=comment.version, rules_version=world.rules
        )
        assert comment.crisis_cases.filter(closed_at=None).count() == 1
        assert comment.crisis_cases.count() == 2

    def test_taking_it_out_of_the_queue_stops_the_first_clock(self, world):
        case = a_case(world)
        claiming.take_next(by=world.max)
        case.refresh_from_db()
        assert case.first_seen_at is not None


class TestReportsThatHarass:
    # edge case 10
    def test_a_member_who_is_worried_opens_a_case_and_the_author_learns_nothing(self, world, client):
        comment = publish(world)
        before = OutboxMail.objects.filter(to=world.rita.email).count(), Notification.objects.count()
        reporting.report(comment, by=world.nora, reason="worried", text="She sounds so sad.")
        assert comment.crisis_cases.get().why == ["report_worried"]
        assert (OutboxMail.objects.filter(to=world.rita.email).count(), Notification.objects.count()) == before
        client.force_login(world.rita)
        for address in (
            world.page.get_absolute_url(),
            f"{world.page.get_absolute_url()}conversation/",
            "/me/comments/",
        ):
            assert "You do not have to face this alone" not in client.get(address).text

    # edge case 10
    def test_even_when_she_changes_her_words_she_gets_no_panel_from_a_report(self, world, client):
        comment = publish(world)
        reporting.report(comment, by=world.nora, reason="worried")
        posting.edit(comment, by=world.rita, text="It got better.", version=comment.version, rules_version=world.rules)
        comment.refresh_from_db()
        assert comment.status == "held"
        assert comment.queue_items.get(closed_at=None).lane == "crisis"
        client.force_login(world.rita)
        assert "You do not have to face this alone" not in client.get(world.page.get_absolute_url()).text

    # edge case 10
    def test_a_stranger_is_looked_at_by_a_moderator_first(self, world):
        comment = publish(world)
        reporting.report(comment, by=None, reason="worried", client="c")
        item = comment.queue_items.get(closed_at=None)
        assert (item.lane, item.reasons) == ("reported", ["report_worried"])
        assert not CrisisCase.objects.exists()
        claiming.escalate(item, by=world.max, lane="crisis", note="It does sound bad.")
        assert comment.crisis_cases.count() == 1

    # edge case 10
    def test_whoever_was_worried_for_nothing_twice_is_too(self, world):
        lanes = []
        for _turn in range(3):
            comment = publish(world)
            reporting.report(comment, by=world.nora, reason="worried")
            lanes.append(comment.queue_items.get(closed_at=None).lane)
            case = comment.crisis_cases.first()
            if case:
                closed(world, case, "no_crisis")
        assert lanes == ["crisis", "crisis", "reported"]
        assert crisis.is_believed(world.amara)

    def test_being_worried_about_somebody_in_danger_costs_nothing(self, world):
        for _turn in range(3):
            comment = publish(world)
            reporting.report(comment, by=world.nora, reason="worried")
            case = comment.crisis_cases.get()
            tick_all(case, world.max)
            crisis.write_to(case, by=world.max, message=LETTER)
            crisis.close(case, by=world.max, outcome="supported")
        assert crisis.is_believed(world.nora)


class TestWorkingTogether:
    def test_two_work_on_one_case_and_each_step_says_who(self, world):
        case = a_case(world)
        crisis.join(case, by=world.max)
        crisis.join(case, by=world.max)
        crisis.note(case, by=world.mona, text="I know her from the group.")
        assert set(crisis.workers(case)) == {world.max.pk, world.mona.pk}
        crisis.hand_on(case, by=world.max, note="My shift ends.")
        assert set(crisis.workers(case)) == {world.mona.pk}
        assert kinds(case) == ["opened", "told", "joined", "joined", "note", "left"]

    def test_whoever_does_not_work_on_it_has_nothing_to_hand_on(self, world):
        with pytest.raises(WrongState):
            crisis.hand_on(a_case(world), by=world.max, note="Bye.")

    def test_the_last_answer_to_a_question_counts(self, world):
        case = a_case(world)
        crisis.check(case, by=world.max, code="danger", yes=False)
        crisis.check(case, by=world.mona, code="danger", yes=True, note="She names a day.")
        answers = crisis.checklist(case)
        assert (answers["danger"].code, answers["place"]) == ("danger_yes", None)
        with pytest.raises(ValidationError):
            crisis.check(case, by=world.max, code="weather", yes=True)

    @pytest.mark.parametrize("who", ["nora", "edda", "amara", "ada"])
    def test_only_moderators_do_anything(self, world, who):
        case, by = a_case(world), getattr(world, who)
        for act in (
            lambda: crisis.join(case, by=by), lambda: crisis.check(case, by=by, code="danger", yes=True),
            lambda: crisis.write_to(case, by=by, message="Hello"), lambda: crisis.note(case, by=by, text="x"),
            lambda: crisis.called(case, by=by, whom="112", what_was_disclosed="x", why="her_life"),
            lambda: crisis.close(case, by=by, outcome="private"),
        ):  # fmt: skip
            with pytest.raises(PermissionDenied):
                act()
        assert kinds(case) == ["opened", "told"]

    def test_nobody_works_on_a_case_of_their_own(self, world):
        case = a_case(world, by=world.max)
        with pytest.raises(PermissionDenied):
            crisis.join(case, by=world.max)


class TestWritingToHer:
    def test_she_alone_gets_it_by_mail_and_beside_her_comment(self, world, client):
        case = a_case(world)
        step = crisis.write_to(case, by=world.max, message=LETTER)
        case.refresh_from_db()
        assert case.answered_at == step.at
        letter = OutboxMail.objects.get(key=crisis.letter_key(step))
        assert letter.to == world.rita.email
        assert LETTER in letter.text
        assert "Max" not in letter.text
        client.force_login(world.rita)
        hers = client.get("/me/comments/").text
        assert LETTER in hers
        assert "Max" not in hers
        client.force_login(world.nora)
        assert LETTER not in client.get("/me/comments/").text + client.get(world.page.get_absolute_url()).text

    def test_pressed_twice_it_is_sent_once(self, world):
        case = a_case(world)
        assert crisis.write_to(case, by=world.max, message=LETTER) == crisis.write_to(
            case, by=world.max, message=LETTER
        )
        assert OutboxMail.objects.filter(template="comments/crisis_message").count() == 1

    def test_an_empty_message_and_a_closed_account_are_refused(self, world):
        case = a_case(world)
        with pytest.raises(ValidationError):
            crisis.write_to(case, by=world.max, message="  ")
        type(world.rita).objects.filter(pk=world.rita.pk).update(is_active=False)
        with pytest.raises(WrongState):
            crisis.write_to(case, by=world.max, message=LETTER)


class TestClosing:
    def test_with_an_answer_it_closes_and_somebody_looks_again_twice(self, world):
        case = closed(world, a_case(world))
        assert (case.outcome, case.closed_by) == ("private", world.max)
        due = [one.due_at - case.closed_at for one in case.follow_ups.order_by("due_at")]
        assert due == [timedelta(hours=24), timedelta(days=7)]
        assert Entry.objects.filter(verb="crisis.closed").count() == 1

    def test_where_nobody_is_in_danger_nobody_looks_again(self, world):
        case = closed(world, a_case(world), "no_crisis")
        assert not case.follow_ups.exists()

    @pytest.mark.parametrize("outcome", ["no_crisis", "emergency"])
    def test_one_alone_does_not_say_so(self, world, settings, outcome):
        case = a_case(world)
        tick_all(case, world.max)
        crisis.called(case, by=world.max, whom="112", what_was_disclosed="Her town.", why="her_life")
        with pytest.raises(WrongState, match="second person"):
            crisis.close(case, by=world.max, outcome=outcome)
        # Whoever comes second sees all that the first did; closing it is the second look.
        assert crisis.close(case, by=world.mona, outcome=outcome).closed_by == world.mona

    def test_a_site_with_one_moderator_may_say_that_one_is_enough(self, world, settings):
        settings.CRISIS_FOUR_EYES = False
        case = a_case(world)
        tick_all(case, world.max)
        assert crisis.close(case, by=world.max, outcome="no_crisis").closed_at

    @pytest.mark.parametrize(
        ("outcome", "sentence"),
        [
            ("supported", "not public"), ("redacted", "not public"), ("private", "Nobody has answered"),
            ("emergency", "whom you called"),
        ],
    )  # fmt: skip
    def test_an_outcome_must_be_true(self, world, outcome, sentence):
        case = a_case(world)
        crisis.join(case, by=world.mona)
        with pytest.raises(WrongState, match="checklist"):
            crisis.close(case, by=world.max, outcome=outcome)
        tick_all(case, world.max)
        with pytest.raises(WrongState, match=sentence):
            crisis.close(case, by=world.max, outcome=outcome)
        with pytest.raises(ValidationError):
            crisis.close(case, by=world.max, outcome="happy")

    def test_published_and_answered_in_public_it_was_supported(self, world):
        case = a_case(world)
        deciding.approve(case.comment, by=world.max, version=1)
        tick_all(case, world.max)
        with pytest.raises(WrongState, match="Nobody has answered"):
            crisis.close(case, by=world.max, outcome="supported")
        answer = posting.post(
            world.page, by=world.max, text="We are here.", token="m", rules_version=world.rules, reply_to=case.comment
        )
        if answer.status != "live":  # her answers may be trusted by now
            deciding.approve(answer, by=world.mona, version=1)
        assert crisis.close(case, by=world.max, outcome="supported").outcome == "supported"

    def test_whoever_comes_second_is_told_who_was_first(self, world):
        case = closed(world, a_case(world))
        with pytest.raises(WrongState, match="Max Okafor closed this case"):
            crisis.close(case, by=world.mona, outcome="no_crisis")
        with pytest.raises(WrongState, match="Max Okafor closed this case"):
            crisis.check(case, by=world.mona, code="danger", yes=True)

    def test_two_at_once_make_one_end(self, race):
        world = a_world()
        case = a_case(world)
        tick_all(case, world.max)
        crisis.join(case, by=world.mona)
        crisis.write_to(case, by=world.max, message=LETTER)

        def act(number: int):
            by, outcome = ((world.max, "private"), (world.mona, "no_crisis"))[number % 2]
            return crisis.close(CrisisCase.objects.get(pk=case.pk), by=by, outcome=outcome)

        results = race(act, runners=6)
        won = [one for one in results if isinstance(one, CrisisCase)]
        assert len(won) == 1, results
        assert all(isinstance(one, WrongState) for one in results if one not in won), results
        case.refresh_from_db()
        assert case.outcome == won[0].outcome
        assert case.steps.filter(kind="closed").count() == 1
        assert case.follow_ups.count() == (2 if case.outcome == "private" else 0)

    def test_a_comment_that_is_reported_by_many_at_once_has_one_case(self, race):
        world = a_world()
        comment = publish(world)
        members = [actors.person(f"member{number}") for number in range(4)]

        def act(number: int):
            return reporting.report(Comment.objects.get(pk=comment.pk), by=members[number], reason="worried")

        race(act, runners=4)
        assert CrisisCase.objects.count() == 1
        assert CrisisStep.objects.count() == 2


class TestClocks:
    def test_on_call_is_told_once_of_each_that_ran_out(self, world, on_call, heard, clock):
        case = a_case(world)
        tasks.raise_overdue_crises()
        assert CrisisStep.objects.filter(kind="told").count() == 1
        clock.shift(timedelta(minutes=16))
        tasks.raise_overdue_crises()
        tasks.raise_overdue_crises()
        assert list(case.steps.filter(kind="told").order_by("pk").values_list("code", flat=True)) == ["opened", "seen"]
        clock.shift(timedelta(hours=5))
        assert crisis.raise_overdue() == 2
        assert crisis.raise_overdue() == 0
        assert [payload.get("waits_for") for _key, payload in heard] == [None, "seen", "answered", "closed"]
        assert OutboxMail.objects.filter(key__startswith="crisis-").count() == 4 * len(on_call)
        assert not any("die" in letter.text for letter in OutboxMail.objects.filter(key__startswith="crisis-"))

    def test_what_was_done_in_time_is_not_raised(self, world, on_call, clock):
        case = a_case(world)
        crisis.write_to(case, by=world.max, message=LETTER)
        clock.shift(timedelta(minutes=70))
        assert crisis.raise_overdue() == 0

    def test_a_follow_up_that_is_due_is_raised_once(self, world, on_call, clock):
        closed(world, a_case(world))
        clock.shift(timedelta(hours=25))
        assert crisis.raise_overdue() == 1
        assert crisis.raise_overdue() == 0
        clock.shift(timedelta(days=7))
        assert crisis.raise_overdue() == 1

    def test_the_minutes_are_a_setting(self, world, settings, clock):
        settings.CRISIS_MINUTES = (1, 2, 3)
        a_case(world)
        clock.shift(timedelta(minutes=4))
        assert crisis.raise_overdue() == 3


class TestLookingAgain:
    def test_it_is_done_once_by_somebody(self, world):
        follow_up = closed(world, a_case(world)).follow_ups.order_by("due_at").first()
        done = crisis.looked_again(follow_up, by=world.mona, note="She wrote that she sleeps again.")
        assert (done.done_by, done.note) == (world.mona, "She wrote that she sleeps again.")
        with pytest.raises(WrongState):
            crisis.looked_again(follow_up, by=world.max, note="Me too.")

    def test_where_she_is_in_danger_again_a_new_case_opens(self, world):
        case = closed(world, a_case(world))
        crisis.looked_again(case.follow_ups.first(), by=world.mona, note="She is not well.", again=True)
        fresh = case.comment.crisis_cases.get(closed_at=None)
        assert fresh.why == ["looked_again"]
        assert case.comment.queue_items.get(closed_at=None).lane == "crisis"


class TestNeverDeletedSilently:
    def test_it_cannot_be_called_spam_while_the_case_is_open(self, world):
        case = a_case(world)
        with pytest.raises(WrongState, match="may be in danger"):
            deciding.mark_spam(case.comment, by=world.max, version=1)
        closed(world, case, "no_crisis")
        deciding.mark_spam(case.comment, by=world.max, version=1)

    def test_taken_back_the_case_stays(self, world):
        case = a_case(world)
        posting.withdraw(case.comment, by=world.rita, version=1)
        case.refresh_from_db()
        assert case.closed_at is None
        assert closed(world, case).outcome == "private"

    @pytest.mark.parametrize("remove_words", [True, False])
    def test_erased_the_codes_and_dates_stay_and_the_words_go(self, world, remove_words):
        case = a_case(world)
        crisis.note(case, by=world.mona, text="Rita lives in Northtown.")
        case = closed(world, case)
        crisis.looked_again(case.follow_ups.first(), by=world.mona, note="Rita is well.")
        before = list(case.steps.order_by("pk").values_list("kind", "code", "at", "by"))
        erasure.erase(world.rita, remove_words=remove_words)
        case.refresh_from_db()
        assert case.outcome == "private"
        assert list(case.steps.order_by("pk").values_list("kind", "code", "at", "by")) == before
        assert not case.steps.exclude(text="").exists()
        assert not FollowUp.objects.exclude(note="").exists()
        assert not OutboxMail.objects.filter(template="comments/crisis_message", text__contains="Rita").exists()

    def test_what_was_written_to_her_is_in_her_export_and_notes_are_not(self, world):
        case = a_case(world)
        crisis.note(case, by=world.mona, text="For us alone.")
        crisis.write_to(case, by=world.max, message=LETTER)
        told = erasure.export(world.rita)
        assert [one["text"] for one in told["messages_from_moderators"]] == [LETTER]
        assert "For us alone." not in str(told)

    def test_turned_down_for_her_safety_she_reads_no_blame(self, world, client):
        comment = write(world, text=DESPAIR)
        turn_down(world, comment, reason="crisis", message="We are glad you wrote.")
        letter = OutboxMail.objects.get(key=f"comment-{comment.pk}-decision-2")
        client.force_login(world.rita)
        hers = client.get("/me/comments/").text
        for words in (letter.text, hers):
            assert "You did nothing wrong by writing it." in words
            assert "Protect privacy" not in words
            assert "Needs help first" not in words


ATTACKS = {
    "closed without an outcome": "UPDATE comments_crisiscase SET closed_at = %(now)s, closed_by_id = %(max)s WHERE id = %(case)s",
    "closed by nobody": "UPDATE comments_crisiscase SET closed_at = %(now)s, outcome = 'private' WHERE id = %(case)s",
    "closed by a member": "UPDATE comments_crisiscase SET closed_at = %(now)s, closed_by_id = %(nora)s, outcome = 'private' WHERE id = %(case)s",
    "an outcome while open": "UPDATE comments_crisiscase SET outcome = 'private' WHERE id = %(case)s",
    "opened again": "UPDATE comments_crisiscase SET closed_at = NULL, closed_by_id = NULL, outcome = '' WHERE id = %(done)s",
    "another end": "UPDATE comments_crisiscase SET outcome = 'no_crisis' WHERE id = %(done)s",
    "another comment": "UPDATE comments_crisiscase SET comment_id = (SELECT comment_id FROM comments_crisiscase WHERE id = %(done)s) WHERE id = %(case)s",
    "a case deleted": "DELETE FROM comments_crisiscase WHERE id = %(case)s",
    "a step deleted": "DELETE FROM comments_crisisstep WHERE id = %(step)s",
    "a step in other words": "UPDATE comments_crisisstep SET text = 'x' WHERE id = %(step)s",
    "a step of another": "UPDATE comments_crisisstep SET by_id = %(mona)s WHERE id = %(step)s",
    "a step at another time": "UPDATE comments_crisisstep SET at = %(now)s WHERE id = %(step)s",
    "another answer": "UPDATE comments_crisisstep SET code = 'danger_yes' WHERE id = %(step)s",
    "a step by a member": "INSERT INTO comments_crisisstep (case_id, kind, by_id, code, text, at) VALUES (%(case)s, 'note', %(nora)s, '', 'x', %(now)s)",
    "a step by nobody": "INSERT INTO comments_crisisstep (case_id, kind, by_id, code, text, at) VALUES (%(case)s, 'wrote', NULL, '', 'x', %(now)s)",
    "a follow-up deleted": "DELETE FROM comments_followup WHERE id = %(look)s",
    "a follow-up undone": "UPDATE comments_followup SET done_at = NULL, done_by_id = NULL WHERE id = %(look)s",
    "spam while open": "INSERT INTO comments_decision (comment_id, version, from_status, to_status, source, reason, revision_id, decided_by_id, author_id, text_hash, at) "
    "SELECT c.id, 2, 'held', 'spam', 'moderator', 'selling', c.current_id, %(max)s, c.author_id, '', %(now)s FROM comments_comment c "
    "JOIN comments_crisiscase k ON k.comment_id = c.id WHERE k.id = %(case)s",
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_the_database_refuses(world, name):
    case = a_case(world)
    crisis.note(case, by=world.max, text="A note.")
    done = closed(world, a_case(world))
    look = crisis.looked_again(done.follow_ups.first(), by=world.max, note="Well.")
    values = {
        "now": timezone.now(), "case": case.pk, "done": done.pk, "look": look.pk, "max": world.max.pk, "mona": world.mona.pk,
        "nora": world.nora.pk, "step": case.steps.get(kind="note").pk,
    }  # fmt: skip
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ATTACKS[name], values)
