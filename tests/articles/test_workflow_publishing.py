"""Publishing, withdrawing and notices: who may, who may not, and what happens twice."""

import json

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from articles import projections, vouching
from articles.models import Citation, DrugFacts, Mention, Page, Publication, Redirect, SiteVersion, SubtypeFacts
from articles.signals import page_published, page_withdrawn
from articles.workflow import publishing, writing
from audit.models import Entry
from audit.moves import WrongState
from tests import cast


@pytest.fixture
def people(db):
    return cast.people()


def republish(people, page: Page, **changes) -> Publication:
    draft = writing.save_draft(page, {**page.draft.content, **changes}, version=page.draft.version, by=people.amara)
    again = writing.submit(page, version=draft.version, by=people.amara)
    # A text that was signed before keeps its signatures.
    if again.status == again.Status.OPEN:
        cast.sign(again, people.ruth)
    return publishing.publish(again, by=people.edda)


class TestPublish:
    def test_it_makes_exactly_the_signed_bytes_public(self, people):
        signed = cast.signed_review(people, title="Short nights")
        publication = publishing.publish(signed, by=people.edda)
        page = Page.objects.get(pk=signed.page_id)
        assert page.live_publication == publication
        assert f'data-signed="{signed.content_hash}"' in publication.artefact
        assert (publication.title, publication.number, publication.reason) == ("Short nights", 1, "new")
        assert Entry.objects.last().verb == "page.published"

    def test_it_refuses_an_unsigned_revision(self, people):
        with pytest.raises(WrongState, match="signature is missing"):
            publishing.publish(cast.open_review(people), by=people.edda)
        assert not Publication.objects.exists()

    @pytest.mark.parametrize("who", ["amara", "ruth", "max", "rita", "ada"])
    def test_it_refuses_everybody_but_an_editor(self, people, who):
        with pytest.raises(PermissionDenied):
            publishing.publish(cast.signed_review(people), by=getattr(people, who))

    def test_it_refuses_a_second_press(self, people):
        signed = cast.signed_review(people)
        publishing.publish(signed, by=people.edda)
        with pytest.raises(WrongState, match="public already"):
            publishing.publish(signed, by=people.edda)
        assert Publication.objects.count() == 1

    def test_an_edit_after_the_signature_does_not_go_live(self, people):
        """The failure this system was built against: what is published is what was signed, not what was saved last."""
        signed = cast.signed_review(people, title="Signed words")
        page = signed.page
        writing.save_draft(page, {**page.draft.content, "title": "Never signed"}, version=1, by=people.amara)
        publishing.publish(signed, by=people.edda)
        assert Page.objects.get(pk=page.pk).live_publication.title == "Signed words"

    def test_the_old_address_redirects_and_is_not_given_to_another_page(self, people):
        page = cast.live_page(people, title="First name")
        republish(people, page, slug="second-name")
        assert Redirect.objects.get().slug == "first-name"
        assert cast.draft(people.amara, title="First name").slug == "first-name-2"

    def test_going_back_to_an_old_address_frees_its_redirect(self, people):
        page = cast.live_page(people, title="First name")
        republish(people, page, slug="second-name")
        republish(people, Page.objects.get(pk=page.pk), slug="first-name")
        assert list(Redirect.objects.values_list("slug", flat=True)) == ["second-name"]

    def test_the_versions_of_page_and_site_move(self, people):
        before = SiteVersion.objects.get().number
        page = cast.live_page(people)
        assert page.version > 1
        assert SiteVersion.objects.get().number > before

    def test_the_apps_above_are_told_inside_the_transaction(self, people):
        told = []

        def receiver(**news):
            told.append((news["page"].live_publication, news["publication"]))

        page_published.connect(receiver)
        try:
            page = cast.live_page(people)
        finally:
            page_published.disconnect(receiver)
        assert told == [(page.live_publication, page.live_publication)]


class TestWithdraw:
    @pytest.mark.parametrize("who", ["edda", "ruth"])
    def test_one_person_takes_it_down_at_once(self, people, who):
        page = cast.live_page(people)
        withdrawal = publishing.withdraw(
            page, by=getattr(people, who), kind="safety", public_reason="a dose was wrong."
        )
        assert Page.objects.get(pk=page.pk).live_publication is None
        assert withdrawal.publication.page == page
        assert not Citation.objects.exists()

    @pytest.mark.parametrize("who", ["amara", "max", "rita"])
    def test_it_refuses_others(self, people, who):
        with pytest.raises(PermissionDenied):
            publishing.withdraw(cast.live_page(people), by=getattr(people, who), kind="safety", public_reason="x")

    def test_it_needs_a_public_reason_and_works_once(self, people):
        page = cast.live_page(people)
        with pytest.raises(ValidationError):
            publishing.withdraw(page, by=people.edda, kind="safety", public_reason=" ")
        publishing.withdraw(page, by=people.edda, kind="safety", public_reason="a dose was wrong.")
        with pytest.raises(WrongState):
            publishing.withdraw(page, by=people.edda, kind="safety", public_reason="a dose was wrong.")

    def test_the_same_signed_revision_can_be_published_again(self, people):
        page = cast.live_page(people)
        signed = page.live_publication.review
        publishing.withdraw(page, by=people.edda, kind="other", public_reason="we looked at a complaint.")
        publishing.publish(signed, by=people.edda)
        assert Page.objects.get(pk=page.pk).live_publication.number == 2

    def test_the_apps_above_are_told(self, people):
        told = []

        def receiver(**news):
            told.append(news["page"])

        page = cast.live_page(people)
        page_withdrawn.connect(receiver)
        try:
            publishing.withdraw(page, by=people.edda, kind="safety", public_reason="a dose was wrong.")
        finally:
            page_withdrawn.disconnect(receiver)
        assert told == [page]


class TestNotice:
    def test_it_is_public_at_once(self, people):
        page = cast.live_page(people)
        before = page.version
        notice = publishing.post_notice(page, by=people.edda, kind="safety", text=" Ask your team first. ")
        assert (notice.text, Page.objects.get(pk=page.pk).version) == ("Ask your team first.", before + 1)

    def test_it_refuses_writers_and_long_or_empty_text(self, people):
        page = cast.live_page(people)
        with pytest.raises(PermissionDenied):
            publishing.post_notice(page, by=people.amara, kind="safety", text="x")
        for text in ("", "x" * 501):
            with pytest.raises(ValidationError):
                publishing.post_notice(page, by=people.edda, kind="safety", text=text)


class TestProjections:
    def test_citations_carry_numbers_and_counts(self, people):
        page = cast.live_page(people)
        rows = list(page.live_publication.citations.order_by("number").values_list("number", "count"))
        assert rows == [(1, 3), (2, 2), (3, 2)]

    def test_a_drug_entry_lists_its_facts_and_loses_them_when_withdrawn(self, people):
        subtype = cast.live_page(people, kind="subtype", title="HER2-example")
        content = cast.content("Veltrana", kind="drug")
        content["facts"]["subtypes"] = [subtype.uid]
        content["facts"]["approvals"] = [
            {
                "date": "2022-08",
                "what": "For a made-up use",
                "jurisdiction": "US",
                "ref": content["references"][0]["uid"],
            }
        ]
        drug = writing.create_page("drug", content, by=people.amara)
        signed = cast.signed_review(people, review=writing.submit(drug, version=1, by=people.amara))
        publishing.publish(signed, by=people.edda)
        facts = DrugFacts.objects.get()
        assert (facts.brand, facts.class_slug, facts.approvals.get().date) == ("Veltrana", "antibody", "2022-08")
        assert facts.subtypes.get().subtype == subtype
        assert SubtypeFacts.objects.get().name == "HER2-example"
        publishing.withdraw(drug, by=people.edda, kind="safety", public_reason="x.")
        assert not DrugFacts.objects.exists()
        assert not Mention.objects.exists()

    def test_they_can_be_rebuilt_at_any_time(self, people):
        page = cast.live_page(people)
        before = list(Citation.objects.values_list("publication", "reference", "number", "count"))
        Citation.objects.all().delete()
        projections.rebuild(page)
        assert list(Citation.objects.values_list("publication", "reference", "number", "count")) == before


def test_two_editors_publish_at_once_and_one_publication_results(committed_db):
    people = cast.people()
    signed = cast.signed_review(people)
    results = committed_db.race(lambda n: publishing.publish(signed, by=people.edda))
    assert len([one for one in results if isinstance(one, Publication)]) == 1, results
    assert Publication.objects.count() == 1


def test_a_page_that_leans_on_an_entry_is_signed_with_the_entrys_hash(people):
    drug = cast.live_page(people, kind="drug", title="Veltrana")
    content = cast.content("Mentions it")
    content["body"]["content"][1]["content"].append({"type": "drug", "attrs": {"page": drug.uid, "form": "full"}})
    page = writing.create_page("article", content, by=people.amara)
    opened = writing.submit(page, version=1, by=people.amara)
    assert json.loads(opened.revision.content)["pages"][drug.uid]["hash"] == drug.live_publication.content_hash
    publication = publishing.publish(cast.signed_review(people, review=opened), by=people.edda)
    assert '<a class="drug" href="/drugs/veltrana/"' in publication.artefact
    assert vouching.steps_left(opened) == []
