"""The Atom feed of a conversation: the newest comments that every reader may see, whatever their depth."""

import re
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from articles.models import Page

from . import erasure
from .models import Comment, Conversation

NEWEST = 30
# They may be typed, and no XML document may hold them.
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Feed(Atom1Feed):
    """Entries with the whole words. An empty feed is as old as its page, so that equal rows give equal bytes."""

    def latest_post_date(self) -> datetime:
        return super().latest_post_date() if self.items else self.feed["begun"]

    def add_item_elements(self, handler, item) -> None:
        super().add_item_elements(handler, item)
        handler.addQuickElement("content", item["html"], {"type": "html"})


def newest(conversation: Conversation) -> list[Comment]:
    live = Comment.objects.live().filter(conversation=conversation).select_related("author", "current")
    return list(live.order_by("-published_at", "-pk")[:NEWEST])


def atom(page: Page, conversation: Conversation) -> str:
    where = f"{settings.SITE_URL}{page.get_absolute_url()}"
    title = _xml(_("Conversation: {title}").format(title=page.live_publication.title))
    feed = Feed(
        title=title,
        link=f"{where}#conversation",
        description=None,
        subtitle=_("What members say under this page. It is no medical advice."),
        language=get_language(),
        feed_url=f"{settings.SITE_URL}{address(page)}",
        feed_guid=_name(f"conversation/{page.uid}", page.created_at),
        author_name=settings.SITE_NAME,
        begun=page.live_publication.published_at,
    )
    for comment in newest(conversation):
        name, link = _xml(erasure.shown_name(comment.author)), f"{settings.SITE_URL}{comment.get_absolute_url()}"
        feed.add_item(
            title=_("Comment by {name}").format(name=name),
            link=link,
            description=None,
            author_name=name,
            # A comment is first published once, so this never changes.
            unique_id=_name(f"comment/{comment.public_id}", comment.published_at),
            pubdate=comment.published_at,
            updateddate=max(comment.published_at, comment.edited_at or comment.published_at),
            html=_xml(comment.current.html),
        )
    return feed.writeString("utf-8")


def address(page: Page) -> str:
    return reverse("comments:feed", args=[page.PATHS[page.kind], page.slug])


def _name(what: str, since: datetime) -> str:
    """A tag: URI (RFC 4151): it stays when the page moves to another address."""
    return f"tag:{urlsplit(settings.SITE_URL).hostname},{since:%Y-%m-%d}:{what}"


def _xml(text: str) -> str:
    return NOT_XML.sub("", text)
