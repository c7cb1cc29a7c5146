"""How a moderator likes to work: what they are not handed, what is covered until they open it, and whether keys do something."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from accounts.models import User

from .. import permissions
from ..models import ModeratorSettings


def settings_of(user: User) -> ModeratorSettings:
    """What she chose, or what holds for everybody who chose nothing."""
    return ModeratorSettings.objects.filter(user=user).first() or ModeratorSettings(user=user)


def choose(by: User, **choices: bool) -> ModeratorSettings:
    """One's own settings, by the names of their fields; nobody has to say why, and nobody else is told."""
    if not permissions.is_moderator(by):
        raise PermissionDenied(_("Only a moderator has these settings."))
    return ModeratorSettings.objects.update_or_create(user=by, defaults=choices)[0]
