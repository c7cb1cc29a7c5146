"""Many pages at once, written straight into the tables; the database's triggers look at every row."""

import secrets
from datetime import date, timedelta

from django.utils import timezone

from articles import closure
from articles.models import Page, Publication, Review, ReviewPolicy, Revision, SignOff
from tests import cast


def reviews(number: int, people, *, due_on: date | None = None, title: str = "Page") -> list[Review]:
    """Open reviews of new articles, which differ in their title alone."""
    policy = ReviewPolicy.objects.in_force().get(kind="article", risk="standard", change_class="material")
    manifest = cast.content() | {"pages": {}, "images": {}, "slug": "many"}
    pages = Page.objects.bulk_create(
        Page(kind="article", slug=f"many-{secrets.token_hex(6)}", owner=people.amara) for _ in range(number)
    )
    texts = [closure.canonical(manifest | {"title": f"{title} {n}", "slug": page.slug}) for n, page in enumerate(pages)]
    revisions = Revision.objects.bulk_create(
        Revision(page=page, number=1, content=text, content_hash=closure.content_hash(text), created_by=people.amara)
        for page, text in zip(pages, texts, strict=True)
    )
    due = due_on or timezone.localdate() + timedelta(days=10)
    return Review.objects.bulk_create(
        Review(
            page=revision.page, revision=revision, content_hash=revision.content_hash, policy=policy,
            opened_by=people.amara, due_on=due,
        )
        for revision in revisions
    )  # fmt: skip


def live_pages(number: int, people, *, due: date | None = None) -> list[Page]:
    """Public articles, each signed by Ruth and published by Edda."""
    opened, now = reviews(number, people), timezone.now()
    due = due or timezone.localdate() + timedelta(days=700)
    step, credential = opened[0].policy.steps.get(), people.ruth.credentials.get()
    SignOff.objects.bulk_create(
        SignOff(
            review=one, step=step, revision=one.revision, content_hash=one.content_hash, signer=people.ruth,
            credential=credential, printed_name="Ruth Adeyemi", statement="I read it.", auth_method="password",
            ceremony=secrets.token_hex(16), closure="0" * 64, shown_at=now, authenticated_at=now, signed_at=now,
            valid_until=now + timedelta(days=900), next_review_due=due,
        )
        for one in opened
    )  # fmt: skip
    Review.objects.filter(pk__in=[one.pk for one in opened]).update(status="approved")
    publications = Publication.objects.bulk_create(
        Publication(
            page=one.page, number=1, review=one, revision=one.revision, content_hash=one.content_hash,
            vouched_hash=one.content_hash, artefact="<article></article>", artefact_hash="0" * 64,
            renderer_version=1, reason="new", title=f"Live {n}", reviewed_on=timezone.localdate(),
            next_review_due=due, published_by=people.edda,
        )
        for n, one in enumerate(opened)
    )  # fmt: skip
    for publication in publications:
        Page.objects.filter(pk=publication.page_id).update(live_publication=publication)
    return list(Page.objects.filter(pk__in=[one.page_id for one in opened]).order_by("pk"))
