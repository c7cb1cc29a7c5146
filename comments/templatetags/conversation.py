"""{% conversation page %}: what was said under a page, the same bytes for every reader who is not signed in."""

from django import template
from django.utils.safestring import SafeString

from .. import erasure, modes, permissions, reading, text, thread
from ..models import Conversation
from ..thread import Sort

register = template.Library()


@register.inclusion_tag("comments/conversation.html", takes_context=True)
def conversation(context, page) -> dict:
    """The newest comments with their first replies; for a member also what is hers alone. As many queries for fifty
    thousand comments as for fifty."""
    found = modes.conversation_of(page)
    viewer = context.get("viewer")
    if not permissions.is_shown(found):
        return {"shown": False}
    found.text_now = page.live_publication.vouched_hash
    reader = reading.Reader(found, viewer)
    newest = thread.ORDERS[Sort.NEWEST]
    rows = thread.first(thread.roots(found, viewer), newest)
    return {
        "shown": True,
        "page": page,
        "kind": page.PATHS[page.kind],
        "conversation": found,
        "takes_comments": permissions.takes_comments(found),
        "all_held": found.mode == Conversation.Mode.ALL_HELD,
        "reader": reader,
        "spread": reader.spread(rows, newest, Sort.NEWEST, is_first=True),
        "sorts": Sort,
        "viewer": viewer,
    }


@register.filter
def shown_name(user) -> str:
    return erasure.shown_name(user)


@register.filter
def initials(name: str) -> str:
    words = [word for word in "".join(letter if letter.isalnum() else " " for letter in name).split() if word]
    return (words[0][0] + words[1][0] if len(words) > 1 else "".join(words)[:2]).upper()


@register.filter
def tint(pk: int) -> str:
    """One of the avatar's colours, the same for a member everywhere."""
    return "abc"[pk % 3]


@register.filter
def said(revision) -> SafeString:
    """The words of a comment as readers see them."""
    return text.stored(revision.html, revision.text)


@register.filter
def path_of(paths: dict, kind: str) -> str:
    """The first part of a page's address."""
    return paths[kind]
