"""The desk's page about how well it works."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import holders_of
from accounts.roles import Role

from .. import casefile, queue


@holders_of(Role.MODERATOR)
@require_safe
def quality(request: HttpRequest) -> HttpResponse:
    return render(request, "comments/moderation/quality.html", {"tabs": casefile.tabs(queue.lanes())})
