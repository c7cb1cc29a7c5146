"""What the database itself refuses about comments and decisions."""

from audit.triggers import append_only, guard

_DECIDED = (
    "EXISTS (SELECT 1 FROM comments_decision d WHERE d.comment_id = NEW.id AND d.version = NEW.version "
    "AND d.from_status = OLD.status AND d.to_status = NEW.status)"
)
_ACCEPTED = "EXISTS (SELECT 1 FROM accounts_policyacceptance a WHERE a.user_id = NEW.author_id AND a.version_id = NEW.rules_version_id)"

TRIGGERS = [
    guard(
        "comments_comment_starts_held",
        "comments_comment",
        "INSERT",
        [
            (
                "NEW.status <> 'held' OR NEW.version <> 1 OR NEW.current_id IS NOT NULL",
                "a comment begins held, at version 1, without a revision",
            )
        ],
    ),
    guard(
        "comments_comment_moves_with_a_decision",
        "comments_comment",
        "UPDATE",
        [
            (
                "NEW.status <> OLD.status AND (NEW.version <> OLD.version + 1 OR NOT " + _DECIDED + ")",
                "a comment changes status only with version + 1 and the decision that says so",
            ),
            (
                "NEW.version <> OLD.version AND NEW.status = OLD.status AND NEW.version <> OLD.version + 1",
                "a version moves by one",
            ),
            (
                "NEW.author_id <> OLD.author_id OR NEW.conversation_id <> OLD.conversation_id OR NEW.public_id <> OLD.public_id",
                "a comment keeps its author, its conversation and its address",
            ),
            (
                "NEW.current_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM comments_commentrevision r "
                "WHERE r.id = NEW.current_id AND r.comment_id = NEW.id)",
                "a comment shows one of its own revisions",
            ),
        ],
    ),
    guard(
        "comments_comment_no_delete",
        "comments_comment",
        "DELETE",
        [("true", "a comment is withdrawn or erased, never deleted")],
    ),
    guard(
        "comments_commentrevision_under_accepted_rules",
        "comments_commentrevision",
        "INSERT",
        [
            ("NOT " + _ACCEPTED, "comment written under rules its author never accepted"),
            (
                "NOT EXISTS (SELECT 1 FROM comments_comment c WHERE c.id = NEW.comment_id AND c.author_id = NEW.author_id)",
                "only the author writes a comment",
            ),
            (
                "NOT EXISTS (SELECT 1 FROM accounts_policyversion v JOIN accounts_policy p ON p.id = v.policy_id "
                "WHERE v.id = NEW.rules_version_id AND p.kind = 'rules')",
                "a comment is bound to a version of the community rules",
            ),
            (
                "NOT EXISTS (SELECT 1 FROM articles_publication p JOIN comments_comment c ON c.conversation_id = p.page_id "
                "WHERE p.id = NEW.publication_id AND c.id = NEW.comment_id)",
                "a comment is bound to a publication of its own page",
            ),
        ],
    ),
    guard(
        "comments_commentrevision_keeps_its_words",
        "comments_commentrevision",
        "UPDATE",
        [
            (
                "NEW.comment_id <> OLD.comment_id OR NEW.author_id <> OLD.author_id OR NEW.rules_version_id <> OLD.rules_version_id "
                "OR NEW.publication_id <> OLD.publication_id OR (NEW.text <> OLD.text AND NEW.text <> '') OR (NEW.html <> OLD.html AND NEW.html <> '')",
                "the words of a comment are erased or kept, never changed",
            )
        ],
    ),
    guard(
        "comments_decision_fits",
        "comments_decision",
        "INSERT",
        [
            (
                "NOT EXISTS (SELECT 1 FROM comments_comment c WHERE c.id = NEW.comment_id AND c.author_id = NEW.author_id "
                "AND c.status = NEW.from_status AND c.version + 1 = NEW.version)",
                "a decision names the comment as it stands, its author and its next version",
            ),
            (
                "NEW.source = 'moderator' AND NOT EXISTS (SELECT 1 FROM accounts_rolegrant g WHERE g.user_id = NEW.decided_by_id "
                "AND g.role = 'moderator' AND g.revoked_at IS NULL AND (g.valid_until IS NULL OR g.valid_until > {now}))",
                "only a moderator decides as a moderator",
            ),
        ],
    ),
    *append_only("comments_decision"),
]
