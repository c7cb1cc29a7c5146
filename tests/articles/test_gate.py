"""Raw SQL against the gate: whoever holds a database connection still cannot make an unsigned byte public."""

from datetime import timedelta
from secrets import token_hex
from types import SimpleNamespace
from unittest.mock import patch

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
    Schedule,
    SignOff,
    Withdrawal,
)
from articles.workflow import publishing, review, scheduling, signing, writing
from audit import triggers
from tests import cast
from tests.worlds import kept


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


@kept
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


def corrected(world) -> Review:
    """A signed correction of the live page."""
    page = Page.objects.get(pk=world.page.pk)
    content = {**page.draft.content, "standfirst": "With another number."}
    draft = writing.save_draft(page, content, version=page.draft.version, by=world.people.amara)
    opened = writing.submit(page, version=draft.version, by=world.people.amara, change_class="correction")
    cast.sign(opened, world.people.ruth)
    return opened


def publish_a_correction_without_a_notice(world):
    insert(world.second, **forged(world, corrected(world), number=3, reason="correction"))


def publish_a_correction_as_an_update(world):
    insert(world.second, **forged(world, corrected(world), number=3, reason="update"))


def publish_a_correction_as_a_return(world):
    insert(world.second, **forged(world, corrected(world), number=3, reason="rollback"))


def publish_a_correction_with_an_old_notice(world):
    sql(
        "INSERT INTO articles_publicnotice (page_id, kind, text, by_id, at) VALUES (%s, 'correction', 'Old.', %s, %s)",
        world.page.pk, world.people.edda.pk, world.first.published_at,
    )  # fmt: skip
    publish_a_correction_without_a_notice(world)


def publish_what_is_read_anew_under_the_old_signatures(world):
    again = review.review_again(world.page, by=world.people.edda)
    sql("UPDATE articles_review SET status = 'approved' WHERE id = %s", again.pk)
    insert(world.second, **forged(world, again, number=3, reason="reaffirmed"))


def forget_that_it_is_read_anew(world):
    again = review.review_again(world.page, by=world.people.edda)
    sql("UPDATE articles_review SET reaffirms = %s WHERE id = %s", False, again.pk)


def respelled(world) -> dict:
    """Values of a publication of a signed change of spelling, as the verb would insert it."""
    page = Page.objects.get(pk=world.page.pk)
    content = {**page.draft.content, "standfirst": "Now with other words!"}
    draft = writing.save_draft(page, content, version=page.draft.version, by=world.people.amara)
    with patch.object(writing, "typo_problems", return_value=[]):
        opened = writing.submit(page, version=draft.version, by=world.people.amara, change_class="typo")
    cast.sign(opened, world.people.edda)
    return forged(world, opened, number=3, reason="typo", vouched_hash=opened.leans_on.content_hash)


def publish_a_change_of_spelling_with_new_dates(world):
    insert(world.second, **respelled(world) | {"reviewed_on": world.second.reviewed_on + timedelta(days=1)})


def publish_a_change_of_spelling_that_vouches_for_itself(world):
    values = respelled(world)
    insert(world.second, **values | {"vouched_hash": values["content_hash"]})


def publish_a_change_of_spelling_without_its_medical_signature(world):
    values = respelled(world)
    sign_off = world.second.review.sign_offs.get()
    Revocation.objects.bulk_create([Revocation(sign_off=sign_off, by=world.people.ruth, reason="doubt")])
    insert(world.second, **values)


def publish_a_change_of_spelling_that_a_signer_refused(world):
    values = respelled(world)
    sql("UPDATE articles_review SET class_refused = %s WHERE id = %s", True, values["review_id"])
    insert(world.second, **values)


def take_an_address_that_was_anothers(world):
    sql(
        "INSERT INTO articles_redirect (page_id, kind, language, slug) VALUES (%s, 'article', 'en', 'once-live')",
        world.page.pk,
    )
    sql("UPDATE articles_page SET slug = 'once-live' WHERE id = %s", world.signed.page_id)


def begin_at_an_address_that_was_anothers(world):
    sql(
        "INSERT INTO articles_redirect (page_id, kind, language, slug) VALUES (%s, 'article', 'en', 'once-live')",
        world.page.pk,
    )
    insert(world.unsigned.page, uid="aaaaaaaaaaaa", slug="once-live")


def lead_anothers_address_here(world):
    sql(
        "INSERT INTO articles_redirect (page_id, kind, language, slug) VALUES (%s, 'article', 'en', %s)",
        world.page.pk, world.signed.page.slug,
    )  # fmt: skip


def plan(world, **changes) -> Schedule:
    planned = scheduling.schedule(world.signed, at=timezone.now() + timedelta(hours=1), by=world.people.edda)
    for column, value in changes.items():
        sql(f"UPDATE articles_schedule SET {column} = %s WHERE id = %s", value, planned.pk)
    return planned


def plan_another_revision(world):
    plan(world, revision_id=world.unsigned.revision_id)


def plan_another_hash(world):
    plan(world, content_hash=world.unsigned.content_hash)


def plan_another_review(world):
    plan(world, review_id=world.unsigned.pk)


def plan_another_time(world):
    plan(world, at=timezone.now())


def plan_in_anothers_name(world):
    plan(world, created_by_id=world.people.ada.pk)


def plan_another_notice(world):
    plan(world, notice="Nothing was wrong.")


def plan_what_no_review_names(world):
    planned = plan(world)
    sql("UPDATE articles_schedule SET status = 'cancelled' WHERE id = %s", planned.pk)
    insert(planned, revision_id=world.unsigned.revision_id)


def plan_the_review_of_another_page(world):
    planned = plan(world)
    insert(planned, page_id=world.unsigned.page_id)


def revive_a_refused_plan(world):
    plan(world, status="refused") and sql("UPDATE articles_schedule SET status = 'pending'")


def revive_a_cancelled_plan(world):
    plan(world, status="cancelled") and sql("UPDATE articles_schedule SET status = 'running'")


def revive_a_failed_plan(world):
    plan(world, status="failed") and sql("UPDATE articles_schedule SET status = 'pending'")


def say_that_a_plan_published_something_else(world):
    plan(world, publication_id=world.second.pk)


def say_that_a_plan_is_done_without_a_publication(world):
    plan(world, status="done")


def remove_a_plan(world):
    plan(world)
    sql("DELETE FROM articles_schedule")


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
    (publish_a_correction_without_a_notice, "a correction is published with a notice"),
    (publish_a_correction_as_an_update, "a correction is published with a notice"),
    (publish_a_correction_as_a_return, "a correction is published with a notice"),
    (publish_a_correction_with_an_old_notice, "a correction is published with a notice"),
    (publish_what_is_read_anew_under_the_old_signatures, "signature that the review policy asks for is missing"),
    (forget_that_it_is_read_anew, "a review keeps its revision and its policy"),
    (publish_a_change_of_spelling_with_new_dates, "keeps the dates of the review it leans on"),
    (publish_a_change_of_spelling_that_vouches_for_itself, "names the hash that its medical signatures name"),
    (
        publish_a_change_of_spelling_without_its_medical_signature,
        "signature that the review policy asks for is missing",
    ),
    (publish_a_change_of_spelling_that_a_signer_refused, "a signer said that this is more"),
    (take_an_address_that_was_anothers, "an address that another page once had"),
    (begin_at_an_address_that_was_anothers, "an address that another page once had"),
    (lead_anothers_address_here, "an address leads to the page that has it"),
    (plan_another_revision, "a schedule keeps its revision"),
    (plan_another_hash, "a schedule keeps its revision"),
    (plan_another_review, "a schedule keeps its revision"),
    (plan_another_time, "a schedule keeps its revision"),
    (plan_in_anothers_name, "a schedule keeps its revision"),
    (plan_another_notice, "a schedule keeps its revision"),
    (plan_what_no_review_names, "a schedule names the review of exactly one revision"),
    (plan_the_review_of_another_page, "a schedule names the review of exactly one revision"),
    (revive_a_refused_plan, "does not begin again"),
    (revive_a_cancelled_plan, "does not begin again"),
    (revive_a_failed_plan, "does not begin again"),
    (say_that_a_plan_published_something_else, "its own revision and no other"),
    (say_that_a_plan_is_done_without_a_publication, "schedule_done_names_its_publication"),
    (remove_a_plan, "a schedule is kept as evidence"),
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


def test_a_change_of_spelling_passes_where_it_keeps_the_dates(world):
    insert(world.second, **respelled(world))


def test_a_correction_passes_with_its_notice(world):
    publishing.post_notice(world.page, by=world.people.edda, kind="correction", text="A number was wrong.")
    insert(world.second, **forged(world, corrected(world), number=3, reason="correction"))


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
