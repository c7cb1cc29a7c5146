"""Forms of people: sign-up and the newsletter."""

from allauth.account import forms as allauth_forms
from allauth.account.internal.flows.signup import prevent_enumeration
from allauth.account.internal.templatekit import get_entrance_context_data
from django import forms
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from . import names, policies
from .models import Policy, User

AGREED_TO = (Policy.Kind.TERMS, Policy.Kind.PRIVACY)


class SignupForm(allauth_forms.SignupForm):
    """E-mail, public name, password. Whether an address has an account already is told by mail alone."""

    handle = forms.CharField(
        label=_("Name that others see"),
        help_text=_("Not your full name. Everyone can read it."),
        min_length=names.SHORTEST,
        max_length=names.LONGEST,
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )

    field_order = ["email", "handle", "password1"]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
        self.fields["email"].label = _("Email address")
        self.fields["email"].help_text = _("We send one message to confirm it. We never show it.")
        self.fields["password1"].help_text = _("At least 10 characters. Three words in a row work well.")
        self.versions = [version for kind in AGREED_TO if (version := policies.current(kind))]

    @property
    def in_force(self) -> str:
        """What the page asks people to agree to, for its hidden field `agreed`."""
        return " ".join(str(version.pk) for version in self.versions)

    def clean_handle(self) -> str:
        handle = names.tidy(self.cleaned_data["handle"])
        if sentence := names.problem(handle):
            raise ValidationError(sentence)
        return handle

    def clean(self) -> dict:
        cleaned = super().clean()
        # Nobody agrees to words they never saw. The page that shows this error carries the new ones.
        if self.data.get("agreed", self.in_force) != self.in_force:
            self.add_error(None, _("Our terms changed a moment ago. Please read them, then send this again."))
        return cleaned

    def try_save(self, request):
        """Save, or write to the address that it has an account; the page is the same, and takes as long."""
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        try:
            with transaction.atomic():
                return super().try_save(request)
        except IntegrityError:
            return None, self._overtaken(request)

    def signup(self, request, user: User) -> None:
        for version in self.versions:
            policies.accept(user, version)

    def _overtaken(self, request):
        """Somebody took the address or the name between our look and our save."""
        email = self.cleaned_data["email"]
        if User.objects.filter(email=email).exists():
            return prevent_enumeration(request, email=email)
        self.add_error("handle", names.problem(self.cleaned_data["handle"]))
        context = {**get_entrance_context_data(request), "form": self}
        return TemplateResponse(request, "account/signup.html", context, status=422)


class NewsletterForm(forms.Form):
    """An address, and a field that people do not see and programs fill in."""

    email = forms.EmailField(
        label=_("Email address"),
        max_length=254,
        error_messages={
            "invalid": _("Enter an email address, like name@example.com"),
            "required": _("Enter your email address."),
        },
    )
    website = forms.CharField(required=False)

    def is_from_a_program(self) -> bool:
        return bool(self.cleaned_data.get("website"))
