"""From a pasted manuscript to the content of a draft: what is certain becomes structure, what is not stays text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from articles.document import normal, schema
from articles.document.manuscript import brands, furniture, head, items, labels, markers, markup, paragraphs, sources
from articles.document.manuscript.blocks import Writer, all_runs
from articles.document.manuscript.head import Desk
from articles.document.manuscript.pieces import Piece, UnreadableManuscript, decode, plain_pieces
from articles.document.schema import MAX_TEXT, new_id
from articles.document.tree import LISTS, Node, block_text, blocks, inlines

__all__ = ["Manuscript", "UnreadableManuscript", "read"]


@dataclass
class Manuscript:
    """A draft's content, what the writer has to confirm, and the lines that became labels or references."""

    content: Node
    suggestions: dict[str, Any]
    understood: list[str] = field(default_factory=list)

    def report(self) -> dict[str, Any]:
        """What was found, in plain values."""
        body = blocks(self.content)
        hero = next(
            (block["attrs"]["alt"] for block in body if block["type"] == "figure" and block["attrs"]["hero"]),
            None,
        )
        slots = {reference["uid"]: number for number, reference in enumerate(self.content["references"], start=1)}
        return {
            "title": self.content["title"],
            "hero": None if hero is None else {"alt": hero},
            "legacy_review": self.content.get("legacy_review"),
            "headings": [block_text(block) for block in body if block["type"] == "heading"],
            "lists": [_list_report(block) for block in body if block["type"] in LISTS],
            "citations": [
                [slots[ref] for ref in node["attrs"]["refs"]]
                for node in inlines(self.content)
                if node["type"] == "citation"
            ],
            "references": len(slots),
            "drugs": [{key: drug[key] for key in ("brand", "mark", "generic")} for drug in self.suggestions["drugs"]],
            "dropped": self.suggestions["dropped"],
            "warnings": self.suggestions["warnings"],
        }


def _list_report(node: Node) -> dict[str, int]:
    def nested(items: list[Node]) -> int:
        return sum(len(inner["content"]) + nested(inner["content"]) for item in items for inner in item["content"][1:])

    return {"items": len(node["content"]), "nested": nested(node["content"])}


def read(data: bytes, *, name: str = "") -> Manuscript:
    """Read a manuscript: plain text, HTML or Markdown. Raises UnreadableManuscript."""
    text = decode(data)
    desk = Desk()
    pieces = _pieces(text, name, desk)
    pieces, dropped = furniture.drop(pieces)
    desk.dropped += dropped
    if not pieces:
        raise UnreadableManuscript(_("The file holds no text of an article."))
    pieces = paragraphs.join(pieces)
    pieces = head.take_head(pieces, desk)
    pieces, entries, lines, _heading = sources.split(pieces)
    desk.understood += lines
    pieces = head.labels_inside(pieces, desk)
    pieces = paragraphs.find_headings(pieces, desk)
    return _assemble(pieces, entries, desk)


def _pieces(text: str, name: str, desk: Desk) -> list[Piece]:
    """The pieces of a text of any format, list items recognised."""
    if markup.is_html(text, name):
        page = markup.html_pieces(text)
    elif markup.is_markdown(text, name):
        fields, text, lines = labels.front_matter(text)
        head.take_fields(fields, desk)
        desk.understood += lines
        page = markup.markdown_pieces(text)
    else:
        return items.find_items(plain_pieces(text))
    if page.title:
        desk.understood.append(page.title)
        if not any(piece.kind == "heading" and piece.level == 1 for piece in page.pieces):
            desk.title = desk.title or re.split(r"\s+[|–—-]\s+", page.title)[0]  # noqa: RUF001
    if page.struck:
        words = " ".join(filter(None, page.struck))
        desk.understood.append(words)
        desk.warnings.append(_("Struck-out words were left out: %(words)s") % {"words": words[:300]})
    for picture in page.pictures:
        desk.understood.append(picture)
        desk.warnings.append(_("A picture without a description was left out: %(name)s") % {"name": picture or "?"})
    return items.find_items(page.pieces)


def _assemble(pieces: list[Piece], entries: dict[int, str], desk: Desk) -> Manuscript:
    if desk.hero is not None:
        pieces = [desk.hero, *pieces]
    lines = {id(runs): markers.flatten(runs, prose=prose) for runs, prose in all_runs(pieces)}
    csl, warnings = sources.read(entries)
    listed = max(csl, default=0)
    desk.warnings += markers.decide(list(lines.values()), listed)
    cited = [number for line in lines.values() for found in markers.accepted(line) for number in found.numbers]
    slots = {number: new_id() for number in range(1, max([listed, *cited], default=0) + 1)}
    writer = Writer(lines, slots)
    body = {"type": "doc", "content": list(writer.blocks(pieces, desk.hero))}
    if writer.unlinked:
        message = ngettext(
            "%(count)d link without a full address was left out; its words stayed.",
            "%(count)d links without a full address were left out; their words stayed.",
            writer.unlinked,
        )
        desk.warnings.append(message % {"count": writer.unlinked})
    content = {
        "schema": schema.SCHEMA,
        "title": desk.title,
        "standfirst": desk.standfirst,
        "slug": _slug(desk.slug or desk.title),
        "language": "en",
        "bylines": [{"name": name} for name in desk.bylines],
        "body": body,
        "references": [{"uid": uid, "csl": csl.get(number, {})} for number, uid in slots.items()],
        "facts": {},
        "seo": desk.seo,
        **({"legacy_review": desk.legacy} if desk.legacy else {}),
    }
    content = normal.normalise(content)
    if len(blocks(content)) > 2000 or sum(len(block_text(block)) for block in blocks(content)) > MAX_TEXT:
        raise UnreadableManuscript(
            _("The text is longer than 200,000 characters or 2,000 paragraphs. Cut it into several articles.")
        )
    problems = schema.validate(content)
    if problems:
        raise UnreadableManuscript(problems[0].message)
    suggestions = {
        "drugs": brands.suggest(content),
        "dropped": desk.dropped,
        "warnings": desk.warnings + warnings,
    }
    return Manuscript(content, suggestions, desk.understood)


def _slug(title: str) -> str:
    """The title as an address of at most 80 characters, cut between words."""
    slug = slugify(title).replace("_", "-")
    slug = re.sub(r"-{2,}", "-", slug).strip("-")
    if len(slug) > 80:
        slug = slug[:81].rpartition("-")[0] or slug[:80]
    return slug.strip("-")
