"""Side effects on the desk: record one, hand it over, note the answer, and who must be told. Only where the site records them."""

from collections.abc import Callable
from datetime import date
from functools import wraps

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import holders_of
from accounts.roles import Role
from audit.moves import WrongState

from .. import casefile, permissions, queue, side_effects, tables
from ..forms import number_in, version_in
from ..models import AdverseEvent, Comment, QueueItem, SafetyContact
from ..safety_forms import ContactForm, EndForm, EventForm
from ..workflow import safety

State = AdverseEvent.State
LONGEST_NUMBER = 18


def where_recorded(view: Callable) -> Callable:
    """A site that records no side effects has no such pages."""

    @wraps(view)
    def door(request, *args, **kwargs):
        if not settings.ADVERSE_EVENTS:
            raise Http404
        return view(request, *args, **kwargs)

    return never_cache(door)


@holders_of(Role.MODERATOR)
@where_recorded
@require_http_methods(["GET", "HEAD", "POST"])
def record(request: HttpRequest, public_id: str) -> HttpResponse:
    rows = Comment.objects.select_related("author", "current", "conversation__page")
    comment = get_object_or_404(rows.exclude(current=None), public_id=public_id)
    if refusal := permissions.why_not_decide(request.user, comment):
        raise PermissionDenied(refusal)
    if request.method != "POST":
        return _form_page(request, comment, EventForm.of(comment))
    form = EventForm(request.POST, comment=comment)
    if not form.is_valid():
        return _form_page(request, comment, form, status=422)
    try:
        event = safety.record_event(comment, by=request.user, **form.facts())
    except ValidationError as refusal:
        form.add_refusal(refusal)
        return _form_page(request, comment, form, status=422)
    except WrongState as first:
        # What was typed stays; sent again, it is about the words that stand there now.
        typed = form.data.copy()
        typed["revision"] = str(comment.current_id)
        return _form_page(request, comment, EventForm(typed, comment=comment), collision=str(first), status=409)
    messages.success(request, _("Recorded. Whether the comment is published is still to be decided."))
    return redirect("comments:safety_event", event.pk)


@holders_of(Role.MODERATOR)
@where_recorded
@require_safe
def events(request: HttpRequest) -> HttpResponse:
    """What is to be handed over, most urgent first; or what became of the others."""
    return _list_page(request)


@holders_of(Role.MODERATOR)
@where_recorded
@require_POST
def hand_over(request: HttpRequest) -> HttpResponse:
    """The ticked records together: all of them, or none."""
    chosen = [_seen(mark) for mark in request.POST.getlist("event")]
    if not chosen or len(chosen) > side_effects.PAGE_SIZE:
        return _list_page(request, refusal=_("Tick the records that you want to hand over."), status=422)
    try:
        return _hand_over(request, chosen)
    except ValidationError as refusal:
        return _list_page(request, refusal=" ".join(refusal.messages), status=422)
    except WrongState as first:
        return _list_page(request, refusal=str(first), status=409)


@holders_of(Role.MODERATOR)
@where_recorded
@require_http_methods(["GET", "HEAD", "POST"])
def event(request: HttpRequest, pk: int) -> HttpResponse:
    if request.method != "POST":
        return _event_page(request, pk)
    found, number = _event(pk), version_in(request.POST)
    found.version = number
    try:
        if request.POST.get("act") == "hand_over":
            return _hand_over(request, [found])
        _answer(request, found, number)
    except ValidationError as refusal:
        return _event_page(request, pk, refusal=refusal, status=422)
    except WrongState as first:
        return _event_page(request, pk, collision=str(first), status=409)
    messages.success(request, _("Saved."))
    return redirect("comments:safety_event", pk)


@holders_of(Role.MODERATOR)
@where_recorded
@require_safe
def month(request: HttpRequest, name: str = "") -> HttpResponse:
    """What was handed over in a month, beside what the sponsors acknowledged; as a page or as a table."""
    first = _month(name) if name else timezone.localdate().replace(day=1)
    rows = list(side_effects.of_month(first))
    if request.GET.get("form") == "csv":
        return _table(rows, f"side-effects-{first:%Y-%m}.csv")
    missing = [one for one in rows if one.state == State.HANDED_OVER]
    latest = first >= timezone.localdate().replace(day=1)
    context = {
        "first": first,
        "rows": rows,
        "missing": missing,
        "arrived": len(rows) - len(missing),
        "overdue": side_effects.overdue().count(),
        "earlier": side_effects.month_before(first),
        "later": None if latest else side_effects.next_month(first),
    }
    return _render(request, "safety_month", context)


@holders_of(Role.MODERATOR, Role.ADMINISTRATOR)
@where_recorded
@require_http_methods(["GET", "HEAD", "POST"])
def contacts(request: HttpRequest) -> HttpResponse:
    """Who is told about which medicine: moderators read it, administrators keep it."""
    if request.method != "POST":
        return _contacts_page(request, ContactForm())
    if not permissions.can_keep_safety_contacts(request.user):
        raise PermissionDenied
    form = ContactForm(request.POST)
    if not form.is_valid():
        return _contacts_page(request, form, status=422)
    try:
        safety.add_contact(by=request.user, **form.facts())
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return _contacts_page(request, form, status=422)
    messages.success(request, _("Added. Records from that day on go to them."))
    return redirect("comments:safety_contacts")


@holders_of(Role.MODERATOR, Role.ADMINISTRATOR)
@where_recorded
@require_POST
def end_contact(request: HttpRequest, pk: int) -> HttpResponse:
    contact, form = get_object_or_404(SafetyContact, pk=pk), EndForm(request.POST)
    if not permissions.can_keep_safety_contacts(request.user):
        raise PermissionDenied
    if not form.is_valid():
        return _contacts_page(request, ContactForm(), refusal=" ".join(form.errors["on"]), status=422)
    try:
        safety.end_contact(contact, by=request.user, on=form.cleaned_data["on"])
    except ValidationError as refusal:
        return _contacts_page(request, ContactForm(), refusal=" ".join(refusal.messages), status=422)
    except WrongState as first:
        return _contacts_page(request, ContactForm(), refusal=str(first), status=409)
    messages.success(request, _("Saved. It ends with that day."))
    return redirect("comments:safety_contacts")


def _hand_over(request: HttpRequest, chosen: list[AdverseEvent]) -> HttpResponse:
    how = request.POST.get("how", "")
    safety.hand_over(chosen, by=request.user, how=how)
    if how == safety.CSV:
        rows = AdverseEvent.objects.filter(pk__in=[one.pk for one in chosen]).select_related("contact").order_by("pk")
        return _table(rows, f"side-effects-{timezone.localdate():%Y-%m-%d}.csv")
    words = ngettext("{n} record is on its way.", "{n} records are on their way.", len(chosen))
    messages.success(request, words.format(n=len(chosen)))
    return redirect("comments:safety_event", chosen[0].pk) if len(chosen) == 1 else redirect("comments:safety_events")


def _answer(request: HttpRequest, found: AdverseEvent, version: int) -> None:
    if request.POST.get("act") == "acknowledge":
        safety.acknowledge(found, by=request.user, version=version, number=request.POST.get("number", ""))
    elif request.POST.get("act") == "none":
        safety.not_an_event(found, by=request.user, version=version, note=request.POST.get("note", ""))
    else:
        raise Http404


def _event(pk: int) -> AdverseEvent:
    rows = AdverseEvent.objects.select_related("contact", "comment__author", "recorded_by")
    return get_object_or_404(rows, pk=pk)


def _seen(mark: str) -> AdverseEvent:
    """A record in the version that a tick carried: "12-1"."""
    pk, _dash, version = mark.partition("-")
    found = get_object_or_404(AdverseEvent, pk=number_in({"pk": pk}, "pk"))
    found.version = number_in({"version": version}, "version")
    return found


def _month(name: str) -> date:
    try:
        return side_effects.month_named(name)
    except ValueError:
        raise Http404 from None


def _list_page(request: HttpRequest, *, refusal: str = "", status: int = 200) -> HttpResponse:
    state = request.GET.get("state", State.RECORDED)
    product, after = request.GET.get("product", "")[:80], request.GET.get("after", "")
    if state not in State.values or (after and not after[:LONGEST_NUMBER].isdigit()):
        raise Http404
    mark = get_object_or_404(AdverseEvent, pk=number_in({"after": after}, "after")) if after else None
    rows, more = side_effects.listed(state, product, mark)
    context = {
        "state": State(state),
        "states": State.choices,
        "product": product,
        "products": list(dict.fromkeys(side_effects.directory().values_list("brand", flat=True))),
        "rows": rows,
        "more": rows[-1].pk if more else None,
        "overdue": side_effects.overdue().count(),
        "now": timezone.now(),
        "refusal": refusal,
    }
    return _render(request, "safety_events", context, status)


def _form_page(request: HttpRequest, comment: Comment, form: EventForm, *, collision: str = "", status: int = 200):
    earlier = comment.adverse_events.select_related("recorded_by").order_by("pk")
    item = comment.queue_items.filter(closed_at=None).first()
    context = {
        "comment": comment,
        "form": form,
        "collision": collision,
        "earlier": list(earlier),
        "lane_of": item.lane if item else QueueItem.Lane.SAFETY,
    }
    return _render(request, "safety_record", context, status)


def _event_page(request: HttpRequest, pk: int, *, refusal=None, collision: str = "", status: int = 200) -> HttpResponse:
    found = _event(pk)
    context = {
        "event": found,
        "steps": side_effects.steps(found),
        "words": safety.in_words(found),
        "why_not": permissions.why_not_decide(request.user, found.comment),
        "refusal": " ".join(refusal.messages) if refusal else "",
        "typed": request.POST,
        "collision": collision,
        "now": timezone.now(),
        "authorities": side_effects.AUTHORITIES,
        "lane_of": QueueItem.Lane.SAFETY,
    }
    return _render(request, "safety_event", context, status)


def _contacts_page(request: HttpRequest, form: ContactForm, *, refusal: str = "", status: int = 200) -> HttpResponse:
    before = request.GET.get("before", "")
    if before and not number_in({"before": before}, "before"):
        raise Http404
    rows, more = side_effects.contact_page(number_in({"before": before}, "before"))
    today = timezone.localdate()
    context = {
        "rows": rows,
        "last": rows[-1].pk if more else None,
        "form": form,
        "refusal": refusal,
        "may_keep": permissions.can_keep_safety_contacts(request.user),
        "today": today,
    }
    return _render(request, "safety_contacts", context, status)


def _render(request: HttpRequest, name: str, context: dict, status: int = 200) -> HttpResponse:
    tabs = casefile.tabs(queue.lanes()) if permissions.is_moderator(request.user) else []
    return render(request, f"comments/moderation/{name}.html", {"tabs": tabs, **context}, status=status)


def _table(rows, name: str) -> HttpResponse:
    table = tables.as_csv(side_effects.HEADER, (side_effects.row_of(one) for one in rows))
    answer = HttpResponse(table, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
