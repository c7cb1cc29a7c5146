"""The signing ceremony and the receipt of a signature."""

import json

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts import signing
from accounts.access import holders_of
from accounts.roles import Role
from audit.models import Entry
from audit.moves import WrongState

from .. import ceremony, permissions
from ..ceremony import Ceremony
from ..models import Review, SignOff
from ..review_forms import RevokeForm, SignForm
from ..workflow import publishing
from ..workflow import signing as workflow
from .found import find_review, revision_context

reviewers = holders_of(Role.MEDICAL_REVIEWER, Role.EDITOR)


@never_cache
@reviewers
def sign(request: HttpRequest, pk: int) -> HttpResponse:
    """The ceremony: the rendered bytes, their fingerprint, the exact words, and the proof for this very signature."""
    review = find_review(pk)
    if why_not := permissions.why_not_sign(request.user, review) or _borrowed(request):
        messages.error(request, why_not)
        return redirect("articles:review", pk)
    showing, too_late = _showing(request, review)
    form = SignForm(
        request.POST or None,
        review=review,
        signer=request.user,
        step=permissions.step_for(request.user, review),
        asks_code=signing.needs_code(request.user),
    )
    if request.method == "POST":
        if too_late:
            form.add_error(None, too_late)
        elif form.is_valid() and (sign_off := _signed(request, review, form, showing)):
            return redirect("articles:receipt", sign_off.pk)
    context = _signing_context(request, review, form, showing)
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
        "form": form,
        "revocation": getattr(sign_off, "revocation", None),
        "may_revoke": permissions.can_revoke(request.user, sign_off),
        "entry": Entry.objects.filter(object_type="articles.signoff", object_id=str(pk)).first(),
        "missing": publishing.missing_for_publication(sign_off.review),
    }
    return render(request, "articles/receipt.html", context, status=422 if request.method == "POST" else 200)


def _showing(request: HttpRequest, review: Review) -> tuple[Ceremony, str]:
    """The showing that the form came from, or a new one; and why a form came too late."""
    if request.method != "POST":
        return ceremony.begin(review, request.user), ""
    try:
        return ceremony.unseal(request.POST.get("ceremony", ""), review, request.user), ""
    except WrongState as error:
        return ceremony.begin(review, request.user), str(error)


def _borrowed(request: HttpRequest) -> str:
    if signing.is_ones_own(request):
        return ""
    return _("This session did not begin with your signing in, so it cannot sign. Sign out and in again.")


def _signing_context(request: HttpRequest, review: Review, form: SignForm, showing: Ceremony) -> dict:
    declared = form.data.get("coi_text", "") if form.data.get("coi") == "some" else ""
    options = signing.passkey_options(request.user, showing.challenge)
    return revision_context(review.revision) | {
        "review": review,
        "form": form,
        "statement": workflow.statement_for(review, request.user, declared),
        "step": permissions.step_for(request.user, review),
        "ceremony": ceremony.seal(showing),
        "passkey_options": json.dumps(options) if options else "",
        "lives": review.page.live_publication,
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
