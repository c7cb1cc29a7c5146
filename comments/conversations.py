"""The conversations as the desk lists them: found by the title of their page, with what each holds and what waits."""

import json

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from articles.models import Publication
from audit.models import Entry

from .models import Conversation, QueueItem

PAGE_SIZE = 20
LONGEST_SEARCH = 80
CHANGES_SHOWN = 10


def found(words: str = "", before: int | None = None) -> tuple[list[Conversation], bool]:
    """Up to twenty, the newest page first, of pages whose title holds the words; and whether there are more."""
    rows = described()
    if wanted := " ".join(words.split())[:LONGEST_SEARCH]:
        rows = rows.filter(Q(title__icontains=wanted) | Q(page__slug__icontains=wanted))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    listed = list(rows.order_by("-pk")[: PAGE_SIZE + 1])
    return listed[:PAGE_SIZE], len(listed) > PAGE_SIZE


def described() -> QuerySet[Conversation]:
    """Each with the last title of its page, which may be withdrawn, and how many of its comments wait."""
    last = Publication.objects.filter(page=OuterRef("pk")).order_by("-number")
    waiting = QueueItem.objects.filter(comment__conversation=OuterRef("pk"), closed_at=None).order_by()
    count = waiting.values("comment__conversation").annotate(n=Count("pk")).values("n")
    return Conversation.objects.select_related("page").annotate(
        title=Subquery(last.values("title")[:1]),
        waiting=Coalesce(Subquery(count, output_field=IntegerField()), 0),
    )


def changes(conversation: Conversation) -> list[dict]:
    """Who set its mode when, the last first."""
    entries = Entry.objects.filter(
        object_type=Conversation._meta.label_lower, object_id=str(conversation.pk), verb="conversation.mode_set"
    )
    latest = entries.select_related("actor").order_by("-seq")[:CHANGES_SHOWN]
    return [
        {"at": one.at, "by": one.actor, "mode": Conversation.Mode(json.loads(one.payload)["to"]).label}
        for one in latest
    ]
