"""Review of a frozen revision: notes, asking for changes, signing, revoking, and what calls a page back."""

import json
from datetime import date, datetime, timedelta

from dateutil.relativedelta import relativedelta
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.models import Board
from audit.moves import WrongState, move, record

from .. import freshness, permissions, projections
from ..models import (
    Note,
    Page,
    Reference,
    ReferenceStatus,
    Review,
    ReviewTrigger,
    Revocation,
    SignOff,
    Withdrawal,
)
from ..signals import page_withdrawn

PROOF_LASTS = timedelta(minutes=5)
# What a changed source does to the pages that cite it: severity and days until the review is due.
SOURCE_CHANGES = {
    Reference.Status.CORRECTED: (ReviewTrigger.Severity.INFO, 90),
    Reference.Status.CONCERN: (ReviewTrigger.Severity.REVIEW, 30),
    Reference.Status.RETRACTED: (ReviewTrigger.Severity.BANNER, 14),
    Reference.Status.WITHDRAWN: (ReviewTrigger.Severity.BANNER, 14),
    Reference.Status.REINSTATED: (ReviewTrigger.Severity.INFO, 90),
    Reference.Status.DEAD_LINK: (ReviewTrigger.Severity.INFO, 90),
}


def statement_for(review: Review, user, conflict_of_interest: str = "") -> str:
    """The exact words a reviewer signs, as shown on the sign page and kept in the signature."""
    credential = permissions.valid_credential(user)
    return _(
        "I am {name}, {credentials}. I have read revision {number} of “{title}” in full and checked its claims against "
        "the sources listed. In my professional opinion it is accurate and suitable for patients on {date}. "
        "My conflicts of interest: {conflicts}."
    ).format(
        name=user.get_full_name(),
        credentials=credential.title if credential else "",
        number=review.revision.number,
        title=_title(review),
        date=formats.date_format(timezone.localdate(), "j F Y"),
        conflicts=conflict_of_interest.rstrip(".") or _("none"),
    )


def sign(
    review: Review,
    *,
    by,
    hash_shown: str,
    proof,
    next_review_due: date,
    conflict_of_interest: str = "",
    board: Board | None = None,
) -> SignOff:
    """Vouch for exactly the bytes whose hash was on the page. `proof` was made for this signature, not for a log-in.

    Raises PermissionDenied with the reason, WrongState when the text is not the one shown, ValidationError for the date.
    """
    _may_sign(review, by, proof)
    _check_due(review, next_review_due)
    if hash_shown != review.content_hash:
        raise WrongState(_("The text changed after you opened it. Look at the change before you sign."))
    if board and not board.members.filter(pk=by.pk).exists():
        raise PermissionDenied(_("You are not a member of that board."))
    with transaction.atomic():
        Page.objects.select_for_update().get(pk=review.page_id)
        review.refresh_from_db()
        _may_sign(review, by, proof)
        sign_off = _sign_off(review, by, proof, next_review_due, conflict_of_interest, board)
        record(
            sign_off,
            by=by,
            verb="revision.signed",
            hash=review.content_hash,
            step=sign_off.step_id,
            method=proof.method,
        )
        if steps_left(review) == 0:
            move(review, Review.Status.APPROVED, by=by, verb="review.approved")
    return sign_off


def steps_left(review: Review) -> int:
    """How many steps of the review's policy still lack a signature that stands."""
    return review.policy.steps.exclude(sign_offs__in=review.sign_offs.filter(revocation=None)).count()


def add_note(review: Review, *, by, text: str, node_id: str = "", blocking: bool = False) -> Note:
    """Say something about a block, or about the whole revision."""
    if not permissions.can_review(by):
        raise PermissionDenied(_("Only a reviewer or an editor may write notes."))
    if review.status not in (Review.Status.OPEN, Review.Status.APPROVED):
        raise WrongState(_("This review is no longer open."))
    with transaction.atomic():
        note = Note.objects.create(review=review, author=by, text=text, node_id=node_id, blocking=blocking)
        record(note, by=by, verb="note.added", review=review.pk, blocking=blocking)
    return note


def resolve_note(note: Note, *, by) -> None:
    """Settle a note; a blocking one only by its author or another reviewer, never by who wrote the text."""
    if not permissions.can_ask_changes(by, note.review):
        raise PermissionDenied(_("A note is settled by a reviewer who did not write the text."))
    with transaction.atomic():
        if not Note.objects.filter(pk=note.pk, resolved_at=None).update(resolved_at=timezone.now(), resolved_by=by):
            raise WrongState(_("This note was settled already."))
        record(note, by=by, verb="note.resolved", review=note.review_id)
    note.refresh_from_db()


def ask_for_changes(review: Review, *, by, text: str, version: int) -> None:
    """Send the revision back to its writers, with the reason."""
    if not permissions.can_ask_changes(by, review):
        raise PermissionDenied(_("Only a reviewer who did not write the text may ask for changes."))
    if not text.strip():
        raise ValidationError(_("Say what should change."))
    if review.version != version:
        raise WrongState(_("Somebody else changed this first. Your choice was not saved."))
    with transaction.atomic():
        Note.objects.create(review=review, author=by, text=text, blocking=True)
        move(review, Review.Status.CHANGES_ASKED, by=by, verb="review.changes_asked")


def revoke(sign_off: SignOff, *, by, reason: str) -> Revocation:
    """Take a signature back. A live page that needs it is withdrawn in the same transaction (410)."""
    if not permissions.can_revoke(by, sign_off):
        raise PermissionDenied(_("Only the person who signed may take the signature back."))
    with transaction.atomic():
        page = Page.objects.select_for_update().get(pk=sign_off.revision.page_id)
        live = page.live_publication
        leans = live is not None and live.content_hash == sign_off.content_hash
        if leans:
            Withdrawal.objects.create(
                page=page,
                publication=live,
                kind=Withdrawal.Kind.REVIEW_WITHDRAWN,
                public_reason=_("Its medical review was withdrawn."),
                by=by,
            )
        try:
            with transaction.atomic():
                revocation = Revocation.objects.create(sign_off=sign_off, by=by, reason=reason)
        except IntegrityError as error:
            raise WrongState(_("This signature was taken back already.")) from error
        if leans:
            taken_down(page, live, by=by)
        record(revocation, by=by, verb="signature.revoked", sign_off=sign_off.pk, reason=reason, withdrawn=leans)
    return revocation


def taken_down(page: Page, publication, *, by) -> None:
    """What every withdrawal does after its row is in: derived rows go, lists are stale, the apps above are told."""
    page.refresh_from_db()
    projections.clear(page)
    freshness.bump_site()
    page_withdrawn.send(sender=Page, page=page, publication=publication, by=by)


def open_trigger(
    page: Page, *, source_kind: str, source_id: str, severity: str, due_on: date | None = None, by=None
) -> ReviewTrigger:
    """The one door through which anything calls a page back for review. The same cause opens one trigger."""
    with transaction.atomic():
        trigger, new = ReviewTrigger.objects.get_or_create(
            page=page,
            source_kind=source_kind,
            source_id=str(source_id),
            defaults={"severity": severity, "due_on": due_on},
        )
        if not new:
            return trigger
        if severity in (ReviewTrigger.Severity.BANNER, ReviewTrigger.Severity.WITHDRAW):
            freshness.bump(page)
        record(trigger, by=by, verb="trigger.opened", page=page.pk, source=source_kind, severity=severity, due=due_on)
    return trigger


def resolve_trigger(trigger: ReviewTrigger, *, by, resolution: str) -> None:
    """Close a trigger with a reason (a code); signing and publishing a newer review closes it by itself."""
    if not permissions.can_review(by):
        raise PermissionDenied(_("Only a reviewer or an editor may settle this."))
    with transaction.atomic():
        settled = ReviewTrigger.objects.filter(pk=trigger.pk, resolved_at=None)
        if not settled.update(resolved_at=timezone.now(), resolution=resolution):
            raise WrongState(_("This was settled already."))
        freshness.bump(trigger.page)
        record(trigger, by=by, verb="trigger.resolved", resolution=resolution)
    trigger.refresh_from_db()


def record_reference_status(reference: Reference, *, status: str, by, notice: str = "") -> ReferenceStatus:
    """Something became known about a source: every live page that cites it comes back for review."""
    if not permissions.can_review(by):
        raise PermissionDenied(_("Only a reviewer or an editor may record this."))
    with transaction.atomic():
        event = ReferenceStatus.objects.create(reference=reference, status=status, notice=notice, by=by)
        Reference.objects.filter(pk=reference.pk).update(status=status)
        severity, days = SOURCE_CHANGES.get(status, (ReviewTrigger.Severity.INFO, 90))
        for page in (
            Page.objects.live().filter(live_publication__citations__reference=reference).distinct().order_by("pk")
        ):
            open_trigger(
                page,
                source_kind=ReviewTrigger.Source.REFERENCE,
                source_id=str(event.pk),
                severity=severity,
                due_on=timezone.localdate() + timedelta(days=days),
                by=by,
            )
        record(event, by=by, verb="reference.status", reference=reference.pk, status=status)
    reference.refresh_from_db()
    return event


def _may_sign(review: Review, by, proof) -> None:
    reason = permissions.why_not_sign(by, review)
    if reason:
        raise PermissionDenied(reason)
    if proof is None or proof.user_id != by.pk or timezone.now() - proof.at > PROOF_LASTS:
        raise PermissionDenied(_("Enter your password again to sign."))


def _check_due(review: Review, due: date) -> None:
    latest = timezone.localdate() + relativedelta(months=review.policy.validity_months)
    if not timezone.localdate() < due <= latest:
        raise ValidationError(
            _("Choose a next review date after today and not later than {date}.").format(
                date=formats.date_format(latest, "j F Y")
            )
        )


def _sign_off(review: Review, by, proof, due: date, conflicts: str, board: Board | None) -> SignOff:
    now: datetime = timezone.now()
    step, credential = permissions.step_for(by, review), permissions.valid_credential(by)
    return SignOff.objects.create(
        review=review,
        step=step,
        revision=review.revision,
        content_hash=review.content_hash,
        signer=by,
        credential=credential if step.needs_credential else None,
        printed_name=by.get_full_name(),
        printed_credentials=credential.title if credential else "",
        board=board,
        meaning="medical_review" if step.code == "medical" else step.code,
        statement=statement_for(review, by, conflicts),
        conflict_of_interest=conflicts,
        auth_method=proof.method,
        authenticated_at=proof.at,
        signed_at=now,
        valid_until=now + relativedelta(months=review.policy.validity_months),
        next_review_due=due,
    )


def _title(review: Review) -> str:
    return json.loads(review.revision.content)["title"]
