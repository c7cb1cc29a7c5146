"""What feed readers fetch of a conversation."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from accounts.access import anyone
from articles.freshness import public_page

from .. import feeds, permissions
from ..models import Conversation
from . import address


@public_page()
@anyone
@require_safe
def conversation(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    page = address.live_page(kind, slug)
    found = Conversation.objects.filter(page=page).first()
    if not permissions.is_shown(found):
        raise Http404
    if page.slug != slug:
        return redirect(feeds.address(page), permanent=True)
    response = HttpResponse(feeds.atom(page, found), content_type=feeds.Feed.content_type)
    # Search engines are to find the page, where what is medical and what is said about it stand apart.
    response["X-Robots-Tag"] = "noindex"
    return response
