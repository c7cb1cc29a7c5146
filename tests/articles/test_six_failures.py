"""Six ways in which an approval stopped meaning something in a system people use; each is tried here by every door.

A: an author approves their own page. B: an edit made between two approvals goes live. C: a save rewrites the text under
an approval. D: a clean-up deletes approvals and the live pointer. E: deleting the reviewer blanks who approved.
F: rows of the audit log are altered. The doors: the pages of the desk, the verbs, the ORM, the admin, and raw SQL.
"""

from secrets import token_hex

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, models, transaction
from django.urls import NoReverseMatch, reverse

from accounts.models import User
from articles.models import Page, Publication, Review, Revision, SignOff
from articles.workflow import policies, publishing, review, writing
from audit.models import Entry
from audit.moves import WrongState
from tests import cast
from tests.articles.test_gate import insert, sql
from tests.worlds import kept

pytestmark = pytest.mark.django_db


@pytest.fixture
@kept
def people():
    everybody = cast.people()
    everybody.both = cast.person("both", "writer", "editor", "medical_reviewer", name="Bo Both")
    return everybody


@pytest.fixture
def two_steps(people):
    """Articles need a medical and an editorial signature from here on."""
    policies.set_policy(
        kind="article", risk="standard", change_class="material", steps=["medical", "editorial"],
        validity_months=24, checks_claims=True, by=people.ada, number=1,
    )  # fmt: skip


def refused_by_the_database(attack) -> str:
    with pytest.raises(DatabaseError) as stopped, transaction.atomic():
        attack()
    return str(stopped.value)


class TestAnAuthorApprovesTheirOwnPage:
    """A."""

    @pytest.fixture
    def own(self, people) -> Review:
        page = cast.draft(people.both)
        return writing.submit(page, version=1, by=people.both)

    def test_by_the_verb(self, people, own):
        with pytest.raises(PermissionDenied, match="You wrote part"):
            cast.sign(own, people.both)

    def test_by_the_page(self, client, people, own):
        cast.sign_in(client, people.both)
        assert "You wrote part of this revision" in client.get(reverse("articles:review", args=[own.pk])).text
        address = reverse("articles:sign", args=[own.pk])
        assert client.get(address).status_code == 302
        client.post(address, {"agree": "on", "password": cast.PASSWORD, "coi": "none"})
        assert not SignOff.objects.exists()

    def test_by_raw_sql(self, people, own):
        other = cast.signed_review(people, title="Another page")
        credential = people.both.credentials.get()
        row = {
            "review_id": own.pk, "revision_id": own.revision_id, "content_hash": own.content_hash,
            "ceremony": token_hex(16), "signer_id": people.both.pk, "credential_id": credential.pk,
        }  # fmt: skip
        said = refused_by_the_database(lambda: insert(other.sign_offs.get(), **row))
        assert "nobody signs what they wrote" in said

    def test_not_after_losing_and_regaining_the_roles_nor_for_one_comma(self, people):
        """Contributor is who had a hand in it, whatever they are called today."""
        page = cast.draft(people.amara)
        writing.save_draft(page, page.draft.content | {"standfirst": "A comma, more."}, version=1, by=people.both)
        opened = writing.submit(page, version=2, by=people.amara)
        people.both.grants.filter(role="writer").update(revoked_at="2026-01-01T00:00:00Z", revoked_by=people.ada)
        with pytest.raises(PermissionDenied, match="You wrote part"):
            cast.sign(opened, User.objects.get(pk=people.both.pk))

    def test_one_person_does_not_take_two_steps(self, people, two_steps):
        opened = cast.open_review(people)
        cast.sign(opened, people.both)
        with pytest.raises(PermissionDenied, match="signed this revision already"):
            cast.sign(opened, User.objects.get(pk=people.both.pk))
        with pytest.raises(WrongState, match="editorial"):
            publishing.publish(opened, by=people.edda)


class TestAnEditBetweenTwoApprovalsGoesLive:
    """B."""

    def test_both_signatures_name_one_hash_and_that_goes_live(self, people, two_steps):
        opened = cast.open_review(people, title="Signed words")
        cast.sign(opened, people.ruth)
        page = opened.page
        writing.save_draft(page, page.draft.content | {"title": "Slipped in"}, version=1, by=people.amara)
        cast.sign(opened, people.edda)
        editor = cast.person("eve", "editor", name="Eve Ring")
        publishing.publish(Review.objects.get(pk=opened.pk), by=editor)
        live = Page.objects.get(pk=page.pk).live_publication
        assert live.title == "Signed words"
        assert "Slipped in" not in live.artefact
        assert set(SignOff.objects.values_list("content_hash", flat=True)) == {live.content_hash}

    def test_a_new_snapshot_needs_both_again(self, client, people, two_steps):
        opened = cast.open_review(people)
        cast.sign(opened, people.ruth)
        page = opened.page
        writing.save_draft(page, page.draft.content | {"title": "Slipped in"}, version=1, by=people.amara)
        again = writing.submit(page, version=2, by=people.amara)
        opened.refresh_from_db()
        assert opened.status == "cancelled"
        cast.sign(again, people.edda)
        for one in (opened, again):
            with pytest.raises(WrongState):
                publishing.publish(one, by=people.edda)
        cast.sign_in(client, people.edda)
        client.post(reverse("articles:publish", args=[again.pk]))
        assert not Publication.objects.exists()

    def test_raw_sql_cannot_put_the_edit_under_the_signatures(self, people, two_steps):
        opened = cast.open_review(people)
        for who in (people.ruth, people.edda):
            cast.sign(opened, who)
        live = publishing.publish(Review.objects.get(pk=opened.pk), by=people.edda)
        page = Page.objects.get(pk=opened.page_id)
        writing.save_draft(page, page.draft.content | {"title": "Slipped in"}, version=1, by=people.amara)
        again = writing.submit(page, version=2, by=people.amara)
        row = {"number": 2, "review_id": again.pk, "revision_id": again.revision_id}
        hashes = {"content_hash": again.content_hash, "vouched_hash": again.content_hash}
        assert "is missing" in refused_by_the_database(lambda: insert(live, **row, **hashes))
        assert "exactly" in refused_by_the_database(lambda: insert(live, **row))


class TestASaveRewritesWhatWasApproved:
    """C."""

    def test_autosaving_the_draft_leaves_revision_and_signature_alone(self, people):
        signed = cast.signed_review(people)
        before = Revision.objects.get().content
        page = signed.page
        for version in range(1, 6):
            text = page.draft.content | {"title": f"Autosave {version}"}
            writing.save_draft(page, text, version=version, by=people.amara)
        assert Revision.objects.get().content == before
        assert "Autosave" not in publishing.publish(signed, by=people.edda).artefact

    @pytest.mark.parametrize("door", ["queryset", "save", "bulk_update", "raw sql"])
    def test_nothing_rewrites_a_revision(self, people, door):
        revision = cast.signed_review(people).revision
        forged = revision.content.replace("badly", "well")

        def attack():
            if door == "queryset":
                Revision.objects.filter(pk=revision.pk).update(content=forged)
            elif door == "raw sql":
                sql("UPDATE articles_revision SET content = %s WHERE id = %s", forged, revision.pk)
            else:
                revision.content = forged
                revision.save() if door == "save" else Revision.objects.bulk_update([revision], ["content"])

        assert "append-only" in refused_by_the_database(attack)

    def test_an_unchanged_save_does_not_reset_approvals_either(self, people):
        """The other side of it: identity is the bytes, so sending the same text again keeps its signatures."""
        signed = cast.signed_review(people)
        page = signed.page
        writing.save_draft(page, page.draft.content, version=1, by=people.amara)
        again = writing.submit(page, version=2, by=people.amara)
        assert (again.content_hash, again.status) == (signed.content_hash, "approved")
        assert publishing.publish(again, by=people.edda)


class TestACleanUpDeletesApprovals:
    """D."""

    EVIDENCE = ("articles_signoff", "articles_revision", "articles_publication", "articles_review", "articles_page")

    @pytest.mark.parametrize("table", EVIDENCE)
    def test_raw_sql(self, people, table):
        cast.live_page(people)
        for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            if connection.vendor == "postgresql" or statement.startswith("DELETE"):
                assert refused_by_the_database(lambda statement=statement: sql(statement))
        assert Page.objects.live().count() == 1

    @pytest.mark.parametrize("model", [SignOff, Revision, Publication, Review, Page])
    def test_the_orm(self, people, model):
        cast.live_page(people)
        with pytest.raises((models.ProtectedError, DatabaseError)), transaction.atomic():
            model.objects.all().delete()
        with pytest.raises((models.ProtectedError, DatabaseError)), transaction.atomic():
            model.objects.first().delete()
        with pytest.raises(DatabaseError), transaction.atomic():
            model.objects.all()._raw_delete(model.objects.db)
        assert Page.objects.live().count() == 1

    def test_no_command_of_ours_purges(self):
        from django.core.management import get_commands

        assert [name for name in get_commands() if "purge" in name or "prune" in name and "task" not in name] == []


class TestDeletingTheReviewerBlanksWhoApproved:
    """E."""

    def test_a_person_is_never_deleted(self, people):
        cast.live_page(people)
        assert "anonymised" in refused_by_the_database(
            lambda: sql("DELETE FROM accounts_user WHERE id = %s", people.ruth.pk)
        )
        with pytest.raises((models.ProtectedError, DatabaseError)), transaction.atomic():
            people.ruth.delete()

    def test_the_signature_cannot_be_given_to_nobody_or_to_somebody_else(self, people):
        cast.live_page(people)
        for signer in (people.raj.pk, None):
            refused_by_the_database(lambda signer=signer: sql("UPDATE articles_signoff SET signer_id = %s", signer))

    def test_a_new_name_and_a_closed_account_leave_the_printed_name(self, client, people):
        page = cast.live_page(people)
        User.objects.filter(pk=people.ruth.pk).update(name="Another Name", is_active=False)
        assert "Ruth Adeyemi, MD" in client.get(page.get_absolute_url()).text

    def test_every_foreign_key_from_evidence_to_a_person_protects(self):
        from articles.models import PublicNotice, Revocation, Withdrawal

        for model in (SignOff, Revision, Publication, Revocation, Withdrawal, PublicNotice, Entry):
            for field in model._meta.get_fields():
                if field.concrete and field.is_relation and field.related_model is User:
                    assert field.remote_field.on_delete is models.PROTECT, f"{model.__name__}.{field.name}"


class TestAlteringTheAuditLog:
    """F."""

    @pytest.mark.parametrize("door", ["queryset", "save", "delete", "raw sql"])
    def test_no_entry_is_altered(self, people, door):
        cast.live_page(people)
        entry = Entry.objects.get(verb="page.published")

        def attack():
            if door == "queryset":
                Entry.objects.update(actor=people.rita)
            elif door == "delete":
                entry.delete()
            elif door == "raw sql":
                sql("UPDATE audit_entry SET payload = '{}' WHERE seq = %s", entry.seq)
            else:
                entry.verb = "page.withdrawn"
                entry.save()

        assert "append-only" in refused_by_the_database(attack)

    def test_no_entry_is_slipped_in_between(self, people):
        cast.live_page(people)
        entry = Entry.objects.get(verb="page.published")
        assert refused_by_the_database(lambda: insert(entry, seq=entry.seq, hash="0" * 64, prev_hash="1" * 64))


class TestTheAdmin:
    """Not one evidence row can be added, changed or deleted there, not even by a superuser."""

    def test_no_evidence_is_editable(self, client, people):
        cast.live_page(people)
        root = cast.person("root", "administrator", is_superuser=True, is_staff=True)
        cast.sign_in(client, root)
        before = list(SignOff.objects.values()) + list(Publication.objects.values()) + list(Entry.objects.values())
        names = [model._meta.model_name for model in apps.get_app_config("articles").get_models()] + ["entry"]
        for name in names:
            app = "audit" if name == "entry" else "articles"
            for act in ("add", "changelist"):
                try:
                    address = reverse(f"admin:{app}_{name}_{act}")
                except NoReverseMatch:
                    continue  # not registered at all
                if act == "add":
                    assert client.post(address, {}).status_code in (403, 404), name
                else:
                    answer = client.post(address, {"action": "delete_selected", "_selected_action": ["1"]})
                    assert answer.status_code in (200, 302, 403), name
        after = list(SignOff.objects.values()) + list(Publication.objects.values()) + list(Entry.objects.values())
        assert before == after
        assert Page.objects.live().count() == 1

    def test_a_superuser_signs_and_publishes_nothing(self, people):
        root = cast.person("root", is_superuser=True, is_staff=True, credential=True)
        opened = cast.open_review(people)
        with pytest.raises(PermissionDenied):
            cast.sign(opened, root)
        with pytest.raises(PermissionDenied):
            publishing.publish(cast.signed_review(people, review=opened), by=root)
        with pytest.raises(PermissionDenied):
            review.assign(opened, to=root, by=root, version=opened.version)
