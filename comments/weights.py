"""How much a report counts: by who sent it and what became of their earlier ones. Enough together take a comment out of view."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone

from accounts import limits
from accounts.models import User

from .models import Comment, Decision, Report, Sanction

Outcome = Report.Outcome

NOTHING, STRANGER, NEWCOMER, KNOWN = Decimal(0), Decimal("0.25"), Decimal("0.5"), Decimal(1)
MOST, LEAST = Decimal(3), Decimal("0.1")
# Whose privacy or legal report hides at once: from five answered reports on, all of them right.
TRUSTED = Decimal("1.5")
NEW_FOR = timedelta(days=7)
# Before so many answers nobody has a record, and after so many it counts in full.
FIRST_RECORD, FULL_RECORD = 5, 64
A_DAY = 24 * 3600
HIDES_ALONE = (Report.Reason.PRIVACY, Report.Reason.ILLEGAL)


@dataclass(frozen=True)
class Weight:
    """What one report counts, and whether its sender is somebody we do not know yet."""

    value: Decimal
    by_newcomer: bool


@dataclass(frozen=True)
class Weighed:
    """The reports of a comment's present words taken together."""

    total: Decimal
    hides_at: Decimal
    strangers: int
    newcomers: int

    @property
    def is_enough(self) -> bool:
        return self.total >= self.hides_at


def of(reporter: User | None, comment: Comment, *, client: str = "") -> Weight:
    """What a report counts that arrives now. It stays what it was, whatever the reporter does later."""
    if reporter is None:
        # Three reports from one connection about one comment are one voice.
        is_first = limits.spend(f"report.weight.{comment.pk}", client, limit=1, seconds=A_DAY)
        return Weight(STRANGER if is_first else NOTHING, True)
    if _is_banned(reporter):
        return Weight(NOTHING, False)  # It is read like any other; it only hides nothing.
    record = record_of(reporter)
    if is_newcomer(reporter):
        # A good record does not make a new account old; a bad one counts at once.
        return Weight(min(NEWCOMER, record or NEWCOMER), True)
    return Weight(KNOWN if record is None else record, False)


def record_of(reporter: User) -> Decimal | None:
    """From 0.1 for somebody who was always wrong to 3 for somebody always right, the surer the more reports were answered."""
    answered = Report.objects.filter(reporter=reporter, weight__gt=0).aggregate(
        right=Count("pk", filter=Q(outcome=Outcome.REMOVED)), wrong=Count("pk", filter=Q(outcome=Outcome.KEPT))
    )
    return earned(**answered)


def earned(*, right: int, wrong: int) -> Decimal | None:
    count = right + wrong
    if count < FIRST_RECORD:
        return None
    lean = (right - wrong) / count * min(1.0, math.log(count) / math.log(FULL_RECORD))
    value = float(MOST) ** lean if lean >= 0 else float(1 / LEAST) ** lean
    return Decimal(str(round(value, 2)))


def is_newcomer(user: User) -> bool:
    """Here for less than a week, and no moderator ever approved a comment of theirs."""
    if user.date_joined <= timezone.now() - NEW_FOR:
        return False
    approved = Decision.objects.filter(author=user, source=Decision.Source.MODERATOR, to_status=Comment.Status.LIVE)
    return not approved.exists()


def weigh(reports: Iterable[Report]) -> Weighed:
    """Strangers and newcomers together never count more than half of what it takes: somebody known must join them."""
    hides_at = Decimal(settings.REPORTS_HIDE_AT)
    known, unknown, strangers, newcomers = NOTHING, NOTHING, 0, 0
    for report in reports:
        if report.by_newcomer:
            unknown += report.weight
            strangers += report.reporter_id is None
            newcomers += report.reporter_id is not None
        else:
            known += report.weight
    return Weighed(known + min(unknown, hides_at / 2), hides_at, strangers, newcomers)


def hides(comment: Comment, report: Report) -> bool:
    """Whether this report, together with those that wait, takes the comment out of view until a moderator has looked."""
    if comment.status != Comment.Status.LIVE or comment.author.role_codes or was_kept(comment):
        return False
    if report.reason in HIDES_ALONE and report.weight >= TRUSTED:
        return True
    return weigh(about_these_words(comment)).is_enough


def about_these_words(comment: Comment):
    return comment.reports.filter(revision=comment.current_id, closed_at=None)


def was_kept(comment: Comment) -> bool:
    """A moderator answered reports of these very words: they stay. New words may be asked about anew."""
    return comment.reports.filter(revision=comment.current_id, outcome=Outcome.KEPT).exists()


def _is_banned(user: User) -> bool:
    now = timezone.now()
    bans = Sanction.objects.filter(user=user, kind=Sanction.Kind.BAN, lifted_at=None)
    return bans.filter(Q(until=None) | Q(until__gt=now)).exists()
