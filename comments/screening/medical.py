"""What touches treatment: advice to others, changes of one's own, possible side effects, questions for a care team."""

import re
from collections.abc import Iterable

from .medicines import MEDICINE, named
from .scan import Copy, Scan, Span, any_of, detector, outside

AMOUNT = (
    r"(?:\d{1,5}(?:[.,]\d{1,3})? ?(?:mg|mcg|µg|μg|ml|g|iu|units|tablets|pills|drops|capsules)\b|(?:half|one|two"
    r"|three|four|five|\d) (?:of the \d{1,4}|tablets|pills|capsules|drops))"
)
CHANGE = (
    r"(?:stop|quit|skip|come off|halve|double|lower|reduce|increase|cut(?: down| back| out)?|refuse|throw away"
    r"|drop|ditch|leave out|give up|avoid|pause|swap|bin|cancel|forget)"
)
CLAUSE = (
    r"(?:^|[.!?\n,;:] ?(?:(?:ladies|everyone|everybody|girls|folks|then|and|but|so|please|just|simply"
    r"|honestly),? ){0,2})"
)
TOLD = (
    r"(?:\byou (?:can|could|should|must|might|need to|have to|ought to|may|had better|better"
    r"|would do well to)(?: just| simply| also| all| easily| safely)? "
    r"|\b(?:everyone|everybody|people|all of you|nobody|anyone|she|he|they)(?: \w{2,5}){0,2} should |\b(?:just"
    r"|simply|please|i'd|i would|better to|best to|better|tell (?:her|him|them) to|try to) )"
)

# "Stop taking your tamoxifen", "you can skip the injection"; the medicine has to follow in the same sentence.
STOP_IT = re.compile(rf"(?:{CLAUSE}|{TOLD}){CHANGE}\b(?=(?P<rest>[^.!?\n]{{0,50}}))")
DECLINE = re.compile(
    rf"(?:{CLAUSE}|{TOLD}|\bdo )(?:don't|dont|do not|never|not) (?:let them|take|start|do|have|accept|go for"
    rf"|go through|agree to|touch|swallow)\b(?=(?P<rest>[^.!?\n]{{0,50}}))"
    r"|\b(?:nobody|no one|you (?:don't|do not|never)|you really don't) needs? (?=(?P<more>[^.!?\n]{0,40}))"
)
TAKE_SO_MUCH = re.compile(
    rf"(?:{CLAUSE}|{TOLD})(?:take|try|use|give (?:her|him|them)|go (?:up|down) to|ask for|start with|eat"
    rf"|inject)\b[^.!?\n]{{0,30}}?\b{AMOUNT}"
)
TAKE_OTHERWISE = re.compile(
    rf"(?:{CLAUSE}|{TOLD})take (?:your|the|her|his|it"
    rf"|them)\b(?=(?P<rest>[^.!?\n]{{0,24}}))[^.!?\n]{{0,24}}\b(?:every other|every second|only|twice|once a|half"
    rf"|less|more often|when you feel)\b"
)
IN_YOUR_PLACE = re.compile(r"\b(?:if i were you|my advice|in your place|take it from me|trust me)\b")
CARE_TEAM = any_of(
    r"ask(?:ing|ed)?", r"without (?:your|the|a|asking|talking)", r"talk to", r"yourself", r"questions?",
    r"asking questions", r"your (?:team|nurse|doctor|oncologist) (?:says|said|tells|about)",
)  # fmt: skip
NOT_TO = re.compile(r"\b(?:don't|dont|do not|never|not|didn't|did not|won't|please don't|cannot|can't)(?: \w{2,8})? $")

WHO = (
    r"(?:i|i'm|i've|we|we've|she|he|they|mum|mom|dad|mother|father|my \w{2,14}|our \w{2,14}|the (?:doctors?|team"
    r"|oncologist|hospital|clinic|nurse))"
)
CHANGED = re.compile(
    rf"\b(?P<who>{WHO})\b(?P<between>[^.!?\n]{{0,40}}?)\b(?:stopped|stopping|quit|quitting|not taken|skipped"
    rf"|skipping|came off(?! with)|coming off(?! with)|took me off|taken me off|gave up|giving up|given up|halved"
    rf"|doubled|lowered|reduced|increased|raised|"
    r"put (?:my|her|his|the) dose (?:down|up)|decided against|refused|declined|turned down|missed|paused|dropped"
    r"|cut|stop|ended|changed|switched)\b(?=(?P<rest>[^.!?\n]{0,45}))"
)
NEVER = re.compile(r"(?:never|not|n't|without)$")
TOLD_ME = re.compile(
    r"\b(?:told|advised|asked|wants|want|urged) (?:me|us|her|him) to (?:stop|quit|skip|come off|reduce|halve"
    r"|double)\b(?=(?P<rest>[^.!?\n]{0,45}))"
)
CYCLES = any_of(r"cycles?", r"infusions?", r"dose", r"doses", r"tablets?", r"treatment", r"taking (?:it|them)")

SYMPTOM = any_of(
    r"nausea", r"nauseous", r"(?:felt|feel|feeling|so|was|been|me|being) sick", r"sickness", r"vomit(?:s|ing|ed)?",
    r"threw up", r"throwing up", r"diarrh?o?ea", r"loose stools", r"the runs", r"(?:toilet|loo)", r"constipat\w{2,4}",
    r"rash(?:es)?", r"itch(?:y|ing|es)?", r"hives", r"fevers?", r"chills", r"dizz(?:y|iness)", r"faint(?:ed|ing)?",
    r"short(?:ness)? of breath", r"breathless(?:ness)?", r"cough(?:ing)?", r"chest pains?", r"palpitations?",
    r"joint pains?", r"(?:my|the) joints", r"ach(?:e|es|ing|ed|y)", r"(?:bone|muscle|back|leg) pains?", r"neuropathy",
    r"numb(?:ness)?", r"tingling", r"cramps?(?: up)?", r"mouth (?:sores?|ulcers?)", r"ulcers?", r"sore mouth",
    r"(?:hair|taste|weight|appetite|nail) (?:loss|gain)", r"thinning hair",
    r"(?:lost|losing|loses?) (?:my|her|his|the) (?:hair|eyebrows|lashes|nails|taste|appetite|voice)",
    r"nails? (?:came|fell|lifted|turned|went)[^.!?\n]{0,12}", r"bleed(?:ing|s)?", r"bled", r"bruis(?:e|es|ing|ed)",
    r"swell(?:s|ing|ed)?", r"swollen", r"blood clots?", r"embolism", r"infections?", r"pneumon\w{2,5}", r"fatigued?",
    r"exhaust(?:ed|ion)", r"tired(?:ness)?", r"headaches?", r"migraines?", r"blurr(?:y|ed)", r"side[- ]effects?",
    r"hot flush(?:es)?", r"hot flash(?:es)?", r"night sweats?", r"seizures?", r"collapsed?", r"hospitali[sz]ed",
    r"in hospital", r"peel(?:s|ed|ing)?", r"blisters?", r"liver (?:values|enzymes|counts)",
    r"(?:heart|echo) (?:scan|function)? ?(?:was |got |is )?(?:worse|lower|dropped)", r"thyroid", r"an(?:a)?emia",
    r"(?:white cells?|platelets|counts|neutrophils) (?:dropped|went down|fell|crashed|too low|were low|are low)",
    r"neutropeni[ac]", r"transfusions?", r"insomnia", r"(?:not|cannot|can't|couldn't) sleep", r"awake",
    r"mood swings", r"brain fog", r"allergic", r"anaphyla\w{3,5}", r"trigger (?:thumb|finger)s?",
    r"(?:hurts?|burns?|locks?|stiff)", r"(?:blood )?sugar (?:went|is|was|goes|rose)",
)  # fmt: skip
NO_SYMPTOM = re.compile(
    r"\b(?:no|not|never|without|zero|not a single|hardly any|instead of|free of|had none)(?: \w{2,8})? $"
)
NEAR = 160

ASKS = (
    r"\b(?:should (?:i|she|he|we|my \w{2,12})|can (?:i|she|he|we)|could (?:i|this|it|that)|may i|am i allowed"
    r"|is (?:it|this|that) (?:safe|normal|ok|okay|dangerous|serious|cancer|bad|too \w{3,6})|do (?:i|we)(?: still"
    r"| really)? (?:need|have to)|(?:do you think|should) i (?:need|worry)|can (?:they|you) still|does she need|"
    r"does (?:this|it|that|a|an|my)|do (?:these|my)|what (?:dose|does|do my|do these|should)|could it have"
    r"|who (?:do|should) (?:i|we) (?:call|ask|tell)|how (?:much|long|many|often|soon) (?:should|can|do|does|will"
    r"|must)|would (?:a|an|it)|is (?:\w{1,14} ){1,5}(?:a reason|normal|dangerous|a sign)|when (?:can|should|may"
    r"|will)|is this|will (?:i|it|she|this))\b"
)
QUESTION = re.compile(ASKS + r"[^?.!\n]{0,200}\?")
WORTH_ASKING = any_of(
    r"should i (?:ask|worry|be worried|call|see|go to|stop|take|wait|get|have)", r"scans?", r"results?", r"lumps?",
    r"nodules?", r"cancer", r"biops(?:y|ies)", r"operation", r"surgery", r"mammograms?", r"vaccin\w{1,6}", r"her2",
    r"scores?", r"stage", r"spread", r"bones?", r"liver", r"operate", r"worry", r"tests?", r"bloods?", r"drain",
    r"wound", r"scar", r"arm", r"breast", r"pain", r"fever", r"alcohol", r"wine", r"drink", r"fly", r"pregnan\w{1,4}",
    r"supplements?", r"vitamins?", r"exercise", r"dangerous", r"safe", r"normal", r"come back",
    r"something to report", r"cough", r"lymph\w{0,7}", r"nodes?", r"oestrogen", r"estrogen", r"ovaries", r"periods?",
    r"temperature", r"nausea", r"tingling",
)  # fmt: skip


@detector(version=2)
def treatment_advice(scan: Scan) -> Iterable[tuple[str, list[Span]]]:
    advice = _advice(scan, scan.unmasked)
    yield "dose_or_stopping", advice
    yield "own_treatment", outside(_changes(scan, scan.unmasked), advice)


@detector(version=2)
def side_effect(scan: Scan) -> Iterable[tuple[str, list[Span]]]:
    """A medicine and a symptom close together: somebody may be telling of a side effect, in good faith and without the word."""
    letters = scan.folded.letters
    drugs = named(letters, scan.drug_names)
    symptoms = [
        found.span()
        for found in SYMPTOM.finditer(letters)
        if not NO_SYMPTOM.search(letters, max(found.start() - 24, 0), found.start())
    ]
    near = [one for one in symptoms if any(abs(one[0] - drug[0]) < NEAR for drug in drugs)]
    yield "drug_and_symptom", [scan.folded.span(*place) for place in (*drugs, *near)] if near else []


@detector(version=2)
def medical_question(scan: Scan) -> Iterable[tuple[str, list[Span]]]:
    letters = scan.folded.letters
    found = [one.span() for one in QUESTION.finditer(letters)]
    yield (
        "medical_question",
        [scan.folded.span(*place) for place in found if _is_medical(scan, _with_its_beginning(scan, place))],
    )


def _with_its_beginning(scan: Scan, question: Span) -> str:
    start, _end = scan.folded.sentence(*question)
    return scan.folded.letters[start : question[1]]


def _is_medical(scan: Scan, question: str) -> bool:
    return bool(WORTH_ASKING.search(question) or MEDICINE.search(question) or named(question, scan.drug_names))


def _advice(scan: Scan, copy: Copy) -> list[Span]:
    letters = copy.letters
    places = []
    for pattern in (STOP_IT, DECLINE, TAKE_OTHERWISE):
        for found in pattern.finditer(letters):
            rest = found.groupdict().get("rest") or found.groupdict().get("more") or ""
            negated = pattern is STOP_IT and NOT_TO.search(letters, max(found.start() - 20, 0), found.start())
            if not negated and _is_about_medicine(scan, rest) and not CARE_TEAM.search(rest):
                places.append((found.start(), max(found.end(), _end_of(found, rest))))
    places += [found.span() for found in TAKE_SO_MUCH.finditer(letters)]
    for found in IN_YOUR_PLACE.finditer(letters):
        start, end = copy.sentence(*found.span())
        if _is_about_medicine(scan, letters[start:end]):
            places.append((start, end))
    return [copy.span(*_trimmed(letters, place)) for place in places]


def _end_of(found: re.Match, rest: str) -> int:
    """Where the words that were looked ahead for end."""
    group = "rest" if found.groupdict().get("rest") is not None else "more"
    return found.start(group) + len(rest.rstrip()) if rest else found.end()


def _changes(scan: Scan, copy: Copy) -> list[Span]:
    letters = copy.letters
    places = [
        (found.start(), found.end())
        for found in CHANGED.finditer(letters)
        if not NEVER.search(found["between"].strip())
        and (
            _is_about_medicine(scan, found["rest"])
            or _is_about_medicine(scan, found.group())
            or CYCLES.search(found["rest"])
        )
    ]
    places += [found.span() for found in TOLD_ME.finditer(letters) if _is_about_medicine(scan, found["rest"])]
    return [copy.span(*place) for place in places]


def _is_about_medicine(scan: Scan, words: str) -> bool:
    return bool(
        MEDICINE.search(words) or "taking it" in words or "taking them" in words or named(words, scan.drug_names)
    )


def _trimmed(letters: str, place: Span) -> Span:
    start, end = place
    while start < end - 1 and not letters[start].isalnum():
        start += 1
    return start, end
