"""Relational rows derived from a live publication: what is listed, counted and searched. Rebuildable at any time."""

import json

from django.db import transaction
from django.utils.text import slugify

from . import citations
from .document.tree import pages_in
from .models import (
    Approval,
    Citation,
    DrugFacts,
    DrugSubtype,
    Mention,
    Page,
    Publication,
    PublishedImage,
    SubtypeFacts,
)


def rebuild(page: Page) -> None:
    """Make the projections of `page` those of its live publication, or none where it is not live."""
    with transaction.atomic():
        clear(page)
        _project_pictures(page)
        if page.live_publication:
            _project(page, page.live_publication)


def clear(page: Page) -> None:
    """Take away everything that is listed, counted and searched because this page is live.

    Which pictures a publication holds stays known: replaced publications are still shown "as reviewed on", and
    whether a picture may be seen is decided when somebody asks for it.
    """
    for model in (Citation, Mention):
        model.objects.filter(publication__page=page).delete()
    DrugFacts.objects.filter(page=page).delete()
    SubtypeFacts.objects.filter(page=page).delete()


def _project(page: Page, publication: Publication) -> None:
    manifest = json.loads(publication.revision.content)
    _project_citations(publication, manifest)
    mentioned = Page.objects.filter(uid__in=pages_in(manifest))
    Mention.objects.bulk_create(
        Mention(publication=publication, page=other, pinned_hash=manifest["pages"][other.uid]["hash"] or "")
        for other in mentioned
    )
    if page.kind == Page.Kind.DRUG:
        _project_drug(page, manifest)
    elif page.kind == Page.Kind.SUBTYPE:
        facts = manifest["facts"]
        SubtypeFacts.objects.create(page=page, name=facts["name"], definition=facts.get("definition", ""))


def _project_pictures(page: Page) -> None:
    PublishedImage.objects.filter(publication__page=page).delete()
    for publication, content in page.publications.values_list("pk", "revision__content").iterator(chunk_size=20):
        pictures = {image["sha256"] for image in json.loads(content)["images"].values()}
        PublishedImage.objects.bulk_create(
            PublishedImage(publication_id=publication, sha256=sha256) for sha256 in pictures
        )


def _project_citations(publication: Publication, manifest: dict) -> None:
    places = [uid for cluster in citations.clusters(manifest) for uid in cluster]
    numbers = citations.numbering(manifest)
    Citation.objects.bulk_create(
        Citation(
            publication=publication, reference=cited.reference, number=cited.number, count=max(1, places.count(uid))
        )
        for cited in publication.revision.cited.select_related("reference")
        for uid in [next(uid for uid, number in numbers.items() if number == cited.number)]
    )


def _project_drug(page: Page, manifest: dict) -> None:
    facts = manifest["facts"]
    drug = DrugFacts.objects.create(
        page=page,
        brand=facts["brand"],
        mark=facts.get("mark", ""),
        generic=facts["generic"],
        drug_class=facts.get("drug_class", ""),
        class_slug=slugify(facts.get("drug_class", ""))[:80],
        route=facts.get("route", ""),
    )
    Approval.objects.bulk_create(
        Approval(drug=drug, date=one["date"], what=one["what"], jurisdiction=one["jurisdiction"])
        for one in facts.get("approvals", [])
    )
    subtypes = Page.objects.filter(uid__in=facts.get("subtypes", []), kind=Page.Kind.SUBTYPE)
    DrugSubtype.objects.bulk_create(DrugSubtype(drug=drug, subtype=subtype) for subtype in subtypes)
