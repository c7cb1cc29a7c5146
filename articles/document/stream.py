"""Everything a page says as one stream of words, numbers, signs and atoms, however it is cut into blocks."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from typing import Any, NamedTuple

from articles.document.tokens import Shown, Token, dictionary, stored

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
CHUNK = re.compile(r"\S+")
DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")
# What may come and go as punctuation; every other sign says something.
OPENING, CLOSING = "([{\"'“‘«‹„‚¿¡", ".,;:!?)]}\"'”’»›…"
FREE = frozenset(OPENING + CLOSING + "-‐‑‒–—―·`´")
FIELDS = ("title", "standfirst", "seo.title", "seo.description")


class Item(NamedTuple):
    """One thing of the stream: `key` is what has to stay, `text` how it is written."""

    kind: str  # word, number, sign, citation, mention, part
    key: Hashable
    text: str
    href: str = ""
    emphasis: bool = False
    line: int = 0
    follows: bool = False  # only spaces stand between it and the item before


def is_numeric(text: str) -> bool:
    return any(char.isnumeric() for char in text)


def _number(chunk: str, *, before_number: bool) -> str:
    """A chunk with a digit in it, without the punctuation around it that is none of its own."""
    chunk = chunk.lstrip(OPENING).translate(DASHES)
    if not (before_number and chunk[-1:] in (".", ",", ":")):
        chunk = chunk.rstrip(CLOSING)
    return chunk


class Stream:
    """Reads one manifest into `items`; `links` are the addresses in the order in which they are met."""

    def __init__(self, shown: Shown) -> None:
        self.items: list[Item] = []
        self.links: list[str] = []
        self.lines = 0
        seo = dictionary(shown.manifest.get("seo"))
        texts = {**shown.manifest, **{f"seo.{key}": value for key, value in seo.items()}}
        for name in FIELDS:
            self.field(name, texts.get(name, ""))
        for block in shown.blocks:
            if block.kind:
                self.block(block.kind, block.attrs, block.tokens)
            else:
                self.part("stored", stored(block.node))

    def part(self, *key: Any) -> None:
        """Where something begins whose form is a part of what it says."""
        self.items.append(Item("part", ("part", *key), ""))

    def field(self, name: str, value: Any) -> None:
        self.part(name)
        if isinstance(value, str):
            self.line([Token(value)])
        else:
            self.part("stored", stored(value))

    def block(self, kind: str, attrs: dict[str, Any], tokens: list[Token]) -> None:
        framed = kind in ("quote", "callout", "key_facts", "table", "figure")
        if framed:
            self.part(kind, *(str(attrs.get(name)) for name in ("tone", "image", "decorative", "hero")))
        run: list[Token] = []
        for token in tokens:
            if token.kind in ("line", "break"):
                self.line(run)
                run = []
                if token.kind == "line" and token.key != ("line", "text"):
                    self.part(token.key, token.more)
            else:
                run.append(token)
        self.line(run)
        if framed:
            self.part("end", kind)

    def line(self, run: list[Token]) -> None:
        """The items of one line; words may run on from one text node into the next, but not through an atom."""
        self.lines += 1
        text: list[Token] = []
        for token in run:
            if token.kind == "text":
                text.append(token)
                continue
            self.items += self.words(text)
            text = []
            kind = "citation" if token.kind == "citation" else "mention"
            self.items.append(Item(kind, (token.key, token.more), token.text, line=self.lines))
        self.items += self.words(text)

    def words(self, tokens: list[Token]) -> Iterator[Item]:
        text = "".join(token.text for token in tokens)
        owners = [token for token in tokens for _char in token.text]
        for token in tokens:
            if token.href and self.links[-1:] != [token.href]:
                self.links.append(token.href)
        chunks = list(CHUNK.finditer(text))
        end = None
        for place, chunk in enumerate(chunks):
            after = chunks[place + 1][0] if place + 1 < len(chunks) else ""
            before = chunks[place - 1][0] if place else ""
            for start, stop, kind, key in _cut(chunk, before, after):
                mine = owners[start:stop]
                follows = end is not None and text[end:start].isspace()
                emphasis = any(token.strong or token.em for token in mine)
                href = " ".join(dict.fromkeys(token.href for token in mine))
                yield Item(kind, (kind, key), text[start:stop], href, emphasis, self.lines, follows)
                end = stop


def _cut(chunk: re.Match[str], before: str, after: str) -> Iterator[tuple[int, int, str, str]]:
    """The items of what stands between two spaces: (start, end, kind, key)."""
    start, text = chunk.start(), chunk[0]
    if is_numeric(text):
        yield start, chunk.end(), "number", _number(text, before_number=after[:1].isnumeric())
        return
    if text.translate(DASHES).strip("-") == "" and (is_numeric(before) or is_numeric(after)):
        yield start, chunk.end(), "sign", "-"
        return
    place = 0
    while place < len(text):
        word = WORD.match(text, place)
        if word:
            yield start + place, start + word.end(), "word", word[0].casefold().replace("’", "'")
            place = word.end()
            continue
        if text[place] not in FREE:
            yield start + place, start + place + 1, "sign", text[place]
        place += 1
