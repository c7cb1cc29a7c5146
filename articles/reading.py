"""What readers are told about live pages: who vouches for them, since when, and where they are mentioned."""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import get_language

from accounts.models import Board, Credential, RoleGrant, User
from accounts.roles import Role

from .document import render
from .models import (
    DrugFacts,
    Page,
    Publication,
    PublicNotice,
    ReviewTrigger,
    SignOff,
    SubtypeFacts,
    Topic,
    Withdrawal,
)
from .vouching import MEDICAL

LISTED = 20
TEAM = (Role.MEDICAL_REVIEWER, Role.EDITOR, Role.WRITER)
END = "</article>"


class Reviewer(NamedTuple):
    """Who vouches, as printed on the day; a board stands before the one of its members who signed."""

    name: str
    credentials: str
    url: str
    is_board: bool = False


class Listed(NamedTuple):
    """A piece of a list, newest first, with the addresses of the first and the next piece, if any."""

    pages: list[Page]
    newer: str
    older: str


class Reading(NamedTuple):
    """A live page as a reader gets it: the signed bytes in three parts, and what stands around them."""

    page: Page
    publication: Publication
    manifest: dict
    head: SafeString
    opening: SafeString
    rest: SafeString
    title: str
    description: str
    contents: list[dict]
    sources: int
    minutes: int
    reviewers: list[Reviewer]
    notices: list[PublicNotice]
    first_published: datetime
    overdue: bool

    @property
    def alarm(self) -> bool:
        return self.page.has_alarm

    @property
    def updated(self) -> datetime | None:
        return self.publication.published_at if self.publication.number > 1 else None


def live(kind: str) -> QuerySet[Page]:
    """Live pages of a kind in the language of the address."""
    pages = Page.objects.live().filter(kind=kind, language=get_language())
    return pages.select_related("live_publication", "topic")


def find(kind: str, slug: str) -> Page | None:
    """The live page at an address, with all that its own row and its neighbours' say, in one query."""
    first = Publication.objects.filter(page=OuterRef("pk")).order_by("number").values("published_at")[:1]
    urgent = (ReviewTrigger.Severity.BANNER, ReviewTrigger.Severity.WITHDRAW)
    alarms = ReviewTrigger.objects.filter(page=OuterRef("pk"), resolved_at=None, severity__in=urgent)
    return (
        live(kind)
        .filter(slug=slug)
        .select_related("live_publication__revision")
        .annotate(
            first_published=Subquery(first),
            has_notices=Exists(PublicNotice.objects.filter(page=OuterRef("pk"))),
            has_alarm=Exists(alarms),
        )
        .first()
    )


def read(page: Page) -> Reading:
    """`page` comes from `find`."""
    publication = page.live_publication
    manifest = json.loads(publication.revision.content)
    head, opening, rest = render.parts(publication.artefact.removesuffix(END))
    seo = manifest.get("seo") or {}
    return Reading(
        page=page,
        publication=publication,
        manifest=manifest,
        head=head,
        opening=opening,
        rest=rest,
        title=seo.get("title") or publication.title,
        description=seo.get("description") or Truncator(publication.standfirst).chars(155),
        contents=[entry for entry in render.contents(manifest) if entry["level"] == 2],
        sources=len(manifest.get("references") or []),
        minutes=render.reading_minutes(manifest),
        reviewers=reviewers_of([page])[page.pk],
        notices=list(page.notices.all()) if page.has_notices else [],
        first_published=page.first_published,
        overdue=publication.next_review_due < timezone.localdate(),
    )


def signatures() -> QuerySet[SignOff]:
    """Who vouches for what: every signature once for each publication (`published`, its key) that went live on it.

    It was given before, on exactly these bytes or on those that a change of spelling leans on, was in force that day
    and not yet taken back. Whether it was taken back since is for those who ask: `revocation`. The gate of the
    database asks the same when something is published; nothing else decides who stands behind a publication.
    """
    published = "revision__page__publications"
    that_day = F(f"{published}__published_at")
    # One call, so that all conditions are about the same publication.
    found = SignOff.objects.filter(
        _signed_for(f"{published}__review") | _signed_for(f"{published}__review__leans_on"),
        Q(revocation=None) | Q(revocation__at__gte=that_day),
        signed_at__lte=that_day,
        valid_until__gte=that_day,
    )
    return found.annotate(published=F(published)).select_related("signer", "board").defer("statement")


def _signed_for(review: str) -> Q:
    """A signature counts for every review of its bytes, except for one in which they are read anew."""
    return Q(content_hash=F(f"{review}__content_hash")) & (Q(**{f"{review}__reaffirms": False}) | Q(review=F(review)))


def shown() -> QuerySet[Publication]:
    """Publications that anybody may open, the replaced ones too: neither they nor a signature of theirs was taken back.

    What was taken down for safety closes every version up to it.
    """
    signed = signatures().filter(published=OuterRef("pk"))
    dangerous = safety_withdrawals().filter(page=OuterRef("page"), ended__gte=OuterRef("number"))
    return Publication.objects.filter(
        ~Exists(signed.filter(revocation__isnull=False)),
        Exists(signed.filter(meaning=MEDICAL)),
        ~Exists(dangerous),
        page__live_publication__isnull=False,
        withdrawal=None,
    )


def safety_withdrawals() -> QuerySet[Withdrawal]:
    """Withdrawals for safety, each with the number of the version that it `ended`."""
    return Withdrawal.objects.filter(kind=Withdrawal.Kind.SAFETY).annotate(ended=F("publication__number"))


def reviewers_of(pages: Iterable[Page]) -> dict[int, list[Reviewer]]:
    """Who signed the live bytes of each page and has not taken it back: one query for all of them."""
    page_of = {page.live_publication_id: page.pk for page in pages}
    found: dict[int, list[Reviewer]] = {pk: [] for pk in page_of.values()}
    for sign_off in signatures().filter(published__in=page_of, revocation=None, meaning=MEDICAL):
        named = as_named(sign_off)
        if named not in found[page_of[sign_off.published]]:
            found[page_of[sign_off.published]].append(named)
    return found


def as_named(sign_off: SignOff) -> Reviewer:
    if sign_off.board:
        return Reviewer(sign_off.board.name, "", f"{reverse('articles:team')}#board-{sign_off.board.slug}", True)
    has_page = sign_off.signer.slug and sign_off.signer.is_active
    url = reverse("articles:person", args=[sign_off.signer.slug]) if has_page else ""
    return Reviewer(sign_off.printed_name, sign_off.printed_credentials, url)


def newest(pages: QuerySet[Page], before: Publication | None = None, *, size: int = LISTED, anchor: str = "") -> Listed:
    """The next `size` pages by day of publication; `before` is the publication where the last piece ended."""
    pages = pages.order_by("-live_publication__published_at", "-live_publication_id")
    if before:
        earlier = Q(live_publication__published_at__lt=before.published_at)
        same = Q(live_publication__published_at=before.published_at, live_publication_id__lt=before.pk)
        pages = pages.filter(earlier | same)
    found = list(pages[: size + 1])
    listed = vouched(found[:size])
    older = f"?before={listed[-1].live_publication_id}{anchor}" if len(found) > size else ""
    return Listed(listed, newer=f"./{anchor}" if before else "", older=older)


def vouched(pages: list[Page]) -> list[Page]:
    """The same pages, each knowing its `reviewers`."""
    reviewers = reviewers_of(pages) if pages else {}
    for page in pages:
        page.reviewers = reviewers[page.pk]
    return pages


def mentioning(page: Page) -> QuerySet[Page]:
    """Live articles that mention this drug or subtype."""
    return live(Page.Kind.ARTICLE).filter(live_publication__mentions__page=page)


def topics() -> QuerySet[Topic]:
    """Topics that have something to read, with how much."""
    articles = Count("pages", filter=Q(pages__in=live(Page.Kind.ARTICLE).values("pk")))
    return Topic.objects.annotate(articles=articles).filter(articles__gt=0)


def drugs() -> QuerySet[DrugFacts]:
    facts = DrugFacts.objects.filter(page__live_publication__isnull=False, page__language=get_language())
    return facts.select_related("page").order_by("brand", "generic", "pk")


def subtypes() -> QuerySet[SubtypeFacts]:
    facts = SubtypeFacts.objects.filter(page__live_publication__isnull=False, page__language=get_language())
    return facts.select_related("page").order_by("name", "pk")


def staff() -> QuerySet[User]:
    """People with a page of their own, with what they hold today."""
    today = timezone.localdate()
    standing = RoleGrant.objects.standing().filter(role__in=TEAM)
    return (
        User.objects.filter(is_active=True, slug__isnull=False)
        .order_by("name", "handle")
        .prefetch_related(
            Prefetch("grants", standing, to_attr="standing"),
            Prefetch("credentials", Credential.objects.valid_on(today).order_by("pk"), to_attr="valid"),
        )
    )


def team() -> list[User]:
    """Who writes and who reviews, each with `titles`, `duties` and how many live pages they vouch for."""
    people = [describe(person) for person in staff().filter(Exists(standing_of(OuterRef("pk"))))]
    signed = own_signatures().filter(signer__in=people).values_list("signer", "revision__page").distinct()
    pages = Counter(signer for signer, _page in signed)
    for person in people:
        person.reviewed = pages[person.pk]
    return people


def standing_of(user) -> QuerySet[RoleGrant]:
    return RoleGrant.objects.standing().filter(user=user, role__in=TEAM)


def describe(person: User) -> User:
    """Adds the titles that hold today and the person's duties, to somebody from `staff`."""
    held = {grant.role for grant in person.standing}
    person.titles = ", ".join(credential.title for credential in person.valid)
    person.duties = [role for role in TEAM if role in held]
    person.reviews = Role.MEDICAL_REVIEWER in held
    return person


def own_signatures() -> QuerySet[SignOff]:
    """Signatures on live bytes that readers see under the signer's name. A board's stay the board's."""
    return live_signatures().filter(board=None, meaning=MEDICAL)


def live_signatures() -> QuerySet[SignOff]:
    return signatures().filter(revocation=None, published=F("revision__page__live_publication"))


def reviewed_by(person: User) -> QuerySet[Page]:
    """Live pages of any kind that this person vouches for under their own name."""
    signed = own_signatures().filter(signer=person, revision__page=OuterRef("pk"))
    pages = Page.objects.live().filter(Exists(signed), language=get_language())
    return pages.select_related("live_publication", "topic")


def boards() -> QuerySet[Board]:
    """Boards that vouch for something live."""
    signed = live_signatures().filter(board=OuterRef("pk"))
    return Board.objects.filter(Exists(signed)).order_by("name")
