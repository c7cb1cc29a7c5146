"""Seals: the digest of a whole evidence row, written into the chain when the row is made, so that no column can change unseen."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Min
from django.utils import timezone

from .models import Entry, stamp
from .verify import Failure, failure, register

# Rows hold whole texts: a hundred of them are a few megabytes.
CHUNK = 100
SEALED = '"seal":"s'
# "note#": the text itself stays out of what is sealed, and its SHA-256 stands there; so a row can be shown without it.
DIGEST = "#"
LIKE_A_KEY = re.compile("[0-9]{1,18}")
Values = dict[str, Any]


def seal(row: models.Model, form: str = "") -> str:
    """ "s1:" and the SHA-256 (hex) of the row's values. `form` names an older list of columns; the newest is used without."""
    form = form or newest_form(type(row))
    return digest(values(row, form), form)


def newest_form(model: type[models.Model]) -> str:
    """The form that rows made today are sealed in: "s10" is newer than "s9"."""
    return max(forms(model), key=lambda form: int(form.removeprefix("s")))


def forms(model: type[models.Model]) -> dict[str, str]:
    """Columns by form. A release that adds a column adds a form beside the old one: older rows can still be checked."""
    return getattr(model, "SEALED", {})


def values(row: models.Model, form: str = "") -> Values:
    """The sealed columns with values as both databases give them back, times in UTC with microseconds."""
    columns = {field.attname: field for field in row._meta.concrete_fields}
    names = forms(type(row))[form or newest_form(type(row))].split()
    return {name: _value(row, columns[name.removesuffix(DIGEST)], hidden=name.endswith(DIGEST)) for name in names}


def _value(row: models.Model, field: models.Field, *, hidden: bool):
    value = _plain(field.to_python(getattr(row, field.attname)))
    return hashlib.sha256(value.encode()).hexdigest() if hidden else value


def digest(values: Values, form: str) -> str:
    return f"{form}:{hashlib.sha256(sealed_text(values).encode()).hexdigest()}"


def sealed_text(values: Values) -> str:
    """The exact text that is hashed: JSON without spaces, names sorted, letters as they are."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def form_of(told: str) -> str:
    """ "s1" of "s1:…"."""
    return told.partition(":")[0]


def told_by(payload: str) -> str:
    """The seal that an entry's payload carries, or ""."""
    told = facts_of(payload).get("seal", "")
    return told if isinstance(told, str) else ""


def facts_of(payload: str) -> dict[str, Any]:
    """The facts of an entry; none where somebody wrote over them, which the chain's own check says."""
    try:
        facts = json.loads(payload)
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}


def sealed_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if forms(model)]


def _plain(value):
    if isinstance(value, datetime):
        if timezone.is_naive(value):
            raise TypeError(f"A time without a zone cannot be sealed: {value}")
        return stamp(value)
    if isinstance(value, date):
        return value.isoformat()
    # A float, a decimal or a document would have another text on another database.
    if value is not None and not isinstance(value, str | int):
        raise TypeError(f"A seal has no form for {type(value).__name__}: {value!r}")
    return value


@register("seals")
def seals() -> Iterator[Failure]:
    """Every sealed row is there and still has the digest it was recorded with."""
    known = {model._meta.label_lower: model for model in sealed_models()}
    sealed = Entry.objects.filter(payload__contains=SEALED)
    for model in known.values():
        entries = sealed.filter(object_type=model._meta.label_lower).order_by("seq")
        for part in in_chunks(entries.iterator(chunk_size=CHUNK)):
            yield from _altered(model, part)
    for entry in sealed.exclude(object_type__in=known).order_by("seq").iterator():
        yield failure(entry, "seals a row of a kind that is not sealed")


@register("recorded rows")
def recorded() -> Iterator[Failure]:
    """Every row of a sealed kind was made by a verb: it has an entry, and one with a seal since seals exist."""
    for model in sealed_models():
        entries = Entry.objects.filter(object_type=model._meta.label_lower)
        first = entries.filter(payload__contains=SEALED).aggregate(first=Min("seq"))["first"]
        keys = model._base_manager.order_by("pk").values_list("pk", flat=True)
        for part in in_chunks(keys.iterator(chunk_size=500), 500):
            yield from _unrecorded(model, part, entries, first)


def _altered(model: type[models.Model], entries: list[Entry]) -> Iterator[Failure]:
    rows = {str(row.pk): row for row in model._base_manager.filter(pk__in=_keys(entries))}
    for entry in entries:
        told, row = told_by(entry.payload), rows.get(entry.object_id)
        if row is None:
            yield Failure(model._meta.db_table, entry.object_id, f"is gone; entry {entry.seq} recorded it")
        elif form_of(told) not in forms(model):
            yield failure(entry, "seals a row in a form that is not known here")
        elif seal(row, form_of(told)) != told:
            yield failure(row, f"is not the row that entry {entry.seq} sealed")


def _keys(entries: Iterable[Entry]) -> list[int]:
    """Ids that a table could have; an entry that was forged may name anything."""
    return [int(one.object_id) for one in entries if LIKE_A_KEY.fullmatch(one.object_id)]


def _unrecorded(model: type[models.Model], keys: list, entries, first: int | None) -> Iterator[Failure]:
    found = entries.filter(object_id__in=[str(key) for key in keys]).values_list("object_id", "seq", "payload")
    recorded = {pk for pk, seq, payload in found if first is None or seq < first or SEALED in payload}
    for key in keys:
        if str(key) not in recorded:
            yield Failure(model._meta.db_table, str(key), "was never recorded: no verb made it")


def in_chunks(rows: Iterable, size: int = CHUNK) -> Iterator[list]:
    """The same rows in lists of at most `size`."""
    rows = iter(rows)
    while part := list(islice(rows, size)):
        yield part
