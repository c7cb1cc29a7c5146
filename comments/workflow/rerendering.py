"""After the way words become HTML has changed: nothing is shown that today's code would not write."""

from django.db import transaction
from django.db.models import F

from articles import freshness
from articles.models import Page

from .. import text
from ..models import CommentRevision

AT_ONCE = 500


def drop_stale() -> int:
    """Drop stored HTML that the words would not become today; how many rows that were.

    The words are the truth and the HTML is a copy, so it is made anew at the next reading, never repaired from itself.
    (The database lets HTML be dropped and not replaced.)
    """
    dropped, after = 0, 0
    while True:
        rows = CommentRevision.objects.filter(pk__gt=after).exclude(html="").order_by("pk")
        batch = list(rows.annotate(page=F("comment__conversation_id")).only("text", "html")[:AT_ONCE])
        if not batch:
            return dropped
        after = batch[-1].pk
        dropped += _drop([one for one in batch if one.html != text.to_html(one.text)])


@transaction.atomic
def _drop(stale: list[CommentRevision]) -> int:
    for page in Page.objects.filter(pk__in={one.page for one in stale}).order_by("pk"):
        freshness.bump(page)
    return CommentRevision.objects.filter(pk__in=[one.pk for one in stale]).update(html="")
