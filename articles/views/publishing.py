"""The acts of publishing at the desk: now, and taking down; and the short notices above a live page."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.access import holders_of
from accounts.roles import Role
from audit.moves import WrongState

from ..models import Page
from ..review_forms import NoticeForm, WithdrawForm
from ..workflow import publishing
from .found import find_review

reviewers = holders_of(Role.MEDICAL_REVIEWER, Role.EDITOR)


@never_cache
@holders_of(Role.EDITOR)
@require_POST
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    review = find_review(pk)
    try:
        publication = publishing.publish(review, by=request.user)
    except WrongState as error:
        messages.error(request, str(error))
        return redirect("articles:review", pk)
    messages.success(request, _("“{title}” is public now.").format(title=publication.title))
    return redirect("articles:review", pk)


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
    return render(
        request, "articles/withdraw.html", {"page": page, "form": form}, status=422 if request.method == "POST" else 200
    )


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
