"""System checks: can people in danger be told whom to call, is that still true, and does somebody of ours learn of it?"""

from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register
from django.utils import timezone

from . import contacts

OLDEST = timedelta(days=365)


@register
def contacts_are_true(app_configs, **kwargs) -> list:
    try:
        found = contacts.read(Path(settings.HELP_CONTACTS))
    except contacts.Unreadable as error:
        return [
            Error(
                f"HELP_CONTACTS cannot be read: {error}.",
                hint="Until then people in danger see one international directory.",
                id="comments.E001",
            )
        ]
    until = timezone.localdate() - OLDEST
    old = [one for one in found if one.checked_on < until]
    return [
        Warning(
            f"“{one.name}” ({one.country or 'everywhere'}) was last checked on {one.checked_on}.",
            hint="Call or look it up, and change checked_on in the file that HELP_CONTACTS names.",
            id="comments.W001",
        )
        for one in old
    ]


@register(Tags.security, deploy=True)
def somebody_is_on_call(app_configs, **kwargs) -> list[Warning]:
    if settings.CRISIS_ON_CALL:
        return []
    return [
        Warning(
            "CRISIS_ON_CALL is empty: nobody gets a mail when somebody may be in danger.",
            hint="Name at least one address that somebody reads at night.",
            id="comments.W002",
        )
    ]
