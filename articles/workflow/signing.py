"""A named, qualified person vouches for exactly these bytes, or takes the signature back."""

from datetime import date, datetime

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.models import Board
from accounts.signing import PROOF_LASTS, Proof
from audit.moves import WrongState, move, record
from audit.seals import seal

from .. import checking, notices, permissions, vouching
from ..ceremony import LASTS, Ceremony, what_changed
from ..models import Page, Review, ReviewStep, Revocation, SignOff, Withdrawal
from ..statements import statement_for
from .taking_down import take_down


def sign(
    review: Review,
    *,
    by,
    ceremony: Ceremony,
    proof: Proof | None,
    next_review_due: date | None = None,
    conflict_of_interest: str = "",
    board: Board | None = None,
) -> SignOff:
    """Vouch for exactly the bytes shown in `ceremony`. `proof` was made for this ceremony, not for a log-in.

    `next_review_due` counts for a medical signature only. Raises PermissionDenied with the reason, WrongState when
    something is not as it was shown or the page was used before, ValidationError for the date.
    """
    if board and not board.members.filter(pk=by.pk).exists():
        raise PermissionDenied(_("You are not a member of that board."))
    with transaction.atomic():
        Page.objects.select_for_update().get(pk=review.page_id)
        review.refresh_from_db()
        _may_sign(review, by, ceremony, proof)
        step = permissions.step_for(by, review)
        due = _due(review, step, next_review_due)
        if changed := what_changed(ceremony, review, by):
            raise WrongState(changed)
        sign_off = _sign_off(review, step, by, ceremony, proof, due, conflict_of_interest, board)
        approved = not vouching.steps_left(review)
        if not approved and review.assignee_id == by.pk:
            # Somebody else has to take the next step, so it waits for them.
            Review.objects.filter(pk=review.pk).update(assignee=None)
        notices.signed(sign_off, approved=approved)
        record(
            sign_off,
            by=by,
            verb="revision.signed",
            hash=review.content_hash,
            step=sign_off.step_id,
            method=proof.method,
            namesakes=permissions.namesakes(by, review),
            seal=seal(sign_off),
        )
        if approved:
            move(review, Review.Status.APPROVED, by=by, verb="review.approved")
    return sign_off


def revoke(sign_off: SignOff, *, by, reason: str) -> Revocation:
    """Take a signature back. A live page that needs it is withdrawn in the same transaction (410)."""
    if not permissions.can_revoke(by, sign_off):
        raise PermissionDenied(_("Only the person who signed may take the signature back."))
    with transaction.atomic():
        page = Page.objects.select_for_update().get(pk=sign_off.revision.page_id)
        if Revocation.objects.filter(sign_off=sign_off).exists():
            raise WrongState(_("This signature was taken back already."))
        live = page.live_publication
        leans = live is not None and sign_off.content_hash in (live.content_hash, live.vouched_hash)
        if leans:
            withdrawal = take_down(
                page,
                by=by,
                kind=Withdrawal.Kind.REVIEW_WITHDRAWN,
                public_reason=_("Its medical review was withdrawn."),
            )
        revocation = Revocation.objects.create(sign_off=sign_off, by=by, reason=reason)
        notices.revoked(revocation, page_went_down=leans)
        record(
            revocation,
            by=by,
            verb="signature.revoked",
            sign_off=sign_off.pk,
            reason=reason,
            withdrawn=withdrawal.pk if leans else None,
            seal=seal(revocation),
        )
        if leans:
            record(withdrawal, by=by, verb="page.withdrawn", page=page.pk, kind=withdrawal.kind, seal=seal(withdrawal))
    return revocation


def _may_sign(review: Review, by, ceremony: Ceremony, proof: Proof | None) -> None:
    if reason := permissions.why_not_sign(by, review):
        raise PermissionDenied(reason)
    if (ceremony.user, ceremony.review) != (by.pk, review.pk):
        raise WrongState(_("This page was meant for another signature. Read the revision again, then sign."))
    if timezone.now() - ceremony.when > LASTS:
        raise WrongState(_("This page was open for too long. Read the revision again, then sign."))
    fresh = (
        proof is not None
        and proof.user_id == by.pk
        and proof.purpose == ceremony.purpose
        and timezone.now() - proof.at <= PROOF_LASTS
        and proof.at >= ceremony.when
    )
    if not fresh:
        raise PermissionDenied(_("Enter your password again to sign."))
    if settings.REQUIRE_STAFF_MFA and not proof.second_factor:
        raise PermissionDenied(_("Signing needs a second step here: a code from your authenticator app, or a passkey."))


def _due(review: Review, step: ReviewStep, due: date | None) -> date:
    today = timezone.localdate()
    latest = today + relativedelta(months=review.policy.validity_months)
    if step.code != "medical":
        return latest
    if due is None or not today < due <= latest:
        raise ValidationError(
            _("Choose a next review date after today and not later than {date}.").format(
                date=formats.date_format(latest, "j F Y")
            )
        )
    return due


def _sign_off(
    review: Review,
    step: ReviewStep,
    by,
    ceremony: Ceremony,
    proof: Proof,
    due: date,
    conflicts: str,
    board: Board | None,
) -> SignOff:
    now: datetime = timezone.now()
    credential = permissions.valid_credential(by)
    medical = step.code == "medical"
    try:
        with transaction.atomic():
            return SignOff.objects.create(
                review=review,
                step=step,
                revision=review.revision,
                content_hash=review.content_hash,
                signer=by,
                credential=credential if step.needs_credential else None,
                printed_name=by.get_full_name(),
                printed_credentials=credential.title if credential else "",
                board=board if medical else None,
                meaning=vouching.MEDICAL if medical else step.code,
                statement=statement_for(review, by, conflicts, step),
                conflict_of_interest=conflicts,
                auth_method=proof.method,
                authenticated_at=proof.at,
                auth_evidence=proof.evidence,
                ceremony=ceremony.nonce,
                shown_at=ceremony.when,
                closure=ceremony.closure,
                claims_checked=checking.checked_count(by, review) if medical else 0,
                signed_at=now,
                valid_until=now + relativedelta(months=review.policy.validity_months),
                next_review_due=due,
            )
    except IntegrityError as error:
        if SignOff.objects.filter(ceremony=ceremony.nonce).exists():
            raise WrongState(_("This page was signed from already. Nothing was signed twice.")) from error
        raise WrongState(
            _("The database refused this signature: {why}").format(why=str(error).splitlines()[0])
        ) from error
