"""What moderation did in a month or a year, in numbers that name nobody."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db.models import Count, DurationField, ExpressionWrapper, F, Min, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles import freshness

from .models import Appeal, Comment, Decision, QueueItem, Report, Sanction, SanctionAppeal

Status = Comment.Status
Source = Decision.Source
# In a small community a single removal is somebody's; what is counted less than this often is not told exactly.
FEWEST = 5
COUNTED_FOR = 3600
PERIOD = re.compile(r"(?P<year>20[0-9]{2})(?:-(?P<month>0[1-9]|1[0-2]))?")
HANDS = {True: gettext_lazy("Automatically"), False: gettext_lazy("By a person")}
TAKEN_DOWN = (Status.REJECTED, Status.SPAM, Status.HIDDEN)


@dataclass(frozen=True)
class Period:
    """A month or a year on the site's clock."""

    year: int
    month: int | None = None

    @property
    def code(self) -> str:
        return f"{self.year}-{self.month:02}" if self.month else f"{self.year}"

    @property
    def begins(self) -> datetime:
        return timezone.make_aware(datetime(self.year, self.month or 1, 1))

    @property
    def ends(self) -> datetime:
        if self.month is None or self.month == 12:
            return timezone.make_aware(datetime(self.year + 1, 1, 1))
        return timezone.make_aware(datetime(self.year, self.month + 1, 1))

    def __str__(self) -> str:
        return date_format(date(self.year, self.month, 1), "F Y") if self.month else str(self.year)


@dataclass(frozen=True)
class Row:
    label: str
    code: str
    cells: tuple[str, ...]
    columns: tuple[str, ...] = ()

    @property
    def named(self) -> list[tuple[str, str]]:
        """Each number with the head of its column, for narrow screens."""
        return list(zip(self.columns, self.cells, strict=True))


@dataclass(frozen=True)
class Table:
    code: str
    title: str
    columns: tuple[str, ...]
    rows: list[Row]


@dataclass(frozen=True)
class Figures:
    period: str
    counted_at: datetime
    tables: list[Table]


def period(code: str) -> Period | None:
    """What an address names, if it has begun."""
    matched = PERIOD.fullmatch(code)
    if matched is None:
        return None
    found = Period(int(matched["year"]), int(matched["month"]) if matched["month"] else None)
    return found if found.begins <= timezone.now() else None


def periods() -> list[Period]:
    """Years and months since the first comment, the newest first."""
    today = timezone.localdate()
    first = Comment.objects.aggregate(at=Min("created_at"))["at"]
    since = timezone.localtime(first).date() if first else today
    months = range(since.year * 12 + since.month - 1, today.year * 12 + today.month)
    years = [Period(year) for year in range(today.year, since.year - 1, -1)]
    return [*years, *(Period(one // 12, one % 12 + 1) for one in reversed(months))]


def figures(asked: Period) -> Figures:
    """Counted anew at most once an hour, so that nobody can keep the database busy by reading."""
    key = f"transparency:{asked.code}"
    kept = freshness.attempt(freshness.cache.get, key)
    if kept is None:
        kept = count(asked)
        freshness.attempt(freshness.cache.set, key, kept, COUNTED_FOR)
    return kept


def count(asked: Period) -> Figures:
    """A fixed number of queries, however much happened."""
    tables = [
        _written(asked), _decisions(asked), _times(asked), _appeals(asked), _reports(asked), _sanctions(asked),
    ]  # fmt: skip
    return Figures(asked.code, timezone.now(), [_named(one) for one in tables])


def _named(table: Table) -> Table:
    return replace(table, rows=[replace(row, columns=table.columns) for row in table.rows])


def as_csv(found: Figures) -> str:
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(["period", "table", "row", "column", "value"])
    for table in found.tables:
        for row in table.rows:
            for column, cell in zip(table.columns, row.cells, strict=True):
                lines.writerow([found.period, table.code, row.code, column, cell])
    return out.getvalue()


def told(n: int) -> str:
    """A number as the public reads it."""
    return f"1–{FEWEST - 1}" if 0 < n < FEWEST else str(n)


def total(numbers: Iterable[int]) -> str:
    """A sum that does not give away a part which is not told exactly."""
    numbers = list(numbers)
    whole = sum(numbers)
    if whole < FEWEST or not any(0 < n < FEWEST for n in numbers):
        return told(whole)
    return _("at least {n}").format(n=whole - whole % FEWEST)


def _within(asked: Period, field: str) -> Q:
    return Q(**{f"{field}__gte": asked.begins, f"{field}__lt": asked.ends})


def _written(asked: Period) -> Table:
    found = Comment.objects.filter(_within(asked, "created_at")).aggregate(
        written=Count("pk"), published=Count("pk", filter=Q(published_at__isnull=False))
    )
    rows = [
        Row(_("Comments written"), "written", (told(found["written"]),)),
        Row(_("of these published, then or later"), "published", (told(found["published"]),)),
    ]
    return Table("comments", _("Comments"), (_("Number"),), rows)


def _decisions(asked: Period) -> Table:
    """What kept comments from readers, by reason, and whether a person or a machine decided."""
    taken = (
        Decision.objects.filter(_within(asked, "at"), to_status__in=TAKEN_DOWN, undoes=None, undone_by=None)
        .exclude(from_status=F("to_status"))
        .values_list("reason", "source")
        .annotate(n=Count("pk"))
        .order_by("reason", "source")
    )
    counts: Counter = Counter()
    for reason, source, n in taken:
        counts[reason, source != Source.MODERATOR] += n
    reasons = [reason for reason in Decision.Reason if counts[reason, True] or counts[reason, False]]
    rows = [
        Row(str(reason.label), reason.value, tuple(told(counts[reason, machine]) for machine in HANDS))
        for reason in reasons
    ]
    sums = tuple(total(n for (_reason, is_machine), n in counts.items() if is_machine == machine) for machine in HANDS)
    rows.append(Row(_("Together"), "all", sums))
    columns = tuple(str(words) for words in HANDS.values())
    return Table("decisions", _("Comments kept from readers, by reason"), columns, rows)


def _times(asked: Period) -> Table:
    """From the moment a comment waits until that is settled; three queries."""
    took = ExpressionWrapper(F("closed_at") - F("opened_at"), output_field=DurationField())
    settled = QueueItem.objects.filter(_within(asked, "closed_at"))
    n = settled.count()
    sizes = settled.annotate(took=took).order_by("took").values_list("took", flat=True)
    rows = [
        Row(_("Settled"), "settled", (told(n),)),
        Row(_("Half of them within"), "median", (_at(sizes, n, 50),)),
        Row(_("Nine of ten within"), "p90", (_at(sizes, n, 90),)),
    ]
    return Table("times", _("How long comments waited for us"), (_("Value"),), rows)


def _at(sizes, n: int, percent: int) -> str:
    # The nearest rank: a time that really occurred.
    place = max(0, -(-n * percent // 100) - 1)
    found = next(iter(sizes[place : place + 1]), None)
    return _("too few to tell") if n < FEWEST or found is None else in_words(found)


def in_words(took: timedelta) -> str:
    minutes = max(1, round(took.total_seconds() / 60))
    if minutes < 120:
        return _("{n} min").format(n=minutes)
    if minutes < 48 * 60:
        return _("{n} h").format(n=round(minutes / 60))
    return _("{n} days").format(n=round(minutes / 60 / 24))


def _appeals(asked: Period) -> Table:
    """Second looks at decisions about comments, and at warnings and limits; two queries."""
    sent, answered, changed = zip(*(_second_looks(model, asked) for model in (Appeal, SanctionAppeal)), strict=True)
    rates = [
        _("too few to tell") if n < FEWEST else f"{round(100 * k / n)} %"
        for k, n in zip(changed, answered, strict=True)
    ]
    rows = [
        Row(_("Members asked us to look again"), "sent", tuple(map(told, sent))),
        Row(_("We answered"), "answered", tuple(map(told, answered))),
        Row(_("and changed our decision, of a hundred"), "overturned", tuple(rates)),
    ]
    columns = (_("About comments"), _("About warnings and limits"))
    return Table("appeals", _("Second looks"), columns, rows)


def _second_looks(model: type[Appeal] | type[SanctionAppeal], asked: Period) -> tuple[int, int, int]:
    """How many asked, how many were answered, and of these how many with a changed decision."""
    answered = _within(asked, "decided_at") & Q(upheld__isnull=False)
    found = model._default_manager.aggregate(
        sent=Count("pk", filter=_within(asked, "created_at")),
        answered=Count("pk", filter=answered),
        changed=Count("pk", filter=answered & Q(upheld=True)),
    )
    return found["sent"], found["answered"], found["changed"]


def _reports(asked: Period) -> Table:
    """Reports that came in, by reason, and what became of them."""
    found = (
        Report.objects.filter(_within(asked, "created_at"))
        .values_list("reason", "outcome")
        .annotate(n=Count("pk"))
        .order_by("reason", "outcome")
    )
    counts = {(reason, outcome): n for reason, outcome, n in found}
    names = {
        "": _("Waits"), "removed": _("Removed"), "kept": _("Stays"), "changed": _("Changed by its writer"),
        "gone": _("Deleted by its writer"),
    }  # fmt: skip
    reasons = [reason for reason in Report.Reason if any(counts.get((reason, code)) for code in names)]
    rows = [
        Row(str(reason.label), reason.value, tuple(told(counts.get((reason, code), 0)) for code in names))
        for reason in reasons
    ]
    sums = tuple(total(n for (_reason, outcome), n in counts.items() if outcome == code) for code in names)
    rows.append(Row(_("Together"), "all", sums))
    return Table("reports", _("Reports, by reason and outcome"), tuple(names.values()), rows)


def _sanctions(asked: Period) -> Table:
    found = (
        Sanction.objects.filter(_within(asked, "created_at"))
        .values_list("kind")
        .annotate(n=Count("pk"), lifted=Count("pk", filter=Q(lifted_at__isnull=False)))
        .order_by("kind")
    )
    counts = {kind: (n, lifted) for kind, n, lifted in found}
    rows = [
        Row(str(kind.label), kind.value, tuple(told(n) for n in counts.get(kind, (0, 0)))) for kind in Sanction.Kind
    ]
    return Table("sanctions", _("Warnings and limits"), (_("Imposed"), _("Lifted since")), rows)
