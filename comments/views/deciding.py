"""What a moderator presses: the next comment, a decision, taking one back. Whoever comes second is told who was first."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from accounts.access import holders_of
from accounts.models import User
from accounts.roles import Role
from audit.moves import WrongState

from .. import queue
from ..forms import version_in
from ..models import Comment, Decision, QueueItem
from ..workflow import asking, claiming, deciding, locking, noting, unsealing
from . import board
from .address import never_stored

Verb = Callable[[User, Comment, int, dict], Any]


def _decision(verb) -> Verb:
    return lambda by, comment, version, words: verb(comment, by=by, version=version, **words)


def _about(verb) -> Verb:
    return lambda by, comment, version, words: verb(comment, by=by, **words)


def _item(verb) -> Verb:
    return lambda by, comment, version, words: verb(_open_item(comment), by=by, **words)


def _unseal(by: User, comment: Comment, version: int, words: dict) -> str:
    sealed = comment.revisions.filter(sealed_at__isnull=False).order_by("number").first()
    if sealed is None:
        raise WrongState(_("There is nothing sealed here any more."))
    return unsealing.unseal(sealed, by=by, **words)


def _open_item(comment: Comment) -> QueueItem:
    item = comment.queue_items.filter(closed_at=None).first()
    if item is None:
        raise WrongState(_("Somebody already decided about this comment."))
    return item


@dataclass(frozen=True)
class Act:
    """What stands behind a button: the verb, what is said when it is done, and whether the next comment follows."""

    verb: Verb
    said: str | Promise = ""
    goes_on: bool = True


ACTS = {
    "approve": Act(_decision(deciding.approve), gettext_lazy("Approved.")),
    "restore": Act(_decision(deciding.restore), gettext_lazy("Restored.")),
    "hide": Act(_decision(deciding.hide), gettext_lazy("Hidden.")),
    "spam": Act(_decision(deciding.mark_spam), gettext_lazy("Marked as spam.")),
    "keep": Act(_decision(deciding.keep), gettext_lazy("Closed, with no change.")),
    "reject": Act(_decision(deciding.reject), gettext_lazy("Rejected.")),
    "redact": Act(_decision(deciding.approve_redacted), gettext_lazy("Approved without these words.")),
    "edit": Act(_decision(deciding.ask_to_edit), gettext_lazy("Sent back to its author.")),
    "hold": Act(_item(claiming.put_off), gettext_lazy("Put off.")),
    "escalate": Act(_item(claiming.escalate), gettext_lazy("Passed on to a more urgent lane.")),
    "medical": Act(_about(asking.ask), gettext_lazy("The medical team is asked.")),
    "note": Act(_about(noting.note), gettext_lazy("Noted."), goes_on=False),
    "lock": Act(_about(locking.lock), gettext_lazy("The thread is closed."), goes_on=False),
    "unlock": Act(_about(locking.unlock), gettext_lazy("The thread is open again."), goes_on=False),
    "take": Act(_item(claiming.claim), goes_on=False),
    "release": Act(_item(claiming.release), goes_on=False),
    "over": Act(_item(claiming.take_over), gettext_lazy("You have it now."), goes_on=False),
    "unseal": Act(_unseal),
}


@holders_of(Role.MODERATOR)
@require_POST
def take_next(request: HttpRequest) -> HttpResponse:
    """Hand out the most urgent comment that nobody has in hand, of one lane or of all."""
    lane = request.POST.get("lane", "")
    wanted = lane if lane in QueueItem.Lane.values else None
    skipped = QueueItem.objects.filter(comment__public_id=request.POST.get("after", ""), closed_at=None).first()
    item = claiming.take_next(by=request.user, lane=wanted, after=skipped)
    if item is None:
        messages.info(request, _("Nothing is free: what waits is in somebody’s hands, put off, or your own."))
        return redirect(board.address(wanted) if wanted else "comments:queue")
    return redirect(board.address(item.lane, item.comment))


@holders_of(Role.MODERATOR)
@never_stored
@require_POST
def decide(request: HttpRequest, public_id: str) -> HttpResponse:
    """One button was pressed. Whoever comes second is told who was first, and nothing of theirs is saved."""
    comment, lane = board.comment_at(public_id), board.lane_in(request.POST)
    choice, seen = request.POST.get("decision", ""), version_in(request.POST)
    if choice not in ACTS:
        raise Http404
    form = board.form_for(choice, comment, request.POST)
    if form is not None and not form.is_valid():
        return board.show(request, lane, comment, form=form, status=422)
    try:
        made = ACTS[choice].verb(request.user, comment, seen, form.words if form is not None else {})
    except WrongState as first:
        return _second(request, lane, public_id, str(first), seen, choice)
    except PermissionDenied as refusal:
        return board.show(request, lane, board.comment_at(public_id), collision=str(refusal), status=403)
    except ValidationError as error:
        if form is None:
            raise
        form.add_error(None, error)
        return board.show(request, lane, comment, form=form, status=422)
    if choice == "unseal":
        return board.show(request, lane, board.comment_at(public_id), sealed=made)
    return _after(request, lane, comment, ACTS[choice], made)


@holders_of(Role.MODERATOR)
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back one's last decision; it lies on the desk again as if nothing had been decided."""
    decision = get_object_or_404(Decision.objects.select_related("comment"), pk=pk, decided_by=request.user)
    comment, lane = decision.comment, board.lane_in(request.POST)
    try:
        deciding.undo(decision, by=request.user)
    except WrongState as late:
        return board.show(request, lane, board.comment_at(comment.public_id), collision=str(late), status=409)
    board.put_back_what_followed(request)
    messages.success(request, _("Taken back. It stands as before."))
    item = comment.queue_items.filter(closed_at=None).first()
    if item is not None and not queue.is_taken(item, by=request.user):
        claiming.claim(item, by=request.user)
    return redirect(board.address(item.lane if item is not None else lane, comment))


def _second(request: HttpRequest, lane: str, public_id: str, said: str, seen: int, choice: str) -> HttpResponse:
    """What she wrote for a comment that still waits is kept, beside the words as they are now."""
    comment = board.comment_at(public_id)
    form = None
    if choice in ("reject", "edit") and comment.status == Comment.Status.HELD:
        sent = request.POST.copy()
        sent["version"] = str(comment.version)
        form = board.form_for(choice, comment, sent)
    return board.show(request, lane, comment, form=form, collision=said, seen=seen, status=409)


def _after(request: HttpRequest, lane: str, comment: Comment, act: Act, made: Any) -> HttpResponse:
    if not act.goes_on:
        if act.said:
            messages.success(request, act.said)
        return redirect(board.address(lane, comment))
    left = next(one for one in queue.lanes() if one.lane == lane)
    words = ngettext("{n} left.", "{n} left.", left.count).format(n=left)
    said = f"{act.said} {words}"
    messages.success(request, said)
    item = claiming.take_next(by=request.user, lane=lane)
    if isinstance(made, Decision):
        board.remember(request, made, said, item)
    return redirect(board.address(lane, item.comment) if item is not None else "comments:queue")
