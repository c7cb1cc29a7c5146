"""{% linked_comments page comments %} and {% feed_link page %}: what a page tells machines about its conversation."""

from collections.abc import Iterable

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from articles.document import render
from articles.models import Page

from .. import feeds, linked_data, permissions
from ..models import Comment

register = template.Library()


@register.simple_tag
def linked_comments(page: Page, comments: Iterable[Comment]) -> SafeString | str:
    described = linked_data.comments_of(page, comments)
    return render.data_block(described) if described else ""


@register.simple_tag
def feed_link(page: Page) -> SafeString | str:
    """For the head of a page, where its conversation is shown."""
    # The reverse accessor remembers what it found, so that the conversation further down costs no second query.
    if not permissions.is_shown(getattr(page, "conversation", None)):
        return ""
    return format_html(
        '<link rel="alternate" type="application/atom+xml" title="{}" href="{}">',
        _("Comments on this page"),
        feeds.address(page),
    )
