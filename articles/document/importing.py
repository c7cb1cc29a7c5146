"""From a pasted manuscript to the content of a draft: what is certain becomes structure, what is not stays text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from articles.document import normal, schema
from articles.document.manuscript import brands, furniture, items, labels, markers, markup, sources
from articles.document.manuscript.pieces import (
    Piece,
    Run,
    UnreadableManuscript,
    decode,
    ends,
    ends_with_colon,
    heading_like,
    joined,
    plain_pieces,
)
from articles.document.normal import text_node
from articles.document.problems import link_problem
from articles.document.schema import MAX_LIST_DEPTH, MAX_TEXT, new_id
from articles.document.tree import LISTS, Inlines, Node, block_text, blocks, inlines

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


@dataclass
class _Desk:
    """What is known about a manuscript while it is read."""

    title: str = ""
    standfirst: str = ""
    bylines: list[str] = field(default_factory=list)
    seo: dict[str, str] = field(default_factory=lambda: {"title": "", "description": ""})
    slug: str = ""
    label: labels.Label = field(default_factory=labels.Label)
    labelled: bool = False
    hero: Piece | None = None
    dropped: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    understood: list[str] = field(default_factory=list)

    def take_label(self, label: labels.Label, line: str) -> None:
        known = self.label
        known.by = known.by or label.by
        if not known.date:
            known.date, known.precision = label.date, label.precision
        if not known.updated:
            known.updated, known.updated_precision = label.updated, label.updated_precision
        for rest in label.rest:
            names = labels.names(rest)
            if names and not self.bylines:
                self.bylines = names
            elif len(rest) > 4 and not re.match(r"(?:page|content|article|on|and|this page)\Z", rest, re.IGNORECASE):
                self.dropped.append(rest)
        self.warnings += label.warnings
        self.labelled = True
        self.understood.append(line)

    @property
    def legacy(self) -> dict[str, str] | None:
        if not self.labelled:
            return None
        date, precision = self.label.date, self.label.precision
        if not date:
            date, precision = self.label.updated, self.label.updated_precision
        return {"by": self.label.by[:300], "date": date, "precision": precision} if self.label.by or date else None


def read(data: bytes, *, name: str = "") -> Manuscript:
    """Read a manuscript: plain text, HTML or Markdown. Raises UnreadableManuscript."""
    text = decode(data)
    desk = _Desk()
    pieces = _pieces(text, name, desk)
    pieces, desk.dropped = _without_furniture(pieces)
    if not pieces:
        raise UnreadableManuscript(_("The file holds no text of an article."))
    pieces = _join(pieces)
    pieces = _head(pieces, desk)
    pieces, entries, lines, _heading = sources.split(pieces)
    desk.understood += lines
    pieces = _labels_inside(pieces, desk)
    pieces = _find_headings(pieces, desk)
    return _assemble(pieces, entries, desk)


def _pieces(text: str, name: str, desk: _Desk) -> list[Piece]:
    """The pieces of a text of any format, list items recognised."""
    if markup.is_html(text, name):
        page = markup.html_pieces(text)
    elif markup.is_markdown(text, name):
        fields, text, lines = labels.front_matter(text)
        _fields(fields, desk)
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


def _fields(fields: dict[str, str], desk: _Desk) -> None:
    """Fields a manuscript states about itself, as "Title: …" or above a Markdown text."""
    for name, value in fields.items():
        key = re.sub(r"[\s_-]+", " ", name.lower())
        if key in ("title", "headline", "h1"):
            desk.title = desk.title or value[:300]
        elif key in (
            "standfirst",
            "subtitle",
            "subhead",
            "subheading",
            "sub headline",
            "dek",
            "deck",
            "summary",
            "excerpt",
        ):
            desk.standfirst = desk.standfirst or value[:1000]
        elif key in ("meta description", "seo description", "description"):
            desk.seo["description"] = value[:500]
        elif key in ("seo title", "meta title"):
            desk.seo["title"] = value[:300]
        elif key in ("slug", "url slug"):
            desk.slug = slugify(value)
        elif key in ("author", "authors", "by"):
            desk.bylines = [part.strip()[:200] for part in re.split(r",|;| and ", value.strip("[]")) if part.strip()]
        else:
            label = labels.review(f"{name.replace('_', ' ')}: {value}") or labels.review(f"{name} {value}")
            if label:
                desk.take_label(label, f"{name}: {value}")


def _without_furniture(pieces: list[Piece]) -> tuple[list[Piece], list[str]]:
    kept, dropped = furniture.drop(pieces)
    return kept, dropped


# Lines to paragraphs


def _join(pieces: list[Piece]) -> list[Piece]:
    """Lines that were broken to fit a width, or by furniture, as the paragraphs and items they were."""
    inner = [
        len(piece.text) + piece.indent
        for piece, following in zip(pieces, pieces[1:], strict=False)
        if piece.kind in ("text", "item") and following.kind == "text" and not following.gap
    ]
    width = max(inner, default=0)
    kept: list[Piece] = []
    listing = False
    for piece in pieces:
        last = kept[-1] if kept else None
        listing = listing or (piece.kind in ("text", "heading") and furniture.is_reference_heading(piece.line))
        if listing and sources.ENTRY.match(piece.text):
            kept.append(replace(piece, runs=list(piece.runs)))
            continue
        if last is not None and _continues(last, piece, width):
            joint = "\n" if piece.sure and not piece.gap and not piece.after_furniture and ends(last.text) else " "
            last.runs = joined(last.runs, piece.runs, joint)
            last.indent = last.indent if last.kind == "item" else piece.indent
            last.after_furniture = last.after_furniture
            last.caption = str(len(piece.text) + piece.indent)  # the length of the last line, for the next one
            continue
        kept.append(replace(piece, runs=list(piece.runs), caption=piece.caption or ""))
    for piece in kept:
        if piece.kind != "table":
            piece.caption = ""
    return kept


def _continues(last: Piece, piece: Piece, width: int) -> bool:
    """Whether a line goes on with the paragraph or item before it."""
    if piece.kind != "text" or last.kind not in ("text", "item") or piece.role == "caption" or last.role == "caption":
        return False
    if (
        last.quote != piece.quote
        or _is_label(last.line)
        or _is_label(piece.line)
        or furniture.is_reference_heading(piece.line)
    ):
        return False
    first = piece.text.lstrip("“\"'‘([")[:1]
    open_end = not ends(last.text)
    lower = first.islower() and not re.match(r"[a-z][.)]\s", piece.text)
    if piece.gap:
        broken = open_end and lower and (piece.after_furniture or (len(last.text) >= 60 and last.kind == "text"))
        return broken and (piece.after_furniture or not heading_like(last.line))
    length = int(last.caption) if last.caption.isdigit() else len(last.text) + last.indent
    word = (piece.text.split() or [""])[0]
    if last.kind == "item" and not piece.sure:
        if piece.indent > last.indent or (lower and open_end):
            return True
        return (
            40 <= width <= 120
            and length + 1 + len(word) > width
            and piece.indent >= last.indent
            and (lower or open_end)
        )
    if 40 <= width <= 120 and length + 1 + len(word) > width and length >= 40:
        return True
    return (open_end and lower) or (piece.sure and last.kind == "text" and not _tight(last, piece))


def _tight(last: Piece, piece: Piece) -> bool:
    """Lines of one paragraph of markup that are paragraphs all the same."""
    return heading_like(last.line) or heading_like(piece.line) or last.role == "bold" or piece.role == "bold"


def _is_label(line: str) -> bool:
    return bool(
        labels.review(line) or labels.names(line) or labels.waiting(line) or labels.FIELD.fullmatch(line) or labels.alt_inside(line)
        or labels.waiting_alt(line)
    )  # fmt: skip


# The head


def _head(pieces: list[Piece], desk: _Desk) -> list[Piece]:
    """Picture, title, standfirst, author and review line off the top of the manuscript; the rest comes back."""
    top = next(
        (place for place, piece in enumerate(pieces[:25]) if piece.kind == "heading" and piece.level == 1),
        None,
    )
    queue = list(pieces)
    kept: list[Piece] = []
    if top is not None:
        desk.title = desk.title or pieces[top].line[:300]
        before, queue = pieces[:top], pieces[top + 1 :]
        desk.understood.append(pieces[top].line)
        queue = _above_title(before, desk, kept) + queue
    elif desk.title:
        while queue and queue[0].line == desk.title:
            queue.pop(0)
    else:
        queue = _plain_title(queue, desk)
    return kept + _below_title(queue, desk)


def _above_title(before: list[Piece], desk: _Desk, kept: list[Piece]) -> list[Piece]:
    """What stands above a marked title: pictures, labels, a kicker; longer text is kept."""
    queue = list(before)
    while queue:
        piece = queue.pop(0)
        if _front(piece, queue, desk):
            continue
        if piece.role == "caption" and desk.hero is not None:
            desk.hero.caption = piece.line
        elif piece.kind in ("text", "heading") and (heading_like(piece.line) or furniture.is_breadcrumb(piece.line)):
            desk.dropped.append(piece.line)
        elif piece.kind == "text" and desk.hero is None and len(piece.line.split()) >= 5 and not kept:
            _guess_hero(piece, desk)
        else:
            kept.append(piece)
    return []


def _guess_hero(piece: Piece, desk: _Desk) -> None:
    desk.hero = Piece("image", [Run(piece.line)])
    message = _("“%(words)s…” was read as the description of the main picture, because it stands before the title.")
    desk.warnings.append(message % {"words": piece.line[:60]})


def _front(piece: Piece, queue: list[Piece], desk: _Desk) -> bool:
    """Take a piece that says something about the article; `queue` is what follows."""
    line = piece.line
    if piece.kind == "image":
        if desk.hero is not None:
            return False
        desk.hero = piece
        return True
    if piece.kind not in ("text", "heading"):
        return False
    if labels.waiting_alt(line) and queue and queue[0].kind == "text" and desk.hero is None:
        desk.understood.append(line)
        desk.hero = Piece("image", [Run(queue.pop(0).line)])
        return True
    alt = labels.alt(line)
    if alt and desk.hero is None:
        desk.understood.append(line)
        desk.hero = Piece("image", [Run(alt)])
        return True
    given = labels.FIELD.fullmatch(line)
    if given:
        _fields({given["name"]: given["value"]}, desk)
        desk.understood.append(line)
        return True
    return _about(piece, queue, desk)


def _about(piece: Piece, queue: list[Piece], desk: _Desk) -> bool:
    """Take a line on review or authorship, with the value on the next line where it stands there."""
    line = piece.line
    label = labels.review(line)
    if label is None and labels.waiting(line) and queue and queue[0].kind == "text":
        label = labels.review(f"{line} {queue[0].line}")
        if label:
            line = f"{line} {queue.pop(0).line}"
    if label:
        desk.take_label(label, line)
        return True
    names = labels.names(line)
    if names:
        desk.bylines = desk.bylines or [name[:200] for name in names]
        desk.understood.append(line)
        return True
    return False


def _plain_title(queue: list[Piece], desk: _Desk) -> list[Piece]:
    """The title of a text without marked headings: the first line that looks like one."""
    queue = list(queue)
    held: list[Piece] = []
    while queue:
        piece = queue.pop(0)
        following = next((other for other in queue if not _is_label(other.line)), None)
        if piece.kind == "item" or piece.kind == "table":
            held.append(piece)
            break
        if _front(piece, queue, desk):
            if desk.title:
                return held + queue
            continue
        if piece.kind == "text" and furniture.is_breadcrumb(piece.line) and queue:
            desk.dropped.append(piece.line)
        elif piece.kind == "heading" or heading_like(piece.line) or _short_sentence(piece, queue):
            if _is_kicker(piece, following):
                desk.dropped.append(piece.line)
                continue
            desk.title = piece.line[:300]
            desk.understood.append(piece.line)
            return held + queue
        elif (
            desk.hero is None and not held and following is not None and heading_like(following.line) and len(queue) > 1
        ):
            _guess_hero(piece, desk)
        else:
            held.append(piece)
            break
    desk.warnings.append(_("No title was found. Write one."))
    return held + queue


def _short_sentence(piece: Piece, queue: list[Piece]) -> bool:
    """A title that ends like a sentence: short, and a label or a longer paragraph follows."""
    if len(piece.line.split()) > 16 or len(piece.line) > 120 or not queue:
        return False
    return (
        piece.line.endswith(("?", "!"))
        or _is_label(queue[0].line)
        or (queue[0].kind == "text" and len(queue[0].line) > 2 * len(piece.line) and not heading_like(queue[0].line))
    )


def _is_kicker(piece: Piece, following: Piece | None) -> bool:
    """Whether a line above the title is only its section: few words, and a longer line follows that is a title."""
    if following is None or following.kind not in ("text", "heading") or not heading_like(following.line):
        return False
    words, more = len(piece.line.split()), len(following.line.split())
    if furniture.is_breadcrumb(piece.line):
        return True
    return (words <= 3 and more > words + 1) or (piece.line.isupper() and not following.line.isupper() and words <= 5)


def _below_title(queue: list[Piece], desk: _Desk) -> list[Piece]:
    """Author, review line, picture and standfirst between the title and the first paragraph."""
    queue = list(queue)
    held: list[Piece] = []
    for _step in range(12):
        if not queue:
            break
        piece = queue.pop(0)
        if _front(piece, queue, desk):
            continue
        if piece.role == "caption" and desk.hero is not None and not desk.hero.caption:
            desk.hero.caption = piece.line
        elif not held and not desk.standfirst and _is_standfirst(piece, queue):
            desk.standfirst = piece.line[:1000]
            desk.understood.append(piece.line)
        elif piece.kind == "text" and _is_date(piece.line):
            desk.dropped.append(piece.line)
        else:
            queue.insert(0, piece)
            break
    return held + queue


def _is_date(line: str) -> bool:
    return bool(labels.parse_date(line)[0]) and len(line) > 4


def _is_standfirst(piece: Piece, queue: list[Piece]) -> bool:
    """One line between title and review line, or marked as such."""
    if piece.kind != "text" or len(piece.line.split()) > 60 or re.search(r"\d\Z|\]\Z", piece.line):
        return False
    if piece.role == "standfirst":
        return True
    return bool(queue) and (
        bool(labels.review(queue[0].line)) or bool(labels.names(queue[0].line)) or bool(labels.waiting(queue[0].line))
    )


def _labels_inside(pieces: list[Piece], desk: _Desk) -> list[Piece]:
    """Labels further down: a review line at the end, the description of a picture amid the text."""
    kept: list[Piece] = []
    queue = list(pieces)
    while queue:
        piece = queue.pop(0)
        line = piece.line
        if piece.kind != "text":
            kept.append(piece)
            continue
        if piece.role == "caption" and kept and kept[-1].kind == "image":
            kept[-1].caption = line
            continue
        label = labels.review(line) if piece.gap or not kept or kept[-1].kind != "item" else None
        if label is None and labels.waiting(line) and queue and queue[0].kind == "text":
            label = labels.review(f"{line} {queue[0].line}")
            line = f"{line} {queue.pop(0).line}" if label else line
        if label:
            desk.take_label(label, line)
        elif labels.alt_inside(line) and not any(run.href for run in piece.runs):
            desk.understood.append(line)
            kept.append(Piece("image", [Run(labels.alt_inside(line))]))
            message = _("“%(words)s…” was read as the description of a picture in the text.")
            desk.warnings.append(message % {"words": line[:60]})
        else:
            kept.append(piece)
    return kept


# Headings


def _find_headings(pieces: list[Piece], desk: _Desk) -> list[Piece]:
    """Short lines on their own become headings; several of them after a colon are a list that lost its bullets."""
    marked = any(piece.kind == "heading" and piece.sure and piece.level > 1 for piece in pieces)
    levels = [min(piece.level, 6) for piece in pieces if piece.kind == "heading" and piece.sure]
    shift = min(levels, default=2) - 2
    found: list[Piece] = []
    place = 0
    while place < len(pieces):
        piece = pieces[place]
        if piece.kind == "heading":
            if _is_paragraph(piece):
                found.append(replace(piece, kind="text"))
            else:
                found.append(replace(piece, level=max(2, min(4, piece.level - shift))))
        elif piece.kind == "text" and piece.role != "caption" and not piece.quote:
            run = _short_run(pieces, place)
            if found and ends_with_colon(found[-1].text) and run >= 2 and not marked:
                place = _bare_list(pieces, place, run, found, desk)
                continue
            if run >= 4 and not marked and piece.role != "bold":
                found += pieces[place : place + run]
                message = _("“%(words)s” and the short lines after it were left as paragraphs. Should they be a list?")
                desk.warnings.append(message % {"words": piece.line[:60]})
                place += run
                continue
            below = marked and any(other.kind == "heading" and other.sure for other in found)
            found.append(_maybe_heading(pieces, place, marked=marked, below=below))
        else:
            found.append(piece)
        place += 1
    return found


def _is_paragraph(piece: Piece) -> bool:
    return len(piece.line) > 160 or (len(piece.line) > 90 and piece.line.endswith("."))


def _short_run(pieces: list[Piece], place: int) -> int:
    """How many lines from here on look like headings, one after the other."""
    end = place
    while (
        end < len(pieces)
        and pieces[end].kind == "text"
        and pieces[end].role != "bold"
        and heading_like(pieces[end].line)
    ):
        end += 1
    return end - place


def _bare_list(pieces: list[Piece], place: int, run: int, found: list[Piece], desk: _Desk) -> int:
    """Short lines after "include:" as items; the last is a heading when it stands apart and a paragraph follows."""
    lines = pieces[place : place + run]
    after = pieces[place + run] if place + run < len(pieces) else None
    last_is_heading = (
        run >= 3 and after is not None and after.kind == "text" and (lines[-1].gap and not lines[1].gap or lines[1].gap)
    )
    if last_is_heading:
        lines = lines[:-1]
    found += [replace(piece, kind="item", glyph="•", sure=True, gap=False) for piece in lines]
    message = _("“%(words)s” and the lines after it were read as a list that had lost its bullets.")
    desk.warnings.append(message % {"words": lines[0].line[:60]})
    return place + len(lines)


def _maybe_heading(pieces: list[Piece], place: int, *, marked: bool, below: bool) -> Piece:
    piece = pieces[place]
    before = pieces[place - 1] if place else None
    after = pieces[place + 1] if place + 1 < len(pieces) else None
    if piece.role == "bold" and after is not None and heading_like(piece.line):
        runs = [replace(run, marks=run.marks - {"strong"}) for run in piece.runs]
        return replace(piece, kind="heading", level=3 if below else 2, runs=runs)
    shouted = piece.line.isupper() and piece.line.endswith(":") and len(piece.line) <= 60
    if marked or not (shouted or heading_like(piece.line)) or after is None or piece.role == "bold":
        return piece
    if after.kind not in ("text", "item", "table", "image", "heading"):
        return piece
    if after.kind == "text" and not after.gap and not (ends(after.line) and len(after.line) > len(piece.line)):
        return piece
    starts = piece.gap or before is None or before.kind != "text" or ends(before.text)
    if not starts or piece.indent > 8:
        return piece
    return replace(piece, kind="heading", level=2)


# Pieces to content


def _assemble(pieces: list[Piece], entries: dict[int, str], desk: _Desk) -> Manuscript:
    if desk.hero is not None:
        pieces = [desk.hero, *pieces]
    lines = {id(runs): markers.flatten(runs) for runs in _all_runs(pieces)}
    csl, warnings = sources.read(entries)
    listed = max(csl, default=0)
    desk.warnings += markers.decide(list(lines.values()), listed)
    cited = [number for line in lines.values() for found in markers.accepted(line) for number in found.numbers]
    slots = {number: new_id() for number in range(1, max([listed, *cited], default=0) + 1)}
    writer = _Writer(lines, slots)
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
    if sum(len(block_text(block)) for block in blocks(content)) > MAX_TEXT:
        raise UnreadableManuscript(_("The text is longer than 200,000 characters. Cut it into several articles."))
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


def _all_runs(pieces: list[Piece]) -> Iterator[list[Run]]:
    for piece in pieces:
        if piece.kind == "table":
            for row in piece.rows:
                for _header, cell in row:
                    yield cell
        elif piece.kind != "image":
            yield piece.runs


class _Writer:
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
