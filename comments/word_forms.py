"""The form in which moderators write the watched words."""

from django import forms
from django.utils.translation import gettext_lazy as _

from . import word_list
from .models import WordList
from .workflow import wording

LONGEST = 200_000


class WordsForm(forms.Form):
    """The whole list, one entry on a line, and what was changed in it."""

    based_on = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)
    entries = forms.CharField(
        label=_("Watched words"),
        help_text=_("One entry on a line: what it is, what it is a sign of, where the comment goes, then the words."),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 16, "spellcheck": "false", "class": "word-lines"}),
    )
    changes = forms.CharField(
        label=_("What you changed, and why"),
        help_text=_("It stands beside this version for as long as the site exists. Leave out names of members."),
        max_length=wording.LONGEST_CHANGES,
        error_messages={"required": _("Say in a few words what you changed and why.")},
    )

    use_required_attribute = False

    def __init__(self, *args, trying: bool = False, **options) -> None:
        super().__init__(*args, **options)
        # Who only tries it out need not say why.
        self.fields["changes"].required = not trying

    @classmethod
    def of(cls, latest: WordList | None) -> "WordsForm":
        entries = latest.entries if latest else []
        return cls(initial={"based_on": latest.number if latest else 0, "entries": word_list.write(entries)})

    def clean_entries(self) -> list[dict]:
        entries, errors = word_list.read(self.cleaned_data["entries"])
        if errors:
            raise forms.ValidationError(errors)
        return entries
