"""Small decorations of public lists."""

import zlib

from django import template

register = template.Library()

COVERS = ("cells", "notebook", "path", "talk", "calendar", "cup")


@register.filter
def cover(page) -> str:
    """A drawing for a card, always the same one for the same page. It says nothing: its alt text is empty."""
    return f"img/cover-{COVERS[zlib.crc32(page.uid.encode()) % len(COVERS)]}.svg"


@register.filter
def initials(name: str) -> str:
    """First and last letter of a name as an avatar shows it; titles such as "Dr." do not count."""
    words = [word for word in name.split() if not word.endswith(".")] or name.split()
    return "".join(word[0] for word in dict.fromkeys([*words[:1], *words[-1:]])).upper()
