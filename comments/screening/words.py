"""Insults: watched words that know medical vocabulary, and only when they are said to somebody."""

import re
from collections.abc import Iterable

from .scan import Copy, Scan, Span, detector, outside
from .watched import WATCHED

# "you are (such) an idiot", "you stupid cow", "idiot like you", "are you that thick"
TOLD = re.compile(
    rf"\b(?:you(?:'re| are| r)?|u are|you people(?: are)?|your) (?:(?:all|such|just|so|really|a|an|the|bunch of"
    rf"|nothing but|old|absolute|complete) ){{0,3}}{WATCHED.to_somebody}\b"
    rf"|\b{WATCHED.to_somebody} like you\b|\bare you (?:\w{{1,8}} ){{0,2}}(?:stupid|dumb|blind|thick|insane)\b"
)
CALLED = re.compile(
    rf"\bwhat an? (?:\w{{3,10}} )?(?:{WATCHED.to_somebody})\b(?! (?:of|day|week|disease|thing))"
    rf"|\b{WATCHED.bad} (?:old |little |fat )?{WATCHED.persons}\b"
    rf"|(?:^|[.!?\n] ?)(?:idiot|liar|clown|fool|troll|loser|coward)s?(?=[.!?,]|$)"
)
TO_HELL = re.compile(r"(?<!cancer to )(?<!it to )(?<!cancer can )(?<!this to )\bgo to hell\b")
F_WORD = re.compile(r"\bf[u*]c?[c*]?k (?:you|off|yourself)\b|\bf\*{2,3} (?:you|off)\b")
MYSELF = re.compile(r"\b(?:i|i'm|i am|me|myself|my)\b")


@detector(version=1)
def words(scan: Scan) -> Iterable[tuple[str, list[Span]]]:
    yield "abuse", _insults(scan.unmasked)


def _insults(copy: Copy) -> list[Span]:
    alone = [found.span() for found in WATCHED.leave_alone.finditer(copy.letters)]
    places = [
        found.span()
        for pattern in (WATCHED.always, TOLD, CALLED, TO_HELL, F_WORD)
        for found in pattern.finditer(copy.letters)
        if not _of_herself(copy, found)
    ]
    return [copy.span(*place) for place in _apart(outside(places, alone))]


def _of_herself(copy: Copy, found: re.Match) -> bool:
    """ "What an idiot I was", "my stupid old man of a cat": she speaks of her own."""
    if found.re is not CALLED:
        return False
    around = copy.letters[max(found.start() - 4, 0) : found.end() + 8]
    return bool(MYSELF.search(around))


def _apart(places: list[Span]) -> list[Span]:
    kept: list[Span] = []
    for place in sorted(places):
        if not kept or place[0] >= kept[-1][1]:
            kept.append(place)
    return kept
