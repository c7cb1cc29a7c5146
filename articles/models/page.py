"""Pages and their drafts: the stable address of something published, and the one place where it is being written."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Specialty

from ..document.schema import new_id


class Topic(models.Model):
    """Plain navigation; it carries no medical text."""

    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PageQuerySet(models.QuerySet):
    def live(self):
        """Pages a reader may see: the database lets `live_publication` point at nothing unsigned."""
        return self.filter(live_publication__isnull=False)


class Page(models.Model):
    """An article, a drug entry or a subtype entry. What is public is `live_publication` and nothing else."""

    class Kind(models.TextChoices):
        ARTICLE = "article", _("Article")
        DRUG = "drug", _("Drug")
        SUBTYPE = "subtype", _("Subtype")

    class Risk(models.TextChoices):
        STANDARD = "standard", _("Standard")
        HIGH = "high", _("High: treatment decisions, doses, emergencies")

    PATHS = {"article": "articles", "drug": "drugs", "subtype": "subtypes"}

    uid = models.CharField(max_length=12, unique=True, default=new_id, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    language = models.CharField(max_length=10, default="en")
    # The public slug once published; before that, the slug the first publication will take.
    slug = models.SlugField(max_length=80)
    topic = models.ForeignKey(Topic, models.PROTECT, null=True, blank=True, related_name="pages")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="pages_owned")
    risk = models.CharField(max_length=10, choices=Risk.choices, default=Risk.STANDARD)
    specialty = models.ForeignKey(Specialty, models.PROTECT, null=True, blank=True, related_name="pages")
    review_interval_months = models.PositiveSmallIntegerField(default=24)
    live_publication = models.OneToOneField(
        "articles.Publication", models.PROTECT, null=True, editable=False, related_name="live_on"
    )
    # Moves with everything that shows on the public page (publication, notice, decision, rename): it is the ETag.
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="page_one_slug_per_kind_and_language", fields=["kind", "language", "slug"]),
            models.CheckConstraint(name="page_kind_is_known", condition=Q(kind__in=["article", "drug", "subtype"])),
            models.CheckConstraint(name="page_risk_is_known", condition=Q(risk__in=["standard", "high"])),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.slug}"

    def get_absolute_url(self) -> str:
        return reverse(f"articles:{self.kind}", args=[self.slug])


class Draft(models.Model):
    """The one mutable text of a page. `version` is the lock: a save names the version it started from."""

    page = models.OneToOneField(Page, models.PROTECT, primary_key=True, related_name="draft")
    content = models.JSONField()
    suggestions = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    # SHA-256 of an imported file, so that the same file twice makes no second draft
    imported_sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    updated_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.page)

    @property
    def title(self) -> str:
        return self.content.get("title") or ""


class Edit(models.Model):
    """Somebody had a hand in a page's draft. Whoever did since the last publication never signs the next one."""

    page = models.ForeignKey(Page, models.PROTECT, related_name="edits")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    verb = models.CharField(max_length=10)  # imported, saved, uploaded, submitted
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["page", "at"], name="edit_by_page")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.verb} {self.page_id}"


class Redirect(models.Model):
    """An address a page once had. It is never given to another page."""

    page = models.ForeignKey(Page, models.PROTECT, related_name="redirects")
    kind = models.CharField(max_length=10)
    language = models.CharField(max_length=10)
    slug = models.SlugField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(name="redirect_one_per_old_slug", fields=["kind", "language", "slug"])]

    def __str__(self) -> str:
        return f"{self.kind}:{self.slug}"


class SiteVersion(models.Model):
    """One row: moves when something shown on many pages changes (lists, menu, policies)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(name="site_version_is_one_row", condition=Q(id=1))]

    def __str__(self) -> str:
        return str(self.number)

    @classmethod
    def bump(cls) -> None:
        """Every cached public page of the site is stale from here on."""
        if not cls.objects.filter(pk=1).update(number=F("number") + 1):
            cls.objects.get_or_create(pk=1)
