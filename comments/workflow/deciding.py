"""What moderators decide: every change of a comment's status goes through `transition`, together with its Decision."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _

from accounts import mail
from accounts.models import OutboxMail, PolicyClause, User
from articles import freshness
from articles.models import Page
from audit.moves import WrongState, record

from .. import permissions, queue, statements, text, thread
from ..models import (
    Appeal,
    Batch,
    Comment,
    CommentRevision,
    Conversation,
    Decision,
    DecisionText,
    Notification,
    QueueItem,
    Report,
)
from . import following, sanctioning

Status = Comment.Status
Source = Decision.Source
Reason = Decision.Reason

UNDO_WINDOW = permissions.UNDO_WINDOW
SETTLED = permissions.SETTLED
KEPT = "comment.kept"
EDITED = "comment.edited"
REDACTED = "comment.redacted"
ASKED = "comment.asked"
UNDONE = "comment.undone"
BY_REPORTS = "comment.hidden_by_reports"
# Verbs that leave the status as it is and still say something.
STAYING = (KEPT, EDITED, ASKED, REDACTED, UNDONE)


@dataclass(frozen=True)
class Ruling:
    """What is decided, by whom and why; the words are kept apart from the codes because words can be erased."""

    to: str
    verb: str
    source: str
    reason: str
    by: User | None
    clause: PolicyClause | None = None
    message: str = ""
    note: str = ""
    revision: CommentRevision | None = None  # new words that the comment shows from now on
    undoes: Decision | None = None
    batch: Batch | None = None


def approve(comment: Comment, *, by: User, version: int, batch: Batch | None = None) -> Decision:
    """Publish a comment that waits (or was refused before)."""
    return _moderate(
        comment,
        Ruling(Status.LIVE, "comment.approved", Source.MODERATOR, Reason.WITHIN_RULES, by, batch=batch),
        version,
    )


def reject(
    comment: Comment,
    *,
    by: User,
    version: int,
    reason: str,
    clause: PolicyClause | None,
    message: str = "",
    note: str = "",
    batch: Batch | None = None,
) -> Decision:
    """Keep a comment from readers and tell its author why: a reason, the rule it broke, and words of your own."""
    _may(by, comment)
    if reason not in Reason.values or reason in (Reason.WITHIN_RULES, Reason.AUTHOR, Reason.ERASURE, Reason.SCREENING):
        raise ValidationError(_("Choose why you are rejecting this comment."))
    if clause is None or clause.version_id != comment.current.rules_version_id:
        raise ValidationError(_("Choose a rule of the version that the member agreed to."))
    ruling = Ruling(
        Status.REJECTED, "comment.rejected", Source.MODERATOR, reason, by, clause, message, note, batch=batch
    )
    return _moderate(comment, ruling, version)


def hide(comment: Comment, *, by: User, version: int, note: str = "") -> Decision:
    """Take a live comment out of view while it is looked at again; it goes back into the queue."""
    ruling = Ruling(Status.HIDDEN, "comment.hidden", Source.MODERATOR, Reason.OTHER, by, note=note)
    return _moderate(comment, ruling, version)


def hide_by_reports(comment: Comment, *, version: int) -> Decision:
    """Reports weigh enough: out of view until a moderator has looked. Nothing follows from it, and its author is not written to."""
    return transition(comment, Ruling(Status.HIDDEN, BY_REPORTS, Source.REPORTS, Reason.OTHER, None), version)


def restore(comment: Comment, *, by: User, version: int) -> Decision:
    """Bring back what was hidden, rejected or called spam. It keeps its place in the thread."""
    _may(by, comment)
    if comment.status == Status.HELD:
        raise WrongState(_("This comment still waits for its first decision. Approve or reject it."))
    return _moderate(
        comment, Ruling(Status.LIVE, "comment.restored", Source.MODERATOR, Reason.WITHIN_RULES, by), version
    )


def mark_spam(comment: Comment, *, by: User, version: int, batch: Batch | None = None) -> Decision:
    ruling = Ruling(Status.SPAM, "comment.marked_spam", Source.MODERATOR, Reason.SELLING, by, batch=batch)
    return _moderate(comment, ruling, version)


def keep(comment: Comment, *, by: User, version: int, batch: Batch | None = None) -> Decision:
    """Looked at again, and it stays as it is: reports are closed, an appeal is turned down."""
    _may(by, comment)
    if comment.status in (Status.HELD, Status.HIDDEN):
        raise WrongState(_("This comment waits for a decision. Approve or reject it."))
    last = comment.decisions.select_related("clause").order_by("-version").first()
    reason, clause = (Reason.WITHIN_RULES, None) if comment.status == Status.LIVE else (last.reason, last.clause)
    return _moderate(comment, Ruling(comment.status, KEPT, Source.MODERATOR, reason, by, clause, batch=batch), version)


def approve_redacted(
    comment: Comment, *, by: User, version: int, spans: list[tuple[int, int]], message: str = ""
) -> Decision:
    """Publish a comment without the marked places: [start, end) in the text as typed. What was there is sealed, not gone.

    The author is told, and may withdraw. Raises ValidationError where nothing is marked or nothing would be left.
    """
    _may(by, comment)
    words = text.redacted(comment.current.text, spans)
    with transaction.atomic():
        Page.objects.select_for_update(no_key=True).get(pk=comment.conversation_id)
        row = Comment.objects.select_for_update(no_key=True, of=("self",)).select_related("current").get(pk=comment.pk)
        _in_time(row, version)
        revision = CommentRevision.objects.create(
            comment=row, number=row.revisions.count() + 1, author_id=row.author_id, text=words, html=text.to_html(words),
            rules_version_id=row.current.rules_version_id, publication_id=row.current.publication_id, redacted_by=by,
        )  # fmt: skip
        CommentRevision.objects.filter(comment=row, pk__lt=revision.pk, sealed_at=None).update(sealed_at=timezone.now())
        ruling = Ruling(Status.LIVE, REDACTED, Source.MODERATOR, Reason.PRIVACY, by, message=message, revision=revision)
        decision = transition(row, ruling, version)
    comment.refresh_from_db()
    return decision


def ask_to_edit(comment: Comment, *, by: User, version: int, message: str, reason: str = Reason.OTHER) -> Decision:
    """Leave a waiting comment waiting, and ask its author to change something. She is told what, in the moderator's words."""
    _may(by, comment)
    if comment.status != Status.HELD:
        raise WrongState(_("Only a comment that waits can be sent back to its author."))
    if not message.strip():
        raise ValidationError({"message": _("Say what she should change.")})
    ruling = Ruling(Status.HELD, ASKED, Source.MODERATOR, reason, by, message=message.strip())
    return _moderate(comment, ruling, version)


def undo(decision: Decision, *, by: User) -> Decision:
    """Take back one's own last decision within ten seconds: before anybody was mailed, as if it had not been made."""
    if decision.decided_by_id != by.pk or decision.source != Source.MODERATOR:
        raise PermissionDenied(_("You can take back your own decisions only."))
    comment = Comment.objects.select_related("current").get(pk=decision.comment_id)
    _may(by, comment)
    if decision.undoes_id is not None or decision.at < timezone.now() - SETTLED:
        raise WrongState(_("It is too late to take this back. You can decide anew."))
    earlier = comment.decisions.filter(version__lt=decision.version).order_by("-version").first()
    clause = earlier.clause if earlier is not None and decision.from_status == Status.REJECTED else None
    with transaction.atomic():
        whole = _unredacted(decision)
        ruling = Ruling(
            decision.from_status, UNDONE, Source.MODERATOR, decision.reason, by, clause, undoes=decision, revision=whole
        )
        return transition(comment, ruling, decision.version)


def _unredacted(decision: Decision) -> CommentRevision | None:
    """The words from which a redaction was made, with their seal off; None for every other decision."""
    redacted = decision.revision
    if redacted is None or redacted.redacted_by_id is None:
        return None
    if decision.comment.decisions.filter(version__lt=decision.version, revision=redacted).exists():
        return None
    whole = redacted.comment.revisions.filter(number__lt=redacted.number, redacted_by=None).order_by("-number").first()
    if whole is not None:
        CommentRevision.objects.filter(pk=whole.pk).update(sealed_at=None)
    return whole


def what_happened(decision: Decision | None) -> str:
    """How a moderator who came second is told about the first decision."""
    if decision is None:
        return _("The comment changed since you opened it.")
    at = time_format(timezone.localtime(decision.at), "H:i")
    if decision.source == Source.MODERATOR:
        words = {
            Status.LIVE: _("Already approved by {name} at {time}."),
            Status.REJECTED: _("Already rejected by {name} at {time}."),
            Status.HIDDEN: _("Already hidden by {name} at {time}."),
            Status.SPAM: _("Already marked as spam by {name} at {time}."),
        }.get(decision.to_status, _("Already decided by {name} at {time}."))
        return words.format(name=decision.decided_by.get_full_name(), time=at)
    if decision.source == Source.AUTHOR and decision.to_status == Status.WITHDRAWN:
        return _("The member deleted this comment at {time}.").format(time=at)
    if decision.source == Source.AUTHOR or decision.from_status == decision.to_status:
        return _("The member changed these words at {time}.").format(time=at)
    if decision.source == Source.ERASURE:
        return _("The member’s words were erased at {time}.").format(time=at)
    return _("This was already decided at {time}.").format(time=at)


def why_not_edit(comment: Comment, version: int) -> str:
    """Why the author can no longer change her words, said to her."""
    if comment.version != version:
        return _("This comment changed since you opened it: {status}. Your new words were not saved.").format(
            status=comment.get_status_display()
        )
    if comment.status == Status.LIVE:
        return _("A published comment can be changed for 15 minutes. You can delete it and write a new one.")
    return _("This comment can no longer be changed.")


def _moderate(comment: Comment, ruling: Ruling, version: int) -> Decision:
    _may(ruling.by, comment)
    return transition(comment, ruling, version)


def _may(by: User, comment: Comment) -> None:
    if reason := permissions.why_not_decide(by, comment):
        raise PermissionDenied(reason)


@transaction.atomic
def transition(comment: Comment, ruling: Ruling, version: int) -> Decision:
    """The one place where a comment changes status. Of two people who press at the same moment exactly one wins.

    Lock order: page, comment, queue item, audit chain.
    """
    page = Page.objects.select_for_update(no_key=True).get(pk=comment.conversation_id)
    row = Comment.objects.select_for_update(no_key=True).get(pk=comment.pk)
    _in_time(row, version)
    if ruling.undoes is None and ruling.to not in (row.status, *Comment.MOVES.get(row.status, ())):
        raise WrongState(_("The comment is not in a state where this can be done. Your choice was not saved."))
    if ruling.to == Status.SPAM and row.crisis_cases.filter(closed_at=None).exists():
        raise WrongState(
            _("Somebody may be in danger here, so this cannot be called spam. Close the crisis case first.")
        )
    if ruling.to == row.status and ruling.verb not in STAYING:
        raise WrongState(_("This was already done."))
    appeal = _open_appeal(row, ruling)
    decision = _write_decision(row, ruling)
    _move(row, ruling)
    _show(page, row, ruling)
    _settle(row, ruling, decision, appeal)
    _tell_author(row, ruling, decision, appeal)
    sanctioning.follow_the_decision(row, decision)
    if ruling.source != Source.POLICY or ruling.revision is not None:
        record(
            row, by=ruling.by, verb=ruling.verb, decision=decision.pk, version=decision.version, revision=decision.revision_id,
            reason=ruling.reason, clause=ruling.clause and ruling.clause.pk, **{"from": row.status, "to": ruling.to},
            **_statement(row, ruling, decision),
        )  # fmt: skip
    comment.refresh_from_db()
    return decision


def _statement(row: Comment, ruling: Ruling, decision: Decision) -> dict:
    """Whether its author is owed the reasons, or which exemption applies."""
    duty = statements.duty(decision, row.author, redacted=ruling.verb == REDACTED)
    return {} if duty == statements.Duty.NONE else {"statement": duty.value}


def _in_time(row: Comment, version: int) -> None:
    """Whoever decides on an older version is told what happened meanwhile."""
    if row.version != version:
        last = row.decisions.select_related("decided_by").order_by("-version").first()
        raise WrongState(_("{event} Your choice was not saved.").format(event=what_happened(last)))


def _open_appeal(row: Comment, ruling: Ruling) -> Appeal | None:
    appeal = Appeal.objects.filter(decision__comment=row, decided_at=None).first()
    if appeal is not None and ruling.source == Source.MODERATOR and appeal.first_moderator_id == ruling.by.pk:
        raise PermissionDenied(_("You decided the first time, so somebody else must hear the appeal."))
    return appeal


def _write_decision(row: Comment, ruling: Ruling) -> Decision:
    salt = secrets.token_hex(16) if ruling.message or ruling.note else ""
    decision = Decision.objects.create(
        comment=row,
        version=row.version + 1,
        from_status=row.status,
        to_status=ruling.to,
        source=ruling.source,
        reason=ruling.reason,
        clause=ruling.clause,
        revision_id=ruling.revision.pk if ruling.revision else row.current_id,
        decided_by=None if ruling.source == Source.POLICY else ruling.by,
        undoes=ruling.undoes,
        batch=ruling.batch,
        author_id=row.author_id,
        text_hash=words_hash(salt, ruling.message, ruling.note) if salt else "",
    )
    if salt:
        DecisionText.objects.create(decision=decision, message=ruling.message, note=ruling.note, salt=salt)
    return decision


def words_hash(salt: str, message: str, note: str) -> str:
    """Binds the erasable words to the decision that stays."""
    return hashlib.sha256("\x1f".join((salt, message, note)).encode()).hexdigest()


def _move(row: Comment, ruling: Ruling) -> None:
    now = timezone.now()
    changes = {"status": ruling.to, "version": row.version + 1}
    if ruling.to == Status.LIVE and row.published_at is None:
        changes["published_at"] = now
    if ruling.source == Source.MODERATOR and row.read_at is None:
        changes["read_at"] = now
    if ruling.revision is not None:
        changes["current"] = ruling.revision
        if ruling.undoes is None:
            changes["edited_at"] = now
    if ruling.undoes is not None and row.published_at is not None and _was_first_publishing(ruling.undoes, row):
        changes["published_at"] = None
    same = Comment.objects.filter(pk=row.pk, status=row.status, version=row.version)
    if not same.update(**changes):
        raise WrongState(_("Somebody else changed this first. Your choice was not saved."))


def _show(page: Page, row: Comment, ruling: Ruling) -> None:
    """What readers see of a page changed: its count, those of the comments above, and the page's version."""
    step = (ruling.to == Status.LIVE) - (row.status == Status.LIVE)
    if step:
        Conversation.objects.filter(pk=page.pk).update(live_count=F("live_count") + step)
        Comment.objects.filter(pk__in=thread.above(row)).update(live_below=F("live_below") + step)
    if step or (ruling.revision is not None and ruling.to == Status.LIVE) or row.live_below:
        freshness.bump(page)
    if step < 0:
        following.take_back(row)


def _settle(row: Comment, ruling: Ruling, decision: Decision, appeal: Appeal | None) -> None:
    """Close what the decision answers: queue item, reports, appeal. Hiding answers nothing; it asks."""
    if ruling.verb == EDITED:
        return  # New words answer nothing either: what was asked about the old ones still stands.
    if ruling.verb == ASKED:
        queue.put_aside(row)
        return
    if ruling.undoes is not None:
        _reopen(row, ruling.undoes)
        return
    if ruling.to == Status.HIDDEN and row.status != Status.HIDDEN:
        why = "hidden_by_reports" if ruling.verb == BY_REPORTS else "hidden"
        queue.enqueue(row, QueueItem.Lane.REPORTED, [why])
        return
    if ruling.source == Source.AUTHOR and row.reports.filter(closed_at=None).exists():
        return  # The words are gone from readers, but a report may still need an answer.
    _answer_reports(row, ruling)
    queue.close(row)
    if appeal is not None:
        heard_by = ruling.by if ruling.source == Source.MODERATOR else None
        Appeal.objects.filter(pk=appeal.pk).update(
            decided_by=heard_by, decided_at=timezone.now(), upheld=ruling.to == Status.LIVE if heard_by else None
        )


def _reopen(row: Comment, undone: Decision) -> None:
    """What a decision answered waits again, as if it had never been answered."""
    # The moment is the same for everything that one decision closed; a little slack for the clock between the lines.
    around = {"closed_at__gte": undone.at - timedelta(seconds=2)}
    reports = row.reports.filter(**around)
    Notification.objects.filter(report__in=reports).delete()
    reports.update(closed_at=None, outcome="")
    if undone.to_status == Status.HIDDEN:
        queue.forget_hiding(row, since=undone.at - timedelta(seconds=2))
    else:
        queue.reopen(row, since=undone.at - timedelta(seconds=2))
    Appeal.objects.filter(decision__comment=row, decided_at__gte=undone.at - timedelta(seconds=2)).update(
        decided_by=None, decided_at=None, upheld=None
    )
    Notification.objects.filter(decision=undone).delete()
    earlier = row.decisions.filter(version=undone.version - 1, source=Source.MODERATOR).first()
    if earlier is not None:
        following.said_before(row, earlier)


def _was_first_publishing(undone: Decision, row: Comment) -> bool:
    before = row.decisions.filter(version__lt=undone.version, to_status=Status.LIVE)
    return undone.to_status == Status.LIVE and not before.exists() and not row.replies.exists()


def _answer_reports(row: Comment, ruling: Ruling) -> None:
    answers = {
        Status.LIVE: Report.Outcome.KEPT,
        Status.WITHDRAWN: Report.Outcome.GONE,
        Status.ERASED: Report.Outcome.GONE,
    }
    waiting = list(row.reports.filter(closed_at=None))
    if waiting:
        outcome = answers.get(Status(ruling.to), Report.Outcome.REMOVED)
        reports = row.reports.filter(pk__in=[one.pk for one in waiting])
        if outcome == Report.Outcome.KEPT:
            # What stays is not what these were about.
            about_earlier = reports.exclude(revision=row.current_id)
            about_earlier.update(closed_at=timezone.now(), outcome=Report.Outcome.CHANGED)
        reports.filter(closed_at=None).update(closed_at=timezone.now(), outcome=outcome)
        following.answered(waiting)


def _tell_author(row: Comment, ruling: Ruling, decision: Decision, appeal: Appeal | None) -> None:
    """A refusal and the answer to an appeal are always told, an approval only the first time."""
    # What was taken back within the undo window was never said.
    if ruling.verb != KEPT or appeal is not None:
        OutboxMail.objects.filter(key=_mail_key(row, row.version), status=OutboxMail.Status.WAITING).delete()
    author = row.author
    if ruling.source != Source.MODERATOR or not author.is_active or author.erased_at:
        return
    if ruling.undoes is None and (ruling.verb != KEPT or appeal is not None):
        following.decided(row, decision)
    template = _news(row, ruling, appeal)
    if not template:
        return
    context = {"comment": row, "page": row.conversation.page, "clause": ruling.clause, "message": ruling.message}
    mail.send(
        f"comments/{template}",
        author.email,
        context | {"decision": decision, "restored": ruling.to == Status.LIVE},
        not_before=timezone.now() + SETTLED,
        key=_mail_key(row, decision.version),
    )


def _news(row: Comment, ruling: Ruling, appeal: Appeal | None) -> str:
    if ruling.undoes is not None:
        return ""
    if ruling.verb in (ASKED, REDACTED):
        return "asked_to_edit" if ruling.verb == ASKED else "redacted"
    if appeal is not None:
        return "appeal_answered"
    if ruling.to == Status.REJECTED and ruling.verb != KEPT:
        return "rejected"
    if ruling.to == Status.LIVE and row.published_at is None and not _was_approved_before(row):
        return "approved"
    return ""


def _mail_key(row: Comment, version: int) -> str:
    return f"comment-{row.pk}-decision-{version}"


def _was_approved_before(row: Comment) -> bool:
    approvals = Decision.objects.filter(author=row.author_id, source=Source.MODERATOR, to_status=Status.LIVE)
    return approvals.exclude(comment=row).exists()
