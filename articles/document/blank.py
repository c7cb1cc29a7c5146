"""An empty draft of each kind."""

from typing import Any

from .schema import SCHEMA

FACTS: dict[str, dict[str, Any]] = {
    "article": {},
    "drug": {
        "brand": "", "mark": "", "generic": "", "drug_class": "", "route": "", "target": "",
        "other_names": [], "subtypes": [], "approvals": [],
    },
    "subtype": {"name": "", "definition": "", "authority": "", "synonyms": []},
}  # fmt: skip


def content(kind: str, *, title: str = "", language: str = "en") -> dict[str, Any]:
    """The content of a draft in which nothing is written yet but its title."""
    facts = {key: list(value) if isinstance(value, list) else value for key, value in FACTS[kind].items()}
    if kind == "subtype":
        facts["name"] = title
    return {
        "schema": SCHEMA,
        "title": title,
        "standfirst": "",
        "slug": "",
        "language": language,
        "bylines": [],
        "body": {"type": "doc", "content": []},
        "references": [],
        "facts": facts,
        "seo": {"title": "", "description": ""},
    }
