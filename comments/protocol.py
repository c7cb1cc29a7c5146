"""What we do when somebody may be in danger, as data: the times, the checklist, reasons to call, answers to begin with."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .models import CrisisCase

Outcome = CrisisCase.Outcome

# What can open a case.
REASONS = {"crisis", "crisis_past", "report_worried", "escalated", "looked_again"}
# Outcomes that one person alone can get badly wrong, in one direction or the other.
NEED_TWO = (Outcome.EMERGENCY, Outcome.NO_CRISIS)
FOLLOW_UPS = (timedelta(hours=24), timedelta(days=7))
CLOCKS = {
    "seen": _("Seen by a moderator"),
    "answered": _("Answered"),
    "closed": _("Closed"),
}
POINTS = {
    "danger": _("Is she in immediate danger?"),
    "method": _("Do her words say how, or where to get the means?"),
    "third_party": _("Is somebody else in danger, or is it about somebody else?"),
    "place": _("Do we already know where she is?"),
}
CALL_REASONS = {
    "her_life": _("Her life is in danger now"),
    "another_life": _("Somebody else’s life is in danger now"),
    "she_asked": _("She asked us to"),
}


@dataclass(frozen=True)
class Script:
    """Words to begin an answer with; whoever writes makes them her own."""

    name: str | Promise
    words: str | Promise


SCRIPTS = {
    "reach_out": Script(
        _("First answer"),
        _(
            "Hello {name}, thank you for writing what you wrote. It sounds very hard, and you do not have to carry it alone. "
            "We are moderators and no emergency service, but there are people who can listen to you right now: {help} "
            "If you might hurt yourself soon, please call your local emergency number, or ask somebody near you to stay with you."
        ),
    ),
    "not_a_fault": Script(
        _("Her comment is not public"),
        _(
            "Hello {name}, we read your comment. You did nothing wrong by writing it. We have not made it public, because parts of "
            "it could be dangerous for somebody else who is having a hard time. What you feel matters to us. People who "
            "listen, day and night: {help}"
        ),
    ),
    "worried_about": Script(
        _("She worries about somebody else"),
        _(
            "Hello {name}, thank you for looking after somebody. If they may be in danger now, call your local emergency number and "
            "stay with them if you can. Asking plainly whether they think of suicide does not put the idea into anybody’s head. "
            "You can get advice for yourself too: {help}"
        ),
    ),
    "day_after": Script(
        _("A day or a week later"),
        _(
            "Hello {name}, we thought of you after what you wrote and wanted to ask how you are. You need not answer. If things are "
            "as heavy as before, people are there to listen: {help}"
        ),
    ),
}


def patience() -> dict[str, timedelta]:
    """How long each step may take, counted from when the case was opened."""
    return {code: timedelta(minutes=n) for code, n in zip(CLOCKS, settings.CRISIS_MINUTES, strict=True)}
