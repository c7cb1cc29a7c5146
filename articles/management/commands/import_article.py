"""A manuscript file becomes a draft; prints what was found, left out and unsure."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import RoleGrant, User
from accounts.roles import Role, holds

from ...document.manuscript.pieces import MAX_BYTES
from ...manuscripts import BroughtIn, ManuscriptRefused, bring_in
from ...models import Page

UNREADABLE = 2


class Command(BaseCommand):
    help = "Turn a manuscript (plain text, HTML or Markdown, at most 2 MB) into a draft."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the manuscript")
        parser.add_argument("--json", action="store_true", help="print what was found as JSON")
        parser.add_argument("--by", metavar="EMAIL", help="the writer whose draft it will be")
        parser.add_argument("--again", action="store_true", help="make a new draft even of a file imported before")
        parser.add_argument("--kind", choices=Page.Kind.values, default=Page.Kind.ARTICLE, help="kind of page")

    def handle(self, *args: Any, **options: Any) -> None:
        data = self.read(options["file"])
        chosen = {"name": options["file"], "kind": options["kind"], "again": options["again"]}
        try:
            # One transaction: a file that is refused leaves nothing behind, not even the machine's account.
            with transaction.atomic():
                made = bring_in(data, by=self.writer(options["by"]), **chosen)
        except ManuscriptRefused as refused:
            raise CommandError(f"{options['file']}: {refused}", returncode=UNREADABLE) from refused
        if options["json"]:
            self.stdout.write(json.dumps(made.report, indent=2))
        else:
            # A terminal that lacks a letter shows "?": the draft is made by now, and that is no error.
            encoding = getattr(self.stdout, "encoding", None) or "utf-8"
            self.stdout.write("\n".join(lines(made)).encode(encoding, "replace").decode(encoding))

    def read(self, name: str) -> bytes:
        path = Path(name)
        try:
            if path.is_dir():
                raise CommandError(_("{file} is a folder, not a file.").format(file=name), returncode=UNREADABLE)
            with path.open("rb") as file:
                # One byte more than allowed tells that a file is too large, without reading an endless one.
                return file.read(MAX_BYTES + 1)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            message = _("{file} cannot be read: {why}.").format(file=ascii(name)[1:-1], why=why)
            raise CommandError(message, returncode=UNREADABLE) from error

    def writer(self, email: str | None) -> User:
        """Whoever is named, or the only writer there is, or Bedside itself."""
        if email:
            found = User.objects.filter(email=email.strip().lower()).first()
            if not holds(found, Role.WRITER, Role.EDITOR):
                message = _("{email} is no writer or editor here.").format(email=email)
                raise CommandError(message, returncode=UNREADABLE)
            return found
        writers = set(
            RoleGrant.objects.standing().filter(role=Role.WRITER, user__is_active=True).values_list("user", flat=True)
        )
        return User.objects.get(pk=writers.pop()) if len(writers) == 1 else User.objects.machine()


def lines(made: BroughtIn) -> list[str]:
    """What a person reads: what was found, what was left out, what to look at."""
    found, legacy = made.report, made.report["legacy_review"]
    said = [
        _("New draft: {title}") if made.is_new else _("This file was imported before, nothing was written: {title}"),
        _("  Address: {slug}"),
    ]
    said = [sentence.format(title=found["title"], slug=found["slug"]) for sentence in said]
    if found["hero"]:
        said.append("  " + _("A figure at the head, still without a file."))
    if legacy:
        kept = _("Old label, never a sign-off: reviewed by {by}, {date}.")
        said.append("  " + kept.format(by=legacy["by"] or "?", date=legacy["date"] or "?"))
    said += [f"  {count}" for count in counts(found)]
    for title, key in (
        (_("Drug names to confirm:"), "drugs"),
        (_("Left out:"), "dropped"),
        (_("Look at:"), "warnings"),
    ):
        if found[key]:
            said += [title, *(f"  {drug_line(one) if key == 'drugs' else one}" for one in found[key])]
    return [*said, _("Go on here: {url}").format(url=found["draft_url"])]


def counts(found: dict[str, Any]) -> list[str]:
    headings, lists, groups = len(found["headings"]), len(found["lists"]), len(found["citations"])
    return [
        ngettext("{n} heading", "{n} headings", headings).format(n=headings),
        ngettext("{n} list", "{n} lists", lists).format(n=lists),
        ngettext("{n} citation marker", "{n} citation markers", groups).format(n=groups),
        ngettext("{n} reference to fill in", "{n} references to fill in", found["references"]).format(
            n=found["references"]
        ),
    ]


def drug_line(drug: dict[str, str]) -> str:
    brand = drug["brand"] + drug["mark"]
    return f"{brand} ({drug['generic']})" if brand and drug["generic"] else brand or drug["generic"]
