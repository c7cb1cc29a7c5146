"""What a member is asked about before her words are sent: they look as if somebody could be found by them."""

from . import policy
from .detectors import Seen

ASKED_ABOUT = ("email_address", "phone_number")


def before_sending(text: str) -> list[Seen]:
    """What was seen that she may not have meant to tell everybody; [] where nothing needs asking. Nothing is stored."""
    return [one for one in policy.screen(text) if one.label in ASKED_ABOUT]
