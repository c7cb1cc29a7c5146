"""Pages that something called back: what it was, and the acts that settle it."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import holders_of
from accounts.roles import Role
from audit.moves import WrongState

from .. import by_due, causes, permissions
from ..desk_forms import SettleForm
from ..models import ErrorReport, Review, ReviewTrigger
from ..workflow import calling_back
from ..workflow import review as reviewing

PAGE_SIZE = 25
REPORTS_SHOWN = 50
reviewers = holders_of(Role.MEDICAL_REVIEWER, Role.EDITOR)


@never_cache
@reviewers
@require_safe
def called_back(request: HttpRequest) -> HttpResponse:
    """Open triggers, the most severe and the soonest due first; paged by (severity, due date, id)."""
    found = causes.with_facts(ReviewTrigger.objects.filter(resolved_at=None))
    place = by_due.place_in(request.GET.get("after", ""))
    found = list(by_due.after(found, place, rank="rank")[: PAGE_SIZE + 1])
    last = found[PAGE_SIZE - 1] if len(found) > PAGE_SIZE else None
    known, today = causes.causes_of(found[:PAGE_SIZE]), timezone.localdate()
    context = {
        "rows": [(one, known[one.pk], by_due.in_words(one.due_on, today)) for one in found[:PAGE_SIZE]],
        "older": f"?after={by_due.Place(last.rank, last.due_on, last.pk)}" if last else "",
        "today": today,
    }
    return render(request, "articles/called_back.html", context)


@never_cache
@reviewers
@require_http_methods(["GET", "HEAD", "POST"])
def trigger(request: HttpRequest, pk: int) -> HttpResponse:
    """One trigger with all that is known about it: settle it, read the page anew, or erase what a reader wrote."""
    one = get_object_or_404(causes.with_facts(ReviewTrigger.objects.all()), pk=pk)
    form = SettleForm(request.POST if request.POST.get("act") == "settle" else None)
    if request.method == "POST":
        try:
            if answer := _act_on(request, one, form):
                return answer
        except WrongState as error:
            messages.error(request, str(error))
            return redirect("articles:trigger", pk)
    context = {
        "trigger": one,
        "cause": causes.causes_of([one])[one.pk],
        "due": by_due.in_words(one.due_on, timezone.localdate()),
        "form": form,
        "open_review": one.page.reviews.filter(status=Review.Status.OPEN).first(),
        "may_write": permissions.can_write(request.user),
    }
    context |= _reports(request, one)
    return render(request, "articles/trigger.html", context, status=422 if request.method == "POST" else 200)


def _act_on(request: HttpRequest, one: ReviewTrigger, form: SettleForm) -> HttpResponse | None:
    """Do what the pressed button says; None when its form has errors."""
    act = request.POST.get("act")
    if act == "review":
        opened = reviewing.review_again(one.page, by=request.user)
        messages.success(request, _("The page is in review again, as it stands."))
        return redirect("articles:review", opened.pk)
    if act == "erase":
        number = request.POST.get("report", "")
        if one.source_kind != ReviewTrigger.Source.REPORT or not (number.isascii() and number.isdigit()):
            raise Http404
        report = get_object_or_404(calling_back.reports_of(one), pk=int(number[:18]))
        calling_back.erase_report(report, by=request.user)
        messages.success(request, _("The words and the address are erased."))
        return redirect("articles:trigger", one.pk)
    if act != "settle":
        raise Http404
    if not form.is_valid():
        return None
    calling_back.resolve_trigger(one, by=request.user, resolution=form.cleaned_data["resolution"])
    messages.success(request, _("Settled: {why}").format(why=calling_back.RESOLUTIONS[one.resolution]))
    return redirect("articles:called_back")


def _reports(request: HttpRequest, one: ReviewTrigger) -> dict:
    """All that readers wrote, the newest first, a piece at a time."""
    if one.source_kind != ReviewTrigger.Source.REPORT:
        return {"reports": [], "older": ""}
    before = request.GET.get("before", "")
    found = calling_back.reports_of(one).order_by("-pk")
    if before.isascii() and before.isdigit() and len(before) <= by_due.LONGEST_NUMBER:
        found = found.filter(pk__lt=int(before))
    rows: list[ErrorReport] = list(found[: REPORTS_SHOWN + 1])
    more = len(rows) > REPORTS_SHOWN
    return {"reports": rows[:REPORTS_SHOWN], "older": f"?before={rows[REPORTS_SHOWN - 1].pk}" if more else ""}
