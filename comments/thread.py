"""The order of a conversation: places in the tree, and pages of what readers see."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, Subquery

from accounts.models import RoleGrant
from accounts.roles import Role

from .models import Comment, Conversation, QueueItem

PAGE_SIZE = 20
PART = 8  # letters of one step of a path: room for 36^8 comments
DEEPEST = 12  # what answers a comment at this depth stands beside it


@dataclass(frozen=True)
class Slice:
    """One page of a thread, newest first, and where the next one begins."""

    comments: list[Comment]
    older: str  # public id to go on after, or ""


def path_of(parent: Comment | None, pk: int) -> str:
    """Fixed-width base 36, so that comparing bytes compares age."""
    return (parent.path if parent else "") + _base36(pk)


def above(comment: Comment) -> list[int]:
    """The ids of all comments above this one in the tree, read from its path: no query."""
    parts = [comment.path[at : at + PART] for at in range(0, len(comment.path) - PART, PART)]
    return [int(part, 36) for part in parts]


def live(conversation: Conversation):
    """What readers see, newest first, each row with its author, its words and the author's badge: one query."""
    return (
        Comment.objects.live()
        .filter(conversation=conversation)
        .select_related("author", "current", "parent__author")
        .annotate(by_medical_team=_badge(Role.MEDICAL_REVIEWER), by_moderator=_badge(Role.MODERATOR))
        .order_by("-published_at", "-pk")
    )


def newest(conversation: Conversation) -> Slice:
    return _slice(live(conversation))


def after(conversation: Conversation, mark: Comment) -> Slice:
    """The page that follows `mark`, which need not be live any more: it keeps its place."""
    return _slice(live(conversation).filter(_older_than(mark)))


def starting_with(conversation: Conversation, first: Comment) -> Slice:
    return _slice(live(conversation).filter(_older_than(first) | Q(pk=first.pk)))


def is_on_first_page(comment: Comment) -> bool:
    newer = (
        Comment.objects.live()
        .filter(conversation_id=comment.conversation_id)
        .filter(Q(published_at__gt=comment.published_at) | Q(published_at=comment.published_at, pk__gt=comment.pk))
    )
    return newer[:PAGE_SIZE].count() < PAGE_SIZE


def _older_than(mark: Comment) -> Q:
    # The id decides between equal times, so that nothing is shown twice or left out at the edge of a page.
    return Q(published_at__lt=mark.published_at) | Q(published_at=mark.published_at, pk__lt=mark.pk)


def _slice(comments) -> Slice:
    rows = list(comments[: PAGE_SIZE + 1])
    shown = rows[:PAGE_SIZE]
    return Slice(shown, shown[-1].public_id if len(rows) > PAGE_SIZE else "")


def _badge(role: str) -> Exists:
    return Exists(RoleGrant.objects.standing().filter(user=OuterRef("author"), role=role))


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
    return digits.rjust(PART, "0")


def open_lane() -> Subquery:
    """The lane in which a comment waits, for annotating."""
    return Subquery(QueueItem.objects.filter(comment=OuterRef("pk"), closed_at=None).values("lane")[:1])
