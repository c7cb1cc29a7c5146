"""From an address to the page, the conversation or the comment it names."""

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control

from articles.models import Page

from .. import permissions
from ..models import Comment, Conversation

WITH_ITS_PAGE = ("conversation__page__live_publication",)
ARTEFACT = "conversation__page__live_publication__artefact"  # large, and nothing of it is needed here
never_stored = cache_control(private=True, no_store=True)


def live_page(kind: str, slug: str) -> Page:
    """The page at this address, also at an address it once had: a form that was open meanwhile still finds it."""
    kinds = {path: code for code, path in Page.PATHS.items()}
    live = (
        Page.objects.live()
        .filter(kind=kinds[kind])
        .select_related("live_publication")
        .defer("live_publication__artefact")
    )
    found = live.filter(slug=slug).first() or live.filter(redirects__slug=slug, redirects__kind=kinds[kind]).first()
    if found is None:
        raise Http404
    return found


def place(found: Conversation, public_id: str) -> Comment:
    return get_object_or_404(Comment, conversation=found, public_id=public_id, published_at__isnull=False)


def comment(public_id: str) -> Comment:
    return get_object_or_404(
        Comment.objects.select_related(*WITH_ITS_PAGE, "author", "current").defer(ARTEFACT), public_id=public_id
    )


def must_have_been_public(comment: Comment) -> None:
    """404 for what readers never saw, and for everything in a conversation that is not shown."""
    conversation = comment.conversation
    if not permissions.is_shown(conversation) or conversation.page.live_publication_id is None:
        raise Http404
    if comment.published_at is None:
        raise Http404


def own_comment(request: HttpRequest, public_id: str) -> Comment:
    own = Comment.objects.select_related(*WITH_ITS_PAGE, "current").defer(ARTEFACT).filter(author=request.user)
    return get_object_or_404(own, public_id=public_id)
