"""Taking a page from readers: the act itself, for verbs that asked permission or have no choice."""

from audit.moves import record

from .. import freshness, notices, projections
from ..models import Page, Publication, Schedule, Withdrawal
from ..signals import page_withdrawn


def take_down(page: Page, *, by, kind: str, public_reason: str) -> Withdrawal:
    """Withdraw what is live. The caller holds the page's lock and a transaction, and writes the audit entry.

    The database clears the live pointer and refuses what was planned; here the derived rows go, lists become stale,
    the apps above are told, and so is whoever planned something.
    """
    publication: Publication = page.live_publication
    planned = list(page.schedules.filter(status__in=[Schedule.Status.PENDING, Schedule.Status.RUNNING]))
    withdrawal = Withdrawal.objects.create(
        page=page, publication=publication, kind=kind, public_reason=public_reason, by=by
    )
    page.refresh_from_db()
    projections.clear(page)
    freshness.bump_site()
    page_withdrawn.send(sender=Page, page=page, publication=publication, by=by)
    for one in planned:
        one.refresh_from_db()
        notices.not_published(one, one.why)
    # The chain comes last of all locks.
    for one in planned:
        record(one, by=by, verb="schedule.refused", to=one.status, why=one.why, withdrawal=withdrawal.pk)
    return withdrawal
