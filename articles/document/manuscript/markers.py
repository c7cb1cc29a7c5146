"""Reference markers in running text: "years.1", "including:2,4", "[4-7]", "therapy²,³", and numbers that are none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from articles.document.manuscript.pieces import Run

RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
TO_RAISED = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
DASHES = ("-", "–", "‑", "−")  # noqa: RUF001
DASH = r"\-–‑−"  # noqa: RUF001
MARKED = re.compile(rf"\s*[1-9]\d{{0,2}}(?:\s*[,;{DASH}]\s*[1-9]\d{{0,2}})*\s*")
BRACKETED = re.compile(rf"\[\^?(\s*[1-9]\d{{0,2}}(?:\s*[,;{DASH}]\s*\^?[1-9]\d{{0,2}})*\s*)\](?!\()")
CARET = re.compile(rf"\^\[?([1-9]\d{{0,2}}(?:\s?[,;{DASH}]\s?[1-9]\d{{0,2}})*)\]?\^?(?!\w)")
PARENS = re.compile(rf"\(([1-9]\d{{0,2}}(?:\s?[,;{DASH}]\s?[1-9]\d{{0,2}})*)\)")
SUPERSCRIPT = re.compile(
    rf"[¹²³⁴-⁹][⁰¹²³⁴-⁹]{{0,2}}(?:[,‚{DASH}⁻˒][⁰¹²³⁴-⁹]{{1,3}}|[,{DASH}]\s?[¹²³⁴-⁹][⁰¹²³⁴-⁹]{{0,2}})*"
)
UNIT = re.compile(r"(?:^|[\s\d/(])(?:m|cm|mm|km|µm|ft|in|kg/m|mg/m|g/m|sq|s|min|R|χ|chi|x|n)\Z", re.IGNORECASE)
CLOSERS = "\"'”’)]»"
ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[Nn]os?|[Ff]igs?|[Vv]ols?|pp?|[Cc]h|[Cc]hap|[Ss]ec|vs|approx|ca|[Vv]er|v|[Ee]q|[Rr]efs?|[Tt]ab|[Aa]pp|cf|[Aa]rt|[Pp]ar|e\.g|i\.e|al\.,? p|ed|[Ee]xt|[Tt]el|[Ii]d)\Z"
)
# Abbreviations that are words as well: "say no.3 Then", "by app.4 It".
ALSO_WORDS = re.compile(r"(?:^|[\s(])(?:no|app|art|par|id|ch|ext)\Z", re.IGNORECASE)
# A word after which a number belongs to the word: "type2" is a typing slip for "type 2", "covid19" a name.
NUMBERED = {
    "type", "types", "stage", "stages", "grade", "grades", "phase", "phases", "day", "days", "week", "weeks", "month", "months", "year",
    "years", "cycle", "cycles", "group", "groups", "arm", "table", "tables", "figure", "figures", "step", "steps", "level", "levels",
    "part", "parts", "chapter", "section", "vitamin", "vitamins", "omega", "interleukin", "factor", "factors", "page", "pages", "appendix",
    "version", "box", "question", "tier", "class", "category", "score", "covid", "sars", "cov", "alpha", "beta", "gamma", "delta", "kappa",
    "lambda", "caspase", "windows", "number", "item", "line", "lines", "room", "unit", "zone", "route", "highway", "top", "over",
    "age", "ages", "aged", "hepatitis", "h", "b", "co", "hba", "web", "mp", "ios", "hour", "hours", "dose", "doses", "visit", "round",
    "form", "rule", "rules", "tip", "tips", "model", "trial", "study", "topic",
}  # fmt: skip
# "every 4 weeks7", "a day3": here the word has its own number or article already.
COUNTED = re.compile(
    r"(?:(?:\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|few|several|many|some|these|those|all|both|most))\s+\w+s"
    r"|\b(?:a|an|per|each|every|this|that|one|the|same)\s+\w+)\Z",
    re.IGNORECASE,
)
BEFORE_YEAR = re.compile(
    r"\b(?:in|since|by|of|from|until|to|through|and|for|after|before|during|late|early|mid|year|jan\w*|feb\w*|mar\w*|apr\w*|may|june?|july?"
    r"|aug\w*|sept?\w*|oct\w*|nov\w*|dec\w*|spring|summer|fall|autumn|winter)\s+(?:\d{1,2},\s+)?(?:19|20)\d\d\Z",
    re.IGNORECASE,
)
TIGHT_GROUP = re.compile(rf"[1-9]\d{{0,2}}(?:[,;{DASH}][1-9]\d{{0,2}}(?!\d))*")
LOOSE_GROUP = re.compile(rf"(?:(?:[,;] | ?[{DASH}] ?)[1-9]\d{{0,2}}(?!\d))+")
WINDOW = 200  # characters around a number that decide; more would make long paragraphs slow
EXPLICIT, STRONG, MEDIUM, WEAK, PAREN = "explicit", "strong", "medium", "weak", "paren"
ORDERED = "ordered"  # "at stage 3.2 That is": a marker where 2 is no further than one beyond those before it


SECTION = re.compile(
    r"\b(?:version|section|sect|chapter|table|figure|fig|level|part|rule|step|item|release|appendix)\.?\s+\Z",
    re.IGNORECASE,
)
# What is counted in whole numbers: after it "3.2" is 3 and a marker even where no sentence follows.
WHOLE = re.compile(
    r"\b(?:stages?|types?|grades?|phases?|days?|weeks?|months?|ages?|aged|classe?s?)\s+(?:\d+ (?:and|or|to) )?\Z",
    re.IGNORECASE,
)


@dataclass
class Candidate:
    """A number that may be a marker: where it stands, what it would cite, how sure its form makes us."""

    start: int
    end: int
    numbers: list[int]
    form: str
    accepted: bool = False


@dataclass
class Line:
    """A stretch of runs as one string, its looks, and the candidates in it."""

    text: str
    looks: list[Run]
    candidates: list[Candidate] = field(default_factory=list)
    doubtful: list[Candidate] = field(default_factory=list)
    taken: bytearray = field(default_factory=bytearray)
    prose: bool = True  # a paragraph, whose last sentence has its full stop; items often have none


def _numbers(text: str) -> list[int]:
    """The numbers of a group; empty when it is none ("9-3", "1,200", "007")."""
    text = re.sub(rf"[{DASH}]", "-", re.sub(r"[;‚˒]", ",", text.translate(RAISED))).replace(" ", "").replace("^", "")
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if not re.fullmatch(r"[1-9]\d{0,2}", first) or (dash and not re.fullmatch(r"[1-9]\d{0,2}", last)):
            return []
        if dash and (int(last) <= int(first) or int(last) - int(first) > 60):
            return []
        found += range(int(first), int(last or first) + 1)
    return list(dict.fromkeys(found)) if len(found) == len(set(found)) else []


def flatten(runs: Iterable[Run], *, prose: bool = True) -> Line:
    """Runs as one string; raised digits become markers where they can be, superscript signs where they cannot."""
    text, looks, raised = "", [], []
    merged: list[Run] = []
    for run in runs:
        if merged and run.raised and merged[-1].raised:
            merged[-1] = Run(merged[-1].text + run.text, run.marks, "", True)
        else:
            merged.append(run)
    for run in merged:
        words = run.text
        if run.raised:
            inner = words.strip().strip("[]()").strip()
            if MARKED.fullmatch(inner) and _numbers(inner) and not _is_power(text):
                start = len(text.rstrip())
                raised.append(Candidate(start, len(text) + len(words), _numbers(inner), EXPLICIT))
            elif re.fullmatch(r"[\d+-]+", words):
                words = words.translate(TO_RAISED)
        elif run.href and re.fullmatch(r"\s*\[?[1-9]\d{0,2}\]?\s*", words):
            start = len(text.rstrip())
            raised.append(Candidate(start, len(text) + len(words), _numbers(words.strip(" []")), EXPLICIT))
        text += words
        looks += [run] * len(words)
    line = Line(text, looks, raised, taken=bytearray(len(text)), prose=prose)
    for candidate in raised:
        line.taken[candidate.start : candidate.end] = b"\x01" * (candidate.end - candidate.start)
    _scan(line)
    line.candidates.sort(key=lambda candidate: candidate.start)
    return line


def _is_power(before: str) -> bool:
    """Whether a raised number after this text is a power, as in m² or 10⁹."""
    return bool(UNIT.search(before[-8:]) or re.search(r"(?:^|[^\w.])\d+\Z", before[-8:]) and not before.endswith(" "))


def _free(line: Line, start: int, end: int) -> bool:
    return not any(line.taken[start:end])


def _take(line: Line, candidate: Candidate, form: str) -> None:
    """Keep a candidate and its place; "doubt" is only for the warnings."""
    candidate.form = form
    (line.doubtful if form == "doubt" else line.candidates).append(candidate)
    line.taken[candidate.start : candidate.end] = b"\x01" * (candidate.end - candidate.start)


def _before(text: str, place: int) -> str:
    """What stands before a place, as far back as any rule looks."""
    return text[max(0, place - WINDOW) : place]


def _scan(line: Line) -> None:
    text = line.text
    for pattern in (BRACKETED, CARET, SUPERSCRIPT):
        for match in pattern.finditer(text):
            group = match.group(match.lastindex or 0)
            numbers = _numbers(group)
            if not numbers or not _free(line, *match.span()):
                continue
            if pattern is SUPERSCRIPT and (
                _is_power(_before(text, match.start())) or text[match.end() : match.end() + 1].isalnum()
            ):
                continue
            if pattern is CARET and _is_power(_before(text, match.start())):
                continue
            start = match.start()
            while start and text[start - 1] == " ":
                start -= 1
            _take(line, Candidate(start, match.end(), numbers, EXPLICIT), EXPLICIT)
    for match in PARENS.finditer(text):
        _parenthesis(line, match)
    for match in re.finditer(r"(?<![\d])[1-9]\d{0,2}(?!\d)", text):
        if _free(line, *match.span()):
            _glued(line, match.start())


def _parenthesis(line: Line, match: re.Match[str]) -> None:
    """ "cells.(4)" or "women (1,2)." but not "(1) first, (2) second"."""
    text, numbers = line.text, _numbers(match.group(1))
    before, after = _before(text, match.start()), text[match.end() : match.end() + 1]
    if not numbers or not before or not _free(line, *match.span()):
        return
    if re.search(r"[\w®™%)”\"][.!?,;:]?[”\"’']?\Z", before) and (not after or after in " \n.,;:"):
        form = STRONG if re.search(r"[.!?,;:][”\"’']?\Z", before) else PAREN
        _take(line, Candidate(match.start(), match.end(), numbers, form), form)
    elif before.endswith(" ") and re.search(r"[a-z®™)%] \Z", before) and (not after or after in ".,;:"):
        spaces = len(before) - len(before.rstrip())
        _take(line, Candidate(match.start() - spaces, match.end(), numbers, PAREN), PAREN)


def _group_end(text: str, start: int) -> int:
    """Where a group of numbers that starts here ends; spaces after commas only at the end of a sentence."""
    tight = TIGHT_GROUP.match(text, start)
    end = tight.end() if tight else start
    loose = LOOSE_GROUP.match(text, end)
    rest = text[loose.end() : loose.end() + WINDOW] if loose else ""
    if loose and re.match(r"\s*\Z|\s+[A-Z“\"(]", rest) and _numbers(text[start : loose.end()]):
        numbers = _numbers(text[start : loose.end()])
        if numbers == sorted(numbers):
            return loose.end()
    return end


def _sentence_ends(rest: str) -> bool:
    """Whether what follows starts a new sentence, or nothing follows."""
    return bool(re.match(r"[\"”’)\]]*(?:\s*\Z|\s*\n|\s+[\"“‘'(\[¿¡]?[A-Z0-9À-Þ•])", rest))


def _glued(line: Line, start: int) -> None:
    """A number that hangs on the text before it."""
    text = line.text
    if start == 0 or text[start - 1].isspace():
        return
    end = _group_end(text, start)
    numbers, rest, before = _numbers(text[start:end]), text[end : end + WINDOW], _before(text, start)
    thousands = before[-1:].isdigit() or re.fullmatch(r"\d{1,3}(?:,\d{3})+", text[start:end])
    if not numbers or thousands or re.match(rf"[\w%°$€£/+=×*@#&<>]|[.,:]\w|[{DASH}’']\w|\s?%", rest):
        return
    if re.search(r"://|www\.|@|\w\.\w+/", before.split()[-1]):
        return
    candidate = Candidate(start, end, numbers, "")
    form = _form(before, rest, candidate, prose=line.prose)
    if form:
        _take(line, candidate, form)


def _form(before: str, rest: str, candidate: Candidate, *, prose: bool) -> str:
    last = before[-1]
    bare = before.rstrip(CLOSERS)
    if bare and bare[-1] in ".!?…" and (last in CLOSERS or bare == before):
        return _after_sentence(bare, rest, candidate, prose=prose)
    if last in ":;,":
        return _after_comma(before, rest, candidate)
    if last in CLOSERS + "®™%":
        return MEDIUM if re.search(r"\w", before) and not re.match(r"\s*[=x×]", rest) else ""
    if last.isalpha():
        return _after_word(before, rest)
    return ""


def _after_sentence(before: str, rest: str, candidate: Candidate, *, prose: bool) -> str:
    stop, body = before[-1], before[:-1]
    if not body or body[-1].isspace():
        return ""
    if stop in "!?…":
        return STRONG
    if ABBREVIATION.search(body):
        return MEDIUM if ALSO_WORDS.search(body) and _sentence_ends(rest) and rest.strip() else ""
    if not body[-1].isdigit():
        if re.search(r"(?:^|\s)[A-Z]\Z", body):  # an initial, or a plan's section: "A.2"
            return MEDIUM if _sentence_ends(rest) else ""
        return STRONG if _sentence_ends(rest) or re.match(r"[\s\"”’)\]]*\Z", rest) else MEDIUM
    token = re.search(r"[\w’'./-]*\Z", body)
    token_text = token.group() if token else ""
    if not _sentence_ends(rest):
        return ""
    if re.fullmatch(r"\d+\.\d+", token_text):  # "fell from 8.5 to 4.2.7 That is", but not "section 3.2.1"
        lead = body[: -len(token_text)]
        named = not lead.strip() or SECTION.search(lead)
        return "" if named else MEDIUM if re.match(r"\s+[\"“‘(]?[A-Z][a-z]", rest) else "doubt"
    if re.fullmatch(r"v\d[\d.]*|\d+\.[\d.]*", token_text, re.IGNORECASE):
        return ""
    if re.search(r"[A-Za-z]", token_text):
        return STRONG
    if BEFORE_YEAR.search(body) or len(candidate.numbers) > 1 or re.fullmatch(r"\d+[–-]\d+", token_text):  # noqa: RUF001
        return MEDIUM
    if (
        token_text.startswith("0")
        or re.fullmatch(r"(?:19|20)\d\d", token_text) is None
        and re.search(r"\bpH\s*\Z", body[: -len(token_text) or None])
    ):
        return ""
    if re.search(r"\d,\d{3}\Z|\b\d+ (?:in|of|out of) \d+\Z", body):
        return MEDIUM
    lead = body[: len(body) - len(token_text)]
    if SECTION.search(lead) or not token_text.isdigit():
        return "doubt"
    another = re.match(r"\s+[\"“‘(]?(?:[A-Z][a-z]+|A|I)\s", rest)
    if another and len(token_text) > 1:
        return MEDIUM
    return ORDERED if another or WHOLE.search(lead) or (prose and not rest.strip()) else "doubt"


def _after_comma(before: str, rest: str, candidate: Candidate) -> str:
    mark, body = before[-1], before[:-1]
    if mark == ":" and len(candidate.numbers) > 1 and not rest.strip() and re.search(r"\s\d+\Z", body):
        return ORDERED  # "There are 4:3-6"
    if not re.search(r"[^\W\d_][\"”’)\]®™]*\Z|[)\]®™%”]\Z", body):
        if re.search(r"[A-Za-z]\d+\Z", body) and mark != ":" and re.match(r"\s|\Z", rest):
            return "doubt"
        return STRONG if mark == ":" and re.search(r"[A-Za-z]\d+\Z", body) and not rest.strip() else ""
    if mark == ":":
        if not rest.strip():
            return STRONG
        return (
            MEDIUM
            if re.match(r"\s", rest) and not re.match(r"\s+(?:to|in|out|of|or|and|mg|ml|g|kg|%|x)\b", rest)
            else ""
        )
    return MEDIUM if re.match(r"\s+[A-Za-z“\"(]|\s*\Z", rest) else ""


def _after_word(before: str, rest: str) -> str:
    match = re.search(r"([\w’'-]*?)([^\W\d_]+)\Z", before)
    word = match.group(2) if match else ""
    prefix = re.split("[-–]", match.group(1))[-1] if match else ""  # noqa: RUF001
    if match and (re.search(r"[-–_]\Z", match.group(1)) and word.isupper() or re.search(r"[\d_]", prefix)):  # noqa: RUF001
        return ""
    if word.lower() in NUMBERED and not COUNTED.search(before):
        return ""
    if len(word) < 3 or not re.match(r"[.,;:!?)\"”’—]|\s|\Z", rest):
        return ""
    if word.islower() or (word[0].isupper() and word[1:].islower() and len(word) > 3):
        return WEAK
    return "acronym"


def _dense(numbers: set[int]) -> int:
    """The largest n of which at least half of 1 to n occur: how many references the markers speak of."""
    best = 0
    for last in numbers:
        if 2 * sum(number <= last for number in numbers) >= last:
            best = max(best, last)
    return best


def _settle_acronyms(lines: list[Line]) -> None:
    """ "MRI3" is a marker when MRI also stands alone and MRI3 occurs once; "HER2" and "BRCA1" are names."""
    whole = "\n".join(line.text for line in lines)
    alone = set(re.findall(r"(?<![\w-])[\w’'-]+(?![\w-])", whole))
    numbered = Counter(re.findall(r"(?<!\w)([\w’'-]*?[^\W\d_])\d+(?!\d)", whole))
    for line in lines:
        for candidate in line.candidates:
            if candidate.form == "acronym":
                match = re.search(r"[\w’'-]+\Z", _before(line.text, candidate.start))
                word = match.group() if match else ""
                once = numbered[word] <= 1  # not BRCA1 beside BRCA2
                candidate.form = WEAK if word in alone and once and len(word) > 1 else ""
        line.candidates = [candidate for candidate in line.candidates if candidate.form]


def _counts_up(line: Line) -> bool:
    """Whether the parentheses of a line only number its parts: "mild (1), moderate (2), or severe (3)"."""
    found = [candidate.numbers for candidate in line.candidates if candidate.form == PAREN]
    return len(found) > 1 and found == [[number] for number in range(1, len(found) + 1)]


def decide(lines: list[Line], listed: int) -> list[str]:
    """Accept the candidates that fit together, or the list of references; warnings name the others."""
    _settle_acronyms(lines)
    everything = [candidate for line in lines for candidate in line.candidates]

    def seen(*forms: str) -> set[int]:
        return {number for candidate in everything if candidate.form in forms for number in candidate.numbers}

    sure = _dense(seen(EXPLICIT, STRONG))
    likely = max(sure, _dense(seen(EXPLICIT, STRONG, MEDIUM)))
    forms = Counter(candidate.form for candidate in everything)
    few = (forms[PAREN] < 2 and not listed) or forms[PAREN] < forms[STRONG] + forms[EXPLICIT]
    for line in lines:
        if few or (forms[STRONG] and _counts_up(line)):
            line.candidates = [candidate for candidate in line.candidates if candidate.form != PAREN]
    glued = [candidate for candidate in everything if candidate.form in (WEAK, PAREN)]
    loose = max(likely, _dense(seen(EXPLICIT, STRONG, MEDIUM, WEAK, PAREN))) if likely or len(glued) > 1 else 0
    bound = {
        EXPLICIT: likely + 10 if likely >= 3 else 200,
        STRONG: max(sure, likely),
        MEDIUM: likely,
        WEAK: loose,
        PAREN: loose,
        ORDERED: 400 if likely else 0,  # bound by the order alone, below
    }
    reached = 0
    for candidate in (candidate for line in lines for candidate in line.candidates):
        highest = max(candidate.numbers)
        if listed:
            candidate.accepted = highest <= listed
        else:
            candidate.accepted = highest <= bound[candidate.form]
            if candidate.form == WEAK and highest > reached + 4:
                candidate.accepted = False
        if candidate.form == ORDERED and highest > reached + len(candidate.numbers):
            candidate.accepted = False
        if candidate.accepted:
            reached = max(reached, highest)
    return [_doubt(line, candidate) for line in lines for candidate in _refused(line)]


def _refused(line: Line) -> list[Candidate]:
    refused = [candidate for candidate in line.candidates if not candidate.accepted] + line.doubtful
    return sorted(refused, key=lambda candidate: candidate.start)


def _doubt(line: Line, candidate: Candidate) -> str:
    before = " ".join(_before(line.text, candidate.start).split()[-5:])
    words = f"{before}{line.text[candidate.start : candidate.end]}".strip()
    return _("“%(words)s”: the number at the end may be a reference marker. It was left as text.") % {
        "words": words[-80:]
    }


def accepted(line: Line) -> list[Candidate]:
    """The markers of a line; neighbours with nothing or a comma between them as one, "[1]-[3]" as a range."""
    found: list[Candidate] = []
    for candidate in filter(lambda candidate: candidate.accepted, line.candidates):
        last = found[-1] if found else None
        between = line.text[last.end : candidate.start].strip() if last else None
        if last and between in ("", ",", ";") and "\n" not in line.text[last.end : candidate.start]:
            numbers = list(dict.fromkeys([*last.numbers, *candidate.numbers]))
            found[-1] = Candidate(last.start, candidate.end, numbers, last.form, True)
        elif last and between in DASHES and 1 < candidate.numbers[0] - last.numbers[-1] < 60:
            numbers = [*last.numbers, *range(last.numbers[-1] + 1, candidate.numbers[0]), *candidate.numbers]
            found[-1] = Candidate(last.start, candidate.end, numbers, last.form, True)
        else:
            found.append(candidate)
    return found
