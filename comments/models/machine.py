"""What the site's own machines know and tell: word lists, what was learnt about spam, and whom to call."""

import secrets
import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class WordList(models.Model):
    """One version of the site's watched words, whole: the newest is in force. Append-only.

    `entries`: [{"pattern": str, "kind": "word" | "phrase" | "pattern", "label": str, "lane": lane or "", "note": str}, …]
    """

    number = models.PositiveIntegerField(unique=True)
    entries = models.JSONField(default=list)
    changes = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"word list {self.number}"


class SpamModel(models.Model):
    """What decisions taught about spam: how often each word stood in either pile. The newest is in force.

    `words`: {"word": [times in spam, times in other comments], …}
    """

    spam = models.PositiveIntegerField()
    other = models.PositiveIntegerField()
    words = models.JSONField(default=dict)
    trained_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"spam model of {self.trained_at:%Y-%m-%d}"


class Webhook(models.Model):
    """An address outside that is told of events: signed with a secret, tried again, recognisable when it comes twice."""

    url = models.URLField(max_length=300)
    secret = models.CharField(max_length=64, default=secrets.token_hex)
    events = models.JSONField(default=list)
    is_on = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=40)
    key = models.CharField(max_length=120)  # the same event is told once
    uid = models.UUIDField(default=uuid.uuid4, unique=True)
    payload = models.JSONField()
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(default=timezone.now)
    delivered_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="one_delivery_per_event", fields=["webhook", "key"])]
        indexes = [
            models.Index(fields=["not_before"], name="webhook_due", condition=Q(delivered_at=None, given_up_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.webhook_id}"
