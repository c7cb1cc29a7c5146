"""How well the screening does on comments with labels: precision and recall for every label, with each miss by name."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from .detectors import screen

ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")


@dataclass(frozen=True)
class Line:
    """One labelled comment and where it stands."""

    place: str
    labels: frozenset[str]
    text: str


@dataclass
class Score:
    """What was found of one label, what was missed, and what was found where nothing is."""

    found: int = 0
    missed: list[Line] = field(default_factory=list)
    false_alarms: list[Line] = field(default_factory=list)

    @property
    def recall(self) -> float:
        return self.found / (self.found + len(self.missed)) if self.found or self.missed else 1.0

    @property
    def precision(self) -> float:
        return self.found / (self.found + len(self.false_alarms)) if self.found or self.false_alarms else 1.0


def read(path: Path) -> list[Line]:
    """Labels, a tab, the words; `-` is no label."""
    lines = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        labels, text = line.split("\t")
        wanted = frozenset() if labels == "-" else frozenset(labels.split(","))
        lines.append(Line(f"{path.name}:{number}", wanted, ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)))
    return lines


def measure(lines: Iterable[Line]) -> dict[str, Score]:
    scores: dict[str, Score] = defaultdict(Score)
    for line in lines:
        seen = {one.label for one in screen(line.text)}
        for label in line.labels & seen:
            scores[label].found += 1
        for label in line.labels - seen:
            scores[label].missed.append(line)
        for label in seen - line.labels:
            scores[label].false_alarms.append(line)
    return dict(sorted(scores.items()))
