"""Forms of a crisis case: each is one thing that somebody does in it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from . import protocol
from .workflow.crisis import LONGEST, Outcome

SHORT = {"rows": 2}
LONG = {"rows": 8}


class CaseForm(forms.Form):
    """`act` says which of the forms on the page was sent."""

    act = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, act: str, *args, **options) -> None:
        super().__init__(*args, auto_id=f"{act}_%s", initial={"act": act} | options.pop("initial", {}), **options)

    @property
    def words(self) -> dict:
        """What the verb takes."""
        return {name: value for name, value in self.cleaned_data.items() if name != "act"}

    @property
    def typed(self) -> list[str]:
        """What was written into its fields, for when there is no longer a field to show it in."""
        free = [name for name, field in self.fields.items() if type(field) is forms.CharField and name != "act"]
        return [words for name in free if (words := self.data.get(name, "").strip())]


class JoinForm(CaseForm):
    pass


class HandOnForm(CaseForm):
    note = forms.CharField(
        label=_("What must whoever goes on know?"), max_length=LONGEST, widget=forms.Textarea(attrs=SHORT)
    )


class CheckForm(CaseForm):
    code = forms.ChoiceField(choices=protocol.POINTS.items(), widget=forms.HiddenInput)
    yes = forms.TypedChoiceField(choices=[("1", _("Yes")), ("0", _("No"))], coerce=lambda typed: typed == "1")
    note = forms.CharField(label=_("Note"), required=False, max_length=LONGEST)


class LetterForm(CaseForm):
    message = forms.CharField(
        label=_("Your message to her"),
        help_text=_("She gets it by mail and reads it beside her comment. Nobody else does."),
        max_length=LONGEST,
        widget=forms.Textarea(attrs=LONG),
        error_messages={"required": _("Write a message before you send it.")},
    )


class NoteForm(CaseForm):
    text = forms.CharField(label=_("Note for the others"), max_length=LONGEST, widget=forms.Textarea(attrs=SHORT))


class CallForm(CaseForm):
    whom = forms.CharField(label=_("Whom did you call?"), max_length=200)
    what_was_disclosed = forms.CharField(
        label=_("What did you tell them about her?"),
        help_text=_("Only what we already hold. Do not press her for more."),
        max_length=LONGEST - 300,
        widget=forms.Textarea(attrs=SHORT),
    )
    why = forms.ChoiceField(
        label=_("Why did somebody have to be called?"),
        choices=protocol.CALL_REASONS.items(),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose why somebody had to be called.")},
    )


class CloseForm(CaseForm):
    outcome = forms.ChoiceField(
        label=_("How did it end?"),
        choices=Outcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how this ended.")},
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=LONGEST, widget=forms.Textarea(attrs=SHORT))


class LookForm(CaseForm):
    note = forms.CharField(label=_("How is she?"), max_length=1000, widget=forms.Textarea(attrs=SHORT))
    again = forms.BooleanField(label=_("She may be in danger again: open a new case"), required=False)
