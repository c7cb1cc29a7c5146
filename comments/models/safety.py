"""Side effects that members tell of: the record, and the sponsor who must hear of it in time."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.models import Page

from .conversation import Comment, CommentRevision


class SafetyContact(models.Model):
    """Who must be told about one product, from when to when: a contract of the site, not a fact about the drug."""

    page = models.ForeignKey(Page, models.PROTECT, related_name="safety_contacts")  # the drug entry
    sponsor = models.CharField(max_length=120)
    email = models.EmailField()
    hours = models.PositiveSmallIntegerField(default=24)  # to hand over, from when a moderator first saw it
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_safety_contact_ends_after_it_begins",
                condition=Q(valid_until=None) | Q(valid_until__gte=models.F("valid_from")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.sponsor} for {self.page_id}"


class AdverseEvent(models.Model):
    """A possible side effect, as it stood when a moderator recorded it. What was told is a snapshot that never changes.

    Of the four elements of a valid case each is ticked as present or not; nobody asks for the missing ones in public.
    """

    class State(models.TextChoices):
        RECORDED = "recorded", _("Recorded")
        HANDED_OVER = "handed_over", _("Handed over")
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        NONE = "none", _("Not a side effect")

    MOVES = {"recorded": ("handed_over", "none"), "handed_over": ("acknowledged",)}

    comment = models.ForeignKey(Comment, models.PROTECT, related_name="adverse_events")
    revision = models.ForeignKey(CommentRevision, models.PROTECT, related_name="+")
    snapshot = models.TextField()
    snapshot_hash = models.CharField(max_length=64)
    products = models.JSONField(default=list)  # names, as in the drug directory
    events = models.JSONField(default=list)  # words of the comment
    has_patient = models.BooleanField(default=False)
    has_reporter = models.BooleanField(default=False)
    has_product = models.BooleanField(default=False)
    has_event = models.BooleanField(default=False)
    seriousness = models.JSONField(
        default=list
    )  # codes: death, life_threatening, hospital, disability, birth_defect, other
    situations = models.JSONField(
        default=list
    )  # codes: pregnancy, overdose, no_effect, misuse, medication_error, complaint
    note = models.TextField(blank=True, max_length=2000)
    aware_at = models.DateTimeField()  # day 0: when a moderator first saw it
    recorded_at = models.DateTimeField(default=timezone.now)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    contact = models.ForeignKey(SafetyContact, models.PROTECT, null=True, related_name="events")
    due_at = models.DateTimeField(null=True)  # null: nobody must be told
    state = models.CharField(max_length=12, choices=State.choices, default=State.RECORDED)
    version = models.PositiveIntegerField(default=1)
    handed_over_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledgement = models.CharField(max_length=120, blank=True)  # the sponsor's own number

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="an_acknowledged_event_was_handed_over",
                condition=~Q(state__in=["handed_over", "acknowledged"]) | Q(handed_over_at__isnull=False),
            )
        ]
        indexes = [models.Index(fields=["due_at"], name="adverse_event_due", condition=Q(state="recorded"))]

    def __str__(self) -> str:
        return f"adverse event {self.pk}: {self.state}"
