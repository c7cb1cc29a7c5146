"""What every template may know: the site, the release, who is looking and which desks are theirs."""

from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role


class Desk(NamedTuple):
    slug: str
    title: str | Promise
    url: str
    roles: frozenset


DESKS = (
    Desk("writing", _("Writing"), "/desk/writing/", frozenset({Role.WRITER, Role.EDITOR})),
    Desk("review", _("Medical review"), "/desk/review/", frozenset({Role.MEDICAL_REVIEWER, Role.EDITOR})),
    # Administrators keep the policies of the review desk, and see nothing else of it.
    Desk("policies", _("Review policies"), "/desk/review/policies/", frozenset({Role.ADMINISTRATOR})),
    Desk("moderation", _("Moderation"), "/desk/moderation/", frozenset({Role.MODERATOR})),
    Desk("people", _("People"), "/desk/people/", frozenset({Role.ADMINISTRATOR})),
    Desk("webhooks", _("Webhooks"), "/desk/webhooks/", frozenset({Role.ADMINISTRATOR})),
)


def site(request: HttpRequest) -> dict:
    """Context processor. A request without a session cookie is anonymous and never touches the session."""
    viewer = looking(request)
    return {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "demo": settings.DEMO,
        "release": settings.RELEASE,
        "viewer": viewer,
        "desks": desks_of(viewer),
    }


def looking(request: HttpRequest):
    """The signed-in person or None."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    user = getattr(request, "user", None)
    return user if user is not None and user.is_authenticated else None


def desks_of(viewer) -> list[Desk]:
    if viewer is None:
        return []
    return [desk for desk in DESKS if desk.roles & set(viewer.role_codes)]
