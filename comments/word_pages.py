"""What the pages of the watched words show of a list: its entries in words, its versions, and patterns that were too slow."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from . import word_list
from .models import Finding, QueueItem, WordList
from .screening import site_words
from .screening.policy import MEANINGS

PAGE_SIZE = 20
REMEMBERED = timedelta(days=30)


@dataclass(frozen=True)
class Row:
    entry: dict
    kind: str | Promise
    sign: str | Promise
    lane: str | Promise


@dataclass(frozen=True)
class Slow:
    """A pattern that was left out of comments because it took too long."""

    line: int
    pattern: str
    times: int


def rows(listed: WordList | None) -> list[Row]:
    return [
        Row(
            entry,
            word_list.KIND_NAMES[entry["kind"]],
            MEANINGS[entry["label"]].name,
            QueueItem.Lane(entry["lane"]).label if entry["lane"] else _("Only shown"),
        )
        for entry in (listed.entries if listed else [])
    ]


def versions(before: int | None) -> tuple[list[WordList], bool]:
    """Up to twenty versions, newest first, below the given number; and whether there are more."""
    made = WordList.objects.select_related("by").defer("entries").order_by("-number")
    if before is not None:
        made = made.filter(number__lt=before)
    found = list(made[: PAGE_SIZE + 1])
    return found[:PAGE_SIZE], len(found) > PAGE_SIZE


def slow(listed: WordList | None) -> list[Slow]:
    """The notice on the desk: patterns of the list in force that were switched off for a comment this month."""
    if listed is None:
        return []
    since = timezone.now() - REMEMBERED
    found = Finding.objects.filter(
        label=site_words.TOO_SLOW, detector_version=min(listed.number, site_words.MOST_VERSION), created_at__gt=since
    )
    counted = found.values("detector").annotate(times=Count("pk")).order_by("-times", "detector")
    lines = [(site_words.line_of(one["detector"]), one["times"]) for one in counted]
    return [
        Slow(line, listed.entries[line - 1]["pattern"], times) for line, times in lines if line <= len(listed.entries)
    ]
