"""The form with which a reader says that something in a page is wrong."""

from django import forms
from django.utils.translation import gettext_lazy as _

from .document.problems import text_problem
from .models import ErrorReport


class Lines(forms.CharField):
    """Text of several lines. A line break counts as one character, as in the browser."""

    widget = forms.Textarea

    def to_python(self, value) -> str:
        return super().to_python((value or "").replace("\r\n", "\n").replace("\r", "\n"))

    def clean(self, value) -> str:
        text = super().clean(value)
        if problem := text_problem(text.replace("\n", " ").replace("\t", " ")):
            raise forms.ValidationError(problem)
        return text


class ErrorReportForm(forms.Form):
    """No account and no cookie needed. `website` is seen by programs alone; `seen` is the hash of the page read."""

    kind = forms.ChoiceField(
        label=_("What is wrong?"),
        choices=ErrorReport.Kind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what is wrong."), "invalid_choice": _("Choose what is wrong.")},
    )
    text = Lines(
        label=_("Tell us more"),
        help_text=_("Which sentence is it, and what should it say? Leave out anything about your own health."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": _("Say what is wrong, in your own words.")},
    )
    email = forms.EmailField(
        label=_("Email address"),
        help_text=_(
            "Only if you want an answer. We use it for nothing else, and delete it after 90 days at the latest."
        ),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"invalid": _("Enter an email address, like name@example.com")},
    )
    seen = forms.CharField(required=False, max_length=67, widget=forms.HiddenInput)
    website = forms.CharField(required=False)

    def is_from_a_program(self) -> bool:
        return bool(self.cleaned_data["website"])

    @property
    def report(self) -> dict:
        """What the verb takes."""
        return {name: self.cleaned_data[name] for name in ("kind", "text", "email", "seen")}
