"""What a moderator sees of one comment: its words, what was found, who wrote it, what happened before, what can be done."""

from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from articles.models import Publication

from . import permissions, queue, refusals, text
from .forms import RejectForm
from .models import Appeal, Comment, Decision, Finding, QueueItem, Report
from .screening.policy import MEANINGS
from .workflow import claiming

Status = Comment.Status
Lane = QueueItem.Lane

# The buttons of a comment, by where it stands. "reject" opens its form.
BUTTONS = {
    Status.HELD: ("approve", "reject", "spam"),
    Status.LIVE: ("keep", "reject", "hide", "spam"),
    Status.HIDDEN: ("restore", "reject", "spam"),
    Status.REJECTED: ("restore", "keep"),
    Status.SPAM: ("restore", "keep"),
    Status.WITHDRAWN: ("keep",),
    Status.ERASED: ("keep",),
}

REASONS: dict[str, str | Promise] = {
    "first_comment": _("First comment of this member"),
    "all_held": _("Every comment is read first here"),
    "out_of_hours": _("Sent while no moderator was there"),
    "hidden": _("Taken out of view by a moderator"),
    "appeal": _("The member asked for a second look"),
    **{f"report_{reason.value}": reason.label for reason in Report.Reason},
}


@dataclass(frozen=True)
class CaseFile:
    comment: Comment
    title: str  # of the page
    item: QueueItem | None
    words: SafeString
    findings: list
    reports: list[Report]
    appeal: Appeal | None
    decisions: list[Decision]
    buttons: tuple[str, ...]
    why_not: str
    opened_by: str  # somebody else has it in hand
    is_mine: bool
    author: dict
    recent: list[Comment]


def of(comment: Comment, viewer) -> CaseFile:
    """Everything about one comment; a fixed number of queries."""
    item = comment.queue_items.filter(closed_at=None).select_related("claimed_by").first()
    findings = list(Finding.objects.filter(revision=comment.current_id))
    decisions = list(comment.decisions.select_related("decided_by", "clause", "words").order_by("version"))
    appeal = Appeal.objects.filter(decision__comment=comment, decided_at=None).first()
    why_not = permissions.why_not_decide(viewer, comment)
    if not why_not and appeal and appeal.first_moderator_id == viewer.pk:
        why_not = str(_("You decided the first time, so somebody else must hear the appeal."))
    publication = (
        Publication.objects.filter(page=comment.conversation_id).order_by("-number").values_list("title", flat=True)
    )
    return CaseFile(
        comment=comment,
        title=publication.first() or "",
        item=item,
        words=text.marked(comment.current.text, [tuple(span) for one in findings for span in one.spans]),
        findings=_findings(findings),
        reports=list(comment.reports.filter(closed_at=None).order_by("pk")),
        appeal=appeal,
        decisions=decisions,
        buttons=() if why_not else _buttons(comment, item),
        why_not=why_not,
        opened_by=claiming.opened_by(item) if queue.is_taken(item, by=viewer) else "",
        is_mine=queue.is_taken(item) and item.claimed_by_id == viewer.pk,
        author=_author(comment),
        recent=_recent(comment),
    )


def tabs(lanes: list[queue.Waiting]) -> list[dict]:
    return [
        {"lane": one.lane, "name": Lane(one.lane).label, "count": one.count, "words": str(one), "oldest": one.oldest}
        for one in lanes
    ]


def rows(items: list[QueueItem], current: Comment | None, viewer) -> list[dict]:
    """The list of a lane; the neighbours of the open comment carry the keys for next and previous."""
    places = [item.comment_id for item in items]
    here = places.index(current.pk) if current is not None and current.pk in places else None
    return [
        {
            "item": item,
            "comment": item.comment,
            "is_current": place == here,
            "key": {1: "key-next", -1: "key-previous"}.get(place - here, "") if here is not None else "",
            "tags": [MEANINGS[reason] for reason in item.reasons if reason in MEANINGS],
            "is_taken": queue.is_taken(item, by=viewer),
        }
        for place, item in enumerate(items)
    ]


def reject_form(comment: Comment, sent=None) -> RejectForm:
    """Filled in with what the findings suggest; the moderator decides."""
    clauses = comment.current.rules_version.clauses.all()
    if sent is not None:
        return RejectForm(sent, clauses=clauses)
    reason = refusals.likely_reason(list(comment.current.findings.values_list("label", flat=True)))
    initial = {
        "version": comment.version,
        "reason": reason,
        "clause": refusals.likely_rule(reason, list(clauses)),
        "message": refusals.USUAL_WORDS[reason],
    }
    return RejectForm(initial=initial, clauses=clauses)


def _buttons(comment: Comment, item: QueueItem | None) -> tuple[str, ...]:
    # "Keep" answers something that waits; where nothing does there is nothing to keep.
    return tuple(name for name in BUTTONS[Status(comment.status)] if name != "keep" or item is not None)


def _findings(findings: list[Finding]) -> list:
    seen = {one.label: MEANINGS[one.label] for one in findings if one.label in MEANINGS}
    return list(seen.values())


def _author(comment: Comment) -> dict:
    decided = Comment.objects.filter(author=comment.author_id)
    return decided.aggregate(
        approved=Count("pk", filter=Q(status=Status.LIVE), distinct=True),
        rejected=Count("pk", filter=Q(status__in=[Status.REJECTED, Status.SPAM]), distinct=True),
        reports=Count("reports", distinct=True),
    )


def _recent(comment: Comment) -> list[Comment]:
    others = Comment.objects.filter(author=comment.author_id).exclude(pk=comment.pk).exclude(status=Status.HELD)
    return list(others.select_related("current").order_by("-pk")[:3])
