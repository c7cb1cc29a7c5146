"""Writing and replying, page by page: whatever is refused and whatever happens meanwhile, no word is lost."""

import html
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import policies
from articles.models import Redirect
from articles.workflow import publishing
from comments import questions, text
from comments.models import Comment, Conversation, Follow, Sanction
from comments.screening import asking, detectors
from comments.views import keeping
from comments.workflow import deciding, posting
from tests import cast as actors
from tests.comments.conftest import publish, turn_down, write
from tests.comments.test_public_pages import errors, hidden, new_rules, typed, write_url

NUMBER = "Ring me on 555 014 2277 99, please."


def reply_url(comment: Comment) -> str:
    return reverse("comments:reply", args=[comment.public_id])


def filled(client, address: str, **changes) -> dict:
    page = client.get(address).text
    return {
        "body": "It was the same for me.",
        "act": "post",
        "token": hidden(page, "token"),
        "version": hidden(page, "version"),
    } | changes


@pytest.fixture
def nora(world, client):
    client.force_login(world.nora)
    return client


class TestReply:
    def test_it_shows_what_is_answered_and_where(self, world, nora):
        asked = publish(world, text="Three <b>bad</b> nights.")
        page = nora.get(reply_url(asked)).text
        assert "Write a reply" in page
        assert "Three &lt;b&gt;bad&lt;/b&gt; nights." in page
        assert world.rita.handle in page
        assert f"{world.page.live_publication.title}" in page

    def test_it_waits_below_what_it_answers(self, world, nora):
        asked = publish(world)
        response = nora.post(reply_url(asked), filled(nora, reply_url(asked)))
        made = Comment.objects.get(author=world.nora)
        assert (made.parent, made.reply_to, made.status, made.depth) == (asked, asked, "held", 1)
        assert response.url == f"{world.page.get_absolute_url()}#comment-{made.public_id}"

    def test_published_at_once_it_leads_to_its_own_address(self, world, nora):
        asked = publish(world)
        Conversation.objects.update(mode="open")
        response = nora.post(reply_url(asked), filled(nora, reply_url(asked)))
        assert response.url == Comment.objects.get(author=world.nora).get_absolute_url()

    def test_strangers_sign_in_first_and_come_back(self, world, client):
        asked = publish(world)
        assert client.get(reply_url(asked)).url == f"/account/login/?next={reply_url(asked)}"

    def test_the_rules_come_first(self, world, client):
        asked = publish(world)
        client.force_login(world.amara)
        assert "Accept the rules" in client.get(reply_url(asked)).text
        assert client.post(reply_url(asked), {"act": "accept", "version": "1"}).url == reply_url(asked)
        assert "<textarea" in client.get(reply_url(asked)).text

    @pytest.mark.parametrize("case", ["held", "rejected before anybody saw it", "not shown", "page withdrawn"])
    def test_what_readers_cannot_have_seen_has_no_replies(self, world, nora, case):
        asked = write(world) if case != "page withdrawn" else publish(world)
        if case.startswith("rejected"):
            turn_down(world, asked)
        elif case == "not shown":
            deciding.approve(asked, by=world.max, version=1)
            Conversation.objects.update(mode="hidden")
        elif case == "page withdrawn":
            publishing.withdraw(world.page, by=world.edda, kind="outdated", public_reason="It is out of date.")
        assert nora.get(reply_url(asked)).status_code == 404

    # edge case 15
    @pytest.mark.parametrize("how", ["hide", "turn_down", "withdraw", "edit"])
    def test_a_comment_gone_meanwhile_keeps_the_reply_and_offers_a_place_of_its_own(self, world, nora, how):
        asked = publish(world, text="Words that leave.")
        form = filled(nora, reply_url(asked))
        if how == "hide":
            deciding.hide(asked, by=world.max, version=2)
        elif how == "turn_down":
            turn_down(world, asked)
        elif how == "withdraw":
            posting.withdraw(asked, by=world.rita, version=2)
        else:
            posting.edit(asked, by=world.rita, text="Other.", version=2, rules_version=world.rules)
        response = nora.post(reply_url(asked), form)
        assert response.status_code == 409
        assert typed(response.text) == "It was the same for me."
        assert "no longer public" in response.text
        assert "Words that leave." not in response.text
        assert not Comment.objects.filter(author=world.nora).exists()
        where = re.search(r'<form class="card stack" method="post" action="([^"]+)"', response.text)[1]
        nora.post(where, form | {"token": hidden(response.text, "token")})
        made = Comment.objects.get(author=world.nora)
        assert (made.parent, made.current.text) == (None, "It was the same for me.")

    def test_a_comment_gone_before_the_page_opened_shows_nothing_of_it(self, world, nora):
        asked = publish(world, text="Words that leave.")
        deciding.hide(asked, by=world.max, version=2)
        page = nora.get(reply_url(asked)).text
        assert "no longer public" in page
        assert "Words that leave." not in page
        assert write_url(world) in page

    def test_mail_is_a_choice_that_nobody_made_for_her(self, world, nora):
        asked = publish(world)
        page = nora.get(reply_url(asked)).text
        assert not re.search(r'name="mail_answers"[^>]*checked', page)
        nora.post(reply_url(asked), filled(nora, reply_url(asked)))
        assert Follow.objects.get(user=world.nora).by_mail is False
        nora.post(reply_url(asked), filled(nora, reply_url(asked), mail_answers="on"))
        assert Follow.objects.filter(user=world.nora).latest("pk").by_mail is True

    def test_the_choice_outlives_a_preview(self, world, nora):
        asked = publish(world)
        page = nora.post(reply_url(asked), filled(nora, reply_url(asked), act="preview", mail_answers="on")).text
        assert re.search(r'name="mail_answers"[^>]*checked', page)
        assert 'id="preview-title"' in page


class TestMeanwhile:
    # edge case 24
    def test_a_suspension_that_begins_while_she_writes(self, world, nora):
        form = filled(nora, write_url(world))
        ban = Sanction.objects.create(
            user=world.nora, by=world.max, reason="unkind", until=timezone.now() + timedelta(days=3)
        )
        response = nora.post(write_url(world), form)
        assert response.status_code == 403
        assert typed(response.text) == form["body"]
        assert "You cannot comment until" in errors(response.text)[0]
        assert nora.get(write_url(world)).status_code == 403
        ban.lifted_at, ban.lifted_by = timezone.now(), world.max
        ban.save()
        assert nora.post(write_url(world), form).status_code == 302

    # edge case 24
    def test_a_suspension_that_ends_while_she_writes(self, world, nora, clock):
        token = {"token": "t", "version": "1", "act": "post", "body": "Back again."}
        Sanction.objects.create(
            user=world.nora, by=world.max, reason="unkind", until=timezone.now() + timedelta(minutes=9)
        )
        page = nora.get(write_url(world))
        assert "You cannot comment until" in page.text
        assert "<textarea" not in page.text
        clock.shift(timedelta(minutes=10))
        assert nora.post(write_url(world), token).status_code == 302

    # edge case 27
    @pytest.mark.parametrize("place", ["write", "reply"])
    def test_new_rules_are_accepted_in_the_form_and_the_comment_is_bound_to_them(self, world, nora, place):
        address = write_url(world) if place == "write" else reply_url(publish(world))
        form = filled(nora, address)
        new_rules(world)
        response = nora.post(address, form)
        assert response.status_code == 422
        assert typed(response.text) == form["body"]
        assert "Here is what is new: Shorter." in response.text
        nora.post(address, form | {"version": hidden(response.text, "version"), "agree": "on"})
        made = Comment.objects.get(author=world.nora)
        assert made.current.rules_version.number == 2
        assert policies.has_accepted(world.nora, "rules")

    # edge case 27
    def test_a_tick_under_old_rules_is_not_carried_over_to_the_new(self, world, client):
        client.force_login(world.amara)
        form = {"body": "Hello.", "act": "post", "token": "t", "version": "1", "agree": "on"}
        new_rules(world)
        page = client.post(write_url(world), form).text
        assert 'name="agree"' in page
        assert not re.search(r'name="agree"[^>]*checked', page)

    # edge case 30
    def test_a_conversation_that_closes_and_opens_again(self, world, nora):
        asked = publish(world)
        form = filled(nora, reply_url(asked))
        Conversation.objects.update(closes_at=timezone.now())
        response = nora.post(reply_url(asked), form)
        assert response.status_code == 409
        assert typed(response.text) == form["body"]
        assert "This conversation closed on" in response.text
        Conversation.objects.update(closes_at=None)
        assert nora.post(reply_url(asked), form).status_code == 302

    # edge case 30
    @pytest.mark.parametrize("place", ["write", "reply"])
    def test_a_page_taken_down_gives_the_words_back(self, world, nora, place):
        address = write_url(world) if place == "write" else reply_url(publish(world))
        form = filled(nora, address, body="x<y and y>z")
        publishing.withdraw(world.page, by=world.edda, kind="outdated", public_reason="It is out of date.")
        response = nora.post(address, form)
        assert response.status_code == 404
        assert "x&lt;y and y&gt;z" in response.text
        assert "were not sent" in response.text
        assert not Comment.objects.filter(author=world.nora).exists()

    # edge case 30
    def test_a_page_that_moved_still_takes_the_form(self, world, nora):
        form = filled(nora, write_url(world))
        before = write_url(world)
        Redirect.objects.create(page=world.page, kind=world.page.kind, slug=world.page.slug)
        type(world.page).objects.filter(pk=world.page.pk).update(slug="somewhere-else")
        response = nora.post(before, form)
        assert response.status_code == 302
        assert response.url.startswith("/articles/somewhere-else/")

    def test_too_many_says_when_again(self, world, nora):
        asked = publish(world)
        for _ in range(5):
            write(world, by=world.nora)
        response = nora.post(reply_url(asked), filled(nora, reply_url(asked)))
        assert response.status_code == 429
        assert "You can post again in 10 minutes." in errors(response.text)[0]
        assert typed(response.text) == "It was the same for me."

    def test_a_lost_session_keeps_a_draft_for_each_address_and_not_for_ever(self, world, client):
        addresses = [reply_url(publish(world, by=by)) for by in (world.rita, world.nora) for _turn in range(3)]
        for number, address in enumerate(addresses):
            assert client.post(address, {"body": f"Draft {number}."}).status_code == 403
        client.post("/account/login/", {"login": world.max.email, "password": actors.PASSWORD})
        words = [typed(client.get(address).text) for address in addresses]
        assert words == ["", *(f"Draft {number}." for number in range(1, 6))]
        assert keeping.MOST_DRAFTS == 5

    def test_a_draft_is_shown_even_where_nothing_can_be_written_any_more(self, world, client):
        asked = publish(world)
        client.post(reply_url(asked), {"body": "An hour of work."})
        deciding.hide(asked, by=world.max, version=2)
        Conversation.objects.update(mode="read_only")
        client.post("/account/login/", {"login": world.nora.email, "password": actors.PASSWORD})
        assert typed(client.get(reply_url(asked)).text) == "An hour of work."
        Conversation.objects.update(mode="open")
        assert typed(client.get(reply_url(asked)).text) == "An hour of work."

    def test_a_token_of_another_sign_in_shows_the_words_and_stores_nothing(self, world):
        strict = Client(enforce_csrf_checks=True)
        response = strict.post(write_url(world), {"body": "Mine <3", "act": "post"})
        assert response.status_code == 403
        assert "Mine &lt;3" in response.text
        assert not {name for name in response.cookies if "session" in name}


class TestAskedBeforeSending:
    def test_it_names_what_was_seen_marks_it_and_saves_nothing(self, world, nora):
        response = nora.post(write_url(world), filled(nora, write_url(world), body=NUMBER))
        assert response.status_code == 422
        assert "You are about to post a phone number" in response.text
        assert "555 014 2277 99</mark>" in response.text
        assert typed(response.text) == NUMBER
        assert not Comment.objects.exists()

    @pytest.mark.parametrize("place", ["write", "reply"])
    def test_yes_to_these_words_posts_them_and_the_screening_holds_them(self, world, nora, place):
        address = write_url(world) if place == "write" else reply_url(publish(world))
        Conversation.objects.update(mode="open")
        form = filled(nora, address, body=NUMBER)
        page = nora.post(address, form).text
        del form["act"]
        assert nora.post(address, form | {"sure": sure(page)}).status_code == 302
        made = Comment.objects.get(author=world.nora)
        assert (made.status, made.queue_items.get().lane) == ("held", "privacy")

    def test_yes_is_no_yes_to_other_words(self, world, nora):
        form = filled(nora, write_url(world), body=NUMBER)
        answer = sure(nora.post(write_url(world), form).text)
        response = nora.post(write_url(world), form | {"sure": answer, "body": f"{NUMBER} Or 555 014 2277 98."})
        assert response.status_code == 422
        assert response.text.count("<mark>") == 2
        assert nora.post(write_url(world), form | {"sure": answer, "body": "Without."}).status_code == 302

    def test_the_button_posts_the_tick_too(self, world, client):
        client.force_login(world.amara)
        form = {"body": NUMBER, "token": "t", "version": "1", "agree": "on"}
        page = client.post(write_url(world), form).text
        assert re.search(r'name="agree"[^>]*checked', page)
        assert not policies.has_accepted(world.amara, "rules")
        assert client.post(write_url(world), form | {"sure": sure(page)}).status_code == 302

    def test_nothing_is_asked_about_harmless_words(self):
        assert questions.about("I slept 3-4 hours a night in 2019.") is None

    def test_what_a_new_detector_sees_is_named_by_the_desks_word_for_it(self, monkeypatch):
        seen = [detectors.Seen("x", "link", [(0, 2)]), detectors.Seen("y", "phone_number", [(3, 5)])]
        monkeypatch.setattr(asking, "before_sending", lambda words: seen)
        question = questions.about("ab cd")
        assert question.seen == "Link and a phone number"
        assert question.marked == "<p><mark>ab</mark> <mark>cd</mark></p>"

    def test_a_detector_that_breaks_asks_nothing_and_the_comment_is_taken(self, world, nora, monkeypatch):
        def broken(words):
            raise RuntimeError

        monkeypatch.setattr(asking, "before_sending", broken)
        assert nora.post(write_url(world), filled(nora, write_url(world))).status_code == 302


def sure(page: str) -> str:
    return re.search(r'name="sure" value="([0-9a-f]{64})"', page)[1]


AS_TYPED = [
    "x<y and y>z",
    "T-DM1 <see below>",
    "<3",
    "a & b &amp; c",
    "\"'`{{ 7 }} {% x %}",
    "<b>5 < 6</b>",
    "¼ µg/m²  “so”",
]


@pytest.mark.parametrize("words", AS_TYPED)
@pytest.mark.parametrize("reader", ["stranger", "author", "moderator"])
def test_every_character_is_shown_as_typed(world, client, words, reader):
    comment = write(world, text=words)
    if reader == "moderator":
        client.force_login(world.max)
        page = client.get(f"/desk/moderation/first/?comment={comment.public_id}").text
    elif reader == "author":
        client.force_login(world.rita)
        page = client.get("/me/comments/").text
    else:
        deciding.approve(comment, by=world.max, version=1)
        page = client.get(world.page.get_absolute_url()).text
    shown = [html.unescape(re.sub(r"<[^>]*>", "", body)) for body in re.findall(r"<p>((?:(?!</p>).)*)</p>", page)]
    assert text.clean(words) in shown


# edge case 38
def test_her_waiting_words_are_there_on_every_device_and_for_nobody_else(world):
    asked = publish(world)
    posting.post(world.page, by=world.nora, text="Waiting.", token="t", rules_version=world.rules, reply_to=asked)
    for _device in range(2):
        device = Client()
        device.force_login(world.nora)
        assert "Waiting." in device.get(world.page.get_absolute_url()).text
        assert "Waiting for a moderator" in device.get("/me/comments/").text
    other = Client()
    assert "Waiting." not in other.get(world.page.get_absolute_url()).text
    other.force_login(world.rita)
    assert "Waiting." not in other.get(world.page.get_absolute_url()).text
