"""Give somebody a role from the command line: how a new site gets its first administrator. On the record, by Bedside itself."""

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from accounts import roles
from accounts.models import User
from accounts.roles import Role


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("email", help="who signs in with this address")
        parser.add_argument("role", choices=Role.values)

    def handle(self, *args, email: str, role: str, **options):
        user = User.objects.filter(email=email.lower()).first()
        if user is None:
            raise CommandError(f"Nobody signs in with {email}.")
        try:
            roles.grant(user, role, by=User.objects.machine())
        except IntegrityError as error:
            raise CommandError(f"{email} holds the role {role} already.") from error
        self.stdout.write(f"{email} is now: {role}")
