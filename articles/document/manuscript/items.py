"""List items in plain lines: bullets of all kinds and numbers, and which list a line belongs to."""

from __future__ import annotations

import re
from dataclasses import replace

from articles.document.manuscript.furniture import is_furniture, is_reference_heading
from articles.document.manuscript.pieces import Piece, Run, ends, ends_with_colon

ROUND = "•●○◦▪▫■□‣⁃∙·➢➤►▶▸→⇒✓✔✗✘❖◆◇♦★☐☑\uf0b7\uf0a7\uf076\uf0d8\uf0fc\uf02d"
BULLET = re.compile(rf"(?:([{ROUND}])\s*|([-–—*+])\s+|([oØü§])\s+)(?=\S)")
SPACED_LETTER = re.compile(r"[oØü§]\s{2,}\S")
NUMBER = re.compile(r"\(?(\d{1,3})(?:[.)])\s+(?=\S)")
LETTER = re.compile(r"\(?([a-z])[.)]\s+(?=\S)")
ROMAN = re.compile(r"\(?(i{1,3}|iv|v|vi{1,3}|ix|x)[.)]\s+(?=\S)")
ROMANS = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")


def _cut(piece: Piece, length: int, glyph: str, number: int = 0) -> Piece:
    """The piece as an item, its marker taken off the front."""
    runs, left = [], length
    for run in piece.runs:
        taken = min(left, len(run.text))
        left -= taken
        if run.text[taken:]:
            runs.append(replace(run, text=run.text[taken:], raised=run.raised))
    if runs:
        runs[0] = replace(runs[0], text=runs[0].text.lstrip())
    return replace(piece, kind="item", runs=runs or [Run("")], glyph=glyph, number=number)


def _opens_list(piece: Piece, before: Piece | None, following: Piece | None) -> bool:
    """Whether a list may begin here: after a colon or a gap, or with another item next."""
    if before is None or before.kind == "item" or piece.gap or ends_with_colon(before.text):
        return True
    return following is not None and bool(BULLET.match(following.text))


TIGHT = re.compile(r"([-–—*])(?=[A-Za-z“\"])(?!.*[*]\Z)")  # noqa: RUF001


def _as_tight_bullet(piece: Piece, before: Piece | None, following: Piece | None) -> Piece | None:
    """ "-Spine" above "-Pelvis": a dash without a space is a bullet when the line beside it has one too."""
    match = TIGHT.match(piece.text)
    beside = [other.text if other.kind == "text" else other.glyph + "x" for other in (before, following) if other]
    if match and any(TIGHT.match(text) and text[0] == match.group(1) for text in beside):
        return _cut(piece, match.end(), match.group(1))
    return None


def _as_bullet(piece: Piece, before: Piece | None, following: Piece | None) -> Piece | None:
    match = BULLET.match(piece.text)
    if not match:
        return None
    glyph = next(filter(None, match.groups()))
    after_item = before is not None and (before.kind == "item" or ends_with_colon(before.text))
    if glyph in "oØü§" and not (SPACED_LETTER.match(piece.text) or after_item):
        return None
    if glyph in "–—-*+" and not _opens_list(piece, before, following):
        return None
    if glyph in "–—-" and before is not None and before.kind == "text" and re.search('[”"]\\Z', before.text):
        return None  # the name under a quotation
    return _cut(piece, match.end(), glyph)


def _as_number(piece: Piece, before: Piece | None) -> Piece | None:
    match = NUMBER.match(piece.text)
    if match:
        number = int(match.group(1))
        goes_on = before is not None and before.kind == "item"
        if number == 1 or piece.gap or goes_on or (before is not None and ends_with_colon(before.text)):
            return _cut(piece, match.end(), "1", number)
        return None
    if before is None or before.kind != "item":
        return None
    match = ROMAN.match(piece.text)
    if match and (match.group(1) == "i" and before.glyph != "a" or before.glyph == "i"):
        return _cut(piece, match.end(), "i", ROMANS.index(match.group(1)) + 1)
    match = LETTER.match(piece.text)
    if match:
        number = ord(match.group(1)) - 96
        if number == 1 or before.glyph in ("a", "1", "i"):
            return _cut(piece, match.end(), "a", number)
    return None


def find_items(pieces: list[Piece]) -> list[Piece]:
    """The pieces with every line that is a list item recognised as one."""
    found: list[Piece] = []
    for place, piece in enumerate(pieces):
        before = _before(found)
        following = pieces[place + 1] if place + 1 < len(pieces) else None
        item = None
        if piece.kind == "text" and not piece.role:
            item = (
                _as_bullet(piece, before, following)
                or _as_tight_bullet(piece, before, following)
                or _as_number(piece, before)
            )
        found.append(item or piece)
    return _numbered_headings(found)


def _before(found: list[Piece]) -> Piece | None:
    """The piece a line follows, furniture left out; the item itself where its text goes on over several lines."""
    rest = [piece for piece in found[-6:] if piece.kind != "text" or not is_furniture(piece.line)]
    for place in range(len(rest) - 1, -1, -1):
        if rest[place].kind == "item":
            return rest[place]
        if rest[place].gap or rest[place].kind != "text" or rest[place].indent == 0 and ends(rest[place].line):
            break
    return rest[-1] if rest else None


def _numbered_headings(pieces: list[Piece]) -> list[Piece]:
    """ "1. What is it?" between paragraphs is a heading, when it is not the only one."""

    def alone(place: int) -> bool:
        piece = pieces[place]
        around = [pieces[other] for other in (place - 1, place + 1) if 0 <= other < len(pieces)]
        return (
            piece.kind == "item" and piece.glyph == "1" and not piece.sure and len(piece.text) <= 90
            and not re.search(r"[.;,:]\d*\Z", piece.text)
            and all(other.kind != "item" or other.glyph != "1" for other in around)
            and place + 1 < len(pieces) and pieces[place + 1].kind == "text" and len(pieces[place + 1].text) > max(20, len(piece.text) + 10)
            and pieces[place + 1].indent <= piece.indent and not pieces[place + 1].text[:1].islower()
        )  # fmt: skip

    listed = next((place for place, piece in enumerate(pieces) if is_reference_heading(piece.line)), len(pieces))
    places = [place for place in range(listed) if alone(place)]
    if len(places) < 2 or [pieces[place].number for place in places][:2] != [1, 2]:
        return pieces
    headed = list(pieces)
    for place in places:
        piece = pieces[place]
        runs = [Run(f"{piece.number}. "), *piece.runs]
        headed[place] = replace(piece, kind="heading", level=2, runs=runs, glyph="", number=0)
    return headed


def split_lists(pieces: list[Piece]) -> list[list[Piece]]:
    """A run of items as its lists: numbering that starts again starts another list."""
    lists: list[list[Piece]] = []
    for place, piece in enumerate(pieces):
        top = lists[-1][0] if lists else None
        if top is None or _starts_another(piece, place, top, lists[-1], pieces):
            lists.append([])
        lists[-1].append(piece)
    return lists


def _ordered(piece: Piece) -> bool:
    return piece.glyph in ("1", "a", "i")


def _starts_another(piece: Piece, place: int, top: Piece, current: list[Piece], pieces: list[Piece]) -> bool:
    if piece.indent > top.indent + 1 or piece.after_furniture:
        return False
    if _ordered(piece) and piece.glyph == top.glyph and piece.number == 1 and len(current) > 0:
        return (
            not any(_ordered(item) and item.number > 1 for item in pieces[place:])
            or current[-1].number > 1
            or piece.gap
        )
    if piece.gap and _ordered(piece) != _ordered(top) and not piece.sure:
        seen = {item.glyph for item in current}
        return piece.glyph not in seen and not any(item.glyph == top.glyph for item in pieces[place + 1 :])
    return piece.sure and piece.indent == top.indent and _ordered(piece) != _ordered(top)


def depths(pieces: list[Piece]) -> list[int]:
    """How deep each item of one list is: by indentation, or by its bullet where all are equally far in."""
    stack: list[tuple[int, str]] = []
    found = []
    for piece in pieces:
        glyph = piece.glyph if not piece.sure else ""
        while stack and piece.indent < stack[-1][0] - 1:
            stack.pop()
        if not stack or piece.indent > stack[-1][0] + 1:
            stack.append((piece.indent, glyph))
        elif glyph != stack[-1][1] and not piece.sure:
            level = [known for known, (indent, _glyph) in enumerate(stack) if abs(indent - piece.indent) <= 1]
            same = [known for known in level if stack[known][1] == glyph]
            if same:
                del stack[same[-1] + 1 :]
            elif _may_nest(stack[-1][1], glyph):
                stack.append((piece.indent, glyph))
        found.append(len(stack) - 1)
    return found


def _may_nest(outer: str, inner: str) -> bool:
    """Dashes of two lengths are one list typed carelessly; other bullets differ on purpose."""
    dashes = set("-–—")
    return not {outer, inner} <= dashes
