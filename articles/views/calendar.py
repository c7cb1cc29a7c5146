"""The months and weeks ahead: what is due when, and who has how much."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import holders_of
from accounts.roles import Role

from .. import calendar as due_dates
from .. import review_queue


@never_cache
@holders_of(Role.MEDICAL_REVIEWER, Role.EDITOR)
@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    ahead = due_dates.ahead(timezone.localdate())
    loads = review_queue.loads()
    context = {
        "overdue": ahead.overdue,
        "tables": [("weeks", ahead.weeks), ("months", ahead.months)],
        "loads": loads,
        "most": max((load for _person, load, _late in loads), default=0),
    }
    return render(request, "articles/review_calendar.html", context)
