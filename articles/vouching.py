"""Which signatures stand for a review now, and what is still missing."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import Credential

from .models import Note, Review, ReviewStep, SignOff

MEDICAL = "medical_review"


def rests_on(review: Review) -> list[Review]:
    """The review itself and, for a typo-class change, the medical review whose text it only spells differently."""
    return [review, review.leans_on] if review.leans_on_id else [review]


def standing(review: Review) -> list[SignOff]:
    """Signatures of exactly this review's bytes: not taken back, not run out, not by anybody who wrote them, and by
    people whose credential is valid today where their step asks for one.

    An equal hash is an equal text, so a resubmission without a change keeps its signatures; a review that reads
    the published text anew does not.
    """
    # The database asks with its own clock, which keeps UTC.
    qualified = Credential.objects.valid_on(timezone.now().date())
    found = SignOff.objects.filter(
        Q(step__needs_credential=False) | Q(credential__in=qualified),
        revision__page=review.page_id,
        content_hash=review.content_hash,
        step__policy=review.policy_id,
        revocation=None,
        valid_until__gt=timezone.now(),
    ).exclude(signer__in=review.revision.contributors.values("user"))
    return list(found.filter(review=review) if review.reaffirms else found)


def steps_left(review: Review, signatures: list[SignOff] | None = None) -> list[ReviewStep]:
    """Steps of the review's policy without a signature that stands; `signatures` are those that do, if they are known."""
    signed = {sign_off.step_id for sign_off in (standing(review) if signatures is None else signatures)}
    return [step for step in review.policy.steps.all() if step.pk not in signed]


def stands_until(review: Review) -> datetime | None:
    """When the first step is left without a signature, if nothing else happens; None where one is missing now."""
    ends = [_step_ends(step, standing(one)) for one in rests_on(review) for step in one.policy.steps.all()]
    return None if None in ends else min(ends, default=None)


def _step_ends(step: ReviewStep, signed: list[SignOff]) -> datetime | None:
    return max((sign_off.valid_until for sign_off in signed if sign_off.step_id == step.pk), default=None)


def medical(review: Review) -> list[SignOff]:
    """The standing signatures that say when the text was last reviewed, and until when that is good."""
    base = review.leans_on or review
    return [sign_off for sign_off in standing(base) if sign_off.meaning == MEDICAL]


def open_notes(review: Review) -> QuerySet[Note]:
    """Notes not settled yet, also those written for earlier revisions of the page."""
    return Note.objects.filter(
        review__page=review.page_id, review__revision__number__lte=review.revision.number, resolved_at=None
    )
