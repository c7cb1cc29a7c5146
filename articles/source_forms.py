"""Forms of the sources desk: what became of a source, and a file that tells it of many."""

from datetime import date
from typing import Any

from django import forms
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .document.problems import text_problem
from .identifiers import doi, url
from .models import Reference
from .retractions import Row
from .sources import Plan

MAX_FILE = 64 * 1024 * 1024
# The preview's rows travel through the page, signed, so that nothing but what was shown is recorded.
SALT = "articles.retractions"
GOOD_FOR = 60 * 60
LONGEST_TOKEN = 700_000


class StatusForm(forms.Form):
    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    status = forms.ChoiceField(label=_("What became of it"), choices=Reference.Status.choices, widget=forms.RadioSelect)
    notice = forms.CharField(
        label=_("The notice"),
        help_text=_("DOI or address of the retraction, correction or concern."),
        max_length=500,
        required=False,
    )
    effective_on = forms.DateField(
        label=_("Date of the notice"),
        help_text=_("Leave it empty if you do not know; today counts then."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    source = forms.CharField(
        label=_("How you know"),
        help_text=_("For example the journal’s website, or a letter from the publisher. Name no reader here."),
        max_length=80,
        required=False,
    )

    def clean_notice(self) -> str:
        text = self.cleaned_data["notice"].strip()
        if not text:
            return ""
        for spelling in (doi, url):
            try:
                found = spelling(text)
            except ValueError:
                continue
            if not text_problem(found):
                return found
        raise forms.ValidationError(gettext("This is neither a DOI nor a web address."))

    def clean_effective_on(self):
        day = self.cleaned_data["effective_on"]
        if day and day > timezone.localdate():
            raise forms.ValidationError(gettext("This day has not come yet."))
        return day

    def clean_source(self) -> str:
        text = " ".join(self.cleaned_data["source"].split())
        if problem := text_problem(text):
            raise forms.ValidationError(problem)
        return text


class ListForm(forms.Form):
    """A list of retractions to look at."""

    file = forms.FileField(
        label=_("The list"),
        help_text=_(
            "A CSV file in the Retraction Watch layout, at most 64 MB. You see what it would do before anything is written."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )

    def clean_file(self) -> UploadedFile:
        file = self.cleaned_data["file"]
        if file.size > MAX_FILE:
            raise forms.ValidationError(gettext("This file is larger than 64 MB."))
        return file


def sealed(plan: Plan, user) -> str:
    """The rows of a preview that are news, signed for this person; "" where they are too many for a page."""
    rows = {row.line: row for found in plan.news for row in found.rows}
    fields = [[getattr(row, name) for name in Row.__slots__] for row in rows.values()]
    plain = [[value.isoformat() if hasattr(value, "isoformat") else value for value in one] for one in fields]
    token = signing.dumps({"by": user.pk, "rows": plain}, salt=SALT, compress=True)
    return token if len(token) <= LONGEST_TOKEN else ""


def unsealed(token: str, user) -> list[Row]:
    """The rows again; signing.BadSignature where they are not the ones this person was shown within the hour."""
    said: dict[str, Any] = signing.loads(token, salt=SALT, max_age=GOOD_FOR)
    if said["by"] != user.pk:
        raise signing.BadSignature
    rows = [dict(zip(Row.__slots__, one, strict=True)) for one in said["rows"]]
    return [Row(**row | {"on": date.fromisoformat(row["on"])}) for row in rows]
