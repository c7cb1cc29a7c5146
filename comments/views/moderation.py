"""The moderation desk as it is read: lanes, one comment at a time, what came in since. Nothing changes on GET."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import holders_of
from accounts.roles import Role

from .. import casefile, permissions, queue
from ..desk_forms import CareForm
from ..forms import number_in
from ..models import Decision, QueueItem
from ..workflow import caring
from . import board
from .address import never_stored

Lane = QueueItem.Lane


@holders_of(Role.MODERATOR)
@require_safe
def queue_home(request: HttpRequest) -> HttpResponse:
    """To the first lane where something waits."""
    lanes = queue.lanes()
    left_out = {Lane.CRISIS} if permissions.leaves_out_crisis(request.user) else set()
    first = next((one.lane for one in lanes if one.count and one.lane not in left_out), None)
    if first is not None:
        return redirect("comments:lane", first)
    last = Decision.objects.filter(source=Decision.Source.MODERATOR).order_by("-pk").first()
    context = {"tabs": casefile.tabs(lanes), "last": last, "undo": board.undoable(request)}
    return render(request, "comments/moderation/empty.html", context)


@holders_of(Role.MODERATOR)
@require_safe
def lane(request: HttpRequest, lane: str) -> HttpResponse:
    """A lane's list, and beside it the comment that is open: the one asked for, or the first."""
    if lane not in Lane.values:
        raise Http404
    opened = request.GET.get("comment", "")
    comment = board.comment_at(opened) if opened else None
    form = board.form_for(request.GET.get("step", ""), comment) if comment is not None else None
    return board.show(request, lane, comment, form=form)


@holders_of(Role.MODERATOR)
@never_stored
@require_safe
def news(request: HttpRequest, lane: str) -> HttpResponse:
    """How many came into a lane since a page was made, for the script that says so now and then."""
    if lane not in Lane.values:
        raise Http404
    count = queue.count_since(lane, number_in(request.GET, "since"))
    words = ngettext("{n} new. Show it", "{n} new. Show them", count).format(n=count)
    return JsonResponse({"new": count, "words": words if count else ""})


@holders_of(Role.MODERATOR)
@require_POST
def keys(request: HttpRequest) -> HttpResponse:
    """Turn single keys off or on again, and stay where I was."""
    caring.choose(request.user, single_keys=request.POST.get("on") == "1")
    return redirect(board.address(board.lane_in(request.POST), board.comment_at(request.POST.get("comment", ""))))


@holders_of(Role.MODERATOR)
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """What I am not handed, and what is covered until I open it."""
    if request.method == "POST":
        caring.choose(request.user, **{name: name in request.POST for name in CareForm.Meta.fields})
        messages.success(request, _("Saved."))
        return redirect("comments:care")
    context = {"form": CareForm(instance=caring.settings_of(request.user)), "tabs": casefile.tabs(queue.lanes())}
    return render(request, "comments/moderation/settings.html", context)
