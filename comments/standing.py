"""What holds against a member now, and how she is told."""

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User

from .models import Conversation, Sanction

Kind = Sanction.Kind
# These keep a member from writing; a ban keeps her from reporting, following and reacting as well.
SILENCING = (Kind.READ_ONLY, Kind.BAN)


def standing(user: User, conversation: Conversation | None = None) -> QuerySet[Sanction]:
    """What holds against a member now, everywhere or in this conversation; warnings left out."""
    scope = Q(conversation=None) if conversation is None else Q(conversation=None) | Q(conversation=conversation)
    return all_standing(user).filter(scope)


def all_standing(user: User) -> QuerySet[Sanction]:
    """What holds against a member now, in whichever place; warnings left out."""
    now = timezone.now()
    return Sanction.objects.filter(Q(until=None) | Q(until__gt=now), user=user, lifted_at=None).exclude(
        kind=Kind.WARNING
    )


def silence(user: User, conversation: Conversation | None = None) -> Sanction | None:
    """The sanction that keeps her from writing, the longest first."""
    found = list(standing(user, conversation).filter(kind__in=SILENCING))
    return max(found, key=lambda one: (one.until is None, one.until or one.created_at), default=None)


def is_always_held(user: User, conversation: Conversation | None = None) -> bool:
    return standing(user, conversation).filter(kind=Kind.ALWAYS_HOLD).exists()


def why_banned(user: User, conversation: Conversation | None = None) -> str:
    """Why she may not follow, react or report here, said to her; "" when she may."""
    ban = standing(user, conversation).filter(kind=Kind.BAN).order_by("pk").last()
    if ban is None:
        return ""
    words = _("You cannot take part here{until}: {reason}. You can still read. More is on your account page.")
    return words.format(until=until_in_words(ban), reason=ban.get_reason_display())


def until_in_words(sanction: Sanction) -> str:
    """ " until 3 May 2030", or nothing where it has no end."""
    if sanction.until is None:
        return ""
    return _(" until {date}").format(date=date_format(timezone.localtime(sanction.until), "j F Y"))
