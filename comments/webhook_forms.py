"""The form that adds an address which is told of events."""

from django import forms
from django.utils.translation import gettext_lazy as _

from . import webhooks


class WebhookForm(forms.Form):
    url = forms.CharField(
        label=_("Address"),
        help_text=_("It begins with https:// and leads to a machine that the internet can reach."),
        max_length=300,
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Give the address.")},
    )
    events = forms.MultipleChoiceField(
        label=_("What it is told"),
        choices=list(webhooks.EVENTS.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one event.")},
    )
