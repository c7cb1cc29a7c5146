"""Broken lines as the paragraphs and items they were, and which short lines are headings."""

from __future__ import annotations

import re
from dataclasses import replace

from django.utils.translation import gettext as _

from articles.document.manuscript import furniture, labels, sources
from articles.document.manuscript.head import Desk, is_label
from articles.document.manuscript.pieces import Piece, ends, ends_with_colon, heading_like, joined


def join(pieces: list[Piece]) -> list[Piece]:
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
    first = piece.text.lstrip("“\"'‘([")[:1]
    open_end = not ends(last.text)
    lower = first.islower() and not re.match(r"[a-z][.)]\s", piece.text)
    broken_alt = bool(labels.alt_inside(last.line)) and open_end and lower and not piece.gap
    if (
        last.quote != piece.quote
        or (is_label(last.line) and not broken_alt)
        or is_label(piece.line)
        or furniture.is_reference_heading(piece.line)
    ):
        return False
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
        heads = not open_end and heading_like(piece.line) and 2 * len(piece.line) < width  # a broken line is long
        return not heads
    return (open_end and lower) or (piece.sure and last.kind == "text" and not _tight(last, piece))


def _tight(last: Piece, piece: Piece) -> bool:
    """Lines of one paragraph of markup that are paragraphs all the same."""
    return heading_like(last.line) or heading_like(piece.line) or last.role == "bold" or piece.role == "bold"


def find_headings(pieces: list[Piece], desk: Desk) -> list[Piece]:
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
                lines = pieces[place : place + run]
                if lines[1].gap and not any(line.gap for line in lines[2:]):  # the lines stand together below it
                    lines[0] = replace(piece, kind="heading", level=2)
                found += lines
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


def _bare_list(pieces: list[Piece], place: int, run: int, found: list[Piece], desk: Desk) -> int:
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
