"""Takes waiting mail to the mail server.

A message is claimed by compare-and-swap and leased, so that two workers never carry the same one. If a worker
dies, its lease runs out and another takes over. A copy may go out twice only if a worker died between the
server's 250 and our mark; both carry the same Message-ID.
"""

import logging
from datetime import timedelta

from django.core.mail import EmailMultiAlternatives
from django.db.models import Q
from django.utils import timezone

from .models import OutboxMail

log = logging.getLogger(__name__)

Status = OutboxMail.Status
LEASE = timedelta(minutes=5)
RETRY_AFTER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
ATTEMPTS = len(RETRY_AFTER) + 1
AT_ONCE = 100


def due() -> Q:
    """Waiting and its time has come, or in the hands of somebody whose lease ran out."""
    now = timezone.now()
    return Q(status=Status.WAITING, not_before__lte=now) | Q(status=Status.SENDING, lease_until__lte=now)


def deliver(pk: int) -> bool:
    """Send this message if it is due and nobody else has it. Whether it was sent here and now."""
    mail = OutboxMail.objects.filter(due(), pk=pk).first()
    return mail is not None and claim(mail) and carry(mail)


def deliver_due() -> int:
    """Send whatever is due, oldest first; how many were sent."""
    waiting = OutboxMail.objects.filter(due()).order_by("not_before", "pk").values_list("pk", flat=True)
    return sum(deliver(pk) for pk in list(waiting[:AT_ONCE]))


def claim(mail: OutboxMail) -> bool:
    """Take the message, if it still is as it was read. One that outlived all its tries is failed instead."""
    # `attempts` grows with each claim, so it also tells two claims of the same lease apart.
    same = OutboxMail.objects.filter(pk=mail.pk, status=mail.status, attempts=mail.attempts)
    if mail.attempts >= ATTEMPTS:
        same.update(status=Status.FAILED, lease_until=None)
        return False
    taken = same.update(status=Status.SENDING, attempts=mail.attempts + 1, lease_until=timezone.now() + LEASE)
    if taken:
        mail.refresh_from_db()
    return bool(taken)


def carry(mail: OutboxMail) -> bool:
    """Hand a claimed message to the mail server and note how it went."""
    mine = OutboxMail.objects.filter(pk=mail.pk, status=Status.SENDING, attempts=mail.attempts)
    try:
        as_message(mail).send()
    except Exception as error:
        log.warning("Mail %s was not sent (try %s): %s", mail.pk, mail.attempts, type(error).__name__)
        said = f"{type(error).__name__}: {error}"[:300]
        mine.update(**after_failure(mail), lease_until=None, last_error=said)
        return False
    return bool(mine.update(status=Status.SENT, sent_at=timezone.now(), lease_until=None, last_error=""))


def after_failure(mail: OutboxMail) -> dict:
    if mail.attempts >= ATTEMPTS:
        return {"status": Status.FAILED}
    return {"status": Status.WAITING, "not_before": timezone.now() + RETRY_AFTER[mail.attempts - 1]}


def as_message(mail: OutboxMail) -> EmailMultiAlternatives:
    headers = {**mail.headers, "Message-ID": mail.message_id, "Auto-Submitted": "auto-generated"}
    message = EmailMultiAlternatives(mail.subject, mail.text, to=[mail.to], headers=headers)
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    return message
