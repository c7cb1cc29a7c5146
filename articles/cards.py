"""What waits on the review and publishing desks, for the first page of the desk."""

import json

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.desks import Card, Row, register
from accounts.roles import Role, holds

from .models import Page, Review

SHOWN = 3


@register
def reviews(user) -> list[Card]:
    """Revisions that wait for a reviewer's signature."""
    if not holds(user, Role.MEDICAL_REVIEWER):
        return []
    waiting = Review.objects.filter(status=Review.Status.OPEN).order_by("due_on", "pk")
    return [
        _card(
            waiting,
            _("Revisions to review"),
            reverse("articles:reviewing"),
            _("Open the queue"),
            "badge",
            Role.MEDICAL_REVIEWER,
        )
    ]


@register
def publishing(user) -> list[Card]:
    """Signed revisions that wait for an editor, and public pages whose review is overdue."""
    if not holds(user, Role.EDITOR):
        return []
    signed = Review.objects.filter(status=Review.Status.APPROVED, publications=None).order_by("due_on", "pk")
    overdue = Page.objects.live().filter(live_publication__next_review_due__lt=timezone.localdate()).count()
    address = reverse("articles:reviewing") + "?lane=signed"
    return [
        _card(signed, _("Signed, ready to publish"), address, _("See what is signed"), "check", Role.EDITOR),
        Card(
            _("Public pages overdue for review"),
            overdue,
            reverse("articles:live_pages"),
            _("See public pages"),
            "clock",
            Role.EDITOR,
        ),
    ]


@register
def sent_back(user) -> list[Card]:
    """Revisions on which a reviewer asked for changes."""
    if not holds(user, Role.WRITER):
        return []
    newer = Review.objects.filter(page=OuterRef("page"), pk__gt=OuterRef("pk"))
    back = Review.objects.filter(~Exists(newer), status=Review.Status.CHANGES_ASKED).order_by("-pk")
    rows = [
        Row(_title(review), reverse("articles:write", args=[review.page_id]), "changes_asked")
        for review in back.select_related("revision")[:SHOWN]
    ]
    return [
        Card(
            _("Sent back to the writers"),
            back.count(),
            reverse("articles:writing"),
            _("Open the writing desk"),
            "reply",
            Role.WRITER,
            rows,
        )
    ]


def _card(waiting, title: str, url: str, action: str, icon: str, role: str) -> Card:
    rows = [
        Row(_title(review), reverse("articles:review", args=[review.pk]), review.status)
        for review in waiting.select_related("revision")[:SHOWN]
    ]
    return Card(title, waiting.count(), url, action, icon, role, rows)


def _title(review: Review) -> str:
    return json.loads(review.revision.content)["title"]
