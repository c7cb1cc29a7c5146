"""What a member is told: what stands against her, and the reasons for each decision about her words."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import members
from audit.moves import WrongState

from .. import members as rolls
from .. import permissions, statements
from ..forms import AppealForm
from ..models import Decision, Sanction
from ..workflow import appealing
from .address import never_stored


@members
@never_stored
@require_safe
def standing(request: HttpRequest) -> HttpResponse:
    """Everything that was ever imposed on me, what of it holds now, and what I can do about it."""
    return render(request, "comments/standing.html", {"rows": rolls.told_to(request.user)})


@members
@never_stored
@require_http_methods(["GET", "HEAD", "POST"])
def appeal_sanction(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask that somebody else looks again at what stands against me."""
    row = get_object_or_404(Sanction.objects.select_related("clause", "appeal"), pk=pk, user=request.user)
    if request.method != "POST" and not permissions.can_appeal_sanction(request.user, row):
        raise Http404
    form = AppealForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            appealing.appeal_sanction(row, by=request.user, words=form.cleaned_data["text"])
        except (WrongState, ValidationError) as refusal:
            form.add_error(None, refusal if isinstance(refusal, ValidationError) else str(refusal))
        else:
            messages.success(request, _("Thank you. A moderator who had not decided about it will answer."))
            return redirect("comments:standing")
    context = {"sanction": row, "form": form}
    return render(request, "comments/appeal_sanction.html", context, status=422 if request.method == "POST" else 200)


@members
@never_stored
@require_safe
def statement(request: HttpRequest, public_id: str, version: str, form: str = "html") -> HttpResponse:
    """The reasons for one decision about a comment of mine, as a page or as plain text to keep."""
    found = get_object_or_404(
        Decision.objects.select_related(
            "comment", "author", "clause__version", "words", "appeal", "revision", "undone_by"
        ),
        comment__public_id=public_id,
        comment__author=request.user,
        version=int(version),
    )
    if not statements.has_one(found, request.user):
        raise Http404
    made = statements.of(found)
    if form == "txt":
        name = f"reasons-{public_id}-{version}.txt"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(made.as_text(), content_type="text/plain; charset=utf-8", headers=headers)
    context = {"statement": made, "comment": found.comment, "can_ask": statements.can_ask(found)}
    return render(request, "comments/statement.html", context)
