"""Which parts of two sequences are the same, with a bound on the work that no text can break."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from difflib import SequenceMatcher

Keys = Sequence[Hashable]
Op = tuple[str, int, int, int, int]
Match = tuple[int, int, int]

# Comparisons allowed for each part of the two sequences: a long sentence needs some fifty.
EFFORT = 200
DEPTH = 16


def _never(_key: Hashable) -> bool:
    return False


def longest_rise(values: Sequence[int]) -> list[int]:
    """The places of a longest strictly rising choice of the values."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for place, value in enumerate(values):
        length = bisect_left(tails, value)
        before.append(ends[length - 1] if length else -1)
        tails[length:] = [value] if length == len(tails) else [value, *tails[length + 1 :]]
        ends[length:] = [place] if length == len(ends) else [place, *ends[length + 1 :]]
    place, rise = ends[-1] if ends else -1, []
    while place >= 0:
        rise.append(place)
        place = before[place]
    return rise[::-1]


def _is_cheap(old: Keys, new: Keys, quiet: Callable[[Hashable], bool]) -> bool:
    """Whether the thorough way ends soon: how often each key meets itself, as often as it may have to look again."""
    here, there = Counter(old), Counter(new)
    meetings = sum(count * there[key] for key, count in here.items() if key in there and not quiet(key))
    return meetings * min(len(old), len(new)) <= EFFORT * (len(old) + len(new))


def _anchors(old: Keys, new: Keys, quiet: Callable[[Hashable], bool]) -> list[tuple[int, int]]:
    """What stands once on either side, in the order both sides share."""
    here, there = Counter(old), Counter(new)
    places = {key: place for place, key in enumerate(new) if there[key] == 1}
    pairs = [
        (place, places[key])
        for place, key in enumerate(old)
        if here[key] == 1 and key in places and not quiet(key)
    ]  # fmt: skip
    return [pairs[at] for at in longest_rise([there for _here, there in pairs])]


def matches(old: Keys, new: Keys, quiet: Callable[[Hashable], bool] = _never) -> list[Match]:
    """Equal stretches (place in old, place in new, length) in order; `quiet` keys never start one."""
    found: list[Match] = []
    waiting = [(0, len(old), 0, len(new), 0)]
    while waiting:
        top, end, new_top, new_end, depth = waiting.pop()
        start, new_start = top, new_top
        while top < end and new_top < new_end and old[top] == new[new_top]:
            top, new_top = top + 1, new_top + 1
        found.append((start, new_start, top - start))
        tail = 0
        while top < end - tail and new_top < new_end - tail and old[end - tail - 1] == new[new_end - tail - 1]:
            tail += 1
        end, new_end = end - tail, new_end - tail
        found.append((end, new_end, tail))
        if top == end or new_top == new_end:
            continue
        mine, theirs = old[top:end], new[new_top:new_end]
        if _is_cheap(mine, theirs, quiet):
            thorough = SequenceMatcher(quiet, mine, theirs, autojunk=False)
            found += [(top + a, new_top + b, size) for a, b, size in thorough.get_matching_blocks()]
        elif depth < DEPTH:
            anchors = [(top + a, new_top + b) for a, b in _anchors(mine, theirs, quiet)]
            starts = [(top, new_top), *((a, b) for a, b in anchors)]
            ends = [*anchors, (end, new_end)]
            if anchors:
                waiting += [
                    (a, a_end, b, b_end, depth + 1)
                    for (a, b), (a_end, b_end) in zip(starts, ends, strict=True)
                ]  # fmt: skip
    return sorted(match for match in found if match[2])


def opcodes(old: Keys, new: Keys, quiet: Callable[[Hashable], bool] = _never) -> list[Op]:
    """The steps from old to new, as difflib names them: equal, replace, delete, insert."""
    ops: list[Op] = []
    here = there = 0
    for a, b, size in [*matches(old, new, quiet), (len(old), len(new), 0)]:
        if here < a or there < b:
            kind = "replace" if here < a and there < b else "delete" if here < a else "insert"
            ops.append((kind, here, a, there, b))
        if size and ops and ops[-1][0] == "equal":
            ops[-1] = ("equal", ops[-1][1], a + size, ops[-1][3], b + size)
        elif size:
            ops.append(("equal", a, a + size, b, b + size))
        here, there = a + size, b + size
    return ops


def alike(old: Keys, new: Keys) -> float:
    """The share of the two sequences that is in both, in order: 1 for equal ones, 0 for strangers."""
    if not old and not new:
        return 1.0
    return 2 * sum(size for _a, _b, size in matches(old, new)) / (len(old) + len(new))
