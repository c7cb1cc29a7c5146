"""The sentences a reviewer has to check against their sources, each with a key that falls when its block changes."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from articles.document.sentences import MARK, spans
from articles.document.tokens import Block, Shown, Token, stored, words
from articles.document.tree import Node

FORMAT = "claim-1"
# A number that says something; the digits of HER2 and COVID-19 are part of a name.
NUMBER = re.compile(r"(?<![\w])(?<![^\W\d_][-‐‑])[-−+]?\d|[½¼¾⅓⅔]")


class Claim(NamedTuple):
    """One sentence, where it stands, what it cites, and why somebody should look at it."""

    key: str
    node_id: str  # of the block, or "standfirst" or "facts.approvals"
    text: str
    references: tuple[int, ...]
    uids: tuple[str, ...]
    cited: bool
    why: str


class _Sentence(NamedTuple):
    text: str
    uids: tuple[str, ...]
    names_drug: bool
    is_heading: bool


def _lines(tokens: list[Token]) -> Iterator[list[Token]]:
    """The tokens line by line; a line break inside a sentence does not end it."""
    current: list[Token] = []
    for place, token in enumerate(tokens):
        if token.kind == "line" or (token.kind == "break" and _breaks(current, tokens[place + 1 : place + 2])):
            yield current
            current = []
        else:
            current.append(token)
    yield current


def _breaks(before: list[Token], after: list[Token]) -> bool:
    """Whether a line break stands between two sentences: after a stop, or before a capital or a sign."""
    last = next((token for token in reversed(before) if token.kind != "citation"), None)
    stopped = last is None or last.text[-1:] in ".!?…:;"
    return stopped or not after or after[0].kind != "text" or not after[0].text[:1].islower()


def _sentences(tokens: list[Token], *, is_heading: bool) -> Iterator[_Sentence]:
    for line in _lines(tokens):
        texts, length = [], 0
        atoms: list[tuple[int, Token]] = []
        for token in line:
            if token.kind in ("citation", "drug", "subtype"):
                atoms.append((length, token))
            texts.append(MARK if token.kind == "citation" else " " if token.kind == "break" else token.text)
            length += len(texts[-1])
        text = "".join(texts)
        starts = frozenset(place for place, token in atoms if token.kind != "citation")
        for start, end in spans(text, starts):
            inside = atoms[bisect_left(atoms, start, key=_place) : bisect_left(atoms, end, key=_place)]
            refs = [ref for _at, token in inside if token.kind == "citation" for ref in token.refs]
            drug = any(token.kind == "drug" for _at, token in inside)
            shown = " ".join(re.sub(rf"\s*{MARK}", "", text[start:end]).split())
            yield _Sentence(shown, tuple(dict.fromkeys(refs)), drug, is_heading)


def _place(atom: tuple[int, Token]) -> int:
    return atom[0]


def _hash(value: Any) -> str:
    return hashlib.sha256(stored([FORMAT, value]).encode()).hexdigest()


def _resolved(node: Any, shown: Shown) -> Any:
    """A block with everything it shows in place of what it points to, and without what only names its place."""
    if isinstance(node, list):
        return [_resolved(child, shown) for child in node]
    if not isinstance(node, dict):
        return node
    attrs = node.get("attrs")
    if not isinstance(attrs, dict):
        return {key: _resolved(value, shown) for key, value in node.items()}
    kind, seen = node.get("type"), {key: value for key, value in attrs.items() if key != "node_id"}
    if kind == "citation":
        refs = sorted(map(str, attrs.get("refs") or []))
        seen["refs"] = [{"uid": ref, "csl": shown.sources.get(ref)} for ref in refs]
    elif kind in ("drug", "subtype"):
        page = shown.pages.get(attrs.get("page", ""), {})
        seen["names"] = {key: page.get(key) for key in ("brand", "mark", "generic", "name")}
    elif kind == "figure":
        seen["file"] = shown.images.get(attrs.get("image") or "", {}).get("sha256")
    return {**{key: _resolved(value, shown) for key, value in node.items()}, "attrs": seen}


def block_hash(manifest: Node, block: Node) -> str:
    """The SHA-256 of a block with its sources, names and pictures, but without its place, numbers and identifier."""
    return _hash(_resolved(block, Shown(manifest)))


class _Reader:
    """Collects the claims of one manifest. The same words twice are two claims: the second one counts on."""

    def __init__(self, manifest: Node) -> None:
        self.shown = Shown(manifest)
        self.seen: Counter[str] = Counter()

    def claims(self) -> Iterator[Claim]:
        standfirst = self.shown.manifest.get("standfirst")
        if isinstance(standfirst, str) and standfirst:
            yield from self.part("standfirst", _hash(["standfirst", standfirst]), words(standfirst))
        for block in self.shown.blocks:
            if block.kind:
                hashed = _hash(_resolved(block.node, self.shown))
                yield from self.part(block.node_id, hashed, _spoken(block), is_heading=block.kind == "heading")
        for approval in self.shown.approvals:
            yield self.approval(approval)

    def part(self, node_id: str, hashed: str, tokens: list[Token], *, is_heading: bool = False) -> Iterator[Claim]:
        again = self.seen[hashed]
        self.seen[hashed] += 1
        found = [(one, why) for one in _sentences(tokens, is_heading=is_heading) if (why := _why(one))]
        for index, (one, why) in enumerate(found):
            numbers = sorted(self.shown.numbers[uid] for uid in one.uids if uid in self.shown.numbers)
            uids = tuple(sorted(one.uids, key=lambda uid: (self.shown.numbers.get(uid, 0), uid)))
            key = _hash([hashed, index, again] if again else [hashed, index])
            yield Claim(key, node_id, one.text, tuple(numbers), uids, bool(one.uids), why)

    def approval(self, approval: Node) -> Claim:
        """An approval is one claim, whatever its words: a date, a use and a place."""
        ref = approval["ref"]
        source = {"uid": ref, "csl": self.shown.sources.get(ref)} if ref else None
        hashed = _hash(["approval", {**approval, "ref": source}])
        again = self.seen[hashed]
        self.seen[hashed] += 1
        text = ", ".join(filter(None, (approval[name] for name in ("date", "what", "jurisdiction"))))
        numbers = tuple(self.shown.numbers[uid] for uid in [ref] if uid in self.shown.numbers)
        why = _("cites a source") if ref else _("says when something was approved, without a source")
        key = _hash([hashed, 0, again] if again else [hashed, 0])
        return Claim(key, "facts.approvals", text, numbers, (ref,) if ref else (), bool(ref), why)


def _spoken(block: Block) -> list[Token]:
    """What a block says; the credit of a picture claims nothing."""
    if block.kind != "figure":
        return block.tokens
    said: list[Token] = []
    role: Any = ""
    for token in block.tokens:
        role = token.key if token.kind == "line" else role
        if role != ("line", "credit"):
            said.append(token)
    return said


def _why(sentence: _Sentence) -> str:
    """Why a sentence is a claim; nothing when it is not. A heading is one only when it cites."""
    if sentence.uids:
        return _("cites a source")
    number = bool(NUMBER.search(sentence.text))
    if sentence.is_heading or not (number or sentence.names_drug):
        return ""
    if number and sentence.names_drug:
        return _("says a number and names a drug without a source")
    return _("says a number without a source") if number else _("names a drug without a source")


def claims(manifest: Node) -> list[Claim]:
    """Every sentence that cites a source, and every one that says a number or names a drug without one, in order."""
    return list(_Reader(manifest).claims())
