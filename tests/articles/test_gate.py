"""Raw SQL against the gate: whoever holds a database connection still cannot make an unsigned byte public."""

from datetime import timedelta
from secrets import token_hex
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from articles import closure
from articles.models import (
    Page,
    Publication,
    ReferenceAcknowledgement,
    Review,
    ReviewPolicy,
    Revision,
    Revocation,
    SignOff,
    Withdrawal,
)
from articles.workflow import publishing, review, signing, writing
from audit import triggers
from tests import cast


def sql(statement: str, *params) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, params)


def insert(row, **changes) -> None:
    """INSERT a copy of `row` with `changes`, past every check of the application."""
    values = {field.column: getattr(row, field.attname) for field in row._meta.concrete_fields if not field.primary_key}
    values |= changes
    columns = ", ".join(values)
    marks = ", ".join(["%s"] * len(values))
    adapted = [
        field.get_db_prep_save(values[field.column], connection)
        for field in row._meta.concrete_fields
        if field.column in values
    ]
    ordered = ", ".join(field.column for field in row._meta.concrete_fields if field.column in values)
    assert len(columns) == len(ordered)
    sql(f"INSERT INTO {row._meta.db_table} ({ordered}) VALUES ({marks})", *adapted)


@pytest.fixture
def world(db) -> SimpleNamespace:
    return build()


def build() -> SimpleNamespace:
    """One live article (published twice), one signed and one unsigned revision of other pages, and the people."""
    people = cast.people()
    live = cast.live_page(people, title="A live page")
    first = live.live_publication
    page = Page.objects.get(pk=live.pk)
    writing.save_draft(
        page, {**page.draft.content, "standfirst": "Now with other words."}, version=page.draft.version, by=people.amara
    )
    again = writing.submit(page, version=page.draft.version + 1, by=people.amara)
    cast.sign(again, people.ruth)
    second = publishing.publish(again, by=people.edda)
    return SimpleNamespace(
        people=people,
        page=Page.objects.get(pk=page.pk),
        first=first,
        second=second,
        signed=cast.signed_review(people, title="Signed, not public"),
        unsigned=cast.open_review(people, title="Nobody signed this"),
    )


def forged(world, opened: Review, **changes) -> dict:
    """Values that would make a publication of `opened`, but for a signature."""
    return {
        "page_id": opened.page_id,
        "number": 1,
        "review_id": opened.pk,
        "revision_id": opened.revision_id,
        "content_hash": opened.content_hash,
        "vouched_hash": opened.content_hash,
    } | changes


def publish_unsigned(world):
    insert(world.second, **forged(world, world.unsigned))


def publish_under_anothers_signature(world):
    insert(world.second, **forged(world, world.unsigned, review_id=world.signed.pk))


def publish_bytes_of_another_hash(world):
    insert(world.second, **forged(world, world.unsigned, content_hash=world.signed.content_hash))


def publish_signed_review_on_another_page(world):
    insert(world.second, **forged(world, world.signed, page_id=world.unsigned.page_id))


def publish_after_revocation(world):
    sign_off = world.signed.sign_offs.get()
    Revocation.objects.bulk_create([Revocation(sign_off=sign_off, by=world.people.ruth, reason="doubt")])
    insert(world.second, **forged(world, world.signed))


def publish_after_the_credential_was_revoked(world):
    sql("UPDATE accounts_credential SET revoked_at = %s WHERE user_id = %s", timezone.now(), world.people.ruth.pk)
    insert(world.second, **forged(world, world.signed))


def publish_with_an_open_blocking_note(world):
    review.add_note(world.signed, by=world.people.raj, text="Look at the second list.", blocking=True)
    insert(world.second, **forged(world, world.signed))


def publish_citing_a_retracted_source(world):
    cited = world.signed.revision.cited.first().reference
    sql("UPDATE articles_reference SET status = 'retracted' WHERE id = %s", cited.pk)
    insert(world.second, **forged(world, world.signed))


def publish_under_a_policy_without_steps(world):
    policy = ReviewPolicy.objects.create(kind="article", number=99)
    lax = Review.objects.create(
        page=world.unsigned.page, revision=world.unsigned.revision, content_hash=world.unsigned.content_hash,
        policy=policy, opened_by=world.people.edda, status="approved",
    )  # fmt: skip
    insert(world.second, **forged(world, world.unsigned, review_id=lax.pk))


def publish_out_of_order(world):
    insert(world.second, **forged(world, world.signed, number=7))


def sign_ones_own(world):
    sign_off = world.signed.sign_offs.get()
    cast.qualify(world.people.amara)
    insert(sign_off, signer_id=world.people.amara.pk, **of(world.unsigned))


def sign_what_one_froze_without_being_named(world):
    raj, opened = world.people.raj, world.unsigned
    sql("UPDATE articles_review SET status = 'cancelled' WHERE id = %s", opened.pk)
    insert(opened.revision, number=9, created_by_id=raj.pk)
    own = Revision.objects.get(page=opened.page_id, number=9)
    insert(opened, revision_id=own.pk)
    again = Review.objects.get(revision=own)
    credential = raj.credentials.get()
    insert(world.signed.sign_offs.get(), **of(again), signer_id=raj.pk, credential_id=credential.pk)


def of(opened: Review) -> dict:
    return {
        "review_id": opened.pk,
        "revision_id": opened.revision_id,
        "content_hash": opened.content_hash,
        "ceremony": token_hex(16),
    }


def sign_without_the_role(world):
    credential = cast.qualify(world.people.rita)
    insert(
        world.signed.sign_offs.get(), **of(world.unsigned), signer_id=world.people.rita.pk, credential_id=credential.pk
    )


def sign_with_anothers_credential(world):
    insert(world.signed.sign_offs.get(), **of(world.unsigned), signer_id=world.people.raj.pk)


def sign_with_an_expired_credential(world):
    credential = world.people.raj.credentials.get()
    sql("UPDATE accounts_credential SET valid_until = '2020-01-01' WHERE id = %s", credential.pk)
    insert(
        world.signed.sign_offs.get(), **of(world.unsigned), signer_id=world.people.raj.pk, credential_id=credential.pk
    )


def sign_another_hash(world):
    credential = world.people.raj.credentials.get()
    wrong = of(world.unsigned) | {"content_hash": world.signed.content_hash}
    insert(world.signed.sign_offs.get(), **wrong, signer_id=world.people.raj.pk, credential_id=credential.pk)


def sign_a_closed_review(world):
    credential = world.people.raj.credentials.get()
    insert(
        world.signed.sign_offs.get(), ceremony=token_hex(16), signer_id=world.people.raj.pk, credential_id=credential.pk
    )


def sign_as_raj(world, **changes):
    """A whole signature of Raj's, as good as any but for `changes`."""
    credential = world.people.raj.credentials.get()
    told = of(world.unsigned) | {"signer_id": world.people.raj.pk, "credential_id": credential.pk} | changes
    insert(world.signed.sign_offs.get(), **told)


def sign_without_a_page_it_was_read_on(world):
    sign_as_raj(world, ceremony=None)


def sign_with_an_empty_page_it_was_read_on(world):
    sign_as_raj(world, ceremony="")


def sign_without_a_closure(world):
    sign_as_raj(world, closure="")


def sign_without_the_time_it_was_shown(world):
    sign_as_raj(world, shown_at=None)


def sign_with_a_proof_from_before_it_was_shown(world):
    shown_at = world.signed.sign_offs.get().shown_at
    sign_as_raj(world, authenticated_at=shown_at - timedelta(microseconds=1))


def sign_before_it_was_shown(world):
    later = timezone.now() + timedelta(minutes=5)
    sign_as_raj(world, shown_at=later, authenticated_at=later)


def sign_from_one_page_twice(world):
    sign_as_raj(world, ceremony=world.signed.sign_offs.get().ceremony)


def join_the_contributors_after_signing(world):
    sql(
        "INSERT INTO articles_revisioncontributor (revision_id, user_id) VALUES (%s, %s)",
        world.signed.revision_id,
        world.people.ruth.pk,
    )


def point_at_an_older_publication(world):
    sql("UPDATE articles_page SET live_publication_id = %s WHERE id = %s", world.first.pk, world.page.pk)


def point_at_another_pages_publication(world):
    sql("UPDATE articles_page SET live_publication_id = NULL WHERE id = %s", world.page.pk)
    sql("UPDATE articles_page SET live_publication_id = %s WHERE id = %s", world.second.pk, world.unsigned.page_id)


def point_at_a_revoked_publication(world):
    sign_off = world.second.review.sign_offs.get()
    Revocation.objects.bulk_create([Revocation(sign_off=sign_off, by=world.people.ruth, reason="doubt")])
    sql("UPDATE articles_page SET live_publication_id = %s WHERE id = %s", world.second.pk, world.page.pk)


def point_at_a_withdrawn_publication(world):
    publishing.withdraw(world.page, by=world.people.edda, kind="safety", public_reason="A dose was wrong.")
    sql("UPDATE articles_page SET live_publication_id = %s WHERE id = %s", world.second.pk, world.page.pk)


def begin_a_page_live(world):
    insert(world.page, uid="aaaaaaaaaaaa", slug="other", live_publication_id=world.second.pk)


def alter_a_signed_revision(world):
    sql(
        "UPDATE articles_revision SET content = replace(content, 'badly', 'well') WHERE id = %s",
        world.signed.revision_id,
    )


def replace_a_signed_revision(world):
    if connection.vendor == "postgresql":
        alter_a_signed_revision(world)
    revision = world.signed.revision
    sql(
        "INSERT OR REPLACE INTO articles_revision (id, page_id, number, content, content_hash, change_class, "
        "change_note, created_by_id, created_at) VALUES (%s, %s, %s, '{}', %s, 'typo', '', %s, %s)",
        revision.pk, revision.page_id, revision.number, closure.content_hash("{}"), revision.created_by_id,
        timezone.now(),
    )  # fmt: skip


def insert_a_revision_with_a_false_hash(world):
    insert(world.signed.revision, number=99, content='{"title":"Other bytes"}')


def truncate_signatures(world):
    if connection.vendor == "postgresql":
        sql("SET CONSTRAINTS ALL IMMEDIATE")  # else PostgreSQL refuses for a reason of its own
    sql("TRUNCATE articles_signoff CASCADE" if connection.vendor == "postgresql" else "DELETE FROM articles_signoff")


ATTACKS = [
    (publish_unsigned, "signature that the review policy asks for is missing"),
    (publish_under_anothers_signature, "names the review of exactly its revision"),
    (publish_bytes_of_another_hash, "names the review of exactly its revision"),
    (publish_signed_review_on_another_page, "names the review of exactly its revision"),
    (publish_after_revocation, "signature that the review policy asks for is missing"),
    (publish_after_the_credential_was_revoked, "signature that the review policy asks for is missing"),
    (publish_with_an_open_blocking_note, "a blocking note is open"),
    (publish_citing_a_retracted_source, "a cited source is retracted"),
    (publish_under_a_policy_without_steps, "no policy publishes without a medical review"),
    (publish_out_of_order, "numbered one after the other"),
    (sign_ones_own, "nobody signs what they wrote"),
    (sign_what_one_froze_without_being_named, "nobody signs what they wrote"),
    (sign_without_the_role, "does not hold the role"),
    (sign_with_anothers_credential, "no credential that is valid today"),
    (sign_with_an_expired_credential, "no credential that is valid today"),
    (sign_another_hash, "one existing revision and exactly its hash"),
    (sign_a_closed_review, "open review of its revision"),
    (sign_without_a_page_it_was_read_on, "names the page it was read on"),
    (sign_with_an_empty_page_it_was_read_on, "names the page it was read on"),
    (sign_without_a_closure, "names the page it was read on"),
    (sign_without_the_time_it_was_shown, "names the page it was read on"),
    (sign_with_a_proof_from_before_it_was_shown, "was authenticated after that"),
    (sign_before_it_was_shown, "names the page it was read on"),
    (sign_from_one_page_twice, "(?i)unique.*ceremony"),
    (join_the_contributors_after_signing, "a signer cannot become a contributor"),
    (point_at_an_older_publication, "its newest publication or none"),
    (point_at_another_pages_publication, "a page shows its own publications"),
    (point_at_a_revoked_publication, "signature that the review policy asks for is missing"),
    (point_at_a_withdrawn_publication, "a withdrawn publication does not come back"),
    (begin_a_page_live, "a page begins unpublished"),
    (alter_a_signed_revision, "articles_revision is append-only"),
    (replace_a_signed_revision, "articles_revision is append-only"),
    (insert_a_revision_with_a_false_hash, "the hash of exactly its bytes"),
    (truncate_signatures, "append-only"),
]
APPEND_ONLY = {
    "articles_signoff": "statement = ''",
    "articles_publication": "artefact = ''",
    "articles_withdrawal": "public_reason = ''",
    "articles_revocation": "reason = 'x'",
    "articles_publicnotice": "text = 'x'",
    "articles_revisioncontributor": "user_id = user_id",
    "articles_reviewpolicy": "validity_months = 900",
    "articles_reviewstep": "needs_credential = needs_credential",
    "articles_revisionreference": "number = number",
    "articles_referenceversion": "csl = '{}'",
    "audit_entry": "verb = 'other.verb'",
}


@pytest.mark.parametrize(("attack", "sentence"), ATTACKS, ids=lambda value: getattr(value, "__name__", ""))
def test_the_database_refuses(world, attack, sentence):
    with pytest.raises(DatabaseError, match=sentence), transaction.atomic():
        attack(world)


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_evidence_is_neither_changed_nor_removed(world, table):
    signing.revoke(world.second.review.sign_offs.get(), by=world.people.ruth, reason="doubt")
    publishing.post_notice(world.page, by=world.people.edda, kind="safety", text="Ask your team.")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {table}")
        assert cursor.fetchone()[0] > 0
    for statement in (f"UPDATE {table} SET {APPEND_ONLY[table]}", f"DELETE FROM {table}"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            sql(statement)


def test_the_same_insert_passes_where_the_signature_stands(world):
    """The attacks above fail for their own reason: the very same row is taken when nothing is missing."""
    insert(world.second, **forged(world, world.signed))
    made = Publication.objects.get(page=world.signed.page)
    sql("UPDATE articles_page SET live_publication_id = %s WHERE id = %s", made.pk, made.page_id)
    assert Page.objects.get(pk=made.page_id).live_publication == made


def test_the_same_signature_passes_where_nothing_is_missing(world):
    """The forged signatures above fail for their own reason, not for something they all lack."""
    sign_as_raj(world)
    assert SignOff.objects.filter(review=world.unsigned, signer=world.people.raj).exists()


def test_an_acknowledged_retraction_may_be_published(world):
    cited = world.signed.revision.cited.first().reference
    sql("UPDATE articles_reference SET status = 'retracted' WHERE id = %s", cited.pk)
    ReferenceAcknowledgement.objects.create(
        revision=world.signed.revision,
        reference=cited,
        by=world.people.ruth,
        reason="Named as a retracted study in the text.",
    )
    insert(world.second, **forged(world, world.signed))


def test_a_raw_revocation_takes_the_page_down(world):
    sign_off = SignOff.objects.get(review=world.second.review)
    before = Page.objects.get(pk=world.page.pk).version
    Revocation.objects.bulk_create([Revocation(sign_off=sign_off, by=world.people.ruth, reason="doubt")])
    page = Page.objects.get(pk=world.page.pk)
    assert page.live_publication is None
    assert page.version == before + 1


def test_a_raw_withdrawal_takes_the_page_down(world):
    Withdrawal.objects.bulk_create(
        [
            Withdrawal(
                page=world.page,
                publication=world.second,
                kind="safety",
                public_reason="A dose was wrong.",
                by=world.people.edda,
            )
        ]
    )
    assert Page.objects.get(pk=world.page.pk).live_publication is None


def test_all_of_it_still_holds_after_a_migration_remade_the_tables(committed_db):
    """SQLite remakes a table that a migration alters, and its triggers vanish; `migrate` puts them back."""
    triggers.before_migrate(None, using="default", plan=["a migration"])
    if connection.vendor == "sqlite":
        with connection.schema_editor() as editor:
            for model in (Page, Revision, SignOff, Publication):
                editor._remake_table(model)
    assert "articles_publication_gate" in triggers.missing()
    call_command("migrate", verbosity=0)
    assert triggers.missing() == []
    world = build()
    for attack, sentence in ATTACKS:
        with pytest.raises(DatabaseError, match=sentence), transaction.atomic():
            attack(world)


def test_a_trigger_that_is_gone_or_switched_off_is_noticed(db):
    if connection.vendor == "postgresql":
        sql("ALTER TABLE articles_publication DISABLE TRIGGER articles_publication_gate")
    else:
        sql("DROP TRIGGER articles_publication_gate")
    assert triggers.missing() == ["articles_publication_gate"]
    with pytest.raises(CommandError, match="articles_publication_gate"):
        call_command("verify", verbosity=0)
    with pytest.raises(CommandError, match="articles_publication_gate"):
        call_command("check", databases=["default"])


def test_a_signature_that_has_run_out_publishes_nothing(world):
    """`valid_until` is compared with the database's clock, not with a time the row brings along."""
    again = cast.open_review(world.people, title="Signed long ago")
    old = timezone.now() - timedelta(days=2000)
    sign_off = world.signed.sign_offs.get()
    insert(
        sign_off, **of(again), shown_at=old, authenticated_at=old, signed_at=old, valid_until=old + timedelta(days=365)
    )
    with pytest.raises(DatabaseError, match="missing or no longer stands"), transaction.atomic():
        insert(world.second, **forged(world, again, published_at=old + timedelta(days=10)))
