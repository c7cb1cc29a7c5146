"""One choice for many comments. Which ones is fixed when it is made; each gets its own decision, or its own reason why not."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, OperationalError, transaction
from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import PolicyClause, User
from audit.moves import WrongState, record

from .. import permissions, refusals
from ..models import Batch, Comment, QueueItem
from ..signals import batch_finished
from . import deciding

log = logging.getLogger(__name__)

MOST = 2_000
AT_ONCE = 20  # decided while the moderator waits; more is left to the worker
TOO_OLD = gettext_lazy("This list is more than an hour old. Open it again and look at what is in it now.")
STEP = 50  # of each batch in one turn of the worker


class Outcome(TextChoices):
    WAITS = "", gettext_lazy("Waits")
    DONE = "done", gettext_lazy("Done")
    CONFLICT = "conflict", gettext_lazy("Changed meanwhile")
    REFUSED = "refused", gettext_lazy("Not allowed")


@dataclass(frozen=True)
class Row:
    """One comment of a batch and what became of it."""

    comment: Comment
    outcome: Outcome
    said: str


def start(
    items: Iterable[tuple[int, int]], *, by: User, act: str, reason: str = "", clause_code: str = "", message: str = ""
) -> Batch:
    """Fix the choice: comments with the versions that were shown. Nothing is decided yet; `run` does that, and can go on later."""
    chosen = [[int(pk), int(version)] for pk, version in dict(items).items()]
    if not permissions.is_moderator(by):
        raise PermissionDenied(_("Only a moderator may decide about comments."))
    if act not in Batch.Act.values:
        raise ValidationError({"act": _("Choose what to do with them.")})
    if not chosen:
        raise ValidationError(_("Choose at least one comment."))
    if len(chosen) > MOST:
        raise ValidationError(_("Choose at most {n} comments at once.").format(n=MOST))
    if act == Batch.Act.REJECT and reason not in refusals.USUAL_WORDS:
        raise ValidationError({"reason": _("Choose why you are rejecting these comments.")})
    if act != Batch.Act.REJECT:
        reason = clause_code = message = ""  # nobody would ever read them
    if Comment.objects.filter(pk__in=[pk for pk, _version in chosen]).count() != len(chosen):
        raise ValidationError(_("One of these comments does not exist."))
    with transaction.atomic():
        batch = Batch.objects.create(
            by=by, act=act, reason=reason, clause_code=clause_code, message=message.strip()[:1000], items=chosen
        )
        record(batch, by=by, verb="batch.started", act=act, reason=reason, count=len(chosen))
    return batch


def run(batch: Batch, *, most: int | None = None) -> Batch:
    """Decide about what is left, one transaction each, at most `most` of them. Interrupted, it goes on where it stopped."""
    batch.refresh_from_db()
    left = [(pk, version) for pk, version in batch.items if str(pk) not in batch.outcomes]
    for pk, version in left[:most]:
        _one(batch.pk, pk, version)
    batch.refresh_from_db()
    if batch.finished_at is None and len(batch.outcomes) == len(batch.items):
        _finish(batch)
    return batch


def _finish(batch: Batch) -> None:
    with transaction.atomic():
        is_first = Batch.objects.filter(pk=batch.pk, finished_at=None).update(finished_at=timezone.now())
        batch.refresh_from_db()
        if is_first:
            batch_finished.send(sender=Batch, batch=batch)


def run_unfinished() -> None:
    """A step of every batch that still has something left, so that a large one keeps no small one waiting."""
    for batch in Batch.objects.filter(finished_at=None).order_by("pk"):
        run(batch, most=STEP)


def outcomes(batch: Batch) -> list[Row]:
    """Each comment with what became of it, in the order chosen."""
    comments = Comment.objects.select_related("author", "current").in_bulk([pk for pk, _version in batch.items])
    found = [(comments[pk], batch.outcomes.get(str(pk), ["", ""])) for pk, _version in batch.items]
    return [Row(comment, Outcome(code), said) for comment, (code, said) in found]


def _one(batch: int, pk: int, version: int) -> None:
    with transaction.atomic():
        # Two workers on one batch: the second finds the outcome and goes on.
        row = Batch.objects.select_for_update(no_key=True).get(pk=batch)
        if str(pk) in row.outcomes:
            return
        row.outcomes[str(pk)] = _outcome(row, pk, version)
        row.save(update_fields=["outcomes"])


def _outcome(batch: Batch, pk: int, version: int) -> list[str]:
    try:
        with transaction.atomic():
            _decide(batch, Comment.objects.select_related("current__rules_version", "author").get(pk=pk), version)
    except WrongState as first:
        return [Outcome.CONFLICT.value, str(first)]
    except PermissionDenied as refusal:
        return [Outcome.REFUSED.value, str(refusal)]
    except ValidationError as error:
        return [Outcome.REFUSED.value, " ".join(error.messages)]
    except OperationalError:
        raise  # the database is busy or away; the next turn tries this one again
    except DatabaseError:
        # One comment that cannot be decided must not keep the others waiting for ever.
        log.exception("Comment %s of batch %s could not be decided.", pk, batch.pk)
        return [Outcome.REFUSED.value, _("The database refused this decision. Look at the comment by itself.")]
    return [Outcome.DONE.value, ""]


def _decide(batch: Batch, comment: Comment, version: int) -> None:
    if comment.queue_items.filter(closed_at=None, rank=QueueItem.RANKS[QueueItem.Lane.CRISIS]).exists():
        raise PermissionDenied(_("This may be about somebody in danger. It is read by itself, never with others."))
    who = {"by": batch.by, "version": version, "batch": batch}
    if batch.act == Batch.Act.REJECT:
        clause = _clause(comment, batch)
        if clause is None:
            raise PermissionDenied(
                _("The rules that this member agreed to have no rule for this reason. Choose one on the card.")
            )
        message = refusals.words_for(batch.reason, batch.message)
        deciding.reject(comment, reason=batch.reason, clause=clause, message=message, **who)
        return
    verbs = {Batch.Act.APPROVE: deciding.approve, Batch.Act.SPAM: deciding.mark_spam, Batch.Act.KEEP: deciding.keep}
    verbs[Batch.Act(batch.act)](comment, **who)


def _clause(comment: Comment, batch: Batch) -> PolicyClause | None:
    clauses = list(comment.current.rules_version.clauses.all())
    by_code = {clause.code: clause for clause in clauses}
    return by_code.get(batch.clause_code) or refusals.likely_rule(batch.reason, clauses)
