"""From a first draft to a frozen revision under review."""

import hashlib
import json

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from audit.moves import WrongState, move, record
from audit.seals import seal

from .. import closure, images, mentions, permissions, styles, vouching
from ..document import blank, schema
from ..document.schema import Problem
from ..document.spelling import typo_problems
from ..models import (
    Draft,
    Edit,
    Image,
    Page,
    Redirect,
    Reference,
    ReferenceVersion,
    Review,
    Revision,
    RevisionContributor,
    RevisionReference,
    Topic,
)
from . import review as reviewing


class DraftRefused(Exception):
    """The content is not a document of ours; `problems` says where and why. Nothing was saved."""

    def __init__(self, problems: list[Problem]):
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


class NotReady(DraftRefused):
    """The draft is saved, but something still keeps it from review."""


def create_page(
    kind: str,
    content: dict,
    *,
    by,
    topic: Topic | None = None,
    suggestions: dict | None = None,
    imported_sha256: str = "",
    verb: str = "saved",
) -> Page:
    """A new page with its draft. The slug is made from the content's slug or title, and made unique."""
    _require(permissions.can_write(by) or by.is_machine)
    content = _checked(content, kind)
    with transaction.atomic():
        slug = _free_slug(kind, content["language"], content["slug"] or content["title"])
        page = Page.objects.create(kind=kind, language=content["language"], slug=slug, topic=topic, owner=by)
        content["slug"] = slug
        Draft.objects.create(
            page=page, content=content, suggestions=suggestions or {}, imported_sha256=imported_sha256, updated_by=by
        )
        Edit.objects.create(page=page, user=by, verb=verb)
        record(page, by=by, verb="page.created", kind=kind, how=verb)
    return page


def save_draft(page: Page, content: dict, *, version: int, by, suggestions: dict | None = None) -> Draft:
    """Replace the draft's content if it is still at `version`; otherwise WrongState, and nothing is overwritten."""
    _require(permissions.can_edit(by, page))
    content = _checked(content, page.kind)
    with transaction.atomic():
        if not page.publications.exists() and content["slug"] != page.slug:
            content["slug"] = _free_slug(page.kind, page.language, content["slug"] or content["title"], but=page)
            Page.objects.filter(pk=page.pk).update(slug=content["slug"])
        changes = {"suggestions": suggestions} if suggestions is not None else {}
        _replace(page, version, content=content, updated_by=by, updated_at=timezone.now(), **changes)
        Edit.objects.create(page=page, user=by, verb="saved")
    return Draft.objects.get(page=page)


def restore_revision(page: Page, revision: Revision, *, version: int, by) -> Draft:
    """Put what an earlier revision said back into the draft. `by` has a hand in the text from now on.

    The address is left as it is in the draft: an old one does not come back with the words.
    """
    _require(permissions.can_edit(by, page))
    if revision.page_id != page.pk:
        raise WrongState(_("This revision belongs to another page."))
    with transaction.atomic():
        now = Draft.objects.get(page=page).content
        kept = {key: now[key] for key in ("slug", "legacy_review") if key in now}
        content = {key: value for key, value in json.loads(revision.content).items() if key in schema.TOP} | kept
        _replace(page, version, content=_checked(content, page.kind), updated_by=by, updated_at=timezone.now())
        Edit.objects.create(page=page, user=by, verb="restored")
        record(page, by=by, verb="draft.restored", revision=revision.pk, hash=revision.content_hash)
    return Draft.objects.get(page=page)


def upload_image(page: Page, file, *, by) -> Image:
    """Keep a picture for this page. The figure that shows it is a matter of the draft."""
    _require(permissions.can_edit(by, page))
    image = images.store(page, file, by=by)
    Edit.objects.create(page=page, user=by, verb="uploaded")
    return image


def confirm_mention(page: Page, suggestion: dict, *, version: int, by) -> Draft:
    """Turn a suggested brand and generic name into a drug mention; a drug the directory lacks gets a draft entry."""
    _require(permissions.can_edit(by, page))
    with transaction.atomic():
        draft = page.draft
        drug = _drug_named(suggestion) or _draft_drug(suggestion, page.language, by)
        form = "full" if suggestion.get("generic") else "brand"
        content = mentions.confirm(draft.content, suggestion, drug.uid, form)
        return save_draft(page, content, version=version, by=by, suggestions=_without(draft, suggestion))


def dismiss_suggestion(page: Page, suggestion: dict, *, version: int, by) -> Draft:
    """Leave a suggested name as plain text and stop asking."""
    return save_draft(page, page.draft.content, version=version, by=by, suggestions=_without(page.draft, suggestion))


def submit(page: Page, *, version: int, by, change_class: str = "material", change_note: str = "") -> Review:
    """Freeze the draft into a hashed revision and open its review; a review still open for older text is cancelled.

    Raises NotReady with what is missing, and WrongState when somebody saved meanwhile. Pressing twice opens one review.
    A text whose signatures all stand already (it did not change) is approved at once.
    """
    _require(permissions.can_submit(by, page))
    with transaction.atomic():
        page = Page.objects.select_for_update().get(pk=page.pk)
        draft = Draft.objects.select_for_update().get(page=page)
        if draft.version != version:
            raise WrongState(_("Somebody saved this draft after you opened it. Look at the change before you send it."))
        _ready(page, draft)
        manifest = closure.build(page, draft.content)
        text = closure.canonical(manifest)
        content_hash = closure.content_hash(text)
        open_review = page.reviews.filter(status=Review.Status.OPEN).select_related("revision").first()
        if open_review and open_review.content_hash == content_hash and not open_review.reaffirms:
            return open_review
        leans_on = _leans_on(page, manifest, content_hash) if change_class == Revision.ChangeClass.TYPO else None
        if open_review:
            move(open_review, Review.Status.CANCELLED, by=by, verb="review.cancelled")
        Edit.objects.create(page=page, user=by, verb="submitted")
        revision = _freeze(page, manifest, text, content_hash, by, change_class, change_note)
        review = reviewing.open_review(revision, by=by, leans_on=leans_on)
        if not vouching.steps_left(review):
            move(review, Review.Status.APPROVED, by=by, verb="review.approvals_kept")
        return review


def contributors_since_publication(page: Page) -> set[int]:
    """Ids of everyone who had a hand in the draft since the last published revision was frozen."""
    last = page.publications.order_by("-number").values_list("revision__created_at", flat=True).first()
    edits = page.edits.filter(at__gt=last) if last else page.edits.all()
    return set(edits.values_list("user", flat=True))


def _freeze(
    page: Page, manifest: dict, text: str, content_hash: str, by, change_class: str, change_note: str
) -> Revision:
    number = (page.revisions.aggregate(last=Max("number"))["last"] or 0) + 1
    revision = Revision.objects.create(
        page=page,
        number=number,
        content=text,
        content_hash=content_hash,
        change_class=change_class,
        change_note=change_note,
        created_by=by,
    )
    people = contributors_since_publication(page) | {by.pk}
    RevisionContributor.objects.bulk_create(RevisionContributor(revision=revision, user_id=pk) for pk in sorted(people))
    _pin_references(revision, [reference["csl"] for reference in manifest["references"]])
    record(
        revision,
        by=by,
        verb="revision.submitted",
        hash=content_hash,
        page=page.pk,
        contributors=sorted(people),
        seal=seal(revision),
    )
    return revision


def _leans_on(page: Page, manifest: dict, content_hash: str) -> Review:
    """The medical review whose text this only spells differently; NotReady with every change that is more than that.

    The comparison is always with the text that was medically signed, so that small changes cannot add up.
    """
    live = page.live_publication
    if live is None:
        raise NotReady(
            [
                Problem(
                    "change_class",
                    "typo",
                    _("Only a public page can get a change of spelling or layout. Choose another kind."),
                )
            ]
        )
    if page.reviews.filter(content_hash=content_hash, class_refused=True).exists():
        refused = _("A signer said that this is more than a change of spelling or layout. Choose another kind.")
        raise NotReady([Problem("change_class", "typo", refused)])
    base = live.review.leans_on or live.review
    if problems := typo_problems(json.loads(base.revision.content), manifest):
        raise NotReady([Problem("change_class", "typo", problem) for problem in problems])
    return base


def _pin_references(revision: Revision, cited: list[dict]) -> None:
    """Each source exactly as it is described here, numbered from one; as many queries for one source as for eighty."""
    names = [styles.csl_identifier(csl) for csl in cited]
    texts = [closure.canonical(csl) for csl in cited]
    digests = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    # In one order, so that of two who freeze at once neither waits for what the other holds.
    new = (Reference(scheme=scheme, value=value) for scheme, value in sorted(set(names)))
    Reference.objects.bulk_create(new, ignore_conflicts=True)
    known = {(one.scheme, one.value): one for one in Reference.objects.filter(value__in=[value for _, value in names])}
    described = {(known[name].pk, digest): text for name, digest, text in zip(names, digests, texts, strict=True)}
    ReferenceVersion.objects.bulk_create(
        (
            ReferenceVersion(reference_id=pk, csl_hash=digest, csl=described[pk, digest])
            for pk, digest in sorted(described)
        ),
        ignore_conflicts=True,
    )
    pinned = {
        (one.reference_id, one.csl_hash): one
        for one in ReferenceVersion.objects.filter(reference__in=known.values(), csl_hash__in=digests)
    }
    RevisionReference.objects.bulk_create(
        RevisionReference(
            revision=revision, reference=known[name], version=pinned[known[name].pk, digest], number=number
        )
        for number, (name, digest) in enumerate(zip(names, digests, strict=True), start=1)
    )


def _ready(page: Page, draft: Draft) -> None:
    problems = schema.submit_problems(
        draft.content, kind=page.kind, images=set(page.images.values_list("uid", flat=True))
    )
    if problems:
        raise NotReady(problems)


def _checked(content: dict, kind: str) -> dict:
    problems = schema.validate(content, kind=kind)
    if problems:
        raise DraftRefused(problems)
    return schema.normalise(content)


def _replace(page: Page, version: int, **changes) -> None:
    if not Draft.objects.filter(page=page, version=version).update(version=F("version") + 1, **changes):
        raise WrongState(
            _("Somebody saved this draft after you opened it. Your text is still here; nothing was overwritten.")
        )


def _free_slug(kind: str, language: str, wish: str, *, but: Page | None = None) -> str:
    """`wish` as a slug, with a number behind it where another page has it or once had it."""
    base = slugify(wish)[:72].strip("-") or kind
    others = Page.objects.exclude(pk=but.pk) if but else Page.objects.all()
    taken = set(others.filter(kind=kind, language=language, slug__startswith=base).values_list("slug", flat=True))
    taken |= set(
        Redirect.objects.filter(kind=kind, language=language, slug__startswith=base).values_list("slug", flat=True)
    )
    return next(slug for n in range(1, len(taken) + 2) if (slug := base if n == 1 else f"{base}-{n}") not in taken)


def _drug_named(suggestion: dict) -> Page | None:
    """The drug page whose live facts or draft carry the suggested brand."""
    brand = suggestion["brand"].casefold()
    drugs = Page.objects.filter(kind=Page.Kind.DRUG).select_related("draft", "drug_facts")
    return (
        drugs.filter(drug_facts__brand__iexact=brand).first()
        or drugs.filter(draft__content__facts__brand__iexact=brand).first()
    )


def _draft_drug(suggestion: dict, language: str, by) -> Page:
    brand = suggestion["brand"]
    content = blank.content(Page.Kind.DRUG, title=brand, language=language)
    content["facts"] |= {"brand": brand, "mark": suggestion.get("mark", ""), "generic": suggestion.get("generic", "")}
    return create_page(Page.Kind.DRUG, content, by=by)


def _without(draft: Draft, suggestion: dict) -> dict:
    rest = [
        one
        for one in draft.suggestions.get("drugs", [])
        if json.dumps(one, sort_keys=True) != json.dumps(suggestion, sort_keys=True)
    ]
    return {**draft.suggestions, "drugs": rest}


def _require(allowed: bool) -> None:
    if not allowed:
        raise PermissionDenied(_("Only a writer or an editor may do this."))
