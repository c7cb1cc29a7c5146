"""The moderation desk: lanes, one comment at a time, and the decision about it. Nothing changes on GET."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access import holders_of
from accounts.roles import Role
from audit.moves import WrongState

from .. import casefile, queue
from ..forms import RejectForm, version_in
from ..models import Comment, Decision, QueueItem
from ..workflow import claiming, deciding

Lane = QueueItem.Lane

# What the buttons do; rejecting needs its form and stands apart.
ACTS = {
    "approve": (deciding.approve, _("Approved.")),
    "restore": (deciding.restore, _("Restored.")),
    "hide": (deciding.hide, _("Hidden.")),
    "spam": (deciding.mark_spam, _("Marked as spam.")),
    "keep": (deciding.keep, _("Closed, with no change.")),
}


@holders_of(Role.MODERATOR)
@require_safe
def queue_home(request: HttpRequest) -> HttpResponse:
    """To the first lane where something waits."""
    lanes = queue.lanes()
    first = next((one.lane for one in lanes if one.count), None)
    if first is not None:
        return redirect("comments:lane", first)
    last = Decision.objects.filter(source=Decision.Source.MODERATOR).order_by("-pk").first()
    return render(request, "comments/moderation/empty.html", {"tabs": casefile.tabs(lanes), "last": last})


@holders_of(Role.MODERATOR)
@require_safe
def lane(request: HttpRequest, lane: str) -> HttpResponse:
    """A lane's list, and beside it the comment that is open: the one asked for, or the first."""
    if lane not in Lane.values:
        raise Http404
    opened = request.GET.get("comment", "")
    comment = _comment(opened) if opened else None
    reject = request.GET.get("step") == "reasons" and comment is not None
    return _board(request, lane, comment, form=casefile.reject_form(comment) if reject else None)


@holders_of(Role.MODERATOR)
@require_POST
def decide(request: HttpRequest, public_id: str) -> HttpResponse:
    """One button was pressed. Whoever comes second is told who was first, and nothing of theirs is saved."""
    comment = _comment(public_id)
    lane = request.POST.get("lane") if request.POST.get("lane") in Lane.values else Lane.HELD.value
    choice = request.POST.get("decision", "")
    form = casefile.reject_form(comment, request.POST) if choice == "reject" else None
    if form is not None and not form.is_valid():
        return _board(request, lane, comment, form=form, status=422)
    try:
        said = _act(request, comment, choice, form)
    except WrongState as first:
        return _board(request, lane, _comment(public_id), collision=str(first), status=409)
    except PermissionDenied as refusal:
        return _board(request, lane, _comment(public_id), collision=str(refusal), status=403)
    except ValidationError as error:
        form.add_error(None, error)
        return _board(request, lane, comment, form=form, status=422)
    if choice in ("take", "release"):
        return redirect(f"{reverse('comments:lane', args=[lane])}?comment={public_id}")
    return _next(request, lane, said)


def _act(request: HttpRequest, comment: Comment, choice: str, form: RejectForm | None) -> str:
    number = version_in(request.POST)
    if form is not None:
        words = {name: form.cleaned_data[name] for name in ("reason", "clause", "message", "note")}
        deciding.reject(comment, by=request.user, version=number, **words)
        return _("Rejected.")
    if choice in ("take", "release"):
        item = get_object_or_404(QueueItem, comment=comment, closed_at=None)
        (claiming.claim if choice == "take" else claiming.release)(item, by=request.user)
        return ""
    if choice not in ACTS:
        raise Http404
    verb, said = ACTS[choice]
    verb(comment, by=request.user, version=number)
    return str(said)


def _next(request: HttpRequest, lane: str, said: str) -> HttpResponse:
    left = queue.counts()[lane]
    words = ngettext("{n} left.", "{n} left.", left).format(n=left)
    messages.success(request, f"{said} {words}")
    item = claiming.free_for(request.user).filter(lane=lane).first()
    if item is None:
        return redirect("comments:queue")
    return redirect(f"{reverse('comments:lane', args=[lane])}?comment={item.comment.public_id}")


def _board(
    request: HttpRequest,
    lane: str,
    comment: Comment | None,
    *,
    form: RejectForm | None = None,
    collision: str = "",
    status: int = 200,
) -> HttpResponse:
    after = request.GET.get("after", "")
    mark = get_object_or_404(QueueItem, comment__public_id=after, closed_at=None) if after else None
    items, more = queue.lane_page(lane, mark)
    is_list = comment is None
    if comment is None and items:
        comment = _comment(items[0].comment.public_id)
    lanes = queue.lanes()
    context = {
        "lane": Lane(lane),
        "tabs": casefile.tabs(lanes),
        "waiting": next(one for one in lanes if one.lane == lane),
        "rows": casefile.rows(items, comment, request.user),
        "more": items[-1].comment.public_id if more else "",
        "is_list": is_list,
        "file": casefile.of(comment, request.user) if comment else None,
        "form": form,
        "collision": collision,
    }
    return render(request, "comments/moderation/board.html", context, status=status)


def _comment(public_id: str) -> Comment:
    rows = Comment.objects.select_related(
        "author", "current__rules_version", "conversation__page", "parent__author", "parent__current"
    )
    return get_object_or_404(rows, public_id=public_id)
