"""The sources desk: what public pages cite, what became of it, and what leans on it."""

from django.contrib import messages
from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from accounts.access import holders_of
from accounts.roles import Role
from audit.moves import WrongState

from .. import impact, retractions
from .. import sources as known
from ..models import Page, Reference, ReferenceStatus
from ..source_events import Event, notice_name
from ..source_forms import ListForm, StatusForm, sealed, unsealed
from ..workflow import sources as workflow

PAGE_SIZE = 25
reviewers = holders_of(Role.MEDICAL_REVIEWER, Role.EDITOR)
IN_GOOD_STANDING = (Reference.Status.OK, Reference.Status.REINSTATED)


@never_cache
@reviewers
def sources(request: HttpRequest) -> HttpResponse:
    """Sources that public pages cite, in the order they came to us; `standing=bad` leaves out what is sound."""
    standing = "bad" if request.GET.get("standing") == "bad" else ""
    wanted = request.GET.get("q", "").strip()[:200]
    cited = _cited()
    after = request.GET.get("after", "")
    shown = _matching(cited.exclude(status__in=IN_GOOD_STANDING) if standing else cited, wanted)
    if after.isascii() and after.isdigit():
        shown = shown.filter(pk__gt=int(after[:18]))
    rows = list(shown.annotate(pages=Count("citations__publication", distinct=True)).order_by("pk")[: PAGE_SIZE + 1])
    words = known.described(rows[:PAGE_SIZE])
    asked = request.GET.copy()
    asked["after"] = rows[PAGE_SIZE - 1].pk if len(rows) > PAGE_SIZE else ""
    context = {
        "standing": standing,
        "q": wanted,
        "counts": {"all": cited.count(), "bad": cited.exclude(status__in=IN_GOOD_STANDING).count()},
        "rows": [(row, words[row.pk]) for row in rows[:PAGE_SIZE]],
        "older": f"?{asked.urlencode()}" if asked["after"] else "",
    }
    return render(request, "articles/sources.html", context)


@never_cache
@reviewers
def source(request: HttpRequest, pk: int) -> HttpResponse:
    """One source: what became of it, every page, place and signature that leans on it, and a form to say more."""
    reference = get_object_or_404(Reference, pk=pk)
    newest = reference.events.aggregate(newest=Max("pk"))["newest"] or 0
    form = StatusForm(request.POST or None, initial={"seen": newest})
    status = 422 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        try:
            event = workflow.record_by_hand(reference, by=request.user, **form.cleaned_data)
            messages.success(request, _said(event))
            return redirect("articles:source", pk)
        except ValidationError as error:
            form.add_error("status", error)
        except WrongState as error:
            form.add_error(None, str(error))
            form.data = request.POST.copy()
            form.data["seen"] = newest
            status = 409
    return render(request, "articles/sources_one.html", _source_context(reference, form), status=status)


@never_cache
@reviewers
def import_list(request: HttpRequest) -> HttpResponse:
    """A list of retractions: first what it would do, then, on a second press, doing it."""
    if "rows" in request.POST:
        return _carried_out(request)
    form = ListForm(request.POST or None, request.FILES or None)
    context = {"form": form}
    if request.method == "POST" and form.is_valid():
        try:
            plan = known.look(retractions.read(form.cleaned_data["file"]))
            return render(request, "articles/sources_import.html", _preview(plan, request.user))
        except retractions.NotReadable as error:
            form.add_error("file", str(error))
    return render(request, "articles/sources_import.html", context, status=422 if request.method == "POST" else 200)


def _cited() -> QuerySet[Reference]:
    return Reference.objects.filter(citations__publication__live_on__isnull=False).distinct()


def _matching(found: QuerySet[Reference], wanted: str) -> QuerySet[Reference]:
    """Those whose identifier or description holds the words; a DOI is found in any spelling."""
    if not wanted:
        return found
    return found.filter(Q(value__icontains=notice_name(wanted)) | Q(versions__csl__icontains=wanted))


def _source_context(reference: Reference, form: StatusForm) -> dict:
    return {
        "reference": reference,
        "words": known.described([reference])[reference.pk],
        "address": known.address_of(reference),
        "events": sorted(reference.events.select_related("by"), key=_order, reverse=True),
        "impact": impact.of([reference])[reference.pk],
        "effects": _effects(),
        "form": form,
    }


def _said(event: ReferenceStatus) -> str:
    if event.reference.status == event.status:
        return _("It is on record. The pages that cite this source come back for review.")
    return _("It is on record as history: something newer has the last word, so nothing else changed.")


def _order(event: ReferenceStatus) -> tuple:
    return Event.of(event).order


def _effects() -> list[tuple[str, str]]:
    """What each piece of bad news does to a page, gravest last."""
    statuses = (Reference.Status.CORRECTED, Reference.Status.CONCERN, Reference.Status.RETRACTED)
    said = [(status.label, impact.effect_of(status)) for status in statuses]
    high = _("{status}, page of high risk").format(status=Reference.Status.RETRACTED.label)
    return [*said, (high, impact.effect_of(Reference.Status.RETRACTED, Page.Risk.HIGH))]


def _preview(plan: known.Plan, user) -> dict:
    """What the file would do. News first in full; what was known already is only counted."""
    words = known.described(
        [one.reference for one in plan.news] + [reference for reference, _row in [*plan.notices, *plan.doubtful]]
    )
    leaning = impact.of([one.reference for one in plan.news] + [reference for reference, _row in plan.notices])
    for one in plan.news:
        if one.standing:
            impact.foresee(leaning[one.reference.pk], one.after)
    return {
        "form": ListForm(),
        "plan": plan,
        "news": [(one, words[one.reference.pk], leaning[one.reference.pk]) for one in plan.news],
        "notices": [(one, words[one.pk], row, leaning[one.pk]) for one, row in plan.notices],
        "doubtful": [(one, words[one.pk], row) for one, row in plan.doubtful],
        "known": len(plan.found) - len(plan.news),
        "more_problems": plan.unreadable - len(plan.problems),
        "token": sealed(plan, user) if plan.news else "",
    }


def _carried_out(request: HttpRequest) -> HttpResponse:
    try:
        plan = known.look(unsealed(request.POST["rows"], request.user))
    except signing.BadSignature:
        messages.error(request, _("This preview is more than an hour old or not yours. Choose the file again."))
        return redirect("articles:import_sources")
    outcome = workflow.carry_out(plan, by=request.user)
    said = ngettext("{n} event was recorded.", "{n} events were recorded.", outcome.recorded)
    messages.success(request, said.format(n=outcome.recorded))
    for reference, why in outcome.failed:
        messages.error(request, _("{source} could not be recorded: {why}").format(source=reference, why=why))
    return redirect(reverse("articles:sources") + "?standing=bad")
