"""The queue of the review desk, who takes what from it, and what is public."""

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import holders_of
from accounts.models import Specialty
from accounts.roles import Role
from audit.moves import WrongState

from .. import by_due, permissions, review_queue
from ..desk_forms import AssignForm, PageSettingsForm, TakeForm
from ..models import Page, ReviewTrigger
from ..workflow import filing
from ..workflow import review as workflow
from .found import find_review, revision_context

PAGE_SIZE = 25
LONGEST_SLUG = 80
reviewers = holders_of(Role.MEDICAL_REVIEWER, Role.EDITOR)


@never_cache
@reviewers
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Reviews of one lane and specialty, the soonest due first; paged by (due date, id)."""
    lane = request.GET.get("lane", "")
    lane = lane if lane in review_queue.LANES else "open"
    specialty = request.GET.get("specialty", "")[:LONGEST_SLUG]
    wanted = review_queue.about(request.user, specialty)
    found = review_queue.with_facts(review_queue.lane(lane, request.user, wanted), request.user)
    found = list(by_due.after(found, by_due.place_in(request.GET.get("after", "")))[: PAGE_SIZE + 1])
    rows = review_queue.rows_of(found[:PAGE_SIZE], request.user)
    here = {"lane": lane} | ({"specialty": specialty} if specialty else {})
    last = found[PAGE_SIZE - 1] if len(found) > PAGE_SIZE else None
    context = {
        "lane": lane,
        "counts": review_queue.counts(request.user, wanted),
        "specialty": specialty,
        "specialties": Specialty.objects.all(),
        "my_specialties": review_queue.MY_SPECIALTIES,
        "rows": rows,
        "next_one": next((row.review for row in rows if row.may_sign and (row.is_mine or row.may_take)), None),
        "here": f"?{urlencode(here)}",
        "older": f"?{urlencode(here | {'after': by_due.Place(0, last.due_on, last.pk)})}" if last else "",
        "credential": permissions.valid_credential(request.user),
        "may_assign": permissions.can_assign(request.user),
    }
    return render(request, "articles/review_queue.html", context)


@never_cache
@reviewers
@require_http_methods(["GET", "HEAD", "POST"])
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a review, give it back, or (an editor) give it to somebody."""
    review = find_review(pk)
    act = request.POST.get("act", "")
    form = (TakeForm if act in ("take", "release") else AssignForm)(request.POST or None, **_subject(act, review))
    if request.method == "POST" and form.is_valid():
        to = request.user if act == "take" else None if act == "release" else form.chosen
        try:
            workflow.assign(review, to=to, by=request.user, version=form.cleaned_data["version"])
            messages.success(request, _said(to, request.user))
        except WrongState as error:
            messages.error(request, str(error))
        return redirect(_back(request, pk))
    if act in ("take", "release") or not permissions.can_assign(request.user):
        return redirect("articles:review", pk)
    context = revision_context(review.revision) | {"review": review, "form": form, "back": _back(request, pk)}
    return render(request, "articles/assign.html", context, status=422 if request.method == "POST" else 200)


@never_cache
@reviewers
@require_safe
def live_pages(request: HttpRequest) -> HttpResponse:
    """Everything readers see now, the soonest due first, with what called it back."""
    due = "live_publication__next_review_due"
    open_triggers = Prefetch("triggers", ReviewTrigger.objects.filter(resolved_at=None), to_attr="called_back_by")
    pages = Page.objects.live().select_related("live_publication", "specialty").prefetch_related(open_triggers)
    # The signed text itself is of no use in a list.
    pages = pages.defer("live_publication__artefact")
    rows = list(by_due.after(pages, by_due.place_in(request.GET.get("after", "")), due=due)[: PAGE_SIZE + 1])
    last = rows[PAGE_SIZE - 1] if len(rows) > PAGE_SIZE else None
    context = {
        "rows": rows[:PAGE_SIZE],
        "older": f"?after={by_due.Place(0, last.live_publication.next_review_due, last.pk)}" if last else "",
        "today": timezone.localdate(),
    }
    return render(request, "articles/review_live.html", context)


@never_cache
@reviewers
@require_http_methods(["GET", "HEAD", "POST"])
def page_settings(request: HttpRequest, pk: int) -> HttpResponse:
    """A page's specialty, risk class and interval."""
    page = get_object_or_404(Page.objects.select_related("live_publication", "draft", "specialty"), pk=pk)
    form = PageSettingsForm.of(page, request.POST or None)
    status = 422 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        try:
            called_back = filing.classify(page, by=request.user, **form.cleaned_data)
        except WrongState as error:
            form.add_error("risk", str(error))
            status = 409
        else:
            messages.success(request, _called_back() if called_back else _("The page was filed."))
            return redirect("articles:page_settings", pk)
    title = page.live_publication.title if page.live_publication else page.draft.title
    context = {"page": page, "title": title, "form": form, "may_lower": permissions.can_lower_risk(request.user)}
    return render(request, "articles/page_settings.html", context, status=status)


def _subject(act: str, review) -> dict:
    return {} if act in ("take", "release") else {"review": review}


def _said(to, by) -> str:
    if to is None:
        return _("The review waits for somebody again.")
    if to.pk == by.pk:
        return _("The review is yours.")
    return _("{name} has this review now.").format(name=to.get_full_name())


def _called_back() -> str:
    return _("The page was filed. Under the higher class it needs more signatures, so it was called back for review.")


def _back(request: HttpRequest, pk: int) -> str:
    """The page of this desk that the button stood on; without one, the review itself."""
    wish, desk = request.POST.get("back") or request.GET.get("back", ""), reverse("articles:reviewing")
    safe = wish.startswith(desk) and url_has_allowed_host_and_scheme(wish, allowed_hosts=None)
    return wish if safe else reverse("articles:review", args=[pk])
