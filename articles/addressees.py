"""Whom the desk writes to: people who are there, hold a role, and could do something about it."""

from collections import defaultdict
from collections.abc import Iterable

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Credential, RoleGrant, User
from accounts.models.people import MACHINE
from accounts.roles import Role

from . import vouching
from .models import Page, Review, SignOff

# Whoever holds none of these has no business with unpublished text, also not with what they once wrote.
DESK_ROLES = (Role.WRITER, Role.MEDICAL_REVIEWER, Role.EDITOR)


def reachable() -> QuerySet[User]:
    """People who can sign in and read what they are sent."""
    people = User.objects.filter(is_active=True, erased_at=None).exclude(email=MACHINE)
    return people if settings.DEMO else people.filter(is_demo=False)


class Desk:
    """Everybody at the desk, with what decides about their mail; read once, in three queries."""

    def __init__(self) -> None:
        grants = RoleGrant.objects.standing().filter(role__in=DESK_ROLES, user__in=reachable())
        self.people: dict[int, User] = {}
        self.roles: dict[int, set[str]] = defaultdict(set)
        for grant in grants.select_related("user").order_by("user"):
            self.people[grant.user_id] = grant.user
            self.roles[grant.user_id].add(grant.role)
        # The same day as a signature goes by.
        valid = Credential.objects.valid_on(timezone.now().date()).filter(user__in=self.people)
        self.qualified: set[int] = set(valid.values_list("user", flat=True))
        fields = User.specialties.through.objects.filter(user__in=self.people)
        self.specialties: dict[int, set[int]] = defaultdict(set)
        for person, specialty in fields.values_list("user", "specialty"):
            self.specialties[person].add(specialty)

    def holding(self, *roles: str) -> list[User]:
        return [person for pk, person in self.people.items() if self.roles[pk].intersection(roles)]

    def those(self, ids: Iterable[int | None]) -> list[User]:
        """The people with these ids, as far as they are at the desk; each once."""
        return [self.people[pk] for pk in sorted({pk for pk in ids if pk in self.people})]

    def holds(self, person: User, *roles: str) -> bool:
        return bool(self.roles[person.pk].intersection(roles))

    def who_can_sign(self, review: Review, signatures: list[SignOff] | None = None) -> list[User]:
        """Who could take a step that is left: had no hand in the text, has not signed it, holds what the step asks for.

        `signatures` are those that stand, if they are known.
        """
        signatures = vouching.standing(review) if signatures is None else signatures
        signed = {one.signer_id for one in [*review.sign_offs.all(), *signatures]}
        out = {one.user_id for one in review.revision.contributors.all()} | signed
        found: set[int] = set()
        for step in vouching.steps_left(review, signatures):
            able = {one.pk for one in self.holding(step.role)} - out
            if step.needs_credential:
                able &= self.qualified
            found |= self._who_fits(able, review.page) if step.role == Role.MEDICAL_REVIEWER else able
        return self.those(found)

    def who_reviews(self, page: Page) -> list[User]:
        """The medical reviewers to whom a page belongs."""
        return self.those(self._who_fits({one.pk for one in self.holding(Role.MEDICAL_REVIEWER)}, page))

    def in_hand_of(self, review: Review) -> User | None:
        """The assignee, as long as they can be told and hold a role that the review needs."""
        assignee, roles = self.people.get(review.assignee_id), [step.role for step in review.policy.steps.all()]
        return assignee if assignee and self.holds(assignee, *roles) else None

    def _who_fits(self, people: set[int], page: Page) -> set[int]:
        # A specialty that nobody here has would leave the page with nobody.
        return {pk for pk in people if page.specialty_id in self.specialties[pk]} or people
