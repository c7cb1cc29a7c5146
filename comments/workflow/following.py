"""What members are told, and when: answers once they are public, decisions about their words, answers to their reports."""

import logging
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import mail
from accounts.models import OutboxMail, User
from audit.moves import WrongState

from .. import news, permissions, thread
from ..models import Comment, Conversation, Decision, Follow, Notification, Report
from ..models.company import new_token
from . import sanctioning

log = logging.getLogger(__name__)

Kind = Notification.Kind
NEWS = "news-"  # how the keys of these mails begin

AT_ONCE = 100  # comments announced in one turn of the worker
BATCH = 200  # members told with one query


# What a member follows


def follow(where: Conversation | Comment, *, by: User, by_mail: bool) -> Follow:
    """Be told of answers to a comment, or of everything new in a conversation; once more only changes how.

    Who comes back after leaving gets a new token, so the links of her old mails stay without effect, and is told of
    what is new from now on.
    """
    if not by.is_authenticated or not by.is_active:
        raise PermissionDenied(_("Sign in to follow a conversation."))
    with transaction.atomic():
        comment = Comment.objects.get(pk=where.pk) if isinstance(where, Comment) else None
        conversation = Conversation.objects.select_related("page").get(
            pk=where.conversation_id if comment else where.pk
        )
        if not permissions.can_follow(by, comment or conversation):
            raise WrongState(_("This is no longer public, so there is nothing to follow."))
        if words := sanctioning.why_banned(by, conversation):
            raise WrongState(words)
        made, _is_new = Follow.objects.get_or_create(
            user=by, conversation=conversation, comment=comment, defaults={"by_mail": by_mail}
        )
        row = Follow.objects.select_for_update(no_key=True).get(pk=made.pk)
        if row.left_at is not None:
            row.token, row.created_at, row.left_at = new_token(), timezone.now(), None
        row.by_mail = by_mail
        row.save(update_fields=["token", "created_at", "left_at", "by_mail"])
        if not by_mail:
            _drop_mail(row)
    return row


def set_mail(follow: Follow, by: User, by_mail: bool) -> None:
    """Also by mail, or on the site alone."""
    _must_be_hers(follow, by)
    with transaction.atomic():
        Follow.objects.filter(pk=follow.pk, left_at=None).update(by_mail=by_mail)
        if not by_mail:
            _drop_mail(follow)


def leave(follow: Follow, *, by: User) -> None:
    """Be told no more. Mail that still waits is not sent."""
    _must_be_hers(follow, by)
    _end(follow)


def leave_by_token(token: str) -> Follow | None:
    """The link of a mail: whoever holds it may end this one thing, as often as she likes. None if it leads nowhere."""
    found = Follow.objects.filter(token=token).first()
    if found is not None:
        _end(found)
    return found


def mark_seen(*, by: User, newest: int, oldest: int = 0) -> int:
    """She has read her notifications from `newest` down to `oldest`; what came in meanwhile stays unread."""
    shown = news.shown_to(by).filter(read_at__isnull=True, pk__lte=newest, pk__gte=oldest)
    return Notification.objects.filter(pk__in=shown.values("pk")).update(read_at=timezone.now())


# News


def announce_pending(now: datetime | None = None) -> int:
    """Tell followers of comments that became public, each once, however often and by how many workers this is run.

    A comment that cannot be announced is logged and left for the next turn; the others do not wait for it.
    """
    now = now or timezone.now()
    waiting = _pending(now).order_by("pk").values_list("pk", flat=True)
    return sum(_tried(pk, now) for pk in list(waiting[:AT_ONCE]))


def decided(comment: Comment, decision: Decision) -> None:
    """A moderator decided about her comment. Of several decisions only the newest is news."""
    earlier = Notification.objects.filter(user_id=comment.author_id, comment=comment, kind=Kind.DECISION)
    earlier.delete()
    Notification.objects.create(user_id=comment.author_id, kind=Kind.DECISION, comment=comment, decision=decision)


def said_before(comment: Comment, decision: Decision) -> None:
    """A later decision was taken back: this one stands again, and is no news any more."""
    Notification.objects.get_or_create(
        user_id=comment.author_id,
        decision=decision,
        defaults={"kind": Kind.DECISION, "comment": comment, "read_at": timezone.now()},
    )


def answered(reports: Iterable[Report]) -> None:
    """What members reported was looked at. Whoever reported without an account reads it by her receipt."""
    Notification.objects.bulk_create(
        Notification(user_id=report.reporter_id, kind=Kind.REPORT, comment_id=report.comment_id, report=report)
        for report in reports
        if report.reporter_id is not None
    )


def take_back(comment: Comment) -> None:
    """A comment left the public: what was not mailed about it yet never is."""
    if comment.announced_at is not None:
        mail_about(comment).filter(_not_gone()).delete()


def mail_about(comment: Comment) -> QuerySet[OutboxMail]:
    """Every mail to followers about this comment, found by exact keys: the outbox is never searched through."""
    follows = Follow.objects.filter(conversation_id=comment.conversation_id)
    keys = follows.annotate(key=Concat(Value(NEWS), _text("pk"), Value(f"-{comment.pk}"))).values("key")
    return OutboxMail.objects.filter(key__in=keys)


def mail_of(follow: Follow) -> QuerySet[OutboxMail]:
    """Every mail that this follow has brought."""
    told = Notification.objects.filter(user_id=follow.user_id, kind__in=news.ANSWERS)
    keys = told.annotate(key=Concat(Value(f"{NEWS}{follow.pk}-"), _text("comment_id"))).values("key")
    return OutboxMail.objects.filter(key__in=keys)


def is_still_news(letter: OutboxMail) -> bool:
    """Asked right before a mail is sent: has she not left, is it her address, can everybody read the comment?

    This covers what no verb sees coming: a page taken down, a conversation hidden, an account turned off.
    """
    follow, _dash, comment = (letter.key or "").removeprefix(NEWS).partition("-")
    wants_it = Follow.objects.filter(_can_be_told(), pk=follow, left_at=None, by_mail=True, user__email=letter.to)
    return wants_it.exists() and Comment.objects.filter(news.is_public(), pk=comment).exists()


def _pending(now: datetime) -> QuerySet[Comment]:
    """Public, never announced, and nobody decided about it within the time in which a slip is set right."""
    fresh = Decision.objects.filter(comment=OuterRef("pk"), at__gt=now - permissions.SETTLED)
    unannounced = Comment.objects.filter(announced_at__isnull=True, published_at__isnull=False)
    return unannounced.filter(news.is_public()).exclude(Exists(fresh))


def _tried(pk: int, now: datetime) -> bool:
    try:
        return _announce(pk, now)
    except Exception:
        log.exception("Comment %s could not be announced; it is tried again in the next turn.", pk)
        return False


@transaction.atomic
def _announce(pk: int, now: datetime) -> bool:
    """All or nothing, under the row's lock: a second worker, or a decision, waits and then finds what was done."""
    Comment.objects.select_for_update(no_key=True).get(pk=pk)
    comment = (
        _pending(now)
        .select_related("author", "conversation__page__live_publication")
        .defer("conversation__page__live_publication__artefact")
        .filter(pk=pk)
        .first()
    )
    if comment is None:
        return False
    for follows in _followers(comment):
        _tell(comment, follows)
    Comment.objects.filter(pk=pk).update(announced_at=now)
    return True


def _followers(comment: Comment) -> Iterable[list[list[Follow]]]:
    """Members to be told, a batch at a time; of each, what she follows, nearest to the comment first.

    Whoever began to follow after the comment was public has seen it.
    """
    above = {*thread.above(comment), comment.reply_to_id}
    follows = Follow.objects.filter(
        _can_be_told(),
        Q(comment=None) | Q(comment__in=above),
        conversation_id=comment.conversation_id,
        left_at=None,
        created_at__lte=comment.published_at,
    ).exclude(user_id=comment.author_id)
    last = 0
    while members := list(
        follows.filter(user_id__gt=last).order_by("user_id").values_list("user_id", flat=True).distinct()[:BATCH]
    ):
        last = members[-1]
        rows = follows.filter(user_id__in=members).select_related("user")
        rows = rows.order_by("user_id", F("comment_id").desc(nulls_last=True))
        yield [list(hers) for _member, hers in groupby(rows, key=attrgetter("user_id"))]


def _tell(comment: Comment, members: list[list[Follow]]) -> None:
    """One notification for each, and at most one mail. What is there already stays as it is."""
    Notification.objects.bulk_create(
        (
            Notification(
                user_id=hers[0].user_id, kind=Kind.REPLY if hers[0].comment_id else Kind.COMMENT, comment=comment
            )
            for hers in members
        ),
        ignore_conflicts=True,
    )
    by_mail = (next((one for one in hers if one.by_mail), None) for hers in members)
    letters = [letter for one in by_mail if one is not None and (letter := _letter(one, comment)) is not None]
    mail.queue(letters)


def _letter(follow: Follow, comment: Comment) -> OutboxMail | None:
    """Who wrote, under which page, and where to read it; not one word of what was said.

    A mail is read over shoulders, on lock screens and by employers, and it outlives a withdrawal. So what people say
    about their health stays on the site, and the subject names neither the page nor the person.
    """
    leave_url = mail.absolute(reverse("comments:leave", args=[follow.token]))
    # RFC 8058: the mail program shows a button of its own and posts to the link by itself.
    headers = {"List-Unsubscribe": f"<{leave_url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    context = {
        "follow": follow,
        "comment": comment,
        "title": comment.conversation.page.live_publication.title,
        "leave_url": leave_url,
    }
    key = f"{NEWS}{follow.pk}-{comment.pk}"
    try:
        return mail.write("comments/answer", follow.user.email, context, key=key, headers=headers)
    except ValidationError:
        log.warning("The address of member %s is not valid; she is told on the site alone.", follow.user_id)
        return None


def _can_be_told() -> Q:
    return Q(user__is_active=True, user__erased_at=None)


def _must_be_hers(follow: Follow, by: User) -> None:
    if follow.user_id != by.pk:
        raise PermissionDenied(_("Only the member herself may change what she follows."))


def _end(follow: Follow) -> None:
    with transaction.atomic():
        Follow.objects.filter(pk=follow.pk, left_at=None).update(left_at=timezone.now())
        _drop_mail(follow)


def _drop_mail(follow: Follow) -> None:
    mail_of(follow).filter(_not_gone()).delete()


def _not_gone() -> Q:
    """Waiting, or in the hands of a worker that died with it."""
    status = OutboxMail.Status
    return Q(status=status.WAITING) | Q(status=status.SENDING, lease_until__lte=timezone.now())


def _text(column: str) -> Cast:
    return Cast(column, CharField())
