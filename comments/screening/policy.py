"""From what the detectors saw to where a comment goes: one table, so that a moderator can read why."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ..models import Conversation, QueueItem
from .scan import Seen

Lane = QueueItem.Lane
Mode = Conversation.Mode


@dataclass(frozen=True)
class Meaning:
    """What a finding means: the lane it opens, and its words and icon for the moderator."""

    lane: str
    name: str | Promise
    explanation: str | Promise
    icon: str
    more: str = ""  # the part of the quality page that explains it


MEANINGS = {
    "crisis": Meaning(
        Lane.CRISIS, _("Crisis"),
        _("This may be about suicide or self-harm. Do not just reject it: talk to a colleague first."), "alert",
    ),
    "crisis_past": Meaning(
        Lane.CRISIS, _("Crisis, earlier"),
        _("Tells of an earlier attempt or of somebody lost to suicide. It is allowed here; see how she is now."), "alert",
    ),
    "email_address": Meaning(Lane.PRIVACY, _("Email address"), _("Somebody could be found by it."), "shield"),
    "phone_number": Meaning(Lane.PRIVACY, _("Phone number"), _("Somebody could be found by it."), "shield"),
    "address": Meaning(Lane.PRIVACY, _("Address"), _("Says where somebody lives or works."), "shield"),
    "record_number": Meaning(
        Lane.PRIVACY, _("Patient or insurance number"), _("Somebody’s records could be found by it."), "shield",
    ),
    "named_person": Meaning(
        Lane.PRIVACY, _("Somebody’s name"), _("Names another person beside an illness or a clinic."), "shield",
    ),
    "under_age": Meaning(
        Lane.PRIVACY, _("May be under 16"),
        _("Says that its writer is under 16. Do not answer in public: keep it back, and pass it on to whoever looks after accounts."),
        "shield",
    ),
    "drug_and_symptom": Meaning(
        Lane.SAFETY, _("Possible side effect"), _("Names a drug and a symptom. It may be a report of a side effect."), "pill",
    ),
    "selling": Meaning(Lane.HELD, _("Possible selling"), _("Reads like an offer or a promised cure."), "alert"),
    "crowdfunding": Meaning(Lane.HELD, _("Asks for money"), _("Collects money from readers."), "alert"),
    "recruiting": Meaning(Lane.HELD, _("Looks for participants"), _("Recruits for a survey, a study or a story."), "alert"),
    "contact_move": Meaning(Lane.HELD, _("Asks to talk elsewhere"), _("Invites members to a private channel."), "alert"),
    "abuse": Meaning(Lane.HELD, _("Possible insult"), _("May be unkind to somebody here."), "alert"),
    "dose_or_stopping": Meaning(
        Lane.HELD, _("Dose or stopping"), _("Advises others to start, stop or change a treatment."), "pill",
    ),
    "own_treatment": Meaning(
        Lane.MEDICAL, _("Own treatment"), _("Tells of a treatment that was stopped or changed. That is allowed here."), "pill",
    ),
    "medical_question": Meaning(
        Lane.MEDICAL, _("Medical question"), _("Asks something that a care team should answer."), "chat",
    ),
    "link": Meaning(Lane.HELD, _("Link"), _("Leads away from this site."), "link"),
    "same_words": Meaning(
        Lane.HELD, _("Posted before"), _("The same words were written in another comment."), "alert",
    ),
    "nearly_same_words": Meaning(
        Lane.HELD, _("Nearly posted before"), _("Nearly the same words were written in another comment this week."), "alert",
    ),
    "spam_like": Meaning(
        Lane.HELD, _("Like spam"), _("Uses words that stood in comments you called spam or selling. They are marked."), "alert",
        more="spam",
    ),
    "site_selling": Meaning(Lane.HELD, _("Watched word: selling"), _("Your own list of words watches for it."), "eye"),
    "site_unkind": Meaning(Lane.HELD, _("Watched word: unkind"), _("Your own list of words watches for it."), "eye"),
    "site_medical": Meaning(Lane.HELD, _("Watched word: medicine"), _("Your own list of words watches for it."), "eye"),
    "site_privacy": Meaning(Lane.PRIVACY, _("Watched word: privacy"), _("Your own list of words watches for it."), "eye"),
    "site_danger": Meaning(Lane.CRISIS, _("Watched word: danger"), _("Your own list of words watches for it."), "eye"),
    "site_other": Meaning(Lane.HELD, _("Watched word"), _("Your own list of words watches for it."), "eye"),
    "pattern_too_slow": Meaning(
        Lane.HELD, _("A pattern took too long"),
        _("A pattern of your own list was left out for this comment. Read with care, and make the pattern simpler."), "clock",
    ),
    "detector_failed": Meaning(
        Lane.HELD, _("Not fully screened"), _("One of the checks did not finish. Read with care."), "alert",
    ),
    "out_of_time": Meaning(
        Lane.HELD, _("Screening took too long"), _("A check took too long, and others were left out. Read with care."), "alert",
    ),
    "not_screened": Meaning(Lane.HELD, _("Not fully screened"), _("One of the checks was left out. Read with care."), "alert"),
}  # fmt: skip
SIDE_EFFECT = "drug_and_symptom"
# Lanes of comments that readers may see meanwhile. Everything else that is found holds the comment.
SEEN_AFTERWARDS = frozenset({Lane.MEDICAL})

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


def decide(
    seen: Iterable[Seen],
    *,
    mode: str,
    first_timer: bool,
    staffed: bool = True,
    by_team: bool = False,
    always_held: bool = False,
    side_effects: bool = True,
) -> Outcome:
    """The policy: what was seen, the conversation's mode, whether a human ever approved this member, who is there.

    Without `side_effects` this site records none, and a finding that says so is for its writer alone.

    | what is so                                 | held | lane, if none of those before it is graver |
    |--------------------------------------------|------|---------------------------------------------|
    | a watched word that is only shown          | no   | none                                        |
    | a finding whose lane is seen afterwards    | no   | its lane                                    |
    | any other finding                          | yes  | its lane                                    |
    | a first comment, where these are held      | yes  | first comment                               |
    | every comment is held here                 | yes  | waiting, if there is no other               |
    | every comment of this member is read first | yes  | waiting, if there is no other               |
    | no moderator is there now                  | yes  | waiting, if there is no other               |
    | nothing of all this                        | no   | none                                        |

    What the team answers (`by_team`) is held for what is found in it, and for nothing else.
    """
    seen = [one for one in seen if side_effects or one.label != SIDE_EFFECT]
    labels = sorted({finding.label for finding in seen})
    circumstances = (
        {}
        if by_team
        else {
            "first_comment": first_timer and mode in (Mode.FIRST_HELD, Mode.ALL_HELD),
            "all_held": mode == Mode.ALL_HELD,
            "always_held": always_held,
            "out_of_hours": not staffed,
        }
    )
    lanes = {lane for one in seen if (lane := MEANINGS[one.label].lane if one.lane is None else one.lane)}
    lanes |= {Lane.FIRST} if circumstances.get("first_comment") else set()
    held = bool(lanes - SEEN_AFTERWARDS) or any(circumstances.values())
    if held and not lanes:
        lanes = {Lane.HELD}
    reasons = [*labels, *(reason for reason, applies in circumstances.items() if applies)]
    return Outcome(held=held, lane=min(lanes, key=QueueItem.RANKS.__getitem__, default=None), reasons=reasons)
