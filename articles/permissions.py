"""Who may do what to a page: pure questions, no side effects."""

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Credential
from accounts.models.people import skeleton
from accounts.roles import Role, holds

from . import checking, vouching
from .models import Note, Page, Review, ReviewStep, RevisionContributor, SignOff


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


def can_settle(user, note: Note) -> bool:
    """Whoever wrote the text then, or has had a hand in it since, does not settle what was said about it."""
    page = note.review.page
    newest = page.revisions.order_by("-number").values_list("pk", flat=True)[:1]
    wrote = RevisionContributor.objects.filter(user=user, revision__in=[note.review.revision_id, *newest])
    return can_review(user) and not wrote.exists()


def can_check_claims(user, review: Review) -> bool:
    return holds(user, Role.MEDICAL_REVIEWER) and not contributed(user, review)


def can_set_policies(user) -> bool:
    return holds(user, Role.ADMINISTRATOR)


def can_assign(user) -> bool:
    return holds(user, Role.EDITOR)


def why_not_assign(by, to, review: Review) -> str:
    """The sentence that tells `by` why they cannot give this review to `to` (None: to nobody), or ""."""
    if not can_assign(by):
        mine = review.assignee_id in (None, by.pk) and (to is None or to.pk == by.pk)
        if not (mine and holds(by, Role.MEDICAL_REVIEWER)):
            return _("Only an editor may give a review to somebody else.")
        if to is not None and not fits(by, review):
            return _("This page belongs to another specialty. An editor can still give it to you.")
    if to is None:
        return ""
    name = to.get_full_name()
    if contributed(to, review):
        return _("{name} wrote part of this revision.").format(name=name)
    if _signed_here(to, review):
        return _("{name} has signed this revision already.").format(name=name)
    steps = [step for step in vouching.steps_left(review) if holds(to, step.role)]
    if not steps:
        return _("{name} can take none of the steps that this review still needs.").format(name=name)
    if all(step.needs_credential for step in steps) and valid_credential(to) is None:
        return _("{name} has no credential that is valid today. An administrator can check it.").format(name=name)
    return ""


def fits(user, review: Review) -> bool:
    """Whether a reviewer may take this on their own: the page is of no specialty, or of one of theirs."""
    wanted = review.page.specialty_id
    return wanted is None or user.specialties.filter(pk=wanted).exists()


def can_classify(user) -> bool:
    """A page's specialty, its interval, and a higher risk class; a lower one is an editor's act."""
    return holds(user, Role.EDITOR, Role.MEDICAL_REVIEWER)


def can_lower_risk(user) -> bool:
    return holds(user, Role.EDITOR)


def can_read_policies(user) -> bool:
    return can_review(user) or can_set_policies(user)


def can_revoke(user, sign_off) -> bool:
    return sign_off.signer_id == user.pk and holds(user, Role.MEDICAL_REVIEWER, Role.EDITOR)


def can_sign(user, review: Review) -> bool:
    return not why_not_sign(user, review)


def contributed(user, review: Review) -> bool:
    return review.revision.contributors.filter(user=user).exists()


def namesakes(user, review: Review) -> list[int]:
    """Contributors whose printed name looks like that of `user`: two people, or one with two accounts. Ids."""
    look = skeleton(user.get_full_name())
    hands = review.revision.contributors.exclude(user=user).select_related("user")
    return [one.user_id for one in hands if look and skeleton(one.user.get_full_name()) == look]


def valid_credential(user) -> Credential | None:
    """The credential a signature of today would rest on: the one that lasts longest."""
    standing = Credential.objects.filter(user=user).valid_on(timezone.now().date())
    return max(standing, key=lambda one: (one.valid_until is None, one.valid_until), default=None)


def step_for(user, review: Review, signatures: list[SignOff] | None = None) -> ReviewStep | None:
    """The first step of the review's policy that is still unsigned and whose role `user` holds."""
    return next((step for step in vouching.steps_left(review, signatures) if holds(user, step.role)), None)


def why_not_sign(user, review: Review) -> str:
    """The sentence that tells `user` why they cannot sign, or "" when they can."""
    if not holds(user, *review.policy.steps.values_list("role", flat=True)):
        return _("Only a medical reviewer can sign this revision.")
    if contributed(user, review):
        return _("You wrote part of this revision, so another reviewer must sign it.")
    if review.status != Review.Status.OPEN:
        return _("This review is no longer open.")
    signatures = vouching.standing(review)
    step = step_for(user, review, signatures)
    if step is None or any(one.signer_id == user.pk for one in signatures) or _signed_here(user, review):
        return _("You have signed this revision already.")
    if step.needs_credential and valid_credential(user) is None:
        return _("You have no credential that is valid today. Ask an administrator to check it.")
    notes = vouching.open_notes(review).filter(blocking=True).count()
    claims = checking.unchecked_count(user, review) if step.code == "medical" and review.policy.checks_claims else 0
    return _what_is_left(claims, notes)


def _signed_here(user, review: Review) -> bool:
    return review.sign_offs.filter(signer=user).exists()


def _what_is_left(claims: int, notes: int) -> str:
    parts = []
    if claims:
        parts.append(
            ngettext("{n} claim is not checked yet", "{n} claims are not checked yet", claims).format(n=claims)
        )
    if notes:
        parts.append(
            ngettext("{n} blocking note is still open", "{n} blocking notes are still open", notes).format(n=notes)
        )
    return f"{_(' and ').join(parts)}." if parts else ""
