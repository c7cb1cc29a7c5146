"""POSTs that anybody may send: without a token, as public pages carry none, but from our own pages only."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt


def strangers_may_post(view: Callable) -> Callable:
    """For forms that carry no authority. Another site's page cannot send them, and they need no cookie."""

    @csrf_exempt
    @wraps(view)
    def door(request: HttpRequest, *args, **kwargs):
        if request.method == "POST" and not from_our_pages(request):
            raise PermissionDenied(_("Send this form from its own page."))
        return view(request, *args, **kwargs)

    return door


def from_our_pages(request: HttpRequest) -> bool:
    """What the browser says about where a form came from; other sites cannot change these headers."""
    site = request.headers.get("Sec-Fetch-Site", "none")
    if site == "none":
        # An older browser: then the origin must be ours.
        return request.headers.get("Origin") in {
            settings.SITE_URL,
            f"{request.scheme}://{request.get_host()}",
        }
    return site == "same-origin"
