"""Several people, or one impatient one, send the edit page at the same moment."""

import pytest
from django.test import Client
from django.urls import reverse

from articles.models import Draft, Page, Review
from tests import cast
from tests.articles.plain_form import filled


@pytest.fixture
def page(committed_db) -> Page:
    return cast.draft(cast.person("amara", "writer"))


@pytest.fixture
def send(page):
    """`send(data)`: the edit page, sent by somebody who is signed in."""
    path = reverse("articles:write", args=[page.pk])

    def sent(data):
        client = Client()
        client.force_login(page.owner)
        return client.post(path, data).status_code

    return sent


@pytest.fixture
def opened(page):
    client = Client()
    client.force_login(page.owner)
    return client.get(reverse("articles:write", args=[page.pk]))


def test_of_several_different_texts_one_is_saved_and_the_others_are_told(race, send, opened, page):
    codes = race(lambda number: send(filled(opened, standfirst=f"Text {number}.", act="save")), runners=4)
    assert sorted(codes) == [302, 409, 409, 409]
    draft = Draft.objects.get(page=page)
    assert draft.version == 2
    assert draft.content["standfirst"] == f"Text {codes.index(302)}."


def test_the_same_form_sent_four_times_at_once_is_one_save_and_one_review(race, send, opened, page):
    codes = race(lambda number: send(filled(opened, standfirst="Now.", act="submit")), runners=4)
    assert codes == [302] * 4
    assert Draft.objects.get(page=page).version == 2
    assert Review.objects.count() == 1
