"""Who has which item of the queue in hand: the next one, a lease of five minutes, putting off, raising."""

from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from audit.moves import WrongState, record

from .. import permissions, queue
from ..models import Appeal, Comment, QueueItem, TeamNote
from . import crisis

Lane = QueueItem.Lane
LONGEST_PUT_OFF = timedelta(days=7)


def take_next(*, by: User, lane: str | None = None, after: QueueItem | None = None) -> QueueItem | None:
    """Hand out the most urgent item that `by` may decide and nobody has in hand; two who ask at once get two items.

    `after` skips one item (and everything before it), for whoever wants to leave it to somebody else.
    """
    _may_claim(by)
    with transaction.atomic():
        items = free_for(by)
        if lane is not None:
            items = items.filter(rank=QueueItem.RANKS[lane])
        if after is not None:
            items = items.filter(queue.later_than(after))
        # What a colleague is being handed in this very moment is passed over, not waited for. SQLite has one writer.
        skip = connection.features.has_select_for_update_skip_locked
        item = items.select_for_update(skip_locked=skip, of=("self",) if skip else ()).first()
        if item is None:
            return None
        _lease(item, by)
    return item


def claim(item: QueueItem, *, by: User) -> QueueItem:
    """Take this item in hand for five minutes, so that others leave it alone; again, to keep it. A decision counts, not a claim."""
    _may_claim(by)
    with transaction.atomic():
        row = QueueItem.objects.select_for_update(no_key=True).get(pk=item.pk)
        if row.closed_at is not None:
            raise WrongState(_("Somebody already decided about this comment."))
        if queue.is_taken(row, by=by):
            raise WrongState(opened_by(row))
        if row.comment.author_id == by.pk:
            raise PermissionDenied(_("You wrote this comment, so another moderator must decide about it."))
        _lease(row, by)
    item.refresh_from_db()
    return item


def take_over(item: QueueItem, *, by: User, reason: str) -> QueueItem:
    """Take an item out of a colleague's hands. It stands in the log, so that nobody does it lightly."""
    _may_claim(by)
    if not reason.strip():
        raise ValidationError({"reason": _("Say why you take it over.")})
    with transaction.atomic():
        row = QueueItem.objects.select_for_update(no_key=True).get(pk=item.pk)
        if row.closed_at is not None:
            raise WrongState(_("Somebody already decided about this comment."))
        before = row.claimed_by_id if queue.is_taken(row, by=by) else None
        _lease(row, by)
        if before is not None:
            record(row, by=by, verb="queue.taken_over", comment=row.comment_id, taken_from=before)
            TeamNote.objects.create(comment_id=row.comment_id, by=by, text=reason.strip()[:1000])
    item.refresh_from_db()
    return item


def release(item: QueueItem, *, by: User) -> None:
    """Put an item back before its lease ends; somebody else's is left alone."""
    _may_claim(by)
    QueueItem.objects.filter(pk=item.pk, claimed_by=by, closed_at=None).update(claimed_by=None, claimed_until=None)


def put_off(item: QueueItem, *, by: User, until: datetime, note: str = "") -> None:
    """Hold: leave it for later or for somebody else. It comes back by itself, and earlier if something new happens."""
    _may_claim(by)
    now = timezone.now()
    if not now < until <= now + LONGEST_PUT_OFF:
        raise ValidationError({"until": _("Choose a time within the next seven days.")})
    with transaction.atomic():
        row = _open_item(item)
        if row.lane == Lane.CRISIS:
            raise WrongState(_("A crisis is not put off. Ask a colleague to help you with it."))
        if queue.is_taken(row, by=by):
            raise WrongState(opened_by(row))
        QueueItem.objects.filter(pk=row.pk).update(put_off_until=until, claimed_by=None, claimed_until=None)
        if note.strip():
            TeamNote.objects.create(comment_id=row.comment_id, by=by, text=note.strip()[:1000])
        record(row, by=by, verb="queue.put_off", comment=row.comment_id, until=until)


def escalate(item: QueueItem, *, by: User, lane: str, note: str) -> QueueItem:
    """Raise an item to a more urgent lane and say why. Nothing is ever lowered this way."""
    _may_claim(by)
    if lane not in (Lane.CRISIS, Lane.LEGAL, Lane.PRIVACY, Lane.SAFETY):
        raise ValidationError({"lane": _("Choose where it should go.")})
    if not note.strip():
        raise ValidationError({"note": _("Say in a few words why.")})
    with transaction.atomic():
        comment = Comment.objects.select_for_update(no_key=True).get(pk=item.comment_id)
        row = _open_item(item)
        if QueueItem.RANKS[lane] >= QueueItem.RANKS[row.lane]:
            raise WrongState(_("It is already in a lane that is at least as urgent."))
        raised = queue.enqueue(comment, lane, ["escalated"])
        QueueItem.objects.filter(pk=raised.pk).update(claimed_by=None, claimed_until=None, put_off_until=None)
        TeamNote.objects.create(comment=comment, by=by, text=note.strip()[:1000])
        record(raised, by=by, verb="queue.escalated", comment=comment.pk, **{"from": row.lane, "to": lane})
    item.refresh_from_db()
    return item


def free_for(user: User) -> QuerySet[QueueItem]:
    """What `user` could take now: not their own words, not an appeal against their own decision, in nobody else's hands."""
    now = timezone.now()
    items = queue.waiting().exclude(comment__author=user)
    items = items.filter(Q(claimed_by=None) | Q(claimed_by=user) | Q(claimed_until__lte=now))
    items = items.filter(Q(put_off_until=None) | Q(put_off_until__lte=now))
    own = Appeal.objects.filter(decision__comment=OuterRef("comment"), first_moderator=user, decided_at=None)
    items = items.filter(~Exists(own))
    if permissions.leaves_out_crisis(user):
        items = items.exclude(rank=QueueItem.RANKS[Lane.CRISIS])
    return items.select_related("comment")


def opened_by(item: QueueItem) -> str:
    """Who has it in hand and since when, in words."""
    minutes = int((timezone.now() - (item.claimed_until - queue.LEASE)).total_seconds() // 60)
    if minutes < 1:
        return _("{name} opened this comment just now.").format(name=item.claimed_by.get_full_name())
    words = ngettext(
        "{name} opened this comment {n} minute ago.", "{name} opened this comment {n} minutes ago.", minutes
    )
    return words.format(name=item.claimed_by.get_full_name(), n=minutes)


def _lease(item: QueueItem, by: User) -> None:
    now = timezone.now()
    item.claimed_by, item.claimed_until = by, now + queue.LEASE
    item.first_seen_at = item.first_seen_at or now
    item.save(update_fields=["claimed_by", "claimed_until", "first_seen_at"])
    if item.lane == Lane.CRISIS:
        crisis.saw(item.comment_id)


def _open_item(item: QueueItem) -> QueueItem:
    row = QueueItem.objects.select_for_update(no_key=True).get(pk=item.pk)
    if row.closed_at is not None:
        raise WrongState(_("Somebody already decided about this comment."))
    return row


def _may_claim(by: User) -> None:
    if not permissions.is_moderator(by):
        raise PermissionDenied(_("Only a moderator may take comments from the queue."))
