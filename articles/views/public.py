"""What readers open: home, indexes, signed pages, the team, and pictures."""

from collections import Counter
from collections.abc import Callable
from functools import wraps
from itertools import groupby

from django.db.models import Q
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from accounts.access import anyone

from .. import images, linked_data, permissions, reading
from ..document import render as document
from ..freshness import kind_in_path, public_page
from ..models import DrugFacts, Page, Publication, PublishedImage, Redirect, Topic

TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
OTHER_LETTERS = "#"
LONGEST_FILTER = 80
LONGEST_NUMBER = 18


@anyone
@public_page()
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    drugs, team = reading.drugs(), reading.team()
    context = {
        "latest": reading.newest(reading.live(Page.Kind.ARTICLE), size=6).pages,
        "topics": reading.topics(),
        "drugs": drugs[:12],
        "subtypes": reading.subtypes()[:8],
        "reviewers": [person for person in team if person.reviews][:3],
    }
    return render(request, "articles/home.html", context)


@anyone
@public_page()
@require_safe
def articles(request: HttpRequest) -> HttpResponse:
    listed = reading.newest(reading.live(Page.Kind.ARTICLE), last_seen(request))
    return render(request, "articles/index.html", {"listed": listed, "topics": reading.topics()})


@anyone
@public_page()
@require_safe
def topic(request: HttpRequest, slug: str) -> HttpResponse:
    chosen = get_object_or_404(Topic, slug=slug)
    listed = reading.newest(reading.live(Page.Kind.ARTICLE).filter(topic=chosen), last_seen(request))
    context = {"listed": listed, "topics": reading.topics(), "topic": chosen}
    return render(request, "articles/topic.html", context)


def page_of(kind: str = "", *, stands_in: bool = True) -> Callable[[Callable], Callable]:
    """A view of one live page; what is not live is answered here: moved, taken down, or never there.

    Without `kind`, the address names it. `stands_in`: see `public_page`.
    """

    def label(view: Callable) -> Callable:
        @anyone
        @public_page(kind, stands_in=stands_in)
        @require_safe
        @wraps(view)
        def door(request: HttpRequest, slug: str, **rest: str) -> HttpResponse:
            asked = kind or kind_in_path(rest.pop("kind"))
            page = reading.find(asked, slug)
            return view(request, page, **rest) if page else not_live(request, asked, slug)

        return door

    return label


def not_live(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    address = {"kind": kind, "language": get_language(), "slug": slug}
    page = Page.objects.filter(**address).first()
    if page is None:
        old = get_object_or_404(Redirect.objects.select_related("page"), **address)
        asked = request.resolver_match
        moved = {**asked.kwargs, "slug": old.page.slug}
        return HttpResponsePermanentRedirect(reverse(asked.view_name, kwargs=moved))
    if not page.publications.exists():
        raise Http404
    context = {
        "withdrawal": page.withdrawals.order_by("-at", "-pk").first(),
        "list_url": reverse(f"articles:{Page.PATHS[kind]}"),
    }
    return render(request, "articles/withdrawn.html", context, status=410)


@page_of(Page.Kind.ARTICLE)
def article(request: HttpRequest, page: Page) -> HttpResponse:
    return render(request, "articles/article.html", as_read(page))


@page_of(Page.Kind.DRUG)
def drug(request: HttpRequest, page: Page) -> HttpResponse:
    facts = DrugFacts.objects.filter(page=page).first()
    return render(request, "articles/drug.html", entry(request, page) | {"facts": facts})


@page_of(Page.Kind.SUBTYPE)
def subtype(request: HttpRequest, page: Page) -> HttpResponse:
    drugs = reading.drugs().filter(subtypes__subtype=page)
    return render(request, "articles/subtype.html", entry(request, page) | {"drugs": drugs})


def entry(request: HttpRequest, page: Page) -> dict:
    """What the page of a drug and the page of a subtype both show."""
    mentions = reading.newest(reading.mentioning(page), last_seen(request), anchor="#mentions-title")
    return as_read(page) | {"mentions": mentions}


def as_read(page: Page) -> dict:
    """What a page of any kind shows."""
    found = reading.read(page)
    return {"page": page, "reading": found, "linked_data": document.data_block(linked_data.web_page(found))}


def last_seen(request: HttpRequest) -> Publication | None:
    """Where the last piece of a list ended: `?before=` names a publication."""
    number = request.GET.get("before", "")
    if not number:
        return None
    if not (number.isascii() and number.isdigit() and len(number) <= LONGEST_NUMBER):
        raise Http404
    return get_object_or_404(Publication.objects.only("published_at"), pk=int(number))


@anyone
@public_page()
@require_safe
def drugs(request: HttpRequest) -> HttpResponse:
    everything = list(reading.drugs())
    wanted = " ".join(request.GET.get("q", "").split())[:LONGEST_FILTER]
    found = [one for one in everything if wanted.casefold() in f"{one.brand} {one.generic}".casefold()]
    letters = by_letter(found)
    context = {
        "letters": letters,
        "alphabet": [(letter, letter in dict(letters)) for letter in LETTERS],
        "classes": classes(everything),
        "wanted": wanted,
        "found": len(found),
    }
    return render(request, "articles/drug_index.html", context)


@anyone
@public_page()
@require_safe
def drug_class(request: HttpRequest, slug: str) -> HttpResponse:
    everything = list(reading.drugs())
    found = [one for one in everything if one.class_slug == slug]
    if not found:
        raise Http404
    context = {"drugs": found, "name": found[0].drug_class, "slug": slug, "classes": classes(everything)}
    return render(request, "articles/drug_class.html", context)


@anyone
@public_page()
@require_safe
def subtypes(request: HttpRequest) -> HttpResponse:
    return render(request, "articles/subtype_index.html", {"subtypes": reading.subtypes()})


# Roles, credentials and names move no version, so the team is drawn each time.
@anyone
@public_page(kept=False)
@require_safe
def team(request: HttpRequest) -> HttpResponse:
    people = reading.team()
    context = {
        "reviewers": [person for person in people if person.reviews],
        "writers": [person for person in people if not person.reviews],
        "boards": reading.boards(),
    }
    return render(request, "articles/team.html", context)


@anyone
@public_page(kept=False)
@require_safe
def person(request: HttpRequest, slug: str) -> HttpResponse:
    found = reading.describe(get_object_or_404(reading.staff(), slug=slug))
    listed = reading.newest(reading.reviewed_by(found), last_seen(request))
    return render(request, "articles/person.html", {"person": found, "listed": listed})


@anyone
@require_safe
def media(request: HttpRequest, sha256: str, name: str) -> HttpResponse:
    """One rendition of a picture: for all while a publication that they may open holds it, otherwise for the desks."""
    open_to_all = Q(publication__live_on__isnull=False) | Q(publication__in=reading.shown())
    public = PublishedImage.objects.filter(open_to_all, sha256=sha256).exists()
    if not public and not permissions.can_preview(request.user):
        raise Http404
    tag = f'"{sha256[:32]}-{name}"'
    response = get_conditional_response(request, etag=tag) if public else None
    if response is None:
        try:
            file = images.path_of(sha256, name).open("rb")
        except FileNotFoundError:
            raise Http404 from None
        response = FileResponse(file, content_type=TYPES[name.rpartition(".")[2]])
    response["Cache-Control"] = "public, max-age=31536000, immutable" if public else "private, no-store"
    response["Content-Security-Policy"] = "default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["ETag"] = tag
    return response


def by_letter(found: list[DrugFacts]) -> list[tuple[str, list[DrugFacts]]]:
    """Drugs under the first letter of the name that readers look for."""

    def name(one: DrugFacts) -> str:
        return (one.brand or one.generic).casefold()

    def letter(one: DrugFacts) -> str:
        first = name(one)[:1].upper()
        return first if first in LETTERS else OTHER_LETTERS

    ordered = sorted(found, key=lambda one: (letter(one), name(one), one.generic.casefold()))
    return [(first, list(group)) for first, group in groupby(ordered, key=letter)]


def classes(drugs: list[DrugFacts]) -> list[dict]:
    """Drug classes in the directory, with how many drugs each has."""
    names = {one.class_slug: one.drug_class for one in reversed(drugs) if one.class_slug}
    drugs_in = Counter(one.class_slug for one in drugs)
    rows = [{"slug": slug, "name": name, "drugs": drugs_in[slug]} for slug, name in names.items()]
    return sorted(rows, key=lambda row: row["name"].casefold())
