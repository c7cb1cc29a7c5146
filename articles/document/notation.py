"""The import notation: each block of a page as plain text in a form field, and back, with errors in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from articles import citations
from articles.document import normal
from articles.document.normal import text_node
from articles.document.problems import link_problem, text_problem
from articles.document.schema import MAX_LIST_DEPTH, new_id
from articles.document.tree import LISTS, Inlines, Node

KINDS = (
    "paragraph", "heading2", "heading3", "heading4", "bullet_list", "ordered_list", "quote", "key_facts",
    "callout", "emergency", "table",
)  # fmt: skip
ESCAPABLE = frozenset("\\[](){}*|-+.:#=•– ")
MARKER = re.compile(r"([-•*]|\d{1,4}[.)])(?:[ \t]+|$)")
CITATION = re.compile(r"\[\s*(\d[\d\s,;–‑−-]*)\]")  # noqa: RUF001
MENTION = re.compile(r"\{\{([^{}\n]*)\}\}")
RULE = re.compile(r":?-{2,}:?\Z")


class NotationError(ValueError):
    """A field cannot be read; the message is in the words of its writer."""


def kind_of(block: Node) -> str:
    """The kind of a block as the form names it."""
    if block["type"] == "heading":
        return f"heading{block['attrs']['level']}"
    if block["type"] == "callout" and block["attrs"]["tone"] == "emergency":
        return "emergency"
    return block["type"]


# Block to text


def _escape(text: str, extra: str = "") -> str:
    return re.sub(rf"[\\\[{{*{extra}]", lambda match: f"\\{match.group()}", text)


def _spelled(numbers: list[int]) -> str:
    """The marker of a citation: only an unbroken ascending order may be written as a range."""
    return citations.label(numbers) if numbers == sorted(set(numbers)) else ",".join(map(str, numbers))


@dataclass(frozen=True)
class _Writer:
    slots: dict[str, int]
    slugs: dict[str, tuple[str, str]]

    def run(self, run: Inlines, extra: str = "") -> list[str]:
        """A run of inline nodes as its lines."""
        lines, marks = [""], frozenset[str]()
        for node in [*run, {"type": "end"}]:
            wanted = frozenset(mark["type"] for mark in node.get("marks", []) if mark["type"] != "link")
            if node["type"] != "hard_break":
                lines[-1] += self.toggle(marks, wanted)
                marks = wanted
            if node["type"] == "hard_break":
                lines.append("")
            elif node["type"] != "end":
                lines[-1] = _joined(lines[-1], self.inline(node, extra))
        return lines

    @staticmethod
    def toggle(now: frozenset[str], wanted: frozenset[str]) -> str:
        changed = now ^ wanted
        return ("**" if "strong" in changed else "") + ("*" if "em" in changed else "")

    def inline(self, node: Node, extra: str) -> str:
        kind, attrs = node["type"], node.get("attrs", {})
        if kind == "text":
            return self.text(node, extra)
        if kind == "citation":
            numbers = [self.slots[ref] for ref in attrs["refs"] if ref in self.slots]
            return f"[{_spelled(numbers)}]" if numbers else "[?]"
        _kind, slug = self.slugs.get(attrs["page"], (kind, "?"))
        form = "" if attrs.get("form", "full") == "full" else f"|{attrs['form']}"
        return f"{{{{{kind}:{slug}{form}}}}}"

    def text(self, node: Node, extra: str) -> str:
        href = next((mark["attrs"]["href"] for mark in node.get("marks", []) if mark["type"] == "link"), None)
        if href is None:
            return _escape(node["text"], extra)
        address = re.sub(r"[()]", lambda match: f"\\{match.group()}", href)
        label = _escape(node["text"], extra + r"\]")
        return f"[{label}]({address})"


def _joined(line: str, more: str) -> str:
    """Two pieces that must not read as one: a bracket before a parenthesis, a lone star between spaces."""
    if line.endswith("]") and more.startswith("("):
        return f"{line}\\{more}"
    if more.startswith(" ") and re.search(r"(?:^| )\*{1,3}\Z", line):
        return f"{line}\\{more}"
    return line + more


def _plain_line(line: str) -> str:
    """A line of a paragraph beside lists, kept from looking like an item."""
    match = MARKER.match(line)
    if not match:
        return line
    place = match.end(1) - 1
    return f"{line[:place]}\\{line[place:]}"


def _item_lines(node: Node, writer: _Writer, depth: int = 0) -> Iterator[str]:
    for number, item in enumerate(node["content"], start=1):
        marker = f"{number}." if node["type"] == "ordered_list" else "-"
        first, *inner = item["content"]
        lines = writer.run(first.get("content") or [])
        yield f"{'  ' * depth}{marker} {lines[0]}".rstrip()
        for line in lines[1:]:
            yield f"{'  ' * (depth + 1)}{_plain_line(line)}"
        for child in inner:
            yield from _item_lines(child, writer, depth + 1)


def _paragraphs(nodes: list[Node], writer: _Writer) -> str:
    chunks = []
    for node in nodes:
        if node["type"] in LISTS:
            chunks.append("\n".join(_item_lines(node, writer)))
        else:
            chunks.append("\n".join(map(_plain_line, writer.run(node.get("content") or []))))
    return "\n\n".join(chunks)


def _table_text(block: Node, writer: _Writer) -> str:
    caption = block["attrs"]["caption"]
    lines = [f"= {_escape(caption)}"] if caption else []
    for place, row in enumerate(block["content"]):
        cells = [_cell_text(cell, writer, first_row=place == 0) for cell in row["content"]]
        if all(RULE.match(cell) for cell in cells):
            cells = [f"\\{cell}" for cell in cells]
        line = " | ".join(cells)
        lines.append(f"| {line} |" if not cells[0] or not cells[-1] else line)
    return "\n".join(lines)


def _cell_text(cell: Node, writer: _Writer, *, first_row: bool) -> str:
    text = "".join(writer.run(cell.get("content") or [], extra="|"))
    if re.match(r"#(?: |\Z)|= ", text):
        text = f"\\{text}"
    return f"# {text}" if cell["attrs"]["header"] and not first_row else text


def to_text(block: Node, *, slots: dict[str, int], slugs: dict[str, tuple[str, str]]) -> str:
    """A block as its form field holds it."""
    writer = _Writer(slots, slugs)
    kind = block["type"]
    if kind in (*LISTS, "key_facts"):
        return "\n".join(_item_lines(block, writer))
    if kind == "quote":
        return "\n\n".join("\n".join(writer.run(child.get("content") or [])) for child in block["content"])
    if kind == "callout":
        head, *rest = block["content"]
        lines = "".join(writer.run(head.get("content") or []))
        return f"{lines}\n{_paragraphs(rest, writer)}" if rest else lines
    if kind == "table":
        return _table_text(block, writer)
    return "\n".join(writer.run(block.get("content") or []))


# Text to block


@dataclass(frozen=True)
class _Reading:
    slots: dict[int, str]
    pages: dict[tuple[str, str], str]

    def run(self, text: str, *, in_link: str = "", marks: frozenset[str] = frozenset()) -> Inlines:
        """One line or paragraph as inline nodes; newlines are line breaks."""
        nodes: Inlines = []
        place, outer = 0, marks
        while place < len(text):
            step, node, marks = self.next(text, place, marks, in_link)
            nodes += node
            place += step
        if marks != outer:
            star = "**" if "strong" in marks ^ outer else "*"
            message = _("A %(star)s that starts emphasis is never closed. Write \\* for a plain star.")
            raise NotationError(message % {"star": star})
        return nodes

    def next(self, text: str, place: int, marks: frozenset[str], href: str) -> tuple[int, Inlines, frozenset[str]]:
        """What stands at this place: how long it is, its nodes, the marks after it."""
        char = text[place]
        if char == "\\" and text[place + 1 : place + 2] in ESCAPABLE and place + 1 < len(text):
            return 2, [self.text(text[place + 1], marks, href)], marks
        if char == "\n":
            return 1, [{"type": "hard_break"}], marks
        if char == "*":
            return self.stars(text, place, marks, href)
        if char == "[" and not href:
            return self.bracket(text, place, marks)
        if text.startswith("{{", place):
            match = MENTION.match(text, place)
            if not match:
                raise NotationError(_("A {{ is never closed by }}. Write \\{ for a plain brace."))
            return match.end() - place, [self.mention(match.group(1), href)], marks
        end = re.compile(r"[\\\n*\[{]|\Z").search(text, place + 1)
        stop = end.start() if end else len(text)
        return stop - place, [self.text(text[place:stop], marks, href)], marks

    @staticmethod
    def text(text: str, marks: frozenset[str], href: str) -> Node:
        kinds: list[Node] = [{"type": kind} for kind in sorted(marks)]
        return text_node(text, kinds + ([{"type": "link", "attrs": {"href": href}}] if href else []))

    def stars(self, text: str, place: int, marks: frozenset[str], href: str) -> tuple[int, Inlines, frozenset[str]]:
        length = len(re.compile(r"\*+").match(text, place).group())  # type: ignore[union-attr]
        before, after = text[place - 1 : place] if place else "", text[place + length : place + length + 1]
        if length > 3 or (before in ("", " ", "\n") and after in ("", " ", "\n")):
            return length, [self.text("*" * length, marks, href)], marks
        toggled = {1: {"em"}, 2: {"strong"}, 3: {"em", "strong"}}[length]
        return length, [], marks ^ frozenset(toggled)

    def bracket(self, text: str, place: int, marks: frozenset[str]) -> tuple[int, Inlines, frozenset[str]]:
        link = _link_at(text, place)
        if link:
            label, address, length = link
            problem = link_problem(address)
            if problem:
                message = _("The link “%(label)s” cannot be used. %(problem)s Write \\[ for a plain bracket.")
                raise NotationError(message % {"label": label[:60], "problem": problem})
            return length, self.run(label, in_link=address, marks=marks), marks
        match = CITATION.match(text, place)
        if match:
            return match.end() - place, [self.citation(match.group(1))], marks
        if text.startswith("[?]", place):
            message = _("A marker [?] has lost its reference. Write the number of a reference in it, or remove it.")
            raise NotationError(message)
        return 1, [self.text("[", marks, "")], marks

    def citation(self, text: str) -> Node:
        try:
            numbers = citations.parse(text)
        except ValueError as error:
            raise NotationError(str(error)) from error
        for number in numbers:
            if number not in self.slots:
                raise NotationError(self.no_reference(number))
        return {"type": "citation", "attrs": {"refs": [self.slots[number] for number in numbers]}}

    def no_reference(self, number: int) -> str:
        if not self.slots:
            return _("Reference %(number)d does not exist. This page has no references yet.") % {"number": number}
        last = max(self.slots)
        message = ngettext(
            "Reference %(number)d does not exist. This page has one reference, number %(last)d.",
            "Reference %(number)d does not exist. This page has references 1 to %(last)d.",
            len(self.slots),
        )
        return message % {"number": number, "last": last}

    def mention(self, text: str, href: str) -> Node:
        match = re.fullmatch(r"\s*(drug|subtype)\s*:\s*([^|]*?)\s*(?:\|\s*(full|brand|generic)\s*)?", text)
        if not match or (match.group(1) == "subtype" and match.group(3)):
            message = _(
                "“{{%(text)s}}” is not a mention. Write {{drug:slug}}, {{drug:slug|brand}}, {{drug:slug|generic}}"
                " or {{subtype:slug}}."
            )
            raise NotationError(message % {"text": text[:80]})
        if href:
            raise NotationError(_("A drug or subtype cannot stand inside a link, because it is a link itself."))
        kind, slug, form = match.group(1), match.group(2), match.group(3) or "full"
        page = self.pages.get((kind, slug))
        if page is None:
            message = (
                _("There is no drug page called “%(slug)s”.")
                if kind == "drug"
                else _("There is no subtype page called “%(slug)s”.")
            )
            raise NotationError(message % {"slug": slug})
        attrs = {"page": page, "form": form} if kind == "drug" else {"page": page}
        return {"type": kind, "attrs": attrs}


def _link_at(text: str, place: int) -> tuple[str, str, int] | None:
    """[label](address) at this place: label, address and length, brackets escaped or balanced."""
    middle = _closing(text, place, "[", "]")
    if middle is None or not text.startswith("](", middle):
        return None
    end = _closing(text, middle + 1, "(", ")")
    if end is None:
        return None
    address = re.sub(r"\\([()])", r"\1", text[middle + 2 : end]).strip()
    if CITATION.fullmatch(text[place : middle + 1]) and not re.match(r"\w+:", address):
        return None
    return text[place + 1 : middle], address, end + 1 - place


def _closing(text: str, place: int, opening: str, closing: str) -> int | None:
    depth = 0
    while place < len(text) and text[place] != "\n":
        if text[place] == "\\":
            place += 1
        elif text[place] == opening:
            depth += 1
        elif text[place] == closing:
            depth -= 1
            if depth == 0:
                return place
        place += 1
    return None


def _read_items(lines: list[str], reading: _Reading, kind: str) -> Node:
    """Item lines as a list; a line without a marker goes on with the item before it."""
    root: Node = {"type": kind, "content": []}
    stack: list[tuple[int, Node]] = []
    raw: list[tuple[Node, list[str]]] = []
    for line in filter(str.strip, lines):
        text = line.expandtabs(4)
        indent, bare = len(text) - len(text.lstrip()), text.strip()
        match = MARKER.match(bare)
        if not match:
            if not raw:
                raise NotationError(_("Start each item of a list with “- ” or “1. ”."))
            raw[-1][1].append(bare)
            continue
        ordered = match.group(1)[0].isdigit()
        node = _list_at(indent, ordered, root, stack)
        item: Node = {"type": "list_item", "content": [{"type": "paragraph", "content": []}]}
        node["content"].append(item)
        raw.append((item, [bare[match.end() :]]))
    for item, texts in raw:
        item["content"][0]["content"] = reading.run("\n".join(texts))
    return root


def _list_at(indent: int, ordered: bool, root: Node, stack: list[tuple[int, Node]]) -> Node:
    """The list an item of this indent belongs to, made where it is the first of a deeper level."""
    if not stack:
        stack.append((indent, root))
        return root
    while len(stack) > 1 and indent < stack[-1][0]:
        stack.pop()
    if indent > stack[-1][0] + 1:
        if len(stack) >= MAX_LIST_DEPTH:
            raise NotationError(_("Lists can be nested %(levels)d levels deep at most.") % {"levels": MAX_LIST_DEPTH})
        parent = stack[-1][1]["content"][-1]
        if len(parent["content"]) == 1:
            parent["content"].append({"type": "ordered_list" if ordered else "bullet_list", "content": []})
        stack.append((indent, parent["content"][1]))
    return stack[-1][1]


def _read_paragraphs(text: str, reading: _Reading, *, lists: bool) -> list[Node]:
    """Paragraphs, and where allowed lists, separated by blank lines."""
    nodes: list[Node] = []
    for chunk in re.split(r"\n[ \t]*\n", text):
        lines = [line for line in chunk.split("\n") if line.strip()]
        start = next((place for place, line in enumerate(lines) if lists and MARKER.match(line.strip())), len(lines))
        if lines[:start]:
            paragraph = reading.run("\n".join(line.strip() for line in lines[:start]))
            nodes.append({"type": "paragraph", "content": paragraph})
        if lines[start:]:
            match = MARKER.match(lines[start].strip())
            ordered = bool(match and match.group(1)[0].isdigit())
            nodes.append(_read_items(lines[start:], reading, "ordered_list" if ordered else "bullet_list"))
    return nodes


def _cells(line: str) -> list[str]:
    """The cells of a table line; a bar in a mention or after a backslash does not separate."""
    cells, place = [""], 0
    while place < len(line):
        mention = MENTION.match(line, place)
        if line[place] == "\\":
            cells[-1] += line[place : place + 2]
            place += 2
        elif mention:
            cells[-1] += mention.group()
            place = mention.end()
        elif line[place] == "|":
            cells.append("")
            place += 1
        else:
            cells[-1] += line[place]
            place += 1
    if len(cells) > 2 and not cells[0].strip() and not cells[-1].strip():
        cells = cells[1:-1]
    return [cell.strip() for cell in cells]


def _read_table(text: str, reading: _Reading) -> tuple[str, list[Node]]:
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    caption = ""
    if lines and lines[0].startswith("= "):
        caption = "".join(node.get("text", "") for node in reading.run(lines.pop(0)[2:]))
    if not lines:
        raise NotationError(_("A table needs at least one row. Write its cells with | between them."))
    rows: list[Node] = []
    width = len(_cells(lines[0]))
    for number, line in enumerate(lines, start=1):
        texts = _cells(line)
        if number == 2 and all(RULE.match(cell) for cell in texts):
            continue
        if len(texts) != width:
            message = _("Row %(number)d has %(cells)d cells; the first row has %(width)d.")
            raise NotationError(message % {"number": number, "cells": len(texts), "width": width})
        rows.append({"type": "table_row", "content": [_read_cell(cell, reading, header=not rows) for cell in texts]})
    return caption, rows


def _read_cell(text: str, reading: _Reading, *, header: bool) -> Node:
    if not header and re.match(r"#(?: |\Z)", text):
        text, header = text[1:].lstrip(), True
    return {"type": "table_cell", "attrs": {"header": header}, "content": reading.run(text)}


def from_text(
    kind: str,
    text: str,
    *,
    node_id: str,
    slots: dict[int, str],
    pages: dict[tuple[str, str], str],
    level: int = 2,
    tone: str = "call",
) -> Node:
    """The block that a form field describes; NotationError says what cannot be read."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    problem = text_problem(text.replace("\n", " "))
    if problem:
        raise NotationError(problem)
    reading = _Reading(slots, pages)
    if kind.startswith("heading") and kind[7:]:
        kind, level = "heading", int(kind[7:])
    if kind == "emergency":
        kind, tone = "callout", "emergency"
    block = _read_block(kind, text, reading, node_id, level, tone)
    return normal.block(block, {uid: number for number, uid in slots.items()})


def _read_block(kind: str, text: str, reading: _Reading, node_id: str, level: int, tone: str) -> Node:
    attrs: dict[str, Any] = {"node_id": node_id}
    if kind in (*LISTS, "key_facts"):
        content = _read_items(text.split("\n"), reading, "bullet_list" if kind == "key_facts" else kind)["content"]
        if kind == "key_facts" and any(len(item["content"]) > 1 for item in content):
            raise NotationError(_("Key facts are one list: a fact cannot have points of its own."))
        return {"type": kind, "attrs": attrs, "content": content}
    if kind == "quote":
        return {"type": kind, "attrs": attrs, "content": _read_paragraphs(text, reading, lists=False)}
    if kind == "callout":
        head, _newline, rest = text.strip().partition("\n")
        if not head:
            raise NotationError(_("The first line of a call-out is its heading."))
        heading = {"type": "heading", "attrs": {"level": 3}, "content": reading.run(head.strip())}
        content = [heading, *_read_paragraphs(rest, reading, lists=True)]
        return {"type": kind, "attrs": {**attrs, "tone": tone}, "content": content}
    if kind == "table":
        caption, rows = _read_table(text, reading)
        return {"type": kind, "attrs": {**attrs, "caption": caption}, "content": rows}
    if kind == "heading":
        return {"type": kind, "attrs": {**attrs, "level": level}, "content": reading.run(text.strip())}
    if kind == "paragraph":
        return {"type": kind, "attrs": attrs, "content": reading.run(text.strip())}
    raise NotationError(_("Unknown kind of block: %(kind)s.") % {"kind": kind[:40]})


def blocks_from_text(kind: str, text: str, *, node_id: str, **known: Any) -> list[Node]:
    """Like from_text, but a paragraph field with blank lines becomes as many paragraphs; an empty field none."""
    chunks = [text]
    if kind == "paragraph":
        chunks = re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").replace("\r", "\n"))
    filled = [chunk for chunk in chunks if chunk.strip()]
    ids = [node_id, *(new_id() for _more in filled[1:])]
    return [from_text(kind, chunk, node_id=uid, **known) for uid, chunk in zip(ids, filled, strict=False)]
