"""Which block of one version is which block of the other, and which of them moved."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator
from heapq import nlargest

from articles.document.aligning import alike, longest_rise
from articles.document.tokens import Block, is_space

HALF = 0.5
# Up to so many pairs each block is held against each; beyond, only against those that share rare words with it.
EACH_AGAINST_EACH = 2_500
RARE = 12
CANDIDATES = 4


def _by_node_id(old: list[Block], new: list[Block]) -> dict[int, int]:
    waiting: dict[str, list[int]] = defaultdict(list)
    for block in reversed(old):
        waiting[block.node_id].append(block.place)
    return {block.place: waiting[block.node_id].pop() for block in new if block.node_id and waiting.get(block.node_id)}


def _words(block: Block) -> list[Hashable]:
    """What a block is recognised by: its words and atoms, and for a figure its picture."""
    picture = [("image", block.attrs["image"])] if block.kind == "figure" and block.attrs["image"] else []
    return [*picture, *(token.key for token in block.tokens if not is_space(token.key))]


def _may_be_same(old: Block, new: Block) -> bool:
    return (old.kind == "figure") == (new.kind == "figure") and bool(old.kind) == bool(new.kind)


def _at_most(old: Counter[Hashable], new: Counter[Hashable]) -> float:
    """What the likeness cannot exceed, whatever the order of the words."""
    total = old.total() + new.total()
    return 2 * sum((old & new).values()) / total if total else 1.0


def _candidates(old: dict[int, Counter[Hashable]], new: dict[int, Counter[Hashable]]) -> Iterator[tuple[int, int]]:
    if len(old) * len(new) <= EACH_AGAINST_EACH:
        yield from ((here, there) for there in new for here in old)
        return
    holders: dict[Hashable, list[int]] = defaultdict(list)
    for place, words in old.items():
        for word in words:
            holders[word].append(place)
    for there, words in new.items():
        shared = Counter(
            place for word in words if len(holders.get(word, ())) <= RARE for place in holders.get(word, ())
        )
        yield from ((here, there) for here in nlargest(CANDIDATES, shared, key=lambda place: (shared[place], -place)))


def _by_likeness(old: list[Block], new: list[Block]) -> dict[int, int]:
    """Blocks without a partner: the same words first, then more than half of them."""
    olds = {block.place: block for block in old}
    news = {block.place: block for block in new}
    words = {(side, block.place): _words(block) for side, blocks in enumerate((old, new)) for block in blocks}
    waiting: dict[Hashable, list[int]] = defaultdict(list)
    for block in reversed(old):
        waiting[block.kind, *words[0, block.place]].append(block.place)
    found: dict[int, int] = {}
    for block in new:
        if same := waiting.get((block.kind, *words[1, block.place])):
            found[block.place] = same.pop()
    taken = set(found.values())
    counts = {place: Counter(words[0, place]) for place in olds if place not in taken}
    new_counts = {place: Counter(words[1, place]) for place in news if place not in found}
    scores = []
    for here, there in _candidates(counts, new_counts):
        if _may_be_same(olds[here], news[there]) and _at_most(counts[here], new_counts[there]) > HALF:
            score = alike(words[0, here], words[1, there])
            if score > HALF:
                scores.append((-score, abs(here - there), there, here))
    for _score, _distance, there, here in sorted(scores):
        if there not in found and here not in taken:
            found[there] = here
            taken.add(here)
    return found


def partners(old: list[Block], new: list[Block]) -> dict[int, int]:
    """For each place in the new version that has one, the place of the same block in the old one."""
    found = _by_node_id(old, new)
    taken = set(found.values())
    left = [block for block in old if block.place not in taken], [block for block in new if block.place not in found]
    return found | (_by_likeness(*left) if all(left) else {})


def stayed(found: dict[int, int]) -> set[int]:
    """The places in the new version whose blocks kept their order; the others moved."""
    places = sorted(found)
    return {places[at] for at in longest_rise([found[place] for place in places])}
