"""Forms around the review page: who takes a review, what a page is filed as, which signatures a policy asks for."""

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Specialty

from .models import Page, ReviewPolicy
from .review_queue import candidates
from .workflow.calling_back import RESOLUTIONS
from .workflow.policies import MOST_MONTHS, MOST_STEPS

STEP_WORDS = [("", _("No further step")), ("medical", _("Medical review")), ("editorial", _("Editorial check"))]


class AssignForm(forms.Form):
    """Who gets a review. Whoever is offered could sign it; the verb asks once more."""

    to = forms.TypedChoiceField(label=_("Who reviews it"), coerce=int, required=False, empty_value=None)
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, review, **kwargs):
        super().__init__(*args, **kwargs)
        self.people = {one.person.pk: one for one in candidates(review)}
        self.fields["to"].choices = [
            ("", gettext("Nobody: it waits for whoever takes it")),
            *((pk, one.words) for pk, one in self.people.items()),
        ]
        self.initial |= {"to": review.assignee_id or "", "version": review.version}

    @property
    def chosen(self):
        pk = self.cleaned_data["to"]
        return self.people[pk].person if pk else None


class TakeForm(forms.Form):
    """Taking a review oneself, or giving it back: the version that was on the page."""

    version = forms.IntegerField()


class PageSettingsForm(forms.Form):
    """What a page is about, how much hangs on it, and how often it is read anew."""

    specialty = forms.ModelChoiceField(
        label=_("Specialty"),
        help_text=_("Reviewers of this specialty may take its reviews by themselves."),
        queryset=Specialty.objects.all(),
        required=False,
        empty_label=_("None: every medical reviewer may take it"),
    )
    risk = forms.ChoiceField(label=_("Risk class"), choices=Page.Risk.choices, widget=forms.RadioSelect)
    interval_months = forms.IntegerField(label=_("Months between two reviews"), min_value=1, max_value=MOST_MONTHS)

    @classmethod
    def of(cls, page: Page, data=None):
        filed = {"specialty": page.specialty_id, "risk": page.risk, "interval_months": page.review_interval_months}
        return cls(data, initial=filed)


class PolicyForm(forms.Form):
    """The signatures of one policy, in their order."""

    number = forms.IntegerField(widget=forms.HiddenInput)
    validity_months = forms.IntegerField(
        label=_("Months a signature may still be used to publish"), min_value=1, max_value=MOST_MONTHS
    )
    checks_claims = forms.BooleanField(
        label=_("A medical reviewer ticks every claim against its sources first"), required=False
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for position in range(1, MOST_STEPS + 1):
            self.fields[f"step_{position}"] = forms.ChoiceField(
                label=gettext("Step {n}").format(n=position),
                choices=STEP_WORDS if position > 1 else STEP_WORDS[1:],
                required=position == 1,
            )
        self.order_fields(["number", *self.step_names, "validity_months", "checks_claims"])

    @classmethod
    def of(cls, policy: ReviewPolicy, data=None):
        steps = {f"step_{n}": step.code for n, step in enumerate(policy.steps.all(), start=1)}
        months, claims = policy.validity_months, policy.checks_claims
        asked = {"number": policy.number, "validity_months": months, "checks_claims": claims}
        return cls(data, initial=asked | steps)

    @property
    def step_names(self) -> list[str]:
        return [f"step_{position}" for position in range(1, MOST_STEPS + 1)]

    @property
    def step_fields(self) -> list:
        return [self[name] for name in self.step_names]

    @property
    def asked(self) -> dict:
        """What the verb takes."""
        chosen = self.cleaned_data
        return {
            "number": chosen["number"],
            "steps": [chosen[name] for name in self.step_names if chosen[name]],
            "validity_months": chosen["validity_months"],
            "checks_claims": chosen["checks_claims"],
        }


class SettleForm(forms.Form):
    resolution = forms.ChoiceField(
        label=_("Why nothing more is needed"),
        choices=[("", _("Choose a reason")), *RESOLUTIONS.items()],
        error_messages={"required": _("Choose why this is settled."), "invalid_choice": _("Choose a reason.")},
    )
