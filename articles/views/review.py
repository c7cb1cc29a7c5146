"""The review page: what changed, what it leans on, its claims and notes, and what is left to do."""

import json
from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from accounts.access import holders_of
from accounts.roles import Role
from audit.moves import WrongState

from .. import checking, comparing, permissions
from ..models import Note, Reference, Review
from ..review_forms import AcknowledgeForm, ChangesForm, NoteForm
from ..workflow import publishing
from ..workflow import review as workflow
from .found import find_review, revision_context

reviewers = holders_of(Role.MEDICAL_REVIEWER, Role.EDITOR)
MOST_KEYS = 2000


@never_cache
@reviewers
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """The revision against the last signed one, and every act of reading it."""
    review = find_review(pk)
    forms = _forms(request, review)
    if request.method == "POST":
        try:
            if _act_on(request, review, forms):
                return redirect(f"{request.path}{_view_kept(request)}")
        except WrongState as error:
            messages.error(request, str(error))
            return _overtaken(request, pk, forms)
    status = 422 if request.method == "POST" else 200
    return render(request, "articles/review.html", _context(request, review, forms), status=status)


def _view_kept(request: HttpRequest) -> str:
    """The reviewer comes back to what they were looking at."""
    query = request.META.get("QUERY_STRING", "")
    return f"?{query}" if query else ""


def _forms(request: HttpRequest, review: Review) -> dict:
    manifest, act = json.loads(review.revision.content), request.POST.get("act")

    def data(name: str):
        return request.POST if act == name else None

    return {
        "note": NoteForm(data("note"), manifest=manifest, prefix="note"),
        "changes": ChangesForm(data("changes"), initial={"version": review.version}, prefix="changes"),
        "acknowledge": AcknowledgeForm(data("acknowledge"), prefix="acknowledge"),
    }


def _act_on(request: HttpRequest, review: Review, forms: dict) -> bool:
    """Do what the pressed button says; False when its form has errors."""
    act = request.POST.get("act", "")
    if act in PLAIN_ACTS:
        PLAIN_ACTS[act](request, review)
        return True
    form = forms.get(act)
    if form is None:
        raise Http404
    if not form.is_valid():
        return False
    try:
        FORM_ACTS[act](request, review, form.cleaned_data)
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True


def _resolve(request: HttpRequest, review: Review) -> None:
    note = get_object_or_404(Note, pk=_number(request, "note"), review__page=review.page_id)
    workflow.resolve_note(note, by=request.user)


def _check(request: HttpRequest, review: Review) -> None:
    keys, shown = (set(request.POST.getlist(name)[:MOST_KEYS]) for name in ("claim", "shown"))
    workflow.check_claims(review, by=request.user, keys=keys, shown=shown)


def _refuse_class(request: HttpRequest, review: Review) -> None:
    workflow.refuse_class(review, by=request.user, version=_number(request, "version"))


def _note(request: HttpRequest, review: Review, cleaned: dict) -> None:
    workflow.add_note(review, by=request.user, **cleaned)


def _ask(request: HttpRequest, review: Review, cleaned: dict) -> None:
    workflow.ask_for_changes(review, by=request.user, **cleaned)


def _acknowledge(request: HttpRequest, review: Review, cleaned: dict) -> None:
    reference = get_object_or_404(Reference, pk=cleaned["reference"], cited_in__revision=review.revision_id)
    workflow.acknowledge_source(review, reference, by=request.user, reason=cleaned["reason"])


PLAIN_ACTS: dict[str, Callable[[HttpRequest, Review], None]] = {
    "resolve": _resolve,
    "check": _check,
    "refuse_class": _refuse_class,
}
FORM_ACTS: dict[str, Callable[[HttpRequest, Review, dict], None]] = {
    "note": _note,
    "changes": _ask,
    "acknowledge": _acknowledge,
}


def _number(request: HttpRequest, name: str) -> int:
    number = request.POST.get(name, "")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise Http404
    return int(number)


def _overtaken(request: HttpRequest, pk: int, forms: dict) -> HttpResponse:
    """The page as it stands now, with the words that came too late still in their field."""
    review, act = find_review(pk), request.POST.get("act")
    if act not in forms:
        return redirect(f"{request.path}{_view_kept(request)}")
    if act == "changes":
        forms["changes"].data = request.POST.copy()
        forms["changes"].data["changes-version"] = review.version
    return render(request, "articles/review.html", _context(request, review, forms), status=409)


def _context(request: HttpRequest, review: Review, forms: dict) -> dict:
    return (
        revision_context(review.revision)
        | _compared(request, review)
        | _standing(request, review)
        | {"review": review, "forms": forms, "today": timezone.localdate()}
    )


def _compared(request: HttpRequest, review: Review) -> dict:
    choices = comparing.baselines(review, request.user)
    base = comparing.baseline(review, choices, request.GET.get("against", ""))
    return {
        "choices": choices,
        "base": base,
        "comparison": comparing.comparison(review, base) if base else None,
        "view": "text" if base is None or request.GET.get("view") == "text" else "changes",
    }


def _standing(request: HttpRequest, review: Review) -> dict:
    """What is left, and who may do it."""
    user, cited, entries = request.user, comparing.sources(review), comparing.entries(review)
    checks = comparing.to_check(review, user, cited)
    return {
        "checks": checks,
        "checked": sum(one.ticked for one in checks),
        "without_source": checking.without_source(review),
        "may_check": permissions.can_check_claims(user, review),
        "cited": cited,
        "doubtful": [one for one in cited if one.reference.status not in ("ok", "reinstated")],
        "moved_on": [one for one in entries if one.moved_on],
        "as_it_was": [one for one in entries if not one.moved_on],
        "notes": comparing.notes(review, user),
        "sign_offs": review.sign_offs.select_related("revocation", "signer", "board", "step"),
        "missing": publishing.missing_for_publication(review),
        "is_public": bool(review.page.live_publication and review.page.live_publication.review_id == review.pk),
        "why_not": permissions.why_not_sign(user, review),
        "namesakes": permissions.namesakes(user, review),
        "may_publish": permissions.can_publish(user),
        "may_ask": permissions.can_ask_changes(user, review) and review.status == Review.Status.OPEN,
    }
