"""The list of pages at the writing desk: where each one stands, who touched it last, and what is next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import formats
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .models import Note, Page, Review, Withdrawal

PAGE_SIZE = 30
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def with_state(pages: QuerySet[Page]) -> QuerySet[Page]:
    """Each page with what its state is derived from, beside the row."""
    last = Review.objects.filter(page=OuterRef("pk")).order_by("-pk")
    notes = Note.objects.filter(review=OuterRef("last_review"), resolved_at=None).order_by()
    return pages.annotate(
        title=KeyTextTransform("title", "draft__content"),
        last_review=Subquery(last.values("pk")[:1]),
        review_status=Subquery(last.values("status")[:1]),
        review_due=Subquery(last.values("due_on")[:1]),
        notes_open=Coalesce(
            Subquery(notes.values("review").annotate(n=Count("pk")).values("n"), output_field=IntegerField()),
            0,
        ),
        was_published=Exists(Review.objects.filter(pk=OuterRef("last_review"), publications__isnull=False)),
        was_withdrawn=Exists(Withdrawal.objects.filter(page=OuterRef("pk"))),
        live_since_text_of=F("live_publication__revision__created_at"),
    )  # fmt: skip


def state_of(page: Page) -> str:
    """The code of a page's state, as parts/status.html shows it; `page` comes from `with_state`."""
    if page.review_status == Review.Status.OPEN:
        return "in_review"
    if page.review_status == Review.Status.CHANGES_ASKED:
        return "changes_asked"
    if page.review_status == Review.Status.APPROVED and not page.was_published:
        return "signed"
    if page.live_publication_id:
        return "published"
    return "withdrawn" if page.was_withdrawn else "draft"


def has_newer_draft(page: Page) -> bool:
    """Whether somebody went on writing after the text that readers see."""
    return bool(page.live_since_text_of) and page.draft.updated_at > page.live_since_text_of


def next_step(page: Page, state: str) -> str:
    """What has to happen next, in words."""
    if state == "changes_asked":
        sentence = ngettext("{n} note from the reviewer", "{n} notes from the reviewer", page.notes_open)
        return sentence.format(n=page.notes_open) if page.notes_open else _("Answer the reviewer")
    if state == "in_review":
        return (
            _("Review by {date}").format(date=_date(page.review_due)) if page.review_due else _("Waits for a reviewer")
        )
    if state == "signed":
        return _("Ready to publish")
    if state == "published":
        return _("Next review {date}").format(date=formats.date_format(page.live_publication.next_review_due, "F Y"))
    return _("Write and send for review")


def _date(day) -> str:
    return formats.date_format(day, "j F Y")


class WritingList:
    """One page of the list, last saved first; `before` names where it goes on."""

    def __init__(self, *, kind: str = "", before: str = "") -> None:
        self.kind, self.before = kind, before

    @cached_property
    def counts(self) -> dict[str, int]:
        return dict(Page.objects.filter(draft__isnull=False).order_by().values_list("kind").annotate(Count("pk")))

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def tabs(self) -> list[dict]:
        """All, then each kind, with its number of pages."""
        kinds = [("", _("All"))] + [(kind.value, str(name)) for kind, name in zip(Page.Kind, _plurals(), strict=True)]
        return [
            {"kind": code, "name": name, "count": self.counts.get(code, 0) if code else self.total}
            for code, name in kinds
        ]

    @cached_property
    def _found(self) -> list[Page]:
        pages = with_state(Page.objects.filter(draft__isnull=False))
        # No text is loaded: one draft may be hundreds of kilobytes.
        pages = pages.select_related("draft__updated_by", "live_publication").defer(
            "draft__content", "draft__suggestions", "live_publication__artefact"
        )
        if self.kind:
            pages = pages.filter(kind=self.kind)
        after = _place(self.before)
        if after:
            moment, pk = after
            pages = pages.filter(Q(draft__updated_at__lt=moment) | Q(draft__updated_at=moment, pk__lt=pk))
        return list(pages.order_by("-draft__updated_at", "-pk")[: PAGE_SIZE + 1])

    @cached_property
    def rows(self) -> list[Page]:
        for page in self._found[:PAGE_SIZE]:
            page.state = state_of(page)
            page.newer_draft = has_newer_draft(page)
            page.next_step = next_step(page, page.state)
        return self._found[:PAGE_SIZE]

    @property
    def newest_url(self) -> str:
        """The start of the list, when this is not it."""
        return self._url() if self.before else ""

    @property
    def older_url(self) -> str:
        return self._url(self.older) if self.older else ""

    def _url(self, before: str = "") -> str:
        asked = {"kind": self.kind, "before": before}
        query = urlencode({name: value for name, value in asked.items() if value})
        return reverse("articles:writing") + (f"?{query}" if query else "")

    @property
    def older(self) -> str:
        """The place after the last row, or nothing at the end."""
        if len(self._found) <= PAGE_SIZE:
            return ""
        last = self._found[PAGE_SIZE - 1]
        return f"{(last.draft.updated_at - EPOCH) // timedelta(microseconds=1)}-{last.pk}"


def _plurals() -> list[str]:
    return [_("Articles"), _("Drugs"), _("Subtypes")]


def _place(text: str) -> tuple[datetime, int] | None:
    moment, dash, pk = text.partition("-")
    if not (dash and moment.isdecimal() and pk.isdecimal() and len(moment) <= 17 and len(pk) <= 18):
        return None
    return EPOCH + timedelta(microseconds=int(moment)), int(pk)
