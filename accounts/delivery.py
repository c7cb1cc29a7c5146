"""Takes waiting mail to the mail server.

A message is claimed by compare-and-swap and leased, so that two workers never carry the same one. If a worker
dies, its lease runs out and another takes over. A copy may go out twice only if a worker died between the
server's 250 and our mark; both carry the same Message-ID.
"""

import logging
from collections.abc import Callable
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

# What the apps above know about mail of theirs that may have become pointless while it waited, by the start of its key.
_still_wanted: dict[str, Callable[[OutboxMail], bool]] = {}


def ask_before_sending(prefix: str, still_wanted: Callable[[OutboxMail], bool]) -> None:
    """Mail whose key begins like this is thrown away unsent if `still_wanted` says no at the last moment."""
    _still_wanted[prefix] = still_wanted


def due() -> Q:
    """Waiting and its time has come, or in the hands of somebody whose lease ran out."""
    now = timezone.now()
    return Q(status=Status.WAITING, not_before__lte=now) | Q(status=Status.SENDING, lease_until__lte=now)


def deliver(pk: int) -> bool:
    """Send this message if it is due and nobody else has it. Whether it was sent here and now."""
    mail = OutboxMail.objects.filter(due(), pk=pk).first()
    if mail is None or not claim(mail):
        return False
    if not is_wanted(mail):
        OutboxMail.objects.filter(pk=mail.pk, status=Status.SENDING, attempts=mail.attempts).delete()
        return False
    return carry(mail)


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


def is_wanted(mail: OutboxMail) -> bool:
    return all(ask(mail) for prefix, ask in _still_wanted.items() if (mail.key or "").startswith(prefix))


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
