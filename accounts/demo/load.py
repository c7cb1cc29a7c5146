"""People of the demo world, their roles and credentials, the policies, and who agreed to what."""

import json
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction
from django.urls import resolve
from django.utils import timezone

from accounts import newsletter, policies
from accounts import people as keeping
from accounts.models import Board, Credential, OutboxMail, Policy, RoleGrant, Specialty, Subscription, User
from accounts.roles import Role
from accounts.signals import user_erased
from audit.moves import record

from .clock import HOURS_A_DAY, Event

HERE = Path(__file__).parent


def read(name: str) -> dict[str, Any]:
    return json.loads((HERE / name).read_text("utf-8"))


def rows() -> list[dict[str, Any]]:
    """Everybody of the demo, as the file describes them."""
    return read("people.json")["people"]


def person(handle: str) -> User:
    """Read anew for each act, since roles are remembered on the object."""
    return User.objects.get(handle=handle, is_demo=True)


def taken() -> list[str]:
    """Addresses and public names that the demo needs and somebody else has."""
    people = rows()
    emails, handles = ({row[key] for row in people} for key in ("email", "handle"))
    others = User.objects.filter(is_demo=False)
    return [
        *others.filter(email__in=emails).values_list("email", flat=True),
        *others.filter(handle__in=handles).values_list("handle", flat=True),
    ]


def events(encoded_password: str) -> Iterator[Event]:
    """What people did about their accounts. `encoded_password` is everybody's, hashed once."""
    people, boards = rows(), read("people.json")["boards"]
    joined = {row["handle"]: row["joined_days_ago"] * HOURS_A_DAY for row in people}
    for row in people:
        yield Event(joined[row["handle"]], partial(_join, row, encoded_password))
        if "specialties" in row:
            yield Event(joined[row["handle"]] - 1, partial(_knows, row))
    for board in boards:
        yield Event(min(joined[handle] for handle in board["members"]) - 1, partial(_found, board))
    yield from _policies()
    yield from _agreements(people, joined)
    for row in people:
        if row["newsletter"]:
            yield Event(joined[row["handle"]] - 2, partial(_subscribe, row["email"]))


def erase(user: User) -> None:
    """Somebody leaves and takes their words along: the row stays, and nothing in it says who it was."""
    if user.erased_at:
        return
    with transaction.atomic():
        user.emailaddress_set.all().delete()
        OutboxMail.objects.filter(to=user.email).delete()
        user.email, user.handle = f"erased-{user.pk}@machine.invalid", f"former-member-{user.pk}"
        user.name, user.bio, user.slug = "", "", None
        user.is_active, user.erased_at = False, timezone.now()
        user.set_unusable_password()
        user.save()
        user_erased.send(sender=User, user=user, remove_words=True)
        record(user, by=user, verb="user.erased")


def _join(row: dict[str, Any], encoded_password: str) -> None:
    user = User.objects.create(
        email=row["email"],
        password=encoded_password,
        handle=row["handle"],
        name=row["name"],
        bio=row["bio"],
        slug=row["team_slug"],
        is_demo=True,
    )
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    machine = User.objects.machine()
    for role in row["roles"]:
        # Roles are given by an administrator; the first one of all can only come from the site itself.
        given = RoleGrant.objects.create(user=user, role=Role(role), granted_by=machine)
        record(given, by=machine, verb="role.granted", user=user.pk, role=role, until=None)
    for credential in row["credentials"]:
        _check(user, credential)


def _knows(row: dict[str, Any]) -> None:
    """An administrator says which fields of medicine somebody knows."""
    admin = User.objects.filter(is_demo=True, grants__role=Role.ADMINISTRATOR).earliest("pk")
    fields = [
        Specialty.objects.filter(name=name).first() or keeping.add_specialty(name, by=admin)
        for name in row["specialties"]
    ]
    keeping.set_specialties(person(row["handle"]), fields, by=admin)


def _check(user: User, row: dict[str, Any]) -> None:
    checked_by = person(row["verified_by"])
    credential = Credential.objects.create(
        user=user,
        title=row["title"],
        issuer=row["issuer"],
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_until=date.fromisoformat(row["valid_until"]),
        verified_by=checked_by,
    )
    record(credential, by=checked_by, verb="credential.verified", user=user.pk, until=row["valid_until"])


def _found(row: dict[str, Any]) -> None:
    board, _is_new = Board.objects.get_or_create(slug=row["slug"], defaults={"name": row["name"]})
    board.members.add(*(person(handle) for handle in row["members"]))


def _policies() -> Iterator[Event]:
    for policy in read("policies.json")["policies"]:
        for version in policy["versions"]:
            yield Event(version["published_days_ago"] * HOURS_A_DAY, partial(_publish, policy["kind"], version))


def _publish(kind: str, version: dict[str, Any]) -> None:
    clauses = [{key: row[key] for key in ("code", "title", "text")} for row in version["clauses"]]
    words = {key: version[key] for key in ("title", "text", "changes")}
    policies.publish(kind, clauses=clauses, by=_administrator(), **words)


def _administrator() -> User:
    return person(next(row["handle"] for row in rows() if Role.ADMINISTRATOR in row["roles"]))


def _agreements(people: list[dict[str, Any]], joined: dict[str, float]) -> Iterator[Event]:
    """Whoever was there when rules came into force agreed an hour later, everybody else on joining."""
    versions = next(row["versions"] for row in read("policies.json")["policies"] if row["kind"] == "rules")
    published = {row["version"]: row["published_days_ago"] * HOURS_A_DAY for row in versions}
    for row in people:
        for number in row["accepted_rules"]:
            yield Event(min(joined[row["handle"]], published[number]) - 1, partial(_accept, row["handle"]))


def _accept(handle: str) -> None:
    user = person(handle)
    policies.accept(user, policies.current(Policy.Kind.RULES), by=user)


def _subscribe(email: str) -> None:
    newsletter.subscribe(email, consent_text=newsletter.consent_record())
    link = newsletter.confirm_path(Subscription.objects.get(email=email))
    newsletter.confirm(resolve(link).kwargs["token"])
