"""What a source is found again by: DOI, PMID, PMCID, NCT, ISBN, web address, each in one spelling."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from urllib.parse import unquote, urlsplit, urlunsplit

from django.utils.translation import gettext as _

from articles.document.problems import link_problem

DASHES = str.maketrans({"–": "-", "‑": "-", "−": "-", "—": "-"})  # noqa: RUF001


def _match(pattern: str, text: str, message: str) -> re.Match[str]:
    found = re.fullmatch(pattern, text.strip(), re.IGNORECASE)
    if not found:
        raise ValueError(message % {"text": text.strip()[:80]})
    return found


def doi(text: str) -> str:
    """The bare DOI in small letters, from a DOI or its address."""
    text = unicodedata.normalize("NFC", text.strip()).translate(DASHES)
    text = re.sub(r"^(?:https?://)?(?:dx\.|www\.)?doi\.org/+", "doi:", text, flags=re.IGNORECASE)
    if text.lower().startswith("doi:") and "%" in text:
        text = unquote(text)
    text = re.sub(r"^doi:?\s*/*", "", text, flags=re.IGNORECASE)
    text = re.sub(r"[.,;:'\"”’>\]]+$", "", text)
    while text.endswith(")") and text.count(")") > text.count("("):
        text = text[:-1].rstrip(".,;")
    return _match(r"10\.\d{4,9}(?:\.\d+)*/[^\s<>\"]+", text, _("“%(text)s” is not a DOI.")).group().lower()


def pmid(text: str) -> str:
    """The PubMed number, from itself, "PMID: 123" or its address."""
    pattern = r"(?:PMID:?\s*|(?:https?://)?(?:www\.)?(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pubmed)/)?0*([1-9]\d{0,8})[/.]?"
    return _match(pattern, text, _("“%(text)s” is not a PubMed number.")).group(1)


def pmcid(text: str) -> str:
    """The PubMed Central number with its PMC."""
    site = r"(?:https?://)?(?:(?:www\.)?ncbi\.nlm\.nih\.gov/pmc|pmc\.ncbi\.nlm\.nih\.gov)/articles/"
    found = _match(rf"(?:PMCID:?\s*|{site})?PMC(\d{{1,9}})[/.]?", text, _("“%(text)s” is not a PMC number."))
    return f"PMC{found.group(1)}"


def nct(text: str) -> str:
    """The trial number of ClinicalTrials.gov."""
    site = r"(?:https?://)?(?:www\.|classic\.)?clinicaltrials\.gov/(?:ct2/show|study|show)/"
    found = _match(rf"(?:{site})?NCT(\d{{8}})(?:[/?.].*)?", text, _("“%(text)s” is not a trial number."))
    return f"NCT{found.group(1)}"


def isbn(text: str) -> str:
    """The thirteen digits of an ISBN, its check digit verified."""
    found = _match(
        r"(?:ISBN(?:-1[03])?:?\s*)?([\d][\d -]{8,15}[\dX])",
        text.translate(DASHES),
        _("“%(text)s” is not an ISBN."),
    )
    digits = re.sub(r"[ -]", "", found.group(1)).upper()
    values = [10 if digit == "X" else int(digit) for digit in digits]
    if len(digits) == 10 and sum(value * (10 - place) for place, value in enumerate(values)) % 11 == 0:
        core = [9, 7, 8, *values[:9]]
        return "".join(map(str, core)) + str(
            -sum(value * (3 if place % 2 else 1) for place, value in enumerate(core)) % 10
        )
    if len(digits) == 13 and sum(value * (3 if place % 2 else 1) for place, value in enumerate(values)) % 10 == 0:
        return digits
    raise ValueError(_("“%(text)s” is not an ISBN.") % {"text": text.strip()[:80]})


def url(text: str) -> str:
    """A web address with its scheme and host in small letters and nothing hidden in it."""
    text = unicodedata.normalize("NFC", text.strip()).rstrip(".,;")
    if re.match(r"www\.[^\s/]+\.\w", text, re.IGNORECASE):
        text = f"https://{text}"
    parts = urlsplit(text) if not link_problem(text) else None
    if parts is None or parts.scheme not in ("http", "https") or "." not in (parts.hostname or ""):
        raise ValueError(
            _("“%(text)s” is not a web address. It must start with https:// or http://.") % {"text": text[:80]}
        )
    return urlunsplit(parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower()))


SCHEMES: dict[str, Callable[[str], str]] = {
    "doi": doi, "nct": nct, "pmcid": pmcid, "pmid": pmid, "isbn": isbn, "url": url,
}  # fmt: skip


def identifier(text: str) -> tuple[str, str]:
    """What kind of identifier this is, and its one spelling; ValueError says why not."""
    for scheme, read in SCHEMES.items():
        try:
            return scheme, read(text)
        except ValueError:
            continue
    raise ValueError(_("“%(text)s” is not a DOI, a PubMed number or a web address.") % {"text": text.strip()[:80]})
