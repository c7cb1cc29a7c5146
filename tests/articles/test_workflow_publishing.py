"""Publishing, withdrawing and notices: who may, who may not, and what happens twice."""

import json

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from articles import projections, vouching
from articles.models import Citation, Draft, DrugFacts, Mention, Page, Publication, Redirect, SiteVersion, SubtypeFacts
from articles.signals import page_published, page_withdrawn
from articles.workflow import calling_back, publishing, writing
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


def changed(people, page: Page, change_class: str, **changes):
    """A signed revision of that class."""
    draft = Draft.objects.get(page=page)
    content = {**draft.content, **(changes or {"standfirst": f"In other words, {draft.version}."})}
    draft = writing.save_draft(page, content, version=draft.version, by=people.amara)
    opened = writing.submit(page, version=draft.version, by=people.amara, change_class=change_class)
    cast.sign(opened, people.ruth)
    opened.refresh_from_db()
    return opened


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


class TestReasons:
    """What readers are told a publication is. Going back, reading anew and spelling have tests of their own."""

    @pytest.mark.parametrize(
        ("change_class", "reason"),
        [("material", "update"), ("minor", "update"), ("correction", "correction")],
    )
    def test_by_the_class_of_the_change(self, people, change_class, reason):
        page = cast.live_page(people)
        assert page.live_publication.reason == "new"
        made = publishing.publish(changed(people, page, change_class), by=people.edda, notice="A number was wrong.")
        assert made.reason == reason

    @pytest.mark.parametrize("change_class", ["material", "minor", "correction"])
    def test_the_first_publication_is_new_whatever_its_class(self, people, change_class):
        page = cast.draft(people.amara)
        opened = writing.submit(page, version=1, by=people.amara, change_class=change_class)
        cast.sign(opened, people.ruth)
        assert not publishing.needs_notice(opened)
        assert publishing.publish(opened, by=people.edda).reason == "new"
        assert not page.notices.exists()


class TestCorrection:
    def test_readers_are_told_what_was_wrong_or_it_does_not_go_public(self, client, people):
        page = cast.live_page(people)
        corrected = changed(people, page, "correction")
        for nothing in ("", "  \n "):
            with pytest.raises(WrongState, match="Say in a correction notice what was wrong"):
                publishing.publish(corrected, by=people.edda, notice=nothing)
        publishing.publish(corrected, by=people.edda, notice="The second part named a wrong number of weeks.")
        body = client.get(page.get_absolute_url()).text
        assert "The second part named a wrong number of weeks." in body
        assert "Correction" in body

    def test_both_happen_or_neither(self, people, monkeypatch):
        page = cast.live_page(people)
        corrected = changed(people, page, "correction")
        monkeypatch.setattr(projections, "rebuild", lambda page: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            publishing.publish(corrected, by=people.edda, notice="A number was wrong.")
        assert not page.notices.exists()
        assert Page.objects.get(pk=page.pk).live_publication.number == 1

    def test_an_earlier_notice_does_not_do(self, people):
        page = cast.live_page(people)
        publishing.publish(changed(people, page, "correction"), by=people.edda, notice="A number was wrong.")
        with pytest.raises(WrongState, match="correction notice"):
            publishing.publish(changed(people, page, "correction"), by=people.edda)

    @pytest.mark.parametrize("bad", ["x" * 501, "one\u202etwo"])
    def test_what_no_notice_may_hold_keeps_it_back(self, people, bad):
        corrected = changed(people, cast.live_page(people), "correction")
        with pytest.raises(ValidationError):
            publishing.publish(corrected, by=people.edda, notice=bad)
        assert Publication.objects.count() == 1

    def test_a_notice_with_another_kind_of_change_is_not_posted(self, people):
        page = cast.live_page(people)
        publishing.publish(changed(people, page, "minor"), by=people.edda, notice="Nothing was wrong.")
        assert not page.notices.exists()

    def test_one_press_asks_for_it_and_loses_nothing(self, client, people):
        page = cast.live_page(people)
        path = reverse("articles:publish", args=[changed(people, page, "correction").pk])
        cast.sign_in(client, people.edda)
        asked = client.post(path)
        assert asked.status_code == 422
        assert "Say in a correction notice what was wrong" in asked.text
        assert Publication.objects.count() == 1
        long = client.post(path, {"notice": "A number was wrong. " * 26})
        assert long.status_code == 422
        assert "A number was wrong. A number was wrong." in long.text
        assert "is public now" in client.post(path, {"notice": "A number was wrong."}, follow=True).text
        assert page.notices.get().text == "A number was wrong."


class TestTriggers:
    def test_kept_approvals_settle_what_their_signer_knew(self, people):
        """The text came back without a change, so the signature that counts belongs to the review before."""
        page = cast.live_page(people)
        known = calling_back.open_trigger(page, source_kind="report", source_id="7", severity="review")
        signed = changed(people, page, "minor")
        later = calling_back.open_trigger(page, source_kind="report", source_id="8", severity="review")
        draft = Draft.objects.get(page=page)
        kept = writing.submit(page, version=draft.version, by=people.amara, change_class="minor")
        assert (kept.status, kept.sign_offs.count()) == ("approved", 0)
        publishing.publish(kept, by=people.edda)
        known.refresh_from_db()
        later.refresh_from_db()
        assert (known.resolved_by_sign_off, later.resolved_at) == (signed.sign_offs.get(), None)


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

    @pytest.mark.parametrize("kind", ["review_withdrawn", "", "because"])
    def test_the_reason_is_one_that_somebody_may_choose(self, people, kind):
        """That a review was withdrawn is said when a signature is taken back, and only then."""
        with pytest.raises(ValidationError):
            publishing.withdraw(cast.live_page(people), by=people.edda, kind=kind, public_reason="a dose was wrong.")
        assert Page.objects.live().count() == 1

    @pytest.mark.parametrize("reason", ["x" * 501, "one\u202etwo"])
    def test_what_readers_are_told_is_one_plain_line(self, people, reason):
        page = cast.live_page(people)
        with pytest.raises(ValidationError):
            publishing.withdraw(page, by=people.edda, kind="safety", public_reason=reason)
        made = publishing.withdraw(page, by=people.edda, kind="safety", public_reason=" a dose\nwas wrong. ")
        assert made.public_reason == "a dose was wrong."

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
