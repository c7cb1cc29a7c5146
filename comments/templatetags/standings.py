"""{% standing_against viewer conversation %}: what holds against the viewer, so that nobody is limited without knowing."""

from django import template

from .. import members
from ..models import Conversation, Sanction

register = template.Library()


@register.simple_tag
def standing_against(viewer, conversation: Conversation | None = None) -> list[Sanction]:
    """What holds now; with a conversation, what holds there. Nothing for somebody who is not signed in."""
    return members.standing_against(viewer, conversation) if viewer else []


@register.simple_tag
def members_panel(author, comment) -> dict:
    """What the desk's card shows of the writer: how well known, what stands, what waits only because of her."""
    return members.panel(author, comment)
