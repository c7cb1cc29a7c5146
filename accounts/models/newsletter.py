"""The newsletter list: nobody is on it who did not confirm, and the words they agreed to are kept."""

from django.db import models
from django.db.models import Q
from django.utils import timezone


class Subscription(models.Model):
    class Status(models.TextChoices):
        PENDING = "pending"
        CONFIRMED = "confirmed"
        LEFT = "left"

    MOVES = {"pending": ("confirmed", "left"), "confirmed": ("left",), "left": ("pending",)}

    email = models.EmailField(unique=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    version = models.PositiveIntegerField(default=0)
    # Both words and time are kept: we must be able to show what this person agreed to, even after the page changes.
    consent_text = models.TextField()
    consented_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="subscription_confirmed_has_a_time",
                condition=~Q(status="confirmed") | Q(confirmed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="subscription_status_is_known", condition=Q(status__in=["pending", "confirmed", "left"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.status}"
