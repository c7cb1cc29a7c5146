"""The second wall: whatever the renderer wrote, only these tags and attributes leave it."""

from __future__ import annotations

import re

from bleach.sanitizer import Cleaner

from articles.document.problems import link_problem

TAGS = {
    "a", "blockquote", "br", "caption", "dd", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4",
    "header", "i", "img", "li", "ol", "p", "picture", "section", "small", "source", "span", "strong", "sup", "table",
    "tbody", "td", "th", "thead", "time", "tr", "ul",
}  # fmt: skip
CLASSES = {
    "approvals", "article-byline", "article-head", "callout", "callout-urgent", "citation", "drug", "drug-generic", "facts",
    "figure", "figure-credit", "figure-empty", "glance", "key-facts", "lead", "references", "references-back",
    "subtype", "summary", "table", "vh",
}  # fmt: skip
PICTURE = r"/media/i/[0-9a-f]{64}/\d{1,5}\.(?:jpg|png|webp)"
VALUES = {
    "id": r"[a-z0-9][a-z0-9-]*",
    "role": r"doc-noteref|doc-backlink|doc-endnotes|note",
    "aria-labelledby": r"[a-z0-9-]+",
    "data-refs": r"\d+(?:,\d+)*",
    "data-label": r"[^<>]*",
    "datetime": r"\d{4}(?:-\d\d){0,2}",
    "scope": r"col|row",
    "src": PICTURE,
    "srcset": rf"{PICTURE} \d+w(?:, {PICTURE} \d+w)*",
    "sizes": r"[a-z0-9 ().,:-]+",
    "type": r"image/(?:webp|jpeg|png)",
    "width": r"\d+",
    "height": r"\d+",
    "loading": r"lazy|eager",
    "decoding": r"async",
    "fetchpriority": r"high",
    "alt": r"[\s\S]*",
    "lang": r"[A-Za-z-]+",
}
ATTRIBUTES = {
    "a": {"id", "href", "role", "class", "data-refs"},
    "img": {"src", "width", "height", "alt", "loading", "decoding", "fetchpriority"},
    "source": {"type", "srcset", "sizes"},
    "section": {"id", "class", "role", "aria-labelledby"},
    "th": {"scope"},
    "td": {"data-label"},
    "time": {"datetime"},
    "li": {"id"},
    "h1": {"id"},
    "h2": {"id"},
    "h3": {"id"},
    "h4": {"id"},
}
EVERYWHERE = {"class"}
OWN_LINK = re.compile(r"(?:#[a-z0-9-]+|/(?:drugs|subtypes)/[a-z0-9-]+/)\Z")


def _allowed(tag: str, name: str, value: str) -> bool:
    if name not in ATTRIBUTES.get(tag, set()) | EVERYWHERE:
        return False
    if name == "class":
        return bool(value) and set(value.split()) <= CLASSES
    if name == "href":
        return bool(OWN_LINK.match(value)) or not link_problem(value)
    return bool(re.fullmatch(VALUES[name], value))


CLEANER = Cleaner(
    tags=frozenset(TAGS), attributes=_allowed, protocols=frozenset({"http", "https", "mailto"}), strip=True
)


def clean(html: str) -> str:
    """The same HTML with everything taken out that an artefact may not hold."""
    return CLEANER.clean(html)
