"""Forms of the people desk."""

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .models.people import Role, Specialty, User

ENDINGS = [
    ("left", _("They left")),
    ("changed_role", _("They do something else now")),
    ("lapsed", _("It lapsed")),
    ("misuse", _("It was misused")),
]


class Day(forms.DateInput):
    input_type = "date"


class PersonForm(forms.Form):
    name = forms.CharField(label=_("Printed name"), max_length=120, required=False)
    slug = forms.SlugField(
        label=_("Address of the team page"),
        help_text=_("Letters, digits and hyphens. Without one there is no team page."),
        max_length=80,
        required=False,
    )
    bio = forms.CharField(label=_("About"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, *args, person: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_slug(self) -> str:
        slug = self.cleaned_data["slug"]
        if slug and User.objects.filter(slug=slug).exclude(pk=self.person.pk).exists():
            raise forms.ValidationError(gettext("Somebody else has this address."))
        return slug


class SpecialtiesForm(forms.Form):
    """Which fields of medicine somebody knows best."""

    specialties = forms.ModelMultipleChoiceField(
        label=_("Specialties"), queryset=Specialty.objects.all(), required=False, widget=forms.CheckboxSelectMultiple
    )


class SpecialtyForm(forms.Form):
    """One field of medicine: a new one, or (with its number) other words for one."""

    what = forms.ModelChoiceField(queryset=Specialty.objects.all(), required=False, widget=forms.HiddenInput)
    name = forms.CharField(label=_("Name"), max_length=80)


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
