"""What machines are told about live comments, in the words of schema.org: nothing that the page does not show."""

from collections.abc import Iterable
from datetime import UTC, datetime

from django.conf import settings

from articles.models import Page

from . import erasure
from .models import Comment

Status = Comment.Status


def comments_of(page: Page, shown: Iterable[Comment]) -> dict:
    """The comments that stand on a page, from the rows that were read for it: no query. {} where there is none.

    They hang on the page by its @id, so that the article's own block and this one are read as one thing.
    """
    live = [comment for comment in shown if comment.status == Status.LIVE]
    if not live:
        return {}
    addresses = {comment.pk: _address(comment) for comment in live}
    return {
        "@context": "https://schema.org",
        "@type": "MedicalWebPage",
        "@id": f"{settings.SITE_URL}{page.get_absolute_url()}",
        "comment": [_comment(comment, addresses) for comment in live],
    }


def _comment(comment: Comment, addresses: dict[int, str]) -> dict:
    described = {
        "@type": "Comment",
        "@id": addresses[comment.pk],
        "url": addresses[comment.pk],
        "text": comment.current.text,
        "author": {"@type": "Person", "name": erasure.shown_name(comment.author)},
        "dateCreated": _moment(comment.published_at),
        "dateModified": _moment(comment.edited_at) if _changed_since(comment) else "",
        "upvoteCount": comment.helpful_count,
        "parentItem": _parent(comment, addresses),
    }
    return {name: value for name, value in described.items() if value != ""}


def _parent(comment: Comment, addresses: dict[int, str]) -> dict | str:
    """What it answers, if that stands on the same page."""
    above = addresses.get(comment.reply_to_id) or addresses.get(comment.parent_id)
    return {"@type": "Comment", "@id": above} if above else ""


def _changed_since(comment: Comment) -> bool:
    return comment.edited_at is not None and comment.edited_at > comment.published_at


def _address(comment: Comment) -> str:
    return f"{settings.SITE_URL}{comment.get_absolute_url()}"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
