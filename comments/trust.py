"""How well a member is known here: by comments that a person read and approved, never by time, likes or silence."""

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.models import User

from .models import Comment, Decision

Status = Comment.Status
TRUSTED_AFTER = 10
# Enough to find the last word on ten comments, however often each was decided about.
LOOKED_AT = 100


class Level(TextChoices):
    NEW = "new", _("New")
    KNOWN = "known", _("Known")
    TRUSTED = "trusted", _("Trusted")


@dataclass(frozen=True)
class Record:
    """The last word on each comment that moderators decided about, newest first: True where it was approved."""

    approved: tuple[bool, ...]

    @property
    def level(self) -> Level:
        if not any(self.approved):
            return Level.NEW
        latest = self.approved[:TRUSTED_AFTER]
        return Level.TRUSTED if len(latest) == TRUSTED_AFTER and all(latest) else Level.KNOWN


def record_of(user: User) -> Record:
    """One query. What was undone was never decided, and what a second look changed counts as changed."""
    rulings = Decision.objects.filter(
        author=user,
        source=Decision.Source.MODERATOR,
        to_status__in=[Status.LIVE, Status.REJECTED, Status.SPAM],
        undoes=None,
        undone_by=None,
    ).order_by("-pk")
    last: dict[int, bool] = {}
    for comment, status in rulings.values_list("comment_id", "to_status")[:LOOKED_AT]:
        last.setdefault(comment, status == Status.LIVE)
    return Record(tuple(last.values()))


def level(user: User) -> Level:
    return record_of(user).level


def is_new(user: User) -> bool:
    """Nobody ever read and approved a comment of this member. Published by policy does not count."""
    return level(user) == Level.NEW
