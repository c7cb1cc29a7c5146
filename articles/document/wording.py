"""Two versions of a text, word by word: what stayed, what went, what came, and what changed only in its look."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from articles.document.aligning import Op, opcodes
from articles.document.tokens import Token, is_space

MOST_SENTENCES = 12
# A text of which less is left was written anew; shared small words would only break it to pieces.
LEFT = 0.2
ENOUGH_WORDS = 20


class Piece(NamedTuple):
    """A stretch of text that was treated alike."""

    op: str  # same, del, ins
    text: str
    strong: bool = False
    em: bool = False
    href: str = ""
    kind: str = "text"  # text, citation, drug, subtype, break, line
    lead: str = ""

    @property
    def is_blank(self) -> bool:
        return self.kind == "text" and not self.text.strip()

    @property
    def starts_cell(self) -> bool:
        return self.kind == "line" and self.text == "\t"

    @property
    def starts_line(self) -> bool:
        return self.kind == "line" and self.text == "\n"


class Sides:
    """What has an old and a new version in pieces."""

    old: list[Piece]
    new: list[Piece]

    @cached_property
    def has_words(self) -> bool:
        """Whether words changed, and not only place or form."""
        return any(piece.op != "same" for piece in [*self.old, *self.new])


class Wording(NamedTuple):
    """Both versions in pieces, and sentences about what a reader of the words would not notice."""

    old: list[Piece]
    new: list[Piece]
    what: list[str]
    is_changed: bool
    renumbered: bool


def pieces(tokens: list[Token], ops: list[str]) -> list[Piece]:
    """The tokens as pieces; neighbours that are alike become one."""
    made: list[Piece] = []
    texts: list[str] = []
    for token, op in zip(tokens, ops, strict=True):
        piece = Piece(op, "", token.strong, token.em, token.href, token.kind, token.lead)
        if made and token.kind == "text" and made[-1] == piece:
            texts[-1] += token.text
        else:
            made.append(piece)
            texts.append(token.text)
    return [piece._replace(text=text) for piece, text in zip(made, texts, strict=True)]


def whole(tokens: list[Token], op: str) -> list[Piece]:
    return pieces(tokens, [op] * len(tokens))


def _blank(tokens: list[Token]) -> bool:
    return all(token.kind == "text" and is_space(token.key) for token in tokens)


def _tidy(ops: list[Op], old: list[Token], new: list[Token]) -> list[Op]:
    """Changes that only a space keeps apart become one: “will take” to “may suggest” is one change."""
    tidy: list[Op] = []
    for op in ops:
        joins = (
            len(tidy) > 1
            and op[0] != "equal"
            and tidy[-1][0] == "equal"
            and tidy[-2][0] != "equal"
            and _blank(old[tidy[-1][1] : tidy[-1][2]])
        )
        if joins:
            _kind, here, _end, there, _new_end = tidy[-2]
            if not _blank(old[here : op[2]]) and not _blank(new[there : op[4]]):
                tidy[-2:] = [("replace", here, op[2], there, op[4])]
                continue
        tidy.append(op)
    return tidy


def _by_lines(ops: list[Op], old: list[Token], new: list[Token]) -> list[Op]:
    """A line that came or went is shown from its own start, and not from the start of the next one."""
    moved = list(ops)
    for place in range(1, len(ops) - 1):
        kind, here, end, there, new_end = moved[place]
        before, after = moved[place - 1], moved[place + 1]
        if kind not in ("insert", "delete") or before[0] != "equal" or after[0] != "equal":
            continue
        tokens, start, stop = (new, there, new_end) if kind == "insert" else (old, here, end)
        if tokens[start - 1].kind == "line" and tokens[start - 1].key == tokens[stop - 1].key:
            moved[place - 1] = ("equal", before[1], before[2] - 1, before[3], before[4] - 1)
            moved[place] = (kind, here - 1, end - 1, there - 1, new_end - 1)
            moved[place + 1] = ("equal", after[1] - 1, after[2], after[3] - 1, after[4])
    return moved


def _is_rewritten(ops: list[Op], old: list[Token], new: list[Token]) -> bool:
    count = sum(not is_space(token.key) for token in old) + sum(not is_space(token.key) for token in new)
    kept = sum(
        not is_space(token.key)
        for kind, here, end, _there, _new_end in ops
        if kind == "equal"
        for token in old[here:end]
    )
    return count > 2 * ENOUGH_WORDS and 2 * kept < LEFT * count


def _look(token: Token) -> list[str]:
    said = [_("bold")] if token.strong else []
    said += [_("italic")] if token.em else []
    return said + ([_("a link to %(address)s") % {"address": token.href}] if token.href else [])


def _short(text: str, most: int = 80) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _look_change(old: list[Token], new: list[Token]) -> str:
    """A sentence about words that are the same and look different."""
    first, now = old[0], new[0]
    text = _short("".join(token.text for token in new)) or _("a space")
    if now.kind == "citation":
        return _("A source of marker %(label)s is described differently.") % {"label": now.text}
    if (first.strong, first.em, first.href) == (now.strong, now.em, now.href):
        return _("“%(old)s” is shown as “%(new)s” now.") % {"old": first.text, "new": now.text}
    nothing = _("plain")
    was, is_now = ", ".join(_look(first)) or nothing, ", ".join(_look(now)) or nothing
    return _("“%(text)s” was %(old)s and is %(new)s now.") % {"text": text, "old": was, "new": is_now}


def _line_change(old: tuple[Any, ...], new: tuple[Any, ...], texts: list[str]) -> str:
    """A sentence about lines that stand in another way: as an item, deeper, as a heading."""
    named = ", ".join(f"“{text}”" for text in texts[:3])
    if len(texts) > 3:
        more = ngettext("%(lines)s and %(count)d more line", "%(lines)s and %(count)d more lines", len(texts) - 3)
        named = more % {"lines": named, "count": len(texts) - 3}
    return _("%(lines)s: was %(old)s, is %(new)s now.") % {"lines": named, "old": _role(old), "new": _role(new)}


def _role(more: tuple[Any, ...]) -> str:
    if more[0] == "cell":
        return _("a heading of the table") if more[1] else _("a cell of the table")
    if more[0] == "item":
        item = _("a numbered item on level %(depth)d") if more[2] else _("an item with a bullet on level %(depth)d")
        return item % {"depth": more[1]}
    return _("a heading") if more[0] == "heading" else _("a paragraph")


class _Comparing:
    def __init__(self, old: list[Token], new: list[Token]) -> None:
        self.old, self.new = old, new
        self.old_ops, self.new_ops = ["same"] * len(old), ["same"] * len(new)
        self.looks: list[str] = []
        self.lines: dict[tuple[Any, Any], list[str]] = {}
        self.reordered = False
        self.renumbered = False

    def wording(self) -> Wording:
        ops = opcodes([token.key for token in self.old], [token.key for token in self.new], is_space)
        if _is_rewritten(ops, self.old, self.new):
            ops = [("replace", 0, len(self.old), 0, len(self.new))]
        for kind, here, end, there, new_end in _by_lines(_tidy(ops, self.old, self.new), self.old, self.new):
            if kind == "equal":
                self.equal(here, there, end - here)
            else:
                self.old_ops[here:end] = ["del"] * (end - here)
                self.new_ops[there:new_end] = ["ins"] * (new_end - there)
        what = [_line_change(old, new, texts) for (old, new), texts in self.lines.items()]
        if self.reordered:
            what.append(_("The sources of a marker are stored in another order; readers see no difference."))
        changed = "del" in self.old_ops or "ins" in self.new_ops or bool(what)
        old, new = pieces(self.old, self.old_ops), pieces(self.new, self.new_ops)
        return Wording(old, new, what + _few(self.looks), changed, self.renumbered)

    def equal(self, here: int, there: int, length: int) -> None:
        """The same words: what changed in their look is a change all the same."""
        place = 0
        while place < length:
            was, now = self.old[here + place], self.new[there + place]
            if was.look == now.look or was.kind == "line":
                self.same(was, now, there + place)
                place += 1
                continue
            start = place
            while place < length and self._alike(here, there, start, place):
                place += 1
            self.old_ops[here + start : here + place] = ["del"] * (place - start)
            self.new_ops[there + start : there + place] = ["ins"] * (place - start)
            old, new = self.old[here + start : here + place], self.new[there + start : there + place]
            self.looks.append(_look_change(old, new))

    def _alike(self, here: int, there: int, start: int, place: int) -> bool:
        """Whether a token took part in the same change of look as the one the change starts with."""
        first, now = self.old[here + start], self.new[there + start]
        other, then = self.old[here + place], self.new[there + place]
        return place == start or (
            first.kind == other.kind == "text" and (first.look, now.look) == (other.look, then.look)
        )

    def same(self, was: Token, now: Token, at: int) -> None:
        if was.kind == "citation":
            self.renumbered |= was.text != now.text
            self.reordered |= was.refs != now.refs
        if was.kind == "line" and was.more != now.more:
            self.lines.setdefault((was.more, now.more), []).append(self.start_of_line(at))

    def start_of_line(self, at: int) -> str:
        text = ""
        for token in self.new[at + 1 : at + 40]:
            if token.kind == "line":
                break
            text += token.text
        return _short(text, 40)


def _few(sentences: list[str]) -> list[str]:
    """Each sentence once, and not more of them than somebody reads."""
    once = list(dict.fromkeys(sentences))
    left = len(once) - MOST_SENTENCES
    if left < 2:
        return once
    more = ngettext("And %(count)d more change like these.", "And %(count)d more changes like these.", left)
    return [*once[:MOST_SENTENCES], more % {"count": left}]


def compared(old: list[Token], new: list[Token]) -> Wording:
    """Both versions in pieces; joined, the texts of either side are its text again."""
    if old == new:
        same = whole(new, "same")
        return Wording(same, same, [], is_changed=False, renumbered=False)
    return _Comparing(old, new).wording()
