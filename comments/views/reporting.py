"""A reader says that something is wrong with a comment, and reads later what became of it."""

from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from accounts import limits
from accounts.access import anyone, members
from accounts.strangers import strangers_may_post
from audit.moves import WrongState

from .. import hours, permissions, receipts
from ..forms import ReportForm
from ..models import Comment, Report
from ..workflow import posting, reporting
from . import address
from .address import never_stored


def each_by_their_door(view: Callable) -> Callable:
    """A member's form carries a token. A stranger's cannot, as it comes with no cookie, so its origin is asked instead."""
    of_members, of_strangers = csrf_protect(view), strangers_may_post(view)

    @wraps(view)
    def door(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        return (of_members if request.user.is_authenticated else of_strangers)(request, *args, **kwargs)

    return csrf_exempt(door)


@anyone
@never_stored
@each_by_their_door
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, public_id: str) -> HttpResponse:
    comment = _public_once(public_id)
    if comment.author_id == request.user.pk:
        raise Http404
    if not permissions.can_report(request.user, comment):
        return _gone(request, comment)
    form = ReportForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _form(request, comment, form, 422 if request.method == "POST" else 200)
    by = request.user if request.user.is_authenticated else None
    if by is None and form.is_from_a_program():
        return redirect(comment.conversation.page)
    try:
        made = reporting.report(comment, by=by, client=limits.client_of(request), **form.report)
    except posting.TooFast as refusal:
        form.add_error(None, str(refusal))
        return _form(request, comment, form, 429)
    except posting.Suspended as refusal:
        form.add_error(None, str(refusal))
        return _form(request, comment, form, 403)
    except WrongState:
        return _gone(request, comment)
    return redirect("comments:receipt", made.receipt)


@anyone
@never_stored
@require_safe
def receipt(request: HttpRequest, receipt: str) -> HttpResponse:
    """Whoever holds the address may read it, so nothing must carry the address on."""
    found = get_object_or_404(receipts.rows(), receipt=receipt)
    context = {
        "report": receipts.of(found),
        "is_mine": request.user.is_authenticated and found.reporter_id == request.user.pk,
        "keep": found.reporter_id is None,
        "hours": hours.in_words(),
    }
    response = render(request, "comments/receipt.html", context)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


@members
@never_stored
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    before = request.GET.get("before", "")
    mark = get_object_or_404(Report, receipt=before, reporter=request.user) if before else None
    rows, older = receipts.sent_by(request.user, mark)
    return render(request, "comments/my_reports.html", {"rows": rows, "older": older})


def _public_once(public_id: str) -> Comment:
    """A comment that readers have seen, under a page that they can see. There are no others, as far as they know."""
    comment = address.comment(public_id)
    where = comment.conversation
    if comment.published_at is None or where.page.live_publication_id is None or not permissions.is_shown(where):
        raise Http404
    return comment


def _gone(request: HttpRequest, comment: Comment) -> HttpResponse:
    return render(request, "comments/report_gone.html", {"page": comment.conversation.page}, status=410)


def _form(request: HttpRequest, comment: Comment, form: ReportForm, status: int) -> HttpResponse:
    context = {"comment": comment, "page": comment.conversation.page, "form": form, "hours": hours.in_words()}
    return render(request, "comments/report.html", context, status=status)
