"""{% conversation page %}: what was said under a page, the same bytes for every reader who is not signed in."""

from django import template
from django.utils.safestring import SafeString

from .. import erasure, modes, permissions, text, thread
from ..models import Comment, Conversation, QueueItem

register = template.Library()

OWN_WAITING = 20


@register.inclusion_tag("comments/conversation.html", takes_context=True)
def conversation(context, page) -> dict:
    """The newest comments; for a signed-in viewer also her own that wait. Three queries at most, however many there are."""
    found = modes.conversation_of(page)
    viewer = context.get("viewer")
    if not permissions.is_shown(found):
        return {"shown": False}
    waiting = _waiting(found, viewer)
    return {
        "shown": True,
        "page": page,
        "kind": page.PATHS[page.kind],
        "conversation": found,
        "takes_comments": permissions.takes_comments(found),
        "all_held": found.mode == Conversation.Mode.ALL_HELD,
        "slice": thread.newest(found),
        "waiting": waiting,
        "in_crisis": any(comment.lane == QueueItem.Lane.CRISIS for comment in waiting),
        "viewer": viewer,
    }


def _waiting(found: Conversation, viewer) -> list[Comment]:
    if viewer is None:
        return []
    own = found.comments.filter(author=viewer, status=Comment.Status.HELD)
    own = own.select_related("author", "current", "parent__author")
    return list(own.annotate(lane=thread.open_lane()).order_by("-created_at", "-pk")[:OWN_WAITING])


@register.filter
def shown_name(user) -> str:
    return erasure.shown_name(user)


@register.filter
def initials(name: str) -> str:
    words = [word for word in "".join(letter if letter.isalnum() else " " for letter in name).split() if word]
    return (words[0][0] + words[1][0] if len(words) > 1 else name[:2]).upper()


@register.filter
def tint(pk: int) -> str:
    """One of the avatar's colours, the same for a member everywhere."""
    return "abc"[pk % 3]


@register.filter
def said(revision) -> SafeString:
    """The words of a comment as readers see them."""
    return text.stored(revision.html)


@register.filter
def path_of(paths: dict, kind: str) -> str:
    """The first part of a page's address."""
    return paths[kind]
