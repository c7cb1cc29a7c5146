"""Open and close conversations: which mode each is in, and until when it takes comments."""

from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from articles import freshness
from articles.models import Page
from audit.moves import WrongState, record

from .. import permissions
from ..models import Conversation

Mode = Conversation.Mode
LONGEST_NOTE = 300


def set_mode(
    conversation: Conversation, *, by: User, version: int, mode: str, closes_at: datetime | None, note: str = ""
) -> Conversation:
    """A moderator or an editor says how a conversation goes on. What is public stays public; only hiding takes it out of view.

    Of two who press at the same moment one wins. The note is for the desk and never on the record, as it may name people.
    """
    if not permissions.can_set_mode(by):
        raise PermissionDenied(_("Only a moderator or an editor may open and close conversations."))
    if mode not in Mode.values:
        raise ValidationError({"mode": _("Choose a mode.")})
    if len(note) > LONGEST_NOTE:
        raise ValidationError({"note": _("Write at most 300 characters.")})
    closes_at = _closing_time(mode, closes_at)
    with transaction.atomic():
        page = Page.objects.select_for_update(no_key=True).get(pk=conversation.pk)
        before = Conversation.objects.get(pk=conversation.pk)
        changes = {"mode": mode, "closes_at": closes_at, "note": note.strip(), "version": version + 1}
        if not Conversation.objects.filter(pk=page.pk, version=version).update(**changes):
            raise WrongState(_("Somebody else changed this first. Your choice was not saved."))
        freshness.bump(page)
        facts = {"from": before.mode, "to": mode, "version": version + 1, "closes_at": closes_at}
        record(before, by=by, verb="conversation.mode_set", **facts)
    conversation.refresh_from_db()
    return conversation


def close_over(pk: int) -> None:
    """Nobody is needed for it: the time that somebody set for this conversation is over."""
    with transaction.atomic():
        page = Page.objects.select_for_update(no_key=True).get(pk=pk)
        if over().filter(pk=pk).update(mode=Mode.READ_ONLY, version=F("version") + 1):
            freshness.bump(page)


def over():
    """Conversations whose time is over and which do not say so yet."""
    return Conversation.objects.filter(closes_at__lte=timezone.now()).exclude(mode__in=[Mode.READ_ONLY, Mode.HIDDEN])


def first_closing() -> datetime | None:
    """When a conversation closes that begins now."""
    days = settings.COMMENTS_CLOSE_AFTER_DAYS
    return end_of(timezone.localdate() + timedelta(days=days)) if days else None


def end_of(day: date) -> datetime:
    """The last second of a day on the site's clock, so that the day printed is the day meant."""
    return timezone.make_aware(datetime.combine(day, time(23, 59, 59)))


def _closing_time(mode: str, wanted: datetime | None) -> datetime | None:
    now = timezone.now()
    if mode == Mode.READ_ONLY:
        # Readers are told since when it is closed.
        return wanted if wanted is not None and wanted <= now else now
    if mode != Mode.HIDDEN and wanted is not None and wanted <= now:
        raise ValidationError(
            {"closes_at": _("Choose a day that is still to come, or leave it empty to keep the conversation open.")}
        )
    return wanted
