"""The newsletter list: double opt-in, the words agreed to are kept, and leaving takes one press."""

from django.core import signing
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.moves import WrongState, move, record

from . import limits, mail, policies
from .models import Policy, Subscription

Status = Subscription.Status
# Two salts: the link of every letter must not be able to put anybody on the list.
CONFIRM, LEAVE = "accounts.newsletter.confirm", "accounts.newsletter.leave"
CONFIRM_WITHIN_SECONDS = 7 * 24 * 3600
MAILS_A_DAY = 3


class UnknownLink(Exception):
    """A token that is not ours, too old, or about an address no longer held; the text is for the person."""


def consent_words() -> str:
    """What a person agrees to by giving their address. The forms show exactly this."""
    return _(
        "By giving your email address you agree to our Privacy policy and Terms of use. "
        "We will send one message to confirm. You can stop at any time."
    )


def consent_record() -> str:
    """The words, and which versions they meant at this time."""
    versions = [policies.current(kind) for kind in (Policy.Kind.PRIVACY, Policy.Kind.TERMS)]
    return " ".join([consent_words(), *(f"[{version.title} {version.number}]" for version in versions if version)])


def subscribe(email: str, *, consent_text: str) -> None:
    """Ask an address whether it wants the newsletter. Says nothing about whether it was known.

    Whoever is on the list is told so, with the way out. Mail to one address is limited.
    """
    email = email.strip().lower()
    validate_email(email)
    with transaction.atomic():
        subscription, is_new = Subscription.objects.get_or_create(email=email, defaults={"consent_text": consent_text})
        if is_new:
            record(subscription, by=None, verb="newsletter.asked")
        elif subscription.status != Status.CONFIRMED:
            _ask_again(subscription, consent_text)
        if limits.spend("newsletter.mail", email, limit=MAILS_A_DAY, seconds=24 * 3600):
            _write(subscription)


def confirm(token: str) -> Subscription:
    """The owner of the address agrees. Pressing twice is fine; a link from before they left does nothing."""
    subscription = waiting_for(token)
    if subscription.status != Status.CONFIRMED:
        _move(subscription, Status.CONFIRMED, "newsletter.confirmed", confirmed_at=timezone.now())
    return subscription


def leave(token: str) -> Subscription:
    """Off the list at once, whatever the state. Pressing twice is fine."""
    subscription = leaving_by(token)
    if subscription.status != Status.LEFT:
        _move(subscription, Status.LEFT, "newsletter.left", left_at=timezone.now())
    return subscription


def waiting_for(token: str) -> Subscription:
    """The subscription a confirm link is about. Raises UnknownLink."""
    facts = _facts(token, CONFIRM, max_age=CONFIRM_WITHIN_SECONDS)
    subscription = _subscription(facts)
    # Each change of state moves the version on, so a link from before somebody left does nothing.
    still_asked = (subscription.status, subscription.version) == (Status.PENDING, facts["version"])
    just_confirmed = (subscription.status, subscription.version) == (Status.CONFIRMED, facts["version"] + 1)
    if not (still_asked or just_confirmed):
        raise UnknownLink(_("This link no longer works. Sign up again, and we send you a new one."))
    return subscription


def leaving_by(token: str) -> Subscription:
    """The subscription a leave link is about; such links never grow old. Raises UnknownLink."""
    return _subscription(_facts(token, LEAVE))


def confirm_path(subscription: Subscription) -> str:
    token = signing.dumps({"id": subscription.pk, "version": subscription.version}, salt=CONFIRM)
    return reverse("accounts:newsletter_confirm", args=[token])


def leave_path(subscription: Subscription) -> str:
    return reverse("accounts:newsletter_leave", args=[signing.dumps({"id": subscription.pk}, salt=LEAVE)])


def leave_headers(subscription: Subscription) -> dict[str, str]:
    """RFC 8058: the mail program shows a button of its own and posts to the link by itself."""
    return {
        "List-Unsubscribe": f"<{mail.absolute(leave_path(subscription))}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _ask_again(subscription: Subscription, consent_text: str) -> None:
    words = {"consent_text": consent_text, "consented_at": timezone.now(), "confirmed_at": None}
    if subscription.status == Status.LEFT:
        move(subscription, Status.PENDING, by=None, verb="newsletter.asked", **words)
    else:
        Subscription.objects.filter(pk=subscription.pk, status=Status.PENDING).update(**words)
        subscription.refresh_from_db()


def _write(subscription: Subscription) -> None:
    template = "newsletter_already" if subscription.status == Status.CONFIRMED else "newsletter_confirm"
    context = {
        "confirm_url": mail.absolute(confirm_path(subscription)),
        "leave_url": mail.absolute(leave_path(subscription)),
    }
    mail.send(template, subscription.email, context, headers=leave_headers(subscription))


def _move(subscription: Subscription, to: str, verb: str, **changes) -> None:
    try:
        move(subscription, to, by=None, verb=verb, **changes)
    except WrongState:
        subscription.refresh_from_db()
        # The same press twice at the same moment: the other one did it.
        if subscription.status != to:
            raise


def _facts(token: str, salt: str, *, max_age: int | None = None) -> dict:
    try:
        return signing.loads(token, salt=salt, max_age=max_age)
    except signing.SignatureExpired:
        raise UnknownLink(_("This link is too old. Sign up again, and we send you a new one.")) from None
    except signing.BadSignature:
        raise UnknownLink(_("This link does not work. Perhaps a part of it was lost on the way.")) from None


def _subscription(facts: dict) -> Subscription:
    found = Subscription.objects.filter(pk=facts["id"]).first()
    if found is None:
        raise UnknownLink(_("This link no longer works. Sign up again, and we send you a new one."))
    return found
