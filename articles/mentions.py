"""Drug and subtype names in running text: where they stand, and turning one into a mention."""

from __future__ import annotations

import re
from typing import Any

from articles.document.normal import inline_run, text_node
from articles.document.tree import Inlines, Node, blocks, map_runs
from articles.document.tree import pages_in as pages_in

DASHES = r"\-‐‑‒–"  # noqa: RUF001
SPACE = "[ \u00a0\u202f\u2009]"
MARK = f"(?:{SPACE}?(?:[®™]|\\((?:R|TM)\\)))?"
# The second word of a conjugate's name: "trastuzumab emtansine" is another drug than trastuzumab.
PAYLOAD = r"[a-z]*(?:tansine|tecan|vedotin|mafodotin|tesirine|ozogamicin|pasudotox|soravtansine|hyaluronidase)"


def _pattern(name: str) -> str:
    """A name as it may be typed: any hyphen for a hyphen, any space for a space, its mark or not."""
    bare = re.sub(r"[®™]", "", name).strip()
    letters = []
    for char in bare:
        if char in "-‐‑‒–":  # noqa: RUF001
            letters.append(f"[{DASHES}]")
        elif char.isspace():
            letters.append(f"{MARK}{SPACE}+")
        else:
            letters.append(re.escape(char))
    return "".join(letters) + MARK


def find(text: str, names: dict[str, str]) -> list[tuple[int, int, str]]:
    """Where the names stand in the text: the longest name at each place, whole words only.

    A name inside a longer one is not found ("trastuzumab" in "ado-trastuzumab emtansine"), also when the
    longer one is not in `names` but hangs together with a hyphen.
    """
    known = sorted((name for name in names if name.strip("®™ ")), key=len, reverse=True)
    if not known:
        return []
    alternatives = "|".join(f"({_pattern(name)})" for name in known)
    pattern = re.compile(
        f"(?<![\\w{DASHES}/])(?:{alternatives})(?![{DASHES}/]?\\w)(?!{SPACE}(?:and{SPACE})?{PAYLOAD})",
        re.IGNORECASE,
    )
    found = []
    for match in pattern.finditer(text):
        if match.lastindex:
            found.append((match.start(), match.end(), names[known[match.lastindex - 1]]))
    return found


def _written(suggestion: dict[str, str], form: str) -> list[str]:
    """How the manuscript may have written the pair, the longest first."""
    brand, generic = suggestion.get("brand", ""), suggestion.get("generic", "")
    mark = MARK if brand else ""
    name, inn = (_pattern(part).removesuffix(MARK) for part in (brand, generic))
    both = [
        f"{name}{mark}{SPACE}*\\({SPACE}*{inn}{SPACE}*\\)",
        f"{inn}{SPACE}*\\({SPACE}*{name}{mark}{SPACE}*\\)",
    ]
    ways = ["|".join(both)] if brand and generic and form == "full" else []
    if form in ("full", "brand") and brand:
        ways.append(f"{name}{mark}")
    if form == "generic" and generic:
        ways.append(inn)
    if form == "full" and generic and not brand:
        ways.append(inn)
    return [f"(?<![\\w{DASHES}])(?:{way})(?![\\w®™])(?![{DASHES}]\\w)" for way in ways]


def _replace(run: Inlines, pattern: re.Pattern[str], atom: Node) -> Inlines | None:
    """The run with the first match replaced; the match may cross marks but no other atom."""
    start = 0
    while start < len(run):
        stop = start
        while stop < len(run) and run[stop]["type"] == "text":
            stop += 1
        piece = run[start:stop]
        match = pattern.search("".join(node["text"] for node in piece))
        if match:
            return run[:start] + _cut(piece, match.start(), match.end(), atom) + run[stop:]
        start = stop + 1
    return None


def _cut(piece: Inlines, start: int, end: int, atom: Node) -> Inlines:
    before: Inlines = []
    after: Inlines = []
    place = 0
    for node in piece:
        length = len(node["text"])
        left, right = node["text"][: max(0, start - place)], node["text"][max(0, end - place) :]
        before += [text_node(left, node.get("marks"))] if left else []
        after += [text_node(right, node.get("marks"))] if right else []
        place += length
    return [*before, atom, *after]


def confirm(content: Node, suggestion: dict[str, Any], page_uid: str, form: str = "full") -> Node:
    """The content with the suggested name, where it stands first in its block, as a mention of the page."""
    atom = {"type": "drug", "attrs": {"page": page_uid, "form": form}}
    patterns = [re.compile(way, re.IGNORECASE) for way in _written(suggestion, form)]
    done = False

    def change(run: Inlines) -> Inlines:
        nonlocal done
        for pattern in [] if done else patterns:
            replaced = _replace(run, pattern, atom)
            if replaced is not None:
                done = True
                return inline_run(replaced)
        return run

    changed = [
        map_runs(block, change) if block["attrs"]["node_id"] == suggestion["node_id"] else block
        for block in blocks(content)
    ]
    return {**content, "body": {**content["body"], "content": changed}} if done else content
