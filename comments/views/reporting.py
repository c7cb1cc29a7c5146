"""A reader says that something is wrong with a comment."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import members
from audit.moves import WrongState

from .. import permissions
from ..forms import ReportForm
from ..workflow import posting, reporting
from . import address
from .address import never_stored


@members
@never_stored
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, public_id: str) -> HttpResponse:
    comment = address.comment(public_id)
    if not permissions.can_report(request.user, comment):
        raise Http404
    page = comment.conversation.page
    form = ReportForm(request.POST or None)
    context = {"comment": comment, "page": page, "form": form}
    if request.method == "POST" and form.is_valid():
        try:
            reporting.report(comment, by=request.user, **form.cleaned_data)
        except (posting.TooFast, WrongState) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Thank you. A moderator will look at it."))
            return redirect(f"{page.get_absolute_url()}#comment-{comment.public_id}")
    return render(request, "comments/report.html", context, status=422 if request.method == "POST" else 200)
