"""Pages on which members follow, leave, and read what is new."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.access import anyone, members
from audit.moves import WrongState

from .. import news
from ..forms import FollowForm, number_in
from ..models import Comment, Conversation, Follow
from ..workflow import following as verbs
from . import address
from .address import never_stored

FORM = require_http_methods(["GET", "HEAD", "POST"])


@members
@never_stored
@FORM
def follow_comment(request: HttpRequest, public_id: str) -> HttpResponse:
    comment = get_object_or_404(
        Comment.objects.filter(news.is_public())
        .select_related("author", "conversation__page__live_publication")
        .defer("conversation__page__live_publication__artefact"),
        public_id=public_id,
    )
    earlier = Follow.objects.filter(user=request.user, comment=comment, left_at=None).first()
    return _follow(request, comment, earlier, back=comment.get_absolute_url())


@members
@never_stored
@FORM
def follow_conversation(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    page = address.live_page(kind, slug)
    found = get_object_or_404(Conversation.objects.exclude(mode=Conversation.Mode.HIDDEN), page=page)
    found.page = page
    earlier = Follow.objects.filter(user=request.user, conversation=found, comment=None, left_at=None).first()
    return _follow(request, found, earlier, back=f"{page.get_absolute_url()}#conversation")


def _follow(request: HttpRequest, where: Comment | Conversation, earlier: Follow | None, back: str) -> HttpResponse:
    form = FollowForm(request.POST or None, initial={"how": "mail" if earlier and earlier.by_mail else "site"})
    status = 200
    if request.method == "POST":
        if request.POST.get("act") == "leave":
            return _left(request, earlier, back)
        if form.is_valid():
            try:
                verbs.follow(where, by=request.user, by_mail=form.cleaned_data["how"] == "mail")
            except WrongState as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("You follow this now. You can stop at any time on “What I follow”."))
                return redirect(back)
        status = 422
    comment = where if isinstance(where, Comment) else None
    conversation = comment.conversation if comment else where
    context = {"form": form, "comment": comment, "page": conversation.page, "earlier": earlier, "back": back}
    return render(request, "comments/follow.html", context, status=status)


def _left(request: HttpRequest, follow: Follow | None, back: str) -> HttpResponse:
    if follow is not None:
        verbs.leave(follow, by=request.user)
    messages.success(request, _("You do not follow this any more."))
    return redirect(back)


@anyone
@csrf_exempt
@never_cache
@FORM
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """Mail programs post here by themselves (RFC 8058); scanners only look. Nothing tells whether a link is known."""
    if request.method == "POST":
        verbs.leave_by_token(token)
    return render(request, "comments/leave.html", {"left": request.method == "POST"})


@members
@never_stored
@FORM
def notifications(request: HttpRequest) -> HttpResponse:
    """What is new for me. Opening a link marks nothing; the buttons do, and only what this page had shown."""
    if request.method == "POST":
        newest, oldest = number_in(request.POST, "newest"), number_in(request.POST, "oldest")
        verbs.mark_seen(by=request.user, newest=newest, oldest=oldest if request.POST.get("act") == "shown" else 0)
        return redirect("comments:notifications")
    shown = news.of(request.user, number_in(request.GET, "before"))
    context = {"rows": shown.rows, "older": shown.older, "unread": news.unread(request.user)}
    return render(request, "comments/notifications.html", context)


@members
@never_stored
@FORM
def following(request: HttpRequest) -> HttpResponse:
    """What I follow; each can be changed or ended here."""
    if request.method == "POST":
        own = Follow.objects.filter(user=request.user, left_at=None)
        _change(request, get_object_or_404(own, pk=number_in(request.POST, "follow")))
        return redirect("comments:following")
    shown = news.followed_by(request.user, number_in(request.GET, "before"))
    return render(request, "comments/following.html", {"rows": shown.rows, "older": shown.older})


def _change(request: HttpRequest, follow: Follow) -> None:
    act = request.POST.get("act")
    if act == "leave":
        verbs.leave(follow, by=request.user)
        messages.success(request, _("You do not follow this any more."))
    elif act in ("mail", "site"):
        verbs.set_mail(follow, by=request.user, by_mail=act == "mail")
        messages.success(
            request, _("We write to you by email too.") if act == "mail" else _("No more email about this.")
        )
    else:
        raise Http404
