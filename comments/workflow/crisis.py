"""Somebody may be in danger: a case is opened, people take it in hand together, answer, close it and look again later."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Count, Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _

from accounts import mail
from accounts.models import RoleGrant, User
from accounts.roles import Role
from audit.moves import WrongState, record

from .. import permissions, protocol, queue
from ..models import Comment, CrisisCase, CrisisStep, FollowUp, QueueItem, Report
from ..signals import crisis_opened, crisis_overdue

Kind = CrisisStep.Kind
Outcome = CrisisCase.Outcome
LONGEST = 2000
# So often may somebody be worried about people whom nobody was in danger; after that a moderator looks first.
FALSE_ALARMS = 2


def open_case(comment: Comment, why: Iterable[str]) -> CrisisCase:
    """One open case per comment: new reasons join it. On-call is told, the author and all others are not.

    The caller holds the comment's row lock.
    """
    # A first comment, or one sent at night, waits for that too; it says nothing about danger.
    reasons = set(why)
    reasons = reasons & protocol.REASONS or reasons
    case = comment.crisis_cases.filter(closed_at=None).first()
    if case is not None:
        known = {*case.why, *reasons}
        if known != set(case.why):
            CrisisCase.objects.filter(pk=case.pk).update(why=sorted(known))
        return case
    case = CrisisCase.objects.create(comment=comment, why=sorted(reasons))
    _step(case, Kind.OPENED)
    _tell_on_call(case, "opened", "crisis_opened")
    crisis_opened.send(sender=CrisisCase, key=f"crisis-{case.pk}", payload=_payload(case))
    record(case, by=None, verb="crisis.opened", comment=comment.pk, why=case.why)
    return case


def is_believed(reporter: User | None) -> bool:
    """Whether a report "I am worried about this person" opens a case at once.

    Somebody without an account, and somebody who was worried twice where nobody was in danger, may be using it to
    harass: a moderator looks first.
    """
    if reporter is None:
        return False
    judged = CrisisCase.objects.filter(
        comment=OuterRef("comment"), outcome=Outcome.NO_CRISIS, closed_at__gte=OuterRef("created_at")
    )
    alarms = Report.objects.filter(Exists(judged), reporter=reporter, reason=Report.Reason.WORRIED)
    return alarms.aggregate(n=Count("comment", distinct=True))["n"] < FALSE_ALARMS


def saw(comment_id: int) -> None:
    """A moderator took the comment out of the queue: the first clock stops."""
    CrisisCase.objects.filter(comment=comment_id, closed_at=None, first_seen_at=None).update(
        first_seen_at=timezone.now()
    )


@transaction.atomic
def join(case: CrisisCase, *, by: User) -> CrisisCase:
    """Work on a case, alone or with others; each sees what the others do."""
    _joined(_open(case, by), by)
    return _fresh(case)


@transaction.atomic
def hand_on(case: CrisisCase, *, by: User, note: str) -> CrisisCase:
    """Leave it to others, and tell them what they must know. Nobody has to carry one alone."""
    words = _needed(note, "note", _("Say what whoever goes on must know."))
    row = _open(case, by)
    if by.pk not in workers(row):
        raise WrongState(_("You do not work on this case, so there is nothing to hand on."))
    _step(row, Kind.LEFT, by, text=words)
    record(row, by=by, verb="crisis.handed_on", comment=row.comment_id)
    return _fresh(case)


@transaction.atomic
def check(case: CrisisCase, *, by: User, code: str, yes: bool, note: str = "") -> CrisisCase:
    """Answer one question of the checklist. A later answer stands beside the earlier one, and counts."""
    if code not in protocol.POINTS:
        raise ValidationError({"code": _("Choose a question of the checklist.")})
    row = _open(case, by)
    _joined(row, by)
    _step(row, Kind.CHECKED, by, code=f"{code}_{'yes' if yes else 'no'}", text=note.strip()[:LONGEST])
    record(row, by=by, verb="crisis.checked", comment=row.comment_id, point=code, yes=yes)
    return _fresh(case)


@transaction.atomic
def note(case: CrisisCase, *, by: User, text: str) -> CrisisCase:
    """A word to whoever works on it; after closing too."""
    words = _needed(text, "text", _("Write a note before you save it."))
    row = _locked(case, by)
    if row.closed_at is None:
        _joined(row, by)
    _step(row, Kind.NOTE, by, text=words)
    return _fresh(case)


@transaction.atomic
def write_to(case: CrisisCase, *, by: User, message: str) -> CrisisStep:
    """Write to the member, to her alone: by mail, and beside her comment under My comments. After closing too."""
    words = _needed(message, "message", _("Write a message before you send it."))
    row = _locked(case, by)
    author = row.comment.author
    if not author.is_active or author.erased_at:
        raise WrongState(_("This account is closed, so nobody can be written to. Nothing was sent."))
    last = row.steps.filter(kind=Kind.WROTE).order_by("-pk").first()
    if last is not None and (last.by_id, last.text) == (by.pk, words):
        return last  # The button was pressed twice.
    if row.closed_at is None:
        _joined(row, by)
    step = _step(row, Kind.WROTE, by, text=words)
    CrisisCase.objects.filter(pk=row.pk, answered_at=None).update(answered_at=step.at)
    context = {"comment": row.comment, "message": words}
    mail.send("comments/crisis_message", author.email, context, key=letter_key(step))
    record(row, by=by, verb="crisis.wrote", comment=row.comment_id, step=step.pk)
    return step


@transaction.atomic
def called(case: CrisisCase, *, by: User, whom: str, what_was_disclosed: str, why: str) -> CrisisCase:
    """An emergency service was called: which one, what it was told, and what makes that lawful. Only what we already hold."""
    if why not in protocol.CALL_REASONS:
        raise ValidationError({"why": _("Choose why somebody had to be called.")})
    called_whom = _needed(whom, "whom", _("Say whom you called."))
    told = _needed(what_was_disclosed, "what_was_disclosed", _("Say what you told them about her."))
    row = _open(case, by)
    _joined(row, by)
    _step(row, Kind.CALLED, by, code=why, text=f"{called_whom}\n{told}"[:LONGEST])
    record(row, by=by, verb="crisis.called", comment=row.comment_id, why=why)
    return _fresh(case)


@transaction.atomic
def close(case: CrisisCase, *, by: User, outcome: str, note: str = "") -> CrisisCase:
    """Close a case with what came of it. Of two who press at once, one closes it; somebody looks again in a day and in a week."""
    if outcome not in Outcome.values:
        raise ValidationError({"outcome": _("Choose how this ended.")})
    row = _open(case, by)
    _joined(row, by)
    if refusal := why_not_close(row, by, outcome):
        raise WrongState(refusal)
    now = timezone.now()
    still_open = CrisisCase.objects.filter(pk=row.pk, closed_at=None)
    if not still_open.update(closed_at=now, closed_by=by, outcome=outcome):
        raise WrongState(_("Somebody else closed this case first. Your choice was not saved."))
    _step(row, Kind.CLOSED, by, code=outcome, text=note.strip()[:LONGEST])
    if outcome != Outcome.NO_CRISIS:
        FollowUp.objects.bulk_create(FollowUp(case=row, due_at=now + later) for later in protocol.FOLLOW_UPS)
    record(row, by=by, verb="crisis.closed", comment=row.comment_id, outcome=outcome)
    return _fresh(case)


@transaction.atomic
def looked_again(follow_up: FollowUp, *, by: User, note: str, again: bool = False) -> FollowUp:
    """Somebody looked how she is. `again`: she may be in danger again, and a new case opens."""
    words = _needed(note, "note", _("Say what you found."))
    comment = Comment.objects.select_for_update(no_key=True).get(crisis_cases=follow_up.case_id)
    row = _locked(follow_up.case, by)
    undone = FollowUp.objects.filter(pk=follow_up.pk, done_at=None)
    if not undone.update(done_at=timezone.now(), done_by=by, note=words[:1000]):
        raise WrongState(_("Somebody else looked first. Your note was not saved."))
    _step(row, Kind.LOOKED_AGAIN, by, code="again" if again else "")
    if again:
        queue.enqueue(comment, QueueItem.Lane.CRISIS, ["looked_again"])
    record(row, by=by, verb="crisis.looked_again", comment=row.comment_id, follow_up=follow_up.pk, again=again)
    follow_up.refresh_from_db()
    return follow_up


def why_not_close(case: CrisisCase, by: User, outcome: str) -> str:
    """A sentence about what is missing before this can be the end of it, or ""."""
    answered = checklist(case)
    if any(answered[code] is None for code in protocol.POINTS):
        return _("Answer every question of the checklist first.")
    if settings.CRISIS_FOUR_EYES and outcome in protocol.NEED_TWO and not _others(case, by):
        return _(
            "This needs a second person. Ask a colleague to open the case, and to close it if they agree with you."
        )
    is_live = case.comment.status == Comment.Status.LIVE
    if outcome in (Outcome.SUPPORTED, Outcome.REDACTED) and not is_live:
        return _("The comment is not public. Decide about it first, or choose another end.")
    if outcome == Outcome.PRIVATE and is_live:
        return _("The comment is public. Decide about it first, or choose another end.")
    if outcome == Outcome.EMERGENCY and not case.steps.filter(kind=Kind.CALLED).exists():
        return _("Write down first whom you called, and what you told them.")
    if outcome in (Outcome.SUPPORTED, Outcome.REDACTED, Outcome.PRIVATE) and not _was_answered(case):
        return _("Nobody has answered her yet. Write to her first.")
    return ""


def checklist(case: CrisisCase) -> dict[str, CrisisStep | None]:
    """The last answer to each question."""
    answers: dict[str, CrisisStep | None] = dict.fromkeys(protocol.POINTS)
    for step in case.steps.filter(kind=Kind.CHECKED).select_related("by").order_by("pk"):
        answers[step.code.rpartition("_")[0]] = step
    return answers


def workers(case: CrisisCase) -> dict[int, User]:
    """Who works on it now."""
    there: dict[int, User] = {}
    for step in case.steps.filter(kind__in=[Kind.JOINED, Kind.LEFT]).select_related("by").order_by("pk"):
        if step.kind == Kind.JOINED:
            there[step.by_id] = step.by
        else:
            there.pop(step.by_id, None)
    return there


def late(case: CrisisCase, now: datetime | None = None) -> list[str]:
    """Which clocks ran out before anybody stopped them."""
    now = now or timezone.now()
    stopped = {"seen": case.first_seen_at, "answered": case.answered_at, "closed": case.closed_at}
    if case.closed_at is not None:
        return []
    return [code for code, time in protocol.patience().items() if not stopped[code] and case.opened_at + time <= now]


def raise_overdue() -> int:
    """Tell on-call once of every clock that ran out and of every follow-up that is due; how many times it was said now."""
    said = 0
    known = set(CrisisStep.objects.filter(kind=Kind.TOLD, case__closed_at=None).values_list("case", "code"))
    for case in list(CrisisCase.objects.filter(closed_at=None).order_by("pk")):
        said += sum(_tell_once(case.pk, code) for code in late(case) if (case.pk, code) not in known)
    due = FollowUp.objects.filter(done_at=None, due_at__lte=timezone.now())
    told = CrisisStep.objects.filter(case=OuterRef("case"), kind=Kind.TOLD, at__gte=OuterRef("due_at"))
    for follow_up in due.filter(~Exists(told)).order_by("pk"):
        said += _tell_once(follow_up.case_id, f"follow_up_{follow_up.pk}")
    return said


def letter_key(step: CrisisStep) -> str:
    return f"crisis-{step.case_id}-letter-{step.pk}"


@transaction.atomic
def _tell_once(case_id: int, code: str) -> bool:
    row = CrisisCase.objects.select_for_update(no_key=True).get(pk=case_id)
    # What was read before the lock may have been done since, or said by another worker.
    is_moot = code in protocol.CLOCKS and code not in late(row)
    if is_moot or row.steps.filter(kind=Kind.TOLD, code=code).exists():
        return False
    _tell_on_call(row, code, "crisis_overdue")
    crisis_overdue.send(sender=CrisisCase, key=f"crisis-{row.pk}-{code}", payload=_payload(row) | {"waits_for": code})
    return True


def _tell_on_call(case: CrisisCase, code: str, template: str) -> None:
    context = {"case": case, "waits_for": protocol.CLOCKS.get(code, ""), "minutes": settings.CRISIS_MINUTES[0]}
    for place, address in enumerate(settings.CRISIS_ON_CALL):
        mail.send(f"comments/{template}", address, context, key=f"crisis-{case.pk}-{code}-{place}")
    _step(case, Kind.TOLD, code=code)


def _payload(case: CrisisCase) -> dict:
    link = mail.absolute(reverse("comments:crisis_case", args=[case.pk]))
    return {"case": case.pk, "opened_at": case.opened_at.isoformat(), "url": link}


def _step(case: CrisisCase, kind: str, by: User | None = None, *, code: str = "", text: str = "") -> CrisisStep:
    return CrisisStep.objects.create(case=case, kind=kind, by=by, code=code, text=text)


def _locked(case: CrisisCase, by: User) -> CrisisCase:
    row = (
        CrisisCase.objects.select_for_update(no_key=True, of=("self",))
        .select_related("comment__author")
        .get(pk=case.pk)
    )
    if not permissions.is_moderator(by):
        raise PermissionDenied(_("Only a moderator may work on this."))
    if row.comment.author_id == by.pk:
        raise PermissionDenied(_("This is about your own comment, so others look after it."))
    return row


def _open(case: CrisisCase, by: User) -> CrisisCase:
    row = _locked(case, by)
    if row.closed_at is not None:
        at = time_format(timezone.localtime(row.closed_at), "H:i")
        said = _("{name} closed this case at {time}: {outcome}. Your choice was not saved.")
        name = row.closed_by.get_full_name()
        raise WrongState(said.format(name=name, time=at, outcome=row.get_outcome_display()))
    return row


def _joined(case: CrisisCase, by: User) -> None:
    """Whoever does something works on it, and the others see that."""
    if by.pk not in workers(case):
        _step(case, Kind.JOINED, by)
        record(case, by=by, verb="crisis.joined", comment=case.comment_id)
    CrisisCase.objects.filter(pk=case.pk, first_seen_at=None).update(first_seen_at=timezone.now())


def _others(case: CrisisCase, by: User) -> bool:
    return case.steps.filter(kind=Kind.JOINED).exclude(by=by).exists()


def _was_answered(case: CrisisCase) -> bool:
    """By a letter, or by a moderator's public answer. An account that is closed can no longer be answered."""
    if case.answered_at is not None or case.comment.author.erased_at or not case.comment.author.is_active:
        return True
    moderators = RoleGrant.objects.standing().filter(user=OuterRef("author"), role=Role.MODERATOR)
    answers = Comment.objects.filter(reply_to=case.comment_id, status=Comment.Status.LIVE)
    return answers.filter(Exists(moderators)).exists()


def _needed(typed: str, field: str, sentence: str) -> str:
    words = typed.strip()
    if not words:
        raise ValidationError({field: sentence})
    if len(words) > LONGEST:
        raise ValidationError({field: _("Write at most {n} characters.").format(n=f"{LONGEST:,}")})
    return words


def _fresh(case: CrisisCase) -> CrisisCase:
    case.refresh_from_db()
    return case
