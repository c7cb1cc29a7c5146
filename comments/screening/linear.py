"""Whether a pattern takes a time that grows with the length of the text alone: read from the pattern, then measured."""

import re
import time
import warnings
from collections.abc import Iterator
from re import _constants as code  # type: ignore[attr-defined]  # private, and the only reader of patterns there is
from re import _parser as parser  # type: ignore[attr-defined]

LONGEST_REPETITION = 2000
# How often a repetition with a repetition inside may run. Its parts stay short, and the measurement is the judge.
MOST_NESTED = 25
REPEATS = (code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT)
# In how many ways a pattern may try to match from one place. Python's matcher tries each of them at worst, so this
# many steps for every letter of the text is the most it can cost.
MOST_WAYS = 2500
NOT_LINEAR = tuple(
    getattr(code, name) for name in ("GROUPREF", "GROUPREF_EXISTS", "GROUPREF_IGNORE") if hasattr(code, name)
)


class Refused(Exception):
    """A pattern is not accepted; `why` is one of the codes below."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


BROKEN, ENDLESS, NESTED, WAYS, REFERS_BACK, EMPTY, SLOW = (
    "broken", "endless", "nested", "ways", "refers_back", "empty", "slow",
)  # fmt: skip


def parsed(pattern: str):
    """The tree of a pattern; Refused where Python cannot read it or only warns of it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return parser.parse(pattern)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise Refused(BROKEN) from error


def check(pattern: str, *, longest_text: int, budget: float) -> None:
    """Raise Refused unless the pattern is linear by its shape, matches no empty text, and keeps within `budget` seconds."""
    tree = parsed(pattern)
    if any(operator in NOT_LINEAR for operator in operators(tree)):
        raise Refused(REFERS_BACK)
    if any(most > LONGEST_REPETITION for most, *_rest in repetitions(tree)):
        raise Refused(ENDLESS)
    if nested_too_long(tree):
        raise Refused(NESTED)
    if ways(tree) > MOST_WAYS:
        raise Refused(WAYS)
    compiled = _compiled(pattern)
    if tree.getwidth()[0] == 0:
        raise Refused(EMPTY)
    for piece in hostile(compiled):
        text = (piece * longest_text)[:longest_text]
        if work(compiled, text, times=1) > budget and work(compiled, text) > budget:
            raise Refused(SLOW)


def _compiled(pattern: str) -> re.Pattern:
    try:
        return re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise Refused(BROKEN) from error


def operators(tree) -> Iterator[object]:
    for operator, argument in tree:
        yield operator
        for body in bodies(operator, argument):
            yield from operators(body)


def bodies(operator, argument) -> list:
    """The parts of a part of a pattern."""
    if operator in REPEATS:
        return [argument[2]]
    if operator is code.BRANCH:
        return list(argument[1])
    if operator is code.SUBPATTERN:
        return [argument[-1]]
    if operator in (code.ASSERT, code.ASSERT_NOT):
        return [argument[1]]
    if operator is getattr(code, "ATOMIC_GROUP", None):
        return [argument]
    return []


def repetitions(tree, inside: float = 1) -> Iterator[tuple[float, float, int]]:
    """(most times, most times of the repetition around it, how deep) of every repetition in a pattern."""
    for operator, argument in tree:
        if operator in REPEATS:
            most = float("inf") if argument[1] is code.MAXREPEAT else argument[1]
            yield most, inside, 0
            yield from repetitions(argument[2], most if most > 1 else inside)
        else:
            for body in bodies(operator, argument):
                yield from repetitions(body, inside)


def nested_too_long(tree) -> list[tuple[float, float]]:
    nested = [(most, around) for most, around, _deep in repetitions(tree) if around > 1 and most > 1]
    return [pair for pair in nested if (min(pair) > 4 and pair[1] > MOST_NESTED) or pair[0] * pair[1] > 1000]


def ways(tree) -> int:
    """In how many ways a pattern can match from one place at most; counted up to just above the limit."""
    product = 1
    for operator, argument in tree:
        parts = [ways(body) for body in bodies(operator, argument)]
        if operator in REPEATS:
            product *= _ways_to_repeat(argument[0], argument[1], parts[0])
        elif parts:
            product *= sum(parts)
        if product > MOST_WAYS:
            return MOST_WAYS + 1
    return product


def _ways_to_repeat(least: int, most: int, each: int) -> int:
    total = 0
    for times in range(least, most + 1):
        total += each ** min(times, 40) if each > 1 else 1
        if total > MOST_WAYS:
            return MOST_WAYS + 1
    return max(total, 1)


def sample(tree) -> str:
    """Words that go a long way into a pattern: the first branch, every repetition at its least or once."""
    written = ""
    for operator, argument in tree:
        if operator is code.LITERAL:
            written += chr(argument)
        elif operator is code.NOT_LITERAL or operator is code.ANY:
            written += "x"
        elif operator is code.IN:
            written += _one_of(argument)
        elif operator in (code.MAX_REPEAT, code.MIN_REPEAT):
            written += sample(argument[2]) * max(argument[0], 1)
        elif operator is code.BRANCH:
            written += sample(argument[1][0])
        elif operator is code.SUBPATTERN:
            written += sample(argument[-1])
    return written


def _one_of(argument) -> str:
    kind, what = argument[0]
    if kind is code.NEGATE:
        return "x"
    if kind is code.LITERAL:
        return chr(what)
    return chr(what[0]) if kind is code.RANGE else "1"


def hostile(pattern: re.Pattern) -> list[str]:
    """Pieces that, written again and again, make a pattern work as hard as it can."""
    whole = sample(parser.parse(pattern.pattern)) or "a"
    cuts = {whole, whole[: len(whole) // 2] or "a", whole[:-1] or "a"}
    return [*cuts, *(f"{cut} " for cut in cuts), *(f"{cut}x" for cut in cuts), "a", " ", "1", "a ", "1 ", "a.b@", "a-"]


def work(pattern: re.Pattern, text: str, *, times: int = 3) -> float:
    """Seconds of this thread's own work that a pattern takes for a text; the best of so many runs."""
    took = []
    for _ in range(times):
        began = time.thread_time()
        for _found in pattern.finditer(text):
            pass
        took.append(time.thread_time() - began)
    return min(took)


def literals(tree) -> Iterator[str]:
    """Every letter that a pattern names, outside ranges."""
    for operator, argument in tree:
        if operator in (code.LITERAL, code.NOT_LITERAL):
            yield chr(argument)
        elif operator is code.IN:
            yield from (chr(what) for kind, what in argument if kind is code.LITERAL)
        for body in bodies(operator, argument):
            yield from literals(body)
