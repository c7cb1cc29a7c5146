"""What a member gets when she asks for her data, and what is left when she asks to be forgotten."""

from django.db import transaction
from django.db.models import CharField, F, Q, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from accounts.models import OutboxMail, User
from articles import freshness
from articles.models import Page

from . import news
from .models import (
    AdverseEvent,
    Appeal,
    Comment,
    CommentRevision,
    CrisisStep,
    Decision,
    DecisionText,
    Finding,
    Follow,
    FollowUp,
    Helpful,
    MedicalQuestion,
    Notification,
    ReadMark,
    Report,
    SanctionAppeal,
    TeamNote,
)
from .workflow import crisis, deciding, following, safety

Status = Comment.Status
SANCTION_LETTERS = ("sanction", "sanction_lifted", "sanction_stands")


@transaction.atomic
def erase(user: User, *, remove_words: bool) -> None:
    """Blank the member's words; the fact that something was written and decided stays, in codes and dates.

    Without `remove_words` live comments stay under "Former member". What readers never saw goes in any case, so that
    nobody can publish it later.
    """
    # All locks first, in the one order: the audit chain must come after every page and comment.
    touched = Comment.objects.filter(Q(author=user) | Q(pk__in=Helpful.objects.filter(user=user).values("comment")))
    pages = list(_locked(Page.objects.filter(pk__in=touched.values("conversation_id"))))
    comments = [comment for comment in _locked(touched) if comment.author_id == user.pk]
    for page in pages:
        freshness.bump(page)
    _forget_letters(user, comments)
    going = [comment for comment in comments if remove_words or comment.status != Status.LIVE]
    for comment in going:
        if comment.status != Status.ERASED:
            ruling = deciding.Ruling(
                Status.ERASED, "comment.erased", Decision.Source.ERASURE, Decision.Reason.ERASURE, None
            )
            deciding.transition(comment, ruling, comment.version)
    _blank([comment.pk for comment in going])
    Report.objects.filter(reporter=user).update(text="")
    user.sanctions.update(message="")
    SanctionAppeal.objects.filter(sanction__user=user).update(text="", answer="")
    # A case stays, with codes and dates: whether somebody helped must remain provable. What was said about her goes.
    CrisisStep.objects.filter(case__comment__author=user).exclude(text="").update(text="")
    FollowUp.objects.filter(case__comment__author=user).exclude(note="").update(note="")
    _forget_company(user)
    # What a sponsor was sent stands in the record, under no name; the letter itself is not needed any more.
    sent = AdverseEvent.objects.filter(comment__in=[comment.pk for comment in going])
    letters = OutboxMail.objects.filter(key__in=[safety.letter_key(event) for event in sent])
    letters.filter(status=OutboxMail.Status.SENT).update(text="", html="")


def export(user: User) -> dict:
    """Everything of the conversation that is about this member, except what moderators note for each other."""
    comments = (
        Comment.objects.filter(author=user)
        .select_related("current", "conversation__page")
        .defer("conversation__page__live_publication")
        .prefetch_related("decisions__clause", "decisions__words", "decisions__appeal", "revisions")
        .order_by("pk")
    )
    return {
        "comments": [_comment(comment) for comment in comments],
        "reports": [
            {"comment": one.comment.public_id, "reason": one.reason, "text": one.text, "at": one.created_at.isoformat()}
            for one in Report.objects.filter(reporter=user).select_related("comment").order_by("pk")
        ],
        "suspensions": [
            {
                "kind": one.kind,
                "reason": one.reason,
                "message": one.message,
                "from": one.created_at.isoformat(),
                "until": one.until and one.until.isoformat(),
                "lifted": one.lifted_at and one.lifted_at.isoformat(),
                "appeal": _appeal(getattr(one, "appeal", None)),
            }
            for one in user.sanctions.select_related("appeal").order_by("pk")
        ],
        "side_effects": [
            {
                "comment": one.comment.public_id,
                "text": one.snapshot,
                "medicines": one.products,
                "what_happened": one.events,
                "recorded": one.recorded_at.isoformat(),
                "passed_on_to": one.contact.sponsor if one.contact and one.handed_over_at else "",
                "passed_on": one.handed_over_at and one.handed_over_at.isoformat(),
            }
            for one in AdverseEvent.objects.filter(comment__author=user)
            .exclude(state=AdverseEvent.State.NONE)
            .select_related("comment", "contact")
            .order_by("pk")
        ],
        "messages_from_moderators": [
            {"comment": one.case.comment.public_id, "text": one.text, "at": one.at.isoformat()}
            for one in CrisisStep.objects.filter(case__comment__author=user, kind=CrisisStep.Kind.WROTE)
            .select_related("case__comment")
            .order_by("pk")
        ],
        "follows": [
            {
                "page": _page(one.conversation.page),
                "comment": one.comment.public_id if one.comment else None,
                "by_mail": one.by_mail,
                "from": one.created_at.isoformat(),
                "until": one.left_at and one.left_at.isoformat(),
            }
            for one in user.follows.select_related("comment", "conversation__page").order_by("pk")
        ],
        "found_helpful": [
            {"comment": one.comment.public_id, "at": one.at.isoformat()}
            for one in Helpful.objects.filter(user=user).select_related("comment").order_by("pk")
        ],
        "read_until": [
            {"page": _page(one.conversation.page), "at": one.seen_at.isoformat()}
            for one in ReadMark.objects.filter(user=user).select_related("conversation__page").order_by("pk")
        ],
        "notifications": [
            {"kind": one.kind, "at": one.created_at.isoformat(), "read": one.read_at and one.read_at.isoformat()}
            for one in news.shown_to(user).order_by("pk")
        ],
    }


def shown_name(user: User) -> str:
    """How readers see somebody."""
    return _("Former member") if user.erased_at else user.handle


def _comment(comment: Comment) -> dict:
    return {
        "id": comment.public_id,
        "page": _page(comment.conversation.page),
        "status": comment.status,
        "text": comment.current.text if comment.current else "",
        "earlier_texts": [
            {"text": one.text, "written": one.created_at.isoformat()}
            for one in sorted(comment.revisions.all(), key=lambda one: one.number)
            if one.pk != comment.current_id
        ],
        "written": comment.created_at.isoformat(),
        "published": comment.published_at and comment.published_at.isoformat(),
        "decisions": [_decision(one) for one in comment.decisions.all()],
    }


def _page(page: Page) -> str:
    return f"{page.kind}/{page.slug}"


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
        "appeal": _appeal(appeal),
    }


def _appeal(appeal: Appeal | SanctionAppeal | None) -> dict | None:
    return appeal and {"text": appeal.text, "at": appeal.created_at.isoformat(), "upheld": appeal.upheld}


def _blank(comments: list[int]) -> None:
    Finding.objects.filter(revision__comment__in=comments).delete()
    # The hash and the sketch could be tried against guessed words as well.
    CommentRevision.objects.filter(comment__in=comments).update(text="", html="", digest="", sketch=[])
    # Without its salt the hash that stays cannot be tried against guessed words.
    DecisionText.objects.filter(decision__comment__in=comments).update(message="", note="", salt="")
    Report.objects.filter(comment__in=comments).update(text="")
    Appeal.objects.filter(decision__comment__in=comments).update(text="")
    # What colleagues told each other about her words may quote them.
    TeamNote.objects.filter(comment__in=comments).update(text="")
    MedicalQuestion.objects.filter(comment__in=comments).update(question="", answer="")
    Notification.objects.filter(comment__in=comments, kind__in=news.ANSWERS).delete()


def _forget_letters(user: User, comments: list[Comment]) -> None:
    """Mail to her, and mail to others that names her: what waits is not sent, what was sent keeps no words."""
    not_gone = [OutboxMail.Status.WAITING, OutboxMail.Status.SENDING]
    decisions = Decision.objects.filter(author=user)
    told = decisions.annotate(key=Concat(Value("comment-"), _text("comment_id"), Value("-decision-"), _text("version")))
    letters = [OutboxMail.objects.filter(key__in=told.values("key"))]
    letters.append(OutboxMail.objects.filter(key__in=_told_of_sanctions(user)))
    wrote = CrisisStep.objects.filter(case__comment__author=user, kind=CrisisStep.Kind.WROTE)
    letters.append(OutboxMail.objects.filter(key__in=[crisis.letter_key(step) for step in wrote]))
    letters += [following.mail_of(one) for one in user.follows.all()]
    letters += [following.mail_about(one) for one in comments if one.announced_at is not None]
    for some in letters:
        some.filter(status__in=not_gone).delete()
        some.update(text="", html="")


def _forget_company(user: User) -> None:
    """What she followed, read, and found helpful; the counts of the last step down with it."""
    Comment.objects.filter(pk__in=Helpful.objects.filter(user=user).values("comment")).update(
        helpful_count=F("helpful_count") - 1
    )
    for rows in (Helpful, Follow, ReadMark, Notification):
        rows.objects.filter(user=user).delete()


def _told_of_sanctions(user: User) -> list[str]:
    return [f"{letter}-{pk}" for pk in user.sanctions.values_list("pk", flat=True) for letter in SANCTION_LETTERS]


def _text(column: str) -> Cast:
    return Cast(column, CharField())


def _locked(rows):
    return rows.select_for_update(no_key=True).order_by("pk")
