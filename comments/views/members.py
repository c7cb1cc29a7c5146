"""The desk's pages about one member: her history, and what is done about her. Nothing changes on GET."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import holders_of
from accounts.models import User
from accounts.roles import Role
from audit.moves import WrongState

from .. import casefile, members, permissions, queue
from ..forms import number_in
from ..member_forms import HearForm, LiftForm, SanctionForm
from ..models import Sanction, SanctionAppeal
from ..workflow import appealing, sanctioning

FORM = require_http_methods(["GET", "HEAD", "POST"])


@holders_of(Role.MODERATOR)
@never_cache
@require_safe
def member(request: HttpRequest, handle: str) -> HttpResponse:
    user = get_object_or_404(User, handle=handle)
    context = {"member": members.of(user, request.user), "tabs": casefile.tabs(queue.lanes())}
    return render(request, "comments/members/member.html", context)


@holders_of(Role.MODERATOR)
@never_cache
@FORM
def sanction(request: HttpRequest, handle: str) -> HttpResponse:
    """Warn, always hold, read-only, ban. After a ban, and where something waits, what waits comes next."""
    user = get_object_or_404(User, handle=handle)
    if request.method != "POST":
        asked = {"kind": request.GET.get("kind"), "decision": number_in(request.GET, "decision") or None}
        return _form(request, user, SanctionForm(user=user, initial=asked))
    form = SanctionForm(request.POST, user=user)
    if not form.is_valid():
        return _form(request, user, form, status=422)
    try:
        made = sanctioning.impose(user, by=request.user, **form.act)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return _form(request, user, form, status=422)
    except (WrongState, PermissionDenied) as refusal:
        return _form(request, user, form, refusal=str(refusal), status=409 if isinstance(refusal, WrongState) else 403)
    messages.success(request, _("Done. The member is told, with your words."))
    if made.kind == Sanction.Kind.BAN and members.waiting(user):
        return redirect("comments:member_waiting", user.handle)
    return redirect("comments:member", user.handle)


@holders_of(Role.MODERATOR)
@never_cache
@FORM
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Sanction.objects.select_related("user", "clause", "by"), pk=pk)
    form = LiftForm(request.POST or None)
    context = {"sanction": row, "form": form, "tabs": casefile.tabs(queue.lanes())}
    if request.method != "POST":
        return render(request, "comments/members/lift.html", context)
    if not form.is_valid():
        return render(request, "comments/members/lift.html", context, status=422)
    try:
        sanctioning.lift(row, by=request.user, reason=form.cleaned_data["reason"])
    except (WrongState, PermissionDenied) as refusal:
        status = 409 if isinstance(refusal, WrongState) else 403
        return render(request, "comments/members/lift.html", context | {"refusal": refusal}, status=status)
    messages.success(request, _("Lifted. The member is told."))
    if row.kind == Sanction.Kind.ALWAYS_HOLD and members.only_because_of_her(members.waiting(row.user)):
        return redirect("comments:member_waiting", row.user.handle)
    return redirect("comments:member", row.user.handle)


@holders_of(Role.MODERATOR)
@never_cache
@require_safe
def appeals(request: HttpRequest) -> HttpResponse:
    """Who asks for a second look, the longest waiting first, and what became of the latest ones."""
    context = {
        "rows": members.open_appeals(request.user),
        "answered": members.answered_appeals(),
        "sanction_rows": members.sanction_appeals(request.user),
        "sanctions_answered": members.answered_sanction_appeals(),
        "tabs": casefile.tabs(queue.lanes()),
    }
    return render(request, "comments/members/appeals.html", context)


@holders_of(Role.MODERATOR)
@never_cache
@FORM
def hear(request: HttpRequest, pk: int) -> HttpResponse:
    """One appeal of a sanction, and its answer."""
    rows = SanctionAppeal.objects.select_related("sanction__user", "sanction__clause", "sanction__by", "decided_by")
    appeal = get_object_or_404(rows, pk=pk)
    form, refusal, status = HearForm(request.POST or None), "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            lift, answer = form.cleaned_data["lift"] == "1", form.cleaned_data["answer"]
            try:
                appealing.hear(appeal, by=request.user, lift=lift, answer=answer)
            except ValidationError as error:
                form.add_error(None, error)
            except (WrongState, PermissionDenied) as first:
                refusal, status = str(first), 409 if isinstance(first, WrongState) else 403
                appeal = get_object_or_404(rows, pk=pk)
            else:
                messages.success(request, _("Answered. The member is told."))
                return redirect("comments:appeals")
    context = {
        "appeal": appeal, "form": form, "refusal": refusal, "may_hear": permissions.can_hear(request.user, appeal),
        "tabs": casefile.tabs(queue.lanes()),
    }  # fmt: skip
    return render(request, "comments/members/hear.html", context, status=status)


def _form(request: HttpRequest, user: User, form: SanctionForm, *, refusal: str = "", status: int = 200):
    context = {"user_shown": user, "form": form, "refusal": refusal, "tabs": casefile.tabs(queue.lanes())}
    return render(request, "comments/members/sanction.html", context, status=status)
