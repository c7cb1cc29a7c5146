"""The administrators' page of addresses outside that are told of events."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import holders_of
from accounts.roles import Role
from audit.moves import WrongState

from .. import webhooks
from ..models import Webhook, WebhookDelivery
from ..webhook_forms import WebhookForm
from ..workflow import connecting

PAGE_SIZE = 30
LONGEST_NUMBER = 18


@holders_of(Role.ADMINISTRATOR)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def listed(request: HttpRequest) -> HttpResponse:
    form = WebhookForm(request.POST or None)
    if request.method != "POST":
        return _page(request, form)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        made = connecting.add(by=request.user, **form.cleaned_data)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return _page(request, form, status=422)
    return _page(request, WebhookForm(), new=made)


@holders_of(Role.ADMINISTRATOR)
@never_cache
@require_POST
def change(request: HttpRequest, pk: int) -> HttpResponse:
    hook = get_object_or_404(Webhook, pk=pk)
    try:
        if request.POST.get("act") == "rotate":
            return _page(request, WebhookForm(), new=connecting.rotate_secret(hook, by=request.user))
        if request.POST.get("act") != "switch_off":
            raise Http404
        connecting.switch_off(hook, by=request.user)
        messages.success(request, _("It is switched off and is told nothing more."))
    except WrongState as refusal:
        messages.error(request, str(refusal))
    return redirect("comments:webhooks")


def _page(request: HttpRequest, form: WebhookForm, *, new: Webhook | None = None, status: int = 200) -> HttpResponse:
    """`new`: its secret is shown, this once."""
    before = request.GET.get("before", "")
    if before and not (before.isascii() and before.isdigit() and len(before) <= LONGEST_NUMBER):
        raise Http404
    told = WebhookDelivery.objects.select_related("webhook").order_by("-pk")
    rows = list(told.filter(pk__lt=int(before))[: PAGE_SIZE + 1] if before else told[: PAGE_SIZE + 1])
    context = {
        "form": form,
        "new": new,
        "hooks": Webhook.objects.filter(is_on=True).order_by("pk"),
        "events": webhooks.EVENTS,
        "deliveries": rows[:PAGE_SIZE],
        "older": f"?before={rows[PAGE_SIZE - 1].pk}" if len(rows) > PAGE_SIZE else "",
    }
    return render(request, "comments/webhooks.html", context, status=status)
