"""What a member reads about herself: what is new, how much of it, and nothing of what is not public."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from articles.workflow import publishing
from audit import worker
from comments import news
from comments.models import Conversation, Notification
from comments.workflow import deciding, following, posting, reporting
from tests.comments.conftest import publish, turn_down, write
from tests.comments.test_following import announce, say

URL = "/me/notifications/"


@pytest.fixture
def answered(world, clock):
    """Rita's comment and Nora's answer, of which Rita was told."""
    root = say(world, by=world.rita)
    announce(clock)
    answer = say(world, by=world.nora, reply_to=root)
    announce(clock)
    Notification.objects.filter(kind="decision").delete()
    return answer


def count_in_header(client) -> str:
    found = re.search(r'class="bell-count">([0-9+]+)<', client.get("/articles/").text)
    return found[1] if found else ""


class TestTheList:
    def test_an_answer_names_who_and_where_and_leads_there(self, world, answered, client):
        client.force_login(world.rita)
        shown = client.get(URL).text
        assert "<bdi>nora</bdi> answered" in shown
        assert f'href="{answered.get_absolute_url()}"' in shown
        assert world.page.live_publication.title in shown
        assert "better with time" not in shown

    def test_somebody_elses_is_not_there(self, world, answered, client):
        client.force_login(world.max)
        assert "Nothing new" in client.get(URL).text
        assert Client().get(URL).status_code == 302

    # edge cases 33 and 36
    @pytest.mark.parametrize("how", ["hidden", "rejected", "withdrawn", "page", "conversation"])
    def test_of_what_is_not_public_now_nothing_is_told_or_counted(self, world, answered, client, how):
        client.force_login(world.rita)
        assert count_in_header(client) == "1"
        act = {
            "hidden": lambda: deciding.hide(answered, by=world.max, version=2),
            "rejected": lambda: turn_down(world, answered),
            "withdrawn": lambda: posting.withdraw(answered, by=world.nora, version=2),
            "page": lambda: publishing.withdraw(
                world.page, by=world.edda, kind="safety", public_reason="We look at it again."
            ),
            "conversation": lambda: Conversation.objects.update(mode="hidden"),
        }
        act[how]()
        assert count_in_header(client) == ""
        shown = client.get(URL).text
        assert "Nothing new" in shown
        assert answered.public_id not in shown

    # edge case 36
    def test_a_held_answer_leaves_no_trace(self, world, answered, client, clock):
        client.force_login(world.rita)
        before = client.get(URL).content, client.get("/me/following/").content
        say(world, by=world.nora, reply_to=answered.parent, live=False)
        announce(clock)
        csrf = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]*"')
        after = client.get(URL).content, client.get("/me/following/").content
        assert [csrf.sub(b"", one) for one in after] == [csrf.sub(b"", one) for one in before]

    def test_public_again_it_is_back_as_it_was(self, world, answered, client):
        client.force_login(world.rita)
        deciding.hide(answered, by=world.max, version=2)
        client.post(URL, {"act": "all", "newest": "999999"})
        deciding.restore(answered, by=world.max, version=3)
        assert count_in_header(client) == "1"

    def test_it_goes_on_by_key_and_costs_the_same(self, world, client, monkeypatch, clock, answered):
        monkeypatch.setattr(news, "PAGE_SIZE", 3)
        client.force_login(world.rita)
        costs = []
        for number in (1, 6):
            for _ in range(number):
                say(world, by=world.nora, reply_to=answered.parent)
                clock.shift(timedelta(minutes=3))
                announce(clock)
            with CaptureQueriesContext(connection) as asked:
                shown = client.get(URL).text
            costs.append(len(asked))
        assert costs[0] == costs[1]
        seen = []
        while True:
            seen += re.findall(r'news-item.*?href="(/comments/[a-z2-7]+/)"', shown, re.DOTALL)
            more = re.search(r'href="(/me/notifications/\?before=\d+)"', shown)
            if not more:
                break
            shown = client.get(more[1]).text
        expected = Notification.objects.filter(user=world.rita).order_by("-pk").select_related("comment")
        assert seen == [one.comment.get_absolute_url() for one in expected]
        assert len(seen) == 8


class TestDecisions:
    def test_only_the_newest_is_news(self, world, client):
        comment = write(world)
        deciding.approve(comment, by=world.max, version=1)
        turn_down(world, comment)
        client.force_login(world.rita)
        assert Notification.objects.filter(user=world.rita, kind="decision").count() == 1
        assert count_in_header(client) == "1"
        shown = client.get(URL).text
        assert "is not published" in shown
        assert "it is public" not in shown

    def test_it_is_shown_as_long_as_it_stands(self, world, client):
        comment = publish(world)
        client.force_login(world.rita)
        assert "it is public" in client.get(URL).text
        posting.withdraw(comment, by=world.rita, version=2)
        assert "it is public" not in client.get(URL).text
        assert count_in_header(client) == ""

    def test_the_answer_to_a_report_is_shown_though_the_comment_is_gone(self, world, client):
        comment = publish(world, by=world.nora)
        reporting.report(comment, by=world.rita, reason="unkind")
        turn_down(world, comment)
        client.force_login(world.rita)
        shown = client.get(URL).text
        assert "We removed the comment." in shown
        assert comment.public_id not in shown
        assert "nora" not in shown
        assert count_in_header(client) == "1"


class TestReading:
    @pytest.fixture
    def three(self, world, answered, client, clock):
        for _ in range(2):
            say(world, by=world.nora, reply_to=answered.parent)
        announce(clock)
        client.force_login(world.rita)
        return list(Notification.objects.filter(user=world.rita).order_by("-pk").values_list("pk", flat=True))

    def unread(self, world) -> int:
        return news.unread(world.rita)

    def test_those_shown(self, world, client, three):
        client.post(URL, {"act": "shown", "newest": three[0], "oldest": three[1]})
        assert self.unread(world) == 1

    def test_all_but_not_what_came_in_meanwhile(self, world, client, three):
        client.post(URL, {"act": "all", "newest": three[1]})
        assert self.unread(world) == 1
        client.post(URL, {"act": "all", "newest": three[0]})
        assert self.unread(world) == 0

    def test_nobody_elses_and_nothing_without_a_number(self, world, client, three):
        client.post(URL, {"act": "all", "newest": "x"})
        client.force_login(world.nora)
        client.post(URL, {"act": "all", "newest": three[0]})
        assert self.unread(world) == 3

    def test_it_needs_the_token(self, world, three):
        other = Client(enforce_csrf_checks=True)
        other.force_login(world.rita)
        assert other.post(URL, {"act": "all", "newest": three[0]}).status_code == 403
        assert self.unread(world) == 3


class TestTheHeader:
    def test_one_query_and_no_more_than_ninety_nine(
        self, world, answered, client, monkeypatch, django_assert_num_queries
    ):
        monkeypatch.setattr(news, "MOST", 2)
        for _ in range(3):
            Notification.objects.create(user=world.rita, kind="report", comment=answered)
        with django_assert_num_queries(1):
            assert news.unread(world.rita) == 3
        client.force_login(world.rita)
        assert count_in_header(client) == "2+"

    def test_it_uses_the_index_of_unread_ones(self, world, answered):
        rows = news.shown_to(world.rita).filter(read_at__isnull=True)
        if connection.vendor == "sqlite":
            assert "notification_unread" in rows.explain()

    def test_whoever_is_not_signed_in_gets_the_same_bytes_and_no_cookie(self, world, answered):
        answers = [Client().get(url) for url in ("/articles/", world.page.get_absolute_url()) for _ in range(2)]
        assert answers[0].content == answers[1].content
        assert answers[2].content == answers[3].content
        for answer in answers:
            assert not answer.cookies
            assert "masthead-bell" not in answer.text


def test_a_worker_announces(world, clock):
    following.follow(world.conversation, by=world.nora, by_mail=False)
    clock.shift(timedelta(seconds=1))
    said = say(world, by=world.rita)
    clock.shift(following.permissions.SETTLED)
    clock.shift(timedelta(seconds=20))
    assert "comments.tasks.announce" in worker.run_ticks()
    assert Notification.objects.filter(user=world.nora, comment=said).count() == 1
    assert "comments.tasks.announce" not in worker.run_ticks()
