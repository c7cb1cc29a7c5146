"""What the desk shows of people who may be in danger: open cases, one case with everything in it, and whom to look after again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import mail
from accounts.models import User

from . import erasure, permissions, protocol
from .models import Comment, CrisisCase, CrisisStep, FollowUp, ModeratorSettings, Report
from .screening.policy import MEANINGS
from .workflow import crisis

PAGE_SIZE = 20
NEAR = timedelta(days=7)
MOST_NEARBY = 5
Outcome = CrisisCase.Outcome
Kind = CrisisStep.Kind

WHY: dict[str, str | Promise] = {
    **{code: meaning.name for code, meaning in MEANINGS.items()},
    **{f"report_{reason.value}": reason.label for reason in Report.Reason},
    "escalated": _("Raised by a moderator"),
    "looked_again": _("Somebody looked again"),
    "first_comment": _("First comment of this member"),
    "edited": _("Changed by its writer"),
}


@dataclass(frozen=True)
class Clock:
    """One of the times: until when, when it was stopped, whether it ran out before."""

    name: str | Promise
    until: datetime
    stopped_at: datetime | None

    @property
    def is_late(self) -> bool:
        return (self.stopped_at or timezone.now()) >= self.until


@dataclass(frozen=True)
class Row:
    case: CrisisCase
    clocks: list[Clock]

    @property
    def is_late(self) -> bool:
        return any(clock.is_late and clock.stopped_at is None for clock in self.clocks)


@dataclass(frozen=True)
class Point:
    code: str
    question: str | Promise
    answer: CrisisStep | None

    @property
    def is_yes(self) -> bool:
        return self.answer is not None and self.answer.code.endswith("_yes")


@dataclass(frozen=True)
class CaseFile:
    case: CrisisCase
    comment: Comment
    why: list[str | Promise]
    clocks: list[Clock]
    steps: list[CrisisStep]
    points: list[Point]
    workers: list[User]
    follow_ups: list[FollowUp]
    nearby: list[CrisisCase]
    is_mine: bool
    blurs: bool
    can_be_written_to: bool

    @property
    def next_follow_up(self) -> FollowUp | None:
        return next((one for one in self.follow_ups if one.done_at is None), None)


def described(viewer: User) -> QuerySet[CrisisCase]:
    """Cases that `viewer` may see: all but those about their own comments."""
    rows = CrisisCase.objects.select_related("comment__author", "comment__current", "comment__conversation__page")
    return rows.exclude(comment__author=viewer)


def open_cases(viewer: User, after: CrisisCase | None = None) -> tuple[list[Row], bool]:
    """Up to twenty, the oldest first: the longer a case is open, the more of its clocks ran out. And whether there are more."""
    cases = described(viewer).filter(closed_at=None).order_by("pk")
    if after is not None:
        cases = cases.filter(pk__gt=after.pk)
    found = list(cases[: PAGE_SIZE + 1])
    rows = [Row(case, clocks(case)) for case in found[:PAGE_SIZE]]
    # On the page at hand what is overdue comes first.
    return sorted(rows, key=lambda row: not row.is_late), len(found) > PAGE_SIZE


def closed_cases(viewer: User, before: CrisisCase | None = None) -> tuple[list[Row], bool]:
    """Up to twenty, the newest first, and whether there are more."""
    cases = described(viewer).filter(closed_at__isnull=False).select_related("closed_by").order_by("-pk")
    if before is not None:
        cases = cases.filter(pk__lt=before.pk)
    found = list(cases[: PAGE_SIZE + 1])
    return [Row(case, clocks(case)) for case in found[:PAGE_SIZE]], len(found) > PAGE_SIZE


def nearby(case: CrisisCase, viewer: User) -> list[CrisisCase]:
    """Others in the same conversation, a week before and after: one such comment can draw the next."""
    about = described(viewer).filter(
        comment__conversation=case.comment.conversation_id,
        opened_at__range=(case.opened_at - NEAR, case.opened_at + NEAR),
    )
    return list(about.exclude(pk=case.pk).order_by("-pk")[:MOST_NEARBY])


def follow_ups(viewer: User) -> list[FollowUp]:
    """The next twenty that are not done, soonest first."""
    rows = FollowUp.objects.filter(done_at=None).exclude(case__comment__author=viewer)
    rows = rows.annotate(is_due=Q(due_at__lte=timezone.now()))
    return list(rows.select_related("case__comment__author").order_by("due_at", "pk")[:PAGE_SIZE])


def of(case: CrisisCase, viewer: User) -> CaseFile:
    """Everything about one case; a fixed number of queries."""
    answers = crisis.checklist(case)
    workers = crisis.workers(case)
    settings = ModeratorSettings.objects.filter(user=viewer).first()
    author = case.comment.author
    return CaseFile(
        case=case,
        comment=case.comment,
        why=[WHY.get(code, code) for code in case.why],
        clocks=clocks(case),
        steps=list(case.steps.select_related("by").order_by("pk")),
        points=[Point(code, question, answers[code]) for code, question in protocol.POINTS.items()],
        workers=list(workers.values()),
        follow_ups=list(case.follow_ups.select_related("done_by").order_by("due_at", "pk")),
        nearby=nearby(case, viewer),
        is_mine=viewer.pk in workers,
        blurs=settings is None or settings.blurs,
        can_be_written_to=author.is_active and not author.erased_at,
    )


def about(comment: Comment, viewer: User) -> Row | None:
    """The open case of a comment, for the card."""
    if not permissions.is_moderator(viewer):
        return None
    case = described(viewer).filter(comment=comment, closed_at=None).first()
    return Row(case, clocks(case)) if case else None


def clocks(case: CrisisCase) -> list[Clock]:
    stopped = {"seen": case.first_seen_at, "answered": case.answered_at, "closed": case.closed_at}
    return [
        Clock(protocol.CLOCKS[code], case.opened_at + time, stopped[code]) for code, time in protocol.patience().items()
    ]


def in_words(step: CrisisStep) -> str | Promise:
    """What the code of a step means."""
    point, _sign, answer = step.code.rpartition("_")
    if step.kind == Kind.CHECKED:
        said = _("Yes") if answer == "yes" else _("No")
        return f"{protocol.POINTS.get(point, point)} {said}"
    if step.kind == Kind.TOLD:
        return protocol.CLOCKS.get(step.code, "")
    if step.kind == Kind.CALLED:
        return protocol.CALL_REASONS.get(step.code, step.code)
    if step.kind == Kind.CLOSED:
        return Outcome(step.code).label
    return _("She may be in danger again.") if step.code == "again" else ""


def script(code: str, case: CrisisCase) -> str:
    """The words of a script, made out to this member; "" for what is none."""
    if code not in protocol.SCRIPTS:
        return ""
    name = erasure.shown_name(case.comment.author)
    return str(protocol.SCRIPTS[code].words).format(name=name, help=mail.absolute(reverse("accounts:help")))
