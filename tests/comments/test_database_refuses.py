"""Raw SQL against the conversation: what the code forbids, the database forbids too, also after a table was remade."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.db import DatabaseError, connection, models, transaction
from django.utils import timezone

from audit import triggers
from comments.models import Comment, CommentRevision, Decision
from comments.workflow import deciding
from tests.comments.conftest import a_world, publish, turn_down, write

ATTACKS: dict[str, tuple[Callable, str]] = {}

REVISION = (
    "INSERT INTO comments_commentrevision (comment_id, number, author_id, text, html, rules_version_id, publication_id, created_at)"
    " VALUES (%s, 7, %s, 'x', '<p>x</p>', %s, %s, %s)"
)
DECISION = (
    "INSERT INTO comments_decision (comment_id, version, from_status, to_status, source, reason, clause_id, revision_id, "
    "decided_by_id, author_id, text_hash, at) VALUES (%s, %s, %s, %s, 'moderator', 'within_rules', NULL, NULL, %s, %s, '', %s)"
)
STATUS = "UPDATE comments_comment SET status = %s, version = %s, published_at = %s WHERE id = %s"
APPEAL = "INSERT INTO comments_appeal (decision_id, first_moderator_id, text, created_at, decided_by_id) VALUES (%s, %s, 'x', %s, %s)"


def attack(because: str = "."):
    """An attempt that prepares with the verbs and ends with the one statement that must be refused: (sql, values)."""

    def label(prepare: Callable) -> Callable:
        ATTACKS[prepare.__name__] = (prepare, because)
        return prepare

    return label


def new_comment(world, author, **changes) -> tuple[str, list]:
    row = {
        "public_id": "aaaaaaaaaaaa", "conversation_id": world.page.pk, "author_id": author.pk, "path": "", "depth": 0,
        "status": "held", "version": 1, "token": "raw", "created_at": timezone.now(), "published_at": timezone.now(),
    } | changes  # fmt: skip
    marks = ", ".join(["%s"] * len(row))
    return f"INSERT INTO comments_comment ({', '.join(row)}) VALUES ({marks})", list(row.values())  # noqa: S608  our own names


def revision(world, comment, author, **changes) -> tuple[str, list]:
    row = {"rules": world.rules.pk, "publication": world.page.live_publication_id} | changes
    return REVISION, [comment.pk, author.pk, row["rules"], row["publication"], timezone.now()]


def decision(comment, by, *, version=2, before="held", to="live", author=None) -> tuple[str, list]:
    return DECISION, [comment.pk, version, before, to, by.pk, (author or comment.author).pk, timezone.now()]


@attack("begins held")
def a_comment_is_born_live(world):
    return new_comment(world, world.rita, status="live")


@attack("begins held")
def a_comment_is_born_decided(world):
    return new_comment(world, world.rita, version=2)


@attack()
def a_token_is_used_twice(world):
    return new_comment(world, world.rita, token=write(world).token)


@attack("never accepted")
def words_under_rules_never_accepted(world):
    # Edda accepted nothing; the empty row stands as if the first wall had a hole.
    comment = Comment.objects.create(conversation=world.conversation, author=world.edda, token="raw")
    return revision(world, comment, world.edda)


@attack("only the author")
def words_in_anothers_name(world):
    return revision(world, write(world), world.nora)


@attack("publication of its own page")
def words_bound_to_no_publication_of_this_page(world):
    return revision(world, write(world), world.rita, publication=world.page.live_publication_id + 1000)


@attack("only with version")
def a_status_without_a_decision(world):
    return STATUS, ["live", 2, timezone.now(), write(world).pk]


@attack("only with version")
def a_status_without_a_version(world):
    return STATUS, ["live", 1, timezone.now(), write(world).pk]


@attack("only with version")
def a_rejected_comment_made_live(world):
    comment = write(world)
    turn_down(world, comment)
    return STATUS, ["live", 3, timezone.now(), comment.pk]


@attack("only with version")
def an_old_decision_used_again(world):
    comment = publish(world)
    deciding.hide(comment, by=world.max, version=2)
    return STATUS, ["live", 2, timezone.now(), comment.pk]


@attack("moves by one")
def a_version_that_jumps(world):
    return "UPDATE comments_comment SET version = 9 WHERE id = %s", [publish(world).pk]


@attack("keeps its author")
def a_comment_changes_hands(world):
    return "UPDATE comments_comment SET author_id = %s WHERE id = %s", [world.nora.pk, publish(world).pk]


@attack("its own revisions")
def a_comment_shows_anothers_words(world):
    other = publish(world, by=world.nora)
    return "UPDATE comments_comment SET current_id = %s WHERE id = %s", [other.current_id, publish(world).pk]


@attack("never changed")
def words_are_changed(world):
    return "UPDATE comments_commentrevision SET text = 'Buy this.' WHERE id = %s", [publish(world).current_id]


@attack("never deleted")
def a_comment_is_deleted(world):
    return "DELETE FROM comments_comment WHERE id = %s", [write(world).pk]


@attack("only a moderator")
def a_reader_decides(world):
    return decision(write(world), world.nora)


@attack("only a moderator")
def an_administrator_decides(world):
    return decision(write(world), world.ada)


@attack("nobody_moderates_their_own_comment")
def a_moderator_decides_about_their_own(world):
    return decision(write(world, by=world.max), world.max)


@attack("names the comment as it stands")
def a_moderator_hides_behind_a_false_author(world):
    return decision(write(world, by=world.max), world.max, author=world.nora)


@attack("names the comment as it stands")
def a_decision_about_another_version(world):
    return decision(write(world), world.max, version=3)


@attack("names the comment as it stands")
def a_decision_from_another_status(world):
    return decision(write(world), world.max, before="live", to="hidden")


@attack("a_rejection_names_its_rule")
def a_rejection_without_a_rule(world):
    return decision(write(world), world.max, to="rejected")


@attack("names the comment as it stands")
def a_second_decision_about_one_version(world):
    return decision(publish(world), world.mona)


@attack("append-only")
def a_decision_is_altered(world):
    return "UPDATE comments_decision SET reason = 'other' WHERE id = %s", [turn_down(world, write(world)).pk]


@attack("append-only")
def a_decision_is_removed(world):
    return "DELETE FROM comments_decision WHERE id = %s", [turn_down(world, write(world)).pk]


@attack("an_appeal_is_heard_by_somebody_else")
def an_appeal_is_heard_by_the_first_moderator(world):
    return APPEAL, [turn_down(world, write(world)).pk, world.max.pk, timezone.now(), world.max.pk]


def refused(name: str, world: SimpleNamespace) -> None:
    prepare, because = ATTACKS[name]
    sql, values = prepare(world)
    with pytest.raises(DatabaseError, match=because), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


def remake(*tables) -> None:
    """As a migration that alters these tables: SQLite copies each to a new one, and its triggers vanish with the old."""
    triggers.drop()
    for table in tables:
        field = models.CharField(max_length=5, default="x")
        field.set_attributes_from_name("remade")
        with connection.schema_editor() as editor:
            editor.add_field(table, field)
            editor.remove_field(table, field)
    assert len(triggers.missing()) > 3
    triggers.install()


@pytest.mark.parametrize("name", ATTACKS)
def test_the_database_refuses(name, world):
    refused(name, world)


def test_it_still_refuses_after_its_tables_were_remade(committed_db):
    remake(Comment, CommentRevision, Decision)
    world = a_world()
    for name in ATTACKS:
        with transaction.atomic():
            refused(name, world)
            transaction.set_rollback(True)


def test_words_may_be_erased(world):
    comment = publish(world)
    CommentRevision.objects.filter(pk=comment.current_id).update(text="", html="")
    comment.current.refresh_from_db()
    assert comment.current.text == ""
