"""What members do with each other's comments: find them helpful, follow them, be told of answers."""

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .conversation import Comment, Conversation
from .moderation import Decision, Report


def new_token() -> str:
    return secrets.token_urlsafe(24)


class Helpful(models.Model):
    """A member found a comment helpful; once, and never her own."""

    comment = models.ForeignKey(Comment, models.CASCADE, related_name="found_helpful")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(name="helpful_once_per_member", fields=["comment", "user"])]

    def __str__(self) -> str:
        return f"{self.user_id} found {self.comment_id} helpful"


class ReadMark(models.Model):
    """Until when a member has read a conversation."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="one_read_mark_per_member", fields=["user", "conversation"])]

    def __str__(self) -> str:
        return f"{self.user_id} read {self.conversation_id}"


class Follow(models.Model):
    """A member wants to be told of answers: to one comment, or of everything new in a conversation.

    The token leaves by one click from a mail, so it opens nothing else.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="follows")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="follows")
    comment = models.ForeignKey(Comment, models.CASCADE, null=True, related_name="follows")
    by_mail = models.BooleanField(default=False)
    token = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="follow_a_comment_once", fields=["user", "comment"], condition=Q(comment__isnull=False)
            ),
            models.UniqueConstraint(
                name="follow_a_conversation_once", fields=["user", "conversation"], condition=Q(comment=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} follows {self.comment_id or self.conversation_id}"


class Notification(models.Model):
    """News for a member, shown on her own pages. It names a comment and never quotes it: what is shown is read anew."""

    class Kind(models.TextChoices):
        REPLY = "reply", _("Somebody answered")
        COMMENT = "comment", _("A new comment in a conversation you follow")
        DECISION = "decision", _("A moderator decided about your comment")
        REPORT = "report", _("We looked at what you reported")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    comment = models.ForeignKey(Comment, models.CASCADE, related_name="+")
    decision = models.ForeignKey(Decision, models.CASCADE, null=True, related_name="+")
    report = models.ForeignKey(Report, models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # An answer is news once, whether she follows the comment, the conversation or both.
            models.UniqueConstraint(
                name="an_answer_is_news_once",
                fields=["user", "comment"],
                condition=Q(kind__in=["reply", "comment"]),
            ),
            models.UniqueConstraint(
                name="a_decision_is_news_once", fields=["user", "decision"], condition=Q(decision__isnull=False)
            ),
            models.UniqueConstraint(
                name="a_report_is_answered_once", fields=["user", "report"], condition=Q(report__isnull=False)
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="notification_by_user"),
            models.Index(fields=["user"], name="notification_unread", condition=Q(read_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user_id}"
