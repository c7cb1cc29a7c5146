"""What the database refuses about people and policies, whoever asks and however."""

import pytest
from django.db import DatabaseError, connection, models, transaction
from django.db.models.signals import post_migrate

from accounts import policies
from accounts.models import PolicyAcceptance, PolicyClause, PolicyVersion, RoleGrant, User
from accounts.roles import Role
from audit import triggers
from tests import cast

ATTACKS = [
    "DELETE FROM accounts_user WHERE email = 'rita@example.org'",
    "UPDATE accounts_rolegrant SET role = 'administrator'",
    "UPDATE accounts_rolegrant SET user_id = (SELECT id FROM accounts_user WHERE email = 'rita@example.org')",
    "UPDATE accounts_rolegrant SET granted_by_id = user_id",
    "UPDATE accounts_rolegrant SET valid_from = '2001-01-01 00:00:00+00:00'",
    "UPDATE accounts_rolegrant SET revoked_at = NULL WHERE revoked_at IS NOT NULL",
    "DELETE FROM accounts_rolegrant",
    "UPDATE accounts_policyversion SET text = 'Anything goes.'",
    "UPDATE accounts_policyversion SET number = number + 10",
    "UPDATE accounts_policyversion SET published_at = '2001-01-01 00:00:00+00:00'",
    "DELETE FROM accounts_policyversion",
    "UPDATE accounts_policyclause SET text = 'Anything goes.'",
    "DELETE FROM accounts_policyclause",
    "UPDATE accounts_policyacceptance SET accepted_at = '2001-01-01 00:00:00+00:00'",
    "UPDATE accounts_policyacceptance SET user_id = (SELECT id FROM accounts_user WHERE handle = 'ada')",
    "DELETE FROM accounts_policyacceptance",
]
ON_SQLITE = [
    "INSERT OR REPLACE INTO accounts_policyacceptance SELECT id, '2001-01-01 00:00:00', user_id, version_id "
    "FROM accounts_policyacceptance",
    "REPLACE INTO accounts_user SELECT * FROM accounts_user WHERE email = 'rita@example.org'",
]
ON_POSTGRES = ["TRUNCATE accounts_policyversion CASCADE", "TRUNCATE accounts_policyacceptance CASCADE"]


def world() -> None:
    """A revoked grant, a standing one, and rules that somebody accepted."""
    ada, rita = cast.person("ada", Role.ADMINISTRATOR), cast.person("rita")
    cast.person("max", Role.MODERATOR)
    RoleGrant.objects.filter(role=Role.MODERATOR).update(revoked_at="2026-01-01 00:00:00+00:00", revoked_by=ada)
    version = policies.publish(
        "rules", title="Rules", clauses=[{"code": "kind", "title": "Be kind", "text": "As in a room."}], by=ada
    )
    policies.accept(rita, version)


def attack(sql: str) -> None:
    """A refusal by the triggers, not a mistake in the attack."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # TRUNCATE waits for the checks of foreign keys otherwise, and fails for that reason alone.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError) as refusal, transaction.atomic():
            cursor.execute(sql)
    said = str(refusal.value)
    assert any(
        words in said for words in ("append-only", "kept as evidence", "only by being revoked", "never deleted")
    ), said


def facts() -> list:
    tables = (User, RoleGrant, PolicyVersion, PolicyClause, PolicyAcceptance)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def here(attacks_here: str) -> list[str]:
    return ATTACKS + (ON_SQLITE if attacks_here == "sqlite" else ON_POSTGRES)


@pytest.mark.parametrize("sql", ATTACKS)
@pytest.mark.django_db
def test_raw_sql_is_refused(sql):
    world()
    before = facts()
    attack(sql)
    assert facts() == before


@pytest.mark.django_db
def test_so_is_what_only_this_database_knows():
    world()
    before = facts()
    for sql in here(connection.vendor)[len(ATTACKS) :]:
        attack(sql)
    assert facts() == before


@pytest.mark.parametrize(
    ("table", "column"),
    [(PolicyVersion, "changes"), (PolicyAcceptance, "accepted_at"), (RoleGrant, "valid_until"), (User, "bio")],
)
def test_all_of_it_still_is_after_a_migration_remade_the_table(committed_db, table, column):
    world()
    # What a migration does: take the triggers down, alter (which on SQLite makes the table anew), put them up again.
    triggers.drop()
    assert triggers.missing()
    old = table._meta.get_field(column)
    new = old.clone()
    new.db_default = models.Value("") if isinstance(new, models.TextField) else models.NOT_PROVIDED
    new.null = True
    new.set_attributes_from_name(column)
    new.model = table
    with connection.schema_editor() as editor:
        editor.alter_field(table, old, new)
    # The receiver listens to the audit app: the same signal that `migrate` sends at its end.
    from django.apps import apps

    post_migrate.send(
        sender=apps.get_app_config("audit"), app_config=apps.get_app_config("audit"), using="default", verbosity=0,
        interactive=False, plan=[], apps=apps,
    )  # fmt: skip
    assert triggers.missing() == []
    before = facts()
    for sql in here(connection.vendor):
        attack(sql)
    assert facts() == before


@pytest.mark.django_db
def test_the_orm_is_refused_too():
    world()
    rita = User.objects.get(email="rita@example.org")
    with pytest.raises(DatabaseError), transaction.atomic():
        User.objects.filter(pk=rita.pk)._raw_delete("default")
    with pytest.raises(DatabaseError), transaction.atomic():
        PolicyVersion.objects.update(title="Other rules")


@pytest.mark.django_db
def test_a_grant_may_be_revoked_once_and_a_person_anonymised():
    world()
    assert (
        RoleGrant.objects.filter(role=Role.ADMINISTRATOR, revoked_at=None).update(
            revoked_at="2026-02-02 00:00:00+00:00"
        )
        == 1
    )
    assert User.objects.filter(email="rita@example.org").update(email="gone-1@erased.invalid", handle="former-1") == 1
