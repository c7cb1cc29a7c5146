"""Policies: what is in force, who agreed to it, and how a new version comes about."""

from collections.abc import Sequence
from typing import NamedTuple

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.dispatch import Signal
from django.utils.translation import gettext as _

from audit.moves import WrongState, record

from .models import Policy, PolicyAcceptance, PolicyClause, PolicyVersion, User
from .roles import Role, holds

policy_published = Signal()  # version; sent inside the transaction


class Items(NamedTuple):
    """A list within a section."""

    items: list[str]


class Section(NamedTuple):
    heading: str
    paragraphs: list[str | Items]


def current(kind: str) -> PolicyVersion | None:
    """The version in force, or None while nothing of this kind was published."""
    return PolicyVersion.objects.filter(policy__kind=kind).order_by("-number").first()


def has_accepted(user, kind: str) -> bool:
    """Whether `user` agreed to the version in force now; an earlier one does not count."""
    if not getattr(user, "is_authenticated", False):
        return False
    version = current(kind)
    return version is not None and PolicyAcceptance.objects.filter(user=user, version=version).exists()


def accept(user: User, version: PolicyVersion, *, by: User | None = None) -> PolicyAcceptance:
    """`user` agrees to `version`: never for somebody else, and never to words no longer in force."""
    if by is not None and by.pk != user.pk:
        raise PermissionDenied(_("Nobody can agree in another person's name."))
    with transaction.atomic():
        newest = PolicyVersion.objects.filter(policy_id=version.policy_id).order_by("-number").first()
        if newest is None or newest.pk != version.pk:
            raise WrongState(_("These words have changed since you opened the page. Please read the new version."))
        acceptance, is_new = PolicyAcceptance.objects.get_or_create(user=user, version=version)
        if is_new:
            record(acceptance, by=user, verb="policy.accepted", kind=version.policy.kind, version=version.number)
    return acceptance


def publish(
    kind: str,
    *,
    title: str,
    text: str = "",
    clauses: Sequence[dict] = (),
    changes: str = "",
    by: User,
) -> PolicyVersion:
    """Put new words in force. `clauses` are {"code", "title", "text"}, numbered in their order."""
    if not (holds(by, Role.ADMINISTRATOR) or by.is_superuser or by.is_machine):
        raise PermissionDenied(_("Only an administrator may publish policies."))
    try:
        with transaction.atomic():
            version = _write(Policy.Kind(kind), title, text, clauses, changes, by)
            policy_published.send(sender=PolicyVersion, version=version)
            record(version, by=by, verb="policy.published", kind=str(kind), version=version.number)
    except IntegrityError as error:
        raise WrongState(_("Somebody else published a version at the same moment. Look at it first.")) from error
    return version


def _write(kind, title, text, clauses, changes, by) -> PolicyVersion:
    policy, _made = Policy.objects.get_or_create(kind=kind)
    newest = current(kind)
    version = PolicyVersion.objects.create(
        policy=policy,
        number=newest.number + 1 if newest else 1,
        title=title,
        text=text,
        changes=changes,
        published_by=by,
    )
    PolicyClause.objects.bulk_create(
        PolicyClause(version=version, number=number, **clause) for number, clause in enumerate(clauses, start=1)
    )
    return version


def sections(text: str) -> list[Section]:
    """The words as a page shows them: "## " begins a section, "- " an item, a blank line ends a paragraph."""
    found = [Section("", [])]
    for block in text.replace("\r\n", "\n").split("\n\n"):
        for line in block.strip().split("\n"):
            _add_line(found, line.strip())
        found[-1].paragraphs.append("")
    tidy = [Section(heading, [part for part in parts if part]) for heading, parts in found]
    return [section for section in tidy if section.heading or section.paragraphs]


def _add_line(found: list[Section], line: str) -> None:
    parts = found[-1].paragraphs
    if line.startswith("## "):
        found.append(Section(line[3:].strip(), []))
    elif line.startswith("- "):
        if parts and isinstance(parts[-1], Items):
            parts[-1].items.append(line[2:].strip())
        else:
            parts.append(Items([line[2:].strip()]))
    elif parts and isinstance(parts[-1], str) and parts[-1]:
        parts[-1] += f" {line}"
    elif line:
        parts.append(line)
