"""What changed between two manifests, as text and flags that a template can show; nothing signed changes unseen."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from articles.document import around, pairing
from articles.document.around import Change
from articles.document.canonical import canonical
from articles.document.tokens import Block, Node, Shown, stored, text_of
from articles.document.wording import Piece, Sides, compared, whole

__all__ = ["Change", "Comparison", "Fold", "Piece", "Row", "compare", "folded"]


@dataclass(frozen=True)
class Row(Sides):
    """A block in both versions. `what` says what its words do not show; `change` numbers what is to be looked at."""

    kind: str  # same, changed, added, removed, moved
    node_id: str
    block: str  # what kind of block it is, in a word
    what: list[str]
    old: list[Piece]
    new: list[Piece]
    moved: bool = False
    renumbered: bool = False
    is_heading: bool = False
    change: int = 0
    is_fold: bool = False


@dataclass(frozen=True)
class Fold:
    """A run of unchanged blocks that is shown only when somebody asks."""

    count: int
    rows: list[Row]
    is_fold: bool = True


@dataclass(frozen=True)
class Comparison:
    """All differences between two versions, numbered from 1 in the order in which they are shown."""

    fields: list[Change]
    rows: list[Row]
    references: list[Change]
    pages: list[Change]
    images: list[Change]
    others: list[Change]
    changes: int

    @property
    def is_empty(self) -> bool:
        return not self.changes

    @cached_property
    def renumbered(self) -> bool:
        """Whether somewhere the same sources have other numbers."""
        return any(row.renumbered for row in self.rows)

    @cached_property
    def folded(self) -> list[Row | Fold]:
        return folded(self.rows)


def folded(rows: list[Row], around: int = 1) -> list[Row | Fold]:
    """The rows with unchanged ones folded away, except `around` of them on either side of a change."""
    near: set[int] = set()
    for place, row in enumerate(rows):
        if row.kind != "same":
            near.update(range(place - around, place + around + 1))
    shown: list[Row | Fold] = []
    hidden: list[Row] = []
    for place, row in enumerate(rows):
        if place not in near:
            hidden.append(row)
            continue
        shown += _fold(hidden)
        hidden = []
        shown.append(row)
    return shown + _fold(hidden)


def _fold(rows: list[Row]) -> list[Row | Fold]:
    """One block takes no more room than the line that would fold it."""
    return list(rows) if len(rows) < 2 else [Fold(len(rows), rows)]


def block_words() -> dict[str, str]:
    """What each kind of block is called."""
    return {
        "paragraph": _("Paragraph"),
        "heading": _("Heading"),
        "bullet_list": _("List with bullets"),
        "ordered_list": _("Numbered list"),
        "quote": _("Quotation"),
        "callout": _("Call-out"),
        "key_facts": _("Key facts"),
        "figure": _("Figure"),
        "table": _("Table"),
    }


class _Body:
    """The rows of two bodies."""

    def __init__(self, old: Shown, new: Shown) -> None:
        self.old, self.new = old, new
        self.names = block_words()
        self.renamed = 0

    def rows(self) -> list[Row]:
        """In the new order; what was removed stands where it stood, before what came instead."""
        found = pairing.partners(self.old.blocks, self.new.blocks)
        stayed = pairing.stayed(found)
        kept = set(found.values())
        gone = [block for block in reversed(self.old.blocks) if block.place not in kept]
        ahead = [found[place] for place in sorted(stayed, reverse=True)]
        rows: list[Row] = []
        for block in self.new.blocks:
            while gone and (not ahead or gone[-1].place < ahead[-1]):
                rows.append(self.single("removed", gone.pop()))
            if block.place in stayed:
                ahead.pop()
            if block.place in found:
                old = self.old.blocks[found[block.place]]
                rows.append(self.pair(old, block, moved=block.place not in stayed))
            else:
                rows.append(self.single("added", block))
        return rows + [self.single("removed", block) for block in reversed(gone)]

    def name(self, block: Block) -> str:
        return self.names.get(block.kind, _("Unknown block"))

    def single(self, kind: str, block: Block) -> Row:
        added = kind == "added"
        shown = whole(block.tokens, "ins" if added else "del")
        what = self.form(block, self.new if added else self.old)
        old, new = ([], shown) if added else (shown, [])
        return Row(kind, block.node_id, self.name(block), what, old, new, is_heading=block.kind == "heading")

    def pair(self, old: Block, new: Block, *, moved: bool) -> Row:
        wording = compared(old.tokens, new.tokens)
        what = [*self.attributes(old, new), *wording.what]
        changed = bool(what) or wording.is_changed
        if old.node_id != new.node_id:
            self.renamed += 1
        if not changed and _bytes(old) != _bytes(new):
            changed = True
            what.append(_("This block is stored differently in a way that this page cannot name."))
        if moved:
            places = {"old": old.place + 1, "new": new.place + 1}
            what.insert(0, _("Moved: it was block %(old)d and is block %(new)d now.") % places)
        kind = "changed" if changed else "moved" if moved else "same"
        return Row(
            kind, new.node_id, self.name(new), what, wording.old, wording.new,
            moved=moved, renumbered=wording.renumbered, is_heading=new.kind == "heading",
        )  # fmt: skip

    def form(self, block: Block, shown: Shown) -> list[str]:
        """What a block that stands alone is like, beyond its words."""
        attrs, kind = block.attrs, block.kind
        if not kind:
            return [_("This block has a form that this page does not know. It is shown as it is stored.")]
        if kind == "heading":
            return [_("Level %(level)d.") % {"level": attrs["level"]}]
        if kind == "callout":
            return [_("About: %(tone)s.") % {"tone": _tone(attrs["tone"])}]
        if kind == "table":
            return self.headings(block, shown)
        if kind != "figure":
            return []
        said = [_("The main picture of the page.")] if attrs["hero"] else []
        said += [_("Decoration only.")] if attrs["decorative"] else []
        file = (shown.images.get(attrs["image"] or "") or {}).get("sha256")
        return [*said, _("File %(file)s.") % {"file": file} if file else _("Without a picture file.")]

    def headings(self, block: Block, shown: Shown) -> list[str]:
        """The cells of a table that are headings, beside those of the first row."""
        cells = [cell for row in block.node["content"][1:] for cell in row["content"] if cell["attrs"]["header"]]
        names = ", ".join(f"“{text_of(list(shown.run(cell.get('content') or [])))}”" for cell in cells)
        return [_("Row headings: %(names)s.") % {"names": names}] if names else []

    def attributes(self, old: Block, new: Block) -> list[str]:
        """Sentences about the form of a block."""
        if old.kind != new.kind:
            change = _("This was: %(old)s. It is now: %(new)s.")
            return [change % {"old": self.name(old), "new": self.name(new)}, *self.form(new, self.new)]
        was, now = old.attrs, new.attrs
        said = []
        if new.kind == "heading" and was["level"] != now["level"]:
            levels = {"old": was["level"], "new": now["level"]}
            said.append(_("The heading was of level %(old)d and is of level %(new)d now.") % levels)
        if new.kind == "callout" and was["tone"] != now["tone"]:
            tones = {"old": _tone(was["tone"]), "new": _tone(now["tone"])}
            said.append(_("The call-out was about: %(old)s. It is now about: %(new)s.") % tones)
        return said + (self.figure(was, now) if new.kind == "figure" else [])

    def figure(self, was: Node, now: Node) -> list[str]:
        said = []
        file, new_file = (
            shown.images.get(attrs["image"] or "", {}).get("sha256")
            for shown, attrs in ((self.old, was), (self.new, now))
        )
        if was["image"] != now["image"]:
            said.append(_("Another picture is shown."))
        elif file != new_file:
            said.append(_("The file of the picture was replaced."))
        if was["decorative"] != now["decorative"]:
            decoration = _("The picture is marked as decoration now; its description is not read out.")
            said.append(decoration if now["decorative"] else _("The picture is no longer marked as decoration."))
        if was["hero"] != now["hero"]:
            hero = _("This is the main picture of the page now.")
            said.append(hero if now["hero"] else _("This is no longer the main picture of the page."))
        return said


def _tone(tone: str) -> str:
    return _("an emergency") if tone == "emergency" else _("calling somebody")


def _bytes(block: Block) -> str:
    """How a block is stored, without its identifier."""
    if not block.kind:
        return stored(block.node)
    return stored({**block.node, "attrs": {**block.attrs, "node_id": ""}})


def _order(old: Shown, new: Shown) -> list[str]:
    """Whether the sources that both versions cite stand in one order."""
    was = [one["uid"] for one in old.listed if one["uid"] in new.sources]
    now = [one["uid"] for one in new.listed if one["uid"] in old.sources]
    return [_("The sources are listed in another order.")] if was != now else []


def _renamed(count: int) -> list[str]:
    if not count:
        return []
    sentence = ngettext(
        "%(count)d block has a new identifier: notes on the old one point nowhere.",
        "%(count)d blocks have new identifiers: notes on the old ones point nowhere.",
        count,
    )
    return [sentence % {"count": count}]


def _numbered(entries: Iterable, first: int) -> tuple[list, int]:
    """The entries with what changed among them numbered on from `first`."""
    done = []
    for entry in entries:
        if entry.kind != "same":
            entry = replace(entry, change=first)
            first += 1
        done.append(entry)
    return done, first


def compare(old: Node | None, new: Node) -> Comparison:
    """What changed from the manifest `old` to `new`; without an old one, everything is new."""
    was, now = canonical(old or {}), canonical(new)
    before, after = Shown(json.loads(was)), Shown(json.loads(now))
    body = _Body(before, after)
    rows = body.rows()
    fields, first = _numbered(around.fields(before, after), 1)
    rows, first = _numbered(rows, first)
    references, first = _numbered(around.references(before, after), first)
    pages, first = _numbered(around.pages(before, after), first)
    images, first = _numbered(around.images(before, after), first)
    said = _order(before, after) + _renamed(body.renamed)
    if was != now and first == 1 and not said:
        said.append(_("The signed bytes differ in a way that this page cannot name."))
    others, first = _numbered([Change("changed", "", _("Storage"), [one], [], []) for one in said], first)
    return Comparison(fields, rows, references, pages, images, others, first - 1)
