"""What a signature covers: the manifest of everything inside the signed zone, its canonical bytes and its hash."""

import hashlib
import json

from . import citations
from .document import render, schema
from .document.canonical import canonical, content_hash
from .document.tree import figures, pages_in
from .models import Image, Page

__all__ = ["artefact", "build", "canonical", "content_hash"]


def build(page: Page, content: dict) -> dict:
    """The manifest of a draft's `content`: what readers will see; mentioned pages are pinned by name and hash as of now."""
    content = schema.normalise(content)
    slots = {reference["uid"]: reference for reference in content["references"]}
    return {
        **{key: value for key, value in content.items() if key != "legacy_review"},
        "uid": page.uid,
        "kind": page.kind,
        "language": page.language,
        "references": [slots[uid] for uid in citations.numbering(content)],
        "pages": _pin_pages(pages_in(content)),
        "images": _pin_images(content),
    }


def artefact(manifest: dict) -> tuple[str, str]:
    """The HTML readers get, and its SHA-256 (hex)."""
    html = render.render(manifest)
    return html, hashlib.sha256(html.encode()).hexdigest()


def _pin_pages(uids: set[str]) -> dict:
    """Names as they stand now; a page that is not live has no hash and is shown as text without a link."""
    pages = Page.objects.filter(uid__in=uids).select_related("draft", "live_publication__revision")
    return {page.uid: _pin_page(page) for page in pages}


def _pin_page(page: Page) -> dict:
    live = page.live_publication
    content = json.loads(live.revision.content) if live else page.draft.content
    facts = content.get("facts", {})
    names = {key: facts.get(key, "") for key in (("brand", "mark", "generic") if page.kind == "drug" else ("name",))}
    return {"kind": page.kind, "slug": page.slug, "hash": live.content_hash if live else None, **names}


def _pin_images(content: dict) -> dict:
    uids = {figure["attrs"]["image"] for figure in figures(content) if figure["attrs"].get("image")}
    return {
        image.uid: {"sha256": image.sha256, "width": image.width, "height": image.height, "format": image.format}
        for image in Image.objects.filter(uid__in=uids)
    }
