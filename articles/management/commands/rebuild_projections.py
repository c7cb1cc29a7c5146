"""Make the rows derived from publications anew, and say which pages had drifted."""

from django.core.management.base import BaseCommand
from django.db import transaction

from articles import projections
from articles.models import (
    Approval,
    Citation,
    DrugFacts,
    DrugSubtype,
    Mention,
    Page,
    PublishedImage,
    SiteVersion,
    SubtypeFacts,
)


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args, **options):
        drifted = [page for page in Page.objects.order_by("pk").iterator() if self._rebuild(page)]
        for page in drifted:
            self.stdout.write(f"had drifted: {page}")
        if drifted:
            SiteVersion.bump()
        self.stdout.write(f"{len(drifted)} pages had drifted")

    @transaction.atomic
    def _rebuild(self, page: Page) -> bool:
        before = _snapshot(page)
        projections.rebuild(page)
        return _snapshot(page) != before


def _snapshot(page: Page) -> list[set]:
    """The derived rows of a page without their own keys."""
    return [
        set(Citation.objects.filter(publication__page=page).values_list("publication", "reference", "number", "count")),
        set(Mention.objects.filter(publication__page=page).values_list("publication", "page", "pinned_hash")),
        set(PublishedImage.objects.filter(publication__page=page).values_list("publication", "sha256")),
        set(
            DrugFacts.objects.filter(page=page).values_list(
                "brand", "mark", "generic", "drug_class", "class_slug", "route"
            )
        ),
        set(Approval.objects.filter(drug=page.pk).values_list("date", "what", "jurisdiction")),
        set(DrugSubtype.objects.filter(drug=page.pk).values_list("subtype", flat=True)),
        set(SubtypeFacts.objects.filter(page=page).values_list("name", "definition")),
    ]
