"""How well the desk and its screening do: measured on what moderators decided, nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db.models import Avg, Count, Exists, F, Max, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast, TruncDate
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from . import charts
from .models import Comment, Decision, QueueItem, SpamModel
from .screening import learnt, sample
from .screening.policy import MEANINGS, PATIENCE

Status = Comment.Status
Source = Decision.Source

LOOKED_BACK = timedelta(days=90)
DAYS = 28
WANTING = (Status.REJECTED, Status.HIDDEN, Status.SPAM)
# Of fewer decisions a share says nothing.
FEW = 10


@dataclass(frozen=True)
class Precision:
    """One sign: in how many comments it stood that were found wanting, and in how many that were not."""

    name: str | Promise
    wanting: int
    fine: int

    @property
    def decided(self) -> int:
        return self.wanting + self.fine

    @property
    def percent(self) -> int | None:
        """Of a hundred comments with it, how many were found wanting; None where too few were decided."""
        return round(100 * self.wanting / self.decided) if self.decided >= FEW else None


@dataclass(frozen=True)
class Sampled:
    """What the sample of comments that nobody had read showed."""

    percent: int  # the setting
    read: int
    wanting: int
    waiting: int

    @property
    def share(self) -> int | None:
        return round(100 * self.wanting / self.read) if self.read >= FEW else None


@dataclass(frozen=True)
class Learning:
    """What was learnt about spam, in words that a moderator can question."""

    model: SpamModel
    least: int
    is_used: bool
    for_spam: list
    against: list


def precision() -> list[Precision]:
    """For every sign, what moderators decided last about comments that bore it, in the last 90 days; one query."""
    wanting = Q(to_status__in=WANTING) | Q(_reason("escalated"))
    counted = (
        last_decisions()
        .filter(revision__findings__label__isnull=False)
        .values(label=F("revision__findings__label"))
        .annotate(wanting=Count("comment", filter=wanting, distinct=True), decided=Count("comment", distinct=True))
    )
    found = [
        Precision(MEANINGS[one["label"]].name, one["wanting"], one["decided"] - one["wanting"])
        for one in counted
        if one["label"] in MEANINGS
    ]
    return sorted(found, key=lambda one: (-one.decided, str(one.name)))


def sampled() -> Sampled:
    """Published by the screening, drawn for the sample, and read by a moderator since; two queries."""
    counts = (
        last_decisions()
        .filter(_reason(sample.REASON))
        .aggregate(read=Count("pk"), wanting=Count("pk", filter=Q(to_status__in=WANTING)))
    )
    waiting = QueueItem.objects.filter(closed_at=None, lane=QueueItem.Lane.SAMPLE)
    return Sampled(settings.SAMPLE_PERCENT, counts["read"], counts["wanting"], waiting[:1001].count())


def last_decisions() -> QuerySet[Decision]:
    """Of each comment what a moderator decided last, in the last 90 days; what was taken back does not count."""
    later = Decision.objects.filter(
        comment=OuterRef("comment"), source=Source.MODERATOR, version__gt=OuterRef("version")
    )
    return Decision.objects.filter(
        ~Exists(later), source=Source.MODERATOR, undoes=None, at__gte=timezone.now() - LOOKED_BACK,
        to_status__in=(Status.LIVE, *WANTING),
    ).order_by()  # fmt: skip


def learning() -> Learning | None:
    model = SpamModel.objects.order_by("-pk").first()
    if model is None:
        return None
    for_spam, against = learnt.heaviest(model)
    return Learning(model, learnt.LEAST, learnt.of(model).enough, for_spam, against)


def days() -> list[date]:
    today = timezone.localdate()
    return [today - timedelta(days=back) for back in reversed(range(DAYS))]


def volume(days: Sequence[date]) -> charts.Chart:
    written = Comment.objects.filter(created_at__date__gte=days[0]).order_by()
    counts = dict(written.values_list(TruncDate("created_at")).annotate(many=Count("pk")))
    values = [counts.get(day, 0) for day in days]
    words = ngettext("{n} comment in four weeks.", "{n} comments in four weeks.", sum(values)).format(n=sum(values))
    kinds = [charts.Series(_("Comments written"), "chart-1", values)]
    return charts.by_day("volume", _("Comments written"), words, days, kinds)


OUTCOMES = (
    (gettext_lazy("Published by the screening"), "chart-1", Q(source=Source.POLICY, from_status=Status.HELD)),
    (gettext_lazy("Approved or kept"), "chart-2", Q(source=Source.MODERATOR, to_status=Status.LIVE)),
    (gettext_lazy("Rejected"), "chart-3", Q(source=Source.MODERATOR, to_status=Status.REJECTED)),
    (gettext_lazy("Spam or hidden"), "chart-4", Q(source=Source.MODERATOR, to_status__in=(Status.SPAM, Status.HIDDEN))),
)


def outcomes(days: Sequence[date]) -> charts.Chart:
    """What was decided each day, whether it was decided anew later or not; what was taken back does not count."""
    kinds = {f"kind{place}": Count("pk", filter=asked) for place, (_name, _css, asked) in enumerate(OUTCOMES)}
    made = Decision.objects.filter(at__date__gte=days[0], undoes=None, undone_by=None).order_by()
    counts = {row["day"]: row for row in made.values(day=TruncDate("at")).annotate(**kinds)}
    series = [
        charts.Series(name, css, [counts.get(day, {}).get(f"kind{place}", 0) for day in days])
        for place, (name, css, _asked) in enumerate(OUTCOMES)
    ]
    total = sum(sum(one.values) for one in series)
    words = ngettext("{n} decision in four weeks.", "{n} decisions in four weeks.", total).format(n=total)
    return charts.by_day("outcomes", _("What was decided"), words, days, series)


def waits(days: Sequence[date]) -> charts.Chart:
    """How long comments had waited that left the queue, in hours."""
    closed = QueueItem.objects.filter(closed_at__date__gte=days[0]).order_by()
    waited = F("closed_at") - F("opened_at")
    rows = closed.values(day=TruncDate("closed_at")).annotate(mean=Avg(waited), longest=Max(waited))
    means = {row["day"]: _hours(row["mean"]) for row in rows}
    longest = max((_hours(row["longest"]) for row in rows), default=0)
    values = [means.get(day, 0) for day in days]
    words = _("Hours on average, for each day on which they were decided. The longest wait was {n} hours.").format(
        n=charts.number(longest)
    )
    kinds = [charts.Series(_("Hours waited on average"), "chart-1", values)]
    return charts.by_day("waits", _("How long comments waited"), words, days, kinds)


@dataclass(frozen=True)
class Age:
    """The most urgent comment of a lane: how long it has waited, against how long it may."""

    name: str | Promise
    words: str  # how many wait
    hours: str
    allowed: str
    bar: str  # of a hundred
    is_late: bool


def ages(tabs: list[dict]) -> list[Age]:
    now = timezone.now()
    found = []
    for tab in tabs:
        waited = _hours(now - tab["oldest"]) if tab["oldest"] else 0
        allowed = _hours(PATIENCE[tab["lane"]])
        bar = charts.number(min(waited / allowed, 1) * 100)
        found.append(
            Age(tab["name"], tab["words"], charts.number(waited), charts.number(allowed), bar, waited > allowed)
        )
    return found


def _hours(span: timedelta) -> float:
    return span.total_seconds() / 3600


def _reason(code: str) -> Exists:
    """Whether the comment of a decision ever waited for this reason."""
    items = QueueItem.objects.annotate(codes=Cast("reasons", TextField()))
    return Exists(items.filter(comment=OuterRef("comment"), codes__contains=f'"{code}"'))
