"""The order of a conversation: places in the tree, and pages of what stands in it, by key in both directions."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import BooleanField, Exists, F, Field, Func, OuterRef, QuerySet, Subquery, TextChoices, Value
from django.utils.translation import gettext_lazy as _

from accounts.models import RoleGrant, User
from accounts.roles import Role

from .models import Comment, Conversation, Decision, Helpful

PAGE_SIZE = 20
FIRST_REPLIES = 3  # shown under each root of a page
LEAD = 3  # what stands before a comment on the page that its address opens
PART = 8  # letters of one step of a path: room for 36^8 comments
DEEPEST = 12  # what answers a comment at this depth stands beside it
STEPS = 2  # replies are shown at most so many steps in


class Sort(TextChoices):
    NEWEST = "newest", _("Newest")
    OLDEST = "oldest", _("Oldest")
    HELPFUL = "helpful", _("Most helpful")


# A place in an order: the values that decide there. It is where it was, whatever became of the comment that named it.
Mark = tuple[datetime | int | str, ...]


@dataclass(frozen=True)
class Order:
    """Fields and a direction. Where values may be equal the id decides, so that no edge of a page loses or repeats one."""

    fields: tuple[str, ...]
    falling: bool

    @property
    def columns(self) -> list[str]:
        return [f"-{name}" if self.falling else name for name in self.fields]

    @property
    def backwards(self) -> "Order":
        return replace(self, falling=not self.falling)

    def mark(self, comment: Comment) -> Mark:
        return tuple(getattr(comment, name) for name in self.fields)

    def past(self, mark: Mark, *, with_it: bool = False) -> Func:
        """What comes after the mark, as one comparison of rows: PostgreSQL begins to read the index right there.

        "Less, or equal and less" would make it read all equal values first, and nearly all comments have as many
        helpful votes, namely none. SQLite does read those, in the index alone.
        """
        fields = [Comment._meta.pk if name == "pk" else Comment._meta.get_field(name) for name in self.fields]
        here = _row(F(name) for name in self.fields)
        there = _row(Value(value, output_field=field) for value, field in zip(mark, fields, strict=True))
        sign = ("<" if self.falling else ">") + ("=" if with_it else "")
        return Func(
            here, there, template="%(expressions)s", arg_joiner=f" {sign} ", output_field=BooleanField(), function=""
        )


def _row(values: Iterable[F | Value]) -> Func:
    return Func(*values, template="(%(expressions)s)", function="", output_field=Field())


ORDERS = {
    Sort.NEWEST: Order(("published_at", "pk"), falling=True),
    Sort.OLDEST: Order(("published_at", "pk"), falling=False),
    Sort.HELPFUL: Order(("helpful_count", "pk"), falling=True),
}
IN_THREAD = Order(("path",), falling=False)


@dataclass(frozen=True)
class Slice:
    """One page of an order, and whether something stands before and after it."""

    comments: list[Comment]
    has_earlier: bool
    has_later: bool


def path_of(parent: Comment | None, pk: int) -> str:
    """Fixed-width base 36, so that comparing bytes compares age."""
    return (parent.path if parent else "") + _base36(pk)


def above(comment: Comment) -> list[int]:
    """The ids of all comments above this one in the tree, read from its path: no query."""
    parts = [comment.path[at : at + PART] for at in range(0, len(comment.path) - PART, PART)]
    return [int(part, 36) for part in parts]


def live(conversation: Conversation, viewer: User | None = None) -> QuerySet[Comment]:
    """What was said and is public, newest first, each row with its author, its words and the author's badge."""
    return _dressed(Comment.objects.live().filter(conversation=conversation), viewer).order_by("-published_at", "-pk")


def roots(conversation: Conversation, viewer: User | None = None) -> QuerySet[Comment]:
    """What stands at the top of a thread, each with the ids of the first of its replies: `reply_1` and so on."""
    below = Comment.objects.shown().filter(root=OuterRef("pk")).order_by("path").values("pk")
    first = {f"reply_{number}": Subquery(below[number - 1 : number]) for number in range(1, FIRST_REPLIES + 1)}
    shown = Comment.objects.shown().filter(conversation=conversation, root__isnull=True)
    return _dressed(shown, viewer).annotate(**first)


def first_replies(found: Iterable[Comment], viewer: User | None = None) -> list[Comment]:
    """The first replies under each of these `roots`, in the order of the thread: one query, found by their ids."""
    numbers = range(1, FIRST_REPLIES + 1)
    ids = [pk for root in found for number in numbers if (pk := getattr(root, f"reply_{number}"))]
    # 0 is nobody's id: a page without replies asks as often as one with them, so that counts of queries can be compared.
    return list(_dressed(Comment.objects.shown().filter(pk__in=[0, *ids]), viewer).order_by("path"))


def replies(root: Comment, viewer: User | None = None) -> QuerySet[Comment]:
    return _dressed(Comment.objects.shown().filter(root=root), viewer)


def ancestors(comment: Comment, viewer: User | None = None) -> list[Comment]:
    """What stands between the root and this comment, from the top down."""
    between = above(comment)[1:]
    return list(_dressed(Comment.objects.shown().filter(pk__in=between), viewer).order_by("path")) if between else []


def first(rows: QuerySet[Comment], order: Order) -> Slice:
    found = list(rows.order_by(*order.columns)[: PAGE_SIZE + 1])
    return Slice(found[:PAGE_SIZE], False, len(found) > PAGE_SIZE)


def after(rows: QuerySet[Comment], order: Order, mark: Mark) -> Slice:
    return replace(first(rows.filter(order.past(mark)), order), has_earlier=True)


def before(rows: QuerySet[Comment], order: Order, mark: Mark) -> Slice:
    """The page that ends where the mark stands; at the beginning a whole page, not the few that are left."""
    back = order.backwards
    found = list(rows.filter(back.past(mark)).order_by(*back.columns)[: PAGE_SIZE + 1])
    if len(found) <= PAGE_SIZE:
        return first(rows, order)
    return Slice(found[PAGE_SIZE - 1 :: -1], True, True)


def around(rows: QuerySet[Comment], order: Order, mark: Mark) -> Slice:
    """A page on which the mark has a few others before it."""
    back = order.backwards
    lead = list(rows.filter(back.past(mark)).order_by(*back.columns)[: LEAD + 1])
    rest = first(rows.filter(order.past(mark, with_it=True)), order)
    return Slice(lead[:LEAD][::-1] + rest.comments, len(lead) > LEAD, rest.has_later)


def is_on_first_page(root: Comment) -> bool:
    """Whether readers find it under the article itself, where the newest stand."""
    newest = ORDERS[Sort.NEWEST]
    shown = Comment.objects.shown().filter(conversation_id=root.conversation_id, root__isnull=True)
    return shown.filter(newest.backwards.past(newest.mark(root)))[:PAGE_SIZE].count() < PAGE_SIZE


def _dressed(rows: QuerySet[Comment], viewer: User | None) -> QuerySet[Comment]:
    """With everything that a page says about a comment, so that no row costs a query of its own."""
    mine = {}
    if viewer is not None:
        mine["found_helpful_by_me"] = Exists(Helpful.objects.filter(comment=OuterRef("pk"), user=viewer))
    refusal = Decision.objects.filter(comment=OuterRef("pk"), clause__isnull=False).order_by("-version")
    return rows.select_related("author", "current", "reply_to__author").annotate(
        by_medical_team=_badge(Role.MEDICAL_REVIEWER),
        by_moderator=_badge(Role.MODERATOR),
        rule_broken=Subquery(refusal.values("clause__title")[:1]),
        # The artefact of a publication is large, so nothing but these is fetched of it.
        text_then=F("current__publication__vouched_hash"),
        thread_closed_at=F("root__locked_at"),
        **mine,
    )


def _badge(role: str) -> Exists:
    return Exists(RoleGrant.objects.standing().filter(user=OuterRef("author"), role=role))


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
    return digits.rjust(PART, "0")
