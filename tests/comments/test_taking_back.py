"""Undo: for ten seconds a decision is taken back as if it had not been made."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import OutboxMail
from audit.moves import WrongState
from comments import counting
from comments.models import Comment, Decision, Notification, QueueItem, Report
from comments.workflow import deciding, posting, reporting
from tests.comments.conftest import publish, turn_down, write


def state(comment: Comment) -> dict:
    comment.refresh_from_db()
    item = QueueItem.objects.filter(comment=comment, closed_at=None).first()
    return {
        "status": comment.status,
        "published": comment.published_at,
        "open": item and (item.lane, item.reasons, item.due_at),
        "reports": list(comment.reports.order_by("pk").values_list("reason", "closed_at", "outcome")),
        "news": Notification.objects.filter(comment=comment).count(),
        "mails": OutboxMail.objects.filter(key__startswith=f"comment-{comment.pk}-").count(),
    }


def approve(world, comment):
    return deciding.approve(comment, by=world.max, version=comment.version)


def spam(world, comment):
    return deciding.mark_spam(comment, by=world.max, version=comment.version)


def hide(world, comment):
    return deciding.hide(comment, by=world.max, version=comment.version)


def restore(world, comment):
    return deciding.restore(comment, by=world.max, version=comment.version)


def keep(world, comment):
    return deciding.keep(comment, by=world.max, version=comment.version)


def held(world):
    return write(world)


def live(world):
    return publish(world)


def reported(world):
    comment = publish(world)
    reporting.report(comment, by=world.nora, reason="privacy")
    return comment


def rejected(world):
    comment = write(world)
    turn_down(world, comment, by=world.mona)
    return comment


def hidden(world):
    comment = publish(world)
    deciding.hide(comment, by=world.mona, version=comment.version)
    return comment


CASES = [
    (held, approve), (held, turn_down), (held, spam), (live, hide), (live, turn_down), (live, spam), (reported, keep),
    (reported, turn_down), (reported, hide), (rejected, restore), (hidden, restore), (hidden, turn_down),
]  # fmt: skip


@pytest.mark.parametrize(("start", "act"), CASES, ids=lambda one: one.__name__)
def test_everything_is_as_it_was(world, clock, start, act):
    comment = start(world)
    clock.shift(timedelta(minutes=3))
    OutboxMail.objects.update(status=OutboxMail.Status.SENT)
    before = state(comment)
    decision = act(world, comment)
    clock.shift(timedelta(seconds=8))
    deciding.undo(decision, by=world.max)
    assert state(comment) == before
    assert counting.drifts() == []
    assert comment.version == decision.version + 1
    # A decision taken back is still on record, and so is who took it back.
    assert Decision.objects.get(undoes=decision).decided_by == world.max


def test_it_is_too_late_after_ten_seconds_and_the_mail_waits_that_long(world, clock):
    comment = write(world)
    decision = turn_down(world, comment)
    mail = OutboxMail.objects.get(key__startswith=f"comment-{comment.pk}-")
    clock.shift(timedelta(seconds=16))
    with pytest.raises(WrongState, match="too late"):
        deciding.undo(decision, by=world.max)
    assert mail.not_before > decision.at + deciding.UNDO_WINDOW


def test_only_ones_own_and_only_the_last(world):
    comment = write(world)
    first = approve(world, comment)
    with pytest.raises(PermissionDenied):
        deciding.undo(first, by=world.mona)
    deciding.hide(comment, by=world.mona, version=comment.version)
    with pytest.raises(WrongState, match="Already hidden by Mona Reyes"):
        deciding.undo(first, by=world.max)
    back = deciding.undo(Decision.objects.get(comment=comment, to_status="hidden"), by=world.mona)
    with pytest.raises(WrongState):
        deciding.undo(back, by=world.mona)


def test_answers_that_came_meanwhile_keep_their_place(world):
    comment = publish(world)
    answer = posting.post(
        world.page, by=world.nora, text="So did mine.", token="a", rules_version=world.rules, reply_to=comment
    )
    deciding.approve(answer, by=world.mona, version=answer.version)
    decision = hide(world, comment)
    deciding.undo(decision, by=world.max)
    comment.refresh_from_db()
    assert (comment.status, comment.live_below) == ("live", 1)
    assert Report.objects.count() == 0
