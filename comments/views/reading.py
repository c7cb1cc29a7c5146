"""Pages on which a conversation is read: further pages of a thread, and the lasting address of a comment."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.access import anyone
from articles.freshness import public_page

from .. import permissions, thread
from ..models import Comment, Conversation
from . import address

Status = Comment.Status


@public_page()
@anyone
@require_safe
def conversation(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    """Further pages of a thread: after a comment (`before` it in time), or beginning with one (`from`)."""
    page = address.live_page(kind, slug)
    found = get_object_or_404(Conversation.objects.exclude(mode=Conversation.Mode.HIDDEN), page=page)
    if mark := request.GET.get("before"):
        shown = thread.after(found, address.place(found, mark))
    elif mark := request.GET.get("from"):
        shown = thread.starting_with(found, address.place(found, mark))
    else:
        shown = thread.newest(found)
    context = {"page": page, "kind": kind, "conversation": found, "slice": shown}
    return render(request, "comments/conversation_page.html", context)


@anyone
@require_safe
def permalink(request: HttpRequest, public_id: str) -> HttpResponse:
    """The one lasting address of a comment: it leads to where the comment stands."""
    comment = address.comment(public_id)
    user = request.user
    if not permissions.can_see(user, comment):
        raise Http404
    page = comment.conversation.page
    anchor = f"#comment-{comment.public_id}"
    if comment.status == Status.LIVE and permissions.is_shown(comment.conversation):
        if page.live_publication_id is None or thread.is_on_first_page(comment):
            return redirect(page.get_absolute_url() + anchor)
        more = reverse("comments:conversation", args=[page.PATHS[page.kind], page.slug])
        return redirect(f"{more}?from={comment.public_id}{anchor}")
    if permissions.can_decide(user, comment):
        return redirect(f"{reverse('comments:lane', args=['held'])}?comment={comment.public_id}")
    if user.is_authenticated and comment.author_id == user.pk:
        return redirect(reverse("comments:mine") + anchor)
    raise Http404
