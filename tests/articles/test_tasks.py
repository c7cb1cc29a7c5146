"""Periodic work of the medical side, and the cards of the desk's first page."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from articles.models import Publication, ReviewTrigger
from articles.tasks import flag_reviews
from articles.workflow import review
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
