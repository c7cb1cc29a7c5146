"""What moderators see, decide and are held to."""

import secrets

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import PolicyClause

from .conversation import Comment, CommentRevision

STATUSES = Comment.Status.choices


class Finding(models.Model):
    """What one detector saw in one comment revision."""

    revision = models.ForeignKey(CommentRevision, models.CASCADE, related_name="findings")
    detector = models.SlugField(max_length=40)
    detector_version = models.PositiveSmallIntegerField(default=1)
    label = models.SlugField(max_length=40)
    spans = models.JSONField(default=list)  # [[start, end], …] in the text
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.detector}: {self.label}"


def new_receipt() -> str:
    """Whoever holds it may read what became of a report; 160 bits, so that nobody guesses one."""
    return secrets.token_hex(20)


class Report(models.Model):
    """A reader, with or without an account, says that something is wrong with a comment. Its words are erasable."""

    class Reason(models.TextChoices):
        HARM = "harm", _("It could harm someone’s health")
        MEDICAL = "medical", _("What it says about medicine is wrong")
        PRIVACY = "privacy", _("It shares private details")
        UNKIND = "unkind", _("It is unkind or abusive")
        SELLING = "selling", _("It sells something or is spam")
        WORRIED = "worried", _("I am worried about this person")
        UNDER_16 = "under_16", _("Its writer may be under 16")
        ILLEGAL = "illegal", _("It is against the law")
        OTHER = "other", _("Something else")

    class Outcome(models.TextChoices):
        REMOVED = "removed", _("We removed the comment.")
        KEPT = "kept", _("We read the comment again, and it stays.")
        CHANGED = "changed", _("Its writer has changed the comment since. We read the new words, and they stay.")
        GONE = "gone", _("The comment is no longer there: its writer deleted it.")

    comment = models.ForeignKey(Comment, models.PROTECT, related_name="reports")
    revision = models.ForeignKey(CommentRevision, models.PROTECT, related_name="+")  # the words that were reported
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    receipt = models.CharField(max_length=40, unique=True, default=new_receipt, editable=False)
    reason = models.CharField(max_length=10, choices=Reason.choices)
    text = models.TextField(blank=True, max_length=1000)
    # What it counted when it came: see weights.py. Nothing: it was answered before, or one voice more often than once.
    weight = models.DecimalField(max_digits=4, decimal_places=2, default=1)
    by_newcomer = models.BooleanField(default=False)  # or by somebody without an account
    created_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)

    class Meta:
        constraints = [
            # Of the same words; those that were written since may be reported anew.
            models.UniqueConstraint(
                name="one_open_report_per_reporter", fields=["revision", "reporter"], condition=Q(closed_at=None)
            ),
            models.CheckConstraint(
                name="a_report_has_an_answer_once_closed",
                condition=Q(closed_at=None, outcome="") | (Q(closed_at__isnull=False) & ~Q(outcome="")),
            ),
            models.CheckConstraint(
                name="a_report_weighs_from_nothing_to_three", condition=Q(weight__gte=0, weight__lte=3)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reason}: {self.comment_id}"


class QueueItem(models.Model):
    """A comment waits for a moderator, in one lane, at most once."""

    class Lane(models.TextChoices):
        CRISIS = "crisis", _("Crisis")
        LEGAL = "legal", _("Legal")
        PRIVACY = "privacy", _("Privacy")
        SAFETY = "safety", _("Side effects")
        APPEAL = "appeal", _("Appeals")
        REPORTED = "reported", _("Reported")
        FIRST = "first", _("First comment")
        HELD = "held", _("Waiting")
        MEDICAL = "medical", _("Medical question")
        SAMPLE = "sample", _("Sample")

    # The order moderators work in; `rank` stores the place so that the database can sort by it.
    RANKS = {lane: rank for rank, lane in enumerate(Lane.values)}

    comment = models.ForeignKey(Comment, models.PROTECT, related_name="queue_items")
    lane = models.CharField(max_length=10, choices=Lane.choices)
    rank = models.PositiveSmallIntegerField()
    reasons = models.JSONField(default=list)  # codes of findings, reports and modes that brought it here
    opened_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()
    first_seen_at = models.DateTimeField(null=True)  # when a moderator first had it in hand: the clocks start here
    claimed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    claimed_until = models.DateTimeField(null=True)
    put_off_until = models.DateTimeField(null=True)  # held by a moderator: it comes back by itself
    paused = models.BooleanField(default=False)  # its page is not public
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_open_queue_item_per_comment", fields=["comment"], condition=Q(closed_at=None)
            ),
            models.CheckConstraint(
                name="queue_claim_has_an_end", condition=Q(claimed_by=None) | Q(claimed_until__isnull=False)
            ),
        ]
        indexes = [
            models.Index(
                fields=["rank", "due_at", "id"], name="queue_waiting", condition=Q(closed_at=None, paused=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.lane}: {self.comment_id}"

    def save(self, *args, **kwargs):
        self.rank = self.RANKS[self.lane]
        super().save(*args, **kwargs)


class Decision(models.Model):
    """Why a comment's status changed, inserted before the change; without one there is no change. Append-only."""

    class Source(models.TextChoices):
        MODERATOR = "moderator"
        AUTHOR = "author"
        POLICY = "policy"
        REPORTS = "reports"
        ERASURE = "erasure"

    class Reason(models.TextChoices):
        WITHIN_RULES = "within_rules", _("Within the rules")
        MEDICAL_ADVICE = "medical_advice", _("Talks about stopping or changing a treatment")
        MISINFORMATION = "misinformation", _("Wrong medical information")
        PRIVACY = "privacy", _("Shares private details")
        UNKIND = "unkind", _("Unkind or abusive")
        SELLING = "selling", _("Sells something or is spam")
        OFF_TOPIC = "off_topic", _("Not about this page")
        CRISIS = "crisis", _("Needs help first")
        OTHER = "other", _("Another reason")
        AUTHOR = "author", _("The member’s own wish")
        ERASURE = "erasure", _("Erasure of the account")
        SCREENING = "screening", _("Screening found nothing")

    comment = models.ForeignKey(Comment, models.PROTECT, related_name="decisions")
    version = models.PositiveIntegerField()  # the comment's version after this decision
    from_status = models.CharField(max_length=10, choices=STATUSES)
    to_status = models.CharField(max_length=10, choices=STATUSES)
    source = models.CharField(max_length=10, choices=Source.choices)
    reason = models.CharField(max_length=20, choices=Reason.choices)
    clause = models.ForeignKey(PolicyClause, models.PROTECT, null=True, related_name="+")
    revision = models.ForeignKey(
        CommentRevision, models.PROTECT, null=True, related_name="+"
    )  # the words that were decided on
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    undoes = models.OneToOneField("self", models.PROTECT, null=True, related_name="undone_by")
    batch = models.ForeignKey("comments.Batch", models.PROTECT, null=True, related_name="decisions")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+"
    )  # copied, so that the CHECK below can read it
    text_hash = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["version"]
        constraints = [
            models.UniqueConstraint(name="one_decision_per_comment_version", fields=["comment", "version"]),
            models.CheckConstraint(
                name="nobody_moderates_their_own_comment", condition=~Q(source="moderator") | ~Q(decided_by=F("author"))
            ),
            models.CheckConstraint(
                name="a_moderators_decision_names_the_moderator",
                condition=~Q(source="moderator") | Q(decided_by__isnull=False),
            ),
            models.CheckConstraint(
                name="a_rejection_names_its_rule", condition=~Q(to_status="rejected") | Q(clause__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.comment_id} v{self.version}: {self.to_status}"


class DecisionText(models.Model):
    """Words beside a decision: the message to the author and a note for the team. Erasable; bound by a salted hash."""

    decision = models.OneToOneField(Decision, models.CASCADE, primary_key=True, related_name="words")
    message = models.TextField(blank=True, max_length=1000)
    note = models.TextField(blank=True, max_length=1000)
    salt = models.CharField(max_length=32)

    def __str__(self) -> str:
        return f"words of {self.decision}"


class Sanction(models.Model):
    """What a member may not do until a date, or for good; she is told, and told why. Nobody is banned without knowing."""

    class Kind(models.TextChoices):
        WARNING = "warning", _("Warning")
        ALWAYS_HOLD = "always_hold", _("Every comment is read first")
        READ_ONLY = "read_only", _("May read, not write")
        BAN = "ban", _("Banned")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="sanctions")
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.READ_ONLY)
    conversation = models.ForeignKey(
        "comments.Conversation", models.PROTECT, null=True, related_name="+"
    )  # null: everywhere
    reason = models.CharField(max_length=20, choices=Decision.Reason.choices)
    clause = models.ForeignKey(PolicyClause, models.PROTECT, null=True, related_name="+")
    decision = models.ForeignKey(Decision, models.PROTECT, null=True, related_name="sanctions")  # what it follows from
    message = models.TextField(blank=True, max_length=1000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(null=True)  # null: until somebody lifts it
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(name="nobody_sanctions_themselves", condition=~Q(user=F("by"))),
            models.CheckConstraint(
                name="sanction_kind_is_known", condition=Q(kind__in=["warning", "always_hold", "read_only", "ban"])
            ),
        ]
        indexes = [models.Index(fields=["user"], name="sanction_standing", condition=Q(lifted_at=None))]

    def __str__(self) -> str:
        return f"{self.kind} of {self.user_id}" + (f" until {self.until:%Y-%m-%d}" if self.until else "")


class Appeal(models.Model):
    """The author asks once for a second look; somebody else takes it."""

    decision = models.OneToOneField(Decision, models.PROTECT, related_name="appeal")
    first_moderator = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    text = models.TextField(max_length=2000)
    created_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    upheld = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="an_appeal_is_heard_by_somebody_else",
                condition=Q(decided_by=None) | ~Q(decided_by=F("first_moderator")),
            )
        ]

    def __str__(self) -> str:
        return f"appeal of {self.decision}"


class SanctionAppeal(models.Model):
    """A member asks once for a second look at a sanction itself; somebody else takes it. Its words are erasable."""

    sanction = models.OneToOneField(Sanction, models.PROTECT, related_name="appeal")
    first_moderator = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+"
    )  # copied, so that the CHECK below can read it
    text = models.TextField(max_length=2000)
    created_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    upheld = models.BooleanField(null=True)  # the appeal: the sanction was lifted
    answer = models.TextField(blank=True, max_length=1000)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_sanctions_appeal_is_heard_by_somebody_else",
                condition=Q(decided_by=None) | ~Q(decided_by=F("first_moderator")),
            ),
            models.CheckConstraint(
                name="a_sanctions_appeal_is_open_or_answered",
                condition=Q(decided_by=None, decided_at=None, upheld=None)
                | Q(decided_by__isnull=False, decided_at__isnull=False, upheld__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"appeal of {self.sanction}"
