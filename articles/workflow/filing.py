"""Where a page stands in the navigation and at the desk: no medical text, so no review."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Specialty
from audit.moves import WrongState, move, record

from .. import permissions
from ..models import Page, Review, ReviewTrigger, SiteVersion, Topic
from .calling_back import POLICY_DAYS, call_back
from .policies import MOST_MONTHS
from .review import open_review


def file_under(page: Page, topic: Topic | None, *, by) -> None:
    """Put the page under a topic. Lists of public pages show it at once."""
    if not permissions.can_edit(by, page):
        raise PermissionDenied(_("Only a writer or an editor may do this."))
    new = topic.pk if topic else None
    with transaction.atomic():
        if Page.objects.filter(pk=page.pk).exclude(topic=new).update(topic=topic):
            if page.live_publication_id:
                SiteVersion.bump()
            record(page, by=by, verb="page.filed", topic=new)
    page.topic = topic


def classify(page: Page, *, risk: str, specialty: Specialty | None, interval_months: int, by) -> bool:
    """Say how much hangs on a page, whose field it is and how often it is read anew. Whether it was called back.

    Nobody lowers the risk class while a review is open. A higher class counts at once: what is not public yet starts
    its review anew under the stricter policy, and a public page comes back for review.
    """
    if not permissions.can_classify(by):
        raise PermissionDenied(_("Only a reviewer or an editor may do this."))
    if risk not in Page.Risk.values or not 1 <= interval_months <= MOST_MONTHS:
        raise ValidationError(_("Choose a risk class and an interval of 1 to {most} months.").format(most=MOST_MONTHS))
    with transaction.atomic():
        page = Page.objects.select_for_update(of=("self",)).select_related("live_publication").get(pk=page.pk)
        _may_lower(page, risk, by)
        raised = page.risk == Page.Risk.STANDARD and risk == Page.Risk.HIGH
        filed = {"risk": risk, "specialty": specialty, "review_interval_months": interval_months}
        if all(getattr(page, name) == value for name, value in filed.items()):
            return False
        Page.objects.filter(pk=page.pk).update(**filed)
        if raised:
            _start_anew(page, by)
        entry = record(
            page,
            by=by,
            verb="page.classified",
            risk=risk,
            specialty=specialty.pk if specialty else None,
            months=interval_months,
        )
        if not (raised and page.live_publication_id):
            return False
        cause = {"source_kind": ReviewTrigger.Source.POLICY, "source_id": f"risk-{entry.seq}"}
        severity = ReviewTrigger.Severity.REVIEW
        return bool(call_back(Page.objects.filter(pk=page.pk), **cause, severity=severity, days=POLICY_DAYS, by=by))


def _may_lower(page: Page, risk: str, by) -> None:
    """Fewer signatures are an editor's decision, and never one about a review that is under way."""
    if not (page.risk == Page.Risk.HIGH and risk == Page.Risk.STANDARD):
        return
    if not permissions.can_lower_risk(by):
        raise PermissionDenied(_("Only an editor may lower the risk class."))
    if page.reviews.filter(status=Review.Status.OPEN).exists():
        raise WrongState(_("A review of this page is open. Its risk class can be lowered when that has ended."))


def _start_anew(page: Page, by) -> None:
    """What was signed, or waits to be, under the policy for less risk: its cycle ends, and the newest begins again."""
    waiting = page.reviews.filter(status__in=[Review.Status.OPEN, Review.Status.APPROVED], publications=None)
    waiting = list(waiting.select_related("revision__page", "leans_on").order_by("-pk"))
    for review in waiting:
        move(review, Review.Status.CANCELLED, by=by, verb="review.cancelled")
    if waiting and _still_fits(waiting[0], page):
        newest = waiting[0]
        newest.revision.page.refresh_from_db()
        anew = open_review(newest.revision, by=by, leans_on=newest.leans_on, reaffirms=newest.reaffirms)
        Review.objects.filter(pk=anew.pk).update(assignee=newest.assignee_id)


def _still_fits(review: Review, page: Page) -> bool:
    """Whether its revision is newer than what is public, and still leans on that where it only spells it differently."""
    live = page.live_publication
    if live is not None and live.review_id > review.pk:
        return False
    return review.leans_on is None or (live is not None and live.vouched_hash == review.leans_on.content_hash)
