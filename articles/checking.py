"""The claims of a revision, and which of them somebody has compared with their sources."""

import json

from .document.claims import Claim, claims
from .models import ClaimCheck, Review


def claims_of(review: Review) -> list[Claim]:
    """Every claim of the revision under review that names its sources, in reading order: each wants a tick."""
    return [claim for claim in claims(json.loads(review.revision.content)) if claim.cited]


def without_source(review: Review) -> list[Claim]:
    """Sentences that give a number or name a drug and cite nothing: worth a look, nothing to compare them with."""
    return [claim for claim in claims(json.loads(review.revision.content)) if not claim.cited]


def checked(user, review: Review) -> set[str]:
    """Keys of claims that this person ticked on this page, in this revision or an earlier one.

    A key is made of all that the claim's block shows. A tick falls by itself when the block changes: no claim
    has that key any more.
    """
    return set(ClaimCheck.objects.filter(page=review.page_id, by=user).values_list("key", flat=True))


def unchecked_count(user, review: Review) -> int:
    ticked = checked(user, review)
    return sum(claim.key not in ticked for claim in claims_of(review))


def checked_count(user, review: Review) -> int:
    ticked = checked(user, review)
    return sum(claim.key in ticked for claim in claims_of(review))
