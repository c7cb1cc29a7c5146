"""Forms of the writing desk: a new page, the head and facts of a page, sending it for review."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .document import schema
from .drafting.directory import subtype_names
from .models import Page, Redirect, Revision, Topic


def split_names(names: str) -> list[str]:
    return [name for name in (" ".join(part.split()) for part in names.split(";")) if name]


class NewPageForm(forms.Form):
    """A page is begun with its kind and its name; all else is written on the edit page."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Page.Kind.choices, widget=forms.RadioSelect)
    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=200,
        help_text=gettext_lazy("For a drug its brand name, for a subtype its name. You can change it later."),
    )


class HeadForm(forms.Form):
    """What stands around the text: title, address, bylines, words for search engines."""

    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=200,
        error_messages={"required": gettext_lazy("Write a title.")},
    )
    standfirst = forms.CharField(
        label=gettext_lazy("Standfirst"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("One or two sentences under the title."),
    )
    slug = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=80,
        error_messages={"required": gettext_lazy("Write an address.")},
        help_text=gettext_lazy("The last part of the web address: small letters, digits and hyphens."),
    )
    topic = forms.ModelChoiceField(
        label=gettext_lazy("Topic"),
        queryset=Topic.objects.none(),
        required=False,
        empty_label=gettext_lazy("No topic"),
    )
    bylines = forms.CharField(
        label=gettext_lazy("Written by"),
        required=False,
        max_length=1000,
        help_text=gettext_lazy("Names as readers see them, with a semicolon between two."),
    )
    seo_title = forms.CharField(
        label=gettext_lazy("Title in search results"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("Only where it should differ from the title."),
    )
    seo_description = forms.CharField(
        label=gettext_lazy("Description in search results"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, page: Page, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.page = page
        self.fields["topic"].queryset = Topic.objects.all()

    @staticmethod
    def initial_of(page: Page, content: dict) -> dict:
        seo = content.get("seo") or {}
        return {
            "title": content.get("title", ""),
            "standfirst": content.get("standfirst", ""),
            "slug": content.get("slug", ""),
            "topic": page.topic_id,
            "bylines": "; ".join(byline["name"] for byline in content.get("bylines", [])),
            "seo_title": seo.get("title", ""),
            "seo_description": seo.get("description", ""),
        }

    def clean_slug(self) -> str:
        slug = self.cleaned_data["slug"].lower()
        if not schema.SLUG.match(slug):
            raise ValidationError(_("An address holds small letters a to z, digits and single hyphens."))
        same = {"kind": self.page.kind, "language": self.page.language, "slug": slug}
        taken = Page.objects.filter(**same).exclude(pk=self.page.pk).exists()
        if taken or Redirect.objects.filter(**same).exclude(page=self.page).exists():
            raise ValidationError(_("Another page has this address. Choose a different one."))
        return slug

    def over(self, content: dict) -> dict:
        """`content` with every field that is sound put over what was stored."""
        said = {name: self.cleaned_data[name] for name in self.cleaned_data if name not in self.errors}
        seo = {"title": "", "description": "", **(content.get("seo") or {})}
        changes: dict[str, Any] = {name: said[name] for name in ("title", "standfirst", "slug") if name in said}
        if "bylines" in said:
            names = (" ".join(name.split()) for name in said["bylines"].split(";"))
            changes["bylines"] = [{"name": name} for name in names if name]
        for field, key in (("seo_title", "title"), ("seo_description", "description")):
            if field in said:
                seo[key] = said[field]
        return {**content, **changes, "seo": seo}


class DrugForm(forms.Form):
    """The facts of a drug entry, apart from its approvals."""

    brand = forms.CharField(label=gettext_lazy("Brand name"), required=False, max_length=80)
    mark = forms.ChoiceField(
        label=gettext_lazy("Mark"),
        required=False,
        choices=[("", gettext_lazy("none")), ("®", "®"), ("™", "™")],
    )
    generic = forms.CharField(label=gettext_lazy("Generic name"), required=False, max_length=120)
    drug_class = forms.CharField(label=gettext_lazy("Class"), required=False, max_length=160)
    route = forms.CharField(
        label=gettext_lazy("How it is given"),
        required=False,
        max_length=80,
        help_text=gettext_lazy("For example: tablet, infusion into a vein."),
    )
    target = forms.CharField(label=gettext_lazy("What it acts on"), required=False, max_length=200)
    other_names = forms.CharField(
        label=gettext_lazy("Other names"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy("With a semicolon between two."),
    )
    subtypes = forms.MultipleChoiceField(
        label=gettext_lazy("Used for these subtypes"), required=False, widget=forms.CheckboxSelectMultiple
    )

    TEXTS = ("brand", "mark", "generic", "drug_class", "route", "target")

    def __init__(self, *args, stored: dict, language: str, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        known = subtype_names(language)
        # A subtype that the draft names stays a choice, so that saving does not drop it unseen.
        self.fields["subtypes"].choices = [
            *known,
            *((uid, uid) for uid in stored["subtypes"] if uid not in dict(known)),
        ]

    @classmethod
    def initial_of(cls, facts: dict) -> dict:
        texts = {name: facts.get(name, "") for name in cls.TEXTS}
        return {
            **texts,
            "other_names": "; ".join(facts.get("other_names", [])),
            "subtypes": facts.get("subtypes", []),
        }

    def over(self, facts: dict) -> dict:
        said = {name: self.cleaned_data[name] for name in self.cleaned_data if name not in self.errors}
        if "other_names" in said:
            said["other_names"] = split_names(said["other_names"])
        return {**facts, **said}


class SubtypeForm(forms.Form):
    """The facts of a subtype entry."""

    name = forms.CharField(label=gettext_lazy("Name"), required=False, max_length=80)
    definition = forms.CharField(
        label=gettext_lazy("Definition"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    authority = forms.CharField(label=gettext_lazy("Who defines it so"), required=False, max_length=300)
    synonyms = forms.CharField(
        label=gettext_lazy("Other names"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy("With a semicolon between two."),
    )

    def __init__(self, *args, stored: dict, language: str, **kwargs) -> None:
        super().__init__(*args, **kwargs)

    @staticmethod
    def initial_of(facts: dict) -> dict:
        texts = {name: facts.get(name, "") for name in ("name", "definition", "authority")}
        return {**texts, "synonyms": "; ".join(facts.get("synonyms", []))}

    def over(self, facts: dict) -> dict:
        said = {name: self.cleaned_data[name] for name in self.cleaned_data if name not in self.errors}
        if "definition" in said:
            said["definition"] = " ".join(said["definition"].split())
        if "synonyms" in said:
            said["synonyms"] = split_names(said["synonyms"])
        return {**facts, **said}


class SendForm(forms.Form):
    """What is asked when a draft goes to review."""

    change_class = forms.ChoiceField(
        label=gettext_lazy("What kind of change is this?"),
        choices=Revision.ChangeClass.choices,
        initial=Revision.ChangeClass.MATERIAL,
        required=False,
    )
    change_note = forms.CharField(
        label=gettext_lazy("What changed, and why?"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("One or two sentences for the reviewer."),
    )

    def clean_change_class(self) -> str:
        return self.cleaned_data["change_class"] or Revision.ChangeClass.MATERIAL
