"""What an administrator keeps about a person: printed name, team page, specialties, whether the account is on."""

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from audit.moves import WrongState, record

from .models import Specialty, User
from .roles import Role, holds


def describe(user: User, *, by: User, name: str, slug: str, bio: str) -> None:
    """Set the printed name and what the team page says. What was signed keeps the name it was signed with."""
    _may_keep(by)
    with transaction.atomic():
        user.name, user.slug, user.bio = name, slug or None, bio
        user.save(update_fields=["name", "slug", "bio", "handle_skeleton"])
        record(user, by=by, verb="person.described")


def switch(user: User, *, by: User, on: bool) -> None:
    """Turn an account off, at once and in all its sessions, or on again. Never one's own."""
    _may_keep(by)
    if by.pk == user.pk:
        raise PermissionDenied(_("Another administrator has to turn your account off."))
    with transaction.atomic():
        if not User.objects.filter(pk=user.pk, is_active=not on, erased_at=None).update(is_active=on):
            raise WrongState(_("This account is in that state already."))
        user.refresh_from_db()
        record(user, by=by, verb="person.switched_on" if on else "person.switched_off")


def set_specialties(user: User, specialties: Iterable[Specialty], *, by: User) -> None:
    """Say which fields of medicine a person knows best. Reviews of these they may take by themselves."""
    _may_keep(by)
    with transaction.atomic():
        user.specialties.set(specialties)
        record(user, by=by, verb="person.specialties", now=sorted(one.pk for one in specialties))


def add_specialty(name: str, *, by: User) -> Specialty:
    """A field of medicine that people and pages can belong to."""
    _may_keep(by)
    name = _free_name(name)
    slug = slugify(name)
    if not slug or Specialty.objects.filter(slug=slug).exists():
        raise ValidationError({"name": _("Choose a name that differs from the others in its letters.")})
    with transaction.atomic():
        try:
            with transaction.atomic():
                made = Specialty.objects.create(name=name, slug=slug)
        except IntegrityError as error:
            raise WrongState(_("Somebody added this specialty a moment ago.")) from error
        record(made, by=by, verb="specialty.added", slug=slug)
    return made


def rename_specialty(specialty: Specialty, name: str, *, by: User) -> None:
    """Other words for the same field. Its address in lists stays as it was."""
    _may_keep(by)
    name = _free_name(name, but=specialty)
    with transaction.atomic():
        try:
            with transaction.atomic():
                Specialty.objects.filter(pk=specialty.pk).update(name=name)
        except IntegrityError as error:
            raise WrongState(_("Another specialty got this name a moment ago.")) from error
        record(specialty, by=by, verb="specialty.renamed", slug=specialty.slug)
    specialty.refresh_from_db()


def _free_name(name: str, *, but: Specialty | None = None) -> str:
    name = " ".join(name.split())
    others = Specialty.objects.filter(name__iexact=name)
    if (others.exclude(pk=but.pk) if but else others).exists():
        raise ValidationError({"name": _("There is a specialty of this name already.")})
    return name


def _may_keep(by: User) -> None:
    if not holds(by, Role.ADMINISTRATOR):
        raise PermissionDenied(_("Only an administrator may do this."))
