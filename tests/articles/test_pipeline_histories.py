"""Random histories of one page by everybody: what is public is signed, and nothing else medical leaks out beside it.

Whatever anybody writes carries a word of its own, so that the pages readers get can be searched for words that should
not be there.
"""

import json
import re
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from itertools import count

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from articles import closure, vouching
from articles.models import (
    Draft,
    Note,
    Page,
    Publication,
    PublicNotice,
    Reference,
    Review,
    SignOff,
    Withdrawal,
)
from articles.verify import publications, signatures
from articles.verify_live import live_pages
from articles.workflow import calling_back, publishing, review, scheduling, signing, writing
from audit.moves import WrongState
from audit.seals import seals
from tests import cast

EVERYBODY = ("amara", "edda", "eve", "ruth", "raj", "both", "max", "rita", "ada")
who = st.sampled_from(EVERYBODY)


def mostly(*right: str):
    """Half of the time somebody who may, so that histories get somewhere; else anybody."""
    return st.one_of(st.sampled_from(right), who)


nth = st.integers(0, 4)
TOKEN = re.compile(r"tok\d+x")
SIGNED_ZONE = re.compile(r"<article[^>]* data-signed=.*?</article>", re.DOTALL)
REFUSALS = (WrongState, PermissionDenied, ValidationError, writing.DraftRefused)


class Pipeline(RuleBasedStateMachine):
    """Anybody presses anything, in any order, also from pages that are no longer true."""

    people = None
    clock = None
    reached: Counter[str] = Counter()

    def __init__(self):
        super().__init__()
        self.tokens = (f"tok{number}x" for number in count(1))
        self.readers = Client()

    @initialize()
    def a_page(self):
        # Nothing outlives the test, so one world serves all histories, each with a page of its own.
        self.page = cast.draft(self.people.amara, title=f"A page {next(self.tokens)}")
        self.the_usual_way("material", "publish")

    def press(self, verb, *args, **options):
        with suppress(*REFUSALS):
            verb(*args, **options)

    def person(self, name):
        people = getattr(self.people, name)
        people.__dict__.pop("role_codes", None)
        return people

    def draft(self) -> Draft:
        return Draft.objects.get(page=self.page)

    def chosen(self, number: int) -> Review | None:
        reviews = list(
            Review.objects.filter(page=self.page)
            .select_related("revision", "page", "policy", "leans_on")
            .order_by("pk")
        )
        return reviews[-1 - number % len(reviews)] if reviews else None

    # Writing

    @rule(by=mostly("amara"), stale=st.booleans(), field=st.sampled_from(["title", "standfirst"]))
    def save(self, by, stale, field):
        draft = self.draft()
        content = {**draft.content, field: f"Rest helps {next(self.tokens)}"}
        self.press(writing.save_draft, self.page, content, version=draft.version - stale, by=self.person(by))

    @rule(by=who)
    def autosave_without_a_change(self, by):
        draft = self.draft()
        self.press(writing.save_draft, self.page, draft.content, version=draft.version, by=self.person(by))

    @rule(by=mostly("amara"), slug=st.sampled_from(["one-name", "another-name"]))
    def rename(self, by, slug):
        draft = self.draft()
        self.press(
            writing.save_draft, self.page, {**draft.content, "slug": f"{slug}-{self.page.pk}"}, version=draft.version,
            by=self.person(by),
        )  # fmt: skip

    @rule(by=mostly("amara"), change_class=st.sampled_from(["material", "minor", "typo", "correction"]))
    def submit(self, by, change_class):
        self.press(
            writing.submit, self.page, version=self.draft().version, by=self.person(by), change_class=change_class,
            change_note=f"A note {next(self.tokens)}",
        )  # fmt: skip

    # Review

    @rule(by=mostly("ruth"), nth=nth)
    def sign(self, by, nth):
        if chosen := self.chosen(nth):
            self.press(cast.sign, chosen, self.person(by))

    @rule(by=mostly("ruth"), nth=nth)
    def revoke(self, by, nth):
        if signed := list(SignOff.objects.filter(revision__page=self.page).order_by("pk")):
            self.press(signing.revoke, signed[-1 - nth % len(signed)], by=self.person(by), reason="error_found")

    @rule(by=who, quick=st.booleans())
    def note(self, by, quick):
        if chosen := self.chosen(0):
            self.press(review.add_note, chosen, by=self.person(by), text=f"Look {next(self.tokens)}", blocking=quick)

    @rule(by=mostly("edda"))
    def settle_notes(self, by):
        for note in Note.objects.filter(review__page=self.page, resolved_at=None):
            self.press(review.resolve_note, note, by=self.person(by))

    @rule(by=who)
    def ask_for_changes(self, by):
        if chosen := self.chosen(0):
            text = f"Change {next(self.tokens)}"
            self.press(review.ask_for_changes, chosen, by=self.person(by), text=text, version=chosen.version)

    @rule(by=who)
    def refuse_the_class(self, by):
        if chosen := self.chosen(0):
            self.press(review.refuse_class, chosen, by=self.person(by), version=chosen.version)

    @rule(by=mostly("edda"))
    def review_again(self, by):
        self.press(review.review_again, self.page, by=self.person(by))

    # Publishing

    @rule(by=mostly("edda"), nth=nth)
    def publish(self, by, nth):
        if chosen := self.chosen(nth):
            notice = f"We mended it {next(self.tokens)}"
            self.press(publishing.publish, chosen, by=self.person(by), notice=notice, old_address=True)

    @rule(by=mostly("edda"), nth=nth, hours=st.integers(1, 30))
    def schedule(self, by, nth, hours):
        if chosen := self.chosen(nth):
            at = timezone.now() + timedelta(hours=hours)
            self.press(scheduling.schedule, chosen, at=at, by=self.person(by), notice=f"Planned {next(self.tokens)}")

    @rule(hours=st.integers(1, 40))
    def time_passes_and_the_scheduler_wakes(self, hours):
        self.clock.shift(timedelta(hours=hours))
        scheduling.publish_due()

    @rule(by=mostly("edda"))
    def withdraw(self, by):
        page = Page.objects.get(pk=self.page.pk)
        reason = f"we found an error {next(self.tokens)}."
        self.press(publishing.withdraw, page, by=self.person(by), kind="safety", public_reason=reason)

    @rule(by=mostly("edda"))
    def post_a_notice(self, by):
        text = f"Ask your team {next(self.tokens)}"
        self.press(publishing.post_notice, self.page, by=self.person(by), kind="safety", text=text)

    @rule(
        change_class=st.sampled_from(["material", "typo", "correction"]),
        last=st.sampled_from(["publish", "wait", ""]),
    )
    def everybody_does_what_they_should(self, change_class, last):
        self.the_usual_way(change_class, last)

    @rule(nth=st.integers(1, 3))
    def back_to_an_earlier_revision(self, nth):
        self.settle_notes("edda")
        self.publish("edda", nth)

    def the_usual_way(self, change_class, last):
        """Everybody does what they should, so that histories get somewhere."""
        draft = self.draft()
        title = draft.content["title"]
        if change_class == "typo":
            title = title.replace("sleeping", "sleeeping") if "sleeeping" not in title else title.replace("eee", "ee")
        else:
            title = f"{re.sub(r' sle+ping.*', '', title)} sleeping {next(self.tokens)}"
        content = {**draft.content, "title": title}
        self.press(writing.save_draft, self.page, content, version=draft.version, by=self.people.amara)
        self.submit("amara", change_class)
        self.settle_notes("edda")
        self.sign("ruth", 0)
        self.sign("eve", 0)
        if last == "publish":
            self.publish("edda", 0)
        elif last == "wait":
            self.schedule("edda", 0, 1)
            self.time_passes_and_the_scheduler_wakes(2)

    # The world

    @rule(by=who, status=st.sampled_from(["retracted", "reinstated", "concern"]))
    def learn_of_a_source(self, by, status):
        if source := Reference.objects.filter(cited_in__revision__page=self.page).order_by("pk").first():
            self.press(calling_back.record_reference_status, source, status=status, by=self.person(by))

    @rule()
    def a_reader_reports(self):
        self.press(calling_back.report_error, self.page, kind="fact", text=f"Wrong {next(self.tokens)}")

    # What must always hold

    @invariant()
    def what_is_public_is_signed(self):
        page = Page.objects.select_related("live_publication__revision", "live_publication__review").get(
            pk=self.page.pk
        )
        self.reached.update(page.publications.values_list("reason", flat=True))
        self.reached.update(f"schedule {status}" for status in page.schedules.values_list("status", flat=True))
        self.reached.update(page.withdrawals.values_list("kind", flat=True))
        if page.live_publication is None:
            return
        publication = page.live_publication
        assert publication.artefact == closure.artefact(json.loads(publication.revision.content))[0]
        for one in vouching.rests_on(publication.review):
            for step in one.policy.steps.all():
                stand = SignOff.objects.filter(
                    revision__page=page,
                    step=step,
                    content_hash=one.content_hash,
                    revocation=None,
                    signed_at__lte=publication.published_at,
                    valid_until__gt=publication.published_at,
                ).exclude(signer__in=one.revision.contributors.values("user"))
                assert stand.exists(), f"{step} of {one} does not stand"
        assert any(
            step.code == "medical" for one in vouching.rests_on(publication.review) for step in one.policy.steps.all()
        )

    @invariant()
    def readers_get_those_bytes_and_no_other_medical_words(self):
        page = Page.objects.select_related("live_publication").get(pk=self.page.pk)
        live = page.live_publication
        address = page.get_absolute_url()
        answer = self.readers.get(address)
        assert (answer.status_code == 200) == (live is not None)
        zone = SIGNED_ZONE.findall(answer.text)
        if live:
            assert len(zone) == 1
            assert f'data-signed="{live.content_hash}"' in zone[0]
        vouched = {token for one in Publication.objects.filter(live_on__isnull=False) for token in tokens_in(one)}
        told = set(TOKEN.findall(" ".join(PublicNotice.objects.filter(page=page).values_list("text", flat=True))))
        told |= set(
            TOKEN.findall(" ".join(Withdrawal.objects.filter(page=page).values_list("public_reason", flat=True)))
        )
        assert set(TOKEN.findall(answer.text)) <= vouched | told
        # The history tells titles of what was public and who signed it, and no word of anything else.
        once_public = {token for one in page.publications.all() for token in tokens_in(one)}
        assert set(TOKEN.findall(self.readers.get(f"{address}history/").text)) <= once_public | told
        for publication in page.publications.all():
            shown = self.readers.get(f"{address}history/{publication.number}/")
            assert shown.status_code == 200 or not (set(TOKEN.findall(shown.text)) - vouched - told)
            if shown.status_code == 200:
                assert SIGNED_ZONE.findall(shown.text)[0].startswith(publication.artefact[:200])
                medical = SignOff.objects.filter(
                    revision__page=page,
                    content_hash=publication.vouched_hash,
                    meaning="medical_review",
                    revocation=None,
                )
                assert medical.exists(), f"{publication} is shown without a medical signature"

    def teardown(self):
        """Once at the end: lists show live words only, and everything can be recomputed."""
        vouched = {token for one in Publication.objects.filter(live_on__isnull=False) for token in tokens_in(one)}
        for path in ("/", "/articles/"):
            assert set(TOKEN.findall(self.readers.get(path).text)) <= vouched
        assert [*live_pages(), *publications(), *signatures(), *seals()] == []


def tokens_in(publication: Publication) -> set[str]:
    return set(TOKEN.findall(f"{publication.title} {publication.standfirst} {publication.artefact}"))


@pytest.fixture
def clock():
    with time_machine.travel(timezone.now(), tick=True) as traveller:
        yield traveller


def meet_everybody() -> None:
    Pipeline.people = cast.people()
    Pipeline.people.both = cast.person("both", "writer", "editor", "medical_reviewer", name="Bo Both")
    Pipeline.people.eve = cast.person("eve", "editor", name="Eve Ring")


def run(examples: int | None = None) -> None:
    meet_everybody()
    chosen = {"suppress_health_check": [HealthCheck.too_slow], "stateful_step_count": 25}
    run_state_machine_as_test(
        Pipeline, settings=settings(max_examples=examples, **chosen) if examples else settings(**chosen)
    )


def test_no_history_makes_an_unsigned_byte_public(db, clock):
    Pipeline.clock = clock
    Pipeline.reached.clear()
    run(8)
    # It would prove little if no history ever got anywhere.
    assert {"new", "update"} < set(Pipeline.reached), Pipeline.reached
    assert {"safety", "review_withdrawn"} & set(Pipeline.reached), Pipeline.reached


def test_one_history_that_goes_everywhere(db, clock):
    """The same machine, played from a score, so that every kind of publication and end is among what is checked."""
    Pipeline.clock = clock
    meet_everybody()
    Pipeline.reached.clear()
    machine = Pipeline()
    machine.a_page()
    for act in (
        lambda: machine.the_usual_way("material", "publish"),
        lambda: machine.the_usual_way("typo", "publish"),
        lambda: machine.the_usual_way("correction", "publish"),
        lambda: machine.publish("edda", 2),
        lambda: machine.the_usual_way("material", "wait"),
        lambda: machine.review_again("edda"),
        lambda: machine.sign("raj", 0),
        lambda: machine.publish("edda", 0),
        lambda: machine.the_usual_way("minor", ""),
        lambda: machine.schedule("edda", 0, 5),
        lambda: machine.withdraw("edda"),
        lambda: machine.time_passes_and_the_scheduler_wakes(6),
        lambda: machine.publish("edda", 0),
        lambda: machine.revoke("ruth", 0),
    ):
        act()
        machine.what_is_public_is_signed()
        machine.readers_get_those_bytes_and_no_other_medical_words()
    machine.teardown()
    assert set(Pipeline.reached) >= {
        "new", "update", "typo", "correction", "rollback", "reaffirmed", "safety", "review_withdrawn", "schedule done",
        "schedule refused",
    }  # fmt: skip


@pytest.mark.soak
def test_nor_does_a_long_one(db, clock):
    Pipeline.clock = clock
    run()
