"""One member as moderators see her, and what she herself is told: outcomes, sanctions, reports, appeals, what waits."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.models import PolicyClause, User
from accounts.roles import Role, holds

from . import permissions, trust
from .models import Appeal, Comment, Conversation, Decision, QueueItem, Report, Sanction, SanctionAppeal
from .workflow import sanctioning

Status = Comment.Status
Lane = QueueItem.Lane
# What holds a comment because of who wrote it, and for no other reason.
ONLY_BECAUSE_OF_HER = frozenset({"first_comment", "always_held"})
MOST_SHOWN = 20
MOST_WAITING = 2_000
MOST_APPEALS = 100


@dataclass(frozen=True)
class Row:
    """One sanction and whether it holds now."""

    sanction: Sanction
    holds: bool
    ended: datetime | None
    appeal_at: Comment | None = None  # the comment whose decision it follows from, where she can still ask
    can_ask: bool = False  # about the sanction itself

    @property
    def is_past(self) -> bool:
        return not self.holds and self.sanction.kind != Sanction.Kind.WARNING


@dataclass(frozen=True)
class MemberFile:
    user: User
    level: trust.Level
    outcomes: list[tuple[str, int]]
    sanctions: list[Row]
    reports_by: dict
    reports_about: list[tuple[str, int]]
    appeals: list[Appeal]
    recent: list[Comment]
    waiting: int
    only_because_of_her: int
    why_not: str

    @property
    def standing(self) -> list[Row]:
        return [row for row in self.sanctions if row.holds]


def of(user: User, viewer: User) -> MemberFile:
    """Everything about one member; a fixed number of queries."""
    waits = waiting(user)
    return MemberFile(
        user=user,
        level=trust.level(user),
        outcomes=_outcomes(user),
        sanctions=sanctions(user),
        reports_by=_reports_by(user),
        reports_about=_reports_about(user),
        appeals=list(
            Appeal.objects.filter(decision__author=user)
            .select_related("decision__comment", "decided_by")
            .order_by("-pk")[:MOST_SHOWN]
        ),
        recent=list(user.comments.select_related("current").order_by("-pk")[:MOST_SHOWN]),
        waiting=len(waits),
        only_because_of_her=len(only_because_of_her(waits)),
        why_not=_why_not(user, viewer),
    )


@dataclass(frozen=True)
class AppealRow:
    """One appeal that waits, and whether the viewer may hear it."""

    appeal: Appeal
    is_mine_to_hear: bool


def open_appeals(viewer: User) -> list[AppealRow]:
    """What waits for a second look, the oldest first. Whoever decided the first time, and its author, only see it."""
    rows = _appeals().filter(decided_at=None).order_by("pk")[:MOST_APPEALS]
    return [AppealRow(one, viewer.pk not in (one.first_moderator_id, one.decision.author_id)) for one in rows]


def answered_appeals() -> list[Appeal]:
    return list(
        _appeals().filter(decided_at__isnull=False, decided_by__isnull=False).order_by("-decided_at")[:MOST_SHOWN]
    )


def open_sanction_appeals() -> QuerySet[SanctionAppeal]:
    """Second looks at sanctions that nobody has answered; what was lifted meanwhile needs no answer."""
    return SanctionAppeal.objects.filter(decided_at=None, sanction__lifted_at=None)


@dataclass(frozen=True)
class SanctionAppealRow:
    appeal: SanctionAppeal
    is_mine_to_hear: bool


def sanction_appeals(viewer: User) -> list[SanctionAppealRow]:
    """Those that wait, the oldest first, and whether the viewer may hear them."""
    rows = open_sanction_appeals().select_related("sanction__user", "sanction__clause", "first_moderator")
    return [SanctionAppealRow(one, permissions.can_hear(viewer, one)) for one in rows.order_by("pk")[:MOST_APPEALS]]


def answered_sanction_appeals() -> list[SanctionAppeal]:
    rows = SanctionAppeal.objects.filter(decided_at__isnull=False).select_related("sanction__user", "decided_by")
    return list(rows.order_by("-decided_at")[:MOST_SHOWN])


def _appeals() -> QuerySet[Appeal]:
    return Appeal.objects.select_related(
        "decision__comment__current", "decision__author", "decision__clause", "first_moderator", "decided_by"
    )


def sanctions(user: User) -> list[Row]:
    rows = user.sanctions.select_related(
        "by",
        "lifted_by",
        "clause",
        "conversation__page__live_publication",
        "decision__comment",
        "decision__appeal",
        "appeal",
    )
    return [_row(one) for one in rows.defer("conversation__page__live_publication__artefact").order_by("-pk")[:100]]


def told_to(user: User) -> list[Row]:
    return sanctions(user)


def waiting(user: User) -> list[QueueItem]:
    """What of hers waits for a moderator, the oldest first; never what may be about somebody in danger."""
    items = QueueItem.objects.filter(comment__author=user, closed_at=None).exclude(lane=Lane.CRISIS)
    return list(items.select_related("comment").order_by("pk")[:MOST_WAITING])


def only_because_of_her(items: list[QueueItem]) -> list[QueueItem]:
    """What nothing holds but that its writer was new, or that everything of hers was read first."""
    return [
        item
        for item in items
        if item.comment.status == Status.HELD and item.reasons and ONLY_BECAUSE_OF_HER.issuperset(item.reasons)
    ]


def written_in(user: User) -> QuerySet[Conversation]:
    """Conversations she took part in, for a sanction that holds in one of them only."""
    return (
        Conversation.objects.filter(pk__in=user.comments.values("conversation"))
        .select_related("page__live_publication")
        .defer("page__live_publication__artefact")
        .order_by("-pk")
    )


def decisions_to_follow(user: User) -> QuerySet[Decision]:
    """Decisions of moderators against her comments, for a sanction that follows from one."""
    against = [Status.REJECTED, Status.SPAM, Status.HIDDEN]
    return (
        Decision.objects.filter(
            author=user, source=Decision.Source.MODERATOR, to_status__in=against, undoes=None, undone_by=None
        )
        .select_related("comment__current")
        .order_by("-pk")
    )


def no_clauses() -> QuerySet[PolicyClause]:
    return PolicyClause.objects.none()


def _row(one: Sanction) -> Row:
    now = timezone.now()
    is_over = one.until is not None and one.until <= now
    follows = one.decision
    can_ask = (
        follows is not None
        and permissions.can_appeal(one.user, follows.comment, follows)
        and follows.version == follows.comment.version
        and follows.at > now - permissions.APPEAL_WINDOW
    )
    return Row(
        sanction=one,
        holds=one.lifted_at is None and not is_over and one.kind != Sanction.Kind.WARNING,
        ended=one.lifted_at or (one.until if is_over else None),
        appeal_at=follows.comment if can_ask else None,
        can_ask=not can_ask and permissions.can_appeal_sanction(one.user, one),
    )


def _outcomes(user: User) -> list[tuple[str, int]]:
    counts = dict(user.comments.values_list("status").annotate(n=Count("pk")).order_by())
    return [(label, counts.get(status, 0)) for status, label in Status.choices if counts.get(status)]


def _reports_by(user: User) -> dict:
    """How often she told us of something, and how often we agreed; never about whom."""
    removed, answered = Q(outcome=Report.Outcome.REMOVED), Q(closed_at__isnull=False)
    return Report.objects.filter(reporter=user).aggregate(
        all=Count("pk"), answered=Count("pk", filter=answered), removed=Count("pk", filter=removed)
    )


def _reports_about(user: User) -> list[tuple[str, int]]:
    counts = Report.objects.filter(comment__author=user).values_list("reason").annotate(n=Count("pk")).order_by("-n")
    return [(Report.Reason(reason).label, n) for reason, n in counts]


def _why_not(user: User, viewer: User) -> str:
    return "" if user.pk != viewer.pk and not holds(user, Role.MODERATOR, Role.ADMINISTRATOR) else "colleague"


def standing_against(user: User, conversation: Conversation | None = None) -> list[Sanction]:
    """What holds against somebody now; with a conversation, what holds there."""
    held = sanctioning.all_standing(user) if not conversation else sanctioning.standing(user, conversation)
    return list(held.order_by("pk"))


def panel(user: User, comment: Comment) -> dict:
    """For the card: three queries more."""
    decision = decisions_to_follow(user).filter(comment=comment).values_list("pk", flat=True).first()
    return {
        "level": trust.level(user),
        "standing": standing_against(user),
        "only_because_of_her": len(
            [item for item in only_because_of_her(waiting(user)) if item.comment_id != comment.pk]
        ),
        "decision": decision or "",
    }
