"""“You are about to post a phone number”: what is asked before words are sent, and the answer to exactly that question."""

import hashlib
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import text
from .screening import asking
from .screening.policy import MEANINGS

NAMES: dict[str, str | Promise] = {
    "email_address": gettext_lazy("an email address"),
    "phone_number": gettext_lazy("a phone or patient number"),
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
    found = asking.before_sending(words)
    if not found:
        return None
    spans = [tuple(span) for one in found for span in one.spans]
    return Question(_named({one.label: None for one in found}), text.marked(words, spans), answer)


def _named(labels) -> str:
    names = [str(NAMES[label] if label in NAMES else MEANINGS[label].name) for label in labels]
    return get_text_list(names, _("and"))
