"""Following and leaving; who is told of what, once, and by which mail."""

import itertools
import re
from datetime import timedelta

import pytest
from django.core import mail as postbox
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import delivery
from accounts.models import OutboxMail, User
from articles.workflow import publishing
from audit.moves import WrongState
from comments.models import Comment, Conversation, Follow, Notification
from comments.workflow import deciding, following, posting
from tests import cast as actors
from tests.comments.conftest import a_world, turn_down, write

_tokens = itertools.count(1)
OVER = following.permissions.SETTLED + timedelta(seconds=1)


def say(world, *, by, reply_to: Comment | None = None, live: bool = True, mail_answers: bool = False) -> Comment:
    comment = posting.post(
        world.page,
        by=by,
        text="It got better with time.",
        token=f"said-{next(_tokens)}",
        rules_version=world.rules,
        reply_to=reply_to,
        mail_answers=mail_answers,
    )
    if live and comment.status != "live":  # what the team answers is public at once
        deciding.approve(comment, by=world.mona, version=comment.version)
    return comment


def announce(clock) -> int:
    clock.shift(OVER)
    return following.announce_pending()


def told(user: User) -> list[tuple[str, int]]:
    return list(
        Notification.objects.filter(user=user).exclude(kind="decision").order_by("pk").values_list("kind", "comment")
    )


def letters(user: User | None = None) -> list[OutboxMail]:
    found = OutboxMail.objects.filter(key__startswith=following.NEWS).order_by("pk")
    return list(found.filter(to=user.email) if user else found)


def deliver_news() -> int:
    return sum(delivery.deliver(letter.pk) for letter in letters())


@pytest.fixture
def root(world, clock) -> Comment:
    """Rita's comment, known to everybody and announced."""
    comment = say(world, by=world.rita, mail_answers=True)
    announce(clock)
    return comment


class TestFollowing:
    def test_twice_is_one_row_that_knows_the_last_wish(self, world):
        first = following.follow(world.conversation, by=world.nora, by_mail=False)
        again = following.follow(world.conversation, by=world.nora, by_mail=True)
        assert (again.pk, again.by_mail, again.token) == (first.pk, True, first.token)

    def test_coming_back_gets_a_new_token_and_begins_anew(self, world, clock):
        first = following.follow(world.conversation, by=world.nora, by_mail=True)
        following.leave(first, by=world.nora)
        clock.shift(timedelta(days=1))
        again = following.follow(world.conversation, by=world.nora, by_mail=True)
        assert again.pk == first.pk
        assert again.token != first.token
        assert (again.left_at, again.created_at > first.created_at) == (None, True)
        assert following.leave_by_token(first.token) is None
        assert Follow.objects.get(pk=again.pk).left_at is None

    def test_what_is_not_public_cannot_be_followed(self, world, root):
        held = write(world)
        with pytest.raises(WrongState):
            following.follow(held, by=world.nora, by_mail=False)
        Conversation.objects.filter(pk=world.page.pk).update(mode="hidden")
        for where in (root, world.conversation):
            with pytest.raises(WrongState):
                following.follow(where, by=world.nora, by_mail=False)

    def test_a_withdrawn_page_cannot_be_followed(self, world, root):
        publishing.withdraw(world.page, by=world.edda, kind="safety", public_reason="We look at it again.")
        with pytest.raises(WrongState):
            following.follow(root, by=world.nora, by_mail=False)

    def test_only_members_and_only_for_themselves(self, world):
        world.nora.is_active = False
        with pytest.raises(PermissionDenied):
            following.follow(world.conversation, by=world.nora, by_mail=False)
        hers = following.follow(world.conversation, by=world.rita, by_mail=False)
        for act in (
            lambda: following.leave(hers, by=world.max),
            lambda: following.set_mail(hers, by=world.max, by_mail=True),
        ):
            with pytest.raises(PermissionDenied):
                act()

    def test_leaving_twice_is_fine_and_an_unknown_token_is_nobodys(self, world, clock):
        hers = following.follow(world.conversation, by=world.rita, by_mail=True)
        assert following.leave_by_token(hers.token) == hers
        left = Follow.objects.get(pk=hers.pk).left_at
        clock.shift(timedelta(minutes=1))
        assert following.leave_by_token(hers.token) == hers
        assert Follow.objects.get(pk=hers.pk).left_at == left
        assert following.leave_by_token("nobody") is None


class TestWhoIsTold:
    def test_the_author_of_what_is_answered_and_whoever_follows_above_or_all(self, world, root, clock):
        following.follow(world.conversation, by=world.max, by_mail=False)
        middle = say(world, by=world.nora, reply_to=root)
        announce(clock)
        last = say(world, by=world.max, reply_to=middle)
        assert announce(clock) == 1
        assert told(world.rita) == [("reply", middle.pk), ("reply", last.pk)]
        assert told(world.nora) == [("reply", last.pk)]
        assert told(world.max) == [("comment", middle.pk)], "nobody is told of their own words"

    def test_once_with_one_mail_whatever_she_follows(self, world, root, clock):
        following.follow(world.conversation, by=world.rita, by_mail=True)
        answer = say(world, by=world.nora, reply_to=root)
        announce(clock)
        assert told(world.rita) == [("reply", answer.pk)]
        on_comment = Follow.objects.get(user=world.rita, comment=root)
        assert [letter.key for letter in letters()] == [f"news-{on_comment.pk}-{answer.pk}"]

    def test_the_mail_comes_by_whichever_follow_asked_for_one(self, world, clock):
        root = say(world, by=world.rita)
        on_all = following.follow(world.conversation, by=world.rita, by_mail=True)
        announce(clock)
        answer = say(world, by=world.nora, reply_to=root)
        announce(clock)
        assert [letter.key for letter in letters()] == [f"news-{on_all.pk}-{answer.pk}"]

    def test_below_the_deepest_step_whoever_is_answered_is_told_too(self, world, clock):
        comment = None
        for number in range(13):
            comment = say(world, by=world.nora if number == 12 else world.rita, reply_to=comment)
            announce(clock)
            clock.shift(timedelta(minutes=11))
        assert comment.depth == 12
        beside = say(world, by=world.rita, reply_to=comment)
        announce(clock)
        assert beside.parent_id != comment.pk
        assert ("reply", beside.pk) in told(world.nora)

    @pytest.mark.parametrize("change", [{"is_active": False}, {"erased_at": timezone.now()}])
    def test_whoever_is_gone_is_not(self, world, root, clock, change):
        User.objects.filter(pk=world.rita.pk).update(**change)
        say(world, by=world.nora, reply_to=root)
        announce(clock)
        assert told(world.rita) == []
        assert letters() == []

    def test_whoever_began_to_follow_later_has_seen_it(self, world, root, clock):
        say(world, by=world.nora, reply_to=root)
        clock.shift(timedelta(seconds=2))
        following.follow(world.conversation, by=world.max, by_mail=True)
        announce(clock)
        assert told(world.max) == []

    def test_another_conversation_is_another_matter(self, world, root, clock):
        other = actors.live_article(world, title="Rest")
        following.follow(Conversation.objects.get(page=other), by=world.max, by_mail=True)
        say(world, by=world.nora, reply_to=root)
        announce(clock)
        assert told(world.max) == []


class TestWhen:
    def test_not_before_the_undo_window_is_over(self, world, root, clock):
        say(world, by=world.nora, reply_to=root)
        clock.shift(timedelta(seconds=8))
        assert following.announce_pending() == 0
        clock.shift(timedelta(seconds=8))
        assert following.announce_pending() == 1
        assert following.announce_pending() == 0
        assert len(told(world.rita)) == 1

    # edge case 33
    def test_a_comment_that_is_refused_is_no_news_and_one_that_is_approved_is_news_once(self, world, root, clock):
        held = say(world, by=world.nora, reply_to=root, live=False)
        assert announce(clock) == 0
        turn_down(world, held)
        assert announce(clock) == 0
        assert told(world.rita) == letters() == []
        deciding.restore(held, by=world.mona, version=held.version)
        assert announce(clock) == 1
        assert told(world.rita) == [("reply", held.pk)]
        assert len(letters()) == 1

    # edge case 33
    def test_what_is_undone_in_time_is_never_told(self, world, root, clock):
        answer = say(world, by=world.nora, reply_to=root)
        clock.shift(timedelta(seconds=5))
        turn_down(world, answer)
        assert announce(clock) == 0
        assert told(world.rita) == letters() == []

    # edge case 34
    def test_approved_again_after_a_refusal_is_not_told_again(self, world, root, clock):
        answer = say(world, by=world.nora, reply_to=root)
        announce(clock)
        assert delivery.deliver(letters()[0].pk)
        turn_down(world, answer)
        clock.shift(timedelta(minutes=1))
        deciding.restore(answer, by=world.mona, version=answer.version)
        assert announce(clock) == 0
        assert len(told(world.rita)) == len(letters()) == 1

    # edge case 34
    def test_leaving_in_between_takes_waiting_mail_along(self, world, root, clock):
        say(world, by=world.nora, reply_to=root)
        announce(clock)
        following.leave(Follow.objects.get(user=world.rita), by=world.rita)
        assert letters() == []

    # edge case 34
    def test_a_mail_that_slipped_through_is_stopped_at_the_door(self, world, root, clock):
        say(world, by=world.nora, reply_to=root)
        announce(clock)
        Follow.objects.filter(user=world.rita).update(left_at=timezone.now())
        assert deliver_news() == 0
        assert postbox.outbox == []
        assert letters() == []

    def test_taken_from_readers_before_it_was_sent_it_is_not_sent(self, world, root, clock):
        answer = say(world, by=world.nora, reply_to=root)
        announce(clock)
        letter = letters()[0]
        # Also what a dead worker held in its hands.
        OutboxMail.objects.filter(pk=letter.pk).update(status="sending", lease_until=timezone.now())
        posting.withdraw(answer, by=world.nora, version=answer.version)
        assert letters() == []

    # edge case 31
    @pytest.mark.parametrize("before_or_after", ["before", "after"])
    def test_nobody_is_mailed_about_a_page_taken_down(self, world, root, clock, before_or_after):
        answer = say(world, by=world.nora, reply_to=root)
        if before_or_after == "after":
            announce(clock)
        publishing.withdraw(world.page, by=world.edda, kind="safety", public_reason="We look at it again.")
        announce(clock)
        assert deliver_news() == 0
        assert postbox.outbox == letters() == []
        assert told(world.rita) == ([("reply", answer.pk)] if before_or_after == "after" else [])

    def test_nor_about_a_conversation_that_was_hidden(self, world, root, clock):
        say(world, by=world.nora, reply_to=root)
        announce(clock)
        Conversation.objects.update(mode="hidden")
        assert deliver_news() == 0
        Conversation.objects.update(mode="all_held")
        assert deliver_news() == 0

    def test_on_the_site_alone_drops_waiting_mail(self, world, root, clock):
        say(world, by=world.nora, reply_to=root)
        announce(clock)
        following.set_mail(Follow.objects.get(user=world.rita), world.rita, False)
        assert letters() == []
        assert len(told(world.rita)) == 1

    def test_a_crash_repeats_nothing_and_stops_nobody(self, world, root, clock, monkeypatch):
        first = say(world, by=world.nora, reply_to=root)
        second = say(world, by=world.nora, reply_to=root)
        tell = following._tell

        def crash(comment, members):
            tell(comment, members)
            if comment.pk == first.pk:
                raise RuntimeError

        monkeypatch.setattr(following, "_tell", crash)
        assert announce(clock) == 1
        assert told(world.rita) == [("reply", second.pk)]
        monkeypatch.setattr(following, "_tell", tell)
        assert following.announce_pending() == 1
        assert len(told(world.rita)) == len(letters()) == 2

    def test_a_bad_address_keeps_nobody_else_from_mail(self, world, root, clock):
        following.follow(world.conversation, by=world.max, by_mail=True)
        User.objects.filter(pk=world.rita.pk).update(email="no address")
        say(world, by=world.nora, reply_to=root)
        assert announce(clock) == 1
        assert len(told(world.rita)) == 1
        assert [letter.to for letter in letters()] == [world.max.email]


class TestTheMail:
    def test_it_says_who_and_where_and_not_one_word_of_what(self, world, root, clock):
        say(world, by=world.nora, reply_to=root)
        announce(clock)
        letter = letters()[0]
        assert letter.subject == "A new answer on Bedside"
        title = world.page.live_publication.title
        for known in ("nora answered in a thread that you follow", title, "/comments/", "/me/following/"):
            assert known in letter.text
        assert "better with time" not in letter.text
        assert delivery.deliver(letter.pk)

    def test_one_press_leaves(self, world, root, clock):
        say(world, by=world.nora, reply_to=root)
        announce(clock)
        letter = letters()[0]
        assert letter.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        address = re.fullmatch(r"<https?://[^/]+(/follow/leave/[^/]+/)>", letter.headers["List-Unsubscribe"])[1]
        assert address in letter.text
        answer = Client(enforce_csrf_checks=True).post(address, {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert not answer.cookies
        assert Follow.objects.get(user=world.rita).left_at


class TestPages:
    def url(self, world) -> str:
        return reverse("comments:follow_conversation", args=["articles", world.page.slug])

    def test_members_only(self, world, client, root):
        for url in (self.url(world), reverse("comments:follow", args=[root.public_id]), "/me/following/"):
            for answer in (client.get(url), client.post(url, {"how": "site"})):
                assert (answer.status_code, answer.url.split("?")[0]) == (302, "/account/login/")

    # edge case 35
    def test_looking_changes_nothing(self, world, client, root):
        hers = Follow.objects.get(user=world.rita)
        client.force_login(world.rita)
        before = list(Follow.objects.values())
        for url in (
            self.url(world) + "?how=mail&act=leave",
            reverse("comments:follow", args=[root.public_id]) + "?act=leave",
            reverse("comments:leave", args=[hers.token]) + "?List-Unsubscribe=One-Click",
            f"/me/following/?follow={hers.pk}&act=leave",
            "/me/notifications/?act=all&newest=999999",
        ):
            assert client.get(url).status_code == 200
            assert client.head(url).status_code == 200
        assert list(Follow.objects.values()) == before
        assert not Notification.objects.exclude(read_at=None).exists()

    def test_follow_change_and_stop(self, world, client, root):
        client.force_login(world.nora)
        for url, back in (
            (self.url(world), world.page.get_absolute_url() + "#conversation"),
            (reverse("comments:follow", args=[root.public_id]), root.get_absolute_url()),
        ):
            assert "Stop following" not in client.get(url).text
            assert client.post(url, {"act": "follow", "how": "mail"}).url == back
            hers = Follow.objects.filter(user=world.nora).latest("pk")
            assert hers.by_mail
            assert "Stop following" in client.get(url).text
            assert client.post(url, {"act": "leave"}).url == back
            hers.refresh_from_db()
            assert hers.left_at
            assert client.post(url, {"act": "leave"}).url == back

    def test_what_cannot_be_followed_is_not_there(self, world, client, root):
        held = write(world)
        client.force_login(world.rita)
        assert client.get(reverse("comments:follow", args=[held.public_id])).status_code == 404
        Conversation.objects.update(mode="hidden")
        assert client.get(self.url(world)).status_code == 404
        assert client.get(reverse("comments:follow", args=[root.public_id])).status_code == 404

    def test_nothing_chosen_is_said_beside_the_field(self, world, client):
        client.force_login(world.nora)
        for typed in ({}, {"how": "pigeon"}):
            answer = client.post(self.url(world), {"act": "follow", **typed})
            assert answer.status_code == 422
            assert "Choose how we tell you." in answer.text
        assert not Follow.objects.exists()

    def test_the_leave_page_tells_nobody_whether_a_link_is_known(self, world, client, root):
        hers = Follow.objects.get(user=world.rita)
        known, unknown = (reverse("comments:leave", args=[token]) for token in (hers.token, "x" * 32))
        for act in (client.get, client.post):
            assert act(known).content == act(unknown).content
            assert act(known).status_code == act(unknown).status_code == 200
        assert world.page.slug not in client.get(known).text

    def test_my_list_can_be_changed_but_not_somebody_elses(self, world, client, root):
        hers = Follow.objects.get(user=world.rita)
        client.force_login(world.nora)
        assert client.post("/me/following/", {"follow": hers.pk, "act": "leave"}).status_code == 404
        client.force_login(world.rita)
        assert "Answers to your comment" in client.get("/me/following/").text
        assert client.post("/me/following/", {"follow": hers.pk, "act": "nothing"}).status_code == 404
        assert client.post("/me/following/", {"follow": "x", "act": "leave"}).status_code == 404
        for act, by_mail in (("site", False), ("mail", True)):
            assert client.post("/me/following/", {"follow": hers.pk, "act": act}).status_code == 302
            hers.refresh_from_db()
            assert hers.by_mail == by_mail
        client.post("/me/following/", {"follow": hers.pk, "act": "leave"})
        assert "You follow nothing yet" in client.get("/me/following/").text

    # edge case 36
    def test_my_list_names_nothing_that_is_not_public(self, world, client, root):
        following.follow(root, by=world.nora, by_mail=False)
        deciding.hide(root, by=world.mona, version=2)
        client.force_login(world.nora)
        shown = client.get("/me/following/").text
        assert "not public at the moment" in shown
        assert root.public_id not in shown
        assert "rita" not in shown

    def test_the_list_goes_on_by_key_and_costs_the_same(self, world, client, monkeypatch, clock):
        monkeypatch.setattr("comments.news.PAGE_SIZE", 3)
        client.force_login(world.rita)
        counts = []
        for number in (1, 6):
            for _ in range(number):
                write(world)
                clock.shift(timedelta(minutes=11))
            with CaptureQueriesContext(
                connection,
            ) as asked:
                shown = client.get("/me/following/").text
            counts.append(len(asked))
        assert counts[0] == counts[1]
        seen = []
        while True:
            seen += [int(pk) for pk in re.findall(r'id="follow-(\d+)"', shown)]
            more = re.search(r'href="(/me/following/\?before=\d+)"', shown)
            if not more:
                break
            shown = client.get(more[1]).text
        assert seen == sorted(Follow.objects.values_list("pk", flat=True), reverse=True)

    def test_below_an_article(self, world, client, root):
        url = world.page.get_absolute_url()
        assert "ollow this conversation" not in Client().get(url).text
        client.force_login(world.nora)
        assert "Follow this conversation" in client.get(url).text
        following.follow(world.conversation, by=world.nora, by_mail=True)
        assert "You follow this conversation, by email too." in client.get(url).text


def crowd(world, count: int) -> None:
    users = User.objects.bulk_create(
        User(email=f"m{number}@example.org", handle=f"m{number}", handle_skeleton=f"m{number}", password="!")
        for number in range(count)
    )
    Follow.objects.bulk_create(Follow(user=user, conversation=world.conversation, by_mail=True) for user in users)


def test_the_number_of_queries_grows_with_batches_not_with_members(world, clock, monkeypatch):
    monkeypatch.setattr(following, "BATCH", 10)
    crowd(world, 28)
    costs = {}
    for left in (3, 10, 28):
        Follow.objects.filter(comment=None).update(left_at=timezone.now())
        staying = Follow.objects.filter(comment=None).order_by("pk").values_list("pk", flat=True)[:left]
        Follow.objects.filter(pk__in=list(staying)).update(left_at=None)
        comment = say(world, by=world.rita)
        clock.shift(OVER)
        with CaptureQueriesContext(connection) as asked:
            assert following.announce_pending() == 1
        costs[left] = len(asked)
        assert Notification.objects.filter(comment=comment, kind="comment").count() == left
        assert len(letters()) == sum(number for number in costs)
    assert costs[3] <= costs[10] <= costs[3] + 1, "a full batch asks whether there is more"
    per_batch = 4  # who, what they follow, notifications, mail
    assert costs[28] - costs[3] <= 2 * per_batch + 2 * 2, costs


@pytest.mark.django_db
def test_what_waits_to_be_announced_is_found_by_its_index():
    if connection.vendor == "sqlite":  # PostgreSQL takes no index for a table of a few rows.
        assert "comment_to_be_announced" in following._pending(timezone.now()).explain()


def test_two_workers_at_once_tell_everybody_once(race):
    world = a_world()
    crowd(world, 20)
    comments = [say(world, by=world.rita) for _ in range(3)]
    later = timezone.now() + OVER

    def act(_number: int):
        return following.announce_pending(later)

    results = race(act, runners=4)
    assert sum(results) == len(comments), results
    for comment in comments:
        assert Notification.objects.filter(comment=comment, kind="comment").count() == 20
    assert len(letters()) == 3 * 20


def test_a_decision_beside_the_announcement_leaves_no_mail_of_what_is_gone(race):
    world = a_world()
    crowd(world, 20)
    comment = say(world, by=world.rita)
    later = timezone.now() + OVER

    def act(number: int):
        if number:
            return following.announce_pending(later)
        return turn_down(world, Comment.objects.get(pk=comment.pk))

    results = race(act, runners=2)
    assert not [one for one in results if isinstance(one, Exception)], results
    assert letters() == []
