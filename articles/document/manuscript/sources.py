"""The list of references at the end of a manuscript: its entries, each as CSL where its parts can be told apart."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext as _

from articles import identifiers
from articles.document.manuscript.furniture import is_reference_heading
from articles.document.manuscript.labels import MONTHS, parse_date, review
from articles.document.manuscript.pieces import Piece, Run, heading_like
from articles.styles import names

ENTRY = re.compile(r"(?:\[(\d{1,3})\]|\^?(\d{1,3})[.)]?|([⁰¹²³⁴-⁹]{1,3})\.?)\s*(?=[^\W\d_\"“‘'(])")
DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:?\s*)(10\.\d{4,9}/[^\s<>\"]+)", re.IGNORECASE)
PMID = re.compile(r"PMID:?\s*(\d{4,9})\b[.;]?", re.IGNORECASE)
PMCID = re.compile(r"(?:PMCID:?\s*)?\b(PMC\d{4,9})\b[.;]?", re.IGNORECASE)
ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>\"]+", re.IGNORECASE)
ANY_DATE = r"(?:(?:[A-Z][a-z]+\.?\s+)?\d{1,2},?\s+(?:of\s+)?(?:[A-Z][a-z]+\.?,?\s+)?\d{4}|[A-Z][a-z]+\.?,?\s+\d{4}|\d{4}-\d\d-\d\d|\d{4}|\d{1,2}/\d{1,2}/\d{2,4})"
ACCESSED = re.compile(
    rf"[\[(]?(?:date )?(?:last )?(?:accessed|retrieved|cited|viewed|visited)(?: on| at)?:?\s*(?P<date>{ANY_DATE})(?:,? from:?)?[\])]?[.;,]?",
    re.IGNORECASE,
)
PUBLISHED = re.compile(
    rf"(?:published|posted|updated|last updated|last reviewed|reviewed|last revised|revised)(?: online)?(?: on)?:?\s*(?P<date>{ANY_DATE})[.;,]?",
    re.IGNORECASE,
)
AVAILABLE = re.compile(
    r"(?:available (?:at|from|online(?: at)?)|retrieved from|at|from|url|link|web ?site):?\s*\Z",
    re.IGNORECASE,
)
VOLUME = re.compile(
    r"(?P<journal>[^.;]+?)[.,]?\s+(?P<year>(?:19|20)\d\d)(?:\s+(?P<month>[A-Z][a-z]{2,8})\.?(?:[-/][A-Z][a-z]{2,8})?(?:\s+\d{1,2})?)?\s*;\s*"
    r"(?P<volume>\d+)?\s*(?:\((?P<issue>[^)]+)\))?(?:\s*:\s*(?P<page>[\w.–-]+))?\.?\Z"  # noqa: RUF001
)
VOLUME_APA = re.compile(
    r"(?P<journal>[^.,]+),\s+(?P<volume>\d+)\s*(?:\((?P<issue>[^)]+)\))?(?:,\s*(?P<page>[\w–-]+))?\.?\Z"  # noqa: RUF001
)
YEAR_APA = re.compile(r"\s\((?P<year>(?:19|20)\d\d)(?:,\s+(?P<month>[A-Z][a-z]+)(?:\s+(?P<day>\d{1,2}))?)?\)\.\s+")
PERSON = r"(?:[^\W\d_][\w’'-]*\s){1,5}[A-Z]{1,4}"
AUTHORS = re.compile(rf"{PERSON}(?:,\s{PERSON})*(?:,?\s+(?:et al|and others))?(?![\w])")
SOURCE_LIKE = re.compile(r"\b(?:19|20)\d\d\b|https?://|www\.|doi|accessed|pmid|\bet al\b|;\d+", re.IGNORECASE)
# Words that only label a part of an entry and are kept by the part itself.
LABELS = {
    "accessed", "retrieved", "available", "from", "at", "on", "published", "updated", "posted", "online", "doi", "pmid", "pmcid", "https", "http",
    "www", "org", "dx", "last", "reviewed", "revised", "cited", "viewed", "visited", "url", "link", "website", "web", "site", "and", "et", "al",
    "date", "others", "of",
    *MONTHS,
}  # fmt: skip


def _entry_number(piece: Piece) -> tuple[int, list[Run]]:
    """The number an entry starts with (0: none) and the entry without it."""
    if piece.kind == "item":
        return piece.number, piece.runs
    match = ENTRY.match(piece.text)
    if not match:
        return 0, piece.runs
    number = int(next(filter(None, match.groups())).translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")))
    if not 1 <= number <= 400:
        return 0, piece.runs
    left, runs = match.end(), []
    for run in piece.runs:
        taken = min(left, len(run.text))
        left -= taken
        if run.text[taken:]:
            runs.append(Run(run.text[taken:], run.marks, run.href))
    return number, runs


def _line(runs: list[Run]) -> str:
    """An entry as one line, its link written out where the words do not show it."""
    text = " ".join("".join(run.text for run in runs).split())
    hrefs = dict.fromkeys(run.href for run in runs if run.href.startswith("http"))
    if not ADDRESS.search(text) and not DOI.search(text) and hrefs:
        text = f"{text.rstrip()} {next(iter(hrefs))}"
    return text


def split(pieces: list[Piece]) -> tuple[list[Piece], dict[int, str], list[str], list[Piece]]:
    """The pieces without the list of references, its entries by number, its lines as read, and what was its heading."""
    for place in range(len(pieces) - 1, -1, -1):
        if pieces[place].kind not in ("text", "heading") or not is_reference_heading(pieces[place].line):
            continue
        entries, end = _entries(pieces, place + 1)
        if entries:
            lines = [pieces[place].line, *(piece.line for piece in pieces[place + 1 : end])]
            return pieces[:place] + pieces[end:], entries, lines, [pieces[place]]
    return pieces, {}, [], []


def _entries(pieces: list[Piece], start: int) -> tuple[dict[int, str], int]:
    entries: dict[int, list[Run]] = {}
    numbered = start < len(pieces) and _entry_number(pieces[start])[0] > 0
    last, end = 0, start
    while end < len(pieces):
        piece = pieces[end]
        number, runs = _entry_number(piece)
        if piece.kind not in ("text", "item") or review(piece.line):
            break
        if numbered and number and (number == last + 1 or number > last or last == 0):
            last = number
            entries[last] = list(runs)
        elif (
            numbered
            and last
            and piece.kind == "text"
            and (not piece.gap or ADDRESS.match(piece.line) or DOI.match(piece.line))
        ):
            entries[last] += [Run(" "), *piece.runs]
        elif not numbered and (piece.kind == "item" or _is_source(piece)):
            last += 1
            entries[last] = list(piece.runs)
        else:
            break
        end += 1
    return {number: _line(runs) for number, runs in entries.items()}, end


def _is_source(piece: Piece) -> bool:
    """Whether an unnumbered line can be an entry."""
    if any(run.href for run in piece.runs):
        return True
    return bool(SOURCE_LIKE.search(piece.line)) and not (heading_like(piece.line) and len(piece.line) < 40)


def csl(line: str) -> tuple[dict[str, Any], bool]:
    """An entry as CSL, and whether its parts were told apart; else the whole line is its title."""
    entry: dict[str, Any] = {}
    rest = _take_identifiers(line, entry)
    parsed = _journal(rest, entry) or _apa(rest, entry) or _book(rest, entry) or _web(rest, entry)
    if parsed and parsed.get("title") and not _lost(line, parsed):
        return parsed, True
    kept = {key: entry[key] for key in ("DOI", "PMID", "PMCID", "URL") if key in entry}
    return {"type": "webpage" if "URL" in entry else "document", "title": line[:1900], **kept}, False


def _take_identifiers(line: str, entry: dict[str, Any]) -> str:
    match = DOI.search(line)
    if match:
        try:
            entry["DOI"] = identifiers.doi(match.group(1))
            line = f"{line[: match.start()]} {line[match.end() :]}"
        except ValueError:
            pass
    for key, pattern in (("PMID", PMID), ("PMCID", PMCID)):
        match = pattern.search(line)
        if match and not line[: match.start()].endswith("/"):
            entry[key] = match.group(1).upper()
            line = f"{line[: match.start()]} {line[match.end() :]}"
    match = ADDRESS.search(line)
    if match:
        try:
            entry["URL"] = identifiers.url(match.group().rstrip(").,;]>"))
            line = f"{AVAILABLE.sub('', line[: match.start()].rstrip('( <[')).rstrip()} {line[match.end() :].lstrip(').>]')}"
        except ValueError:
            pass
    for key, pattern in (("accessed", ACCESSED), ("issued", PUBLISHED)):
        match = pattern.search(line)
        parts = _date_parts(match["date"]) if match else []
        if match and parts:
            entry[key] = {"date-parts": [parts]}
            line = f"{line[: match.start()]} {line[match.end() :]}"
    return " ".join(line.split()).strip()


def _date_parts(text: str) -> list[int]:
    date, _precision = parse_date(text.rstrip(".,;"))
    return [int(part) for part in date.split("-")] if date else []


def _authors(text: str) -> list[dict[str, str]]:
    """ "Mudgway R, Lin AC, et al" or the name of a society."""
    if not AUTHORS.fullmatch(text):
        return [{"literal": text}]
    parts = re.split(r",\s*|\s+(?=et al\Z|and others\Z)", text)
    return [
        found
        for part in filter(None, parts)
        for found in ([{"literal": "et al"}] if part in ("et al", "and others") else names(part))
    ]


def _sentences(text: str) -> list[str]:
    """The parts of an entry: cut at full stops that are not those of initials or abbreviations."""
    people = AUTHORS.match(text)
    if people and text.startswith(". ", people.end()):
        return [people.group(), *_sentences(text[people.end() + 2 :])]
    marked = re.sub(r"(?<=[\w)\]”\"])\.\s+(?=[\"“‘\w(\[])(?<!\b[A-Z]\.\s)(?<!vs\.\s)(?<!St\.\s)(?<!Dr\.\s)", "\n", text)
    marked = re.sub(r"(?<=[?!])\s+(?=[A-Z“\"])", "\n", marked)
    return [
        part.strip(" .") if part.strip()[-1:] != "?" else part.strip()
        for part in marked.split("\n")
        if part.strip(" .")
    ]


def _journal(rest: str, entry: dict[str, Any]) -> dict[str, Any] | None:
    """Authors. Title. Journal. 2020;27(8):2711-2720."""
    match = re.search(r"(?:19|20)\d\d[^.;]{0,15};\s*\d*", rest)
    parts = _sentences(rest)
    if not match or len(parts) < 3:
        return None
    place = next((at for at, part in enumerate(parts) if re.search(r"(?:19|20)\d\d[^;]{0,15};", part)), 0)
    tail = parts[place]
    if re.match(r"(?:19|20)\d\d", tail) and place >= 1:
        place -= 1
        tail = f"{parts[place]} {tail}"
    found = VOLUME.fullmatch(tail)
    if not found or place < 1 or len(parts) > place + 2:
        return None
    head = parts[:place]
    made: dict[str, Any] = {**entry, "type": "article-journal", "container-title": found["journal"].strip()}
    if len(head) > 1:
        made["author"] = _authors(head[0])
    made["title"] = ". ".join(head[1:] if len(head) > 1 else head)
    month = MONTHS.get((found["month"] or "").lower())
    made["issued"] = {"date-parts": [[int(found["year"]), *([month] if month else [])]]}
    for key in ("volume", "issue", "page"):
        if found[key]:
            made[key] = found[key].replace("–", "-")  # noqa: RUF001
    return made


def _apa(rest: str, entry: dict[str, Any]) -> dict[str, Any] | None:
    """Authors (2020). Title. Journal, 27(8), 2711-2720."""
    match = YEAR_APA.search(rest)
    if not match:
        return None
    parts = _sentences(rest[match.end() :])
    if not parts:
        return None
    authors = re.sub(r",?\s*(?:&|and)\s+", ", ", rest[: match.start()])
    people = re.findall(r"([^\W\d_][\w’' -]+),\s((?:[A-Z]\.[ -]?)+),?", authors)
    listed = [{"family": family.strip(), "given": re.sub(r"[. -]", "", given)} for family, given in people]
    made: dict[str, Any] = {
        **entry,
        "title": parts[0],
        "author": listed or [{"literal": authors.strip(" .,")}],
    }
    month = MONTHS.get((match["month"] or "").lower())
    made["issued"] = {
        "date-parts": [
            [
                int(match["year"]),
                *([month] if month else []),
                *([int(match["day"])] if month and match["day"] else []),
            ]
        ]
    }
    source = VOLUME_APA.fullmatch(parts[1]) if len(parts) == 2 else None
    if source:
        made |= {
            "type": "article-journal",
            "container-title": source["journal"].strip(),
            "volume": source["volume"],
        }
        made |= {key: source[key].replace("–", "-") for key in ("issue", "page") if source[key]}  # noqa: RUF001
    elif len(parts) <= 2:
        made |= {"type": "webpage" if "URL" in entry else "book"}
        made |= {("container-title" if "URL" in entry else "publisher"): parts[1]} if len(parts) == 2 else {}
    else:
        return None
    return made


def _book(rest: str, entry: dict[str, Any]) -> dict[str, Any] | None:
    """Authors. Title. 2nd ed. Publisher; 2015."""
    parts = _sentences(rest)
    place = re.fullmatch(r"(?P<publisher>[^;]+);\s*(?P<year>(?:19|20)\d\d)", parts[-1]) if parts else None
    if not place or not 2 <= len(parts) <= 4:
        return None
    edition = re.fullmatch(r"(.+?)\s+ed(?:ition)?", parts[2]) if len(parts) == 4 else None
    if len(parts) == 4 and not edition:
        return None
    more = {"edition": f"{edition.group(1)} ed"} if edition else {}
    issued = {"date-parts": [[int(place["year"])]]}
    if len(parts) == 2:
        return {**entry, "type": "book", "title": parts[0], "publisher": place["publisher"], "issued": issued}
    return {
        **entry, "type": "book", "author": _authors(parts[0]), "title": parts[1], "publisher": place["publisher"], "issued": issued, **more,
    }  # fmt: skip


SITE = re.compile(
    r"\b(?:web ?site|society|institutes?|association|foundation|organi[sz]ation|university|cent(?:er|re)s?|clinic|hospital|alliance|network|agency|administration|\w+\.(?:org|com|gov|net))\b",
    re.IGNORECASE,
)


def _web(rest: str, entry: dict[str, Any]) -> dict[str, Any] | None:
    """Society. Title. Site. with an address."""
    parts = _sentences(rest)
    date = _date_parts(parts[-1]) if len(parts) > 1 and "issued" not in entry else []
    if date:
        entry, parts = {**entry, "issued": {"date-parts": [date]}}, parts[:-1]
    if "URL" not in entry or not 1 <= len(parts) <= 3:
        return None
    made: dict[str, Any] = {**entry, "type": "webpage", "title": parts[min(1, len(parts) - 1)]}
    if len(parts) == 2 and SITE.search(parts[1]) and not SITE.search(parts[0]):
        return {**made, "title": parts[0], "container-title": parts[1]}
    if len(parts) > 1:
        made["author"] = _authors(parts[0])
    if len(parts) > 2:
        made["container-title"] = parts[2]
    return made


def _lost(line: str, made: dict[str, Any]) -> bool:
    """Whether a word of the entry is in none of its parts."""
    kept = " ".join(_strings(made)).lower()
    known = set(re.findall(r"[^\W_]+", kept))
    glued = re.sub(r"[\W_]+", "", kept)
    return any(
        word not in known and word not in LABELS and word not in glued for word in re.findall(r"[^\W_]+", line.lower())
    )


def _strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _strings(item)]
    if isinstance(value, list):
        return [text for item in value for text in _strings(item)]
    return [str(value)]


def read(entries: dict[int, str]) -> tuple[dict[int, dict[str, Any]], list[str]]:
    """CSL by number, and what could not be told apart."""
    read_entries, warnings = {}, []
    for number, line in sorted(entries.items()):
        read_entries[number], parsed = csl(line)
        if not parsed:
            message = _("Reference %(number)d could not be taken apart; the whole line stands as its title.")
            warnings.append(message % {"number": number})
    missing = [str(number) for number in range(1, max(entries, default=0) + 1) if number not in entries]
    if missing:
        warnings.append(_("The list of references has no number %(numbers)s.") % {"numbers": ", ".join(missing)})
    return read_entries, warnings
