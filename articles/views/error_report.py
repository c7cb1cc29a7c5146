"""A reader reports an error in a page: without an account, without a cookie, from our own pages only."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import limits
from accounts.access import anyone
from accounts.strangers import strangers_may_post
from audit.moves import WrongState

from .. import reading
from ..error_report import ErrorReportForm
from ..workflow import calling_back
from .public import not_live

A_DAY = 24 * 3600
REPORTS_A_DAY, REPORTS_ON_A_PAGE = 10, 3


@anyone
@strangers_may_post
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report_error(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    page = reading.find(kind, slug)
    if page is None:
        return not_live(request, kind, slug)
    if request.method != "POST":
        form = ErrorReportForm(initial={"seen": page.live_publication.content_hash})
        return _form(request, page, form, status=200)
    form = ErrorReportForm(request.POST)
    if not form.is_valid():
        return _form(request, page, form, status=422)
    if not form.is_from_a_program():
        if not _within_limits(request, page):
            form.add_error(None, _("Many reports came from your connection today. You can send more tomorrow."))
            return _form(request, page, form, status=429)
        try:
            calling_back.report_error(page, **form.report)
        except WrongState:
            return not_live(request, kind, slug)
    return redirect(f"{request.path}?sent=1")


def _within_limits(request: HttpRequest, page) -> bool:
    """One connection writes a few letters a day, and fewer about one page. Both are counted, whatever the first says."""
    client = limits.client_of(request)
    on_page = limits.spend(f"error_report.{page.pk}", client, limit=REPORTS_ON_A_PAGE, seconds=A_DAY)
    return limits.spend("error_report", client, limit=REPORTS_A_DAY, seconds=A_DAY) and on_page


def _form(request: HttpRequest, page, form: ErrorReportForm, *, status: int) -> HttpResponse:
    context = {"page": page, "title": page.live_publication.title, "form": form, "sent": "sent" in request.GET}
    return render(request, "articles/report_error.html", context, status=status)
