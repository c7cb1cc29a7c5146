"""A member's own comments: where each stands, taking one back, asking for a second look."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import members
from audit.moves import WrongState

from .. import history, permissions
from ..forms import AppealForm, version_in
from ..models import Comment
from ..workflow import posting
from . import address
from .address import never_stored


@members
@never_stored
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, public_id: str) -> HttpResponse:
    comment = address.own_comment(request, public_id)
    context = {"comment": comment, "page": comment.conversation.page}
    if request.method == "POST":
        try:
            posting.withdraw(comment, by=request.user, version=version_in(request.POST))
        except WrongState as refusal:
            return render(request, "comments/withdraw.html", {**context, "refusal": refusal}, status=409)
        messages.success(request, _("Your comment is deleted."))
        return redirect("comments:mine")
    return render(request, "comments/withdraw.html", context)


@members
@never_stored
@require_http_methods(["GET", "HEAD", "POST"])
def appeal(request: HttpRequest, public_id: str) -> HttpResponse:
    comment = address.own_comment(request, public_id)
    if not permissions.can_appeal(request.user, comment, decision := posting.last_decision(comment)):
        raise Http404
    form = AppealForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            posting.appeal(comment, by=request.user, text=form.cleaned_data["text"])
        except (WrongState, ValidationError) as refusal:
            form.add_error(None, refusal if isinstance(refusal, ValidationError) else str(refusal))
        else:
            messages.success(request, _("Thank you. A moderator who did not decide the first time will answer."))
            return redirect("comments:mine")
    context = {"comment": comment, "page": comment.conversation.page, "decision": decision, "form": form}
    return render(request, "comments/appeal.html", context, status=422 if request.method == "POST" else 200)


@members
@never_stored
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """Everything I wrote, where it stands, and why."""
    status = request.GET.get("status", "")
    if status not in history.GROUPS:
        raise Http404
    before = request.GET.get("before", "")
    mark = get_object_or_404(Comment, public_id=before, author=request.user) if before else None
    found, older = history.of(request.user, status, mark)
    context = {"rows": found, "older": older, "status": status, "tabs": history.tabs(request.user)}
    return render(request, "comments/mine.html", context)
