"""Conversations, comments and what was written in them."""

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
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
    live_count = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.page)


class CommentQuerySet(models.QuerySet):
    def live(self):
        return self.filter(status=Comment.Status.LIVE)


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
        "live": ("hidden", "rejected", "spam", "withdrawn", "erased"),
        "hidden": ("live", "rejected", "spam", "withdrawn", "erased"),
        "rejected": ("live", "withdrawn", "erased"),
        "spam": ("live", "withdrawn", "erased"),
        "withdrawn": ("erased",),
    }

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    conversation = models.ForeignKey(Conversation, models.PROTECT, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="comments")
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="replies")
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
                name="comment_live_has_a_revision", condition=~Q(status="live") | Q(current__isnull=False)
            ),
            models.CheckConstraint(
                name="comment_live_has_a_time", condition=~Q(status="live") | Q(published_at__isnull=False)
            ),
        ]
        indexes = [
            models.Index(
                fields=["conversation", "-published_at", "-id"], name="comment_page", condition=Q(status="live")
            ),
            models.Index(fields=["author", "-id"], name="comment_by_author"),
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
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(name="comment_revision_number", fields=["comment", "number"])]

    def __str__(self) -> str:
        return f"{self.comment_id} revision {self.number}"
