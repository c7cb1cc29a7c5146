"""The patterns of the screening take a time that grows with the length of the text alone."""

# edge case 44

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from pathlib import Path
from re import _parser as parser

import pytest

from comments import screening
from comments.screening.detectors import DETECTORS
from comments.screening.linear import LONGEST_REPETITION, hostile, nested_too_long, repetitions, work
from comments.screening.scan import Scan

MODULES = sorted(f"comments.screening.{module.name}" for module in pkgutil.iter_modules(screening.__path__))


# They read or check patterns that come from elsewhere.
PATTERNS_OF_OTHERS = ("any_of", "_read", "compiled", "_compiled")


def patterns(value: object) -> Iterator[re.Pattern]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from patterns(part)
    elif isinstance(value, tuple | list):
        for part in value:
            yield from patterns(part)
    elif type(value).__name__ == "Watched":
        yield from patterns(vars(value))


ALL = {
    f"{module}.{name}.{number}": pattern
    for module in MODULES
    for name, value in vars(importlib.import_module(module)).items()
    for number, pattern in enumerate(patterns(value))
}


def test_there_are_patterns_to_look_at():
    assert len(ALL) > 50


@pytest.mark.parametrize("pattern", ALL.values(), ids=ALL)
def test_every_repetition_has_an_end(pattern):
    assert [most for most, *_rest in repetitions(parser.parse(pattern.pattern)) if most > LONGEST_REPETITION] == []


@pytest.mark.parametrize("pattern", ALL.values(), ids=ALL)
def test_a_repetition_inside_a_repetition_is_short_and_runs_seldom(pattern):
    assert nested_too_long(parser.parse(pattern.pattern)) == []


@pytest.mark.parametrize("pattern", ALL.values(), ids=ALL)
def test_four_times_the_text_is_about_four_times_the_work(pattern):
    for piece in hostile(pattern):
        short, long = ((piece * length)[:length] for length in (5_000, 20_000))
        took = work(pattern, long)
        # Below this the clock says nothing.
        assert took < 0.03 or took < 12 * work(pattern, short), piece[:60]


@pytest.mark.parametrize("name", DETECTORS)
def test_four_times_the_text_is_about_four_times_the_work_of_a_detector(name):
    for piece in ("cheap ibrance ", "a@b.co ", "i want to die ", "020 7946 0123 ", "you idiot ", "Anna Berg has cancer ", "skin prick ",
                  "stop your tablets ", "letrozole rash ", "should i stop chemo? ", "9 High Street ", "a\n", "k i l l ", "1d1ot "):  # fmt: skip
        took = {}
        for length in (5_000, 20_000):
            scan = Scan.of((piece * length)[:length])
            began = time.thread_time()
            DETECTORS[name](scan)
            took[length] = time.thread_time() - began
        assert took[20_000] < 0.2 or took[20_000] < 12 * took[5_000], piece


def test_patterns_are_compiled_when_the_site_starts_and_stand_in_the_list():
    """A pattern inside a function would escape the tests above."""
    inside = []
    for path in sorted(Path(screening.__path__[0]).glob("*.py")):
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(function, ast.FunctionDef) or function.name in PATTERNS_OF_OTHERS:
                continue
            calls = (
                node
                for node in ast.walk(function)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            )
            inside += [
                f"{path.name}:{call.lineno}"
                for call in calls
                if isinstance(call.func.value, ast.Name) and call.func.value.id == "re" and call.func.attr != "escape"
            ]
    assert inside == []
