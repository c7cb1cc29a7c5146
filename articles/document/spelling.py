"""Whether a change is no more than spelling, punctuation or layout; when in doubt it is more."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator

from django.utils.translation import gettext as _

from articles.document import lexicon
from articles.document.aligning import opcodes
from articles.document.canonical import canonical
from articles.document.stream import Item, Stream
from articles.document.tokens import Node, Shown, dictionary, sequence, stored

SHORTEST = 5
FARTHEST = 2
MOST_PAIRS = 900
MOST_REASONS = 40
TEXTS = {"title", "standfirst", "seo", "body"}


def distance(old: str, new: str, most: int = FARTHEST) -> int:
    """How many letters were changed, added, dropped or swapped with their neighbour; `most` + 1 for more than that."""
    if abs(len(old) - len(new)) > most:
        return most + 1
    before: list[int] = []
    last = list(range(len(new) + 1))
    for row, letter in enumerate(old, start=1):
        now = [row]
        for column, other in enumerate(new, start=1):
            cost = min(last[column] + 1, now[-1] + 1, last[column - 1] + (letter != other))
            if row > 1 and column > 1 and letter == new[column - 2] and old[row - 2] == other:
                cost = min(cost, before[column - 2] + 1)
            now.append(cost)
        if min(now) > most:
            return most + 1
        before, last = last, now
    return last[-1]


def _bare(word: str) -> str:
    """A word without accents and apostrophes."""
    letters = unicodedata.normalize("NFD", word.casefold())
    return "".join(letter for letter in letters if letter.isalnum())


def _same_but_first(old: str, new: str) -> bool:
    """Whether only the case of the first letter differs."""
    old, new = old.replace("’", "'"), new.replace("’", "'")
    return old[1:] == new[1:] and old[:1].casefold() == new[:1].casefold()


def _both(old: list[Item], new: list[Item]) -> dict[str, str]:
    return {side: " ".join(item.text for item in items) for side, items in (("old", old), ("new", new))}


def _twins(one: Item, other: Item) -> bool:
    return (one.key, one.href) == (other.key, other.href)


class _Checking:
    def __init__(self, old: Shown, new: Shown) -> None:
        self.names = _names(old) | _names(new)
        self.old, self.new = Stream(old), Stream(new)

    def reasons(self) -> Iterator[str]:
        old, new = self.old.items, self.new.items
        if self.old.links != self.new.links:
            yield _("A link was added, removed or leads elsewhere.")
        for kind, here, end, there, new_end in opcodes([item.key for item in old], [item.key for item in new]):
            if kind == "equal":
                for was, now in zip(old[here:end], new[there:new_end], strict=True):
                    yield from self.kept(was, now)
            else:
                yield from self.changed(here, end, there, new_end)

    def kept(self, was: Item, now: Item) -> Iterator[str]:
        """A word that stayed may still have lost its link, its emphasis or its capital."""
        if was.href != now.href:
            yield _("The link at “%(word)s” changed.") % {"word": now.text}
        if was.kind != "word" or (was.text == now.text and was.emphasis == now.emphasis):
            return
        both = {"old": was.text, "new": now.text}
        if lexicon.is_unit(was.text) and was.text != now.text:
            yield _("A unit changed: “%(old)s” became “%(new)s”.") % both
        elif lexicon.is_protected(was.text):
            if was.emphasis != now.emphasis:
                yield _("“%(word)s” carries meaning; it was emphasised or is no longer.") % {"word": now.text}
            if was.text != now.text and (was.text.lower() == "may" or not _same_but_first(was.text, now.text)):
                yield _("“%(old)s” carries meaning and became “%(new)s”.") % both

    def changed(self, here: int, end: int, there: int, new_end: int) -> list[str]:
        """A stretch that differs: fine if it can be explained as slips of the pen, one by one and in order."""
        was, now = self.old.items[here:end], self.new.items[there:new_end]
        if all(item.kind == "word" for item in [*was, *now]) and self.explained(here, end, there, new_end):
            return []
        reasons = [*self.firm_reasons(was, now), *self.word_reasons(was, now)]
        return reasons or [_("The order changed: “%(old)s” became “%(new)s”.") % _both(was, now)]

    def word_reasons(self, was: list[Item], now: list[Item]) -> Iterator[str]:
        old, new = ([item for item in side if item.kind == "word"] for side in (was, now))
        if len(old) == len(new):
            yield from filter(None, map(self.slip, old, new))
        elif old and new:
            yield _("Words changed: “%(old)s” became “%(new)s”.") % _both(old, new)
        elif old:
            yield _("Words were removed: “%(old)s”.") % _both(old, new)
        else:
            yield _("Words were added: “%(new)s”.") % _both(old, new)

    def firm_reasons(self, was: list[Item], now: list[Item]) -> Iterator[str]:
        """Reasons about what is no word."""
        for kind, changed, removed, added in _firm_sentences():
            old, new = ([item for item in side if item.kind == kind] for side in (was, now))
            if [item.key for item in old] != [item.key for item in new]:
                yield (changed if old and new else removed if old else added) % _both(old, new)

    def explained(self, here: int, end: int, there: int, new_end: int) -> bool:
        """Whether slips, joined or split words and doubled words account for the whole stretch."""
        was, now = self.old.items[here:end], self.new.items[there:new_end]
        if len(was) * len(now) > MOST_PAIRS:
            pairs = zip(was, now, strict=False)
            return len(was) == len(now) and all(not self.slip(one, other) for one, other in pairs)
        reached = {(0, 0)}
        for old_place in range(len(was) + 1):
            for new_place in range(len(now) + 1):
                if (old_place, new_place) in reached:
                    reached |= set(self.steps(here, was, old_place, now, new_place))
        return (len(was), len(now)) in reached

    def steps(self, here: int, was: list[Item], at: int, now: list[Item], new_at: int) -> Iterator[tuple[int, int]]:
        if at < len(was) and self.is_doubled(here + at, here + len(was)):
            yield at + 1, new_at
        if at < len(was) and new_at < len(now) and not self.slip(was[at], now[new_at]):
            yield at + 1, new_at + 1
        for mine, theirs in ((2, 1), (1, 2), (3, 1), (1, 3)):
            fits = at + mine <= len(was) and new_at + theirs <= len(now)
            if fits and _is_joined(was[at : at + mine], now[new_at : new_at + theirs]):
                yield at + mine, new_at + theirs

    def is_doubled(self, place: int, end: int) -> bool:
        """Whether the same word stands right beside this one, and stays when this one goes."""
        items = self.old.items
        item = items[place]
        if lexicon.is_protected(item.text) or lexicon.is_unit(item.text):
            return False
        if place and item.follows and _twins(items[place - 1], item):
            return True
        after = items[place + 1 : end + 1]
        return len(after) == end - place and all(other.follows and _twins(item, other) for other in after)

    def slip(self, was: Item, now: Item) -> str:
        """Why one word is not the other with a slip of the pen; nothing when it is."""
        both = {"old": was.text, "new": now.text}
        old, new = was.text.casefold(), now.text.casefold()
        if was.href != now.href:
            return _("The link at “%(word)s” changed.") % {"word": now.text}
        if lexicon.is_unit(old) or lexicon.is_unit(new):
            return _("A unit changed: “%(old)s” became “%(new)s”.") % both
        if lexicon.is_protected(old) or lexicon.is_protected(new):
            return _("“%(old)s” became “%(new)s”: a word that carries meaning.") % both
        if _bare(old) == _bare(new):
            return ""
        if {old, new} & self.names or lexicon.looks_like_a_drug(old) or lexicon.looks_like_a_drug(new):
            return _("“%(old)s” became “%(new)s”: this may be the name of a drug.") % both
        if {old, new} & lexicon.ALIKE:
            return _("“%(old)s” became “%(new)s”: two medical words that look alike.") % both
        if lexicon.ROMAN.match(was.text) and lexicon.ROMAN.match(now.text):
            return _("A number changed: “%(old)s” became “%(new)s”.") % both
        if lexicon.are_opposites(_bare(old), _bare(new)):
            return _("“%(old)s” became “%(new)s”: the beginning or ending of a word can turn its meaning round.") % both
        short = min(len(old), len(new))
        if short < SHORTEST or distance(old, new) > min(FARTHEST, short // 3):
            return _("“%(old)s” became “%(new)s”: this is another word.") % both
        return ""


def _firm_sentences() -> list[tuple[str, str, str, str]]:
    return [
        (
            "number",
            _("A number changed: “%(old)s” became “%(new)s”."),
            _("A number was removed: “%(old)s”."),
            _("A number was added: “%(new)s”."),
        ),
        (
            "sign",
            _("A sign changed: “%(old)s” became “%(new)s”."),
            _("A sign was removed: “%(old)s”."),
            _("A sign was added: “%(new)s”."),
        ),
        (
            "citation",
            _("A reference marker names other sources: [%(old)s] became [%(new)s]."),
            _("A reference marker was removed or moved: [%(old)s]."),
            _("A reference marker was added or moved: [%(new)s]."),
        ),
        (
            "mention",
            _("A drug or subtype changed: “%(old)s” became “%(new)s”."),
            _("A drug or subtype was removed: “%(old)s”."),
            _("A drug or subtype was added: “%(new)s”."),
        ),
        (
            "part",
            _("A table, figure, call-out, quotation or list of key facts has another form."),
            _("A table, figure, call-out, quotation or list of key facts, or a part of it, was removed or moved."),
            _("A table, figure, call-out, quotation or list of key facts, or a part of it, was added or moved."),
        ),
    ]


def _is_joined(was: list[Item], now: list[Item]) -> bool:
    """Whether words were only written together or apart: “followup” for “follow up”, but not “atypical” for “a typical”."""
    parts = was if len(was) > 1 else now
    if "".join(_bare(item.text) for item in was) != "".join(_bare(item.text) for item in now):
        return False
    if any(lexicon.is_protected(item.text) or lexicon.is_unit(item.text) for item in [*was, *now]):
        return False
    same = len({item.href for item in [*was, *now]}) == 1 and len({item.line for item in parts}) == 1
    return same and parts[0].text.casefold() not in lexicon.PREFIXES


def _names(shown: Shown) -> set[str]:
    """The words of every drug and subtype name that the manifest knows."""
    facts = shown.facts
    texts = [page.get(key) for page in shown.pages.values() for key in ("brand", "generic", "name")]
    texts += [facts.get(key) for key in ("brand", "generic", "name")]
    texts += [*sequence(facts.get("other_names")), *sequence(facts.get("synonyms"))]
    return {word for text in texts if isinstance(text, str) for word in re.findall(r"\w{4,}", text.casefold())}


def _field_reasons() -> dict[str, str]:
    return {
        "slug": _("The address of the page changed."),
        "language": _("The language of the page changed."),
        "bylines": _("The names of the writers changed."),
        "facts": _("The facts about this drug or subtype changed."),
        "references": _("The sources changed: one was added, removed, renumbered or is described differently."),
        "pages": _("A mentioned drug or subtype changed its name or its page."),
        "images": _("A picture was added, removed or replaced."),
    }


def _rest(manifest: Node) -> Node:
    """What is not text: it may not change at all."""
    seo, body = dictionary(manifest.get("seo")), dictionary(manifest.get("body"))
    return {
        **{key: value for key, value in manifest.items() if key not in TEXTS},
        "seo": {key: value for key, value in seo.items() if key not in ("title", "description")},
        "body": {key: value for key, value in body.items() if key != "content"},
    }


def typo_problems(old: Node, new: Node) -> list[str]:
    """Why the step from one manifest to another is more than spelling, punctuation or layout; empty when it is not."""
    before, after = Shown(json.loads(canonical(old))), Shown(json.loads(canonical(new)))
    was, now = _rest(before.manifest), _rest(after.manifest)
    known = _field_reasons()
    reasons = []
    for key in sorted({*was, *now}, key=lambda key: ([*known, key].index(key), key)):
        if (key in was) != (key in now) or stored(was.get(key)) != stored(now.get(key)):
            reasons.append(known.get(key) or _("“%(name)s” changed.") % {"name": key})
    reasons += _Checking(before, after).reasons()
    return list(dict.fromkeys(reasons))[:MOST_REASONS]
