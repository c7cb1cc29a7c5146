"""What the database itself refuses about people and policies."""

from audit.triggers import append_only, guard

TRIGGERS = [
    guard("accounts_user_never_deleted", "accounts_user", "DELETE", [("true", "a user is anonymised, never deleted")]),
    guard(
        "accounts_rolegrant_only_revoked",
        "accounts_rolegrant",
        "UPDATE",
        [
            (
                "NEW.user_id <> OLD.user_id OR NEW.role <> OLD.role OR NEW.granted_by_id <> OLD.granted_by_id "
                "OR NEW.valid_from <> OLD.valid_from OR (NEW.valid_until IS NULL) <> (OLD.valid_until IS NULL) "
                "OR NEW.valid_until <> OLD.valid_until OR OLD.revoked_at IS NOT NULL",
                "a role grant changes only by being revoked, once",
            )
        ],
    ),
    guard(
        "accounts_rolegrant_no_delete", "accounts_rolegrant", "DELETE", [("true", "a role grant is kept as evidence")]
    ),
    *append_only("accounts_policyversion"),
    *append_only("accounts_policyclause"),
    *append_only("accounts_policyacceptance"),
]
