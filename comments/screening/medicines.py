"""How a medicine looks in a comment: by name, by the ending of its name, or as a tablet and a dose."""

import re

from .scan import Span
from .watched import WATCHED

MEDICINE = re.compile(
    r"\b(?:tablets?|pills?|capsules?|meds?|medicines?|medications?|drugs?|doses?|dosage|chemo(?:therapy)?|radiation"
    r"|radiotherapy|treatments?|therapy|"
    r"infusions?|injections?|(?:every )?(?:second|other|next|last) (?:round|cycle|session)s?|shots|hormones?"
    r"|steroids?|(?:hormone |aromatase )?(?:blockers?|inhibitors?)|antidepressants?|pain ?killers?|insulin"
    r"|blood thinners?)\b"
)
BY_ENDING = re.compile(
    r"\b[a-z]{2,20}(?:mab|nib|ciclib|lisib|taxel|rubicin|platin|parib|trozole|mestane|oxifen|tecan|deruxtecan"
    r"|emtansine|citabine|bulin|strant|relin|dronate|dronic|grastim|setron|limus|degib|rafenib|profen|azepam"
    r"|azolam)\b"
)
NAME = re.compile(r"[\w-]{3,40}")


def named(letters: str, directory: frozenset[str] = frozenset()) -> list[Span]:
    """Names of medicines; sets of words, so that their size does not count."""
    known = [
        found.span()
        for found in NAME.finditer(letters)
        if found.group() in directory or found.group() in WATCHED.brands
    ]
    return known + [found.span() for found in BY_ENDING.finditer(letters)]
