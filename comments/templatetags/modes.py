"""{% standing conversation as how %}: what readers and members are told about a conversation's mode."""

from django import template

from .. import modes
from ..models import Conversation

register = template.Library()


@register.simple_tag
def standing(conversation: Conversation) -> modes.Standing:
    return modes.standing(conversation)


@register.simple_tag
def sent_now() -> str:
    return modes.sent_now()
