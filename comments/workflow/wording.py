"""The site's watched words: a new list goes live as a whole, as a new version, and says who changed what."""

import hashlib
import json

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from audit.moves import WrongState, record

from .. import permissions, word_list
from ..models import WordList
from ..screening import site_words

KEYS = ("kind", "pattern", "label", "lane", "note")
LONGEST_CHANGES = 300


def publish(entries: list[dict], *, by: User, changes: str, based_on: int) -> WordList:
    """Make a new version the list in force. `based_on` is the number it was written from, 0 where there was none.

    Of two who started from the same version one wins. Raises ValidationError with the errors of "entries" and "changes".
    """
    if not permissions.is_moderator(by):
        raise PermissionDenied(_("Only a moderator may change the watched words."))
    entries = [{key: str(entry.get(key, "")).strip() for key in KEYS} for entry in entries]
    _refuse_mistakes(entries, changes.strip())
    latest = site_words.newest()
    number = latest.number if latest else 0
    if number != based_on:
        raise WrongState(_("Somebody else changed the list since you opened it. Your list was not saved."))
    if latest and latest.entries == entries:
        raise ValidationError({"entries": _("Nothing in the list is different.")})
    try:
        with transaction.atomic():
            made = WordList.objects.create(number=number + 1, entries=entries, changes=changes.strip(), by=by)
            digest = hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()
            # The words may name somebody, so they stay out of the record; the hash binds them.
            record(made, by=by, verb="word_list.published", number=made.number, entries=len(entries), sha256=digest)
    except IntegrityError as error:
        raise WrongState(_("Somebody else changed the list since you opened it. Your list was not saved.")) from error
    return made


def _refuse_mistakes(entries: list[dict], changes: str) -> None:
    wrong = [
        _("Entry {n}: {problem}").format(n=number, problem=problem)
        for number, entry in enumerate(entries, start=1)
        if (problem := word_list.why_not(entry))
    ]
    errors: dict[str, list[str]] = {}
    if wrong or (wrong := word_list.whole(entries)):
        errors["entries"] = wrong
    if not changes or len(changes) > LONGEST_CHANGES:
        errors["changes"] = [_("Say in a few words what you changed and why, in at most 300 letters.")]
    if errors:
        raise ValidationError(errors)
