"""Statements of reasons: from one decision, what a member must be told of it (Digital Services Act, article 17)."""

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import permissions
from .models import Comment, Decision, Finding, Report, Sanction
from .screening.policy import MEANINGS

Status = Comment.Status
Source = Decision.Source
RESTRICTING = (Status.REJECTED, Status.SPAM, Status.HIDDEN)


class Duty(TextChoices):
    """Whether somebody must be told the reasons for a decision. It is recorded beside each one."""

    NONE = "none"
    OWED = "owed"
    SPAM = "exempt_spam"  # article 17(4): deceptive commercial content in large volume
    NO_ADDRESS = "exempt_no_address"  # article 17(2): nobody left whom we could tell


@dataclass(frozen=True)
class Section:
    title: str
    paragraphs: list[str]


@dataclass(frozen=True)
class Statement:
    decision: Decision
    title: str
    sections: list[Section]

    @property
    def is_exempt(self) -> bool:
        return self.decision.to_status == Status.SPAM

    def as_text(self) -> str:
        parts = [self.title, "=" * len(self.title)]
        for section in self.sections:
            parts += ["", section.title, "-" * len(section.title), *section.paragraphs]
        return "\n".join(parts) + "\n"


def duty(decision: Decision, author, *, redacted: bool = False) -> Duty:
    """What we owe the author of a comment for this decision."""
    if decision.undoes_id is not None or decision.source in (Source.AUTHOR, Source.ERASURE):
        return Duty.NONE
    restricts = decision.to_status in RESTRICTING and decision.to_status != decision.from_status
    if not restricts and not redacted:
        return Duty.NONE
    if decision.to_status == Status.SPAM:
        return Duty.SPAM
    return Duty.OWED if author.is_active and not author.erased_at else Duty.NO_ADDRESS


def has_one(decision: Decision, author) -> bool:
    """Whether there is a page with its reasons. What was taken back within the undo window was never decided."""
    if hasattr(decision, "undone_by"):
        return False
    return duty(decision, author, redacted=is_redaction(decision)) != Duty.NONE


def is_redaction(decision: Decision) -> bool:
    return (
        decision.source == Source.MODERATOR
        and decision.to_status == Status.LIVE
        and decision.from_status != Status.LIVE
        and decision.revision is not None
        and decision.revision.redacted_by_id == decision.decided_by_id
        and decision.revision.redacted_by_id is not None
    )


def of(decision: Decision) -> Statement:
    """Everything article 17(3) asks for. Who decided and who reported is never part of it."""
    reports = _notices(decision)
    seen = _seen(decision)
    sections = [
        Section(_("What we did"), _restriction(decision)),
        Section(_("Why"), _facts(decision, reports, seen)),
        Section(_("Which rule"), [_ground(decision)]),
        Section(_("Whether a machine was at work"), _automation(decision, reports, seen)),
        Section(_("What you can do"), _redress(decision)),
    ]
    day = date_format(timezone.localtime(decision.at), "j F Y")
    title = _("Reasons for our decision of {date}").format(date=day)
    return Statement(decision, title, sections)


def _restriction(decision: Decision) -> list[str]:
    what: dict[str, str | Promise] = {
        Status.REJECTED: gettext_lazy(
            "We keep your comment from readers. It stays so, unless this decision is changed."
        ),
        Status.SPAM: gettext_lazy(
            "We keep your comment from readers as advertising. It stays so, unless this decision is changed."
        ),
        Status.HIDDEN: gettext_lazy("We took your comment out of view until a moderator has looked at it again."),
        Status.LIVE: gettext_lazy(
            "We published your comment without some of its words. They stay left out, unless this decision is changed."
        ),
    }
    comment = decision.comment
    where = _("The comment is {id}, written on {date}. The decision holds wherever this site is read.").format(
        id=comment.public_id, date=date_format(timezone.localtime(comment.created_at), "j F Y")
    )
    return [str(what[decision.to_status]), where, *_followed(decision), *_since(decision)]


def _followed(decision: Decision) -> list[str]:
    said = []
    for one in Sanction.objects.filter(decision=decision).order_by("pk"):
        if one.kind == Sanction.Kind.WARNING:
            said.append(_("Because of it we also sent you a warning, which changes nothing for you."))
            continue
        until = _("until we lift it")
        if one.until:
            until = _("until {date}").format(date=date_format(timezone.localtime(one.until), "j F Y"))
        words = _("Because of it we also imposed: {kind}, {until}.")
        said.append(words.format(kind=one.get_kind_display(), until=until))
    return said


def _since(decision: Decision) -> list[str]:
    later = decision.comment.decisions.filter(version__gt=decision.version, to_status=Status.LIVE, undone_by=None)
    if decision.to_status != Status.LIVE and later.exclude(source=Source.AUTHOR).exists():
        return [_("Since then this decision was changed, and your comment is public, or was until you deleted it.")]
    return []


def _facts(decision: Decision, reports: list[Report], seen: list[str]) -> list[str]:
    said = [_("The reason is: {reason}.").format(reason=decision.get_reason_display())]
    words = getattr(decision, "words", None)
    if words is not None and words.message:
        said.append(words.message)
    if decision.to_status == Status.SPAM:
        return [*said, _("The law asks for no further reasons where advertising is concerned, and no mail was sent.")]
    if seen:
        said.append(_("Our screening had marked in your words: {marks}.").format(marks=", ".join(seen)))
    if reports:
        reasons = sorted({str(one.get_reason_display()) for one in reports})
        said.append(_("We had notices about your comment, which said: {reasons}.").format(reasons="; ".join(reasons)))
    else:
        said.append(_("Nobody had sent us a notice about your comment: we read it of our own accord."))
    return said


def _ground(decision: Decision) -> str:
    clause = decision.clause
    if clause is None and decision.to_status == Status.HIDDEN:
        return _("None is named yet: we look at it again first. You will be told when we have decided.")
    if clause is None:
        return _("It is not compatible with the community rules that you agreed to, for the reason named above.")
    return _("Rule {n} of our community rules, in version {version} that you agreed to: {title}. {text}").format(
        n=clause.number, version=clause.version.number, title=clause.title, text=clause.text
    )


def _automation(decision: Decision, reports: list[Report], seen: list[str]) -> list[str]:
    if decision.source == Source.MODERATOR:
        decided = _("A person read your comment and decided.")
    elif decision.source == Source.REPORTS:
        decided = _("It was taken out of view automatically, because of the notices. A person looks at it next.")
    else:
        decided = _("It was decided automatically.")
    if decision.to_status == Status.SPAM:
        return [decided]
    found = _("An automatic screening, which reads every comment here, had marked it before.") if seen else ""
    return [decided, found or _("No automatic means had marked it before.")]


def _redress(decision: Decision) -> list[str]:
    said = []
    appeal = getattr(decision, "appeal", None)
    until = decision.at + permissions.APPEAL_WINDOW
    if appeal is not None and appeal.decided_at is None:
        said.append(_("You asked us to look again. Somebody who did not decide the first time will answer."))
    elif appeal is not None and appeal.decided_by_id is not None:
        answer = _("and changed our decision") if appeal.upheld else _("and the decision stands")
        said.append(_("You asked us to look again. We did, {answer}.").format(answer=answer))
    elif can_ask(decision):
        day = date_format(timezone.localtime(until), "j F Y")
        words = _(
            "Until {date} you can ask us, free of charge, to look again, on the page “My comments”. Somebody who did "
            "not decide the first time answers."
        )
        said.append(words.format(date=day))
    elif decision.to_status == Status.LIVE:
        said.append(_("You can delete your comment and write another one."))
    else:
        said.append(_("The time in which you could ask us to look again is over, or the comment has moved on."))
    said.append(
        _("In the European Union you may also turn to a certified body that settles such disputes out of court.")
    )
    said.append(_("You can go to court at any time."))
    return said


def can_ask(decision: Decision) -> bool:
    """Whether its author can still ask for a second look at this decision."""
    comment = decision.comment
    return (
        decision.version == comment.version
        and permissions.can_appeal(decision.author, comment, decision)
        and decision.at + permissions.APPEAL_WINDOW > timezone.now()
    )


def _notices(decision: Decision) -> list[Report]:
    return list(Report.objects.filter(revision=decision.revision_id, created_at__lte=decision.at).order_by("pk"))


def _seen(decision: Decision) -> list[str]:
    """What detectors had said by then; their names alone, because the marked words are the member's own."""
    found = Finding.objects.filter(revision=decision.revision_id, created_at__lte=decision.at)
    labels = found.order_by("pk").values_list("label", flat=True)
    return [str(MEANINGS[label].name) for label in dict.fromkeys(labels) if label in MEANINGS]
