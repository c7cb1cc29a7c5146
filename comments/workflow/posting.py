"""What members do: post, take back, report, ask for a second look."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import PolicyVersion, User
from articles.models import DrugFacts, Page
from audit.moves import WrongState, record

from .. import permissions, queue, rules, text, thread
from ..models import Appeal, Comment, CommentRevision, Conversation, Decision, Finding, QueueItem, Report, Sanction
from ..screening import policy
from . import deciding

Status = Comment.Status
Lane = QueueItem.Lane

MOST_COMMENTS = 5
MOST_REPORTS = 10
WINDOW = timedelta(minutes=10)
LONGEST_TOKEN = 40

REPORT_LANES = {Report.Reason.WORRIED: Lane.CRISIS, Report.Reason.PRIVACY: Lane.PRIVACY}


class NotPosted(Exception):
    """The comment was not taken; the text is a sentence for its author, whose words are still in her hands."""


class RulesNotAccepted(NotPosted):
    """The rules in force are not those she agreed to, or not those that stood in the form."""


class ConversationClosed(NotPosted):
    """Nothing new can be written here."""


class Suspended(NotPosted):
    """She may not comment until a date."""


class TooFast(NotPosted):
    """Too many in a short time."""


def post(where: Conversation | Page, *, by: User, text: str, token: str, rules_version: PolicyVersion | int) -> Comment:
    """Take a comment under a page. One token makes one comment, however often the form is sent.

    Raises ValidationError for words that cannot be taken and NotPosted for everything else; nothing is saved then.
    """
    if not by.is_authenticated or not by.is_active:
        raise PermissionDenied(_("Sign in to join the conversation."))
    if not 0 < len(token) <= LONGEST_TOKEN:
        raise ValidationError(_("This form is incomplete. Open the page again."), code="token")
    words = _clean(text)
    with transaction.atomic():
        # Members' own posts wait for each other here, so that neither the token nor the limit can be outrun.
        User.objects.select_for_update(no_key=True).get(pk=by.pk)
        earlier = Comment.objects.filter(author=by, token=token).first()
        if earlier is not None:
            return earlier
        conversation = _open_conversation(where)
        version = _accepted(by, rules_version)
        _may_post_now(by)
        return _write(conversation, by, words, token, version)


def withdraw(comment: Comment, *, by: User, version: int) -> Decision:
    """The author takes her comment back. What was decided about it stays on record."""
    if comment.author_id != by.pk:
        raise PermissionDenied(_("Only the person who wrote a comment may delete it."))
    ruling = deciding.Ruling(Status.WITHDRAWN, "comment.withdrawn", Decision.Source.AUTHOR, Decision.Reason.AUTHOR, by)
    return deciding.transition(comment, ruling, version)


def report(comment: Comment, *, by: User, reason: str, text: str = "") -> Report:
    """A member tells us that something is wrong. The same member's second report of the same comment changes nothing."""
    if reason not in Report.Reason.values:
        raise ValidationError({"reason": _("Choose what is wrong.")})
    if not by.is_authenticated or comment.author_id == by.pk:
        raise PermissionDenied(_("You cannot report your own comment. You can delete it."))
    with transaction.atomic():
        row = Comment.objects.select_for_update(no_key=True).get(pk=comment.pk)
        earlier = row.reports.filter(reporter=by, closed_at=None).first()
        if earlier is not None:
            return earlier
        if not permissions.can_report(by, row):
            raise WrongState(_("This comment is no longer public. A moderator has already looked at it."))
        if Report.objects.filter(reporter=by, created_at__gt=timezone.now() - WINDOW).count() >= MOST_REPORTS:
            raise TooFast(_("You have sent many reports in a short time. Wait a few minutes, then go on."))
        made = Report.objects.create(comment=row, reporter=by, reason=reason, text=text.strip()[:1000])
        queue.enqueue(row, REPORT_LANES.get(Report.Reason(reason), Lane.REPORTED), [f"report_{reason}"])
    return made


def appeal(comment: Comment, *, by: User, text: str) -> Appeal:
    """The author asks, once, that somebody else looks again."""
    words = _clean(text)
    with transaction.atomic():
        row = Comment.objects.select_for_update(no_key=True).get(pk=comment.pk)
        if row.author_id != by.pk:
            raise PermissionDenied(_("Only the person who wrote a comment may ask us to look again."))
        decision = last_decision(row)
        if not permissions.can_appeal(by, row, decision):
            raise WrongState(_("There is nothing to look at again: you asked already, or the comment has moved on."))
        if decision.at < timezone.now() - permissions.APPEAL_WINDOW:
            raise WrongState(_("You can ask us to look again within 30 days of a decision. That time is over."))
        made = Appeal.objects.create(decision=decision, first_moderator_id=decision.decided_by_id, text=words)
        queue.enqueue(row, Lane.APPEAL, ["appeal"])
        record(made, by=by, verb="comment.appealed", comment=row.pk, decision=decision.pk)
    return made


def last_decision(comment: Comment) -> Decision | None:
    return comment.decisions.select_related("appeal", "clause", "decided_by").order_by("-version").first()


def is_first_timer(user: User) -> bool:
    """Nobody ever read and approved a comment of this member. Published by policy does not count."""
    approved = Decision.objects.filter(author=user, source=Decision.Source.MODERATOR, to_status=Status.LIVE)
    return not approved.exists()


def suspension(user: User) -> Sanction | None:
    return Sanction.objects.filter(user=user, lifted_at=None, until__gt=timezone.now()).order_by("-until").first()


def _clean(typed: str) -> str:
    return text.clean(typed)


def _open_conversation(where: Conversation | Page) -> Conversation:
    page_id = where.page_id if isinstance(where, Conversation) else where.pk
    live = Conversation.objects.select_related("page").filter(pk=page_id, page__live_publication__isnull=False)
    # The artefact of a page is large, and nothing of it is needed here.
    conversation = live.first()
    if conversation is None or not permissions.takes_comments(conversation):
        raise ConversationClosed(_("This conversation is closed. You can still read it."))
    return conversation


def _accepted(by: User, given: PolicyVersion | int) -> PolicyVersion:
    current = rules.current()
    number = given.number if isinstance(given, PolicyVersion) else given
    if current is None or number != current.number:
        raise RulesNotAccepted(
            _("Our rules have changed since you opened this page. Please read them before you post.")
        )
    if not rules.has_accepted(by, current):
        raise RulesNotAccepted(_("Confirm that you have read the rules."))
    return current


def _may_post_now(by: User) -> None:
    sanction = suspension(by)
    if sanction is not None:
        until = date_format(timezone.localtime(sanction.until), "j F Y")
        raise Suspended(
            _("You cannot comment until {date}: {reason}. You can still read.").format(
                date=until, reason=sanction.get_reason_display()
            )
        )
    recent = Comment.objects.filter(author=by, created_at__gt=timezone.now() - WINDOW).order_by("-created_at")
    times = list(recent.values_list("created_at", flat=True)[:MOST_COMMENTS])
    if len(times) == MOST_COMMENTS:
        wait = times[-1] + WINDOW - timezone.now()
        minutes = max(1, -int(-wait.total_seconds() // 60))
        words = ngettext(
            "You have posted {n} comments in a short time. You can post again in {minutes} minute.",
            "You have posted {n} comments in a short time. You can post again in {minutes} minutes.",
            minutes,
        )
        raise TooFast(words.format(n=MOST_COMMENTS, minutes=minutes))


def _write(conversation: Conversation, by: User, words: str, token: str, version: PolicyVersion) -> Comment:
    comment = Comment.objects.create(conversation=conversation, author=by, token=token)
    revision = CommentRevision.objects.create(
        comment=comment,
        author=by,
        text=words,
        html=text.to_html(words),
        rules_version=version,
        publication_id=conversation.page.live_publication_id,
    )
    comment.current, comment.path = revision, thread.path_of(None, comment.pk)
    comment.save(update_fields=["current", "path"])
    seen = policy.screen(words, drug_names=_drug_names())
    Finding.objects.bulk_create(
        Finding(revision=revision, detector=one.detector, label=one.label, spans=[list(span) for span in one.spans])
        for one in seen
    )
    outcome = policy.decide(seen, mode=conversation.mode, first_timer=is_first_timer(by))
    if not outcome.held:
        _publish(comment)
    if outcome.lane:
        queue.enqueue(comment, outcome.lane, outcome.reasons)
    return comment


def _publish(comment: Comment) -> None:
    found_nothing = deciding.Ruling(
        Status.LIVE, "comment.published", Decision.Source.POLICY, Decision.Reason.SCREENING, None
    )
    deciding.transition(comment, found_nothing, comment.version)


def _drug_names() -> set[str]:
    names = DrugFacts.objects.filter(page__live_publication__isnull=False).values_list("brand", "generic")
    return {name for pair in names for name in pair if name}
