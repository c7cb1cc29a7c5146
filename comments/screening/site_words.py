"""The site's own watched words: the newest list, read in a time that grows with the text, not with the list."""

import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from ..models import WordList
from .detectors import logger
from .scan import Copy, Scan, Seen, Span

NAME = "site_words"
KINDS = ("word", "phrase", "pattern")
LABELS = ("site_selling", "site_unkind", "site_medical", "site_privacy", "site_danger", "site_other")
TOO_SLOW = "pattern_too_slow"
# A finding keeps the number of its list in a small column.
MOST_VERSION = 32_767
TOKEN = re.compile(r"\w{1,2000}")
# Seconds of this thread's own work: for one pattern, and for all of them together.
PATTERN_BUDGET = 0.02
BUDGET = 0.1


@dataclass(frozen=True)
class Literal:
    letters: str
    entry: int


@dataclass
class Watching:
    """A list made ready: words and phrases by their first word, patterns one by one."""

    number: int
    entries: list[dict]
    plain: dict[str, list[Literal]] = field(default_factory=lambda: defaultdict(list))
    unmasked: dict[str, list[Literal]] = field(default_factory=lambda: defaultdict(list))
    patterns: list[tuple[re.Pattern, int]] = field(default_factory=list)


def newest() -> WordList | None:
    return WordList.objects.order_by("-number").first()


def look(scan: Scan) -> list[Seen]:
    """What the list in force sees."""
    latest = WordList.objects.order_by("-number").values_list("number", "at").first()
    return see(scan, _in_force(*latest)) if latest else []


@lru_cache(maxsize=4)
def _in_force(number: int, _at) -> "Watching":
    # A published list never changes, so it is read and made ready once in each process.
    return compiled(WordList.objects.get(number=number).entries, number)


def compiled(entries: Iterable[dict], number: int = 0) -> Watching:
    watching = Watching(number, list(entries))
    for place, entry in enumerate(watching.entries):
        if entry["kind"] == "pattern":
            watching.patterns.append((re.compile(entry["pattern"]), place))
            continue
        scan = Scan.of(entry["pattern"])
        _file(watching.plain, scan.folded.letters, place)
        _file(watching.unmasked, scan.unmasked.letters, place)
    return watching


def _file(index: dict[str, list[Literal]], letters: str, place: int) -> None:
    letters = " ".join(letters.split())
    first = TOKEN.match(letters)
    if first:
        index[first.group()].append(Literal(letters, place))


def see(scan: Scan, watching: Watching) -> list[Seen]:
    """One finding for each label and lane, with every place; and one for each pattern that took too long."""
    spans: dict[tuple[str, str], set[Span]] = defaultdict(set)
    for entry, span in literals(scan, watching):
        spans[_opens(watching, entry)].add(span)
    slow = []
    left = BUDGET
    for pattern, entry in watching.patterns:
        found, took = _timed(pattern, scan.unmasked, min(left, PATTERN_BUDGET))
        left -= took
        if found is None:
            slow.append(entry)
        else:
            spans[_opens(watching, entry)].update(found)
    version = min(watching.number, MOST_VERSION)
    seen = [Seen(NAME, label, sorted(found), version, lane) for (label, lane), found in sorted(spans.items()) if found]
    return seen + [_slow(watching, entry) for entry in slow]


def literals(scan: Scan, watching: Watching) -> Iterator[tuple[int, Span]]:
    """(entry, place) of every watched word and phrase, in plain sight or disguised."""
    yield from _words(scan.folded, watching.plain)
    yield from _words(scan.unmasked, watching.unmasked)


def line_of(detector: str) -> int:
    """The line of the list that a finding `pattern_too_slow` is about."""
    return int(detector.removeprefix(f"{NAME}_"))


def _opens(watching: Watching, entry: int) -> tuple[str, str]:
    return watching.entries[entry]["label"], watching.entries[entry]["lane"]


def _words(copy: Copy, index: dict[str, list[Literal]]) -> Iterator[tuple[int, Span]]:
    if not index:
        return
    letters = copy.letters
    for token in TOKEN.finditer(letters):
        for literal in index.get(token.group(), ()):
            end = token.start() + len(literal.letters)
            if letters.startswith(literal.letters, token.start()) and _ends(letters, end):
                yield literal.entry, copy.span(token.start(), end)


def _ends(letters: str, end: int) -> bool:
    """Whole words only; a word that ends in a sign ends there."""
    return end == len(letters) or not (_is_word(letters[end - 1]) and _is_word(letters[end]))


def _is_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"


def _timed(pattern: re.Pattern, copy: Copy, budget: float) -> tuple[list[Span] | None, float]:
    """Where a pattern matches, or None once its time is over: it is left out for this text, whatever it found."""
    if budget <= 0:
        return None, 0.0
    began = time.thread_time()
    found = []
    for match in pattern.finditer(copy.letters):
        if time.thread_time() - began > budget:
            break
        found.append(copy.span(*match.span()))
    took = time.thread_time() - began
    return (None if took > budget else found), took


def _slow(watching: Watching, entry: int) -> Seen:
    logger.error("pattern in line %s of word list %s took too long and was left out", entry + 1, watching.number)
    return Seen(f"{NAME}_{entry + 1}", TOO_SLOW, version=min(watching.number, MOST_VERSION))
