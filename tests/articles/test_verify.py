"""One byte altered anywhere, past the triggers, as only the database's owner can: `verify` names the row."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from articles import images
from articles.closure import content_hash
from articles.models import Image, Page, Publication, ReferenceVersion, Revision, SignOff
from articles.workflow import writing
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


def altered(table: str, column: str, value: str):
    return pytest.param(table, column, value, id=f"{table}.{column}")


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        altered("articles_revision", "content", "replace(content, 'badly', 'madly')"),
        altered("articles_revision", "content_hash", "'b1:' || substr(content_hash, 5) || substr(content_hash, 4, 1)"),
        altered("articles_referenceversion", "csl", "replace(csl, '2021', '2022')"),
        altered("articles_publication", "artefact", "replace(artefact, 'badly', 'madly')"),
        altered("articles_publication", "artefact_hash", "replace(artefact_hash, 'a', 'b')"),
        altered("articles_signoff", "content_hash", "'b1:' || substr(content_hash, 5) || substr(content_hash, 4, 1)"),
    ],
)
def test_an_altered_value_is_named(page, without_triggers, table, column, value):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT MIN(id) FROM {table}")
        pk = cursor.fetchone()[0]
    with without_triggers(table):
        sql(f"UPDATE {table} SET {column} = {value} WHERE id = %s", pk)
    assert named().startswith(f"{table} {pk}: ")


def test_a_rehashed_forgery_is_named_by_what_was_signed(page, without_triggers):
    """Somebody rewrites a revision and its hash to fit: the signature still names the old one."""
    revision = Revision.objects.get()
    forged = revision.content.replace("badly", "madly")
    with without_triggers("articles_revision"):
        Revision.objects.filter(pk=revision.pk).update(content=forged, content_hash=content_hash(forged))
    assert named().startswith("articles_signoff")


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
    assert named().startswith(f"articles_page {page.pk}: ")


def test_a_picture_that_was_changed_or_lost_is_named(page):
    image = Image.objects.get()
    path = images.path_of(image.sha256, "original.png")
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert named() == f"articles_image {image.pk}: its file does not hash to its hash"
    path.unlink()
    assert named() == f"articles_image {image.pk}: its file is gone"


def test_rebuild_projections_reports_and_repairs_drift(page, capsys):
    page.live_publication.citations.all().delete()
    call_command("rebuild_projections")
    assert "1 pages had drifted" in capsys.readouterr().out
    call_command("rebuild_projections")
    assert "0 pages had drifted" in capsys.readouterr().out
    assert (Publication.objects.count(), ReferenceVersion.objects.count()) == (1, 3)
