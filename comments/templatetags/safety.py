"""{% side_effect_authorities as places %}, {% side_effects_recorded comment as events %}: what templates show of side effects."""

from django import template
from django.conf import settings

from .. import side_effects
from ..models import AdverseEvent, Comment

register = template.Library()


@register.simple_tag
def side_effect_authorities() -> tuple[side_effects.Authority, ...]:
    return side_effects.AUTHORITIES


@register.simple_tag
def records_side_effects() -> bool:
    return settings.ADVERSE_EVENTS


@register.simple_tag
def side_effects_recorded(comment: Comment) -> list[AdverseEvent]:
    """What was recorded of one comment; one query."""
    return list(comment.adverse_events.select_related("recorded_by").order_by("pk"))
