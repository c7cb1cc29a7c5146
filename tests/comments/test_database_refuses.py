"""Raw SQL against the conversation: what the code forbids, the database forbids too, also after a table was remade."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.db import DatabaseError, connection, models, transaction
from django.utils import timezone

from audit import triggers
from comments.models import Comment, CommentRevision, Decision, Follow, Notification
from comments.workflow import deciding, posting, reacting, reporting
from tests import cast as actors
from tests.comments.conftest import a_world, publish, turn_down, write

ATTACKS: dict[str, tuple[Callable, str]] = {}

STATUS = "UPDATE comments_comment SET status = %s, version = %s, published_at = %s WHERE id = %s"
APPEAL = "INSERT INTO comments_appeal (decision_id, first_moderator_id, text, created_at, decided_by_id) VALUES (%s, %s, 'x', %s, %s)"


def attack(because: str = "."):
    """An attempt that prepares with the verbs and ends with the one statement that must be refused: (sql, values)."""

    def label(prepare: Callable) -> Callable:
        ATTACKS[prepare.__name__] = (prepare, because)
        return prepare

    return label


def insert(table: str, **row) -> tuple[str, list]:
    marks = ", ".join(["%s"] * len(row))
    return f"INSERT INTO comments_{table} ({', '.join(row)}) VALUES ({marks})", list(row.values())  # noqa: S608  our own names


def new_comment(world, author, **changes) -> tuple[str, list]:
    row = {
        "public_id": "aaaaaaaaaaaa", "conversation_id": world.page.pk, "author_id": author.pk, "path": "", "depth": 0,
        "status": "held", "version": 1, "token": "raw", "created_at": timezone.now(), "published_at": timezone.now(),
        "live_below": 0, "helpful_count": 0,
    }  # fmt: skip
    return insert("comment", **row | changes)


def new_reply(world, asked: Comment, **changes) -> tuple[str, list]:
    place = {"parent_id": asked.pk, "root_id": asked.root_id or asked.pk, "reply_to_id": asked.pk}
    return new_comment(world, world.nora, **{"depth": asked.depth + 1} | place | changes)


def revision(world, comment, author, **changes) -> tuple[str, list]:
    row = {
        "comment_id": comment.pk, "number": 7, "author_id": author.pk, "text": "x", "html": "<p>x</p>", "digest": "",
        "sketch": "[]", "rules_version_id": world.rules.pk, "publication_id": world.page.live_publication_id,
        "created_at": timezone.now(),
    }  # fmt: skip
    return insert("commentrevision", **row | changes)


def decision(comment, by, *, version=2, before="held", to="live", author=None, **changes) -> tuple[str, list]:
    row = {
        "comment_id": comment.pk, "version": version, "from_status": before, "to_status": to, "source": "moderator",
        "reason": "within_rules", "revision_id": comment.current_id, "decided_by_id": by and by.pk,
        "author_id": (author or comment.author).pk, "text_hash": "", "at": timezone.now(),
    }  # fmt: skip
    return insert("decision", **row | changes)


def changed(comment: Comment, **changes) -> tuple[str, list]:
    names = ", ".join(f"{name} = %s" for name in changes)
    return f"UPDATE comments_comment SET {names} WHERE id = %s", [*changes.values(), comment.pk]  # noqa: S608  our own names


def reply(world, asked: Comment) -> Comment:
    """An answer that a moderator published."""
    made = posting.post(
        world.page, by=world.nora, text="So did I.", token=f"to-{asked.pk}", rules_version=world.rules, reply_to=asked
    )
    deciding.approve(made, by=world.max, version=1)
    return made


def elsewhere(world) -> Comment:
    """A public comment under another page."""
    return publish(world, page=actors.live_article(world, title="Food in the weeks after treatment"))


def more_words(world, comment: Comment) -> CommentRevision:
    """A second revision that nobody decided about."""
    sql, values = revision(world, comment, comment.author)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
    return comment.revisions.get(number=7)


def follow(world, comment: Comment | None, token: str) -> tuple[str, list]:
    return insert(
        "follow", user_id=world.nora.pk, conversation_id=world.page.pk, comment_id=comment and comment.pk, by_mail=False,
        token=token, created_at=timezone.now(),
    )  # fmt: skip


def news(comment: Comment, user, kind: str, **changes) -> tuple[str, list]:
    return insert(
        "notification", user_id=user.pk, kind=kind, comment_id=comment.pk, created_at=timezone.now(), **changes
    )


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
    return revision(world, write(world), world.rita, publication_id=world.page.live_publication_id + 1000)


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


@attack("begins held")
def a_comment_is_born_with_words_nobody_screened(world):
    return new_comment(world, world.rita, current_id=write(world).current_id)


@attack("without replies")
def a_comment_is_born_helpful(world):
    return new_comment(world, world.rita, helpful_count=3)


@attack("without replies")
def a_comment_is_born_with_replies(world):
    return new_comment(world, world.rita, live_below=3)


@attack("one step below a comment of its own conversation")
def a_reply_in_another_conversation(world):
    return new_reply(world, elsewhere(world))


@attack("that readers have seen")
def a_reply_to_what_nobody_has_seen(world):
    return new_reply(world, write(world))


@attack("one step below")
def a_reply_two_steps_below(world):
    return new_reply(world, publish(world), depth=2)


@attack("one step below")
def a_reply_in_a_false_thread(world):
    return new_reply(world, publish(world), root_id=publish(world).pk)


@attack("answers a live comment")
def a_reply_to_a_hidden_comment(world):
    asked = publish(world)
    deciding.hide(asked, by=world.max, version=2)
    return new_reply(world, asked)


@attack("answers a live comment of its own thread")
def a_reply_that_answers_another_thread(world):
    return new_reply(world, publish(world), reply_to_id=publish(world).pk)


@attack("comment_is_a_root_or_has_its_place")
def a_root_with_a_depth(world):
    return new_comment(world, world.rita, depth=1)


@attack("answers a live comment of its own thread")
def a_root_that_answers_somebody(world):
    return new_comment(world, world.nora, reply_to_id=publish(world).pk)


@attack("comment_is_a_root_or_has_its_place")
def a_reply_that_answers_nobody(world):
    return new_reply(world, publish(world), reply_to_id=None)


@attack("comment_depth_at_most_twelve")
def a_thread_without_end(world):
    asked = publish(world)
    for _step in range(12):
        asked = Comment.objects.get(pk=reply(world, asked).pk)
        Comment.objects.update(created_at="2020-01-01T00:00:00Z")
    assert asked.depth == 12
    return new_reply(world, asked)


@attack("keeps its place")
def a_reply_moves_to_another_thread(world):
    made = reply(world, publish(world))
    other = publish(world)
    return changed(made, parent_id=other.pk, root_id=other.pk, reply_to_id=other.pk)


@attack("keeps its place")
def a_reply_becomes_a_root(world):
    return changed(reply(world, publish(world)), parent_id=None, root_id=None, reply_to_id=None, depth=0)


@attack("keeps its place")
def a_reply_answers_somebody_else_from_now_on(world):
    first = publish(world)
    return changed(reply(world, reply(world, first)), reply_to_id=first.pk)


@attack("keeps its place")
def a_path_is_rewritten(world):
    return changed(publish(world), path="00000000")


@attack("goes on from that of its parent")
def a_path_of_another_parent(world):
    first, other = publish(world), publish(world)
    sql, values = new_reply(world, first)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
    return changed(Comment.objects.get(token="raw"), path=f"{other.path}0000000z")


@attack("goes on from that of its parent")
def a_path_that_is_too_short(world):
    sql, values = new_comment(world, world.rita)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
    return changed(Comment.objects.get(token="raw"), path="00z")


@attack("the decision that names them")
def words_are_swapped_without_a_decision(world):
    comment = publish(world)
    return changed(comment, current_id=more_words(world, comment).pk, version=3)


@attack("the decision that names them")
def words_are_swapped_under_the_same_version(world):
    comment = publish(world)
    return changed(comment, current_id=more_words(world, comment).pk)


@attack("the decision that names them")
def words_are_swapped_behind_a_decision_about_others(world):
    comment = publish(world)
    sql, values = decision(comment, world.mona, version=3, before="live", to="live")
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
    return changed(comment, current_id=more_words(world, comment).pk, version=3)


@attack("the decision that names them")
def a_comment_loses_its_words(world):
    return changed(publish(world), current_id=None)


@attack("only with version")
def a_status_behind_a_decision_about_other_words(world):
    comment = write(world)
    sql, values = decision(comment, world.max, revision_id=None)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
    return STATUS, ["live", 2, timezone.now(), comment.pk]


@attack("comment_live_has_a_time")
def a_live_comment_without_a_time(world):
    return changed(publish(world), published_at=None)


@attack("the screening puts a comment before readers")
def an_author_publishes_herself(world):
    return decision(write(world), world.rita, source="author", reason="author")


@attack("the screening puts a comment before readers")
def reports_publish_a_comment(world):
    return decision(write(world), None, source="reports")


@attack("changes her words or takes them back")
def an_author_rejects_herself(world):
    clause = world.rules.clauses.first().pk
    return decision(write(world), world.rita, source="author", to="rejected", clause_id=clause)


@attack("brings nothing back")
def the_screening_brings_back_what_was_rejected(world):
    comment = write(world)
    turn_down(world, comment)
    return decision(comment, None, version=3, before="rejected", source="policy", reason="screening")


@attack("words of its own comment")
def a_decision_about_anothers_words(world):
    return decision(write(world), world.max, revision_id=write(world, by=world.nora).current_id)


@attack("nobody finds their own comment helpful")
def a_member_helps_herself(world):
    return insert("helpful", comment_id=publish(world).pk, user_id=world.rita.pk, at=timezone.now())


@attack("helpful_once_per_member|UNIQUE.*comments_helpful")
def a_member_is_helped_twice(world):
    comment = publish(world)
    reacting.find_helpful(comment, by=world.nora, helpful=True)
    return insert("helpful", comment_id=comment.pk, user_id=world.nora.pk, at=timezone.now())


@attack("a_report_has_an_answer_once_closed")
def a_report_is_closed_without_an_answer(world):
    report = reporting.report(publish(world), by=world.nora, reason="unkind")
    return "UPDATE comments_report SET closed_at = %s WHERE id = %s", [timezone.now(), report.pk]


@attack("a_report_has_an_answer_once_closed")
def a_report_is_answered_and_stays_open(world):
    report = reporting.report(publish(world), by=world.nora, reason="unkind")
    return "UPDATE comments_report SET outcome = 'kept' WHERE id = %s", [report.pk]


@attack("one_open_report_per_reporter|UNIQUE.*comments_report")
def a_second_open_report_of_one_member(world):
    report = reporting.report(publish(world), by=world.nora, reason="unkind")
    return insert(
        "report", comment_id=report.comment_id, revision_id=report.revision_id, reporter_id=world.nora.pk, reason="harm",
        receipt="x" * 40, text="", outcome="", created_at=timezone.now(), weight=1, by_newcomer=False,
    )  # fmt: skip


@attack("follow_a_comment_once|UNIQUE.*comments_follow")
def a_comment_is_followed_twice(world):
    comment = publish(world)
    Follow.objects.create(user=world.nora, conversation=world.conversation, comment=comment)
    return follow(world, comment, "second")


@attack("follow_a_conversation_once|UNIQUE.*comments_follow")
def a_conversation_is_followed_twice(world):
    Follow.objects.create(user=world.nora, conversation=world.conversation)
    return follow(world, None, "second")


@attack("one_read_mark_per_member|UNIQUE.*comments_readmark")
def a_conversation_is_read_by_one_member_in_two_places(world):
    reacting.mark_read(world.conversation, by=world.nora, until=timezone.now())
    return insert("readmark", user_id=world.nora.pk, conversation_id=world.page.pk, seen_at=timezone.now())


@attack("an_answer_is_news_once|UNIQUE.*comments_notification")
def an_answer_is_news_twice(world):
    comment = publish(world)
    Notification.objects.create(user=world.nora, kind="reply", comment=comment)
    return news(comment, world.nora, "comment")


@attack("a_decision_is_news_once|UNIQUE.*comments_notification")
def a_decision_is_news_twice(world):
    comment = publish(world)
    told = Notification.objects.get(user=world.rita)
    return news(comment, world.rita, "decision", decision_id=told.decision_id)


@attack("a_report_is_answered_once|UNIQUE.*comments_notification")
def a_report_is_answered_twice(world):
    comment = publish(world)
    report = reporting.report(comment, by=world.nora, reason="unkind")
    deciding.keep(comment, by=world.max, version=2)
    return news(comment, world.nora, "report", report_id=report.pk)


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
