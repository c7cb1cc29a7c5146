"""What stands behind publications, fetched for many at once: their reviews, policies, contributors and signatures."""

from collections import defaultdict
from collections.abc import Iterable

from .models import Publication, Review, ReviewStep, RevisionContributor, SignOff
from .standing import Credential, Cycle, Signature, Step
from .vouching import rests_on

COLUMNS = (
    "pk", "review_id", "step_id", "signer_id", "content_hash", "signed_at", "valid_until", "next_review_due",
    "revocation__at", "credential__user_id", "credential__valid_from", "credential__valid_until",
    "credential__revoked_at",
)  # fmt: skip


class Evidence:
    """Of some publications (with `review__leans_on` loaded), in three queries."""

    def __init__(self, publications: Iterable[Publication]) -> None:
        publications = list(publications)
        reviews = [review for publication in publications for review in rests_on(publication.review)]
        pages = {publication.page_id for publication in publications}
        self._steps = _steps({review.policy_id for review in reviews})
        self._contributors = _contributors({review.revision_id for review in reviews})
        self._signatures = _signatures(pages, {review.content_hash for review in reviews})

    def cycles(self, publication: Publication) -> list[Cycle]:
        """Its own review and, last, the one that vouches for the medical side; mostly these are the same."""
        return [self._cycle(review) for review in rests_on(publication.review)]

    def signatures(self, publication: Publication) -> list[Signature]:
        """Every signature of the bytes it rests on, whatever became of it."""
        return self._signatures[publication.page_id]

    def _cycle(self, review: Review) -> Cycle:
        return Cycle(
            review=review.pk,
            content_hash=review.content_hash,
            reaffirms=review.reaffirms,
            steps=tuple(self._steps[review.policy_id]),
            contributors=frozenset(self._contributors[review.revision_id]),
        )


def _steps(policies: set[int]) -> dict[int, list[Step]]:
    found = defaultdict(list)
    for step in ReviewStep.objects.filter(policy__in=policies).order_by("policy", "position"):
        found[step.policy_id].append(Step(step.pk, step.code, step.needs_credential))
    return found


def _contributors(revisions: set[int]) -> dict[int, set[int]]:
    found = defaultdict(set)
    hands = RevisionContributor.objects.filter(revision__in=revisions).values_list("revision_id", "user_id")
    for revision, user in hands:
        found[revision].add(user)
    return found


def _signatures(pages: set[int], hashes: set[str]) -> dict[int, list[Signature]]:
    found = defaultdict(list)
    signed = SignOff.objects.filter(revision__page__in=pages, content_hash__in=hashes).order_by("pk")
    for page, *columns in signed.values_list("revision__page_id", *COLUMNS):
        *own, revoked_at, holder, first, last, ended = columns
        found[page].append(
            Signature(*own, revoked_at, Credential(holder, first, last, ended) if holder is not None else None)
        )
    return found
