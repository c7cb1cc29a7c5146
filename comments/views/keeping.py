"""Doors of the comment form: what was typed outlives a session, and what is far too big is not read at all."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.utils.http import urlencode
from django.views.decorators.csrf import csrf_exempt, csrf_protect

LARGEST_FORM = 64 * 1024
DRAFT = "draft:"
MOST_DRAFTS = 5
KEPT = 8000  # characters of a draft: four times what a comment may hold


def small_forms(view: Callable) -> Callable:
    """Refuse a form over 64 kB before anything reads it; the token is checked right after, instead of before."""
    checked = csrf_protect(view)

    @wraps(view)
    def door(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if request.method == "POST" and (not length.isdigit() or int(length) > LARGEST_FORM):
            return render(request, "comments/too_big.html", status=413)
        return checked(request, *args, **kwargs)

    return csrf_exempt(door)


def keeps_the_draft(view: Callable) -> Callable:
    """Somebody whose session ended while she wrote gets her words back after signing in."""

    @wraps(view)
    def door(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if request.method != "POST" or request.user.is_authenticated:
            return view(request, *args, **kwargs)
        keep(request, request.POST.get("body", ""))
        sign_in = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': request.path})}"
        context = {"sign_in": sign_in, "body": draft(request)}
        return render(request, "comments/signed_out.html", context, status=403)

    return login_not_required(door)


def gives_words_back(view: Callable) -> Callable:
    """Whoever wrote under what is gone by now cannot post it, but reads her words again and can copy them."""

    @wraps(view)
    def door(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Http404:
            body = request.POST.get("body", "") if request.method == "POST" else ""
            if not body.strip():
                raise
            return render(request, "comments/not_there.html", {"body": body}, status=404)

    return door


def after_sign_in_at(address: Callable[..., str]) -> Callable[[Callable], Callable]:
    """A button pressed after the session ended: signing in leads to where the button stands, since no GET presses it."""

    def label(view: Callable) -> Callable:
        @wraps(view)
        def door(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            if request.user.is_authenticated:
                return view(request, *args, **kwargs)
            return redirect_to_login(address(*args, **kwargs))

        return login_not_required(door)

    return label


def keep(request: HttpRequest, body: str) -> None:
    if not body.strip():
        return
    forget(request)
    earlier = [key for key, _value in request.session.items() if key.startswith(DRAFT)]
    for key in earlier[: 1 - MOST_DRAFTS]:  # A session is no archive: the oldest words make room.
        del request.session[key]
    request.session[_key(request)] = body[:KEPT]


def draft(request: HttpRequest) -> str:
    return request.session.get(_key(request), "")


def forget(request: HttpRequest) -> None:
    request.session.pop(_key(request), None)


def _key(request: HttpRequest) -> str:
    return f"{DRAFT}{request.path}"
