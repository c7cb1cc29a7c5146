"""Checks of the medical side: hashes, signatures, artefacts, pictures and what is live."""

import hashlib
import json
from collections.abc import Iterator

from audit.verify import Failure, failure, register

from . import closure, images
from .document.render import RENDERER_VERSION
from .models import Image, Page, Publication, ReferenceVersion, Revision, SignOff


@register("revisions")
def revisions() -> Iterator[Failure]:
    for revision in Revision.objects.order_by("pk").iterator(chunk_size=200):
        if closure.content_hash(revision.content) != revision.content_hash:
            yield failure(revision, "its content does not hash to its hash")
        elif closure.canonical(json.loads(revision.content)) != revision.content:
            yield failure(revision, "its content is not canonical")


@register("references")
def references() -> Iterator[Failure]:
    for version in ReferenceVersion.objects.order_by("pk").iterator(chunk_size=500):
        if hashlib.sha256(version.csl.encode()).hexdigest() != version.csl_hash:
            yield failure(version, "its description does not hash to its hash")


@register("signatures")
def signatures() -> Iterator[Failure]:
    signed = SignOff.objects.select_related("revision", "review", "credential", "step").order_by("pk")
    for sign_off in signed.iterator(chunk_size=500):
        if sign_off.content_hash != sign_off.revision.content_hash:
            yield failure(sign_off, "names another hash than its revision has")
        elif (
            sign_off.review.revision_id != sign_off.revision_id or sign_off.step.policy_id != sign_off.review.policy_id
        ):
            yield failure(sign_off, "belongs to another review or policy")
        elif sign_off.revision.contributors.filter(user=sign_off.signer_id).exists():
            yield failure(sign_off, "is by somebody who wrote part of the revision")
        elif sign_off.step.needs_credential and not _qualified(sign_off):
            yield failure(sign_off, "is not backed by a credential that was valid that day")


@register("publications")
def publications() -> Iterator[Failure]:
    for publication in Publication.objects.select_related("revision").order_by("pk").iterator(chunk_size=100):
        if publication.content_hash != publication.revision.content_hash:
            yield failure(publication, "names another hash than its revision has")
        elif hashlib.sha256(publication.artefact.encode()).hexdigest() != publication.artefact_hash:
            yield failure(publication, "its artefact does not hash to its hash")
        elif publication.renderer_version == RENDERER_VERSION and publication.artefact != _rendered(publication):
            yield failure(publication, "its artefact is not what its revision renders to")


@register("live pages")
def live_pages() -> Iterator[Failure]:
    live = (
        Page.objects.live()
        .select_related("live_publication__review__policy", "live_publication__revision")
        .order_by("pk")
    )
    for page in live.iterator(chunk_size=200):
        publication = page.live_publication
        if publication.page_id != page.pk:
            yield failure(page, "shows a publication of another page")
        elif page.publications.filter(number__gt=publication.number).exists():
            yield failure(page, "shows an older publication than its newest")
        elif hasattr(publication, "withdrawal"):
            yield failure(page, "shows a withdrawn publication")
        elif missing := _unsigned_steps(publication):
            yield failure(
                page, f"shows a publication without the signature “{missing[0]}” that was valid when it went live"
            )


@register("pictures")
def pictures() -> Iterator[Failure]:
    shown = Image.objects.filter(sha256__in=Publication.objects.values("images__sha256")).order_by("pk")
    for image in shown.iterator(chunk_size=200):
        path = images.path_of(image.sha256, f"original.{images.EXTENSIONS[image.format]}")
        if not path.is_file():
            yield failure(image, "its file is gone")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != image.sha256:
            yield failure(image, "its file does not hash to its hash")


def _qualified(sign_off: SignOff) -> bool:
    credential, day = sign_off.credential, sign_off.signed_at.date()
    if credential is None or credential.user_id != sign_off.signer_id:
        return False
    return credential.valid_from <= day and (credential.valid_until is None or credential.valid_until >= day)


def _rendered(publication: Publication) -> str:
    return closure.artefact(json.loads(publication.revision.content))[0]


def _unsigned_steps(publication: Publication) -> list[str]:
    """Steps without a signature of exactly this hash that was valid at publication and is unrevoked now."""
    signed = SignOff.objects.filter(
        revision__page=publication.page_id,
        content_hash=publication.content_hash,
        revocation=None,
        signed_at__lte=publication.published_at,
        valid_until__gte=publication.published_at,
    ).values_list("step", flat=True)
    return [step.code for step in publication.review.policy.steps.exclude(pk__in=list(signed))]
