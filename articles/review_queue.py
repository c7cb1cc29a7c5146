"""What waits on the review desk: lanes, who has what, and who could take it."""

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from django.db.models import Count, Exists, JSONField, OuterRef, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Credential, RoleGrant, Specialty, User
from accounts.roles import Role

from . import by_due, permissions, vouching
from .models import Publication, Review, ReviewStep, RevisionContributor, SignOff

SOON = timedelta(days=7)
OPEN_LANES = ("mine", "new", "due_soon", "overdue", "open")
LANES = (*OPEN_LANES, "sent_back", "signed")
# No slug begins like this, so no specialty is ever called so.
MY_SPECIALTIES = "_mine"
MOST_CANDIDATES = 200


class Row(NamedTuple):
    """One review in the list, with what this viewer may do about it."""

    review: Review
    title: str
    what: str
    due: str
    is_late: bool
    is_mine: bool
    may_take: bool
    may_sign: bool


class Candidate(NamedTuple):
    """Somebody who could sign: how many open reviews they have already, and whether this specialty is theirs."""

    person: User
    load: int
    fits: bool

    @property
    def words(self) -> str:
        parts = [self.person.get_full_name(), _("{n} open").format(n=self.load)]
        return " · ".join([*parts, _("knows this specialty")] if self.fits else parts)


def about(user, specialty: str) -> Q:
    """Reviews of pages of this specialty: its slug, one's own ("_mine"), or all ("")."""
    if specialty == MY_SPECIALTIES:
        return Q(page__specialty__in=user.specialties.values("pk"))
    return Q(page__specialty__slug=specialty) if specialty else Q()


def lane(name: str, user, wanted: Q) -> QuerySet[Review]:
    """The reviews of one lane, within a specialty."""
    if name in OPEN_LANES:
        found = Review.objects.filter(_open_and(name, user), status=Review.Status.OPEN)
    elif name == "sent_back":
        newer = Review.objects.filter(page=OuterRef("page"), pk__gt=OuterRef("pk"))
        found = Review.objects.filter(~Exists(newer), status=Review.Status.CHANGES_ASKED)
    else:
        # Its own publication, or that of a later revision: then nobody waits for this one any more.
        public = Publication.objects.filter(page=OuterRef("page"), review__gte=OuterRef("pk"))
        found = Review.objects.filter(~Exists(public), status=Review.Status.APPROVED)
    return found.filter(wanted)


def counts(user, wanted: Q) -> dict[str, int]:
    """How many stand in each lane, by the very conditions that list them."""
    still_open = Review.objects.filter(wanted, status=Review.Status.OPEN)
    found = still_open.aggregate(**{name: Count("pk", filter=_open_and(name, user)) for name in OPEN_LANES})
    return found | {name: lane(name, user, wanted).count() for name in LANES if name not in OPEN_LANES}


def titled(reviews: QuerySet[Review]) -> QuerySet[Review]:
    """With the title of the revision. Its text, which may be long, stays in the database."""
    return reviews.annotate(title=KeyTextTransform("title", Cast("revision__content", JSONField())))


def with_facts(reviews: QuerySet[Review], user) -> QuerySet[Review]:
    """All that a row shows."""
    wrote = RevisionContributor.objects.filter(revision=OuterRef("revision"), user=user)
    signed = SignOff.objects.filter(review=OuterRef("pk"), signer=user)
    steps = ReviewStep.objects.filter(policy=OuterRef("policy"), role__in=user.role_codes)
    if permissions.valid_credential(user) is None:
        steps = steps.filter(needs_credential=False)
    return (
        titled(reviews)
        .select_related("page__specialty", "revision", "assignee")
        .defer("revision__content")
        .annotate(
            been_public=Exists(Publication.objects.filter(page=OuterRef("page"), review__lt=OuterRef("pk"))),
            may_sign=Exists(steps) & ~Exists(wrote) & ~Exists(signed),
        )
    )


def rows_of(reviews: Iterable[Review], user) -> list[Row]:
    """Reviews `with_facts` as rows for this viewer."""
    today, everything = timezone.localdate(), permissions.can_assign(user)
    own = set(user.specialties.values_list("pk", flat=True))
    return [
        Row(
            review=one,
            title=one.title,
            what=_what(one),
            due=by_due.in_words(one.due_on, today) if one.status == Review.Status.OPEN else "",
            is_late=one.status == Review.Status.OPEN and one.due_on is not None and one.due_on < today,
            is_mine=one.status == Review.Status.OPEN and one.assignee_id == user.pk,
            may_take=one.status == Review.Status.OPEN
            and one.assignee_id is None
            and one.may_sign
            and (everything or one.page.specialty_id is None or one.page.specialty_id in own),
            may_sign=one.status == Review.Status.OPEN and one.may_sign,
        )
        for one in reviews
    ]


def candidates(review: Review) -> list[Candidate]:
    """People who could take a step that is left, whoever knows the specialty first, then whoever has least to do."""
    today = timezone.now().date()
    grants = RoleGrant.objects.standing().filter(user=OuterRef("pk"))
    credentials = Credential.objects.valid_on(today).filter(user=OuterRef("pk"))
    could = Q(pk__in=[])
    for role, needs_credential in {(step.role, step.needs_credential) for step in vouching.steps_left(review)}:
        could |= Q(Exists(grants.filter(role=role))) & (Q(Exists(credentials)) if needs_credential else Q())
    specialty = Specialty.objects.filter(people=OuterRef("pk"), pk=review.page.specialty_id)
    people = (
        User.objects.filter(could, is_active=True)
        .exclude(pk__in=review.revision.contributors.values("user"))
        .exclude(pk__in=review.sign_offs.values("signer"))
        .annotate(
            load=Count("reviews_assigned", filter=Q(reviews_assigned__status=Review.Status.OPEN)),
            fits=Exists(specialty),
        )
    )
    found = people.order_by("-fits", "load", "name", "pk")[:MOST_CANDIDATES]
    return [Candidate(person, person.load, person.fits) for person in found]


def loads() -> list[tuple[User, int, int]]:
    """Everybody with open reviews or a reviewer's role: how many they have, and how many of these are late."""
    mine = Q(reviews_assigned__status=Review.Status.OPEN)
    late = mine & Q(reviews_assigned__due_on__lt=timezone.localdate())
    reviewers = RoleGrant.objects.standing().filter(role=Role.MEDICAL_REVIEWER).values("user")
    people = User.objects.annotate(
        load=Count("reviews_assigned", filter=mine), late=Count("reviews_assigned", filter=late)
    )
    found = people.filter(Q(load__gt=0) | Q(pk__in=reviewers, is_active=True)).order_by("-load", "name", "pk")
    return [(person, person.load, person.late) for person in found[:MOST_CANDIDATES]]


def _open_and(name: str, user) -> Q:
    today = timezone.localdate()
    return {
        "mine": Q(assignee=user),
        "new": Q(assignee=None),
        "due_soon": Q(due_on__range=(today, today + SOON)),
        "overdue": Q(due_on__lt=today),
        "open": Q(),
    }[name]


def _what(review: Review) -> str:
    if review.reaffirms:
        return _("Reviewed again")
    return _("Change of a public page") if review.been_public else _("New page")
