"""What was altered past the triggers, `verify` names."""

import pytest
from django.db import DatabaseError, transaction

from comments import verify
from comments.models import Comment, CommentRevision, Conversation, Decision
from comments.workflow import deciding
from tests.comments.conftest import write

pytestmark = pytest.mark.django_db


@pytest.fixture
def comment(world) -> Comment:
    made = write(world, by=world.rita)
    deciding.approve(made, by=world.max, version=made.version)
    return Comment.objects.get(pk=made.pk)


def failures() -> list[str]:
    checks = (verify.decisions, verify.moderators, verify.words, verify.counts)
    return [str(failure) for check in checks for failure in check()]


def test_all_of_it_holds(comment):
    assert failures() == []


def test_a_status_without_its_decision(comment, without_triggers):
    with without_triggers("comments_comment"):
        Comment.objects.filter(pk=comment.pk).update(status="hidden")
    assert f"comments_comment {comment.pk}: stands otherwise than its last decision says" in failures()


# edge case 54
def test_a_decision_that_was_taken_out(comment, without_triggers):
    with without_triggers("comments_decision"):
        Decision.objects.all().delete()
    assert failures() != []


# edge case 54
def test_a_decision_with_another_number(comment, without_triggers):
    with without_triggers("comments_decision"):
        Decision.objects.filter(comment=comment).update(version=7)
    assert "does not follow the decision before it" in " ".join(failures())


def test_words_that_were_not_typed(comment, without_triggers):
    with without_triggers("comments_commentrevision"):
        CommentRevision.objects.update(html="<p>Buy my cure.</p>")
    assert f"comments_commentrevision {comment.current_id}: shows other words than were typed" in failures()


def test_the_database_refuses_to_show_other_words(comment):
    with pytest.raises(DatabaseError, match="erased or kept"), transaction.atomic():
        CommentRevision.objects.update(html="<p>Buy my cure.</p>")


def test_a_count_that_drifted(comment):
    Conversation.objects.update(live_count=7)
    assert failures() == [f"comments_conversation {comment.conversation_id}: says 7 comments, there are 1"]
