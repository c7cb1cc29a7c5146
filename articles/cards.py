"""What waits on the review and publishing desks, for the first page of the desk."""

from datetime import date

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.desks import Card, Row, register
from accounts.roles import Role, holds

from . import by_due, causes, permissions, review_queue
from .models import Page, Review, ReviewTrigger

SHOWN = 3


@register
def reviews(user) -> list[Card]:
    """Reviews that a reviewer has, and those that nobody has."""
    if not holds(user, Role.MEDICAL_REVIEWER):
        return []
    return [
        _lane("mine", user, _("Your reviews"), _("Open your reviews"), "badge", Role.MEDICAL_REVIEWER),
        _lane("new", user, _("Reviews that nobody has"), _("See and take them"), "people", Role.MEDICAL_REVIEWER),
    ]


@register
def called_back(user) -> list[Card]:
    """Public pages that something called back."""
    if not permissions.can_review(user):
        return []
    still_open, today = ReviewTrigger.objects.filter(resolved_at=None), timezone.localdate()
    severe = still_open.filter(severity__in=[ReviewTrigger.Severity.BANNER, ReviewTrigger.Severity.WITHDRAW]).count()
    urgent = ngettext(
        "{n} page carries a warning to readers or was taken down. A clinician must look at it.",
        "{n} pages carry a warning to readers or were taken down. A clinician must look at them.",
        severe,
    )
    rows = [
        Row(
            one.title or one.page.slug,
            reverse("articles:trigger", args=[one.pk]),
            "overdue" if one.due_on and one.due_on < today else "due",
            by_due.in_words(one.due_on, today),
        )
        for one in by_due.after(causes.with_facts(still_open), None, rank="rank")[:SHOWN]
    ]
    role = Role.MEDICAL_REVIEWER if holds(user, Role.MEDICAL_REVIEWER) else Role.EDITOR
    words = (_("See what happened"), "reply", role)
    address = reverse("articles:called_back")
    return [
        Card(
            _("Pages called back"), still_open.count(), address, *words, rows, urgent.format(n=severe) if severe else ""
        )
    ]


@register
def publishing(user) -> list[Card]:
    """Signed revisions that wait for an editor, and public pages whose review is overdue."""
    if not holds(user, Role.EDITOR):
        return []
    overdue = Page.objects.live().filter(live_publication__next_review_due__lt=timezone.localdate()).count()
    return [
        _lane("signed", user, _("Signed, ready to publish"), _("See what is signed"), "check", Role.EDITOR),
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
    back = review_queue.lane("sent_back", user, Q())
    rows = [
        Row(review.title, reverse("articles:write", args=[review.page_id]), "changes_asked")
        for review in review_queue.titled(back).order_by("-pk")[:SHOWN]
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


def _lane(name: str, user, title: str, action: str, icon: str, role: str) -> Card:
    waiting, today = review_queue.lane(name, user, Q()), timezone.localdate()
    rows = [
        Row(review.title, reverse("articles:review", args=[review.pk]), *_tag(review, today))
        for review in by_due.after(review_queue.titled(waiting), None)[:SHOWN]
    ]
    return Card(title, waiting.count(), f"{reverse('articles:reviewing')}?lane={name}", action, icon, role, rows)


def _tag(review: Review, today: date) -> tuple[str, str]:
    """Status code and words beside a title."""
    if review.status != Review.Status.OPEN:
        return review.status, ""
    return "overdue" if review.due_on and review.due_on < today else review.status, by_due.in_words(
        review.due_on, today
    )
