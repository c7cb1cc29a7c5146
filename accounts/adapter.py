"""Where allauth and Bedside meet: mail goes through the outbox, links carry SITE_URL."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.utils import get_next_redirect_url
from django.conf import settings
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from . import mail


class AccountAdapter(DefaultAccountAdapter):
    def save_user(self, request, user, form, commit=True):
        user.handle = form.cleaned_data["handle"]
        return super().save_user(request, user, form, commit)

    def send_mail(self, template_prefix: str, email: str, context: dict) -> None:
        """`account/email/password_changed` and its like become `templates/mail/password_changed.txt`."""
        links = {
            "signup_url": mail.absolute(reverse("account_signup")),
            "login_url": mail.absolute(reverse("account_login")),
            "reset_url": mail.absolute(reverse("account_reset_password")),
            "security_url": mail.absolute(reverse("mfa_index")),
        }
        mail.send(template_prefix.rpartition("/")[2], email, {**context, **links})

    def get_email_confirmation_url(self, request, emailconfirmation) -> str:
        """The reader may open the mail in another browser, so the way back travels in the link."""
        url = mail.absolute(reverse("account_confirm_email", args=[emailconfirmation.key]))
        following = get_next_redirect_url(request) if request else None
        return f"{url}?{urlencode({'next': following})}" if following else url

    def get_reset_password_from_key_url(self, key: str) -> str:
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return mail.absolute(path.replace("UID-KEY", key))

    def is_safe_url(self, url: str) -> bool:
        """Paths of this site only, however many host names it answers to."""
        return bool(url) and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def pre_login(self, request, user, **kwargs):
        # The demo's passwords are no secret.
        if user.is_demo and not settings.DEMO:
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **kwargs)
