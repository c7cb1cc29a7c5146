"""Somebody may be in danger: the case, every step that was taken in it, and looking after her again later."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .conversation import Comment


class CrisisCase(models.Model):
    """One comment that may be about suicide, self-harm or danger. It is worked on by more than one person and never deleted."""

    class Outcome(models.TextChoices):
        SUPPORTED = "supported", _("Published, with a supportive answer")
        REDACTED = "redacted", _("Published without the method, with a supportive answer")
        PRIVATE = "private", _("Not published; she was written to")
        EMERGENCY = "emergency", _("An emergency service was called")
        NO_CRISIS = "no_crisis", _("Nobody is in danger")

    comment = models.ForeignKey(Comment, models.PROTECT, related_name="crisis_cases")
    opened_at = models.DateTimeField(default=timezone.now)
    why = models.JSONField(default=list)  # codes of findings and reports
    first_seen_at = models.DateTimeField(null=True)  # a moderator took it in hand
    answered_at = models.DateTimeField(null=True)  # a person first wrote to her
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_open_crisis_case_per_comment", fields=["comment"], condition=Q(closed_at=None)
            ),
            models.CheckConstraint(
                name="a_crisis_case_closes_with_an_outcome",
                condition=Q(closed_at=None, outcome="", closed_by=None)
                | (Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(outcome="")),
            ),
        ]

    def __str__(self) -> str:
        return f"crisis case {self.pk}"


class CrisisStep(models.Model):
    """What somebody did in a case. Append-only but for its words, which can be erased."""

    class Kind(models.TextChoices):
        OPENED = "opened", _("Opened")
        TOLD = "told", _("On-call was told")
        JOINED = "joined", _("Works on it")
        LEFT = "left", _("Handed it on")
        CHECKED = "checked", _("Checked")
        WROTE = "wrote", _("Wrote to the member")
        CALLED = "called", _("Called an emergency service")
        NOTE = "note", _("Note")
        CLOSED = "closed", _("Closed")
        LOOKED_AGAIN = "looked_again", _("Looked again")

    case = models.ForeignKey(CrisisCase, models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")  # null: the system
    code = models.CharField(max_length=40, blank=True)  # which point of the checklist, which outcome
    text = models.TextField(blank=True, max_length=2000)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.kind} in {self.case}"


class FollowUp(models.Model):
    """A day and a week later somebody looks how she is."""

    case = models.ForeignKey(CrisisCase, models.PROTECT, related_name="follow_ups")
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    note = models.TextField(blank=True, max_length=1000)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_follow_up_is_done_by_somebody",
                condition=Q(done_at=None, done_by=None) | Q(done_at__isnull=False, done_by__isnull=False),
            )
        ]
        indexes = [models.Index(fields=["due_at"], name="follow_up_due", condition=Q(done_at=None))]

    def __str__(self) -> str:
        return f"follow-up of {self.case} due {self.due_at:%Y-%m-%d}"
