"""Conversations, comments and what was written in them."""

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, Value, When
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import PolicyVersion
from articles.models import Page, Publication

ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def new_public_id() -> str:
    """Twelve random base32 letters: an address that says nothing about how many comments there are."""
    return "".join(secrets.choice(ALPHABET) for _ in range(12))


class Conversation(models.Model):
    """The conversation under one page, made when the page is first published."""

    class Mode(models.TextChoices):
        OPEN = "open", _("Open")
        FIRST_HELD = "first_held", _("First comments are held")
        ALL_HELD = "all_held", _("Every comment is read first")
        READ_ONLY = "read_only", _("Closed for new comments")
        HIDDEN = "hidden", _("Not shown")

    page = models.OneToOneField(Page, models.PROTECT, primary_key=True, related_name="conversation")
    mode = models.CharField(max_length=12, choices=Mode.choices, default=Mode.ALL_HELD)
    closes_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)  # of its mode and times, for compare-and-swap
    note = models.CharField(max_length=300, blank=True)  # why it is in this mode, for the desk
    live_count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="conversation_mode_is_known",
                condition=Q(mode__in=["open", "first_held", "all_held", "read_only", "hidden"]),
            )
        ]

    def __str__(self) -> str:
        return str(self.page)


class CommentQuerySet(models.QuerySet):
    def live(self):
        return self.filter(status=Comment.Status.LIVE)

    def shown(self):
        """What stands in a thread: live comments, and the places of removed ones that have live replies."""
        return self.filter(shown=True)


class Comment(models.Model):
    """One contribution. Its status changes only together with the Decision that says so (the database insists)."""

    class Status(models.TextChoices):
        HELD = "held", _("Waiting for a moderator")
        LIVE = "live", _("Published")
        HIDDEN = "hidden", _("Taken out of view")
        REJECTED = "rejected", _("Not published")
        SPAM = "spam", _("Spam")
        WITHDRAWN = "withdrawn", _("Deleted by the member")
        ERASED = "erased", _("Erased")

    MOVES = {
        "held": ("live", "rejected", "spam", "withdrawn", "erased"),
        "live": ("held", "hidden", "rejected", "spam", "withdrawn", "erased"),  # held: its author changed the words
        "hidden": ("live", "rejected", "spam", "withdrawn", "erased"),
        "rejected": ("live", "withdrawn", "erased"),
        "spam": ("live", "withdrawn", "erased"),
        "withdrawn": ("erased",),
    }

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    conversation = models.ForeignKey(Conversation, models.PROTECT, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="comments")
    # The place in the tree; `reply_to` is whom it answers, which may lie deeper than the tree goes.
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="replies")
    root = models.ForeignKey("self", models.PROTECT, null=True, related_name="+", db_index=False)
    reply_to = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    # Materialised path of 8-letter parts, bytewise ordered; depth 0 is a root.
    path = models.CharField(max_length=120, default="", db_index=True)
    depth = models.PositiveSmallIntegerField(default=0)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.HELD)
    version = models.PositiveIntegerField(default=1)
    current = models.ForeignKey("comments.CommentRevision", models.PROTECT, null=True, related_name="+")
    token = models.CharField(max_length=40)  # one press, one comment: unique per author
    created_at = models.DateTimeField(default=timezone.now)
    published_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)  # when a moderator read it; a fact beside the status
    edited_at = models.DateTimeField(null=True)  # when its author last changed the words
    locked_at = models.DateTimeField(null=True)  # of a root: nothing new is answered below it
    announced_at = models.DateTimeField(null=True)  # when followers were told of it, once
    live_below = models.PositiveIntegerField(default=0)  # live comments among its replies and theirs
    helpful_count = models.PositiveIntegerField(default=0)
    shown = models.GeneratedField(
        expression=Case(When(Q(status="live") | Q(live_below__gt=0), then=Value(True)), default=Value(False)),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    objects = CommentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="comment_once_per_token", fields=["author", "token"]),
            models.CheckConstraint(
                name="comment_status_is_known",
                condition=Q(status__in=["held", "live", "hidden", "rejected", "spam", "withdrawn", "erased"]),
            ),
            models.CheckConstraint(name="comment_depth_at_most_twelve", condition=Q(depth__lte=12)),
            models.CheckConstraint(
                name="comment_is_a_root_or_has_its_place",
                condition=Q(depth=0, parent=None, root=None, reply_to=None)
                | Q(depth__gt=0, parent__isnull=False, root__isnull=False, reply_to__isnull=False),
            ),
            models.CheckConstraint(
                name="comment_live_has_a_revision", condition=~Q(status="live") | Q(current__isnull=False)
            ),
            models.CheckConstraint(
                name="comment_live_has_a_time", condition=~Q(status="live") | Q(published_at__isnull=False)
            ),
        ]
        # Conditions without parameters: SQLite uses a partial index only when it can read the condition in the query.
        indexes = [
            models.Index(
                fields=["conversation", "-published_at", "-id"], name="comment_page", condition=Q(status="live")
            ),
            models.Index(
                fields=["conversation", "-published_at", "-id"],
                name="comment_roots_by_time",
                condition=Q(root=None, shown=True),
            ),
            models.Index(
                fields=["conversation", "-helpful_count", "-id"],
                name="comment_roots_by_help",
                condition=Q(root=None, shown=True),
            ),
            models.Index(fields=["root", "path"], name="comment_thread", condition=Q(shown=True)),
            models.Index(fields=["author", "-id"], name="comment_by_author"),
            models.Index(
                fields=["id"],
                name="comment_to_be_announced",
                condition=Q(announced_at=None, published_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    def get_absolute_url(self) -> str:
        return reverse("comments:permalink", args=[self.public_id])


class CommentRevision(models.Model):
    """The words as typed, under which rules and below which publication they were written."""

    comment = models.ForeignKey(Comment, models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField(default=1)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    text = models.TextField()
    html = models.TextField()
    rules_version = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="+")
    publication = models.ForeignKey(Publication, models.PROTECT, related_name="+")
    # For finding the same words again: a hash of the folded text, and a sketch of it for texts that are nearly the same.
    digest = models.CharField(max_length=64, blank=True)
    sketch = models.JSONField(default=list)
    # A moderator took something out before publishing; the revision it was taken from is sealed, not gone.
    redacted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    sealed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(name="comment_revision_number", fields=["comment", "number"])]
        indexes = [models.Index(fields=["digest", "-id"], name="comment_revision_digest")]

    def __str__(self) -> str:
        return f"{self.comment_id} revision {self.number}"
