"""How a live page came about, as readers may know it: what was published, who stood behind it, what was said since."""

import re
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from . import reading
from .models import Page, Publication, PublicNotice, SignOff, Withdrawal
from .vouching import MEDICAL

LISTED = 20
MARK = re.compile(r"(version|notice)-([1-9][0-9]{0,17})", re.ASCII)
MEANINGS = {MEDICAL: _("Medical review"), "editorial": _("Editorial review")}
WHY_TAKEN_BACK = {
    "error_found": _("The reviewer found an error."),
    "evidence_changed": _("The evidence changed."),
    "signed_by_mistake": _("It was signed by mistake."),
}


class Signature(NamedTuple):
    """One signature as readers are told of it; a board stands before the one of its members who signed."""

    by: reading.Reviewer
    is_medical: bool
    meaning: str | Promise
    signed_at: datetime
    conflicts: str
    taken_back: datetime | None
    why: str | Promise


class Version(NamedTuple):
    """A publication of a live page, with everything that happened to it."""

    publication: Publication
    signatures: list[Signature]
    withdrawal: Withdrawal | None
    is_live: bool

    @property
    def is_shown(self) -> bool:
        """Whether readers may open it; for one publication what `reading.shown` asks of all."""
        vouched = any(one.is_medical for one in self.signatures)
        return vouched and self.withdrawal is None and not self.taken_back

    @property
    def taken_back(self) -> list[Signature]:
        return [one for one in self.signatures if one.taken_back]

    @property
    def change(self) -> str:
        """The class of an update, in words; every other reason says it already."""
        updated = self.publication.reason == Publication.Reason.UPDATE
        return self.publication.revision.get_change_class_display() if updated else ""


class Entry(NamedTuple):
    """One line of the history: a version or a notice."""

    at: datetime
    version: Version | None
    notice: PublicNotice | None


class Piece(NamedTuple):
    """A piece of the history, newest first, with the addresses of the first and the next piece, if any."""

    entries: list[Entry]
    newer: str
    older: str


def last_seen(page: Page, mark: str) -> Publication | PublicNotice | None:
    """The version or notice that a mark such as "version-3" names, if this page has it."""
    found = MARK.fullmatch(mark)
    if found is None:
        return None
    number = int(found[2])
    if found[1] == "version":
        return page.publications.only("number", "published_at").filter(number=number).first()
    return page.notices.filter(pk=number).first()


def piece(page: Page, before: Publication | PublicNotice | None = None) -> Piece:
    """Versions and notices as one list by time. `page` comes from `reading.find`."""
    publications, notices = _earlier(page, before)
    rows: list[Publication | PublicNotice] = [*publications[: LISTED + 1], *notices[: LISTED + 1]]
    rows.sort(key=_place, reverse=True)
    shown = rows[:LISTED]
    versions = {one.publication.pk: one for one in _versions(page, [row for row in shown if _is_version(row)])}
    entries = [
        Entry(row.published_at, versions[row.pk], None) if _is_version(row) else Entry(row.at, None, row)
        for row in shown
    ]
    older = f"?before={_mark(shown[-1])}" if len(rows) > LISTED else ""
    return Piece(entries, newer="./" if before else "", older=older)


def version(page: Page, number: int) -> Version | None:
    """One publication of this page with its stored artefact; whether it may be shown is `is_shown`."""
    found = page.publications.select_related("revision", "withdrawal").defer("revision__content")
    return next(iter(_versions(page, list(found.filter(number=number)))), None)


def replaced_by(publication: Publication) -> Publication | None:
    """The publication that came after it."""
    later = Publication.objects.only("number", "published_at", "reason")
    return later.filter(page=publication.page_id, number=publication.number + 1).first()


def _earlier(
    page: Page, before: Publication | PublicNotice | None
) -> tuple[QuerySet[Publication], QuerySet[PublicNotice]]:
    """What happened before something; of one moment, a notice is the later."""
    publications = page.publications.select_related("revision", "withdrawal").defer("artefact", "revision__content")
    publications = publications.order_by("-published_at", "-number")
    notices = page.notices.order_by("-at", "-pk")
    if isinstance(before, PublicNotice):
        publications = publications.filter(published_at__lte=before.at)
        notices = notices.filter(Q(at__lt=before.at) | Q(at=before.at, pk__lt=before.pk))
    elif before:
        same = Q(published_at=before.published_at, number__lt=before.number)
        publications = publications.filter(Q(published_at__lt=before.published_at) | same)
        notices = notices.filter(at__lt=before.published_at)
    return publications, notices


def _is_version(row: Publication | PublicNotice) -> bool:
    return isinstance(row, Publication)


def _place(row: Publication | PublicNotice) -> tuple[datetime, int, int]:
    return (row.published_at, 0, row.number) if isinstance(row, Publication) else (row.at, 1, row.pk)


def _mark(row: Publication | PublicNotice) -> str:
    return f"version-{row.number}" if isinstance(row, Publication) else f"notice-{row.pk}"


def _versions(page: Page, publications: list[Publication]) -> list[Version]:
    """Each publication with its signatures and what ended it: two queries for all of them."""
    signed: dict[int, list[Signature]] = {one.pk: [] for one in publications}
    for sign_off in reading.signatures().filter(published__in=signed).select_related("revocation"):
        signed[sign_off.published].append(_told(sign_off))
    for_safety = list(reading.safety_withdrawals().filter(page=page).order_by("ended"))
    return [
        Version(one, signed[one.pk], _ended(one, for_safety), one.pk == page.live_publication_id)
        for one in publications
    ]


def _ended(publication: Publication, for_safety: list[Withdrawal]) -> Withdrawal | None:
    """Its own withdrawal, or one for safety of a later version: what was dangerous there may have stood here as well."""
    later = next((one for one in for_safety if one.ended >= publication.number), None)
    return getattr(publication, "withdrawal", None) or later


def _told(sign_off: SignOff) -> Signature:
    revocation = getattr(sign_off, "revocation", None)
    return Signature(
        by=reading.as_named(sign_off),
        is_medical=sign_off.meaning == MEDICAL,
        meaning=MEANINGS.get(sign_off.meaning, sign_off.meaning),
        signed_at=sign_off.signed_at,
        conflicts=sign_off.conflict_of_interest,
        taken_back=revocation.at if revocation else None,
        why=WHY_TAKEN_BACK.get(revocation.reason, "") if revocation else "",
    )
