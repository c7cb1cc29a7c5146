"""What called a page back, in words: each trigger names its cause by an id, and here it is looked up."""

import json
from collections import defaultdict
from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import NamedTuple
from urllib.parse import quote

from django.db.models import (
    Case,
    Count,
    Exists,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
    Window,
)
from django.db.models.functions import RowNumber
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Credential

from .models import (
    ErrorReport,
    Publication,
    Reference,
    ReferenceStatus,
    ReferenceVersion,
    Review,
    ReviewPolicy,
    ReviewTrigger,
)

Source = ReviewTrigger.Source
SHOWN = 3
ADDRESSES = {
    "doi": "https://doi.org/{}",
    "pmid": "https://pubmed.ncbi.nlm.nih.gov/{}/",
    "pmcid": "https://pmc.ncbi.nlm.nih.gov/articles/{}/",
    "nct": "https://clinicaltrials.gov/study/{}",
}


MOST_SEVERE_FIRST = ("withdraw", "banner", "review", "info")


def with_facts(triggers: QuerySet[ReviewTrigger]) -> QuerySet[ReviewTrigger]:
    """With a rank by severity, the title that readers know or knew, and whether a review is under way."""
    ranks = (When(severity=code, then=Value(rank)) for rank, code in enumerate(MOST_SEVERE_FIRST))
    title = Publication.objects.filter(page=OuterRef("page")).order_by("-number").values("title")[:1]
    under_way = Review.objects.filter(page=OuterRef("page"), status=Review.Status.OPEN)
    return triggers.select_related("page").annotate(
        rank=Case(*ranks, output_field=IntegerField()), title=Subquery(title), in_review=Exists(under_way)
    )


class Cause(NamedTuple):
    """A sentence, where to read more, and what readers wrote (the first of them, and how many there are)."""

    words: str
    url: str = ""
    reports: tuple[ErrorReport, ...] = ()
    count: int = 0

    @property
    def more(self) -> int:
        return self.count - len(self.reports)


def causes_of(triggers: Iterable[ReviewTrigger]) -> dict[int, Cause]:
    """The cause of each trigger by its id; the number of queries does not grow with the list."""
    by_source = defaultdict(list)
    for trigger in triggers:
        by_source[trigger.source_kind].append(trigger)
    found = {}
    for source, rows in by_source.items():
        found |= LOOK_UP[source](rows)
    return found


def address_of(reference: Reference) -> str:
    """Where a source can be read, or ""."""
    if reference.scheme == "url" and reference.value.startswith(("https://", "http://")):
        return reference.value
    return ADDRESSES.get(reference.scheme, "").format(quote(reference.value, safe="/:;()"))


def policy_url(policy: ReviewPolicy) -> str:
    return reverse("articles:review_policy", args=[policy.kind, policy.risk, policy.change_class])


def _dates(triggers: list[ReviewTrigger]) -> dict[int, Cause]:
    words = _("Its review was due on {date}.")
    return {one.pk: Cause(words.format(date=formats.date_format(one.due_on, "j F Y"))) for one in triggers}


def _entries(triggers: list[ReviewTrigger]) -> dict[int, Cause]:
    """A drug or subtype entry got a newer publication."""
    found = Publication.objects.select_related("page").only("title", "page__kind", "page__slug")
    entries = found.in_bulk(_numbers(triggers))
    causes = {}
    for one in triggers:
        entry = entries.get(_number(one.source_id))
        words = _("The entry “{title}”, which it mentions, was published anew.")
        url = f"{entry.page.get_absolute_url()}history/" if entry else ""
        causes[one.pk] = Cause(words.format(title=entry.title if entry else one.source_id), url)
    return causes


def _references(triggers: list[ReviewTrigger]) -> dict[int, Cause]:
    events = ReferenceStatus.objects.select_related("reference").in_bulk(_numbers(triggers))
    titles = _titles({event.reference_id for event in events.values()})
    causes = {}
    for one in triggers:
        event = events.get(_number(one.source_id))
        if event is None:
            causes[one.pk] = Cause(_("Something became known about a source."))
            continue
        words = _("Source “{title}”: {status}.")
        title = titles.get(event.reference_id) or event.reference.value
        causes[one.pk] = Cause(
            words.format(title=title, status=event.get_status_display()), address_of(event.reference)
        )
    return causes


def _credentials(triggers: list[ReviewTrigger]) -> dict[int, Cause]:
    held = Credential.objects.select_related("user").in_bulk(_numbers(triggers))
    causes = {}
    for one in triggers:
        credential = held.get(_number(one.source_id))
        words = (
            _("The credential of {name}, who signed it, was taken back.")
            if one.source_id.endswith("-revoked")
            else _("The credential of {name}, who signed it, lapsed.")
        )
        causes[one.pk] = Cause(words.format(name=credential.user.get_full_name() if credential else "?"))
    return causes


def _policies(triggers: list[ReviewTrigger]) -> dict[int, Cause]:
    policies = ReviewPolicy.objects.in_bulk(_numbers(triggers))
    causes = {}
    for one in triggers:
        policy = policies.get(_number(one.source_id))
        if policy is None:
            causes[one.pk] = Cause(_("It was put into the higher risk class, which asks for more signatures."))
        else:
            words = _("The policy asks for more signatures now (number {n}).").format(n=policy.number)
            causes[one.pk] = Cause(words, policy_url(policy))
    return causes


def _reports(triggers: list[ReviewTrigger]) -> dict[int, Cause]:
    """What readers wrote. Of many letters the newest are shown here, and all on the trigger's own page."""
    wanted = reduce(or_, (Q(page=one.page_id, pk__gte=_number(one.source_id)) for one in triggers))
    counts = dict(ErrorReport.objects.filter(wanted).values_list("page").annotate(n=Count("pk")))
    place = Window(RowNumber(), partition_by="page", order_by="-pk")
    letters = defaultdict(list)
    for letter in ErrorReport.objects.filter(wanted).annotate(place=place).filter(place__lte=SHOWN).order_by("-pk"):
        letters[letter.page_id].append(letter)
    causes = {}
    for one in triggers:
        n = counts.get(one.page_id, 0)
        words = ngettext("{n} reader wrote to us.", "{n} readers wrote to us.", n).format(n=n)
        causes[one.pk] = Cause(words, "", tuple(letters[one.page_id]), n)
    return causes


LOOK_UP = {
    Source.DATE: _dates,
    Source.DRUG: _entries,
    Source.SUBTYPE: _entries,
    Source.REFERENCE: _references,
    Source.CREDENTIAL: _credentials,
    Source.POLICY: _policies,
    Source.REPORT: _reports,
}


def _titles(references: set[int]) -> dict[int, str]:
    """The title of each source as it was cited last."""
    newest = ReferenceVersion.objects.filter(reference__in=references).values("reference").annotate(newest=Max("pk"))
    versions = ReferenceVersion.objects.filter(pk__in=newest.values("newest"))
    return {one.reference_id: json.loads(one.csl).get("title", "") for one in versions}


def _number(text: str) -> int:
    """The id that a cause begins with; 0, which no row has, where it is a date or a word."""
    digits = text.partition("-")[0]
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def _numbers(triggers: list[ReviewTrigger]) -> set[int]:
    return {_number(one.source_id) for one in triggers} - {0}
