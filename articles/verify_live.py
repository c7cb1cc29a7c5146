"""Checks of what readers get: live pages, pages taken down, what is kept of them, and their pictures."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from django.db.models import OuterRef, Subquery
from django.utils import translation

from audit.seals import in_chunks
from audit.verify import Failure, failure, register

from . import freshness, images, standing
from .document.render import SEAM
from .evidence import Evidence
from .models import Image, Page, Publication, Withdrawal
from .verify import CHUNK, manifest_of


@register("live pages")
def live_pages() -> Iterator[Failure]:
    newest = Publication.objects.filter(page=OuterRef("pk")).order_by("-number").values("number")[:1]
    rows = _live().select_related("live_publication__withdrawal").annotate(newest=Subquery(newest))
    for part in in_chunks(rows.iterator(chunk_size=CHUNK), CHUNK):
        evidence = Evidence(page.live_publication for page in part)
        for page in part:
            if what := next(_wrong_with_page(page, evidence), ""):
                yield failure(page, what)


def _wrong_with_page(page: Page, evidence: Evidence) -> Iterator[str]:
    publication = page.live_publication
    if publication.page_id != page.pk:
        yield "shows a publication of another page"
    if page.newest != publication.number:
        yield "shows an older publication than its newest"
    if hasattr(publication, "withdrawal"):
        yield "shows a withdrawn publication"
    left = [one for one in evidence.signatures(publication) if one.revoked_at is None]
    for cycle in evidence.cycles(publication):
        if missing := standing.unsigned(cycle, left, publication.published_at):
            yield f"shows a publication without the signature “{missing[0]}” that was valid when it went live"
    if page.slug != manifest_of(publication.revision).get("slug"):
        yield "stands at another address than its text says"


@register("pages taken down")
def pages_taken_down() -> Iterator[Failure]:
    """A page that was public once and is not answers 410 with a reason, because somebody withdrew what it showed last."""
    last = Publication.objects.filter(page=OuterRef("pk")).order_by("-number").values("pk")[:1]
    down = Page.objects.filter(live_publication=None).annotate(newest=Subquery(last)).filter(newest__isnull=False)
    withdrawn = Withdrawal.objects.filter(page=OuterRef("pk"), publication=OuterRef("newest"))
    for page in down.annotate(withdrawal=Subquery(withdrawn.values("pk")[:1])).order_by("pk").iterator(chunk_size=500):
        if page.withdrawal is None:
            yield failure(page, "was taken from readers, but nobody withdrew it")
        elif freshness.stale(_address(page)) is not None:
            yield failure(page, "was withdrawn, but its kept bytes could still be served")


@register("kept pages")
def kept_pages() -> Iterator[Failure]:
    """What the page cache would serve as current holds exactly the signed artefact."""
    for part in in_chunks(_live().iterator(chunk_size=CHUNK), CHUNK):
        keys = [_address(page).key for page in part]
        kept = freshness.attempt(freshness.cache.get_many, keys) or {}
        for page, key in zip(part, keys, strict=True):
            if key in kept and _is_current(page, kept[key]) and not _holds(kept[key].body, page.live_publication):
                yield failure(page, "is kept in the page cache with other bytes than were signed")


def _is_current(page: Page, kept: freshness.Kept) -> bool:
    address = _address(page)
    with translation.override(page.language):
        return kept.tag == freshness.tag_of(address, freshness.state_of(address))


def _holds(body: bytes, publication: Publication) -> bool:
    # The page template stands between the parts, and closes the article itself.
    parts = publication.artefact.removesuffix("</article>").split(SEAM)
    return all(part.encode() in body for part in parts)


def _address(page: Page) -> freshness.Address:
    return freshness.Address(
        path=page.get_absolute_url(), query="", kind=page.kind, slug=page.slug, kept=True, stands_in=True
    )


@register("pictures")
def pictures() -> Iterator[Failure]:
    """Each picture of a live page is on the disk, byte for byte, in all its sizes; a file is read once."""
    seen: set[str] = set()
    for part in in_chunks(_live().iterator(chunk_size=CHUNK), CHUNK):
        shown = {page: manifest_of(page.live_publication.revision).get("images", {}) for page in part}
        uids = {uid for manifest in shown.values() for uid in manifest}
        rows = {image.uid: image for image in Image.objects.filter(uid__in=uids)} if uids else {}
        for page, pinned in shown.items():
            for uid, told in pinned.items():
                yield from _wrong_with_picture(page, rows.get(uid), told, seen)


def _wrong_with_picture(page: Page, image: Image | None, told: dict, seen: set[str]) -> Iterator[Failure]:
    if image is None:
        yield failure(page, "shows a picture that is gone from the list of pictures")
    elif {key: getattr(image, key) for key in told} != told:
        yield failure(image, "is not the picture that was signed")
    elif image.sha256 not in seen:
        seen.add(image.sha256)
        yield from _wrong_with_files(image)


def _wrong_with_files(image: Image) -> Iterator[Failure]:
    original = images.path_of(image.sha256, f"original.{images.EXTENSIONS[image.format]}")
    if not original.is_file():
        yield failure(image, "its file is gone")
    elif _sha256(original) != image.sha256:
        yield failure(image, "its file does not hash to its hash")
    for one in image.renditions:
        path = images.path_of(image.sha256, f"{one['width']}.{images.EXTENSIONS[one['format']]}")
        if not path.is_file():
            yield failure(image, f"its size {path.name} is gone")
        # Older pictures were cut without keeping a hash of each size.
        elif "sha256" in one and _sha256(path) != one["sha256"]:
            yield failure(image, f"its size {path.name} does not hash to its hash")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _live():
    related = ("live_publication__revision", "live_publication__review__leans_on")
    return Page.objects.live().select_related(*related).order_by("pk")
