"""Side effects: recorded as they were told, handed over in time, acknowledged; and a site that records none."""

import csv
import io
import re
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import OutboxMail, User
from audit.models import Entry
from audit.moves import WrongState
from comments import cards, casefile, erasure, side_effects, tables, tasks, verify
from comments.models import AdverseEvent, Comment, QueueItem, SafetyContact, TeamNote
from comments.screening import policy
from comments.screening.scan import Seen
from comments.workflow import claiming, deciding, posting, safety
from tests import cast as actors
from tests.comments.conftest import a_world, publish, write
from tests.worlds import kept

WORDS = "Letrozole gave me a rash, and I was in hospital for two days."
SPONSOR = "safety@maker.example"
State = AdverseEvent.State


@kept
def a_pharmacy() -> SimpleNamespace:
    """The world with two medicines in its directory, a sponsor for the first, and a comment about it."""
    world = a_world()
    world.drug = actors.live_page(world, kind="drug", title="Letrozole").drug_facts
    world.other = actors.live_page(world, kind="drug", title="Kadvera").drug_facts
    world.contact = contact(world)
    world.comment = write(world, text=WORDS)
    return world


def contact(world, drug=None, **changes) -> SafetyContact:
    told = {"sponsor": "Maker", "email": SPONSOR, "hours": 24, "valid_from": date(2020, 1, 1)} | changes
    return safety.add_contact((drug or world.drug).page, by=world.ada, **told)


def recorded(world, comment: Comment | None = None, **changes) -> AdverseEvent:
    comment = comment or world.comment
    told = {
        "by": world.max,
        "revision": comment.current_id,
        "products": [world.drug],
        "events": ["rash"],
        "elements": ["product", "event", "reporter"],
        "seriousness": ["hospital"],
    } | changes
    return safety.record_event(comment, **told)


def handed_over(world, how: str = safety.MAIL) -> AdverseEvent:
    event = recorded(world)
    safety.hand_over([event], by=world.max, how=how)
    event.refresh_from_db()
    return event


def acknowledged(world) -> AdverseEvent:
    event = handed_over(world)
    safety.acknowledge(event, by=world.mona, version=2, number="M-77")
    event.refresh_from_db()
    return event


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def world(db) -> SimpleNamespace:
    return a_pharmacy()


@pytest.fixture
def desk(world) -> Client:
    return signed_in(world.max)


class TestSwitch:
    SEEN = (Seen("side_effect", "drug_and_symptom"),)

    def test_off_it_goes_on_as_without_the_finding(self):
        outcome = policy.decide(self.SEEN, mode="open", first_timer=False, side_effects=False)
        assert (outcome.held, outcome.lane, outcome.reasons) == (False, None, [])
        assert policy.decide(self.SEEN, mode="open", first_timer=False).lane == "safety"

    def test_off_another_finding_still_holds(self):
        seen = (*self.SEEN, Seen("selling", "selling"))
        outcome = policy.decide(seen, mode="open", first_timer=False, side_effects=False)
        assert (outcome.held, outcome.lane) == (True, "held")

    def test_off_no_safety_lane_opens_and_the_finding_is_kept(self, world, settings):
        settings.ADVERSE_EVENTS = False
        comment = write(world, text=WORDS, by=world.nora)
        assert QueueItem.objects.get(comment=comment).lane != "safety"
        assert comment.current.findings.filter(label="drug_and_symptom").exists()

    def test_off_there_is_no_page(self, world, desk, settings):
        event = recorded(world)
        settings.ADVERSE_EVENTS = False
        for address in PAGES(world, event):
            assert desk.get(address).status_code == 404, address

    @pytest.mark.parametrize("on", [True, False])
    def test_who_waits_is_told_where_to_report_it(self, world, settings, on):
        settings.ADVERSE_EVENTS = on
        rita, page = signed_in(world.rita), world.page.get_absolute_url()
        for address in (reverse("comments:mine"), page):
            html = rita.get(address).text
            for place in side_effects.AUTHORITIES:
                assert place.url in html
            assert ("We may pass on what you wrote" in html) is on
        for other in (signed_in(world.nora), Client()):
            assert "MedWatch" not in other.get(page).text

    def test_once_it_is_public_she_is_not_told_again(self, world):
        deciding.approve(world.comment, by=world.max, version=world.comment.version)
        rita = signed_in(world.rita)
        assert "MedWatch" not in rita.get(reverse("comments:mine")).text
        assert "MedWatch" not in rita.get(world.page.get_absolute_url()).text


class TestRecording:
    def test_the_words_stay_as_they_stand(self, world):
        event = recorded(world, note="  On the second day. ", situations=["misuse", "overdose"])
        assert (event.snapshot, event.revision_id) == (WORDS, world.comment.current_id)
        assert event.snapshot_hash == safety.hash_of(WORDS)
        assert len(event.snapshot_hash) == 64
        assert (event.products, event.events, event.seriousness) == (["Letrozole"], ["rash"], ["hospital"])
        assert event.situations == ["overdose", "misuse"]
        assert (event.has_patient, event.has_reporter, event.has_product, event.has_event) == (False, True, True, True)
        assert (event.state, event.version, event.note) == ("recorded", 1, "On the second day.")

    def test_the_clock_began_when_a_moderator_first_had_it_in_hand(self, world, clock):
        began = timezone.now()
        claiming.claim(world.comment.queue_items.get(), by=world.mona)
        clock.shift(timedelta(hours=3))
        event = recorded(world)
        assert abs(event.aware_at - began) < timedelta(seconds=5)
        assert event.due_at == event.aware_at + timedelta(hours=24)

    def test_a_closed_item_counts_too(self, world, clock):
        claiming.claim(world.comment.queue_items.get(), by=world.mona)
        deciding.approve(world.comment, by=world.mona, version=world.comment.version)
        seen = QueueItem.objects.get(comment=world.comment).first_seen_at
        clock.shift(timedelta(days=2))
        assert recorded(world).aware_at == seen

    def test_unseen_it_begins_now(self, world, clock):
        assert abs(recorded(world).aware_at - timezone.now()) < timedelta(seconds=5)

    def test_the_record_names_no_words_in_the_log(self, world):
        event = recorded(world)
        entry = Entry.objects.get(verb="adverse_event.recorded")
        assert (entry.actor, entry.object_id) == (world.max, str(event.pk))
        assert event.snapshot_hash in entry.payload
        assert "rash" not in entry.payload

    def test_publishing_stays_a_decision_of_its_own(self, world):
        recorded(world)
        world.comment.refresh_from_db()
        assert (world.comment.status, world.comment.version) == ("held", 1)
        assert world.comment.queue_items.get().closed_at is None
        deciding.approve(world.comment, by=world.max, version=1)
        assert AdverseEvent.objects.get().state == "recorded"

    @pytest.mark.parametrize("who", ["rita", "edda", "ruth", "ada"])
    def test_others_may_not(self, world, who):
        with pytest.raises(PermissionDenied):
            recorded(world, by=getattr(world, who))

    def test_nobody_records_their_own(self, world):
        own = write(world, by=world.max, text=WORDS)
        with pytest.raises(PermissionDenied):
            recorded(world, own)
        assert recorded(world, own, by=world.mona).state == "recorded"

    def test_one_open_record_for_a_product_and_these_words(self, world):
        first = recorded(world)
        with pytest.raises(WrongState, match="Already recorded by Max Okafor"):
            recorded(world, by=world.mona, products=[world.drug, world.other])
        assert recorded(world, products=[world.other], events=["hospital"]).pk != first.pk
        safety.not_an_event(first, by=world.mona, version=1, note="It was her sister.")
        assert recorded(world).pk != first.pk

    def test_changed_words_are_recorded_anew(self, world):
        recorded(world)
        read = world.comment.current_id
        posting.edit(
            world.comment, by=world.rita, text="Letrozole gave me a rash and a fever.", version=world.comment.version,
            rules_version=world.rules,
        )  # fmt: skip
        world.comment.refresh_from_db()
        with pytest.raises(WrongState, match="changed these words"):
            recorded(world, revision=read)
        assert recorded(world, events=["fever"]).snapshot.endswith("fever.")

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"products": []}, "products"),
            ({"events": []}, "events"),
            ({"events": ["rash", "Rita Example"]}, "events"),
        ],
    )
    def test_nothing_is_added_to_what_was_told(self, world, changes, field):
        with pytest.raises(ValidationError) as refusal:
            recorded(world, **changes)
        assert field in refusal.value.error_dict
        assert not AdverseEvent.objects.exists()

    def test_a_special_situation_needs_no_event(self, world):
        assert recorded(world, events=[], situations=["pregnancy"], elements=["product"]).events == []

    def test_codes_nobody_knows_are_refused(self, world):
        with pytest.raises(ValidationError):
            recorded(world, seriousness=["terrible"])

    def test_two_sponsors_are_two_records(self, world):
        contact(world, world.other, email="other@maker.example")
        with pytest.raises(ValidationError):
            recorded(world, products=[world.drug, world.other])
        assert recorded(world, products=[world.other]).contact.email == "other@maker.example"

    def test_two_medicines_of_one_sponsor_are_one_record_in_the_shorter_time(self, world):
        contact(world, world.other, hours=8)
        event = recorded(world, products=[world.drug, world.other])
        assert event.due_at == event.aware_at + timedelta(hours=8)

    def test_erased_words_are_not_recorded(self, world):
        erasure.erase(world.rita, remove_words=True)
        world.comment.refresh_from_db()
        with pytest.raises(WrongState):
            recorded(world)

    def test_erasure_leaves_the_record_without_a_name(self, world):
        event = recorded(world)
        erasure.erase(world.rita, remove_words=True)
        event.refresh_from_db()
        assert (event.snapshot, event.state) == (WORDS, "recorded")
        safety.hand_over([event], by=world.max, how=safety.MAIL)
        assert world.rita.handle not in OutboxMail.objects.get(template="comments/adverse_event").text


class TestContacts:
    def test_without_a_contact_nobody_must_be_told(self, world, desk):
        event = recorded(world, products=[world.other], events=["rash"])
        assert (event.contact, event.due_at) == (None, None)
        with pytest.raises(ValidationError):
            safety.hand_over([event], by=world.max, how=safety.MAIL)
        html = desk.get(reverse("comments:safety_event", args=[event.pk])).text
        assert "Nobody has to be told" in html
        assert "yellowcard.mhra.gov.uk" in html
        assert 'value="hand_over"' not in html

    def test_a_contract_that_ended_counts_until_its_last_day(self, world, clock):
        today = timezone.localdate()
        safety.end_contact(world.contact, by=world.ada, on=today)
        assert side_effects.contact_for(world.drug, today) == world.contact
        clock.shift(timedelta(days=1))
        event = recorded(world)
        assert (event.contact, event.due_at) == (None, None)

    def test_the_day_it_was_seen_decides(self, world, clock):
        claiming.claim(world.comment.queue_items.get(), by=world.mona)
        safety.end_contact(world.contact, by=world.ada, on=timezone.localdate())
        clock.shift(timedelta(days=1))
        event = recorded(world)
        assert event.contact == world.contact
        safety.hand_over([event], by=world.max, how=safety.MAIL)
        assert OutboxMail.objects.get(template="comments/adverse_event").to == SPONSOR

    def test_one_contact_for_a_medicine_on_a_day(self, world):
        with pytest.raises(ValidationError):
            contact(world, valid_from=date(2030, 1, 1))
        safety.end_contact(world.contact, by=world.ada, on=date(2029, 12, 31))
        assert contact(world, valid_from=date(2030, 1, 1), email="new@maker.example").pk != world.contact.pk
        with pytest.raises(ValidationError):
            contact(world, valid_from=date(2019, 1, 1), valid_until=date(2020, 1, 1))

    def test_an_end_only_moves_earlier(self, world):
        safety.end_contact(world.contact, by=world.ada, on=date(2028, 1, 1))
        with pytest.raises(WrongState):
            safety.end_contact(world.contact, by=world.ada, on=date(2029, 1, 1))
        with pytest.raises(ValidationError):
            safety.end_contact(world.contact, by=world.ada, on=date(2019, 1, 1))
        assert Entry.objects.filter(verb="safety_contact.ended").count() == 1

    @pytest.mark.parametrize(
        "changes", [{"hours": 0}, {"hours": 9999}, {"valid_until": date(2019, 1, 1)}, {"email": "x"}]
    )
    def test_nonsense_is_refused(self, world, changes):
        with pytest.raises(ValidationError):
            contact(world, world.other, **changes)

    def test_administrators_keep_them_and_moderators_read_them(self, world, desk):
        with pytest.raises(PermissionDenied):
            safety.add_contact(
                world.other.page, by=world.max, sponsor="x", email=SPONSOR, hours=24, valid_from=date(2020, 1, 1)
            )
        with pytest.raises(PermissionDenied):
            safety.end_contact(world.contact, by=world.max, on=date(2029, 1, 1))
        address, end = (
            reverse("comments:safety_contacts"),
            reverse("comments:safety_end_contact", args=[world.contact.pk]),
        )
        assert SPONSOR in desk.get(address).text
        assert "Add a contact" not in desk.get(address).text
        assert desk.post(address, {}).status_code == 403
        assert desk.post(end, {"on": "2029-01-01"}).status_code == 403

    def test_on_the_page(self, world):
        ada = signed_in(world.ada)
        address = reverse("comments:safety_contacts")
        typed = {
            "drug": world.other.pk,
            "sponsor": "Other",
            "email": "o@maker.example",
            "hours": 12,
            "valid_from": "2026-01-01",
        }
        assert ada.post(address, {**typed, "hours": "none"}).status_code == 422
        assert ada.post(address, {**typed, "drug": world.drug.pk}).status_code == 422
        assert ada.post(address, typed).status_code == 302
        made = SafetyContact.objects.get(sponsor="Other")
        end = reverse("comments:safety_end_contact", args=[made.pk])
        assert ada.get(end).status_code == 405
        assert ada.post(end, {"on": "soon"}).status_code == 422
        assert ada.post(end, {"on": "2025-01-01"}).status_code == 422
        assert ada.post(end, {"on": "2029-01-01"}).status_code == 302
        assert ada.post(end, {"on": "2030-01-01"}).status_code == 409
        made.refresh_from_db()
        assert made.valid_until == date(2029, 1, 1)


class TestHandingOver:
    def test_the_letter_holds_the_record_and_nothing_else(self, world):
        event = recorded(world, note="Second day.", situations=["misuse"])
        safety.hand_over([event], by=world.max, how=safety.MAIL)
        letter = OutboxMail.objects.get(template="comments/adverse_event")
        assert letter.to == SPONSOR
        for words in (WORDS, event.snapshot_hash, "Letrozole", "rash", "Second day.", "in hospital because of it"):
            assert words in letter.text
        for words in (world.rita.handle, world.rita.email, world.comment.public_id, "Max", "max"):
            assert words not in letter.text + letter.subject

    def test_all_or_none(self, world):
        first = recorded(world)
        stale = recorded(world, write(world, by=world.nora, text=WORDS))
        safety.hand_over([stale], by=world.mona, how=safety.CSV)
        with pytest.raises(WrongState):
            safety.hand_over([first, stale], by=world.max, how=safety.MAIL)
        first.refresh_from_db()
        assert first.state == "recorded"
        assert not OutboxMail.objects.filter(template="comments/adverse_event").exists()

    def test_once(self, world):
        event = recorded(world)
        seen = AdverseEvent.objects.get()
        safety.hand_over([event], by=world.max, how=safety.MAIL)
        with pytest.raises(WrongState):
            safety.hand_over([seen], by=world.mona, how=safety.MAIL)
        seen.refresh_from_db()
        with pytest.raises(WrongState):
            safety.hand_over([seen], by=world.mona, how=safety.MAIL)
        assert OutboxMail.objects.filter(template="comments/adverse_event").count() == 1
        assert Entry.objects.filter(verb="adverse_event.handed_over").count() == 1

    def test_by_no_other_way(self, world):
        with pytest.raises(ValidationError):
            safety.hand_over([recorded(world)], by=world.max, how="pigeon")

    def test_acknowledged_under_the_sponsors_number(self, world):
        event = acknowledged(world)
        assert (event.state, event.acknowledgement, event.version) == ("acknowledged", "M-77", 3)
        with pytest.raises(WrongState):
            safety.acknowledge(event, by=world.max, version=3, number="M-78")

    def test_what_was_not_handed_over_is_not_acknowledged(self, world):
        event = recorded(world)
        with pytest.raises(WrongState):
            safety.acknowledge(event, by=world.max, version=1, number="M-1")
        with pytest.raises(ValidationError):
            safety.acknowledge(event, by=world.max, version=1, number="  ")

    def test_not_one_after_all(self, world):
        event = recorded(world)
        with pytest.raises(ValidationError):
            safety.not_an_event(event, by=world.max, version=1, note=" ")
        safety.not_an_event(event, by=world.max, version=1, note="She read about it.")
        event.refresh_from_db()
        assert event.state == "none"
        assert TeamNote.objects.get().text == "She read about it."
        with pytest.raises(WrongState):
            safety.hand_over([event], by=world.max, how=safety.MAIL)

    def test_what_the_sponsor_has_is_not_taken_back(self, world):
        with pytest.raises(WrongState):
            safety.not_an_event(handed_over(world), by=world.max, version=2, note="Oh.")

    @pytest.mark.parametrize("who", ["rita", "edda", "ada"])
    def test_others_may_not(self, world, who):
        event, by = recorded(world), getattr(world, who)
        for act in (
            lambda: safety.hand_over([event], by=by, how=safety.CSV),
            lambda: safety.not_an_event(event, by=by, version=1, note="x"),
            lambda: safety.acknowledge(event, by=by, version=1, number="x"),
        ):
            with pytest.raises(PermissionDenied):
                act()

    def test_her_own_is_handed_over_by_somebody_else(self, world):
        event = recorded(world, write(world, by=world.max, text=WORDS), by=world.mona)
        with pytest.raises(PermissionDenied):
            safety.hand_over([event], by=world.max, how=safety.CSV)


class TestAlarm:
    @pytest.fixture(autouse=True)
    def on_call(self, settings):
        settings.SAFETY_ON_CALL = ("night@example.org", "lead@example.org")

    def letters(self) -> list[str]:
        return sorted(OutboxMail.objects.filter(template="comments/adverse_event_overdue").values_list("to", flat=True))

    def test_once_for_each_that_is_late(self, world, clock):
        event = recorded(world)
        tasks.sound_safety_alarm()
        assert self.letters() == []
        clock.shift(timedelta(hours=25))
        assert safety.sound_alarm() == 1
        assert safety.sound_alarm() == 0
        assert self.letters() == ["lead@example.org", "night@example.org"]
        letter = OutboxMail.objects.filter(template="comments/adverse_event_overdue").first()
        assert reverse("comments:safety_event", args=[event.pk]) in letter.text
        assert "rash" not in letter.text

    def test_not_for_what_was_handed_over_or_need_not_be(self, world, clock):
        handed_over(world)
        recorded(world, products=[world.other])
        clock.shift(timedelta(days=9))
        assert safety.sound_alarm() == 0

    def test_not_where_none_are_recorded(self, world, clock, settings):
        recorded(world)
        clock.shift(timedelta(days=2))
        settings.ADVERSE_EVENTS = False
        assert safety.sound_alarm() == 0


ATTACKS = {
    "snapshot": ("recorded", "UPDATE comments_adverseevent SET snapshot = 'x', version = version + 1"),
    "hash": ("recorded", "UPDATE comments_adverseevent SET snapshot_hash = 'x', version = version + 1"),
    "products": ("recorded", "UPDATE comments_adverseevent SET products = '[\"x\"]', version = version + 1"),
    "elements": ("recorded", "UPDATE comments_adverseevent SET has_patient = NOT has_patient, version = version + 1"),
    "due": ("recorded", "UPDATE comments_adverseevent SET due_at = '2099-01-01 00:00:00', version = version + 1"),
    "no due": ("recorded", "UPDATE comments_adverseevent SET due_at = NULL, version = version + 1"),
    "contact": ("recorded", "UPDATE comments_adverseevent SET contact_id = NULL, version = version + 1"),
    "aware": ("recorded", "UPDATE comments_adverseevent SET aware_at = '2099-01-01 00:00:00', version = version + 1"),
    "same version": ("recorded", "UPDATE comments_adverseevent SET state = 'none'"),
    "skipped": (
        "recorded",
        "UPDATE comments_adverseevent SET state = 'acknowledged', handed_over_at = recorded_at, version = version + 1",
    ),
    "without a time": ("recorded", "UPDATE comments_adverseevent SET state = 'handed_over', version = version + 1"),
    "gone": ("recorded", "DELETE FROM comments_adverseevent"),
    "handed back": ("handed_over", "UPDATE comments_adverseevent SET state = 'recorded', version = version + 1"),
    "not one any more": ("handed_over", "UPDATE comments_adverseevent SET state = 'none', version = version + 1"),
    "another time": (
        "handed_over",
        "UPDATE comments_adverseevent SET handed_over_at = '2020-01-01 00:00:00', version = version + 1",
    ),
    "acknowledged back": (
        "acknowledged",
        "UPDATE comments_adverseevent SET state = 'handed_over', version = version + 1",
    ),
    "another number": ("acknowledged", "UPDATE comments_adverseevent SET acknowledgement = 'x', version = version + 1"),
    "acknowledged gone": ("acknowledged", "DELETE FROM comments_adverseevent"),
}


class TestDatabase:
    @pytest.mark.parametrize("name", ATTACKS)
    def test_it_refuses(self, world, name):
        begin, attack = ATTACKS[name]
        {"recorded": recorded, "handed_over": handed_over, "acknowledged": acknowledged}[begin](world)
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(attack)
        assert AdverseEvent.objects.get().state == begin

    @pytest.mark.parametrize(
        "changes",
        [
            {"recorded_by": "rita"},
            {"recorded_by": "rita", "role": True},
            {"snapshot": "x"},
            {"state": "none"},
            {"version": 2},
        ],
    )
    def test_it_refuses_a_record_that_the_verb_would_not_make(self, world, changes):
        if changes.pop("role", False):  # the author herself, meanwhile a moderator
            from accounts.models import RoleGrant  # noqa: PLC0415

            RoleGrant.objects.create(user=world.rita, role="moderator", granted_by=User.objects.machine())
        row = {
            "comment": world.comment, "revision": world.comment.current, "snapshot": WORDS, "snapshot_hash": "x",
            "aware_at": timezone.now(), "recorded_by": "max",
        } | changes  # fmt: skip
        row["recorded_by"] = getattr(world, row["recorded_by"])
        with pytest.raises(DatabaseError), transaction.atomic():
            AdverseEvent.objects.create(**row)


def test_of_two_moderators_who_record_at_once_one_wins(race, committed_db):
    world = a_pharmacy()
    people = [world.max, world.mona]
    results = race(lambda place: recorded(world, by=people[place]), runners=2)
    assert sorted(type(one).__name__ for one in results) == ["AdverseEvent", "WrongState"]
    assert AdverseEvent.objects.count() == 1
    assert Entry.objects.filter(verb="adverse_event.recorded").count() == 1


def test_of_two_who_hand_over_at_once_one_wins(race, committed_db):
    world = a_pharmacy()
    event = recorded(world)
    people = [world.max, world.mona]

    def act(place: int) -> None:
        safety.hand_over([AdverseEvent.objects.get(pk=event.pk)], by=people[place], how=safety.MAIL)

    results = race(act, runners=2)
    assert sorted(type(one).__name__ for one in results) == ["NoneType", "WrongState"]
    assert OutboxMail.objects.filter(template="comments/adverse_event").count() == 1


class TestTables:
    @pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@sum", "\t=1", "\r=1", "\n=1", " =1", "＝1", "＋1"])
    def test_no_words_become_a_formula(self, cell):
        assert tables.harmless(cell) == f"'{cell}"

    @pytest.mark.parametrize("cell", ["", "2026-11", "a=1", "Letrozole"])
    def test_others_stay(self, cell):
        assert tables.harmless(cell) == cell

    def test_a_comment_that_begins_like_one(self, world):
        comment = write(world, by=world.nora, text="=cmd|calc Letrozole gave me a rash,\n\nreally")
        recorded(world, comment)
        event = AdverseEvent.objects.select_related("contact").get()
        header, row = csv.reader(io.StringIO(tables.as_csv(side_effects.HEADER, [side_effects.row_of(event)])))
        assert dict(zip(header, row, strict=True))["text"] == "'=cmd|calc Letrozole gave me a rash,\n\nreally"
        assert world.nora.handle not in ",".join(row)


def PAGES(world, event) -> list[str]:
    return [
        reverse("comments:record_event", args=[world.comment.public_id]),
        reverse("comments:safety_events"),
        reverse("comments:safety_event", args=[event.pk]),
        reverse("comments:safety_months"),
        reverse("comments:safety_month", args=["2026-11"]),
        reverse("comments:safety_contacts"),
    ]


class TestPages:
    def test_others_do_not_learn_that_they_exist(self, world):
        event = recorded(world)
        for who in ("rita", "edda", "ruth", "ada"):
            client = signed_in(getattr(world, who))
            for address in PAGES(world, event):
                if who == "ada" and "contacts" in address:
                    continue
                assert client.get(address).status_code == 404, (who, address)
            assert client.post(reverse("comments:safety_hand_over")).status_code == 404
        for address in PAGES(world, event):
            assert Client().get(address).status_code == 302

    def test_get_changes_nothing(self, world, desk):
        event = recorded(world)
        for address in PAGES(world, event):
            assert desk.get(address).status_code == 200, address
        assert desk.get(reverse("comments:safety_hand_over")).status_code == 405
        assert Entry.objects.filter(verb__startswith="adverse_event").count() == 1

    def test_the_form_is_filled_in_with_what_was_found(self, world, desk):
        html = desk.get(reverse("comments:record_event", args=[world.comment.public_id])).text
        assert WORDS in html
        for name in ("products", "elements"):
            assert re.search(rf'<input[^>]*name="{name}"[^>]*checked', html), name
        words = side_effects.events_in(world.comment)
        assert "rash" in words
        assert "Letrozole" not in words
        assert side_effects.products_in(world.comment.current.text) == [world.drug]
        assert side_effects.products_in("LETROZOLEUMAB and letrozoles") == [world.drug]
        assert side_effects.products_in("letrozoles") == []

    def test_what_is_recorded_already_is_not_ticked_again(self, world, desk):
        recorded(world)
        html = desk.get(reverse("comments:record_event", args=[world.comment.public_id])).text
        assert not re.search(r'<input[^>]*name="products"[^>]*checked', html)

    def test_nothing_typed_is_lost(self, world, desk):
        address = reverse("comments:record_event", args=[world.comment.public_id])
        typed = {
            "revision": world.comment.current_id,
            "products": [world.drug.pk],
            "events": "her sister",
            "note": "Ask nobody.",
        }
        refused = desk.post(address, typed)
        assert refused.status_code == 422
        assert "Use the member’s own words" in refused.text
        assert "Ask nobody." in refused.text
        assert desk.post(address, typed | {"products": ["x"]}).status_code == 422
        stale = desk.post(address, typed | {"revision": world.comment.current_id + 1, "events": "rash"})
        assert stale.status_code == 409
        assert "Ask nobody." in stale.text
        assert f'value="{world.comment.current_id}"' in stale.text
        assert not AdverseEvent.objects.exists()

    def test_her_own_comment_is_not_hers_to_record(self, world, desk):
        own = write(world, by=world.max, text=WORDS)
        assert desk.get(reverse("comments:record_event", args=[own.public_id])).status_code == 403

    def test_a_medicine_that_the_comment_does_not_name(self, world, desk):
        comment = write(world, by=world.nora, text="The tablets gave me a rash.")
        address = reverse("comments:record_event", args=[comment.public_id])
        typed = {"revision": comment.current_id, "events": "rash", "elements": ["event"]}
        assert "Choose at least one medicine" in desk.post(address, typed).text
        assert desk.post(address, typed | {"other": world.drug.pk}).status_code == 302
        assert AdverseEvent.objects.get().products == ["Letrozole"]

    def test_from_the_card_to_the_answer(self, world, desk):
        """The whole way by HTTP: record, hand over, note the answer, compare the month."""
        address = reverse("comments:record_event", args=[world.comment.public_id])
        typed = {
            "revision": world.comment.current_id, "products": [world.drug.pk], "events": "rash\n\nhospital",
            "elements": ["product", "event"], "seriousness": ["hospital"], "note": "",
        }  # fmt: skip
        made = desk.post(address, typed)
        event = AdverseEvent.objects.get()
        page = reverse("comments:safety_event", args=[event.pk])
        assert made["Location"] == page
        assert desk.post(address, typed).status_code == 409
        listed = desk.get(reverse("comments:safety_events")).text
        assert f'value="{event.pk}-1"' in listed
        sent = desk.post(page, {"act": "hand_over", "how": "mail", "version": 1})
        assert sent.status_code == 302
        assert OutboxMail.objects.get(template="comments/adverse_event").to == SPONSOR
        mona = signed_in(world.mona)
        assert mona.post(page, {"act": "hand_over", "how": "mail", "version": 1}).status_code == 409
        assert mona.post(page, {"act": "acknowledge", "version": 2, "number": ""}).status_code == 422
        month = reverse("comments:safety_months")
        assert "1 has no answer yet" in mona.get(month).text
        assert mona.post(page, {"act": "acknowledge", "version": 2, "number": "M-77"}).status_code == 302
        assert "has no answer yet" not in mona.get(month).text
        assert "M-77" in mona.get(page).text
        table = mona.get(month, {"form": "csv"})
        assert table["Content-Type"].startswith("text/csv")
        (row,) = csv.DictReader(io.StringIO(table.text))
        assert (row["state"], row["acknowledgement"], row["text"]) == ("acknowledged", "M-77", WORDS)
        world.comment.refresh_from_db()
        assert world.comment.status == "held"

    def test_as_a_table_it_is_handed_over_by_whoever_downloads_it(self, world, desk):
        event = recorded(world)
        answer = desk.post(reverse("comments:safety_hand_over"), {"event": f"{event.pk}-1", "how": "csv"})
        assert answer["Content-Disposition"].endswith('.csv"')
        assert WORDS in answer.text
        event.refresh_from_db()
        assert event.state == "handed_over"
        assert not OutboxMail.objects.filter(template="comments/adverse_event").exists()

    def test_bad_ticks(self, world, desk):
        event = recorded(world, products=[world.other])
        address = reverse("comments:safety_hand_over")
        assert desk.post(address, {"how": "mail"}).status_code == 422
        assert desk.post(address, {"how": "mail", "event": "x"}).status_code == 404
        assert desk.post(address, {"how": "mail", "event": f"{event.pk}-9"}).status_code == 409
        assert desk.post(address, {"how": "mail", "event": f"{event.pk}-1"}).status_code == 422
        assert desk.post(address, {"how": "pigeon", "event": f"{event.pk}-1"}).status_code == 422
        page = reverse("comments:safety_event", args=[event.pk])
        assert desk.post(page, {"act": "dance", "version": 1}).status_code == 404
        assert desk.post(page, {"act": "none", "version": 1, "note": ""}).status_code == 422
        assert desk.post(page, {"act": "none", "version": "x", "note": "Mistake."}).status_code == 409
        assert desk.post(page, {"act": "none", "version": 1, "note": "Mistake."}).status_code == 302

    @pytest.mark.parametrize("query", ["state=x", "after=x", "after=999999", "after=²"])
    def test_bad_addresses(self, desk, query):
        assert desk.get(f"{reverse('comments:safety_events')}?{query}").status_code == 404

    @pytest.mark.parametrize("name", ["2026-13", "26-01", "x", "2026-1"])
    def test_bad_months(self, desk, name):
        assert desk.get(reverse("comments:safety_month", args=[name])).status_code == 404


class TestList:
    def several(self, world, clock, monkeypatch) -> list[AdverseEvent]:
        monkeypatch.setattr(side_effects, "PAGE_SIZE", 2)
        made = []
        for hours, drug in enumerate([world.drug, world.other, world.drug, world.other, world.drug]):
            clock.shift(timedelta(hours=hours))
            made.append(recorded(world, publish(world, by=world.nora, text=f"{WORDS} {hours}"), products=[drug]))
        return made

    def walk(self, **options) -> list[int]:
        seen, mark, more = [], None, True
        while more:
            rows, more = side_effects.listed(options.get("state", "recorded"), options.get("product", ""), mark)
            seen += [row.pk for row in rows]
            mark = rows[-1] if rows else None
        return seen

    def test_due_and_overdue_come_first_and_pages_lose_nothing(self, world, clock, monkeypatch):
        made = [one.pk for one in self.several(world, clock, monkeypatch)]
        assert self.walk() == [made[0], made[2], made[4], made[1], made[3]]

    def test_by_product(self, world, clock, monkeypatch):
        made = [one.pk for one in self.several(world, clock, monkeypatch)]
        assert self.walk(product="Kadvera") == [made[1], made[3]]
        assert self.walk(product="Kad") == []

    def test_by_state(self, world, clock, monkeypatch):
        made = self.several(world, clock, monkeypatch)
        safety.hand_over([made[0], made[2], made[4]], by=world.max, how=safety.CSV)
        assert self.walk(state="handed_over") == [made[4].pk, made[2].pk, made[0].pk]
        assert self.walk() == [made[1].pk, made[3].pk]

    def test_names_in_other_letters(self, world):
        event = recorded(world, products=[SimpleNamespace(brand="Épirubicine", page_id=0)])
        assert [one.pk for one in side_effects.listed("recorded", "Épirubicine")[0]] == [event.pk]

    def test_as_many_queries_for_one_as_for_many(self, world, desk, clock, django_assert_max_num_queries):
        address = reverse("comments:safety_events")
        recorded(world)
        desk.get(address)
        with django_assert_max_num_queries(20) as one:
            desk.get(address)
        for number in range(4):
            recorded(world, publish(world, by=world.nora, text=f"{WORDS} {number}"))
        with django_assert_max_num_queries(len(one)):
            desk.get(address)


def test_months_follow_one_another():
    assert side_effects.next_month(date(2026, 12, 1)) == date(2027, 1, 1)
    assert side_effects.next_month(date(2026, 11, 1)) == date(2026, 12, 1)
    assert side_effects.month_before(date(2026, 1, 1)) == date(2025, 12, 1)
    assert side_effects.month_before(date(2026, 11, 1)) == date(2026, 10, 1)


def test_the_command_writes_the_same_table(world, capsys):
    from django.core.management import CommandError, call_command  # noqa: PLC0415

    acknowledged(world)
    call_command("export_events", month=f"{timezone.localdate():%Y-%m}")
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert row["acknowledgement"] == "M-77"
    call_command("export_events", month="2020-01")
    assert capsys.readouterr().out.count("\n") == 1
    with pytest.raises(CommandError):
        call_command("export_events", month="soon")


def test_her_export_says_what_was_passed_on_and_to_whom(world):
    handed_over(world)
    mistaken = recorded(world, products=[world.other])
    safety.not_an_event(mistaken, by=world.max, version=1, note="Not hers.")
    (told,) = erasure.export(world.rita)["side_effects"]
    assert (told["text"], told["medicines"], told["passed_on_to"]) == (WORDS, ["Letrozole"], "Maker")
    assert erasure.export(world.nora)["side_effects"] == []


def test_a_letter_that_was_sent_loses_its_words_with_the_comment(world):
    event = handed_over(world)
    letter = OutboxMail.objects.filter(key=safety.letter_key(event))
    letter.update(status=OutboxMail.Status.SENT)
    erasure.erase(world.rita, remove_words=True)
    assert letter.get().text == ""
    assert AdverseEvent.objects.get().snapshot == WORDS


class TestVerify:
    def test_a_record_in_order(self, world):
        acknowledged(world)
        recorded(world, products=[world.other])
        assert list(verify.side_effects()) == []

    @pytest.mark.parametrize("change", ["snapshot = 'x'", "snapshot_hash = 'x'", "state = 'none'"])
    def test_past_the_triggers_it_is_found(self, world, change, without_triggers):
        recorded(world)
        with without_triggers("comments_adverseevent"), connection.cursor() as cursor:
            cursor.execute(f"UPDATE comments_adverseevent SET {change}")  # noqa: S608
        assert list(verify.side_effects())


class TestDesk:
    def test_what_is_late_stands_first(self, world, clock):
        recorded(world)
        assert [card.count for card in cards.safety(world.max)] == [1]
        clock.shift(timedelta(hours=25))
        assert "should have been handed over" in cards.safety(world.max)[0].urgent

    def test_only_for_moderators_of_a_site_that_records_them(self, world, settings):
        recorded(world)
        assert cards.safety(world.rita) == cards.safety(world.edda) == []
        settings.ADVERSE_EVENTS = False
        assert cards.safety(world.max) == cards.safety(world.ada) == []

    def test_nothing_to_hand_over_is_no_card(self, world):
        recorded(world, products=[world.other])
        assert cards.safety(world.max) == []

    def test_administrators_see_which_contracts_end(self, world):
        assert [card.count for card in cards.safety(world.ada)] == [0]
        safety.end_contact(world.contact, by=world.ada, on=timezone.localdate() + timedelta(days=9))
        assert [card.count for card in cards.safety(world.ada)] == [1]

    def test_the_part_of_the_card(self, world, settings):
        event = recorded(world)
        context = {
            "comment": world.comment,
            "file": casefile.of(world.comment, world.max, covers=False),
            "viewer": world.max,
        }
        html = render_to_string("comments/moderation/parts/safety.html", context)
        assert reverse("comments:safety_event", args=[event.pk]) in html
        assert reverse("comments:record_event", args=[world.comment.public_id]) in html
        settings.ADVERSE_EVENTS = False
        assert render_to_string("comments/moderation/parts/safety.html", context).strip() == ""
