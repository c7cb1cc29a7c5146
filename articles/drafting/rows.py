"""The rows of the edit page, one for each block, reference and approval: from content, and back to it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from .. import citations
from ..document import notation
from ..document.notation import NotationError
from .directory import Directory

Node = dict[str, Any]

KINDS = (
    ("paragraph", gettext_lazy("Paragraph")),
    ("heading2", gettext_lazy("Heading 2")),
    ("heading3", gettext_lazy("Heading 3")),
    ("heading4", gettext_lazy("Heading 4")),
    ("bullet_list", gettext_lazy("Bullet list")),
    ("ordered_list", gettext_lazy("Numbered list")),
    ("quote", gettext_lazy("Quote")),
    ("key_facts", gettext_lazy("Key facts")),
    ("callout", gettext_lazy("Call your team")),
    ("emergency", gettext_lazy("Emergency")),
    ("table", gettext_lazy("Table")),
    ("figure", gettext_lazy("Figure")),
)
KIND_CODES = {code for code, _name in KINDS}

REFERENCE_TYPES = (
    ("article-journal", gettext_lazy("Journal article")),
    ("webpage", gettext_lazy("Web page")),
    ("report", gettext_lazy("Report")),
    ("book", gettext_lazy("Book")),
    ("chapter", gettext_lazy("Chapter in a book")),
    ("speech", gettext_lazy("Conference abstract")),
    ("legislation", gettext_lazy("Label or legal text")),
    ("dataset", gettext_lazy("Data or trial register")),
)

LISTS = ("bullet_list", "ordered_list", "key_facts")
PARTIAL_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?\Z")


class Line(NamedTuple):
    """One text field of a row, ready to be drawn."""

    name: str
    label: Any
    hint: Any
    css: str
    value: str
    errors: list[str]


@dataclass
class Row:
    """One row of the form. `number` counts from one and is in every field name; errors are kept by part."""

    number: int = 0
    errors: dict[str, list[str]] = field(default_factory=dict)

    # part: label, hint, width
    LINES: ClassVar[dict[str, tuple]] = {}

    def name(self, part: str) -> str:
        return f"{part}-{self.number}"

    @property
    def lines(self) -> list[Line]:
        """The text fields of the row in the order they are drawn."""
        return [
            Line(self.name(part), *words, getattr(self, part), self.errors.get(part, []))
            for part, words in self.LINES.items()
        ]

    def refuse(self, part: str, sentence: str) -> None:
        said = self.errors.setdefault(part, [])
        if sentence not in said:
            said.append(sentence)

    def problems(self) -> Iterable[tuple[str, str]]:
        """(id of the field, sentence), in the order of the parts."""
        for part, sentences in self.errors.items():
            for sentence in sentences:
                yield f"id_{self.name(part)}", sentence


@dataclass
class BlockRow(Row):
    """One block, its text in the import notation; a figure has its own fields."""

    node_id: str = ""
    kind: str = "paragraph"
    text: str = ""
    caption: str = ""
    image: str = ""
    alt: str = ""
    credit: str = ""
    decorative: bool = False
    hero: bool = False
    # What the newer saved draft has in this place, when somebody else saved first
    saved: str = ""
    # A picture that was refused has to be chosen again: browsers let no page fill that field.
    choose_again: bool = False
    picture: Any = None
    thumbnail: dict | None = None
    takes_file: bool = True
    # The number in the form that was sent: its file is found under it
    posted: int = 0

    @property
    def is_figure(self) -> bool:
        return self.kind == "figure"

    @property
    def is_heading(self) -> bool:
        return self.kind.startswith("heading")

    @property
    def kind_name(self) -> str:
        return str(dict(KINDS)[self.kind])

    @property
    def kind_options(self) -> SafeString:
        return options(KINDS, self.kind, get_language())

    @property
    def height(self) -> int:
        """How many lines the text box shows before it scrolls."""
        if self.is_heading:
            return 1
        return _height(self.text, least=3)

    @property
    def alt_height(self) -> int:
        return _height(self.alt, least=2)

    @property
    def is_blank(self) -> bool:
        return not self.is_figure and not self.text.strip()

    def words(self) -> str:
        """What the block says, whatever its kind."""
        return "\n".join(filter(None, [self.text, self.alt, self.caption, self.credit]))

    def part_of(self, code: str) -> str:
        """Which field of the block a problem is about."""
        if not self.is_figure:
            return "block"
        if code == "figure_file":
            return "file"
        limits = {"alt": 2000, "caption": 1000, "credit": 300}
        return next((part for part, most in limits.items() if len(getattr(self, part)) > most), "alt")

    def figure(self) -> Node:
        return {
            "type": "figure",
            "attrs": {
                "node_id": self.node_id,
                "image": self.image or None,
                "alt": self.alt.strip(),
                "decorative": self.decorative,
                "caption": self.caption.strip(),
                "credit": self.credit.strip(),
                "hero": self.hero,
            },
        }

    def switch(self, kind: str) -> None:
        """Become another kind of block, with every word kept."""
        if kind == "figure":
            self.caption, self.text = " ".join(self.text.split()), ""
        elif self.is_figure:
            self.text = "\n".join(filter(None, [self.caption, self.credit, self.alt]))
            self.caption = self.credit = self.alt = self.image = ""
            self.decorative = self.hero = False
        if kind in LISTS and not re.search(r"^\s*(?:[-•*]|\d+[.)])\s", self.text, re.MULTILINE):
            self.text = "\n".join(f"- {line}" for line in self.text.split("\n") if line.strip())
        self.kind = kind

    @classmethod
    def from_block(cls, block: Node, slots: dict[str, int], slugs: dict[str, tuple[str, str]]) -> BlockRow:
        attrs = block["attrs"]
        row = cls(node_id=attrs["node_id"], kind=notation.kind_of(block))
        if row.is_figure:
            row.image = attrs["image"] or ""
            for part in ("alt", "decorative", "caption", "credit", "hero"):
                setattr(row, part, attrs[part])
        else:
            row.text = notation.to_text(block, slots=slots, slugs=slugs)
        return row

    def block(self, slots: list[str], directory: Directory) -> Node | None:
        """The block that was typed, or nothing when it cannot be read; then its row says why."""
        if self.is_figure:
            return self.figure()
        numbers = dict(enumerate(slots, start=1))
        try:
            return notation.from_text(
                self.kind, self.text, node_id=self.node_id, slots=numbers, pages=directory.by_slug
            )
        except NotationError as error:
            self.refuse("block", str(error))
            return None


@dataclass
class ReferenceRow(Row):
    """One source in plain fields; what the fields do not show of the stored CSL is kept as it was."""

    uid: str = ""
    type: str = "article-journal"
    title: str = ""
    authors: str = ""
    source: str = ""
    year: str = ""
    volume: str = ""
    issue: str = ""
    pages: str = ""
    identifier: str = ""

    PARTS = ("type", "title", "authors", "source", "year", "volume", "issue", "pages", "identifier")
    LINES = {
        "title": (gettext_lazy("Title"), "", "wide"),
        "authors": (gettext_lazy("Authors"), gettext_lazy("Family G; Family G"), ""),
        "source": (gettext_lazy("Journal or source"), "", ""),
        "year": (gettext_lazy("Year"), gettext_lazy("2024 or 2024-08"), ""),
        "volume": (gettext_lazy("Volume"), "", ""),
        "issue": (gettext_lazy("Issue"), "", ""),
        "pages": (gettext_lazy("Pages"), "", ""),
        "identifier": (gettext_lazy("DOI, PMID or web address"), "", "rest"),
    }
    CSL = {
        "title": "title",
        "source": "container-title",
        "volume": "volume",
        "issue": "issue",
        "pages": "page",
    }
    SCHEMES = {"doi": "DOI", "pmid": "PMID", "pmcid": "PMCID", "nct": "NCT", "isbn": "ISBN", "url": "URL"}

    def name(self, part: str) -> str:
        return f"r{self.number}-{part}"

    @classmethod
    def from_csl(cls, uid: str, csl: Node) -> ReferenceRow:
        return cls(
            uid=uid,
            type=csl.get("type", "article-journal"),
            authors=citations.names_text(csl.get("author") or []),
            year=date_text(csl.get("issued")),
            identifier="; ".join(
                f"PMID {csl[key]}" if key == "PMID" else csl[key] for key in cls.SCHEMES.values() if csl.get(key)
            ),
            **{part: csl.get(key, "") for part, key in cls.CSL.items()},
        )

    @property
    def type_options(self) -> SafeString:
        """The types to choose from; one that came from elsewhere stays a choice."""
        own = () if self.type in dict(REFERENCE_TYPES) else ((self.type, self.type),)
        return options(REFERENCE_TYPES + own, self.type, get_language())

    @property
    def is_empty(self) -> bool:
        return not any(getattr(self, part).strip() for part in self.PARTS if part != "type")

    def csl(self, before: Node) -> Node:
        """The CSL of what was typed, put over what was stored; a field that cannot be read is refused."""
        if self.is_empty:
            return {}
        was = ReferenceRow.from_csl(self.uid, before)
        csl = {**before, "type": self.type}
        for part, key in self.CSL.items():
            if getattr(self, part) != getattr(was, part):
                _put(csl, key, " ".join(getattr(self, part).split()))
        if self.authors != was.authors:
            _put(csl, "author", citations.names(self.authors))
        if self.year != was.year:
            self._read_year(csl)
        if self.identifier != was.identifier:
            self._read_identifiers(csl)
        return csl

    def _read_year(self, csl: Node) -> None:
        match = PARTIAL_DATE.match(self.year.strip())
        parts = [int(part) for part in match.groups() if part] if match else []
        if self.year.strip() and not _is_date(parts):
            self.refuse("year", _("Write the year with four digits, like 2024, or a date like 2024-08."))
        else:
            _put(csl, "issued", {"date-parts": [parts]} if parts else None)

    def _read_identifiers(self, csl: Node) -> None:
        found: dict[str, str] = {}
        for typed in filter(None, (part.strip() for part in re.split(r";\s+|[\n|]", self.identifier))):
            try:
                scheme, value = citations.identifier(typed)
                found[self.SCHEMES[scheme]] = value
            except ValueError as error:
                self.refuse("identifier", str(error))
        if "identifier" not in self.errors:
            for key in self.SCHEMES.values():
                _put(csl, key, found.get(key))


@dataclass
class ApprovalRow(Row):
    """One approval of a drug, with the number of the reference that says so."""

    date: str = ""
    what: str = ""
    jurisdiction: str = "US"
    reference: str = ""

    PARTS = ("date", "what", "jurisdiction", "reference")
    LINES = {
        "date": (gettext_lazy("Date"), gettext_lazy("2022, 2022-08 or 2022-08-05"), ""),
        "jurisdiction": (gettext_lazy("Where"), gettext_lazy("US, EU, UK …"), ""),
        "reference": (gettext_lazy("Reference number"), "", ""),
        "what": (gettext_lazy("What was approved"), "", "wide"),
    }

    def name(self, part: str) -> str:
        return f"a{self.number}-{part}"

    @property
    def is_empty(self) -> bool:
        return not any(getattr(self, part).strip() for part in ("date", "what", "reference"))

    def approval(self, slots: list[str]) -> Node | None:
        """The approval, or nothing when a part of it was refused."""
        match = PARTIAL_DATE.match(self.date.strip())
        if not match or not _is_date([int(part) for part in match.groups() if part]):
            self.refuse("date", _("Write the date as 2022, 2022-08 or 2022-08-05."))
        if not self.what.strip():
            self.refuse("what", _("Say what was approved."))
        if not self.jurisdiction.strip():
            self.refuse("jurisdiction", _("Say where: US, EU, UK …"))
        number = slot(self.reference)
        if number and not (number.isdecimal() and 1 <= int(number) <= len(slots)):
            self.refuse("reference", _("This page has no reference {n}.").format(n=number[:10]))
        if self.errors:
            return None
        return {
            "date": "-".join(part.zfill(2) for part in match.groups() if part),
            "what": " ".join(self.what.split()),
            "jurisdiction": self.jurisdiction.strip(),
            "ref": slots[int(number) - 1] if number else None,
        }


@lru_cache(maxsize=256)
def options(choices: tuple, chosen: str, language: str | None) -> SafeString:
    """The options of a select. Cached: a page of 200 blocks would else spend most of its time on them."""
    rows = ((code, " selected" if code == chosen else "", name) for code, name in choices)
    return format_html_join("", '<option value="{}"{}>{}</option>', rows)


def _height(text: str, *, least: int) -> int:
    return min(14, max(least, sum(1 + len(line) // 80 for line in text.split("\n"))))


def date_text(date: Node | None) -> str:
    """A CSL date as typed: 2020, 2020-08 or 2020-08-05."""
    parts = ((date or {}).get("date-parts") or [[]])[0]
    return "-".join(str(part).zfill(2) for part in parts)


def slot(typed: str) -> str:
    return typed.strip().strip("[]").strip()


def _put(csl: Node, key: str, value: Any) -> None:
    if value:
        csl[key] = value
    else:
        csl.pop(key, None)


def _is_date(parts: list[int]) -> bool:
    limits = ((1000, 9999), (1, 12), (1, 31))
    return bool(parts) and all(low <= part <= high for part, (low, high) in zip(parts, limits, strict=False))
