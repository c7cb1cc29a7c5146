"""The forms of a moderator's card: each knows its words, its button, and what the verb behind it takes."""

from datetime import datetime, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from . import text
from .models import Comment, Finding, ModeratorSettings, QueueItem

Lane = QueueItem.Lane
MORNING = 9


def _area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class CardForm(forms.Form):
    """One step beside the buttons. `choice` is the decision that its button sends."""

    choice = ""
    title = button = ""
    icon = "check"
    intro = ""

    def __init__(self, *args, comment: Comment, **options) -> None:
        self.comment = comment
        super().__init__(*args, **options)

    @property
    def words(self) -> dict:
        """What the verb takes."""
        return dict(self.cleaned_data)


class AskToEditForm(CardForm):
    choice, icon = "edit", "pen"
    title = _("Ask the author to change something")
    button = _("Send back to the author")
    intro = _("The comment stays out of sight. It comes back to you when she has changed it, or after a day.")
    message = forms.CharField(
        label=_("What should she change?"),
        help_text=_("She reads these words."),
        max_length=1000,
        widget=_area(4),
        error_messages={"required": _("Say what she should change.")},
    )


class HoldForm(CardForm):
    choice, icon = "hold", "clock"
    title = _("Put off")
    button = _("Put off")
    intro = _("It comes back by itself, and earlier if something new happens.")
    until = forms.ChoiceField(
        label=_("Until when?"),
        choices=[
            ("hour", _("In an hour")),
            ("morning", _("Tomorrow morning")),
            ("days", _("In three days")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose until when."), "invalid_choice": _("Choose until when.")},
    )
    note = forms.CharField(
        label=_("Note for the team"), help_text=_("The member does not see it."), required=False, max_length=1000
    )

    @property
    def words(self) -> dict:
        return {"until": moment(self.cleaned_data["until"]), "note": self.cleaned_data["note"]}


def moment(choice: str) -> datetime:
    """What "tomorrow morning" means where the desk is."""
    now = timezone.localtime()
    if choice == "hour":
        return now + timedelta(hours=1)
    if choice == "days":
        return now + timedelta(days=3)
    return (now + timedelta(days=1)).replace(hour=MORNING, minute=0, second=0, microsecond=0)


class EscalateForm(CardForm):
    choice, icon = "escalate", "flag"
    title = _("Pass on to a more urgent lane")
    button = _("Pass on")
    to = forms.ChoiceField(
        label=_("Where should it go?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose where it should go."), "invalid_choice": _("Choose where it should go.")},
    )
    note = forms.CharField(
        label=_("Why?"),
        help_text=_("The team reads it, the member does not."),
        max_length=1000,
        widget=_area(2),
        error_messages={"required": _("Say in a few words why.")},
    )

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        item = self.comment.queue_items.filter(closed_at=None).first()
        here = QueueItem.RANKS[item.lane] if item else len(Lane.values)
        above = [Lane.CRISIS, Lane.LEGAL, Lane.PRIVACY, Lane.SAFETY]
        self.fields["to"].choices = [(one.value, one.label) for one in above if QueueItem.RANKS[one] < here]

    @property
    def words(self) -> dict:
        return {"lane": self.cleaned_data["to"], "note": self.cleaned_data["note"]}


class QuestionForm(CardForm):
    choice, icon = "medical", "chat"
    title = _("Ask the medical team")
    button = _("Ask")
    intro = _("The answer appears on this card. Meanwhile the comment waits, at most a day.")
    question = forms.CharField(
        label=_("Your question"),
        help_text=_("The medical team sees the comment, and not who wrote it."),
        max_length=1000,
        widget=_area(3),
        error_messages={"required": _("Write what you want to know.")},
    )


class TakeOverForm(CardForm):
    choice, icon = "over", "hand"
    title = _("Take it over from a colleague")
    button = _("Take it over")
    reason = forms.CharField(
        label=_("Why?"),
        help_text=_("It is kept in the log, and your colleague can read it in the notes."),
        max_length=1000,
        widget=_area(2),
        error_messages={"required": _("Say why you take it over.")},
    )


class UnsealForm(CardForm):
    choice, icon = "unseal", "eye"
    title = _("Read what was taken out")
    button = _("Open it once")
    intro = _("Somebody’s personal details are in it. Each reading is kept in the log.")
    reason = forms.CharField(
        label=_("Why do you need to read it?"),
        max_length=1000,
        widget=_area(2),
        error_messages={"required": _("Say why you need to read it.")},
    )


class LockForm(CardForm):
    choice, icon = "lock", "lock"
    title = _("Close the thread")
    button = _("Close the thread")
    intro = _("Nobody can answer in this thread until it is opened again. What is there stays and can be read.")
    note = forms.CharField(label=_("Note for the team"), required=False, max_length=1000)


class UnlockForm(LockForm):
    choice = "unlock"
    title = _("Open the thread again")
    button = _("Open the thread")
    intro = _("Members can answer in it again.")


class NoteForm(CardForm):
    choice, icon = "note", "pen"
    title = _("Write a note for the team")
    button = _("Save the note")
    text = forms.CharField(
        label=_("Note for the team"),
        help_text=_("The member does not see it."),
        max_length=1000,
        widget=_area(3),
        error_messages={"required": _("Write your note.")},
    )


class RedactForm(CardForm):
    """What is taken out: places that were found, and words that the moderator copies from the text."""

    choice = "redact"
    title = _("Approve without some words")
    button = _("Approve without these words")
    intro = _(
        "In their place readers see “[removed: personal information]”. The member is told and can delete the comment. What is "
        "taken out is sealed."
    )
    found = forms.MultipleChoiceField(
        label=_("What was found"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("The places to take out do not fit this text. Mark them again.")},
    )
    out = forms.CharField(
        label=_("Words to take out"),
        help_text=_("Copy them from the comment, exactly as they are."),
        required=False,
        max_length=text.LIMIT,
    )
    out_2 = forms.CharField(label=_("More words to take out"), required=False, max_length=text.LIMIT)
    out_3 = forms.CharField(label=_("More words to take out"), required=False, max_length=text.LIMIT)
    message = forms.CharField(label=_("What the member will see"), required=False, max_length=1000, widget=_area(2))

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        words = self.comment.current.text
        places = {
            (start, end)
            for spans in Finding.objects.filter(revision=self.comment.current_id).values_list("spans", flat=True)
            for start, end in spans
            if 0 <= start < end <= len(words)
        }
        choices = [(f"{start}-{end}", words[start:end]) for start, end in sorted(places)]
        self.fields["found"].choices = choices
        if not choices:
            del self.fields["found"]

    def clean(self) -> dict:
        cleaned = super().clean()
        self.spans = [tuple(map(int, one.split("-"))) for one in cleaned.get("found", [])]
        for name in ("out", "out_2", "out_3"):
            if typed := cleaned.get(name, ""):
                try:
                    self.spans += text.places(self.comment.current.text, typed)
                except ValidationError as nowhere:
                    self.add_error(name, nowhere)
        if not self.spans and not self.errors:
            self.add_error("out", _("Mark what is to be taken out."))
        return cleaned

    @property
    def words(self) -> dict:
        return {"spans": self.spans, "message": self.cleaned_data["message"]}


class AnswerForm(forms.Form):
    text = forms.CharField(
        label=_("Your answer to the moderator"),
        help_text=_("It informs the decision. Readers and the member do not see it."),
        max_length=2000,
        widget=_area(5),
        error_messages={"required": _("Write your answer.")},
    )


class CareForm(forms.ModelForm):
    """How I like to work at the desk."""

    class Meta:
        model = ModeratorSettings
        fields = ["leaves_out_crisis", "blurs", "single_keys"]
        labels = {
            "leaves_out_crisis": _("Do not hand me comments from the crisis lane"),
            "blurs": _("Cover distressing words until I open them"),
            "single_keys": _("Work with single keys"),
        }
        help_texts = {
            "leaves_out_crisis": _("“Next” passes them over. You need not say why, and you can change it at any time."),
            "blurs": _("Comments in the crisis lane show their words only after you ask for them."),
            "single_keys": _("A approves, R rejects, “?” lists them all. Every one of them is also a button."),
        }
