"""Mail that waits to be sent, so that a slow or absent mail server never loses a message or holds up a page."""

from django.db import models
from django.db.models import Q
from django.utils import timezone


class OutboxMail(models.Model):
    class Status(models.TextChoices):
        WAITING = "waiting"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"

    to = models.EmailField()
    template = models.CharField(max_length=80)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True)
    headers = models.JSONField(default=dict)
    message_id = models.CharField(max_length=120, unique=True)
    key = models.CharField(max_length=120, unique=True, null=True)  # the same key is queued once
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["not_before"], name="outbox_due", condition=Q(status__in=["waiting", "sending"])),
            models.Index(fields=["-id", "to"], name="outbox_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.template} {self.status}"
