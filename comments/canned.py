"""Beginnings for an answer of the team. Whoever answers goes on in their own words."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role, holds

BEGINNINGS: dict[str, tuple[str | Promise, str | Promise]] = {
    "thanks": (_("Thank you"), _("Thank you for telling us about this. ")),
    "care_team": (
        _("Ask your care team"),
        _("We cannot say what is right for you here. Please ask your care team before you change anything. "),
    ),
    "help": (
        _("You are not alone"),
        _("That sounds very hard, and you do not have to face it alone. On the page “Get help now” you find people to talk to. "),
    ),
    "on_topic": (_("Back to the subject"), _("Let us keep to what this page is about, so that others find it. ")),
}  # fmt: skip


def beginning(user, code: str) -> str:
    """The words to begin with; "" for members and for a code that is none."""
    if code not in BEGINNINGS or not holds(user, Role.MODERATOR, Role.MEDICAL_REVIEWER):
        return ""
    return str(BEGINNINGS[code][1])
