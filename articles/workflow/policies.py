"""Changing which signatures a kind of page needs, from the next review on."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.roles import Role
from audit.moves import WrongState, record

from .. import permissions
from ..models import ReviewPolicy, ReviewStep, Revision
from .calling_back import policy_raised

STEPS = {"medical": (Role.MEDICAL_REVIEWER, True), "editorial": (Role.EDITOR, False)}
MOST_STEPS, MOST_MONTHS = 5, 60


def set_policy(
    *,
    kind: str,
    risk: str,
    change_class: str,
    steps: list[str],
    validity_months: int,
    checks_claims: bool,
    by,
    number: int,
) -> ReviewPolicy:
    """The policy for this kind, risk and change class from now on. `number` is that of the policy being replaced.

    Reviews under way keep the policy they were opened under. Where the new one asks for more, live pages that were
    published under less come back for review.
    """
    if not permissions.can_set_policies(by):
        raise PermissionDenied(_("Only an administrator may change review policies."))
    _check(change_class, steps, validity_months)
    line = {"kind": kind, "risk": risk, "change_class": change_class}
    with transaction.atomic():
        # Of two administrators at once the second waits here, and then sees that the number is not the newest any more.
        old = ReviewPolicy.objects.select_for_update().filter(**line, number=number).first()
        newest = ReviewPolicy.objects.filter(**line).aggregate(newest=Max("number"))["newest"]
        if old is None or newest != number:
            raise WrongState(_("Somebody changed this policy after you opened it. Look at it again."))
        if (old.validity_months, old.checks_claims, _codes(old)) == (validity_months, checks_claims, steps):
            raise ValidationError(_("This is the policy in force already. Change something, or leave it."))
        policy = ReviewPolicy.objects.create(
            **line, number=number + 1, validity_months=validity_months, checks_claims=checks_claims, created_by=by
        )
        for position, code in enumerate(steps, start=1):
            role, needs_credential = STEPS[code]
            ReviewStep.objects.create(
                policy=policy, position=position, code=code, role=role, needs_credential=needs_credential
            )
        called = _call_back_what_is_weaker(policy, old, steps, by)
        record(
            policy,
            by=by,
            verb="policy.review_set",
            **line,
            steps=steps,
            months=validity_months,
            claims=checks_claims,
            called_back=called,
        )
    return policy


def asks_for_more(old: ReviewPolicy, steps: list[str], *, checks_claims: bool = False) -> bool:
    """Whether these steps hold one that the old policy did not ask for, or its claims were not checked and now are."""
    before = _codes(old)
    more = any(steps.count(code) > before.count(code) for code in set(steps))
    return more or (checks_claims and not old.checks_claims and "medical" in steps)


def _call_back_what_is_weaker(policy: ReviewPolicy, old: ReviewPolicy, steps: list[str], by) -> int:
    """Where the policy was raised, pages that were published under less come back; others are left alone."""
    if not asks_for_more(old, steps, checks_claims=policy.checks_claims):
        return 0
    line = {"kind": policy.kind, "risk": policy.risk, "change_class": policy.change_class}
    before = ReviewPolicy.objects.filter(**line, number__lt=policy.number).prefetch_related("steps")
    weaker = [one for one in before if asks_for_more(one, steps, checks_claims=policy.checks_claims)]
    return policy_raised(policy, weaker=weaker, by=by)


def _codes(policy: ReviewPolicy) -> list[str]:
    return [step.code for step in policy.steps.all()]


def _check(change_class: str, steps: list[str], months: int) -> None:
    if not 1 <= len(steps) <= MOST_STEPS or set(steps) - set(STEPS):
        raise ValidationError(_("A policy has one to {most} steps.").format(most=MOST_STEPS))
    if "medical" not in steps and change_class != Revision.ChangeClass.TYPO:
        raise ValidationError(_("Only a change of spelling or layout can do without a medical step."))
    if not 1 <= months <= MOST_MONTHS:
        raise ValidationError(_("A signature is good for 1 to {most} months.").format(most=MOST_MONTHS))
