"""Reference markers: "4-7" read and written, and which number each cited reference has."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.translation import gettext as _

from articles.document.tree import Node, inlines
from articles.identifiers import DASHES, doi, identifier, isbn, nct, pmcid, pmid, url
from articles.styles import Segment, ama, csl_identifier, names, names_text, plain, vancouver

__all__ = [
    "Segment", "ama", "clusters", "csl_identifier", "doi", "identifier", "isbn", "label", "names", "names_text",
    "nct", "numbering", "parse", "plain", "pmcid", "pmid", "url", "vancouver",
]  # fmt: skip


def parse(text: str) -> list[int]:
    """The numbers of a marker, in the order written: "2,4-7" is 2, 4, 5, 6, 7."""
    numbers: list[int] = []
    for part in text.translate(DASHES).replace(";", ",").split(","):
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        ends = [first, last] if dash else [first]
        if not all(re.fullmatch(r"[1-9][0-9]{0,3}", end) for end in ends):
            raise ValueError(_("“%(text)s” is not a reference marker. Write [2], [2,3] or [4-7].") % {"text": text})
        if dash and int(last) <= int(first):
            message = _("In “%(text)s” the range runs backwards. Write the smaller number first.")
            raise ValueError(message % {"text": text})
        numbers += range(int(first), int(last or first) + 1)
        if len(numbers) > 1000:
            raise ValueError(_("“%(text)s” names too many references.") % {"text": text})
    return list(dict.fromkeys(numbers))


def label(numbers: Iterable[int]) -> str:
    """How numbers are shown in a marker: sorted, three or more in a row with a hyphen, two with a comma."""
    parts: list[str] = []
    ordered = sorted(set(numbers))
    while ordered:
        length = 1
        while length < len(ordered) and ordered[length] == ordered[0] + length:
            length += 1
        if length >= 3:
            parts.append(f"{ordered[0]}-{ordered[length - 1]}")
        else:
            parts += map(str, ordered[:length])
        ordered = ordered[length:]
    return ",".join(parts)


def clusters(content: Node) -> list[list[str]]:
    """The references of every marker in reading order: the body, then the approvals of a drug."""
    found = [list(node["attrs"]["refs"]) for node in inlines(content) if node.get("type") == "citation"]
    approvals = (content.get("facts") or {}).get("approvals") or []
    return found + [[approval["ref"]] for approval in approvals if approval.get("ref")]


def numbering(content: Node) -> dict[str, int]:
    """The number of each cited reference by order of first mention; inside one marker, by order of the list."""
    listed = {reference["uid"]: slot for slot, reference in enumerate(content.get("references") or [])}
    numbers: dict[str, int] = {}
    for refs in clusters(content):
        for ref in sorted(refs, key=lambda ref: listed.get(ref, len(listed))):
            numbers.setdefault(ref, len(numbers) + 1)
    return numbers
