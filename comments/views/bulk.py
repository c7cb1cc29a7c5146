"""Several comments at once: chosen by their boxes, or all of a lane after a preview with a frozen count."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import holders_of
from accounts.models import User
from accounts.roles import Role

from .. import bulk, casefile, members, queue
from ..forms import number_in
from ..member_forms import BulkForm, freeze, thaw
from ..models import Batch, QueueItem
from ..workflow import batches

Lane = QueueItem.Lane
FORM = require_http_methods(["GET", "HEAD", "POST"])


@holders_of(Role.MODERATOR)
@never_cache
@FORM
def lane(request: HttpRequest, lane: str) -> HttpResponse:
    """The list of a lane with boxes, or (`?all=1`) everything in it as it stands now."""
    if lane not in Lane.values or lane in bulk.NEVER_TOGETHER:
        raise Http404
    context = {"lane": Lane(lane), "title": Lane(lane).label}
    if request.method == "POST":
        return _sent(request, context)
    if request.GET.get("all") == "1":
        comments = bulk.whole_lane(lane, batches.MOST)
        return _page(request, context | _frozen(comments, request.user))
    after = request.GET.get("after", "")
    mark = get_object_or_404(QueueItem, comment__public_id=after, closed_at=None) if after else None
    items, more = bulk.lane_page(lane, mark)
    rows = bulk.rows(items, request.user)
    return _page(request, context | {"rows": rows, "more": items[-1].comment.public_id if more else ""})


@holders_of(Role.MODERATOR)
@never_cache
@FORM
def member(request: HttpRequest, handle: str) -> HttpResponse:
    """Everything of one member that waits, or (`?only=1`) what waits for no other reason than who wrote it."""
    user = get_object_or_404(User, handle=handle)
    context = {"of_member": user, "only": request.GET.get("only") == "1"}
    if request.method == "POST":
        return _sent(request, context)
    items = members.waiting(user)
    chosen = members.only_because_of_her(items) if context["only"] else items
    act = Batch.Act.APPROVE if context["only"] else Batch.Act.REJECT
    return _page(request, context | _frozen([item.comment for item in chosen], request.user), initial={"act": act})


@holders_of(Role.MODERATOR)
@never_cache
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """What was decided in one go: by whom, how many, and whether it is done."""
    mark = get_object_or_404(Batch, pk=number_in(request.GET, "before")) if "before" in request.GET else None
    rows, more = bulk.earlier(mark)
    context = {"rows": rows, "last": rows[-1].batch.pk if more else None, "tabs": _tabs()}
    return render(request, "comments/moderation/batches.html", context)


@holders_of(Role.MODERATOR)
@never_cache
@FORM
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """What became of each. What is left is done by the worker; the button does the next few now."""
    found = get_object_or_404(Batch.objects.select_related("by"), pk=pk)
    if request.method == "POST":
        if found.by_id != request.user.pk:
            raise PermissionDenied
        batches.run(found, most=batches.AT_ONCE)
        return redirect("comments:batch", pk)
    rows = batches.outcomes(found)
    counts = [(one, sum(row.outcome == one for row in rows)) for one in batches.Outcome]
    context = {"batch": found, "rows": rows, "counts": [(one, n) for one, n in counts if n], "tabs": _tabs()}
    return render(request, "comments/moderation/batch.html", context)


def _sent(request: HttpRequest, context: dict) -> HttpResponse:
    sealed = request.POST.get("frozen", "")
    items = thaw(sealed, request.user) if sealed else bulk.items_of(request.POST.getlist("comment"))
    form = BulkForm(request.POST)
    if items is None:
        form.add_error(None, ValidationError(batches.TOO_OLD))
    elif form.is_valid():
        try:
            made = batches.start(items, by=request.user, **form.cleaned_data)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            if len(items) <= batches.AT_ONCE:
                batches.run(made)
            return redirect("comments:batch", made.pk)
    return _again(request, context, items or [], sealed, form)


def _again(request: HttpRequest, context: dict, items: list, sealed: str, form: BulkForm) -> HttpResponse:
    """The same page with what was typed and ticked, and what is wrong with it."""
    if sealed:
        shown = {"frozen": sealed, "count": len(items)}
    else:
        keys = {f"{pk}:{version}" for pk, version in items}
        page = bulk.lane_page(context["lane"])[0] if "lane" in context else members.waiting(context["of_member"])
        shown = {"rows": bulk.rows(page, request.user, keys)}
    return _page(request, context | shown, form=form, status=422)


def _frozen(comments: list, by: User) -> dict:
    return {"frozen": freeze(comments, by), "count": len(comments), "most": batches.MOST}


def _page(request: HttpRequest, context: dict, *, form: BulkForm | None = None, initial=None, status: int = 200):
    everything = {"form": form or BulkForm(initial=initial), "tabs": _tabs(), **context}
    return render(request, "comments/moderation/bulk.html", everything, status=status)


def _tabs() -> list[dict]:
    return casefile.tabs(queue.lanes())
