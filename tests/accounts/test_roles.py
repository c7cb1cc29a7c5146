"""Roles: who gives and takes them, who has them, and that it is on the record."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import RoleGrant, User
from accounts.roles import Role, grant, holds, revoke
from accounts.signals import role_revoked
from audit.models import Entry
from audit.moves import WrongState
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return cast.person("ada", Role.ADMINISTRATOR)


@pytest.fixture
def rita():
    return cast.person("rita")


def test_granting_takes_effect_and_is_on_the_record(ada, rita):
    grant(rita, Role.WRITER, by=ada)
    assert holds(rita, Role.WRITER)
    assert not holds(rita, Role.EDITOR)
    assert holds(rita, Role.EDITOR, Role.WRITER)
    assert Entry.objects.get(verb="role.granted").actor == ada


def test_revoking_takes_effect_is_told_upward_and_cannot_be_done_twice(ada, rita):
    given = grant(rita, Role.WRITER, by=ada)
    told = []
    role_revoked.connect(lambda grant, by, **kwargs: told.append((grant.pk, by)), weak=False, dispatch_uid="t")
    try:
        revoke(given, by=ada, reason="left")
    finally:
        role_revoked.disconnect(dispatch_uid="t")
    assert told == [(given.pk, ada)]
    assert not holds(User.objects.get(pk=rita.pk), Role.WRITER)
    with pytest.raises(WrongState):
        revoke(given, by=ada, reason="left")
    assert Entry.objects.filter(verb="role.revoked").count() == 1
    grant(rita, Role.WRITER, by=ada)


@pytest.mark.parametrize("roles", [[], [Role.EDITOR, Role.MODERATOR, Role.MEDICAL_REVIEWER, Role.WRITER]])
def test_nobody_but_an_administrator_grants_or_revokes(ada, rita, roles):
    max_ = cast.person("max", *roles)
    with pytest.raises(PermissionDenied):
        grant(rita, Role.WRITER, by=max_)
    given = grant(rita, Role.WRITER, by=ada)
    with pytest.raises(PermissionDenied):
        revoke(given, by=max_, reason="spite")


def test_not_even_an_administrator_grants_themselves(ada):
    with pytest.raises(PermissionDenied):
        grant(ada, Role.MEDICAL_REVIEWER, by=ada)
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleGrant.objects.create(user=ada, role=Role.WRITER, granted_by=ada)


def test_a_superuser_holds_no_role(rita):
    root = cast.person("root1", is_superuser=True, is_staff=True)
    assert not any(holds(root, role) for role in Role.values)


def test_whoever_is_not_signed_in_or_no_longer_active_holds_none(ada):
    ada.is_active = False
    assert not holds(ada, Role.ADMINISTRATOR)
    assert not holds(AnonymousUser(), Role.ADMINISTRATOR)


@pytest.mark.parametrize(
    ("begins", "ends", "counts"), [(-2, 2, True), (-2, -1, False), (1, 2, False), (-2, None, True)]
)
def test_a_grant_counts_within_its_time(rita, begins, ends, counts):
    now = timezone.now()
    RoleGrant.objects.create(
        user=rita,
        role=Role.WRITER,
        granted_by=User.objects.machine(),
        valid_from=now + timedelta(days=begins),
        valid_until=now + timedelta(days=ends) if ends else None,
    )
    assert holds(rita, Role.WRITER) is counts
