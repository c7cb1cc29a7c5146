"""Pages on which a conversation is read, the lasting address of a comment, and how far a member has read."""

import re
from datetime import datetime
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST, require_safe

from accounts.access import anyone, members
from accounts.models import User
from articles.freshness import public_page
from articles.models import Page

from .. import permissions, reading, thread
from ..models import Comment, Conversation
from ..thread import IN_THREAD, ORDERS, Mark, Order, Slice, Sort
from ..workflow import reacting
from . import address
from .address import never_stored

# Most helpful first: "23-abcdefghijkl" is where a comment stood when 23 people had found it helpful.
MARK = re.compile(r"(?:(\d{1,9})-)?([a-z2-7]{12})", re.ASCII)


@public_page()
@anyone
@require_safe
def conversation(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    """Further pages of a conversation: `after` a mark, `before` it, or `from` a comment with a few others above it."""
    page, found = _shown(kind, slug)
    sort = request.GET.get("sort", Sort.NEWEST)
    if sort not in Sort.values:
        raise Http404
    viewer, order = _viewer(request), ORDERS[Sort(sort)]
    rows = _asked(request, thread.roots(found, viewer), order, found.comments.filter(root__isnull=True))
    is_first = not rows.has_earlier
    reader = reading.Reader(found, viewer)
    spread = reader.spread(rows, order, sort, is_first=is_first)
    context = _context(page, found, reader) | {"spread": spread, "is_first": is_first}
    return render(request, "comments/conversation_page.html", context)


@public_page()
@anyone
@require_safe
def one_thread(request: HttpRequest, kind: str, slug: str, public_id: str) -> HttpResponse:
    """All replies under one comment, in the order of the thread."""
    page, found = _shown(kind, slug)
    viewer = _viewer(request)
    root = get_object_or_404(thread.roots(found, viewer), public_id=public_id)
    rows = _asked(request, thread.replies(root, viewer), IN_THREAD, found.comments.filter(root=root))
    reader = reading.Reader(found, viewer)
    context = _context(page, found, reader) | {"spread": reader.thread(root, rows)}
    return render(request, "comments/thread_page.html", context)


@anyone
@require_safe
def permalink(request: HttpRequest, public_id: str) -> HttpResponse:
    """The one lasting address of a comment: it leads to where the comment, or what is left of it, stands."""
    comment = address.comment(public_id)
    user = request.user
    if comment.shown and permissions.is_shown(comment.conversation):
        return redirect(_where(comment))
    if permissions.can_see(user, comment):
        if permissions.can_decide(user, comment):
            return redirect(f"{reverse('comments:lane', args=['held'])}?comment={comment.public_id}")
        if user.is_authenticated and comment.author_id == user.pk:
            return redirect(f"{reverse('comments:mine')}#comment-{comment.public_id}")
    raise Http404


@members
@never_stored
@require_POST
def mark_read(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    """She has read what stood on the page she had before her, and not what came since."""
    page, found = _shown(kind, slug)
    until = _moment(request.POST.get("until", ""))
    if until is None:
        return HttpResponseBadRequest()
    reacting.mark_read(found, by=request.user, until=until)
    return redirect(f"{page.get_absolute_url()}#conversation")


def _shown(kind: str, slug: str) -> tuple[Page, Conversation]:
    page = address.live_page(kind, slug)
    found = reading.conversations().filter(page=page).first()
    if not permissions.is_shown(found):
        raise Http404
    return page, found


def _viewer(request: HttpRequest) -> User | None:
    return request.user if request.user.is_authenticated else None


def _context(page: Page, found: Conversation, reader: reading.Reader) -> dict:
    return {
        "page": page,
        "kind": page.PATHS[page.kind],
        "conversation": found,
        "takes_comments": permissions.takes_comments(found),
        "reader": reader,
        "sorts": Sort,
    }


def _asked(request: HttpRequest, rows, order: Order, among) -> Slice:
    """The page that the address asks for. Marks are looked up `among` what once stood there, shown or no longer."""
    for name, turn in (("after", thread.after), ("before", thread.before), ("from", thread.around)):
        if text := request.GET.get(name):
            return turn(rows, order, _mark(text, order, among))
    return thread.first(rows, order)


def _mark(text: str, order: Order, among) -> Mark:
    written = MARK.fullmatch(text)
    if written is None:
        raise Http404
    count, public_id = written.groups()
    comment = get_object_or_404(among, public_id=public_id, published_at__isnull=False)
    if count is not None and order == ORDERS[Sort.HELPFUL]:
        return int(count), comment.pk
    return order.mark(comment)


def _where(comment: Comment) -> str:
    page = comment.conversation.page
    anchor = f"#comment-{comment.public_id}"
    is_root = comment.root_id is None
    if page.live_publication_id is None or (is_root and thread.is_on_first_page(comment)):
        return page.get_absolute_url() + anchor
    place = [page.PATHS[page.kind], page.slug]
    if is_root:
        there = reverse("comments:conversation", args=place)
    else:
        root = Comment.objects.values_list("public_id", flat=True).get(pk=comment.root_id)
        there = reverse("comments:thread", args=[*place, root])
    return f"{there}?{urlencode({'from': comment.public_id})}{anchor}"


def _moment(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
