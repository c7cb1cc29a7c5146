"""Periodic work of the medical side, and the cards of the desk's first page."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Credential
from articles.models import Publication, ReviewTrigger
from articles.tasks import flag_reviews
from articles.workflow import calling_back, publishing, review, scheduling, writing
from audit import worker
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return cast.people()


def test_an_overdue_page_comes_back_once(people, without_triggers):
    page = cast.live_page(people)
    cast.live_page(people, title="Not due")
    with without_triggers("articles_publication"):
        Publication.objects.filter(page=page).update(next_review_due=timezone.localdate() - timedelta(days=1))
    assert (flag_reviews(), flag_reviews()) == (1, 1)
    assert list(ReviewTrigger.objects.values_list("page", "source_kind")) == [(page.pk, "date")]


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("ruth", ["Reviews that nobody has", "Waits for a signature"]),
        ("edda", ["Signed, ready to publish", "Waits for an editor", "Public pages overdue"]),
        ("amara", ["Sent back to the writers", "Was sent back"]),
    ],
)
def test_the_desk_shows_what_waits_for_this_person(client, people, who, words):
    cast.open_review(people, title="Waits for a signature")
    cast.signed_review(people, title="Waits for an editor")
    back = cast.open_review(people, title="Was sent back")
    review.ask_for_changes(back, by=people.ruth, text="Name the study.", version=1)
    client.force_login(getattr(people, who))
    body = client.get(reverse("accounts:desk")).content.decode()
    assert [word for word in words if word not in body] == []


def lapse(people, page, **changes) -> Credential:
    """The credential behind the page's signature ends."""
    credential = page.live_publication.review.sign_offs.get().credential
    Credential.objects.filter(pk=credential.pk).update(**changes)
    credential.refresh_from_db()
    return credential


class TestCredentials:
    def triggers(self) -> list[tuple]:
        flag_reviews()
        return list(ReviewTrigger.objects.order_by("pk").values_list("page", "source_kind", "source_id", "severity"))

    def test_one_that_ran_out_calls_back_the_pages_it_is_behind_once(self, people):
        page, other = cast.live_page(people), cast.live_page(people, title="By another")
        again = review.review_again(other, by=people.edda)
        cast.sign(again, people.raj)
        again.refresh_from_db()
        publishing.publish(again, by=people.edda)
        credential = lapse(people, page, valid_until=timezone.localdate() - timedelta(days=1))
        expected = [(page.pk, "credential", str(credential.pk), "info")]
        assert (self.triggers(), self.triggers()) == (expected, expected)

    def test_one_that_is_revoked_later_calls_back_once_more(self, people):
        page = cast.live_page(people)
        credential = lapse(people, page, valid_until=timezone.localdate() - timedelta(days=1))
        assert len(self.triggers()) == 1
        lapse(people, page, revoked_at=timezone.now())
        expected = (page.pk, "credential", f"{credential.pk}-revoked", "review")
        assert (self.triggers()[1:], self.triggers()[1:]) == ([expected], [expected])

    def test_one_that_is_still_valid_or_was_renewed_calls_nothing_back(self, people):
        page = cast.live_page(people)
        lapse(people, page, valid_until=timezone.localdate() + timedelta(days=1))
        assert self.triggers() == []
        cast.qualify(people.ruth)
        lapse(people, page, valid_until=timezone.localdate() - timedelta(days=1))
        assert self.triggers() == []
        lapse(people, page, revoked_at=timezone.now())
        assert len(self.triggers()) == 1, "a revoked one is not made good by another"

    def test_it_leaves_alone_what_is_not_public_and_signatures_taken_back(self, people):
        signed = cast.signed_review(people)
        down = cast.live_page(people, title="Down")
        publishing.withdraw(down, by=people.edda, kind="outdated", public_reason="it is old.")
        Credential.objects.filter(user=people.ruth).update(revoked_at=timezone.now())
        assert self.triggers() == []
        assert signed.publications.count() == 0

    def test_what_was_settled_does_not_come_back(self, people):
        page = cast.live_page(people)
        lapse(people, page, revoked_at=timezone.now())
        self.triggers()
        calling_back.resolve_trigger(ReviewTrigger.objects.get(), by=people.edda, resolution="no_change_needed")
        self.triggers()
        assert not ReviewTrigger.objects.filter(resolved_at=None).exists()

    def test_pages_of_a_change_of_spelling_lean_on_the_old_signature(self, people):
        page = cast.live_page(people)
        credential = page.live_publication.review.sign_offs.get().credential
        page.draft.refresh_from_db()
        content = json.loads(json.dumps(page.draft.content).replace("at first", "at first,"))
        writing.save_draft(page, content, version=page.draft.version, by=people.amara)
        page.draft.refresh_from_db()
        typo = writing.submit(page, version=page.draft.version, by=people.amara, change_class="typo")
        cast.sign(typo, people.edda)
        typo.refresh_from_db()
        publishing.publish(typo, by=people.edda)
        Credential.objects.filter(pk=credential.pk).update(revoked_at=timezone.now())
        assert [row[0] for row in self.triggers()] == [page.pk]

    def test_what_has_been_told_costs_a_fixed_number_of_queries(self, people):
        for number in range(3):
            page = cast.live_page(people, title=f"Page {number}")
        lapse(people, page, revoked_at=timezone.now())
        assert len(self.triggers()) == 3
        with CaptureQueriesContext(connection) as queries:
            flag_reviews()
        assert len(queries) <= 4


def test_every_half_minute_what_was_planned_is_published(monkeypatch):
    calls = []
    monkeypatch.setattr(scheduling, "publish_due", lambda: calls.append("published"))
    period, work = worker._ticks["articles.tasks.publish_scheduled"]
    work()
    assert (period, calls) == (timedelta(seconds=30), ["published"])


@pytest.mark.parametrize("name", ["flag_reviews", "remind", "send_digests"])
def test_the_rest_is_done_every_hour(name):
    period, work = worker._ticks[f"articles.tasks.{name}"]
    assert period == timedelta(hours=1)
    work()
