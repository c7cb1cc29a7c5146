"""What somebody could be found by: addresses, numbers and other people's names."""

import re
from collections.abc import Iterable

from .scan import Copy, Scan, Span, any_of, detector, outside

EMAIL = re.compile(r"(?<![a-z0-9._%+-])[a-z0-9._%+-]{1,64} ?@ ?[a-z0-9-]{1,63}(?:\.[a-z0-9-]{2,63}){1,4}")
SPELT_EMAIL = re.compile(
    r"(?<![a-z0-9._-])[a-z0-9._-]{1,64} (?:at|@) [a-z0-9-]{2,63}(?: dot [a-z0-9-]{2,24}){1,3}\b"
    r"|(?<![a-z0-9._-])[a-z0-9._-]{1,64} ?[\[({<] ?(?:at|@) ?[\])}>] ?[a-z0-9-]{2,63}(?: ?[\[({<]? ?(?:dot"
    r"|\.) ?[\])}>]? ?[a-z0-9-]{2,24}){1,3}\b"
)

NUMBER = re.compile(r"(?<![\w./-])\+?\(?\d(?:[ ().\-/]{0,3}\d){4,14}(?![\w/])")
CALLED = any_of(
    r"call", r"phone", r"ring", r"tel", r"telephone", r"mobile", r"cell", r"text", r"whats ?app", r"fax",
    r"(?:my|her|his|their|our|phone|direct) number", r"handy", r"nummer", r"numero", r"reach me", r"telefon\w{0,3}",
    r"portable", r"movil", r"desk of",
)  # fmt: skip
# What stands before a number that is none of a telephone.
OTHER_NUMBERS = any_of(
    r"nct", r"pmid", r"pmcid", r"doi", r"isbn", r"issn", r"isrctn", r"eudract", r"euct", r"trial", r"rs", r"lot",
    r"batch", r"page", r"version", r"orpha", r"omim", r"cas",
)  # fmt: skip
DATE = re.compile(r"\b(?:\d{4}-\d\d-\d\d|\d{1,2}([./-])\d{1,2}\1\d{2,4}|(?:19|20)\d\d ?[-/] ?(?:19|20)?\d\d)\b")
DOI = re.compile(r"\b10\.\d{4,9}/\S{1,200}")
YEARS = re.compile(r"(?:(?:19|20)\d\d[ /.-]{1,3}){1,6}(?:19|20)\d\d")
UNIT = re.compile(
    r" ?(?:mg|mcg|g|ml|mm|cm|%|iu|units|cycles|days|weeks|eur|euros?|pounds|dollars|members|people|women)\b"
)
NORTH_AMERICAN = re.compile(r"(?:\+?1[ .-]?)?\(?[2-9]\d\d\)?[ .-]?[2-9]\d\d[ .-]?\d{4}$")
DISGUISED_NUMBER = re.compile(r"(?<!\w)[0o](?:[ ().\-/]{0,2}[0-9o]){8,12}(?!\w)")
DIGIT = r"(?:zero|oh|nought|one|two|three|four|five|six|seven|eight|nine|double|triple)"
SPELT_NUMBER = re.compile(rf"\b{DIGIT}(?:[ ,-]{{1,2}}(?:{DIGIT}|\d{{1,4}})\b){{5,19}}")

RECORD = re.compile(
    r"\b(?:(?:nhs|mrn|ssn|chi|medicare|medicaid|social security|versicherten\w{0,6}"
    r"|krankenversicherten\w{0,6})(?: (?:no|number|num|nr|id|card))?"
    r"|(?:hospital|hosp|patient|insurance|policy|health card|membership|case|file|record|chart)s? ?(?:(?:no|number"
    r"|num|nr|id)\b|#)(?: there| here)?)"
    r"[ .:#]{0,3}(?:is |was )?[ .:#]{0,3}(?=[a-z]{0,3}[0-9])[a-z0-9](?:[ /.-]?[a-z0-9]){4,14}(?![\w])"
)
SEPARATOR = re.compile(r"\d[^\d]{1,3}(?=\d)")
DECIMAL = re.compile(r"\d\.\d")
SSN = re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])")

STREET = re.compile(
    r"\b\d{1,5}[a-z]?,? (?P<name>(?:[a-z'.-]{2,20} ){1,3})"
    r"(?P<kind>street|road|avenue|lane|terrace|boulevard|crescent|close|court|drive|way|place|square|gardens|grove"
    r"|hill|row|mews|st|rd|ave|blvd|ln|dr)\b"
)
PLAIN_STREETS = frozenset({"street", "road", "avenue", "lane", "terrace", "boulevard", "crescent", "rd", "ave", "blvd"})
# fmt: off
NOT_A_STREET = frozenset({
    "a", "an", "and", "at", "by", "days", "down", "for", "from", "hours", "in", "into", "is", "km", "loud", "miles",
    "minutes", "months", "more", "my", "of", "off", "on", "or", "our", "out", "over", "per", "people", "stops",
    "that", "the", "this", "times", "to", "us", "was", "we", "weeks", "were", "with", "women", "years"
})
# fmt: on
STREET_ELSEWHERE = re.compile(
    r"\b[a-z-]{3,30}(?:strasse|str\.|allee|gasse|weg|platz) ?\d{1,4}[a-z]?\b|\b\d{1,4},? (?:rue|chemin|impasse|quai"
    r"|calle|viale|piazza) [a-z]{2,20}|\b(?:rue|calle|viale|plaza) (?:[a-z]{2,15} ){1,3}\d{1,4}\b"
)
# As typed: capitals tell a postcode from a stage.
POSTCODE = re.compile(
    r"\b[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2}\b|(?<=, )[A-Z]{2} \d{5}\b|(?<=, )\d{4,5} [A-Z][a-zäöüßéèô]{2,20}"
    r"|\b(?:NSW|VIC|QLD|WA|SA|TAS|ACT|NT) \d{4}\b"
)
PO_BOX = re.compile(r"\bp\.? ?o\.? ?box \d{1,6}\b|\bpostfach \d{1,6}\b")


def email_spans(scan: Scan) -> list[Span]:
    found = scan.folded.spans(EMAIL) + scan.folded.spans(SPELT_EMAIL)
    return found + outside(scan.spans(EMAIL), found)


@detector(version=2)
def personal_details(scan: Scan) -> Iterable[tuple[str, list[Span]]]:
    records = scan.folded.spans(RECORD) + scan.folded.spans(SSN)
    yield "email_address", email_spans(scan)
    yield "record_number", records
    yield "phone_number", outside(_phones(scan.folded), records)
    yield "address", _addresses(scan)


def _phones(copy: Copy) -> list[Span]:
    letters = copy.letters
    no_phones = [found.span() for pattern in (DATE, DOI, YEARS) for found in pattern.finditer(letters)]
    numbers = [found.span() for found in NUMBER.finditer(letters) if _is_phone(letters, found)]
    disguised = [
        found.span() for found in DISGUISED_NUMBER.finditer(letters) if sum(map(str.isdigit, found.group())) > 5
    ]
    places = outside(numbers, no_phones)
    places += outside(disguised, no_phones + places)
    places += [found.span() for found in SPELT_NUMBER.finditer(letters)]
    return [copy.span(*place) for place in places]


def _is_phone(letters: str, found: re.Match) -> bool:
    start, end = found.span()
    number = found.group()
    digits = sum(map(str.isdigit, number))
    before = letters[max(start - 30, 0) : start].rpartition("\n")[2]
    if OTHER_NUMBERS.search(before[-14:]) or UNIT.match(letters, end):
        return False
    if number.startswith(("+", "00")):
        return digits > 7
    if NORTH_AMERICAN.match(number) or (number.lstrip("(").startswith("0") and digits > 8):
        return True
    if CALLED.search(before) and digits > 5:
        return True
    return digits > 8 and len(SEPARATOR.findall(number)) > 1 and not DECIMAL.search(number)


def _addresses(scan: Scan) -> list[Span]:
    letters = scan.folded.letters
    places = [found.span() for found in STREET.finditer(letters) if _is_street(scan, found)]
    spans = [scan.folded.span(*place) for place in places]
    spans += scan.folded.spans(STREET_ELSEWHERE) + scan.folded.spans(PO_BOX)
    return spans + [found.span() for found in POSTCODE.finditer(scan.text)]


def _is_street(scan: Scan, found: re.Match) -> bool:
    if not NOT_A_STREET.isdisjoint(found["name"].split()):
        return False
    named = scan.text[scan.folded.places[found.start("name")]]
    kind = scan.text[scan.folded.places[found.start("kind")]]
    return (named.isupper() and kind.isupper()) or found["kind"] in PLAIN_STREETS
