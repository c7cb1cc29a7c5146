"""Sanctions: who may impose them, what they do, that their member knows of them, and what they fall with."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import roles
from accounts.models import OutboxMail, RoleGrant, User
from accounts.roles import Role
from audit.models import Entry
from audit.moves import WrongState
from comments import erasure, members, trust
from comments.models import Appeal, Comment, Conversation, Helpful, QueueItem, Sanction
from comments.workflow import claiming, deciding, following, posting, reacting, reporting, sanctioning
from tests import cast as actors
from tests.comments.conftest import publish, turn_down, write

WORDS = "You wrote to several people where to buy something. Please stop."


def impose(world, kind="read_only", **options) -> Sanction:
    who = options.pop("user", world.rita)
    options = {"by": world.max, "kind": kind, "reason": "selling", "message": WORDS} | options
    return sanctioning.impose(who, **options)


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def again(user: User) -> User:
    """As the next request would read them."""
    return User.objects.get(pk=user.pk)


def in_two_days():
    return timezone.now() + timedelta(days=2)


class TestWhoMay:
    def test_a_moderator_imposes_one_and_the_member_is_told_why_and_until_when(self, world):
        made = impose(world, until=in_two_days())
        assert sanctioning.silence(world.rita) == made
        [letter] = OutboxMail.objects.filter(key=f"sanction-{made.pk}")
        assert letter.to == world.rita.email
        assert WORDS in letter.text
        assert "/me/standing/" in letter.text
        assert "Max" not in letter.text
        [entry] = Entry.objects.filter(verb="member.read_only")
        assert entry.actor == world.max
        assert WORDS not in entry.payload

    @pytest.mark.parametrize("who", ["rita", "edda", "ruth", "ada"])
    def test_nobody_else_does(self, world, who):
        with pytest.raises(PermissionDenied):
            impose(world, user=world.nora, by=getattr(world, who))
        assert not Sanction.objects.exists()

    def test_a_former_moderator_does_not(self, world):
        RoleGrant.objects.filter(user=world.max).update(revoked_at=timezone.now())
        with pytest.raises(PermissionDenied):
            impose(world, by=again(world.max))

    @pytest.mark.parametrize("who", ["max", "mona", "ada"])
    def test_not_on_oneself_and_not_on_a_colleague(self, world, who):
        with pytest.raises(PermissionDenied):
            impose(world, user=getattr(world, who))

    def test_not_on_an_erased_account(self, world):
        User.objects.filter(pk=world.rita.pk).update(erased_at=timezone.now())
        with pytest.raises(WrongState):
            impose(world)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"kind": "shadow"}, "kind"),
            ({"reason": "within_rules"}, "reason"),
            ({"reason": "erasure"}, "reason"),
            ({"message": "  "}, "message"),
            ({"message": "x" * 1001}, "message"),
            ({"until": timezone.now() - timedelta(days=1)}, "until"),
        ],
    )
    def test_it_needs_a_kind_a_reason_words_and_an_end_to_come(self, world, changes, field):
        with pytest.raises(ValidationError) as refusal:
            impose(world, **changes)
        assert field in refusal.value.message_dict
        assert not OutboxMail.objects.filter(key__startswith="sanction").exists()

    def test_it_follows_only_from_a_decision_about_this_member(self, world):
        of_nora = turn_down(world, write(world, by=world.nora))
        with pytest.raises(ValidationError):
            impose(world, decision=of_nora)

    def test_the_second_of_two_moderators_is_told_that_it_stands(self, world):
        impose(world, "ban")
        with pytest.raises(WrongState):
            impose(world, "ban", by=world.mona, until=in_two_days())
        impose(world, "ban", by=world.mona, conversation=world.conversation)
        assert Sanction.objects.count() == 2

    def test_a_longer_one_may_follow(self, world):
        impose(world, until=in_two_days())
        impose(world, by=world.mona)
        assert sanctioning.silence(world.rita).until is None


class TestWhatTheyDo:
    def test_a_warning_changes_nothing_but_is_told(self, world):
        impose(world, "warning")
        assert write(world)
        assert not members.standing_against(world.rita)
        assert WORDS in signed_in(world.rita).get(reverse("comments:standing")).text

    def test_always_hold_holds_in_an_open_conversation(self, world):
        publish(world)
        Conversation.objects.update(mode="open")
        assert write(world, text="Sleep was better last night.").status == "live"
        impose(world, "always_hold")
        held = write(world, text="A walk in the morning helps me.")
        assert held.status == "held"
        assert "always_held" in held.queue_items.get().reasons

    def test_one_for_a_conversation_holds_there_only(self, world):
        other = actors.live_article(world, title="Another page", slug="another-page")
        impose(world, "read_only", conversation=world.conversation)
        with pytest.raises(posting.Suspended):
            write(world)
        assert write(world, page=other)

    def test_read_only_keeps_from_writing_alone(self, world):
        of_nora = publish(world, by=world.nora)
        impose(world, "read_only")
        with pytest.raises(posting.Suspended):
            write(world)
        assert reporting.report(of_nora, by=world.rita, reason="unkind")
        assert reacting.find_helpful(of_nora, by=world.rita, helpful=True) == 1
        assert following.follow(of_nora, by=world.rita, by_mail=False)

    def test_a_ban_keeps_from_everything_but_reading_and_taking_back(self, world):
        mine, of_nora = publish(world), publish(world, by=world.nora, text="I keep a diary.")
        reacting.find_helpful(of_nora, by=world.rita, helpful=True)
        impose(world, "ban")
        with pytest.raises(posting.Suspended):
            write(world)
        with pytest.raises(posting.Suspended):
            posting.edit(mine, by=world.rita, text="x y z", version=mine.version, rules_version=world.rules)
        with pytest.raises(posting.Suspended):
            reporting.report(of_nora, by=world.rita, reason="unkind")
        with pytest.raises(WrongState):
            following.follow(of_nora, by=world.rita, by_mail=False)
        reacting.find_helpful(of_nora, by=world.rita, helpful=False)
        with pytest.raises(WrongState):
            reacting.find_helpful(of_nora, by=world.rita, helpful=True)
        assert not Helpful.objects.exists()
        posting.withdraw(mine, by=world.rita, version=mine.version)

    @pytest.mark.parametrize("reason", ["illegal", "worried"])
    def test_a_banned_member_is_still_heard_where_the_law_or_a_life_is_at_stake(self, world, reason):
        of_nora = publish(world, by=world.nora)
        impose(world, "ban")
        assert reporting.report(of_nora, by=world.rita, reason=reason)

    def test_the_report_form_says_why_it_is_refused_and_loses_nothing(self, world):
        of_nora = publish(world, by=world.nora)
        impose(world, "ban")
        answer = signed_in(world.rita).post(
            reverse("comments:report", args=[of_nora.public_id]),
            {"reason": "unkind", "text": "Look at the second line."},
        )
        assert answer.status_code == 403
        assert "You cannot take part here" in answer.text
        assert "Look at the second line." in answer.text

    # edge case 24
    def test_one_that_begins_and_one_that_ends_while_she_writes(self, world, clock):
        page = reverse("comments:write", args=["articles", world.page.slug])
        client = signed_in(world.rita)
        typed = {"version": world.rules.number, "body": "It took me a while to write this.", "act": "post"}
        client.get(page)
        impose(world, "read_only", until=in_two_days())
        refused = client.post(page, typed | {"token": "one"})
        assert refused.status_code in (403, 422)
        assert typed["body"] in refused.text
        clock.shift(timedelta(days=3))
        assert client.post(page, typed | {"token": "one"}).status_code == 302
        assert Comment.objects.get().current.text == typed["body"]

    # edge case 24
    def test_a_moderator_with_items_in_hand_loses_the_role_first_and_the_items_with_it(self, world):
        write(world)
        item = claiming.take_next(by=world.mona)
        with pytest.raises(PermissionDenied):
            impose(world, "ban", user=world.mona)
        roles.revoke(RoleGrant.objects.get(user=world.mona), by=world.ada, reason="left")
        item.refresh_from_db()
        assert item.claimed_by is None
        assert impose(world, "ban", user=again(world.mona))


class TestNobodyIsBannedInTheDark:
    @pytest.mark.parametrize("kind", ["always_hold", "read_only", "ban"])
    def test_the_account_page_and_the_write_page_show_it(self, world, kind):
        impose(world, kind, until=in_two_days())
        client = signed_in(world.rita)
        day = f"{timezone.localtime(in_two_days()).day} "
        for page in (reverse("accounts:me"), reverse("comments:write", args=["articles", world.page.slug])):
            text = client.get(page).text
            assert reverse("comments:standing") in text
            assert "Sells something or is spam" in text
            assert day in text
        told = client.get(reverse("comments:standing")).text
        assert WORDS in told
        assert "Max" not in told

    @pytest.mark.parametrize("kind", Sanction.Kind.values)
    def test_every_kind_has_a_letter_and_a_place_on_the_page(self, world, kind):
        made = impose(world, kind)
        assert OutboxMail.objects.filter(key=f"sanction-{made.pk}", to=world.rita.email).exists()
        assert made.get_kind_display() in signed_in(world.rita).get(reverse("comments:standing")).text

    def test_others_see_nothing_of_it(self, world):
        publish(world)
        before = Client().get(world.page.get_absolute_url()).content
        impose(world, "ban")
        assert Client().get(world.page.get_absolute_url()).content == before
        assert WORDS not in signed_in(world.nora).get(reverse("comments:standing")).text

    def test_it_is_in_her_export(self, world):
        made = impose(world, "ban")
        sanctioning.lift(made, by=world.mona, reason="mistake")
        [told] = erasure.export(world.rita)["suspensions"]
        assert (told["kind"], told["message"], told["until"]) == ("ban", WORDS, None)
        assert told["lifted"]

    def test_its_words_go_with_the_account(self, world):
        made = impose(world, "ban")
        erasure.erase(world.rita, remove_words=True)
        made.refresh_from_db()
        assert made.message == ""
        assert not OutboxMail.objects.filter(text__contains=WORDS).exists()


class TestLifting:
    def test_another_moderator_lifts_it_and_the_member_is_told(self, world):
        made = impose(world)
        sanctioning.lift(made, by=world.mona, reason="time")
        assert write(world)
        assert OutboxMail.objects.filter(key=f"sanction_lifted-{made.pk}").exists()
        assert Entry.objects.filter(verb="member.lifted", actor=world.mona).exists()

    def test_once(self, world):
        made = impose(world)
        sanctioning.lift(made, by=world.mona, reason="time")
        with pytest.raises(WrongState):
            sanctioning.lift(made, by=world.max, reason="time")

    @pytest.mark.parametrize("who", ["rita", "nora", "edda"])
    def test_nobody_else(self, world, who):
        made = impose(world)
        with pytest.raises(PermissionDenied):
            sanctioning.lift(made, by=getattr(world, who), reason="time")

    def test_not_ones_own_even_with_the_role_by_now(self, world):
        made = impose(world)
        roles.grant(world.rita, Role.MODERATOR, by=world.ada)
        with pytest.raises(PermissionDenied):
            sanctioning.lift(made, by=again(world.rita), reason="time")


class TestWhatFallsWithADecision:
    def refused_and_banned(self, world):
        comment = write(world)
        decision = turn_down(world, comment)
        return comment, impose(world, "ban", decision=decision)

    def test_an_overturned_decision_lifts_what_followed_from_it(self, world):
        comment, ban = self.refused_and_banned(world)
        untouched = impose(world, "always_hold")
        posting.appeal(comment, by=world.rita, text="I meant my sister’s words, not mine.")
        deciding.restore(comment, by=world.mona, version=comment.version)
        ban.refresh_from_db()
        untouched.refresh_from_db()
        assert ban.lifted_by == world.mona
        assert untouched.lifted_at is None
        assert Appeal.objects.get().upheld is True
        letter = OutboxMail.objects.get(key=f"sanction_lifted-{ban.pk}")
        assert letter.not_before > timezone.now()

    def test_a_restored_comment_does_so_without_an_appeal(self, world):
        comment, ban = self.refused_and_banned(world)
        deciding.restore(comment, by=world.mona, version=comment.version)
        ban.refresh_from_db()
        assert ban.lifted_at

    def test_a_decision_that_stands_leaves_it(self, world):
        comment, ban = self.refused_and_banned(world)
        posting.appeal(comment, by=world.rita, text="I meant my sister’s words, not mine.")
        deciding.keep(comment, by=world.mona, version=comment.version)
        ban.refresh_from_db()
        assert ban.lifted_at is None

    def test_it_stands_again_when_the_overturning_is_undone_and_nobody_heard_of_it(self, world):
        comment, ban = self.refused_and_banned(world)
        restored = deciding.restore(comment, by=world.mona, version=comment.version)
        deciding.undo(restored, by=world.mona)
        assert sanctioning.silence(world.rita).pk != ban.pk
        assert sanctioning.silence(world.rita).message == WORDS
        assert not OutboxMail.objects.filter(key=f"sanction_lifted-{ban.pk}").exists()
        # and it falls with a later second look
        comment.refresh_from_db()
        deciding.restore(comment, by=world.mona, version=comment.version)
        assert sanctioning.silence(world.rita) is None

    def test_what_followed_from_a_decision_that_was_undone_falls(self, world):
        comment = write(world)
        decision = turn_down(world, comment)
        ban = impose(world, "ban", decision=decision)
        deciding.undo(decision, by=world.max)
        ban.refresh_from_db()
        assert ban.lifted_at


class TestTrust:
    def test_new_known_trusted(self, world, clock):
        assert trust.level(world.rita) == "new"
        for number in range(10):
            clock.shift(timedelta(minutes=5))
            publish(world, text=f"Day {number} was a good one.")
            assert trust.level(world.rita) == ("known" if number < 9 else "trusted")

    def test_a_rejection_among_the_last_ten_costs_it_and_ten_approvals_win_it_back(self, world, clock):
        for number in range(10):
            clock.shift(timedelta(minutes=5))
            publish(world, text=f"Day {number} was a good one.")
        clock.shift(timedelta(minutes=5))
        turn_down(world, write(world, text="A day of anger."))
        assert trust.level(world.rita) == "known"
        for number in range(10):
            clock.shift(timedelta(minutes=5))
            publish(world, text=f"Week {number} was a good one.")
        assert trust.level(world.rita) == "trusted"

    def test_neither_time_nor_likes_nor_the_screening_earn_anything(self, world, clock):
        clock.shift(timedelta(days=400))
        Conversation.objects.update(mode="open")
        comment = write(world)
        assert comment.status == "live"
        reacting.find_helpful(comment, by=world.nora, helpful=True)
        assert trust.level(world.rita) == "new"

    def test_an_approval_that_was_undone_or_overturned_counts_for_nothing(self, world):
        comment = write(world)
        approved = deciding.approve(comment, by=world.max, version=comment.version)
        deciding.undo(approved, by=world.max)
        assert trust.is_new(world.rita)
        comment.refresh_from_db()
        deciding.approve(comment, by=world.max, version=comment.version)
        assert not trust.is_new(world.rita)
        comment.refresh_from_db()
        turn_down(world, comment)
        assert trust.is_new(world.rita)

    def test_what_an_appeal_brought_back_is_no_rejection(self, world):
        comment = write(world)
        turn_down(world, comment)
        deciding.restore(comment, by=world.mona, version=comment.version)
        assert trust.record_of(world.rita).approved == (True,)


class TestAppealsThatAreNone:
    # edge case 51
    def test_outside_the_window(self, world, clock):
        comment = write(world)
        turn_down(world, comment)
        clock.shift(timedelta(days=31))
        with pytest.raises(WrongState, match="within 30 days"):
            posting.appeal(comment, by=world.rita, text="Please look again.")

    # edge case 51
    def test_a_second_one(self, world):
        comment = write(world)
        turn_down(world, comment)
        posting.appeal(comment, by=world.rita, text="Please look again.")
        with pytest.raises(WrongState):
            posting.appeal(comment, by=world.rita, text="Please look again!")
        comment.refresh_from_db()
        deciding.keep(comment, by=world.mona, version=comment.version)
        with pytest.raises(WrongState):
            posting.appeal(comment, by=world.rita, text="Please look again!!")

    # edge case 51
    def test_of_spam_it_is_heard_though_no_notice_was_sent(self, world):
        comment = write(world)
        deciding.mark_spam(comment, by=world.max, version=comment.version)
        made = posting.appeal(comment, by=world.rita, text="I sell nothing.")
        assert made.first_moderator == world.max
        assert QueueItem.objects.get(comment=comment, closed_at=None).lane == "appeal"
        comment.refresh_from_db()
        deciding.restore(comment, by=world.mona, version=comment.version)
        made.refresh_from_db()
        assert made.upheld is True

    # edge case 51
    def test_after_an_erasure_nothing_is_left_to_hear(self, world):
        comment = write(world)
        turn_down(world, comment)
        posting.appeal(comment, by=world.rita, text="Please look again.")
        erasure.erase(world.rita, remove_words=True)
        appeal = Appeal.objects.get()
        assert (appeal.text, appeal.upheld) == ("", None)
        assert appeal.decided_at
        assert not QueueItem.objects.filter(closed_at=None).exists()
        with pytest.raises(WrongState):
            posting.appeal(comment, by=world.rita, text="Please look again.")


ROW = (
    "INSERT INTO comments_sanction (user_id, kind, reason, message, by_id, created_at, until) "
    "VALUES (%s, 'ban', 'unkind', 'x', %s, %s, NULL)"
)


def refused(sql: str, values: list, because: str) -> None:
    with pytest.raises(DatabaseError, match=because), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


class TestTheDatabaseRefuses:
    @pytest.mark.parametrize("who", ["edda", "nora", "ada"])
    def test_a_sanction_by_no_moderator(self, world, who):
        refused(ROW, [world.rita.pk, getattr(world, who).pk, timezone.now()], "only a moderator imposes")

    def test_a_sanction_by_a_former_moderator(self, world):
        RoleGrant.objects.filter(user=world.max).update(revoked_at=timezone.now())
        refused(ROW, [world.rita.pk, world.max.pk, timezone.now()], "only a moderator imposes")

    def test_a_sanction_on_oneself(self, world):
        refused(ROW, [world.max.pk, world.max.pk, timezone.now()], "nobody_sanctions_themselves")

    @pytest.mark.parametrize(
        "change",
        [
            "kind = 'warning'", "reason = 'selling'", "until = NULL", "message = 'Something else'",
            "conversation_id = NULL", "decision_id = NULL", "user_id = by_id + 0 * id",
        ],
    )  # fmt: skip
    def test_a_change_afterwards(self, world, change):
        decision = turn_down(world, write(world))
        made = impose(
            world, "ban", reason="unkind", until=in_two_days(), conversation=world.conversation, decision=decision
        )
        refused(f"UPDATE comments_sanction SET {change} WHERE id = %s", [made.pk], "stands as it was|themselves")  # noqa: S608

    def test_an_end_that_is_moved(self, world):
        made = impose(world, until=in_two_days())
        sql = "UPDATE comments_sanction SET until = %s WHERE id = %s"
        refused(sql, [timezone.now() + timedelta(days=90), made.pk], "stands as it was")

    def test_a_lifting_by_no_moderator_by_herself_or_by_nobody(self, world):
        made = impose(world)
        sql = "UPDATE comments_sanction SET lifted_at = %s, lifted_by_id = %s WHERE id = %s"
        refused(sql, [timezone.now(), world.nora.pk, made.pk], "only a moderator lifts")
        refused(sql, [timezone.now(), None, made.pk], "only a moderator lifts")
        roles.grant(world.rita, Role.MODERATOR, by=world.ada)
        refused(sql, [timezone.now(), world.rita.pk, made.pk], "nobody lifts a sanction of their own")

    def test_a_lifting_that_is_taken_back(self, world):
        made = impose(world)
        sanctioning.lift(made, by=world.mona, reason="time")
        refused("UPDATE comments_sanction SET lifted_at = NULL WHERE id = %s", [made.pk], "stands as it was")

    def test_a_deletion(self, world):
        made = impose(world)
        refused("DELETE FROM comments_sanction WHERE id = %s", [made.pk], "never deleted")


class TestPages:
    def addresses(self, world) -> list[str]:
        made = impose(world, "always_hold")
        return [
            reverse("comments:member", args=["rita"]),
            reverse("comments:sanction", args=["rita"]),
            reverse("comments:member_waiting", args=["rita"]),
            reverse("comments:lift", args=[made.pk]),
        ]

    def test_others_do_not_learn_that_they_exist(self, world):
        addresses = self.addresses(world)
        RoleGrant.objects.filter(user=world.mona).update(revoked_at=timezone.now())
        for address in addresses:
            for ask in ("get", "post"):
                assert getattr(Client(), ask)(address).status_code == 302
                for user in (world.rita, world.nora, world.ruth, world.edda, world.ada, again(world.mona)):
                    assert getattr(signed_in(user), ask)(address).status_code == 404, (address, user)
        assert Sanction.objects.get().lifted_at is None

    def test_nothing_is_imposed_by_looking(self, world):
        for address in self.addresses(world):
            assert signed_in(world.max).get(address, {"kind": "ban"}).status_code == 200
        assert Sanction.objects.count() == 1

    def test_a_moderator_warns_on_the_form(self, world):
        form = {"kind": "warning", "reason": "unkind", "message": "Please be kind."}
        answer = signed_in(world.max).post(reverse("comments:sanction", args=["rita"]), form)
        assert answer.status_code == 302
        assert Sanction.objects.get().message == "Please be kind."

    def test_the_last_day_counts_to_its_end(self, world):
        day = timezone.localdate() + timedelta(days=3)
        form = {"kind": "read_only", "reason": "unkind", "message": "Please be kind.", "until": f"{day:%Y-%m-%d}"}
        signed_in(world.max).post(reverse("comments:sanction", args=["rita"]), form)
        assert timezone.localtime(Sanction.objects.get().until).strftime("%Y-%m-%d %H:%M") == f"{day:%Y-%m-%d} 23:59"

    def test_what_is_missing_is_said_and_nothing_typed_is_lost(self, world):
        form = {"kind": "ban", "reason": "", "message": "Please be kind."}
        answer = signed_in(world.max).post(reverse("comments:sanction", args=["rita"]), form)
        assert answer.status_code == 422
        assert "Choose a reason." in answer.text
        assert "Please be kind." in answer.text

    def test_the_second_moderator_is_told(self, world):
        impose(world, "ban")
        form = {"kind": "ban", "reason": "unkind", "message": "Please be kind."}
        answer = signed_in(world.mona).post(reverse("comments:sanction", args=["rita"]), form)
        assert answer.status_code == 409
        assert "already stands" in answer.text
        assert "Please be kind." in answer.text

    def test_a_decision_or_a_page_of_somebody_else_cannot_be_chosen(self, world):
        of_nora = turn_down(world, write(world, by=world.nora))
        for field, value in (("decision", of_nora.pk), ("where", world.page.pk)):
            form = {"kind": "ban", "reason": "unkind", "message": "Please be kind.", field: value}
            assert signed_in(world.max).post(reverse("comments:sanction", args=["rita"]), form).status_code == 422

    def test_lifting_on_its_page(self, world):
        made = impose(world)
        address = reverse("comments:lift", args=[made.pk])
        assert signed_in(world.mona).post(address, {}).status_code == 422
        assert signed_in(world.mona).post(address, {"reason": "mistake"}).status_code == 302
        assert signed_in(world.max).post(address, {"reason": "mistake"}).status_code == 409

    def test_the_history_of_a_member(self, world, django_assert_max_num_queries):
        turn_down(world, write(world))
        comment = publish(world, text="Sleeping with the window open.")
        reporting.report(comment, by=world.nora, reason="unkind")
        impose(world, "warning")
        for number in range(3):
            impose(world, "read_only", until=in_two_days() + timedelta(days=number))
        with django_assert_max_num_queries(32) as seen:
            page = signed_in(world.max).get(reverse("comments:member", args=["rita"])).text
        assert "It is unkind or abusive: 1" in page
        assert WORDS in page
        assert "Known" in page
        few = len(seen)
        for number in range(5):
            impose(world, "read_only", until=in_two_days() + timedelta(days=10 + number))
            publish(world, text=f"Another night, number {number}.", by=world.nora)
        with django_assert_max_num_queries(few):
            signed_in(world.max).get(reverse("comments:member", args=["rita"]))

    def test_nothing_is_offered_about_a_colleague_or_oneself(self, world):
        for handle in ("max", "mona"):
            page = signed_in(world.max).get(reverse("comments:member", args=[handle])).text
            assert "?kind=ban" not in page


class TestTheAppealPage:
    def test_whoever_decided_first_sees_it_and_the_other_hears_it(self, world):
        comment = write(world)
        turn_down(world, comment)
        posting.appeal(comment, by=world.rita, text="I meant my sister’s words.")
        page = reverse("comments:appeals")
        first, second = (signed_in(user).get(page).text for user in (world.max, world.mona))
        assert "Somebody else hears it" in first
        assert "Hear it" not in first
        assert "Hear it" in second
        comment.refresh_from_db()
        deciding.keep(comment, by=world.mona, version=comment.version)
        assert "Decision stands" in signed_in(world.max).get(page).text

    def test_others_do_not_learn_that_it_exists(self, world):
        page = reverse("comments:appeals")
        assert Client().get(page).status_code == 302
        for user in (world.rita, world.ruth, world.edda, world.ada):
            assert signed_in(user).get(page).status_code == 404

    def test_it_costs_the_same_for_one_and_for_five(self, world, clock, django_assert_max_num_queries):
        counts = []
        for total in (1, 5):
            while Appeal.objects.count() < total:
                clock.shift(timedelta(minutes=3))
                comment = write(world, text=f"What helped on day {Appeal.objects.count()} was a walk.")
                turn_down(world, comment)
                posting.appeal(comment, by=world.rita, text="Please look again.")
            with django_assert_max_num_queries(25) as seen:
                signed_in(world.max).get(reverse("comments:appeals"))
            counts.append(len(seen))
        assert counts[0] == counts[1]


class TestTheCardsPart:
    def drawn(self, comment, viewer) -> str:
        part = "comments/moderation/parts/members.html"
        return render_to_string(part, {"comment": comment, "viewer": viewer, "file": None})

    def test_it_has_the_level_what_stands_and_the_three_acts(self, world):
        comment = publish(world)
        impose(world, "always_hold")
        part = self.drawn(comment, world.max)
        assert "Known" in part
        assert "Every comment is read first" in part
        for kind in ("warning", "always_hold", "ban"):
            assert f"/members/rita/sanction/?kind={kind}" in part

    def test_an_act_after_a_refusal_follows_from_it(self, world):
        comment = write(world)
        decision = turn_down(world, comment)
        assert f"decision={decision.pk}" in self.drawn(comment, world.max)

    def test_it_offers_what_else_waits_only_because_of_her(self, world):
        Conversation.objects.update(mode="first_held")
        first = write(world)
        write(world, text="The second thing that helped was tea.")
        assert "1 more waits only because of who wrote it" in self.drawn(first, world.max)

    def test_of_oneself_there_is_none(self, world):
        assert "sanction" not in self.drawn(write(world, by=world.max), world.max)
