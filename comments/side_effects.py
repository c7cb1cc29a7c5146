"""Side effects as they are found, listed and handed out: words of a comment, records in their order, rows of a table."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from articles.models import DrugFacts
from audit.models import Entry

from .models import AdverseEvent, Comment, Finding, SafetyContact
from .screening import medicines
from .screening.policy import SIDE_EFFECT
from .screening.scan import Scan

PAGE_SIZE = 30
State = AdverseEvent.State

ELEMENTS: dict[str, str | Promise] = {
    "patient": _("A patient who can be told apart: somebody it happened to"),
    "reporter": _("A reporter who can be told apart: somebody who tells of it"),
    "product": _("A medicine"),
    "event": _("Something that happened"),
}
SERIOUSNESS: dict[str, str | Promise] = {
    "death": _("Somebody died"),
    "life_threatening": _("It was life-threatening"),
    "hospital": _("Somebody was in hospital because of it, or longer"),
    "disability": _("Somebody stayed disabled"),
    "birth_defect": _("A birth defect"),
    "other": _("Serious in another way"),
}
SITUATIONS: dict[str, str | Promise] = {
    "pregnancy": _("During pregnancy or breastfeeding"),
    "overdose": _("An overdose"),
    "no_effect": _("The medicine did not work"),
    "misuse": _("Used otherwise than it is meant to be"),
    "medication_error": _("A mistake in giving or taking it"),
    "complaint": _("Something is wrong with the product itself"),
}


@dataclass(frozen=True)
class Authority:
    """Where anybody can report a side effect."""

    country: str | Promise
    name: str
    url: str


# Looked at by hand; the addresses are links for readers and are never opened by this site.
AUTHORITIES = (
    Authority(_("United States"), "MedWatch", "https://www.fda.gov/safety/medwatch"),
    Authority(_("United Kingdom"), "Yellow Card", "https://yellowcard.mhra.gov.uk/"),
    Authority(_("European Union"), "EudraVigilance", "https://www.adrreports.eu/"),
)


def directory() -> QuerySet[DrugFacts]:
    """The medicines that have a public entry."""
    return DrugFacts.objects.filter(page__live_publication__isnull=False).order_by("brand", "page")


def products_in(text: str) -> list[DrugFacts]:
    """The medicines of the directory that the words name, by brand or generic name."""
    letters = Scan.of(text).folded.letters
    return [drug for drug in directory() if any(_names(letters, name) for name in (drug.brand, drug.generic))]


def events_in(comment: Comment) -> list[str]:
    """What the screening took for a symptom, in the comment's own words, each once."""
    words = comment.current.text
    spans = Finding.objects.filter(revision=comment.current_id, label=SIDE_EFFECT).values_list("spans", flat=True)
    names = frozenset(name.casefold() for drug in directory() for name in (drug.brand, drug.generic))
    found = [words[start:end] for some in spans for start, end in some]
    return list(dict.fromkeys(word for word in found if not medicines.named(word.casefold(), names)))


def products_recorded(comment: Comment) -> set[str]:
    """The medicines that a record of these words names already."""
    earlier = AdverseEvent.objects.filter(revision=comment.current_id).exclude(state=State.NONE)
    return {name for names in earlier.values_list("products", flat=True) for name in names}


def contact_for(drug: DrugFacts, day: date) -> SafetyContact | None:
    """Who must be told of this medicine on this day."""
    return contacts_on(day).filter(page=drug.page_id).order_by("-valid_from", "-pk").first()


def contacts_on(day: date) -> QuerySet[SafetyContact]:
    return SafetyContact.objects.filter(valid_from__lte=day).filter(Q(valid_until=None) | Q(valid_until__gte=day))


def ending_soon() -> QuerySet[SafetyContact]:
    today = timezone.localdate()
    return SafetyContact.objects.filter(valid_until__gte=today, valid_until__lte=today + timedelta(days=30))


def contact_page(before: int = 0) -> tuple[list[SafetyContact], bool]:
    """Up to thirty contacts, the newest first; and whether there are older ones."""
    rows = SafetyContact.objects.select_related("page__drug_facts").order_by("-pk")
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: PAGE_SIZE + 1])
    return found[:PAGE_SIZE], len(found) > PAGE_SIZE


def told_of_one() -> Exists:
    """For a query of comments: whether the words, as they stand, may tell of a side effect."""
    return Exists(Finding.objects.filter(revision=OuterRef("current"), label=SIDE_EFFECT))


def overdue() -> QuerySet[AdverseEvent]:
    return AdverseEvent.objects.filter(state=State.RECORDED, due_at__lt=timezone.now())


def to_hand_over() -> QuerySet[AdverseEvent]:
    return AdverseEvent.objects.filter(state=State.RECORDED, due_at__isnull=False)


def listed(state: str, product: str = "", after: AdverseEvent | None = None) -> tuple[list[AdverseEvent], bool]:
    """A page of records: those to be handed over by when they are due, the others with the newest first; and whether more follow."""
    rows = AdverseEvent.objects.filter(state=state).select_related("contact", "comment")
    if product:
        rows = _of_product(rows, product)
    if state == State.RECORDED:
        rows = rows.order_by(F("due_at").asc(nulls_last=True), "pk")
        if after is not None:
            rows = rows.filter(_later_than(after))
    else:
        rows = rows.order_by("-pk")
        if after is not None:
            rows = rows.filter(pk__lt=after.pk)
    found = list(rows[: PAGE_SIZE + 1])
    return found[:PAGE_SIZE], len(found) > PAGE_SIZE


def of_month(first: date) -> QuerySet[AdverseEvent]:
    """Everything that was handed over in a month, for comparing with what the sponsors say they received."""
    begin, end = _midnight(first), _midnight(next_month(first))
    rows = AdverseEvent.objects.filter(handed_over_at__gte=begin, handed_over_at__lt=end)
    return rows.select_related("contact").order_by("contact__sponsor", "handed_over_at", "pk")


def next_month(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def month_before(first: date) -> date:
    return date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)


def month_named(name: str) -> date:
    """2026-11 as its first day; ValueError for anything else."""
    if not re.fullmatch(r"20\d\d-(?:0[1-9]|1[0-2])", name, re.ASCII):
        raise ValueError(name)
    return date(int(name[:4]), int(name[5:]), 1)


def steps(event: AdverseEvent) -> list[dict]:
    """Who did what with a record, the first step first."""
    entries = Entry.objects.filter(object_type=event._meta.label_lower, object_id=str(event.pk))
    return [
        {"at": one.at, "by": one.actor, "verb": one.verb, **json.loads(one.payload)}
        for one in entries.select_related("actor").order_by("seq")
    ]


HEADER = (
    "record", "state", "medicines", "words_for_what_happened", "patient", "reporter", "medicine", "event", "seriousness",
    "situations", "note", "seen_at", "recorded_at", "due_at", "text", "sha256", "sponsor", "handed_over_at",
    "acknowledged_at", "acknowledgement",
)  # fmt: skip


def row_of(event: AdverseEvent) -> list[str]:
    """A record for a table. Nothing in it says who wrote the comment or where it stands."""
    ticked = (event.has_patient, event.has_reporter, event.has_product, event.has_event)
    return [
        str(event.pk), event.state, "; ".join(event.products), "; ".join(event.events),
        *("yes" if one else "no" for one in ticked), "; ".join(event.seriousness), "; ".join(event.situations), event.note,
        _stamp(event.aware_at), _stamp(event.recorded_at), _stamp(event.due_at), event.snapshot, event.snapshot_hash,
        event.contact.sponsor if event.contact else "", _stamp(event.handed_over_at), _stamp(event.acknowledged_at),
        event.acknowledgement,
    ]  # fmt: skip


def labels(codes: Iterable[str], names: dict) -> list[str]:
    return [str(names.get(code, code)) for code in codes]


def _names(letters: str, name: str) -> bool:
    name = Scan.of(name).folded.letters
    return bool(name) and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", letters) is not None


def _later_than(event: AdverseEvent) -> Q:
    if event.due_at is None:
        return Q(due_at=None, pk__gt=event.pk)
    return Q(due_at__gt=event.due_at) | Q(due_at=event.due_at, pk__gt=event.pk) | Q(due_at=None)


def _of_product(rows: QuerySet, name: str) -> QuerySet:
    # SQLite cannot look into a list, and the databases write other letters than English ones in two ways.
    rows = rows.annotate(names=Cast("products", TextField()))
    return rows.filter(Q(names__contains=json.dumps(name)) | Q(names__contains=json.dumps(name, ensure_ascii=False)))


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _stamp(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""
