"""What the edit page asks the directory: drug and subtype pages by uid, by slug, by brand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from django.db.models import Q
from django.db.models.fields.json import KeyTextTransform, KeyTransform

from ..models import Page

FACTS = KeyTransform("facts", "draft__content")
MENTION = re.compile(r"\{\{\s*(drug|subtype)\s*:\s*([a-z0-9-]{1,80})")


class Directory:
    """The drug and subtype pages a text mentions, by uid and by slug, read once each."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.by_uid: dict[str, tuple[str, str]] = {}
        self.by_slug: dict[tuple[str, str], str] = {}

    def know_pages(self, uids: Iterable[str]) -> None:
        missing = set(uids) - set(self.by_uid)
        if missing:
            self._add(Page.objects.filter(uid__in=missing, kind__in=("drug", "subtype")))

    def know_texts(self, texts: Iterable[str]) -> None:
        asked = {mention.groups() for text in texts for mention in MENTION.finditer(text)} - set(self.by_slug)
        if asked:
            slugs = {slug for _kind, slug in asked}
            self._add(Page.objects.filter(slug__in=slugs, kind__in=("drug", "subtype"), language=self.language))

    def _add(self, pages: Any) -> None:
        for uid, kind, slug in pages.values_list("uid", "kind", "slug"):
            self.by_uid[uid] = (kind, slug)
            self.by_slug[kind, slug] = uid


def subtype_names(language: str) -> list[tuple[str, str]]:
    """Every subtype page with the name in its draft, in the order of the names."""
    pages = Page.objects.filter(kind=Page.Kind.SUBTYPE, language=language)
    found = pages.annotate(name=KeyTextTransform("name", FACTS)).values_list("uid", "name", "slug")
    return sorted(((uid, name or slug) for uid, name, slug in found), key=lambda one: one[1].casefold())


def known_drugs(suggestions: list[dict]) -> dict[str, dict]:
    """By brand in small letters: the drug page the directory has, and when it was reviewed if it is live."""
    asked = Q(pk__in=[])
    for brand in {one["brand"] for one in suggestions if one["brand"]}:
        asked |= Q(drug_facts__brand__iexact=brand) | Q(draft__content__facts__brand__iexact=brand)
    found = Page.objects.filter(asked, kind=Page.Kind.DRUG).annotate(named=KeyTextTransform("brand", FACTS))
    rows = found.values("pk", "slug", "named", "drug_facts__brand", "live_publication__reviewed_on")
    return {
        (row["drug_facts__brand"] or row["named"]).casefold(): {
            "pk": row["pk"], "slug": row["slug"], "reviewed": row["live_publication__reviewed_on"]
        }
        for row in rows
    }  # fmt: skip


def suggestion_name(suggestion: dict) -> str:
    """The name of the form field that asks about a suggested drug name."""
    digest = sha256("|".join([suggestion["brand"], suggestion["generic"]]).encode()).hexdigest()
    return f"drug-{suggestion['node_id']}-{digest[:8]}"
