"""What becomes of sources: a list of retractions carried out, and what a person found out."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.moves import WrongState

from .. import permissions
from ..models import Reference, ReferenceStatus
from ..source_events import FINAL, LESS, events_of
from ..sources import Found, Plan, event_of, judge
from .calling_back import record_reference_status

log = logging.getLogger(__name__)


@dataclass
class Outcome:
    """How many events were written, and the sources where that failed, with the reason."""

    recorded: int = 0
    failed: list[tuple[Reference, str]] = field(default_factory=list)


def carry_out(plan: Plan, *, by) -> Outcome:
    """Record what a list says that is news. Each source by itself: one that fails stops none of the others."""
    _require(by)
    outcome = Outcome()
    for found in plan.news:
        try:
            outcome.recorded += _record_all(found, by=by)
        # Whatever it is, the next source may be cited on a page that somebody reads right now.
        except Exception as error:
            log.exception("Source %s could not be recorded", found.reference.pk)
            outcome.failed.append((found.reference, str(error) or type(error).__name__))
    return outcome


def record_by_hand(
    reference: Reference,
    *,
    by,
    status: str,
    seen: int,
    notice: str = "",
    effective_on: date | None = None,
    source: str = "",
) -> ReferenceStatus:
    """Somebody found out about a source. `seen` is the newest event they saw: of two people who press, one is told.

    Raises ValidationError where less than a reinstatement would lift a retraction.
    """
    _require(by)
    with transaction.atomic():
        reference = Reference.objects.select_for_update().get(pk=reference.pk)
        if reference.status in FINAL and status in LESS:
            raise ValidationError(
                _(
                    "This source is retracted. Only a reinstatement, or your finding that it is in good standing, lifts that."
                )
            )
        known = events_of([reference.pk])[reference.pk]
        if max((event.pk for event in known), default=0) != seen:
            raise WrongState(
                _("Somebody else recorded something about this source first. Look at it before you go on.")
            )
        return record_reference_status(
            reference, status=status, by=by, notice=notice, effective_on=effective_on, source=source
        )


def _record_all(found: Found, *, by) -> int:
    """What is news about one source; how many events that were."""
    with transaction.atomic():
        reference = Reference.objects.select_for_update().get(pk=found.reference.pk)
        # Asked again under the lock: somebody may have carried out the same list meanwhile.
        now = judge(reference, found.rows, events_of([reference.pk])[reference.pk])
        news = [change for change in now.changes if change.outcome != "known"]
        # The last word first: what it has overtaken is then history, and no page is called back for a retraction
        # that was undone years ago.
        for change in sorted(news, key=lambda change: change.outcome != "new"):
            event = event_of(change.row)
            record_reference_status(
                reference,
                status=event.status,
                by=by,
                notice=event.notice,
                effective_on=event.on,
                source=event.source,
            )
    return len(news)


def _require(by) -> None:
    if not (permissions.can_review(by) or by.is_machine):
        raise PermissionDenied(_("Only a reviewer or an editor may record this."))
