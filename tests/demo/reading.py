"""The demo world as its files tell it, and each page as the content of a draft."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from articles import citations
from articles.document import blank, notation
from articles.document.schema import new_id

ROOT = Path(__file__).resolve().parents[2]
ARTICLES = ROOT / "articles" / "demo"
MENTION = re.compile(r"\{\{(drug|subtype):([a-z0-9-]+)(?:\|(?:brand|generic))?\}\}")
CITED = notation.CITATION


@cache
def load(path: str) -> Any:
    return json.loads((ROOT / path).read_text("utf-8"))


@cache
def articles() -> dict[str, dict]:
    """Each article by its slug."""
    found = [json.loads(path.read_text("utf-8")) for path in sorted((ARTICLES / "articles").glob("*.json"))]
    return {entry["slug"]: entry for entry in found}


def drugs() -> dict[str, dict]:
    return {entry["slug"]: entry for entry in load("articles/demo/drugs.json")["drugs"]}


def subtypes() -> dict[str, dict]:
    return {entry["slug"]: entry for entry in load("articles/demo/subtypes.json")["subtypes"]}


def pages() -> list[dict]:
    """Every page in the order in which it is made: an entry only mentions what is there before it."""
    return [*subtypes().values(), *drugs().values(), *articles().values()]


def people() -> dict[str, dict]:
    return {person["handle"]: person for person in load("accounts/demo/people.json")["people"]}


def policies() -> dict[str, dict]:
    return {policy["kind"]: policy for policy in load("accounts/demo/policies.json")["policies"]}


def rules(version: int) -> dict[int, dict]:
    """The clauses of one version of the community rules by their number."""
    wanted = next(row for row in policies()["rules"]["versions"] if row["version"] == version)
    return {clause["number"]: clause for clause in wanted["clauses"]}


def comments() -> dict[str, dict]:
    return {comment["ref"]: comment for comment in load("comments/demo/comments.json")["comments"]}


def words(entry: dict) -> int:
    """Words of running text; what stands in and under figures does not count."""
    text = " ".join(block["text"] for block in entry["body"] if block["kind"] != "figure")
    return len(re.findall(r"[^\W_]+(?:[’'-][^\W_]+)*", CITED.sub("", MENTION.sub("name", text))))


def cited_slots(entry: dict) -> set[int]:
    return {
        slot for block in entry["body"] for found in CITED.findall(block["text"]) for slot in citations.parse(found)
    }


def mentions(entry: dict) -> Iterator[tuple[str, str]]:
    for block in entry["body"]:
        yield from MENTION.findall(block["text"])


def figures(entry: dict) -> list[dict]:
    return [block for block in entry["body"] if block["kind"] == "figure"]


@cache
def page_uids() -> dict[tuple[str, str], str]:
    return {(entry["kind"], entry["slug"]): new_id() for entry in pages()}


def block_of(block: dict, slots: dict[int, str]) -> dict:
    """One block of the body document, read by the notation of the edit page."""
    if block["kind"] == "figure":
        attrs = {key: block[key] for key in ("alt", "caption", "credit", "hero")}
        return {
            "type": "figure",
            "attrs": {**attrs, "node_id": new_id(), "image": new_id(), "decorative": False},
        }
    return notation.from_text(block["kind"], block["text"], node_id=new_id(), slots=slots, pages=dict(page_uids()))


def content_of(entry: dict) -> dict:
    """What a draft of this page would hold."""
    slots = {number: new_id() for number in range(1, len(entry["references"]) + 1)}
    facts = dict(entry.get("facts", {}))
    if entry["kind"] == "drug":
        facts["subtypes"] = [page_uids()["subtype", slug] for slug in facts["subtypes"]]
        facts["approvals"] = [
            {
                "date": row["date"],
                "what": row["what"],
                "jurisdiction": row["jurisdiction"],
                "ref": slots[row["ref"]],
            }
            for row in facts["approvals"]
        ]
    return {
        **blank.content(entry["kind"], title=entry["title"]),
        "standfirst": entry["standfirst"],
        "slug": entry["slug"],
        "bylines": [{"name": people()[handle]["name"]} for handle in entry["bylines"]],
        "body": {"type": "doc", "content": [block_of(block, slots) for block in entry["body"]]},
        "references": [{"uid": slots[n], "csl": csl} for n, csl in enumerate(entry["references"], start=1)],
        "facts": facts,
        "seo": entry["seo"],
    }
