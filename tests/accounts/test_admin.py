"""Django's admin shows evidence and changes none of it."""

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.models import OutboxMail, PolicyVersion, RoleGrant, User
from accounts.roles import Role
from audit.models import Entry
from tests import cast
from tests.accounts.test_policies import publish


@pytest.fixture
def root(client, db):
    root = cast.person("root1", is_staff=True, is_superuser=True)
    client.force_login(root)
    return root


@pytest.mark.parametrize("model", [Entry, RoleGrant, PolicyVersion, OutboxMail, User])
def test_lists_open_and_offer_no_adding(client, root, model):
    cast.person("ada", Role.ADMINISTRATOR)
    info = (model._meta.app_label, model._meta.model_name)
    assert client.get(reverse("admin:{}_{}_changelist".format(*info))).status_code == 200
    assert client.get(reverse("admin:{}_{}_add".format(*info))).status_code == 403


def test_evidence_is_looked_at_only(client, root):
    version = publish(cast.person("ada", Role.ADMINISTRATOR))
    path = reverse("admin:accounts_policyversion_change", args=[version.pk])
    assert client.get(path).status_code == 200
    assert client.post(path, {"title": "Other rules"}).status_code == 403
    assert (
        client.post(reverse("admin:accounts_policyversion_delete", args=[version.pk]), {"post": "yes"}).status_code
        == 403
    )


def test_the_words_of_mail_are_not_shown(client, root):
    row = OutboxMail.objects.create(to="rita@example.org", message_id="<1@x>", text="secret link", subject="Hello")
    assert "secret link" not in client.get(reverse("admin:accounts_outboxmail_change", args=[row.pk])).text


def test_nobody_is_made_a_superuser_here(client, root):
    rita = cast.person("rita")
    path = reverse("admin:accounts_user_change", args=[rita.pk])
    client.post(
        path, {"name": "Rita", "bio": "", "slug": "", "is_active": "on", "is_superuser": "on", "is_staff": "on"}
    )
    rita.refresh_from_db()
    assert (rita.name, rita.is_superuser, rita.is_staff) == ("", False, False)


def test_members_find_no_admin(client, db):
    client.force_login(cast.person("rita"))
    assert client.get("/admin/").status_code in (302, 403, 404)
    assert admin.site.is_registered(User)


@pytest.mark.parametrize("path", ["account/emailaddress", "mfa/authenticator", "auth/group"])
def test_nobody_is_given_a_way_into_anothers_account(client, root, path):
    assert client.get("/admin/").status_code == 200
    assert client.get(f"/admin/{path}/").status_code == 404
    assert client.get(f"/admin/{path}/add/").status_code == 404
