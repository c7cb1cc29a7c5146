"""A migrated database that nobody needs afterwards, on either engine, for scripts outside pytest."""

import os

from tests import postgres


def open_database(kind: str) -> str:
    """Set Django up on a new, empty database; `kind` is "sqlite" or "postgres". Returns a line that names it."""
    os.environ["DATABASE_URL"], said = postgres.choose(kind)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.core.management import call_command
    from django.test.utils import setup_test_environment

    setup_test_environment()
    call_command("migrate", verbosity=0)
    return said
