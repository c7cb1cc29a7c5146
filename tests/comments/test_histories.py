"""Random histories: whatever is done in whatever order, the stored count is the recount, and nobody sees too much."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from accounts import policies
from audit.moves import WrongState
from comments import counting, permissions, thread
from comments.models import Comment, QueueItem
from comments.workflow import deciding, posting, reporting
from tests import cast as actors
from tests.comments.conftest import a_world, turn_down, write

# Approving and hiding open the way to most other moves, so they are tried more often.
ACTS = ("approve",) * 4 + ("hide",) * 3 + ("reject", "restore", "mark_spam", "keep", "withdraw", "report", "appeal")
STEPS = 12


class Histories(RuleBasedStateMachine):
    """One conversation, some members, two moderators, and clicks on pages that may be stale."""

    world = None
    members: list = []
    reached: set[str] = set()
    comments = Bundle("comments")

    def __init__(self) -> None:
        super().__init__()
        self.before = transaction.savepoint()

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.before)

    @rule(target=comments)
    def post(self):
        author = self.members[Comment.objects.count() % len(self.members)]
        return write(self.world, by=author).pk

    @rule(pk=comments, act=st.sampled_from(ACTS), second=st.booleans(), stale=st.sampled_from([False, False, True]))
    def act(self, pk, act, second, stale):
        comment = Comment.objects.select_related("current", "author").get(pk=pk)
        before = (comment.status, comment.version, comment.decisions.count())
        version = comment.version - 1 if stale else comment.version
        try:
            self.press(act, comment, self.world.mona if second else self.world.max, version)
        except (WrongState, PermissionDenied):
            comment = Comment.objects.get(pk=pk)
            assert (comment.status, comment.version, comment.decisions.count()) == before
        else:
            assert not stale or act in ("report", "appeal")
            self.reached.add(Comment.objects.get(pk=pk).status)

    def press(self, act, comment, moderator, version):
        if act == "withdraw":
            posting.withdraw(comment, by=comment.author, version=version)
        elif act == "report":
            reporting.report(comment, by=self.world.nora, reason="unkind")
        elif act == "appeal":
            posting.appeal(comment, by=comment.author, text="Look again.")
        elif act == "reject":
            turn_down(self.world, comment, by=moderator, version=version)
        else:
            getattr(deciding, act)(comment, by=moderator, version=version)

    @invariant()
    def counts_are_right(self):
        assert counting.drifts() == []

    @invariant()
    def every_status_has_its_decision(self):
        for comment in Comment.objects.prefetch_related("decisions"):
            decisions = list(comment.decisions.all())
            assert [one.version for one in decisions] == list(range(2, comment.version + 1))
            assert comment.status == (decisions[-1].to_status if decisions else "held")

    @invariant()
    def readers_see_what_is_live_and_nothing_else(self):
        shown = {comment.pk for comment in thread.live(self.world.conversation)}
        for comment in Comment.objects.select_related("author"):
            is_live = comment.status == "live"
            assert (comment.pk in shown) == is_live
            assert permissions.can_see(AnonymousUser(), comment) == is_live
            assert permissions.can_see(self.world.nora, comment) == is_live
            assert permissions.can_see(comment.author, comment)
            assert permissions.can_see(self.world.max, comment)

    @invariant()
    def what_waits_is_in_the_queue(self):
        waiting = set(Comment.objects.filter(status__in=["held", "hidden"]).values_list("pk", flat=True))
        assert waiting <= set(QueueItem.objects.filter(closed_at=None).values_list("comment_id", flat=True))


@pytest.mark.django_db
def test_any_history_keeps_counts_and_secrets():
    Histories.world = a_world()
    Histories.members = [actors.person(f"member{number}") for number in range(4)]
    for member in Histories.members:
        policies.accept(member, Histories.world.rules)
    run_state_machine_as_test(Histories, settings=settings(stateful_step_count=STEPS))
    # Runs that never got anywhere would prove little.
    assert Histories.reached >= {"live", "rejected", "hidden", "spam", "withdrawn"}
