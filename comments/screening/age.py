"""Somebody who says that she is under 16 now. Ages of others, of stages and of long ago are none of ours."""

import re
from collections.abc import Iterable

from .scan import Scan, Span, detector

AGE = r"(?:[89]|1[0-5]|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen)"
# A number alone is an age only where the clause ends with it: "I am 14." but not "I am 14 weeks out" or "I'm 9 of 12".
ENDS = r"(?= ?(?:$|[.,;!?:)\n]|and (?!a (?:half|quarter)|counting)|but |with |years? old\b|y(?:ea)?rs? ?old\b|y/?o\b|yrs\b))"
IS_NOW = rf"\bi(?:'m| am|m)(?: only| just| still| not even)? {AGE}{ENDS}"
AS_ONE = (
    rf"\b(?:i(?:'m| am|m)|as|being) an? {AGE}[ -](?:years?|yr)[ -]old\b(?! (?:scan|tumou?r|scar|implant|port|survivor))"
)
TURNS = (
    rf"(?:\bi(?:'ll| will)? ?(?:be|turn|am turning|'m turning) |^turning ){AGE}(?= (?:next|this|in|on|tomorrow|soon))"
)
IN_CLASS = (
    rf"\bi(?:'m| am|m)?(?: still| only)? (?:go to|in) (?:the )?(?:(?:year|grade|class) [3-9]{ENDS}|(?:[3-8]th|third"
    r"|fourth|fifth|sixth|seventh|eighth) grade\b|primary school\b|middle school\b)"
)
# What somebody tells of another, or of a day that is over, is not about her age now.
NOT_NOW = re.compile(
    r"\b(?:when|since|while|until|before|if|as if|like|said|says|told|wish)(?: that| me)?[ ,:\"“]{1,3}$"
)
SAYS_SO = re.compile(rf"{IS_NOW}|{AS_ONE}|{TURNS}|{IN_CLASS}", re.MULTILINE)


@detector(version=1)
def under_age(scan: Scan) -> Iterable[tuple[str, list[Span]]]:
    yield "under_age", _now(scan)


def _now(scan: Scan) -> list[Span]:
    letters = scan.folded.letters
    found = (
        one for one in SAYS_SO.finditer(letters) if not NOT_NOW.search(letters[max(one.start() - 20, 0) : one.start()])
    )
    return [scan.folded.span(*one.span()) for one in found]
