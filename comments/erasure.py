"""What a member gets when she asks for her data, and what is left when she asks to be forgotten."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from articles import freshness
from articles.models import Page

from .models import Appeal, Comment, CommentRevision, Decision, DecisionText, Finding, Report
from .workflow import deciding

Status = Comment.Status


@transaction.atomic
def erase(user: User, *, remove_words: bool) -> None:
    """Blank the member's words; the fact that something was written and decided stays, in codes and dates.

    Without `remove_words` live comments stay under "Former member". What readers never saw goes in any case, so that
    nobody can publish it later.
    """
    # All locks first, in the one order: the audit chain must come after every page and comment.
    pages = list(_locked(Page.objects.filter(pk__in=Comment.objects.filter(author=user).values("conversation_id"))))
    comments = list(_locked(Comment.objects.filter(author=user)))
    for page in pages:
        freshness.bump(page)
    going = [comment for comment in comments if remove_words or comment.status != Status.LIVE]
    for comment in going:
        if comment.status != Status.ERASED:
            ruling = deciding.Ruling(
                Status.ERASED, "comment.erased", Decision.Source.ERASURE, Decision.Reason.ERASURE, None
            )
            deciding.transition(comment, ruling, comment.version)
    _blank([comment.pk for comment in going])
    Report.objects.filter(reporter=user).update(text="")


def export(user: User) -> dict:
    """Everything of the conversation that is about this member, except what moderators note for each other."""
    comments = (
        Comment.objects.filter(author=user)
        .select_related("current", "conversation__page")
        .defer("conversation__page__live_publication")
        .prefetch_related("decisions__clause", "decisions__words", "decisions__appeal")
        .order_by("pk")
    )
    return {
        "comments": [_comment(comment) for comment in comments],
        "reports": [
            {"comment": one.comment.public_id, "reason": one.reason, "text": one.text, "at": one.created_at.isoformat()}
            for one in Report.objects.filter(reporter=user).select_related("comment").order_by("pk")
        ],
        "suspensions": [
            {"reason": one.reason, "from": one.created_at.isoformat(), "until": one.until.isoformat()}
            for one in user.sanctions.order_by("pk")
        ],
    }


def shown_name(user: User) -> str:
    """How readers see somebody."""
    return _("Former member") if user.erased_at else user.handle


def _comment(comment: Comment) -> dict:
    return {
        "id": comment.public_id,
        "page": f"{comment.conversation.page.kind}/{comment.conversation.page.slug}",
        "status": comment.status,
        "text": comment.current.text if comment.current else "",
        "written": comment.created_at.isoformat(),
        "published": comment.published_at and comment.published_at.isoformat(),
        "decisions": [_decision(one) for one in comment.decisions.all()],
    }


def _decision(decision: Decision) -> dict:
    appeal = getattr(decision, "appeal", None)
    words = getattr(decision, "words", None)
    return {
        "at": decision.at.isoformat(),
        "from": decision.from_status,
        "to": decision.to_status,
        "reason": decision.reason,
        "rule": str(decision.clause) if decision.clause else "",
        "message": words.message if words else "",
        "appeal": appeal and {"text": appeal.text, "at": appeal.created_at.isoformat(), "upheld": appeal.upheld},
    }


def _blank(comments: list[int]) -> None:
    Finding.objects.filter(revision__comment__in=comments).delete()
    CommentRevision.objects.filter(comment__in=comments).update(text="", html="")
    # Without its salt the hash that stays cannot be tried against guessed words.
    DecisionText.objects.filter(decision__comment__in=comments).update(message="", note="", salt="")
    Report.objects.filter(comment__in=comments).update(text="")
    Appeal.objects.filter(decision__comment__in=comments).update(text="")


def _locked(rows):
    return rows.select_for_update(no_key=True).order_by("pk")
