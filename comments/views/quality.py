"""The desk's page about how well it works."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import holders_of
from accounts.roles import Role

from .. import casefile, queue
from .. import quality as measured


@holders_of(Role.MODERATOR)
@require_safe
def quality(request: HttpRequest) -> HttpResponse:
    """Ages, volume, outcomes, what the screening's signs are worth, and what was learnt about spam."""
    tabs, days = casefile.tabs(queue.lanes()), measured.days()
    context = {
        "tabs": tabs,
        "ages": measured.ages(tabs),
        "charts": [measured.waits(days), measured.volume(days), measured.outcomes(days)],
        "signs": measured.precision(),
        "sampled": measured.sampled(),
        "learning": measured.learning(),
    }
    return render(request, "comments/moderation/quality.html", context)
