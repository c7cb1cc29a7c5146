"""Walking a body document: its blocks, its runs of inline nodes, its text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Node = dict[str, Any]
Inlines = list[Node]

LISTS = ("bullet_list", "ordered_list")


def blocks(content: Node) -> list[Node]:
    """The top-level blocks of a draft, a manifest or a bare body."""
    body = content if content.get("type") == "doc" else content.get("body") or {}
    return body.get("content") or []


def runs(node: Node) -> Iterator[Inlines]:
    """Every run of inline nodes inside a node, in reading order: one per paragraph, heading or cell."""
    if node.get("type") in ("paragraph", "heading", "table_cell"):
        yield node.get("content") or []
        return
    for child in node.get("content") or []:
        yield from runs(child)


def inlines(content: Node) -> Iterator[Node]:
    """Every inline node of a draft, a manifest or a body, in reading order."""
    for block in blocks(content):
        for run in runs(block):
            yield from run


def map_runs(node: Node, change: Callable[[Inlines], Inlines]) -> Node:
    """A copy of the node in which every run of inline nodes went through `change`."""
    if node.get("type") in ("paragraph", "heading", "table_cell"):
        return {**node, "content": change(node.get("content") or [])}
    if "content" not in node:
        return dict(node)
    return {**node, "content": [map_runs(child, change) for child in node["content"]]}


def figures(content: Node) -> list[Node]:
    return [block for block in blocks(content) if block.get("type") == "figure"]


def pages_in(content: Node) -> set[str]:
    """The uids of the drug and subtype pages that the body or the facts mention."""
    found = {node["attrs"]["page"] for node in inlines(content) if node.get("type") in ("drug", "subtype")}
    return found | set((content.get("facts") or {}).get("subtypes") or [])


def drug_text(page: Node, form: str) -> str:
    """How a drug is written: "Brand® (generic)", "Brand®" or "generic"."""
    brand, generic = f"{page.get('brand', '')}{page.get('mark', '')}", page.get("generic", "")
    if not brand or not generic:
        return brand or generic
    return {"full": f"{brand} ({generic})", "brand": brand, "generic": generic}[form]


def inline_text(run: Inlines, pages: dict[str, Node] | None = None) -> str:
    """The words of a run without its citation markers."""
    words = []
    for node in run:
        kind = node.get("type")
        page = (pages or {}).get((node.get("attrs") or {}).get("page", ""), {})
        if kind == "text":
            words.append(node["text"])
        elif kind == "hard_break":
            words.append("\n")
        elif kind == "drug":
            words.append(drug_text(page, node["attrs"]["form"]))
        elif kind == "subtype":
            words.append(page.get("name", ""))
    return "".join(words)


def block_text(block: Node, pages: dict[str, Node] | None = None) -> str:
    """The words of a block, one line for each paragraph, item or row."""
    if block.get("type") == "figure":
        attrs = block["attrs"]
        return "\n".join(filter(None, [attrs["alt"], attrs["caption"], attrs["credit"]]))
    if block.get("type") == "table":
        rows = [
            "\t".join(inline_text(cell.get("content") or [], pages) for cell in row["content"])
            for row in block["content"]
        ]
        return "\n".join(filter(None, [block["attrs"]["caption"], *rows]))
    return "\n".join(inline_text(run, pages) for run in runs(block))
