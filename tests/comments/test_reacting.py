"""Finding a comment helpful: once, never one's own, with or without a script."""

import re

import pytest
from django.core.exceptions import PermissionDenied
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from articles.models import Page
from audit.models import Entry
from audit.moves import WrongState
from comments.models import Comment, Conversation, Helpful
from comments.workflow import deciding, reacting
from tests import cast as actors
from tests.comments.conftest import a_world, publish, write


def helpful_url(comment: Comment) -> str:
    return reverse("comments:helpful", args=[comment.public_id])


@pytest.fixture
def nora(world, client):
    client.force_login(world.nora)
    return client


class TestVerb:
    def test_pressed_twice_it_counts_once_and_can_be_taken_back(self, world):
        comment = publish(world)
        steps = [reacting.find_helpful(comment, by=world.nora, helpful=yes) for yes in (True, True, False, False)]
        assert steps == [1, 1, 0, 0]
        assert Comment.objects.get().helpful_count == Helpful.objects.count() == 0

    def test_nobody_helps_herself(self, world):
        with pytest.raises(PermissionDenied):
            reacting.find_helpful(publish(world), by=world.rita, helpful=True)

    def test_only_what_is_public(self, world):
        with pytest.raises(WrongState):
            reacting.find_helpful(write(world), by=world.nora, helpful=True)

    def test_it_leaves_no_entry_in_the_audit_chain(self, world):
        comment = publish(world)
        before = Entry.objects.count()
        reacting.find_helpful(comment, by=world.nora, helpful=True)
        assert Entry.objects.count() == before

    def test_a_mark_leaves_the_version_of_the_page_alone(self, world, client):
        """What strangers get stays cached; the next change of the page brings the number."""
        comment = publish(world)
        before = Page.objects.get(pk=world.page.pk).version
        reacting.find_helpful(comment, by=world.nora, helpful=True)
        assert Page.objects.get(pk=world.page.pk).version == before
        publish(world, by=world.nora)
        assert "person found this" in client.get(world.page.get_absolute_url()).text

    def test_many_at_once(self, race):
        world = a_world()
        comment = publish(world)
        members = [actors.person(f"member{number}") for number in range(4)]

        def act(number: int) -> int:
            return reacting.find_helpful(Comment.objects.get(pk=comment.pk), by=members[number // 2], helpful=True)

        results = race(act, runners=8)
        assert not [result for result in results if isinstance(result, Exception)], results
        assert Comment.objects.get().helpful_count == Helpful.objects.count() == 4


class TestPage:
    def test_the_button_goes_back_to_the_comment(self, world, nora):
        comment = publish(world)
        response = nora.post(helpful_url(comment), {"helpful": "1"})
        assert (response.status_code, response.url) == (302, comment.get_absolute_url())
        nora.post(helpful_url(comment), {"helpful": "1"})
        assert Comment.objects.get().helpful_count == 1
        nora.post(helpful_url(comment), {"helpful": "0"})
        assert Comment.objects.get().helpful_count == 0

    def test_a_script_gets_a_number(self, world, nora):
        comment = publish(world)
        asks = {"accept": "application/json"}
        said = [nora.post(helpful_url(comment), {"helpful": one}, headers=asks).json() for one in ("1", "1", "0")]
        assert said == [
            {"count": 1, "helpful": True},
            {"count": 1, "helpful": True},
            {"count": 0, "helpful": False},
        ]
        deciding.hide(comment, by=world.max, version=2)
        response = nora.post(helpful_url(comment), {"helpful": "1"}, headers=asks)
        assert response.status_code == 409
        assert "no longer public" in response.json()["error"]

    def test_a_browser_that_takes_everything_gets_a_page(self, world, nora):
        accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
        assert nora.post(helpful_url(publish(world)), {"helpful": "1"}, headers={"accept": accept}).status_code == 302

    def test_a_comment_gone_meanwhile_is_said(self, world, nora):
        comment = publish(world)
        deciding.hide(comment, by=world.max, version=2)
        response = nora.post(helpful_url(comment), {"helpful": "1"})
        assert response.url == f"{world.page.get_absolute_url()}#conversation"
        assert "This comment is no longer public." in nora.get(response.url).text

    def test_get_changes_nothing_and_nonsense_is_refused(self, world, nora):
        comment = publish(world)
        assert nora.get(helpful_url(comment)).status_code == 405
        assert nora.post(helpful_url(comment), {}).status_code == 400
        assert not Helpful.objects.exists()

    def test_who_may_not(self, world, client):
        comment = publish(world)
        assert client.post(helpful_url(comment), {"helpful": "1"}).url == (
            f"/account/login/?next={comment.get_absolute_url()}"
        )
        client.force_login(world.rita)
        assert client.post(helpful_url(comment), {"helpful": "1"}).status_code == 403
        client.force_login(world.nora)
        assert client.post(helpful_url(write(world)), {"helpful": "1"}).status_code == 404
        Conversation.objects.update(mode="hidden")
        assert client.post(helpful_url(comment), {"helpful": "1"}).status_code == 404
        assert not Helpful.objects.exists()

    def test_the_token_against_forgery_is_asked_for(self, world):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(world.nora)
        assert strict.post(helpful_url(publish(world)), {"helpful": "1"}).status_code == 403


class TestActs:
    def acts(self, client, world) -> str:
        page = client.get(world.page.get_absolute_url()).text
        return re.search(r'<div class="comment-actions">.*?</div>', page, re.DOTALL)[0]

    def test_a_stranger_may_reply_and_reads_a_number(self, world, client):
        comment = publish(world)
        reacting.find_helpful(comment, by=world.nora, helpful=True)
        acts = self.acts(client, world)
        assert reverse("comments:reply", args=[comment.public_id]) in acts
        assert "<form" not in acts
        assert "csrf" not in acts

    def test_a_member_has_a_button(self, world, nora):
        comment = publish(world)
        acts = self.acts(nora, world)
        assert helpful_url(comment) in acts
        assert 'aria-pressed="false"' in acts
        assert "csrfmiddlewaretoken" in acts
        assert "/edit/" not in acts

    @pytest.mark.parametrize(("pressed", "next_press"), [(True, "0"), (False, "1")])
    def test_the_button_says_whether_it_is_pressed(self, world, pressed, next_press):
        comment = publish(world)
        comment.found_helpful_by_me = pressed
        seen = {"comment": comment, "conversation": world.conversation, "viewer": world.nora, "is_own": False}
        acts = render_to_string("comments/parts/acts.html", seen)
        assert f'aria-pressed="{str(pressed).lower()}"' in acts
        assert f'name="helpful" value="{next_press}"' in acts

    def test_her_own_she_edits_and_deletes(self, world, client):
        comment = publish(world)
        client.force_login(world.rita)
        acts = self.acts(client, world)
        assert "/helpful/" not in acts
        assert "/report/" not in acts
        for name in ("reply", "edit", "withdraw"):
            assert reverse(f"comments:{name}", args=[comment.public_id]) in acts

    def test_what_waits_can_be_edited_and_deleted_only(self, world, client):
        comment = write(world)
        client.force_login(world.rita)
        acts = self.acts(client, world)
        assert sorted(re.findall(r"/comments/\w+/(\w+)/", acts)) == ["edit", "withdraw"]
        assert comment.public_id in acts

    def test_nobody_replies_in_a_closed_conversation(self, world, nora):
        publish(world)
        Conversation.objects.update(mode="read_only")
        assert "/reply/" not in self.acts(nora, world)
