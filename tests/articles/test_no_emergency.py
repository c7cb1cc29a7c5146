"""There is no emergency publish: nobody and nothing makes a page public but the verb that asks the gate."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from articles.models import Publication
from articles.workflow import publishing, scheduling
from audit.moves import WrongState
from tests import cast

ROOT = Path(__file__).resolve().parents[2]
CODE = [
    path
    for app in ("audit", "accounts", "articles", "comments", "config")
    for path in sorted((ROOT / app).rglob("*.py"))
    if "migrations" not in path.parts
]


@pytest.fixture
def people(db):
    return cast.people()


def at():
    return timezone.now() + timedelta(hours=1)


@pytest.mark.parametrize("who", ["superuser", "machine", "administrator"])
def test_power_over_the_server_is_no_power_to_publish(people, who):
    signed = cast.signed_review(people)
    person = {
        "superuser": lambda: cast.person("root", is_superuser=True, is_staff=True, credential=True),
        "machine": User.objects.machine,
        "administrator": lambda: people.ada,
    }[who]()
    for act in (
        lambda: publishing.publish(signed, by=person),
        lambda: scheduling.schedule(signed, at=at(), by=person),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert not Publication.objects.exists()


def test_a_superuser_who_is_an_editor_still_needs_the_signatures(client, people):
    root = cast.person("root", "editor", "medical_reviewer", is_superuser=True, is_staff=True)
    opened = cast.open_review(people)
    with pytest.raises(WrongState, match="signature is missing"):
        publishing.publish(opened, by=root)
    with pytest.raises(WrongState, match="signature is missing"):
        scheduling.schedule(opened, at=at(), by=root)
    cast.sign_in(client, root)
    assert client.post(reverse("articles:publish", args=[opened.pk])).status_code == 422
    assert not Publication.objects.exists()


def test_the_admin_knows_nothing_of_articles(client, people):
    assert not [model for model in apps.get_app_config("articles").get_models() if admin.site.is_registered(model)]
    root = cast.person("root", "editor", "administrator", is_superuser=True, is_staff=True)
    page = cast.signed_review(people).page
    cast.sign_in(client, root)
    for path in ("publication/add/", f"page/{page.pk}/change/", "schedule/add/", "signoff/add/"):
        assert client.post(f"/admin/articles/{path}", {"live_publication": 1}).status_code == 404
    page.refresh_from_db()
    assert page.live_publication is None


def files_that(pattern: str) -> set[str]:
    return {path.relative_to(ROOT).as_posix() for path in CODE if re.search(pattern, path.read_text("utf-8"))}


def test_one_place_makes_publications_and_one_moves_the_pointer():
    assert files_that(r"\bPublication(\.objects\.\w*create|\()") - {"articles/models/publication.py"} == {
        "articles/workflow/publishing.py"
    }
    assert files_that(r"update\([^)]*\blive_publication\b|\.live_publication(_id)? = ") == {
        "articles/workflow/publishing.py"
    }


def test_no_command_and_no_task_publishes_past_the_verb():
    """The demo world publishes as its editor, what its reviewers signed; the clock does what an editor planned."""
    assert files_that(r"\bpublishing\.publish\(|from \.publishing import publish\b|publishing import publish$") == {
        "articles/views/publishing.py",
        "articles/workflow/scheduling.py",
        "articles/demo/load.py",
    }
