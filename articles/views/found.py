"""What several desk pages look up and show: a review, and the facts of its revision."""

import json

from django.shortcuts import get_object_or_404

from ..document import render as rendering
from ..models import Review


def find_review(pk: int) -> Review:
    related = (
        "page__live_publication__revision",
        "page__specialty",
        "revision__created_by",
        "policy",
        "leans_on__revision",
    )
    return get_object_or_404(Review.objects.select_related(*related), pk=pk)


def revision_context(revision) -> dict:
    manifest = json.loads(revision.content)
    return {
        "revision": revision,
        "title": manifest["title"],
        "words": rendering.word_count(manifest),
        "references": len(manifest["references"]),
        "figures": len(manifest["images"]),
        "parts": rendering.parts(rendering.render(manifest).removesuffix("</article>")),
    }
