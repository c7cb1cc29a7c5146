"""What may need a closer look in a comment. Each detector reads the whole text and says where it saw what; none decides.

Patterns hold no repetition inside a repetition over the same letters, so the work grows with the length of the text alone.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..text import INVISIBLE

# Letters of other alphabets that look like Latin ones; digits keep their value, since numbers are looked for too.
LOOKALIKES = str.maketrans("аеорсухіјѕԁһοανικρ", "aeopcyxijsdhoavikp")


@dataclass(frozen=True)
class Seen:
    """One thing one detector saw; spans are places in the text as typed."""

    detector: str
    label: str
    spans: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True)
class Scan:
    """A copy of the text for reading by machine: plain, lower case, without invisible letters; it knows where it came from."""

    folded: str
    places: tuple[int, ...]
    drug_names: frozenset[str] = frozenset()

    @classmethod
    def of(cls, text: str, drug_names: Iterable[str] = ()) -> "Scan":
        letters, places = [], []
        for place, letter in enumerate(text):
            if letter in INVISIBLE or unicodedata.category(letter) == "Mn":
                continue
            for plain in _plain(letter):
                letters.append(plain)
                places.append(place)
        return cls("".join(letters), tuple(places), frozenset(name.casefold() for name in drug_names))

    def spans(self, pattern: re.Pattern) -> list[tuple[int, int]]:
        return [self.span(found.start(), found.end()) for found in pattern.finditer(self.folded)]

    def span(self, start: int, end: int) -> tuple[int, int]:
        return self.places[start], self.places[end - 1] + 1


def _plain(letter: str) -> str:
    bare = (part for part in unicodedata.normalize("NFKD", letter) if unicodedata.category(part) != "Mn")
    folded = "".join(bare).casefold().translate(LOOKALIKES)
    return "".join(str(unicodedata.decimal(part)) if part.isdecimal() else part for part in folded).replace("’", "'")


def _any(*phrases: str) -> re.Pattern:
    return re.compile(r"\b(?:" + "|".join(phrases) + r")\b")


def _seen(detector: str, label: str, spans: list[tuple[int, int]]) -> list[Seen]:
    return [Seen(detector, label, spans)] if spans else []


CRISIS = _any(
    r"kill(?:ing)? myself", r"suicid(?:e|al)", r"end(?:ing)? (?:my|my own) life", r"end it all", r"tak(?:e|ing) my own life",
    r"(?:want|wants|wanted|wish|ready) to die", r"wish i (?:was|were) dead", r"better off (?:dead|without me)",
    r"(?:no|any) (?:reason|point) (?:in living|to live|to go on|in going on)",
    r"(?:do not|don't|dont|not) want to (?:live|be alive|be here any ?more|wake up|go on)",
    r"can(?:not|'t|t) go on (?:like this|any ?more|living)", r"(?:hurt|harm|harming|hurting|cut|cutting) myself",
    r"self[- ]?harm(?:ing|ed)?", r"(?:take|took|swallow) (?:all|a handful of) (?:of )?(?:my|the) (?:pills|tablets|medication|meds)",
    r"goodbye (?:forever|to you all|everyone)", r"not worth living", r"overdos(?:e|ed|ing) on",
)  # fmt: skip

EMAIL = re.compile(r"[a-z0-9._%+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,4}")
SPELT_EMAIL = re.compile(
    r"\b[a-z0-9._-]{2,64} ?[\[(]? ?\bat\b ?[\])]? ?[a-z0-9-]{2,63} ?[\[(]? ?\bdot\b ?[\])]? ?(?:com|org|net|co|uk|de)\b"
)
LONG_NUMBER = re.compile(r"(?<![\w./-])\+?\(?\d(?:[ ().\-/]{0,2}\d){8,14}(?![\w/])")
CALLED_NUMBER = re.compile(
    r"\b(?:call|phone|ring|tel|telephone|mobile|cell|text|whatsapp|number|fax)\b[^\n\d]{0,20}\+?\(?\d(?:[ ().\-/]{0,2}\d){4,14}"
)
DATES = re.compile(r"\d{4}-\d{2}-\d{2}|\bisbn\b|\b10\.\d{4}")

SELLING = _any(
    r"buy (?:it |them |yours )?(?:here|online|now|direct)", r"order (?:it |them |yours |now |online )?(?:here|now|online|from)",
    r"for sale", r"discount (?:code|price)", r"promo(?:tion)? code", r"free shipping", r"best price", r"without (?:a )?prescription",
    r"no prescription (?:needed|required)", r"(?:miracle|herbal|natural) (?:cure|remedy)", r"cures? (?:all )?cancer",
    r"(?:cured|healed) (?:me|my \w+) (?:of|from)", r"gofundme", r"crowdfund(?:ing|er)?", r"(?:i|we) (?:can )?(?:sell|ship)",
    r"money back", r"limited offer", r"affiliate", r"click (?:here|the link|on the link)",
)  # fmt: skip
CONTACT = _any(
    r"whats ?app", r"telegram", r"signal me", r"(?:dm|pm|inbox|text|message|email|e-mail|call|contact|ring|phone) me",
    r"(?:write|reach) (?:to )?me (?:at|on)", r"private(?:ly)? message", r"find me on", r"my (?:facebook|instagram|insta|channel|page)",
)  # fmt: skip

MEDICINE = (
    r"(?:tablets?|pills?|meds?|medicines?|medications?|drugs?|doses?|dosage|chemo(?:therapy)?|treatments?|therapy|"
    r"infusions?|injections?|hormones?|steroids?|blockers?|inhibitors?)"
)
STOPPING = re.compile(
    r"\b(?:stop(?:ped|ping)?|quit(?:ting)?|skip(?:ped|ping)?|come off|came off|coming off|halv(?:e|ed|ing)|doubl(?:e|ed|ing)|"
    r"lower(?:ed|ing)?|reduc(?:e|ed|ing)|increas(?:e|ed|ing)|cut(?:ting)? (?:down|back|out)|refus(?:e|ed|ing)|throw away|instead of)\b"
    r"[^.!?\n]{0,40}\b(?:" + MEDICINE + r"|taking (?:it|them))\b"
)
AMOUNT = re.compile(
    r"\b(?:take|taking|try|use|need|double|give (?:her|him|them))\b[^.!?\n]{0,30}\b\d{1,5}(?:[.,]\d{1,3})? ?(?:mg|mcg|µg|μg|ml|g|iu|units|tablets|pills)\b"
)

DRUG_WORD = re.compile(
    r"\b[a-z]{2,20}(?:mab|nib|ciclib|taxel|rubicin|platin|parib|trozole|mestane|oxifen|tecan|deruxtecan|emtansine|citabine|bulin|strant)\b"
)
SYMPTOM = _any(
    r"nausea", r"nauseous", r"sick(?:ness)?", r"vomit(?:ing|ed)?", r"threw up", r"throwing up", r"diarrh?o?ea", r"rash(?:es)?", r"itch(?:y|ing)?",
    r"fever", r"dizz(?:y|iness)", r"faint(?:ed|ing)?", r"short(?:ness)? of breath", r"breathless(?:ness)?", r"cough(?:ing)?",
    r"chest pains?", r"palpitations?", r"joint pains?", r"ach(?:e|es|ing|ed)", r"bone pain", r"neuropathy", r"numb(?:ness)?",
    r"tingling", r"mouth sores?", r"sore mouth", r"hair loss", r"lost (?:my|her|his) hair", r"bleed(?:ing|s)?", r"bruis(?:e|es|ing)",
    r"swell(?:ing)?", r"swollen", r"blood clots?", r"infections?", r"fatigue", r"exhaust(?:ed|ion)", r"headaches?", r"blurr(?:y|ed)",
    r"side[- ]effects?", r"hot flush(?:es)?", r"hot flash(?:es)?", r"seizures?", r"swallow(?:ing)? trouble", r"collapsed?", r"hospitali[sz]ed",
)  # fmt: skip

QUESTION = re.compile(
    r"\b(?:should i|should she|should he|can i|can she|can he|may i|is it (?:safe|normal|ok|okay|dangerous|serious)|do i need|does she need|"
    r"what (?:dose|does it mean|do my results mean)|how (?:much|long|many|often) (?:should|can|do|does)|is this (?:normal|serious|dangerous|cancer)|"
    r"does this mean|what would you do|has anyone(?:'s)?|did anyone)\b[^?\n]{0,200}\?"
)
LINK = re.compile(
    r"https?://[^\s<>\"]{1,2000}|\bwww\.[a-z0-9.-]{2,253}|\b[a-z0-9-]{2,63}\.(?:com|org|net|info|io|shop|store|online|site|biz|co\.uk)\b"
)


def crisis(scan: Scan) -> list[Seen]:
    return _seen("crisis", "crisis", scan.spans(CRISIS))


def personal_details(scan: Scan) -> list[Seen]:
    numbers = [
        scan.span(found.start(), found.end())
        for pattern in (LONG_NUMBER, CALLED_NUMBER)
        for found in pattern.finditer(scan.folded)
        if not DATES.search(scan.folded, max(found.start() - 12, 0), found.end())
    ]
    emails = scan.spans(EMAIL) + scan.spans(SPELT_EMAIL)
    return _seen("personal_details", "email_address", emails) + _seen("personal_details", "phone_number", numbers)


def selling(scan: Scan) -> list[Seen]:
    return _seen("selling", "selling", scan.spans(SELLING)) + _seen("selling", "contact_move", scan.spans(CONTACT))


def treatment_advice(scan: Scan) -> list[Seen]:
    return _seen("treatment_advice", "dose_or_stopping", scan.spans(STOPPING) + scan.spans(AMOUNT))


def side_effect(scan: Scan) -> list[Seen]:
    """A drug and a symptom in one comment: somebody may be telling of a side effect, in good faith and without the word."""
    drugs = scan.spans(DRUG_WORD) + _named(scan)
    symptoms = scan.spans(SYMPTOM)
    return _seen("side_effect", "drug_and_symptom", drugs + symptoms) if drugs and symptoms else []


def medical_question(scan: Scan) -> list[Seen]:
    return _seen("medical_question", "medical_question", scan.spans(QUESTION))


def links(scan: Scan) -> list[Seen]:
    return _seen("links", "link", scan.spans(LINK))


def _named(scan: Scan) -> list[tuple[int, int]]:
    """Names of the drug directory; a set of words, so that its size does not count."""
    return [
        scan.span(found.start(), found.end())
        for found in re.finditer(r"[\w-]+", scan.folded)
        if found.group() in scan.drug_names
    ]


DETECTORS: dict[str, Callable[[Scan], list[Seen]]] = {
    detector.__name__: detector
    for detector in (crisis, personal_details, selling, treatment_advice, side_effect, medical_question, links)
}
