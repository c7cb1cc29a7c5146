"""The review page: what changed against what, claims and their ticks, notes that outlive their revision."""

import json

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from articles import checking, comparing
from articles.models import ClaimCheck, Page, ReferenceAcknowledgement, Review, SignOff
from articles.workflow import calling_back, publishing, review, writing
from audit.moves import WrongState
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return cast.people()


def url(opened: Review, query: str = "") -> str:
    return reverse("articles:review", args=[opened.pk]) + query


def edited(people, page: Page, change, **options) -> Review:
    """A new revision of `page`: `change` gets the content and alters it in place."""
    page = Page.objects.get(pk=page.pk)
    content = json.loads(json.dumps(page.draft.content))
    change(content)
    draft = writing.save_draft(page, content, version=page.draft.version, by=people.amara)
    return writing.submit(page, version=draft.version, by=people.amara, **options)


def block(content: dict, place: int) -> dict:
    return content["body"]["content"][place]


def first_text(content: dict, place: int) -> dict:
    return next(node for node in block(content, place)["content"] if node["type"] == "text")


class TestAgainstWhat:
    def test_a_first_revision_is_all_new_and_shown_as_the_final_text(self, client, people):
        cast.sign_in(client, people.ruth)
        page = client.get(url(cast.open_review(people)))
        assert (page.context["base"], page.context["view"]) == (None, "text")
        assert "Nobody has signed an earlier revision" in page.text

    def test_it_is_the_last_revision_that_this_reviewer_signed_not_the_last_there_is(self, client, people):
        page = cast.live_page(people)  # revision 1, signed by Ruth
        second = edited(people, page, lambda content: content.update(standfirst="Second."))
        cast.sign(second, people.raj)
        publishing.publish(second, by=people.edda)
        third = edited(people, page, lambda content: content.update(standfirst="Third."))
        for who, number in ((people.ruth, 1), (people.raj, 2)):
            cast.sign_in(client, who)
            assert client.get(url(third)).context["base"].revision.number == number

    def test_somebody_who_signed_none_compares_with_the_last_one_of_their_role(self, client, people):
        page = cast.live_page(people)
        again = edited(people, page, lambda content: content.update(standfirst="Second."))
        cast.sign_in(client, people.raj)
        base = client.get(url(again)).context["base"]
        assert (base.revision.number, base.is_own) == (1, False)

    def test_another_signed_revision_can_be_chosen_and_an_unsigned_one_cannot(self, client, people):
        page = cast.live_page(people)
        second = edited(people, page, lambda content: content.update(standfirst="Second."))
        cast.sign(second, people.raj)
        edited(people, page, lambda content: content.update(standfirst="Never signed."))
        fourth = edited(people, page, lambda content: content.update(standfirst="Fourth."))
        cast.sign_in(client, people.ruth)
        chosen = {n: client.get(url(fourth, f"?against={n}")).context["base"].revision.number for n in (1, 2, 3, "x")}
        assert chosen == {1: 1, 2: 2, 3: 1, "x": 1}

    def test_a_signature_taken_back_is_no_baseline(self, people):
        page = cast.live_page(people)
        from articles.workflow import signing

        signing.revoke(SignOff.objects.get(), by=people.ruth, reason="error_found")
        again = edited(people, page, lambda content: content.update(standfirst="Second."))
        assert comparing.baselines(again, people.ruth) == []


class TestWhatChanged:
    def shown(self, client, people, opened: Review) -> str:
        cast.sign_in(client, people.ruth)
        answer = client.get(url(opened))
        assert answer.context["comparison"].changes > 0
        return answer.text

    def test_a_word(self, client, people):
        page = cast.live_page(people)

        def change(content):
            first_text(content, 1)["text"] = "Many people sleep well at first."

        text = self.shown(client, people, edited(people, page, change))
        assert "<del>badly</del>" in text
        assert "<ins>well</ins>" in text

    def test_a_change_of_format_alone(self, client, people):
        page = cast.live_page(people)

        def change(content):
            node = first_text(content, 1)
            node["marks"] = [{"type": "strong"}]

        text = self.shown(client, people, edited(people, page, change))
        assert "<ins><strong>" in text

    def test_a_citation_a_title_and_an_order(self, client, people):
        page = cast.live_page(people)

        def change(content):
            cited = next(node for node in block(content, 1)["content"] if node["type"] == "citation")
            cited["attrs"]["refs"] = [content["references"][1]["uid"]]
            content["title"] = "Another title"
            blocks = content["body"]["content"]
            blocks[3], blocks[2] = blocks[2], blocks[3]

        text = self.shown(client, people, edited(people, page, change))
        assert "Another" in text
        assert "Moved" in text
        assert "<del><sup>1</sup></del>" in text

    def test_hostile_words_stay_words(self, client, people):
        page = cast.live_page(people)

        def change(content):
            first_text(content, 1)["text"] = "<script>alert(1)</script><img src=x onerror=alert(2)>"

        text = self.shown(client, people, edited(people, page, change))
        assert "<script>alert(1)" not in text
        assert "onerror=alert(2)>" not in text
        assert "&lt;script&gt;" in text

    def test_an_entry_that_moved_on_since_the_text_was_sent(self, client, people):
        drug = cast.live_page(people, kind="drug", title="Veltrana")
        content = cast.content("Mentions it")
        content["body"]["content"][1]["content"].append({"type": "drug", "attrs": {"page": drug.uid, "form": "full"}})
        page = writing.create_page("article", content, by=people.amara)
        opened = writing.submit(page, version=1, by=people.amara)
        cast.sign_in(client, people.ruth)
        assert "Changed since this was sent" not in client.get(url(opened)).text
        again = edited(people, drug, lambda content: content.update(standfirst="Other words."))
        publishing.publish(cast.signed_review(people, review=again), by=people.edda)
        assert "Changed since this was sent" in client.get(url(opened)).text

    def test_it_costs_the_same_with_one_note_and_with_thirteen(self, client, people):
        page = cast.live_page(people)
        opened = edited(people, page, lambda content: content.update(standfirst="Second."))
        review.add_note(opened, by=people.raj, text="The first note", blocking=True)
        cast.sign_in(client, people.ruth)
        before = queries(client, opened)
        for number in range(12):
            review.add_note(opened, by=people.raj, text=f"Note {number}", blocking=True)
        assert queries(client, opened) == before


def queries(client, opened: Review) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(url(opened)).status_code == 200
    return len(asked)


class TestClaims:
    def test_signing_waits_for_every_claim_and_says_how_many(self, client, people):
        opened = cast.open_review(people)
        claims = checking.claims_of(opened)
        assert len(claims) == 4
        cast.sign_in(client, people.ruth)
        page = client.get(url(opened))
        assert "4 claims are not checked yet." in page.text
        data = {"act": "check", "shown": [one.key for one in claims], "claim": [one.key for one in claims[:3]]}
        assert client.post(url(opened), data).status_code == 302
        assert "1 claim is not checked yet." in client.get(url(opened)).text
        assert client.get(reverse("articles:sign", args=[opened.pk])).status_code == 302
        client.post(url(opened), data | {"claim": data["shown"]})
        assert client.get(reverse("articles:sign", args=[opened.pk])).status_code == 200

    def test_a_tick_can_be_taken_back_and_is_each_persons_own(self, people):
        opened = cast.open_review(people)
        keys = {one.key for one in checking.claims_of(opened)}
        review.check_claims(opened, by=people.ruth, keys=keys)
        review.check_claims(opened, by=people.ruth, keys=keys - {min(keys)})
        assert checking.unchecked_count(people.ruth, opened) == 1
        assert checking.unchecked_count(people.raj, opened) == len(keys)

    def test_it_falls_when_its_block_changes_and_stays_when_another_does(self, people):
        opened = cast.open_review(people)
        cast.check_claims(opened, people.ruth)
        page = opened.page

        def other(content):
            first_text(content, 4)["text"] = "Tell your team when it lasts longer than six weeks."

        again = edited(people, page, other)
        assert checking.unchecked_count(people.ruth, again) == 1
        back = edited(people, page, lambda content: content.update(standfirst="Only this is new."))
        assert checking.unchecked_count(people.ruth, back) == 1

    def test_it_falls_when_the_description_of_its_source_changes(self, people):
        opened = cast.open_review(people)
        cast.check_claims(opened, people.ruth)

        def other(content):
            content["references"][0]["csl"]["title"] = "A title that was wrong before"

        assert checking.unchecked_count(people.ruth, edited(people, opened.page, other)) > 0

    @pytest.mark.parametrize("who", ["edda", "amara", "max", "rita", "ada"])
    def test_others_tick_nothing(self, people, who):
        opened = cast.open_review(people)
        with pytest.raises(PermissionDenied):
            review.check_claims(opened, by=getattr(people, who), keys=set())

    def test_a_contributor_ticks_nothing(self, people):
        both = cast.person("both", "writer", "medical_reviewer", name="Bo Both")
        opened = writing.submit(cast.draft(both), version=1, by=both)
        with pytest.raises(PermissionDenied):
            review.check_claims(opened, by=both, keys=set())

    def test_a_claim_that_changed_meanwhile_is_not_ticked(self, client, people):
        opened = cast.open_review(people)
        with pytest.raises(WrongState, match="changed after you opened"):
            review.check_claims(opened, by=people.ruth, keys={"0" * 64})
        cast.sign_in(client, people.ruth)
        client.post(url(opened), {"act": "check", "claim": ["0" * 64, "<x>"], "shown": ["0" * 64]})
        assert not ClaimCheck.objects.exists()

    def test_the_signature_says_how_many_were_checked(self, people):
        assert cast.sign(cast.open_review(people), people.ruth).claims_checked == 4


class TestNotes:
    def test_a_note_stands_with_its_quote_and_finds_its_block(self, people):
        opened = cast.open_review(people)
        note = review.add_note(opened, by=people.ruth, text="Which study?", quote="sleep  badly\nat first")
        assert note.node_id == block(json.loads(opened.revision.content), 1)["attrs"]["node_id"]

    def test_words_that_do_not_stand_there_are_refused_and_nothing_typed_is_lost(self, client, people):
        opened = cast.open_review(people)
        with pytest.raises(ValidationError):
            review.add_note(opened, by=people.ruth, text="x", quote="not in the text")
        cast.sign_in(client, people.ruth)
        data = {"act": "note", "note-text": "My long note.", "note-quote": "not in the text"}
        page = client.post(url(opened), data)
        assert page.status_code == 422
        assert "My long note." in page.text
        assert "do not stand in that part" in page.text

    def test_an_open_blocking_note_outlives_its_revision_and_still_blocks(self, people):
        opened = cast.open_review(people)
        note = review.add_note(opened, by=people.raj, text="Mend this.", quote="sleep badly", blocking=True)
        again = edited(people, opened.page, lambda content: content.update(standfirst="Other."))
        said = comparing.notes(again, people.ruth)
        assert [(one.note, one.is_orphan, one.from_earlier) for one in said] == [(note, False, True)]
        with pytest.raises(PermissionDenied, match="1 blocking note is still open"):
            cast.sign(again, people.ruth)

    def test_one_whose_words_are_gone_is_a_visible_orphan_and_still_blocks(self, client, people):
        opened = cast.open_review(people)
        review.add_note(opened, by=people.raj, text="Mend this.", quote="sleep badly", blocking=True)

        def change(content):
            first_text(content, 1)["text"] = "Many people lie awake at first."

        again = edited(people, opened.page, change)
        cast.sign_in(client, people.ruth)
        page = client.get(url(again))
        assert "Its place is gone" in page.text
        assert "Mend this." in page.text
        with pytest.raises(PermissionDenied, match="blocking note"):
            cast.sign(again, people.ruth)

    def test_so_does_one_whose_whole_block_was_deleted(self, people):
        opened = cast.open_review(people)
        node = block(json.loads(opened.revision.content), 2)["attrs"]["node_id"]
        review.add_note(opened, by=people.raj, text="Mend this.", node_id=node, blocking=True)
        again = edited(people, opened.page, lambda content: content["body"]["content"].pop(2))
        assert [one.is_orphan for one in comparing.notes(again, people.ruth)] == [True]

    def test_what_was_asked_for_is_open_until_a_reviewer_says_it_is_done(self, people):
        opened = cast.open_review(people)
        review.ask_for_changes(opened, by=people.ruth, text="Say which study.", version=opened.version)
        again = edited(people, opened.page, lambda content: content.update(standfirst="A study of 90 people."))
        with pytest.raises(PermissionDenied, match="blocking note"):
            cast.sign(again, people.ruth)
        review.resolve_note(comparing.notes(again, people.ruth)[0].note, by=people.ruth)
        assert cast.sign(again, people.ruth)

    def test_nobody_settles_what_was_said_about_their_own_words(self, people):
        both = cast.person("both", "writer", "editor", name="Bo Both")
        opened = cast.open_review(people)
        note = review.add_note(opened, by=people.raj, text="Mend this.", blocking=True)
        page = Page.objects.get(pk=opened.page_id)
        draft = writing.save_draft(page, page.draft.content | {"standfirst": "B."}, version=1, by=both)
        writing.submit(page, version=draft.version, by=both)
        with pytest.raises(PermissionDenied):
            review.resolve_note(note, by=both)
        review.resolve_note(note, by=people.edda)

    def test_a_note_does_not_hold_back_an_earlier_revision(self, people):
        page = cast.live_page(people)
        again = edited(people, page, lambda content: content.update(standfirst="Other."))
        review.add_note(again, by=people.raj, text="Wrong.", blocking=True)
        first = page.live_publication.review
        assert publishing.missing_for_publication(first) == []


class TestRetractedSources:
    def test_one_is_acknowledged_with_a_reason_by_somebody_who_did_not_write(self, client, people):
        opened = cast.open_review(people)
        cited = opened.revision.cited.first().reference
        calling_back.record_reference_status(cited, status="retracted", by=people.ruth)
        cast.sign_in(client, people.ruth)
        assert "Nothing that cites it is published unless" in client.get(url(opened)).text
        data = {"act": "acknowledge", "acknowledge-reference": cited.pk, "acknowledge-reason": ""}
        assert client.post(url(opened), data).status_code == 422
        client.post(url(opened), data | {"acknowledge-reason": "The text says that it was retracted."})
        assert ReferenceAcknowledgement.objects.get().by == people.ruth
        assert publishing.publish(cast.signed_review(people, review=opened), by=people.edda)

    def test_not_by_its_writer_and_not_a_sound_source(self, people):
        both = cast.person("both", "writer", "editor", name="Bo Both")
        opened = writing.submit(cast.draft(both), version=1, by=both)
        cited = opened.revision.cited.first().reference
        with pytest.raises(WrongState, match="not retracted"):
            review.acknowledge_source(opened, cited, by=people.ruth, reason="Why not.")
        calling_back.record_reference_status(cited, status="retracted", by=people.ruth)
        with pytest.raises(PermissionDenied):
            review.acknowledge_source(opened, cited, by=both, reason="Why not.")


class TestTypoClass:
    def opened(self, people):
        page = cast.live_page(people)

        def change(content):
            first_text(content, 1)["text"] = "Many people sleeep badly at first."

        return edited(people, page, change, change_class="typo")

    def test_it_is_compared_with_what_it_leans_on_and_can_be_refused(self, client, people):
        opened = self.opened(people)
        cast.sign_in(client, people.edda)
        page = client.get(url(opened))
        assert page.context["base"].revision == opened.leans_on.revision
        assert "This is more than a typo" in page.text
        client.post(url(opened), {"act": "refuse_class", "version": opened.version})
        opened.refresh_from_db()
        assert (opened.status, opened.class_refused) == ("changes_asked", True)
        page = Page.objects.get(pk=opened.page_id)
        with pytest.raises(writing.NotReady, match="more than a change of spelling"):
            writing.submit(page, version=page.draft.version, by=people.amara, change_class="typo")

    def test_a_change_of_meaning_is_not_taken_for_one(self, people):
        page = cast.live_page(people)

        def change(content):
            first_text(content, 4)["text"] = "Tell your team when it lasts longer than six weeks."

        with pytest.raises(writing.NotReady):
            edited(people, page, change, change_class="typo")
        assert Review.objects.count() == 1

    def test_an_editor_signs_it_and_the_dates_stay(self, people):
        opened = self.opened(people)
        before = Page.objects.get(pk=opened.page_id).live_publication
        with pytest.raises(PermissionDenied):
            cast.sign(opened, people.ruth)
        signed = cast.sign(opened, people.edda)
        assert "differ in spelling, punctuation or layout only" in signed.statement
        other = cast.person("eve", "editor", name="Eve Ring")
        publication = publishing.publish(Review.objects.get(pk=opened.pk), by=other)
        assert (publication.reviewed_on, publication.next_review_due, publication.reason) == (
            before.reviewed_on, before.next_review_due, "typo",
        )  # fmt: skip
        assert publication.vouched_hash == before.content_hash
        assert timezone.localdate() >= publication.reviewed_on


def test_what_is_not_signed_is_not_for_search_engines(client, people):
    opened = cast.open_review(people)
    cast.check_claims(opened, people.ruth)
    cast.sign_in(client, people.ruth)
    for path in (url(opened), url(opened, "?view=text"), reverse("articles:sign", args=[opened.pk])):
        page = client.get(path)
        assert '<meta name="robots" content="noindex">' in page.text
        assert "no-store" in page["Cache-Control"]
