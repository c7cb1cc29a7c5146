"""“You are about to post a phone number”: what is asked before words are sent, and the answer to exactly that question."""

import hashlib
import logging
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import text
from .screening import asking
from .screening.detectors import Seen
from .screening.policy import MEANINGS

logger = logging.getLogger(__name__)

NAMES: dict[str, str | Promise] = {
    "email_address": gettext_lazy("an email address"),
    "phone_number": gettext_lazy("a phone number"),
    "record_number": gettext_lazy("a patient number"),
    "address": gettext_lazy("a home address"),
    "named_person": gettext_lazy("somebody’s name"),
}


@dataclass(frozen=True)
class Question:
    """What was seen in the words, the words with it marked, and what a button must carry to answer yes to them."""

    seen: str
    marked: SafeString
    answer: str


def about(words: str, *, answered: str = "") -> Question | None:
    """What to ask before these words are sent; nothing where she answered it already, for these very words.

    A yes opens no door: the screening holds such words all the same.
    """
    answer = hashlib.sha256(words.encode()).hexdigest()
    if answered == answer:
        return None
    found = _seen(words)
    if not found:
        return None
    spans = [tuple(span) for one in found for span in one.spans]
    return Question(_named({one.label: None for one in found}), text.marked(words, spans), answer)


def _seen(words: str) -> list[Seen]:
    """What breaks while it looks must not keep her from posting; the screening holds what it could not read."""
    try:
        return asking.before_sending(words)
    except Exception:
        logger.exception("what to ask before sending could not be found out")
        return []


def _named(labels) -> str:
    names = [str(NAMES[label] if label in NAMES else MEANINGS[label].name) for label in labels]
    return get_text_list(names, _("and"))
