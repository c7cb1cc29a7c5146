"""From a draft to a frozen revision: who may, who may not, and what happens twice."""

import json

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from articles import closure
from articles.models import Draft, Page, Reference, Review, Revision
from articles.workflow import writing
from audit.models import Entry
from audit.moves import WrongState
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return cast.people()


class TestCreate:
    def test_it_makes_a_page_with_a_draft_and_an_entry(self, people):
        page = cast.draft(people.amara, title="Tired all day")
        assert (page.slug, page.draft.version, page.draft.updated_by) == ("tired-all-day", 1, people.amara)
        assert Entry.objects.get().verb == "page.created"

    def test_it_numbers_a_slug_that_is_taken(self, people):
        slugs = [cast.draft(people.amara, title="Tired all day").slug for _ in range(3)]
        assert slugs == ["tired-all-day", "tired-all-day-2", "tired-all-day-3"]

    @pytest.mark.parametrize("who", ["rita", "max", "ruth", "ada"])
    def test_it_refuses_people_who_do_not_write(self, people, who):
        with pytest.raises(PermissionDenied):
            cast.draft(getattr(people, who))

    def test_it_refuses_what_is_no_document_of_ours(self, people):
        content = cast.content()
        content["body"]["content"].append({"type": "script", "attrs": {}})
        with pytest.raises(writing.DraftRefused):
            writing.create_page("article", content, by=people.amara)
        assert not Page.objects.exists()


class TestSave:
    def test_it_replaces_the_draft_and_counts_on(self, people):
        page = cast.draft(people.amara)
        saved = writing.save_draft(page, {**page.draft.content, "title": "Another title"}, version=1, by=people.edda)
        assert (saved.title, saved.version, saved.updated_by) == ("Another title", 2, people.edda)

    def test_it_overwrites_nothing_from_a_stale_page(self, people):
        page = cast.draft(people.amara)
        writing.save_draft(page, {**page.draft.content, "title": "First"}, version=1, by=people.amara)
        with pytest.raises(WrongState):
            writing.save_draft(page, {**page.draft.content, "title": "Second"}, version=1, by=people.edda)
        assert Draft.objects.get(page=page).title == "First"

    def test_a_page_that_was_never_public_takes_its_new_slug(self, people):
        page = cast.draft(people.amara, title="One")
        writing.save_draft(page, {**page.draft.content, "slug": "two"}, version=1, by=people.amara)
        assert Page.objects.get(pk=page.pk).slug == "two"

    def test_a_public_page_keeps_its_address_until_the_new_one_is_published(self, people):
        page = cast.live_page(people, title="One")
        writing.save_draft(page, {**page.draft.content, "slug": "two"}, version=page.draft.version, by=people.amara)
        assert Page.objects.get(pk=page.pk).slug == "one"


class TestUpload:
    def test_it_keeps_the_picture_in_fixed_widths_and_makes_the_uploader_a_contributor(self, people):
        page = cast.draft(people.amara)
        image = writing.upload_image(page, cast.picture(1200, 600), by=people.edda)
        assert {(one["width"], one["format"]) for one in image.renditions} == {
            (480, "png"), (480, "webp"), (960, "png"), (960, "webp"), (1200, "png"), (1200, "webp"),
        }  # fmt: skip
        assert people.edda.pk in writing.contributors_since_publication(page)

    @pytest.mark.parametrize(
        "file",
        [
            cast.SimpleUploadedFile("x.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
            cast.SimpleUploadedFile("x.png", b""),
            cast.picture(8, 8, form="GIF"),
            cast.SimpleUploadedFile("x.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 6_000_000),
        ],
        ids=["svg", "empty", "gif", "huge"],
    )
    def test_it_refuses_what_is_no_picture_of_ours(self, people, file):
        file.seek(0)
        with pytest.raises(ValidationError):
            writing.upload_image(cast.draft(people.amara), file, by=people.amara)

    def test_two_pages_with_the_same_picture_share_its_address(self, people):
        first = writing.upload_image(cast.draft(people.amara, title="A"), cast.picture(), by=people.amara)
        second = writing.upload_image(cast.draft(people.amara, title="B"), cast.picture(), by=people.amara)
        assert (first.sha256, first.uid == second.uid) == (second.sha256, False)


class TestSubmit:
    def test_it_freezes_hashes_and_opens_a_review(self, people):
        page = cast.draft(people.amara)
        review = writing.submit(page, version=1, by=people.amara)
        revision = review.revision
        assert revision.content_hash == closure.content_hash(revision.content)
        assert closure.canonical(json.loads(revision.content)) == revision.content
        assert (review.status, review.content_hash, review.policy.kind) == ("open", revision.content_hash, "article")
        assert [entry.verb for entry in Entry.objects.all()] == ["page.created", "revision.submitted", "review.opened"]

    def test_every_hand_in_the_draft_is_a_contributor(self, people):
        page = cast.draft(people.amara)
        writing.save_draft(page, page.draft.content, version=1, by=people.edda)
        review = writing.submit(page, version=2, by=people.amara)
        assert {one.user_id for one in review.revision.contributors.all()} == {people.amara.pk, people.edda.pk}

    def test_contributors_count_from_the_last_publication_on(self, people):
        page = cast.live_page(people)
        writing.save_draft(page, {**page.draft.content, "title": "New words"}, version=1, by=people.edda)
        review = writing.submit(page, version=2, by=people.edda)
        assert {one.user_id for one in review.revision.contributors.all()} == {people.edda.pk}

    def test_pressing_twice_opens_one_review(self, people):
        page = cast.draft(people.amara)
        assert writing.submit(page, version=1, by=people.amara) == writing.submit(page, version=1, by=people.amara)
        assert (Revision.objects.count(), Review.objects.count()) == (1, 1)

    def test_a_new_snapshot_cancels_the_open_review(self, people):
        first = cast.open_review(people)
        writing.save_draft(first.page, {**first.page.draft.content, "title": "New words"}, version=1, by=people.amara)
        second = writing.submit(first.page, version=2, by=people.amara)
        first.refresh_from_db()
        assert (first.status, second.status, second.revision.number) == ("cancelled", "open", 2)

    def test_it_refuses_a_stale_page(self, people):
        page = cast.draft(people.amara)
        writing.save_draft(page, page.draft.content, version=1, by=people.edda)
        with pytest.raises(WrongState):
            writing.submit(page, version=1, by=people.amara)

    def test_it_says_which_reference_is_empty_and_which_figure_has_no_file(self, people):
        content = cast.content()
        content["references"][1]["csl"] = {}
        content["body"]["content"].insert(0, figure(image=None))
        page = writing.create_page("article", content, by=people.amara)
        with pytest.raises(writing.NotReady) as refused:
            writing.submit(page, version=1, by=people.amara)
        messages = " ".join(problem.message for problem in refused.value.problems)
        assert "Reference 2 is empty" in messages
        assert "Figure 1" in messages
        assert not Revision.objects.exists()

    def test_a_source_is_one_row_however_its_identifier_is_written(self, people):
        for title, written in (("A", "10.5555/SAME.1"), ("B", "https://doi.org/10.5555/same.1")):
            content = cast.content(title)
            content["references"][0]["csl"]["DOI"] = written
            page = writing.create_page("article", content, by=people.amara)
            writing.submit(page, version=1, by=people.amara)
        assert Reference.objects.filter(value="10.5555/same.1").count() == 1
        assert Reference.objects.get(value="10.5555/same.1").cited_in.count() == 2


class TestSuggestions:
    def suggested(self, people, text="Some people take Kadcyla® (ado-trastuzumab emtansine).") -> Page:
        content = cast.content()
        node = content["body"]["content"][1]
        node["content"] = [{"type": "text", "text": text}, *node["content"]]
        suggestion = {
            "brand": "Kadcyla",
            "mark": "®",
            "generic": "ado-trastuzumab emtansine",
            "node_id": node["attrs"]["node_id"],
        }
        return writing.create_page("article", content, by=people.amara, suggestions={"drugs": [suggestion]})

    def test_confirming_makes_a_mention_and_a_draft_entry_for_an_unknown_drug(self, people):
        page = self.suggested(people)
        draft = writing.confirm_mention(page, page.draft.suggestions["drugs"][0], version=1, by=people.amara)
        drug = Page.objects.get(kind="drug")
        assert drug.draft.content["facts"]["generic"] == "ado-trastuzumab emtansine"
        assert draft.suggestions["drugs"] == []
        manifest = closure.build(page, draft.content)
        assert manifest["pages"][drug.uid] == {
            "kind": "drug",
            "slug": "kadcyla",
            "brand": "Kadcyla",
            "mark": "®",
            "generic": "ado-trastuzumab emtansine",
            "hash": None,
        }

    def test_confirming_the_same_brand_on_another_page_finds_the_same_entry(self, people):
        for _ in range(2):
            page = self.suggested(people)
            writing.confirm_mention(page, page.draft.suggestions["drugs"][0], version=1, by=people.amara)
        assert Page.objects.filter(kind="drug").count() == 1

    def test_a_mention_of_an_entry_that_is_not_public_is_text_without_a_link(self, people):
        page = self.suggested(people)
        writing.confirm_mention(page, page.draft.suggestions["drugs"][0], version=1, by=people.amara)
        html, _hash = closure.artefact(closure.build(page, Draft.objects.get(page=page).content))
        assert "Kadcyla®" in html
        assert "/drugs/kadcyla/" not in html

    def test_dismissing_leaves_the_text(self, people):
        page = self.suggested(people)
        draft = writing.dismiss_suggestion(page, page.draft.suggestions["drugs"][0], version=1, by=people.amara)
        assert draft.suggestions["drugs"] == []
        assert not Page.objects.filter(kind="drug").exists()


def figure(image: str | None, alt: str = "Four people in a waiting room, one of them asleep.") -> dict:
    return {
        "type": "figure",
        "attrs": {
            "node_id": cast.new_id(),
            "image": image,
            "alt": alt,
            "decorative": False,
            "caption": "",
            "credit": "",
            "hero": True,
        },
    }
