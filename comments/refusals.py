"""Why moderators turn comments down: the reasons they choose from, what they usually write, and which rule it mostly is."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import PolicyClause

from .models import Decision

Reason = Decision.Reason

# Words a member sees unless the moderator writes others.
USUAL_WORDS: dict[str, str | Promise] = {
    Reason.MEDICAL_ADVICE: _(
        "We did not publish your comment because it talks about stopping or changing a treatment. Please speak to your care "
        "team before you change anything. You can edit your comment and send it again."
    ),
    Reason.MISINFORMATION: _(
        "We did not publish your comment because it says something about health that is not right or has no source. You can "
        "tell us where you read it and send it again."
    ),
    Reason.PRIVACY: _(
        "We did not publish your comment because somebody could be found by what it says. Leave out names, numbers and "
        "addresses and send it again."
    ),
    Reason.UNKIND: _(
        "We did not publish your comment because it could hurt somebody who reads it. Say it in another way and send it again."
    ),
    Reason.SELLING: _("We did not publish your comment because it offers or recommends something for sale."),
    Reason.OFF_TOPIC: _(
        "We did not publish your comment because it is not about this page. Perhaps it fits under another one."
    ),
    Reason.CRISIS: _(
        "Thank you for telling us how you are. We have not made your comment public, because parts of it could be dangerous for "
        "somebody else who is having a hard time. What you feel is no offence here, and you do not have to face it alone. On the "
        "page “Get help now” you find people who listen. Please call your local emergency number if you are in danger."
    ),
    Reason.OTHER: _("We did not publish your comment. You can edit it and send it again."),
}

# Codes of rules that a reason usually falls under, the likeliest first; sites write their own rules.
USUAL_RULES = {
    Reason.MEDICAL_ADVICE: ("treatment_advice", "advice", "no_diagnosis"),
    Reason.MISINFORMATION: ("sound_claims", "advice"),
    Reason.PRIVACY: ("own_privacy", "others_privacy", "privacy"),
    Reason.UNKIND: ("kindness", "kind"),
    Reason.SELLING: ("no_selling", "selling"),
    Reason.OFF_TOPIC: ("on_topic",),
    Reason.CRISIS: ("crisis",),
}

# What was seen in a comment suggests a reason; the first that fits is chosen beforehand.
REASON_FOR = {
    "crisis": Reason.CRISIS,
    "email_address": Reason.PRIVACY,
    "phone_number": Reason.PRIVACY,
    "selling": Reason.SELLING,
    "contact_move": Reason.SELLING,
    "spam_like": Reason.SELLING,
    "site_selling": Reason.SELLING,
    "site_unkind": Reason.UNKIND,
    "site_privacy": Reason.PRIVACY,
    "dose_or_stopping": Reason.MEDICAL_ADVICE,
}

CHOICES = [(reason.value, reason.label) for reason in USUAL_WORDS]


def likely_reason(labels: list[str]) -> str:
    return next((reason for label, reason in REASON_FOR.items() if label in labels), Reason.MEDICAL_ADVICE)


def likely_rule(reason: str, clauses: list[PolicyClause]) -> PolicyClause | None:
    by_code = {clause.code: clause for clause in clauses}
    return next((by_code[code] for code in USUAL_RULES.get(reason, ()) if code in by_code), None)


def words_for(reason: str, written: str) -> str:
    """The moderator's words; where these are empty or the usual ones of another reason, the usual ones of this reason."""
    usual = {" ".join(str(words).split()) for words in USUAL_WORDS.values()}
    if " ".join(written.split()) in {"", *usual}:
        return str(USUAL_WORDS[reason])
    return written
