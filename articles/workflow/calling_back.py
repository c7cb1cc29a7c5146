"""What calls a page back for review: one door for every cause, and what each cause does."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Credential, User
from audit.moves import WrongState, record
from audit.seals import seal

from .. import calendar, freshness, permissions
from ..models import (
    ErrorReport,
    Page,
    Reference,
    ReferenceStatus,
    ReviewPolicy,
    ReviewTrigger,
    SignOff,
    Withdrawal,
)
from ..source_events import Event, events_of, standing
from .taking_down import take_down

Severity = ReviewTrigger.Severity
# What a changed source does to the pages that cite it: severity and days until the review is due.
SOURCE_CHANGES = {
    Reference.Status.CORRECTED: (Severity.INFO, 90),
    Reference.Status.CONCERN: (Severity.REVIEW, 30),
    Reference.Status.RETRACTED: (Severity.BANNER, 14),
    Reference.Status.WITHDRAWN: (Severity.BANNER, 14),
    Reference.Status.REINSTATED: (Severity.INFO, 90),
    Reference.Status.DEAD_LINK: (Severity.INFO, 90),
}
# What a reader's report does. A stranger can ask for a look, never put up a banner or take a page down.
REPORT_DAYS = {ErrorReport.Kind.HARM: 3}
REPORT_DAYS_OTHERWISE = 14
CREDENTIAL_DAYS, POLICY_DAYS = 60, 90
# A credential that ran out and is revoked later is another cause, and a graver one.
REVOKED = "-revoked"
# How long the address of a reader who wanted an answer is kept.
ADDRESS_DAYS = 90
# Why an open trigger needs nothing more, as a reviewer or an editor says.
RESOLUTIONS = {
    "no_change_needed": gettext_lazy("We looked, and the text is right as it is"),
    "handled_elsewhere": gettext_lazy("It is handled in another review"),
    "not_an_error": gettext_lazy("What was reported is no error"),
    "duplicate": gettext_lazy("We know it already"),
    "spam": gettext_lazy("It says nothing about the page"),
}
# Pages called back together are due in the last part of the time they are given, not all on its last day.
SPREAD_FROM = 0.5


def open_trigger(
    page: Page, *, source_kind: str, source_id: str, severity: str, due_on: date | None = None, by=None
) -> ReviewTrigger:
    """The one door through which anything calls a page back for review. The same cause opens one trigger.

    A note asks for nothing more, a review has a due date, a banner stands above the page at once, and the
    severest takes the page down in the same transaction.
    """
    with transaction.atomic():
        if severity == Severity.WITHDRAW:
            page = Page.objects.select_for_update().get(pk=page.pk)
        trigger, new = ReviewTrigger.objects.get_or_create(
            page=page,
            source_kind=source_kind,
            source_id=str(source_id),
            defaults={"severity": severity, "due_on": due_on},
        )
        if not new:
            return trigger
        if severity in (Severity.BANNER, Severity.WITHDRAW):
            freshness.bump(page)
        withdrawal = _withdrawn(page, severity, by)
        record(trigger, by=by, verb="trigger.opened", page=page.pk, source=source_kind, severity=severity, due=due_on)
        if withdrawal:
            record(withdrawal, by=by, verb="page.withdrawn", page=page.pk, kind=withdrawal.kind, seal=seal(withdrawal))
    return trigger


def resolve_trigger(trigger: ReviewTrigger, *, by, resolution: str) -> None:
    """Close a trigger with a reason (a code); signing and publishing a newer review closes it by itself."""
    if not permissions.can_review(by):
        raise PermissionDenied(_("Only a reviewer or an editor may settle this."))
    if resolution not in RESOLUTIONS:
        raise ValidationError(_("Choose why this is settled."))
    with transaction.atomic():
        settled = ReviewTrigger.objects.filter(pk=trigger.pk, resolved_at=None)
        if not settled.update(resolved_at=timezone.now(), resolution=resolution):
            raise WrongState(_("This was settled already."))
        freshness.bump(trigger.page)
        record(trigger, by=by, verb="trigger.resolved", resolution=resolution)
    trigger.refresh_from_db()


def record_reference_status(
    reference: Reference, *, status: str, by, notice: str = "", effective_on: date | None = None, source: str = ""
) -> ReferenceStatus:
    """Something became known about a source: every live page that cites it comes back for review.

    An event that does not have the last word (an older one, or less than a reinstatement after a retraction) is kept on
    record, and changes neither status nor pages.
    """
    if not (permissions.can_review(by) or by.is_machine):
        raise PermissionDenied(_("Only a reviewer or an editor may record this."))
    with transaction.atomic():
        Reference.objects.select_for_update().get(pk=reference.pk)
        known = events_of([reference.pk])[reference.pk]
        event = ReferenceStatus.objects.create(
            reference=reference, status=status, notice=notice, by=by, effective_on=effective_on, source=source
        )
        late = standing([*known, Event.of(event)]).pk != event.pk
        if not late:
            Reference.objects.filter(pk=reference.pk).update(status=status)
            _call_back_citing(reference, event, by)
        record(
            event, by=by, verb="reference.status", reference=reference.pk, status=status, late=late, seal=seal(event)
        )
    reference.refresh_from_db()
    return event


def report_error(page: Page, *, kind: str, text: str, email: str = "", seen: str = "") -> ErrorReport:
    """A reader, signed in or not, says that something is wrong: the page comes back for a look by a due date.

    While a report about the page is open, further ones join it: many letters about one page are one task, due when
    the most urgent of them asks. `seen` is the hash of the bytes the reader had; without it, of those shown now.
    """
    if not text.strip():
        raise ValidationError({"text": _("Say what is wrong, in your own words.")})
    with transaction.atomic():
        page = Page.objects.select_for_update(of=("self",)).select_related("live_publication").get(pk=page.pk)
        if page.live_publication is None:
            raise WrongState(_("This page is not public any more."))
        known = seen and page.publications.filter(content_hash=seen).exists()
        report = ErrorReport.objects.create(
            page=page,
            content_hash=seen if known else page.live_publication.content_hash,
            kind=kind,
            text=text.strip(),
            email=email,
        )
        due_on = timezone.localdate() + timedelta(days=REPORT_DAYS.get(kind, REPORT_DAYS_OTHERWISE))
        still_open = page.triggers.filter(source_kind=ReviewTrigger.Source.REPORT, resolved_at=None)
        if still_open.exists():
            # No entry in the chain: strangers must not be able to make its writers wait for each other.
            still_open.filter(due_on__gt=due_on).update(due_on=due_on)
            return report
        open_trigger(
            page,
            source_kind=ReviewTrigger.Source.REPORT,
            source_id=str(report.pk),
            severity=Severity.REVIEW,
            due_on=due_on,
        )
    return report


def reports_of(trigger: ReviewTrigger) -> QuerySet[ErrorReport]:
    """What readers wrote while this trigger was open: the report that opened it and those that joined it."""
    found = ErrorReport.objects.filter(page=trigger.page_id, pk__gte=int(trigger.source_id))
    return found.filter(created_at__lte=trigger.resolved_at) if trigger.resolved_at else found


def erase_report(report: ErrorReport, *, by) -> None:
    """Take a reader's words and address away, as they may ask. That there was a report stays on record."""
    if not permissions.can_review(by):
        raise PermissionDenied(_("Only a reviewer or an editor may settle this."))
    with transaction.atomic():
        ErrorReport.objects.filter(pk=report.pk).update(text="", email="")
        record(report, by=by, verb="report.erased", page=report.page_id)
    report.refresh_from_db()


def forget_addresses() -> int:
    """Addresses of readers who reported an error long ago go away; how many did."""
    long_ago = timezone.now() - timedelta(days=ADDRESS_DAYS)
    return ErrorReport.objects.filter(created_at__lt=long_ago).exclude(email="").update(email="")


def credential_lapsed(credential: Credential, *, by) -> int:
    """Whoever signed with it vouched while it was valid, so pages stay; somebody should look again. How many pages."""
    severity = Severity.REVIEW if credential.revoked_at else Severity.INFO
    signed = _behind_live_pages().filter(credential=credential)
    return call_back(
        Page.objects.live().filter(pk__in=signed.values("revision__page")),
        source_kind=ReviewTrigger.Source.CREDENTIAL,
        source_id=f"{credential.pk}{REVOKED if credential.revoked_at else ''}",
        severity=severity,
        days=CREDENTIAL_DAYS,
        by=by,
    )


def credentials_to_flag() -> QuerySet[Credential]:
    """Those that were revoked, or ran out and were not renewed, behind a live page that they have not called back yet."""
    today = timezone.now().date()
    renewed = Credential.objects.valid_on(today).filter(user=OuterRef("user"))
    ended = Q(revoked_at__isnull=False) | (Q(valid_until__lt=today) & ~Exists(renewed))
    told = ReviewTrigger.objects.filter(
        page=OuterRef("revision__page"), source_kind=ReviewTrigger.Source.CREDENTIAL, source_id=OuterRef("cause")
    )
    number = Cast("credential", CharField())
    cause = Case(When(credential__revoked_at=None, then=number), default=Concat(number, Value(REVOKED)))
    untold = _behind_live_pages().annotate(cause=cause).filter(~Exists(told), credential=OuterRef("pk"))
    return Credential.objects.filter(ended, Exists(untold)).order_by("pk")


def policy_raised(policy: ReviewPolicy, *, weaker: Iterable[ReviewPolicy], by) -> int:
    """Live pages that were published under one of the `weaker` policies of the same line come back. How many."""
    weaker = [one.pk for one in weaker]
    under = Q(live_publication__review__policy__in=weaker) | Q(live_publication__review__leans_on__policy__in=weaker)
    pages = Page.objects.live().filter(under, kind=policy.kind, risk=policy.risk)
    return call_back(
        pages,
        source_kind=ReviewTrigger.Source.POLICY,
        source_id=str(policy.pk),
        severity=Severity.REVIEW,
        days=POLICY_DAYS,
        by=by,
    )


def call_back(pages: Iterable[Page], *, source_kind: str, source_id: str, severity: str, days: int, by) -> int:
    """Open the same trigger on many pages, with due dates spread over the last part of `days`. How many pages."""
    today = timezone.localdate()
    first, last = today + timedelta(days=max(1, int(days * SPREAD_FROM))), today + timedelta(days=days)
    dates = calendar.spread(calendar.triggers_due(first, last), first, last)
    with transaction.atomic():
        called = list(pages.order_by("pk").distinct())
        # All pages before the first entry of the log: whoever holds one of them and waits for the log is not waited for.
        list(Page.objects.select_for_update().filter(pk__in=[page.pk for page in called]).order_by("pk").values("pk"))
        for page in called:
            open_trigger(
                page, source_kind=source_kind, source_id=source_id, severity=severity, due_on=next(dates), by=by
            )
    return len(called)


def _behind_live_pages() -> QuerySet[SignOff]:
    """The signatures that a live page rests on now: of its text, or of the text that a typo-class change leans on.

    Where the text was read anew, the signatures of that reading count, and older ones of the same words do not.
    """
    rests_on = "revision__page__live_publication__review"
    return SignOff.objects.filter(_of(rests_on) | _of(f"{rests_on}__leans_on"), revocation=None)


def _of(review: str) -> Q:
    same = Q(content_hash=F(f"{review}__content_hash"), step__policy=F(f"{review}__policy"))
    return same & (Q(**{f"{review}__reaffirms": False}) | Q(review=F(review)))


def _call_back_citing(reference: Reference, event: ReferenceStatus, by) -> None:
    severity, days = SOURCE_CHANGES.get(event.status, (Severity.INFO, 90))
    citing = Page.objects.live().filter(live_publication__citations__reference=reference)
    cause = {"source_kind": ReviewTrigger.Source.REFERENCE, "source_id": str(event.pk), "days": days, "by": by}
    # On a page where decisions hang on it, a retracted source is not left standing under a banner.
    high = Page.Risk.HIGH if severity == Severity.BANNER else ""
    call_back(citing.exclude(risk=high), severity=severity, **cause)
    if high:
        call_back(citing.filter(risk=high), severity=Severity.WITHDRAW, **cause)


def _withdrawn(page: Page, severity: str, by) -> Withdrawal | None:
    if severity != Severity.WITHDRAW or page.live_publication is None:
        return None
    return take_down(
        page,
        by=by or User.objects.machine(),
        kind=Withdrawal.Kind.SAFETY,
        public_reason=_("something it rests on is no longer sound, and a clinician must look at it first."),
    )
