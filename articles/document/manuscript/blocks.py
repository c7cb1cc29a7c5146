"""Pieces as the blocks of a draft, with the accepted markers as citations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from articles.document.manuscript import items, markers
from articles.document.manuscript.pieces import Piece, Run
from articles.document.normal import text_node
from articles.document.problems import link_problem
from articles.document.schema import MAX_LIST_DEPTH, new_id
from articles.document.tree import Inlines, Node


def all_runs(pieces: list[Piece]) -> Iterator[tuple[list[Run], bool]]:
    """Every stretch of text, and whether it is a paragraph."""
    for piece in pieces:
        if piece.kind == "table":
            for row in piece.rows:
                for _header, cell in row:
                    yield cell, False
        elif piece.kind != "image":
            yield piece.runs, piece.kind == "text"


class Writer:
    """Writes pieces as blocks, with the accepted markers as citations."""

    def __init__(self, lines: dict[int, markers.Line], slots: dict[int, str]) -> None:
        self.lines = lines
        self.slots = slots
        self.unlinked = 0

    def blocks(self, pieces: list[Piece], hero: Piece | None) -> Iterator[Node]:
        place = 0
        while place < len(pieces):
            piece = pieces[place]
            end = place + 1
            while (
                end < len(pieces)
                and pieces[end].kind == piece.kind
                and (piece.kind == "item" or (piece.quote and pieces[end].quote))
            ):
                end += 1
            if piece.kind == "item":
                for group in items.split_lists(pieces[place:end]):
                    yield self.nested(group)
            elif piece.quote and piece.kind == "text":
                yield self.block("quote", [self.paragraph(part) for part in pieces[place:end]])
            else:
                end = place + 1
                yield from self.single(piece, hero)
            place = end

    def single(self, piece: Piece, hero: Piece | None) -> Iterator[Node]:
        if piece.kind == "image":
            yield self.figure(piece, hero=piece is hero)
        elif piece.kind == "table":
            yield self.table(piece)
        else:
            run = self.inline(piece.runs)
            if run:
                level = {"level": piece.level} if piece.kind == "heading" else {}
                yield self.block("heading" if piece.kind == "heading" else "paragraph", run, **level)

    @staticmethod
    def block(kind: str, content: list[Node], **attrs: Any) -> Node:
        return {"type": kind, "attrs": {"node_id": new_id(), **attrs}, "content": content}

    def paragraph(self, piece: Piece) -> Node:
        return {"type": "paragraph", "content": self.inline(piece.runs)}

    def figure(self, piece: Piece, *, hero: bool) -> Node:
        attrs = {
            "node_id": new_id(), "image": None, "alt": piece.line[:2000], "decorative": False, "caption": piece.caption[:1000],
            "credit": "", "hero": hero,
        }  # fmt: skip
        return {"type": "figure", "attrs": attrs}

    def table(self, piece: Piece) -> Node:
        rows = [
            {
                "type": "table_row",
                "content": [
                    {
                        "type": "table_cell",
                        "attrs": {"header": header or place == 0},
                        "content": self.inline(cell),
                    }
                    for header, cell in row
                ],
            }
            for place, row in enumerate(piece.rows)
        ]
        return self.block("table", rows, caption=piece.caption[:300])

    def nested(self, pieces: list[Piece]) -> Node:
        root = self.block("ordered_list" if pieces[0].glyph in ("1", "a", "i") else "bullet_list", [])
        stack = [root]
        for piece, depth in zip(pieces, items.depths(pieces), strict=True):
            depth = min(depth, MAX_LIST_DEPTH - 1)
            del stack[depth + 1 :]
            while len(stack) <= depth and stack[-1]["content"]:
                parent = stack[-1]["content"][-1]
                if len(parent["content"]) == 1:
                    ordered = piece.glyph in ("1", "a", "i")
                    parent["content"].append({"type": "ordered_list" if ordered else "bullet_list", "content": []})
                stack.append(parent["content"][1])
            stack[-1]["content"].append({"type": "list_item", "content": [self.paragraph(piece)]})
        return root

    def inline(self, runs: list[Run]) -> Inlines:
        """Runs as inline nodes: text with its marks, line breaks, citations."""
        line = self.lines[id(runs)]
        nodes: Inlines = []
        place = 0
        for found in markers.accepted(line):
            nodes += self.texts(line, place, found.start)
            nodes.append({"type": "citation", "attrs": {"refs": [self.slots[number] for number in found.numbers]}})
            place = found.end
        nodes += self.texts(line, place, len(line.text))
        return [node for node in nodes if node["type"] != "text" or node["text"]]

    def texts(self, line: markers.Line, start: int, end: int) -> Inlines:
        nodes: Inlines = []
        while start < end:
            look, stop = line.looks[start], start
            while stop < end and line.looks[stop] is look:
                stop += 1
            marks: list[Node] = [{"type": mark} for mark in sorted(look.marks)]
            if look.href and not link_problem(look.href):
                marks.append({"type": "link", "attrs": {"href": look.href}})
            elif look.href and not look.href.startswith("#"):
                self.unlinked += 1
            for number, part in enumerate(line.text[start:stop].split("\n")):
                nodes += [{"type": "hard_break"}] if number else []
                nodes += [text_node(part, marks)] if part else []
            start = stop
        return nodes
