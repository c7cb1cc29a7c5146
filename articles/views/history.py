"""What readers may know of the review of a page: its history, and each version as it was reviewed."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from .. import history
from ..document import render as document
from ..models import Page
from .public import page_of


@page_of()
def told(request: HttpRequest, page: Page) -> HttpResponse:
    before = request.GET.get("before", "")
    seen = history.last_seen(page, before)
    if before and seen is None:
        raise Http404
    context = {"page": page, "trail": trail(page), "piece": history.piece(page, seen)}
    return render(request, "articles/history.html", context)


@page_of(stands_in=False)
def as_reviewed(request: HttpRequest, page: Page, number: str) -> HttpResponse:
    version = history.version(page, int(number))
    if version is None:
        raise Http404
    context = {"page": page, "trail": trail(page, history=True), "version": version}
    if not version.is_shown:
        return render(request, "articles/as_reviewed_gone.html", context, status=410)
    context |= {
        "artefact": document.whole(version.publication.artefact),
        "replaced_by": history.replaced_by(version.publication),
    }
    return render(request, "articles/as_reviewed.html", context)


def trail(page: Page, *, history: bool = False) -> list[dict]:
    """The way here: the list of this kind, the page, and from a version also its history."""
    lists = {Page.Kind.ARTICLE: _("Articles"), Page.Kind.DRUG: _("Drugs"), Page.Kind.SUBTYPE: _("Subtypes")}
    steps = [
        {"url": reverse(f"articles:{Page.PATHS[page.kind]}"), "label": lists[Page.Kind(page.kind)]},
        {"url": page.get_absolute_url(), "label": page.live_publication.title},
    ]
    if history:
        steps.append({"url": f"{page.get_absolute_url()}history/", "label": _("Review history")})
    return steps
