"""What keeps a complete-looking draft from going to review, and what deserves a second look."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from articles import citations
from articles.document.problems import Problem, link_problem
from articles.document.tree import Inlines, Node, block_text, blocks, figures, inlines, runs

FILE_NAME = re.compile(r"[\w().-]*\.(?:jpe?g|png|webp|gif|svg|tiff?|heic|bmp|avif)\Z", re.IGNORECASE)
CAMERA_NAME = re.compile(r"(?:img|dsc|dscn|image|screenshot|photo|picture|untitled)[ _-]?\d*\Z", re.IGNORECASE)


def is_file_name(alt: str) -> bool:
    """Whether an alternative text is only the name of a file."""
    name = alt.strip()
    return bool(FILE_NAME.search(name) and " " not in name) or bool(CAMERA_NAME.match(name))


def _figure_problems(content: Node, images: set[str]) -> Iterator[Problem]:
    for number, figure in enumerate(figures(content), start=1):
        attrs = figure["attrs"]
        where, alt = attrs["node_id"], attrs["alt"].strip()
        if attrs["image"] not in images:
            message = _("Figure %(number)d has no picture file. Add one, or remove the figure.")
            yield Problem(where, "figure_file", message % {"number": number})
        if attrs["decorative"]:
            if alt:
                message = _("Figure %(number)d is marked as decoration but has a description. Keep one of the two.")
                yield Problem(where, "figure_alt", message % {"number": number})
        elif not alt:
            message = _("Figure %(number)d has no description. Say what it shows, or mark it as decoration.")
            yield Problem(where, "figure_alt", message % {"number": number})
        elif is_file_name(alt):
            message = _("The description of figure %(number)d is the name of a file. Say what the picture shows.")
            yield Problem(where, "figure_alt", message % {"number": number})


def _identifier_problems(csl: Node, number: int) -> Iterator[str]:
    checks = {
        "DOI": (
            citations.doi,
            _("The DOI of reference %(number)d is not a DOI. It looks like 10.1000/xyz123."),
        ),
        "PMID": (
            citations.pmid,
            _("The PMID of reference %(number)d is not a PubMed number, which has only digits."),
        ),
        "PMCID": (
            citations.pmcid,
            _("The PMCID of reference %(number)d is not one. It looks like PMC1234567."),
        ),
        "ISBN": (citations.isbn, _("The ISBN of reference %(number)d has a wrong digit.")),
        "NCT": (
            citations.nct,
            _("The trial number of reference %(number)d is not one. It looks like NCT01234567."),
        ),
    }
    for key, (read, message) in checks.items():
        if csl.get(key):
            try:
                read(csl[key])
            except ValueError:
                yield message % {"number": number}
    if csl.get("URL") and (link_problem(csl["URL"]) or not csl["URL"].startswith(("http://", "https://"))):
        message = _("The web address of reference %(number)d cannot be used. It must start with https:// or http://.")
        yield message % {"number": number}


def is_empty(csl: Node) -> bool:
    """Whether a reference slot holds nothing but its type."""
    return not any(value for key, value in csl.items() if key not in ("type", "language"))


def _reference_problems(content: Node) -> Iterator[Problem]:
    cited = set(citations.numbering(content))
    for number, reference in enumerate(content["references"], start=1):
        csl, where = reference["csl"], reference["uid"]
        if is_empty(csl):
            message = _("Reference %(number)d is empty. Fill it in, or remove its marker from the text.")
            if where not in cited:
                message = _("Reference %(number)d is empty and not cited. Fill it in, or remove it.")
            yield Problem(where, "reference_empty", message % {"number": number})
            continue
        if not csl.get("title", "").strip():
            message = _("Reference %(number)d has no title.")
            yield Problem(where, "reference_title", message % {"number": number})
        for message in _identifier_problems(csl, number):
            yield Problem(where, "reference_identifier", message)


def _fact_problems(content: Node, kind: str) -> Iterator[Problem]:
    facts = content.get("facts") or {}
    if kind == "drug" and not facts.get("generic", "").strip():
        yield Problem("facts.generic", "facts", _("The generic name of the drug is missing."))
    if kind == "subtype" and not facts.get("name", "").strip():
        yield Problem("facts.name", "facts", _("The name of the subtype is missing."))


def _is_empty_run(run: Inlines) -> bool:
    """Whether a run shows nothing: no words, no marker, no mention."""
    return all(node["type"] == "hard_break" or (node["type"] == "text" and not node["text"].strip()) for node in run)


def _is_blank(block: Node) -> bool:
    return block["type"] != "figure" and all(map(_is_empty_run, runs(block)))


def blocking(content: Node, *, kind: str, images: set[str]) -> list[Problem]:
    """What is still missing before review, in the order of the edit page; the content is already valid."""
    found = []
    if not content["title"].strip():
        found.append(Problem("title", "title", _("The page has no title.")))
    if not content["slug"]:
        found.append(Problem("slug", "slug", _("The page has no address yet. Write one from its main words.")))
    if all(block["type"] == "figure" or _is_blank(block) for block in blocks(content)):
        found.append(Problem("body", "body", _("The page has no text.")))
    for block in blocks(content):
        if block["type"] in ("heading", "callout") and _is_empty_run(next(runs(block), [])):
            found.append(Problem(block["attrs"]["node_id"], "heading", _("A heading is empty.")))
    found += _figure_problems(content, images)
    found += _fact_problems(content, kind)
    found += _reference_problems(content)
    return found


def _reference_warnings(content: Node) -> Iterator[Problem]:
    cited = set(citations.numbering(content))
    identifiers: Counter[tuple[str, str]] = Counter()
    for number, reference in enumerate(content["references"], start=1):
        csl = reference["csl"]
        if reference["uid"] not in cited and not is_empty(csl):
            message = _("Reference %(number)d is not cited anywhere. It will not be shown.")
            yield Problem(reference["uid"], "uncited", message % {"number": number})
        for key in ("DOI", "PMID", "URL"):
            if csl.get(key):
                identifiers[key, csl[key].strip().lower()] += 1
                if identifiers[key, csl[key].strip().lower()] == 2:
                    message = _("Reference %(number)d has the same %(key)s as one before it.")
                    yield Problem(reference["uid"], "duplicate", message % {"number": number, "key": key})
                break
        if csl.get("type") == "article-journal" and not csl.get("issued"):
            message = _("Reference %(number)d has no year.")
            yield Problem(reference["uid"], "no_year", message % {"number": number})


def _heading_warnings(content: Node) -> Iterator[Problem]:
    level = 1
    for block in blocks(content):
        if block["type"] != "heading":
            continue
        if block["attrs"]["level"] > level + 1:
            message = _("The heading “%(text)s” skips a level.")
            yield Problem(block["attrs"]["node_id"], "level", message % {"text": block_text(block)[:60]})
        level = block["attrs"]["level"]


def warnings(content: Node) -> list[Problem]:
    """What a writer should look at again; none of it keeps the draft from going to review."""
    found = []
    if not content.get("standfirst", "").strip():
        found.append(Problem("standfirst", "standfirst", _("There is no standfirst under the title.")))
    if not content.get("bylines"):
        found.append(Problem("bylines", "byline", _("Nobody is named as the author.")))
    found += _heading_warnings(content)
    for number, figure in enumerate(figures(content), start=1):
        if len(figure["attrs"]["alt"]) > 400:
            message = _("The description of figure %(number)d is long. Say the rest in the text or the caption.")
            found.append(Problem(figure["attrs"]["node_id"], "long_alt", message % {"number": number}))
    if not any(node["type"] == "citation" for node in inlines(content)):
        found.append(Problem("body", "uncited", _("The text cites no reference.")))
    for block in blocks(content):
        words = len(block_text(block).split())
        if block["type"] == "paragraph" and words > 150:
            message = ngettext(
                "A paragraph of %(words)d word is hard to read. Make two of it.",
                "A paragraph of %(words)d words is hard to read. Make two of it.",
                words,
            )
            found.append(Problem(block["attrs"]["node_id"], "long_paragraph", message % {"words": words}))
    found += _reference_warnings(content)
    return found
