"""A comment as a machine reads it: plain letters that know their place in the words as typed, and what was seen there."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, wraps

from ..text import INVISIBLE

Span = tuple[int, int]

# Letters of other alphabets that look like Latin ones; digits keep their value, since numbers are looked for too.
LOOKALIKES = str.maketrans("аеорсухіјѕԁһкмтвнӏгпοανικρτυηωεϲցոսօɡıłøđ", "aeopcyxijsdhkmtbhlrnoavikptunwecgnuogilod")
# Digits and signs that stand for letters, inside a word only.
LEET = str.maketrans("013457@$!|", "oieastasil")

# A word with such a sign inside or before it; "her2", "40mg" and "5th" are what they are.
LEETED = re.compile(r"(?<![\w@$!|'])[a-z013457@$!|']{3,40}(?![\w@$|])")
SIGN_INSIDE = re.compile(r"[a-z][013457@$!|]{1,3}[a-z]|^[013457@$!|][a-z]{3}|^[a-z]{2,8}'[a-z]{0,2}[0135]$")
SPACED = re.compile(r"(?<![^\W_])[^\W_](?:[ .*_-][^\W_](?![^\W_])){2,60}")
LINE_BREAK = re.compile(r"(?<!\n)\n(?!\n)")
GAP = re.compile(r"[ \t]{2,2000}")
# One Arabic sign stands for eighteen letters; nothing anybody types to be read stands for more than four.
LONGEST_LETTER = 4
LONGEST_SENTENCE = 240
SENTENCE_END = frozenset(".!?\n")


@dataclass(frozen=True)
class Seen:
    """One thing one detector saw; spans are places in the text as typed."""

    detector: str
    label: str
    spans: list[Span] = field(default_factory=list)
    version: int = 1
    lane: str | None = None  # where the label's usual lane does not hold; "": none at all


@dataclass(frozen=True)
class Copy:
    """Letters to look at, and for each of them its place in the words as typed."""

    letters: str
    places: tuple[int, ...]

    def span(self, start: int, end: int) -> Span:
        return self.places[start], self.places[end - 1] + 1

    def spans(self, pattern: re.Pattern) -> list[Span]:
        return [self.span(*found.span()) for found in pattern.finditer(self.letters)]

    def sentence(self, start: int, end: int) -> Span:
        """Where the sentence around a place begins and ends, as far as that is not far away."""
        first, last = max(start - LONGEST_SENTENCE, 0), min(end + LONGEST_SENTENCE, len(self.letters))
        while start > first and self.letters[start - 1] not in SENTENCE_END:
            start -= 1
        while end < last and self.letters[end] not in SENTENCE_END:
            end += 1
        return start, end


@dataclass(frozen=True)
class Scan:
    """The words as typed; the same in plain small letters; and a third time with what disguises a word taken off."""

    text: str
    folded: Copy
    drug_names: frozenset[str] = frozenset()

    @classmethod
    def of(cls, text: str, drug_names: Iterable[str] = ()) -> "Scan":
        letters: list[str] = []
        places: list[int] = []
        for place, letter in enumerate(text):
            plain = letter.lower() if letter.isascii() else _plain(letter)
            letters += plain
            places += [place] * len(plain)
        return cls(text, Copy("".join(letters), tuple(places)), frozenset(name.casefold() for name in drug_names))

    @cached_property
    def unmasked(self) -> Copy:
        return _without_gaps(_joined(_letters_for_digits(_one_line(self.folded))))

    def spans(self, pattern: re.Pattern) -> list[Span]:
        """Where words are, in plain sight or disguised. Numbers and addresses are looked for in `folded`."""
        return self.unmasked.spans(pattern)


def outside(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """Those of the spans that no other one touches; in a time that grows with their lengths alone."""
    spans, others = list(spans), list(others)
    covered = bytearray(max((end for _start, end in (*spans, *others)), default=0))
    for start, end in others:
        covered[start:end] = b"\1" * (end - start)
    return [(start, end) for start, end in spans if not any(covered[start:end])]


def any_of(*phrases: str) -> re.Pattern:
    return re.compile(r"\b(?:" + "|".join(phrases) + r")\b")


def detector(version: int) -> Callable:
    """A function from a scan to labels and spans becomes a detector: it signs what it saw with its name and version."""

    def signed(read: Callable[[Scan], Iterable[tuple[str, list[Span]]]]) -> Callable[[Scan], list[Seen]]:
        @wraps(read)
        def see(scan: Scan) -> list[Seen]:
            return [Seen(read.__name__, label, sorted(spans), version) for label, spans in read(scan) if spans]

        return see

    return signed


@lru_cache(maxsize=4096)
def _plain(letter: str) -> str:
    if letter in INVISIBLE or unicodedata.category(letter) in ("Mn", "Cf"):
        return ""
    bare = (part for part in unicodedata.normalize("NFKD", letter) if unicodedata.category(part) != "Mn")
    folded = "".join(bare).casefold().translate(LOOKALIKES)
    digits = (str(unicodedata.decimal(part)) if part.isdecimal() else part for part in folded)
    return "".join(digits).replace("’", "'").replace("‘", "'")[:LONGEST_LETTER]


def _one_line(copy: Copy) -> Copy:
    """A line break inside a paragraph is a space: a phrase may run over it."""
    letters = LINE_BREAK.sub(" ", copy.letters)
    return Copy(letters, copy.places)


def _letters_for_digits(copy: Copy) -> Copy:
    def word(found: re.Match) -> str:
        typed = found.group()
        word = typed.rstrip("!|")  # at the end of a word they are what they are
        return word.translate(LEET) + typed[len(word) :] if SIGN_INSIDE.search(word) else typed

    return Copy(LEETED.sub(word, copy.letters), copy.places)


def _joined(copy: Copy) -> Copy:
    """k i l l becomes kill."""
    return _without(
        copy,
        (place for found in SPACED.finditer(copy.letters) for place in range(found.start() + 1, found.end(), 2)),
    )


def _without_gaps(copy: Copy) -> Copy:
    return _without(
        copy, (place for found in GAP.finditer(copy.letters) for place in range(found.start() + 1, found.end()))
    )


def _without(copy: Copy, unwanted: Iterable[int]) -> Copy:
    out = set(unwanted)
    if not out:
        return copy
    kept = [place for place in range(len(copy.letters)) if place not in out]
    return Copy("".join(copy.letters[place] for place in kept), tuple(copy.places[place] for place in kept))
