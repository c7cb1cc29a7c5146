"""People and policies in Django's admin, for the day nothing else helps; most of it cannot be changed."""

from allauth.account import admin as _addresses  # noqa: F401
from allauth.account.models import EmailAddress
from allauth.mfa import admin as _authenticators  # noqa: F401
from allauth.mfa.models import Authenticator
from allauth.usersessions import admin as _sessions  # noqa: F401
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth import admin as _groups  # noqa: F401
from django.contrib.auth.models import Group

from audit.admin import EvidenceAdmin

from .access import lacks_second_step
from .models import (
    Board,
    Credential,
    OutboxMail,
    PolicyAcceptance,
    PolicyClause,
    PolicyVersion,
    RoleGrant,
    Subscription,
    User,
)

_may_enter = admin.site.has_permission
# The admin has doors of its own; the second step is asked for here too.
admin.site.has_permission = lambda request: _may_enter(request) and not lacks_second_step(request.user)

# Whoever adds an address or an authenticator to a reviewer can sign in, and sign, as that reviewer. The imports
# above make these registrations happen first, so that they can be taken back.
admin.site.unregister([EmailAddress, Authenticator, Group, UserSession])


@admin.register(User)
class UserAdmin(EvidenceAdmin):
    """Names, roles and accounts are changed on the people desk, on the record; passwords by their owners."""

    fields = [
        "email",
        "handle",
        "name",
        "slug",
        "bio",
        "is_active",
        "is_staff",
        "is_superuser",
        "date_joined",
        "last_login",
    ]
    list_display = ["email", "handle", "name", "is_active", "is_demo", "date_joined"]
    search_fields = ["email", "handle", "name"]


@admin.register(RoleGrant)
class RoleGrantAdmin(EvidenceAdmin):
    list_display = ["user", "role", "granted_by", "valid_from", "valid_until", "revoked_at"]
    list_select_related = ["user", "granted_by"]
    list_filter = ["role"]


@admin.register(Credential)
class CredentialAdmin(EvidenceAdmin):
    list_display = ["user", "title", "issuer", "valid_from", "valid_until", "verified_by", "revoked_at"]
    list_select_related = ["user", "verified_by"]


@admin.register(Board)
class BoardAdmin(EvidenceAdmin):
    list_display = ["name", "slug"]


@admin.register(PolicyVersion)
class PolicyVersionAdmin(EvidenceAdmin):
    list_display = ["policy", "number", "title", "published_by", "published_at"]
    list_select_related = ["policy", "published_by"]


@admin.register(PolicyClause)
class PolicyClauseAdmin(EvidenceAdmin):
    list_display = ["version", "number", "code", "title"]
    list_select_related = ["version__policy"]


@admin.register(PolicyAcceptance)
class PolicyAcceptanceAdmin(EvidenceAdmin):
    list_display = ["user", "version", "accepted_at"]
    list_select_related = ["user", "version__policy"]


@admin.register(Subscription)
class SubscriptionAdmin(EvidenceAdmin):
    list_display = ["email", "status", "consented_at", "confirmed_at", "left_at"]
    list_filter = ["status"]


@admin.register(OutboxMail)
class OutboxMailAdmin(EvidenceAdmin):
    """Without the words: they hold links that let people in."""

    list_display = ["created_at", "to", "template", "status", "attempts", "sent_at", "last_error"]
    list_filter = ["status"]
    fields = ["to", "template", "status", "attempts", "not_before", "created_at", "sent_at", "last_error"]
