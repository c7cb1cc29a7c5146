"""All rows of one edit page: taken from content or from POST, and what the small buttons do to them."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from django.utils.translation import gettext as _

from .. import citations, mentions
from ..document.schema import new_id
from .directory import Directory
from .rows import KIND_CODES, ApprovalRow, BlockRow, ReferenceRow, Row, slot

Node = dict[str, Any]

# A form with more than the server takes (DATA_UPLOAD_MAX_NUMBER_FIELDS, …_FILES) could never be saved.
MAX_FIELDS = 3_600
MAX_FILES = 20
MAX_REFERENCES = 150
MAX_APPROVALS = 60

MARKER = re.compile(r"(?<!\\)\[\s*([0-9][0-9,;\s\-–‑−—]*)\](?!\()")  # noqa: RUF001


@dataclass
class Sheet:
    """All rows of one edit page, as stored or as typed."""

    blocks: list[BlockRow] = field(default_factory=list)
    references: list[ReferenceRow] = field(default_factory=list)
    approvals: list[ApprovalRow] = field(default_factory=list)

    @classmethod
    def from_content(cls, content: Node, directory: Directory) -> Sheet:
        directory.know_pages(mentions.pages_in(content))
        numbers = {reference["uid"]: number for number, reference in enumerate(content["references"], start=1)}
        return cls(
            blocks=[BlockRow.from_block(block, numbers, directory.by_uid) for block in content["body"]["content"]],
            references=[ReferenceRow.from_csl(one["uid"], one["csl"]) for one in content["references"]],
            approvals=[
                ApprovalRow(
                    date=one["date"],
                    what=one["what"],
                    jurisdiction=one["jurisdiction"],
                    reference=str(numbers.get(one["ref"], "")),
                )
                for one in content["facts"].get("approvals", [])
            ],
        ).count()

    @classmethod
    def from_post(cls, data: Mapping) -> Sheet:
        """The rows as typed, in the order of their numbers. Line ends are made one, tabs are spaces."""
        sheet = cls(
            blocks=[_block_row(data, number) for number in _numbers(data, r"kind-(\d{1,5})")],
            references=[_part_row(ReferenceRow, data, number) for number in _numbers(data, r"r(\d{1,5})-title")],
            approvals=[_part_row(ApprovalRow, data, number) for number in _numbers(data, r"a(\d{1,5})-what")],
        )
        for row in sheet.references:
            row.uid = data.get(row.name("uid"), "")
        sheet._own_ids()
        return sheet.count()

    def count(self) -> Sheet:
        """Number the rows as they stand now."""
        for rows in (self.blocks, self.references, self.approvals):
            for number, row in enumerate(rows, start=1):
                row.number = number
        return self

    def _own_ids(self) -> None:
        """A row without a sound id of its own gets one: a damaged form must not merge two blocks."""
        for rows, attribute in ((self.blocks, "node_id"), (self.references, "uid")):
            seen: set[str] = set()
            for row in rows:
                uid = getattr(row, attribute)
                if not re.fullmatch(r"[a-z2-7]{12}", uid) or uid in seen:
                    setattr(row, attribute, new_id())
                seen.add(getattr(row, attribute))

    @property
    def slots(self) -> list[str]:
        """Reference uids in the order of their numbers."""
        return [row.uid for row in self.references]

    @property
    def rows(self) -> list[Row]:
        return [*self.blocks, *self.approvals, *self.references]

    def why_full(self, adding: str) -> str:
        """Why another block, reference or approval does not fit this form, or nothing."""
        if adding == "reference" and len(self.references) >= MAX_REFERENCES:
            return _("A page holds {n} references at most.").format(n=MAX_REFERENCES)
        if adding == "approval" and len(self.approvals) >= MAX_APPROVALS:
            return _("A page holds {n} approvals at most.").format(n=MAX_APPROVALS)
        if self.fields >= MAX_FIELDS:
            return _("This page is as long as one form can be. Make two pages of it.")
        return ""

    @property
    def fields(self) -> int:
        """How many fields a browser sends for these rows."""
        figures = sum(row.is_figure for row in self.blocks)
        return 4 * len(self.blocks) + 5 * figures + 10 * len(self.references) + 4 * len(self.approvals)

    # What the small buttons do

    def add_block(self, after: int) -> BlockRow:
        row = BlockRow(node_id=new_id())
        self.blocks.insert(after, row)
        self.count()
        return row

    def split_paragraphs(self) -> None:
        """Several paragraphs pasted into one field become as many blocks."""
        taken = {row.node_id for row in self.blocks}
        found = []
        for row in self.blocks:
            parts = re.split(r"\n[ ]*\n\s*", row.text) if row.kind == "paragraph" else [row.text]
            row.text = parts[0]
            found.append(row)
            for text in parts[1:]:
                found.append(BlockRow(node_id=_next_id(found[-1].node_id, text, taken), text=text))
        self.blocks = found
        self.count()

    def remove_block(self, number: int) -> None:
        del self.blocks[number - 1]
        self.count()

    def swap_blocks(self, number: int, other: int) -> None:
        if min(number, other) >= 1 and max(number, other) <= len(self.blocks):
            first, second = number - 1, other - 1
            self.blocks[first], self.blocks[second] = self.blocks[second], self.blocks[first]
            self.count()

    def add_approval(self) -> ApprovalRow:
        row = ApprovalRow()
        self.approvals.append(row)
        self.count()
        return row

    def remove_approval(self, number: int) -> None:
        del self.approvals[number - 1]
        self.count()

    def add_reference(self) -> ReferenceRow:
        row = ReferenceRow(uid=new_id())
        self.references.append(row)
        self.count()
        return row

    def remove_reference(self, number: int) -> None:
        """Take a reference out and close up the numbers; one that is cited stays, and its row says why."""
        row = self.references[number - 1]
        citing = [str(block.number) for block in self.blocks if number in _cited_in(block.text)]
        if citing:
            sentence = _("Reference {n} is cited in block {blocks}. Remove its marker there first.")
            row.refuse("title", sentence.format(n=number, blocks=", ".join(citing)))
        if any(slot(approval.reference) == str(number) for approval in self.approvals):
            row.refuse("title", _("Reference {n} stands beside an approval. Change that first.").format(n=number))
        if row.errors:
            return
        del self.references[number - 1]
        for block in self.blocks:
            block.text = MARKER.sub(lambda marker: _closed_up(marker.group(), number), block.text)
        for approval in self.approvals:
            approval.reference = _closed_up(approval.reference, number)
        self.count()


def clean_lines(text: str) -> str:
    """Text as it came from a form field: one kind of line end, no tabs, no space at line ends."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(2)
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def _numbers(data: Mapping, pattern: str) -> list[int]:
    found = (re.fullmatch(pattern, name) for name in data)
    return sorted({int(match.group(1)) for match in found if match})


def _block_row(data: Mapping, number: int) -> BlockRow:
    row = BlockRow(number=number, posted=number)
    row.node_id = data.get(row.name("node"), "")
    row.kind = data.get(row.name("drawn"), data.get(row.name("kind"), "paragraph"))
    if row.kind not in KIND_CODES:
        row.kind = "paragraph"
    row.text = clean_lines(data.get(row.name("block"), ""))
    for part in ("caption", "alt", "credit", "image"):
        setattr(row, part, " ".join(data.get(row.name(part), "").split()))
    row.decorative, row.hero = row.name("decorative") in data, row.name("hero") in data
    chosen = data.get(row.name("kind"), "")
    if chosen in KIND_CODES and chosen != row.kind:
        row.switch(chosen)
    return row


def _part_row(kind: type, data: Mapping, number: int) -> Any:
    row = kind(number=number)
    for part in kind.PARTS:
        setattr(row, part, " ".join(data.get(row.name(part), "").split()))
    return row


def _next_id(before: str, text: str, taken: set[str]) -> str:
    """An id for a split-off paragraph, the same when the same form arrives twice."""
    digest = sha256(f"{before}|{text}".encode()).digest()
    uid = base64.b32encode(digest).decode()[:12].lower()
    uid = new_id() if uid in taken else uid
    taken.add(uid)
    return uid


def _cited_in(text: str) -> set[int]:
    found: set[int] = set()
    for marker in MARKER.finditer(text):
        try:
            found |= set(citations.parse(marker.group(1)))
        except ValueError:
            found |= {int(number) for number in re.findall(r"\d{1,4}", marker.group(1))}
    return found


def _closed_up(marker: str, gone: int) -> str:
    """Numbers above the one that is gone, one less. Nobody cites that one, so ranges stay what they were."""
    return re.sub(r"\d+", lambda number: str(int(number.group()) - (int(number.group()) > gone)), marker)
