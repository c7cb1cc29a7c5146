"""Forms of the desk about members and about many comments at once."""

from datetime import datetime

from django import forms
from django.core import signing
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User

from . import members, refusals, rules
from .models import Batch, Comment, Sanction
from .workflow import appealing, opening, sanctioning

Kind = Sanction.Kind

MEANING: dict[str, str | Promise] = {
    Kind.WARNING: _("She reads your words. Nothing changes for her."),
    Kind.ALWAYS_HOLD: _("She goes on writing; nothing of hers appears before one of us has read it."),
    Kind.READ_ONLY: _("She reads, reports and follows, and writes nothing."),
    Kind.BAN: _("She only reads. What waits of hers is shown to you next, so that nothing is left half done."),
}
FROZEN = "comments.bulk"
FROZEN_FOR = 3600


class SanctionForm(forms.Form):
    """What to do about a member, where, until when, why, and what she will read."""

    kind = forms.ChoiceField(
        label=_("What do you want to do?"),
        choices=Kind.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose what you want to do."),
            "invalid_choice": _("Choose what you want to do."),
        },
    )
    where = forms.ModelChoiceField(
        label=_("Where does it hold?"), queryset=None, required=False, empty_label=_("Everywhere on this site")
    )
    until = forms.DateField(
        label=_("Last day"),
        help_text=_("It ends by itself after this day. Leave it empty and it holds until one of you lifts it."),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": _("Enter a day, like 2027-03-14")},
    )
    reason = forms.ChoiceField(
        label=_("Why?"),
        choices=[("", _("Choose a reason")), *refusals.CHOICES],
        error_messages={"required": _("Choose a reason."), "invalid_choice": _("Choose a reason.")},
    )
    clause = forms.ModelChoiceField(
        label=_("Which rule is it about?"), queryset=None, required=False, empty_label=_("No single rule")
    )
    decision = forms.ModelChoiceField(
        label=_("Which decision does it follow from?"),
        help_text=_("If that is overturned, this falls with it."),
        queryset=None,
        required=False,
        empty_label=_("None"),
    )
    message = forms.CharField(
        label=_("What she will read"),
        help_text=_("In a mail and on her account page, for as long as it holds."),
        max_length=sanctioning.LONGEST_MESSAGE,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write what the member will read.")},
    )

    use_required_attribute = False

    def __init__(self, *args, user: User, **options) -> None:
        super().__init__(*args, **options)
        current = rules.current()
        self.fields["where"].queryset = members.written_in(user)
        self.fields["where"].label_from_instance = _title
        self.fields["clause"].queryset = current.clauses.all() if current else members.no_clauses()
        self.fields["decision"].queryset = members.decisions_to_follow(user)
        self.fields["decision"].label_from_instance = _decided
        for choice in self["kind"]:
            choice.meaning = MEANING[choice.data["value"]]

    def clean_until(self) -> datetime | None:
        day = self.cleaned_data["until"]
        return opening.end_of(day) if day else None

    @property
    def act(self) -> dict:
        """What the verb takes."""
        chosen = {
            name: self.cleaned_data[name] for name in ("kind", "until", "reason", "clause", "decision", "message")
        }
        return chosen | {"conversation": self.cleaned_data["where"]}


class LiftForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("Why do you lift it?"),
        choices=list(sanctioning.REASONS_TO_LIFT.items()),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose why you lift it."), "invalid_choice": _("Choose why you lift it.")},
    )


class HearForm(forms.Form):
    """The answer to an appeal of a sanction."""

    lift = forms.ChoiceField(
        label=_("What do you decide?"),
        choices=[("1", _("Lift it")), ("0", _("It stays as it is"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what you decide.")},
    )
    answer = forms.CharField(
        label=_("What the member will read"),
        help_text=_("Needed where it stays."),
        required=False,
        max_length=appealing.LONGEST_ANSWER,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    use_required_attribute = False


class BulkForm(forms.Form):
    """One choice for many comments."""

    act = forms.ChoiceField(
        label=_("What shall become of them?"),
        choices=Batch.Act.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose what to do with them."),
            "invalid_choice": _("Choose what to do with them."),
        },
    )
    reason = forms.ChoiceField(
        label=_("If you reject them: why?"), choices=[("", _("Choose a reason")), *refusals.CHOICES], required=False
    )
    clause_code = forms.ChoiceField(label=_("Which rule do they break?"), required=False)
    message = forms.CharField(
        label=_("What their writers will read"),
        help_text=_("Leave it empty for the usual words of this reason."),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    use_required_attribute = False

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        current = rules.current()
        clauses = [(one.code, str(one)) for one in current.clauses.all()] if current else []
        self.fields["clause_code"].choices = [("", _("The one that fits the reason")), *clauses]


def freeze(comments: list[Comment], by: User) -> str:
    """The comments of a preview with their versions, signed: what was counted is what will be decided about."""
    return signing.dumps([by.pk, [[one.pk, one.version] for one in comments]], salt=FROZEN, compress=True)


def thaw(sealed: str, by: User) -> list[tuple[int, int]] | None:
    """What `freeze` counted; None where it was somebody else's, is too old or was changed."""
    try:
        owner, items = signing.loads(sealed, salt=FROZEN, max_age=FROZEN_FOR)
    except signing.BadSignature:
        return None
    return [(pk, version) for pk, version in items] if owner == by.pk else None


def _title(conversation) -> str:
    live = conversation.page.live_publication
    return live.title if live else conversation.page.slug


def _decided(decision) -> str:
    words = (decision.comment.current.text or "")[:60] if decision.comment.current else ""
    return f"{decision.at:%Y-%m-%d}, {decision.get_to_status_display()}: {words}"
