"""Whom somebody in danger can call, by country, from a file that is a setting; what is said is never nothing."""

import logging
import tomllib
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

log = logging.getLogger(__name__)

COUNTRIES: dict[str, str | Promise] = {
    "US": _("United States"), "CA": _("Canada"), "GB": _("United Kingdom"), "IE": _("Ireland"), "AU": _("Australia"),
    "NZ": _("New Zealand"), "DE": _("Germany"), "FR": _("France"), "EU": _("European Union"), "": _("Everywhere else"),
}  # fmt: skip


class Unreadable(Exception):
    """The file of contacts cannot be used; the text says what is wrong with it."""


@dataclass(frozen=True)
class Contact:
    country: str
    name: str
    number: str
    how: str
    hours: str
    languages: str
    website: str
    emergency: str
    checked_on: date

    @property
    def place(self) -> str | Promise:
        return COUNTRIES.get(self.country, self.country)

    @property
    def dial(self) -> str:
        """The number without its blanks, for a link that a telephone dials."""
        return "".join(sign for sign in self.number if sign.isdigit() or sign == "+")


# When the file is of no use, this is still true.
LAST_RESORT = Contact("", "Find A Helpline", "", "Search by country", "", "", "findahelpline.com", "", date(2026, 1, 1))


def listed() -> list[Contact]:
    """All of them: the site's own country first, what is for everybody last. Never empty."""
    try:
        found = read(Path(settings.HELP_CONTACTS))
    except Unreadable as error:
        log.error("The contacts for people in danger cannot be read: %s", error)
        found = ()
    own = [one for one in found if one.country and one.country == settings.DEFAULT_COUNTRY]
    others = [one for one in found if one.country and one.country != settings.DEFAULT_COUNTRY]
    return [*own, *others, *([one for one in found if not one.country] or [LAST_RESORT])]


def of(country: str) -> list[Contact]:
    """Those of one country; of a country that we have none for, what is for everybody."""
    found = listed()
    return [one for one in found if country and one.country == country] or [one for one in found if not one.country]


@cache
def read(path: Path) -> tuple[Contact, ...]:
    """The contacts of a file, once per process. Raises Unreadable."""
    try:
        rows = tomllib.loads(path.read_text("utf-8")).get("contact", [])
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path.name}: {error}") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unreadable(f"{path.name}: contact must be a list of entries, each headed [[contact]]")
    return tuple(_contact(row, place) for place, row in enumerate(rows, start=1))


def _contact(row: dict, place: int) -> Contact:
    names = {field.name for field in fields(Contact)}
    if set(row) != names:
        wrong = ", ".join(sorted(names ^ set(row)))
        raise Unreadable(f"entry {place} has too much or too little: {wrong}")
    for name, value in row.items():
        wanted = date if name == "checked_on" else str
        if type(value) is not wanted:
            raise Unreadable(f"entry {place}: {name} must be a {'date' if wanted is date else 'text'}")
    if not row["name"] or not (row["number"] or row["website"]):
        raise Unreadable(f"entry {place} has no name, or neither a number nor a website")
    return Contact(**row)
