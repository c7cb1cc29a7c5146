"""What the reports of a comment weigh, for the card."""

from collections.abc import Iterable

from django import template

from .. import weights
from ..models import Comment, Report

register = template.Library()


@register.simple_tag
def weighed(comment: Comment, reports: Iterable[Report]) -> weights.Weighed:
    """Of its present words; what was said about earlier ones hides nothing."""
    return weights.weigh(report for report in reports if report.revision_id == comment.current_id)
