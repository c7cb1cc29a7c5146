"""From rows to a bundle: everything that stands behind one publication, and nothing that is nobody's business."""

import hashlib
import io
import json
import zipfile
from typing import Any

from django.conf import settings
from django.db.models import Q

from audit import seals
from audit.models import Entry, stamp
from audit.verify import NoSuchThing

from .. import images
from ..models import (
    Page,
    Publication,
    Review,
    ReviewPolicy,
    Revision,
    RevisionContributor,
    RevisionReference,
    Revocation,
    SignOff,
    Withdrawal,
)
from ..vouching import rests_on
from . import layout
from .readme import readme

# Zip's own beginning of time: the same page packed twice gives the same bytes.
LONG_AGO = (1980, 1, 1, 0, 0, 0)


def pack(name: str, number: int | None = None) -> bytes:
    """The bundle of the page `<kind>/<slug or uid>`: of what is live, or of the publication with that number."""
    publication = _find(name, number)
    files = _files(publication)
    sums = "".join(f"{hashlib.sha256(files[one]).hexdigest()}  {one}\n" for one in sorted(files))
    return _zip({**files, layout.SUMS: sums.encode()})


def _find(name: str, number: int | None) -> Publication:
    kind, _, word = name.strip("/").partition("/")
    kind = next((one for one, path in Page.PATHS.items() if kind in (one, path)), kind)
    pages = list(Page.objects.filter(Q(slug=word) | Q(uid=word), kind=kind)[:2])
    if len(pages) > 1:
        raise NoSuchThing(f"There is more than one page “{name}”, in several languages. Name it by its uid.")
    if not pages:
        raise NoSuchThing(f"There is no page “{name}”. Name it as article/<slug or uid>, drug/… or subtype/….")
    shown = Q(live_on__isnull=False) if number is None else Q(number=number)
    rows = Publication.objects.select_related("page", "revision", "review__leans_on__revision")
    publication = rows.filter(shown, page=pages[0]).first()
    if publication is None:
        what = (
            "is not public; name one of its publications with --publication" if number is None else f"has no {number}"
        )
        raise NoSuchThing(f"The page “{name}” {what}.")
    return publication


def _files(publication: Publication) -> dict[str, bytes]:
    manifest, reviews = publication.revision.content, rests_on(publication.review)
    hashes = {review.content_hash for review in reviews}
    policies = ReviewPolicy.objects.filter(pk__in=[review.policy_id for review in reviews])
    signed = SignOff.objects.filter(
        revision__page=publication.page_id, content_hash__in=hashes, step__policy__in=policies
    )
    signed = list(signed.select_related("revision", "step", "board", "credential").order_by("pk"))
    frozen = [publication.revision, *(review.revision for review in reviews), *(one.revision for one in signed)]
    revisions = sorted({revision.pk: revision for revision in frozen}.values(), key=lambda one: one.pk)
    revocations = list(Revocation.objects.filter(sign_off__in=signed).order_by("pk"))
    withdrawal = Withdrawal.objects.filter(publication=publication).first()
    sealed = [publication, *revisions, *signed, *revocations, *([withdrawal] if withdrawal else [])]
    credentials = {one.credential for one in signed if one.credential}
    log = _Log([*sealed, *reviews, *policies, *credentials])
    told = {
        layout.PUBLICATION: _publication(publication, withdrawal, log),
        layout.REVISIONS: [_revision(one, publication, log) for one in revisions],
        layout.REVIEWS: [_review(one) for one in reviews],
        layout.POLICIES: [_policy(one) for one in policies.order_by("pk")],
        layout.SIGNATURES: [_signature(one, log) for one in signed],
        layout.REVOCATIONS: [log.row(one) for one in revocations],
        layout.REFERENCES: _references(publication),
        layout.LOG: log.told(),
    }
    files = {name: _json(value) for name, value in told.items()}
    files[layout.MANIFEST], files[layout.ARTEFACT] = manifest.encode(), publication.artefact.encode()
    if publication.vouched_hash != publication.content_hash:
        files[layout.VOUCHED] = reviews[-1].revision.content.encode()
    files.update(_images(manifest))
    head = f"{log.head.seq}:{log.head.hash}"
    files[layout.README] = readme(publication, signed, settings.SITE_URL, head).encode()
    return files


class _Log:
    """The entries of the audit chain about some rows, and its newest entry."""

    def __init__(self, rows: list) -> None:
        subjects = Q()
        for row in rows:
            subjects |= Q(object_type=row._meta.label_lower, object_id=str(row.pk))
        # Who was asked to read it, and who sent it back, is nobody's business.
        inside = Q(verb__in=["review.assigned", "review.changes_asked"])
        self.entries = list(Entry.objects.filter(subjects).exclude(inside).order_by("seq"))
        self.head = Entry.objects.order_by("-seq").first()
        self._forms = {
            (one.object_type, one.object_id): seals.form_of(told)
            for one in self.entries
            if (told := seals.told_by(one.payload))
        }

    def row(self, row) -> dict[str, Any]:
        """The columns of a sealed row, in the form it was sealed in."""
        return seals.values(row, self._forms.get((row._meta.label_lower, str(row.pk)), ""))

    def told(self) -> dict[str, Any]:
        head = {"seq": self.head.seq, "hash": self.head.hash, "at": stamp(self.head.at)}
        return {"entries": [_entry(one) for one in self.entries], "head": head}


def _entry(entry: Entry) -> dict[str, Any]:
    names = ("seq", "prev_hash", "verb", "object_type", "object_id", "payload", "hash")
    return {**{name: getattr(entry, name) for name in names}, "at": stamp(entry.at), "actor": entry.actor_id}


def _publication(publication: Publication, withdrawal: Withdrawal | None, log: _Log) -> dict[str, Any]:
    page, row = publication.page, log.row(publication)
    del row["artefact"]  # a file of its own
    return {
        "format": layout.FORMAT,
        "site": settings.SITE_URL,
        "page": {name: getattr(page, name) for name in ("uid", "kind", "language", "slug")},
        "live": page.live_publication_id == publication.pk,
        "row": row,
        "withdrawal": log.row(withdrawal) if withdrawal else None,
    }


def _revision(revision: Revision, publication: Publication, log: _Log) -> dict[str, Any]:
    row = log.row(revision)
    del row["content"]
    content = layout.MANIFEST if revision.content_hash == publication.content_hash else layout.VOUCHED
    hands = RevisionContributor.objects.filter(revision=revision).order_by("user").values_list("user_id", flat=True)
    return {"row": row, "content": content, "contributors": list(hands)}


def _review(review: Review) -> dict[str, Any]:
    return {name: getattr(review, name) for name in layout.SHAPES[layout.REVIEWS][0]}


def _policy(policy: ReviewPolicy) -> dict[str, Any]:
    policy_shape = layout.SHAPES[layout.POLICIES][0]
    steps = [
        {name: getattr(step, name) for name in policy_shape["steps"][0]} for step in policy.steps.order_by("position")
    ]
    return {**{name: getattr(policy, name) for name in policy_shape if name != "steps"}, "steps": steps}


def _signature(sign_off: SignOff, log: _Log) -> dict[str, Any]:
    one = sign_off.credential
    return {
        "row": log.row(sign_off),
        "step": sign_off.step.code,
        "board": sign_off.board.name if sign_off.board else None,
        "credential": one and {
            "id": one.pk,
            "user_id": one.user_id,
            "title": one.title,
            "issuer": one.issuer,
            "valid_from": one.valid_from.isoformat(),
            "valid_until": one.valid_until.isoformat() if one.valid_until else None,
            "revoked_at": stamp(one.revoked_at) if one.revoked_at else None,
        },
    }  # fmt: skip


def _references(publication: Publication) -> list[dict[str, Any]]:
    cited = RevisionReference.objects.filter(revision=publication.revision_id).select_related("version", "reference")
    return [
        {
            "number": one.number,
            "source": str(one.reference),
            "status": one.reference.status,
            "csl_hash": one.version.csl_hash,
            "csl": json.loads(one.version.csl),
        }
        for one in cited.order_by("number")
    ]


def _images(manifest: str) -> dict[str, bytes]:
    files = {}
    for one in json.loads(manifest)["images"].values():
        ending = images.EXTENSIONS[one["format"]]
        path = images.path_of(one["sha256"], f"original.{ending}")
        try:
            files[f"images/{one['sha256']}.{ending}"] = path.read_bytes()
        except OSError as error:
            raise NoSuchThing(f"A picture of this page cannot be read: {path.parent.name}.") from error
    return files


def _json(value) -> bytes:
    return (json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _zip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    # Not compressed: two versions of a compressor would make two files of one page.
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as bundle:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, LONG_AGO)
            info.external_attr = 0o644 << 16
            bundle.writestr(info, files[name])
    return out.getvalue()
