"""What a signed-in member is told on every page: how much is new, and whether she follows what she reads."""

from django import template

from .. import news
from ..models import Conversation, Follow

register = template.Library()


@register.simple_tag
def unread_news(viewer) -> str:
    """How many notifications she has not read, as it is shown: "", "7", "99+"."""
    count = news.unread(viewer)
    return f"{news.MOST}+" if count > news.MOST else str(count or "")


@register.simple_tag
def follow_of(viewer, conversation: Conversation) -> Follow | None:
    return Follow.objects.filter(user=viewer, conversation=conversation, comment=None, left_at=None).first()
