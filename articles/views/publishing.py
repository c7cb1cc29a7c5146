"""The acts of publishing at the desk: now, at a time, again, and taking down; and the short notices above a live page."""

import json

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import holders_of
from accounts.roles import Role
from audit.moves import WrongState

from .. import permissions, versions, vouching
from ..models import Page, Review, Revision, Schedule
from ..publishing_forms import PublishForm
from ..review_forms import NoticeForm, WithdrawForm
from ..workflow import publishing, scheduling, writing
from ..workflow import review as reviewing
from .found import find_review

LISTED = 25
LONGEST_NUMBER = 18
reviewers = holders_of(Role.MEDICAL_REVIEWER, Role.EDITOR)
writers_too = holders_of(Role.WRITER, Role.EDITOR, Role.MEDICAL_REVIEWER)


@never_cache
@holders_of(Role.EDITOR)
@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """What goes public and what it replaces. One press publishes, unless something has to be said or confirmed first."""
    review = find_review(pk)
    sent = request.method == "POST"
    form = PublishForm(request.POST if sent else None, review=review)
    if sent and form.is_valid() and (done := _published(review, form, request.user)):
        messages.success(request, done)
        return redirect("articles:review", pk)
    return render(request, "articles/publish.html", _confirming(review, form), status=422 if sent else 200)


@never_cache
@reviewers
@require_safe
def planned(request: HttpRequest) -> HttpResponse:
    """What waits for its time, the soonest first; below, what has ended, the newest plan first."""
    rows = Schedule.objects.select_related("page", "revision", "created_by", "publication")
    waiting = rows.filter(status__in=scheduling.WAITING).order_by("at", "pk")
    ended = rows.exclude(status__in=scheduling.WAITING).order_by("-pk")
    if after := _number(request.GET.get("after", "")):
        last = get_object_or_404(Schedule, pk=after)
        waiting = waiting.filter(Q(at__gt=last.at) | Q(at=last.at, pk__gt=last.pk))
    if before := _number(request.GET.get("before", "")):
        ended = ended.filter(pk__lt=before)
    to_come, more = _piece(waiting)
    over, older = _piece(ended)
    context = {
        "lane": "planned",
        "waiting": _titled(to_come),
        "ended": _titled(over),
        "later": f"?after={more.pk}" if more else "",
        "older": f"?before={older.pk}#ended" if older else "",
        "may_cancel": permissions.can_publish(request.user),
        "zone": timezone.get_default_timezone_name(),
    }
    return render(request, "articles/planned.html", context)


@never_cache
@holders_of(Role.EDITOR)
@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    one = get_object_or_404(Schedule, pk=pk)
    try:
        scheduling.cancel(one, by=request.user, version=_number(request.POST.get("version", "")) or 0)
        messages.success(request, _("This is not published at its time any more."))
    except WrongState as error:
        messages.error(request, str(error))
    return redirect("articles:planned")


@never_cache
@writers_too
@require_safe
def page_versions(request: HttpRequest, pk: int) -> HttpResponse:
    """Every version readers have had, the newest first, with what keeps it from coming back."""
    page = get_object_or_404(Page.objects.select_related("live_publication", "draft"), pk=pk)
    shown, older = versions.of_page(page, before=_number(request.GET.get("before", "")))
    context = {
        "page": page,
        "title": page.live_publication.title if page.live_publication else page.draft.title,
        "versions": shown,
        "older": f"?before={older}" if older else "",
        "newer": "?" if request.GET.get("before") else "",
        "may_publish": permissions.can_publish(request.user),
        "may_review": permissions.can_review(request.user),
        "may_edit": permissions.can_edit(request.user, page),
    }
    return render(request, "articles/versions.html", context)


@never_cache
@holders_of(Role.WRITER, Role.EDITOR)
@require_POST
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """An earlier revision goes back into the draft; from there it goes through review like any other text."""
    page = get_object_or_404(Page.objects.filter(draft__isnull=False), pk=pk)
    number = _number(request.POST.get("revision", "")) or 0
    revision = get_object_or_404(Revision, pk=number, page=page)
    try:
        writing.restore_revision(page, revision, version=_number(request.POST.get("version", "")) or 0, by=request.user)
    except WrongState as error:
        messages.error(request, str(error))
        return redirect("articles:versions", pk)
    said = _("The draft says again what revision {number} said. Send it for review when it is ready.")
    messages.success(request, said.format(number=revision.number))
    return redirect("articles:write", pk)


@never_cache
@reviewers
@require_POST
def review_again(request: HttpRequest, pk: int) -> HttpResponse:
    """The public text is read anew; when it is signed and published, its dates move."""
    page = get_object_or_404(Page.objects.live(), pk=pk)
    try:
        opened = reviewing.review_again(page, by=request.user)
    except WrongState as error:
        messages.error(request, str(error))
        return redirect("articles:versions", pk)
    messages.success(request, _("A new review of the public text is open. Earlier signatures do not count in it."))
    return redirect("articles:review", opened.pk)


@never_cache
@reviewers
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a page down at once. One person is enough: waiting could hurt somebody."""
    page = get_object_or_404(Page.objects.live().select_related("live_publication"), pk=pk)
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            publishing.withdraw(page, by=request.user, **form.cleaned_data)
            messages.success(request, _("The page was taken down. Readers see the reason."))
        except WrongState as error:
            messages.error(request, str(error))
        return redirect("articles:live_pages")
    context = {"page": page, "form": form, "planned": _waiting_for(page)}
    return render(request, "articles/withdraw.html", context, status=422 if request.method == "POST" else 200)


@never_cache
@reviewers
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """A short dated notice above a live page."""
    page = get_object_or_404(Page.objects.live().select_related("live_publication"), pk=pk)
    form = NoticeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        workflow_notice = publishing.post_notice(page, by=request.user, **form.cleaned_data)
        messages.success(request, _("Readers see this notice now: {text}").format(text=workflow_notice.text))
        return redirect("articles:live_pages")
    return render(
        request, "articles/notice.html", {"page": page, "form": form}, status=422 if request.method == "POST" else 200
    )


def _published(review: Review, form: PublishForm, by) -> str:
    """What to tell the editor, or "" with the reason in the form."""
    try:
        if form.at is None:
            publication = publishing.publish(review, by=by, **form.confirmed)
            return _("“{title}” is public now.").format(title=publication.title)
        one = scheduling.schedule(review, at=form.at, by=by, **form.confirmed)
    except WrongState as error:
        form.add_error(None, str(error))
        return ""
    except ValidationError as error:
        form.add_error("day" if form.at else None, error)
        return ""
    local = timezone.localtime(one.at, timezone.get_default_timezone())
    return _("It goes public on {date} at {time}, if its signatures still stand then.").format(
        date=formats.date_format(local, "j F Y"), time=formats.date_format(local, "H:i")
    )


def _confirming(review: Review, form: PublishForm) -> dict:
    page, manifest = review.page, json.loads(review.revision.content)
    live = page.live_publication
    return {
        "review": review,
        "form": form,
        "title": manifest["title"],
        "signed": [sign_off for one in vouching.rests_on(review) for sign_off in vouching.standing(one)],
        "missing": publishing.missing_for_publication(review),
        "is_public": live is not None and live.review_id == review.pk,
        "live": live,
        "down": None if live else page.withdrawals.order_by("-at", "-pk").first(),
        "rollback": publishing.is_rollback(review),
        "slug": manifest["slug"],
        "moves": manifest["slug"] != page.slug,
        "redirects": page.publications.exists(),
        "planned": _waiting_for(page),
        "zone": timezone.get_default_timezone_name(),
    }


def _waiting_for(page: Page) -> Schedule | None:
    return page.schedules.filter(status__in=scheduling.WAITING).select_related("revision").first()


def _piece(rows) -> tuple[list, Schedule | None]:
    """One page of a list, and the row where the next one starts behind, if there is a next one."""
    found = list(rows[: LISTED + 1])
    return found[:LISTED], found[LISTED - 1] if len(found) > LISTED else None


def _titled(rows: list[Schedule]) -> list[tuple[Schedule, str]]:
    return [(row, json.loads(row.revision.content)["title"]) for row in rows]


def _number(text: str) -> int | None:
    """A row's number out of an address or a form; nothing at all is the first piece of a list, nonsense is no page."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        raise Http404
    return int(text)
