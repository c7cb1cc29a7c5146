"""What a moderator sees of one comment: its words, what was found, who wrote it, what happened before, what can be done."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from articles import mentions
from articles.models import DrugFacts, Mention, Publication

from . import permissions, queue, refusals, text
from .canned import BEGINNINGS
from .forms import RejectForm
from .models import Appeal, Comment, CommentRevision, Decision, Finding, MedicalQuestion, QueueItem, Report, TeamNote
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
    "always_held": _("Every comment of this member is read first"),
    "out_of_hours": _("Sent while no moderator was there"),
    "hidden": _("Taken out of view by a moderator"),
    "edited": _("Its author changed the words"),
    "escalated": _("A moderator passed it on"),
    "medical_answer": _("The medical team answered"),
    "hidden_by_reports": _("Taken out of view by reports of readers"),
    "appeal": _("The member asked for a second look"),
    **{f"report_{reason.value}": reason.label for reason in Report.Reason},
}


# What can be done beside the decision, by where the comment stands; each opens a form of its own.
STEPS = {
    Status.HELD: ("redact", "edit", "medical", "hold", "escalate"),
    Status.LIVE: ("redact", "medical", "hold", "escalate"),
    Status.HIDDEN: ("redact", "medical", "hold", "escalate"),
    Status.REJECTED: ("hold", "escalate"),
    Status.SPAM: ("hold", "escalate"),
}
# These are about an open item of the queue and mean nothing without one.
OF_THE_QUEUE = ("hold", "escalate")
MOST_NOTES = 20


@dataclass(frozen=True)
class Named:
    """A medicine that the comment names, and whether the page above it writes about it."""

    name: str
    is_on_page: bool


@dataclass(frozen=True)
class Change:
    """Words before and after: what went is marked in the one, what came in the other."""

    before: SafeString
    after: SafeString
    at: datetime


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
    steps: tuple[str, ...]
    reasons: list[str]  # why it is here, beside what was found
    change: Change | None  # its author changed the words after they came here, or after they were opened
    sealed: CommentRevision | None  # something was taken out, and this is where it is kept
    notes: list[TeamNote]
    questions: list[MedicalQuestion]
    named: list[Named]
    is_covered: bool
    locked_at: datetime | None
    beginnings: list[tuple[str, str | Promise]]  # to answer with

    @property
    def asked(self) -> MedicalQuestion | None:
        """The question that nobody has answered yet."""
        return next((one for one in self.questions if one.answered_at is None), None)


def of(comment: Comment, viewer, *, covers: bool, seen: int = 0) -> CaseFile:
    """Everything about one comment; a fixed number of queries. `seen`: the version that somebody had before them."""
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
    revisions = list(comment.revisions.order_by("number"))
    root = comment.root if comment.root_id else comment
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
        steps=() if why_not else _steps(comment, item),
        reasons=_reasons(item),
        change=_change(comment, revisions, decisions, item, seen),
        sealed=next((one for one in revisions if one.sealed_at is not None and one.text), None),
        notes=list(comment.team_notes.select_related("by").order_by("-pk")[:MOST_NOTES]),
        questions=list(comment.medical_questions.select_related("asked_by", "answered_by").order_by("-pk")),
        named=_named(comment),
        is_covered=covers and item is not None and item.lane == Lane.CRISIS,
        locked_at=root.locked_at,
        beginnings=[(code, name) for code, (name, _words) in BEGINNINGS.items()],
    )


def tabs(lanes: list[queue.Waiting]) -> list[dict]:
    return [
        {
            "lane": one.lane,
            "name": Lane(one.lane).label,
            "count": one.count,
            "words": str(one),
            "oldest": one.oldest,
            "age": age(one.oldest) if one.oldest else "",
            "age_in_words": age(one.oldest, spoken=True) if one.oldest else "",
        }
        for one in lanes
    ]


def age(since: datetime, *, spoken: bool = False) -> str:
    """How long something has waited, in its largest unit."""
    minutes = max(0, int((timezone.now() - since).total_seconds() // 60))
    if minutes < 60:
        number, short, words = minutes, gettext("{n} min"), ngettext("{n} minute", "{n} minutes", minutes)
    elif minutes < 48 * 60:
        number, short = minutes // 60, gettext("{n} h")
        words = ngettext("{n} hour", "{n} hours", number)
    else:
        number, short = minutes // (24 * 60), gettext("{n} d")
        words = ngettext("{n} day", "{n} days", number)
    return (words if spoken else short).format(n=number)


def rows(items: list[QueueItem], current: Comment | None, viewer, *, covers: bool) -> list[dict]:
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
            "is_covered": covers and item.lane == Lane.CRISIS,
            "put_off_until": item.put_off_until
            if item.put_off_until is not None and item.put_off_until > timezone.now()
            else None,
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


def _steps(comment: Comment, item: QueueItem | None) -> tuple[str, ...]:
    names = STEPS.get(Status(comment.status), ())
    return tuple(name for name in names if name not in OF_THE_QUEUE or (item is not None and _fits(name, item)))


def _fits(step: str, item: QueueItem) -> bool:
    """A crisis is not put off, and what is most urgent already goes no higher."""
    if step == "hold":
        return item.lane != Lane.CRISIS
    return QueueItem.RANKS[item.lane] > QueueItem.RANKS[Lane.CRISIS]


def _reasons(item: QueueItem | None) -> list[str]:
    reasons = item.reasons if item is not None else []
    return [
        str(REASONS[one]) for one in reasons if one in REASONS and not one.startswith("report_") and one != "appeal"
    ]


def _change(
    comment: Comment, revisions: list[CommentRevision], decisions: list[Decision], item: QueueItem | None, seen: int
) -> Change | None:
    """From the words that somebody had before them, or else those that came into the queue, to the words of now."""
    by_pk = {one.pk: one for one in revisions}
    now = by_pk.get(comment.current_id)
    if seen:
        known = [one.revision_id for one in decisions if one.version <= seen and one.revision_id]
        before = by_pk.get(known[-1]) if known else revisions[0]
    else:
        came = [one for one in revisions if item is not None and one.created_at <= item.opened_at]
        before = came[-1] if came else None
    if now is None or before is None or before.pk == now.pk or before.sealed_at or not before.text:
        return None
    return Change(*text.compared(before.text, now.text), now.created_at)


def _named(comment: Comment) -> list[Named]:
    """Medicines that the words name; for each, whether the page writes about it. Two queries."""
    facts = DrugFacts.objects.filter(page__live_publication__isnull=False)
    names = {
        name: str(page)
        for page, brand, generic in facts.values_list("page_id", "brand", "generic")
        for name in (brand, generic)
        if name
    }
    words = comment.current.text
    found = {int(page): words[start:end] for start, end, page in mentions.find(words, names)}
    page = comment.conversation.page
    mentioned = Mention.objects.filter(publication=page.live_publication_id or 0, page__in=[0, *found])
    known = {page.pk, *mentioned.values_list("page_id", flat=True)}
    return [Named(name, pk in known) for pk, name in found.items()]


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
