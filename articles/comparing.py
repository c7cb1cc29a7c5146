"""What a reviewer compares a revision with: the version they, or their role, signed last; and what it leans on now."""

import json
from typing import NamedTuple

from django.db.models import Exists, OuterRef

from . import styles
from .checking import checked, claims_of
from .document.diff import Comparison, compare
from .document.quotes import find_quote
from .models import Note, Page, Reference, Review, Revision, RevisionContributor, SignOff
from .permissions import can_review
from .vouching import open_notes

BAD = (Reference.Status.RETRACTED, Reference.Status.WITHDRAWN)


class Baseline(NamedTuple):
    """A signed revision to compare with, and the signature that makes it one."""

    revision: Revision
    sign_off: SignOff
    is_own: bool


class Leaned(NamedTuple):
    """An entry that the revision pinned, and whether it has moved on since (or gone)."""

    name: str
    page: Page
    was_live: bool
    is_live: bool
    moved_on: bool


class Cited(NamedTuple):
    """A source of the revision: its number, its words, what became of it, and whether somebody vouched for citing it so."""

    number: int
    text: str
    url: str
    reference: Reference
    is_bad: bool
    is_acknowledged: bool


class ToCheck(NamedTuple):
    """A claim with its sources side by side; `ticked` by the person who looks."""

    claim: object
    sources: list[Cited]
    ticked: bool


class Said(NamedTuple):
    """A note and whether what it is about still stands in this revision. One whose place is gone still holds it back."""

    note: Note
    is_orphan: bool
    from_earlier: bool
    may_settle: bool


def baselines(review: Review, user) -> list[Baseline]:
    """Signed revisions of the page to compare with, the best first: signed by this person, then by their role, newest first."""
    revoked = SignOff.objects.filter(pk=OuterRef("pk"), revocation__isnull=False)
    signed = (
        SignOff.objects.filter(revision__page=review.page_id, revision__number__lt=review.revision.number)
        .exclude(Exists(revoked))
        .select_related("revision", "step")
        .order_by("-revision__number", "pk")
    )
    found: dict[int, Baseline] = {}
    for sign_off in signed:
        own = sign_off.signer_id == user.pk
        if sign_off.revision_id not in found or (own and not found[sign_off.revision_id].is_own):
            found[sign_off.revision_id] = Baseline(sign_off.revision, sign_off, own)
    roles = user.role_codes
    return sorted(
        found.values(),
        key=lambda one: (not one.is_own, one.sign_off.step.role not in roles, -one.revision.number),
    )


def baseline(review: Review, choices: list[Baseline], against: str = "") -> Baseline | None:
    """The chosen revision, else the best. A typo-class change is always held against what it leans on."""
    if review.leans_on_id:
        return next((one for one in choices if one.revision.pk == review.leans_on.revision_id), None)
    chosen = [one for one in choices if str(one.revision.number) == against]
    return next(iter(chosen or choices), None)


def comparison(review: Review, base: Baseline | None) -> Comparison:
    old = json.loads(base.revision.content) if base else None
    return compare(old, json.loads(review.revision.content))


def entries(review: Review) -> list[Leaned]:
    """Drug and subtype entries that the revision pinned, as they stand now."""
    pinned = json.loads(review.revision.content)["pages"]
    pages = Page.objects.filter(uid__in=pinned).select_related("live_publication").order_by("slug")
    return [_leaned(page, pinned[page.uid]) for page in pages]


def _leaned(page: Page, pin: dict) -> Leaned:
    live = page.live_publication
    now = live.content_hash if live else None
    name = pin.get("brand") or pin.get("generic") or pin.get("name") or page.slug
    return Leaned(name, page, bool(pin["hash"]), live is not None, pin["hash"] != now)


def sources(review: Review) -> list[Cited]:
    """What the revision cites, by number, as it was described when it was frozen."""
    acknowledged = set(review.revision.acknowledgements.values_list("reference", flat=True))
    cited = review.revision.cited.select_related("reference", "version").order_by("number")
    return [_cited(one, acknowledged) for one in cited]


def _cited(cited, acknowledged: set[int]) -> Cited:
    csl = json.loads(cited.version.csl)
    segments = styles.ama(csl)
    url = next((style for _text, style in segments if style not in ("", "i")), "")
    text = "".join(text for text, _style in segments)
    bad = cited.reference.status in BAD
    return Cited(cited.number, text, url, cited.reference, bad, cited.reference_id in acknowledged)


def to_check(review: Review, user, known: list[Cited]) -> list[ToCheck]:
    """Every claim of the revision, in reading order."""
    ticked, by_number = checked(user, review), {one.number: one for one in known}
    return [
        ToCheck(claim, [by_number[n] for n in claim.references if n in by_number], claim.key in ticked)
        for claim in claims_of(review)
    ]


def notes(review: Review, user) -> list[Said]:
    """Every note of this review and every open one of earlier revisions; open and blocking ones first."""
    manifest = json.loads(review.revision.content)
    found = (open_notes(review) | review.notes.all()).select_related("author", "review__revision")
    wrote = set(
        RevisionContributor.objects.filter(user=user, revision__page=review.page_id).values_list("revision", flat=True)
    )
    hands_off = not can_review(user) or review.revision_id in wrote
    said = [
        Said(
            note,
            is_orphan=_is_orphan(note, manifest),
            from_earlier=note.review_id != review.pk,
            may_settle=note.resolved_at is None and not hands_off and note.review.revision_id not in wrote,
        )
        for note in found.order_by("pk")
    ]
    return sorted(said, key=lambda one: (one.note.resolved_at is not None, not one.note.blocking, one.note.pk))


def _is_orphan(note: Note, manifest: dict) -> bool:
    """Whether the block, or the words in it, that the note is about are gone."""
    return bool(note.node_id) and not find_quote(manifest, note.node_id, note.quote)
