"""Forms of the conversation and of the moderation desk."""

import secrets
from collections.abc import Mapping

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import PolicyVersion

from . import refusals, text
from .models import Report


def version_in(data: Mapping[str, str]) -> int:
    """The version of a comment that a button carried; 0, which no comment has, for what is no such number."""
    return number_in(data, "version")


def number_in(data: Mapping[str, str], name: str) -> int:
    """A number that a link or a button carried; 0, which no row has, for what is no such number."""
    typed = data.get(name, "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0


class CommentText(forms.CharField):
    """Words for the conversation. What is wrong with them is said by `text.clean`, in one voice."""

    widget = forms.Textarea

    def __init__(self, **options) -> None:
        super().__init__(
            strip=False, error_messages={"required": _("Write your comment before you post it.")}, **options
        )
        self.validators = []

    def clean(self, value: str) -> str:
        return text.clean(super().clean(value))


class CommentForm(forms.Form):
    """A comment, the token that makes one press one comment, and the version of the rules it is written under."""

    token = forms.CharField(widget=forms.HiddenInput, max_length=40)
    version = forms.IntegerField(widget=forms.HiddenInput)
    body = CommentText(
        label=_("Your comment"),
        help_text=_("This is not a place for urgent help. If you feel unwell, contact your care team."),
    )
    agree = forms.BooleanField(
        label=_("I have read and agree to follow the community rules"),
        error_messages={"required": _("Confirm that you have read the rules.")},
    )
    mail_answers = forms.BooleanField(label=_("Email me when somebody answers"), required=False)

    def __init__(self, *args, version: PolicyVersion, agreed: bool, **options) -> None:
        super().__init__(*args, **options)
        self.fields["body"].widget.attrs |= {"rows": 6}
        if agreed:
            del self.fields["agree"]
        else:
            self.fields["agree"].label = _(
                "I have read and agree to follow the community rules (version {number})"
            ).format(number=version.number)

    @staticmethod
    def new_token() -> str:
        return secrets.token_urlsafe(16)


class EditForm(CommentForm):
    """Other words for a comment, and the version of the comment that she saw when she began to change it."""

    token = None
    mail_answers = None
    was = forms.IntegerField(widget=forms.HiddenInput)


class ReportForm(forms.Form):
    """What is wrong with a comment. `website` is seen by programs alone."""

    reason = forms.ChoiceField(
        label=_("What is wrong?"),
        choices=Report.Reason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what is wrong."), "invalid_choice": _("Choose what is wrong.")},
    )
    text = forms.CharField(
        label=_("Anything else we should know"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    website = forms.CharField(required=False)

    def is_from_a_program(self) -> bool:
        return bool(self.cleaned_data["website"])

    @property
    def report(self) -> dict:
        """What the verb takes."""
        return {name: self.cleaned_data[name] for name in ("reason", "text")}


class AppealForm(forms.Form):
    text = forms.CharField(
        label=_("Why should we look again?"),
        help_text=_("A moderator who did not decide the first time reads it."),
        max_length=text.LIMIT,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Tell us why we should look again.")},
    )

    def clean_text(self) -> str:
        return text.clean(self.cleaned_data["text"])


class RejectForm(forms.Form):
    """Why a comment is turned down. The rules to choose from are those the member agreed to."""

    choice = "reject"

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.ChoiceField(
        label=_("Why are you rejecting this comment?"), choices=refusals.CHOICES, widget=forms.RadioSelect
    )
    clause = forms.ModelChoiceField(
        label=_("Which rule does it break?"),
        queryset=None,
        error_messages={"required": _("Choose the rule it breaks."), "invalid_choice": _("Choose the rule it breaks.")},
    )
    message = forms.CharField(
        label=_("What the member will see"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 4})
    )
    note = forms.CharField(
        label=_("Note for the team"), help_text=_("The member does not see it."), required=False, max_length=1000
    )

    def __init__(self, *args, clauses, **options) -> None:
        super().__init__(*args, **options)
        self.fields["clause"].queryset = clauses

    @property
    def words(self) -> dict:
        """What the verb takes."""
        return {name: self.cleaned_data[name] for name in ("reason", "clause", "message", "note")}

    def clean(self) -> dict:
        cleaned = super().clean()
        if "reason" in cleaned and "message" in cleaned:
            cleaned["message"] = refusals.words_for(cleaned["reason"], cleaned["message"])
        return cleaned


class FollowForm(forms.Form):
    """How somebody wants to be told."""

    how = forms.ChoiceField(
        label=_("How shall we tell you?"),
        choices=[
            ("site", _("On this site only, under “Notifications”")),
            ("mail", _("On this site and by email")),
        ],
        widget=forms.RadioSelect,
        help_text=_("An email says who wrote and on which page. It does not repeat what was said."),
        error_messages={"required": _("Choose how we tell you."), "invalid_choice": _("Choose how we tell you.")},
    )
