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
