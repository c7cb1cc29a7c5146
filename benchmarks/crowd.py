"""Many comments at once, written past the verbs: what reading costs must not depend on how they came to be there."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta

from django.core.management.color import no_style
from django.db import connection
from django.db.models import Max, OuterRef, Subquery
from django.utils import timezone

from accounts.models import PolicyVersion, User
from audit import triggers
from comments import text, thread
from comments.models import Comment, CommentRevision, Conversation, Helpful, QueueItem
from comments.screening.policy import PATIENCE

BATCH = 2_000
Lane = QueueItem.Lane
WORDS = "It got better with time, and the nurse on our ward had an answer to most of what I asked her."


def fill(
    conversation: Conversation,
    authors: list[User],
    rules: PolicyVersion,
    *,
    roots: int,
    replies_to_first: int = 0,
    chain: int = 0,
    readers: Sequence[User] = (),
    down: Callable[[str], AbstractContextManager] | None = None,
) -> list[Comment]:
    """Add live comments: `roots` of them, `replies_to_first` below the first, and a chain of answers below the second.

    Some of the `readers`, who must not be authors, found some of them helpful. `down(table)` takes a table's
    triggers down meanwhile. Returns all comments in the order of their ids.
    """
    down = down or without_triggers
    first = (Comment.objects.aggregate(last=Max("pk"))["last"] or 0) + 1
    now = timezone.now()
    made: list[Comment] = []

    def add(parent: Comment | None, reply_to: Comment | None = None) -> Comment:
        pk = first + len(made)
        said_at = now - timedelta(days=30) + timedelta(seconds=len(made))
        place = {}
        if parent is not None:
            place = {
                "parent_id": parent.pk,
                "root_id": parent.root_id or parent.pk,
                "reply_to_id": (reply_to or parent).pk,
                "depth": parent.depth + 1,
            }
        comment = Comment(
            pk=pk, conversation=conversation, author=authors[pk % len(authors)], status=Comment.Status.LIVE,
            token=f"crowd-{pk}", path=thread.path_of(parent, pk), created_at=said_at, published_at=said_at,
            announced_at=said_at, helpful_count=pk % (len(readers) + 1), **place,
        )  # fmt: skip
        made.append(comment)
        return comment

    tops = [add(None) for _ in range(roots)]
    for _ in range(replies_to_first):
        add(tops[0])
    answered = tops[1] if chain else None
    for _ in range(chain):
        parent = answered if answered.depth < thread.DEEPEST else _by_pk(made, first, answered.parent_id)
        answered = add(parent, answered)
    below = Counter(pk for comment in made for pk in thread.above(comment))
    for comment in made:
        comment.live_below = below[comment.pk]
    _insert(made, conversation, rules, down)
    Helpful.objects.bulk_create(
        (Helpful(comment=comment, user=reader) for comment in made for reader in readers[: comment.helpful_count]),
        batch_size=BATCH,
    )
    return made


def queue_up(
    conversation: Conversation,
    authors: list[User],
    rules: PolicyVersion,
    *,
    items: int,
    lanes: Sequence[str] = (Lane.REPORTED, Lane.FIRST, Lane.HELD, Lane.MEDICAL),
    down: Callable[[str], AbstractContextManager] | None = None,
) -> list[QueueItem]:
    """Add held comments that wait in these lanes in turn, each a second longer than the next; the items in order of their ids."""
    down = down or without_triggers
    first = (Comment.objects.aggregate(last=Max("pk"))["last"] or 0) + 1
    now = timezone.now()
    made = [
        Comment(
            pk=pk, conversation=conversation, author=authors[pk % len(authors)], token=f"queue-{pk}",
            path=thread.path_of(None, pk), created_at=now + timedelta(seconds=pk - first - items),
        )
        for pk in range(first, first + items)
    ]  # fmt: skip
    _insert(made, conversation, rules, down, status=Comment.Status.HELD)
    waiting = []
    for place, comment in enumerate(made):
        lane = lanes[place % len(lanes)]
        opened, due = comment.created_at, comment.created_at + PATIENCE[Lane(lane)]
        waiting.append(
            QueueItem(comment=comment, lane=lane, rank=QueueItem.RANKS[lane], reasons=[], opened_at=opened, due_at=due)
        )
    QueueItem.objects.bulk_create(waiting, batch_size=BATCH)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return waiting


def _by_pk(made: list[Comment], first: int, pk: int) -> Comment:
    return made[pk - first]


def _insert(
    made: list[Comment], conversation: Conversation, rules: PolicyVersion, down, *, status: str = Comment.Status.LIVE
) -> None:
    publication, html = conversation.page.live_publication_id, text.to_html(WORDS)
    with down("comments_comment"), down("comments_commentrevision"):
        # Words come after their comment and the comment names them: so a live comment is held for a moment.
        for comment in made:
            comment.status = Comment.Status.HELD
        Comment.objects.bulk_create(made, batch_size=BATCH)
        CommentRevision.objects.bulk_create(
            (
                CommentRevision(
                    comment=comment, author_id=comment.author_id, text=WORDS, html=html,
                    rules_version=rules, publication_id=publication, created_at=comment.created_at,
                )
                for comment in made
            ),
            batch_size=BATCH,
        )  # fmt: skip
        own = CommentRevision.objects.filter(comment=OuterRef("pk")).values("pk")[:1]
        new = Comment.objects.filter(pk__gte=made[0].pk, conversation=conversation)
        new.update(current=Subquery(own))
        new.update(status=status)
        live = conversation.comments.filter(status=Comment.Status.LIVE).count()
        Conversation.objects.filter(pk=conversation.pk).update(live_count=live)
    with connection.cursor() as cursor:
        # The ids were chosen here; the next comment must get a later one.
        for statement in connection.ops.sequence_reset_sql(no_style(), [Comment]):
            cursor.execute(statement)
        cursor.execute("ANALYZE")


@contextmanager
def without_triggers(table: str) -> Iterator[None]:
    """One table's own triggers are down: for scratch databases only."""
    names = [trigger.name for trigger in triggers.declared() if trigger.table == table]
    with connection.cursor() as cursor:
        for name in names:
            on = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")
    yield
    triggers.install()
