"""What was altered past the triggers, `verify` names."""

import pytest
from django.db import DatabaseError, transaction

from comments import verify
from comments.models import Comment, CommentRevision, Conversation, CrisisCase, Decision
from comments.workflow import deciding
from tests.comments.conftest import write
from tests.comments.test_crisis import a_case, closed

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


class TestCrises:
    @pytest.fixture
    def case(self, world) -> CrisisCase:
        return closed(world, a_case(world))

    def failures(self) -> str:
        return " ".join(map(str, verify.crises()))

    def test_all_of_it_holds(self, world, case):
        a_case(world, by=world.nora)
        assert self.failures() == ""

    def test_another_outcome_than_was_chosen(self, case, without_triggers):
        with without_triggers("comments_crisiscase"):
            CrisisCase.objects.filter(pk=case.pk).update(outcome="no_crisis")
        assert "than its steps say" in self.failures()
        assert "than the log says" in self.failures()

    def test_steps_that_were_made_to_fit(self, case, without_triggers):
        with without_triggers("comments_crisiscase"), without_triggers("comments_crisisstep"):
            CrisisCase.objects.filter(pk=case.pk).update(outcome="no_crisis")
            case.steps.filter(kind="closed").update(code="no_crisis")
        assert self.failures() == f"comments_crisiscase {case.pk}: stands otherwise than the log says"

    def test_nobody_who_looks_again(self, case, without_triggers):
        with without_triggers("comments_followup"):
            case.follow_ups.all().delete()
        assert "nobody is to look again" in self.failures()

    def test_somebody_in_danger_who_was_called_spam(self, world, without_triggers):
        case = a_case(world, by=world.nora)
        with without_triggers("comments_comment"):
            Comment.objects.filter(pk=case.comment_id).update(status="spam")
        assert "called spam" in self.failures()
