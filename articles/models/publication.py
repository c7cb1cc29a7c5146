"""What readers get: the signed artefact, how it came down, and short public notices."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .page import Page
from .review import Review
from .revision import Revision


class Publication(models.Model):
    """One revision made public, inserted only while every signature its policy asks for stands. Append-only."""

    class Reason(models.TextChoices):
        NEW = "new", _("First publication")
        UPDATE = "update", _("Update")
        CORRECTION = "correction", _("Correction")
        ROLLBACK = "rollback", _("Return to an earlier revision")
        REAFFIRMED = "reaffirmed", _("Reviewed again, nothing changed")
        TYPO = "typo", _("Spelling or layout")

    page = models.ForeignKey(Page, models.PROTECT, related_name="publications")
    number = models.PositiveIntegerField()
    review = models.ForeignKey(Review, models.PROTECT, related_name="publications")
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="publications")
    content_hash = models.CharField(max_length=67)
    # The hash its medical signatures name: the same, or that of the text a typo-class change leans on.
    vouched_hash = models.CharField(max_length=67)
    artefact = models.TextField()
    artefact_hash = models.CharField(max_length=64)
    renderer_version = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=12, choices=Reason.choices)
    # Copied from the signed manifest and its signatures, so that lists need no join.
    title = models.CharField(max_length=300)
    standfirst = models.TextField(blank=True)
    reviewed_on = models.DateField()
    next_review_due = models.DateField()
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    published_at = models.DateTimeField(default=timezone.now)

    SEALED = {
        "s1": "id page_id number review_id revision_id content_hash vouched_hash artefact artefact_hash "
        "renderer_version reason title standfirst reviewed_on next_review_due published_by_id published_at"
    }

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(name="publication_number_per_page", fields=["page", "number"])]

    def __str__(self) -> str:
        return f"{self.page} publication {self.number}"


class Schedule(models.Model):
    """One signed revision that shall go public at a time. At that time it does, or is refused; never another one."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting for its time")
        RUNNING = "running", _("Being published")
        DONE = "done", _("Published")
        REFUSED = "refused", _("Refused")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    MOVES = {
        "pending": ("running", "cancelled", "refused"),
        "running": ("done", "refused", "failed", "pending"),
    }

    page = models.ForeignKey(Page, models.PROTECT, related_name="schedules")
    review = models.ForeignKey(Review, models.PROTECT, related_name="schedules")
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="schedules")
    content_hash = models.CharField(max_length=67)
    at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    version = models.PositiveIntegerField(default=1)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()  # `at`, later after a failure; while running: when the lease ends
    why = models.CharField(max_length=500, blank=True)  # what refused or failed
    notice = models.CharField(max_length=500, blank=True)  # the correction notice that goes up with it
    publication = models.OneToOneField(Publication, models.PROTECT, null=True, related_name="schedule")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_schedule_at_a_time_per_page", fields=["page"], condition=Q(status__in=["pending", "running"])
            ),
            models.CheckConstraint(
                name="schedule_status_is_known",
                condition=Q(status__in=["pending", "running", "done", "refused", "failed", "cancelled"]),
            ),
            models.CheckConstraint(
                name="schedule_done_names_its_publication", condition=~Q(status="done") | Q(publication__isnull=False)
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at", "id"], name="schedule_due", condition=Q(status__in=["pending", "running"])
            )
        ]

    def __str__(self) -> str:
        return f"{self.page} at {self.at:%Y-%m-%d %H:%M}"


class Withdrawal(models.Model):
    """A publication taken from readers, with the reason they are told (410). One person's act. Append-only."""

    class Kind(models.TextChoices):
        SAFETY = "safety", _("For safety")
        OUTDATED = "outdated", _("Out of date")
        REVIEW_WITHDRAWN = "review_withdrawn", _("Its medical review was withdrawn")
        OTHER = "other", _("Another reason")

    page = models.ForeignKey(Page, models.PROTECT, related_name="withdrawals")
    publication = models.OneToOneField(Publication, models.PROTECT, related_name="withdrawal")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    public_reason = models.CharField(max_length=500)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    SEALED = {"s1": "id page_id publication_id kind public_reason by_id at"}

    def __str__(self) -> str:
        return f"withdrawn: {self.publication}"


class PublicNotice(models.Model):
    """A dated, labelled sentence above the signed zone: plain text, by an editor or a reviewer. Append-only."""

    class Kind(models.TextChoices):
        CORRECTION = "correction", _("Correction")
        UPDATE = "update", _("Update")
        SAFETY = "safety", _("Safety notice")

    page = models.ForeignKey(Page, models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    text = models.CharField(max_length=500)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    SEALED = {"s1": "id page_id kind text by_id at"}

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [models.CheckConstraint(name="notice_has_text", condition=~Q(text=""))]

    def __str__(self) -> str:
        return f"{self.kind}: {self.page}"
