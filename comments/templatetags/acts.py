"""What a reader may do with a comment that she sees."""

from django import template

from .. import permissions
from ..models import Comment, Conversation

register = template.Library()


@register.filter
def may_edit(user, comment: Comment) -> bool:
    return user is not None and permissions.can_edit(user, comment)


@register.filter
def is_open(conversation: Conversation) -> bool:
    return permissions.takes_comments(conversation)


@register.filter
def takes_answers(comment: Comment) -> bool:
    """Whether its thread is open. `thread` brings the root's part of the answer along with every comment."""
    return comment.locked_at is None and getattr(comment, "thread_closed_at", None) is None
