"""Pictures: addressed by the hash of their bytes, re-made at upload into fixed sizes."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from ..document.schema import new_id
from .page import Page
from .publication import Publication


class Image(models.Model):
    """One uploaded picture. Alt text belongs to the figure that uses it, not to the file."""

    uid = models.CharField(max_length=12, unique=True, default=new_id, editable=False)
    page = models.ForeignKey(Page, models.PROTECT, related_name="images")
    sha256 = models.CharField(max_length=64, db_index=True)
    format = models.CharField(max_length=4)  # jpeg, png, webp
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    renditions = models.JSONField(default=list)  # [{"width", "height", "format", "sha256"}], smallest first
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(name="image_format_is_known", condition=Q(format__in=["jpeg", "png", "webp"]))
        ]

    def __str__(self) -> str:
        return f"{self.sha256[:12]} {self.width}×{self.height}"


class PublishedImage(models.Model):
    """Projection: a publication holds this picture. Its bytes are public while readers may open that publication."""

    publication = models.ForeignKey(Publication, models.CASCADE, related_name="images")
    sha256 = models.CharField(max_length=64, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="published_image_once", fields=["publication", "sha256"])]

    def __str__(self) -> str:
        return f"{self.publication_id} {self.sha256[:12]}"
