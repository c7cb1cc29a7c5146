"""Another person by her full name, beside her illness or her place of work."""

import re
from collections.abc import Iterable, Iterator

from .scan import Scan, Span, any_of, detector
from .watched import WATCHED

WORD = re.compile(r"[^\W\d_][\w'’-]{0,30}")
TITLES = frozenset({"dr", "doctor", "prof", "professor", "mr", "mrs", "ms", "miss", "sister", "nurse", "frau", "herr"})
ILL = any_of(
    r"cancer", r"tumou?rs?", r"stage (?:[1-4]|i{1,3}v?|iv)", r"metasta\w{2,8}", r"diagnos\w{2,6}", r"chemo\w{0,7}",
    r"radiotherapy", r"mastectomy", r"lumpectomy", r"leuka?emia", r"lymphoma", r"hiv", r"hepatitis", r"depression",
    r"depressed", r"bipolar", r"rehab", r"alcoholic", r"terminal", r"hospice", r"relaps\w{1,4}", r"biopsy",
    r"brca[12]?", r"dementia", r"diabetes", r"miscarriage",
)  # fmt: skip
CLINIC = any_of(r"clinic", r"hospital", r"centre", r"center", r"ward", r"surgery", r"practice", r"klinik", r"infirmary")
AT = re.compile(r"[,.]? (?:at|from|of|in|@) ")
RELATION = re.compile(
    r"\b(?:my|our|his|her|for|this is|named|called) (?:\w{2,12} ){0,2}$|\b(?:friend|neighbou?r|boss|teacher"
    r"|colleague|sister|brother|cousin|aunt|uncle|husband|wife|partner|mother|father|mum|mom|dad|daughter|son"
    r"|surgeon|oncologist|nurse),? $"
)
IS_ILL = re.compile(
    r"(?:,[^,.!?\n]{1,40},)? (?:has|had|have|was|is|got|gets|needs|suffers|suffered|died|lost|starts|started)\b"
)
ENDS = re.compile(r"[!?\n]")
NEAR = 90


@detector(version=1)
def names(scan: Scan) -> Iterable[tuple[str, list[Span]]]:
    yield "named_person", [span for span in _full_names(scan.text) if _tells_of(scan.text, *span)]


def _full_names(text: str) -> Iterator[Span]:
    """Two or three words with a capital, side by side; with a title one is enough."""
    words = [found for found in WORD.finditer(text) if found.group()[0].isupper()]
    at = 0
    while at < len(words):
        last = at
        while last + 1 < len(words) and last - at < 3 and _touch(text, words[last], words[last + 1]):
            last += 1
        run = words[at : last + 1]
        at = last + 1
        if len(run) > 1 and _is_name(text, run):
            yield run[0].start(), run[-1].end()


def _touch(text: str, one: re.Match, other: re.Match) -> bool:
    between = text[one.end() : other.start()]
    return between == " " or (between == ". " and one.group().casefold() in TITLES)


def _is_name(text: str, run: list[re.Match]) -> bool:
    names = [word.group().casefold() for word in run]
    if any(name.split("'")[0] in WATCHED.no_names for name in names) or all(word.group().isupper() for word in run):
        return False
    return not text[: run[0].start()].casefold().endswith("the ")


def _tells_of(text: str, start: int, end: int) -> bool:
    before, after = text[max(start - 40, 0) : start].casefold(), text[end : end + NEAR].casefold()
    after = ENDS.split(after)[0]
    titled = text[start:end].split()[0].strip(".").casefold() in TITLES
    works = AT.match(after) and CLINIC.search(after[:60])
    if titled:
        return bool(works or len(text[start:end].split()) > 2)
    if works and RELATION.search(before):
        return True
    return bool((RELATION.search(before) or IS_ILL.match(after)) and ILL.search(after))
