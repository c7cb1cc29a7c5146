"""What a member is told of what stands against her, and why."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import members

from .. import members as rolls
from .address import never_stored


@members
@never_stored
@require_safe
def standing(request: HttpRequest) -> HttpResponse:
    """Everything that was ever imposed on me, what of it holds now, and what I can do about it."""
    return render(request, "comments/standing.html", {"rows": rolls.told_to(request.user)})
