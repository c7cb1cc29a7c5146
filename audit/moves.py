"""The only way a row changes state: checked, race-safe, and on the record."""

import json

from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .models import GENESIS, Entry

CHAIN_LOCK = 7203001


class WrongState(Exception):
    """The row is not in a state this move may start from; the text is a sentence for the person who tried."""


def move(row, to, *, by, verb: str, field: str = "status", facts: dict | None = None, **changes) -> Entry:
    """Move `row` to state `to` and write the audit entry, or do neither.

    The UPDATE is conditional on the state (and `version`, where the model has one) that the caller saw, so of
    two people who press at the same moment exactly one wins; the other gets WrongState. No row lock is needed.
    """
    start = getattr(row, field)
    if to not in row.MOVES.get(start, ()):
        raise WrongState(_("This cannot go from “{start}” to “{to}”.").format(start=start, to=to))
    seen = {"pk": row.pk, field: start}
    if any(column.name == "version" for column in row._meta.concrete_fields):
        seen["version"] = row.version
        changes["version"] = row.version + 1
    with transaction.atomic():
        if not type(row)._base_manager.filter(**seen).update(**{field: to}, **changes):
            raise WrongState(_("Somebody else changed this first. Your choice was not saved."))
        row.refresh_from_db()
        return record(row, by=by, verb=verb, **{"from": start, "to": to}, **(facts or {}))


def record(subject: models.Model, *, by, verb: str, **facts) -> Entry:
    """Append one entry about `subject`. `facts` are ids, codes, hashes and dates: never words that can name a person.

    The chain serialises its writers, so a verb calls this last (lock order: page, comment, queue item, chain).
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])
        last = Entry.objects.order_by("-seq").values_list("seq", "hash").first()
        seq, prev_hash = last or (0, GENESIS)
        entry = Entry(
            seq=seq + 1,
            at=timezone.now(),
            actor=by if by is not None and by.pk else None,
            verb=verb,
            object_type=subject._meta.label_lower,
            object_id=str(subject.pk),
            payload=json.dumps(facts, sort_keys=True, separators=(",", ":"), default=str),
            prev_hash=prev_hash,
        )
        entry.hash = entry.digest()
        entry.save(force_insert=True)
    return entry
