"""A member's own comments: where each stands, what was decided about it, and what she can do now."""

from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User

from . import permissions, side_effects, statements
from .models import Appeal, Comment, CommentRevision, CrisisStep, Decision

PAGE_SIZE = 20
Status = Comment.Status

GROUPS = {
    "": (_("All"), tuple(Status.values)),
    "waiting": (_("Waiting"), (Status.HELD, Status.HIDDEN)),
    "published": (_("Published"), (Status.LIVE,)),
    "not-published": (_("Not published"), (Status.REJECTED, Status.SPAM)),
}


@dataclass(frozen=True)
class Row:
    """One of her comments with the last decision about it."""

    comment: Comment
    decision: Decision | None
    appeal: Appeal | None
    earlier: list[CommentRevision]  # her older words, oldest first
    messages: list[CrisisStep]  # what moderators wrote to her, and to nobody else
    can_edit: bool
    can_withdraw: bool
    can_appeal: bool
    can_send_again: bool
    reasons: Decision | None  # the decision whose reasons she can read in full
    is_side_effect: bool  # it waits and may tell of one


def tabs(user: User) -> list[dict]:
    counted = {code or "all": Count("pk", filter=Q(status__in=statuses)) for code, (_name, statuses) in GROUPS.items()}
    counts = (
        Comment.objects.filter(author=user)
        .exclude(status=Status.ERASED)
        .aggregate(**{code.replace("-", "_"): count for code, count in counted.items()})
    )
    return [
        {"code": code, "name": name, "count": counts[(code or "all").replace("-", "_")]}
        for code, (name, _s) in GROUPS.items()
    ]


def of(user: User, group: str, before: Comment | None = None) -> tuple[list[Row], str]:
    """A page of her comments, newest first, and the public id to go on after ("" at the end)."""
    comments = (
        Comment.objects.filter(author=user, status__in=GROUPS[group][1])
        .exclude(status=Status.ERASED)
        .select_related("current", "conversation__page__live_publication")
        .defer("conversation__page__live_publication__artefact")
        .annotate(tells=side_effects.told_of_one())
        .prefetch_related(
            "decisions__clause__version",
            "decisions__words",
            "decisions__appeal",
            "decisions__undone_by",
            "decisions__revision",
            "revisions",
            "crisis_cases__steps",
        )
        .order_by("-pk")
    )
    if before is not None:
        comments = comments.filter(pk__lt=before.pk)
    found = list(comments[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    return [_row(user, comment) for comment in shown], shown[-1].public_id if len(found) > PAGE_SIZE else ""


def _row(user: User, comment: Comment) -> Row:
    decisions = list(comment.decisions.all())
    last = decisions[-1] if decisions else None
    appeals = [one.appeal for one in decisions if hasattr(one, "appeal")]
    page = comment.conversation.page
    is_public = page.live_publication_id is not None and permissions.is_shown(comment.conversation)
    revisions = sorted(comment.revisions.all(), key=lambda revision: revision.number)
    return Row(
        comment=comment,
        decision=last if last and last.source == Decision.Source.MODERATOR else None,
        appeal=appeals[-1] if appeals else None,
        earlier=[revision for revision in revisions if revision.pk != comment.current_id and revision.text],
        messages=_messages(comment),
        can_edit=is_public and permissions.can_edit(user, comment),
        can_withdraw=permissions.can_withdraw(user, comment),
        can_appeal=permissions.can_appeal(user, comment, last) and last.at > timezone.now() - permissions.APPEAL_WINDOW,
        can_send_again=comment.status == Status.REJECTED
        and is_public
        and permissions.takes_comments(comment.conversation),
        reasons=next((one for one in reversed(decisions) if _restricts(one, user)), None),
        is_side_effect=comment.status == Status.HELD and comment.tells,
    )


def _restricts(decision: Decision, author: User) -> bool:
    restricts = decision.to_status in statements.RESTRICTING or statements.is_redaction(decision)
    return restricts and statements.has_one(decision, author)


def _messages(comment: Comment) -> list[CrisisStep]:
    steps = [step for case in comment.crisis_cases.all() for step in case.steps.all()]
    return sorted(
        (step for step in steps if step.kind == CrisisStep.Kind.WROTE and step.text), key=lambda step: step.pk
    )
