"""Tell addresses outside what happened: once for each event, signed, tried again for a day, and never with anybody's words."""

import hashlib
import hmac
import json
import re
import time
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from . import outbound
from .models import Webhook, WebhookDelivery

EVENTS = {
    "crisis.opened": _("Somebody may be in danger"),
    "crisis.overdue": _("A crisis waits for longer than it may"),
    "backlog.age": _("Comments wait for longer than they may, at most once per lane and hour"),
    "batch.finished": _("A choice for many comments was carried out"),
}
# Together a little less than a day.
RETRY_AFTER = (
    timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=6),
    timedelta(hours=15),
)  # fmt: skip
ATTEMPTS = len(RETRY_AFTER) + 1
LEASE = timedelta(minutes=2)
AT_ONCE = 50
# Mail waits in the same worker: a round ends after so many seconds and goes on in the next.
ROUND = 20.0
# Ids, codes, dates and links. Anything with a blank in it could be somebody's words.
CODE = re.compile(r"[A-Za-z0-9_.:+/?=&#%~@-]{0,300}")


def tell(event: str, key: str, payload: dict) -> int:
    """Have every webhook that asks for it told of an event, in the caller's transaction; `key` names it, so that it is told once.

    Raises ValueError for a payload in which somebody's words could travel.
    """
    if event not in EVENTS:
        raise ValueError(f"{event} is no event.")
    _only_codes(payload)
    hooks = [hook for hook in Webhook.objects.filter(is_on=True) if event in hook.events]
    WebhookDelivery.objects.bulk_create(
        (WebhookDelivery(webhook=hook, event=event, key=f"{event}:{key}"[:120], payload=payload) for hook in hooks),
        ignore_conflicts=True,
    )
    return len(hooks)


def body_of(delivery: WebhookDelivery) -> bytes:
    """What is posted; the same bytes at every try."""
    said = {"id": str(delivery.uid), "event": delivery.event, "key": delivery.key, "data": delivery.payload}
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()


def signature(secret: str, body: bytes, at: int) -> str:
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"


def deliver_due() -> int:
    """Post what is due, oldest first; how many arrived. An address that does not answer is not asked twice in a round."""
    ends = time.monotonic() + ROUND
    silent: set[int] = set()
    arrived = 0
    for delivery in list(_due().select_related("webhook").order_by("not_before", "pk")[:AT_ONCE]):
        if time.monotonic() > ends:
            break
        if delivery.webhook_id in silent or not _claim(delivery):
            continue
        if _carry(delivery):
            arrived += 1
        else:
            silent.add(delivery.webhook_id)
    return arrived


def forget_old(days: int = 30) -> None:
    """What was told a month ago is of no more use."""
    over = WebhookDelivery.objects.exclude(delivered_at=None, given_up_at=None)
    over.filter(not_before__lt=timezone.now() - timedelta(days=days)).delete()


def _due():
    return WebhookDelivery.objects.filter(
        delivered_at=None, given_up_at=None, not_before__lte=timezone.now(), webhook__is_on=True
    )


def _claim(delivery: WebhookDelivery) -> bool:
    """Of two workers one gets it. Should it die, another tries again once the lease is over."""
    same = WebhookDelivery.objects.filter(
        pk=delivery.pk, attempts=delivery.attempts, delivered_at=None, given_up_at=None
    )
    if delivery.attempts >= ATTEMPTS:
        same.update(given_up_at=timezone.now())
        return False
    taken = same.update(attempts=F("attempts") + 1, not_before=timezone.now() + LEASE)
    delivery.attempts += 1
    return bool(taken)


def _carry(delivery: WebhookDelivery) -> bool:
    body, at = body_of(delivery), int(timezone.now().timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Bedside",
        "X-Bedside-Delivery": str(delivery.uid),
        "X-Bedside-Signature": signature(delivery.webhook.secret, body, at),
    }
    mine = WebhookDelivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts)
    try:
        outbound.post(delivery.webhook.url, body, headers)
    except outbound.NotSent as reason:
        with transaction.atomic():
            mine.update(last_error=str(reason)[:300], **_next(delivery.attempts))
        return False
    mine.update(delivered_at=timezone.now(), last_error="")
    return True


def _next(attempts: int) -> dict:
    now = timezone.now()
    return {"given_up_at": now} if attempts >= ATTEMPTS else {"not_before": now + RETRY_AFTER[attempts - 1]}


def _only_codes(value: object) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            _only_codes(name)
            _only_codes(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _only_codes(inner)
    elif isinstance(value, str):
        if not CODE.fullmatch(value):
            raise ValueError("A webhook carries ids, codes, dates and links only.")
    elif value is not None and not isinstance(value, int | float | bool):
        raise ValueError("A webhook carries ids, codes, dates and links only.")
