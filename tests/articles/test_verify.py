"""One byte altered anywhere, past the triggers, as only the database's owner can: `verify` names the row."""

import io
import json
from datetime import date, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, models, transaction

from articles import images
from articles.closure import content_hash
from articles.models import (
    Image,
    Page,
    Publication,
    PublicNotice,
    ReferenceAcknowledgement,
    ReferenceStatus,
    ReferenceVersion,
    Revision,
    Revocation,
    SignOff,
    Withdrawal,
)
from articles.workflow import calling_back, publishing, review, signing, writing
from audit import seals
from audit.models import GENESIS, Entry
from tests import cast
from tests.articles.test_workflow_writing import figure


@pytest.fixture
def people(db):
    return cast.people()


@pytest.fixture
def page(people, settings, tmp_path) -> Page:
    """A live article with a picture."""
    settings.MEDIA_ROOT = tmp_path
    page = cast.draft(people.amara)
    image = writing.upload_image(page, cast.picture(), by=people.amara)
    content = page.draft.content
    content["body"]["content"].insert(0, figure(image.uid))
    writing.save_draft(page, content, version=1, by=people.amara)
    opened = writing.submit(page, version=2, by=people.amara)
    cast.publishing.publish(cast.signed_review(people, review=opened), by=people.edda)
    return Page.objects.get(pk=page.pk)


def sql(statement: str, *params) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def named() -> str:
    with pytest.raises(CommandError) as stopped:
        call_command("verify", stdout=io.StringIO())
    return str(stopped.value)


def test_all_of_it_holds_and_json_says_so(page, capsys):
    call_command("verify", "--json")
    report = json.loads(capsys.readouterr().out)
    assert report["failures"] == []
    assert {check["name"] for check in report["checks"]} >= {
        "triggers", "audit chain", "revisions", "references", "signatures", "publications", "live pages", "pictures",
    }  # fmt: skip


def test_the_command_ends_with_one(committed_db, manage):
    page = cast.live_page(cast.people())
    assert manage("verify").returncode == 0
    sql("DROP TRIGGER articles_revision_no_update" + ("" if connection.vendor == "sqlite" else " ON articles_revision"))
    sql("UPDATE articles_revision SET content = content || ' ' WHERE page_id = %s", page.pk)
    ended = manage("verify")
    assert ended.returncode == 1
    assert "articles_revision_no_update" in ended.stderr


def everything() -> list[str]:
    """All failures, of all checks: what one alteration leads to, and none of it stops the command."""
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("verify", "--all", "--json", stdout=out)
    return json.loads(out.getvalue())["failures"]


def republished(people, page: Page, reference) -> Publication:
    """The next version of a page, which still cites the source, with a reason on record."""
    draft = page.draft
    writing.save_draft(page, {**draft.content, "title": "Another page, again"}, version=draft.version, by=people.amara)
    opened = writing.submit(page, version=draft.version + 1, by=people.amara)
    review.acknowledge_source(opened, reference, by=people.edda, reason="The text warns of it.")
    cast.sign(opened, people.ruth)
    return publishing.publish(opened, by=people.edda)


EVIDENCE = [
    SignOff, Revision, Publication, Revocation, Withdrawal, PublicNotice, ReferenceStatus, ReferenceAcknowledgement,
    ReferenceVersion, Entry,
]  # fmt: skip
# When a description was first kept is nobody's evidence.
NOT_EVIDENCE = {(ReferenceVersion, "created_at")}


@pytest.fixture
def everything_happened(page, people) -> Page:
    """At least one row of every kind of evidence: the page above, and one that was corrected, called back and withdrawn."""
    other = cast.live_page(people, title="Another page")
    publishing.post_notice(other, by=people.edda, kind="update", text="Two sentences were made clearer.")
    reference = other.live_publication.revision.cited.first().reference
    calling_back.record_reference_status(reference, status="retracted", by=people.edda, source="A list 7")
    again = republished(people, other, reference)
    signing.revoke(again.review.sign_offs.get(), by=people.ruth, reason="error_found")
    return page


# edge case 54 of the conversation: the log is one of the tables
@pytest.mark.parametrize("model", EVIDENCE, ids=lambda model: model.__name__)
def test_one_byte_altered_in_any_column_is_named(everything_happened, without_triggers, model):
    call_command("verify", stdout=io.StringIO())
    row = model._base_manager.order_by("pk").last()
    table, unnamed = model._meta.db_table, []
    for field in model._meta.concrete_fields:
        if (model, field.attname) in NOT_EVIDENCE:
            continue
        with transaction.atomic():
            pk = alter(row, field, without_triggers)
            if not named().startswith(f"{table} {pk}: "):
                unnamed.append(f"{field.column}: {named()}")
            assert any(one.startswith(f"{table} {pk}: ") for one in everything()), field.column
            transaction.set_rollback(True)
    assert unnamed == []


def alter(row, field, without_triggers) -> object:
    """Change one value of the row by as little as can be; under which key `verify` should name the row."""
    value = other_value(getattr(row, field.attname), field)
    with without_triggers(row._meta.db_table):
        prepared = field.get_db_prep_save(value, connection)
        sql(f"UPDATE {row._meta.db_table} SET {field.column} = %s WHERE {row._meta.pk.column} = %s", prepared, row.pk)
    # The log knows a row by the key it had; an entry stands where its number says.
    return value if isinstance(row, Entry) and field.primary_key else row.pk


def other_value(value, field):
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1)
    if isinstance(value, date):
        return value + timedelta(days=1)
    if isinstance(value, int):
        return value + 1000
    if value is None:
        return date(2026, 1, 1) if isinstance(field, models.DateField) else 1000
    return value[:-1] + ("x" if value[-1:] != "x" else "y")


def test_a_rehashed_forgery_is_named_by_what_was_signed(page, without_triggers):
    """Somebody rewrites a revision and its hash to fit: the signature still names the old one."""
    revision = Revision.objects.get()
    forged = revision.content.replace("badly", "madly")
    with without_triggers("articles_revision"):
        Revision.objects.filter(pk=revision.pk).update(content=forged, content_hash=content_hash(forged))
    assert named() == f"articles_revision {revision.pk}: is not the row that entry 2 sealed"
    assert any(one.startswith("articles_signoff ") and "another hash" in one for one in everything())


def test_a_forger_who_rewrites_the_log_too_is_named_by_what_was_signed(page, without_triggers):
    """Content, hash, seal and the whole chain after it made to fit: only a head that was written down elsewhere is left,
    and the signature, which would have to be forged as well."""
    head = Entry.objects.order_by("-seq").first()
    revision = Revision.objects.get()
    forged = revision.content.replace("badly", "madly")
    with without_triggers("articles_revision"):
        Revision.objects.filter(pk=revision.pk).update(content=forged, content_hash=content_hash(forged))
    rewrite_log(Revision.objects.get(), without_triggers)
    assert named().startswith("articles_signoff ")
    with pytest.raises(CommandError, match=f"audit_entry {head.seq}: has not the hash that was known"):
        call_command("verify", "--head", f"{head.seq}:{head.hash}", stdout=io.StringIO())


def rewrite_log(row, without_triggers) -> None:
    """As an owner of the database would: the row's seal, and then every hash from there on."""
    previous = GENESIS
    with without_triggers("audit_entry"):
        for entry in Entry.objects.order_by("seq"):
            if (entry.object_type, entry.object_id) == (row._meta.label_lower, str(row.pk)):
                facts = json.loads(entry.payload) | {"seal": seals.seal(row)}
                entry.payload = json.dumps(facts, sort_keys=True, separators=(",", ":"))
            entry.prev_hash = previous
            previous = entry.hash = entry.digest()
            Entry.objects.filter(seq=entry.seq).update(
                payload=entry.payload, prev_hash=entry.prev_hash, hash=entry.hash
            )


@pytest.mark.parametrize("head", ["7000:ab", "x", "1", "", "1:0", "99999999999999999999999:1"])
def test_a_head_that_never_was_is_named(page, head):
    if not head:
        call_command("verify", "--head", head, stdout=io.StringIO())
        return
    with pytest.raises(CommandError, match="audit_entry"):
        call_command("verify", "--head", head, stdout=io.StringIO())


def test_the_head_of_another_day_is_still_there(page, people):
    head = Entry.objects.order_by("-seq").first()
    publishing.post_notice(page, by=people.edda, kind="update", text="Two sentences were made clearer.")
    call_command("verify", "--head", f"{head.seq}:{head.hash}", stdout=io.StringIO())


def test_a_signature_of_a_contributor_is_named(page, people, without_triggers):
    with without_triggers("articles_revisioncontributor"):
        Revision.objects.get().contributors.create(user=people.ruth)
    assert "wrote part of the revision" in named()


def test_a_signature_without_a_valid_credential_is_named(page, people):
    sql("UPDATE accounts_credential SET valid_until = '2020-01-01' WHERE user_id = %s", people.ruth.pk)
    assert "credential" in named()


def test_a_live_page_whose_signature_was_deleted_is_named(page, without_triggers):
    with without_triggers("articles_signoff"):
        SignOff.objects.all().delete()
    assert named().startswith("articles_signoff ")
    assert "is gone" in named()
    missing = "shows a publication without the signature “medical” that was valid when it went live"
    assert f"articles_page {page.pk}: {missing}" in everything()


def test_a_picture_that_was_changed_or_lost_is_named(page):
    image = Image.objects.get()
    path = images.path_of(image.sha256, "original.png")
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert named() == f"articles_image {image.pk}: its file does not hash to its hash"
    path.unlink()
    assert named() == f"articles_image {image.pk}: its file is gone"


def test_a_size_of_a_picture_that_was_changed_or_lost_is_named(page):
    """Readers get the sizes, not the original."""
    image = Image.objects.get()
    path = images.path_of(image.sha256, "480.webp")
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert named() == f"articles_image {image.pk}: its size 480.webp does not hash to its hash"
    path.unlink()
    assert named() == f"articles_image {image.pk}: its size 480.webp is gone"


@pytest.mark.parametrize("column", ["uid", "sha256", "format", "width", "height"])
def test_another_picture_in_place_of_the_signed_one_is_named(page, column):
    image = Image.objects.get()
    value = {"uid": "aaaaaaaaaaaa", "sha256": "0" * 64, "format": "webp"}.get(column, 17)
    Image.objects.update(**{column: value})
    row = f"articles_page {page.pk}" if column == "uid" else f"articles_image {image.pk}"
    assert named().startswith(f"{row}: ")


def test_rebuild_projections_reports_and_repairs_drift(page, capsys):
    page.live_publication.citations.all().delete()
    call_command("rebuild_projections")
    assert "1 pages had drifted" in capsys.readouterr().out
    call_command("rebuild_projections")
    assert "0 pages had drifted" in capsys.readouterr().out
    assert (Publication.objects.count(), ReferenceVersion.objects.count()) == (1, 3)
