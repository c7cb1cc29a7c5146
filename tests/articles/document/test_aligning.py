"""Two sequences held against each other: right as difflib, and never for long."""

import time
from difflib import SequenceMatcher

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.document.aligning import alike, longest_rise, matches, opcodes

keys = st.lists(st.sampled_from("abcd "), max_size=40)


def rebuilt(old, new, ops):
    """Both sequences, put together again from the steps."""
    here, there = [], []
    for kind, a, a_end, b, b_end in ops:
        assert (kind == "equal") == (old[a:a_end] == new[b:b_end]) or kind == "replace"
        assert (kind == "insert") == (a == a_end)
        assert (kind == "delete") == (b == b_end)
        here += old[a:a_end]
        there += new[b:b_end]
    return here, there


@given(keys, keys)
def test_the_steps_lead_from_one_to_the_other(old, new):
    ops = opcodes(old, new, str.isspace)
    assert rebuilt(old, new, ops) == (old, new)
    assert all(one[0] != "equal" or other[0] != "equal" for one, other in zip(ops, ops[1:], strict=False))


@given(keys)
def test_what_is_equal_is_equal(old):
    assert [op[0] for op in opcodes(old, list(old))] == (["equal"] if old else [])
    assert alike(old, list(old)) == 1


def test_short_texts_are_likened_as_difflib_does():
    old, new = ["the", "cat", "sat", "on", "the", "old", "mat"], ["a", "cat", "sat", "on", "an", "old", "red", "mat"]
    assert alike(old, new) == SequenceMatcher(None, old, new, autojunk=False).ratio()
    assert alike([], []) == 1
    assert alike(["a"], []) == 0


def test_a_quiet_key_starts_no_match_but_goes_along():
    assert matches([" ", "a", " "], ["b", " ", "a", " ", "c"], str.isspace) == [(0, 1, 3)]


@given(st.lists(st.integers(0, 12), max_size=12))
def test_a_rise_is_strict_and_no_other_is_longer(values):
    rise = [values[place] for place in longest_rise(values)]
    assert all(one < other for one, other in zip(rise, rise[1:], strict=False))
    best = [1] * len(values)
    for place, value in enumerate(values):
        best[place] = 1 + max((best[k] for k in range(place) if values[k] < value), default=0)
    assert len(rise) == max(best, default=0)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (["a"] * 30_000, ["a", "b"] * 15_000),
        ([str(n % 7) for n in range(20_000)], [str(n % 5) for n in range(20_000)]),
        (
            [word for n in range(9_000) for word in ("the", f"x{n}")],
            [w for n in range(9_000) for w in ("the", f"y{n}")],
        ),
        ([str(n) for n in range(20_000)], [str(n) for n in reversed(range(20_000))]),
        ([word for n in range(9_000) for word in ("the", str(n))], [w for n in range(9_000) for w in ("of", str(n))]),
    ],
    ids=["one word", "two rhythms", "rewritten between articles", "backwards", "every second word"],
)
def test_no_sequence_takes_long(old, new):
    start = time.process_time()
    assert rebuilt(old, new, opcodes(old, new)) == (old, new)
    assert time.process_time() - start < 1.5


def test_long_texts_are_anchored_by_their_rare_words():
    old = [word for n in range(5_000) for word in ("the", f"w{n}", "of")]
    new = list(old)
    new[6_001] = "other"
    assert [op for op in opcodes(old, new) if op[0] != "equal"] == [("replace", 6_001, 6_002, 6_001, 6_002)]
