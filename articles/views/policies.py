"""Which signatures a page needs, by kind, risk and change: everybody at the desk reads it, administrators change it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import holders_of
from accounts.roles import Role
from audit.moves import WrongState

from .. import permissions
from ..desk_forms import PolicyForm
from ..models import Page, ReviewPolicy, Revision
from ..workflow import policies as verbs

HISTORY_SHOWN = 25
readers = holders_of(Role.MEDICAL_REVIEWER, Role.EDITOR, Role.ADMINISTRATOR)


@never_cache
@readers
@require_safe
def policies(request: HttpRequest) -> HttpResponse:
    """The policies in force, a table for each kind of page."""
    in_force = ReviewPolicy.objects.in_force().select_related("created_by").prefetch_related("steps")
    order = {code: place for place, code in enumerate([*Page.Risk.values, *Revision.ChangeClass.values])}
    rows = sorted(in_force, key=lambda one: (order[one.risk], order[one.change_class]))
    kinds = [(kind.label, [one for one in rows if one.kind == kind]) for kind in Page.Kind]
    context = {"kinds": kinds, "may_change": permissions.can_set_policies(request.user)}
    return render(request, "articles/policies.html", context)


@never_cache
@readers
@require_http_methods(["GET", "HEAD", "POST"])
def policy(request: HttpRequest, kind: str, risk: str, change_class: str) -> HttpResponse:
    """One policy with its earlier numbers and, for an administrator, the form that changes it."""
    line = {"kind": kind, "risk": risk, "change_class": change_class}
    shown = ReviewPolicy.objects.filter(**line).prefetch_related("steps").order_by("-number").first()
    if shown is None:
        raise Http404
    if request.method == "POST" and not permissions.can_set_policies(request.user):
        raise PermissionDenied(_("Only an administrator may change review policies."))
    form, status = PolicyForm.of(shown, request.POST or None), 422 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        try:
            verbs.set_policy(**line, **form.asked, by=request.user)
        except ValidationError as error:
            form.add_error(None, error)
        except WrongState as error:
            form, status = _overtaken(request, shown, error), 409
        else:
            messages.success(request, _("From the next review on, this policy is in force."))
            return redirect("articles:review_policy", **line)
    return render(request, "articles/policy.html", _context(request, shown, form), status=status)


def _overtaken(request: HttpRequest, shown: ReviewPolicy, error: WrongState) -> PolicyForm:
    """What was typed, beside the policy as somebody else left it meanwhile; sending it again replaces that one."""
    typed = request.POST.copy()
    typed["number"] = shown.number
    form = PolicyForm.of(shown, typed)
    form.add_error(None, str(error))
    return form


def _context(request: HttpRequest, shown: ReviewPolicy, form: PolicyForm) -> dict:
    line = {"kind": shown.kind, "risk": shown.risk, "change_class": shown.change_class}
    before = request.GET.get("before", "")
    history = ReviewPolicy.objects.filter(**line).select_related("created_by").prefetch_related("steps")
    if before.isascii() and before.isdigit() and len(before) < 10:
        history = history.filter(number__lt=int(before))
    rows = list(history.order_by("-number")[: HISTORY_SHOWN + 1])
    return {
        "policy": shown,
        "form": form,
        "history": rows[:HISTORY_SHOWN],
        "older": f"?before={rows[HISTORY_SHOWN - 1].number}" if len(rows) > HISTORY_SHOWN else "",
        "may_change": permissions.can_set_policies(request.user),
    }
