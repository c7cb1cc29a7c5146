"""A problem of a draft in the words of its writer, and which texts and link addresses are refused everywhere."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
UNSAFE_IN_LINK = re.compile('[\\s\\\\<>"`{}|^\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]')


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, where (a node_id, a reference uid or a field) and in words a writer understands."""

    where: str
    code: str
    message: str


def link_problem(href: Any) -> str:
    """Why a link address is refused, or nothing."""
    if not isinstance(href, str) or not href or len(href) > 2000:
        return _("The link has no address, or one that is too long.")
    if UNSAFE_IN_LINK.search(href) or any(unicodedata.category(char) in ("Cc", "Cs") for char in href):
        return _("The link address holds a character that does not belong in an address.")
    try:
        parts = urlsplit(href)
    except ValueError:
        return _("The link address cannot be read.")
    if parts.scheme == "mailto" and "@" in parts.path:
        return ""
    if parts.scheme in ("http", "https") and parts.hostname and not parts.username:
        return ""
    return _("A link must start with https://, http:// or mailto:.")


def text_problem(text: str) -> str:
    """Why a text is refused, or nothing."""
    if BIDI.search(text):
        return _("The text holds an invisible character that changes the direction of writing. Remove it.")
    for char in text:
        if char < " " or unicodedata.category(char) in ("Cc", "Cs"):
            return _("The text holds a control character (U+%(code)s). Remove it.") % {"code": f"{ord(char):04X}"}
    return ""
