"""A member asks for a second look at what stands against her; somebody who did not impose it answers, once."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import OutboxMail
from audit.models import Entry
from audit.moves import WrongState
from comments import cards, erasure, members
from comments.models import Sanction, SanctionAppeal
from comments.workflow import appealing, sanctioning
from tests import cast as actors
from tests.comments.conftest import a_world, turn_down, write
from tests.worlds import kept

WORDS = "I was angry that day. I will not write like that again."
ANSWER = "It was the third time this month. It ends by itself in June."


@kept
def a_ban():
    world = a_world()
    world.ban = sanctioning.impose(world.nora, by=world.max, kind="ban", reason="unkind", message="Please stop.")
    return world


@pytest.fixture
def world(db):
    return a_ban()


@pytest.fixture
def appeal(world) -> SanctionAppeal:
    return appealing.appeal_sanction(world.ban, by=world.nora, words=WORDS)


def signed_in(user) -> Client:
    client = Client()
    actors.sign_in(client, user)
    return client


def fresh(row):
    return type(row).objects.get(pk=row.pk)


class TestAsking:
    def test_once(self, world, appeal):
        assert (appeal.text, appeal.first_moderator_id) == (WORDS, world.max.pk)
        assert Entry.objects.latest("seq").verb == "sanction.appealed"
        with pytest.raises(WrongState):
            appealing.appeal_sanction(fresh(world.ban), by=world.nora, words="Again.")

    @pytest.mark.parametrize("who", ["rita", "max", "mona"])
    def test_by_the_member_alone(self, world, who):
        with pytest.raises(PermissionDenied):
            appealing.appeal_sanction(world.ban, by=getattr(world, who), words=WORDS)

    @pytest.mark.parametrize("words", ["", "   ", "x" * 2001])
    def test_with_words_that_can_be_taken(self, world, words):
        with pytest.raises(ValidationError):
            appealing.appeal_sanction(world.ban, by=world.nora, words=words)
        assert not SanctionAppeal.objects.exists()

    def test_not_after_it_ended(self, world, clock):
        short = sanctioning.impose(
            world.rita, by=world.max, kind="read_only", reason="unkind", message="A pause.",
            until=timezone.now() + timedelta(days=1),
        )  # fmt: skip
        clock.shift(timedelta(days=2))
        with pytest.raises(WrongState):
            appealing.appeal_sanction(short, by=world.rita, words=WORDS)

    def test_not_after_thirty_days(self, world, clock):
        clock.shift(timedelta(days=31))
        with pytest.raises(WrongState):
            appealing.appeal_sanction(world.ban, by=world.nora, words=WORDS)

    def test_not_after_it_was_lifted(self, world):
        sanctioning.lift(world.ban, by=world.mona, reason="time")
        with pytest.raises(WrongState):
            appealing.appeal_sanction(world.ban, by=world.nora, words=WORDS)

    def test_a_warning_too(self, world):
        warning = sanctioning.impose(world.rita, by=world.max, kind="warning", reason="unkind", message="Be kind.")
        assert appealing.appeal_sanction(warning, by=world.rita, words=WORDS).sanction == warning


class TestHearing:
    def test_lifted_it_holds_no_more_and_she_is_told_once(self, world, appeal):
        appealing.hear(appeal, by=world.mona, lift=True, answer="")
        assert (appeal.upheld, appeal.decided_by) == (True, world.mona)
        assert fresh(world.ban).lifted_by == world.mona
        assert not members.standing_against(world.nora)
        letters = OutboxMail.objects.filter(to=world.nora.email).exclude(template="comments/sanction")
        assert [letter.template for letter in letters] == ["comments/sanction_lifted"]
        entry = Entry.objects.latest("seq")
        assert entry.verb == "sanction.appeal_heard"
        assert "angry" not in entry.payload

    def test_it_stands_and_she_reads_why(self, world, appeal):
        appealing.hear(appeal, by=world.mona, lift=False, answer=ANSWER)
        assert fresh(world.ban).lifted_at is None
        letter = OutboxMail.objects.get(key=f"sanction_stands-{world.ban.pk}")
        assert ANSWER in letter.text
        assert "Mona" not in letter.text

    def test_that_it_stays_needs_words(self, world, appeal):
        with pytest.raises(ValidationError):
            appealing.hear(appeal, by=world.mona, lift=False, answer=" ")
        assert fresh(appeal).decided_at is None

    @pytest.mark.parametrize("who", ["max", "nora", "rita", "edda", "ada"])
    def test_by_nobody_who_imposed_it_or_is_no_moderator(self, world, appeal, who):
        with pytest.raises(PermissionDenied):
            appealing.hear(appeal, by=getattr(world, who), lift=True, answer="")

    def test_once(self, world, appeal):
        appealing.hear(fresh(appeal), by=world.mona, lift=True, answer="")
        with pytest.raises(WrongState):
            appealing.hear(appeal, by=actors.person("third", "moderator"), lift=False, answer=ANSWER)

    def test_what_was_lifted_meanwhile_waits_for_nobody(self, world, appeal):
        assert members.open_sanction_appeals().count() == 1
        sanctioning.lift(world.ban, by=world.max, reason="mistake")
        assert not members.open_sanction_appeals()
        appealing.hear(appeal, by=world.mona, lift=True, answer="")
        assert fresh(world.ban).lifted_by == world.max


def test_of_two_moderators_one_answers(race):
    world = a_ban()
    made = appealing.appeal_sanction(world.ban, by=world.nora, words=WORDS)
    hearers = [world.mona, actors.person("third", "moderator")]
    raced = race(lambda n: appealing.hear(fresh(made), by=hearers[n], lift=bool(n), answer=ANSWER), runners=2)
    assert sorted(type(one).__name__ for one in raced) == ["SanctionAppeal", "WrongState"]
    heard = fresh(made)
    assert heard.upheld is (fresh(world.ban).lifted_at is not None)


class TestTheDatabase:
    """Raw writes, past every verb."""

    @pytest.fixture
    def rows(self, appeal):
        return SanctionAppeal.objects.filter(pk=appeal.pk)

    def answered(self, by, **changes) -> dict:
        return {"decided_by": by, "decided_at": timezone.now(), "upheld": True} | changes

    @pytest.mark.parametrize("who", ["max", "nora", "rita", "ada"])
    def test_who_may_not_hear_it(self, world, rows, who):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**self.answered(getattr(world, who)))

    @pytest.mark.parametrize("changes", [{"upheld": None}, {"decided_at": None}, {"decided_by": None}])
    def test_half_an_answer(self, world, rows, changes):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**self.answered(world.mona, **changes))

    def test_another_answer_other_words_and_no_appeal_at_all(self, world, rows):
        rows.update(**self.answered(world.mona))
        for change in ({"upheld": False}, {"text": "Other."}, {"decided_at": None, "decided_by": None, "upheld": None}):
            with pytest.raises(DatabaseError), transaction.atomic():
                rows.update(**change)
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.delete()
        rows.update(text="", answer="")

    def test_a_first_moderator_who_imposed_nothing(self, world):
        with pytest.raises(DatabaseError), transaction.atomic():
            SanctionAppeal.objects.create(sanction=world.ban, first_moderator=world.mona, text=WORDS)


class TestPages:
    def test_from_her_page_to_the_answer(self, world):
        nora, mona, max_ = signed_in(world.nora), signed_in(world.mona), signed_in(world.max)
        place = reverse("comments:appeal_sanction", args=[world.ban.pk])
        assert place in nora.get("/me/standing/").text
        assert "Please stop." in nora.get(place).text
        empty = nora.post(place, {"text": " "})
        assert empty.status_code == 422
        assert "Tell us why" in empty.text
        assert "will answer" in nora.post(place, {"text": WORDS}, follow=True).text
        assert nora.get(place).status_code == 404
        again = nora.post(place, {"text": "Twice."})
        assert again.status_code == 422
        assert "Twice." in again.text

        waiting = SanctionAppeal.objects.get()
        hear = reverse("comments:hear", args=[waiting.pk])
        assert "Somebody else hears it" in max_.get("/desk/moderation/appeals/").text
        assert "must hear this appeal" in max_.get(hear).text
        assert max_.post(hear, {"lift": "1"}).status_code == 403
        assert hear in mona.get("/desk/moderation/appeals/").text
        page = mona.get(hear).text
        assert WORDS in page
        assert "Please stop." in page
        refused = mona.post(hear, {"lift": "0", "answer": ""})
        assert refused.status_code == 422
        assert "Write why it stays." in refused.text
        assert mona.post(hear, {"lift": "", "answer": ANSWER}).text.count(ANSWER) == 1
        assert "The member is told." in mona.post(hear, {"lift": "0", "answer": ANSWER}, follow=True).text
        late = mona.post(hear, {"lift": "1", "answer": "Never mind."})
        assert late.status_code == 409
        assert "Never mind." in late.text

        hers = nora.get("/me/standing/").text
        assert "We did, and it stays as it is." in hers
        assert ANSWER in hers
        assert "Mona" not in hers

    def test_nobody_elses(self, world, client):
        place = reverse("comments:appeal_sanction", args=[world.ban.pk])
        assert client.get(place).status_code == 302
        for who in (world.rita, world.max):
            assert signed_in(who).get(place).status_code == 404
            assert signed_in(who).post(place, {"text": WORDS}).status_code == 404
        assert not SanctionAppeal.objects.exists()

    def test_where_it_follows_from_a_decision_she_asks_about_that(self, world):
        comment = write(world, by=world.rita)
        decision = turn_down(world, comment)
        made = sanctioning.impose(
            world.rita, by=world.max, kind="read_only", reason="privacy", message="A pause.", decision=decision
        )
        page = signed_in(world.rita).get("/me/standing/").text
        assert reverse("comments:appeal", args=[comment.public_id]) in page
        assert reverse("comments:appeal_sanction", args=[made.pk]) not in page

    def test_it_stands_on_the_desk_and_the_list_costs_the_same_for_more(self, world, appeal, django_assert_num_queries):
        assert any("warnings and limits" in str(card.title) for card in cards.moderation(world.mona))
        mona = signed_in(world.mona)
        mona.get("/desk/moderation/appeals/")
        with CaptureQueriesContext(connection) as few:
            mona.get("/desk/moderation/appeals/")
        for n in range(5):
            member = actors.person(f"more{n}")
            made = sanctioning.impose(member, by=world.max, kind="ban", reason="unkind", message="Stop.")
            appealing.appeal_sanction(made, by=member, words=WORDS)
        with django_assert_num_queries(len(few)):
            assert mona.get("/desk/moderation/appeals/").text.count("Hear it") == 6


def test_it_goes_with_the_account_and_into_her_export(world, appeal):
    appealing.hear(appeal, by=world.mona, lift=False, answer=ANSWER)
    (told,) = erasure.export(world.nora)["suspensions"]
    assert told["appeal"]["text"] == WORDS
    erasure.erase(world.nora, remove_words=True)
    assert (fresh(appeal).text, fresh(appeal).answer) == ("", "")
    assert not OutboxMail.objects.filter(key=f"sanction_stands-{world.ban.pk}").exists()
    assert Sanction.objects.filter(pk=world.ban.pk, lifted_at=None).exists()
