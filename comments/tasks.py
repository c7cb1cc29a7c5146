"""Periodic work and background jobs of comments."""

from django.db import transaction
from django.utils import timezone

from articles import freshness
from articles.models import Page
from audit.worker import every

from .models import Conversation


@every(300)
def close_conversations() -> None:
    """A conversation whose time is over says so on its page: the words readers see change, and so must the page's version."""
    over = Conversation.objects.filter(closes_at__lte=timezone.now()).exclude(mode__in=["read_only", "hidden"])
    for pk in list(over.values_list("pk", flat=True)):
        with transaction.atomic():
            page = Page.objects.select_for_update(no_key=True).get(pk=pk)
            if over.filter(pk=pk).update(mode=Conversation.Mode.READ_ONLY):
                freshness.bump(page)
