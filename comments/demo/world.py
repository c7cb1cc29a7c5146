"""The demo world as a whole: built once, in one transaction, with nothing of it sent to anybody."""

from unittest.mock import patch

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.demo import load as people
from accounts.demo.clock import play
from accounts.models import OutboxMail, User
from articles.demo import load as pages

from . import load as conversation

# What was read long ago would only bury a visitor's own mail.
MAILS_KEPT = 20


class Taken(Exception):
    """Somebody who is not of the demo has an address or a public name that it needs."""


def is_there() -> bool:
    return User.objects.filter(is_demo=True).exists()


@transaction.atomic
def build(password: str) -> None:
    """All of it or nothing: a run that is broken off leaves no half world behind."""
    if names := people.taken():
        raise Taken(", ".join(names))
    made = pages.Pages(password)
    newest = OutboxMail.objects.aggregate(newest=Max("pk"))["newest"] or 0
    events = [*people.events(make_password(password)), *pages.events(made), *conversation.events(made)]
    # These people have no mailboxes, so no worker is told of their mail.
    with patch("accounts.tasks.deliver_mail"):
        play(events, after=lambda: _mark_as_sent(newest))
    _thin_out(newest)


def set_password(password: str) -> None:
    """The one password of everybody who can sign in, also where it was another one the last time."""
    members = User.objects.filter(is_demo=True, is_active=True)
    stored = set(members.values_list("password", flat=True))
    other = [encoded for encoded in stored if not check_password(password, encoded)]
    if other:
        members.filter(password__in=other).update(password=make_password(password))


def _mark_as_sent(after: int) -> None:
    waiting = OutboxMail.objects.filter(pk__gt=after, status=OutboxMail.Status.WAITING)
    waiting.update(status=OutboxMail.Status.SENT, attempts=1, sent_at=timezone.now())


def _thin_out(after: int) -> None:
    made = OutboxMail.objects.filter(pk__gt=after).order_by("-pk")
    OutboxMail.objects.filter(pk__in=list(made.values_list("pk", flat=True)[MAILS_KEPT:])).delete()
