"""Review of a frozen revision: who reads it, what they note, what they have checked, and sending it back."""

import json
from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit.moves import WrongState, move, record
from audit.seals import seal

from .. import calendar, checking, notices, permissions
from ..document.problems import text_problem
from ..document.quotes import find_quote
from ..models import ClaimCheck, Note, Page, Reference, ReferenceAcknowledgement, Review, ReviewPolicy

REVIEW_DAYS = 14
# A review is due within this many days before the last day of its time, on the day with the least work.
SPREAD_DAYS = 5
QUOTE_MAX = 300
REASON_MAX = 500


def open_review(revision, *, by, leans_on: Review | None = None, reaffirms: bool = False) -> Review:
    """A cycle over `revision` under the policy in force. The caller holds the page's lock and asked permission."""
    policies = ReviewPolicy.objects.in_force().prefetch_related("steps")
    policy = policies.get(kind=revision.page.kind, risk=revision.page.risk, change_class=revision.change_class)
    last = timezone.localdate() + timedelta(days=REVIEW_DAYS)
    first = last - timedelta(days=SPREAD_DAYS)
    review = Review.objects.create(
        page=revision.page,
        revision=revision,
        content_hash=revision.content_hash,
        policy=policy,
        leans_on=leans_on,
        reaffirms=reaffirms,
        opened_by=by,
        due_on=calendar.least_busy(calendar.reviews_due(first, last), first, last),
    )
    notices.asked(review)
    facts = {"revision": revision.pk, "policy": policy.pk, "leans_on": review.leans_on_id, "reaffirms": reaffirms}
    record(review, by=by, verb="review.opened", **facts)
    return review


def review_again(page: Page, *, by) -> Review:
    """Have the published text read anew, without a change: new signatures move its dates."""
    if not permissions.can_review(by):
        raise PermissionDenied(_("Only a reviewer or an editor may ask for a new review."))
    with transaction.atomic():
        page = Page.objects.select_for_update().get(pk=page.pk)
        if page.live_publication is None:
            raise WrongState(_("This page is not public."))
        if page.reviews.filter(status=Review.Status.OPEN).exists():
            raise WrongState(_("A revision of this page is in review already."))
        live = page.live_publication.review
        if live.leans_on_id:
            raise WrongState(
                _(
                    "The public text is a change of spelling. Send it for review once more, as a small change, to move its dates."
                )
            )
        return open_review(live.revision, by=by, reaffirms=True)


def assign(review: Review, *, to: User | None, by, version: int) -> None:
    """Give the review to somebody who could sign it, or (None) back to everybody. A reviewer may take what fits them.

    Of two who take it from the same page one has it, and the other is told who.
    """
    if not permissions.can_review(by):
        raise PermissionDenied(_("Only a reviewer or an editor may do this."))
    if (review.version, review.status) != (version, Review.Status.OPEN):
        raise WrongState(_who_has(review))
    if why_not := permissions.why_not_assign(by, to, review):
        raise PermissionDenied(why_not)
    with transaction.atomic():
        same = Review.objects.filter(pk=review.pk, version=version, status=Review.Status.OPEN)
        if not same.update(assignee=to, version=version + 1):
            raise WrongState(_who_has(review))
        review.refresh_from_db()
        if to is not None and to.pk != by.pk:
            notices.assigned(review)
        record(review, by=by, verb="review.assigned", to=to.pk if to else None)


def add_note(review: Review, *, by, text: str, node_id: str = "", quote: str = "", blocking: bool = False) -> Note:
    """Say something about words in a block, about a block, or about the whole revision."""
    if not permissions.can_review(by):
        raise PermissionDenied(_("Only a reviewer or an editor may write notes."))
    if review.status not in (Review.Status.OPEN, Review.Status.APPROVED):
        raise WrongState(_("This review is no longer open."))
    quote = " ".join(quote.split())
    node_id = _place_of(review, node_id, quote)
    with transaction.atomic():
        note = Note.objects.create(review=review, author=by, text=text, node_id=node_id, quote=quote, blocking=blocking)
        record(note, by=by, verb="note.added", review=review.pk, blocking=blocking)
    return note


def _place_of(review: Review, node_id: str, quote: str) -> str:
    """The block a note is about: the named one, which must hold the quote, or the first that does."""
    if not quote:
        return node_id
    manifest = json.loads(review.revision.content)
    places = [node_id] if node_id else [block["attrs"]["node_id"] for block in manifest["body"]["content"]]
    found = next((place for place in places if find_quote(manifest, place, quote)), None)
    if found is None or len(quote) > QUOTE_MAX:
        raise ValidationError({"quote": _("These words do not stand in that part. Copy a few of them from the text.")})
    return found


def resolve_note(note: Note, *, by) -> None:
    """Settle a note: by a reviewer or an editor, never by anybody who wrote the text it is about, then or now."""
    if not permissions.can_settle(by, note):
        raise PermissionDenied(_("A note is settled by a reviewer who did not write the text."))
    with transaction.atomic():
        if not Note.objects.filter(pk=note.pk, resolved_at=None).update(resolved_at=timezone.now(), resolved_by=by):
            raise WrongState(_("This note was settled already."))
        record(note, by=by, verb="note.resolved", review=note.review_id)
    note.refresh_from_db()


def acknowledge_source(review: Review, reference: Reference, *, by, reason: str) -> ReferenceAcknowledgement:
    """Vouch for citing a retracted or withdrawn source all the same, in this revision, with the reason on record."""
    if not (permissions.can_review(by) and not permissions.contributed(by, review)):
        raise PermissionDenied(_("Only a reviewer or an editor who did not write the text may do this."))
    reason = " ".join(reason.split())
    if not reason or len(reason) > REASON_MAX:
        raise ValidationError(_("Say in at most 500 characters why this source may be cited all the same."))
    if problem := text_problem(reason):
        raise ValidationError(problem)
    with transaction.atomic():
        Reference.objects.select_for_update().get(pk=reference.pk)
        reference.refresh_from_db()
        if not review.revision.cited.filter(reference=reference).exists():
            raise WrongState(_("This revision does not cite that source."))
        if reference.status not in (Reference.Status.RETRACTED, Reference.Status.WITHDRAWN):
            raise WrongState(_("This source is not retracted."))
        if review.revision.acknowledgements.filter(reference=reference).exists():
            raise WrongState(_("Somebody did this already."))
        said = ReferenceAcknowledgement.objects.create(
            revision=review.revision, reference=reference, by=by, reason=reason
        )
        record(said, by=by, verb="source.acknowledged", reference=reference.pk, review=review.pk, seal=seal(said))
    return said


def check_claims(review: Review, *, by, keys: set[str], shown: set[str] | None = None) -> None:
    """Keep which claims `by` has compared with their sources: of those `shown` (default: all), exactly `keys`."""
    if not permissions.can_check_claims(by, review):
        raise PermissionDenied(_("Claims are checked by a medical reviewer who did not write the text."))
    known = {claim.key for claim in checking.claims_of(review)}
    if keys - known:
        raise WrongState(_("One of these sentences changed after you opened the page. Look at it again."))
    shown = known if shown is None else shown & known
    with transaction.atomic():
        ClaimCheck.objects.filter(page=review.page_id, by=by, key__in=shown - keys).delete()
        ClaimCheck.objects.bulk_create(
            [ClaimCheck(page_id=review.page_id, review=review, by=by, key=key) for key in sorted(keys & shown)],
            ignore_conflicts=True,
        )


def ask_for_changes(review: Review, *, by, text: str, version: int) -> None:
    """Send the revision back to its writers, with the reason."""
    if not permissions.can_ask_changes(by, review):
        raise PermissionDenied(_("Only a reviewer who did not write the text may ask for changes."))
    if not text.strip():
        raise ValidationError(_("Say what should change."))
    if review.version != version:
        raise WrongState(_("Somebody else changed this first. Your choice was not saved."))
    with transaction.atomic():
        Note.objects.create(review=review, author=by, text=text, blocking=True)
        notices.sent_back(review, by=by, text=text)
        move(review, Review.Status.CHANGES_ASKED, by=by, verb="review.changes_asked")


def refuse_class(review: Review, *, by, version: int) -> None:
    """A signer says that this is more than spelling or layout: it has to come back as a change of another class."""
    if not review.leans_on_id:
        raise WrongState(_("This revision was not sent as a change of spelling or layout."))
    if not permissions.can_ask_changes(by, review):
        raise PermissionDenied(_("Only a reviewer who did not write the text may ask for changes."))
    if review.version != version:
        raise WrongState(_("Somebody else changed this first. Your choice was not saved."))
    with transaction.atomic():
        notices.sent_back(review, by=by, text=_("This is more than a change of spelling or layout."))
        move(review, Review.Status.CHANGES_ASKED, by=by, verb="review.class_refused", class_refused=True)


def _who_has(review: Review) -> str:
    """For somebody who came second: what became of the review meanwhile."""
    now = Review.objects.select_related("assignee").get(pk=review.pk)
    if now.status != Review.Status.OPEN:
        return _("This review is no longer open.")
    if now.assignee is None:
        return _("Somebody else changed this first. Your choice was not saved.")
    return _("{name} has this review now. Your choice was not saved.").format(name=now.assignee.get_full_name())
