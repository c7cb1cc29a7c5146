"""The review desk: what waits, the revision under review, the signature, publishing and taking down."""

import json
from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts import signing
from accounts.access import holders_of
from accounts.roles import Role
from audit.models import Entry
from audit.moves import WrongState

from .. import permissions
from ..document import render as rendering
from ..models import Note, Page, Review, SignOff
from ..review_forms import ChangesForm, NoteForm, NoticeForm, RevokeForm, SignForm, WithdrawForm
from ..workflow import publishing
from ..workflow import review as workflow

PAGE_SIZE = 25
reviewers = holders_of(Role.MEDICAL_REVIEWER, Role.EDITOR)
LANES = {
    "open": Q(status="open"),
    "overdue": Q(status="open"),
    "sent_back": Q(status="changes_asked"),
    "signed": Q(status="approved", publications=None),
}


@never_cache
@reviewers
def queue(request: HttpRequest) -> HttpResponse:
    """Reviews of one kind, the most urgent first; paged by (due date, id)."""
    lane = request.GET.get("lane", "open")
    reviews = _in_lane(lane if lane in LANES else "open").select_related("revision", "revision__created_by", "page")
    reviews = reviews.order_by("due_on", "pk")
    if after := _cursor(request.GET.get("after", "")):
        reviews = reviews.filter(Q(due_on__gt=after[0]) | Q(due_on=after[0], pk__gt=after[1]))
    rows = list(reviews[: PAGE_SIZE + 1])
    last = rows[PAGE_SIZE - 1] if len(rows) > PAGE_SIZE else None
    context = {
        "lane": lane if lane in LANES else "open",
        "counts": {name: _in_lane(name).count() for name in LANES},
        "rows": [(row, json.loads(row.revision.content)["title"]) for row in rows[:PAGE_SIZE]],
        "older": f"?lane={lane}&after={last.due_on}_{last.pk}" if last else "",
        "credential": permissions.valid_credential(request.user),
        "today": timezone.localdate(),
    }
    return render(request, "articles/review_queue.html", context)


@never_cache
@reviewers
def live_pages(request: HttpRequest) -> HttpResponse:
    """Everything readers see now, the soonest due first, with what called it back."""
    pages = Page.objects.live().select_related("live_publication").order_by("live_publication__next_review_due", "pk")
    if after := _cursor(request.GET.get("after", "")):
        due = "live_publication__next_review_due"
        pages = pages.filter(Q(**{f"{due}__gt": after[0]}) | Q(**{due: after[0]}, pk__gt=after[1]))
    rows = list(pages.prefetch_related("triggers")[: PAGE_SIZE + 1])
    last = rows[PAGE_SIZE - 1] if len(rows) > PAGE_SIZE else None
    context = {
        "lane": "live",
        "counts": {name: _in_lane(name).count() for name in LANES},
        "rows": [(page, [one for one in page.triggers.all() if one.resolved_at is None]) for page in rows[:PAGE_SIZE]],
        "older": f"?after={last.live_publication.next_review_due}_{last.pk}" if last else "",
        "today": timezone.localdate(),
    }
    return render(request, "articles/review_live.html", context)


@never_cache
@reviewers
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """The revision as readers would see it, its notes, and what is left to do."""
    review = _review(pk)
    forms = _note_forms(request, review)
    if request.method == "POST":
        try:
            if _act_on(request, review, forms):
                return redirect("articles:review", pk)
        except WrongState as error:
            messages.error(request, str(error))
            return _overtaken(request, pk, forms)
    return render(
        request, "articles/review.html", _review_context(request, review, forms), status=422 if request.POST else 200
    )


@never_cache
@holders_of(Role.MEDICAL_REVIEWER, Role.EDITOR)
def sign(request: HttpRequest, pk: int) -> HttpResponse:
    """The ceremony: what is signed, the exact words, and the password once more."""
    review = _review(pk)
    if why_not := permissions.why_not_sign(request.user, review):
        messages.error(request, why_not)
        return redirect("articles:review", pk)
    asks_code = signing.needs_code(request.user)
    form = SignForm(
        request.POST or None,
        initial={"hash": review.content_hash},
        review=review,
        signer=request.user,
        asks_code=asks_code,
    )
    if request.method == "POST" and form.is_valid():
        sign_off = _signed(request, review, form)
        if sign_off:
            return redirect("articles:receipt", sign_off.pk)
    context = _signing_context(request, review, form)
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
    context = _revision_context(sign_off.revision) | {
        "sign_off": sign_off,
        "form": form,
        "revocation": getattr(sign_off, "revocation", None),
        "may_revoke": permissions.can_revoke(request.user, sign_off),
        "entry": Entry.objects.filter(object_type="articles.signoff", object_id=str(pk)).first(),
        "missing": publishing.missing_for_publication(sign_off.review),
    }
    return render(request, "articles/receipt.html", context, status=422 if request.method == "POST" else 200)


@never_cache
@holders_of(Role.EDITOR)
@require_POST
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    review = _review(pk)
    try:
        publication = publishing.publish(review, by=request.user)
    except WrongState as error:
        messages.error(request, str(error))
        return redirect("articles:review", pk)
    messages.success(request, _("“{title}” is public now.").format(title=publication.title))
    return redirect("articles:review", pk)


@never_cache
@reviewers
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a page down at once. One person is enough: waiting could hurt somebody."""
    page = get_object_or_404(Page.objects.live().select_related("live_publication"), pk=pk)
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            publishing.withdraw(page, by=request.user, **form.cleaned_data)
            messages.success(request, _("The page was taken down. Readers see the reason."))
        except WrongState as error:
            messages.error(request, str(error))
        return redirect("articles:live_pages")
    return render(
        request, "articles/withdraw.html", {"page": page, "form": form}, status=422 if request.method == "POST" else 200
    )


@never_cache
@reviewers
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """A short dated notice above a live page."""
    page = get_object_or_404(Page.objects.live().select_related("live_publication"), pk=pk)
    form = NoticeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        workflow_notice = publishing.post_notice(page, by=request.user, **form.cleaned_data)
        messages.success(request, _("Readers see this notice now: {text}").format(text=workflow_notice.text))
        return redirect("articles:live_pages")
    return render(
        request, "articles/notice.html", {"page": page, "form": form}, status=422 if request.method == "POST" else 200
    )


def _in_lane(lane: str):
    reviews = Review.objects.filter(LANES[lane])
    return reviews.filter(due_on__lt=timezone.localdate()) if lane == "overdue" else reviews


def _cursor(text: str) -> tuple[str, int] | None:
    """ "2026-11-23_12" as a due date and an id; anything else starts from the first row."""
    due, _line, pk = text.partition("_")
    try:
        return date.fromisoformat(due).isoformat(), int(pk)
    except ValueError:
        return None


def _review(pk: int) -> Review:
    related = ("page__live_publication__revision", "revision__created_by", "policy")
    return get_object_or_404(Review.objects.select_related(*related), pk=pk)


def _note_forms(request: HttpRequest, review: Review) -> dict:
    manifest, act = json.loads(review.revision.content), request.POST.get("act")
    return {
        "note": NoteForm(request.POST if act == "note" else None, manifest=manifest, prefix="note"),
        "changes": ChangesForm(
            request.POST if act == "changes" else None, initial={"version": review.version}, prefix="changes"
        ),
    }


def _act_on(request: HttpRequest, review: Review, forms: dict) -> bool:
    """Do what the pressed button says; False when its form has errors."""
    act = request.POST.get("act")
    if act == "resolve":
        number = request.POST.get("note", "")
        if not (number.isascii() and number.isdigit()):
            raise Http404
        workflow.resolve_note(get_object_or_404(Note, pk=int(number), review=review), by=request.user)
        return True
    form = forms.get(act)
    if form is None:
        raise Http404
    if not form.is_valid():
        return False
    if act == "note":
        workflow.add_note(review, by=request.user, **form.cleaned_data)
    else:
        workflow.ask_for_changes(review, by=request.user, **form.cleaned_data)
    return True


def _overtaken(request: HttpRequest, pk: int, forms: dict) -> HttpResponse:
    """The page as it stands now, with the words that came too late still in their field."""
    review, act = _review(pk), request.POST.get("act")
    if act not in forms:
        return redirect("articles:review", pk)
    if act == "changes":
        forms["changes"].data = request.POST.copy()
        forms["changes"].data["changes-version"] = review.version
    return render(request, "articles/review.html", _review_context(request, review, forms), status=409)


def _review_context(request: HttpRequest, review: Review, forms: dict) -> dict:
    return _revision_context(review.revision) | {
        "review": review,
        "notes": review.notes.select_related("author").order_by("resolved_at", "pk"),
        "sign_offs": review.sign_offs.select_related("revocation", "signer", "board"),
        "missing": publishing.missing_for_publication(review),
        "is_public": bool(review.page.live_publication and review.page.live_publication.review_id == review.pk),
        "why_not": permissions.why_not_sign(request.user, review),
        "may_publish": permissions.can_publish(request.user),
        "may_ask": permissions.can_ask_changes(request.user, review) and review.status == Review.Status.OPEN,
        "forms": forms,
        "today": timezone.localdate(),
    }


def _revision_context(revision) -> dict:
    manifest = json.loads(revision.content)
    return {
        "revision": revision,
        "title": manifest["title"],
        "words": rendering.word_count(manifest),
        "references": len(manifest["references"]),
        "figures": len(manifest["images"]),
        "parts": rendering.parts(rendering.render(manifest).removesuffix("</article>")),
    }


def _signing_context(request: HttpRequest, review: Review, form: SignForm) -> dict:
    declared = form.data.get("coi_text", "") if form.data.get("coi") == "some" else ""
    return _revision_context(review.revision) | {
        "review": review,
        "form": form,
        "statement": workflow.statement_for(review, request.user, declared),
        "lives": review.page.live_publication,
    }


def _signed(request: HttpRequest, review: Review, form: SignForm) -> SignOff | None:
    """The signature, or None with the reason beside the field it belongs to."""
    cleaned = form.cleaned_data
    try:
        proof = signing.prove(request.user, password=cleaned["password"], code=cleaned.get("code", ""))
        return workflow.sign(
            review,
            by=request.user,
            hash_shown=cleaned["hash"],
            proof=proof,
            next_review_due=cleaned["next_review"],
            conflict_of_interest=form.conflict_of_interest,
            board=cleaned.get("board"),
        )
    except signing.NotProved as error:
        form.add_error("password", str(error))
    except (WrongState, PermissionDenied) as error:
        form.add_error(None, str(error))
    except ValidationError as error:
        form.add_error("next_review", error)
    return None
