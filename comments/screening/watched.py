"""The lists of `watched.toml`, read once when the site starts."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Watched:
    always: re.Pattern
    to_somebody: str
    persons: str
    bad: str
    leave_alone: re.Pattern
    no_names: frozenset[str]
    brands: frozenset[str]
    cures: str


def alternatives(words: Iterable[str]) -> str:
    """Longest first, so that a word does not hide a longer one."""
    return "(?:" + "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word))) + ")"


def _read() -> Watched:
    lists = tomllib.loads((Path(__file__).parent / "watched.toml").read_text("utf-8"))
    insults = lists["insults"]
    return Watched(
        always=re.compile(rf"\b{alternatives([*insults['always'], *insults['phrases']])}\b"),
        to_somebody=alternatives(insults["to_somebody"]),
        persons=alternatives(insults["persons"]),
        bad=alternatives(insults["bad"]),
        leave_alone=re.compile(rf"\b{alternatives(lists['leave_alone']['phrases'])}\b"),
        no_names=frozenset(lists["names"]["none"]),
        brands=frozenset(lists["medicines"]["brands"]),
        cures=alternatives(lists["cures"]["sold"]),
    )


WATCHED = _read()
