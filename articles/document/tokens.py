"""What a reader sees of a manifest, cut into words, spaces, signs and atoms that can be compared."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from articles import citations
from articles.document import normal
from articles.document.canonical import canonical
from articles.document.schema import DATE, SCHEMA, UID, validate
from articles.document.tree import LISTS, Inlines, Node, drug_text

WORD = re.compile(r"\d+(?:[.,:/]\d+)*\w*|\w+(?:['’]\w+)*|\s+|[^\w\s]")
APPROVAL = ("date", "what", "jurisdiction", "ref")


class Token(NamedTuple):
    """A word, a space, a sign or an atom: `key` says what it is, the rest how it looks."""

    text: str
    kind: str = "text"  # text, citation, drug, subtype, break, line
    key: Hashable = ""
    strong: bool = False
    em: bool = False
    href: str = ""
    more: Hashable = ""  # what else a reviewer must see: the sources themselves, a printed name, the kind of line
    lead: str = ""  # what a list or a form puts before the line
    refs: tuple[str, ...] = ()  # the sources of a marker in the order in which they are stored

    @property
    def look(self) -> Hashable:
        return self.strong, self.em, self.href, self.more


def stored(value: Any) -> str:
    """The signed bytes of one part of a manifest."""
    return canonical(value)


def words(text: str, *, strong: bool = False, em: bool = False, href: str = "") -> list[Token]:
    """The words, spaces and signs of a text that is marked in one way."""
    return [Token(word, "text", word, strong, em, href) for word in WORD.findall(text)]


def is_space(key: Hashable) -> bool:
    """Whether a key stands for white space or the start of a line: nothing to align by."""
    return key[0] == "line" if isinstance(key, tuple) else isinstance(key, str) and key.isspace()


def line(role: str, *, text: str = "", more: Hashable = "", lead: str = "") -> Token:
    """The start of a line: of an item, a paragraph, a row, a cell, a caption."""
    return Token(text, "line", ("line", role), more=more, lead=lead)


def dictionary(value: Any) -> Node:
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def is_reference(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("uid"), str) and isinstance(value.get("csl"), dict)


def is_approval(value: Any) -> bool:
    """Whether this is an approval as the schema knows it."""
    if not isinstance(value, dict) or set(value) != set(APPROVAL) or not isinstance(value["ref"], str | None):
        return False
    return all(isinstance(value[name], str) for name in APPROVAL[:3]) and bool(DATE.match(value["date"]))


class Block(NamedTuple):
    """A block of one version: its place, its words, and whether the schema knows its form."""

    place: int
    node: Any
    kind: str
    node_id: str
    tokens: list[Token]

    @property
    def attrs(self) -> Node:
        return self.node["attrs"] if self.kind else {}


class Shown:
    """One manifest, and what its blocks and atoms look like in it. Parts in an unknown form are shown as stored."""

    def __init__(self, manifest: Node) -> None:
        self.manifest = manifest
        self.pages = {uid: dictionary(page) for uid, page in dictionary(manifest.get("pages")).items()}
        self.images = {uid: dictionary(image) for uid, image in dictionary(manifest.get("images")).items()}
        self.listed: list[Node] = [one for one in sequence(manifest.get("references")) if is_reference(one)]
        self.sources = {one["uid"]: one["csl"] for one in self.listed}
        self.facts = dictionary(manifest.get("facts"))
        self.approvals = [one for one in sequence(self.facts.get("approvals")) if is_approval(one)]

    @cached_property
    def nodes(self) -> list[tuple[Any, bool]]:
        """The blocks of the body, each with whether it is one that the schema allows, in its one spelling."""
        nodes = sequence(dictionary(self.manifest.get("body")).get("content"))
        fine = self._is_valid(nodes)
        return [(node, (fine or self._is_valid([node])) and normal.block(node) == node) for node in nodes]

    def _is_valid(self, nodes: list[Any]) -> bool:
        text = stored(nodes)
        references = [{"uid": uid, "csl": {}} for uid in self.sources if UID.match(uid) and uid in text]
        draft = {"schema": SCHEMA, "title": "", "slug": "", "language": "en", "references": references}
        return not validate({**draft, "body": {"type": "doc", "content": nodes}})

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each cited source."""
        body = {"content": [node for node, known in self.nodes if known]}
        facts = {"approvals": self.approvals}
        return citations.numbering({"body": body, "facts": facts, "references": self.listed})

    @cached_property
    def blocks(self) -> list[Block]:
        return [self._block(place, node, known) for place, (node, known) in enumerate(self.nodes)]

    def _block(self, place: int, node: Any, known: bool) -> Block:
        if known:
            return Block(place, node, node["type"], node["attrs"]["node_id"], list(self.block(node)))
        node_id = dictionary(dictionary(node).get("attrs")).get("node_id")
        return Block(place, node, "", node_id if isinstance(node_id, str) else "", words(stored(node)))

    @cached_property
    def _source_keys(self) -> dict[str, str]:
        return {uid: stored(csl) for uid, csl in self.sources.items()}

    # Inline

    def run(self, run: Inlines) -> Iterator[Token]:
        for node in run:
            kind = node["type"]
            if kind == "text":
                marks = {mark["type"]: mark for mark in node.get("marks", [])}
                href = marks["link"]["attrs"]["href"] if "link" in marks else ""
                yield from words(node["text"], strong="strong" in marks, em="em" in marks, href=href)
            elif kind == "citation":
                yield self.citation(node["attrs"]["refs"])
            elif kind == "hard_break":
                yield Token("\n", "break", ("break",))
            else:
                yield self.mention(kind, node["attrs"])

    def label(self, refs: list[str]) -> str:
        """A marker as readers see it; a source that is nowhere has no number."""
        known = [self.numbers[ref] for ref in refs if ref in self.numbers]
        return citations.label(known) or "?"

    def citation(self, refs: list[str]) -> Token:
        cited = tuple(sorted(refs))
        sources = tuple(self._source_keys.get(ref, "") for ref in cited)
        return Token(self.label(refs), "citation", ("citation", *cited), more=sources, refs=tuple(refs))

    def mention(self, kind: str, attrs: Node) -> Token:
        """A drug or a subtype by the name that is pinned for it."""
        page = {key: value for key, value in self.pages.get(attrs["page"], {}).items() if isinstance(value, str)}
        form = attrs.get("form", "")
        name = drug_text(page, form) if kind == "drug" else page.get("name", "")
        return Token(name, kind, (kind, attrs["page"]), more=(form, name))

    # Blocks

    def block(self, node: Node) -> Iterator[Token]:
        """The tokens of a block that the schema allows."""
        kind = node["type"]
        if kind in ("paragraph", "heading"):
            yield from self.run(node.get("content") or [])
        elif kind == "figure":
            yield from self.figure(node["attrs"])
        elif kind == "table":
            yield from self.table(node)
        else:
            yield from _joined(self.lines(node))

    def lines(self, node: Node, depth: int = 1) -> Iterator[Token]:
        if node["type"] in (*LISTS, "key_facts"):
            yield from self.items(node, depth)
            return
        for child in node.get("content") or []:
            if child["type"] in LISTS:
                yield from self.items(child, depth)
            else:
                yield line("text", more=(child["type"],))
                yield from self.run(child.get("content") or [])

    def items(self, node: Node, depth: int) -> Iterator[Token]:
        ordered = node["type"] == "ordered_list"
        for number, item in enumerate(node.get("content") or [], start=1):
            first, *inner = item["content"]
            marker = f"{number}." if ordered else "•"
            yield line("text", more=("item", depth, ordered), lead="\u00a0\u00a0" * (depth - 1) + marker)
            yield from self.run(first.get("content") or [])
            for child in inner:
                yield from self.items(child, depth + 1)

    def table(self, node: Node) -> Iterator[Token]:
        caption = node["attrs"]["caption"]
        if caption:
            yield line("caption", lead=_("Caption:"))
            yield from words(caption)
        for place, row in enumerate(node["content"]):
            for column, cell in enumerate(row["content"]):
                text = "\t" if column else "\n" if place or caption else ""
                yield line("cell" if column else "row", text=text, more=("cell", cell["attrs"]["header"]))
                yield from self.run(cell.get("content") or [])

    def figure(self, attrs: Node) -> Iterator[Token]:
        leads = {"alt": _("Description:"), "caption": _("Caption:"), "credit": _("Credit:")}
        start = ""
        for name, lead in leads.items():
            if attrs[name]:
                yield line(name, text=start, lead=lead)
                yield from words(attrs[name])
                start = "\n"


def _joined(tokens: Iterator[Token]) -> Iterator[Token]:
    """Every line but the first starts a new one."""
    for place, token in enumerate(tokens):
        yield token._replace(text="\n") if token.kind == "line" and place else token


def text_of(tokens: list[Token]) -> str:
    """The words as they are read, markers with their numbers."""
    return "".join(token.text for token in tokens)
