"""Projection of live subtype entries."""

from django.db import models

from .page import Page


class SubtypeFacts(models.Model):
    """What the directory lists about one live subtype entry. Never edited: rebuilt from the publication."""

    page = models.OneToOneField(Page, models.PROTECT, primary_key=True, related_name="subtype_facts")
    name = models.CharField(max_length=80)
    definition = models.TextField()

    class Meta:
        verbose_name_plural = "subtype facts"

    def __str__(self) -> str:
        return self.name
