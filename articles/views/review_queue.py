"""The review desk: what waits for whom, and what is public."""

import json
from datetime import date

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from accounts.access import holders_of
from accounts.roles import Role

from .. import permissions
from ..models import Page, Review

PAGE_SIZE = 25
reviewers = holders_of(Role.MEDICAL_REVIEWER, Role.EDITOR)
LANES = {
    "open": Q(status="open"),
    "overdue": Q(status="open"),
    "sent_back": Q(status="changes_asked"),
    "signed": Q(status="approved", publications=None),
}


@never_cache
@reviewers
def queue(request: HttpRequest) -> HttpResponse:
    """Reviews of one kind, the most urgent first; paged by (due date, id)."""
    lane = request.GET.get("lane", "open")
    reviews = _in_lane(lane if lane in LANES else "open").select_related("revision", "revision__created_by", "page")
    reviews = reviews.order_by("due_on", "pk")
    if after := _cursor(request.GET.get("after", "")):
        reviews = reviews.filter(Q(due_on__gt=after[0]) | Q(due_on=after[0], pk__gt=after[1]))
    rows = list(reviews[: PAGE_SIZE + 1])
    last = rows[PAGE_SIZE - 1] if len(rows) > PAGE_SIZE else None
    context = {
        "lane": lane if lane in LANES else "open",
        "counts": {name: _in_lane(name).count() for name in LANES},
        "rows": [(row, json.loads(row.revision.content)["title"]) for row in rows[:PAGE_SIZE]],
        "older": f"?lane={lane}&after={last.due_on}_{last.pk}" if last else "",
        "credential": permissions.valid_credential(request.user),
        "today": timezone.localdate(),
    }
    return render(request, "articles/review_queue.html", context)


@never_cache
@reviewers
def live_pages(request: HttpRequest) -> HttpResponse:
    """Everything readers see now, the soonest due first, with what called it back."""
    pages = Page.objects.live().select_related("live_publication").order_by("live_publication__next_review_due", "pk")
    if after := _cursor(request.GET.get("after", "")):
        due = "live_publication__next_review_due"
        pages = pages.filter(Q(**{f"{due}__gt": after[0]}) | Q(**{due: after[0]}, pk__gt=after[1]))
    rows = list(pages.prefetch_related("triggers")[: PAGE_SIZE + 1])
    last = rows[PAGE_SIZE - 1] if len(rows) > PAGE_SIZE else None
    context = {
        "lane": "live",
        "counts": {name: _in_lane(name).count() for name in LANES},
        "rows": [(page, [one for one in page.triggers.all() if one.resolved_at is None]) for page in rows[:PAGE_SIZE]],
        "older": f"?after={last.live_publication.next_review_due}_{last.pk}" if last else "",
        "today": timezone.localdate(),
    }
    return render(request, "articles/review_live.html", context)


def _in_lane(lane: str):
    reviews = Review.objects.filter(LANES[lane])
    return reviews.filter(due_on__lt=timezone.localdate()) if lane == "overdue" else reviews


def _cursor(text: str) -> tuple[str, int] | None:
    """ "2026-11-23_12" as a due date and an id; anything else starts from the first row."""
    due, _line, pk = text.partition("_")
    try:
        return date.fromisoformat(due).isoformat(), int(pk)
    except ValueError:
        return None
