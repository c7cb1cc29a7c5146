"""Forms of publishing: now or at a time, with what an editor has to say or to confirm first."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .models import Review
from .review_forms import PublicLine
from .workflow import publishing, scheduling


class PublishForm(forms.Form):
    """Empty where nothing has to be said: then one press publishes. A field is there only where it is needed."""

    NOW, LATER = "now", "later"
    # What readers had when the page was opened; the button on the review page does not say.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    back = forms.BooleanField(
        error_messages={"required": _("Confirm that you mean to go back to an earlier revision.")}
    )
    notice = PublicLine(
        label=_("Correction notice"),
        help_text=_(
            "Say what was wrong. Readers see it above the article, with the date. It cannot be changed afterwards."
        ),
        max_length=publishing.LONGEST_LINE,
        error_messages={"required": publishing.NOTICE_WANTED},
    )
    when = forms.ChoiceField(
        label=_("When"),
        choices=[(NOW, _("Publish now")), (LATER, _("Publish at a time"))],
        initial=NOW,
        required=False,
        widget=forms.RadioSelect,
    )
    day = forms.DateField(
        label=_("Date"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    clock = forms.TimeField(
        label=_("Time"), required=False, widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    )

    use_required_attribute = False

    def __init__(self, *args, review: Review, **kwargs):
        super().__init__(*args, **kwargs)
        self.live_now = str(review.page.live_publication_id or "none")
        if publishing.is_rollback(review):
            self.fields["back"].label = _back_label(review)
        else:
            del self.fields["back"]
        if not publishing.needs_notice(review):
            del self.fields["notice"]
        self.fields["clock"].help_text = gettext("In the time zone of this site, {zone}. There it is {now}.").format(
            zone=timezone.get_default_timezone_name(), now=timezone.localtime().strftime("%H:%M")
        )

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("seen") not in ("", None, self.live_now):
            self.add_error(None, gettext("What readers see changed after you opened this page. Look at it again."))
        day, clock = cleaned.get("day"), cleaned.get("clock")
        if cleaned.get("when") == self.LATER:
            self._needs_both(day, clock)
            if day and clock:
                self._keep_moment(day, clock)
        elif day or clock:
            self.add_error("when", gettext("You gave a date or a time. Choose “Publish at a time”, or empty them."))
        return cleaned

    @property
    def at(self):
        """The moment that was chosen, or None for now."""
        return self.cleaned_data.get("at")

    @property
    def confirmed(self) -> dict:
        """What the verbs of publishing ask an editor."""
        return {
            "notice": self.cleaned_data.get("notice", ""),
            "old_address": self.cleaned_data.get("back", False),
        }

    def _needs_both(self, day, clock) -> None:
        if not day and "day" not in self.errors:
            self.add_error("day", gettext("Choose the day."))
        if not clock and "clock" not in self.errors:
            self.add_error("clock", gettext("Choose the time."))

    def _keep_moment(self, day, clock) -> None:
        try:
            self.cleaned_data["at"] = scheduling.moment(day, clock)
        except ValidationError as error:
            self.add_error("clock", error)


def _back_label(review: Review) -> str:
    number = review.revision.number
    if slug := publishing.address_coming_back(review):
        return gettext("Go back to revision {number}, and move the page back to its earlier address “{slug}”").format(
            number=number, slug=slug
        )
    return gettext("Go back to revision {number}, which is not the newest one").format(number=number)
