"""Forms of the people desk."""

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .models.people import Role

ENDINGS = [
    ("left", _("They left")),
    ("changed_role", _("They do something else now")),
    ("lapsed", _("It lapsed")),
    ("misuse", _("It was misused")),
]


class Day(forms.DateInput):
    input_type = "date"


class GrantForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
    until = forms.DateField(label=_("Until"), required=False, widget=Day)


class CredentialForm(forms.Form):
    title = forms.CharField(label=_("As printed after the name"), help_text=_("For example: MD"), max_length=80)
    issuer = forms.CharField(label=_("Who issued it"), max_length=160)
    valid_from = forms.DateField(label=_("Valid from"), widget=Day)
    valid_until = forms.DateField(label=_("Valid until"), required=False, widget=Day)

    def clean(self):
        cleaned = super().clean()
        begins, ends = cleaned.get("valid_from"), cleaned.get("valid_until")
        if begins and ends and ends < begins:
            self.add_error("valid_until", gettext("This date is before the first day it is valid."))
        return cleaned


class EndForm(forms.Form):
    """Taking back a role or a credential: which one, and why."""

    what = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.ChoiceField(label=_("Why"), choices=ENDINGS)
