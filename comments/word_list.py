"""A word list as people write it: one entry on a line, checked line by line; and what two lists have different."""

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .models import QueueItem
from .screening import linear, site_words
from .screening.linear import Refused
from .screening.scan import Scan

Lane = QueueItem.Lane
Entry = dict[str, str]

SHOWN = "shown"
LANES = (Lane.CRISIS, Lane.LEGAL, Lane.PRIVACY, Lane.SAFETY, Lane.HELD, Lane.MEDICAL)
MOST_ENTRIES = 1000
MOST_PATTERNS = 60
LONGEST = {"word": 60, "phrase": 120, "pattern": 200}
LONGEST_NOTE = 200
NOTE = " ## "
# The longest comment, once every letter was taken apart that can be, and half of what a pattern may take in earnest.
WORST_TEXT = 8000
PATTERN_BUDGET = site_words.PATTERN_BUDGET / 2

KIND_NAMES: dict[str, str | Promise] = {
    "word": gettext_lazy("Word"),
    "phrase": gettext_lazy("Phrase"),
    "pattern": gettext_lazy("Pattern"),
}
WHY_REFUSED: dict[str, str | Promise] = {
    linear.BROKEN: gettext_lazy("It is not a regular expression that Python can read. Check brackets and backslashes."),
    linear.ENDLESS: gettext_lazy(
        "Every repetition needs an end: write {1,30} instead of + and {0,30} instead of *, at most 2,000 times."
    ),
    linear.NESTED: gettext_lazy("A repetition inside a repetition must be short: at most 4 times, or 25 around it."),
    linear.WAYS: gettext_lazy(
        "It could match in more than 2,500 ways from one place, and a long comment would take too long. Make its "
        "repetitions shorter, or split it into two patterns."
    ),
    linear.REFERS_BACK: gettext_lazy(
        r"It refers back to what it matched before (\1). Such a pattern can take forever."
    ),
    linear.EMPTY: gettext_lazy("It matches where nothing is written. At least one letter must be needed."),
    linear.SLOW: gettext_lazy("It took too long on a text made to be hard for it. Make it simpler."),
}


def read(written: str) -> tuple[list[Entry], list[str]]:
    """Entries and what is wrong, in words that name the line. A line: word selling held: ozempic ## who asked for it"""
    entries, errors = [], []
    for number, line in enumerate(written.splitlines(), start=1):
        if not line.strip():
            continue
        entry = _read(line)
        wrong = why_not(entry) if entry else _("Write it like this: word selling held: miracle cure")
        entries.append(entry or {})
        if wrong:
            errors.append(_("Line {n}: {problem}").format(n=number, problem=wrong))
    return entries, errors or whole(entries)


def write(entries: Iterable[Entry]) -> str:
    return "".join(line(entry) + "\n" for entry in entries)


def line(entry: Entry) -> str:
    note = f"{NOTE}{entry['note']}" if entry["note"] else ""
    label = entry["label"].removeprefix("site_")
    return f"{entry['kind']} {label} {entry['lane'] or SHOWN}: {entry['pattern']}{note}"


def why_not(entry: Entry) -> str:
    """What is wrong with an entry, or ""."""
    kind, pattern = entry["kind"], entry["pattern"]
    if kind not in site_words.KINDS:
        return _("Begin with word, phrase or pattern, not with “{word}”.").format(word=kind)
    if entry["label"] not in site_words.LABELS:
        return _("What is it a sign of? One of: {names}.").format(names=", ".join(short_labels()))
    if entry["lane"] and entry["lane"] not in LANES:
        names = ", ".join([SHOWN, *(str(lane.value) for lane in LANES)])
        return _("Where should the comment go? One of: {names}.").format(names=names)
    if not pattern or len(pattern) > LONGEST[kind]:
        return _("Write at least one letter and at most {n}.").format(n=LONGEST[kind])
    if len(entry["note"]) > LONGEST_NOTE:
        return _("The note may have at most {n} letters.").format(n=LONGEST_NOTE)
    return _why_not_pattern(pattern) if kind == "pattern" else _why_not_words(kind, pattern)


def whole(entries: list[Entry]) -> list[str]:
    """What is wrong with a list as a whole."""
    if len(entries) > MOST_ENTRIES:
        return [_("A list may have at most {n} entries.").format(n=MOST_ENTRIES)]
    if sum(entry["kind"] == "pattern" for entry in entries) > MOST_PATTERNS:
        return [_("A list may have at most {n} patterns.").format(n=MOST_PATTERNS)]
    seen: set[tuple[str, str]] = set()
    for number, entry in enumerate(entries, start=1):
        key = (entry["kind"], entry["pattern"].casefold())
        if key in seen:
            return [_("Entry {n}: “{words}” stands in the list twice.").format(n=number, words=entry["pattern"])]
        seen.add(key)
    return []


def difference(old: Iterable[Entry], new: Iterable[Entry]) -> tuple[list[str], list[str]]:
    """(lines that came, lines that went), each in the order of its list."""
    before, after = [line(entry) for entry in old], [line(entry) for entry in new]
    return [one for one in after if one not in set(before)], [one for one in before if one not in set(after)]


def short_labels() -> list[str]:
    return [label.removeprefix("site_") for label in site_words.LABELS]


def _read(written: str) -> Entry | None:
    head, colon, rest = written.partition(":")
    parts = head.split()
    if not colon or len(parts) != 3:
        return None
    pattern, _sign, note = rest.partition(NOTE)
    kind, label, lane = (part.lower() for part in parts)
    return {
        "kind": kind,
        "label": f"site_{label}",
        "lane": "" if lane == SHOWN else lane,
        "pattern": pattern.strip(),
        "note": note.strip(),
    }


def _why_not_words(kind: str, words: str) -> str:
    letters = Scan.of(words).folded.letters
    if not letters or not site_words.TOKEN.match(letters):
        return _("It must begin with a letter or a digit.")
    if kind == "word" and " " in words:
        return _("That is more than one word. Begin the line with “phrase”.")
    return ""


def _why_not_pattern(pattern: str) -> str:
    try:
        # Comments are read in small letters, so a capital would never be found.
        tree = linear.parsed(pattern)
        if any(letter != letter.lower() for letter in linear.literals(tree)):
            return _(
                "Write small letters only: capitals, accents and disguises are taken off before the pattern is tried."
            )
        linear.check(pattern, longest_text=WORST_TEXT, budget=PATTERN_BUDGET)
    except Refused as refused:
        return str(WHY_REFUSED[refused.why])
    return ""
