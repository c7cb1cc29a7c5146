"""What members do: post, take back, report, ask for a second look."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import PolicyVersion, User
from articles.models import Page
from audit.moves import WrongState, record

from .. import permissions, queue, rules, text, thread
from ..models import (
    Appeal,
    Comment,
    CommentRevision,
    Conversation,
    Decision,
    Follow,
    QueueItem,
)
from ..screening import run as screening
from . import deciding, sanctioning

Status = Comment.Status
Lane = QueueItem.Lane

MOST_COMMENTS = 5
MOST_EDITS = 5
WINDOW = timedelta(minutes=10)
LONGEST_TOKEN = 40


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


class ParentGone(NotPosted):
    """What she answers is no longer public."""


def post(
    where: Conversation | Page,
    *,
    by: User,
    text: str,
    token: str,
    rules_version: PolicyVersion | int,
    reply_to: Comment | None = None,
    mail_answers: bool = False,
) -> Comment:
    """Take a comment under a page, or an answer to another. One token makes one comment, however often the form is sent.

    She follows what is answered to her; `mail_answers` says whether also by mail.
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
        _may_post_now(by, conversation)
        place = _place(conversation, reply_to) if reply_to else {}
        comment = _write(conversation, by, words, token, version, place)
        Follow.objects.create(user=by, conversation=conversation, comment=comment, by_mail=mail_answers)
        return comment


def edit(comment: Comment, *, by: User, text: str, version: int, rules_version: PolicyVersion | int) -> CommentRevision:
    """The author changes her words. The old ones stay on record; the new ones are screened like a new comment's.

    What waits goes on waiting. What was public stays so only if nothing holds the new words, and is out of view
    meanwhile: old words may be what she wants gone. Raises like `post`, and WrongState for what can no longer be edited.
    """
    words = _clean(text)
    with transaction.atomic():
        Page.objects.select_for_update(no_key=True).get(pk=comment.conversation_id)
        row = Comment.objects.select_for_update(no_key=True).get(pk=comment.pk)
        if row.author_id != by.pk:
            raise PermissionDenied(_("Only the person who wrote a comment may change it."))
        if row.version != version or not permissions.can_edit(by, row):
            raise WrongState(deciding.why_not_edit(row, version))
        if row.current.text == words:
            return row.current
        conversation = _public_conversation(row.conversation_id)
        rules_now = _accepted(by, rules_version)
        _refuse_suspended(by, conversation)
        _not_too_often(row)
        revision = _revise(row, words, rules_now, conversation)
        outcome = screening.screen_revision(revision, conversation)
        if row.status == Status.LIVE and not outcome.held:
            source, to, reason = Decision.Source.POLICY, Status.LIVE, Decision.Reason.SCREENING
        else:
            source, to, reason = Decision.Source.AUTHOR, Status.HELD, Decision.Reason.AUTHOR
        deciding.transition(row, deciding.Ruling(to, deciding.EDITED, source, reason, by, revision=revision), version)
        if to == Status.HELD or outcome.lane:
            queue.enqueue(row, outcome.lane or Lane.HELD, [*outcome.reasons, "edited"])
        comment.refresh_from_db()
    return revision


def withdraw(comment: Comment, *, by: User, version: int) -> Decision:
    """The author takes her comment back. What was decided about it stays on record."""
    if comment.author_id != by.pk:
        raise PermissionDenied(_("Only the person who wrote a comment may delete it."))
    ruling = deciding.Ruling(Status.WITHDRAWN, "comment.withdrawn", Decision.Source.AUTHOR, Decision.Reason.AUTHOR, by)
    try:
        return deciding.transition(comment, ruling, version)
    except WrongState as refusal:
        # What moderators are told here names one of them; members never learn who decided.
        comment.refresh_from_db()
        words = _("This comment changed since you opened this page: {status}. It was not deleted.")
        raise WrongState(words.format(status=comment.get_status_display())) from refusal


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


def why_suspended(user: User, conversation: Conversation) -> str:
    """Until when she may not comment here, and why; "" when she may."""
    sanction = sanctioning.silence(user, conversation)
    if sanction is None:
        return ""
    reason = sanction.get_reason_display()
    if sanction.until is None:
        return _("You cannot comment here: {reason}. You can still read.").format(reason=reason)
    until = date_format(timezone.localtime(sanction.until), "j F Y")
    return _("You cannot comment until {date}: {reason}. You can still read.").format(date=until, reason=reason)


def _clean(typed: str) -> str:
    return text.clean(typed)


def _open_conversation(where: Conversation | Page) -> Conversation:
    conversation = _public_conversation(where.page_id if isinstance(where, Conversation) else where.pk)
    if not permissions.takes_comments(conversation):
        raise ConversationClosed(_("This conversation is closed. You can still read it."))
    return conversation


def _public_conversation(page_id: int) -> Conversation:
    # The artefact of a page is large, and nothing of it is needed here.
    live = Conversation.objects.select_related("page").filter(pk=page_id, page__live_publication__isnull=False)
    conversation = live.first()
    if conversation is None or not permissions.is_shown(conversation):
        raise ConversationClosed(_("This conversation is closed."))
    return conversation


def _place(conversation: Conversation, reply_to: Comment) -> dict:
    """Where an answer stands. Below the deepest step it stands beside what it answers."""
    # Every change of a status waits for this lock, so what is answered cannot vanish before the answer stands.
    Page.objects.select_for_update(no_key=True).get(pk=conversation.pk)
    asked = conversation.comments.filter(pk=reply_to.pk, status=Status.LIVE).first()
    if asked is None:
        raise ParentGone(
            _("The comment you answer is no longer public. You can post your words as a comment of their own.")
        )
    if Comment.objects.filter(pk=asked.root_id or asked.pk, locked_at__isnull=False).exists():
        raise ParentGone(_("A moderator closed this thread. You can post your words as a comment of their own."))
    parent = asked if asked.depth < thread.DEEPEST else asked.parent
    return {"parent": parent, "root_id": parent.root_id or parent.pk, "depth": parent.depth + 1, "reply_to": asked}


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


def _refuse_suspended(by: User, conversation: Conversation) -> None:
    if words := why_suspended(by, conversation):
        raise Suspended(words)


def _may_post_now(by: User, conversation: Conversation) -> None:
    _refuse_suspended(by, conversation)
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


def _not_too_often(comment: Comment) -> None:
    recent = comment.revisions.filter(number__gt=1, created_at__gt=timezone.now() - WINDOW)
    if recent.count() >= MOST_EDITS:
        raise TooFast(_("You have changed this comment many times. Wait a few minutes, then try again."))


def _write(
    conversation: Conversation, by: User, words: str, token: str, version: PolicyVersion, place: dict
) -> Comment:
    comment = Comment.objects.create(conversation=conversation, author=by, token=token, **place)
    comment.current = _revise(comment, words, version, conversation)
    comment.path = thread.path_of(comment.parent, comment.pk)
    comment.save(update_fields=["current", "path"])
    outcome = screening.screen_revision(comment.current, conversation)
    if not outcome.held:
        _publish(comment)
    if outcome.lane:
        queue.enqueue(comment, outcome.lane, outcome.reasons)
    return comment


def _revise(comment: Comment, words: str, version: PolicyVersion, conversation: Conversation) -> CommentRevision:
    return CommentRevision.objects.create(
        comment=comment,
        number=comment.revisions.count() + 1,
        author_id=comment.author_id,
        text=words,
        html=text.to_html(words),
        rules_version=version,
        publication_id=conversation.page.live_publication_id,
    )


def _publish(comment: Comment) -> None:
    found_nothing = deciding.Ruling(
        Status.LIVE, "comment.published", Decision.Source.POLICY, Decision.Reason.SCREENING, None
    )
    deciding.transition(comment, found_nothing, comment.version)
