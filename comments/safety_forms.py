"""Forms of the side effect desk."""

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.models import DrugFacts

from . import side_effects
from .models import Comment
from .workflow import safety

DAY_MISREAD = {"invalid": _("Enter a day, like 2027-03-14")}


def choices(names: dict) -> list[tuple]:
    return list(names.items())


class EventForm(forms.Form):
    """A record, filled in with what was found in the words; the moderator decides what of it is so."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    products = forms.ModelMultipleChoiceField(
        label=_("Medicines in the comment"),
        queryset=DrugFacts.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    other = forms.ModelChoiceField(
        label=_("Another medicine of the directory"),
        queryset=DrugFacts.objects.none(),
        required=False,
        empty_label=_("None"),
    )
    events = forms.CharField(
        label=_("What happened"),
        help_text=_("In the member’s own words, one line for each thing."),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        max_length=2000,
    )
    elements = forms.MultipleChoiceField(
        label=_("What the comment holds"),
        help_text=_("Tick what is there. Nobody asks the member for what is missing."),
        choices=choices(side_effects.ELEMENTS),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    seriousness = forms.MultipleChoiceField(
        label=_("How serious it was"),
        choices=choices(side_effects.SERIOUSNESS),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    situations = forms.MultipleChoiceField(
        label=_("Special situations"),
        choices=choices(side_effects.SITUATIONS),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    note = forms.CharField(
        label=_("Note"),
        help_text=_("It goes to the sponsor with the record: no names, nothing by which the member could be found."),
        widget=forms.Textarea(attrs={"rows": 2}),
        required=False,
        max_length=safety.LONGEST_NOTE,
    )

    use_required_attribute = False

    def __init__(self, *args, comment: Comment, **options) -> None:
        self.found = side_effects.products_in(comment.current.text)
        super().__init__(*args, **options)
        named = [drug.pk for drug in self.found]
        self.fields["products"].queryset = side_effects.directory().filter(pk__in=named)
        self.fields["other"].queryset = side_effects.directory().exclude(pk__in=named)
        if not named:
            del self.fields["products"]
            self.fields["other"].label = _("Medicine of the directory")

    @classmethod
    def of(cls, comment: Comment) -> "EventForm":
        events = side_effects.events_in(comment)
        form = cls(comment=comment)
        recorded = side_effects.products_recorded(comment)
        form.initial = {
            "revision": comment.current_id,
            "products": [drug.pk for drug in form.found if drug.brand not in recorded],
            "events": "\n".join(events),
            "elements": (["product"] if form.found else []) + (["event"] if events else []),
        }
        return form

    def clean_events(self) -> list[str]:
        lines = (" ".join(line.split()) for line in self.cleaned_data["events"].splitlines())
        return list(dict.fromkeys(line for line in lines if line))

    def add_refusal(self, refusal) -> None:
        """What the verb says about the medicines stands beside the field that is there."""
        if hasattr(refusal, "error_dict") and "products" in refusal.error_dict and "products" not in self.fields:
            self.add_error("other", refusal.error_dict["products"])
        else:
            self.add_error(None, refusal)

    def facts(self) -> dict:
        """What the verb asks for."""
        told = {**self.cleaned_data}
        other = told.pop("other")
        told["products"] = [*told.get("products", []), *([other] if other else [])]
        return told


class ContactForm(forms.Form):
    """Who must be told about one medicine, from when to when."""

    drug = forms.ModelChoiceField(
        label=_("Medicine"),
        queryset=DrugFacts.objects.none(),
        empty_label=_("Choose"),
        error_messages={"required": _("Choose a medicine.")},
    )
    sponsor = forms.CharField(label=_("Sponsor"), max_length=120)
    email = forms.EmailField(
        label=_("Address for side effects"), help_text=_("A mailbox that somebody reads every day.")
    )
    hours = forms.IntegerField(
        label=_("Hours to hand it over"),
        help_text=_("From when a moderator first saw the comment, as the contract says."),
        min_value=1,
        max_value=safety.LONGEST_HOURS,
        initial=24,
    )
    valid_from = forms.DateField(
        label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}), error_messages=DAY_MISREAD
    )
    valid_until = forms.DateField(
        label=_("Last day"), required=False, widget=forms.DateInput(attrs={"type": "date"}), error_messages=DAY_MISREAD
    )

    use_required_attribute = False

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        self.fields["drug"].queryset = side_effects.directory().select_related("page")
        self.fields["valid_from"].initial = timezone.localdate

    def facts(self) -> dict:
        told = {**self.cleaned_data}
        return {"page": told.pop("drug").page, **told}


class EndForm(forms.Form):
    """The last day of a contract."""

    on = forms.DateField(
        label=_("Last day"), widget=forms.DateInput(attrs={"type": "date"}), error_messages=DAY_MISREAD
    )
