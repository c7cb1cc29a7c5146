"""The signing ceremony and the receipt of a signature."""

import json

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from accounts import signing
from accounts.access import holders_of
from accounts.roles import Role
from audit.models import Entry, stamp
from audit.moves import WrongState

from .. import ceremony, checking, permissions, vouching
from ..ceremony import Ceremony
from ..models import Review, ReviewStep, SignOff
from ..review_forms import RevokeForm, SignForm
from ..statements import statement_for
from ..workflow import publishing
from ..workflow import signing as workflow
from .found import find_review, revision_context

reviewers = holders_of(Role.MEDICAL_REVIEWER, Role.EDITOR)
METHODS = {
    "password": gettext_lazy("with a password"),
    "password+totp": gettext_lazy("with a password and a code from an authenticator app"),
    "passkey": gettext_lazy("with a passkey, which signed this very fingerprint"),
}
CUT = "\ue000"  # no word of any language


@never_cache
@reviewers
def sign(request: HttpRequest, pk: int) -> HttpResponse:
    """The ceremony: the rendered bytes, their fingerprint, the exact words, and the proof for this very signature."""
    review = find_review(pk)
    # Read once, and first: somebody else may take the step at any moment from here on.
    step = permissions.step_for(request.user, review)
    why_not = permissions.why_not_sign(request.user, review) or _borrowed(request)
    if elsewhere := _elsewhere(request, review, step, why_not):
        return elsewhere
    showing, not_as_shown = _showing(request, review)
    form = _form(request, review, step)
    if request.method == "POST":
        if problem := why_not or not_as_shown:
            form.add_error(None, problem)
        elif form.is_valid() and (sign_off := _signed(request, review, form, showing)):
            return redirect("articles:receipt", sign_off.pk)
        elif elsewhere := _elsewhere(request, review, step):
            return elsewhere
    context = _signing_context(request, review, step, form, showing)
    return render(request, "articles/sign.html", context, status=422 if request.method == "POST" else 200)


@never_cache
@reviewers
def receipt(request: HttpRequest, pk: int) -> HttpResponse:
    """What was signed, when and how; from here the signer can take it back."""
    sign_off = get_object_or_404(SignOff.objects.select_related("revision", "review", "review__page", "board"), pk=pk)
    form = RevokeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            workflow.revoke(sign_off, by=request.user, reason=form.cleaned_data["reason"])
            messages.success(request, _("Your signature was taken back."))
        except WrongState as error:
            messages.error(request, str(error))
        return redirect("articles:receipt", pk)
    context = revision_context(sign_off.revision) | {
        "sign_off": sign_off,
        "method": METHODS.get(sign_off.auth_method, sign_off.auth_method),
        "meaning": _meaning(sign_off),
        "signed_at_utc": stamp(sign_off.signed_at),
        "form": form,
        "revocation": getattr(sign_off, "revocation", None),
        "may_revoke": permissions.can_revoke(request.user, sign_off),
        "entry": Entry.objects.filter(
            verb="revision.signed", object_type="articles.signoff", object_id=str(pk)
        ).first(),
        "missing": publishing.missing_for_publication(sign_off.review),
    }
    return render(request, "articles/receipt.html", context, status=422 if request.method == "POST" else 200)


def _meaning(sign_off: SignOff) -> str:
    if sign_off.meaning == vouching.MEDICAL:
        return _("Medical review: read in full, and its claims checked against the sources listed")
    if sign_off.review.leans_on_id:
        return _("Editorial: compared with the text that was medically reviewed, and the meaning is the same")
    return _("Editorial: says what its sources and its medical review support, in words that patients can use")


def _elsewhere(request: HttpRequest, review: Review, step: ReviewStep | None, why_not: str = "") -> HttpResponse | None:
    """Where to go instead when nothing can be signed here: the receipt of what was, the newer text, or the review."""
    if mine := review.sign_offs.filter(signer=request.user).first():
        messages.info(request, _("You have signed this revision already. Nothing was signed twice."))
        return redirect("articles:receipt", mine.pk)
    if newer := review.page.reviews.filter(
        status=Review.Status.OPEN, revision__number__gt=review.revision.number
    ).first():
        messages.warning(request, _sent_meanwhile(newer))
        return redirect("articles:review", newer.pk)
    # What was typed is kept as long as somebody could still sign here.
    hopeless = why_not and (request.method != "POST" or review.status != Review.Status.OPEN)
    if hopeless or step is None:
        messages.error(request, why_not or _("Somebody else signed this first."))
        return redirect("articles:review", review.pk)
    return None


def _sent_meanwhile(newer: Review) -> str:
    at = formats.time_format(timezone.localtime(newer.opened_at), "H:i")
    return _("{name} sent revision {number} of this page at {time}. Look at the change before you sign.").format(
        name=newer.opened_by.get_full_name(), number=newer.revision.number, time=at
    )


def _showing(request: HttpRequest, review: Review) -> tuple[Ceremony, str]:
    """The showing that the form came from, or a new one with the reason why it has to be looked at again."""
    if request.method != "POST":
        return ceremony.begin(review, request.user), ""
    try:
        shown = ceremony.unseal(request.POST.get("ceremony", ""), review, request.user)
    except WrongState as error:
        return ceremony.begin(review, request.user), str(error)
    changed = ceremony.what_changed(shown, review, request.user)
    return (ceremony.begin(review, request.user) if changed else shown), changed


def _form(request: HttpRequest, review: Review, step: ReviewStep) -> SignForm:
    return SignForm(
        request.POST or None,
        review=review,
        signer=request.user,
        step=step,
        asks_password=signing.takes_password(request.user) or not signing.has_passkey(request.user),
        asks_code=signing.needs_code(request.user),
    )


def _borrowed(request: HttpRequest) -> str:
    if signing.is_ones_own(request):
        return ""
    return _("This session did not begin with your signing in, so it cannot sign. Sign out and in again.")


def _signing_context(request: HttpRequest, review: Review, step: ReviewStep, form: SignForm, showing: Ceremony) -> dict:
    options = signing.passkey_options(request.user, showing.challenge)
    # Cut where the declaration stands, so that a script can let it follow what is typed.
    before, _cut, after = statement_for(review, request.user, CUT, step).rpartition(CUT)
    return revision_context(review.revision) | {
        "review": review,
        "form": form,
        "statement": (before, form.conflict_of_interest.rstrip(".") or _("none"), after),
        "step": step,
        "ceremony": ceremony.seal(showing),
        "passkey_options": json.dumps(options) if options else "",
        "claims": len(checking.claims_of(review)),
        "claims_left": checking.unchecked_count(request.user, review),
        "notes_left": vouching.open_notes(review).filter(blocking=True).count(),
    }


def _signed(request: HttpRequest, review: Review, form: SignForm, showing: Ceremony) -> SignOff | None:
    """The signature, or None with the reason beside the field it belongs to."""
    cleaned = form.cleaned_data
    try:
        return workflow.sign(
            review,
            by=request.user,
            ceremony=showing,
            proof=_proof(request, cleaned, showing),
            next_review_due=cleaned.get("next_review"),
            conflict_of_interest=form.conflict_of_interest,
            board=cleaned.get("board"),
        )
    except signing.NotProved as error:
        form.add_error(None if cleaned.get("passkey") else "password", str(error))
    except (WrongState, PermissionDenied) as error:
        form.add_error(None, str(error))
    except ValidationError as error:
        form.add_error("next_review", error)
    return None


def _proof(request: HttpRequest, cleaned: dict, showing: Ceremony) -> signing.Proof:
    if cleaned.get("passkey"):
        return signing.prove_with_passkey(
            request.user, purpose=showing.purpose, challenge=showing.challenge, answer=cleaned["passkey"]
        )
    return signing.prove(
        request.user, purpose=showing.purpose, password=cleaned["password"], code=cleaned.get("code", "")
    )
