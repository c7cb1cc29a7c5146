"""Database triggers, declared once for both databases, installed after every migration and compared with what stands.

A guard is a list of (condition, sentence): the row is refused where a condition is true. Conditions are SQL that both
databases read; `{now}` and `{today}` stand for the database's own clock, never the application's.
"""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import connections, router
from django.utils.module_loading import module_has_submodule

CLOCK = {
    "postgresql": {"now": "now()", "today": "(now() AT TIME ZONE 'UTC')::date"},
    "sqlite": {"now": "strftime('%Y-%m-%d %H:%M:%f', 'now')", "today": "date('now')"},
}
# pg_trigger.tgtype, see PostgreSQL's catalog/pg_trigger.h
ROW, BEFORE = 1, 2
EVENT_BITS = {"INSERT": 4, "DELETE": 8, "UPDATE": 16, "TRUNCATE": 32}


@dataclass(frozen=True)
class Trigger:
    """One trigger: `timing` is "BEFORE" or "AFTER", `event` is INSERT, UPDATE, DELETE or TRUNCATE (PostgreSQL only)."""

    name: str
    table: str
    timing: str
    event: str
    postgres: str
    sqlite: str

    def sql(self, vendor: str) -> list[str]:
        """The statements that create this trigger, or none where the database has no such event."""
        if vendor == "postgresql":
            level = "STATEMENT" if self.event == "TRUNCATE" else "ROW"
            return [
                f"CREATE OR REPLACE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $bedside${self.postgres}$bedside$",
                f"CREATE TRIGGER {self.name} {self.timing} {self.event} ON {self.table} "
                f"FOR EACH {level} EXECUTE FUNCTION {self.name}()",
            ]
        if self.event == "TRUNCATE":
            return []
        return [
            f"CREATE TRIGGER {self.name} {self.timing} {self.event} ON {self.table} FOR EACH ROW BEGIN {self.sqlite} END"
        ]


def guard(
    name: str,
    table: str,
    event: str,
    refusals: list[tuple[str, str]],
    *,
    lock: str = "",
    then: str = "",
    timing: str = "BEFORE",
) -> Trigger:
    """A trigger that refuses the row where any condition holds, then runs `then` (SQL for both databases).

    `lock` is a SELECT … FOR UPDATE that PostgreSQL runs first, so that two acts on one page wait for each other.
    SQLite has one writer at a time and needs none.
    """
    pg_clock, lite_clock = CLOCK["postgresql"], CLOCK["sqlite"]
    body = ["BEGIN"]
    if lock:
        body.append(f"  PERFORM {lock};")
    for condition, sentence in refusals:
        body.append(
            f"  IF {condition.format(**pg_clock)} THEN RAISE EXCEPTION '{sentence}' "
            f"USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = '{name}'; END IF;"
        )
    if then:
        body.append(f"  {then.format(**pg_clock)};")
    body += ["  RETURN OLD;" if event == "DELETE" else "  RETURN NEW;", "END"]
    lite = [
        f"SELECT RAISE(ABORT, '{sentence}') WHERE {condition.format(**lite_clock)};" for condition, sentence in refusals
    ]
    if then:
        lite.append(f"{then.format(**lite_clock)};")
    return Trigger(name, table, timing, event, "\n".join(body), " ".join(lite))


def append_only(table: str) -> list[Trigger]:
    """Rows of this table are evidence: they are inserted and never changed, removed or emptied out."""
    return [
        guard(f"{table}_no_{event.lower()}", table, event, [("true", f"{table} is append-only")])
        for event in ("UPDATE", "DELETE", "TRUNCATE")
    ]


def declared() -> Iterator[Trigger]:
    """Every trigger of every installed app, in app order."""
    for config in apps.get_app_configs():
        if config.name == "audit":
            yield from TRIGGERS
        elif module_has_submodule(config.module, "triggers"):
            yield from getattr(importlib.import_module(f"{config.name}.triggers"), "TRIGGERS", [])


def install(alias: str = "default") -> None:
    """Bring the database's triggers to what is declared. Idempotent; tables that do not exist yet are left out."""
    connection = connections[alias]
    tables = set(connection.introspection.table_names())
    wrong = set(missing(alias))
    with connection.cursor() as cursor:
        for trigger in declared():
            if trigger.table not in tables or trigger.name not in wrong:
                continue
            _drop(cursor, connection.vendor, trigger)
            for statement in trigger.sql(connection.vendor):
                cursor.execute(statement)


def drop(alias: str = "default") -> None:
    """Take every declared trigger down, so that a migration may remake tables."""
    connection = connections[alias]
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for trigger in declared():
            if trigger.table in tables:
                _drop(cursor, connection.vendor, trigger)


def missing(alias: str = "default") -> list[str]:
    """Names of declared triggers that are absent, switched off or different in this database."""
    connection = connections[alias]
    standing = _standing_postgres(connection) if connection.vendor == "postgresql" else _standing_sqlite(connection)
    return [
        trigger.name
        for trigger in declared()
        if trigger.sql(connection.vendor) and standing.get(trigger.name) != _fingerprint(trigger, connection.vendor)
    ]


def before_migrate(sender, using: str, plan=(), **kwargs) -> None:
    """Signal receiver: nothing to take down where nothing is about to change."""
    if plan and router.allow_migrate(using, "audit"):
        drop(using)


def after_migrate(sender, using: str, **kwargs) -> None:
    """Signal receiver: runs once a migrate, since it listens to the audit app alone."""
    if router.allow_migrate(using, "audit"):
        install(using)


def _drop(cursor, vendor: str, trigger: Trigger) -> None:
    if vendor == "postgresql":
        cursor.execute(f"DROP TRIGGER IF EXISTS {trigger.name} ON {trigger.table}")
    else:
        cursor.execute(f"DROP TRIGGER IF EXISTS {trigger.name}")


def _fingerprint(trigger: Trigger, vendor: str):
    if vendor == "postgresql":
        kind = EVENT_BITS[trigger.event] | (BEFORE if trigger.timing == "BEFORE" else 0)
        return trigger.table, kind | (0 if trigger.event == "TRUNCATE" else ROW), "O", trigger.postgres
    return trigger.table, trigger.sql(vendor)[0]


def _standing_postgres(connection) -> dict:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.tgname, c.relname, t.tgtype, t.tgenabled::text, p.prosrc FROM pg_trigger t "
            "JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid "
            "WHERE NOT t.tgisinternal AND pg_table_is_visible(c.oid)"
        )
        return {name: tuple(rest) for name, *rest in cursor.fetchall()}


def _standing_sqlite(connection) -> dict:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")
        return {name: (table, sql) for name, table, sql in cursor.fetchall()}


_LAST = "(SELECT e.{column} FROM audit_entry e ORDER BY e.seq DESC LIMIT 1)"
_LINK = [
    (
        "NEW.seq <> COALESCE(" + _LAST.replace("{column}", "seq") + ", 0) + 1",
        "audit_entry: seq must follow the last entry",
    ),
    (
        "NEW.prev_hash <> COALESCE(" + _LAST.replace("{column}", "hash") + ", '" + "0" * 64 + "')",
        "audit_entry: prev_hash must be the last hash",
    ),
]
_PG_DIGEST = (
    "encode(sha256(convert_to(concat_ws(E'\\x1f', NEW.seq, NEW.prev_hash, "
    "to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), COALESCE(NEW.actor_id::text, ''), "
    "NEW.verb, NEW.object_type, NEW.object_id, NEW.payload), 'UTF8')), 'hex')"
)


def _chain() -> Trigger:
    linked = guard("audit_entry_link", "audit_entry", "INSERT", _LINK, lock="pg_advisory_xact_lock(7203001)")
    # SQLite stores times as text of its own, so there the digest is left to `verify`.
    digest = (
        f"  IF NEW.hash <> {_PG_DIGEST} THEN RAISE EXCEPTION 'audit_entry: hash does not fit' "
        "USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'audit_entry_link'; END IF;\n  RETURN NEW;"
    )
    return Trigger(
        linked.name,
        linked.table,
        linked.timing,
        linked.event,
        linked.postgres.replace("  RETURN NEW;", digest),
        linked.sqlite,
    )


TRIGGERS = [_chain(), *append_only("audit_entry")]
