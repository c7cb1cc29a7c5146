"""Which of our sources a list of retractions means, what is known of each already, and what would change."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.translation import gettext as _

from .identifiers import doi, pmid
from .models import Reference, ReferenceVersion
from .retractions import Row, Unreadable
from .source_events import Event, events_of, standing
from .styles import ama, plain

Identifier = tuple[str, str]
# Problems kept with their words; beyond that they are only counted.
PROBLEMS_SHOWN = 200


@dataclass
class Change:
    """A row of the file about one source: "new" moves the source's status, "history" is older, "known" is known."""

    row: Row
    outcome: str

    @property
    def label(self) -> str:
        return str(Reference.Status(self.row.status).label)


@dataclass
class Found:
    """One of our sources with what the file says about it."""

    reference: Reference
    changes: list[Change]
    before: str
    after: str

    @property
    def rows(self) -> list[Row]:
        return [change.row for change in self.changes]

    @property
    def is_replaced(self) -> bool:
        return any(row.replaced for row in self.rows)

    @property
    def is_news(self) -> bool:
        return any(change.outcome != "known" for change in self.changes)

    @property
    def standing(self) -> Change | None:
        """The row that moves the status."""
        return next((change for change in self.changes if change.outcome == "new"), None)


@dataclass
class Plan:
    """What a file means for us. Nothing is written by making one."""

    rows: int = 0
    unreadable: int = 0
    problems: list[Unreadable] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    # A cited source that is itself the notice of a retraction, and a PubMed number that contradicts our DOI.
    notices: list[tuple[Reference, Row]] = field(default_factory=list)
    doubtful: list[tuple[Reference, Row]] = field(default_factory=list)

    @property
    def news(self) -> list[Found]:
        return [one for one in self.found if one.is_news]


class Sources:
    """All our sources by every identifier their descriptions give: loaded once, then asked for each row."""

    def __init__(self) -> None:
        self.named: dict[Identifier, set[int]] = defaultdict(set)
        self.names: dict[int, set[Identifier]] = defaultdict(set)
        keys = Reference.objects.filter(scheme__in=["doi", "pmid", "url"])
        for pk, scheme, value in keys.values_list("pk", "scheme", "value").iterator(chunk_size=2000):
            self._add(pk, _in_address(value) if scheme == "url" else {(scheme, value)})
        described = ReferenceVersion.objects.values_list("reference", "csl").order_by("pk")
        for pk, csl in described.iterator(chunk_size=500):
            self._add(pk, identifiers_of(json.loads(csl)))

    def _add(self, pk: int, names: set[Identifier]) -> None:
        for name in names:
            self.named[name].add(pk)
            self.names[pk].add(name)

    def meant(self, number: str, pubmed: str) -> tuple[set[int], set[int]]:
        """Sources with this DOI or PubMed number, and those where one identifier says yes and our DOI says no."""
        by_doi = self.named.get(("doi", number), set()) if number else set()
        by_pmid = self.named.get(("pmid", pubmed), set()) if pubmed else set()
        doubtful = {pk for pk in by_pmid - by_doi if number and self._has_doi(pk)}
        # The same paper may be cited elsewhere by its PubMed number alone, which this row may not know.
        twins = {
            twin
            for pk in by_doi
            for scheme, value in self.names[pk]
            if scheme == "pmid"
            for twin in self.named[scheme, value]
            if not self._has_doi(twin)
        }
        return by_doi | (by_pmid - doubtful) | twins, doubtful

    def _has_doi(self, pk: int) -> bool:
        return any(scheme == "doi" for scheme, _value in self.names[pk])


def identifiers_of(csl: dict) -> set[Identifier]:
    """DOI and PubMed number of a description; from its address where it has neither."""
    found = set()
    for key, scheme, spelling in (("DOI", "doi", doi), ("PMID", "pmid", pmid)):
        try:
            found.add((scheme, spelling(str(csl.get(key) or ""))))
        except ValueError:
            continue
    return found or _in_address(str(csl.get("URL") or ""))


def _in_address(text: str) -> set[Identifier]:
    for scheme, spelling in (("doi", doi), ("pmid", pmid)):
        try:
            return {(scheme, spelling(text))} if "/" in text else set()
        except ValueError:
            continue
    return set()


def look(rows: Iterable[Row | Unreadable]) -> Plan:
    """Hold a list against our sources: one pass, no query for a row."""
    plan, sources, today = Plan(), Sources(), timezone.localdate()
    of_source: dict[int, list[Row]] = defaultdict(list)
    notices: dict[int, Row] = {}
    doubtful: dict[int, Row] = {}
    for row in rows:
        plan.rows += 1
        if isinstance(row, Row) and row.on > today:
            row = Unreadable(row.line, _("The date {date} lies in the future.").format(date=row.on.isoformat()))
        if isinstance(row, Unreadable):
            plan.unreadable += 1
            if len(plan.problems) < PROBLEMS_SHOWN:
                plan.problems.append(row)
            continue
        meant, doubted = sources.meant(row.doi, row.pmid)
        for pk in meant:
            of_source[pk].append(row)
        doubtful |= dict.fromkeys(doubted, row)
        # Many papers carry their notice under their own DOI; such a row is about the paper.
        notices |= dict.fromkeys(sources.meant(row.notice, row.notice_pmid)[0] - meant, row)
    references = Reference.objects.in_bulk({*of_source, *notices, *doubtful})
    known = events_of(of_source)
    plan.found = [judge(references[pk], of_source[pk], known[pk]) for pk in sorted(of_source)]
    plan.notices = [(references[pk], row) for pk, row in sorted(notices.items())]
    plan.doubtful = [(references[pk], row) for pk, row in sorted(doubtful.items())]
    return plan


def judge(reference: Reference, rows: list[Row], known: list[Event]) -> Found:
    """Which rows are news, which of them decides about the status, and what that will be."""
    seen, changes, news = list(known), [], {}
    for row in sorted(rows, key=lambda row: (event_of(row).order, row.line)):
        event = event_of(row)
        change = Change(row, "known" if any(event.is_same(other) for other in seen) else "history")
        changes.append(change)
        if change.outcome != "known":
            seen.append(event)
            news[id(event)] = change
    last = standing(seen)
    if last is not None and id(last) in news:
        news[id(last)].outcome = "new"
    decided = any(change.outcome == "new" for change in changes)
    return Found(reference, changes, reference.status, last.status if decided and last else reference.status)


def event_of(row: Row) -> Event:
    return Event(status=row.status, on=row.on, notice=row.notice, source=row.source)


def described(references: Iterable[Reference]) -> dict[int, str]:
    """Each source as it would stand in a list of references, in one query; its identifier where nothing is known."""
    references = list(references)
    words = {reference.pk: str(reference) for reference in references}
    versions = ReferenceVersion.objects.filter(reference__in=words).order_by("pk")
    for pk, csl in versions.values_list("reference", "csl").iterator(chunk_size=500):
        words[pk] = plain(ama(json.loads(csl))) or words[pk]
    return words


def address_of(reference: Reference) -> str:
    """Where the source itself can be read, if its identifier says so."""
    return {
        "doi": f"https://doi.org/{reference.value}",
        "pmid": f"https://pubmed.ncbi.nlm.nih.gov/{reference.value}/",
        "pmcid": f"https://pmc.ncbi.nlm.nih.gov/articles/{reference.value}/",
        "nct": f"https://clinicaltrials.gov/study/{reference.value}",
        "url": reference.value,
    }.get(reference.scheme, "")
