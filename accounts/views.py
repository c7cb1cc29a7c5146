"""Policy pages, the newsletter, a member's own page, the desk's first page, and mail in demo mode."""

from urllib.parse import urlsplit

from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from . import desks, limits, newsletter, policies
from .access import anyone, holders_of, members
from .forms import NewsletterForm
from .models import OutboxMail, PolicyVersion
from .roles import Role
from .strangers import from_our_pages, strangers_may_post

ASKED_PER_HOUR = 10
MAILS_ON_A_PAGE = 30


# Policies


@anyone
@require_safe
def policy(request: HttpRequest, kind: str) -> HttpResponse:
    """One version; without `?version=` the one in force. The same bytes for everybody."""
    versions = list(PolicyVersion.objects.filter(policy__kind=kind).order_by("-number"))
    asked = request.GET.get("version") or (str(versions[0].number) if versions else "")
    shown = next((version for version in versions if str(version.number) == asked), None)
    if shown is None:
        raise Http404
    context = {
        "version": shown,
        "clauses": shown.clauses.all(),
        "sections": policies.sections(shown.text),
        "older": [version for version in versions if version is not shown],
        "newest": versions[0] if shown is not versions[0] else None,
    }
    return render(request, "accounts/policy.html", context)


# Newsletter


@anyone
@strangers_may_post
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up_for_newsletter(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _newsletter_form(request, NewsletterForm())
    form = NewsletterForm(request.POST)
    if not form.is_valid():
        return _newsletter_form(request, form, status=422)
    if not limits.spend("newsletter.asked", limits.client_of(request), limit=ASKED_PER_HOUR, seconds=3600):
        form.add_error(None, _("Too many addresses came from your connection. You can try again in an hour."))
        return _newsletter_form(request, form, status=429)
    if not form.is_from_a_program():
        newsletter.subscribe(form.cleaned_data["email"], consent_text=newsletter.consent_record())
    context = {"email": form.cleaned_data["email"], "back": _came_from(request)}
    return never_cache(render)(request, "accounts/newsletter_sent.html", context)


@anyone
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_newsletter(request: HttpRequest, token: str) -> HttpResponse:
    """Mail scanners follow links, so only the button acts. The token is all the authority there is."""
    try:
        if request.method == "POST" and from_our_pages(request):
            newsletter.confirm(token)
            return render(request, "accounts/newsletter_done.html", {"left": False})
        subscription = newsletter.waiting_for(token)
    except newsletter.UnknownLink as error:
        return _newsletter_form(request, NewsletterForm(), status=404, sentence=str(error))
    status = 403 if request.method == "POST" else 200
    return render(request, "accounts/newsletter_confirm.html", {"email": subscription.email}, status=status)


@anyone
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def leave_newsletter(request: HttpRequest, token: str) -> HttpResponse:
    """Mail programs post here by themselves (RFC 8058), from nobody's page and without a cookie."""
    try:
        if request.method == "POST":
            newsletter.leave(token)
            return render(request, "accounts/newsletter_done.html", {"left": True})
        subscription = newsletter.leaving_by(token)
    except newsletter.UnknownLink as error:
        return _newsletter_form(request, NewsletterForm(), status=404, sentence=str(error))
    return render(request, "accounts/newsletter_leave.html", {"email": subscription.email})


def _newsletter_form(
    request: HttpRequest, form: NewsletterForm, *, status: int = 200, sentence: str = ""
) -> HttpResponse:
    context = {"form": form, "errors": [{"id": "id_email", "text": sentence}] if sentence else []}
    return render(request, "accounts/newsletter_form.html", context, status=status)


def _came_from(request: HttpRequest) -> str:
    """The path of our own page that held the form, or ""."""
    try:
        path = urlsplit(request.headers.get("Referer", "")).path
    except ValueError:
        return ""
    return path if url_has_allowed_host_and_scheme(path, allowed_hosts=None) else ""


# A member's own pages


@members
@never_cache
@require_safe
def me(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/me.html")


@members
@never_cache
@require_safe
def totp_picture(request: HttpRequest) -> HttpResponse:
    """The QR code for setting up an authenticator app. Our CSP allows no data: pictures, hence an address."""
    secret = request.session.get(SECRET_SESSION_KEY)
    if not secret:
        raise Http404
    adapter = get_mfa_adapter()
    picture = adapter.build_totp_svg(adapter.build_totp_url(request.user, secret))
    return HttpResponse(picture, content_type="image/svg+xml")


# Desks


@holders_of(*Role.values)
@never_cache
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    return render(request, "desk_home.html", {"cards": desks.waiting_for(request.user)})


@anyone
@never_cache
@require_safe
def mail_list(request: HttpRequest) -> HttpResponse:
    """Demonstration only: a newcomer has no mailbox at example.org, so everybody reads everything here."""
    if not settings.DEMO:
        raise Http404
    mails, newer, older = _page_of_mail(_number(request, "before"), _number(request, "after"))
    if request.GET and not mails:
        return redirect("accounts:mail")
    return render(request, "accounts/mail_list.html", {"mails": mails, "newer": newer, "older": older})


@anyone
@never_cache
@require_safe
def mail_detail(request: HttpRequest, pk: int) -> HttpResponse:
    if not settings.DEMO:
        raise Http404
    return render(request, "accounts/mail_detail.html", {"mail": get_object_or_404(OutboxMail, pk=pk)})


def _page_of_mail(before: int | None, after: int | None) -> tuple[list[OutboxMail], str, str]:
    """Newest first, and the addresses of the neighbouring pages. By key, so that new mail moves nothing."""
    if after is not None:
        mails = list(OutboxMail.objects.filter(pk__gt=after).order_by("pk")[:MAILS_ON_A_PAGE])[::-1]
    else:
        found = OutboxMail.objects.order_by("-pk")
        mails = list((found if before is None else found.filter(pk__lt=before))[:MAILS_ON_A_PAGE])
    if not mails:
        return [], "", ""
    here = reverse("accounts:mail")
    newer = OutboxMail.objects.filter(pk__gt=mails[0].pk).exists()
    older = OutboxMail.objects.filter(pk__lt=mails[-1].pk).exists()
    return (
        mails,
        f"{here}?after={mails[0].pk}" if newer else "",
        f"{here}?before={mails[-1].pk}" if older else "",
    )


def _number(request: HttpRequest, name: str) -> int | None:
    given = request.GET.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None
