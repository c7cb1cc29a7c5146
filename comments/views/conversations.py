"""The desk's pages about whole conversations: which there are, and how each goes on."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import holders_of
from accounts.roles import Role
from audit.moves import WrongState

from .. import casefile, conversations, permissions, queue
from ..mode_form import ModeForm
from ..models import Conversation
from ..workflow import opening

LONGEST_NUMBER = 18


@holders_of(Role.MODERATOR, Role.EDITOR)
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    words, before = request.GET.get("q", ""), request.GET.get("before", "")
    if before and not (before.isascii() and before.isdigit() and len(before) <= LONGEST_NUMBER):
        raise Http404
    rows, more = conversations.found(words, int(before) if before else None)
    context = {"rows": rows, "q": words, "last": rows[-1].pk if more else None, "tabs": _tabs(request)}
    return render(request, "comments/moderation/conversations.html", context)


@holders_of(Role.MODERATOR, Role.EDITOR)
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, pk: int) -> HttpResponse:
    conversation = _conversation(pk)
    if request.method != "POST":
        return _page(request, conversation, ModeForm.of(conversation))
    form = ModeForm(request.POST)
    if not form.is_valid():
        return _page(request, conversation, form, status=422)
    try:
        opening.set_mode(conversation, by=request.user, **form.cleaned_data)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return _page(request, conversation, form, status=422)
    except WrongState as first:
        # What was typed stays; sent again, it is sent in knowledge of what the other did.
        typed = form.data.copy()
        typed["version"] = str(_conversation(pk).version)
        return _page(request, _conversation(pk), ModeForm(typed), collision=str(first), status=409)
    messages.success(request, _("Saved. Readers see it at once."))
    return redirect("comments:mode", pk)


def _conversation(pk: int) -> Conversation:
    return get_object_or_404(conversations.described(), pk=pk)


def _page(request, conversation: Conversation, form: ModeForm, *, collision: str = "", status: int = 200):
    context = {
        "conversation": conversation,
        "form": form,
        "collision": collision,
        "changes": conversations.changes(conversation),
        "tabs": _tabs(request),
    }
    return render(request, "comments/moderation/mode.html", context, status=status)


def _tabs(request: HttpRequest) -> list[dict]:
    """Editors open and close conversations, and see nothing of the lanes."""
    return casefile.tabs(queue.lanes()) if permissions.is_moderator(request.user) else []
