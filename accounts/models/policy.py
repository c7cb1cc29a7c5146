"""What readers and members are told and agree to: versions that never change once published."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .people import User


class Policy(models.Model):
    """One subject of agreement, such as the community rules; its text lives in versions."""

    class Kind(models.TextChoices):
        RULES = "rules", _("Community rules")
        PRIVACY = "privacy", _("Privacy policy")
        TERMS = "terms", _("Terms of use")
        HEALTH_DATA = "health-data", _("Health data")
        ACCESSIBILITY = "accessibility", _("Accessibility")
        REVIEW_PROCESS = "review-process", _("How we review")
        HELP = "get-help-now", _("Get help now")

    kind = models.CharField(max_length=20, choices=Kind.choices, unique=True)

    class Meta:
        verbose_name_plural = "policies"

    def __str__(self) -> str:
        return self.get_kind_display()


class PolicyVersion(models.Model):
    """The words in force from `published_at` on. Append-only: a change is a new version."""

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=160)
    text = models.TextField(blank=True)  # paragraphs between blank lines, "## " starts a heading, "- " an item
    changes = models.TextField(blank=True)  # what is new, for people who accepted an earlier version
    published_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    published_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(name="policy_version_number", fields=["policy", "number"])]

    def __str__(self) -> str:
        return f"{self.policy} {self.number}"


class PolicyClause(models.Model):
    """One numbered rule, so that a decision can name what was broken. Append-only."""

    version = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="clauses")
    number = models.PositiveIntegerField()
    code = models.SlugField(max_length=40)
    title = models.CharField(max_length=120)
    text = models.TextField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(name="clause_number", fields=["version", "number"])]

    def __str__(self) -> str:
        return f"{self.number}. {self.title}"


class PolicyAcceptance(models.Model):
    """This person agreed to this version at this time. Append-only."""

    user = models.ForeignKey(User, models.PROTECT, related_name="acceptances")
    version = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="acceptances")
    accepted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(name="one_acceptance_per_version", fields=["user", "version"])]

    def __str__(self) -> str:
        return f"{self.user}: {self.version}"
