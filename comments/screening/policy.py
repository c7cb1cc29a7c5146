"""From what the detectors saw to where a comment goes: one table, so that a moderator can read why."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ..models import Conversation, QueueItem
from .detectors import DETECTORS, Scan, Seen

logger = logging.getLogger(__name__)
Lane = QueueItem.Lane
Mode = Conversation.Mode


@dataclass(frozen=True)
class Meaning:
    """What a finding means: the lane it opens (None: it is only shown) and its words and icon for the moderator."""

    lane: str | None
    name: str | Promise
    explanation: str | Promise
    icon: str


MEANINGS = {
    "crisis": Meaning(
        Lane.CRISIS, _("Crisis"),
        _("This may be about suicide or self-harm. Do not just reject it: talk to a colleague first."), "alert",
    ),
    "email_address": Meaning(Lane.PRIVACY, _("Email address"), _("Somebody could be found by it."), "shield"),
    "phone_number": Meaning(Lane.PRIVACY, _("Phone or patient number"), _("Somebody could be found by it."), "shield"),
    "drug_and_symptom": Meaning(
        Lane.SAFETY, _("Possible side effect"), _("Names a drug and a symptom. It may be a report of a side effect."), "pill",
    ),
    "selling": Meaning(Lane.HELD, _("Possible selling"), _("Reads like an offer or a promised cure."), "alert"),
    "contact_move": Meaning(Lane.HELD, _("Asks to talk elsewhere"), _("Invites members to a private channel."), "alert"),
    "dose_or_stopping": Meaning(
        Lane.HELD, _("Dose or stopping"), _("Talks about starting, stopping or changing a treatment."), "pill",
    ),
    "medical_question": Meaning(
        Lane.MEDICAL, _("Medical question"), _("Asks something that a care team should answer."), "chat",
    ),
    "link": Meaning(Lane.HELD, _("Link"), _("Leads away from this site."), "link"),
    "detector_failed": Meaning(
        Lane.HELD, _("Not fully screened"), _("One of the checks did not finish. Read with care."), "alert",
    ),
}  # fmt: skip

# How long a comment may wait in a lane.
PATIENCE = {
    Lane.CRISIS: timedelta(minutes=30), Lane.LEGAL: timedelta(hours=4), Lane.PRIVACY: timedelta(hours=2),
    Lane.SAFETY: timedelta(hours=24), Lane.APPEAL: timedelta(days=3), Lane.REPORTED: timedelta(hours=8),
    Lane.FIRST: timedelta(hours=8), Lane.HELD: timedelta(hours=8), Lane.MEDICAL: timedelta(hours=24),
    Lane.SAMPLE: timedelta(days=7),
}  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """Where a new comment goes. A lane without `held` means: published, and looked at afterwards."""

    held: bool
    lane: str | None
    reasons: list[str]


def screen(text: str, *, drug_names: Iterable[str] = ()) -> list[Seen]:
    """Run every detector, always all of them. One that breaks is itself a finding, and it holds the comment."""
    found: list[Seen] = []
    try:
        scan = Scan.of(text, drug_names)
    except Exception:
        logger.exception("screening could not read a comment")
        return [Seen("scan", "detector_failed")]
    for name, detector in DETECTORS.items():
        try:
            found += detector(scan)
        except Exception:
            # The comment's words must not reach the log, so nothing but the name is written.
            logger.exception("detector %s failed", name)
            found.append(Seen(name, "detector_failed"))
    return found


def decide(seen: Iterable[Seen], *, mode: str, first_timer: bool, staffed: bool = True) -> Outcome:
    """The policy: what was seen, the conversation's mode and whether a human ever approved this member."""
    labels = sorted({finding.label for finding in seen})
    lanes = [lane for label in labels if (lane := MEANINGS[label].lane)]
    reasons = list(labels)
    if first_timer and mode in (Mode.FIRST_HELD, Mode.ALL_HELD):
        lanes.append(Lane.FIRST)
        reasons.append("first_comment")
    held = bool(set(lanes) - {Lane.MEDICAL}) or mode == Mode.ALL_HELD or not staffed
    if held and not lanes:
        lanes.append(Lane.HELD)
    if mode == Mode.ALL_HELD:
        reasons.append("all_held")
    if not staffed:
        reasons.append("out_of_hours")
    return Outcome(held=held, lane=min(lanes, key=QueueItem.RANKS.__getitem__, default=None), reasons=reasons)
