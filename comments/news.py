"""What a member is told on her own pages, read anew each time: nothing of a comment that is not public now."""

from dataclasses import dataclass

from django.db.models import Case, F, Q, When

from accounts.models import User

from .models import Conversation, Follow, Notification

PAGE_SIZE = 20
MOST = 99  # more unread than this are "99+", so that the header never counts further
Kind = Notification.Kind
ANSWERS = (Kind.REPLY, Kind.COMMENT)


@dataclass(frozen=True)
class Slice:
    """One page of a list, newest first, and the number to go on after (0 at the end)."""

    rows: list
    older: int


def is_public(path: str = "") -> Q:
    """A comment that every reader can see now; `path` leads to it from the rows asked about."""
    return Q(**{f"{path}status": "live"}) & is_open_to_readers(f"{path}conversation__")


def is_open_to_readers(path: str = "") -> Q:
    """A conversation that is shown, under a page that is public."""
    hidden = Q(**{f"{path}mode": Conversation.Mode.HIDDEN})
    return Q(**{f"{path}page__live_publication__isnull": False}) & ~hidden


def shown_to(user: User):
    """Her notifications, without those that would tell of a comment that is not public, or what is no longer so.

    A decision is shown as long as the comment stands as it says. The answer to a report names no comment.
    """
    stands = Q(kind=Kind.DECISION, decision__to_status=F("comment__status"))
    return Notification.objects.filter(
        (Q(kind__in=ANSWERS) & is_public("comment__")) | stands | Q(kind=Kind.REPORT), user=user
    )


def unread(user: User) -> int:
    """How many she has not read, at most one more than MOST; one query on an index of unread ones."""
    return shown_to(user).filter(read_at__isnull=True)[: MOST + 1].count()


def of(user: User, before: int = 0) -> Slice:
    """A page of her notifications with what is shown of each: one query, and no words of a comment."""
    rows = (
        shown_to(user)
        .select_related("comment__author", "comment__conversation__page__live_publication", "report", "decision")
        .defer("comment__conversation__page__live_publication__artefact")
    )
    return _slice(rows, before)


def followed_by(user: User, before: int = 0) -> Slice:
    """A page of what she follows: one query. `can_be_read` says whether she may be told now what it is."""
    hers = Q(comment=None) | Q(comment__status="live") | Q(comment__author=user)
    can_be_read = Case(When(hers & is_open_to_readers("conversation__"), then=True), default=False)
    rows = (
        Follow.objects.filter(user=user, left_at=None)
        .annotate(can_be_read=can_be_read)
        .select_related("comment__author", "conversation__page__live_publication")
        .defer("conversation__page__live_publication__artefact")
    )
    return _slice(rows, before)


def _slice(rows, before: int) -> Slice:
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: PAGE_SIZE + 1])
    return Slice(found[:PAGE_SIZE], found[PAGE_SIZE - 1].pk if len(found) > PAGE_SIZE else 0)
