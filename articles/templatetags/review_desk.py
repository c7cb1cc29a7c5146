"""Parts of the review desk that several of its pages show."""

from django import template

from accounts.roles import Role, holds

from .. import permissions
from ..models import Review, ReviewPolicy, ReviewTrigger

register = template.Library()


@register.inclusion_tag("articles/review_sections.html", takes_context=True)
def review_sections(context, current: str) -> dict:
    """Links between the pages of the desk. `current`: queue, called_back, live, sources, planned, calendar or policies."""
    reviews = permissions.can_review(context["request"].user)
    waiting = ReviewTrigger.objects.filter(resolved_at=None).count() if reviews else 0
    return {"current": current, "reviews": reviews, "called_back": waiting}


@register.inclusion_tag("articles/assigning.html", takes_context=True)
def assigning(context, review: Review, back: str = "") -> dict:
    """Who has this review, with the buttons to take it, give it back or give it to somebody."""
    user = context["request"].user
    still_open = review.status == Review.Status.OPEN
    may_take = still_open and review.assignee_id is None and holds(user, Role.MEDICAL_REVIEWER, Role.EDITOR)
    return {
        "review": review,
        "back": back,
        "why_not": permissions.why_not_assign(user, user, review) if may_take else "",
        "may_take": may_take,
        "is_mine": still_open and review.assignee_id == user.pk,
        "may_assign": still_open and permissions.can_assign(user),
        "csrf_token": context.get("csrf_token"),
    }


@register.filter
def asks_for_claims(policy: ReviewPolicy) -> bool:
    """Claims are ticked by whoever takes a medical step; without one nobody does."""
    return policy.checks_claims and any(step.code == "medical" for step in policy.steps.all())
