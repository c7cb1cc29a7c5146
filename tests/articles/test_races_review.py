"""People and the clock act on one page at the same moment, many times over: of two that exclude each other, never both.

Each round begins with committed rows; the acts run in threads of their own. `make soak` runs more rounds.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from articles.models import (
    Page,
    Publication,
    Reference,
    Review,
    ReviewPolicy,
    ReviewTrigger,
    Revocation,
    Schedule,
    SignOff,
    Withdrawal,
)
from articles.workflow import calling_back, policies, publishing, review, scheduling, signing, writing
from audit.moves import WrongState
from tests import cast
from tests.articles.test_scheduling import next_revision

ROUNDS, LONG = 20, 200
REFUSALS = (WrongState, PermissionDenied)


@pytest.fixture(params=[ROUNDS, pytest.param(LONG, marks=pytest.mark.soak)], ids=["rounds", "long"])
def rounds(request) -> range:
    return range(request.param)


@pytest.fixture
def some(rounds) -> range:
    return rounds[::3]


@pytest.fixture
def people(committed_db):
    return cast.people()


@pytest.fixture
def together(committed_db) -> Callable:
    """`together(one, other)`: both at the same moment, in an order that changes; what each gave or was refused with."""
    turn = [0]

    def run(*acts: Callable) -> list:
        turn[0] += 1
        order = [(n + turn[0]) % len(acts) for n in range(len(acts))]
        results = committed_db.race(lambda runner: acts[order[runner]](), runners=len(acts))
        found = [results[order.index(number)] for number in range(len(acts))]
        broken = [one for one in found if isinstance(one, Exception) and not isinstance(one, REFUSALS)]
        assert broken == []
        return found

    return run


def live(page: Page) -> Publication | None:
    return Page.objects.select_related("live_publication").get(pk=page.pk).live_publication


def made(results: list, kind: type) -> int:
    return sum(isinstance(one, kind) for one in results)


def due(people, signed: Review, **options) -> Schedule:
    """A plan whose time has just come."""
    planned = scheduling.schedule(signed, at=timezone.now() + timedelta(hours=1), by=people.edda, **options)
    Schedule.objects.filter(pk=planned.pk).update(next_try_at=timezone.now() - timedelta(seconds=1))
    return planned


def test_a_signature_taken_back_against_a_publication(people, together, rounds):
    signed = cast.signed_review(people)
    for _round in rounds:
        sign_off = signed.sign_offs.get()
        published, _revoked = together(
            lambda signed=signed: publishing.publish(signed, by=people.edda),
            lambda sign_off=sign_off: signing.revoke(sign_off, by=people.ruth, reason="doubt"),
        )
        assert Revocation.objects.filter(sign_off=sign_off).exists()
        assert live(signed.page) is None
        # Readers are told why it went down.
        assert Withdrawal.objects.filter(publication__review=signed).exists() == isinstance(published, Publication)
        signed = next_revision(people, signed.page)


def test_a_withdrawal_against_a_publication(people, together, rounds):
    """Whoever withdraws what is live is never told that it is not, and takes down what is live at that moment."""
    page = cast.live_page(people)
    for _round in rounds:
        before, signed = live(page), next_revision(people, page)
        published, withdrawn = together(
            lambda signed=signed: publishing.publish(signed, by=people.edda),
            lambda: publishing.withdraw(page, by=people.ruth, kind="safety", public_reason="a dose was wrong."),
        )
        assert isinstance(published, Publication)
        assert isinstance(withdrawn, Withdrawal), withdrawn
        assert withdrawn.publication_id in (before.pk, published.pk)
        if withdrawn.publication_id == before.pk:
            assert live(page) == published
        else:
            assert live(page) is None
            publishing.publish(signed, by=people.edda)


def test_two_editors_publish_the_same_revision(people, together, rounds):
    eva = cast.person("eva", "editor", name="Eva Stern")
    signed = cast.signed_review(people)
    for _round in rounds:
        results = together(
            lambda signed=signed: publishing.publish(signed, by=people.edda),
            lambda signed=signed: publishing.publish(signed, by=eva),
        )
        assert made(results, Publication) == 1, results
        assert signed.publications.count() == 1
        signed = next_revision(people, signed.page)


def test_two_editors_publish_two_revisions_of_one_page(people, together, some):
    """Both may; the numbers follow each other, and readers get the one that came second."""
    page = cast.live_page(people)
    for _round in some:
        first = next_revision(people, page)
        second = next_revision(people, page)
        together(
            lambda first=first: publishing.publish(first, by=people.edda),
            lambda second=second: publishing.publish(second, by=people.edda),
        )
        numbers = list(page.publications.order_by("number").values_list("number", flat=True))
        assert numbers == list(range(1, len(numbers) + 1))
        assert live(page).number == numbers[-1]


def open_review(people, page: Page, number: int) -> Review:
    draft = Page.objects.get(pk=page.pk).draft
    content = {**draft.content, "standfirst": f"Round {number}."}
    saved = writing.save_draft(page, content, version=draft.version, by=people.amara)
    return writing.submit(page, version=saved.version, by=people.amara)


def test_two_reviewers_sign_where_one_signature_is_asked_for(people, together, rounds):
    page = cast.draft(people.amara)
    for number in rounds:
        opened = open_review(people, page, number)
        results = together(lambda o=opened: cast.sign(o, people.ruth), lambda o=opened: cast.sign(o, people.raj))
        assert made(results, SignOff) == 1, results
        assert opened.sign_offs.count() == 1


def test_two_reviewers_sign_where_two_signatures_are_asked_for(people, together, some):
    policies.set_policy(
        kind="article", risk="standard", change_class="material", steps=["medical", "medical"], validity_months=12,
        checks_claims=False, by=people.ada, number=ReviewPolicy.objects.in_force().get(
            kind="article", risk="standard", change_class="material").number,
    )  # fmt: skip
    soon = timezone.localdate() + timedelta(days=90)
    page = cast.draft(people.amara)
    for number in some:
        opened = open_review(people, page, number)
        results = together(
            lambda o=opened: cast.sign(o, people.ruth, next_review_due=soon),
            lambda o=opened: cast.sign(o, people.raj, next_review_due=soon),
        )
        assert made(results, SignOff) == 2, results
        assert len(set(opened.sign_offs.values_list("step", flat=True))) == 2
        opened.refresh_from_db()
        assert opened.status == "approved"


def test_one_reviewer_signs_twice(people, together, some):
    page = cast.draft(people.amara)
    for number in some:
        opened = open_review(people, page, number)
        results = together(lambda o=opened: cast.sign(o, people.ruth), lambda o=opened: cast.sign(o, people.ruth))
        assert made(results, SignOff) == 1, results


def test_the_clock_against_a_withdrawal(people, together, rounds):
    """Once the withdrawal is committed, what was planned before is not what readers see, and does not come later."""
    page = cast.live_page(people)
    for _round in rounds:
        planned = due(people, next_revision(people, page))
        _done, withdrawn = together(
            scheduling.publish_due,
            lambda: publishing.withdraw(page, by=people.ruth, kind="safety", public_reason="a dose was wrong."),
        )
        assert isinstance(withdrawn, Withdrawal), withdrawn
        assert live(page) is None
        planned.refresh_from_db()
        assert planned.status in ("done", "refused")
        assert (planned.status == "done") == (withdrawn.publication.review_id == planned.review_id)
        Schedule.objects.filter(pk=planned.pk).update(next_try_at=timezone.now() - timedelta(hours=1))
        assert scheduling.publish_due() == []
        assert live(page) is None
        publishing.publish(planned.review, by=people.edda)  # a human brings it back


def test_planning_against_a_withdrawal(people, together, some):
    """A plan that was made first ends with the page; one that was made afterwards is a decision of its own."""
    page = cast.live_page(people)
    for _round in some:
        signed = next_revision(people, page)
        planned, withdrawn = together(
            lambda s=signed: scheduling.schedule(s, at=timezone.now() + timedelta(hours=1), by=people.edda),
            lambda: publishing.withdraw(page, by=people.ruth, kind="safety", public_reason="a dose was wrong."),
        )
        assert isinstance(withdrawn, Withdrawal), withdrawn
        planned.refresh_from_db()
        assert (planned.status, planned.why) in [("refused", "withdrawn"), ("pending", "")]
        assert live(page) is None
        if planned.status == "pending":
            scheduling.cancel(planned, by=people.edda, version=planned.version)
        publishing.publish(signed, by=people.edda)


def test_cancelling_against_the_clock(people, together, rounds):
    page = cast.live_page(people)
    for _round in rounds:
        planned = due(people, next_revision(people, page))
        ours = Schedule.objects.get(pk=planned.pk)
        _done, cancelled = together(
            scheduling.publish_due, lambda ours=ours: scheduling.cancel(ours, by=people.edda, version=1)
        )
        planned.refresh_from_db()
        published = planned.review.publications.exists()
        assert planned.status == ("done" if published else "cancelled")
        assert isinstance(cancelled, WrongState) == published


def test_four_workers_take_the_same_plan(people, together, some):
    page = cast.live_page(people)
    for _round in some:
        planned = due(people, next_revision(people, page))
        results = together(*[scheduling.publish_due] * 4)
        assert sum(planned in done for done in results) == 1
        planned.refresh_from_db()
        assert (planned.status, planned.attempts) == ("done", 1)
        assert planned.review.publications.count() == 1


def test_a_worker_and_its_successor_run_the_same_plan(people, together, some):
    """The lease ran out while the first one was still at work."""
    page = cast.live_page(people)
    for _round in some:
        planned = due(people, next_revision(people, page))
        first, second = (Schedule.objects.get(pk=planned.pk) for _ in range(2))
        assert scheduling._take(first)
        Schedule.objects.filter(pk=planned.pk).update(next_try_at=timezone.now() - timedelta(seconds=1))

        def succeed(second=second):
            second.refresh_from_db()
            if scheduling._take(second):
                scheduling._run(second)

        together(lambda first=first: scheduling._run(first), succeed)
        planned.refresh_from_db()
        assert planned.status == "done"
        assert planned.review.publications.count() == 1


def test_an_editor_against_the_clock(people, together, some):
    page = cast.live_page(people)
    for _round in some:
        planned = due(people, next_revision(people, page))
        together(scheduling.publish_due, lambda p=planned: publishing.publish(p.review, by=people.edda))
        scheduling.publish_due()
        planned.refresh_from_db()
        assert (planned.status, planned.review.publications.count()) == ("done", 1)


def test_a_retraction_against_the_clock(people, together, rounds):
    """Either the plan is refused, or the page came first and says to its readers that a source was retracted."""
    page = cast.live_page(people)
    for number in rounds:
        content = cast.content(f"Round {number}", slug=page.slug)
        signed = next_revision(people, page, **{key: content[key] for key in ("title", "body", "references")})
        source = signed.revision.cited.first().reference
        planned = due(people, signed)
        together(
            scheduling.publish_due,
            lambda s=source: calling_back.record_reference_status(s, status=Reference.Status.RETRACTED, by=people.raj),
        )
        planned.refresh_from_db()
        warned = ReviewTrigger.objects.filter(page=page, source_kind="reference", severity="banner")
        if planned.status == "done":
            assert warned.filter(source_id=str(source.events.get().pk)).exists()
        else:
            assert planned.status == "refused"
            assert not warned.filter(source_id=str(source.events.get().pk)).exists()


def test_a_blocking_note_against_a_publication(people, together, some):
    """A note that is there when the gate is asked holds back; one that comes later stands on what is public."""
    page = cast.live_page(people)
    for _round in some:
        signed = next_revision(people, page)
        published, note = together(
            lambda s=signed: publishing.publish(s, by=people.edda),
            lambda s=signed: review.add_note(s, by=people.raj, text="Look at the list.", blocking=True),
        )
        if isinstance(published, WrongState):
            assert "blocking note" in str(published)
        review.resolve_note(note, by=people.raj)


def test_reading_anew_against_sending_a_new_text(people, together, some):
    """One review of a page is open at a time, whatever both wanted."""
    page = cast.live_page(people)
    for number in some:
        draft = Page.objects.get(pk=page.pk).draft
        content = {**draft.content, "standfirst": f"Round {number}."}
        saved = writing.save_draft(page, content, version=draft.version, by=people.amara)
        together(
            lambda: review.review_again(page, by=people.raj),
            lambda v=saved.version: writing.submit(page, version=v, by=people.amara),
        )
        still_open = Review.objects.get(page=page, status=Review.Status.OPEN)
        assert not still_open.reaffirms
        cast.sign(still_open, people.ruth)
        publishing.publish(still_open, by=people.edda)
