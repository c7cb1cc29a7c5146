"""Random histories of one page: at no step is a byte public whose hash lacks a signature that stands."""

from contextlib import suppress
from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from articles import closure
from articles.models import Draft, Page, Reference, Review, SignOff
from articles.verify import live_pages, publications, signatures
from articles.workflow import publishing, review, writing
from audit.moves import WrongState
from tests import cast

EVERYBODY = ("amara", "edda", "ruth", "raj", "both", "max", "rita", "ada")
WORDS = st.sampled_from(["Rest helps.", "Walking helps.", "Ask your team."])
who = st.sampled_from(EVERYBODY)


class Pipeline(RuleBasedStateMachine):
    """Anybody presses anything, in any order, also from pages that are no longer true."""

    people = None

    @initialize()
    def a_page(self):
        self.page = cast.draft(self.people.amara, title="A page")

    def press(self, verb, *args, **options):
        with suppress(WrongState, PermissionDenied, writing.DraftRefused):
            verb(*args, **options)

    def person(self, name):
        return getattr(self.people, name)

    def draft(self) -> Draft:
        return Draft.objects.get(page=self.page)

    def reviews(self):
        return list(Review.objects.filter(page=self.page).select_related("revision", "page", "policy").order_by("pk"))

    @rule(by=who, words=WORDS, stale=st.booleans())
    def save(self, by, words, stale):
        draft = self.draft()
        content = {**draft.content, "standfirst": words}
        self.press(writing.save_draft, self.page, content, version=draft.version - stale, by=self.person(by))

    @rule(by=who)
    def submit(self, by):
        self.press(writing.submit, self.page, version=self.draft().version, by=self.person(by))

    @rule(by=who, nth=st.integers(0, 4))
    def sign(self, by, nth):
        if reviews := self.reviews():
            chosen = reviews[-1 - nth % len(reviews)]
            self.press(cast.sign, chosen, self.person(by))

    @rule(by=who, nth=st.integers(0, 4))
    def publish(self, by, nth):
        if reviews := self.reviews():
            self.press(publishing.publish, reviews[-1 - nth % len(reviews)], by=self.person(by))

    @rule(by=who, nth=st.integers(0, 4))
    def revoke(self, by, nth):
        if signed := list(SignOff.objects.filter(revision__page=self.page).order_by("pk")):
            self.press(review.revoke, signed[-1 - nth % len(signed)], by=self.person(by), reason="error_found")

    @rule(by=who)
    def withdraw(self, by):
        page = Page.objects.get(pk=self.page.pk)
        self.press(publishing.withdraw, page, by=self.person(by), kind="safety", public_reason="we found an error.")

    @rule(by=who, status=st.sampled_from(["retracted", "reinstated"]))
    def learn_of_a_source(self, by, status):
        if source := Reference.objects.filter(cited_in__revision__page=self.page).order_by("pk").first():
            self.press(review.record_reference_status, source, status=status, by=self.person(by))

    @rule(by=who)
    def block(self, by):
        if reviews := self.reviews():
            self.press(review.add_note, reviews[-1], by=self.person(by), text="Look here.", blocking=True)

    @invariant()
    def what_is_public_is_signed(self):
        page = (
            Page.objects.select_related("live_publication__revision")
            .filter(pk=getattr(self, "page", Page()).pk)
            .first()
        )
        if page is None or page.live_publication is None:
            return
        publication = page.live_publication
        html, _digest = closure.artefact(closure.json.loads(publication.revision.content))
        assert publication.artefact == html
        standing = SignOff.objects.filter(
            revision__page=page,
            content_hash=publication.content_hash,
            revocation=None,
            meaning="medical_review",
            valid_until__gt=timezone.now() - timedelta(seconds=1),
        )
        assert standing.exclude(signer__in=publication.revision.contributors.values("user")).exists()

    @invariant()
    def verify_holds(self):
        assert [*live_pages(), *publications(), *signatures()] == []


def test_no_history_makes_an_unsigned_byte_public(db):
    Pipeline.people = cast.people()
    Pipeline.people.both = cast.person("both", "writer", "editor", "medical_reviewer", name="Bo Both")
    run_state_machine_as_test(Pipeline)
