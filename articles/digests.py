"""What the clock tells the desk: a reminder to whoever has a review in hand, and one mail each morning of what waits."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Exists, F, JSONField, OuterRef, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Role
from audit.models import Tick

from . import causes, review_queue, vouching
from .addressees import Desk
from .models import Review, ReviewTrigger, Schedule
from .notices import one_line, tell, why_not_published

TODAY, SOON = timedelta(0), timedelta(days=3)
MORNING = time(6)  # in the time of the site
SHOWN = 10
# How long after its time a planned publication that came to nothing is still spoken of.
REFUSED_SHOWN = timedelta(days=7)
# The row that says when the next morning begins; written when everybody has been told, so that a broken run goes on.
NEXT = "articles.digests.next"


@dataclass(frozen=True)
class Row:
    """One thing in a digest. What `asks` for nothing is listed, but is no reason to write."""

    text: str
    path: str
    asks: bool = True


@dataclass(frozen=True)
class Section:
    heading: str
    rows: list[Row]

    @property
    def shown(self) -> list[Row]:
        return self.rows[:SHOWN]

    @property
    def more(self) -> int:
        return max(0, len(self.rows) - SHOWN)


def remind() -> None:
    """Tell whoever has a review in hand that it is due soon, and once more that it is overdue; each once."""
    if timezone.localtime().time() < MORNING:
        return
    today, desk = timezone.localdate(), Desk()
    for review in _open_reviews().filter(assignee__isnull=False, due_on__lte=today + SOON):
        person = desk.in_hand_of(review)
        if person is None:
            continue
        state = "overdue" if review.due_on < today else "reminded"
        facts = {"title": one_line(review.title), "number": review.revision.number, "due_on": review.due_on}
        path = reverse("articles:review", args=[review.pk])
        with transaction.atomic():
            tell([person], state, facts, key=f"review-{review.pk}-{state}", path=path)


def send_digests() -> int:
    """Once a day, from the morning on: one mail for each person for whom there is something. How many had one.

    What a person with an empty morning is asked later that day has a mail of its own. Safe to run late, twice and at
    the same time as another worker.
    """
    now = timezone.localtime()
    if now.time() < MORNING or Tick.objects.filter(name=NEXT, next_at__gt=now).exists():
        return 0
    morning, told = Morning(now.date()), 0
    for person in morning.desk.people.values():
        sections = morning.sections_for(person)
        if any(row.asks for section in sections for row in section.rows):
            total = sum(len(section.rows) for section in sections)
            with transaction.atomic():
                tell([person], "digest", {"sections": sections, "total": total}, key=f"digest-{morning.day}")
            told += 1
    tomorrow = timezone.make_aware(datetime.combine(now.date() + timedelta(days=1), MORNING))
    Tick.objects.update_or_create(name=NEXT, defaults={"next_at": tomorrow})
    return told


class Morning:
    """What stands at the desk on one day, read once for everybody."""

    def __init__(self, day: date) -> None:
        self.day, self.desk = day, Desk()
        self.open = list(_open_reviews())
        self.waiting: dict[int, set[int]] = defaultdict(set)
        for review in self.open:
            holder = self.desk.in_hand_of(review)
            for person in [holder] if holder else self.desk.who_can_sign(review):
                self.waiting[person.pk].add(review.pk)
        refused = list(_refused())
        self.refused = [_refused_row(planned) for planned in refused]
        told = {planned.review_id for planned in refused}
        self.ready = [_review_row(review) for review in _ready() if _is_ready(review, told)]
        self.called_back = [self._page_row(triggers) for triggers in _called_back()]

    def sections_for(self, person: User) -> list[Section]:
        """What this person is told, in the order in which it presses; no section is empty."""
        editor, mine = self.desk.holds(person, Role.EDITOR), self.waiting[person.pk]
        # An editor sees who is late, whoever it is; a reviewer what they can do about themselves.
        seen = [review for review in self.open if editor or review.pk in mine]
        rest = [review for review in seen if review.pk in mine and self._until(review) > SOON]
        sections = [
            Section(_("Overdue reviews"), _rows(review for review in seen if self._until(review) < TODAY)),
            Section(
                _("Reviews due in the next three days"),
                _rows(review for review in seen if TODAY <= self._until(review) <= SOON),
            ),
            Section(_("Also waiting for you"), _rows(rest)),
            Section(_("Signed, ready to publish"), self.ready if editor else []),
            Section(_("Planned, but not published"), self.refused if editor else []),
            Section(
                _("Called back for review"), [row for row, people in self.called_back if editor or person.pk in people]
            ),
        ]
        return [section for section in sections if section.rows]

    def _until(self, review: Review) -> timedelta:
        return review.due_on - self.day if review.due_on else timedelta.max

    def _page_row(self, triggers: list[ReviewTrigger]) -> tuple[Row, set[int]]:
        """A page that was called back, and who besides the editors is told: reviewers of its field, and its owner."""
        page = triggers[0].page
        why = ", ".join(dict.fromkeys(trigger.get_source_kind_display() for trigger in triggers))
        due = min((trigger.due_on for trigger in triggers if trigger.due_on), default=None)
        words = _("“{title}”: {causes}.").format(title=one_line(triggers[0].title), causes=why)
        if any(trigger.severity == ReviewTrigger.Severity.WITHDRAW for trigger in triggers):
            words = f"{words} {_('The page was taken down.')}"
        elif due:
            late = _("Overdue since {date}.") if due < self.day else _("Due on {date}.")
            words = f"{words} {late.format(date=_day(due))}"
        row = Row(words, page.get_absolute_url(), asks=any(self._asks(trigger) for trigger in triggers))
        return row, {person.pk for person in self.desk.who_reviews(page)} | {page.owner_id}

    def _asks(self, trigger: ReviewTrigger) -> bool:
        """A note asks for nothing, so it is a reason to write only on the morning after it came."""
        news = timezone.localdate(trigger.opened_at) >= self.day - timedelta(days=1)
        return news or trigger.severity != ReviewTrigger.Severity.INFO


def _rows(reviews: Iterable[Review]) -> list[Row]:
    return [_review_row(review) for review in reviews]


def _refused_row(planned: Schedule) -> Row:
    words = _("“{title}”, revision {number}, planned for {date}: {why}").format(
        title=one_line(planned.title),
        number=planned.revision.number,
        date=_day(timezone.localdate(planned.at)),
        why=why_not_published(planned.why),
    )
    return Row(words, reverse("articles:review", args=[planned.review_id]))


def _review_row(review: Review) -> Row:
    facts = {"title": one_line(review.title), "number": review.revision.number}
    if review.status == Review.Status.APPROVED or not review.due_on:
        words = _("“{title}”, revision {number}").format(**facts)
    elif review.assignee:
        name = one_line(review.assignee.get_full_name())
        words = _("“{title}”, revision {number}, due on {date}, with {name}").format(
            **facts, date=_day(review.due_on), name=name
        )
    else:
        words = _("“{title}”, revision {number}, due on {date}").format(**facts, date=_day(review.due_on))
    return Row(words, reverse("articles:review", args=[review.pk]))


def _day(day: date) -> str:
    return formats.date_format(day, "j F Y")


def _open_reviews() -> QuerySet[Review]:
    return _with_facts(Review.objects.filter(status=Review.Status.OPEN))


def _ready() -> QuerySet[Review]:
    """The desk's lane of signed revisions, less what is planned already."""
    planned = Schedule.objects.filter(review=OuterRef("pk"), status__in=["pending", "running"])
    return _with_facts(review_queue.lane("signed", None, Q()).filter(~Exists(planned)))


def _with_facts(reviews: QuerySet[Review]) -> QuerySet[Review]:
    """All that decides whose they are, and the title; the text stays in the database."""
    related = reviews.select_related("page", "revision", "policy", "assignee", "leans_on").defer("revision__content")
    related = related.prefetch_related("policy__steps", "revision__contributors", "sign_offs")
    return review_queue.titled(related).order_by(F("due_on").asc(nulls_last=True), "pk")


def _is_ready(review: Review, told: set[int]) -> bool:
    """Whether its signatures still stand, and it is not spoken of as refused already."""
    return review.pk not in told and not any(vouching.steps_left(one) for one in vouching.rests_on(review))


def _refused() -> QuerySet[Schedule]:
    """Planned publications that came to nothing, as long as nobody has done anything about them."""
    later = Schedule.objects.filter(page=OuterRef("page"), pk__gt=OuterRef("pk"))
    newer = Review.objects.filter(page=OuterRef("page"), pk__gt=OuterRef("review"))
    refused = Schedule.objects.filter(
        ~Exists(later),
        ~Exists(newer),
        status__in=[Schedule.Status.REFUSED, Schedule.Status.FAILED],
        at__gte=timezone.now() - REFUSED_SHOWN,
        review__publications=None,
    )
    title = KeyTextTransform("title", Cast("revision__content", JSONField()))
    return refused.annotate(title=title).select_related("revision").defer("revision__content").order_by("at", "pk")


def _called_back() -> list[list[ReviewTrigger]]:
    """By page, what has called it back, the soonest due first: pages that readers see, and those it took down."""
    live, took_down = Q(page__live_publication__isnull=False), Q(severity=ReviewTrigger.Severity.WITHDRAW)
    triggers = causes.with_facts(ReviewTrigger.objects.filter(live | took_down, resolved_at=None))
    found: dict[int, list[ReviewTrigger]] = defaultdict(list)
    for trigger in triggers.order_by(F("due_on").asc(nulls_last=True), "pk"):
        found[trigger.page_id].append(trigger)
    return list(found.values())
