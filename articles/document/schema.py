"""What a draft may hold: the validator of schema 1, node by node and attribute by attribute."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from articles.document import checks
from articles.document.normal import normalise as normalise
from articles.document.problems import Problem, link_problem, text_problem
from articles.document.tree import Node, block_text, blocks

SCHEMA = 1
KINDS = ("article", "drug", "subtype")
MAX_TEXT = 200_000
MAX_NODES = 20_000
MAX_DEPTH = 24
MAX_LIST_DEPTH = 4
UID = re.compile(r"[a-z2-7]{12}\Z")
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z]{2,4})?\Z")
DATE = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?\Z")

BLOCKS = {
    "paragraph", "heading", "bullet_list", "ordered_list", "quote", "callout", "key_facts", "figure", "table",
}  # fmt: skip
MARKS = ("strong", "em", "link")
TOP = {
    "schema", "title", "standfirst", "slug", "language", "bylines", "body", "references", "facts", "seo",
    "legacy_review",
}  # fmt: skip
REQUIRED = {"schema", "title", "slug", "language", "body", "references"}
CSL_TEXT = {
    "type", "title", "container-title", "container-title-short", "collection-title", "event-title", "volume",
    "issue", "page", "number", "edition", "DOI", "PMID", "PMCID", "NCT", "ISBN", "URL", "publisher",
    "publisher-place", "genre", "authority", "jurisdiction", "note", "language",
}  # fmt: skip
CSL_NAMES = {"author", "editor"}
CSL_DATES = {"issued", "accessed"}
NAME_PARTS = {"family", "given", "literal", "suffix", "non-dropping-particle", "dropping-particle"}


def new_id() -> str:
    """A fresh uid for a node, a reference, a page or an image."""
    return base64.b32encode(secrets.token_bytes(8)).decode()[:12].lower()


class _Reader:
    """Collects the problems of one draft while it is read."""

    def __init__(self, references: set[str]) -> None:
        self.problems: list[Problem] = []
        self.references = references
        self.seen: set[str] = set()
        self.nodes = 0

    def add(self, where: str, code: str, message: str) -> None:
        self.problems.append(Problem(where, code, message))

    def keys(self, value: Any, allowed: Iterable[str], required: Iterable[str], where: str) -> bool:
        if not isinstance(value, dict):
            self.add(where, "type", _("This part of the page is damaged: it is not an object."))
            return False
        unknown = [key for key in value if key not in set(allowed)]
        missing = [key for key in required if key not in value]
        if unknown:
            self.add(where, "unknown", _("Unknown: %(names)s.") % {"names": ", ".join(map(ascii, unknown))})
        if missing:
            self.add(where, "missing", _("Missing: %(names)s.") % {"names": ", ".join(missing)})
        return not unknown and not missing

    def text(self, value: Any, where: str, limit: int) -> bool:
        if not isinstance(value, str):
            self.add(where, "type", _("This must be text."))
            return False
        if len(value) > limit:
            message = _("This is %(length)d characters long; %(limit)d is the most.")
            self.add(where, "too_long", message % {"length": len(value), "limit": limit})
            return False
        problem = text_problem(value)
        if problem:
            self.add(where, "characters", problem)
        return not problem

    def flag(self, value: Any, where: str) -> None:
        if not isinstance(value, bool):
            self.add(where, "type", _("This must be yes or no."))

    def uid(self, value: Any, where: str) -> bool:
        if isinstance(value, str) and UID.match(value):
            return True
        self.add(where, "uid", _("This part of the page has a damaged identifier."))
        return False

    def sequence(self, value: Any, where: str, limit: int = MAX_NODES) -> list[Any]:
        if isinstance(value, list) and len(value) <= limit:
            return value
        self.add(where, "type", _("This part of the page is damaged: it is not a list, or too long a list."))
        return []

    # Blocks

    def node_id(self, attrs: Any, where: str) -> str:
        uid: Any = attrs.get("node_id") if isinstance(attrs, dict) else None
        if not self.uid(uid, where):
            return where
        if uid in self.seen:
            self.add(uid, "node_id", _("Two blocks have the same identifier."))
        self.seen.add(uid)
        return uid

    def block(self, node: Any) -> None:
        kind = node.get("type") if isinstance(node, dict) else None
        if not isinstance(kind, str) or kind not in BLOCKS:
            self.add("body", "node", _("Unknown kind of block: %(kind)s.") % {"kind": ascii(kind)[:60]})
            return
        where = self.node_id(node.get("attrs"), "body")
        if kind == "figure":
            if self.keys(node, {"type", "attrs"}, {"attrs"}, where):
                self.figure(node["attrs"], where)
            return
        if not self.keys(node, {"type", "attrs", "content"}, {"attrs"}, where):
            return
        getattr(self, kind)(node, where)

    def attrs(self, node: Node, names: set[str], where: str) -> bool:
        return self.keys(node["attrs"], names, names, where)

    def children(self, node: Node, where: str) -> list[Any]:
        return self.sequence(node.get("content", []), where)

    def paragraph(self, node: Node, where: str) -> None:
        self.attrs(node, {"node_id"}, where)
        self.run(node, where)

    def heading(self, node: Node, where: str) -> None:
        if self.attrs(node, {"node_id", "level"}, where) and node["attrs"]["level"] not in (2, 3, 4):
            self.add(where, "level", _("A heading is of level 2, 3 or 4."))
        self.run(node, where, breaks=False)

    def bullet_list(self, node: Node, where: str) -> None:
        self.attrs(node, {"node_id"}, where)
        self.items(node, where, 1)

    ordered_list = bullet_list

    def key_facts(self, node: Node, where: str) -> None:
        self.attrs(node, {"node_id"}, where)
        self.items(node, where, MAX_LIST_DEPTH)

    def items(self, node: Node, where: str, depth: int) -> None:
        for item in self.children(node, where):
            if not self.keys(item, {"type", "content"}, {"type", "content"}, where):
                continue
            parts = self.sequence(item["content"], where)
            if item["type"] != "list_item" or not parts or len(parts) > 2:
                self.add(
                    where,
                    "node",
                    _("A list holds items, each with one paragraph and at most one list in it."),
                )
                continue
            self.inner_paragraph(parts[0], where)
            for inner in parts[1:]:
                self.inner_list(inner, where, depth + 1)

    def inner_paragraph(self, node: Any, where: str) -> None:
        if not self.keys(node, {"type", "content"}, {"type"}, where):
            return
        if node["type"] != "paragraph":
            self.add(where, "node", _("A paragraph must stand here."))
            return
        self.run(node, where)

    def inner_list(self, node: Any, where: str, depth: int) -> None:
        if not self.keys(node, {"type", "content"}, {"type", "content"}, where):
            return
        if node["type"] not in ("bullet_list", "ordered_list"):
            self.add(where, "node", _("Only a list can stand inside a list item."))
        elif depth > MAX_LIST_DEPTH:
            message = _("Lists can be nested %(levels)d levels deep at most.")
            self.add(where, "depth", message % {"levels": MAX_LIST_DEPTH})
        else:
            self.items(node, where, depth)

    def quote(self, node: Node, where: str) -> None:
        self.attrs(node, {"node_id"}, where)
        for child in self.children(node, where):
            self.inner_paragraph(child, where)

    def callout(self, node: Node, where: str) -> None:
        if self.attrs(node, {"node_id", "tone"}, where) and node["attrs"]["tone"] not in (
            "call",
            "emergency",
        ):
            self.add(where, "tone", _("A call-out is about calling somebody or about an emergency."))
        children = self.children(node, where)
        head = children[0] if children else None
        if not isinstance(head, dict) or head.get("type") != "heading" or head.get("attrs") != {"level": 3}:
            self.add(where, "node", _("A call-out starts with a heading."))
            return
        if self.keys(head, {"type", "attrs", "content"}, {"type"}, where):
            self.run(head, where, breaks=False)
        for child in children[1:]:
            if isinstance(child, dict) and child.get("type") in ("bullet_list", "ordered_list"):
                self.inner_list(child, where, 1)
            else:
                self.inner_paragraph(child, where)

    def figure(self, attrs: Any, where: str) -> None:
        names = {"node_id", "image", "alt", "decorative", "caption", "credit", "hero"}
        if not self.keys(attrs, names, names, where):
            return
        if attrs["image"] is not None:
            self.uid(attrs["image"], where)
        self.text(attrs["alt"], where, 2000)
        self.text(attrs["caption"], where, 1000)
        self.text(attrs["credit"], where, 300)
        self.flag(attrs["decorative"], where)
        self.flag(attrs["hero"], where)

    def table(self, node: Node, where: str) -> None:
        if self.attrs(node, {"node_id", "caption"}, where):
            self.text(node["attrs"]["caption"], where, 300)
        widths = {self.row(row, where) for row in self.children(node, where)}
        if len(widths) != 1 or 0 in widths:
            self.add(where, "table", _("Every row of a table needs the same number of cells, and at least one."))

    def row(self, row: Any, where: str) -> int:
        if not self.keys(row, {"type", "content"}, {"type", "content"}, where) or row["type"] != "table_row":
            self.add(where, "node", _("A table holds rows."))
            return 0
        cells = self.sequence(row["content"], where, 20)
        for cell in cells:
            if not self.keys(cell, {"type", "attrs", "content"}, {"type", "attrs"}, where):
                continue
            if cell["type"] != "table_cell":
                self.add(where, "node", _("A table row holds cells."))
            elif self.keys(cell["attrs"], {"header"}, {"header"}, where):
                self.flag(cell["attrs"]["header"], where)
                self.run(cell, where, breaks=False)
        return len(cells)

    # Inline nodes

    def run(self, node: Node, where: str, *, breaks: bool = True) -> None:
        for inline in self.children(node, where):
            self.nodes += 1
            kind = inline.get("type") if isinstance(inline, dict) else None
            if kind == "text":
                self.text_node(inline, where)
            elif kind == "hard_break" and breaks:
                self.keys(inline, {"type"}, (), where)
            elif kind in ("citation", "drug", "subtype"):
                if self.keys(inline, {"type", "attrs"}, {"attrs"}, where):
                    getattr(self, kind)(inline["attrs"], where)
            else:
                self.add(where, "node", _("Unknown kind of text: %(kind)s.") % {"kind": ascii(kind)[:60]})

    def text_node(self, node: Node, where: str) -> None:
        if not self.keys(node, {"type", "text", "marks"}, {"text"}, where):
            return
        if self.text(node["text"], where, MAX_TEXT) and not node["text"]:
            self.add(where, "empty_text", _("A piece of text is empty."))
        kinds = [self.mark(mark, where) for mark in self.sequence(node.get("marks", []), where, 3)]
        if len(set(kinds)) != len(kinds):
            self.add(where, "mark", _("A piece of text is marked twice in the same way."))

    def mark(self, mark: Any, where: str) -> str:
        kind = mark.get("type") if isinstance(mark, dict) else None
        if kind == "link" and self.keys(mark, {"type", "attrs"}, {"attrs"}, where):
            if self.keys(mark["attrs"], {"href"}, {"href"}, where):
                problem = link_problem(mark["attrs"]["href"])
                if problem:
                    self.add(where, "link", problem)
        elif kind in ("strong", "em"):
            self.keys(mark, {"type"}, (), where)
        elif kind != "link":
            self.add(where, "mark", _("Unknown mark: %(kind)s.") % {"kind": ascii(kind)[:60]})
        return str(kind)

    def citation(self, attrs: Any, where: str) -> None:
        if not self.keys(attrs, {"refs"}, {"refs"}, where):
            return
        refs = self.sequence(attrs["refs"], where, 200)
        if not refs:
            self.add(where, "citation", _("A reference marker names no reference."))
        if any(not isinstance(ref, str) or ref not in self.references for ref in refs):
            self.add(where, "citation", _("A reference marker points to a reference that does not exist."))
        elif len(set(refs)) != len(refs):
            self.add(where, "citation", _("A reference marker names the same reference twice."))

    def drug(self, attrs: Any, where: str) -> None:
        if self.keys(attrs, {"page", "form"}, {"page", "form"}, where):
            self.uid(attrs["page"], where)
            if attrs["form"] not in ("full", "brand", "generic"):
                self.add(where, "form", _("A drug is shown in full, by its brand or by its generic name."))

    def subtype(self, attrs: Any, where: str) -> None:
        if self.keys(attrs, {"page"}, {"page"}, where):
            self.uid(attrs["page"], where)

    # Around the body

    def texts(self, value: Any, limits: dict[str, int], where: str) -> None:
        if self.keys(value, limits, limits, where):
            for name, limit in limits.items():
                self.text(value[name], f"{where}.{name}", limit)

    def date(self, value: Any, where: str) -> None:
        if not isinstance(value, str) or not DATE.match(value):
            self.add(where, "date", _("Write the date as 2023, 2023-03 or 2023-03-14."))

    def legacy(self, value: Any) -> None:
        where = "legacy_review"
        if not self.keys(value, {"by", "date", "precision"}, {"by", "date", "precision"}, where):
            return
        self.text(value["by"], where, 300)
        if value["date"] != "" or value["precision"] != "":
            self.date(value["date"], where)
            length = {"year": 4, "month": 7, "day": 10}.get(str(value["precision"]))
            if length != len(str(value["date"])):
                self.add(where, "precision", _("The precision of a date is year, month or day."))

    def reference(self, item: Any, seen: set[str]) -> None:
        if not self.keys(item, {"uid", "csl"}, {"uid", "csl"}, "references"):
            return
        if not self.uid(item["uid"], "references"):
            return
        where = item["uid"]
        if where in seen:
            self.add(where, "uid", _("Two references have the same identifier."))
        seen.add(where)
        if not self.keys(item["csl"], CSL_TEXT | CSL_NAMES | CSL_DATES, (), where):
            return
        for key, value in item["csl"].items():
            if key in CSL_TEXT:
                self.text(value, where, 2000)
            elif key in CSL_NAMES:
                self.names(value, where)
            else:
                self.csl_date(value, where)

    def names(self, value: Any, where: str) -> None:
        for name in self.sequence(value, where, 500):
            if self.keys(name, NAME_PARTS, (), where):
                for part in name.values():
                    self.text(part, where, 300)

    def csl_date(self, value: Any, where: str) -> None:
        parts = value.get("date-parts") if isinstance(value, dict) and set(value) == {"date-parts"} else None
        first = parts[0] if isinstance(parts, list) and len(parts) == 1 else None
        limits = ((1, 9999), (1, 12), (1, 31))
        good = isinstance(first, list) and 1 <= len(first) <= 3
        if not good or not all(
            type(part) is int and low <= part <= high for part, (low, high) in zip(first or [], limits, strict=False)
        ):
            self.add(where, "date", _("A date of this reference cannot be read."))

    def facts(self, facts: Any, kind: str) -> None:
        if kind == "article":
            self.keys(facts, (), (), "facts")
        elif kind == "subtype":
            names = {"name", "definition", "authority", "synonyms"}
            if self.keys(facts, names, (), "facts"):
                self.fields(facts, {"name": 200, "definition": 2000, "authority": 300}, ("synonyms",))
        else:
            names = {
                "brand",
                "mark",
                "generic",
                "drug_class",
                "route",
                "target",
                "other_names",
                "subtypes",
                "approvals",
            }
            if self.keys(facts, names, (), "facts"):
                self.drug_facts(facts)

    def fields(self, facts: Node, limits: dict[str, int], lists: Iterable[str]) -> None:
        for name, limit in limits.items():
            self.text(facts.get(name, ""), f"facts.{name}", limit)
        for name in lists:
            for value in self.sequence(facts.get(name, []), f"facts.{name}", 100):
                self.text(value, f"facts.{name}", 200)

    def drug_facts(self, facts: Node) -> None:
        limits = {"brand": 120, "generic": 200, "drug_class": 300, "route": 120, "target": 200}
        self.fields(facts, limits, ("other_names",))
        if facts.get("mark", "") not in ("®", "™", ""):
            self.add("facts.mark", "mark", _("The mark of a brand is ®, ™ or none."))
        for page in self.sequence(facts.get("subtypes", []), "facts.subtypes", 100):
            self.uid(page, "facts.subtypes")
        where = "facts.approvals"
        for approval in self.sequence(facts.get("approvals", []), where, 100):
            names = {"date", "what", "jurisdiction", "ref"}
            if not self.keys(approval, names, names, where):
                continue
            self.date(approval["date"], where)
            self.text(approval["what"], where, 1000)
            self.text(approval["jurisdiction"], where, 60)
            if approval["ref"] is not None and approval["ref"] not in self.references:
                self.add(where, "citation", _("An approval points to a reference that does not exist."))


def _too_deep(value: Any) -> bool:
    layer, depth, count = [value], 0, 0
    while layer:
        depth, count = depth + 1, count + len(layer)
        if depth > MAX_DEPTH * 2 or count > MAX_NODES * 8:
            return True
        inner = [child for child in layer if isinstance(child, dict | list)]
        layer = [leaf for node in inner for leaf in (node.values() if isinstance(node, dict) else node)]
    return False


def _reference_uids(content: Node) -> set[str]:
    items = content.get("references")
    uids = [item.get("uid") for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return {uid for uid in uids if isinstance(uid, str)}


def validate(content: Any, *, kind: str = "article") -> list[Problem]:
    """Everything that makes this content unfit to be stored; empty when it may be saved."""
    if _too_deep(content):
        return [Problem("body", "depth", _("The page is nested too deeply or holds too many parts."))]
    reader = _Reader(_reference_uids(content) if isinstance(content, dict) else set())
    if not reader.keys(content, TOP, REQUIRED, "content"):
        return reader.problems
    _around(reader, content, kind)
    body = content["body"]
    if reader.keys(body, {"type", "content"}, {"type", "content"}, "body") and body["type"] == "doc":
        for block in reader.sequence(body["content"], "body", 2000):
            reader.block(block)
        if not reader.problems and sum(len(block_text(block)) for block in blocks(content)) > MAX_TEXT:
            reader.add("body", "too_long", _("The text is longer than 200,000 characters. Make two pages of it."))
    else:
        reader.add("body", "node", _("The body is not a document."))
    return reader.problems


def _around(reader: _Reader, content: Node, kind: str) -> None:
    if type(content["schema"]) is not int or content["schema"] != SCHEMA:
        reader.add("schema", "schema", _("This page was written for another version of the editor."))
    reader.text(content["title"], "title", 300)
    reader.text(content.get("standfirst", ""), "standfirst", 1000)
    slug = content["slug"]
    if not isinstance(slug, str) or len(slug) > 80 or (slug and not SLUG.match(slug)):
        reader.add(
            "slug",
            "slug",
            _("The address may hold small letters a to z, digits and single hyphens, 80 at most."),
        )
    if not isinstance(content["language"], str) or not LANGUAGE.match(content["language"]):
        reader.add("language", "language", _("The language is not one we know."))
    for byline in reader.sequence(content.get("bylines", []), "bylines", 30):
        reader.texts(byline, {"name": 200}, "bylines")
    if "seo" in content:
        reader.texts(content["seo"], {"title": 300, "description": 500}, "seo")
    if "legacy_review" in content:
        reader.legacy(content["legacy_review"])
    seen: set[str] = set()
    for reference in reader.sequence(content["references"], "references", 1000):
        reader.reference(reference, seen)
    reader.facts(content.get("facts", {}), kind)


def submit_problems(content: Node, *, kind: str, images: set[str]) -> list[Problem]:
    """What keeps a draft from going to review: damage first, then what is still missing. `images` have a file."""
    return validate(content, kind=kind) or checks.blocking(content, kind=kind, images=images)
