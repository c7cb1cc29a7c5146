"""Forms of the review desk: they check the shape of an answer; whether the act is allowed is the verb's business."""

from datetime import date, timedelta

from dateutil.relativedelta import relativedelta
from django import forms
from django.utils import formats, timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Board

from . import calendar
from .document.problems import text_problem
from .document.tree import block_text, blocks
from .models import PublicNotice, Withdrawal

DUE_IN_MONTHS = (6, 12, 24, 36)
SPREAD = timedelta(days=28)


def due_choices(months_at_most: int) -> list[tuple[str, str]]:
    """Dates the next review can be due, with how far away they are: of the month before each, the day with least to do."""
    today = timezone.localdate()
    load = calendar.pages_due(today, today + relativedelta(months=months_at_most))
    choices = []
    for months in DUE_IN_MONTHS:
        if months <= months_at_most:
            last = today + relativedelta(months=months)
            due = calendar.least_busy(load, last - SPREAD, last)
            away = (
                ngettext("in {n} year", "in {n} years", months // 12).format(n=months // 12)
                if months % 12 == 0
                else ngettext("in {n} month", "in {n} months", months).format(n=months)
            )
            choices.append((due.isoformat(), f"{formats.date_format(due, 'j F Y')}, {away}"))
    return choices


class NoteForm(forms.Form):
    node_id = forms.ChoiceField(label=_("About"), required=False)
    quote = forms.CharField(
        label=_("Words it is about"),
        required=False,
        max_length=300,
        help_text=_("Copy a few words from the text. The note stays with them, also in the next revision."),
    )
    text = forms.CharField(label=_("Your note"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    blocking = forms.BooleanField(label=_("This must be settled before anybody signs"), required=False)

    def __init__(self, *args, manifest: dict, **kwargs):
        super().__init__(*args, **kwargs)
        named = [(block["attrs"]["node_id"], block_text(block)[:70] or block["type"]) for block in blocks(manifest)]
        self.fields["node_id"].choices = [("", gettext("the whole page")), *named]


class AcknowledgeForm(forms.Form):
    reference = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why it may be cited all the same"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Say why this source may be cited all the same.")},
    )


class ChangesForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    text = forms.CharField(label=_("What should change"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))


class PublicLine(forms.CharField):
    """One line of plain text that readers see: no hidden characters, no line breaks."""

    widget = forms.Textarea(attrs={"rows": 3})

    def clean(self, value) -> str:
        line = " ".join(super().clean(value).split())
        if problem := text_problem(line):
            raise forms.ValidationError(problem)
        return line


class OnceText(forms.TextInput):
    """Typed for one try: like a password, it does not come back with the page."""

    def format_value(self, value) -> None:
        return None


class OnceHidden(OnceText):
    input_type = "hidden"


class SignForm(forms.Form):
    """One signature. The password, or a passkey, is asked for this very act, however recent the log-in."""

    coi = forms.ChoiceField(
        label=_("Conflict of interest"),
        choices=[("none", _("None to declare")), ("some", _("I declare:"))],
        initial="none",
        widget=forms.RadioSelect,
    )
    coi_text = PublicLine(label=_("What you declare"), max_length=500, required=False, widget=forms.TextInput)
    next_review = forms.TypedChoiceField(label=_("Next review due"), coerce=date.fromisoformat)
    board = forms.ModelChoiceField(
        label=_("In what capacity"), queryset=Board.objects.none(), required=False, empty_label=_("In my own name")
    )
    agree = forms.BooleanField(
        label=_("This is my statement, and I stand by it with my name"),
        error_messages={"required": _("Confirm that this is your statement.")},
    )
    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    passkey = forms.CharField(
        required=False,
        max_length=20_000,
        widget=OnceHidden,
        error_messages={"max_length": _("The passkey did not fit. Try again, or sign with your password.")},
    )
    code = forms.CharField(
        label=_("Code from your authenticator app"),
        required=False,
        widget=OnceText(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def __init__(self, *args, review, signer, step, asks_password: bool = True, asks_code: bool, **kwargs):
        super().__init__(*args, **kwargs)
        boards = Board.objects.filter(members=signer)
        if not asks_password:
            del self.fields["password"]
        if step.code == "medical":
            self._offer_dates(review)
            self.fields["board"].queryset = boards
        else:
            del self.fields["next_review"]
        if step.code != "medical" or not boards.exists():
            del self.fields["board"]
        if not asks_code:
            del self.fields["code"]

    def _offer_dates(self, review) -> None:
        choices = due_choices(review.policy.validity_months)
        self.fields["next_review"].choices = choices
        wanted = timezone.localdate() + relativedelta(months=review.page.review_interval_months)
        nearest = min(choices, key=lambda choice: abs(date.fromisoformat(choice[0]) - wanted))
        self.fields["next_review"].initial = nearest[0]

    def clean(self):
        cleaned = super().clean()
        if not cleaned.get("password") and not cleaned.get("passkey") and "passkey" not in self.errors:
            if "password" in self.fields:
                self.add_error("password", gettext("Enter your password to sign."))
            else:
                self.add_error(None, gettext("Use your passkey to sign."))
        if cleaned.get("coi") == "some" and not cleaned.get("coi_text", "").strip():
            self.add_error("coi_text", gettext("Say what you declare, or choose “None to declare”."))
        return cleaned

    @property
    def conflict_of_interest(self) -> str:
        """What is declared, also while the rest of the form is not right yet; "" where it is nothing."""
        return " ".join((self["coi_text"].value() or "").split()) if self["coi"].value() == "some" else ""


class RevokeForm(forms.Form):
    REASONS = [
        ("error_found", _("I found an error")),
        ("evidence_changed", _("The evidence changed")),
        ("signed_by_mistake", _("I signed by mistake")),
        ("other", _("Another reason")),
    ]
    reason = forms.ChoiceField(label=_("Why"), choices=REASONS, widget=forms.RadioSelect)
    sure = forms.BooleanField(
        label=_("I understand that the page is taken down at once if it needs this signature"),
        error_messages={"required": _("Confirm that you understand what happens.")},
    )


class WithdrawForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("Why"),
        choices=[choice for choice in Withdrawal.Kind.choices if choice[0] != Withdrawal.Kind.REVIEW_WITHDRAWN],
        widget=forms.RadioSelect,
    )
    public_reason = PublicLine(
        label=_("What readers are told"),
        help_text=_("It completes the sentence: “We took this article down because …”"),
        max_length=500,
    )


class NoticeForm(forms.Form):
    kind = forms.ChoiceField(label=_("Kind"), choices=PublicNotice.Kind.choices, widget=forms.RadioSelect)
    text = PublicLine(
        label=_("The notice"),
        help_text=_("Readers see it at once above the article, with today’s date. It cannot be changed afterwards."),
        max_length=500,
    )
