"""The queue at the desk: lanes with their age, the next one, who has it, what comes after a decision, taking it back."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import OutboxMail, RoleGrant
from audit.models import Entry
from comments import casefile
from comments.models import Comment, Decision, ModeratorSettings, QueueItem, TeamNote
from comments.workflow import caring, claiming, deciding
from tests.comments.conftest import write
from tests.comments.desk import open_card, plain, press, signed_in


@pytest.fixture
def desk(world) -> Client:
    return signed_in(world.max)


def take_next(client, lane="", **fields):
    return client.post(reverse("comments:next"), {"lane": lane, **fields})


def claimed_by(comment):
    return QueueItem.objects.get(comment=comment).claimed_by


class TestLanes:
    @pytest.mark.parametrize(
        ("ago", "short", "spoken"),
        [
            (timedelta(seconds=20), "0 min", "0 minutes"),
            (timedelta(minutes=1), "1 min", "1 minute"),
            (timedelta(minutes=59), "59 min", "59 minutes"),
            (timedelta(minutes=60), "1 h", "1 hour"),
            (timedelta(hours=47), "47 h", "47 hours"),
            (timedelta(hours=48), "2 d", "2 days"),
        ],
    )
    def test_the_age_is_told_in_its_largest_unit(self, ago, short, spoken):
        since = timezone.now() - ago
        assert (casefile.age(since), casefile.age(since, spoken=True)) == (short, spoken)

    def test_a_tab_tells_how_long_its_most_urgent_one_has_waited(self, world, desk):
        first, second = write(world), write(world)
        QueueItem.objects.filter(comment=second).update(
            opened_at=timezone.now() - timedelta(hours=3), due_at=timezone.now() - timedelta(hours=1)
        )
        page = plain(open_card(desk, first, lane="held"))
        assert "First comment 2 waiting 3 h the most urgent one for 3 hours" in page

    def test_as_many_queries_for_a_card_with_much_as_for_one_with_little(
        self, world, desk, django_assert_max_num_queries
    ):
        comment = write(world, text="Call 555 014 2277 99 or write to me.")
        counts = []
        for number in (0, 6):
            for each in range(number):
                write(world, by=(world.nora, world.max)[each % 2])
                press(desk, comment, "note", text=f"Note {each}.")
            with django_assert_max_num_queries(45) as queries:
                open_card(desk, comment, lane="privacy")
            counts.append(len(queries))
        assert counts[0] == counts[1]


class TestNext:
    def test_it_hands_out_the_most_urgent_and_leases_it(self, world, desk):
        write(world)
        urgent = write(world, text="I want to die.")
        answer = take_next(desk)
        assert answer.url == f"/desk/moderation/crisis/?comment={urgent.public_id}"
        assert claimed_by(urgent) == world.max
        page = plain(desk.get(answer.url).text)
        assert "You have it until" in page
        assert "Keep it five more minutes" in page

    def test_two_who_press_get_two(self, world, desk):
        write(world), write(world)
        assert take_next(desk).url != take_next(signed_in(world.mona)).url

    def test_it_stays_in_its_lane(self, world, desk):
        comment = write(world)
        write(world, text="I want to die.")
        assert take_next(desk, "first").url.endswith(comment.public_id)
        assert take_next(desk, "reported").url == "/desk/moderation/reported/"

    def test_it_skips_the_one_that_is_left_to_a_colleague(self, world, desk):
        first, second = write(world), write(world)
        assert take_next(desk, "first", after=first.public_id).url.endswith(second.public_id)

    # edge case 26
    def test_ones_own_is_never_handed_out(self, world, desk):
        write(world, by=world.max)
        answer = take_next(desk)
        assert answer.url == "/desk/moderation/"
        assert "Nothing is free" in desk.get(answer.url, follow=True).text
        assert not QueueItem.objects.exclude(claimed_by=None).exists()

    def test_get_hands_out_nothing_and_others_do_not_learn_of_it(self, world, desk):
        write(world)
        assert desk.get(reverse("comments:next")).status_code == 405
        for user in (world.rita, world.edda, world.ruth, world.ada):
            assert take_next(signed_in(user)).status_code == 404
        assert not QueueItem.objects.exclude(claimed_by=None).exists()


class TestHands:
    def test_keeping_it_begins_the_five_minutes_anew(self, world, desk, clock):
        comment = write(world)
        take_next(desk)
        clock.shift(timedelta(minutes=4))
        press(desk, comment, "take")
        assert QueueItem.objects.get().claimed_until > timezone.now() + timedelta(minutes=4)

    def test_a_colleagues_is_taken_over_with_a_reason_that_is_on_record(self, world, desk):
        comment = write(world)
        take_next(signed_in(world.mona))
        page = open_card(desk, comment)
        assert "Mona Reyes opened this comment just now." in page
        assert "It is theirs until" in page
        assert "Take it over" in page
        refused = press(desk, comment, "over", reason=" ")
        assert refused.status_code == 422
        assert "Say why you take it over." in refused.text
        assert claimed_by(comment) == world.mona
        press(desk, comment, "over", reason="Mona went home.")
        assert claimed_by(comment) == world.max
        assert TeamNote.objects.get().text == "Mona went home."
        assert Entry.objects.filter(verb="queue.taken_over").count() == 1

    # edge case 25
    def test_what_was_in_the_hands_of_somebody_whose_session_died_is_free_again(self, world, desk, clock):
        comment = write(world)
        mona = signed_in(world.mona)
        take_next(mona)
        mona.logout()
        assert take_next(desk).url == "/desk/moderation/"
        clock.shift(timedelta(minutes=5, seconds=1))
        assert take_next(desk).url.endswith(comment.public_id)

    # edge case 25
    def test_a_demoted_moderator_keeps_nothing_and_renews_nothing(self, world, desk, clock):
        comment = write(world)
        mona = signed_in(world.mona)
        take_next(mona)
        RoleGrant.objects.filter(user=world.mona).update(revoked_at=timezone.now(), revoked_by=world.ada)
        assert press(mona, comment, "take").status_code == 404
        assert press(mona, comment, "approve").status_code == 404
        clock.shift(timedelta(minutes=6))
        take_next(desk)
        assert claimed_by(comment) == world.max
        assert Comment.objects.get().status == "held"

    # edge case 25
    def test_a_claim_on_what_was_decided_elsewhere_is_told(self, world, desk):
        comment = write(world)
        take_next(desk)
        deciding.approve(comment, by=world.mona, version=1)
        answer = press(desk, comment, "take")
        assert answer.status_code == 409
        assert "Somebody already decided about this comment." in answer.text


class TestAfterADecision:
    def test_who_takes_it_back_has_it_again_and_puts_the_next_one_back(self, world, desk):
        comment, second = write(world), write(world)
        press(desk, comment, "approve")
        assert claimed_by(second) == world.max
        undone = Decision.objects.get(comment=comment)
        desk.post(reverse("comments:undo", args=[undone.pk]), {"lane": "first"})
        item = QueueItem.objects.get(comment=comment, closed_at=None)
        assert item.claimed_by == world.max
        assert claimed_by(second) is None

    def test_what_a_colleague_took_meanwhile_stays_with_her(self, world, desk):
        comment, second = write(world), write(world)
        press(desk, comment, "approve")
        claiming.take_over(QueueItem.objects.get(comment=second), by=world.mona, reason="He went home.")
        undone = Decision.objects.get(comment=comment)
        desk.post(reverse("comments:undo", args=[undone.pk]), {"lane": "first"})
        assert claimed_by(second) == world.mona

    def test_the_next_of_the_lane_is_in_hand_and_has_the_focus(self, world, desk):
        comment, second = write(world), write(world)
        answer = press(desk, comment, "approve")
        assert answer.url == f"/desk/moderation/first/?comment={second.public_id}"
        assert claimed_by(second) == world.max
        page = desk.get(answer.url).text
        # edge case 58
        assert '<h2 id="comment-author" tabindex="-1" autofocus>' in page
        assert 'data-said="Approved. 1 left."' in page
        assert '<div class="toasts on-dark" role="status"></div>' in page

    def test_it_can_be_taken_back_for_ten_seconds(self, world, desk):
        comment = write(world)
        write(world)
        page = desk.get(press(desk, comment, "approve").url).text
        decision = Decision.objects.get(undoes=None)
        address = reverse("comments:undo", args=[decision.pk])
        assert address in page
        answer = desk.post(address, {"lane": "first"})
        assert answer.url == f"/desk/moderation/first/?comment={comment.public_id}"
        comment.refresh_from_db()
        assert comment.status == "held"
        assert claimed_by(comment) == world.max
        assert address not in desk.get(answer.url).text
        assert not OutboxMail.objects.filter(template="comments/approved").exists()

    def test_what_is_too_late_is_refused_politely(self, world, desk, clock):
        comment = write(world)
        write(world)
        page = press(desk, comment, "approve").url
        address = reverse("comments:undo", args=[Decision.objects.get().pk])
        clock.shift(timedelta(seconds=20))
        assert address not in desk.get(page).text
        answer = desk.post(address, {"lane": "first"})
        assert answer.status_code == 409
        assert "It is too late to take this back. You can decide anew." in answer.text
        assert Comment.objects.get(pk=comment.pk).status == "live"

    # edge case 26
    def test_a_colleagues_decision_is_not_mine_to_take_back(self, world, desk):
        comment = write(world)
        press(desk, comment, "approve")
        address = reverse("comments:undo", args=[Decision.objects.get().pk])
        assert signed_in(world.mona).post(address).status_code == 404
        assert desk.get(address).status_code == 405
        assert signed_in(world.rita).post(address).status_code == 404
        assert Comment.objects.get().status == "live"

    def test_taking_back_a_redaction_brings_the_whole_words_back(self, world, desk):
        comment = write(world, text="Call 555 014 2277 99 or write.")
        press(desk, comment, "redact", lane="privacy", out="555 014 2277 99")
        desk.post(reverse("comments:undo", args=[Decision.objects.get().pk]), {"lane": "privacy"})
        comment.refresh_from_db()
        assert (comment.status, comment.current.text) == ("held", "Call 555 014 2277 99 or write.")
        assert comment.current.sealed_at is None


class TestNews:
    def ask(self, client, lane="first", since=0):
        return client.get(reverse("comments:news", args=[lane]), {"since": since})

    def test_it_counts_what_came_in_since(self, world, desk):
        write(world)
        newest = QueueItem.objects.get().pk
        assert f'data-news="/desk/moderation/news/first/?since={newest}"' in open_card(desk, Comment.objects.get())
        assert self.ask(desk, since=newest).json() == {"new": 0, "words": ""}
        write(world), write(world)
        assert self.ask(desk, since=newest).json() == {"new": 2, "words": "2 new. Show them"}
        assert self.ask(desk, lane="crisis", since=newest).json()["new"] == 0
        assert self.ask(desk, since="x").json()["new"] == 3

    def test_it_is_for_moderators_and_never_stored(self, world, desk):
        assert "no-store" in self.ask(desk)["Cache-Control"]
        assert self.ask(desk, lane="nonsense").status_code == 404
        for user in (world.rita, world.edda, world.ruth):
            assert self.ask(signed_in(user)).status_code == 404


class TestCare:
    def test_words_of_the_crisis_lane_are_covered_until_they_are_opened(self, world, desk):
        comment = write(world, text="I want to die.")
        page = open_card(desk, comment, lane="crisis")
        assert page.index('<details class="covered">') < page.index("want to die")
        assert page.count("want to die") == 1
        listed = desk.get(reverse("comments:lane", args=["crisis"])).text
        assert "Covered. Open it to read." in listed

    def test_who_wants_neither_cover_nor_crisis_says_so(self, world, desk):
        assert desk.get(reverse("comments:care")).status_code == 200
        assert not ModeratorSettings.objects.exists()
        comment = write(world, text="I want to die.")
        assert desk.post(reverse("comments:care"), {"leaves_out_crisis": "on"}).status_code == 302
        own = ModeratorSettings.objects.get()
        assert (own.user, own.leaves_out_crisis, own.blurs) == (world.max, True, False)
        assert "covered" not in open_card(desk, comment, lane="crisis")
        assert take_next(desk).url == "/desk/moderation/"
        assert "Nothing is waiting" in desk.get("/desk/moderation/").text
        assert caring.settings_of(world.mona).blurs

    def test_keys_are_turned_off_for_good_and_on_again_where_she_is(self, world, desk):
        comment = write(world)
        assert " data-keys>" in open_card(desk, comment)
        there = {"lane": "first", "comment": comment.public_id}
        answer = desk.post(reverse("comments:keys"), {"on": "0", **there})
        assert answer.url == f"/desk/moderation/first/?comment={comment.public_id}"
        assert " data-keys>" not in open_card(desk, comment)
        assert "Turn shortcuts on" in open_card(desk, comment)
        assert ModeratorSettings.objects.get().blurs
        desk.post(reverse("comments:keys"), {"on": "1", **there})
        assert " data-keys>" in open_card(desk, comment)
        assert desk.post(reverse("comments:keys"), {"on": "1", "comment": "none"}).status_code == 404

    def test_the_settings_are_for_moderators(self, world):
        for user in (world.rita, world.edda, world.ruth):
            assert signed_in(user).get(reverse("comments:care")).status_code == 404
