"""What leans on a source: every live page and place that cites it, who signed them, and what is on its way to readers."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from django.db.models import F, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .citations import label, numbering
from .document.claims import claims
from .models import (
    Citation,
    Page,
    Publication,
    Reference,
    ReferenceAcknowledgement,
    Review,
    ReviewTrigger,
    Revision,
)
from .reading import signatures
from .workflow.calling_back import SOURCE_CHANGES

Severity = ReviewTrigger.Severity


class Place(NamedTuple):
    """A sentence that cites the source: in which block, its words, and the numbers of its markers."""

    node_id: str
    text: str
    marker: str


class Signature(NamedTuple):
    """Somebody vouches for a page that cites the source, as printed on the day."""

    name: str
    credentials: str
    board: str
    on: date
    sign_off: int


@dataclass
class LivePage:
    """A page that readers see now."""

    publication: Publication
    numbers: list[int] = field(default_factory=list)
    count: int = 0
    revision: int = 0
    places: list[Place] = field(default_factory=list)
    signatures: list[Signature] = field(default_factory=list)
    # A reviewer knew of the retraction when this revision was made public.
    acknowledged: bool = False
    # What a new status of the source would do to it: a severity and its words; "" where nothing is foreseen.
    severity: str = ""
    effect: str = ""

    @property
    def page(self) -> Page:
        return self.publication.page

    @property
    def title(self) -> str:
        return self.publication.title

    @property
    def kind(self) -> str:
        return self.page.get_kind_display()

    @property
    def url(self) -> str:
        return self.page.get_absolute_url()


@dataclass
class Pending:
    """The newest revision of a page, not yet public: in review, sent back, or signed."""

    review: Review
    title: str
    acknowledged: bool = False

    @property
    def kind(self) -> str:
        return self.review.page.get_kind_display()

    @property
    def number(self) -> int:
        return self.review.revision.number


@dataclass
class Impact:
    reference: Reference
    live: list[LivePage] = field(default_factory=list)
    pending: list[Pending] = field(default_factory=list)

    @property
    def places(self) -> int:
        return sum(one.count for one in self.live)

    @property
    def signers(self) -> list[str]:
        """Everybody whose signature rests on the source, each once."""
        return list(dict.fromkeys(signature.name for one in self.live for signature in one.signatures))


def of(references: Iterable[Reference]) -> dict[int, Impact]:
    """What leans on each of these sources, by its key: five queries, however many pages cite them."""
    found = {reference.pk: Impact(reference) for reference in references}
    _find_live(found)
    _find_pending(found)
    live = [one for impact in found.values() for one in impact.live]
    _add_places(live)
    _add_signatures(live)
    _add_acknowledgements(found)
    return found


def foresee(leaning: Impact, status: str) -> Impact:
    """The same, each live page with what happens to it when the source gets this status."""
    for one in leaning.live:
        one.severity = severity_of(status, one.page.risk)
        one.effect = effect_of(status, one.page.risk)
    return leaning


def severity_of(status: str, risk: str = Page.Risk.STANDARD) -> str:
    """What a source of this status does to a page of this risk that cites it."""
    severity = SOURCE_CHANGES.get(status, (Severity.INFO, 90))[0]
    return Severity.WITHDRAW if severity == Severity.BANNER and risk == Page.Risk.HIGH else severity


def effect_of(status: str, risk: str = Page.Risk.STANDARD) -> str:
    """The same, in words."""
    days = SOURCE_CHANGES.get(status, (Severity.INFO, 90))[1]
    due = ngettext("review due within {n} day", "review due within {n} days", days).format(n=days)
    said = {
        Severity.WITHDRAW: _("taken down at once, because decisions hang on it; {due}"),
        Severity.BANNER: _("readers are told at once that it is being looked at again; {due}"),
        Severity.REVIEW: _("staff are asked to look at it again; {due}"),
        Severity.INFO: _("a note for staff; {due}"),
    }
    return said[severity_of(status, risk)].format(due=due)


def places_in(manifest: dict, uids: set[str]) -> list[Place]:
    """Every sentence that cites one of these references."""
    return [
        Place(claim.node_id, claim.text, label(claim.references))
        for claim in claims(manifest)
        if uids.intersection(claim.uids)
    ]


def _find_live(found: dict[int, Impact]) -> None:
    cited = (
        Citation.objects.filter(reference__in=found, publication__live_on__isnull=False)
        .select_related("publication__page")
        .defer("publication__artefact")
        .order_by("publication__title", "publication", "number")
    )
    pages: dict[tuple[int, int], LivePage] = {}
    for citation in cited:
        key = (citation.reference_id, citation.publication_id)
        if key not in pages:
            pages[key] = LivePage(citation.publication)
            found[citation.reference_id].live.append(pages[key])
        pages[key].numbers.append(citation.number)
        pages[key].count += citation.count


def _find_pending(found: dict[int, Impact]) -> None:
    """The newest revision of each page, where it cites the source and readers do not see it yet."""
    newest = Revision.objects.filter(page=OuterRef("page")).order_by("-number").values("pk")[:1]
    reviews = (
        Review.objects.filter(revision=Subquery(newest), publications=None, revision__cited__reference__in=found)
        .exclude(status=Review.Status.CANCELLED)
        .annotate(cites=F("revision__cited__reference"))
        .select_related("revision", "page")
        .order_by("due_on", "pk")
    )
    for (source, _review), review in {(review.cites, review.pk): review for review in reviews}.items():
        found[source].pending.append(Pending(review, json.loads(review.revision.content)["title"]))


def _add_places(live: list[LivePage]) -> None:
    of_revision: dict[int, list[LivePage]] = defaultdict(list)
    for one in live:
        of_revision[one.publication.revision_id].append(one)
    rows = Revision.objects.filter(pk__in=of_revision).order_by("pk").values_list("pk", "number", "content")
    for pk, number, content in rows.iterator(chunk_size=50):
        manifest = json.loads(content)
        uids = {place: uid for uid, place in numbering(manifest).items()}
        for one in of_revision[pk]:
            one.revision = number
            one.places = places_in(manifest, {uids[place] for place in one.numbers if place in uids})


def _add_signatures(live: list[LivePage]) -> None:
    of_publication: dict[int, list[LivePage]] = defaultdict(list)
    for one in live:
        of_publication[one.publication.pk].append(one)
    for sign_off in signatures().filter(published__in=of_publication, revocation=None):
        signature = Signature(
            name=sign_off.printed_name,
            credentials=sign_off.printed_credentials,
            board=sign_off.board.name if sign_off.board else "",
            on=timezone.localdate(sign_off.signed_at),
            sign_off=sign_off.pk,
        )
        for one in of_publication[sign_off.published]:
            one.signatures.append(signature)


def _add_acknowledgements(found: dict[int, Impact]) -> None:
    known = set(ReferenceAcknowledgement.objects.filter(reference__in=found).values_list("revision", "reference"))
    for pk, impact in found.items():
        for one in impact.live:
            one.acknowledged = (one.publication.revision_id, pk) in known
        for one in impact.pending:
            one.acknowledged = (one.review.revision_id, pk) in known
