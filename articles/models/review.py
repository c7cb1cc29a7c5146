"""Review: the policy that asks for it, the cycle, notes, signatures, their revocation, and what calls a page back."""

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Board, Credential
from accounts.roles import Role

from .page import Page
from .revision import Revision


class ReviewPolicyQuerySet(models.QuerySet):
    def in_force(self):
        """The newest policy of each kind, risk and change class: the one a review opened now is held to."""
        newer = ReviewPolicy.objects.filter(
            kind=OuterRef("kind"),
            risk=OuterRef("risk"),
            change_class=OuterRef("change_class"),
            number__gt=OuterRef("number"),
        )
        return self.filter(~Exists(newer))


class ReviewPolicy(models.Model):
    """Which signatures a change of a page needs, by kind, risk and change class.

    Append-only: a change is a new number, and a review keeps the policy it was opened under.
    """

    kind = models.CharField(max_length=10, choices=Page.Kind.choices)
    risk = models.CharField(max_length=10, choices=Page.Risk.choices, default=Page.Risk.STANDARD)
    change_class = models.CharField(
        max_length=10, choices=Revision.ChangeClass.choices, default=Revision.ChangeClass.MATERIAL
    )
    number = models.PositiveIntegerField()
    validity_months = models.PositiveSmallIntegerField(default=36)  # how long a signature may still be used to publish
    # Whether a medical signature waits until its signer has ticked every claim.
    checks_claims = models.BooleanField(default=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = ReviewPolicyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="review_policy_number", fields=["kind", "risk", "change_class", "number"]),
            models.CheckConstraint(name="review_policy_lasts", condition=Q(validity_months__gte=1)),
        ]
        verbose_name_plural = "review policies"

    def __str__(self) -> str:
        return f"{self.kind} {self.risk} {self.change_class} {self.number}"


class ReviewStep(models.Model):
    """One signature the policy asks for. Append-only."""

    policy = models.ForeignKey(ReviewPolicy, models.PROTECT, related_name="steps")
    position = models.PositiveSmallIntegerField()
    code = models.SlugField(max_length=20)  # medical, editorial
    role = models.CharField(max_length=20, choices=Role.choices)
    needs_credential = models.BooleanField(default=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(name="review_step_position", fields=["policy", "position"]),
            models.CheckConstraint(
                name="medical_step_needs_a_qualified_reviewer",
                condition=~Q(code="medical") | Q(role="medical_reviewer", needs_credential=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy}: {self.code}"


class Review(models.Model):
    """One cycle over one frozen revision."""

    class Status(models.TextChoices):
        OPEN = "open", _("In review")
        CHANGES_ASKED = "changes_asked", _("Changes asked")
        APPROVED = "approved", _("Signed")
        CANCELLED = "cancelled", _("Replaced by a newer revision")

    MOVES = {"open": ("changes_asked", "approved", "cancelled"), "approved": ("cancelled",)}

    page = models.ForeignKey(Page, models.PROTECT, related_name="reviews")
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="reviews")
    content_hash = models.CharField(max_length=67)
    policy = models.ForeignKey(ReviewPolicy, models.PROTECT, related_name="reviews")
    status = models.CharField(max_length=15, choices=Status.choices, default=Status.OPEN)
    version = models.PositiveIntegerField(default=1)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(default=timezone.now)
    due_on = models.DateField(null=True)
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="reviews_assigned")
    # A typo-class cycle rests on the medical signatures of the published text that it only spells differently.
    leans_on = models.ForeignKey("self", models.PROTECT, null=True, related_name="typo_reviews")
    class_refused = models.BooleanField(default=False)  # a signer said: this is more than a typo
    reaffirms = models.BooleanField(default=False)  # the published text is read anew: older signatures do not count

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_open_review_per_page", fields=["page"], condition=Q(status="open")),
            models.CheckConstraint(
                name="review_status_is_known",
                condition=Q(status__in=["open", "changes_asked", "approved", "cancelled"]),
            ),
        ]
        indexes = [
            models.Index(fields=["status", "due_on", "id"], name="review_by_status"),
            models.Index(fields=["assignee", "due_on", "id"], name="review_mine", condition=Q(status="open")),
        ]

    def __str__(self) -> str:
        return f"review of {self.revision}"


class Note(models.Model):
    """What a reviewer says about a block and a quote in it, or about the whole page (no node).

    An open note outlives the revision it was written for; a blocking one holds every later revision back.
    """

    review = models.ForeignKey(Review, models.PROTECT, related_name="notes")
    node_id = models.CharField(max_length=12, blank=True)
    quote = models.CharField(max_length=300, blank=True)
    text = models.TextField(max_length=2000)
    blocking = models.BooleanField(default=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["review"], name="note_blocking", condition=Q(blocking=True, resolved_at=None))]

    def __str__(self) -> str:
        return f"note {self.pk}"


class ClaimCheck(models.Model):
    """A reviewer compared one claim with its sources. `key` is the claim's hash: it fits no changed block."""

    page = models.ForeignKey(Page, models.PROTECT, related_name="claim_checks")
    review = models.ForeignKey(Review, models.PROTECT, related_name="claim_checks")
    key = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(name="claim_checked_once", fields=["page", "by", "key"])]

    def __str__(self) -> str:
        return f"{self.by_id} checked {self.key[:8]}"


class SignOff(models.Model):
    """A named, qualified person vouches for exactly these bytes. Append-only; taking it back is a Revocation."""

    review = models.ForeignKey(Review, models.PROTECT, related_name="sign_offs")
    step = models.ForeignKey(ReviewStep, models.PROTECT, related_name="sign_offs")
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="sign_offs")
    content_hash = models.CharField(max_length=67)
    signer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="sign_offs")
    credential = models.ForeignKey(Credential, models.PROTECT, null=True, related_name="sign_offs")
    # Kept as printed on the day, whatever the person or the board is called later.
    printed_name = models.CharField(max_length=160)
    printed_credentials = models.CharField(max_length=160, blank=True)
    board = models.ForeignKey(Board, models.PROTECT, null=True, related_name="sign_offs")
    meaning = models.CharField(max_length=20, default="medical_review")
    statement = models.TextField()
    conflict_of_interest = models.TextField(blank=True)
    auth_method = models.CharField(max_length=20)  # password, password+totp, passkey
    authenticated_at = models.DateTimeField()
    # A passkey's assertion (JSON): it signed a challenge made of this ceremony and this hash.
    auth_evidence = models.TextField(blank=True)
    # The page the statement was read on: shown once, used once; and a digest of all that the revision leaned on then.
    ceremony = models.CharField(max_length=32, unique=True, null=True)
    shown_at = models.DateTimeField(null=True)
    closure = models.CharField(max_length=64, blank=True)
    claims_checked = models.PositiveIntegerField(default=0)
    signed_at = models.DateTimeField(default=timezone.now)
    valid_until = models.DateTimeField()
    next_review_due = models.DateField()

    SEALED = {
        "s1": "id review_id step_id revision_id content_hash signer_id credential_id printed_name "
        "printed_credentials board_id meaning statement conflict_of_interest auth_method authenticated_at "
        "auth_evidence ceremony shown_at closure claims_checked signed_at valid_until next_review_due"
    }

    class Meta:
        ordering = ["signed_at", "pk"]
        constraints = [
            models.UniqueConstraint(name="one_signature_per_person_and_review", fields=["review", "signer"]),
            models.CheckConstraint(name="sign_off_ends_after_it_begins", condition=Q(valid_until__gt=F("signed_at"))),
            models.CheckConstraint(name="sign_off_has_a_statement", condition=~Q(statement="") & ~Q(printed_name="")),
        ]

    def __str__(self) -> str:
        return f"{self.printed_name}: {self.revision}"


class Revocation(models.Model):
    """A signature taken back. The database takes a page that needs it down in the same moment. Append-only."""

    sign_off = models.OneToOneField(SignOff, models.PROTECT, related_name="revocation")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.SlugField(max_length=40)
    at = models.DateTimeField(default=timezone.now)

    SEALED = {"s1": "id sign_off_id by_id reason at"}

    def __str__(self) -> str:
        return f"revoked: {self.sign_off}"


class ErrorReport(models.Model):
    """A reader says that something in a page is wrong. The words are erasable; the trigger they open is not."""

    class Kind(models.TextChoices):
        HARM = "harm", _("It could harm someone")
        FACT = "fact", _("A fact or a number looks wrong")
        OUTDATED = "outdated", _("It is out of date")
        SOURCE = "source", _("A source does not say this, or its link is dead")
        OTHER = "other", _("Something else")

    page = models.ForeignKey(Page, models.PROTECT, related_name="error_reports")
    content_hash = models.CharField(max_length=67)  # of the bytes the reader saw
    kind = models.CharField(max_length=10, choices=Kind.choices)
    text = models.TextField(max_length=2000)
    email = models.EmailField(blank=True)  # only where the reader wants an answer
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"report {self.pk}"


class ReviewTrigger(models.Model):
    """Something changed that a page leans on. One door (`workflow.review.open_trigger`) for every source."""

    class Source(models.TextChoices):
        DATE = "date", _("Review date passed")
        DRUG = "drug", _("A drug entry changed")
        SUBTYPE = "subtype", _("A subtype entry changed")
        REFERENCE = "reference", _("A source changed")
        CREDENTIAL = "credential", _("A reviewer’s credential lapsed")
        POLICY = "policy", _("The review policy was raised")
        REPORT = "report", _("A reader reported an error")

    class Severity(models.TextChoices):
        INFO = "info", _("Note")
        REVIEW = "review", _("Review by the due date")
        BANNER = "banner", _("Tell readers now")
        WITHDRAW = "withdraw", _("Withdraw now")

    page = models.ForeignKey(Page, models.PROTECT, related_name="triggers")
    source_kind = models.CharField(max_length=12, choices=Source.choices)
    source_id = models.CharField(max_length=40)  # what changed: a publication, status event, date …
    severity = models.CharField(max_length=10, choices=Severity.choices)
    due_on = models.DateField(null=True)
    opened_at = models.DateTimeField(default=timezone.now)
    resolved_at = models.DateTimeField(null=True)
    resolved_by_sign_off = models.ForeignKey(SignOff, models.PROTECT, null=True, related_name="+")
    resolution = models.SlugField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="trigger_once_per_cause", fields=["page", "source_kind", "source_id"]),
            models.CheckConstraint(
                name="trigger_resolved_says_how",
                condition=Q(resolved_at=None) | Q(resolved_by_sign_off__isnull=False) | ~Q(resolution=""),
            ),
        ]
        indexes = [models.Index(fields=["due_on", "id"], name="trigger_open", condition=Q(resolved_at=None))]

    def __str__(self) -> str:
        return f"{self.source_kind} for {self.page}"
