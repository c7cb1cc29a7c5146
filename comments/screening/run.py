"""One screening: every detector reads the words, what they saw is kept, and the policy says where the comment goes."""

from collections.abc import Callable, Iterable

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role, holds
from articles.models import DrugFacts

from .. import hours, standing, trust
from ..models import CommentRevision, Conversation, Finding
from . import detectors, learnt, policy, repeats, sample, site_words
from .scan import Scan, Seen


def screen_revision(revision: CommentRevision, conversation: Conversation) -> policy.Outcome:
    """Every detector reads the words; what they saw is kept, and the policy says where the comment goes."""
    scan = detectors.scanned(revision.text, _drug_names())
    seen = _look(revision, scan) if scan else [Seen("scan", "detector_failed")]
    keep(revision, seen)
    outcome = policy.decide(
        seen,
        mode=conversation.mode,
        first_timer=is_first_timer(revision.author),
        staffed=hours.is_staffed(timezone.now()),
        by_team=is_answer_of_the_team(revision),
        always_held=standing.is_always_held(revision.author, conversation),
        side_effects=settings.ADVERSE_EVENTS,
    )
    return sample.drawn(outcome, revision.comment.public_id)


def is_answer_of_the_team(revision: CommentRevision) -> bool:
    """A reply by a moderator or by somebody of the medical team, who are there to answer."""
    return revision.comment.parent_id is not None and holds(revision.author, Role.MODERATOR, Role.MEDICAL_REVIEWER)


def keep(revision: CommentRevision, seen: Iterable[Seen]) -> list[Finding]:
    """Findings are facts about words; they change no status."""
    return Finding.objects.bulk_create(
        Finding(
            revision=revision, detector=one.detector, detector_version=one.version, label=one.label,
            spans=[list(span) for span in one.spans],
        )
        for one in seen
    )  # fmt: skip


def is_first_timer(user: User) -> bool:
    """Nobody ever read and approved a comment of this member. Published by policy does not count."""
    return trust.is_new(user)


def _look(revision: CommentRevision, scan: Scan) -> list[Seen]:
    return [
        *detectors.look(scan),
        *_or_failed("site_words", lambda: site_words.look(scan)),
        *_or_failed("learnt", lambda: learnt.look(scan)),
        *_or_failed("repeats", lambda: _repeats(revision, scan)),
    ]


def _repeats(revision: CommentRevision, scan: Scan) -> list[Seen]:
    repeats.remember(revision, scan)
    return repeats.look(revision)


def _or_failed(name: str, look: Callable[[], list[Seen]]) -> list[Seen]:
    """What a detector that asks the database saw."""
    try:
        return look()
    except DatabaseError:
        raise  # the transaction is broken; a finding could not be kept either
    except Exception as error:
        detectors.log(name, error)
        return [Seen(name, "detector_failed")]


def _drug_names() -> set[str]:
    names = DrugFacts.objects.filter(page__live_publication__isnull=False).values_list("brand", "generic")
    return {name for pair in names for name in pair if name}
