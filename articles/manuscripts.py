"""Bringing in a manuscript: from the bytes of a file to a draft and a report of what was found."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from .document import blank, importing
from .drafting.directory import Directory
from .drafting.sheet import MAX_FIELDS, Sheet
from .models import Draft, Page
from .workflow import writing


class ManuscriptRefused(Exception):
    """The file makes no draft; the text says why. Nothing was written."""


@dataclass(frozen=True)
class BroughtIn:
    """The draft of a manuscript: just made, or made earlier from the very same file."""

    page: Page
    report: dict[str, Any]
    is_new: bool


def bring_in(data: bytes, *, by, name: str = "", kind: str = Page.Kind.ARTICLE, again: bool = False) -> BroughtIn:
    """A draft from the bytes of a manuscript. The same bytes find their earlier draft, unless `again`."""
    manuscript = _read(data, name)
    content = manuscript.content | {"facts": blank.content(kind)["facts"]}
    _fits_the_form(content)
    digest = sha256(data).hexdigest()
    with transaction.atomic():
        before = Draft.objects.filter(imported_sha256=digest).select_related("page").order_by("pk").first()
        known = before.page if before and not again else None
        page = known or _create(kind, content, manuscript.suggestions, digest, by)
    return BroughtIn(page, _report(manuscript, page), is_new=before is None or again)


def _read(data: bytes, name: str) -> importing.Manuscript:
    try:
        return importing.read(data, name=name)
    except importing.UnreadableManuscript as unreadable:
        raise ManuscriptRefused(str(unreadable)) from unreadable


def _fits_the_form(content: dict) -> None:
    """A draft that no form can hold could never be edited."""
    if Sheet.from_content(content, Directory(content["language"])).fields > MAX_FIELDS:
        raise ManuscriptRefused(_("The text has too many parts for one page. Cut it into several articles."))


def _create(kind: str, content: dict, suggestions: dict, digest: str, by) -> Page:
    try:
        return writing.create_page(
            kind, content, by=by, suggestions=suggestions, imported_sha256=digest, verb="imported"
        )
    except writing.DraftRefused as refused:
        raise ManuscriptRefused(" ".join(problem.message for problem in refused.problems[:3])) from refused


def _report(manuscript: importing.Manuscript, page: Page) -> dict[str, Any]:
    url = settings.SITE_URL + reverse("articles:write", args=[page.pk])
    return {"slug": page.slug, **manuscript.report(), "draft_url": url}
