"""The desk's pages about people who may be in danger: the open cases, and one case with all that is done in it."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import holders_of
from accounts.roles import Role
from audit.moves import WrongState

from .. import answer_times, casefile, cases, protocol, queue
from ..crisis_forms import (
    CallForm,
    CaseForm,
    CheckForm,
    CloseForm,
    HandOnForm,
    JoinForm,
    LetterForm,
    LookForm,
    NoteForm,
)
from ..forms import number_in
from ..models import CrisisCase, FollowUp
from ..workflow import crisis
from .address import never_stored

# What can be done in a case: its form, its verb, and what is said afterwards.
ACTS: dict[str, tuple[type[CaseForm], Callable, str | Promise]] = {
    "join": (JoinForm, crisis.join, _("You work on this case now. The others see that.")),
    "hand_on": (HandOnForm, crisis.hand_on, _("Handed on. Thank you for what you did.")),
    "check": (CheckForm, crisis.check, _("Saved.")),
    "write": (LetterForm, crisis.write_to, _("Your message is on its way.")),
    "called": (CallForm, crisis.called, _("Saved.")),
    "note": (NoteForm, crisis.note, _("Saved.")),
    "close": (CloseForm, crisis.close, _("The case is closed.")),
}


@holders_of(Role.MODERATOR)
@never_stored
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    asked = number_in(request.GET, "after")
    after = get_object_or_404(CrisisCase, pk=asked) if "after" in request.GET else None
    rows, more = cases.open_cases(request.user, after)
    context = {
        "rows": rows,
        "last": max(row.case.pk for row in rows) if more else None,
        "follow_ups": cases.follow_ups(request.user),
        "tabs": casefile.tabs(queue.lanes()),
    }
    return render(request, "comments/moderation/crisis_cases.html", context)


@holders_of(Role.MODERATOR)
@never_stored
@require_safe
def closed(request: HttpRequest) -> HttpResponse:
    """What came of earlier cases, and how soon somebody was there."""
    asked = number_in(request.GET, "before")
    before = get_object_or_404(CrisisCase, pk=asked) if "before" in request.GET else None
    rows, more = cases.closed_cases(request.user, before)
    context = {
        "rows": rows,
        "last": rows[-1].case.pk if more else None,
        "times": answer_times.of_the_quarter(),
        "tabs": casefile.tabs(queue.lanes()),
    }
    return render(request, "comments/moderation/crisis_closed.html", context)


@holders_of(Role.MODERATOR)
@never_stored
@require_http_methods(["GET", "HEAD", "POST"])
def case(request: HttpRequest, pk: int) -> HttpResponse:
    """One case. Everything that can be done in it is a plain form on this page; `act` says which was sent."""
    found = get_object_or_404(cases.described(request.user), pk=pk)
    if request.method != "POST":
        return _page(request, found)
    act = request.POST.get("act", "")
    if act not in ACTS:
        raise Http404
    kind, verb, said = ACTS[act]
    return _pressed(
        request, found, act, kind(act, request.POST), said, lambda words: verb(found, by=request.user, **words)
    )


@holders_of(Role.MODERATOR)
@never_stored
@require_http_methods(["POST"])
def look_again(request: HttpRequest, pk: int, follow_up: int) -> HttpResponse:
    found = get_object_or_404(cases.described(request.user), pk=pk)
    row = get_object_or_404(FollowUp.objects.select_related("case"), pk=follow_up, case=found)
    form = LookForm("look", request.POST)
    said = _("Saved. Thank you for looking.")
    return _pressed(
        request, found, "look", form, said, lambda words: crisis.looked_again(row, by=request.user, **words)
    )


def _pressed(
    request: HttpRequest, found: CrisisCase, act: str, form: CaseForm, said: str | Promise, press: Callable
) -> HttpResponse:
    if not form.is_valid():
        return _page(request, found, {act: form}, status=422)
    try:
        press(form.words)
    except WrongState as refusal:
        # Somebody else did something first, or something is missing: what was typed is still there.
        again = get_object_or_404(cases.described(request.user), pk=found.pk)
        return _page(request, again, {act: form}, collision=str(refusal), status=409)
    except PermissionDenied as refusal:
        return _page(request, found, {act: form}, collision=str(refusal), status=403)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return _page(request, found, {act: form}, status=422)
    messages.success(request, said)
    return redirect("comments:crisis_case", found.pk)


def _page(
    request: HttpRequest,
    found: CrisisCase,
    sent: dict[str, CaseForm] | None = None,
    *,
    collision: str = "",
    status: int = 200,
) -> HttpResponse:
    script = cases.script(request.GET.get("script", ""), found)
    forms = {act: kind(act) for act, (kind, _verb, _said) in ACTS.items() if act != "check"} | {
        "look": LookForm("look")
    }
    if script:
        forms["write"] = LetterForm("write", initial={"message": script})
    context = {
        "file": cases.of(found, request.user),
        "forms": forms | (sent or {}),
        "wrong": next(iter((sent or {}).values()), None),
        "scripts": protocol.SCRIPTS,
        "collision": collision,
        "tabs": casefile.tabs(queue.lanes()),
    }
    return render(request, "comments/moderation/crisis_case.html", context, status=status)
