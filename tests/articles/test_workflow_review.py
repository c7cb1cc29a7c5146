"""Signing, asking for changes, revoking, and what calls a page back: who may, who may not, and what happens twice."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.models import Board
from articles import ceremony
from articles.models import Note, Page, Reference, ReviewTrigger, SignOff, Withdrawal
from articles.workflow import calling_back, publishing, review, signing, writing
from audit.models import Entry
from audit.moves import WrongState
from tests import cast


@pytest.fixture
def people(db):
    return cast.people()


class TestSign:
    def test_it_records_who_what_when_how_and_approves(self, people):
        opened = cast.open_review(people)
        sign_off = cast.sign(opened, people.ruth)
        opened.refresh_from_db()
        assert (sign_off.content_hash, sign_off.printed_name, sign_off.printed_credentials, sign_off.auth_method) == (
            opened.revision.content_hash, "Ruth Adeyemi", "MD", "password",
        )  # fmt: skip
        assert "I am Ruth Adeyemi, MD. I have read revision 1 of" in sign_off.statement
        assert opened.status == "approved"
        assert list(Entry.objects.values_list("verb", flat=True))[-2:] == ["revision.signed", "review.approved"]

    def test_it_refuses_a_hash_that_is_not_the_one_under_review(self, people):
        opened = cast.open_review(people)
        cast.check_claims(opened, people.ruth)
        showing = replace(ceremony.begin(opened, people.ruth), content_hash="b1:" + "0" * 64)
        with pytest.raises(WrongState, match="changed after you opened"):
            cast.sign(opened, people.ruth, ceremony=showing)
        assert not SignOff.objects.exists()

    @pytest.mark.parametrize("other", ["user", "review"])
    def test_it_refuses_a_page_that_was_shown_for_another_signature(self, people, other):
        opened = cast.open_review(people)
        shown = {
            "user": lambda: ceremony.begin(opened, people.raj),
            "review": lambda: ceremony.begin(cast.open_review(people, title="Another"), people.ruth),
        }[other]()
        with pytest.raises(WrongState, match="another signature"):
            cast.sign(opened, people.ruth, ceremony=shown)
        assert not SignOff.objects.exists()

    def test_it_refuses_a_page_that_was_open_for_too_long(self, people):
        opened = cast.open_review(people)
        cast.check_claims(opened, people.ruth)
        morning = (timezone.now() + timedelta(days=1)).replace(hour=9)  # an hour from here is still the same day
        with time_machine.travel(morning, tick=False) as clock:
            showing = ceremony.begin(opened, people.ruth)
            clock.shift(ceremony.LASTS + timedelta(seconds=1))
            with pytest.raises(WrongState, match="open for too long"):
                cast.sign(opened, people.ruth, ceremony=showing)
            clock.shift(-timedelta(seconds=1))
            assert cast.sign(opened, people.ruth, ceremony=showing)

    def test_it_keeps_all_that_the_challenge_was_made_of(self, people):
        opened = cast.open_review(people)
        showing = ceremony.begin(opened, people.ruth)
        sign_off = cast.sign(opened, people.ruth, ceremony=showing)
        assert showing.challenge == ceremony.challenge_of(sign_off.ceremony, sign_off.content_hash, sign_off.closure)

    def test_it_refuses_a_statement_that_reads_differently_by_now(self, people):
        opened = cast.open_review(people)
        showing = ceremony.begin(opened, people.ruth)
        people.ruth.name = "Ruth Adeyemi-Cole"
        people.ruth.save()
        with pytest.raises(WrongState, match="reads differently"):
            cast.sign(opened, people.ruth, ceremony=showing)
        assert not SignOff.objects.exists()

    def test_where_a_second_step_is_required_a_plain_password_is_none(self, people, settings):
        settings.REQUIRE_STAFF_MFA = True
        opened = cast.open_review(people)
        showing = ceremony.begin(opened, people.ruth)
        with pytest.raises(PermissionDenied, match="second step"):
            cast.sign(opened, people.ruth, ceremony=showing)
        assert not SignOff.objects.exists()
        both = replace(cast.proof(people.ruth, showing.purpose), method="password+totp")
        assert cast.sign(opened, people.ruth, ceremony=showing, proof=both).auth_method == "password+totp"

    @pytest.mark.parametrize("who", ["amara", "edda", "max", "rita", "ada"])
    def test_it_refuses_people_without_the_role(self, people, who):
        with pytest.raises(PermissionDenied):
            cast.sign(cast.open_review(people), getattr(people, who))

    def test_it_refuses_a_superuser_without_the_role(self, people):
        root = cast.person("root", is_superuser=True, credential=True)
        with pytest.raises(PermissionDenied):
            cast.sign(cast.open_review(people), root)

    def test_it_refuses_a_contributor_even_with_role_and_credential(self, people):
        both = cast.person("both", "writer", "medical_reviewer", name="Bo Both")
        page = cast.draft(people.amara)
        writing.save_draft(page, page.draft.content, version=1, by=both)
        opened = writing.submit(page, version=2, by=people.amara)
        with pytest.raises(PermissionDenied, match="You wrote part"):
            cast.sign(opened, both)

    def test_it_refuses_an_expired_credential(self, people):
        lapsed = cast.person("lapsed", "medical_reviewer", name="La Psed", credential=False)
        cast.qualify(lapsed, until=timezone.now().date() - timedelta(days=1))
        with pytest.raises(PermissionDenied, match="no credential that is valid today"):
            cast.sign(cast.open_review(people), lapsed)

    def test_it_refuses_a_proof_that_was_not_made_for_this_page_by_this_person_now(self, people):
        opened = cast.open_review(people)
        cast.check_claims(opened, people.ruth)
        with time_machine.travel(timezone.now().replace(hour=9), tick=False) as clock:
            before = cast.proof(people.ruth)
            clock.shift(timedelta(minutes=1))
            showing = ceremony.begin(opened, people.ruth)
            right = cast.proof(people.ruth, showing.purpose)
            clock.shift(timedelta(minutes=6))
            for proof in (
                None,
                right,  # six minutes old by now
                replace(right, at=before.at),  # older than the page
                cast.proof(people.raj, showing.purpose),
                cast.proof(people.ruth, "another page"),
            ):
                with pytest.raises(PermissionDenied, match="Enter your password again"):
                    signing.sign(
                        opened, by=people.ruth, ceremony=showing, proof=proof,
                        next_review_due=timezone.localdate() + timedelta(days=90),
                    )  # fmt: skip
        assert not SignOff.objects.exists()

    def test_it_refuses_to_sign_twice(self, people):
        opened = cast.open_review(people)
        cast.sign(opened, people.ruth)
        for who in (people.ruth, people.raj):
            with pytest.raises(PermissionDenied):
                cast.sign(opened, who)

    def test_it_refuses_while_a_blocking_note_is_open(self, people):
        opened = cast.open_review(people)
        note = review.add_note(opened, by=people.raj, text="The second number is old.", blocking=True)
        with pytest.raises(PermissionDenied, match="blocking note"):
            cast.sign(opened, people.ruth)
        review.resolve_note(note, by=people.raj)
        assert cast.sign(opened, people.ruth)

    @pytest.mark.parametrize("days", [-1, 0, 4000])
    def test_it_refuses_a_next_review_in_the_past_or_far_away(self, people, days):
        with pytest.raises(ValidationError):
            cast.sign(
                cast.open_review(people), people.ruth, next_review_due=timezone.localdate() + timedelta(days=days)
            )

    def test_a_board_is_shown_only_by_its_members(self, people):
        board = Board.objects.create(name="Northside Review Board", slug="northside")
        with pytest.raises(PermissionDenied, match="not a member"):
            cast.sign(cast.open_review(people), people.ruth, board=board)
        board.members.add(people.ruth)
        assert cast.sign(cast.open_review(people, title="Two"), people.ruth, board=board).board == board


class TestAskForChanges:
    def test_it_closes_the_cycle_with_a_blocking_note(self, people):
        opened = cast.open_review(people)
        review.ask_for_changes(opened, by=people.ruth, text="Say which study this is.", version=1)
        opened.refresh_from_db()
        assert (opened.status, Note.objects.get().blocking) == ("changes_asked", True)

    def test_it_refuses_the_writer_and_a_stale_page(self, people):
        opened = cast.open_review(people)
        with pytest.raises(PermissionDenied):
            review.ask_for_changes(opened, by=people.amara, text="No.", version=1)
        with pytest.raises(WrongState):
            review.ask_for_changes(opened, by=people.ruth, text="No.", version=7)

    def test_it_needs_words(self, people):
        with pytest.raises(ValidationError):
            review.ask_for_changes(cast.open_review(people), by=people.ruth, text=" ", version=1)

    def test_nobody_signs_after_that(self, people):
        opened = cast.open_review(people)
        review.ask_for_changes(opened, by=people.ruth, text="Say which study this is.", version=1)
        with pytest.raises(PermissionDenied):
            cast.sign(opened, people.raj)


class TestRevoke:
    def test_it_withdraws_a_live_page_that_needs_it(self, people):
        page = cast.live_page(people)
        signing.revoke(SignOff.objects.get(), by=people.ruth, reason="error_found")
        page.refresh_from_db()
        assert (page.live_publication, Withdrawal.objects.get().kind) == (None, "review_withdrawn")

    def test_it_leaves_a_page_alone_that_no_longer_needs_it(self, people):
        page = cast.live_page(people)
        old = SignOff.objects.get()
        writing.save_draft(page, {**page.draft.content, "title": "New words"}, version=1, by=people.amara)
        again = writing.submit(page, version=2, by=people.amara)
        cast.sign(again, people.raj)
        publishing.publish(again, by=people.edda)
        signing.revoke(old, by=people.ruth, reason="error_found")
        page.refresh_from_db()
        assert page.live_publication is not None

    def test_only_the_signer_and_only_once(self, people):
        cast.signed_review(people)
        sign_off = SignOff.objects.get()
        with pytest.raises(PermissionDenied):
            signing.revoke(sign_off, by=people.raj, reason="error_found")
        signing.revoke(sign_off, by=people.ruth, reason="error_found")
        with pytest.raises(WrongState, match="already"):
            signing.revoke(sign_off, by=people.ruth, reason="error_found")


class TestTriggers:
    def test_the_same_cause_opens_one_trigger(self, people):
        page = cast.live_page(people)
        first = calling_back.open_trigger(page, source_kind="report", source_id="7", severity="review")
        assert calling_back.open_trigger(page, source_kind="report", source_id="7", severity="withdraw") == first

    def test_a_retracted_source_calls_back_every_live_page_that_cites_it(self, people):
        page, other = cast.live_page(people, title="Cites it"), cast.live_page(people, title="Does not")
        source = page.live_publication.citations.first().reference
        before = page.version
        calling_back.record_reference_status(source, status=Reference.Status.RETRACTED, by=people.ruth)
        assert list(ReviewTrigger.objects.values_list("page", "source_kind", "severity")) == [
            (page.pk, "reference", "banner")
        ]
        page.refresh_from_db()
        assert page.version > before
        assert not other.triggers.exists()

    def test_a_changed_drug_entry_calls_back_the_pages_that_pinned_it(self, people):
        drug = cast.live_page(people, kind="drug", title="Veltrana")
        content = cast.content("Mentions it")
        mention = {"type": "drug", "attrs": {"page": drug.uid, "form": "full"}}
        content["body"]["content"][1]["content"].append(mention)
        page = writing.create_page("article", content, by=people.amara)
        opened = writing.submit(page, version=1, by=people.amara)
        publishing.publish(cast.signed_review(people, review=opened), by=people.edda)
        writing.save_draft(drug, {**drug.draft.content, "standfirst": "Another use."}, version=1, by=people.amara)
        again = writing.submit(drug, version=2, by=people.amara)
        cast.sign(again, people.ruth)
        publishing.publish(again, by=people.edda)
        trigger = ReviewTrigger.objects.get()
        assert (trigger.page, trigger.source_kind, trigger.severity) == (page, "drug", "review")

    def test_publishing_a_newer_signature_resolves_what_was_open(self, people):
        page = cast.live_page(people)
        trigger = calling_back.open_trigger(page, source_kind="report", source_id="7", severity="review")
        writing.save_draft(page, {**page.draft.content, "title": "Mended"}, version=1, by=people.amara)
        again = writing.submit(page, version=2, by=people.amara)
        sign_off = cast.sign(again, people.ruth)
        publishing.publish(again, by=people.edda)
        trigger.refresh_from_db()
        assert trigger.resolved_by_sign_off == sign_off

    def test_settling_one_needs_a_role_and_works_once(self, people):
        trigger = calling_back.open_trigger(
            cast.live_page(people), source_kind="report", source_id="7", severity="review"
        )
        with pytest.raises(PermissionDenied):
            calling_back.resolve_trigger(trigger, by=people.amara, resolution="not_an_error")
        calling_back.resolve_trigger(trigger, by=people.ruth, resolution="not_an_error")
        with pytest.raises(WrongState):
            calling_back.resolve_trigger(trigger, by=people.ruth, resolution="not_an_error")


class TestRaces:
    def test_two_reviewers_sign_at_once_and_one_wins(self, committed_db):
        people = cast.people()
        opened = cast.open_review(people)
        signers = [people.ruth, people.raj, people.ruth, people.raj]
        results = committed_db.race(lambda n: cast.sign(opened, signers[n]))
        assert len([one for one in results if isinstance(one, SignOff)]) == 1, results
        assert SignOff.objects.count() == 1

    def test_revoke_against_publish_never_leaves_an_unsigned_page_public(self, committed_db):
        people = cast.people()
        for round_number in range(5):
            signed = cast.signed_review(people, title=f"Round {round_number}")
            sign_off = signed.sign_offs.get()
            acts = [
                lambda signed=signed: publishing.publish(signed, by=people.edda),
                lambda sign_off=sign_off: signing.revoke(sign_off, by=people.ruth, reason="doubt"),
            ]
            committed_db.race(lambda n, acts=acts: acts[n % 2]())
            assert Page.objects.get(pk=signed.page_id).live_publication is None
