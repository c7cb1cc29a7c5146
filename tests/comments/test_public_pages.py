"""What readers and members see of the conversation, page by page."""

import html
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import policies
from accounts.roles import grant, revoke
from articles.workflow import publishing
from comments.models import Comment, Conversation, Report
from comments.workflow import deciding, posting
from tests import cast as actors
from tests.comments.conftest import publish, turn_down, write


def conversation(world, viewer=None) -> str:
    template = Template("{% load conversation %}{% conversation page %}")
    assert world.page.live_publication  # as the article's view has it
    return template.render(Context({"page": world.page, "viewer": viewer}))


def write_url(world) -> str:
    return reverse("comments:write", args=["articles", world.page.slug])


def hidden(page: str, name: str) -> str:
    return html.unescape(re.search(rf'name="{name}"[^>]* value="([^"]*)"', page)[1])


def errors(page: str) -> list[str]:
    summary = re.search(r'class="error-summary".*?</ul>', page, re.DOTALL)
    return (
        [html.unescape(re.sub("<[^>]+>", "", one)).strip() for one in re.findall(r"<li>.*?</li>", summary[0])]
        if summary
        else []
    )


def typed(page: str) -> str:
    return html.unescape(re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", page, re.DOTALL)[1])


def filled(client, world, **changes) -> dict:
    page = client.get(write_url(world)).text
    return {
        "body": "It got better.",
        "act": "post",
        "token": hidden(page, "token"),
        "version": hidden(page, "version"),
    } | changes


@pytest.fixture
def rita(world, client):
    client.force_login(world.rita)
    return client


class TestConversation:
    def test_it_invites_and_names_the_rules(self, world):
        page = re.sub(r"<[^>]+>", "", conversation(world))
        assert "Join the conversation — please read our rules before commenting." in page
        assert "Sign in to join the conversation" in page
        assert "No comments yet" in page

    def test_the_newest_come_first(self, world):
        first, second = publish(world, text="First."), publish(world, text="Second.")
        page = conversation(world)
        assert page.index(second.public_id) < page.index(first.public_id)
        assert "2 comments" in page

    def test_only_what_is_live_is_shown_to_strangers_and_other_members(self, world):
        kinds = {
            "held": write(world, text="aaa"),
            "live": publish(world, text="bbb"),
            "hidden": publish(world, text="ccc"),
        }
        deciding.hide(kinds["hidden"], by=world.max, version=2)
        turn_down(world, write(world, by=world.nora, text="ddd"))
        for viewer in (None, world.nora, world.amara):
            page = conversation(world, viewer)
            assert "bbb" in page
            assert not {"aaa", "ccc", "ddd"} & set(re.findall(r"\b\w{3}\b", page))

    def test_my_own_that_waits_is_shown_to_me(self, world):
        write(world, text="My waiting words.")
        page = conversation(world, world.rita)
        assert "My waiting words." in page
        assert "Waiting for a moderator." in page
        assert "Only you can see this." in page

    def test_in_a_crisis_the_writer_sees_help_at_once_and_nobody_else_does(self, world):
        write(world, text="I want to die.")
        assert "You do not have to face this alone" in conversation(world, world.rita)
        assert "You do not have to face this alone" not in conversation(world, world.nora)
        assert "You do not have to face this alone" not in conversation(world)

    def test_hidden_shows_nothing_and_read_only_says_so(self, world):
        Conversation.objects.update(mode="hidden")
        assert conversation(world).strip() == ""
        Conversation.objects.update(mode="read_only")
        assert "closed for new comments" in conversation(world)
        assert "Write a comment" not in conversation(world)

    def test_closed_by_date_names_the_date(self, world):
        Conversation.objects.update(closes_at=timezone.now() - timedelta(days=1))
        assert "This conversation closed on" in conversation(world)

    def test_badges_follow_the_role(self, world):
        given = grant(world.nora, "medical_reviewer", by=world.ada)
        publish(world, by=world.nora)
        assert "Medical team" in conversation(world)
        before = type(world.page).objects.get(pk=world.page.pk).version
        revoke(given, by=world.ada, reason="ended")
        assert "Medical team" not in conversation(world)
        assert type(world.page).objects.get(pk=world.page.pk).version == before + 1

    def test_it_holds_no_form_and_no_token(self, world, client):
        publish(world)
        response = client.get(world.page.get_absolute_url())
        section = response.text[response.text.index('id="conversation"') : response.text.index("</main>")]
        assert "csrfmiddlewaretoken" not in response.text
        assert "<form" not in section
        assert not response.cookies

    def test_every_stranger_gets_the_same_bytes(self, world):
        publish(world)
        write(world)
        address = world.page.get_absolute_url()
        assert Client().get(address).content == Client(headers={"user-agent": "other"}).get(address).content

    @pytest.mark.parametrize("signed_in", [False, True])
    def test_sixty_comments_cost_as_many_queries_as_one(self, world, django_assert_num_queries, signed_in, clock):
        viewer = world.nora if signed_in else None
        publish(world)
        assert world.page.live_publication
        with django_assert_num_queries(6 if signed_in else 3):
            conversation(world, viewer)
        for number in range(59):
            clock.shift(timedelta(minutes=3))
            publish(world, by=(world.rita, world.nora)[number % 2])
        with django_assert_num_queries(6 if signed_in else 3):
            page = conversation(world, viewer)
        assert page.count("<article") == 20
        assert "60 comments" in page

    def test_an_approval_and_a_takedown_show_at_the_next_request(self, world, client):
        comment = write(world, text="Fresh words.")
        address = world.page.get_absolute_url()
        assert "Fresh words." not in client.get(address).text
        deciding.approve(comment, by=world.max, version=1)
        assert "Fresh words." in client.get(address).text
        deciding.hide(comment, by=world.max, version=2)
        assert "Fresh words." not in client.get(address).text


class TestFurtherPages:
    def shown(self, page: str) -> list[str]:
        return re.findall(r'<article class="comment" id="comment-(\w+)"', page)

    def test_pages_neither_lose_nor_repeat_anything_even_at_equal_times(self, world, client, clock):
        made = []
        for number in range(45):
            clock.shift(timedelta(minutes=3))
            made.append(publish(world, by=(world.rita, world.nora)[number % 2]).public_id)
        moment = timezone.now()
        Comment.objects.filter(pk__gt=0).update(published_at=moment)
        seen, page = [], client.get(reverse("comments:conversation", args=["articles", world.page.slug])).text
        while True:
            seen += self.shown(page)
            older = re.search(r'load-more" rel="next" data-into="thread" href="([^"]+)"', page)
            if not older:
                break
            page = client.get(older[1]).text
        assert seen == made[::-1]

    def test_the_address_of_a_comment_leads_to_it(self, world, client, clock):
        first = publish(world)
        home = world.page.get_absolute_url()
        assert client.get(first.get_absolute_url()).url == f"{home}#comment-{first.public_id}"
        later = []
        for _ in range(20):
            clock.shift(timedelta(minutes=3))
            later.append(publish(world).public_id)
        there = client.get(first.get_absolute_url()).url
        assert there == f"{home}conversation/?from={first.public_id}#comment-{first.public_id}"
        # A few others stand above it, so that it is not torn out of the conversation.
        assert self.shown(client.get(there).text) == [*later[2::-1], first.public_id]

    def test_what_is_not_live_has_no_address_for_others(self, world, client):
        comment = write(world)
        address = comment.get_absolute_url()
        assert client.get(address).status_code == 404
        client.force_login(world.nora)
        assert client.get(address).status_code == 404
        client.force_login(world.rita)
        assert client.get(address).url == f"/me/comments/#comment-{comment.public_id}"
        client.force_login(world.max)
        assert client.get(address).url == f"/desk/moderation/held/?comment={comment.public_id}"

    def test_an_unknown_mark_is_not_found(self, world, client):
        address = reverse("comments:conversation", args=["articles", world.page.slug])
        for name in ("after", "before", "from"):
            assert client.get(address, {name: "nonsense"}).status_code == 404
            assert client.get(address, {name: "a" * 12}).status_code == 404
            assert client.get(address, {name: write(world).public_id}).status_code == 404
        assert client.get(address, {"sort": "loudest"}).status_code == 404


class TestRulesGate:
    def test_strangers_sign_in_first_and_come_back(self, world, client):
        response = client.get(write_url(world))
        assert response.status_code == 302
        assert response.url == f"/account/login/?next={write_url(world)}"

    def test_without_acceptance_the_rules_come_first(self, world, client):
        client.force_login(world.amara)
        response = client.get(write_url(world))
        assert "no-store" in response["Cache-Control"]
        assert "Accept the rules" in response.text
        assert "Protect privacy" in response.text
        assert hidden(response.text, "version") == "1"
        assert "<textarea" not in response.text

    def test_accepting_opens_the_form_and_is_kept(self, world, client):
        client.force_login(world.amara)
        assert client.post(write_url(world), {"act": "accept", "version": "1"}).url == write_url(world)
        assert policies.has_accepted(world.amara, "rules")
        assert "<textarea" in client.get(write_url(world)).text

    @pytest.mark.parametrize("version", ["0", "", "x", "2"])
    def test_a_stale_acceptance_is_refused_with_the_rules_in_force(self, world, client, version):
        client.force_login(world.amara)
        response = client.post(write_url(world), {"act": "accept", "version": version})
        assert response.status_code == 422
        assert "These are new rules" in errors(response.text)[0]
        assert hidden(response.text, "version") == "1"
        assert not policies.has_accepted(world.amara, "rules")

    def test_new_rules_are_asked_for_again_with_what_is_new(self, world, rita):
        new_rules(world)
        response = rita.get(write_url(world))
        assert "Our rules changed on" in response.text
        assert "Here is what is new: Shorter." in response.text


def new_rules(world):
    clause = {"code": "kind", "title": "Always be kind", "text": "Always."}
    return policies.publish("rules", title="Community rules", clauses=[clause], changes="Shorter.", by=world.ada)


class TestWrite:
    def test_a_comment_waits_and_she_is_told(self, world, rita):
        response = rita.post(write_url(world), filled(rita, world))
        comment = Comment.objects.get()
        assert response.url == f"{world.page.get_absolute_url()}#comment-{comment.public_id}"
        page = rita.get(response.url).text
        assert "Thank you. A moderator will read your comment before it appears." in page
        assert f'id="comment-{comment.public_id}"' in page

    def test_the_same_form_sent_twice_is_one_comment(self, world, rita):
        form = filled(rita, world)
        assert rita.post(write_url(world), form).url == rita.post(write_url(world), form).url
        assert Comment.objects.count() == 1

    def test_other_words_in_a_form_already_sent_are_not_lost(self, world, rita):
        form = filled(rita, world)
        rita.post(write_url(world), form)
        response = rita.post(write_url(world), form | {"body": "Something else."})
        assert response.status_code == 422
        assert typed(response.text) == "Something else."
        assert "Send again" in errors(response.text)[0]
        again = form | {"body": "Something else.", "token": hidden(response.text, "token")}
        assert rita.post(write_url(world), again).status_code == 302
        assert Comment.objects.count() == 2

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ("", "Write your comment before you post it."),
            ("x" * 2014, "Your comment is 14 characters too long."),
            ("a\x00b", "hidden control character"),
            ("a\u202eb", "direction of the text"),
        ],
    )
    def test_what_cannot_be_taken_comes_back_with_the_reason_beside_it(self, world, rita, body, words):
        response = rita.post(write_url(world), filled(rita, world, body=body))
        assert response.status_code == 422
        assert words in errors(response.text)[0]
        assert words in re.search(r'<ul class="errorlist"[^>]*>(.*?)</ul>', response.text, re.DOTALL)[1]
        assert typed(response.text) == body
        assert not Comment.objects.exists()

    def test_preview_shows_and_saves_nothing(self, world, rita):
        response = rita.post(
            write_url(world), filled(rita, world, act="preview", body="x<y and\n\nhttps://example.org")
        )
        assert response.status_code == 200
        assert "<p>x&lt;y and</p>" in response.text
        assert typed(response.text) == "x<y and\n\nhttps://example.org"
        assert not Comment.objects.exists()

    def test_rules_that_changed_meanwhile_ask_again_and_keep_the_words(self, world, rita):
        form = filled(rita, world)
        new_rules(world)
        response = rita.post(write_url(world), form)
        assert response.status_code == 422
        assert typed(response.text) == "It got better."
        assert "Always be kind" in response.text
        assert "Our rules have changed" in " ".join(errors(response.text))
        form |= {"version": hidden(response.text, "version")}
        response = rita.post(write_url(world), form)
        assert "Confirm that you have read the rules." in errors(response.text)
        assert rita.post(write_url(world), form | {"agree": "on"}).status_code == 302
        assert Comment.objects.get().current.rules_version.number == 2

    def test_a_tick_under_the_old_rules_does_not_count_for_the_new(self, world, client):
        client.force_login(world.amara)
        form = {"body": "Hello.", "act": "post", "token": "t", "version": "1", "agree": "on"}
        new_rules(world)
        assert client.post(write_url(world), form).status_code == 422
        assert not policies.has_accepted(world.amara, "rules")

    def test_words_outlive_a_session_that_ended(self, world, rita):
        form = filled(rita, world, body="Long and careful words.")
        rita.logout()
        response = rita.post(write_url(world), form)
        assert response.status_code == 403
        assert "You were signed out" in response.text
        assert "Long and careful words." in response.text
        assert f"/account/login/?next={write_url(world)}" in html.unescape(response.text).replace("%2F", "/")
        rita.post("/account/login/", {"login": world.rita.email, "password": actors.PASSWORD})
        page = rita.get(write_url(world)).text
        assert typed(page) == "Long and careful words."
        rita.post(write_url(world), filled(rita, world, body="Long and careful words."))
        assert typed(rita.get(write_url(world)).text) == ""

    def test_too_fast_says_when_again_and_keeps_the_words(self, world, rita):
        for _ in range(5):
            write(world)
        response = rita.post(write_url(world), filled(rita, world))
        assert response.status_code == 429
        assert "You can post again in 10 minutes." in errors(response.text)[0]
        assert typed(response.text) == "It got better."

    def test_a_closed_conversation_says_so_and_keeps_the_words(self, world, rita):
        form = filled(rita, world)
        Conversation.objects.update(mode="read_only")
        assert "closed for new comments" in rita.get(write_url(world)).text
        response = rita.post(write_url(world), form)
        assert response.status_code == 409
        assert typed(response.text) == "It got better."

    def test_a_huge_form_is_refused_unread(self, world, rita):
        response = rita.post(write_url(world), {"body": "x" * 70_000})
        assert response.status_code == 413

    def test_the_token_against_forgery_is_still_asked_for(self, world):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(world.rita)
        assert strict.post(write_url(world), {"body": "x", "act": "post"}).status_code == 403

    def test_pages_that_are_not_live_or_not_talked_about_are_not_found(self, world, rita):
        Conversation.objects.update(mode="hidden")
        assert rita.get(write_url(world)).status_code == 404
        Conversation.objects.update(mode="all_held")
        publishing.withdraw(world.page, by=world.edda, kind="outdated", public_reason="It is out of date.")
        assert rita.get(write_url(world)).status_code == 404
        assert rita.get("/articles/nothing-here/comment/").status_code == 404

    def test_a_rejected_comment_can_be_edited_and_sent_again_by_its_author_alone(self, world, rita):
        comment = write(world, text="Call 555 014 2277 99")
        turn_down(world, comment)
        assert typed(rita.get(write_url(world), {"again": comment.public_id}).text) == "Call 555 014 2277 99"
        rita.force_login(world.nora)
        assert typed(rita.get(write_url(world), {"again": comment.public_id}).text) == ""


class TestMine:
    def test_status_reason_rule_and_message_are_shown_to_the_author_alone(self, world, rita):
        comment = write(world, text="Call 555 014 2277 99")
        turn_down(world, comment, message="Leave the number out.", note="Watch her.")
        page = rita.get("/me/comments/").text
        assert "We did not publish this comment." in page
        assert "It broke rule 2: Protect privacy." in page
        assert "Shares private details" in page
        assert "Leave the number out." in page
        assert "Watch her" not in page
        assert "Max" not in page
        rita.force_login(world.nora)
        assert "555" not in rita.get("/me/comments/").text

    def test_tabs_and_pages(self, world, rita, clock):
        for number in range(23):
            clock.shift(timedelta(minutes=3))
            comment = write(world, text=f"Number {number}.")
        deciding.approve(comment, by=world.max, version=1)
        page = rita.get("/me/comments/").text
        assert page.count('class="card my-comment') == 20
        older = html.unescape(re.search(r'rel="next" href="([^"]+)"', page)[1])
        assert rita.get(older).text.count('class="card my-comment') == 3
        assert rita.get("/me/comments/?status=published").text.count('class="card my-comment') == 1
        assert rita.get("/me/comments/?status=nonsense").status_code == 404

    def test_as_many_queries_for_one_as_for_twenty(self, world, rita, clock, django_assert_max_num_queries):
        counts = []
        for total in (1, 20):
            while Comment.objects.count() < total:
                clock.shift(timedelta(minutes=3))
                turn_down(world, write(world))
            with django_assert_max_num_queries(15) as queries:
                rita.get("/me/comments/")
            counts.append(len(queries))
        assert counts[0] == counts[1]

    def test_a_comment_under_a_withdrawn_page_is_still_hers(self, world, rita):
        publish(world, text="My words.")
        publishing.withdraw(world.page, by=world.edda, kind="outdated", public_reason="It is out of date.")
        page = rita.get("/me/comments/").text
        assert "My words." in page
        assert "On a page that is no longer public" in page


class TestActsOnOneComment:
    def test_delete_asks_first_and_then_does_it(self, world, rita):
        comment = publish(world)
        address = reverse("comments:withdraw", args=[comment.public_id])
        assert "cannot be undone" in rita.get(address).text
        assert Comment.objects.get().status == "live"
        assert rita.post(address, {"version": "2"}).url == "/me/comments/"
        assert Comment.objects.get().status == "withdrawn"

    def test_delete_from_a_stale_page_is_a_conflict(self, world, rita):
        comment = write(world)
        deciding.approve(comment, by=world.max, version=1)
        response = rita.post(reverse("comments:withdraw", args=[comment.public_id]), {"version": "1"})
        assert response.status_code == 409
        assert "It was not deleted." in response.text
        assert "Max" not in response.text
        assert Comment.objects.get().status == "live"

    def test_report(self, world, client):
        comment = publish(world)
        address = reverse("comments:report", args=[comment.public_id])
        client.force_login(world.nora)
        assert "We do not tell the writer who reported it." in client.get(address).text
        assert client.post(address, {}).status_code == 422
        assert client.post(address, {"reason": "unkind", "text": "Rude."}).status_code == 302
        assert Report.objects.get().text == "Rude."

    def test_nobody_reports_their_own_or_what_is_not_public(self, world, rita):
        for comment in (publish(world), write(world, by=world.nora)):
            assert rita.get(reverse("comments:report", args=[comment.public_id])).status_code == 404

    def test_appeal(self, world, rita):
        comment = write(world)
        turn_down(world, comment)
        address = reverse("comments:appeal", args=[comment.public_id])
        assert "rule 2" in rita.get(address).text
        assert rita.post(address, {"text": ""}).status_code == 422
        assert rita.post(address, {"text": "I named nobody."}).url == "/me/comments/"
        assert "A moderator who did not decide the first time will answer." in rita.get("/me/comments/").text
        assert rita.get(address).status_code == 404

    @pytest.mark.parametrize("act", ["withdraw", "appeal"])
    def test_acts_on_anothers_comment_do_not_exist(self, world, client, act):
        comment = write(world)
        turn_down(world, comment)
        client.force_login(world.nora)
        assert client.get(reverse(f"comments:{act}", args=[comment.public_id])).status_code == 404
        assert client.post(reverse(f"comments:{act}", args=[comment.public_id]), {"version": "2"}).status_code == 404

    def test_a_stranger_cannot_do_anything_by_get(self, world, rita):
        comment = publish(world)
        for name in ("withdraw", "report", "appeal", "permalink"):
            rita.get(reverse(f"comments:{name}", args=[comment.public_id]))
        assert Comment.objects.get().version == 2


def test_a_viewer_without_an_account_sees_no_more_than_a_stranger(world):
    posted = posting.post(world.page, by=world.rita, text="Waits.", token="t", rules_version=world.rules)
    assert AnonymousUser().is_authenticated is False
    assert posted.public_id not in conversation(world)
