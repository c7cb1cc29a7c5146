"""Fill the database with a made-up world that has work on every desk, and print its logins."""

import secrets
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.demo.load import rows
from accounts.models import User
from accounts.roles import Role
from comments.demo import world

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without letters and figures that look alike


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args, **options) -> None:
        if not settings.DEMO:
            raise CommandError(
                _("DEMO is off. The people of the demo world share one printed password: set DEMO=1 first.")
            )
        password = settings.DEMO_PASSWORD or kept_password(Path(settings.VAR_DIR) / "demo_password")
        if world.is_there():
            world.set_password(password)
            self.stdout.write(_("The demo world is here already; nothing was added."))
        else:
            self._build(password)
        self._print_logins(password)

    def _build(self, password: str) -> None:
        self.stdout.write(_("Making the demo world. This takes up to a minute, once."))
        try:
            world.build(password)
        except world.Taken as error:
            raise CommandError(
                _("Not made: somebody else here has {names}. Use an empty database.").format(names=error)
            ) from error

    def _print_logins(self, password: str) -> None:
        known = set(User.objects.filter(is_demo=True, is_active=True).values_list("email", flat=True))
        to_try = things_to_try()
        table = [
            (row["email"], role_of(row), to_try[row["email"]]) for row in rows() if row["email"] in known & set(to_try)
        ]
        widths = [max(len(line[column]) for line in table) for column in (0, 1)]
        self.stdout.write("")
        for email, role, hint in table:
            self.stdout.write(f"  {email:<{widths[0]}}  {role:<{widths[1]}}  {hint}")
        self.stdout.write("")
        others = len(known) - len(table)
        self.stdout.write(_("and {n} more members, see comments on any article.").format(n=others))
        self.stdout.write(_("Sign in at {url}").format(url=settings.SITE_URL + reverse("account_login")))
        self.stdout.write(_("The password of all of them: {password}").format(password=password))


def kept_password(path: Path) -> str:
    """Made up at the first run and the same ever after; only whoever runs the site can read the file."""
    if path.exists() and (kept := path.read_text("utf-8").strip()):
        return kept
    password = "-".join("".join(secrets.choice(ALPHABET) for _n in range(4)) for _group in range(3))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(f"{password}\n", "utf-8")
    return password


def role_of(row: dict) -> str:
    return ", ".join(str(Role(role).label) for role in row["roles"]) or _("Member")


def things_to_try() -> dict[str, str]:
    """What is waiting for whom."""
    return {
        "reader@example.org": _("Write a comment below an article, then look at “My comments”"),
        "reader2@example.org": _("See a refused comment and the appeal that was made"),
        "newcomer@example.org": _("Comment for the first time: the rules come first"),
        "farida@example.org": _("Comment after the rules have changed"),
        "writer@example.org": _("Start a draft; a page of yours is in review"),
        "writer2@example.org": _("Mend the page that a reviewer sent back"),
        "reviewer@example.org": _("Read, question and sign the page that waits for review"),
        "reviewer2@example.org": _("Sign as a board; look at the page that is overdue"),
        "reviewer3@example.org": _("See why a lapsed credential cannot sign"),
        "editor@example.org": _("Publish the signed update; withdraw a page"),
        "moderator@example.org": _("Decide about comments, the most urgent lane first"),
        "moderator2@example.org": _("Hear an appeal"),
        "admin@example.org": _("Give a role, check a credential, turn an account off"),
    }
