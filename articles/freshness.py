"""Which version of a public page is current, and a cache of bytes that asks for it at every request."""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.core.cache import caches
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Subquery
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.connection import ConnectionProxy
from django.utils.http import parse_etags
from django.utils.translation import get_language

from accounts.models import Credential, RoleGrant, User
from accounts.policies import policy_published
from accounts.signals import role_revoked, user_erased

from .models import Page, Publication, SiteVersion, Withdrawal
from .signals import page_withdrawn

log = logging.getLogger(__name__)

PUBLIC = "public, max-age=0, must-revalidate"
PRIVATE = "private, no-store"
LARGEST = 512 * 1024
KEPT_FOR = 24 * 60 * 60
WITHDRAWALS = "page:withdrawals"
cache = ConnectionProxy(caches, "pages")


def bump(page: Page) -> None:
    """What this page shows has changed. Call it in the transaction that changes it, first of all locks."""
    Page.objects.filter(pk=page.pk).update(version=F("version") + 1)
    # Deferred: the number in memory is old, and a later save() must not write it back.
    page.__dict__.pop("version", None)
    transaction.on_commit(partial(forget, page.get_absolute_url()))


def bump_site() -> None:
    """Something that many pages show has changed: lists, the menu, a policy."""
    SiteVersion.bump()


@receiver([post_save], sender=RoleGrant)
@receiver([post_save], sender=Credential)
@receiver([role_revoked, user_erased, policy_published])
def staff_changed(**kwargs) -> None:
    """Names of reviewers stand on the home page, and beside what they signed there is a link to their own."""
    bump_site()


@receiver(post_save, sender=User)
def person_changed(instance: User, update_fields=None, **kwargs) -> None:
    if instance.slug and update_fields != frozenset({"last_login"}):
        bump_site()


def public_page(kind: str = "", *, kept: bool = True, stands_in: bool = True) -> Callable[[Callable], Callable]:
    """Label of a view whose answer is the same for everybody without a session.

    `kind` is given where the address is that of one page, whose version then counts too; a view that takes
    the kind from its address needs none. `kept=False`: rendered each time, because it shows what moves no
    version. `stands_in=False`: never served while the database cannot be asked.
    """

    def label(view: Callable) -> Callable:
        view.public_page = PublicPage(kind, kept, stands_in)
        return view

    return label


@dataclass(frozen=True)
class PublicPage:
    kind: str
    kept: bool
    stands_in: bool


@dataclass(frozen=True)
class Address:
    """A public address as somebody asked for it."""

    path: str
    query: str
    kind: str
    slug: str
    kept: bool
    stands_in: bool

    @property
    def key(self) -> str:
        return key_of(self.path)


@dataclass(frozen=True)
class Current:
    """What the database says now: is it shown, in which versions, and what was withdrawn last."""

    shown: bool
    versions: tuple[int, ...]
    withdrawals: int


@dataclass(frozen=True)
class Kept:
    """A rendered page and the tag of the versions that were read before it was rendered."""

    tag: str
    body: bytes
    headers: tuple[tuple[str, str], ...]

    def response(self) -> HttpResponse:
        return HttpResponse(self.body, headers=dict(self.headers))


class PageCacheMiddleware:
    """Answers readers without a session from kept bytes, as long as the database says that they are current.

    It stands outside sessions, authentication and CSRF, so none of these runs on a hit. Nothing rendered for
    a request with a session cookie, genuine or forged, is ever kept.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        address = address_of(request)
        if address is None:
            return unshared(self.get_response(request))
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            return unshared(self.get_response(request), always=True)
        # A wrong Host is refused on a hit as on a miss.
        request.get_host()
        return without_body_on_head(request, self.for_anybody(request, address))

    def for_anybody(self, request: HttpRequest, address: Address) -> HttpResponse:
        if not keeps(address):
            return self.rendered(request)
        try:
            current = state_of(address)
        except (OperationalError, InterfaceError):
            kept = stale(address)
            if kept is None:
                raise
            log.warning("The database is unreachable: %s is served as last seen.", address.path)
            return shared(request, kept.response(), kept.tag)
        if not current.shown:
            forget(address.path)
            return unshared(self.get_response(request))
        return self.kept_or_rendered(request, address, current)

    def kept_or_rendered(self, request: HttpRequest, address: Address, current: Current) -> HttpResponse:
        tag = tag_of(address, current)
        kept = take(address, current) if not address.query else None
        if kept is not None and kept.tag == tag:
            see(address, current, tag)
            return shared(request, kept.response(), tag)
        if knows(request, tag):
            return shared(request, HttpResponseNotModified(), tag)
        response = self.get_response(request)
        if not shareable(response):
            return unshared(response)
        if request.method == "GET" and not address.query and len(response.content) <= LARGEST:
            keep(address, current, Kept(tag, response.content, tuple(response.items())))
        return shared(request, response, tag)

    def rendered(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not shareable(response):
            return unshared(response)
        return shared(request, response, f'W/"{hashlib.sha256(response.content).hexdigest()[:32]}"')


def address_of(request: HttpRequest) -> Address | None:
    """The public address that is being read, or None where the request is anything else."""
    if request.method not in ("GET", "HEAD"):
        return None
    try:
        match = resolve(request.path_info)
    except Resolver404:
        return None
    label = getattr(match.func, "public_page", None)
    if label is None:
        return None
    return Address(
        path=request.path_info,
        query=request.META.get("QUERY_STRING", ""),
        kind=label.kind or kind_in_path(match.kwargs.get("kind", "")),
        slug=match.kwargs.get("slug", ""),
        kept=label.kept,
        stands_in=label.stands_in,
    )


def kind_in_path(word: str) -> str:
    """ "drugs" and "drug" are both the kind "drug"; anything else is none."""
    return next((kind for kind, path in Page.PATHS.items() if word in (kind, path)), "")


def state_of(address: Address) -> Current:
    """One small query, whatever the page costs to render."""
    site = SiteVersion.objects.filter(pk=1)
    last = Subquery(Withdrawal.objects.order_by("-pk").values("pk")[:1])
    if not address.kind:
        number, withdrawals = site.values_list("number", last).first() or (0, 0)
        return Current(True, (number,), withdrawals or 0)
    page = Page.objects.filter(kind=address.kind, language=get_language(), slug=address.slug)
    row = page.values_list("version", "live_publication_id", Subquery(site.values("number")), last).first()
    version, live, number, withdrawals = row or (0, None, 0, 0)
    return Current(live is not None, (version, live or 0, number or 0), withdrawals or 0)


def tag_of(address: Address, current: Current) -> str:
    """Weak: equal versions mean equal meaning. Counts of helpful votes may differ, and they move no version.

    The calendar day is in it because "overdue" begins at midnight.
    """
    parts = (
        settings.RELEASE,
        settings.SITE_NAME,
        settings.DEMO,
        settings.MODERATION_HOURS,
        timezone.localdate(),
        current.versions,
        address.path,
        address.query,
    )
    return f'W/"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'


def shareable(response: HttpResponse) -> bool:
    """Whether a view's answer is for everybody: found, whole, without a cookie or a wish of its own."""
    return (
        response.status_code == 200
        and not response.streaming
        and not response.cookies
        and not response.has_header("Cache-Control")
    )


def shared(request: HttpRequest, response: HttpResponse, tag: str) -> HttpResponse:
    response["Cache-Control"] = PUBLIC
    response["ETag"] = tag
    patch_vary_headers(response, ["Cookie"])
    if response.status_code == 304:
        return response
    return get_conditional_response(request, etag=tag, response=response)


def unshared(response: HttpResponse, *, always: bool = False) -> HttpResponse:
    """Not for other people's eyes, unless the view said how long it may be kept and nobody is signed in."""
    if always or not response.has_header("Cache-Control"):
        response["Cache-Control"] = PRIVATE
    if always:
        patch_vary_headers(response, ["Cookie"])
    return response


def without_body_on_head(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Not every server in front drops the body of an answer to HEAD; the length stays that of the page."""
    if request.method == "HEAD" and not response.streaming:
        response.content = b""
    return response


def knows(request: HttpRequest, tag: str) -> bool:
    """Whether the reader holds exactly this version. A star proves nothing: it matches whatever there is."""
    listed = parse_etags(request.headers.get("If-None-Match", ""))
    return tag.removeprefix("W/") in {one.removeprefix("W/") for one in listed}


# What is kept -----------------------------------------------------------------------------------------------
# Two entries per address: the bytes, and for STALE_IF_ERROR seconds the note that a database in good health
# called them current. Only addresses without a query are kept, so that nobody can fill the cache with them.


def keeps(address: Address) -> bool:
    return address.kept and not settings.DEBUG


def key_of(path: str) -> str:
    return f"page:{hashlib.sha256(f'{settings.RELEASE} {path}'.encode()).hexdigest()}"


def take(address: Address, current: Current) -> Kept | None:
    found = attempt(cache.get_many, [address.key, WITHDRAWALS]) or {}
    if current.withdrawals > found.get(WITHDRAWALS, 0):
        attempt(cache.set, WITHDRAWALS, current.withdrawals, None)
    return found.get(address.key)


def keep(address: Address, current: Current, page: Kept) -> None:
    attempt(cache.set, address.key, page, KEPT_FOR)
    see(address, current, page.tag)


def see(address: Address, current: Current, tag: str) -> None:
    attempt(cache.set, f"{address.key}:seen", (tag, current.withdrawals), settings.STALE_IF_ERROR)


def stale(address: Address) -> Kept | None:
    """Bytes that may stand in while the database cannot be asked.

    Never those of a page seen withdrawn, nor those last seen current before a withdrawal that we know of: it
    may have been of this page.
    """
    if address.query or not address.stands_in:
        return None
    keys = [address.key, f"{address.key}:seen", WITHDRAWALS]
    found = attempt(cache.get_many, keys) or {}
    kept, seen = found.get(keys[0]), found.get(keys[1])
    if kept is None or seen is None or seen != (kept.tag, found.get(WITHDRAWALS, 0)):
        return None
    return kept


def forget(path: str) -> None:
    key = key_of(path)
    attempt(cache.delete_many, [key, f"{key}:seen"])


@receiver(page_withdrawn)
def forget_withdrawn(page: Page, publication: Publication, **kwargs) -> None:
    transaction.on_commit(partial(forget, page.get_absolute_url()))
    # A page that is being rendered right now may be kept after this; the number makes it unfit to stand in.
    transaction.on_commit(partial(attempt, cache.set, WITHDRAWALS, publication.withdrawal.pk, None))


def attempt(act: Callable, *arguments):
    """Reading goes on without a cache: each backend fails with exceptions of its own."""
    try:
        return act(*arguments)
    except Exception as error:
        log.warning("The page cache does not answer: %s", error.__class__.__name__)
        return None
