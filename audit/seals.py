"""Seals: the digest of a whole evidence row, written into the chain when the row is made, so that no column can change unseen."""

import hashlib
import json
from collections.abc import Iterator
from datetime import date, datetime
from itertools import groupby

from django.apps import apps
from django.db import models

from .models import Entry, stamp
from .verify import Failure, failure, register

CHUNK = 500


def seal(row: models.Model, form: str = "") -> str:
    """ "s1:" and the SHA-256 (hex) of `sealed_text`. `form` names an older list of columns; the newest is used without."""
    form = form or max(row.SEALED)
    return f"{form}:{hashlib.sha256(sealed_text(row, form).encode()).hexdigest()}"


def sealed_text(row: models.Model, form: str) -> str:
    """Canonical JSON of the columns that `SEALED[form]` lists: names sorted, times in UTC with microseconds.

    A release that adds a column adds a form beside the old one, so that rows sealed before can still be checked.
    """
    values = {name: _plain(getattr(row, name)) for name in row.SEALED[form].split()}
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _plain(value):
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, date):
        return value.isoformat()
    return value


@register("seals")
def seals() -> Iterator[Failure]:
    """Every sealed row is there and still has the digest it was recorded with."""
    entries = Entry.objects.filter(payload__contains='"seal":"s').order_by("object_type", "seq")
    for label, group in groupby(entries.iterator(chunk_size=CHUNK), key=lambda entry: entry.object_type):
        yield from _sealed(apps.get_model(label), list(group))


def _sealed(model: type[models.Model], entries: list[Entry]) -> Iterator[Failure]:
    for start in range(0, len(entries), CHUNK):
        part = entries[start : start + CHUNK]
        rows = model._base_manager.in_bulk([int(entry.object_id) for entry in part])
        for entry in part:
            row = rows.get(int(entry.object_id))
            if row is None:
                yield Failure(model._meta.db_table, entry.object_id, f"is gone; entry {entry.seq} recorded it")
            elif seal(row, (told := json.loads(entry.payload)["seal"]).partition(":")[0]) != told:
                yield failure(row, f"is not the row that entry {entry.seq} sealed")
