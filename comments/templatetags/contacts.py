"""Whom somebody in danger can call, on every page that says so."""

from django import template
from django.conf import settings

from .. import contacts

register = template.Library()


@register.inclusion_tag("comments/parts/contacts.html")
def help_contacts(brief: bool = False) -> dict:
    """`brief`: the site's own country and the directory for everybody, the rest folded away."""
    found = contacts.listed()
    first = [one for one in found if one.country in ("", settings.DEFAULT_COUNTRY)] if brief else found
    # Without a country of its own a site does not guess one: then nothing is folded away.
    if brief and not settings.DEFAULT_COUNTRY:
        first = found
    return {"first": first, "rest": [one for one in found if one not in first]}


@register.simple_tag
def emergency_number() -> str:
    """Of the site's own country, or ""."""
    return next((one.emergency for one in contacts.of(settings.DEFAULT_COUNTRY) if one.emergency), "")
