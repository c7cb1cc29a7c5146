"""What members are told, and when: answers once they are public, decisions about their words, answers to their reports."""

from collections.abc import Iterable

from accounts.models import OutboxMail

from ..models import Comment, Decision, Notification, Report

Kind = Notification.Kind


def decided(comment: Comment, decision: Decision) -> None:
    """A moderator decided about her comment."""
    Notification.objects.create(user_id=comment.author_id, kind=Kind.DECISION, comment=comment, decision=decision)


def answered(reports: Iterable[Report]) -> None:
    """What members reported was looked at. Whoever reported without an account reads it by her receipt."""
    Notification.objects.bulk_create(
        Notification(user_id=report.reporter_id, kind=Kind.REPORT, comment_id=report.comment_id, report=report)
        for report in reports
        if report.reporter_id is not None
    )


def take_back(comment: Comment) -> None:
    """A comment left the public: what was not mailed about it yet never is."""
    OutboxMail.objects.filter(
        key__startswith="news-", key__endswith=f"-{comment.pk}", status=OutboxMail.Status.WAITING
    ).delete()
