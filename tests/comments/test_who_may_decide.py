"""Who may decide: every address of the desk and every verb behind it, tried by everybody who may not, and by who may."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import policies, roles
from accounts.models import RoleGrant, User
from accounts.roles import Role
from comments import protocol, urls, workflow
from comments.member_forms import freeze
from comments.models import AdverseEvent, Batch, Comment, CrisisCase, Decision, QueueItem, Sanction
from comments.workflow import (
    appealing,
    asking,
    batches,
    caring,
    claiming,
    connecting,
    crisis,
    deciding,
    locking,
    noting,
    opening,
    posting,
    reporting,
    safety,
    sanctioning,
    unsealing,
    wording,
)  # fmt: skip
from tests import cast as actors
from tests.comments.conftest import a_world, publish, turn_down, write
from tests.worlds import kept

LANE = "held"
TOMORROW = timedelta(days=1)
WORDS = "Letrozole gave me a rash, and I was in hospital for two days."
# What a request may write besides, whoever sends it.
NOT_OURS = ("django_session", "usersessions_usersession", "accounts_user", "account_")


@kept
def a_desk() -> SimpleNamespace:
    """One of everything that waits for somebody, or that was decided."""
    world = a_world()
    world.drug = actors.live_page(world, kind="drug", title="Letrozole").drug_facts
    world.root = actors.person("root", is_superuser=True, is_staff=True)
    world.former = actors.person("former", Role.MODERATOR, name="Fay Former")
    world.gone = actors.person("gone", Role.MODERATOR, name="Gus Gone")
    world.contact = safety.add_contact(
        world.drug.page,
        by=world.ada,
        sponsor="Maker",
        email="safety@maker.example",
        hours=24,
        valid_from=date(2020, 1, 1),
    )
    world.hook = connecting.add(by=world.ada, url="https://outside.example/told", events=["crisis.opened"])
    world.words = wording.publish(
        by=world.max, based_on=0, changes="First.",
        entries=[{"kind": "word", "pattern": "wegovy", "label": "site_selling", "lane": "held", "note": ""}],
    )  # fmt: skip
    world.held = write(world, text="It got better with time.")
    world.redacted = write(world, by=world.nora, text="Call me on 020 7946 0958.")
    deciding.approve_redacted(world.redacted, by=world.mona, version=1, spans=[(11, 24)], message="No numbers here.")
    world.live = publish(world, by=world.nora)
    reporting.report(world.live, by=world.rita, reason="other")
    world.refused = write(world, by=world.nora, text="Only tea helps.")
    turn_down(world, world.refused, by=world.mona)
    posting.appeal(world.refused, by=world.nora, text="It is only tea.")
    world.asked = asking.ask(world.held, by=world.max, question="Is this so?")
    world.effect = write(world, by=world.nora, text=WORDS)
    world.event = safety.record_event(
        world.effect, by=world.max, revision=world.effect.current_id, products=[world.drug], events=["rash"],
        elements=["product", "event", "reporter"], seriousness=["hospital"],
    )  # fmt: skip
    world.untold = write(world, by=world.nora, text=WORDS)
    world.danger = write(world, text="I do not want to live any more. I saved up my pills.")
    world.case = CrisisCase.objects.get(comment=world.danger)
    world.ready, world.closed = a_case(world, "ready"), a_case(world, "closed")
    crisis.close(world.closed, by=world.max, outcome="private", note="")
    world.sanction = sanctioning.impose(
        world.nora, by=world.mona, kind="always_hold", reason="unkind", message="Please be kind."
    )
    world.limit = sanctioning.impose(world.rita, by=world.mona, kind="warning", reason="unkind", message="Be kind.")
    world.appeal = appealing.appeal_sanction(world.limit, by=world.rita, words="I was only tired.")
    world.batch = batches.start(
        [(world.effect.pk, world.effect.version)], by=world.max, act="approve", reason="", clause_code="", message=""
    )
    world.own = write(world, by=world.max, text="I moderate, and I sleep badly too.")
    return world


def a_case(world, handle: str) -> CrisisCase:
    """One in which all was asked and she was written to, so that it can be closed."""
    member = actors.person(handle)
    policies.accept(member, world.rules)
    case = CrisisCase.objects.get(comment=write(world, by=member, text="I want to end my life tonight."))
    crisis.join(case, by=world.max)
    for code in protocol.POINTS:
        crisis.check(case, by=world.max, code=code, yes=False, note="")
    crisis.write_to(case, by=world.max, message="We read you. Are you safe tonight?")
    return case


@pytest.fixture
def world(db) -> SimpleNamespace:
    world = a_desk()
    # Within the seconds in which it can be taken back.
    world.fresh = write(world, by=world.rita, text="A walk before bed.")
    world.decision = deciding.approve(world.fresh, by=world.max, version=1)
    return world


def outsiders(world, *insiders: str) -> dict[str, User | None]:
    """Everybody who holds none of these roles, and nobody at all."""
    known = {name: getattr(world, name) for name in ("rita", "amara", "ruth", "edda", "ada", "max", "root", "former")}
    return {"": None} | {name: user for name, user in known.items() if not roles.holds(user, *insiders)}


def demote(world) -> None:
    """A colleague's role is taken back while the pages stand open."""
    roles.revoke(RoleGrant.objects.get(user=world.former), by=world.ada, reason="left")
    world.former = User.objects.get(pk=world.former.pk)


@contextmanager
def nothing_written() -> Iterator[list[str]]:
    """No statement that changes what is ours, not even one that would find no row."""
    written: list[str] = []

    def watch(execute, sql, *more):
        verb, _space, rest = sql.lstrip().partition(" ")
        table = rest.removeprefix("INTO ").removeprefix("FROM ").lstrip('"')
        if verb in ("INSERT", "UPDATE", "DELETE") and not table.startswith(NOT_OURS):
            written.append(sql[:90])
        return execute(sql, *more)

    with connection.execute_wrapper(watch):
        yield written


@contextmanager
def tried() -> Iterator[None]:
    """What happens inside is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


# Addresses: what they need, and what somebody who may would send there. None: the page is only read.

MAY = {Role.MODERATOR: "max", Role.MEDICAL_REVIEWER: "ruth", Role.ADMINISTRATOR: "ada"}
DOORS = {
    "queue": ((), None),
    "next": ((), lambda w: {}),
    "decide": (lambda w: [w.held.public_id], lambda w: {"decision": "approve", "version": w.held.version, "lane": LANE}),
    "undo": (lambda w: [w.decision.pk], lambda w: {"lane": LANE}),
    "news": ([LANE], None),
    "keys": ((), lambda w: {"on": "0", "lane": LANE, "comment": w.held.public_id}),
    "care": ((), lambda w: {"leaves_out_crisis": "on"}),
    "questions": ((), None),
    "question": (lambda w: [w.asked.pk], lambda w: {"text": "It is not."}),
    "conversations": ((), None),
    "mode": (
        lambda w: [w.page.pk],
        lambda w: {"version": w.conversation.version, "mode": "read_only", "note": "Over.", "closes_at": ""},
    ),
    "webhooks": ((), lambda w: {"url": "https://other.example/told", "events": ["backlog.age"]}),
    "webhook": (lambda w: [w.hook.pk], lambda w: {"act": "switch_off"}),
    "appeals": ((), None),
    "hear": (lambda w: [w.appeal.pk], lambda w: {"lift": "1", "answer": ""}),
    "member": (["nora"], None),
    "sanction": (["nora"], lambda w: {"kind": "warning", "reason": "unkind", "message": "Please be kind."}),
    "member_waiting": (
        ["nora"], lambda w: {"frozen": freeze([w.effect], w.max), "act": "reject", "reason": "unkind", **rule(w)},
    ),
    "lift": (lambda w: [w.sanction.pk], lambda w: {"reason": "time"}),
    "batches": ((), None),
    "batch": (lambda w: [w.batch.pk], lambda w: {}),
    "bulk": (["held"], lambda w: {"comment": f"{w.held.pk}:{w.held.version}", "act": "approve"}),
    "words": ((), None),
    "edit_words": (
        (), lambda w: {"step": "publish", "based_on": w.words.number, "entries": "word selling held: mounjaro", "changes": "x"},
    ),
    "words_version": (lambda w: [w.words.number], None),
    "quality": ((), None),
    "record_event": (
        lambda w: [w.untold.public_id],
        lambda w: {"revision": w.untold.current_id, "products": [w.drug.pk], "events": "hospital", "elements": ["event"]},
    ),
    "safety_events": ((), None),
    "safety_hand_over": ((), lambda w: {"event": f"{w.event.pk}-1", "how": "mail"}),
    "safety_event": (lambda w: [w.event.pk], lambda w: {"act": "none", "version": 1, "note": "A dream."}),
    "safety_months": ((), None),
    "safety_month": (["2026-01"], None),
    "safety_contacts": (
        (),
        lambda w: {
            "drug": w.drug.pk, "sponsor": "B", "email": "b@b.example", "hours": 24, "valid_from": "2019-01-01",
            "valid_until": "2019-12-31",
        },
    ),
    "safety_end_contact": (lambda w: [w.contact.pk], lambda w: {"on": "2099-01-01"}),
    "crisis_cases": ((), None),
    "crisis_closed": ((), None),
    "crisis_case": (lambda w: [w.case.pk], lambda w: {"act": "join"}),
    "crisis_look": (lambda w: [w.closed.pk, w.closed.follow_ups.first().pk], lambda w: {"note": "She is well."}),
    "lane": ([LANE], None),
}  # fmt: skip
# Moderators and administrators read this page; only administrators change it.
CHANGED_BY = {"safety_contacts": "ada", "safety_end_contact": "ada"}


def rule(world) -> dict:
    return {"clause_code": world.rules.clauses.first().code, "message": "Not here."}


def door(world, name: str) -> tuple[str, dict | None]:
    given, form = DOORS[name]
    return reverse(f"comments:{name}", args=given(world) if callable(given) else given), form and form(world)


def test_the_table_names_every_address_of_the_desk():
    desk = {one.name for one in urls.urlpatterns if str(one.pattern).startswith("desk/")}
    assert desk == set(DOORS)


@pytest.mark.parametrize("name", [name for name, (_given, form) in DOORS.items() if form])
def test_who_may_changes_something_there(world, name):
    """The control: sent by somebody who may, each of these forms does what it says."""
    opens_for = next(one.callback.opens_for for one in urls.urlpatterns if one.name == name)
    client = Client()
    client.force_login(getattr(world, CHANGED_BY.get(name) or MAY[opens_for[0]]))
    address, form = door(world, name)
    with nothing_written() as written:
        answer = client.post(address, form)
    assert answer.status_code in (200, 302), answer.text[:2000]
    assert written


def test_nobody_else_gets_through_any_address(world):
    clients = {name: Client() for name in outsiders(world)} | {"gone": Client()}
    for name, client in clients.items():
        if name:
            client.force_login(getattr(world, name))
    # They were moderators when they opened the page, and its forms are still there.
    demote(world)
    User.objects.filter(pk=world.gone.pk).update(is_active=False)
    clients["former"] = clients.pop("former", None) or Client()
    holes = []
    for name in DOORS:
        opens_for = next(one.callback.opens_for for one in urls.urlpatterns if one.name == name)
        address, form = door(world, name)
        for who in [*outsiders(world, *opens_for), "gone"]:
            for method, sent in (("get", {}), ("post", form or {"decision": "approve"})):
                with nothing_written() as written:
                    answer = getattr(clients[who], method)(address, sent)
                through = answer.status_code not in (302, 404, 405) or (
                    answer.status_code == 302 and "/account/login/" not in answer.url
                )
                if through or written:
                    holes.append((name, who, method, answer.status_code, written))
    assert holes == []


def test_readers_of_the_contacts_do_not_change_them(world, client):
    client.force_login(world.max)
    for name in CHANGED_BY:
        address, form = door(world, name)
        with nothing_written() as written:
            assert client.post(address, form).status_code == 403
        assert written == []


@pytest.mark.parametrize("choice", ["approve", "reject", "spam", "keep", "hide", "restore", "redact", "edit"])
@pytest.mark.parametrize("who", ["rita", "nora", "ruth", "edda", "ada", "root"])
def test_no_decision_goes_through_by_its_name(world, client, choice, who):
    client.force_login(getattr(world, who))
    for comment in (world.held, world.live, world.refused, world.danger):
        sent = {"decision": choice, "version": comment.version, "lane": LANE, "reason": "other", "message": "x"}
        assert client.post(reverse("comments:decide", args=[comment.public_id]), sent).status_code == 404
    assert Decision.objects.filter(source="moderator").exclude(decided_by__in=[world.max, world.mona]).count() == 0


# Verbs: each with a `by` is here, or is something that members do.

SOON = {"until": timezone.now() + TOMORROW}
VERBS = {
    "appealing.hear": lambda w, by: appealing.hear(w.appeal, by=by, lift=True, answer=""),
    "asking.ask": lambda w, by: asking.ask(w.live, by=by, question="Is it so?"),
    "asking.answer": lambda w, by: asking.answer(w.asked, by=by, text="It is not."),
    "batches.start": lambda w, by: batches.start(
        [(w.held.pk, w.held.version)], by=by, act="approve", reason="", clause_code="", message=""
    ),
    "caring.choose": lambda w, by: caring.choose(by, leaves_out_crisis=True, blurs=True),
    "claiming.take_next": lambda w, by: claiming.take_next(by=by),
    "claiming.claim": lambda w, by: claiming.claim(item(w), by=by),
    "claiming.take_over": lambda w, by: claiming.take_over(item(w), by=by, reason="She went home."),
    "claiming.release": lambda w, by: claiming.release(item(w), by=by),
    "claiming.put_off": lambda w, by: claiming.put_off(item(w), by=by, **SOON),
    "claiming.escalate": lambda w, by: claiming.escalate(item(w), by=by, lane="legal", note="A name."),
    "connecting.add": lambda w, by: connecting.add(by=by, url="https://b.example/", events=["backlog.age"]),
    "connecting.switch_off": lambda w, by: connecting.switch_off(w.hook, by=by),
    "connecting.rotate_secret": lambda w, by: connecting.rotate_secret(w.hook, by=by),
    "crisis.join": lambda w, by: crisis.join(w.case, by=by),
    "crisis.hand_on": lambda w, by: crisis.hand_on(w.ready, by=by, note="My day is over."),
    "crisis.check": lambda w, by: crisis.check(w.case, by=by, code="method", yes=True, note=""),
    "crisis.note": lambda w, by: crisis.note(w.case, by=by, text="I read it."),
    "crisis.write_to": lambda w, by: crisis.write_to(w.case, by=by, message="Are you safe?"),
    "crisis.called": lambda w, by: crisis.called(w.case, by=by, whom="999", what_was_disclosed="Name", why="her_life"),
    "crisis.close": lambda w, by: crisis.close(w.ready, by=by, outcome="private", note=""),
    "crisis.looked_again": lambda w, by: crisis.looked_again(w.closed.follow_ups.first(), by=by, note="Well."),
    "deciding.approve": lambda w, by: deciding.approve(w.held, by=by, version=1),
    "deciding.reject": lambda w, by: turn_down(w, w.held, by=by),
    "deciding.hide": lambda w, by: deciding.hide(w.live, by=by, version=w.live.version),
    "deciding.restore": lambda w, by: deciding.restore(w.refused, by=by, version=w.refused.version),
    "deciding.mark_spam": lambda w, by: deciding.mark_spam(w.held, by=by, version=1),
    "deciding.keep": lambda w, by: deciding.keep(w.live, by=by, version=w.live.version),
    "deciding.approve_redacted": lambda w, by: deciding.approve_redacted(
        w.held, by=by, version=1, spans=[(0, 2)], message="No."
    ),
    "deciding.ask_to_edit": lambda w, by: deciding.ask_to_edit(
        w.held, by=by, version=1, message="No names.", reason="privacy"
    ),
    "deciding.undo": lambda w, by: deciding.undo(w.decision, by=by),
    "locking.lock": lambda w, by: locking.lock(w.live, by=by, note=""),
    "locking.unlock": lambda w, by: locking.unlock(w.live, by=by, note=""),
    "noting.note": lambda w, by: noting.note(w.held, by=by, text="Seen before."),
    "opening.set_mode": lambda w, by: opening.set_mode(
        w.conversation, by=by, version=w.conversation.version, mode="read_only", closes_at=None, note=""
    ),
    "safety.record_event": lambda w, by: safety.record_event(
        w.untold, by=by, revision=w.untold.current_id, products=[w.drug], events=["hospital"], elements=["event"]
    ),
    "safety.hand_over": lambda w, by: safety.hand_over([w.event], by=by, how="mail"),
    "safety.acknowledge": lambda w, by: safety.acknowledge(w.event, by=by, version=1, number="M-1"),
    "safety.not_an_event": lambda w, by: safety.not_an_event(w.event, by=by, version=1, note="A dream."),
    "safety.add_contact": lambda w, by: safety.add_contact(
        w.drug.page, by=by, sponsor="B", email="b@b.example", hours=24, valid_from=date(2019, 1, 1),
        valid_until=date(2019, 12, 31),
    ),
    "safety.end_contact": lambda w, by: safety.end_contact(w.contact, by=by, on=date(2099, 1, 1)),
    "sanctioning.impose": lambda w, by: sanctioning.impose(
        w.rita, by=by, kind="warning", reason="unkind", message="Please be kind."
    ),
    "sanctioning.lift": lambda w, by: sanctioning.lift(w.sanction, by=by, reason="time"),
    "unsealing.unseal": lambda w, by: unsealing.unseal(
        w.redacted.revisions.get(sealed_at__isnull=False), by=by, reason="An appeal."
    ),
    "wording.publish": lambda w, by: wording.publish(by=by, based_on=w.words.number, changes="None.", entries=[]),
}  # fmt: skip
# What members do with their own, or with what they read; and a question that answers in words.
OF_MEMBERS = {
    "appealing.appeal_sanction", "posting.post", "posting.edit", "posting.withdraw", "posting.appeal", "reacting.find_helpful", "reacting.mark_read",
    "reporting.report", "following.follow", "following.set_mail", "following.leave", "following.mark_seen",
    "crisis.why_not_close",
}  # fmt: skip
ALSO = {
    "asking.answer": (Role.MEDICAL_REVIEWER,),
    "opening.set_mode": (Role.MODERATOR, Role.EDITOR),
    "connecting.add": (Role.ADMINISTRATOR,),
    "connecting.switch_off": (Role.ADMINISTRATOR,),
    "connecting.rotate_secret": (Role.ADMINISTRATOR,),
    "safety.add_contact": (Role.ADMINISTRATOR,),
    "safety.end_contact": (Role.ADMINISTRATOR,),
}
# Where the scene is not at the step that this verb belongs to.
NOT_YET = {"safety.acknowledge", "locking.unlock", "claiming.release"}


def item(world) -> QueueItem:
    return QueueItem.objects.get(comment=world.held, closed_at=None)


def test_the_table_names_every_verb():
    found = set()
    for module in pkgutil.iter_modules(workflow.__path__):
        loaded = importlib.import_module(f"comments.workflow.{module.name}")
        for name, verb in vars(loaded).items():
            ours = inspect.isfunction(verb) and verb.__module__ == loaded.__name__ and not name.startswith("_")
            if ours and "by" in inspect.signature(verb).parameters:
                found.add(f"{module.name}.{name}")
    assert found == set(VERBS) | OF_MEMBERS


def test_no_verb_works_for_anybody_else(world):
    demote(world)
    holes = []
    for name, verb in VERBS.items():
        for who, user in outsiders(world, *ALSO.get(name, (Role.MODERATOR,))).items():
            if user is None:
                continue
            with tried(), nothing_written() as written:
                try:
                    verb(world, user)
                except PermissionDenied:
                    if not written:
                        continue
            holes.append((name, who, written))
    assert holes == []


@pytest.mark.parametrize("name", sorted(VERBS.keys() - NOT_YET))
def test_every_verb_works_for_somebody_who_may(world, name):
    MAY_DO = {Role.MODERATOR: world.max, Role.MEDICAL_REVIEWER: world.ruth, Role.ADMINISTRATOR: world.ada}
    with nothing_written() as written:
        VERBS[name](world, MAY_DO[ALSO.get(name, (Role.MODERATOR,))[0]])
    assert written


class TestOwnMatters:
    """edge case 26"""

    @pytest.mark.parametrize("choice", ["approve", "reject", "spam"])
    def test_her_own_comment_through_the_card(self, world, client, choice):
        client.force_login(world.max)
        sent = {"decision": choice, "version": 1, "lane": LANE, "reason": "other", "message": "x"}
        sent["clause"] = world.rules.clauses.first().pk
        with nothing_written() as written:
            answer = client.post(reverse("comments:decide", args=[world.own.public_id]), sent)
        assert answer.status_code == 403
        assert written == []

    def test_her_own_among_many_is_left_out_and_said(self, world, client):
        client.force_login(world.max)
        chosen = [f"{one.pk}:{one.version}" for one in (world.own, world.held)]
        answer = client.post(
            reverse("comments:bulk", args=["held"]), {"comment": chosen, "act": "approve"}, follow=True
        )
        assert answer.status_code == 200
        outcomes = {row.comment.pk: row.outcome for row in batches.outcomes(Batch.objects.latest("pk"))}
        assert outcomes[world.held.pk] == "done"
        assert outcomes[world.own.pk] != "done"
        assert Comment.objects.get(pk=world.own.pk).status == "held"

    def test_she_is_never_handed_it(self, world):
        mine = [world.own.pk]
        while (given := claiming.take_next(by=world.max)) is not None:
            assert given.comment_id not in mine
            QueueItem.objects.filter(pk=given.pk).update(closed_at=timezone.now())

    def test_an_appeal_of_her_own_decision(self, world, client):
        client.force_login(world.mona)
        for choice in ("restore", "keep"):
            sent = {"decision": choice, "version": world.refused.version, "lane": "appeal"}
            assert client.post(reverse("comments:decide", args=[world.refused.public_id]), sent).status_code == 403
        assert Comment.objects.get(pk=world.refused.pk).status == "rejected"

    def test_a_colleagues_decision_is_not_hers_to_take_back(self, world, client):
        client.force_login(world.mona)
        with nothing_written() as written:
            assert client.post(reverse("comments:undo", args=[world.decision.pk]), {}).status_code == 404
        assert written == []

    def test_nobody_sanctions_themselves_or_a_colleague(self, world, client):
        client.force_login(world.max)
        form = {"kind": "warning", "reason": "unkind", "message": "Be kind."}
        for handle in ("max", "mona", "ada"):
            assert client.post(reverse("comments:sanction", args=[handle]), form).status_code == 403
        assert Sanction.objects.count() == 2

    def test_a_side_effect_in_her_own_words_is_a_colleagues_to_record(self, world):
        with pytest.raises(PermissionDenied):
            safety.record_event(world.own, by=world.max, revision=world.own.current_id, products=[world.drug],
                                events=["sleep"], elements=["event"])  # fmt: skip
        assert AdverseEvent.objects.count() == 1


def test_a_moderator_who_left_in_the_middle_of_a_batch_decides_nothing_more(world):
    """What was frozen under her name stays undone, and says why."""
    batch = batches.start([(world.held.pk, 1)], by=world.former, act="approve", reason="", clause_code="", message="")
    demote(world)
    batches.run(batch)
    assert Comment.objects.get(pk=world.held.pk).status == "held"
    assert not Decision.objects.filter(batch=batch).exists()


def test_the_admin_changes_nothing_of_this_app(world, client):
    """Not for a superuser either: every model of ours that the admin shows is shown only."""
    client.force_login(world.root)
    shown = [(model, site) for model, site in admin.site._registry.items() if model._meta.app_label == "comments"]
    assert {Comment, Decision, QueueItem, Sanction} <= {model for model, _site in shown}
    for model, _site in shown:
        name = f"admin:comments_{model._meta.model_name}"
        row = model.objects.first()
        places = [reverse(f"{name}_add"), reverse(f"{name}_changelist")]
        if row is not None:
            places += [reverse(f"{name}_change", args=[row.pk]), reverse(f"{name}_delete", args=[row.pk])]
        for place in places:
            sent = {
                "status": "live",
                "version": 2,
                "post": "yes",
                "action": "delete_selected",
                "_selected_action": [row and row.pk],
            }
            with nothing_written() as written:
                answer = client.post(place, sent)
            assert written == [], place
            assert answer.status_code < 500, place
