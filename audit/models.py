"""Who did what to which row, when, in one hash chain; and when periodic work is due."""

import hashlib
from datetime import UTC, datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

GENESIS = "0" * 64
SEPARATOR = "\x1f"


class Entry(models.Model):
    """One link of the chain: ids, codes, hashes and dates, never free text, so that people can be forgotten."""

    seq = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    verb = models.CharField(max_length=60)
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=40)
    payload = models.TextField()
    prev_hash = models.CharField(max_length=64, unique=True)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["seq"]
        verbose_name_plural = "entries"
        indexes = [models.Index(fields=["object_type", "object_id"], name="audit_entry_subject")]
        constraints = [
            models.CheckConstraint(name="audit_seq_starts_at_one", condition=Q(seq__gte=1)),
            models.CheckConstraint(name="audit_verb_is_a_code", condition=Q(verb__regex=r"^[a-z][a-z_.]+$")),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.verb} {self.object_type} {self.object_id}"

    def digest(self) -> str:
        """SHA-256 (hex) of the entry's fields joined by the unit separator; PostgreSQL computes the same."""
        parts = (
            str(self.seq), self.prev_hash, stamp(self.at), str(self.actor_id or ""), self.verb,
            self.object_type, self.object_id, self.payload,
        )  # fmt: skip
        return hashlib.sha256(SEPARATOR.join(parts).encode()).hexdigest()


class Tick(models.Model):
    """When a piece of periodic work is due next. Whichever worker moves `next_at` on does the work."""

    name = models.CharField(max_length=120, unique=True)
    next_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.name} {self.next_at:%Y-%m-%d %H:%M:%S}"


def stamp(moment: datetime) -> str:
    """UTC with microseconds, as the chain hashes it: 2026-11-23T09:00:00.000000Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
