"""Questions of moderators to the medical team, and the answers. The answer informs; it decides nothing."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import holders_of
from accounts.roles import Role
from audit.moves import WrongState

from .. import permissions
from ..desk_forms import AnswerForm
from ..forms import number_in
from ..models import MedicalQuestion
from ..workflow import asking

PAGE_SIZE = 20


@holders_of(Role.MEDICAL_REVIEWER)
@require_safe
def questions(request: HttpRequest) -> HttpResponse:
    """What moderators want to know, oldest first."""
    rows = list(asking.open_questions().filter(pk__gt=number_in(request.GET, "after"))[: PAGE_SIZE + 1])
    shown = rows[:PAGE_SIZE]
    last = shown[-1].pk if len(rows) > PAGE_SIZE else 0
    return render(request, "comments/medical/questions.html", {"rows": shown, "last": last})


@holders_of(Role.MEDICAL_REVIEWER)
@require_http_methods(["GET", "HEAD", "POST"])
def question(request: HttpRequest, pk: int) -> HttpResponse:
    """One question with the comment it is about."""
    rows = MedicalQuestion.objects.select_related(
        "asked_by", "answered_by", "comment__current", "comment__parent__current", "comment__conversation__page"
    )
    asked = get_object_or_404(rows, pk=pk)
    form = AnswerForm(request.POST or None)
    said, status = "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                asking.answer(asked, by=request.user, text=form.cleaned_data["text"])
            except (WrongState, PermissionDenied) as refusal:
                said, status = str(refusal), 409 if isinstance(refusal, WrongState) else 403
                asked.refresh_from_db()
            else:
                messages.success(request, _("Answered. The moderators see it beside the comment."))
                return redirect("comments:questions")
    context = {
        "asked": asked,
        "form": form,
        "said": said,
        "why_not": permissions.why_not_answer(request.user, asked.comment),
    }
    return render(request, "comments/medical/question.html", context, status=status)
