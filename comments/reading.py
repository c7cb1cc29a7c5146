"""What one reader sees of a conversation: comments in their places, and what is hers alone among them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.models import User

from . import side_effects, thread
from .models import Comment, Conversation, Finding, ReadMark
from .thread import Order, Slice, Sort

OWN_WAITING = 20
_SOUNDS_LIKE_CRISIS = Exists(Finding.objects.filter(revision=OuterRef("current"), label__in=("crisis", "crisis_past")))
MOST_NEWS = 100  # counted no further, so that coming back after a year costs what coming back after a day does


@dataclass(frozen=True)
class Place:
    """A comment where it stands, and what is said about it there."""

    comment: Comment
    step: int = 0
    answers: Comment | None = None  # whom it answers, where the order of the page does not say so
    is_own: bool = False
    is_new: bool = False
    is_earlier: bool = False  # written under a text that medical reviewers have since replaced
    is_waiting: bool = False
    is_side_effect: bool = False  # she may be telling of one, and is told where it counts

    @property
    def is_gone(self) -> bool:
        return self.comment.status != Comment.Status.LIVE and not self.is_waiting

    @property
    def was_edited(self) -> bool:
        """Changed after readers had seen it; who polishes words that still wait owes nobody a note."""
        edited, published = self.comment.edited_at, self.comment.published_at
        return edited is not None and published is not None and edited > published


@dataclass(frozen=True)
class Branch:
    """A root with the replies that a page shows under it."""

    root: Place
    replies: list[Place] = field(default_factory=list)
    more: int = 0  # live replies that the page does not show
    waiting: list[Place] = field(default_factory=list)

    @property
    def last(self) -> Comment:
        return self.replies[-1].comment if self.replies else self.root.comment


@dataclass(frozen=True)
class Spread:
    """A page of a conversation, laid out: `earlier` and `later` are marks for the addresses of its neighbours."""

    branches: list[Branch]
    waiting: list[Place]
    earlier: str
    later: str
    sort: str = Sort.NEWEST

    @property
    def comments(self) -> list[Comment]:
        """Everything that stands on the page for everybody."""
        return [place.comment for branch in self.branches for place in (branch.root, *branch.replies)]


@dataclass(frozen=True)
class ThreadSpread:
    """A page of one root's thread: the root, what lies between it and the first reply shown, and the replies."""

    root: Place
    above: list[Place]
    replies: list[Place]
    waiting: list[Place]
    earlier: str
    later: str

    @property
    def comments(self) -> list[Comment]:
        """Everything that stands on the page for everybody."""
        return [place.comment for place in (self.root, *self.above, *self.replies)]


@dataclass(frozen=True)
class News:
    """What others said since she was last here."""

    count: int
    since: datetime

    @property
    def is_more(self) -> bool:
        return self.count > MOST_NEWS

    @property
    def shown(self) -> int:
        return min(self.count, MOST_NEWS)


def conversations() -> QuerySet[Conversation]:
    """With the hash of the text that readers see now, for telling what was written under an earlier one."""
    return Conversation.objects.annotate(text_now=F("page__live_publication__vouched_hash"))


class Reader:
    """Whoever reads this conversation: a stranger (None), who sees what all strangers see, or a member."""

    def __init__(self, conversation: Conversation, viewer: User | None) -> None:
        self.conversation, self.viewer = conversation, viewer

    @cached_property
    def waiting(self) -> list[Comment]:
        """Her own comments that nobody else sees yet, the newest first."""
        if self.viewer is None:
            return []
        own = self.conversation.comments.filter(author=self.viewer, status=Comment.Status.HELD)
        own = own.select_related("author", "current", "reply_to__author")
        own = own.annotate(sounds_like_crisis=_SOUNDS_LIKE_CRISIS, tells=side_effects.told_of_one())
        return list(own.order_by("-created_at", "-pk")[:OWN_WAITING])

    @property
    def in_crisis(self) -> bool:
        """By her own words alone: what others say about her, or do about it, shows her nothing."""
        return any(comment.sounds_like_crisis for comment in self.waiting)

    @cached_property
    def seen_at(self) -> datetime | None:
        """Until when she has read, or None: then nothing is new to her, or everything is, and we say neither."""
        if self.viewer is None:
            return None
        marks = ReadMark.objects.filter(user=self.viewer, conversation=self.conversation)
        return marks.values_list("seen_at", flat=True).first()

    @cached_property
    def news(self) -> News | None:
        if self.seen_at is None:
            return None
        fresh = self.conversation.comments.live().filter(published_at__gt=self.seen_at).exclude(author=self.viewer)
        return News(fresh.order_by("-published_at", "-pk")[: MOST_NEWS + 1].count(), self.seen_at)

    @property
    def until(self) -> str:
        """The time of this page, for the form that says she has read it. Strangers have no such form."""
        return timezone.now().isoformat()

    @property
    def has_unread(self) -> bool:
        if self.viewer is None or not self.conversation.live_count:
            return False
        return self.news is None or self.news.count > 0

    def spread(self, found: Slice, order: Order, sort: str, *, is_first: bool) -> Spread:
        """A page of roots with their first replies. Her waiting comments stand where they belong; on the first page
        those whose root is elsewhere stand at the top, so that none is ever out of her sight."""
        under = _by_root(thread.first_replies(found.comments, self.viewer))
        held = _by_root(self.waiting)
        here = {comment.pk for comment in found.comments}
        branches = [self._branch(root, under[root.pk], held[root.pk]) for root in found.comments]
        stand = here | {reply.comment.pk for branch in branches for reply in branch.replies}
        adrift = [one for one in self.waiting if is_first and one.pk not in stand and one.root_id not in here]
        return Spread(
            branches,
            [self.place(one, answers=one.reply_to) for one in adrift],
            cursor(order, found.comments[0]) if found.has_earlier and found.comments else "",
            cursor(order, found.comments[-1]) if found.has_later else "",
            sort,
        )

    def thread(self, root: Comment, found: Slice) -> ThreadSpread:
        """A page of the thread under one root, with what the first of its replies answers."""
        between = (
            [] if not found.has_earlier or not found.comments else thread.ancestors(found.comments[0], self.viewer)
        )
        above = self._row(root, between)
        replies = self._row(between[-1] if between else root, found.comments)
        stand = {place.comment.pk for place in (*above, *replies)}
        held = [one for one in self.waiting if one.root_id == root.pk and one.pk not in stand]
        return ThreadSpread(
            self.place(root),
            above,
            replies,
            [self.place(one, answers=one.reply_to) for one in reversed(held)],
            found.comments[0].public_id if found.has_earlier and found.comments else "",
            found.comments[-1].public_id if found.has_later else "",
        )

    def place(self, comment: Comment, *, answers: Comment | None = None) -> Place:
        is_own = self.viewer is not None and comment.author_id == self.viewer.pk
        then = getattr(comment, "text_then", None)
        return Place(
            comment,
            step=min(comment.depth, thread.STEPS),
            answers=answers,
            is_own=is_own,
            is_new=bool(
                self.seen_at and not is_own and comment.published_at is not None and comment.published_at > self.seen_at
            ),
            is_earlier=then is not None and self.conversation.text_now not in (None, then),
            is_waiting=is_own and comment.status == Comment.Status.HELD,
            is_side_effect=is_own and any(one.pk == comment.pk and one.tells for one in self.waiting),
        )

    def _branch(self, root: Comment, replies: list[Comment], held: list[Comment]) -> Branch:
        row = self._row(root, replies)
        live = sum(reply.status == Comment.Status.LIVE for reply in replies)
        stand = {root.pk, *(reply.pk for reply in replies)}
        waiting = [self.place(one, answers=one.reply_to) for one in reversed(held) if one.pk not in stand]
        return Branch(self.place(root), row, max(root.live_below - live, 0), waiting)

    def _row(self, above: Comment, comments: Iterable[Comment]) -> list[Place]:
        """Replies in the order of the thread. One that answers the comment above it, or goes on a run of answers
        to the root, need not say whom it answers."""
        row = []
        for comment in comments:
            goes_on = comment.depth == 1 and above.depth <= 1
            plain = comment.reply_to_id == above.pk or goes_on
            row.append(self.place(comment, answers=None if plain else comment.reply_to))
            above = comment
        return row


def cursor(order: Order, comment: Comment) -> str:
    """How an address names a place. A count of helpful votes may change, so it stands there as it was."""
    by_help = order == thread.ORDERS[Sort.HELPFUL]
    return f"{comment.helpful_count}-{comment.public_id}" if by_help else comment.public_id


def _by_root(comments: Iterable[Comment]) -> dict[int, list[Comment]]:
    found = defaultdict(list)
    for comment in comments:
        found[comment.root_id].append(comment)
    return found
