"""What every page of the moderation desk is made of: the lanes, a lane's list, and beside it one comment with its forms."""

from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from .. import casefile, desk_forms, permissions, queue
from ..forms import RejectForm
from ..models import Comment, Decision, QueueItem
from ..workflow import caring, claiming

Lane = QueueItem.Lane
DECIDED = "last_decision"  # in the session: its key, what was said of it, and what was handed out after it

FORMS = {
    form.choice: form
    for form in (
        desk_forms.AskToEditForm,
        desk_forms.EscalateForm,
        desk_forms.HoldForm,
        desk_forms.LockForm,
        desk_forms.NoteForm,
        desk_forms.QuestionForm,
        desk_forms.RedactForm,
        desk_forms.TakeOverForm,
        desk_forms.UnlockForm,
        desk_forms.UnsealForm,
    )
}


def form_for(choice: str, comment: Comment, sent=None) -> RejectForm | desk_forms.CardForm | None:
    """The form behind a choice, or None for a choice that is one press."""
    if choice in ("reject", "reasons"):
        return casefile.reject_form(comment, sent)
    return FORMS[choice](sent, comment=comment) if choice in FORMS else None


def lane_in(data) -> str:
    return data.get("lane") if data.get("lane") in Lane.values else Lane.HELD.value


def address(lane: str, comment: Comment | None = None) -> str:
    there = reverse("comments:lane", args=[lane])
    return f"{there}?comment={comment.public_id}" if comment is not None else there


def comment_at(public_id: str) -> Comment:
    rows = Comment.objects.select_related(
        "author", "current__rules_version", "conversation__page", "parent__author", "parent__current", "root"
    )
    return get_object_or_404(rows, public_id=public_id)


def remember(request: HttpRequest, decision: Decision, said: str, handed: QueueItem | None) -> None:
    """`handed`: what this moderator was given next, to be put back if she goes back to this one."""
    request.session[DECIDED] = [decision.pk, said, handed.pk if handed is not None else 0]


def put_back_what_followed(request: HttpRequest) -> None:
    """Who takes a decision back has that comment in hand again, and not the next one as well."""
    _pk, _said, handed = request.session.pop(DECIDED, (0, "", 0))
    item = QueueItem.objects.filter(pk=handed, closed_at=None).first()
    if item is not None:
        claiming.release(item, by=request.user)


class Undoable(NamedTuple):
    """What this moderator decided a moment ago and may take back, with what was said of it."""

    pk: int
    said: str


def undoable(request: HttpRequest) -> Undoable | None:
    pk, said, _handed = request.session.get(DECIDED, (0, "", 0))
    since = timezone.now() - permissions.UNDO_WINDOW
    own = Decision.objects.filter(pk=pk, decided_by=request.user, undoes=None, at__gte=since)
    return Undoable(pk, said) if own.exists() else None


def show(
    request: HttpRequest,
    lane: str,
    comment: Comment | None,
    *,
    form=None,
    collision: str = "",
    seen: int = 0,
    sealed: str = "",
    status: int = 200,
) -> HttpResponse:
    after = request.GET.get("after", "")
    mark = get_object_or_404(QueueItem, comment__public_id=after, closed_at=None) if after else None
    items, more = queue.lane_page(lane, mark)
    is_list = comment is None
    if comment is None and items:
        comment = comment_at(items[0].comment.public_id)
    lanes = queue.lanes()
    own = caring.settings_of(request.user)
    is_note = isinstance(form, desk_forms.NoteForm)
    context = {
        "lane": Lane(lane),
        "tabs": casefile.tabs(lanes),
        "waiting": next(one for one in lanes if one.lane == lane),
        "rows": casefile.rows(items, comment, request.user, covers=own.blurs),
        "more": items[-1].comment.public_id if more else "",
        "is_list": is_list,
        "file": casefile.of(comment, request.user, covers=own.blurs, seen=seen) if comment else None,
        "form": None if is_note else form,
        "note_form": form if is_note else desk_forms.NoteForm(comment=comment) if comment else None,
        "collision": collision,
        "sealed_words": sealed,
        "undo": undoable(request),
        "newest": queue.newest(),
        "has_keys": own.single_keys,
    }
    return render(request, "comments/moderation/board.html", context, status=status)
