"""Reads what became of papers from a CSV file in the layout of the Retraction Watch database, one row at a time."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

from django.utils.translation import gettext as _

from articles.identifiers import doi, pmid

NATURES = {
    "retraction": "retracted",
    "correction": "corrected",
    "expression of concern": "concern",
    "reinstatement": "reinstated",
}
NEEDED = ("RetractionNature", "RetractionDate", "OriginalPaperDOI", "OriginalPaperPubMedID")
ABSENT = {"", "0", "unavailable", "n/a", "na", "none", "nan", "null", "-"}
# Longer than any honest line or record: what is beyond is read past, never kept.
MAX_LINE = 256 * 1024
MAX_RECORD = 256 * 1024
# How often lines that a broken record swallowed are read once more; without an end a file could ask for it at each line.
SECOND_LOOKS = 200


class NotReadable(ValueError):
    """The file as a whole is no such list; the text is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """Something that happened to a paper. What the file does not know is ""."""

    line: int
    record: str
    status: str
    on: date
    doi: str = ""
    pmid: str = ""
    notice: str = ""
    notice_pmid: str = ""
    reason: str = ""
    # The paper was retracted and a corrected one stands in its place, often under the same DOI.
    replaced: bool = False

    @property
    def source(self) -> str:
        return f"Retraction Watch {self.record}".strip()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that was not understood: the line it begins on, and why."""

    line: int
    why: str


def read(file: BinaryIO) -> Iterator[Row | Unreadable]:
    """Every row of an open file, in its order. Raises NotReadable at once where the columns are not there."""
    lines = _Lines(file)
    records = csv.reader(lines, strict=True)
    return _rows(lines, records, _columns(lines, records))


def read_date(text: str) -> date:
    """The day of "1/31/2024 0:00" (month first) or "2024-01-31"; ValueError for anything else."""
    day = re.split(r"[\sT]", text.strip(), maxsplit=1)[0]
    american = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", day, re.ASCII)
    if american:
        month, of_month, year = map(int, american.groups())
        return date(year, month, of_month)
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", day, re.ASCII):
        raise ValueError(text)
    return date.fromisoformat(day)


class _Overlong(Exception):
    """A line or a record is longer than any honest one."""


class _Lines:
    """Lines for the CSV reader, with their numbers, that a record can give back when it swallowed its neighbours."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.number, self.second_looks = file, 0, SECOND_LOOKS
        self.returned: list[tuple[int, str | None]] = []
        self.begin()

    def begin(self) -> None:
        """A record starts here."""
        self.taken: list[tuple[int, str | None]] = []
        self.size = 0

    @property
    def first(self) -> int:
        return self.taken[0][0] if self.taken else self.number

    def give_back(self) -> None:
        """All lines but the first of the current record come again: a stray quotation mark costs its own row only."""
        if len(self.taken) > 1 and self.second_looks:
            self.second_looks -= 1
            self.returned += reversed(self.taken[1:])

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if self.size > MAX_RECORD:
            raise _Overlong
        number, line = self.returned.pop() if self.returned else self._fresh()
        self.taken.append((number, line))
        if line is None:
            raise _Overlong
        self.size += len(line)
        return line

    def _fresh(self) -> tuple[int, str | None]:
        raw = self.file.readline(MAX_LINE)
        if not raw:
            raise StopIteration
        self.number += 1
        if self.number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if len(raw) >= MAX_LINE - 3 and not raw.endswith(b"\n"):
            while raw and not raw.endswith(b"\n"):
                raw = self.file.readline(MAX_LINE)
            return self.number, None
        try:
            return self.number, raw.decode()
        except UnicodeDecodeError:
            return self.number, raw.decode("latin-1")


class _Columns:
    """Where each column stands; order, case and spaces of the header are of no account."""

    def __init__(self, header: list[str]) -> None:
        names = [_squeezed(name) for name in header]
        missing = [name for name in NEEDED if _squeezed(name) not in names]
        if missing:
            raise NotReadable(
                _("This is not a list in the Retraction Watch layout: it has no column {columns}.").format(
                    columns=", ".join(missing)
                )
            )
        if twice := [name for name in NEEDED if names.count(_squeezed(name)) > 1]:
            raise NotReadable(_("The column {columns} is there twice.").format(columns=", ".join(twice)))
        self.width = len(names)
        self.place = {name: place for place, name in enumerate(names)}

    def cell(self, cells: list[str], name: str) -> str:
        place = self.place.get(_squeezed(name))
        return "" if place is None else cells[place].strip()


def _squeezed(name: str) -> str:
    return "".join(name.split()).casefold()


def _columns(lines: _Lines, records: Iterator[list[str]]) -> _Columns:
    try:
        header = next(records)
    except StopIteration:
        raise NotReadable(_("The file is empty.")) from None
    except (csv.Error, _Overlong):
        raise NotReadable(_("The first line is no line of column names.")) from None
    return _Columns(header)


def _rows(lines: _Lines, records: Iterator[list[str]], columns: _Columns) -> Iterator[Row | Unreadable]:
    while True:
        lines.begin()
        try:
            cells = next(records)
        except StopIteration:
            return
        except (csv.Error, _Overlong):
            yield Unreadable(
                lines.first, _("The row cannot be taken apart: a quotation mark is missing or it is too long.")
            )
            lines.give_back()
            continue
        if not any(cells):
            continue
        if len(cells) < columns.width or any(cells[columns.width :]):
            why = _("The row has {n} columns, the header has {wanted}.").format(n=len(cells), wanted=columns.width)
            yield Unreadable(lines.first, why)
            lines.give_back()
            continue
        yield _row(lines.first, cells, columns)


def _row(line: int, cells: list[str], columns: _Columns) -> Row | Unreadable:
    nature = " ".join(columns.cell(cells, "RetractionNature").split())
    status = NATURES.get(nature.casefold())
    if status is None:
        return Unreadable(
            line, _("“{nature}” is no kind of notice that is known here.").format(nature=_shown(nature, 40))
        )
    try:
        on = read_date(columns.cell(cells, "RetractionDate"))
    except ValueError:
        text = _shown(columns.cell(cells, "RetractionDate"), 40)
        return Unreadable(line, _("“{text}” is not a date. Write month/day/year.").format(text=text))
    paper = columns.cell(cells, "OriginalPaperDOI"), columns.cell(cells, "OriginalPaperPubMedID")
    number, pubmed = _identifier(doi, paper[0]), _identifier(pmid, paper[1])
    if not number and not pubmed and any(text.casefold() not in ABSENT for text in paper):
        text = _shown(" ".join(paper), 60)
        return Unreadable(line, _("“{text}” holds neither a DOI nor a PubMed number.").format(text=text))
    record = columns.cell(cells, "Record ID")
    reason = columns.cell(cells, "Reason")
    return Row(
        line=line,
        record=record if re.fullmatch(r"\d{1,12}", record, re.ASCII) else "",
        status=status,
        on=on,
        doi=number,
        pmid=pubmed,
        notice=_identifier(doi, columns.cell(cells, "RetractionDOI")),
        notice_pmid=_identifier(pmid, columns.cell(cells, "RetractionPubMedID")),
        reason=_shown(reason.replace("+", " "), 300).rstrip("; "),
        replaced="retract and replace" in reason.casefold(),
    )


def _identifier(spelling: Callable[[str], str], text: str) -> str:
    """The one spelling, or "" for none; a control character makes it none."""
    if text.casefold() in ABSENT or not text.isprintable() or len(text) > 300:
        return ""
    try:
        # Spreadsheets turn a number into one with a decimal point.
        return spelling(re.sub(r"^(\d+)\.0$", r"\1", text))
    except ValueError:
        return ""


def _shown(text: str, length: int) -> str:
    """Words of the file as they can be shown and stored: printable, on one line, not longer than `length`."""
    text = "".join(char if char.isprintable() else " " for char in text[: 4 * length])
    return " ".join(text.split())[:length]
