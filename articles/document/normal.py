"""One spelling for equal drafts: NFC, trimmed, runs of text merged, so that equal words give equal hashes."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from articles.document.tree import LISTS, Inlines, Node, blocks, map_runs

MARK_ORDER = {"strong": 0, "em": 1, "link": 2}
SPACES = re.compile(r"[\t\r\n\u2028\u2029]+")


def nfc(value: Any) -> Any:
    """The value with every string in it, keys too, in NFC."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [nfc(item) for item in value]
    if isinstance(value, dict):
        return {nfc(key): nfc(item) for key, item in value.items()}
    return value


def text_node(text: str, marks: list[Node] | None = None) -> Node:
    """A text node; marks are left out when there are none, and stand in one order."""
    if not marks:
        return {"type": "text", "text": text}
    return {"type": "text", "text": text, "marks": sorted(marks, key=lambda mark: MARK_ORDER[mark["type"]])}


def _merged(run: Inlines) -> Inlines:
    """Neighbours with equal marks become one; empty texts and doubled or outer line breaks go."""
    merged: Inlines = []
    for node in run:
        last = merged[-1] if merged else None
        if node["type"] == "text":
            node = text_node(SPACES.sub(" ", node["text"]), node.get("marks"))
            if not node["text"]:
                continue
            if last and last["type"] == "text" and last.get("marks") == node.get("marks"):
                merged[-1] = text_node(last["text"] + node["text"], node.get("marks"))
                continue
        if node["type"] == "hard_break" and (last is None or last["type"] == "hard_break"):
            continue
        merged.append(node)
    return merged


def _trim(run: Inlines, at: int) -> Inlines:
    """The run without white space and line breaks at its start (at=0) or end (at=-1)."""
    while run:
        node = run[at]
        if node["type"] == "text":
            text = node["text"].lstrip() if at == 0 else node["text"].rstrip()
            if text:
                run[at] = text_node(text, node.get("marks"))
                return run
        elif node["type"] != "hard_break":
            return run
        del run[at]
    return run


def inline_run(run: Inlines, *, breaks: bool = True, slots: dict[str, int] | None = None) -> Inlines:
    """A run of inline nodes in its one spelling: no spaces around line breaks, references in slot order."""
    lines: list[Inlines] = [[]]
    for node in run:
        if node["type"] == "hard_break":
            lines.append([])
            continue
        if node["type"] == "citation" and slots is not None:
            refs = sorted(set(node["attrs"]["refs"]), key=lambda ref: (slots.get(ref, len(slots)), ref))
            node = {"type": "citation", "attrs": {"refs": refs}}
        lines[-1].append(node)
    trimmed = [_trim(_trim(_merged(line), 0), -1) for line in lines]
    joint = {"type": "hard_break"} if breaks else {"type": "text", "text": " "}
    joined: Inlines = []
    for line in filter(None, trimmed):
        joined += ([joint] if joined else []) + line
    return _merged(joined)


def _items(items: list[Node]) -> list[Node]:
    kept = []
    for item in items:
        first, inner = item["content"][0], [_list(child) for child in item["content"][1:]]
        inner = [child for child in inner if child["content"]]
        if first.get("content") or inner:
            kept.append({**item, "content": [first, *inner]})
    return kept


def _list(node: Node) -> Node:
    return {**node, "content": _items(node.get("content") or [])}


def _callout(node: Node) -> Node:
    """Empty paragraphs go; two lists of one kind that touch become one."""
    children: list[Node] = []
    for child in node.get("content") or []:
        if child["type"] in LISTS:
            child = _list(child)
            if children and children[-1]["type"] == child["type"]:
                children[-1] = {**child, "content": children[-1]["content"] + child["content"]}
                continue
        if child.get("content") or child["type"] == "heading":
            children.append(child)
    return {**node, "content": children}


def block(node: Node, slots: dict[str, int] | None = None) -> Node:
    """One block in its one spelling."""
    kind = node["type"]
    if kind == "figure":
        attrs = {key: value.strip() if isinstance(value, str) else value for key, value in node["attrs"].items()}
        return {**node, "attrs": attrs}
    breaks = kind not in ("heading", "table")
    if kind == "callout":
        head, *rest = node["content"]
        rest = [map_runs(child, lambda run: inline_run(run, slots=slots)) for child in rest]
        head = map_runs(head, lambda run: inline_run(run, breaks=False, slots=slots))
        return _callout({**node, "content": [head, *rest]})
    node = map_runs(node, lambda run: inline_run(run, breaks=breaks, slots=slots))
    if kind in LISTS or kind == "key_facts":
        return _list(node)
    if kind == "quote":
        return {**node, "content": [child for child in node.get("content") or [] if child.get("content")]}
    if kind == "table":
        return _table(node)
    return node


def _table(node: Node) -> Node:
    """The first row of a table holds its headings."""
    rows = node["content"]
    first = [{**cell, "attrs": {"header": True}} for cell in rows[0]["content"]]
    attrs = {**node["attrs"], "caption": SPACES.sub(" ", node["attrs"]["caption"]).strip()}
    return {**node, "attrs": attrs, "content": [{**rows[0], "content": first}, *rows[1:]]}


def _strip(value: Any) -> Any:
    if isinstance(value, str):
        return SPACES.sub(" ", value).strip()
    if isinstance(value, list):
        return [_strip(item) for item in value]
    if isinstance(value, dict):
        return {key: _strip(item) for key, item in value.items()}
    return value


def normalise(content: Node) -> Node:
    """A copy of a valid draft in its one spelling."""
    content = nfc(content)
    around = {key: _strip(value) for key, value in content.items() if key != "body"}
    slots = {reference["uid"]: number for number, reference in enumerate(content["references"])}
    body = {**content["body"], "content": [block(node, slots) for node in blocks(content)]}
    return {**around, "body": body}
