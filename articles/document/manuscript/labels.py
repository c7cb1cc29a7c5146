"""Lines about an article that stand in it: who reviewed it and when, who wrote it, what its picture shows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
            "september sept sep", "october oct", "november nov", "december dec",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
MONTH = rf"(?P<month>{'|'.join(sorted(MONTHS, key=len, reverse=True))})\.?"
YEAR = r"(?P<year>(?:19|20)\d\d)"
DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
WRITTEN = [
    re.compile(rf"{WEEKDAY}{form}", re.IGNORECASE)
    for form in (
        rf"{MONTH}\s+{DAY},?\s+{YEAR}",
        rf"{DAY}\s+(?:of\s+)?{MONTH},?\s+{YEAR}",
        rf"{DAY}[-/]{MONTH}[-/]{YEAR}",
        rf"{MONTH},?\s+(?:of\s+)?{YEAR}",
        rf"{YEAR}[-/.](?P<month>0[1-9]|1[0-2])[-/.](?P<day>0[1-9]|[12]\d|3[01])",
        rf"{YEAR}[-/](?P<month>0[1-9]|1[0-2])",
        rf"(?P<month>0?[1-9]|1[0-2])[/.]{YEAR}",
        YEAR,
    )
]
SLASHED = re.compile(rf"([0-3]?\d)([/.-])([0-3]?\d)\2{YEAR}")
TIME = re.compile(r",?\s+(?:at\s+)?\d{1,2}[:.]\d\d(?:\s*[ap]\.?m\.?)?(?:\s+[A-Z]{2,4})?\Z", re.IGNORECASE)

REVIEWED = (
    r"(?:this (?:article|page|content|information) (?:was|has been) )?(?:(?:last|most recently|also) )?"
    r"(?:(?:medical(?:ly)?|clinical(?:ly)?|scientific(?:ally)?|professionally|expert(?:ly)?|peer|fact|doctor|physician|pharmacist|nurse|dietitian)[- ])?"
    r"(?:reviewed|checked|approved|verified|vetted|review)(?:(?: and|,| &) (?:approved|updated|verified|fact[- ]checked|edited|checked))?"
)
BY = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{REVIEWED}\s+by\s*:?\s*(?P<by>.*)",
        r"(?:medical|clinical|expert|scientific|content)?\s*reviewers?\s*:\s*(?P<by>.*)",
        r"(?:medical|clinical|expert|scientific) review\s*:\s*(?P<by>.*)",
    )
]
DATED = re.compile(
    r"(?:(?:date|page|content|article|this (?:page|article)(?: was)?)\s+(?:of\s+)?)?"
    r"(?P<what>(?:last|latest|most recent(?:ly)?)?\s*(?:medical(?:ly)?|clinical(?:ly)?|expert)?\s*"
    r"(?:review(?:ed)?|updated?|checked|modified|revised|revision|edited))"
    r"(?:\s+(?:date|on|in))?\s*(?::|-|–|—)?\s*(?:on|in)?\s*(?P<date>.*)",  # noqa: RUF001
    re.IGNORECASE,
)
NEXT = re.compile(
    r"(?:next review(?: due)?(?: date)?|review (?:due|by)|to be reviewed)\s*(?:on|by|in|:)*\s*(?P<date>.+)",
    re.IGNORECASE,
)
SEPARATORS = re.compile(r"\s*[|•·‧∙]\s*|\s+[–—]\s+|\s+-\s+|\s{3,}|;\s+|\s+/\s+|\n")  # noqa: RUF001
ALT_LABEL = re.compile(
    r"[\[(<]?\s*(?:(?:hero|main|lead|feature[d]?|header)\s+)?(?:alt(?:ernative)?(?:[ -]?text| tag)?|"
    r"(?:image|photo|picture|illustration|figure|graphic)(?: alt(?:ernative)?)?(?: text| description)?)\s*[:=–—]\s*(?P<alt>.*?)\s*[\])>]?\Z",  # noqa: RUF001
    re.IGNORECASE | re.DOTALL,
)
PICTURE = r"(?:image|illustration|photo(?:graph)?|picture|graphic|drawing|diagram|infographic|chart|cartoon|screenshot|collage|painting|sketch|animation|vector|banner)"
ALT_START = re.compile(
    rf"(?:(?:an?|the|this|stylized|colou?r(?:ful)?|digital|medical|close[- ]?up|black and white)\s+){{0,3}}{PICTURE}\s+"
    r"(?:shows?|showing|of|depicts?|depicting|features?|featuring|illustrates?|illustrating|with|displays?|displaying|represents?|representing|portrays?|contains?|in which|where|that shows?)\b",
    re.IGNORECASE,
)
MID_ALT = re.compile(
    rf"(?:(?:an?|the|this)\s+)?{PICTURE}\s+(?:shows|showing|of an?|depicts|depicting)\b", re.IGNORECASE
)
BYLINE = re.compile(
    r"(?:(?:medically |originally )?(?:written|authored|posted|reported|story|words|text|contributed)(?: and \w+)? )?by:?\s+(?P<names>\S.*)|authors?\s*:\s*(?P<more>\S.*)",
    re.IGNORECASE,
)
PERSON = re.compile(
    r"(?:(?:Dr|Prof|Mr|Mrs|Ms|Sr|St|[A-Z])\.?\s+)*[A-Z][\w’'.-]*(?:\s+(?:[A-Z][\w’'.-]*|de|da|di|del|der|den|van|von|la|le|bin|al|dos|el|ter)){1,4}\Z"
)  # noqa: RUF001
CREDENTIAL = re.compile(r"(?:[A-Z][A-Za-z.]{0,6}(?:-[A-Z]{1,4})*\.?|R\.?N|M\.?D|Ph\.?D)\Z")
FIELD = re.compile(
    r"(?P<name>title|headline|h1|standfirst|subtitle|sub-?head(?:ing|line)?|dek|deck|summary|excerpt|description|"
    r"meta[- ]description|seo[- ]description|seo[- ]title|meta[- ]title|slug|url slug|keywords?)\s*:\s+(?P<value>\S.*)",
    re.IGNORECASE,
)


@dataclass
class Label:
    """What a line says about the review of the article."""

    by: str = ""
    date: str = ""
    precision: str = ""
    updated: str = ""
    updated_precision: str = ""
    next_due: bool = False
    rest: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def found(self) -> bool:
        return bool(self.by or self.date or self.updated or self.next_due)


def parse_date(text: str) -> tuple[str, str]:
    """A date and its precision (year, month, day); empty when the text is no date."""
    text = TIME.sub("", text.strip().strip("().,;")).strip()
    for pattern in WRITTEN:
        match = pattern.fullmatch(text)
        if match:
            parts = match.groupdict()
            month = parts.get("month") or ""
            number = MONTHS.get(month.lower()) or (int(month) if month else 0)
            return _dated(int(parts["year"]), number, int(parts.get("day") or 0))
    match = SLASHED.fullmatch(text)
    if match:
        return _slashed(int(match.group(1)), match.group(2), int(match.group(3)), int(match.group("year")))
    return "", ""


def _dated(year: int, month: int = 0, day: int = 0) -> tuple[str, str]:
    if month and not 1 <= month <= 12 or day > 31:
        return "", ""
    if day:
        return f"{year}-{month:02}-{day:02}", "day"
    return (f"{year}-{month:02}", "month") if month else (str(year), "year")


def _slashed(first: int, mark: str, second: int, year: int) -> tuple[str, str]:
    """3/14/2023 and 14/3/2023 say which is the day; 03/04/2023 does not, so only the year is certain."""
    if not (1 <= first <= 31 and 1 <= second <= 31):
        return "", ""
    if first > 12 >= second or mark == "." or first == second:
        return _dated(year, second, first)
    if second > 12 >= first:
        return _dated(year, first, second)
    return str(year), "year"


def _trailing_date(by: str) -> tuple[str, str, str]:
    """ "Jane Doe, MD on March 3, 2023" as name, date, precision."""
    for match in re.finditer(r"(?:,?\s+(?:on|in|as of)\s+|,\s*|\s*[-–—(:]\s*|\s+)(?=[\w(])", by):  # noqa: RUF001
        date, precision = parse_date(by[match.end() :])
        if date and not (precision == "year" and not re.search(r"[,(:–—-]|\b(?:on|in|as of)\b", match.group())):  # noqa: RUF001
            return by[: match.start()].strip(" ,(-–—"), date, precision  # noqa: RUF001
    return by.strip(" ,"), "", ""


def _ambiguous(text: str, label: Label) -> None:
    match = SLASHED.search(text)
    if match and _slashed(int(match.group(1)), match.group(2), int(match.group(3)), 2000)[1] == "year":
        message = _("“%(text)s”: the date can be read in two ways, so only its year was kept.")
        label.warnings.append(message % {"text": text})


def review(line: str) -> Label | None:
    """What a line says about review, or nothing when it is not such a line."""
    if len(line) > 280:
        return None
    label = Label()
    split = re.sub(
        r"\s+(?=(?:and |[|,] ?)?(?:last|next)\s+(?:medically\s+)?(?:review|updated|review due)\w*\b)",
        "\n",
        line,
        flags=re.IGNORECASE,
    )
    # "Written by Sam Poe. Reviewed by: Kidney Care Board": two labels in one line.
    split = re.sub(r"(?<!\band)\s+(?=(?:Medically |Clinically |Expert )?[Rr]eviewed [Bb]y\b)(?<=[.;,]\s)", "\n", split)
    split = re.sub(r"[.,]\s*\n", "\n", split)
    for segment in filter(None, (part.strip(" .") for part in SEPARATORS.split(split))):
        if not _segment(segment, label):
            label.rest.append(segment)
    if not label.found or any(len(rest) > 70 for rest in label.rest):
        return None
    if not _starts_as_label(line):
        return None
    _ambiguous(line, label)
    return label


def _starts_as_label(line: str) -> bool:
    first = SEPARATORS.split(line)[0].strip()
    return any(pattern.match(first) for pattern in (*BY, DATED, NEXT, BYLINE)) or bool(
        re.match(r"\d+ min|(?:published|posted)\b", first, re.IGNORECASE)
    )


def _segment(segment: str, label: Label) -> bool:
    match = NEXT.fullmatch(segment)
    if match and parse_date(match["date"])[0]:
        message = _("“%(text)s” was not kept: the next review date is set when the page is signed.")
        label.warnings.append(message % {"text": segment})
        label.next_due = True
        return True
    for pattern in BY:
        match = pattern.fullmatch(segment)
        if match and _is_name(match["by"]):
            by, date, precision = _trailing_date(match["by"])
            label.by = label.by or by
            label.date, label.precision = label.date or date, label.precision or precision
            return True
    match = DATED.fullmatch(segment)
    if match:
        person = re.match(r"(?P<date>.+?)\s+by:?\s+(?P<by>[A-Z].+)", match["date"])
        date, precision = parse_date(person["date"] if person else match["date"])
        if date:
            if person and _is_name(person["by"]):
                label.by = label.by or person["by"].strip()
            if "review" in match["what"].lower() or "checked" in match["what"].lower():
                label.date, label.precision = label.date or date, label.precision or precision
            else:
                label.updated, label.updated_precision = (
                    label.updated or date,
                    label.updated_precision or precision,
                )
            return True
    date, precision = parse_date(segment)
    if date and label.by and not label.date:
        label.date, label.precision = date, precision
        return True
    return False


def _is_name(text: str) -> bool:
    """Whether what follows "reviewed by" can be who did it, rather than the rest of a sentence."""
    if not text or len(text) > 140:
        return False
    if not re.match(r"(?:the |our |an? |dr |Dr\.? )?[^\W\d_]", text) or re.search(
        r"[a-z]{3}\.\s+[A-Z][a-z]+ [a-z]", text
    ):
        return False
    small = [
        word
        for word in re.findall(r"\b[a-z]{3,}\b", text)
        if word not in ("and", "the", "our", "von", "van", "del", "der")
    ]
    return bool(text[0].isupper() or re.match(r"(?:the|our|an?) ", text)) and len(small) <= max(
        3, len(text.split()) // 2
    )


def waiting(line: str) -> str:
    """A label that stands alone with its value on the next line: "Medically reviewed by", "Last reviewed:"."""
    if len(line) > 80:
        return ""
    if re.fullmatch(rf"{REVIEWED}\s+by\s*:?", line, re.IGNORECASE) or re.fullmatch(
        r"(?:medical|clinical|expert) review(?:er)?\s*:?", line, re.IGNORECASE
    ):
        return "by"
    match = DATED.fullmatch(line)
    return "date" if match and not match["date"] and re.search(r"last|date|:", line, re.IGNORECASE) else ""


def names(line: str) -> list[str]:
    """The authors a byline names; empty when the line is no byline."""
    if len(line) > 160:
        return []
    first, *more = SEPARATORS.split(line)
    match = BYLINE.fullmatch(first)
    beside = r"(?:last )?(?:updated|published|posted|modified)\b.*|\d+ ?min.*"
    if not match or not all(parse_date(part)[0] or re.fullmatch(beside, part, re.IGNORECASE) for part in more):
        return []
    text, _date, _precision = _trailing_date(match["names"] or match["more"])
    found = []
    for part in re.split(r"\s*(?:,?\s+and\s+|&|;)\s*", text):
        name, *credentials = [piece.strip() for piece in part.split(",")]
        while credentials and PERSON.match(credentials[0]) and not CREDENTIAL.match(credentials[0]):
            found.append(name)
            name, *credentials = credentials
        if not PERSON.match(name) or not all(CREDENTIAL.match(credential) for credential in credentials):
            return []
        found.append(", ".join([name, *credentials]))
    return found


def alt(line: str) -> str:
    """The description of a picture that a line gives, or nothing."""
    if len(line) > 2000:
        return ""
    match = ALT_LABEL.match(line)
    if match and match["alt"]:
        return match["alt"]
    return line if ALT_START.match(line) and len(line) <= 1500 else ""


def alt_inside(line: str) -> str:
    """The same for a line amid the article, where only the clearest form counts."""
    if len(line) > 800:
        return ""
    bracketed = re.fullmatch(
        r"\[\s*(?:image|photo|picture|illustration|figure|graphic|infographic)\s*[:–-]\s*(.+?)\s*\]",
        line,
        re.IGNORECASE,
    )  # noqa: RUF001
    if bracketed:
        return bracketed.group(1)
    match = ALT_LABEL.match(line)
    if (
        match
        and match["alt"]
        and re.match(r"[\[(<]?\s*(?:alt|image (?:alt|description)|photo (?:alt|description))", line, re.IGNORECASE)
    ):
        return match["alt"]
    return line if MID_ALT.match(line) and len(line) <= 800 else ""


def waiting_alt(line: str) -> bool:
    """ "Alt text:" with the text on the next line."""
    if len(line) > 60:
        return False
    if re.fullmatch(
        r"(?:hero |main |lead )?(?:image |photo |picture )?(?:alt(?:ernative)?[ -]?text|alt|description)",
        line,
        re.IGNORECASE,
    ):
        return True
    match = ALT_LABEL.match(line)
    return bool(match and not match["alt"] and re.search(r"alt|description", line, re.IGNORECASE))


def front_matter(text: str) -> tuple[dict[str, str], str, list[str]]:
    """The simple fields between two rules at the top of a Markdown file, the rest, and the lines read."""
    match = re.match(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", text, re.DOTALL)
    if not match:
        return {}, text, []
    fields, lines = {}, match.group(1).split("\n")
    for line in lines:
        pair = re.match(r"([A-Za-z_ -]+):\s*(.+)", line)
        if pair:
            fields[pair.group(1).strip().lower().replace("_", " ")] = pair.group(2).strip().strip("\"'")
    return fields, text[match.end() :], [line for line in lines if line.strip()]
