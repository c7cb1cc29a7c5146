"""Every version of a page that readers have had, whether its signatures still stand, and what keeps it from coming back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, Min, OuterRef
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from . import vouching
from .models import (
    Note,
    Page,
    Publication,
    ReferenceAcknowledgement,
    Review,
    ReviewStep,
    RevisionContributor,
    RevisionReference,
    SignOff,
)

SHOWN = 20


@dataclass(frozen=True)
class Signature:
    """A signature with what became of it: "stands", "taken_back", "run_out" or "unqualified", and since when."""

    sign_off: SignOff
    state: str
    since: datetime | date | None = None

    @property
    def why_not(self) -> str:
        name = self.sign_off.printed_name
        day = formats.date_format(self.since, "j F Y") if self.since else ""
        if self.state == "taken_back":
            return _("{name} took the signature back on {date}.").format(name=name, date=day)
        if self.state == "run_out":
            return _("The signature of {name} ran out on {date}. It needs a fresh one.").format(name=name, date=day)
        return _("The credential of {name} is not valid any more. It needs a fresh signature.").format(name=name)


@dataclass(frozen=True)
class Version:
    """One publication, its signatures, and the sentences that say why it cannot be published again as it is."""

    publication: Publication
    signatures: list[Signature]
    why_not: list[str]
    is_live: bool
    withdrawn_at: datetime | None


def of_page(page: Page, *, before: int | None = None) -> tuple[list[Version], int | None]:
    """The newest publications under the number `before`, and that number for the next piece; always as many queries."""
    found = page.publications.select_related("review__leans_on", "revision", "published_by", "withdrawal")
    found = found.defer("artefact", "revision__content").order_by("-number")
    if before:
        found = found.filter(number__lt=before)
    publications = list(found[: SHOWN + 1])
    facts = _Facts(page, publications[:SHOWN])
    versions = [facts.version(one) for one in publications[:SHOWN]]
    return versions, publications[SHOWN - 1].number if len(publications) > SHOWN else None


class _Facts:
    """What the gate asks about these publications, read at once."""

    def __init__(self, page: Page, publications: list[Publication]) -> None:
        self.page, self.today, self.now = page, timezone.now().date(), timezone.now()
        reviews = [review for one in publications for review in vouching.rests_on(one.review)]
        revisions = {review.revision_id for review in reviews}
        self.steps = list(ReviewStep.objects.filter(policy__in={review.policy_id for review in reviews}))
        signed = SignOff.objects.filter(
            revision__page=page, content_hash__in={review.content_hash for review in reviews}
        )
        self.signed = list(signed.select_related("credential", "revocation").defer("statement", "auth_evidence"))
        wrote = RevisionContributor.objects.filter(revision__in=revisions)
        self.wrote = set(wrote.values_list("revision", "user"))
        notes = Note.objects.filter(review__page=page, blocking=True, resolved_at=None)
        self.noted_from = notes.aggregate(first=Min("review__revision__number"))["first"]
        self.retracted = _cites_retracted(revisions)

    def version(self, publication: Publication) -> Version:
        reviews = vouching.rests_on(publication.review)
        signatures = {review.pk: self.signatures(review) for review in reviews}
        withdrawal = getattr(publication, "withdrawal", None)
        return Version(
            publication=publication,
            signatures=[one for group in signatures.values() for one in group],
            why_not=[why for review in reviews for why in self.lacking(review, signatures[review.pk])]
            + self.held_back(publication),
            is_live=publication.pk == self.page.live_publication_id,
            withdrawn_at=withdrawal.at if withdrawal else None,
        )

    def signatures(self, review: Review) -> list[Signature]:
        steps = {step.pk for step in self.steps if step.policy_id == review.policy_id}
        return [
            self.signature(one)
            for one in self.signed
            if one.step_id in steps
            and one.content_hash == review.content_hash
            and (not review.reaffirms or one.review_id == review.pk)
            and (review.revision_id, one.signer_id) not in self.wrote
        ]

    def signature(self, one: SignOff) -> Signature:
        revocation = getattr(one, "revocation", None)
        if revocation:
            return Signature(one, "taken_back", timezone.localtime(revocation.at))
        if one.valid_until <= self.now:
            return Signature(one, "run_out", timezone.localtime(one.valid_until))
        needs = next(step.needs_credential for step in self.steps if step.pk == one.step_id)
        return Signature(one, "unqualified" if needs and not self.qualified(one) else "stands")

    def qualified(self, one: SignOff) -> bool:
        held = one.credential
        return (
            held is not None
            and held.revoked_at is None
            and held.valid_from <= self.today
            and (held.valid_until is None or held.valid_until >= self.today)
        )

    def lacking(self, review: Review, signatures: list[Signature]) -> list[str]:
        """For each step without a signature that stands: what became of those it had."""
        why = []
        for step in (step for step in self.steps if step.policy_id == review.policy_id):
            had = [one for one in signatures if one.sign_off.step_id == step.pk]
            if not any(one.state == "stands" for one in had):
                why += [one.why_not for one in had] or [_("A signature is missing.")]
        return why

    def held_back(self, publication: Publication) -> list[str]:
        why = []
        if self.noted_from is not None and publication.revision.number >= self.noted_from:
            why.append(_("A blocking note is still open."))
        if publication.revision_id in self.retracted:
            why.append(_("A cited source was retracted."))
        return why


def _cites_retracted(revisions: Iterable[int]) -> set[int]:
    known = ReferenceAcknowledgement.objects.filter(revision=OuterRef("revision"), reference=OuterRef("reference"))
    cited = RevisionReference.objects.filter(revision__in=revisions, reference__status__in=["retracted", "withdrawn"])
    return set(cited.filter(~Exists(known)).values_list("revision", flat=True))
