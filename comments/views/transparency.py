"""What moderation did, for everybody to read: as a page and as a table to work with."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import anyone
from articles.freshness import public_page

from .. import transparency


# Decisions move no version of the site; the figures are kept for an hour where they are counted.
@anyone
@public_page(kept=False)
@require_safe
def report(request: HttpRequest, code: str = "") -> HttpResponse:
    everything = transparency.periods()
    asked = _asked(code, everything)
    context = {
        "figures": transparency.figures(asked),
        "period": asked,
        "years": [one for one in everything if not one.month],
        "months": [one for one in everything if one.month and one.year == asked.year],
        "fewest": transparency.FEWEST,
    }
    return render(request, "comments/transparency.html", context)


@anyone
@public_page(kept=False)
@require_safe
def table(request: HttpRequest, code: str) -> HttpResponse:
    asked = _asked(code, transparency.periods())
    words = transparency.as_csv(transparency.figures(asked))
    headers = {"Content-Disposition": f'attachment; filename="moderation-{asked.code}.csv"'}
    return HttpResponse(words, content_type="text/csv; charset=utf-8", headers=headers)


def _asked(code: str, everything: list[transparency.Period]) -> transparency.Period:
    asked = transparency.period(code) if code else everything[0]
    if asked not in everything:
        raise Http404
    return asked
