"""What a member is told: what stands against her, and the reasons for each decision about her words."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.access import members

from .. import members as rolls
from .. import statements
from ..models import Decision
from .address import never_stored


@members
@never_stored
@require_safe
def standing(request: HttpRequest) -> HttpResponse:
    """Everything that was ever imposed on me, what of it holds now, and what I can do about it."""
    return render(request, "comments/standing.html", {"rows": rolls.told_to(request.user)})


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
