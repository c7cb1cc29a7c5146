"""How a source is written in a list of references: AMA 11, or Vancouver as the NLM writes it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from articles.document.tree import Node
from articles.identifiers import SCHEMES, doi, url

Segment = tuple[str, str]  # words and how they are shown: "" plain, "i" italic, or the address they link to

MONTHS = {
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    "es": [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
}
WORDS = {
    "en": {
        "accessed": "Accessed",
        "published": "Published",
        "in": "In",
        "eds": "eds",
        "ed": "ed",
        "et_al": "et al",
    },
    "es": {
        "accessed": "Consultado el",
        "published": "Publicado el",
        "in": "En",
        "eds": "eds",
        "ed": "ed",
        "et_al": "et al",
    },
}


def csl_identifier(csl: Node) -> tuple[str, str]:
    """By what a source is found again: DOI before PMID before the rest; its title when it has none."""
    for key, scheme in (
        ("DOI", "doi"),
        ("PMID", "pmid"),
        ("PMCID", "pmcid"),
        ("NCT", "nct"),
        ("ISBN", "isbn"),
        ("URL", "url"),
    ):
        if csl.get(key):
            try:
                return scheme, SCHEMES[scheme](csl[key])
            except ValueError:
                continue
    text = " ".join([names_text(csl.get("author") or []), csl.get("title", ""), _year(csl)])
    return "text", " ".join(unicodedata.normalize("NFKC", text).casefold().split())[:500]


# Names


def names(text: str) -> list[dict[str, str]]:
    """Authors as typed, "Mudgway R; Lin AC; Sample Society", as CSL names."""
    found = []
    for name in filter(None, (part.strip(" .,") for part in re.split(r"[;\n]", text))):
        person = re.fullmatch(r"(.{2,80}?),?\s+((?:[A-Z]\.?[ -]?){1,4})(?:,?\s+(Jr|Sr|II|III|2nd|3rd)\.?)?", name)
        comma = re.fullmatch(r"([^,]{2,80}),\s*([^,]{1,80})", name)
        if person and re.match(r"[^\W\d_]", name):
            initials = re.sub(r"[. -]", "", person.group(2))
            found.append(
                {"family": person.group(1), "given": initials}
                | ({"suffix": person.group(3)} if person.group(3) else {})
            )
        elif comma and len(comma.group(1).split()) <= 4:
            found.append({"family": comma.group(1).strip(), "given": comma.group(2).strip()})
        else:
            found.append({"literal": name})
    return found


def names_text(authors: list[dict[str, str]]) -> str:
    """The field text of CSL names: one after the other with semicolons."""

    def one(name: dict[str, str]) -> str:
        if "literal" in name:
            return name["literal"]
        given = name.get("given", "")
        joint = " " if re.fullmatch(r"[A-Z]{0,4}", given) else ", "
        return f"{_family(name)}{joint}{given}".strip(" ,") + (f" {name['suffix']}" if name.get("suffix") else "")

    return "; ".join(filter(None, map(one, authors)))


def _family(name: dict[str, str]) -> str:
    parts = (name.get("dropping-particle", ""), name.get("non-dropping-particle", ""), name.get("family", ""))
    return " ".join(filter(None, parts))


def _initials(given: str) -> str:
    if re.fullmatch(r"[A-Z]{1,4}", given.replace(".", "").replace(" ", "")):
        return re.sub(r"[. ]", "", given)
    return "".join(part[0].upper() for part in re.split(r"[\s.-]+", given) if part)


def _person(name: dict[str, str]) -> str:
    if "literal" in name:
        return name["literal"]
    return " ".join(filter(None, [_family(name), _initials(name.get("given", "")), name.get("suffix", "")]))


def _people(authors: list[dict[str, str]], most: int, shown: int, et_al: str) -> str:
    people = list(filter(None, map(_person, authors)))
    if len(people) > most:
        people = [*people[:shown], et_al]
    return ", ".join(people)


# Dates


def _parts(csl: Node, key: str = "issued") -> list[int]:
    return ((csl.get(key) or {}).get("date-parts") or [[]])[0]


def _year(csl: Node) -> str:
    return str(_parts(csl)[0]) if _parts(csl) else ""


def _long_date(parts: list[int], language: str) -> str:
    if not parts:
        return ""
    month = MONTHS.get(language, MONTHS["en"])[parts[1] - 1] if len(parts) > 1 else ""
    if language == "es":
        return " de ".join(filter(None, [str(parts[2]) if len(parts) > 2 else "", month, str(parts[0])]))
    if len(parts) > 2:
        return f"{month} {parts[2]}, {parts[0]}"
    return f"{month} {parts[0]}".strip()


# Styles


class _Entry:
    """A reference entry that grows part by part; every part but the last ends with a full stop."""

    def __init__(self, language: str) -> None:
        self.segments: list[Segment] = []
        self.language = language
        self.words = WORDS.get(language, WORDS["en"])

    def add(self, text: str, style: str = "") -> None:
        """A part of its own, closed by a full stop unless it closes itself."""
        text = " ".join(text.split()).rstrip(" .,;")
        if not text:
            return
        if self.segments:
            self.segments.append((" ", ""))
        self.segments.append((text if text[-1] in "?!…" else f"{text}.", style))

    def link(self, text: str, href: str) -> None:
        """The last part: an address, which takes no full stop."""
        if self.segments:
            self.segments.append((" ", ""))
        self.segments.append((text, href))

    def done(self) -> list[Segment]:
        merged: list[Segment] = []
        for text, style in self.segments:
            if merged and merged[-1][1] == style and style in ("", "i"):
                merged[-1] = (merged[-1][0] + text, style)
            else:
                merged.append((text, style))
        return merged


def _pages(csl: Node) -> str:
    return re.sub(r"\s*[-–‑−—]+\s*", "-", csl.get("page", "").strip())  # noqa: RUF001


def _short_pages(pages: str) -> str:
    """ "2711-2720" as "2711-20", the way the NLM writes it."""
    first, dash, last = pages.partition("-")
    if not dash or not first.isdigit() or len(first) != len(last):
        return pages
    same = next((place for place, pair in enumerate(zip(first, last, strict=True)) if pair[0] != pair[1]), len(first))
    return f"{first}-{last[same:]}" if same < len(first) else pages


def _volume(csl: Node, pages: str) -> str:
    issue = f"({csl['issue']})" if csl.get("issue") else ""
    volume = f"{csl.get('volume', '')}{issue}"
    return volume + (f":{pages}" if pages else "")


def _journal(csl: Node) -> str:
    return (csl.get("container-title-short") or csl.get("container-title") or "").replace(".", "")


def _ending(entry: _Entry, csl: Node, *, accessed: bool = True) -> None:
    """The DOI, or else when it was read and where."""
    try:
        number = doi(csl.get("DOI", ""))
        entry.link(f"doi:{number}", f"https://doi.org/{number}")
        return
    except ValueError:
        pass
    if csl.get("NCT") and csl["NCT"] not in csl.get("title", ""):
        entry.add(f"ClinicalTrials.gov identifier: {csl['NCT']}")
    address = _address(csl)
    if address:
        date = _long_date(_parts(csl, "accessed"), entry.language)
        if accessed and date:
            entry.add(f"{entry.words['accessed']} {date}")
        entry.link(address, address)
    elif csl.get("PMID"):
        entry.link(f"PMID: {csl['PMID']}", f"https://pubmed.ncbi.nlm.nih.gov/{csl['PMID']}/")


def _address(csl: Node) -> str:
    try:
        return url(csl.get("URL", ""))
    except ValueError:
        return ""


def _book_end(csl: Node, pages: str = "") -> str:
    place = "; ".join(filter(None, [csl.get("publisher", ""), _year(csl)]))
    return place + (f":{pages}" if pages and place else pages)


def _edition(csl: Node, ed: str) -> str:
    edition = csl.get("edition", "").strip()
    if not edition.isdigit():
        return edition
    suffix = "th" if edition[-2:] in ("11", "12", "13") else {"1": "st", "2": "nd", "3": "rd"}.get(edition[-1], "th")
    return f"{edition}{suffix} {ed}"


def _ama_journal(entry: _Entry, csl: Node) -> None:
    entry.add(csl.get("title", ""))
    entry.add(_journal(csl), "i")
    volume = _volume(csl, _pages(csl))
    date = _year(csl) if volume else _long_date(_parts(csl), entry.language)
    entry.add(";".join(filter(None, [date, volume])))


def _ama_book(entry: _Entry, csl: Node) -> None:
    entry.add(csl.get("title", ""), "i")
    entry.add(_edition(csl, entry.words["ed"]))
    entry.add(csl.get("genre", ""))
    entry.add(_book_end(csl))


def _ama_chapter(entry: _Entry, csl: Node) -> None:
    entry.add(csl.get("title", ""))
    editors = _people(csl.get("editor") or [], 6, 3, entry.words["et_al"])
    lead = f"{entry.words['in']}: " + (f"{editors}, {entry.words['eds']}. " if editors else "")
    if entry.segments:
        entry.segments.append((f" {lead}", ""))
    entry.segments.append((f"{csl.get('container-title', '').rstrip('.')}.", "i"))
    entry.add(_edition(csl, entry.words["ed"]))
    entry.add(_book_end(csl, _pages(csl)))


def _ama_report(entry: _Entry, csl: Node) -> None:
    entry.add(csl.get("title", ""), "i" if csl.get("type") == "report" else "")
    entry.add(csl.get("genre", ""))
    place = csl.get("publisher") or csl.get("container-title") or csl.get("event-title") or csl.get("authority") or ""
    if place in [name.get("literal") for name in csl.get("author") or []]:
        place = ""
    entry.add("; ".join(filter(None, [place, _long_date(_parts(csl), entry.language)])))
    entry.add(csl.get("number", ""))


def _ama_web(entry: _Entry, csl: Node) -> None:
    entry.add(csl.get("title", ""))
    site = csl.get("container-title") or csl.get("publisher") or ""
    if site not in [name.get("literal") for name in csl.get("author") or []]:
        entry.add(site)
    date = _long_date(_parts(csl), entry.language)
    entry.add(f"{entry.words['published']} {date}" if date else "")


AMA = {
    "article-journal": _ama_journal, "article-magazine": _ama_journal, "article-newspaper": _ama_journal,
    "book": _ama_book, "chapter": _ama_chapter, "webpage": _ama_web, "post-weblog": _ama_web, "dataset": _ama_web,
    "report": _ama_report, "speech": _ama_report, "legislation": _ama_report,
}  # fmt: skip


def ama(csl: Node, *, language: str = "en") -> list[Segment]:
    """A reference in the style of AMA 11, as segments of words and style."""
    entry = _Entry(language)
    entry.add(_people(csl.get("author") or [], 6, 3, entry.words["et_al"]))
    AMA.get(csl.get("type", ""), _ama_web if csl.get("URL") and not csl.get("genre") else _ama_report)(entry, csl)
    _ending(entry, csl)
    return entry.done()


def vancouver(csl: Node, *, language: str = "en") -> list[Segment]:
    """A reference in the style of the NLM: month in the date, pages cut short, "doi: " with a space."""
    if csl.get("type") != "article-journal":
        return ama(csl, language=language)
    entry = _Entry(language)
    entry.add(_people(csl.get("author") or [], 6, 6, entry.words["et_al"]))
    entry.add(csl.get("title", ""))
    entry.add(_journal(csl))
    parts = _parts(csl)
    months = MONTHS["en"]
    date = " ".join([str(part) if place != 1 else months[part - 1][:3] for place, part in enumerate(parts)])
    entry.add(";".join(filter(None, [date, _volume(csl, _short_pages(_pages(csl)))])))
    _ending(entry, csl)
    return [
        (text.replace("doi:", "doi: ", 1) if text.startswith("doi:") else text, style) for text, style in entry.done()
    ]


def plain(segments: Iterable[Segment]) -> str:
    """The words of a reference entry."""
    return "".join(text for text, _style in segments)
