"""What the database itself refuses about comments and decisions."""

from audit.triggers import append_only, guard

_DECIDED = (
    "EXISTS (SELECT 1 FROM comments_decision d WHERE d.comment_id = NEW.id AND d.version = NEW.version "
    "AND d.from_status = OLD.status AND d.to_status = NEW.status AND d.revision_id = NEW.current_id)"
)
_BY_ITS_AUTHOR = "EXISTS (SELECT 1 FROM comments_comment c WHERE c.id = NEW.comment_id AND c.author_id = NEW.user_id)"
_MODERATES = (
    "EXISTS (SELECT 1 FROM accounts_rolegrant g WHERE g.user_id = NEW.{who} AND g.role = 'moderator' "
    "AND g.revoked_at IS NULL AND (g.valid_until IS NULL OR g.valid_until > {{now}}))"
)
_ACCEPTED = "EXISTS (SELECT 1 FROM accounts_policyacceptance a WHERE a.user_id = NEW.author_id AND a.version_id = NEW.rules_version_id)"

# Columns of an adverse event beside its snapshot that stand as they were recorded; their types differ, their texts compare.
_RECORDED = (
    "products", "events", "has_patient", "has_reporter", "has_product", "has_event", "seriousness", "situations", "note",
    "recorded_at", "contact_id", "due_at",
)  # fmt: skip


def _changed(column: str) -> str:
    return f"COALESCE(CAST(NEW.{column} AS text), '') <> COALESCE(CAST(OLD.{column} AS text), '')"


TRIGGERS = [
    guard(
        "comments_comment_starts_held",
        "comments_comment",
        "INSERT",
        [
            (
                "NEW.status <> 'held' OR NEW.version <> 1 OR NEW.current_id IS NOT NULL",
                "a comment begins held, at version 1, without a revision",
            ),
            (
                "NEW.live_below <> 0 OR NEW.helpful_count <> 0",
                "a comment begins without replies and without anybody who found it helpful",
            ),
            (
                "NEW.parent_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM comments_comment p WHERE p.id = NEW.parent_id "
                "AND p.conversation_id = NEW.conversation_id AND p.depth + 1 = NEW.depth AND COALESCE(p.root_id, p.id) = NEW.root_id "
                "AND p.published_at IS NOT NULL)",
                "a reply stands one step below a comment of its own conversation that readers have seen",
            ),
            (
                "NEW.reply_to_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM comments_comment p WHERE p.id = NEW.reply_to_id "
                "AND p.status = 'live' AND COALESCE(p.root_id, p.id) = NEW.root_id)",
                "a reply answers a live comment of its own thread",
            ),
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
                "COALESCE(NEW.parent_id, 0) <> COALESCE(OLD.parent_id, 0) OR COALESCE(NEW.root_id, 0) <> COALESCE(OLD.root_id, 0) "
                "OR COALESCE(NEW.reply_to_id, 0) <> COALESCE(OLD.reply_to_id, 0) OR NEW.depth <> OLD.depth "
                "OR (NEW.path <> OLD.path AND OLD.path <> '')",
                "a comment keeps its place in the thread",
            ),
            (
                "NEW.path <> OLD.path AND (length(NEW.path) <> 8 * (NEW.depth + 1) OR (NEW.parent_id IS NOT NULL AND NOT EXISTS "
                "(SELECT 1 FROM comments_comment p WHERE p.id = NEW.parent_id AND p.path = substr(NEW.path, 1, 8 * NEW.depth))))",
                "the path of a comment goes on from that of its parent",
            ),
            (
                "NEW.current_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM comments_commentrevision r "
                "WHERE r.id = NEW.current_id AND r.comment_id = NEW.id)",
                "a comment shows one of its own revisions",
            ),
            (
                "OLD.current_id IS NOT NULL AND (NEW.current_id IS NULL OR (NEW.current_id <> OLD.current_id "
                "AND (NEW.version <> OLD.version + 1 OR NOT " + _DECIDED + ")))",
                "the words of a comment change only with version + 1 and the decision that names them",
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
                "NEW.redacted_by_id IS NOT NULL AND (NEW.redacted_by_id = NEW.author_id OR NEW.number = 1 OR NOT "
                + _MODERATES.format(who="redacted_by_id")
                + ")",
                "only a moderator takes something out of the words of another",
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
                "NEW.source = 'moderator' AND NOT " + _MODERATES.format(who="decided_by_id"),
                "only a moderator decides as a moderator",
            ),
            (
                "NEW.source NOT IN ('moderator', 'policy') AND NEW.to_status = 'live'",
                "only a moderator or the screening puts a comment before readers",
            ),
            (
                "NEW.to_status = 'spam' AND NEW.from_status <> 'spam' AND EXISTS (SELECT 1 FROM comments_crisiscase k "
                "WHERE k.comment_id = NEW.comment_id AND k.closed_at IS NULL)",
                "nobody who may be in danger is called spam",
            ),
            (
                "NEW.source = 'policy' AND NEW.from_status NOT IN ('held', 'live')",
                "the screening brings nothing back that was taken down",
            ),
            (
                "NEW.source = 'author' AND NEW.to_status NOT IN ('held', 'withdrawn')",
                "an author changes her words or takes them back, nothing else",
            ),
            (
                "NEW.revision_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM comments_commentrevision r "
                "WHERE r.id = NEW.revision_id AND r.comment_id = NEW.comment_id)",
                "a decision is about words of its own comment",
            ),
            (
                "NEW.undoes_id IS NULL AND ((NEW.to_status = 'held' AND NEW.from_status NOT IN ('held', 'live')) "
                "OR (NEW.to_status = 'held' AND NEW.from_status = 'live' AND NEW.source <> 'author') "
                "OR (NEW.to_status = 'hidden' AND NEW.from_status NOT IN ('hidden', 'live')))",
                "a decision is only turned back by taking it back",
            ),
            (
                "NEW.undoes_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM comments_decision u WHERE u.id = NEW.undoes_id "
                "AND u.comment_id = NEW.comment_id AND u.version + 1 = NEW.version AND u.decided_by_id = NEW.decided_by_id "
                "AND u.source = 'moderator' AND u.from_status = NEW.to_status AND u.to_status = NEW.from_status "
                "AND u.undoes_id IS NULL)",
                "a moderator takes back the last decision, if it was their own",
            ),
        ],
    ),
    *append_only("comments_decision"),
    guard(
        "comments_sanction_by_a_moderator",
        "comments_sanction",
        "INSERT",
        [("NOT " + _MODERATES.format(who="by_id"), "only a moderator imposes a sanction")],
    ),
    guard(
        "comments_sanction_stands_or_is_lifted",
        "comments_sanction",
        "UPDATE",
        [
            (
                "NEW.user_id <> OLD.user_id OR NEW.kind <> OLD.kind OR NEW.by_id <> OLD.by_id OR NEW.created_at <> OLD.created_at "
                "OR NEW.reason <> OLD.reason OR COALESCE(NEW.conversation_id, 0) <> COALESCE(OLD.conversation_id, 0) "
                "OR COALESCE(NEW.clause_id, 0) <> COALESCE(OLD.clause_id, 0) OR COALESCE(NEW.decision_id, 0) <> COALESCE(OLD.decision_id, 0) "
                "OR (NEW.message <> OLD.message AND NEW.message <> '') OR COALESCE(NEW.until, OLD.created_at) <> COALESCE(OLD.until, OLD.created_at) "
                "OR (OLD.lifted_at IS NOT NULL AND (NEW.lifted_at IS NULL OR NEW.lifted_at <> OLD.lifted_at "
                "OR NEW.lifted_by_id <> OLD.lifted_by_id))",
                "a sanction stands as it was imposed, until it is lifted",
            ),
            (
                "OLD.lifted_at IS NULL AND NEW.lifted_at IS NOT NULL AND NOT " + _MODERATES.format(who="lifted_by_id"),
                "only a moderator lifts a sanction",
            ),
            (
                "NEW.lifted_at IS NOT NULL AND NEW.lifted_by_id = NEW.user_id",
                "nobody lifts a sanction of their own",
            ),
        ],
    ),
    guard(
        "comments_sanction_no_delete",
        "comments_sanction",
        "DELETE",
        [("true", "a sanction is lifted, never deleted")],
    ),
    guard(
        "comments_appeal_heard_by_a_moderator",
        "comments_appeal",
        "UPDATE",
        [
            (
                "NEW.decided_by_id IS NOT NULL AND OLD.decided_by_id IS NULL AND NOT "
                + _MODERATES.format(who="decided_by_id"),
                "only a moderator hears an appeal",
            ),
        ],
    ),
    guard(
        "comments_sanctionappeal_by_who_imposed_it",
        "comments_sanctionappeal",
        "INSERT",
        [
            (
                "NEW.decided_at IS NOT NULL OR NOT EXISTS (SELECT 1 FROM comments_sanction s WHERE s.id = NEW.sanction_id "
                "AND s.by_id = NEW.first_moderator_id)",
                "an appeal of a sanction begins open and names who imposed it",
            ),
        ],
    ),
    guard(
        "comments_sanctionappeal_heard_once",
        "comments_sanctionappeal",
        "UPDATE",
        [
            (
                "NEW.sanction_id <> OLD.sanction_id OR NEW.first_moderator_id <> OLD.first_moderator_id "
                "OR NEW.created_at <> OLD.created_at OR (NEW.text <> OLD.text AND NEW.text <> '') "
                "OR (OLD.decided_at IS NOT NULL AND (NEW.decided_at IS NULL OR NEW.decided_at <> OLD.decided_at "
                "OR NEW.decided_by_id <> OLD.decided_by_id OR NEW.upheld <> OLD.upheld "
                "OR (NEW.answer <> OLD.answer AND NEW.answer <> '')))",
                "an appeal of a sanction is answered once; only its words can be erased",
            ),
            (
                "NEW.decided_at IS NOT NULL AND OLD.decided_at IS NULL AND NOT "
                + _MODERATES.format(who="decided_by_id"),
                "only a moderator hears an appeal",
            ),
            (
                "NEW.decided_at IS NOT NULL AND EXISTS (SELECT 1 FROM comments_sanction s WHERE s.id = NEW.sanction_id "
                "AND s.user_id = NEW.decided_by_id)",
                "nobody hears an appeal of their own",
            ),
        ],
    ),
    guard(
        "comments_sanctionappeal_no_delete",
        "comments_sanctionappeal",
        "DELETE",
        [("true", "an appeal is answered, never deleted")],
    ),
    guard(
        "comments_helpful_is_for_others",
        "comments_helpful",
        "INSERT",
        [(_BY_ITS_AUTHOR, "nobody finds their own comment helpful for others")],
    ),
    *append_only("comments_wordlist"),
    guard(
        "comments_crisiscase_no_delete",
        "comments_crisiscase",
        "DELETE",
        [("true", "a crisis case is closed, never deleted")],
    ),
    guard(
        "comments_crisiscase_closes_once",
        "comments_crisiscase",
        "UPDATE",
        [
            (
                "NEW.comment_id <> OLD.comment_id OR NEW.opened_at <> OLD.opened_at OR (OLD.closed_at IS NOT NULL "
                "AND (NEW.closed_at IS NULL OR NEW.closed_at <> OLD.closed_at OR NEW.outcome <> OLD.outcome "
                "OR NEW.closed_by_id <> OLD.closed_by_id))",
                "a crisis case is closed once, with one outcome, and stays about its comment",
            ),
            (
                "NEW.closed_at IS NOT NULL AND OLD.closed_at IS NULL AND NOT " + _MODERATES.format(who="closed_by_id"),
                "only a moderator closes a crisis case",
            ),
        ],
    ),
    guard(
        "comments_crisisstep_by_a_moderator",
        "comments_crisisstep",
        "INSERT",
        [
            (
                "NEW.by_id IS NOT NULL AND NOT " + _MODERATES.format(who="by_id"),
                "only a moderator takes a step in a crisis",
            ),
            (
                "NEW.by_id IS NULL AND NEW.kind NOT IN ('opened', 'told')",
                "what was done in a crisis was done by somebody",
            ),
        ],
    ),
    guard(
        "comments_followup_is_done_once",
        "comments_followup",
        "UPDATE",
        [
            (
                "NEW.case_id <> OLD.case_id OR NEW.due_at <> OLD.due_at OR (OLD.done_at IS NOT NULL AND (NEW.done_at IS NULL "
                "OR NEW.done_at <> OLD.done_at OR NEW.done_by_id <> OLD.done_by_id))",
                "a follow-up is done once; only its words can be erased",
            ),
        ],
    ),
    guard(
        "comments_followup_no_delete",
        "comments_followup",
        "DELETE",
        [("true", "a follow-up is done, never deleted")],
    ),
    guard(
        "comments_crisisstep_stands",
        "comments_crisisstep",
        "UPDATE",
        [
            (
                "NEW.case_id <> OLD.case_id OR NEW.kind <> OLD.kind OR COALESCE(NEW.by_id, 0) <> COALESCE(OLD.by_id, 0) "
                "OR NEW.code <> OLD.code OR NEW.at <> OLD.at OR (NEW.text <> OLD.text AND NEW.text <> '')",
                "a step in a crisis stands as it was taken; only its words can be erased",
            )
        ],
    ),
    guard(
        "comments_crisisstep_no_delete",
        "comments_crisisstep",
        "DELETE",
        [("true", "a step in a crisis is never deleted")],
    ),
    guard(
        "comments_adverseevent_is_of_its_comment",
        "comments_adverseevent",
        "INSERT",
        [
            (
                "NOT EXISTS (SELECT 1 FROM comments_commentrevision r WHERE r.id = NEW.revision_id AND r.comment_id = NEW.comment_id "
                "AND r.text = NEW.snapshot)",
                "an adverse event records the words as they stand",
            ),
            ("NOT " + _MODERATES.format(who="recorded_by_id"), "only a moderator records an adverse event"),
            (
                "EXISTS (SELECT 1 FROM comments_comment c WHERE c.id = NEW.comment_id AND c.author_id = NEW.recorded_by_id)",
                "nobody records an adverse event of their own comment",
            ),
            (
                "NEW.state <> 'recorded' OR NEW.version <> 1 OR NEW.handed_over_at IS NOT NULL OR NEW.acknowledged_at IS NOT NULL",
                "an adverse event begins recorded, at version 1",
            ),
        ],
    ),
    guard(
        "comments_adverseevent_keeps_its_snapshot",
        "comments_adverseevent",
        "UPDATE",
        [
            (
                "NEW.snapshot <> OLD.snapshot OR NEW.snapshot_hash <> OLD.snapshot_hash OR NEW.comment_id <> OLD.comment_id "
                "OR NEW.revision_id <> OLD.revision_id OR NEW.aware_at <> OLD.aware_at OR NEW.recorded_by_id <> OLD.recorded_by_id "
                "OR NEW.version <> OLD.version + 1",
                "what was recorded of an adverse event never changes, and its state only by one version",
            ),
            (
                " OR ".join(f"{_changed(name)}" for name in _RECORDED),
                "what was recorded of an adverse event never changes",
            ),
            (
                "OLD.state IN ('acknowledged') AND NEW.state <> OLD.state",
                "an acknowledged adverse event stays acknowledged",
            ),
            (
                "NEW.state <> OLD.state AND NOT (OLD.state = 'recorded' AND NEW.state IN ('handed_over', 'none')) "
                "AND NOT (OLD.state = 'handed_over' AND NEW.state = 'acknowledged')",
                "an adverse event is recorded, handed over, acknowledged, in this order",
            ),
            (
                "(OLD.handed_over_at IS NOT NULL AND NEW.handed_over_at <> OLD.handed_over_at) "
                "OR (OLD.state = 'acknowledged' AND (NEW.acknowledged_at <> OLD.acknowledged_at "
                "OR NEW.acknowledgement <> OLD.acknowledgement))",
                "when an adverse event was handed over and acknowledged never changes",
            ),
        ],
    ),
    guard(
        "comments_adverseevent_no_delete",
        "comments_adverseevent",
        "DELETE",
        [("true", "an adverse event is never deleted")],
    ),
]
