"""People: who they are, what they may do, what they agreed to, and the mail that waits for them."""

from .mail import OutboxMail
from .newsletter import Subscription
from .people import Board, Credential, RoleGrant, Specialty, User
from .policy import Policy, PolicyAcceptance, PolicyClause, PolicyVersion

__all__ = [
    "Board",
    "Credential",
    "OutboxMail",
    "Policy",
    "PolicyAcceptance",
    "PolicyClause",
    "PolicyVersion",
    "RoleGrant",
    "Specialty",
    "Subscription",
    "User",
]
