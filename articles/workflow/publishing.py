"""Making a signed revision public, taking it down, and the short notices above it."""

import json
from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Role, holds
from audit.moves import WrongState, record

from .. import closure, freshness, permissions, projections
from ..document.problems import text_problem
from ..document.render import RENDERER_VERSION
from ..models import (
    Mention,
    Page,
    Publication,
    PublicNotice,
    Redirect,
    Review,
    ReviewTrigger,
    SignOff,
    Withdrawal,
)
from ..signals import page_published
from .review import open_trigger, taken_down

ENTRY_CHANGED_DAYS = 60


def missing_for_publication(review: Review) -> list[str]:
    """Sentences that say what still keeps this revision from readers; the database checks the same once more."""
    missing = []
    standing = _standing(review)
    for step in review.policy.steps.all():
        if not any(sign_off.step_id == step.pk for sign_off in standing):
            missing.append(_("The “{step}” signature is missing or no longer stands.").format(step=step.code))
    if review.notes.filter(blocking=True, resolved_at=None).exists():
        missing.append(_("A blocking note is still open."))
    acknowledged = review.revision.acknowledgements.values("reference")
    if (
        review.revision.cited.filter(reference__status__in=["retracted", "withdrawn"])
        .exclude(reference__in=acknowledged)
        .exists()
    ):
        missing.append(_("A cited source was retracted."))
    if review.status == Review.Status.CANCELLED:
        missing.append(_("A newer revision replaced this one."))
    return missing


def publish(review: Review, *, by) -> Publication:
    """Make the signed revision public, at once. The gate is evaluated by the database in this very transaction."""
    if not permissions.can_publish(by):
        raise PermissionDenied(_("Only an editor may publish."))
    with transaction.atomic():
        page = Page.objects.select_for_update().get(pk=review.page_id)
        review.refresh_from_db()
        if page.live_publication and page.live_publication.review_id == review.pk:
            raise WrongState(_("This revision is public already."))
        missing = missing_for_publication(review)
        if missing:
            raise WrongState(" ".join(missing))
        manifest = json.loads(review.revision.content)
        publication = _insert(page, review, manifest, by)
        _go_live(page, publication, manifest)
        _close_triggers(page, review)
        _call_back_pages_that_lean_on(page, publication, by)
        page_published.send(sender=Page, page=page, publication=publication, by=by)
        record(publication, by=by, verb="page.published", page=page.pk, hash=publication.content_hash, review=review.pk)
    return publication


def withdraw(page: Page, *, by, kind: str, public_reason: str) -> Withdrawal:
    """Take the page from readers at once, with the reason they are told. One person's act, for safety."""
    if not permissions.can_withdraw(by):
        raise PermissionDenied(_("Only an editor or a medical reviewer may withdraw a page."))
    if not public_reason.strip():
        raise ValidationError(_("Say why, in words that readers will see."))
    with transaction.atomic():
        page = Page.objects.select_for_update().get(pk=page.pk)
        live = page.live_publication
        if live is None:
            raise WrongState(_("This page is not public."))
        withdrawal = Withdrawal.objects.create(
            page=page, publication=live, kind=kind, public_reason=public_reason, by=by
        )
        taken_down(page, live, by=by)
        record(withdrawal, by=by, verb="page.withdrawn", page=page.pk, kind=kind)
    return withdrawal


def post_notice(page: Page, *, by, kind: str, text: str) -> PublicNotice:
    """A dated sentence above the article: correction, update or safety notice; plain text, at most 500 characters."""
    if not (holds(by, Role.EDITOR, Role.MEDICAL_REVIEWER)):
        raise PermissionDenied(_("Only an editor or a medical reviewer may post a notice."))
    text = " ".join(text.split())
    if not text or len(text) > 500:
        raise ValidationError(_("Write a notice of at most 500 characters."))
    if problem := text_problem(text):
        raise ValidationError(problem)
    with transaction.atomic():
        notice = PublicNotice.objects.create(page=page, kind=kind, text=text, by=by)
        freshness.bump(page)
        record(notice, by=by, verb="notice.posted", page=page.pk, kind=kind)
    return notice


def _standing(review: Review) -> list[SignOff]:
    now = timezone.now()
    return list(
        SignOff.objects.filter(
            revision__page=review.page_id, content_hash=review.content_hash, revocation=None, valid_until__gt=now
        ).exclude(signer__in=review.revision.contributors.values("user"))
    )


def _insert(page: Page, review: Review, manifest: dict, by) -> Publication:
    html, artefact_hash = closure.artefact(manifest)
    last = page.publications.aggregate(last=Max("number"))["last"] or 0
    standing = _standing(review)
    medical = [one for one in standing if one.meaning == "medical_review"] or standing
    try:
        return Publication.objects.create(
            page=page,
            number=last + 1,
            review=review,
            revision=review.revision,
            content_hash=review.content_hash,
            artefact=html,
            artefact_hash=artefact_hash,
            renderer_version=RENDERER_VERSION,
            reason=_reason(page, review, last),
            title=manifest["title"],
            standfirst=manifest["standfirst"],
            reviewed_on=timezone.localdate(max(one.signed_at for one in medical)),
            next_review_due=min(one.next_review_due for one in medical),
            published_by=by,
        )
    except IntegrityError as error:
        raise WrongState(
            _("The database refused this publication: {why}").format(why=str(error).splitlines()[0])
        ) from error


def _reason(page: Page, review: Review, last: int) -> str:
    if last == 0:
        return Publication.Reason.NEW
    newest = page.publications.aggregate(newest=Max("revision__number"))["newest"]
    if review.revision.number < newest:
        return Publication.Reason.ROLLBACK
    return Publication.Reason.CORRECTION if review.revision.change_class == "correction" else Publication.Reason.UPDATE


def _go_live(page: Page, publication: Publication, manifest: dict) -> None:
    slug = manifest["slug"]
    if slug != page.slug:
        _move_address(page, slug)
    Page.objects.filter(pk=page.pk).update(live_publication=publication, slug=slug, version=F("version") + 1)
    page.refresh_from_db()
    projections.rebuild(page)
    freshness.bump_site()


def _move_address(page: Page, slug: str) -> None:
    """The old address will redirect; the new one must be nobody else's, now or ever before."""
    address = {"kind": page.kind, "language": page.language, "slug": slug}
    if Page.objects.filter(**address).exists() or Redirect.objects.filter(**address).exclude(page=page).exists():
        raise WrongState(_("Another page has or had the address “{slug}”.").format(slug=slug))
    Redirect.objects.filter(**address, page=page).delete()
    if page.publications.filter(number__gt=1).exists():
        Redirect.objects.get_or_create(kind=page.kind, language=page.language, slug=page.slug, defaults={"page": page})


def _close_triggers(page: Page, review: Review) -> None:
    """What was known before the signature was looked at with it."""
    signed = review.sign_offs.filter(revocation=None).order_by("-signed_at").first()
    if signed:
        page.triggers.filter(resolved_at=None, opened_at__lt=signed.signed_at).update(
            resolved_at=timezone.now(), resolved_by_sign_off=signed
        )


def _call_back_pages_that_lean_on(entry: Page, publication: Publication, by) -> None:
    """A drug or subtype entry changed: every live page that pinned it otherwise comes back for review."""
    if entry.kind == Page.Kind.ARTICLE:
        return
    pinned = Mention.objects.filter(page=entry, publication__live_on__isnull=False).exclude(
        pinned_hash=publication.content_hash
    )
    for mention in (
        pinned.exclude(publication__page=entry).select_related("publication__page").order_by("publication__page")
    ):
        # A page that pinned the name before the entry was live leans on a name, which is all it shows.
        severity = ReviewTrigger.Severity.REVIEW if mention.pinned_hash else ReviewTrigger.Severity.INFO
        open_trigger(
            mention.publication.page,
            source_kind=entry.kind,
            source_id=str(publication.pk),
            severity=severity,
            due_on=timezone.localdate() + timedelta(days=ENTRY_CHANGED_DAYS),
            by=by,
        )
