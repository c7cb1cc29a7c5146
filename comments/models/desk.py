"""What moderators work with beside the queue: notes for each other, questions to the medical team, work in batches."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .conversation import Comment


class TeamNote(models.Model):
    """A word among moderators about a comment. Its author never reads it, and no export contains it."""

    comment = models.ForeignKey(Comment, models.PROTECT, related_name="team_notes")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    text = models.TextField(max_length=1000)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"note on {self.comment_id}"


class MedicalQuestion(models.Model):
    """A moderator asks the medical team whether something in a comment is right. The answer informs; it decides nothing."""

    comment = models.ForeignKey(Comment, models.PROTECT, related_name="medical_questions")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    question = models.TextField(max_length=1000)
    asked_at = models.DateTimeField(default=timezone.now)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answer = models.TextField(blank=True, max_length=2000)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_open_question_per_comment", fields=["comment"], condition=Q(answered_at=None)
            ),
            models.CheckConstraint(
                name="an_answer_has_its_author",
                condition=Q(answered_at=None, answered_by=None)
                | Q(answered_at__isnull=False, answered_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"question about {self.comment_id}"


class Batch(models.Model):
    """One choice for many comments, fixed when it was made: which ones, in which version. Each has its own outcome.

    `items`: [[comment id, version], …]. `outcomes`: {"comment id": [code, sentence]}.
    """

    class Act(models.TextChoices):
        APPROVE = "approve", _("Approve")
        REJECT = "reject", _("Reject")
        SPAM = "spam", _("Mark as spam")
        KEEP = "keep", _("Keep")

    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    act = models.CharField(max_length=10, choices=Act.choices)
    reason = models.CharField(max_length=20, blank=True)
    clause_code = models.CharField(
        max_length=40, blank=True
    )  # of the rule, found anew in the version each member agreed to
    message = models.TextField(blank=True, max_length=1000)
    items = models.JSONField(default=list)
    outcomes = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.act} of {len(self.items)}"


class ModeratorSettings(models.Model):
    """How somebody likes to work at the desk."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="moderator_settings"
    )
    leaves_out_crisis = models.BooleanField(default=False)
    blurs = models.BooleanField(default=True)  # distressing text is covered until opened
    single_keys = models.BooleanField(default=True)  # one key is as good as one button

    def __str__(self) -> str:
        return f"settings of {self.user_id}"
