"""Roles and credentials: who gives them, who may not, and what happens twice."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import credentials, roles
from accounts.models import Credential, RoleGrant, User
from accounts.roles import Role, holds
from audit.models import Entry
from audit.moves import WrongState
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return cast.people()


def again(user: User) -> User:
    return User.objects.get(pk=user.pk)


class TestRoles:
    def test_an_administrator_gives_and_takes_back(self, people):
        given = roles.grant(people.rita, Role.MODERATOR, by=people.ada)
        assert holds(again(people.rita), Role.MODERATOR)
        roles.revoke(given, by=people.ada, reason="left")
        assert not holds(again(people.rita), Role.MODERATOR)
        assert list(Entry.objects.values_list("verb", flat=True)) == ["role.granted", "role.revoked"]

    @pytest.mark.parametrize("who", ["edda", "ruth", "max", "rita"])
    def test_nobody_else_does(self, people, who):
        with pytest.raises(PermissionDenied):
            roles.grant(people.nora, Role.MODERATOR, by=getattr(people, who))

    def test_not_to_oneself_in_code_or_in_the_database(self, people):
        with pytest.raises(PermissionDenied):
            roles.grant(people.ada, Role.EDITOR, by=people.ada)
        with pytest.raises(IntegrityError), transaction.atomic():
            RoleGrant.objects.create(user=people.ada, role=Role.EDITOR, granted_by=people.ada)

    def test_taking_back_twice_is_refused(self, people):
        given = roles.grant(people.rita, Role.MODERATOR, by=people.ada)
        roles.revoke(given, by=people.ada, reason="left")
        with pytest.raises(WrongState):
            roles.revoke(given, by=people.ada, reason="left")

    def test_an_ended_grant_counts_for_nothing(self, people):
        RoleGrant.objects.create(
            user=people.rita, role=Role.EDITOR, granted_by=people.ada,
            valid_from=timezone.now() - timedelta(days=9), valid_until=timezone.now() - timedelta(days=1),
        )  # fmt: skip
        assert not holds(again(people.rita), Role.EDITOR)

    def test_a_superuser_or_an_inactive_holder_holds_nothing(self, people):
        root = cast.person("root", is_superuser=True)
        assert not holds(root, *Role.values)
        User.objects.filter(pk=people.edda.pk).update(is_active=False)
        assert not holds(again(people.edda), Role.EDITOR)

    @pytest.mark.parametrize(
        "change",
        ["role = 'editor'", "user_id = user_id + 1", "valid_from = '2000-01-01'", "valid_until = '2099-01-01'"],
    )
    def test_the_database_refuses_to_rewrite_a_grant(self, people, change):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE accounts_rolegrant SET {change} WHERE user_id = %s", [people.max.pk])


class TestCredentials:
    def facts(self, **changes) -> dict:
        return {"title": "MD", "issuer": "Board", "valid_from": date(2020, 1, 1), "valid_until": None} | changes

    def test_somebody_else_checks_it(self, people):
        checked = credentials.verify(people.nora, by=people.ada, **self.facts())
        assert checked.verified_by == people.ada
        for by in (people.nora, people.edda):
            with pytest.raises(PermissionDenied):
                credentials.verify(people.nora, by=by, **self.facts())

    def test_one_that_was_taken_back_signs_nothing(self, people):
        credentials.end(people.ruth.credentials.get(), by=people.ada, reason="lapsed")
        with pytest.raises(PermissionDenied, match="no credential"):
            cast.sign(cast.open_review(people), people.ruth)
        with pytest.raises(WrongState):
            credentials.end(people.ruth.credentials.get(), by=people.ada, reason="lapsed")


class TestDesk:
    def test_a_grant_that_has_ended_is_not_shown_as_held(self, client, people):
        RoleGrant.objects.create(
            user=people.rita, role=Role.EDITOR, granted_by=people.ada,
            valid_from=timezone.now() - timedelta(days=9), valid_until=timezone.now() - timedelta(days=1),
        )  # fmt: skip
        client.force_login(people.ada)
        page = client.get(f"/desk/people/{people.rita.pk}/").text
        assert "Ended" in page
        assert "Holds" not in page

    def test_the_next_page_of_a_search_keeps_its_words(self, client, people, monkeypatch):
        monkeypatch.setattr("accounts.views_people.PAGE_SIZE", 1)
        client.force_login(people.ada)
        people.rita.name, people.nora.name = "Tom & Rita", "Tom & Nora"
        people.rita.save()
        people.nora.save()
        shown = client.get("/desk/people/", {"q": "Tom & "})
        assert shown.context["older"] == f"?q=Tom+%26&after={people.rita.pk}"

    @pytest.mark.parametrize("who", ["edda", "ruth", "max", "rita"])
    def test_it_is_for_administrators(self, client, people, who):
        client.force_login(getattr(people, who))
        assert client.get(reverse("accounts:people")).status_code == 404

    def test_a_role_and_a_credential_are_given_and_taken_back(self, client, people):
        client.force_login(people.ada)
        address = reverse("accounts:person", args=[people.nora.pk])
        client.post(address, {"act": "grant", "grant-role": "medical_reviewer", "grant-until": ""})
        client.post(
            address,
            {
                "act": "credential",
                "credential-title": "MD",
                "credential-issuer": "Board",
                "credential-valid_from": "2020-01-01",
            },
        )
        grant, credential = RoleGrant.objects.get(user=people.nora), Credential.objects.get(user=people.nora)
        assert (grant.role, credential.verified_by) == ("medical_reviewer", people.ada)
        client.post(address, {"act": "revoke", "what": grant.pk, "reason": "left"})
        client.post(address, {"act": "end", "what": credential.pk, "reason": "lapsed"})
        grant.refresh_from_db()
        credential.refresh_from_db()
        assert grant.revoked_at
        assert credential.revoked_at

    def test_the_same_role_twice_is_refused_in_words(self, client, people):
        client.force_login(people.ada)
        address = reverse("accounts:person", args=[people.max.pk])
        answer = client.post(address, {"act": "grant", "grant-role": "moderator", "grant-until": ""}, follow=True)
        assert "holds that role already" in answer.content.decode()

    def test_an_empty_credential_is_refused_beside_its_fields(self, client, people):
        client.force_login(people.ada)
        answer = client.post(reverse("accounts:person", args=[people.nora.pk]), {"act": "credential"})
        assert (answer.status_code, "errorlist" in answer.content.decode()) == (422, True)

    def test_a_search_finds_members_without_a_role(self, client, people):
        client.force_login(people.ada)
        assert "nora@example.org" not in client.get(reverse("accounts:people")).content.decode()
        assert "nora@example.org" in client.get(reverse("accounts:people") + "?q=nora").content.decode()


class TestPerson:
    def act(self, client, person, **data):
        return client.post(reverse("accounts:person", args=[person.pk]), data, follow=True)

    def test_the_printed_name_and_the_team_page_are_kept_on_record(self, client, people):
        client.force_login(people.ada)
        self.act(
            client, people.ruth, act="describe",
            **{"describe-name": "Ruth A. Adeyemi", "describe-slug": "ruth", "describe-bio": "Oncology."},
        )  # fmt: skip
        assert (again(people.ruth).name, again(people.ruth).slug) == ("Ruth A. Adeyemi", "ruth")
        assert Entry.objects.last().verb == "person.described"

    def test_an_address_that_somebody_has_is_refused_beside_its_field(self, client, people):
        User.objects.filter(pk=people.raj.pk).update(slug="ruth")
        client.force_login(people.ada)
        answer = self.act(client, people.ruth, act="describe", **{"describe-slug": "ruth"})
        assert (answer.status_code, "Somebody else has this address." in answer.content.decode()) == (422, True)

    def test_an_account_that_is_off_signs_in_nowhere_and_holds_nothing(self, client, people, rf):
        reviewer = client.__class__()
        reviewer.force_login(people.ruth)
        assert reviewer.get(reverse("articles:reviewing")).status_code == 200
        client.force_login(people.ada)
        self.act(client, people.ruth, act="switch_off")
        assert reviewer.get(reverse("articles:reviewing")).status_code == 302
        assert not holds(again(people.ruth), Role.MEDICAL_REVIEWER)
        assert "already" in self.act(client, people.ruth, act="switch_off").content.decode()
        self.act(client, people.ruth, act="switch_on")
        assert holds(again(people.ruth), Role.MEDICAL_REVIEWER)

    def test_nobody_turns_themselves_off(self, client, people):
        client.force_login(people.ada)
        self.act(client, people.ada, act="switch_off")
        assert again(people.ada).is_active

    def test_a_grant_that_has_run_out_makes_room_for_a_new_one(self, people):
        RoleGrant.objects.create(
            user=people.rita, role=Role.EDITOR, granted_by=people.ada,
            valid_from=timezone.now() - timedelta(days=9), valid_until=timezone.now() - timedelta(days=1),
        )  # fmt: skip
        roles.grant(people.rita, Role.EDITOR, by=people.ada)
        assert holds(again(people.rita), Role.EDITOR)


def test_the_command_makes_the_first_administrator(people, capsys):
    call_command("grant_role", "nora@example.org", "administrator")
    assert holds(again(people.nora), Role.ADMINISTRATOR)
    with pytest.raises(CommandError, match="already"), transaction.atomic():
        call_command("grant_role", "nora@example.org", "administrator")
    with pytest.raises(CommandError, match="Nobody"):
        call_command("grant_role", "stranger@example.org", "administrator")
