"""Rows that fit their hashes and seals and are wrong all the same: each check of the medical side, on its own."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.models import Credential, RoleGrant
from articles import freshness, verify, verify_live
from articles.models import (
    Note,
    Page,
    Publication,
    PublicNotice,
    Reference,
    ReviewPolicy,
    ReviewStep,
    Revocation,
    Schedule,
    SignOff,
)
from articles.workflow import calling_back, policies, publishing, review, scheduling, signing, writing
from audit.verify import one_moment
from tests import cast

YEARS = timedelta(days=2000)


@pytest.fixture
def people(db):
    return cast.people()


@pytest.fixture
def page(people) -> Page:
    return cast.live_page(people)


def spelled(people, page: Page, by: str = "edda") -> Publication:
    """The live text with one comma more, compared by an editor, in public."""
    page = Page.objects.get(pk=page.pk)
    content = json.loads(json.dumps(page.draft.content).replace("badly at first", "badly, at first"))
    writing.save_draft(page, content, version=page.draft.version, by=people.amara)
    opened = writing.submit(page, version=page.draft.version + 1, by=people.amara, change_class="typo")
    cast.sign(opened, getattr(people, by))
    return publishing.publish(opened, by=people.edda)


def said(check) -> list[str]:
    return [one.what for one in check()]


def change(without_triggers, row, **values) -> None:
    with without_triggers(row._meta.db_table):
        type(row)._base_manager.filter(pk=row.pk).update(**values)


class TestSignatures:
    def test_it_holds(self, people, page):
        spelled(people, page)
        assert said(verify.signatures) == []

    @pytest.mark.parametrize(
        ("values", "sentence"),
        [
            ({"meaning": "editorial"}, "means something else than its step asks for"),
            ({"printed_name": "Raj Patel"}, "has a statement that does not name its signer"),
            ({"statement": "I have read it."}, "has a statement that does not name its signer"),
            ({"ceremony": None}, "does not say on which page it was made"),
            ({"closure": ""}, "does not say on which page it was made"),
            ({"shown_at": None}, "does not say on which page it was made"),
            ({"auth_method": "passkey"}, "lacks the answer of the passkey, or has one without a passkey"),
            ({"auth_evidence": "{}"}, "lacks the answer of the passkey, or has one without a passkey"),
            ({"auth_method": "passkey", "auth_evidence": "{}"}, "has an answer of a passkey that does not fit"),
            ({"credential": None}, "is not backed by a credential that was valid that day"),
        ],
        ids=lambda one: str(one)[:40] if isinstance(one, dict) else "",
    )
    def test_what_does_not_fit_is_named(self, page, without_triggers, values, sentence):
        change(without_triggers, SignOff.objects.get(), **values)
        assert said(verify.signatures) == [sentence]

    def test_one_that_lasts_longer_than_its_policy_allows(self, page, without_triggers):
        one = SignOff.objects.get()
        change(without_triggers, one, valid_until=one.valid_until + timedelta(days=1))
        assert said(verify.signatures) == ["is good for longer than its policy allows"]

    @pytest.mark.parametrize("column", ["shown_at", "authenticated_at"])
    def test_one_that_was_not_authenticated_after_reading(self, page, without_triggers, column):
        change(without_triggers, SignOff.objects.get(), **{column: timezone.now() + timedelta(days=1)})
        assert said(verify.signatures) == ["was not authenticated between showing and signing"]

    def test_one_by_somebody_else_in_the_team(self, people, page, without_triggers):
        change(without_triggers, SignOff.objects.get(), signer=people.raj)
        assert said(verify.signatures) == ["is not backed by a credential that was valid that day"]

    def test_one_by_somebody_without_the_role(self, people, page, without_triggers):
        change(without_triggers, SignOff.objects.get(), signer=people.rita)
        assert said(verify.signatures) == ["is by somebody who was no medical_reviewer then"]

    @pytest.mark.parametrize(
        "ended",
        [{"revoked_at": -YEARS}, {"valid_until": -YEARS}, {"valid_from": YEARS}],
        ids=lambda one: next(iter(one)),
    )
    def test_one_before_or_after_its_signer_held_the_role(self, people, page, without_triggers, ended):
        grant = RoleGrant.objects.get(user=people.ruth)
        values = {"valid_from": timezone.now() - 2 * YEARS, **{key: timezone.now() + by for key, by in ended.items()}}
        change(without_triggers, grant, **values)
        assert said(verify.signatures) == ["is by somebody who was no medical_reviewer then"]

    def test_a_role_or_credential_that_ended_later_changes_nothing(self, people, page):
        now = timezone.now()
        RoleGrant.objects.filter(user=people.ruth).update(revoked_at=now, revoked_by=people.ada)
        Credential.objects.filter(user=people.ruth).update(revoked_at=now)
        assert said(verify.signatures) == []
        assert said(verify.publications) == []

    def test_a_credential_that_was_taken_back_before(self, people, page):
        Credential.objects.filter(user=people.ruth).update(revoked_at=timezone.now() - YEARS)
        assert said(verify.signatures) == ["is not backed by a credential that was valid that day"]


class TestPublications:
    def test_they_hold(self, people, page):
        spelled(people, page)
        assert said(verify.publications) == []

    @pytest.mark.parametrize("column", ["reviewed_on", "next_review_due"])
    def test_dates_are_those_of_the_signatures(self, page, without_triggers, column):
        live = page.live_publication
        change(without_triggers, live, **{column: getattr(live, column) + timedelta(days=2)})
        assert said(verify.publications) == ["says other dates than its signatures do"]

    @pytest.mark.parametrize("column", ["reviewed_on", "next_review_due"])
    def test_a_change_of_spelling_keeps_the_dates_it_found(self, people, page, without_triggers, column):
        live = spelled(people, page)
        change(without_triggers, live, **{column: getattr(live, column) + timedelta(days=1)})
        assert said(verify.publications) == ["says other dates than its signatures do"]

    def test_a_change_of_spelling_names_the_text_it_leans_on(self, people, page, without_triggers):
        live = spelled(people, page)
        change(without_triggers, live, vouched_hash=live.content_hash)
        assert said(verify.publications) == ["names another hash than its medical signatures do"]

    def test_somebody_who_was_no_editor(self, people, page, without_triggers):
        change(without_triggers, page.live_publication, published_by=people.ruth)
        assert said(verify.publications) == ["was published by somebody who was no editor then"]

    @pytest.mark.parametrize("column", ["title", "standfirst"])
    def test_words_beside_the_artefact(self, page, without_triggers, column):
        change(without_triggers, page.live_publication, **{column: "Something else"})
        assert said(verify.publications) == ["has another title or standfirst than its content"]

    def test_a_renderer_from_the_future(self, page, without_triggers):
        change(without_triggers, page.live_publication, renderer_version=99)
        assert said(verify.publications) == ["was made by a renderer that this release does not have"]

    def test_an_artefact_of_another_text_that_hashes_to_its_hash(self, people, page, without_triggers):
        other = cast.live_page(people, title="Another page").live_publication
        change(without_triggers, page.live_publication, artefact=other.artefact, artefact_hash=other.artefact_hash)
        assert said(verify.publications) == ["its artefact is not one of this text"]

    @pytest.mark.parametrize(
        "values", [{"signed_at": YEARS}, {"valid_until": -YEARS}], ids=["signed later", "run out before"]
    )
    def test_a_signature_that_did_not_stand_on_that_day(self, page, without_triggers, values):
        moved = {key: timezone.now() + by for key, by in values.items()}
        moved |= (
            {"signed_at": moved["valid_until"] - YEARS}
            if "valid_until" in moved
            else {"valid_until": moved["signed_at"] + YEARS}
        )
        change(without_triggers, SignOff.objects.get(), **moved)
        assert said(verify.publications) == ["went live without the signature “medical”"]

    def test_a_signature_that_was_taken_back_before(self, people, page, without_triggers):
        revoked = signing.revoke(SignOff.objects.get(), by=people.ruth, reason="error_found")
        assert said(verify.publications) == []
        change(without_triggers, revoked, at=timezone.now() - YEARS)
        assert said(verify.publications) == ["went live without the signature “medical”"]

    def test_one_person_for_two_steps(self, people, page, without_triggers):
        """A step more than was signed: the policy's steps cannot be looked at alone."""
        step = ReviewStep.objects.get(sign_offs__isnull=False)
        with without_triggers("articles_reviewstep"):
            more = ReviewStep.objects.create(policy=step.policy, position=2, code="medical", role=step.role)
        assert said(verify.publications) == ["went live without the signature “medical”"]
        one = SignOff.objects.get()
        first = cast.draft(people.amara, title="Only to have a review of another number")
        opened = writing.submit(first, version=1, by=people.amara)
        with without_triggers("articles_signoff"):
            SignOff.objects.create(
                **{
                    field.attname: getattr(one, field.attname)
                    for field in SignOff._meta.concrete_fields
                    if field.attname not in ("id", "step_id", "ceremony", "review_id")
                },
                step=more,
                review=opened,
            )
        assert said(verify.publications) == ["went live without the signature “medical”"]

    def test_a_class_that_a_signer_refused(self, people, page, without_triggers):
        change(without_triggers, spelled(people, page).review, class_refused=True)
        assert said(verify.publications) == ["went live though a signer said that it is more than a change of spelling"]

    def test_a_second_signature_that_stood_no_more_moves_no_date(self, people, page, without_triggers):
        """Of two signatures of the same bytes the one whose credential had ended did not count that day."""
        again = review.review_again(page, by=people.edda)
        cast.sign(again, people.raj)
        with without_triggers("articles_signoff"):
            SignOff.objects.filter(signer=people.raj).update(signed_at=timezone.now() - timedelta(days=30))
        assert said(verify.publications) == []
        shorter = page.live_publication.next_review_due - timedelta(days=9)
        change(without_triggers, SignOff.objects.get(signer=people.raj), next_review_due=shorter)
        assert said(verify.publications) == ["says other dates than its signatures do"]
        Credential.objects.filter(user=people.raj).update(revoked_at=timezone.now() - YEARS)
        assert said(verify.publications) == []

    def test_a_blocking_note_that_was_open_then(self, people, page, without_triggers):
        opened = page.live_publication.review
        note = review.add_note(opened, by=people.raj, text="This number is not in the source.", blocking=True)
        assert said(verify.publications) == []
        Note.objects.filter(pk=note.pk).update(created_at=timezone.now() - YEARS)
        assert said(verify.publications) == ["went live while a blocking note was open"]
        change(without_triggers, note, resolved_at=timezone.now() - YEARS, resolved_by=people.raj)
        assert said(verify.publications) == []

    def test_a_retracted_source_that_nobody_acknowledged(self, people, page, without_triggers):
        cited = page.live_publication.revision.cited.first().reference
        calling_back.record_reference_status(cited, status="retracted", by=people.edda)
        assert said(verify.publications) == []  # it was published before
        draft = page.draft
        writing.save_draft(page, {**draft.content, "title": "Again"}, version=draft.version, by=people.amara)
        opened = writing.submit(page, version=draft.version + 1, by=people.amara)
        known = review.acknowledge_source(opened, cited, by=people.edda, reason="The text warns of it.")
        cast.sign(opened, people.ruth)
        publishing.publish(opened, by=people.edda)
        assert said(verify.publications) == []
        with without_triggers("articles_referenceacknowledgement"):
            known.delete()
        assert said(verify.publications) == [
            "went live with a source that was retracted, and nobody had acknowledged it"
        ]

    def test_a_correction_that_readers_were_not_told_of(self, people, page, without_triggers):
        draft = page.draft
        writing.save_draft(page, {**draft.content, "title": "Right now"}, version=draft.version, by=people.amara)
        opened = writing.submit(page, version=draft.version + 1, by=people.amara, change_class="correction")
        cast.sign(opened, people.ruth)
        publishing.publish(opened, by=people.edda, notice="The title was wrong.")
        assert said(verify.publications) == []
        with without_triggers("articles_publicnotice"):
            PublicNotice.objects.all().delete()
        assert said(verify.publications) == ["corrects an error without a notice that says so"]


class TestLivePages:
    def test_they_hold(self, people, page):
        spelled(people, page)
        assert said(verify_live.live_pages) == []

    def test_a_change_of_spelling_falls_with_the_signature_it_leans_on(self, people, page, without_triggers):
        spelled(people, page)
        medical = SignOff.objects.get(meaning="medical_review")
        with without_triggers("articles_revocation"):
            Revocation.objects.create(sign_off=medical, by=people.ruth, reason="error_found")
        assert said(verify_live.live_pages) == [
            "shows a publication without the signature “medical” that was valid when it went live"
        ]

    def test_the_signature_for_the_spelling_counts_too(self, people, page, without_triggers):
        spelled(people, page)
        with without_triggers("articles_revocation"):
            editorial = SignOff.objects.get(meaning="editorial")
            Revocation.objects.create(sign_off=editorial, by=people.edda, reason="error_found")
        assert "“editorial”" in said(verify_live.live_pages)[0]

    def test_a_review_that_reads_the_text_anew_does_not_lean_on_older_signatures(self, people, page, without_triggers):
        again = review.review_again(page, by=people.edda)
        cast.sign(again, people.raj)
        publishing.publish(again, by=people.edda)
        assert said(verify_live.live_pages) == []
        with without_triggers("articles_signoff"):
            again.sign_offs.all().delete()
        assert "“medical”" in said(verify_live.live_pages)[0]

    def test_an_older_publication(self, people, page, without_triggers):
        first = page.live_publication
        spelled(people, page)
        change(without_triggers, page, live_publication=first)
        assert said(verify_live.live_pages) == ["shows an older publication than its newest"]

    def test_a_publication_of_another_page(self, people, page, without_triggers):
        other = cast.live_page(people, title="Another page")
        shown = other.live_publication
        change(without_triggers, other, live_publication=None)
        change(without_triggers, page, live_publication=shown)
        assert said(verify_live.live_pages) == ["shows a publication of another page"]

    def test_another_address(self, page):
        Page.objects.update(slug="somewhere-else")
        assert said(verify_live.live_pages) == ["stands at another address than its text says"]


class TestTakenDown:
    def test_a_withdrawn_page_holds(self, people, page):
        publishing.withdraw(page, by=people.edda, kind="safety", public_reason="A dose is wrong.")
        assert said(verify_live.pages_taken_down) == []

    def test_a_page_that_vanished_is_named(self, page):
        Page.objects.update(live_publication=None)
        assert said(verify_live.pages_taken_down) == ["was taken from readers, but nobody withdrew it"]

    def test_kept_bytes_of_a_withdrawn_page_are_named(self, people, page, client):
        address = page.get_absolute_url()
        client.get(address)
        before = {key: freshness.cache.get(key) for key in kept_keys(page)}
        publishing.withdraw(page, by=people.edda, kind="safety", public_reason="A dose is wrong.")
        assert client.get(address).status_code == 410
        assert said(verify_live.pages_taken_down) == []
        tag, _withdrawals = before[kept_keys(page)[1]]
        for key, value in before.items():
            freshness.cache.set(key, value)
        freshness.cache.set(kept_keys(page)[1], (tag, freshness.cache.get(freshness.WITHDRAWALS) or 0))
        assert said(verify_live.pages_taken_down) == ["was withdrawn, but its kept bytes could still be served"]


def kept_keys(page: Page) -> list[str]:
    key = freshness.key_of(page.get_absolute_url())
    return [key, f"{key}:seen"]


class TestKeptPages:
    @pytest.fixture(autouse=True)
    def kept(self, page, client, settings):
        settings.DEBUG = False
        client.get(page.get_absolute_url())
        assert freshness.cache.get(kept_keys(page)[0]) is not None

    def test_they_hold(self):
        assert said(verify_live.kept_pages) == []

    def test_one_altered_byte_is_named(self, page):
        key = kept_keys(page)[0]
        kept = freshness.cache.get(key)
        body = kept.body.replace(b"sleep badly", b"sleep madly")
        freshness.cache.set(key, freshness.Kept(kept.tag, body, kept.headers))
        assert said(verify_live.kept_pages) == ["is kept in the page cache with other bytes than were signed"]

    def test_what_nobody_would_be_served_is_left_alone(self, page):
        key = kept_keys(page)[0]
        freshness.cache.set(key, freshness.Kept("an older tag", b"older bytes", ()))
        assert said(verify_live.kept_pages) == []


class TestPlansPoliciesSources:
    def test_a_plan_that_published_something_else(self, people, page, without_triggers):
        opened = cast.signed_review(people, title="Planned")
        planned = scheduling.schedule(opened, at=timezone.now() + timedelta(hours=1), by=people.edda)
        published = publishing.publish(opened, by=people.edda)
        change(without_triggers, planned, status="done", publication=published)
        assert said(verify.schedules) == []
        change(without_triggers, planned, publication=page.live_publication)
        sentence = "names a publication that is not the one planned, or none"
        assert said(verify.schedules) == [sentence]
        change(without_triggers, planned, publication=published, status=Schedule.Status.CANCELLED)
        assert said(verify.schedules) == [sentence]

    @pytest.mark.parametrize("alter", ["months", "claims", "a step less"])
    def test_a_policy_that_asks_for_less_than_was_set(self, people, without_triggers, alter):
        policy = policies.set_policy(
            kind="article",
            risk="standard",
            change_class="material",
            steps=["medical", "editorial"],
            validity_months=12,
            checks_claims=True,
            by=people.ada,
            number=1,
        )
        assert said(verify.policies) == []
        if alter == "months":
            change(without_triggers, policy, validity_months=60)
        elif alter == "claims":
            change(without_triggers, policy, checks_claims=False)
        else:
            with without_triggers("articles_reviewstep"):
                policy.steps.last().delete()
        assert said(verify.policies) == ["asks for something else than was recorded when it was set"]

    @pytest.mark.parametrize("values", [{"role": "writer"}, {"needs_credential": True}], ids=str)
    def test_a_step_that_others_may_take(self, people, without_triggers, values):
        change(without_triggers, ReviewStep.objects.filter(code="editorial").first(), **values)
        assert said(verify.policies) == ["may be taken by others than a step of its kind"]

    @pytest.mark.parametrize("column", ["reaffirms", "policy_id", "leans_on_id"])
    def test_a_review_of_something_else(self, people, page, without_triggers, column):
        opened = page.live_publication.review
        assert said(verify.reviews) == []
        change(without_triggers, opened, **{column: {"reaffirms": True, "policy_id": 2}.get(column, opened.pk)})
        assert said(verify.reviews) == ["is not the review that was opened"]

    def test_a_policy_that_nobody_set(self, people):
        ReviewPolicy.objects.create(kind="article", number=2, created_by=people.ada)
        assert said(verify.policies) == ["was never recorded: no verb made it"]

    def test_a_source_that_stands_better_than_what_is_known(self, people, page):
        cited = page.live_publication.revision.cited.first().reference
        calling_back.record_reference_status(cited, status="retracted", by=people.edda)
        assert said(verify.sources) == []
        Reference.objects.filter(pk=cited.pk).update(status="ok")
        assert said(verify.sources) == ["stands otherwise than what became known about it says"]

    def test_a_source_that_stands_worse_than_what_is_known(self, page):
        Reference.objects.filter(pk=Reference.objects.first().pk).update(status="retracted")
        assert said(verify.sources) == ["stands otherwise than what became known about it says"]

    def test_what_came_too_late_does_not_count(self, people, page):
        cited, today = Reference.objects.first(), timezone.localdate()
        calling_back.record_reference_status(cited, status="reinstated", by=people.edda, effective_on=today)
        calling_back.record_reference_status(cited, status="retracted", by=people.edda, effective_on=today - YEARS)
        assert Reference.objects.get(pk=cited.pk).status == "reinstated"
        assert said(verify.sources) == []

    @pytest.mark.parametrize("less", [True, False], ids=["taken out", "put in"])
    def test_contributors_are_those_that_were_recorded(self, people, page, without_triggers, less):
        hands = page.live_publication.revision.contributors
        assert said(verify.contributors) == []
        with without_triggers("articles_revisioncontributor"):
            hands.all().delete() if less else hands.create(user=people.rita)
        assert said(verify.contributors) == ["has other contributors than were recorded"]

    def test_citations_are_those_of_the_text(self, page, without_triggers):
        row = page.live_publication.revision.cited.first()
        assert said(verify.revisions) == []
        with without_triggers("articles_revisionreference"):
            row.delete()
        assert said(verify.revisions) == ["cites other sources than its content lists"]

    def test_a_text_that_belongs_to_another_page(self, people, page, without_triggers):
        change(
            without_triggers, page.live_publication.revision, page=cast.draft(people.amara, title="Another"), number=9
        )
        assert said(verify.revisions) == ["its content is that of another page"]


def test_queries_do_not_grow_with_the_rows(people, page):
    with connection.execute_wrapper(count := Counting()):
        call_command("verify", stdout=Quiet())
    for number in range(5):
        spelled(people, cast.live_page(people, title=f"Page {number}"))
    with connection.execute_wrapper(more := Counting()):
        call_command("verify", stdout=Quiet())
    assert more.queries <= count.queries + 4  # as many, and those that are asked only where there are rows


class Counting:
    queries = 0

    def __call__(self, execute, sql, params, many, context):
        self.queries += 1
        return execute(sql, params, many, context)


class Quiet:
    def write(self, text: str) -> None: ...


def test_it_looks_at_one_moment_and_takes_no_lock(committed_db):
    """While it runs others write; nothing it does can be mistaken for a change."""
    people = cast.people()
    page = cast.live_page(people)
    with one_moment():
        before = Publication.objects.count()
        committed_db.race(lambda _n: cast.live_page(people, title="Meanwhile"), runners=1)
        assert Publication.objects.count() == before
    assert Publication.objects.count() == before + 1
    assert Page.objects.get(pk=page.pk).live_publication_id


def test_a_review_from_before_there_were_changes_of_spelling_holds(people, monkeypatch):
    """An entry of an earlier release names neither what a review leans on nor whether it reads anew."""
    cast.open_review(people)
    told = verify._facts_by_row

    def earlier(*args):
        kept = {"revision", "policy"}
        return {pk: {key: facts[key] for key in kept & set(facts)} for pk, facts in told(*args).items()}

    monkeypatch.setattr(verify, "_facts_by_row", earlier)
    assert list(verify.reviews()) == []
