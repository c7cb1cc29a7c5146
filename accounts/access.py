"""Doors: every view says who may open it."""

from collections.abc import Callable
from functools import wraps

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from .roles import holds


def anyone(view: Callable) -> Callable:
    """Open to all the world."""
    view = login_not_required(view)
    view.opens_for = "anyone"
    return view


def members(view: Callable) -> Callable:
    """Open to whoever is signed in; others are asked to sign in."""

    @wraps(view)
    def door(request, *args, **kwargs):
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    door.opens_for = "members"
    return door


def holders_of(*roles: str) -> Callable[[Callable], Callable]:
    """Open to holders of any of `roles`. Others get a 404: the desks do not tell that they exist."""

    def label(view: Callable) -> Callable:
        @wraps(view)
        def door(request, *args, **kwargs):
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not holds(request.user, *roles):
                raise Http404
            if lacks_second_step(request.user):
                messages.warning(request, _("Your desk opens once you have set up a second step to sign in."))
                return redirect("mfa_index")
            return view(request, *args, **kwargs)

        door.opens_for = roles
        return door

    return label


def lacks_second_step(user) -> bool:
    """Whether somebody who works here must set up an authenticator app or a passkey first."""
    # Recovery codes alone are no step: they are for the day the step is lost.
    steps = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return settings.REQUIRE_STAFF_MFA and not Authenticator.objects.filter(user=user, type__in=steps).exists()
