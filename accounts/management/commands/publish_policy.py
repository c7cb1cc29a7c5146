"""Put a new version of a policy in force from a JSON file: {"title", "text", "changes", "clauses": [{"code", "title", "text"}]}.

Only the title is required. In the text a line "## …" starts a section, "- …" an item, an empty line a paragraph. Clauses are
numbered in their order; the community rules need them, because a rejection names one. "changes" tells people who accepted
an earlier version what is new.
"""

import json
from pathlib import Path

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError

from accounts import policies
from accounts.models import Policy, User

FIELDS = {"title": str, "text": str, "changes": str, "clauses": list}
CLAUSE = {"code", "title", "text"}


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("kind", choices=Policy.Kind.values)
        parser.add_argument("file")
        parser.add_argument("--by", help="the administrator's address; without it the entry names Bedside itself")

    def handle(self, *args, kind: str, file: str, by: str | None, **options):
        words = self._read(file)
        if kind == Policy.Kind.RULES and not words.get("clauses"):
            raise CommandError("The community rules need clauses: a rejection names the one that was broken.")
        person = User.objects.filter(email=by.lower()).first() if by else User.objects.machine()
        if person is None:
            raise CommandError(f"Nobody signs in with {by}.")
        try:
            version = policies.publish(kind, **words, by=person)
        except PermissionDenied as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{kind}: version {version.number} is in force")

    def _read(self, file: str) -> dict:
        try:
            words = json.loads(Path(file).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CommandError(f"{file} cannot be read as JSON: {error}") from error
        if not isinstance(words, dict) or not words.get("title"):
            raise CommandError(f"{file} must be an object with at least a title.")
        for name, value in words.items():
            if name not in FIELDS or not isinstance(value, FIELDS[name]):
                raise CommandError(f"{file}: “{name}” is unknown or of another kind than expected.")
        for clause in words.get("clauses", []):
            if not isinstance(clause, dict) or set(clause) != CLAUSE or not all(clause.values()):
                raise CommandError(f"{file}: each clause has a code, a title and a text.")
        return words
