"""Whether signatures carried a text at a moment: the gate told once more in plain words, for whoever checks afterwards.

Nothing here asks a database, so that a bundle is judged by the same lines as our own rows.
"""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import product

MEDICAL = "medical"


@dataclass(frozen=True)
class Step:
    """What a policy asks for."""

    pk: int
    code: str
    needs_credential: bool


@dataclass(frozen=True)
class Credential:
    """From when to when a credential was good: its last day, and the moment it was taken back."""

    holder: int
    valid_from: date
    valid_until: date | None
    revoked_at: datetime | None

    def was_good(self, holder: int, at: datetime) -> bool:
        day = at.date()
        in_time = self.valid_from <= day and (self.valid_until is None or self.valid_until >= day)
        return self.holder == holder and in_time and (self.revoked_at is None or self.revoked_at > at)


@dataclass(frozen=True)
class Signature:
    """What counts of a signature when a text is to go public."""

    pk: int
    review: int
    step: int
    signer: int
    content_hash: str
    signed_at: datetime
    valid_until: datetime
    next_review_due: date
    revoked_at: datetime | None
    credential: Credential | None


@dataclass(frozen=True)
class Cycle:
    """One review: which bytes, under which policy, and whose hands were in them."""

    review: int
    content_hash: str
    reaffirms: bool
    steps: tuple[Step, ...]
    contributors: frozenset[int]


def standing(cycle: Cycle, signatures: list[Signature], at: datetime) -> list[Signature]:
    """Signatures of exactly these bytes for this policy that stood at that moment, with the credential behind them."""
    steps = {step.pk: step for step in cycle.steps}
    return [
        one
        for one in signatures
        if one.content_hash == cycle.content_hash
        and one.step in steps
        and one.signer not in cycle.contributors
        and one.signed_at <= at < one.valid_until
        and (one.revoked_at is None or one.revoked_at > at)
        and (not cycle.reaffirms or one.review == cycle.review)
        and _is_qualified(one, steps[one.step], at)
    ]


def unsigned(cycle: Cycle, signatures: list[Signature], at: datetime) -> list[str]:
    """Codes of the steps that nobody had signed at that moment, or that only one person had signed for several."""
    stood = standing(cycle, signatures, at)
    signers = [{one.signer for one in stood if one.step == step.pk} for step in cycle.steps]
    left = [step.code for step, people in zip(cycle.steps, signers, strict=True) if not people]
    if left or any(len(set(people)) == len(signers) for people in product(*signers)):
        return left
    return [cycle.steps[-1].code]


def dates(cycle: Cycle, signatures: list[Signature], at: datetime) -> tuple[datetime, date] | None:
    """When the text was last medically reviewed and when it is due again, as the signatures say; None without any."""
    medical = {step.pk for step in cycle.steps if step.code == MEDICAL}
    signed = [one for one in standing(cycle, signatures, at) if one.step in medical]
    if not signed:
        return None
    return max(one.signed_at for one in signed), min(one.next_review_due for one in signed)


def _is_qualified(signature: Signature, step: Step, at: datetime) -> bool:
    if not step.needs_credential:
        return True
    return signature.credential is not None and signature.credential.was_good(signature.signer, at)
