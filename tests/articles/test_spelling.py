"""Changes of spelling and layout: they lean on the medical signature of the text they spell differently, and move no date."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from articles.models import Page, Publication, ReviewTrigger, Revocation, SignOff
from articles.workflow import calling_back, publishing, review, scheduling, signing, writing
from audit.moves import WrongState
from tests import cast
from tests.articles.test_scheduling import next_revision, run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def only_spelling(monkeypatch) -> None:
    """What counts as spelling is told elsewhere; here every change does."""
    monkeypatch.setattr(writing, "typo_problems", lambda old, new: [])


@pytest.fixture
def people():
    people = cast.people()
    people.eva = cast.person("eva", "editor", name="Eva Stern")
    return people


@pytest.fixture
def page(people, without_triggers) -> Page:
    """Reviewed a while ago, so that a date that moves is seen."""
    page = cast.live_page(people, title="Short nights")
    with without_triggers("articles_publication"):
        Publication.objects.filter(pk=page.live_publication_id).update(
            reviewed_on=timezone.localdate() - timedelta(days=200)
        )
    return Page.objects.get(pk=page.pk)


def send(people, page: Page, **changes):
    page = Page.objects.get(pk=page.pk)
    content = {**page.draft.content, **(changes or {"standfirst": f"Short nights are comon {page.draft.version}."})}
    draft = writing.save_draft(page, content, version=page.draft.version, by=people.amara)
    return writing.submit(page, version=draft.version, by=people.amara, change_class="typo")


def signed(people, page: Page, **changes):
    opened = send(people, page, **changes)
    cast.sign(opened, people.eva)
    opened.refresh_from_db()
    return opened


def published(people, page: Page, **changes) -> Publication:
    return publishing.publish(signed(people, page, **changes), by=people.edda)


def medical(page: Page) -> SignOff:
    return SignOff.objects.get(revision__page=page, meaning="medical_review")


class TestSigning:
    def test_one_editor_who_did_not_write_it_is_enough(self, people, page):
        opened = send(people, page)
        assert [step.code for step in opened.policy.steps.all()] == ["editorial"]
        signature = cast.sign(opened, people.eva)
        assert "differ in spelling, punctuation or layout only" in signature.statement
        opened.refresh_from_db()
        assert opened.status == "approved"

    def test_not_one_who_wrote_it(self, people, page):
        draft = writing.save_draft(page, {**page.draft.content, "standfirst": "Comma."}, version=1, by=people.eva)
        opened = writing.submit(page, version=draft.version, by=people.amara, change_class="typo")
        with pytest.raises(PermissionDenied, match="You wrote part"):
            cast.sign(opened, people.eva)

    @pytest.mark.parametrize("who", ["ruth", "amara", "max", "ada"])
    def test_nor_anybody_else(self, people, page, who):
        with pytest.raises(PermissionDenied):
            cast.sign(send(people, page), getattr(people, who))


class TestPublishing:
    def test_last_reviewed_and_next_due_stay_as_they_were(self, people, page):
        before = page.live_publication
        made = published(people, page)
        assert made.reason == "typo"
        assert (made.reviewed_on, made.next_review_due) == (before.reviewed_on, before.next_review_due)
        assert (made.vouched_hash, made.content_hash == before.content_hash) == (before.content_hash, False)

    def test_it_needs_the_editorial_signature_as_well(self, people, page):
        with pytest.raises(WrongState, match="“editorial” signature is missing"):
            publishing.publish(send(people, page), by=people.edda)

    def test_one_on_the_other_leans_on_the_text_that_was_reviewed(self, people, page):
        first = page.live_publication
        published(people, page)
        second = published(people, page)
        assert second.review.leans_on == first.review
        assert (second.vouched_hash, second.reviewed_on) == (first.content_hash, first.reviewed_on)

    def test_not_once_the_medical_signature_has_run_out(self, people, page, without_triggers):
        opened = signed(people, page)
        with without_triggers("articles_signoff"):
            SignOff.objects.filter(pk=medical(page).pk).update(
                signed_at=timezone.now() - timedelta(days=1200), valid_until=timezone.now() - timedelta(days=1)
            )
        with pytest.raises(WrongState, match="“medical” signature is missing or no longer stands"):
            publishing.publish(opened, by=people.edda)

    def test_nor_once_it_was_taken_back(self, people, page):
        opened = signed(people, page)
        signing.revoke(medical(page), by=people.ruth, reason="error_found")
        with pytest.raises(WrongState, match="“medical” signature"):
            publishing.publish(opened, by=people.edda)

    def test_it_settles_nothing(self, people, page):
        trigger = calling_back.open_trigger(page, source_kind="report", source_id="7", severity="review")
        published(people, page)
        trigger.refresh_from_db()
        assert trigger.resolved_at is None

    def test_a_planned_one_asks_for_the_medical_signature_at_its_time(self, people, page):
        planned = scheduling.schedule(signed(people, page), at=timezone.now() + timedelta(hours=1), by=people.edda)
        signing.revoke(medical(page), by=people.ruth, reason="error_found")
        run(planned)
        assert planned.status == "refused"
        assert Page.objects.get(pk=page.pk).live_publication is None

    def test_a_page_that_is_not_public_gets_none(self, people, page):
        publishing.withdraw(page, by=people.edda, kind="other", public_reason="we looked at a complaint.")
        with pytest.raises(writing.NotReady, match="Only a public page"):
            send(people, page)

    def test_overtaken_by_a_new_text_it_comes_back_only_as_a_return(self, people, page):
        opened = signed(people, page)
        publishing.publish(next_revision(people, page), by=people.edda)
        assert publishing.is_rollback(opened)
        made = publishing.publish(opened, by=people.edda)
        assert made.reason == "rollback"
        assert made.reviewed_on == page.live_publication.reviewed_on

    def test_reading_it_anew_is_asked_of_a_whole_revision(self, people, page):
        published(people, page)
        with pytest.raises(WrongState, match="change of spelling"):
            review.review_again(page, by=people.edda)


class TestTakingTheMedicalSignatureBack:
    def test_the_page_goes_down_though_its_bytes_are_others(self, people, page):
        published(people, page)
        published(people, page)
        signing.revoke(medical(page), by=people.ruth, reason="error_found")
        page.refresh_from_db()
        assert page.live_publication is None
        assert page.withdrawals.get().kind == "review_withdrawn"

    def test_also_past_the_verb(self, people, page):
        published(people, page)
        Revocation.objects.bulk_create([Revocation(sign_off=medical(page), by=people.ruth, reason="doubt")])
        assert Page.objects.get(pk=page.pk).live_publication is None

    def test_the_editorial_one_takes_it_down_too(self, people, page):
        made = published(people, page)
        signing.revoke(made.review.sign_offs.get(), by=people.eva, reason="signed_by_mistake")
        assert Page.objects.get(pk=page.pk).live_publication is None


class TestRefusingTheClass:
    def test_it_ends_the_review_and_the_same_text_is_not_sent_as_spelling_again(self, people, page):
        opened = send(people, page)
        review.refuse_class(opened, by=people.eva, version=opened.version)
        assert (opened.status, opened.class_refused) == ("changes_asked", True)
        draft = Page.objects.get(pk=page.pk).draft
        with pytest.raises(writing.NotReady, match="more than a change of spelling"):
            writing.submit(page, version=draft.version, by=people.amara, change_class="typo")
        as_it_is = writing.submit(page, version=draft.version, by=people.amara, change_class="minor")
        assert [step.code for step in as_it_is.policy.steps.all()] == ["medical"]

    def test_another_text_may_be(self, people, page):
        opened = send(people, page)
        review.refuse_class(opened, by=people.eva, version=opened.version)
        assert published(people, page, standfirst="Short nights are common. Here is what can help!").reason == "typo"

    def test_it_publishes_nothing(self, people, page):
        opened = send(people, page)
        review.refuse_class(opened, by=people.eva, version=opened.version)
        with pytest.raises(WrongState, match="more than a change of spelling"):
            publishing.publish(opened, by=people.edda)

    def test_only_of_such_a_change_and_not_by_its_writer(self, people, page):
        opened = send(people, page)
        with pytest.raises(PermissionDenied):
            review.refuse_class(opened, by=people.amara, version=opened.version)
        other = cast.open_review(people, title="Another page")
        with pytest.raises(WrongState, match="not sent as a change of spelling"):
            review.refuse_class(other, by=people.ruth, version=other.version)
        assert not ReviewTrigger.objects.exists()
