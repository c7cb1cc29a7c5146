"""Periodic work and background jobs of accounts."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django_tasks import task

from audit.worker import every

from . import delivery
from .models import OutboxMail, Subscription

WORDS_KEPT_FOR = timedelta(days=7)
UNCONFIRMED_KEPT_FOR = timedelta(days=14)


@task
def deliver_mail(pk: int) -> None:
    """One message, right after it was written. What goes wrong is left to the next round of `deliver_due`."""
    delivery.deliver(pk)


@every(10)
def deliver_due() -> None:
    delivery.deliver_due()


@every(24 * 3600)
def forget_words_of_mail() -> None:
    """Mail holds links that let people in. Once it has gone out, its words are of no more use."""
    if settings.DEMO:
        return
    gone = OutboxMail.objects.filter(status__in=["sent", "failed"], created_at__lt=timezone.now() - WORDS_KEPT_FOR)
    gone.exclude(text="").update(text="", html="")


@every(24 * 3600)
def forget_unconfirmed() -> None:
    """Somebody typed this address, but nobody who reads its mail ever agreed."""
    old = timezone.now() - UNCONFIRMED_KEPT_FOR
    Subscription.objects.filter(status=Subscription.Status.PENDING, consented_at__lt=old).delete()
