"""Checks of the medical side: texts and what they cite, signatures, publications, and what is live."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from dateutil.relativedelta import relativedelta
from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Cast

from accounts import signing
from accounts.models import RoleGrant
from accounts.roles import Role
from audit.models import Entry
from audit.seals import SEALED, facts_of, in_chunks
from audit.verify import Failure, failure, register

from . import closure, standing, styles, vouching
from .ceremony import challenge_of
from .document.render import RENDERER_VERSION, SEAM
from .evidence import Evidence
from .models import (
    Note,
    Publication,
    PublicNotice,
    Reference,
    ReferenceAcknowledgement,
    ReferenceVersion,
    Review,
    ReviewPolicy,
    Revision,
    RevisionContributor,
    RevisionReference,
    Schedule,
    SignOff,
)
from .workflow.policies import STEPS

CHUNK = 100
UNSOUND = (Reference.Status.RETRACTED, Reference.Status.WITHDRAWN)
# The day of a signature is that of the site's time zone, which may have been another one then.
A_DAY = timedelta(days=1)


@register("references")
def references() -> Iterator[Failure]:
    there = ReferenceVersion.objects.filter(pk=OuterRef("version_id"))
    gone = RevisionReference.objects.filter(~Exists(there)).values_list("version_id", flat=True).order_by("version_id")
    for pk in gone.distinct().iterator(chunk_size=500):
        yield Failure(ReferenceVersion._meta.db_table, str(pk), "is gone, but a revision cites it")
    for part in in_chunks(ReferenceVersion.objects.order_by("pk").iterator(chunk_size=500), 500):
        named = Reference.objects.in_bulk({version.reference_id for version in part})
        for version in part:
            reference = named.get(version.reference_id)
            if hashlib.sha256(version.csl.encode()).hexdigest() != version.csl_hash:
                yield failure(version, "its description does not hash to its hash")
            elif not reference or styles.csl_identifier(_parsed(version.csl)) != (reference.scheme, reference.value):
                yield failure(version, "describes another source than the one it belongs to")


@register("revisions")
def revisions() -> Iterator[Failure]:
    rows = Revision.objects.select_related("page").order_by("pk")
    for part in in_chunks(rows.iterator(chunk_size=CHUNK), CHUNK):
        cited = defaultdict(list)
        for row in RevisionReference.objects.filter(revision__in=part).select_related("version").order_by("number"):
            cited[row.revision_id].append(row)
        for revision in part:
            if what := next(_wrong_with_revision(revision, cited[revision.pk]), ""):
                yield failure(revision, what)


def _wrong_with_revision(revision: Revision, cited: list[RevisionReference]) -> Iterator[str]:
    if closure.content_hash(revision.content) != revision.content_hash:
        yield "its content does not hash to its hash"
    manifest = manifest_of(revision)
    if not _is_canonical(manifest, revision.content):
        yield "its content is not canonical"
    page = revision.page
    if [manifest.get(key) for key in ("uid", "kind", "language")] != [page.uid, page.kind, page.language]:
        yield "its content is that of another page"
    listed = [reference["csl"] for reference in manifest.get("references", [])]
    told = [_parsed(row.version.csl) for row in cited if row.version.reference_id == row.reference_id]
    if listed != told or [row.number for row in cited] != list(range(1, len(listed) + 1)):
        yield "cites other sources than its content lists"


@register("standing of sources")
def sources() -> Iterator[Failure]:
    """A source stands as the newest event says that counted when it became known."""
    history = _history_of_sources()
    noted = Reference.objects.exclude(status=Reference.Status.OK) | Reference.objects.filter(pk__in=list(history))
    for reference in noted.order_by("pk").iterator(chunk_size=500):
        if reference.status != _status_at(history.get(reference.pk, []), None):
            yield failure(reference, "stands otherwise than what became known about it says")


@register("policies")
def policies() -> Iterator[Failure]:
    """A policy still asks for what was recorded when it was set."""
    entries = Entry.objects.filter(object_type=ReviewPolicy._meta.label_lower, verb="policy.review_set")
    told = {entry.object_id: facts_of(entry.payload) for entry in entries.iterator()}
    for policy in ReviewPolicy.objects.prefetch_related("steps").order_by("pk"):
        facts = told.get(str(policy.pk))
        if facts is None and policy.created_by_id is not None:
            yield failure(policy, "was never recorded: no verb made it")
        elif facts and _policy_facts(policy) != {key: facts.get(key) for key in _policy_facts(policy)}:
            yield failure(policy, "asks for something else than was recorded when it was set")
        for step in policy.steps.all():
            if STEPS.get(step.code) != (step.role, step.needs_credential):
                yield failure(step, "may be taken by others than a step of its kind")


def _policy_facts(policy: ReviewPolicy) -> dict:
    return {
        "kind": policy.kind,
        "risk": policy.risk,
        "change_class": policy.change_class,
        "months": policy.validity_months,
        "claims": policy.checks_claims,
        "steps": [step.code for step in policy.steps.all()],
    }


@register("reviews")
def reviews() -> Iterator[Failure]:
    """A review is about the text and the policy that it was opened for."""
    rows = Review.objects.order_by("pk").iterator(chunk_size=500)
    for part in in_chunks(rows, 500):
        told = _facts_by_row(Review, "review.opened", [review.pk for review in part])
        for review in part:
            facts = told.get(review.pk)
            own = {
                "revision": review.revision_id,
                "policy": review.policy_id,
                "leans_on": review.leans_on_id,
                "reaffirms": review.reaffirms,
            }
            # Reviews from before there were changes of spelling and readings anew were neither.
            if facts and own != {"leans_on": None, "reaffirms": False} | {
                name: facts[name] for name in own if name in facts
            }:
                yield failure(review, "is not the review that was opened")


@register("signatures")
def signatures() -> Iterator[Failure]:
    for sign_off in _signed().iterator(chunk_size=CHUNK):
        if what := next(_wrong_with_signature(sign_off), ""):
            yield failure(sign_off, what)


def _signed() -> QuerySet[SignOff]:
    """Each with whether it has a seal, whether its signer wrote part of the text, and held the role at that time."""
    entry = Entry.objects.filter(
        object_type=SignOff._meta.label_lower,
        object_id=Cast(OuterRef("pk"), CharField()),
        payload__contains=SEALED,
    )
    hand = RevisionContributor.objects.filter(revision=OuterRef("revision"), user=OuterRef("signer"))
    return (
        SignOff.objects.select_related("revision", "review__policy", "credential", "step", "signer")
        .defer("revision__content")
        .annotate(
            is_sealed=Exists(entry),
            wrote=Exists(hand),
            held_role=Exists(_held(OuterRef("signer"), OuterRef("step__role"), OuterRef("signed_at"))),
        )
        .order_by("pk")
    )


def _wrong_with_signature(sign_off: SignOff) -> Iterator[str]:
    review, step = sign_off.review, sign_off.step
    if sign_off.content_hash != sign_off.revision.content_hash:
        yield "names another hash than its revision has"
    if review.revision_id != sign_off.revision_id or review.content_hash != sign_off.content_hash:
        yield "belongs to the review of another text"
    if step.policy_id != review.policy_id:
        yield "belongs to another review or policy"
    if sign_off.wrote or sign_off.revision.created_by_id == sign_off.signer_id:
        yield "is by somebody who wrote part of the revision"
    if not sign_off.held_role:
        yield f"is by somebody who was no {step.role} then"
    if step.needs_credential and not _qualified(sign_off):
        yield "is not backed by a credential that was valid that day"
    if sign_off.meaning != (vouching.MEDICAL if step.code == standing.MEDICAL else step.code):
        yield "means something else than its step asks for"
    if sign_off.printed_name not in sign_off.statement:
        yield "has a statement that does not name its signer"
    if sign_off.valid_until > sign_off.signed_at + relativedelta(months=review.policy.validity_months):
        yield "is good for longer than its policy allows"
    if sign_off.is_sealed:
        yield from _wrong_with_ceremony(sign_off)


def _wrong_with_ceremony(sign_off: SignOff) -> Iterator[str]:
    shown = sign_off.shown_at
    if not (sign_off.ceremony and sign_off.closure and shown):
        yield "does not say on which page it was made"
        return
    if not shown <= sign_off.authenticated_at <= sign_off.signed_at:
        yield "was not authenticated between showing and signing"
    if (sign_off.auth_method == "passkey") != bool(sign_off.auth_evidence):
        yield "lacks the answer of the passkey, or has one without a passkey"
    if sign_off.auth_evidence and not _evidence_holds(sign_off):
        yield "has an answer of a passkey that does not fit"


def _evidence_holds(sign_off: SignOff) -> bool:
    challenge = challenge_of(sign_off.ceremony, sign_off.content_hash, sign_off.closure)
    return signing.evidence_holds(sign_off.auth_evidence, challenge, sign_off.signer)


def _qualified(sign_off: SignOff) -> bool:
    one = sign_off.credential
    if one is None:
        return False
    held = standing.Credential(one.user_id, one.valid_from, one.valid_until, one.revoked_at)
    return held.was_good(sign_off.signer_id, sign_off.signed_at)


@register("contributors")
def contributors() -> Iterator[Failure]:
    """Whose hands are in a revision is what was recorded when it was frozen."""
    for part in in_chunks(Revision.objects.order_by("pk").values_list("pk", flat=True).iterator(), 500):
        told = _facts_by_row(Revision, "revision.submitted", part)
        hands = defaultdict(list)
        rows = RevisionContributor.objects.filter(revision__in=part).order_by("user")
        for revision, user in rows.values_list("revision_id", "user_id"):
            hands[revision].append(user)
        for pk in part:
            if pk in told and told[pk].get("contributors", hands[pk]) != hands[pk]:
                yield Failure(Revision._meta.db_table, str(pk), "has other contributors than were recorded")


@register("publications")
def publications() -> Iterator[Failure]:
    rows = Publication.objects.select_related("revision", "review__leans_on")
    by_an_editor = Exists(_held(OuterRef("published_by"), Role.EDITOR, OuterRef("published_at")))
    history = _history_of_sources()
    for part in in_chunks(rows.annotate(by_an_editor=by_an_editor).order_by("pk").iterator(chunk_size=CHUNK), CHUNK):
        around = _Around(part, history)
        for publication in part:
            wrong = _wrong_with_publication(publication, around), _wrong_with_artefact(publication)
            if what := next((sentence for found in wrong for sentence in found), ""):
                yield failure(publication, what)


class _Around:
    """What else has to be known about some publications, in a handful of queries."""

    def __init__(self, publications: list[Publication], history: dict[int, list[tuple[int, str]]]) -> None:
        pages = {publication.page_id for publication in publications}
        self.evidence = Evidence(publications)
        self.unsound = _unsound(publications, history)
        self.earlier, self.notes, self.corrections = defaultdict(list), defaultdict(list), defaultdict(list)
        for one in Publication.objects.filter(page__in=pages).defer("artefact", "standfirst").order_by("number"):
            self.earlier[one.page_id].append(one)
        notes = Note.objects.filter(review__page__in=pages, blocking=True)
        for page, *note in notes.values_list(
            "review__page_id", "review__revision__number", "created_at", "resolved_at"
        ):
            self.notes[page].append(note)
        told = PublicNotice.objects.filter(page__in=pages, kind=PublicNotice.Kind.CORRECTION)
        for page, at in told.values_list("page_id", "at"):
            self.corrections[page].append(at)

    def before(self, publication: Publication) -> list[Publication]:
        return [one for one in self.earlier[publication.page_id] if one.number < publication.number]


def _wrong_with_publication(publication: Publication, around: _Around) -> Iterator[str]:
    review, at = publication.review, publication.published_at
    if publication.content_hash != publication.revision.content_hash:
        yield "names another hash than its revision has"
    if (review.page_id, review.revision_id) != (publication.page_id, publication.revision_id):
        yield "names the review of something else"
    if publication.revision.page_id != publication.page_id or review.content_hash != publication.content_hash:
        yield "names the revision of another page, or a review of other bytes"
    if review.class_refused:
        yield "went live though a signer said that it is more than a change of spelling"
    if publication.vouched_hash != (review.leans_on or review).content_hash:
        yield "names another hash than its medical signatures do"
    signed = around.evidence.signatures(publication)
    for cycle in around.evidence.cycles(publication):
        if left := standing.unsigned(cycle, signed, at):
            yield f"went live without the signature “{left[0]}”"
    if _dates_differ(publication, around):
        yield "says other dates than its signatures do"
    if not publication.by_an_editor:
        yield "was published by somebody who was no editor then"
    if any(number <= publication.revision.number and made <= at and (done is None or done > at)
           for number, made, done in around.notes[publication.page_id]):  # fmt: skip
        yield "went live while a blocking note was open"
    if publication.pk in around.unsound:
        yield "went live with a source that was retracted, and nobody had acknowledged it"
    if _is_untold_correction(publication, around):
        yield "corrects an error without a notice that says so"


def _wrong_with_artefact(publication: Publication) -> Iterator[str]:
    artefact, manifest = publication.artefact, manifest_of(publication.revision)
    if hashlib.sha256(artefact.encode()).hexdigest() != publication.artefact_hash:
        yield "its artefact does not hash to its hash"
    if f'data-signed="{publication.content_hash}"' not in artefact or artefact.count(SEAM) != 2:
        yield "its artefact is not one of this text"
    if (publication.title, publication.standfirst) != (manifest.get("title"), manifest.get("standfirst")):
        yield "has another title or standfirst than its content"
    if publication.renderer_version > RENDERER_VERSION:
        yield "was made by a renderer that this release does not have"
    if publication.renderer_version == RENDERER_VERSION and artefact != rendered(manifest):
        yield "its artefact is not what its revision renders to"


def _dates_differ(publication: Publication, around: _Around) -> bool:
    if publication.review.leans_on_id:
        same = [one for one in around.before(publication) if one.vouched_hash == publication.vouched_hash]
        kept = (same[-1].reviewed_on, same[-1].next_review_due) if same else None
        return kept != (publication.reviewed_on, publication.next_review_due)
    cycle = around.evidence.cycles(publication)[-1]
    told = standing.dates(cycle, around.evidence.signatures(publication), publication.published_at)
    if told is None:
        return True
    return abs(told[0].date() - publication.reviewed_on) > A_DAY or told[1] != publication.next_review_due


def _is_untold_correction(publication: Publication, around: _Around) -> bool:
    before = around.before(publication)
    if publication.reason != Publication.Reason.CORRECTION or not before:
        return False
    told = around.corrections[publication.page_id]
    return not any(before[-1].published_at < at <= publication.published_at for at in told)


def _unsound(publications: list[Publication], history: dict[int, list[tuple[int, str]]]) -> set[int]:
    """Ids of publications that cited a source which was retracted by then and which nobody had acknowledged.

    Before and after is a matter of the log: its numbers are the order in which things happened.
    """
    by_revision = defaultdict(list)
    for publication in publications:
        by_revision[publication.revision_id].append(publication)
    cited = RevisionReference.objects.filter(revision__in=by_revision, reference__events__isnull=False).distinct()
    known = {
        (one.revision_id, one.reference_id): one.at
        for one in ReferenceAcknowledgement.objects.filter(revision__in=by_revision)
    }
    entries = Entry.objects.filter(
        object_type=Publication._meta.label_lower,
        verb="page.published",
        object_id__in=[str(publication.pk) for publication in publications],
    )
    published = dict(entries.values_list("object_id", "seq"))
    found = set()
    for revision, reference in cited.values_list("revision_id", "reference_id"):
        at = known.get((revision, reference))
        for one in by_revision[revision]:
            status = _status_at(history.get(reference, []), published.get(str(one.pk), 0))
            if status in UNSOUND and (at is None or at > one.published_at):
                found.add(one.pk)
    return found


@register("schedules")
def schedules() -> Iterator[Failure]:
    """What was planned and is done published exactly what was planned."""
    done = Schedule.objects.filter(Q(status=Schedule.Status.DONE) | Q(publication__isnull=False))
    other = done.filter(
        Q(publication=None)
        | ~Q(status=Schedule.Status.DONE)
        | ~Q(publication__review=F("review"))
        | ~Q(publication__content_hash=F("content_hash"))
        | ~Q(publication__page=F("page"))
    )
    for planned in other.order_by("pk").iterator(chunk_size=500):
        yield failure(planned, "names a publication that is not the one planned, or none")


def manifest_of(revision: Revision) -> dict:
    """The parsed content, or {} where it is none: another check says so."""
    return _parsed(revision.content)


def _parsed(text: str) -> dict:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def rendered(manifest: dict) -> str:
    try:
        return closure.artefact(manifest)[0]
    # Content that no draft could have may fail anywhere in the renderer; then it renders to nothing.
    except Exception:
        return ""


def _is_canonical(manifest: dict, content: str) -> bool:
    try:
        return closure.canonical(manifest) == content
    except (ValueError, RecursionError):
        return False


def _facts_by_row(model, verb: str, keys: list[int]) -> dict[int, dict]:
    """What the log says about these rows under this verb."""
    about = Entry.objects.filter(object_type=model._meta.label_lower, verb=verb, object_id__in=list(map(str, keys)))
    return {int(pk): facts_of(payload) for pk, payload in about.values_list("object_id", "payload")}


def _held(user, role, at) -> QuerySet[RoleGrant]:
    """Grants of this role that counted at that time."""
    lasted = Q(valid_until=None) | Q(valid_until__gt=at), Q(revoked_at=None) | Q(revoked_at__gt=at)
    return RoleGrant.objects.filter(*lasted, user=user, role=role, valid_from__lte=at)


def _history_of_sources() -> dict[int, list[tuple[int, str]]]:
    """What became known about each source, by number in the log; what came too late to count is left out."""
    history = defaultdict(list)
    entries = Entry.objects.filter(object_type="articles.referencestatus", verb="reference.status").order_by("seq")
    for seq, payload in entries.values_list("seq", "payload").iterator(chunk_size=2000):
        facts = facts_of(payload)
        if not facts.get("late"):
            history[facts.get("reference")].append((seq, facts.get("status", "")))
    return history


def _status_at(events: list[tuple[int, str]], seq: int | None) -> str:
    """How a source stood at an entry of the log, or how it stands now (None)."""
    known = [status for at, status in events if seq is None or at < seq]
    return known[-1] if known else Reference.Status.OK
