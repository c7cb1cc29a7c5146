"""What waits for a moderator, as the desk's first page shows it."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.desks import Card
from accounts.roles import Role

from . import members, permissions, queue, side_effects
from .models import MedicalQuestion, QueueItem

Lane = QueueItem.Lane


def moderation(user) -> list[Card]:
    if not permissions.is_moderator(user):
        return []
    counts = queue.counts()
    urgent = counts[Lane.CRISIS]
    return [
        Card(
            title=_("Comments"),
            count=sum(counts.values()),
            url=reverse("comments:queue"),
            action=_("Read the next one"),
            icon="chat",
            role=Role.MODERATOR,
            urgent=ngettext(
                "{n} comment may be about somebody in danger.", "{n} comments may be about somebody in danger.", urgent
            ).format(n=urgent)
            if urgent
            else "",
        ),
        *_appeals(),
    ]


def _appeals() -> list[Card]:
    """Second looks at warnings and limits; those at comments wait in the queue."""
    count = members.open_sanction_appeals()[: queue.MOST_COUNTED].count()
    if not count:
        return []
    return [
        Card(
            title=_("Appeals against warnings and limits"),
            count=count,
            url=reverse("comments:appeals"),
            action=_("Hear the oldest one"),
            icon="hand",
            role=Role.MODERATOR,
        )
    ]


def questions(user) -> list[Card]:
    """What moderators want to know from the medical team."""
    if not permissions.is_medical(user):
        return []
    return [
        Card(
            title=_("Questions from the moderators"),
            count=MedicalQuestion.objects.filter(answered_at=None)[: queue.MOST_COUNTED].count(),
            url=reverse("comments:questions"),
            action=_("Answer the oldest one"),
            icon="chat",
            role=Role.MEDICAL_REVIEWER,
        )
    ]


def safety(user) -> list[Card]:
    """Side effects that are to be handed over, and contracts about them that end, on a site that records them."""
    if not settings.ADVERSE_EVENTS:
        return []
    return [
        *(_hand_over() if permissions.is_moderator(user) else []),
        *(_contracts() if permissions.can_keep_safety_contacts(user) else []),
    ]


def _contracts() -> list[Card]:
    return [
        Card(
            title=_("Contracts about side effects that end soon"),
            count=side_effects.ending_soon().count(),
            url=reverse("comments:safety_contacts"),
            action=_("See who is told"),
            icon="mail",
            role=Role.ADMINISTRATOR,
        )
    ]


def _hand_over() -> list[Card]:
    count = side_effects.to_hand_over().count()
    if not count:
        return []
    late = side_effects.overdue().count()
    return [
        Card(
            title=_("Side effects"),
            count=count,
            url=reverse("comments:safety_events"),
            action=_("Hand them over"),
            icon="pill",
            role=Role.MODERATOR,
            urgent=ngettext(
                "{n} side effect should have been handed over by now.",
                "{n} side effects should have been handed over by now.",
                late,
            ).format(n=late)
            if late
            else "",
        )
    ]
