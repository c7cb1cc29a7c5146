"""Going back to an earlier revision, putting it back into the draft, and reading the public text anew."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from accounts.models import Credential
from articles.models import Draft, Page, Publication, Redirect, Reference, Review, ReviewTrigger, SignOff
from articles.workflow import calling_back, publishing, review, scheduling, signing, writing
from audit.models import Entry
from audit.moves import WrongState
from tests import cast
from tests.articles.test_scheduling import next_revision, run
from tests.worlds import kept

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return cast.people()


@pytest.fixture
@kept
def page(people) -> Page:
    """Two versions: Ruth signed the first one, Raj the second."""
    first = cast.live_page(people, title="First name")
    publishing.publish(next_revision(people, first, signer=people.raj), by=people.edda)
    return Page.objects.get(pk=first.pk)


@pytest.fixture
@kept
def moved(people, page) -> Page:
    """The second version took another address with it."""
    publishing.publish(next_revision(people, page, signer=people.raj, slug="second-name"), by=people.edda)
    return Page.objects.get(pk=page.pk)


@pytest.fixture
def ages(without_triggers):
    """`ages(sign_off)`: it ran out yesterday."""

    def run_out(sign_off: SignOff) -> None:
        with without_triggers("articles_signoff"):
            SignOff.objects.filter(pk=sign_off.pk).update(
                signed_at=timezone.now() - timedelta(days=800), valid_until=timezone.now() - timedelta(days=1)
            )

    return run_out


def first_review(page: Page) -> Review:
    return page.publications.get(number=1).review


class TestGoingBack:
    def test_it_is_a_new_publication_of_the_old_revision_with_its_old_dates(self, people, page):
        old = page.publications.get(number=1)
        back = publishing.publish(first_review(page), by=people.edda)
        assert (back.number, back.reason, back.revision) == (3, "rollback", old.revision)
        assert (back.artefact, back.reviewed_on, back.next_review_due) == (
            old.artefact, old.reviewed_on, old.next_review_due,
        )  # fmt: skip
        assert Page.objects.get(pk=page.pk).live_publication == back

    def test_forward_again_is_an_update(self, people, page):
        newer = page.live_publication.review
        publishing.publish(first_review(page), by=people.edda)
        assert publishing.publish(newer, by=people.edda).reason == "update"

    def test_not_under_a_signature_that_was_taken_back(self, people, page):
        signing.revoke(first_review(page).sign_offs.get(), by=people.ruth, reason="error_found")
        assert Page.objects.get(pk=page.pk).live_publication is not None
        with pytest.raises(WrongState, match="no longer stands"):
            publishing.publish(first_review(page), by=people.edda)

    def test_nor_one_that_ran_out(self, people, page, ages):
        ages(first_review(page).sign_offs.get())
        with pytest.raises(WrongState, match="no longer stands"):
            publishing.publish(first_review(page), by=people.edda)

    @pytest.mark.parametrize("change", [{"revoked_at": timezone.now()}, {"valid_until": "2020-01-01"}])
    def test_nor_one_whose_credential_is_not_valid_today(self, people, page, change):
        Credential.objects.filter(user=people.ruth).update(**change)
        with pytest.raises(WrongState, match="no longer stands"):
            publishing.publish(first_review(page), by=people.edda)

    def test_nor_a_text_whose_source_was_retracted(self, people, page):
        source = first_review(page).revision.cited.first().reference
        calling_back.record_reference_status(source, status=Reference.Status.RETRACTED, by=people.raj)
        with pytest.raises(WrongState, match="retracted"):
            publishing.publish(first_review(page), by=people.edda)

    def test_what_became_known_since_stays_open(self, people, page):
        trigger = calling_back.open_trigger(page, source_kind="report", source_id="7", severity="review")
        publishing.publish(first_review(page), by=people.edda)
        trigger.refresh_from_db()
        assert trigger.resolved_at is None


class TestAddresses:
    def test_an_old_address_comes_back_only_when_that_is_confirmed(self, people, moved):
        with pytest.raises(WrongState, match="moves the page back to an earlier address, “first-name”"):
            publishing.publish(first_review(moved), by=people.edda)
        with pytest.raises(WrongState, match="earlier address"):
            scheduling.schedule(first_review(moved), at=timezone.now() + timedelta(hours=1), by=people.edda)
        publishing.publish(first_review(moved), by=people.edda, old_address=True)
        assert Page.objects.get(pk=moved.pk).slug == "first-name"

    def test_it_can_be_planned_once_it_is_confirmed(self, people, moved):
        at = timezone.now() + timedelta(hours=1)
        run(scheduling.schedule(first_review(moved), at=at, by=people.edda, old_address=True))
        assert Page.objects.get(pk=moved.pk).slug == "first-name"

    def test_but_not_when_something_else_was_published_meanwhile(self, people, moved):
        at = timezone.now() + timedelta(hours=1)
        planned = scheduling.schedule(first_review(moved), at=at, by=people.edda, old_address=True)
        newest = publishing.publish(next_revision(people, moved, slug="third-name"), by=people.edda)
        run(planned)
        assert planned.status == "refused"
        assert Page.objects.get(pk=moved.pk).live_publication == newest

    def test_there_and_back_leaves_no_circle(self, client, people, moved):
        publishing.publish(first_review(moved), by=people.edda, old_address=True)
        assert list(Redirect.objects.values_list("slug", flat=True)) == ["second-name"]
        assert client.get("/articles/first-name/").status_code == 200
        answer = client.get("/articles/second-name/")
        assert (answer.status_code, answer["Location"]) == (301, "/articles/first-name/")

    def test_there_and_back_and_there_neither(self, client, people, moved):
        second = moved.live_publication.review
        publishing.publish(first_review(moved), by=people.edda, old_address=True)
        publishing.publish(second, by=people.edda)
        assert list(Redirect.objects.values_list("slug", flat=True)) == ["first-name"]
        assert client.get("/articles/first-name/")["Location"] == "/articles/second-name/"
        assert client.get("/articles/second-name/").status_code == 200

    def test_nobody_else_can_have_taken_it(self, people, moved):
        assert cast.live_page(people, title="First name").slug == "first-name-2"
        other = cast.live_page(people, title="Another page")
        with pytest.raises(WrongState, match="Another page has or had the address “first-name”"):
            publishing.publish(next_revision(people, other, slug="first-name"), by=people.edda)
        publishing.publish(first_review(moved), by=people.edda, old_address=True)
        assert Page.objects.get(pk=moved.pk).slug == "first-name"


class TestOnThePage:
    def url(self, name: str, pk: int) -> str:
        return reverse(f"articles:{name}", args=[pk])

    def test_going_back_is_said_and_has_to_be_ticked(self, client, people, page):
        cast.sign_in(client, people.edda)
        path = self.url("publish", first_review(page).pk)
        assert "Readers have had a later one, and lose what it said." in client.get(path).text
        answer = client.post(path)
        assert answer.status_code == 422
        assert "Confirm that you mean to go back to an earlier revision." in answer.text
        assert Publication.objects.count() == 2
        assert "is public now" in client.post(path, {"back": "on"}, follow=True).text

    def test_the_old_address_stands_beside_the_tick(self, client, people, moved):
        cast.sign_in(client, people.edda)
        path = self.url("publish", first_review(moved).pk)
        body = client.get(path).text
        assert "The address goes back from “second-name” to “first-name”." in body
        assert "move the page back to its earlier address “first-name”" in body
        assert client.post(path).status_code == 422
        assert Page.objects.get(pk=moved.pk).slug == "second-name"
        client.post(path, {"back": "on"})
        assert Page.objects.get(pk=moved.pk).slug == "first-name"

    def test_versions_say_what_became_of_each_signature(self, client, people, page, ages):
        ages(first_review(page).sign_offs.get())
        third = next_revision(people, page)
        publishing.publish(third, by=people.edda)
        signing.revoke(page.publications.get(number=2).review.sign_offs.get(), by=people.raj, reason="error_found")
        cast.sign_in(client, people.edda)
        shown = client.get(self.url("versions", page.pk)).context["versions"]
        assert [(one.publication.number, one.is_live, [s.state for s in one.signatures]) for one in shown] == [
            (3, True, ["stands"]), (2, False, ["taken_back"]), (1, False, ["run_out"]),
        ]  # fmt: skip
        assert "The signature of Ruth Adeyemi ran out on" in shown[2].why_not[0]
        assert "Raj Patel took the signature back on" in shown[1].why_not[0]
        assert shown[0].why_not == []

    def test_what_can_come_back_has_a_way_and_what_cannot_says_why(self, client, people, page):
        cast.sign_in(client, people.edda)
        way = f'href="{self.url("publish", first_review(page).pk)}"'
        assert way in client.get(self.url("versions", page.pk)).text
        Credential.objects.filter(user=people.ruth).update(revoked_at=timezone.now())
        body = client.get(self.url("versions", page.pk)).text
        assert way not in body
        assert "The credential of Ruth Adeyemi is not valid any more. It needs a fresh signature." in body

    @pytest.mark.parametrize("kind", ["note", "source"])
    def test_a_note_or_a_source_is_a_reason_too(self, client, people, page, kind):
        if kind == "note":
            review.add_note(first_review(page), by=people.raj, text="Look.", blocking=True)
        else:
            source = first_review(page).revision.cited.first().reference
            calling_back.record_reference_status(source, status=Reference.Status.RETRACTED, by=people.raj)
        cast.sign_in(client, people.edda)
        why = client.get(self.url("versions", page.pk)).context["versions"][1].why_not
        assert why == [{"note": "A blocking note is still open.", "source": "A cited source was retracted."}[kind]]

    def test_the_sentences_and_the_verb_agree(self, client, people, page, ages):
        """Whatever the list offers can be published, and whatever it does not offer cannot."""
        publishing.publish(next_revision(people, page), by=people.edda)
        ages(first_review(page).sign_offs.get())
        cast.sign_in(client, people.edda)
        for one in client.get(self.url("versions", page.pk)).context["versions"]:
            again = one.publication.review
            assert bool(one.why_not) == bool(publishing.missing_for_publication(again)), one

    def test_kept_approvals_are_shown_with_the_text_they_are_for(self, client, people, page):
        same = page.publications.get(number=2)
        writing.save_draft(page, {**page.draft.content}, version=page.draft.version, by=people.amara)
        kept = writing.submit(page, version=page.draft.version + 1, by=people.amara)
        assert kept.status == "approved"
        publishing.publish(kept, by=people.edda)
        cast.sign_in(client, people.edda)
        newest = client.get(self.url("versions", page.pk)).context["versions"][0]
        assert [one.sign_off for one in newest.signatures] == list(same.review.sign_offs.all())

    def test_it_costs_the_same_whatever_its_length(self, client, people, page, django_assert_max_num_queries):
        cast.sign_in(client, people.edda)
        for _more in range(3):
            with django_assert_max_num_queries(18):
                client.get(self.url("versions", page.pk))
            publishing.publish(next_revision(people, page), by=people.edda)

    def test_it_goes_on_by_key(self, client, people, page, monkeypatch):
        monkeypatch.setattr("articles.versions.SHOWN", 1)
        cast.sign_in(client, people.edda)
        first = client.get(self.url("versions", page.pk))
        assert [one.publication.number for one in first.context["versions"]] == [2]
        second = client.get(self.url("versions", page.pk) + first.context["older"])
        assert [one.publication.number for one in second.context["versions"]] == [1]
        assert second.context["older"] == ""

    @pytest.mark.parametrize(
        ("who", "status"), [("rita", 404), ("max", 404), ("ada", 404), ("amara", 200), ("ruth", 200)]
    )
    def test_who_may_look(self, client, people, page, who, status):
        cast.sign_in(client, getattr(people, who))
        assert client.get(self.url("versions", page.pk)).status_code == status

    def test_a_page_that_was_never_published_has_none(self, client, people):
        cast.sign_in(client, people.edda)
        assert "Never published" in client.get(self.url("versions", cast.draft(people.amara).pk)).text


class TestRestore:
    def test_the_old_words_are_the_draft_again_under_the_address_of_today(self, people, moved):
        draft = Draft.objects.get(page=moved)
        old = first_review(moved).revision
        made = writing.restore_revision(moved, old, version=draft.version, by=people.amara)
        assert made.version == draft.version + 1
        assert made.content["title"] == "First name"
        assert made.content["standfirst"] == "Short nights are common. Here is what can help."
        assert made.content["slug"] == "second-name"
        assert Entry.objects.latest("seq").verb == "draft.restored"

    def test_sent_unchanged_it_is_the_same_text_and_keeps_signatures_that_stand(self, people, page):
        draft = Draft.objects.get(page=page)
        writing.restore_revision(page, first_review(page).revision, version=draft.version, by=people.amara)
        again = writing.submit(page, version=draft.version + 1, by=people.amara)
        assert again.content_hash == first_review(page).content_hash
        assert again.status == "approved"

    def test_after_they_ran_out_it_is_signed_afresh_and_published(self, people, page, ages):
        ages(first_review(page).sign_offs.get())
        draft = Draft.objects.get(page=page)
        writing.restore_revision(page, first_review(page).revision, version=draft.version, by=people.amara)
        again = writing.submit(page, version=draft.version + 1, by=people.amara)
        assert again.status == "open"
        cast.sign(again, people.ruth)
        made = publishing.publish(again, by=people.edda)
        assert (made.reason, made.content_hash) == ("update", first_review(page).content_hash)
        assert made.reviewed_on == timezone.localdate()

    def test_whoever_does_it_has_a_hand_in_the_text(self, people, page):
        both = cast.person("both", "editor", "medical_reviewer", name="Bo Both")
        draft = Draft.objects.get(page=page)
        writing.restore_revision(page, first_review(page).revision, version=draft.version, by=both)
        content = {**Draft.objects.get(page=page).content, "standfirst": "And something else."}
        writing.save_draft(page, content, version=draft.version + 1, by=people.amara)
        again = writing.submit(page, version=draft.version + 2, by=people.amara)
        with pytest.raises(PermissionDenied, match="You wrote part of this revision"):
            cast.sign(again, both)

    @pytest.mark.parametrize("who", ["ruth", "max", "rita", "ada"])
    def test_others_may_not(self, people, page, who):
        with pytest.raises(PermissionDenied):
            writing.restore_revision(page, first_review(page).revision, version=2, by=getattr(people, who))

    def test_a_newer_draft_is_not_overwritten(self, people, page):
        before = Draft.objects.get(page=page)
        with pytest.raises(WrongState, match="nothing was overwritten"):
            writing.restore_revision(page, first_review(page).revision, version=before.version - 1, by=people.amara)
        assert Draft.objects.get(page=page).content == before.content

    def test_nor_with_another_pages_words(self, people, page):
        other = cast.open_review(people, title="Another page")
        with pytest.raises(WrongState, match="another page"):
            writing.restore_revision(page, other.revision, version=page.draft.version, by=people.amara)

    def test_the_button(self, client, people, page):
        cast.sign_in(client, people.amara)
        path = reverse("articles:restore", args=[page.pk])
        draft = Draft.objects.get(page=page)
        sent = {"revision": first_review(page).revision_id, "version": draft.version}
        assert client.get(path).status_code == 405
        assert client.post(path, sent)["Location"] == reverse("articles:write", args=[page.pk])
        stale = client.post(path, sent, follow=True)
        assert "nothing was overwritten" in stale.text
        for nonsense in ({}, {"revision": "x"}, {"revision": "9" * 12, "version": 1}):
            assert client.post(path, nonsense).status_code == 404
        cast.sign_in(client, people.ruth)
        assert client.post(path, sent).status_code == 404


class TestReviewAgain:
    def test_old_signatures_do_not_count(self, people, page):
        opened = review.review_again(page, by=people.raj)
        assert (opened.status, opened.reaffirms, opened.content_hash) == (
            "open", True, page.live_publication.content_hash,
        )  # fmt: skip
        with pytest.raises(WrongState, match="“medical” signature is missing"):
            publishing.publish(opened, by=people.edda)

    def test_new_ones_move_the_dates(self, people, page, without_triggers):
        long_ago = timezone.localdate() - timedelta(days=900)
        with without_triggers("articles_publication"):
            Publication.objects.filter(pk=page.live_publication_id).update(
                reviewed_on=long_ago, next_review_due=long_ago
            )
        trigger = calling_back.open_trigger(page, source_kind="date", source_id="x", severity="review")
        opened = review.review_again(page, by=people.edda)
        due = timezone.localdate() + timedelta(days=365)
        signature = cast.sign(opened, people.raj, next_review_due=due)
        made = publishing.publish(opened, by=people.edda)
        assert (made.reason, made.reviewed_on, made.next_review_due) == ("reaffirmed", timezone.localdate(), due)
        assert made.revision == page.live_publication.revision
        trigger.refresh_from_db()
        assert trigger.resolved_by_sign_off == signature

    def test_after_going_back_it_is_still_called_that(self, people, page):
        publishing.publish(first_review(page), by=people.edda)
        opened = review.review_again(page, by=people.edda)
        cast.sign(opened, people.raj)
        assert publishing.publish(opened, by=people.edda).reason == "reaffirmed"

    def test_of_a_correction_it_needs_no_second_notice(self, people, page):
        corrected = next_revision(people, page, change_class="correction")
        publishing.publish(corrected, by=people.edda, notice="A number was wrong.")
        opened = review.review_again(page, by=people.edda)
        cast.sign(opened, people.raj)
        assert publishing.publish(opened, by=people.edda).reason == "reaffirmed"
        assert page.notices.count() == 1

    def test_overtaken_by_a_newer_text_it_is_a_return_to_the_old_one(self, people, page):
        opened = review.review_again(page, by=people.edda)
        cast.sign(opened, people.raj)
        publishing.publish(next_revision(people, page), by=people.edda)
        assert publishing.is_rollback(opened)

    def test_the_old_signature_cannot_be_taken_back_under_the_new_one_unseen(self, people, page):
        """The bytes are the same, and somebody says they are wrong: the page goes down whoever else has signed them."""
        opened = review.review_again(page, by=people.edda)
        cast.sign(opened, people.ruth)
        publishing.publish(opened, by=people.edda)
        signing.revoke(page.live_publication.review.sign_offs.get(), by=people.raj, reason="error_found")
        assert Page.objects.get(pk=page.pk).live_publication is None

    def test_only_a_live_page_and_only_once(self, people, page):
        review.review_again(page, by=people.edda)
        with pytest.raises(WrongState, match="in review already"):
            review.review_again(page, by=people.edda)
        publishing.withdraw(page, by=people.edda, kind="other", public_reason="we looked at a complaint.")
        with pytest.raises(WrongState, match="not public"):
            review.review_again(page, by=people.edda)

    @pytest.mark.parametrize("who", ["amara", "max", "rita", "ada"])
    def test_others_may_not(self, people, page, who):
        with pytest.raises(PermissionDenied):
            review.review_again(page, by=getattr(people, who))

    def test_the_button(self, client, people, page):
        path = reverse("articles:review_again", args=[page.pk])
        cast.sign_in(client, people.amara)
        assert client.post(path).status_code == 404
        cast.sign_in(client, people.ruth)
        assert client.get(path).status_code == 405
        answer = client.post(path, follow=True)
        opened = Review.objects.get(reaffirms=True)
        assert answer.redirect_chain[-1][0] == reverse("articles:review", args=[opened.pk])
        assert "in review already" in client.post(path, follow=True).text
        publishing.withdraw(page, by=people.edda, kind="other", public_reason="we looked at a complaint.")
        assert client.post(path).status_code == 404

    def test_a_trigger_that_came_after_the_signature_stays_open(self, people, page):
        opened = review.review_again(page, by=people.edda)
        cast.sign(opened, people.raj)
        calling_back.open_trigger(page, source_kind="report", source_id="8", severity="review")
        publishing.publish(opened, by=people.edda)
        assert ReviewTrigger.objects.get(source_id="8").resolved_at is None
