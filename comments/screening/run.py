"""One screening: every detector reads the words, what they saw is kept, and the policy says where the comment goes."""

from django.utils import timezone

from accounts.models import User
from articles.models import DrugFacts

from .. import hours
from ..models import Comment, CommentRevision, Conversation, Decision, Finding
from . import policy


def screen_revision(revision: CommentRevision, conversation: Conversation) -> policy.Outcome:
    """Every detector reads the words; what they saw is kept, and the policy says where the comment goes."""
    seen = policy.screen(revision.text, drug_names=_drug_names())
    Finding.objects.bulk_create(
        Finding(revision=revision, detector=one.detector, label=one.label, spans=[list(span) for span in one.spans])
        for one in seen
    )
    staffed = hours.is_staffed(timezone.now())
    return policy.decide(seen, mode=conversation.mode, first_timer=is_first_timer(revision.author), staffed=staffed)


def is_first_timer(user: User) -> bool:
    """Nobody ever read and approved a comment of this member. Published by policy does not count."""
    approved = Decision.objects.filter(author=user, source=Decision.Source.MODERATOR, to_status=Comment.Status.LIVE)
    return not approved.exists()


def _drug_names() -> set[str]:
    names = DrugFacts.objects.filter(page__live_publication__isnull=False).values_list("brand", "generic")
    return {name for pair in names for name in pair if name}
