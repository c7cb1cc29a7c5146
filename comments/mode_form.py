"""The form that opens and closes a conversation."""

from datetime import datetime

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from . import modes
from .models import Conversation
from .workflow import opening


class ModeForm(forms.Form):
    """A mode, the last day for new comments, and a note for the desk."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    mode = forms.ChoiceField(
        label=_("How it goes on"),
        choices=[(mode.value, mode.label) for mode in Conversation.Mode],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a mode."), "invalid_choice": _("Choose a mode.")},
    )
    closes_at = forms.DateField(
        label=_("Last day for new comments"),
        help_text=_("After this day it can only be read. Leave it empty to keep it open."),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": _("Enter a day, like 2027-03-14")},
    )
    note = forms.CharField(
        label=_("Note for the desk"),
        help_text=_("Why it is so. Members do not see it."),
        required=False,
        max_length=opening.LONGEST_NOTE,
    )

    use_required_attribute = False

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        for mode in self["mode"]:
            mode.meaning = modes.MEANING[mode.data["value"]]

    @classmethod
    def of(cls, conversation: Conversation) -> "ModeForm":
        closes = conversation.closes_at
        still_to_come = closes is not None and closes > timezone.now()
        return cls(
            initial={
                "version": conversation.version,
                "mode": conversation.mode,
                "closes_at": timezone.localdate(closes) if still_to_come else None,
                "note": conversation.note,
            }
        )

    def clean_closes_at(self) -> datetime | None:
        day = self.cleaned_data["closes_at"]
        return opening.end_of(day) if day else None
