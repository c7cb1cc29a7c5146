"""Who may do what to a page: pure questions, no side effects."""

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Credential
from accounts.roles import Role, holds

from .models import Page, Review, ReviewStep


def can_write(user) -> bool:
    return holds(user, Role.WRITER, Role.EDITOR)


def can_edit(user, page: Page) -> bool:
    """Writers and editors share all drafts; whoever saves becomes a contributor and signs nothing here."""
    return can_write(user)


def can_submit(user, page: Page) -> bool:
    return can_edit(user, page)


def can_preview(user) -> bool:
    return holds(user, Role.WRITER, Role.EDITOR, Role.MEDICAL_REVIEWER)


def can_review(user) -> bool:
    return holds(user, Role.MEDICAL_REVIEWER, Role.EDITOR)


def can_publish(user) -> bool:
    return holds(user, Role.EDITOR)


def can_withdraw(user) -> bool:
    return holds(user, Role.EDITOR, Role.MEDICAL_REVIEWER)


def can_ask_changes(user, review: Review) -> bool:
    return holds(user, Role.MEDICAL_REVIEWER, Role.EDITOR) and not contributed(user, review)


def can_revoke(user, sign_off) -> bool:
    return sign_off.signer_id == user.pk and holds(user, Role.MEDICAL_REVIEWER, Role.EDITOR)


def can_sign(user, review: Review) -> bool:
    return not why_not_sign(user, review)


def contributed(user, review: Review) -> bool:
    return review.revision.contributors.filter(user=user).exists()


def valid_credential(user) -> Credential | None:
    """The credential a signature of today would rest on: the one that lasts longest."""
    standing = Credential.objects.filter(user=user).valid_on(timezone.now().date())
    return max(standing, key=lambda one: (one.valid_until is None, one.valid_until), default=None)


def step_for(user, review: Review) -> ReviewStep | None:
    """The first step of the review's policy that is still unsigned and whose role `user` holds."""
    signed = review.sign_offs.filter(revocation=None).values("step")
    return next((step for step in review.policy.steps.exclude(pk__in=signed) if holds(user, step.role)), None)


def why_not_sign(user, review: Review) -> str:
    """The sentence that tells `user` why they cannot sign, or "" when they can."""
    if not holds(user, *review.policy.steps.values_list("role", flat=True)):
        return _("Only a medical reviewer can sign this revision.")
    if contributed(user, review):
        return _("You wrote part of this revision, so another reviewer must sign it.")
    if review.status != Review.Status.OPEN:
        return _("This review is no longer open.")
    step = step_for(user, review)
    if step is None or review.sign_offs.filter(signer=user).exists():
        return _("You have signed this revision already.")
    if step.needs_credential and valid_credential(user) is None:
        return _("You have no credential that is valid today. Ask an administrator to check it.")
    if review.notes.filter(blocking=True, resolved_at=None).exists():
        return _("A blocking note is still open.")
    return ""
