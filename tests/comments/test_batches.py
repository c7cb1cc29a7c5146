"""Many comments at once: each has its own decision and outcome; interrupted or run twice, nothing is decided twice."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import RoleGrant, User
from comments import bulk, members
from comments.models import Batch, Comment, Conversation, Decision, QueueItem
from comments.tasks import run_batches
from comments.workflow import batches, deciding, posting, sanctioning
from tests.comments.conftest import publish, turn_down, write


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def pairs(comments) -> list[tuple[int, int]]:
    return [(one.pk, one.version) for one in comments]


def several(world, clock, count=4, by=None) -> list[Comment]:
    made = []
    for number in range(count):
        clock.shift(timedelta(minutes=3))
        made.append(write(world, by=by, text=f"What helped on day {number} was a walk."))
    return made


def start(world, comments, act="approve", **options) -> Batch:
    return batches.start(pairs(comments), by=options.pop("by", world.max), act=act, **options)


class TestStart:
    def test_it_decides_nothing_yet(self, world, clock):
        start(world, several(world, clock, 2))
        assert not Decision.objects.exists()

    @pytest.mark.parametrize("who", ["rita", "edda", "ada"])
    def test_only_moderators(self, world, who):
        with pytest.raises(PermissionDenied):
            start(world, [write(world, by=world.nora)], by=getattr(world, who))

    @pytest.mark.parametrize(
        ("items", "options"),
        [
            ([], {"act": "approve"}),
            ([(1, 1)] * 2, {"act": "erase"}),
            ([(n, 1) for n in range(2001)], {"act": "approve"}),
            ([(999_999, 1)], {"act": "approve"}),
            ([(1, 1)], {"act": "reject"}),
            ([(1, 1)], {"act": "reject", "reason": "within_rules"}),
        ],
    )
    def test_it_needs_comments_an_act_and_a_reason_to_reject(self, world, items, options):
        with pytest.raises(ValidationError):
            batches.start(items, by=world.max, **options)
        assert not Batch.objects.exists()


class TestRun:
    def test_each_gets_a_decision_of_its_own_with_the_reason_and_the_rule_its_writer_agreed_to(self, world, clock):
        comments = several(world, clock, 3)
        done = batches.run(start(world, comments, "reject", reason="privacy"))
        assert done.finished_at
        assert {row.outcome for row in batches.outcomes(done)} == {"done"}
        decisions = Decision.objects.filter(batch=done)
        assert {(one.reason, one.clause.code, one.decided_by) for one in decisions} == {
            ("privacy", "privacy", world.max)
        }
        assert len(decisions) == 3
        assert all(one.words.message for one in decisions)

    def test_what_changed_meanwhile_and_what_is_ones_own_is_left_alone_and_said(self, world, clock):
        changed, withdrawn, fine = several(world, clock, 3)
        own = write(world, by=world.max)
        batch = start(world, [changed, withdrawn, own, fine])
        turn_down(world, changed, by=world.mona)
        posting.withdraw(withdrawn, by=world.rita, version=withdrawn.version)
        rows = batches.outcomes(batches.run(batch))
        assert [row.outcome for row in rows] == ["conflict", "conflict", "refused", "done"]
        assert "Already rejected by Mona Reyes" in rows[0].said
        assert "The member deleted this comment" in rows[1].said
        assert "You wrote this comment" in rows[2].said
        own.refresh_from_db()
        changed.refresh_from_db()
        assert (own.status, changed.status) == ("held", "rejected")

    def test_nobody_hears_their_own_appeal_this_way(self, world):
        comment = write(world)
        turn_down(world, comment)
        posting.appeal(comment, by=world.rita, text="Please look again.")
        [row] = batches.outcomes(batches.run(start(world, [comment], "keep")))
        assert row.outcome == "refused"

    @pytest.mark.parametrize("act", Batch.Act.values)
    def test_somebody_in_danger_is_never_one_of_many(self, world, act):
        comment = write(world, text="I want to die.")
        [row] = batches.outcomes(batches.run(start(world, [comment], act, reason="unkind" if act == "reject" else "")))
        assert row.outcome == "refused"
        assert not Decision.objects.exists()

    def test_a_reason_for_which_the_rules_have_none_is_left_for_the_card(self, world):
        [row] = batches.outcomes(batches.run(start(world, [write(world)], "reject", reason="off_topic")))
        assert row.outcome == "refused"
        assert "no rule for this reason" in row.said

    def test_the_rule_that_was_chosen_is_found_in_each_version(self, world):
        done = batches.run(start(world, [write(world)], "reject", reason="off_topic", clause_code="kind"))
        assert Decision.objects.get(batch=done).clause.code == "kind"

    def test_interrupted_it_goes_on_where_it_stopped(self, world, clock, monkeypatch):
        batch = start(world, several(world, clock, 4))
        real, seen = deciding.approve, []

        def breaks(comment, **options):
            seen.append(comment.pk)
            if len(seen) == 3:
                raise KeyboardInterrupt
            return real(comment, **options)

        monkeypatch.setattr(batches.deciding, "approve", breaks)
        with pytest.raises(KeyboardInterrupt):
            batches.run(batch)
        batch.refresh_from_db()
        assert len(batch.outcomes) == Decision.objects.count() == 2
        monkeypatch.undo()
        assert batches.run(batch).finished_at
        assert Decision.objects.count() == 4

    def test_run_twice_or_by_two_workers_with_an_old_copy_it_decides_once(self, world, clock):
        batch = start(world, several(world, clock, 3))
        old = Batch.objects.get(pk=batch.pk)
        batches.run(batch)
        finished = batch.finished_at
        for pk, version in old.items:
            batches._one(old.pk, pk, version)
        batches.run(old)
        assert Decision.objects.count() == 3
        assert {row.outcome for row in batches.outcomes(old)} == {"done"}
        assert Batch.objects.get().finished_at == finished

    def test_one_that_the_database_refuses_does_not_keep_the_others(self, world, clock, monkeypatch):
        batch = start(world, several(world, clock, 2))
        real, seen = deciding.approve, []

        def refuses_the_first(comment, **options):
            seen.append(comment)
            if len(seen) == 1:
                raise DatabaseError("no")
            return real(comment, **options)

        monkeypatch.setattr(batches.deciding, "approve", refuses_the_first)
        assert [row.outcome for row in batches.outcomes(batches.run(batch))] == ["refused", "done"]

    def test_of_somebody_who_is_no_moderator_by_now_nothing_is_decided(self, world, clock):
        batch = start(world, several(world, clock, 2))
        RoleGrant.objects.filter(user=world.max).update(revoked_at=timezone.now())
        run_batches()
        batch.refresh_from_db()
        assert {code for code, _said in batch.outcomes.values()} == {"refused"}
        assert not Decision.objects.exists()

    def test_the_worker_takes_a_step_of_each(self, world, clock, monkeypatch):
        monkeypatch.setattr(batches, "STEP", 2)
        large, small = start(world, several(world, clock, 3)), start(world, several(world, clock, 1, by=world.nora))
        run_batches()
        large.refresh_from_db()
        small.refresh_from_db()
        assert len(large.outcomes) == 2
        assert not large.finished_at
        assert small.finished_at
        run_batches()
        large.refresh_from_db()
        assert large.finished_at


class TestAfterABan:
    # edge case 23
    def test_two_hundred_that_wait_are_decided_in_steps_and_none_is_left_half_done(self, world, clock):
        comments = several(world, clock, 200)
        clock.shift(timedelta(hours=1))
        danger = write(world, text="I want to die.")
        form = {"kind": "ban", "reason": "selling", "message": "Please stop."}
        desk = signed_in(world.max)
        answer = desk.post(reverse("comments:sanction", args=["rita"]), form)
        assert answer.url == reverse("comments:member_waiting", args=["rita"])
        page = desk.get(answer.url).text
        assert "200 comments" in page
        sent = {"frozen": frozen_in(page), "act": "reject", "reason": "privacy"}
        answer = desk.post(answer.url, sent)
        batch = Batch.objects.get()
        assert answer.url == reverse("comments:batch", args=[batch.pk])
        assert not Decision.objects.exists()  # not in the request
        run_batches()
        batch.refresh_from_db()
        assert len(batch.outcomes) == batches.STEP
        for _turn in range(3):
            run_batches()
        batch.refresh_from_db()
        assert batch.finished_at
        assert {Comment.objects.get(pk=one.pk).status for one in comments} == {"rejected"}
        # What may be about somebody in danger is not swept away with the rest.
        danger.refresh_from_db()
        assert danger.status == "held"
        assert list(QueueItem.objects.filter(closed_at=None)) == [danger.queue_items.get()]

    # edge case 22
    def test_lifting_always_hold_offers_everything_that_waited_for_that_alone(self, world, clock):
        publish(world)
        Conversation.objects.update(mode="open")
        hold = sanctioning.impose(
            world.rita, by=world.max, kind="always_hold", reason="unkind", message="Please be kind."
        )
        held = several(world, clock, 3)
        clock.shift(timedelta(minutes=10))
        with_a_link = write(world, text="Read https://example.org/this for more.")
        desk = signed_in(world.mona)
        answer = desk.post(reverse("comments:lift", args=[hold.pk]), {"reason": "time"})
        assert answer.url == reverse("comments:member_waiting", args=["rita"])
        page = desk.get(answer.url, {"only": "1"}).text
        assert "3 comments" in page
        desk.post(answer.url + "?only=1", {"frozen": frozen_in(page), "act": "approve"})
        assert {Comment.objects.get(pk=one.pk).status for one in held} == {"live"}
        with_a_link.refresh_from_db()
        assert with_a_link.status == "held"

    # edge case 22
    def test_the_first_approval_offers_what_else_waited_for_it(self, world, clock):
        Conversation.objects.update(mode="first_held")
        first, second, third = several(world, clock, 3)
        deciding.approve(first, by=world.max, version=first.version)
        waits = members.only_because_of_her(members.waiting(world.rita))
        assert [item.comment for item in waits] == [second, third]


def frozen_in(page: str) -> str:
    return re.search(r'name="frozen" value="([^"]+)"', page)[1]


class TestPages:
    def address(self, lane="first"):
        return reverse("comments:bulk", args=[lane])

    def test_others_do_not_learn_that_they_exist(self, world, clock):
        batch = start(world, several(world, clock, 1))
        RoleGrant.objects.filter(user=world.mona).update(revoked_at=timezone.now())
        former = User.objects.get(pk=world.mona.pk)
        for address in (self.address(), self.address() + "?all=1", reverse("comments:batch", args=[batch.pk])):
            for ask in ("get", "post"):
                assert getattr(Client(), ask)(address).status_code == 302
                for user in (world.rita, world.ruth, world.edda, world.ada, former):
                    assert getattr(signed_in(user), ask)(address).status_code == 404
        assert not Decision.objects.exists()

    def test_the_crisis_lane_has_no_such_page(self, world):
        assert signed_in(world.max).get(self.address("crisis")).status_code == 404
        assert signed_in(world.max).get(self.address("nonsense")).status_code == 404

    def test_ticked_ones_are_decided_at_once_and_the_others_wait(self, world, clock):
        one, two, three = several(world, clock, 3)
        desk = signed_in(world.max)
        assert f'value="{two.pk}:{two.version}"' in desk.get(self.address()).text
        sent = {"comment": [f"{one.pk}:1", f"{two.pk}:1"], "act": "approve"}
        answer = desk.post(self.address(), sent, follow=True)
        assert "All done" in answer.text
        statuses = [Comment.objects.get(pk=each.pk).status for each in (one, two, three)]
        assert statuses == ["live", "live", "held"]

    def test_ones_own_has_no_box(self, world):
        own = write(world, by=world.max)
        page = signed_in(world.max).get(self.address()).text
        assert f'value="{own.pk}:' not in page
        assert "Yours: somebody else decides" in page

    @pytest.mark.parametrize("sent", [{}, {"act": "approve"}, {"act": "reject"}, {"act": "approve", "comment": "x:y"}])
    def test_what_is_missing_is_said(self, world, sent):
        comment = write(world)
        sent = {"comment": f"{comment.pk}:1"} | sent if sent.get("act") == "reject" else sent
        answer = signed_in(world.max).post(self.address(), sent)
        assert answer.status_code == 422
        assert "Nothing was decided" in answer.text
        assert not Batch.objects.exists()
        if sent.get("act") == "reject":
            assert re.search(rf'value="{comment.pk}:1" aria-describedby="[^"]+" checked', answer.text)

    def test_all_of_a_lane_means_what_was_counted_and_nothing_that_came_later(self, world, clock):
        counted = several(world, clock, 3)
        desk = signed_in(world.max)
        page = desk.get(self.address(), {"all": "1"}).text
        assert "3 comments" in page
        assert not Batch.objects.exists()
        later = write(world, by=world.nora)
        desk.post(self.address(), {"frozen": frozen_in(page), "act": "approve"})
        assert {Comment.objects.get(pk=one.pk).status for one in counted} == {"live"}
        later.refresh_from_db()
        assert later.status == "held"

    def test_a_count_of_somebody_else_an_old_one_or_a_made_up_one_decides_nothing(self, world, clock):
        several(world, clock, 2)
        sealed = frozen_in(signed_in(world.max).get(self.address(), {"all": "1"}).text)
        assert signed_in(world.mona).post(self.address(), {"frozen": sealed, "act": "approve"}).status_code == 422
        for wrong in (sealed[:-2], "[[1,1]]"):
            assert signed_in(world.max).post(self.address(), {"frozen": wrong, "act": "approve"}).status_code == 422
        clock.shift(timedelta(hours=2))
        desk = signed_in(world.max)
        assert desk.post(self.address(), {"frozen": sealed, "act": "approve"}).status_code == 422
        assert not Batch.objects.exists()

    def test_more_than_twenty_are_left_to_the_worker(self, world, clock):
        several(world, clock, 21)
        desk = signed_in(world.max)
        page = desk.get(self.address(), {"all": "1"}).text
        answer = desk.post(self.address(), {"frozen": frozen_in(page), "act": "approve"}, follow=True)
        assert "Still at work" in answer.text
        assert not Decision.objects.exists()
        batch = Batch.objects.get()
        assert signed_in(world.mona).post(reverse("comments:batch", args=[batch.pk])).status_code == 403
        desk.post(reverse("comments:batch", args=[batch.pk]))
        assert Decision.objects.count() == 20

    def test_the_result_page_costs_the_same_for_two_and_for_twenty(self, world, clock, django_assert_max_num_queries):
        counts = []
        for number in (2, 18):
            done = batches.run(start(world, several(world, clock, number)))
            with django_assert_max_num_queries(25) as seen:
                signed_in(world.max).get(reverse("comments:batch", args=[done.pk]))
            counts.append(len(seen))
        assert counts[0] == counts[1]


class TestTheListOfThem:
    ADDRESS = "/desk/moderation/batches/"

    def test_what_was_chosen_and_what_became_of_it(self, world, clock):
        comments = several(world, clock, 3)
        own = write(world, by=world.max)
        made = start(world, [*comments, own])
        deciding.mark_spam(comments[0], by=world.mona, version=comments[0].version)
        desk = signed_in(world.mona)
        assert "Still at work" in desk.get(self.ADDRESS).text
        batches.run(made)
        (row,), more = bulk.earlier()
        assert (row.chosen, row.done, row.changed, row.refused, more) == (4, 2, 1, 1, False)
        page = desk.get(self.ADDRESS).text
        assert reverse("comments:batch", args=[made.pk]) in page
        assert "Max Okafor" in page
        assert "Still at work" not in page
        assert self.ADDRESS in desk.get(reverse("comments:batch", args=[made.pk])).text

    def test_it_is_paged_and_costs_the_same_for_more(self, world, clock, monkeypatch, django_assert_num_queries):
        desk = signed_in(world.max)
        desk.get(self.ADDRESS)
        comments = several(world, clock, 3)
        made = [start(world, [comments[0]])]
        with CaptureQueriesContext(connection) as few:
            desk.get(self.ADDRESS)
        made += [start(world, [one]) for one in comments[1:]]
        with django_assert_num_queries(len(few)):
            desk.get(self.ADDRESS)
        monkeypatch.setattr(bulk, "BATCHES_SHOWN", 2)
        page = desk.get(self.ADDRESS).text
        assert reverse("comments:batch", args=[made[0].pk]) not in page
        assert f"?before={made[1].pk}" in page
        assert reverse("comments:batch", args=[made[0].pk]) in desk.get(f"{self.ADDRESS}?before={made[1].pk}").text
        assert desk.get(f"{self.ADDRESS}?before=x").status_code == 404
