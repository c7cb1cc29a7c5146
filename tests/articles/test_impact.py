"""What leans on a source: pages, places, signatures, and revisions that are not public yet."""

import pytest

from articles import impact
from articles.models import Page, Reference, ReferenceAcknowledgement, Review
from articles.workflow import calling_back, publishing, review, signing, writing
from audit.moves import move
from tests import cast


@pytest.fixture
def people(db):
    return cast.people()


def shared(title: str, **options) -> dict:
    """A draft whose first source is the one all these tests look at."""
    made = cast.content(title=title, **options)
    made["references"][0]["csl"]["DOI"] = "10.5555/shared"
    return made


def live(people, title: str, **options) -> Page:
    return cast.live_page(people, **shared(title, **options), **options)


def of_shared() -> impact.Impact:
    reference = Reference.objects.get(value="10.5555/shared")
    return impact.of([reference])[reference.pk]


class TestLive:
    def test_every_page_place_and_signature(self, people):
        page = live(people, "One")
        live(people, "Two")
        cast.live_page(people, title="Another")
        found = of_shared()
        assert [one.title for one in found.live] == ["One", "Two"]
        one = found.live[0]
        assert (one.url, one.kind, one.revision, one.numbers, one.count) == (
            page.get_absolute_url(),
            "Article",
            1,
            [1],
            3,
        )
        assert [(place.text, place.marker) for place in one.places] == [
            ("Many people sleep badly at first.", "1"),
            ("Light in the morning", "1"),
            ("Tell your team when it lasts longer than four weeks.", "1-3"),
        ]
        blocks = {block["attrs"]["node_id"] for block in page.draft.content["body"]["content"]}
        assert {place.node_id for place in one.places} <= blocks
        assert [(by.name, by.credentials) for by in one.signatures] == [("Ruth Adeyemi", "MD")]
        assert (found.places, found.signers) == (6, ["Ruth Adeyemi"])

    @pytest.mark.parametrize("kind", [Page.Kind.DRUG, Page.Kind.SUBTYPE])
    def test_entries_count_as_articles_do(self, people, kind):
        live(people, "Entry", kind=kind)
        assert [one.page.kind for one in of_shared().live] == [kind]

    def test_the_approval_of_a_drug_is_a_place(self, people):
        made = shared("Nomab", kind=Page.Kind.DRUG)
        approval = {
            "date": "2020-01-02",
            "what": "For early disease",
            "jurisdiction": "EU",
            "ref": made["references"][0]["uid"],
        }
        made["facts"]["approvals"] = [approval]
        cast.live_page(people, kind=Page.Kind.DRUG, **made)
        (one,) = of_shared().live
        assert (one.count, one.places[-1]) == (
            4, impact.Place("facts.approvals", "2020-01-02, For early disease, EU", "1"),
        )  # fmt: skip

    def test_one_page_may_list_the_source_twice(self, people):
        made = shared("Twice")
        made["references"][1]["csl"]["DOI"] = "https://doi.org/10.5555/SHARED"
        cast.live_page(people, **made)
        (one,) = of_shared().live
        assert (one.numbers, one.count, [place.marker for place in one.places]) == ([1, 2], 5, ["1", "2,3", "1", "1-3"])

    def test_a_page_that_came_down_leans_on_nothing(self, people):
        page = live(people, "One")
        signing.revoke(page.live_publication.review.sign_offs.get(), by=people.ruth, reason="error_found")
        assert (of_shared().live, of_shared().places) == ([], 0)

    def test_a_revoked_signature_is_none(self, people):
        page = live(people, "One")
        signing.revoke(page.live_publication.review.sign_offs.get(), by=people.ruth, reason="other")
        opened = writing.submit(page, version=page.draft.version, by=people.amara)
        assert opened.content_hash == page.live_publication.content_hash
        cast.sign(opened, people.raj)
        opened.refresh_from_db()
        publishing.publish(opened, by=people.edda)
        assert [by.name for by in of_shared().live[0].signatures] == ["Raj Patel"]


class TestPending:
    def test_an_open_review_and_a_signed_revision_are_named(self, people):
        cast.open_review(people, **shared("Waiting"))
        cast.signed_review(people, **shared("Signed"))
        given_up = cast.open_review(people, **shared("Given up"))
        move(given_up, Review.Status.CANCELLED, by=people.amara, verb="review.cancelled")
        cast.draft(people.amara, **shared("Draft"))
        assert {(one.title, one.review.status, one.number) for one in of_shared().pending} == {
            ("Waiting", "open", 1), ("Signed", "approved", 1),
        }  # fmt: skip

    def test_only_the_newest_revision_of_a_page_counts(self, people):
        page = live(people, "One")
        made = shared("One, again", slug=page.slug)
        writing.save_draft(page, made, version=page.draft.version, by=people.amara)
        opened = writing.submit(page, version=Page.objects.get(pk=page.pk).draft.version, by=people.amara)
        assert [(one.number, one.title) for one in of_shared().pending] == [(2, "One, again")]
        review.ask_for_changes(opened, by=people.ruth, text="Another source.", version=1)
        assert [one.review.status for one in of_shared().pending] == ["changes_asked"]
        page = Page.objects.get(pk=page.pk)
        others = cast.content(title="One, without", slug=page.slug)
        writing.save_draft(page, others, version=page.draft.version, by=people.amara)
        writing.submit(page, version=Page.objects.get(pk=page.pk).draft.version, by=people.amara)
        assert of_shared().pending == []

    def test_an_acknowledgement_is_shown(self, people):
        opened = cast.open_review(people, **shared("Waiting"))
        reference = Reference.objects.get(value="10.5555/shared")
        assert not of_shared().pending[0].acknowledged
        ReferenceAcknowledgement.objects.create(
            revision=opened.revision, reference=reference, by=people.ruth, reason="Cited as the retracted trial."
        )
        assert of_shared().pending[0].acknowledged


class TestQuestions:
    def test_five_queries_whatever_the_number_of_pages(self, people, django_assert_num_queries):
        for count in (1, 4):
            for n in range(count):
                live(people, f"Page {count} {n}")
            references = list(Reference.objects.all())
            with django_assert_num_queries(5):
                found = impact.of(references)
            assert len(found) == len(references)

    def test_no_source_is_no_question_too_many(self, db, django_assert_max_num_queries):
        with django_assert_max_num_queries(5):
            assert impact.of([]) == {}


class TestForesight:
    @pytest.mark.parametrize("risk", Page.Risk.values)
    @pytest.mark.parametrize("status", [status for status in Reference.Status.values if status != "ok"])
    def test_it_says_what_then_happens(self, people, status, risk):
        page = live(people, "One")
        Page.objects.filter(pk=page.pk).update(risk=risk)
        (one,) = impact.foresee(of_shared(), status).live
        calling_back.record_reference_status(of_shared().reference, status=status, by=people.ruth)
        assert one.severity == page.triggers.get().severity
        page.refresh_from_db()
        assert ("taken down" in one.effect) is (page.live_publication is None)

    def test_without_a_status_nothing_is_foreseen(self, people):
        live(people, "One")
        assert [(one.severity, one.effect) for one in of_shared().live] == [("", "")]
