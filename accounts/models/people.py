"""People, what they may do, and the credentials that let a reviewer sign."""

import unicodedata

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

# Letters that look alike across scripts fold onto one, so that nobody can pose as "moderator" in Cyrillic.
LOOKALIKES = str.maketrans("аеорсухіјѕԁɡһοανιτκρ0135$@|", "aeopcyxijsdghoavitkpolessal")


def skeleton(name: str) -> str:
    """What a name looks like: NFKC, case-folded, without accents or punctuation, lookalike letters folded."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    bare = "".join(letter for letter in folded if not unicodedata.combining(letter))
    return "".join(letter for letter in bare.translate(LOOKALIKES) if letter.isalnum())


MACHINE = "bedside@machine.invalid"


class UserManager(BaseUserManager):
    def create_user(self, email: str, password: str | None = None, **fields):
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.handle_skeleton = skeleton(user.handle)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields):
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str):
        return self.get(email=email.lower())

    def machine(self):
        """The named account behind acts of Bedside itself; it cannot sign in."""
        found, _created = self.get_or_create(
            email=MACHINE,
            defaults={
                "handle": "bedside", "handle_skeleton": skeleton("bedside"), "name": "Bedside",
                "is_active": False, "password": "!",
            },
        )  # fmt: skip
        return found


class Specialty(models.Model):
    """A field of medicine: what a reviewer knows best, and what a page is about."""

    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "specialties"

    def __str__(self) -> str:
        return self.name


class User(AbstractBaseUser, PermissionsMixin):
    """A person signs in by e-mail and is shown by handle. A row is anonymised in place, never deleted."""

    email = models.EmailField(_("email address"), unique=True)
    handle = models.CharField(_("public name"), max_length=30, unique=True)
    handle_skeleton = models.CharField(max_length=60, unique=True, editable=False)
    name = models.CharField(_("printed name"), max_length=120, blank=True)
    bio = models.TextField(blank=True)
    slug = models.SlugField(max_length=80, unique=True, null=True, blank=True)  # the team page; staff only
    specialties = models.ManyToManyField(Specialty, blank=True, related_name="people")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    is_demo = models.BooleanField(default=False, editable=False)
    date_joined = models.DateTimeField(default=timezone.now)
    erased_at = models.DateTimeField(null=True, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["handle"]

    class Meta:
        constraints = [
            models.CheckConstraint(name="user_email_is_lower_case", condition=Q(email=models.functions.Lower("email")))
        ]

    def __str__(self) -> str:
        return self.handle

    def save(self, *args, **kwargs):
        self.handle_skeleton = skeleton(self.handle)
        super().save(*args, **kwargs)

    @property
    def is_machine(self) -> bool:
        """Whether this is Bedside itself, acting for a command or a periodic task."""
        return self.email == MACHINE

    def get_full_name(self) -> str:
        return self.name or self.handle

    @cached_property
    def role_codes(self) -> frozenset[str]:
        """Roles held right now; read once per user object, that is once per request."""
        if not self.is_active:
            return frozenset()
        return frozenset(RoleGrant.objects.standing().filter(user=self).values_list("role", flat=True))


class Role(models.TextChoices):
    WRITER = "writer", _("Writer")
    MEDICAL_REVIEWER = "medical_reviewer", _("Medical reviewer")
    EDITOR = "editor", _("Editor")
    MODERATOR = "moderator", _("Moderator")
    ADMINISTRATOR = "administrator", _("Administrator")


class RoleGrantQuerySet(models.QuerySet):
    def standing(self):
        """Grants that count now: begun, not ended, not revoked."""
        now = timezone.now()
        return self.filter(Q(valid_until=None) | Q(valid_until__gt=now), valid_from__lte=now, revoked_at=None)


class RoleGrant(models.Model):
    """One role given to one person, by whom and for how long."""

    user = models.ForeignKey(User, models.PROTECT, related_name="grants")
    role = models.CharField(max_length=20, choices=Role.choices)
    granted_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    valid_from = models.DateTimeField(default=timezone.now)
    valid_until = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, editable=False)
    revoked_by = models.ForeignKey(User, models.PROTECT, null=True, editable=False, related_name="+")

    objects = RoleGrantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_standing_grant_per_role", fields=["user", "role"], condition=Q(revoked_at=None)
            ),
            models.CheckConstraint(name="grant_role_is_known", condition=Q(role__in=Role.values)),
            models.CheckConstraint(name="grant_not_by_oneself", condition=~Q(user=F("granted_by"))),
            models.CheckConstraint(
                name="grant_ends_after_it_begins", condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.role}"


class CredentialQuerySet(models.QuerySet):
    def valid_on(self, day):
        return self.filter(Q(valid_until=None) | Q(valid_until__gte=day), valid_from__lte=day, revoked_at=None)


class Credential(models.Model):
    """What qualifies a reviewer, as somebody else checked it."""

    user = models.ForeignKey(User, models.PROTECT, related_name="credentials")
    title = models.CharField(max_length=80)  # as printed after the name: "MD", "PharmD, BCOP"
    issuer = models.CharField(max_length=160)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    verified_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    verified_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True, editable=False)

    objects = CredentialQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="credential_not_verified_by_oneself", condition=~Q(user=F("verified_by"))),
            models.CheckConstraint(
                name="credential_ends_after_it_begins",
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}, {self.issuer}"


class Board(models.Model):
    """A group of reviewers shown to readers in place of the one person who signed (who stays on record)."""

    name = models.CharField(max_length=160, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    members = models.ManyToManyField(User, related_name="boards")

    def __str__(self) -> str:
        return self.name
