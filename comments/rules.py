"""The community rules, as the conversation needs them: which are in force, and whether this member agreed to them."""

from accounts import policies
from accounts.models import Policy, PolicyAcceptance, PolicyVersion, User


def current() -> PolicyVersion | None:
    return policies.current(Policy.Kind.RULES)


def has_accepted(user: User, version: PolicyVersion) -> bool:
    return PolicyAcceptance.objects.filter(user=user, version=version).exists()


def accept(user: User, version: PolicyVersion) -> PolicyAcceptance:
    """Raises WrongState when newer rules are in force by now."""
    return policies.accept(user, version, by=user)
