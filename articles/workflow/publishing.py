"""Making a signed revision public, taking it down, and the short notices above it."""

import json
from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Role, holds
from audit.moves import WrongState, record
from audit.seals import seal

from .. import closure, freshness, permissions, projections, vouching
from ..document.problems import text_problem
from ..document.render import RENDERER_VERSION
from ..models import (
    Mention,
    Page,
    Publication,
    PublicNotice,
    Redirect,
    Reference,
    Review,
    ReviewPolicy,
    ReviewTrigger,
    Withdrawal,
)
from ..signals import page_published
from .calling_back import POLICY_DAYS, call_back
from .policies import asks_for_more
from .taking_down import take_down

ENTRY_CHANGED_DAYS = 60
LONGEST_LINE = 500
NOTICE_WANTED = gettext_lazy("Say in a correction notice what was wrong: this revision corrects an error.")
# A lost review is told by the database, which withdraws the page with it; nobody chooses that by hand.
CHOSEN_KINDS = [kind for kind in Withdrawal.Kind if kind != Withdrawal.Kind.REVIEW_WITHDRAWN]


def missing_for_publication(review: Review) -> list[str]:
    """Sentences that say what still keeps this revision from readers; the database checks the same once more."""
    missing = []
    for one in vouching.rests_on(review):
        for step in vouching.steps_left(one):
            missing.append(_("The “{step}” signature is missing or no longer stands.").format(step=step.code))
    if vouching.open_notes(review).filter(blocking=True).exists():
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
    if review.page.risk == Page.Risk.HIGH and review.policy.risk != Page.Risk.HIGH:
        missing.append(_("The page is of the higher risk class now, and was reviewed under the lower one."))
    if review.class_refused:
        missing.append(_("A signer said that this is more than a change of spelling or layout."))
    return missing


def unconfirmed(review: Review, *, notice: str = "", old_address: bool = False) -> list[str]:
    """What the person who publishes still has to say: what was wrong before, and that an old address may come back."""
    wanted = []
    if needs_notice(review) and not notice.strip():
        wanted.append(str(NOTICE_WANTED))
    if (slug := address_coming_back(review)) and not old_address:
        wanted.append(_("This moves the page back to an earlier address, “{slug}”. Confirm that.").format(slug=slug))
    return wanted


def needs_notice(review: Review) -> bool:
    """Whether publishing this tells readers what was wrong before: it corrects an error in what they may have read."""
    return _reason(review.page, review) == Publication.Reason.CORRECTION


def is_rollback(review: Review) -> bool:
    """Whether readers have had a later revision already."""
    return _reason(review.page, review) == Publication.Reason.ROLLBACK


def address_coming_back(review: Review) -> str:
    """The slug that returning to this revision brings back, or "". An address never changes back unseen."""
    slug = json.loads(review.revision.content)["slug"]
    now = Page.objects.values_list("slug", flat=True).get(pk=review.page_id)
    return slug if slug != now and is_rollback(review) else ""


def lock(review: Review) -> Page:
    """The review's page, locked. Its sources first, as a retraction locks them: of the two at once one waits and sees the other."""
    list(Reference.objects.select_for_update().filter(pk__in=review.revision.cited.values("reference")).order_by("pk"))
    return Page.objects.select_for_update().get(pk=review.page_id)


def publish(review: Review, *, by, notice: str = "", old_address: bool = False) -> Publication:
    """Make the signed revision public, at once. The gate is evaluated by the database in this very transaction.

    An earlier revision goes the same way (a rollback): its signatures must stand today. `notice` is the correction
    notice that readers get with a correction; `old_address` confirms that a rollback may bring its address back.
    """
    if not permissions.can_publish(by):
        raise PermissionDenied(_("Only an editor may publish."))
    with transaction.atomic():
        page = lock(review)
        review.refresh_from_db()
        if page.live_publication and page.live_publication.review_id == review.pk:
            raise WrongState(_("This revision is public already."))
        if missing := missing_for_publication(review) + unconfirmed(review, notice=notice, old_address=old_address):
            raise WrongState(" ".join(missing))
        told = _notice(page, by, PublicNotice.Kind.CORRECTION, notice) if needs_notice(review) else None
        manifest = json.loads(review.revision.content)
        publication = _insert(page, review, manifest, by)
        _go_live(page, publication, manifest)
        _close_triggers(page, review)
        _call_back_pages_that_lean_on(page, publication, by)
        _call_back_under_an_older_policy(page, publication, by)
        page_published.send(sender=Page, page=page, publication=publication, by=by)
        # The log comes last of all locks: pages that lean on this one are locked on the way here.
        if told:
            _record_notice(told, by)
        record(
            publication,
            by=by,
            verb="page.published",
            page=page.pk,
            hash=publication.content_hash,
            artefact=publication.artefact_hash,
            review=review.pk,
            seal=seal(publication),
        )
    return publication


def withdraw(page: Page, *, by, kind: str, public_reason: str) -> Withdrawal:
    """Take the page from readers at once, with the reason they are told. One person's act, for safety."""
    if not permissions.can_withdraw(by):
        raise PermissionDenied(_("Only an editor or a medical reviewer may withdraw a page."))
    if kind not in CHOSEN_KINDS:
        raise ValidationError(_("Choose one of the reasons."))
    public_reason = public_line(public_reason, _("Say why in at most 500 characters, in words that readers will see."))
    with transaction.atomic():
        page = Page.objects.select_for_update().get(pk=page.pk)
        if page.live_publication is None:
            raise WrongState(_("This page is not public."))
        withdrawal = take_down(page, by=by, kind=kind, public_reason=public_reason)
        record(withdrawal, by=by, verb="page.withdrawn", page=page.pk, kind=kind, seal=seal(withdrawal))
    return withdrawal


def post_notice(page: Page, *, by, kind: str, text: str) -> PublicNotice:
    """A dated sentence above the article: correction, update or safety notice; plain text, at most 500 characters."""
    if not (holds(by, Role.EDITOR, Role.MEDICAL_REVIEWER)):
        raise PermissionDenied(_("Only an editor or a medical reviewer may post a notice."))
    with transaction.atomic():
        notice = _notice(page, by, kind, text)
        _record_notice(notice, by)
    return notice


def _notice(page: Page, by, kind: str, text: str) -> PublicNotice:
    text = public_line(text, _("Write a notice of at most 500 characters."))
    notice = PublicNotice.objects.create(page=page, kind=kind, text=text, by=by)
    freshness.bump(page)
    return notice


def _record_notice(notice: PublicNotice, by) -> None:
    record(notice, by=by, verb="notice.posted", page=notice.page_id, kind=notice.kind, seal=seal(notice))


def public_line(text: str, otherwise: str) -> str:
    """`text` as the one line that readers see. ValidationError where it is empty, long (`otherwise`) or hides something."""
    line = " ".join(text.split())
    if not 0 < len(line) <= LONGEST_LINE:
        raise ValidationError(otherwise)
    if problem := text_problem(line):
        raise ValidationError(problem)
    return line


def _insert(page: Page, review: Review, manifest: dict, by) -> Publication:
    html, artefact_hash = closure.artefact(manifest)
    last = page.publications.aggregate(last=Max("number"))["last"] or 0
    reviewed_on, next_review_due = _dates(page, review)
    try:
        return Publication.objects.create(
            page=page,
            number=last + 1,
            review=review,
            revision=review.revision,
            content_hash=review.content_hash,
            vouched_hash=(review.leans_on or review).content_hash,
            artefact=html,
            artefact_hash=artefact_hash,
            renderer_version=RENDERER_VERSION,
            reason=_reason(page, review),
            title=manifest["title"],
            standfirst=manifest["standfirst"],
            reviewed_on=reviewed_on,
            next_review_due=next_review_due,
            published_by=by,
        )
    except IntegrityError as error:
        raise _refused(error) from error


def _refused(error: IntegrityError) -> WrongState:
    return WrongState(_("The database refused this publication: {why}").format(why=str(error).splitlines()[0]))


def _dates(page: Page, review: Review) -> tuple[date, date]:
    """Last reviewed and next due. A change of spelling keeps those of the text it leans on, whatever was signed for it."""
    if review.leans_on:
        same = page.publications.filter(vouched_hash=review.leans_on.content_hash).order_by("-number").first()
        if same is None:
            raise WrongState(_("The text that this change of spelling leans on was never public."))
        return same.reviewed_on, same.next_review_due
    signed = vouching.medical(review)
    return timezone.localdate(max(one.signed_at for one in signed)), min(one.next_review_due for one in signed)


def _reason(page: Page, review: Review) -> str:
    published = page.publications.aggregate(newest=Max("revision__number"))["newest"]
    if published is None:
        return Publication.Reason.NEW
    # After a return to an earlier revision, that one is the text that can be read anew.
    last = page.publications.order_by("-number").values_list("revision", flat=True).first()
    if review.reaffirms and last == review.revision_id:
        return Publication.Reason.REAFFIRMED
    if review.revision.number < published:
        return Publication.Reason.ROLLBACK
    by_class = {"correction": Publication.Reason.CORRECTION, "typo": Publication.Reason.TYPO}
    return by_class.get(review.revision.change_class, Publication.Reason.UPDATE)


def _go_live(page: Page, publication: Publication, manifest: dict) -> None:
    slug = manifest["slug"]
    if slug != page.slug:
        _move_address(page, slug)
    try:
        Page.objects.filter(pk=page.pk).update(live_publication=publication, slug=slug, version=F("version") + 1)
    except IntegrityError as error:
        raise _refused(error) from error
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
    """What every medical signer could know of is settled: it was open before the first of them signed.

    A change of spelling settles nothing.
    """
    signed = [] if review.leans_on_id else vouching.medical(review)
    if signed:
        first = min(signed, key=lambda one: one.signed_at)
        page.triggers.filter(resolved_at=None, opened_at__lt=first.signed_at).update(
            resolved_at=timezone.now(), resolved_by_sign_off=first
        )


def _call_back_pages_that_lean_on(entry: Page, publication: Publication, by) -> None:
    """A drug or subtype entry changed: every live page that pinned it otherwise comes back for review."""
    if entry.kind == Page.Kind.ARTICLE:
        return
    pinned = Mention.objects.filter(page=entry).exclude(pinned_hash=publication.content_hash)
    leaning = Page.objects.live().exclude(pk=entry.pk)
    cause = {"source_kind": entry.kind, "source_id": str(publication.pk), "days": ENTRY_CHANGED_DAYS, "by": by}
    # A page that pinned the name before the entry was live leans on a name, which is all it shows.
    by_hash, by_name = pinned.exclude(pinned_hash=""), pinned.filter(pinned_hash="")
    call_back(
        leaning.filter(live_publication__in=by_hash.values("publication")),
        severity=ReviewTrigger.Severity.REVIEW,
        **cause,
    )
    call_back(
        leaning.filter(live_publication__in=by_name.values("publication")),
        severity=ReviewTrigger.Severity.INFO,
        **cause,
    )


def _call_back_under_an_older_policy(page: Page, publication: Publication, by) -> None:
    """Signatures count under the policy that asked for them. Where a newer one asks for more, the page comes back."""
    for review in vouching.rests_on(publication.review):
        policy = ReviewPolicy.objects.in_force().get(
            kind=page.kind, risk=page.risk, change_class=review.revision.change_class
        )
        called = page.triggers.filter(source_kind=ReviewTrigger.Source.POLICY, resolved_at=None).exists()
        if not called and asks_for_more(review.policy, [step.code for step in policy.steps.all()]):
            call_back(
                Page.objects.filter(pk=page.pk),
                source_kind=ReviewTrigger.Source.POLICY,
                source_id=f"{policy.pk}-{publication.pk}",
                severity=ReviewTrigger.Severity.REVIEW,
                days=POLICY_DAYS,
                by=by,
            )
