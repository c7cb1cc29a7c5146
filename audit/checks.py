"""System checks on the database: `manage.py check --database default` says which triggers do not stand."""

from django.core.checks import Error, Tags, register
from django.db import connections

from . import triggers


@register(Tags.database)
def triggers_stand(app_configs, databases, **kwargs) -> list[Error]:
    found = []
    for alias in databases or []:
        # Before the first migration there is nothing to protect.
        if "audit_entry" in connections[alias].introspection.table_names():
            found += [_absent(name) for name in triggers.missing(alias)]
    return found


def _absent(name: str) -> Error:
    return Error(
        f"The trigger {name} is absent, switched off or different.",
        hint="`manage.py migrate` installs it again.",
        id="audit.E001",
    )
