"""Sources: each one once, its frozen versions, what became of it, and who cites it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .page import Page
from .publication import Publication
from .revision import Revision


class Reference(models.Model):
    """A source, found again by its identifier (DOI before PMID before web address)."""

    class Status(models.TextChoices):
        OK = "ok", _("In good standing")
        CORRECTED = "corrected", _("Corrected")
        CONCERN = "concern", _("Expression of concern")
        RETRACTED = "retracted", _("Retracted")
        REINSTATED = "reinstated", _("Reinstated")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        DEAD_LINK = "dead_link", _("Link no longer works")

    scheme = models.CharField(max_length=10)  # doi, pmid, pmcid, nct, isbn, url, text
    value = models.CharField(max_length=500)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.OK)

    class Meta:
        constraints = [models.UniqueConstraint(name="reference_identifier", fields=["scheme", "value"])]

    def __str__(self) -> str:
        return f"{self.scheme}:{self.value}"


class ReferenceVersion(models.Model):
    """The source's description (canonical CSL-JSON) as it was cited. Append-only."""

    reference = models.ForeignKey(Reference, models.PROTECT, related_name="versions")
    csl = models.TextField()
    csl_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(name="reference_version_once", fields=["reference", "csl_hash"])]

    def __str__(self) -> str:
        return f"{self.reference} {self.csl_hash[:8]}"


class ReferenceStatus(models.Model):
    """Something became known about a source: a correction, a retraction, a reinstatement. Append-only."""

    reference = models.ForeignKey(Reference, models.PROTECT, related_name="events")
    status = models.CharField(max_length=12, choices=Reference.Status.choices)
    notice = models.CharField(max_length=500, blank=True)  # DOI or address of the notice
    effective_on = models.DateField(null=True)  # the day of the notice, where it is known
    source = models.CharField(max_length=80, blank=True)  # where we have it from, such as "Retraction Watch 12345"
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    observed_at = models.DateTimeField(default=timezone.now)

    SEALED = {"s1": "id reference_id status notice effective_on source by_id observed_at"}

    def __str__(self) -> str:
        return f"{self.reference} {self.status}"


class ReferenceAcknowledgement(models.Model):
    """A reviewer or editor knows that this revision cites a retracted source, and says why it may. Append-only."""

    revision = models.ForeignKey(Revision, models.PROTECT, related_name="acknowledgements")
    reference = models.ForeignKey(Reference, models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    at = models.DateTimeField(default=timezone.now)

    SEALED = {"s1": "id revision_id reference_id by_id reason at"}

    class Meta:
        constraints = [
            models.UniqueConstraint(name="acknowledged_once", fields=["revision", "reference"]),
            models.CheckConstraint(name="acknowledgement_has_a_reason", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"{self.reference} in {self.revision}"


class RevisionReference(models.Model):
    """A revision cites this version of a source, under this number. Append-only."""

    revision = models.ForeignKey(Revision, models.PROTECT, related_name="cited")
    reference = models.ForeignKey(Reference, models.PROTECT, related_name="cited_in")
    version = models.ForeignKey(ReferenceVersion, models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(name="revision_reference_number", fields=["revision", "number"])]

    def __str__(self) -> str:
        return f"{self.revision_id} [{self.number}]"


class Citation(models.Model):
    """Projection: a live publication cites a source `count` times. Rebuilt when a page goes live."""

    publication = models.ForeignKey(Publication, models.CASCADE, related_name="citations")
    reference = models.ForeignKey(Reference, models.PROTECT, related_name="citations")
    number = models.PositiveSmallIntegerField()
    count = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(name="citation_number", fields=["publication", "number"])]

    def __str__(self) -> str:
        return f"{self.publication_id} [{self.number}]"


class Mention(models.Model):
    """Projection: a live publication mentions an entry, pinned at that entry's hash (empty: it was not live then)."""

    publication = models.ForeignKey(Publication, models.CASCADE, related_name="mentions")
    page = models.ForeignKey(Page, models.PROTECT, related_name="mentioned_in")
    pinned_hash = models.CharField(max_length=67, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="mention_once", fields=["publication", "page"])]

    def __str__(self) -> str:
        return f"{self.publication_id} → {self.page_id}"
