"""The frozen, hashed snapshot of a draft: what a reviewer signs."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .page import Page


class Revision(models.Model):
    """`content` is the canonical JSON (RFC 8785) of the manifest, `content_hash` "b1:" + its SHA-256. Append-only."""

    class ChangeClass(models.TextChoices):
        TYPO = "typo", _("Spelling or layout only")
        MINOR = "minor", _("Small change")
        MATERIAL = "material", _("New or changed medical content")
        CORRECTION = "correction", _("Correction of an error")

    page = models.ForeignKey(Page, models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    content = models.TextField()
    content_hash = models.CharField(max_length=67)
    change_class = models.CharField(max_length=10, choices=ChangeClass.choices, default=ChangeClass.MATERIAL)
    change_note = models.CharField(max_length=500, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    # The note is between writers and reviewers: whoever checks the seal elsewhere gets its digest.
    SEALED = {"s1": "id page_id number content content_hash change_class change_note# created_by_id created_at"}

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(name="revision_number_per_page", fields=["page", "number"]),
            models.UniqueConstraint(name="revision_hash_pair", fields=["id", "content_hash"]),
            models.CheckConstraint(name="revision_hash_has_a_prefix", condition=Q(content_hash__startswith="b1:")),
        ]

    def __str__(self) -> str:
        return f"{self.page} revision {self.number}"


class RevisionContributor(models.Model):
    """Everyone whose hand is in this revision. Append-only, and never one of its signers."""

    revision = models.ForeignKey(Revision, models.PROTECT, related_name="contributors")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(name="contributor_once_per_revision", fields=["revision", "user"])]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.revision_id}"
