"""Where a sentence ends: not after “e.g.”, “Dr.” or the point in 7.4, and only after the marker that follows it."""

from __future__ import annotations

import re
from collections.abc import Set

# Stands for a reference marker while a text is cut.
MARK = "\ufffc"
END = re.compile(rf"(?:[.!?…]+[)\]\"'”’»]*(?:\s*{MARK})*|:\s?{MARK}+)(?=\s|\Z|(?<={MARK}))")
SPACES = re.compile(r"\s*")
LAST_WORDS = re.compile(r"(?:([^\s(\[{\"'“‘«]+)\s+)?[(\[{\"'“‘«]*([^\s(\[{\"'“‘«]+)\Z")
INITIALS = re.compile(r"(?:[^\W\d_]\.)+\Z")
LONGEST = 60

ABBREVIATIONS = """
e.g. i.e. eg. ie. dr. drs. mr. mrs. ms. prof. st. vs. v. cf. ca. approx. fig. figs. nos. vol. pp. p. ed. eds. ref. refs.
tab. resp. incl. excl. dept. sra. dra. srta. ej. núm. aprox. pág. págs. art. cap. viz. al. gen. spp. sp. subsp. var. syn.
eq. sec. ch. para. n.b. nb.
"""
# These end a sentence when the next one starts with a capital.
ENDING_TOO = "etc. a.m. p.m. u.s. u.k. e.u. inc. ltd. co. m.d. ph.d. phd. ee.uu. sr. jr. min. max."
NEVER, SOMETIMES = frozenset(ABBREVIATIONS.split()), frozenset(ENDING_TOO.split())


def _is_short_for_something(text: str, point: int, after: str) -> bool:
    """Whether the point at this place belongs to an abbreviation or an initial; `after` are the next two letters."""
    found = LAST_WORDS.search(text[max(0, point - LONGEST) : point + 1])
    before, word = (found[1] or "", found[2]) if found else ("", "")
    said = word.casefold()
    if said == "no.":
        return after[:1].isnumeric()
    if said in SOMETIMES:
        return not after[:1].isupper()
    if INITIALS.match(word) and after[:1].isupper():
        return len(word) > 2 or not before or before[:1].isupper() or after[1:] == "."
    return said in NEVER


def _ends(text: str, end: re.Match[str], names: Set[int]) -> bool:
    gap = SPACES.match(text, end.end())
    start = gap.end() if gap else end.end()
    after = text[start : start + 2]
    if not after or end[0][0] == ":":
        return True
    if after[:1].islower() and start not in names:
        return False
    stop = end[0].rstrip(f"{MARK} \u00a0")
    return stop != "." or not _is_short_for_something(text, end.start(), after)


def spans(text: str, names: Set[int] = frozenset()) -> list[tuple[int, int]]:
    """Start and end of each sentence without the spaces around it. Names start at `names`: they need no capital."""
    found, start = [], 0
    cuts = [end.end() for end in END.finditer(text) if _ends(text, end, names)]
    for cut in [*cuts, len(text)]:
        inner = text[start:cut].strip()
        if inner:
            first = text.index(inner, start)
            found.append((first, first + len(inner)))
        start = cut
    return found
