"""The counts that readers see, compared with the comments themselves."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, F, Q

from articles import freshness
from articles.models import Page

from .models import Comment, Conversation


@dataclass(frozen=True)
class Drift:
    """A conversation whose stored count is not what its comments say."""

    page: Page
    stored: int
    counted: int


def drifts() -> list[Drift]:
    live = Count("comments", filter=Q(comments__status=Comment.Status.LIVE))
    wrong = (
        Conversation.objects.annotate(counted=live)
        .exclude(counted=F("live_count"))
        .select_related("page")
        .order_by("pk")
    )
    return [Drift(row.page, row.live_count, row.counted) for row in wrong]


def repair(drift: Drift) -> None:
    """Set the count anew, from the comments as they stand once no decision can run beside it."""
    with transaction.atomic():
        page = Page.objects.select_for_update(no_key=True).get(pk=drift.page.pk)
        live = Comment.objects.live().filter(conversation_id=page.pk).count()
        Conversation.objects.filter(pk=page.pk).update(live_count=live)
        freshness.bump(page)
