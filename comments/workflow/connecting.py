"""Who outside is told of events: an administrator adds an address, switches it off, or gives it a new secret."""

import secrets

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Role, holds
from audit.moves import WrongState, record

from .. import outbound, webhooks
from ..models import Webhook, WebhookDelivery

MOST = 20


def add(*, url: str, events: list[str], by: User) -> Webhook:
    """From now on this address is told of these events. The secret is on the row; show it once."""
    _may(by)
    try:
        outbound.parsed(url)
    except outbound.NotSent:
        raise ValidationError(
            {"url": _("Give an address that begins with https:// and has no name or password in it.")}
        ) from None
    if not events or not set(events) <= set(webhooks.EVENTS):
        raise ValidationError({"events": _("Choose at least one event.")})
    with transaction.atomic():
        # Administrators who press together must not get past the limit or make one address twice.
        list(Webhook.objects.select_for_update(no_key=True).order_by("pk"))
        if Webhook.objects.filter(url=url, is_on=True).exists():
            raise ValidationError({"url": _("This address is told already. Switch it off first.")})
        if Webhook.objects.filter(is_on=True).count() >= MOST:
            raise ValidationError({"url": _("There are {n} addresses already. Switch one off first.").format(n=MOST)})
        made = Webhook.objects.create(url=url, events=sorted(set(events)), created_by=by)
        record(made, by=by, verb="webhook.added", events=made.events)
    return made


def switch_off(hook: Webhook, *, by: User) -> None:
    """It is told nothing more, and what still waited for it is given up."""
    _may(by)
    with transaction.atomic():
        if not Webhook.objects.filter(pk=hook.pk, is_on=True).update(is_on=False):
            raise WrongState(_("It was switched off already."))
        waiting = WebhookDelivery.objects.filter(webhook=hook, delivered_at=None, given_up_at=None)
        waiting.update(given_up_at=timezone.now(), last_error="switched off")
        record(hook, by=by, verb="webhook.switched_off")
    hook.refresh_from_db()


def rotate_secret(hook: Webhook, *, by: User) -> Webhook:
    """The old secret signs nothing from now on, not even what is tried again."""
    _may(by)
    with transaction.atomic():
        if not Webhook.objects.filter(pk=hook.pk, is_on=True).update(secret=secrets.token_hex()):
            raise WrongState(_("It was switched off already."))
        record(hook, by=by, verb="webhook.secret_rotated")
    hook.refresh_from_db()
    return hook


def _may(by: User) -> None:
    if not holds(by, Role.ADMINISTRATOR):
        raise PermissionDenied(_("Only an administrator may do this."))
