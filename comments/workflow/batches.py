"""One choice for many comments. Which ones is fixed when it is made; each gets its own decision, or its own reason why not."""

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import PolicyClause, User
from audit.moves import WrongState, record

from .. import permissions, refusals
from ..models import Batch, Comment
from ..signals import batch_finished
from . import deciding

MOST = 2_000
DONE = "done"


def start(
    items: Iterable[tuple[int, int]], *, by: User, act: str, reason: str = "", clause_code: str = "", message: str = ""
) -> Batch:
    """Fix the choice: comments with the versions that were shown. Nothing is decided yet; `run` does that, and can go on later."""
    chosen = [[int(pk), int(version)] for pk, version in dict(items).items()]
    if not permissions.is_moderator(by):
        raise PermissionDenied(_("Only a moderator may decide about comments."))
    if act not in Batch.Act.values:
        raise ValidationError(_("Choose what to do with them."))
    if not chosen:
        raise ValidationError(_("Choose at least one comment."))
    if len(chosen) > MOST:
        raise ValidationError(_("Choose at most {n} comments at once.").format(n=MOST))
    if act == Batch.Act.REJECT and reason not in refusals.USUAL_WORDS:
        raise ValidationError({"reason": _("Choose why you are rejecting these comments.")})
    with transaction.atomic():
        batch = Batch.objects.create(
            by=by, act=act, reason=reason, clause_code=clause_code, message=message.strip()[:1000], items=chosen
        )
        record(batch, by=by, verb="batch.started", act=act, reason=reason, count=len(chosen))
    return batch


def run(batch: Batch, *, most: int | None = None) -> Batch:
    """Decide about what is left, one transaction each, at most `most` of them. Interrupted, it goes on where it stopped."""
    left = [(pk, version) for pk, version in batch.items if str(pk) not in batch.outcomes]
    for pk, version in left[:most]:
        _one(batch, pk, version)
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


def outcomes(batch: Batch) -> list[tuple[Comment, str]]:
    """Each comment with what became of it: `DONE`, a sentence, or "" while it waits; in the order chosen."""
    comments = Comment.objects.select_related("author").in_bulk([pk for pk, _version in batch.items])
    return [(comments[pk], batch.outcomes.get(str(pk), "")) for pk, _version in batch.items]


def _one(batch: Batch, pk: int, version: int) -> None:
    with transaction.atomic():
        # Two workers on one batch: the second finds the outcome and goes on.
        row = Batch.objects.select_for_update(no_key=True).get(pk=batch.pk)
        if str(pk) in row.outcomes:
            return
        try:
            with transaction.atomic():
                _decide(row, Comment.objects.select_related("current__rules_version", "author").get(pk=pk), version)
            said = DONE
        except (WrongState, PermissionDenied) as refusal:
            said = str(refusal)
        except ValidationError as error:
            said = " ".join(error.messages)
        row.outcomes[str(pk)] = said
        row.save(update_fields=["outcomes"])


def _decide(batch: Batch, comment: Comment, version: int) -> None:
    who = {"by": batch.by, "version": version, "batch": batch}
    if batch.act == Batch.Act.REJECT:
        clause = _clause(comment, batch)
        message = refusals.words_for(batch.reason, batch.message)
        deciding.reject(comment, reason=batch.reason, clause=clause, message=message, **who)
        return
    verbs = {Batch.Act.APPROVE: deciding.approve, Batch.Act.SPAM: deciding.mark_spam, Batch.Act.KEEP: deciding.keep}
    verbs[Batch.Act(batch.act)](comment, **who)


def _clause(comment: Comment, batch: Batch) -> PolicyClause | None:
    clauses = list(comment.current.rules_version.clauses.all())
    by_code = {clause.code: clause for clause in clauses}
    return by_code.get(batch.clause_code) or refusals.likely_rule(batch.reason, clauses)
