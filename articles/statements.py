"""The exact words of a signature, the same on the sign page and in the signature."""

import json

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from . import permissions
from .models import Review, ReviewStep


def statement_for(review: Review, user, conflict_of_interest: str = "", step: ReviewStep | None = None) -> str:
    """The exact words a reviewer signs, as shown on the sign page and kept in the signature; "" without a step to take."""
    step = step or permissions.step_for(user, review)
    if step is None:
        return ""
    credential = permissions.valid_credential(user)
    name = user.get_full_name()
    return _statement(review, step).format(
        name=name,
        signer=f"{name}, {credential.title}" if credential else name,
        number=review.revision.number,
        title=json.loads(review.revision.content)["title"],
        date=formats.date_format(timezone.localdate(), "j F Y"),
        conflicts=conflict_of_interest.rstrip(".") or _("none"),
    )


def _statement(review: Review, step: ReviewStep) -> str:
    if step.code == "medical":
        return _(
            "I am {signer}. I have read revision {number} of “{title}” in full and checked its claims against "
            "the sources listed. In my professional opinion it is accurate and suitable for patients on {date}. "
            "My conflicts of interest: {conflicts}."
        )
    if review.leans_on_id:
        return _(
            "I am {name}. I have compared revision {number} of “{title}” with the text that was medically reviewed. "
            "They differ in spelling, punctuation or layout only, and mean the same on {date}. "
            "My conflicts of interest: {conflicts}."
        )
    return _(
        "I am {name}. I have read revision {number} of “{title}” as an editor. It says what its sources and its medical "
        "review support, in words that patients can use, on {date}. My conflicts of interest: {conflicts}."
    )
