"""How a moderator likes to work: what they are not handed, and what is covered until they open it."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from accounts.models import User

from .. import permissions
from ..models import ModeratorSettings


def choose(by: User, *, leaves_out_crisis: bool, blurs: bool) -> ModeratorSettings:
    """One's own settings; nobody has to say why, and nobody else is told."""
    if not permissions.is_moderator(by):
        raise PermissionDenied(_("Only a moderator has these settings."))
    choices = {"leaves_out_crisis": leaves_out_crisis, "blurs": blurs}
    return ModeratorSettings.objects.update_or_create(user=by, defaults=choices)[0]
