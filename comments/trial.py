"""A word list tried on what was written lately, before it goes live: nothing is stored and nothing changes."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.safestring import SafeString

from . import text
from .models import Comment
from .screening import site_words
from .screening.policy import MEANINGS, SEEN_AFTERWARDS
from .screening.scan import Scan, Seen

LATEST = 1000
SHOWN = 20


@dataclass(frozen=True)
class Hit:
    """A comment that one list matches and the other does not, its words marked."""

    comment: Comment
    words: SafeString
    names: list[str]


@dataclass
class Side:
    """What one list matches and the other does not."""

    count: int = 0
    held: int = 0  # of these, would be held by this list
    hits: list[Hit] = field(default_factory=list)

    def add(self, comment: Comment, seen: list[Seen]) -> None:
        self.count += 1
        self.held += any(_holds(one) for one in seen)
        if len(self.hits) < SHOWN:
            spans = [span for one in seen for span in one.spans]
            names = sorted({str(MEANINGS[one.label].name) for one in seen})
            self.hits.append(Hit(comment, text.marked(comment.current.text, spans), names))


@dataclass
class Trial:
    read: int = 0
    more: Side = field(default_factory=Side)
    fewer: Side = field(default_factory=Side)
    too_slow: list[int] = field(default_factory=list)  # lines of the new list whose patterns took too long


def run(entries: Iterable[dict]) -> Trial:
    """The last thousand comments, newest first, as the new list and the one in force would see them."""
    latest = site_words.newest()
    before = site_words.compiled(latest.entries if latest else [])
    after = site_words.compiled(entries)
    trial, slow = Trial(), set()
    written = Comment.objects.filter(current__isnull=False).exclude(current__text="")
    for comment in written.select_related("current", "author").order_by("-pk")[:LATEST].iterator(chunk_size=200):
        scan = Scan.of(comment.current.text)
        old, new = site_words.see(scan, before), site_words.see(scan, after)
        slow |= {site_words.line_of(one.detector) for one in new if one.label == site_words.TOO_SLOW}
        trial.read += 1
        if came := _without(new, old):
            trial.more.add(comment, came)
        if went := _without(old, new):
            trial.fewer.add(comment, went)
    trial.too_slow = sorted(slow)
    return trial


def _without(seen: list[Seen], others: list[Seen]) -> list[Seen]:
    """What was seen and not by the others: another sign, or another place to go."""
    known = {(one.label, one.lane) for one in others}
    return [one for one in seen if one.label != site_words.TOO_SLOW and (one.label, one.lane) not in known]


def _holds(seen: Seen) -> bool:
    return bool(seen.lane) and seen.lane not in SEEN_AFTERWARDS
