"""The gate: what the database itself refuses about revisions, signatures and publications.

No unsigned medical byte is ever public: `articles_page.live_publication_id` is the only road to readers, and it can point
only at the newest publication of that page while every signature its policy asks for stands.
"""

from audit.triggers import append_only, guard

_CREDENTIAL_VALID = (
    "EXISTS (SELECT 1 FROM accounts_credential c WHERE c.id = {credential} AND c.user_id = {signer} AND c.revoked_at IS NULL "
    "AND c.valid_from <= {{today}} AND (c.valid_until IS NULL OR c.valid_until >= {{today}}))"
)
_NOT_REVOKED = "NOT EXISTS (SELECT 1 FROM articles_revocation x WHERE x.sign_off_id = s.id)"


# A typo-class review rests on the signatures of the review it leans on, and asks for its own on top.
_REVIEWS = "(rv.id = {review} OR rv.id = (SELECT l.leans_on_id FROM articles_review l WHERE l.id = {review}))"


def _gate(*, page: str, review: str, revision: str, content_hash: str, vouched_hash: str) -> list[tuple[str, str]]:
    """Refusals that keep a revision from readers; the arguments are SQL expressions. Used at insert and at pointing."""
    standing = (
        "SELECT 1 FROM articles_signoff s JOIN articles_revision r ON r.id = s.revision_id "
        f"WHERE s.step_id = st.id AND s.content_hash = rv.content_hash AND r.page_id = {page} AND s.valid_until > {{now}} "
        f"AND {_NOT_REVOKED} AND (NOT rv.reaffirms OR s.review_id = rv.id) "
        "AND NOT EXISTS (SELECT 1 FROM articles_revisioncontributor k WHERE k.revision_id = rv.revision_id AND k.user_id = s.signer_id) "
        "AND (NOT st.needs_credential OR "
        + _CREDENTIAL_VALID.format(credential="s.credential_id", signer="s.signer_id")
        + ")"
    )
    steps = (
        "SELECT 1 FROM articles_reviewstep st JOIN articles_review rv ON rv.policy_id = st.policy_id "
        f"WHERE {_REVIEWS.format(review=review)}"
    )
    return [
        (
            f"NOT EXISTS (SELECT 1 FROM articles_review rv WHERE rv.id = {review} AND rv.page_id = {page} "
            f"AND rv.revision_id = {revision} AND rv.content_hash = {content_hash})",
            "a publication names the review of exactly its revision and hash",
        ),
        (
            f"NOT EXISTS (SELECT 1 FROM articles_revision r WHERE r.id = {revision} AND r.page_id = {page} "
            f"AND r.content_hash = {content_hash})",
            "a publication names one existing revision of its page and that hash",
        ),
        (
            f"EXISTS (SELECT 1 FROM articles_review rv JOIN articles_reviewpolicy y ON y.id = rv.policy_id "
            f"JOIN articles_page p ON p.id = {page} WHERE rv.id = {review} AND p.risk = 'high' AND y.risk <> 'high')",
            "a page of the higher risk class is not published under a policy for less",
        ),
        (f"NOT EXISTS ({steps} AND st.code = 'medical')", "no policy publishes without a medical review"),
        (
            f"EXISTS ({steps} AND NOT EXISTS ({standing}))",
            "a signature that the review policy asks for is missing or no longer stands",
        ),
        (
            f"NOT EXISTS (SELECT 1 FROM articles_review rv WHERE {_REVIEWS.format(review=review)} AND rv.leans_on_id IS NULL "
            f"AND rv.content_hash = {vouched_hash})",
            "a publication names the hash that its medical signatures name",
        ),
        (
            f"EXISTS (SELECT 1 FROM articles_review rv WHERE rv.id = {review} AND rv.class_refused)",
            "a signer said that this is more than a change of spelling or layout",
        ),
        # A note holds back the revision it was written for and every later one, until it is settled.
        (
            "EXISTS (SELECT 1 FROM articles_note n JOIN articles_review nr ON nr.id = n.review_id "
            "JOIN articles_revision x ON x.id = nr.revision_id JOIN articles_revision mine "
            f"ON mine.id = {revision} AND mine.page_id = x.page_id AND mine.number >= x.number "
            "WHERE n.blocking AND n.resolved_at IS NULL)",
            "a blocking note is open",
        ),
        (
            "EXISTS (SELECT 1 FROM articles_revisionreference c JOIN articles_reference f ON f.id = c.reference_id "
            f"WHERE c.revision_id = {revision} AND f.status IN ('retracted', 'withdrawn') AND NOT EXISTS "
            f"(SELECT 1 FROM articles_referenceacknowledgement a WHERE a.revision_id = {revision} AND a.reference_id = f.id))",
            "a cited source is retracted and nobody acknowledged it",
        ),
    ]


_LOCK_PAGE = "1 FROM articles_page p WHERE p.id = {page} FOR UPDATE"
_POINTED = "(SELECT p.{column} FROM articles_publication p WHERE p.id = NEW.live_publication_id)"
_POINTS = "NEW.live_publication_id IS NOT NULL AND (OLD.live_publication_id IS NULL OR NEW.live_publication_id <> OLD.live_publication_id)"


def _live_pointer() -> list[tuple[str, str]]:
    gate = _gate(
        page="NEW.id",
        review=_POINTED.format(column="review_id"),
        revision=_POINTED.format(column="revision_id"),
        content_hash=_POINTED.format(column="content_hash"),
        vouched_hash=_POINTED.format(column="vouched_hash"),
    )
    own = [
        (f"{_POINTED.format(column='page_id')} <> NEW.id", "a page shows its own publications"),
        (
            f"{_POINTED.format(column='number')} <> (SELECT MAX(q.number) FROM articles_publication q WHERE q.page_id = NEW.id)",
            "a page shows its newest publication or none",
        ),
        (
            "EXISTS (SELECT 1 FROM articles_withdrawal w WHERE w.publication_id = NEW.live_publication_id)",
            "a withdrawn publication does not come back; publish the revision again",
        ),
    ]
    return [(f"{_POINTS} AND ({condition})", sentence) for condition, sentence in own + gate]


_SIGN_OFF = [
    (
        "NOT EXISTS (SELECT 1 FROM articles_revision r WHERE r.id = NEW.revision_id AND r.content_hash = NEW.content_hash)",
        "a signature names one existing revision and exactly its hash",
    ),
    (
        "NOT EXISTS (SELECT 1 FROM articles_review v JOIN articles_reviewstep st ON st.policy_id = v.policy_id "
        "WHERE v.id = NEW.review_id AND v.status = 'open' AND v.revision_id = NEW.revision_id AND st.id = NEW.step_id)",
        "a signature belongs to a step of the open review of its revision",
    ),
    (
        "EXISTS (SELECT 1 FROM articles_revisioncontributor k WHERE k.revision_id = NEW.revision_id AND k.user_id = NEW.signer_id) "
        "OR EXISTS (SELECT 1 FROM articles_revision r WHERE r.id = NEW.revision_id AND r.created_by_id = NEW.signer_id)",
        "nobody signs what they wrote",
    ),
    (
        "EXISTS (SELECT 1 FROM articles_signoff s JOIN articles_revision r ON r.id = s.revision_id "
        "JOIN articles_revision mine ON mine.id = NEW.revision_id AND mine.page_id = r.page_id WHERE s.signer_id = NEW.signer_id "
        f"AND s.content_hash = NEW.content_hash AND s.step_id <> NEW.step_id AND {_NOT_REVOKED} "
        # Under a newer policy the same person may vouch for the same bytes again.
        "AND EXISTS (SELECT 1 FROM articles_reviewstep a JOIN articles_reviewstep b ON b.policy_id = a.policy_id "
        "WHERE a.id = s.step_id AND b.id = NEW.step_id))",
        "one person takes one step",
    ),
    (
        "EXISTS (SELECT 1 FROM articles_reviewstep st WHERE st.id = NEW.step_id AND st.needs_credential) AND NOT "
        + _CREDENTIAL_VALID.format(credential="NEW.credential_id", signer="NEW.signer_id"),
        "the signer has no credential that is valid today",
    ),
    (
        "NOT EXISTS (SELECT 1 FROM accounts_rolegrant g JOIN articles_reviewstep st ON st.id = NEW.step_id AND st.role = g.role "
        "WHERE g.user_id = NEW.signer_id AND g.revoked_at IS NULL AND (g.valid_until IS NULL OR g.valid_until > {now}))",
        "the signer does not hold the role that this step asks for",
    ),
    (
        "NEW.ceremony IS NULL OR NEW.ceremony = '' OR NEW.closure = '' OR NEW.shown_at IS NULL OR NEW.shown_at > NEW.signed_at "
        "OR NEW.authenticated_at < NEW.shown_at",
        "a signature names the page it was read on, and was authenticated after that",
    ),
]

_SAME_LINE = "y.kind = p.kind AND y.risk = p.risk AND y.change_class = r.change_class"
_REVIEW_FITS = [
    (
        "NOT EXISTS (SELECT 1 FROM articles_revision r JOIN articles_page p ON p.id = r.page_id "
        f"JOIN articles_reviewpolicy y ON y.id = NEW.policy_id AND {_SAME_LINE} "
        "WHERE r.id = NEW.revision_id AND r.page_id = NEW.page_id AND r.content_hash = NEW.content_hash)",
        "a review names one revision of its page, exactly its hash, and a policy for that kind, risk and change",
    ),
    (
        "EXISTS (SELECT 1 FROM articles_reviewpolicy y JOIN articles_reviewpolicy z ON z.kind = y.kind AND z.risk = y.risk "
        "AND z.change_class = y.change_class AND z.number > y.number WHERE y.id = NEW.policy_id)",
        "a review begins under the newest policy",
    ),
    (
        "(NEW.leans_on_id IS NOT NULL) <> EXISTS (SELECT 1 FROM articles_reviewpolicy y "
        "WHERE y.id = NEW.policy_id AND y.change_class = 'typo')",
        "a typo review leans on a medical review, and no other review does",
    ),
    (
        "NEW.leans_on_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM articles_review l JOIN articles_page p ON p.id = l.page_id "
        "JOIN articles_publication q ON q.id = p.live_publication_id AND q.vouched_hash = l.content_hash "
        "WHERE l.id = NEW.leans_on_id AND l.page_id = NEW.page_id AND l.leans_on_id IS NULL)",
        "a typo review leans on the medical review of what is public now",
    ),
]
# A change of spelling moves no date: only a signature of the whole revision does.
_TYPO_DATES = (
    "EXISTS (SELECT 1 FROM articles_review v WHERE v.id = NEW.review_id AND v.leans_on_id IS NOT NULL AND NOT EXISTS "
    "(SELECT 1 FROM articles_publication q WHERE q.page_id = NEW.page_id AND q.vouched_hash = NEW.vouched_hash "
    "AND q.reviewed_on = NEW.reviewed_on AND q.next_review_due = NEW.next_review_due))",
    "a typo-class change keeps the dates of the review it leans on",
)
# Whatever reason the row gives: a return to an earlier revision and a text that is only read anew correct nothing.
_CORRECTION_IS_TOLD = (
    "EXISTS (SELECT 1 FROM articles_revision r JOIN articles_review v ON v.id = NEW.review_id "
    "WHERE r.id = NEW.revision_id AND r.change_class = 'correction' AND NOT v.reaffirms AND r.number >= "
    "(SELECT MAX(x.number) FROM articles_publication q JOIN articles_revision x ON x.id = q.revision_id "
    "WHERE q.page_id = NEW.page_id)) AND NOT EXISTS (SELECT 1 FROM articles_publicnotice n WHERE n.page_id = NEW.page_id "
    "AND n.kind = 'correction' AND n.at > (SELECT MAX(q.published_at) FROM articles_publication q WHERE q.page_id = NEW.page_id))",
    "a correction is published with a notice that says so",
)
_ONCE_ANOTHERS = (
    "EXISTS (SELECT 1 FROM articles_redirect d WHERE d.kind = NEW.kind AND d.language = NEW.language "
    "AND d.slug = NEW.slug AND d.page_id <> NEW.id)",
    "an address that another page once had is not given away",
)

_REVISION_HASH = {
    "postgresql": "NEW.content_hash <> 'b1:' || encode(sha256(convert_to(NEW.content, 'UTF8')), 'hex')",
    # Django gives every SQLite connection this function; a client without it cannot insert a revision at all.
    "sqlite": "NEW.content_hash <> 'b1:' || SHA256(NEW.content)",
}


def _revision_hash():
    sentence = "a revision carries the hash of exactly its bytes"
    pg = guard("articles_revision_hash", "articles_revision", "INSERT", [(_REVISION_HASH["postgresql"], sentence)])
    lite = guard("articles_revision_hash", "articles_revision", "INSERT", [(_REVISION_HASH["sqlite"], sentence)])
    return type(pg)(pg.name, pg.table, pg.timing, pg.event, pg.postgres, lite.sqlite)


TRIGGERS = [
    guard(
        "articles_page_starts_unpublished",
        "articles_page",
        "INSERT",
        [("NEW.live_publication_id IS NOT NULL", "a page begins unpublished"), _ONCE_ANOTHERS],
    ),
    guard("articles_page_live_pointer", "articles_page", "UPDATE", [*_live_pointer(), _ONCE_ANOTHERS]),
    guard(
        "articles_redirect_fits",
        "articles_redirect",
        "INSERT",
        [
            (
                "EXISTS (SELECT 1 FROM articles_page p WHERE p.kind = NEW.kind AND p.language = NEW.language "
                "AND p.slug = NEW.slug AND p.id <> NEW.page_id)",
                "an address leads to the page that has it",
            )
        ],
    ),
    guard("articles_page_no_delete", "articles_page", "DELETE", [("true", "a page is withdrawn, never deleted")]),
    _revision_hash(),
    *append_only("articles_revision"),
    guard(
        "articles_revisioncontributor_before_signing",
        "articles_revisioncontributor",
        "INSERT",
        [
            (
                "EXISTS (SELECT 1 FROM articles_signoff s WHERE s.revision_id = NEW.revision_id AND s.signer_id = NEW.user_id)",
                "a signer cannot become a contributor",
            )
        ],
    ),
    *append_only("articles_revisioncontributor"),
    *append_only("articles_revisionreference"),
    *append_only("articles_referenceversion"),
    *append_only("articles_referencestatus"),
    *append_only("articles_referenceacknowledgement"),
    *append_only("articles_reviewpolicy"),
    guard(
        "articles_reviewstep_before_use",
        "articles_reviewstep",
        "INSERT",
        [
            (
                "EXISTS (SELECT 1 FROM articles_review v WHERE v.policy_id = NEW.policy_id)",
                "a policy that reviews were opened under gets no other steps",
            )
        ],
    ),
    *append_only("articles_reviewstep"),
    guard("articles_review_fits", "articles_review", "INSERT", _REVIEW_FITS),
    guard(
        "articles_review_keeps_its_subject",
        "articles_review",
        "UPDATE",
        [
            (
                "NEW.page_id <> OLD.page_id OR NEW.revision_id <> OLD.revision_id OR NEW.content_hash <> OLD.content_hash "
                "OR NEW.policy_id <> OLD.policy_id OR NEW.opened_by_id <> OLD.opened_by_id "
                "OR COALESCE(NEW.leans_on_id, 0) <> COALESCE(OLD.leans_on_id, 0) OR NEW.reaffirms <> OLD.reaffirms OR (OLD.class_refused AND NOT NEW.class_refused)",
                "a review keeps its revision and its policy",
            )
        ],
    ),
    guard("articles_review_no_delete", "articles_review", "DELETE", [("true", "a review is kept as evidence")]),
    guard(
        "articles_note_keeps_its_subject",
        "articles_note",
        "UPDATE",
        [
            (
                "NEW.review_id <> OLD.review_id OR NEW.node_id <> OLD.node_id OR NEW.blocking <> OLD.blocking "
                "OR NEW.author_id <> OLD.author_id OR (NEW.text <> OLD.text AND NEW.text <> '') "
                "OR (NEW.quote <> OLD.quote AND NEW.quote <> '')",
                "a note keeps its words and its place; they can only be erased",
            ),
            (
                "OLD.resolved_at IS NOT NULL AND (NEW.resolved_at IS NULL OR NEW.resolved_at <> OLD.resolved_at "
                "OR NEW.resolved_by_id <> OLD.resolved_by_id)",
                "a settled note stays settled",
            ),
            (
                "OLD.resolved_at IS NULL AND NEW.resolved_at IS NOT NULL AND (NEW.resolved_by_id IS NULL OR EXISTS "
                "(SELECT 1 FROM articles_review v JOIN articles_revisioncontributor k ON k.revision_id = v.revision_id "
                "WHERE v.id = NEW.review_id AND k.user_id = NEW.resolved_by_id))",
                "nobody settles a note on what they wrote",
            ),
        ],
    ),
    guard("articles_note_no_delete", "articles_note", "DELETE", [("true", "a note is kept as evidence")]),
    guard(
        "articles_errorreport_keeps_its_subject",
        "articles_errorreport",
        "UPDATE",
        [
            (
                "NEW.page_id <> OLD.page_id OR NEW.content_hash <> OLD.content_hash OR NEW.kind <> OLD.kind "
                "OR NEW.created_at <> OLD.created_at OR (NEW.text <> OLD.text AND NEW.text <> '') "
                "OR (NEW.email <> OLD.email AND NEW.email <> '')",
                "a report of an error keeps its words; they can only be erased",
            )
        ],
    ),
    guard(
        "articles_errorreport_no_delete",
        "articles_errorreport",
        "DELETE",
        [("true", "that a reader reported an error is kept")],
    ),
    guard("articles_signoff_fits", "articles_signoff", "INSERT", _SIGN_OFF),
    *append_only("articles_signoff"),
    *append_only("articles_revocation"),
    guard(
        "articles_revocation_takes_down",
        "articles_revocation",
        "INSERT",
        [],
        timing="AFTER",
        lock="1 FROM articles_page p JOIN articles_revision r ON r.page_id = p.id JOIN articles_signoff s ON s.revision_id = r.id "
        "WHERE s.id = NEW.sign_off_id FOR UPDATE OF p",
        then="UPDATE articles_page SET live_publication_id = NULL, version = version + 1 WHERE live_publication_id IN "
        "(SELECT p.id FROM articles_publication p JOIN articles_signoff s ON s.content_hash IN (p.content_hash, p.vouched_hash) "
        "JOIN articles_revision r ON r.id = s.revision_id AND r.page_id = p.page_id WHERE s.id = NEW.sign_off_id); "
        "UPDATE articles_siteversion SET number = number + 1",
    ),
    guard(
        "articles_publication_gate",
        "articles_publication",
        "INSERT",
        [
            *_gate(
                page="NEW.page_id",
                review="NEW.review_id",
                revision="NEW.revision_id",
                content_hash="NEW.content_hash",
                vouched_hash="NEW.vouched_hash",
            ),
            _TYPO_DATES,
            _CORRECTION_IS_TOLD,
            (
                "NEW.number <> COALESCE((SELECT MAX(q.number) FROM articles_publication q WHERE q.page_id = NEW.page_id), 0) + 1",
                "publications of a page are numbered one after the other",
            ),
        ],
        lock=_LOCK_PAGE.format(page="NEW.page_id"),
    ),
    *append_only("articles_publication"),
    guard(
        "articles_withdrawal_fits",
        "articles_withdrawal",
        "INSERT",
        [
            (
                "NOT EXISTS (SELECT 1 FROM articles_publication p WHERE p.id = NEW.publication_id AND p.page_id = NEW.page_id)",
                "a withdrawal names a publication of its page",
            )
        ],
    ),
    guard(
        "articles_withdrawal_takes_down",
        "articles_withdrawal",
        "INSERT",
        [],
        timing="AFTER",
        # What was planned before somebody took the page down for cause does not bring it back by itself.
        then="UPDATE articles_page SET live_publication_id = NULL, version = version + 1 "
        "WHERE live_publication_id = NEW.publication_id; UPDATE articles_siteversion SET number = number + 1; "
        "UPDATE articles_schedule SET status = 'refused', version = version + 1, why = 'withdrawn' "
        "WHERE page_id = NEW.page_id AND status IN ('pending', 'running')",
    ),
    guard(
        "articles_schedule_fits",
        "articles_schedule",
        "INSERT",
        [
            (
                "NOT EXISTS (SELECT 1 FROM articles_review v WHERE v.id = NEW.review_id AND v.page_id = NEW.page_id "
                "AND v.revision_id = NEW.revision_id AND v.content_hash = NEW.content_hash)",
                "a schedule names the review of exactly one revision of its page, and its hash",
            )
        ],
    ),
    guard(
        "articles_schedule_keeps_its_subject",
        "articles_schedule",
        "UPDATE",
        [
            (
                "NEW.page_id <> OLD.page_id OR NEW.review_id <> OLD.review_id OR NEW.revision_id <> OLD.revision_id "
                "OR NEW.content_hash <> OLD.content_hash OR NEW.at <> OLD.at OR NEW.created_by_id <> OLD.created_by_id "
                "OR NEW.created_at <> OLD.created_at OR NEW.notice <> OLD.notice",
                "a schedule keeps its revision, its notice and its time; cancel it and make another",
            ),
            (
                "OLD.status IN ('done', 'refused', 'failed', 'cancelled') AND NEW.status <> OLD.status",
                "a schedule that has ended does not begin again",
            ),
            (
                "NEW.publication_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM articles_publication p "
                "WHERE p.id = NEW.publication_id AND p.page_id = NEW.page_id AND p.content_hash = NEW.content_hash)",
                "a schedule publishes its own revision and no other",
            ),
        ],
    ),
    guard("articles_schedule_no_delete", "articles_schedule", "DELETE", [("true", "a schedule is kept as evidence")]),
    *append_only("articles_withdrawal"),
    *append_only("articles_publicnotice"),
]
