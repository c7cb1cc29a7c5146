"""A moderator's card: what stands on it, and every step beside the decision."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import policies
from accounts.desks import waiting_for
from accounts.models import OutboxMail
from accounts.roles import Role
from audit.models import Entry
from comments import erasure, text
from comments.models import Comment, Conversation, Decision, MedicalQuestion, QueueItem, TeamNote
from comments.workflow import asking, deciding, locking, noting, posting, unsealing
from tests.cast import person
from tests.comments.conftest import publish, turn_down, write
from tests.comments.desk import open_card, plain, press, signed_in


@pytest.fixture
def desk(world) -> Client:
    return signed_in(world.max)


def edit(world, comment, words):
    comment.refresh_from_db()
    posting.edit(comment, by=comment.author, text=words, version=comment.version, rules_version=world.rules)
    comment.refresh_from_db()


class TestCompared:
    def test_what_went_and_what_came_is_marked(self):
        before, after = text.compared("I took it at night.\nIt helped.", "I took two at night.\nIt helped.")
        assert before == "I took <del>it</del> at night.<br>It helped."
        assert after == "I took <ins>two</ins> at night.<br>It helped."

    def test_nothing_typed_becomes_markup(self):
        before, after = text.compared("<b>one</b>", "<script>two</script> & more")
        assert "<b>" not in before
        assert "<script>" not in after
        assert "&lt;script&gt;two&lt;/script&gt; &amp; more" in text.compared("", "<script>two</script> & more")[1]


class TestPlaces:
    def test_copied_words_are_found_across_line_breaks_and_everywhere(self):
        said = "call\n555  1 and 555 1"
        assert [said[start:end] for start, end in text.places(said, "555 1")] == ["555  1", "555 1"]

    @pytest.mark.parametrize("words", ["Berlin", " ", ".*"])
    def test_words_that_stand_nowhere_are_refused(self, words):
        with pytest.raises(Exception, match="does not stand in this comment"):
            text.places("I live in Köln", words)


class TestWhatStandsOnIt:
    def test_the_page_the_parent_and_why_it_is_here(self, world, desk):
        parent = publish(world, by=world.nora, text="Who slept well?")
        reply = posting.post(
            world.page,
            by=world.rita,
            text="Call 555 014 2277 99",
            token="r",
            rules_version=world.rules,
            reply_to=parent,
        )
        page = plain(open_card(desk, reply, lane="privacy"))
        assert "nora wrote: Who slept well?" in page
        assert "Sleep in the weeks after treatment" in page
        assert "Phone number." in page
        assert "First comment of this member." in page

    def test_words_changed_after_they_came_here_are_shown_twice(self, world, desk, clock):
        comment = write(world, text="I sleep at nine.")
        clock.shift(timedelta(minutes=1))
        edit(world, comment, "I sleep at ten.")
        page = open_card(desk, comment)
        assert "Its author changed it after it came here" in page
        assert "I sleep at <del>nine.</del>" in page
        assert "I sleep at <ins>ten.</ins>" in page

    # edge case 2
    def test_who_decides_about_words_that_changed_meanwhile_sees_what_changed(self, world, desk, clock):
        comment = write(world, text="I sleep at nine.")
        clock.shift(timedelta(minutes=1))
        edit(world, comment, "I sleep at ten.")
        answer = press(desk, comment, "approve", version=1)
        assert answer.status_code == 409
        assert "The member changed these words at" in answer.text
        assert "Your choice was not saved." in answer.text
        assert "What changed while you read it" in answer.text
        assert "I sleep at <del>nine.</del>" in answer.text
        assert "I sleep at <ins>ten.</ins>" in answer.text
        assert Comment.objects.get().status == "held"

    # edge case 2
    def test_a_refusal_typed_meanwhile_is_kept_beside_the_new_words(self, world, desk):
        comment = write(world, text="I sleep at nine.")
        edit(world, comment, "I sleep at ten.")
        fields = {"reason": "unkind", "clause": world.rules.clauses.get(number=1).pk, "message": "My own words."}
        answer = press(desk, comment, "reject", version=1, **fields)
        assert answer.status_code == 409
        assert "My own words." in answer.text
        assert f'name="version" value="{comment.version}"' in answer.text

    # edge case 1
    def test_of_two_exactly_one_wins_and_one_entry_is_written(self, world, desk):
        comment = write(world)
        assert press(desk, comment, "approve", version=1).status_code == 302
        answer = press(signed_in(world.mona), comment, "spam", version=1)
        assert answer.status_code == 409
        assert Decision.objects.count() == 1
        assert Entry.objects.filter(verb__startswith="comment.").exclude(verb="comment.posted").count() == 1

    def test_a_medicine_it_names_is_pointed_out(self, world, desk, monkeypatch):
        from articles.models import DrugFacts

        DrugFacts.objects.create(
            page=world.page, brand="Examplex", generic="examplumab", drug_class="x", class_slug="x"
        )
        page = plain(open_card(desk, write(world, text="Examplex made me tired.")))
        assert "Names Examplex, which this page writes about." in page

    def test_nobody_who_is_not_a_moderator_opens_a_step(self, world):
        comment = write(world)
        for user in (world.rita, world.edda, world.ruth, world.ada):
            for choice in ("redact", "edit", "hold", "escalate", "medical", "note", "lock", "over", "unseal"):
                assert press(signed_in(user), comment, choice).status_code == 404

    @pytest.mark.parametrize(
        "step", ["reasons", "redact", "edit", "hold", "escalate", "medical", "over", "lock", "note"]
    )
    def test_opening_a_step_changes_nothing(self, world, desk, step):
        comment = write(world)
        before = Entry.objects.count()
        open_card(desk, comment, step=step)
        comment.refresh_from_db()
        assert (comment.version, Entry.objects.count()) == (1, before)


class TestNotes:
    def test_a_note_stands_with_who_and_when(self, world, desk):
        comment = write(world)
        press(desk, comment, "note", text="Be gentle.")
        assert "Be gentle. Max Okafor," in plain(open_card(signed_in(world.mona), comment))
        assert Entry.objects.filter(verb="comment.noted").exists()

    def test_an_empty_note_comes_back(self, world, desk):
        answer = press(desk, write(world), "note", text="  ")
        assert answer.status_code == 422
        assert "Write your note." in answer.text
        assert not TeamNote.objects.exists()

    # edge case 53
    def test_its_author_never_reads_a_note_nor_who_decided(self, world, client):
        comment = write(world)
        noting.note(comment, by=world.mona, text="Sounds tired to me.")
        turn_down(world, comment, message="Leave the number out.", note="Third time.")
        client.force_login(world.rita)
        mine = client.get(reverse("comments:mine")).text
        export = json.dumps(erasure.export(world.rita), default=str)
        mails = " ".join(OutboxMail.objects.values_list("text", flat=True))
        for place in (mine, export, mails):
            assert "Sounds tired" not in place
            assert "Third time" not in place
            assert "Max Okafor" not in place
        assert Entry.objects.filter(verb="comment.rejected", actor=world.max).exists()


class TestRedaction:
    def test_what_was_found_and_what_is_copied_is_taken_out(self, world, desk):
        comment = write(world, text="Call 555 014 2277 99, or ask Dr Brand at the clinic.")
        page = open_card(desk, comment, lane="privacy", step="redact")
        assert 'value="5-20"' in page
        answer = press(
            desk, comment, "redact", lane="privacy", found=["5-20"], out="Dr Brand", message="Kept you safe."
        )
        assert answer.status_code == 302
        comment.refresh_from_db()
        assert comment.status == "live"
        gone = "[removed: personal information]"
        assert comment.current.text == f"Call {gone}, or ask {gone} at the clinic."
        assert comment.revisions.get(number=1).sealed_at is not None

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({}, "Mark what is to be taken out."),
            ({"out": "Berlin"}, "does not stand in this comment"),
            ({"found": ["0-9999"]}, "Mark them again."),
            ({"out": "Call 555 014 2277 99"}, "Nothing would be left of this comment."),
        ],
    )
    def test_what_cannot_be_taken_out_is_said_in_words(self, world, desk, fields, words):
        comment = write(world, text="Call 555 014 2277 99")
        answer = press(desk, comment, "redact", lane="privacy", message="Typed.", **fields)
        assert answer.status_code == 422
        assert words in answer.text
        assert "Typed." in answer.text
        assert Comment.objects.get().status == "held"

    def test_the_sealed_words_open_with_a_reason_and_leave_a_trace(self, world, desk):
        comment = write(world, text="Call 555 014 2277 99 or write.")
        press(desk, comment, "redact", lane="privacy", out="555 014 2277 99")
        comment.refresh_from_db()
        page = open_card(desk, comment)
        assert "555 014" not in page
        assert "Something was taken out of it and sealed." in page
        assert press(desk, comment, "unseal", reason="").status_code == 422
        answer = press(desk, comment, "unseal", reason="She asked us to call her.")
        assert "Call 555 014 2277 99 or write." in answer.text
        assert "no-store" in answer["Cache-Control"]
        assert Entry.objects.filter(verb="comment.unsealed", actor=world.max).count() == 1
        assert TeamNote.objects.get().text == "She asked us to call her."
        assert "555 014" not in open_card(desk, comment)

    # edge case 26
    def test_nobody_opens_what_was_taken_out_of_their_own_words(self, world):
        comment = write(world, by=world.max, text="Call 555 014 2277 99 or write.")
        deciding.approve_redacted(comment, by=world.mona, version=1, spans=[(5, 20)])
        answer = press(signed_in(world.max), comment, "unseal", reason="Curious.")
        assert answer.status_code == 403
        with pytest.raises(Exception, match="Only a moderator"):
            unsealing.unseal(comment.revisions.first(), by=world.rita, reason="x")
        assert not Entry.objects.filter(verb="comment.unsealed").exists()


class TestSteps:
    def test_sent_back_to_its_author_with_words_for_her(self, world, desk):
        comment = write(world)
        assert press(desk, comment, "edit", message="").status_code == 422
        assert press(desk, comment, "edit", message="Leave the dose out.").status_code == 302
        comment.refresh_from_db()
        assert comment.status == "held"
        assert Decision.objects.get().words.message == "Leave the dose out."
        assert QueueItem.objects.get().put_off_until > timezone.now()

    @pytest.mark.parametrize(("until", "hours"), [("hour", (0.9, 1.1)), ("morning", (0, 34)), ("days", (71, 73))])
    def test_put_off(self, world, desk, until, hours):
        comment = write(world)
        assert press(desk, comment, "hold", until="never").status_code == 422
        assert press(desk, comment, "hold", until=until, note="Wait for Mona.").status_code == 302
        wait = QueueItem.objects.get().put_off_until - timezone.now()
        assert timedelta(hours=hours[0]) < wait < timedelta(hours=hours[1])
        assert "Put off until" in open_card(desk, comment)

    def test_passed_on_to_a_more_urgent_lane(self, world, desk):
        comment = write(world)
        assert press(desk, comment, "escalate", lane="first").status_code == 422
        address = reverse("comments:decide", args=[comment.public_id])
        assert (
            desk.post(address, {"decision": "escalate", "version": 1, "to": "crisis", "note": "Read it"}).status_code
            == 302
        )
        assert QueueItem.objects.get().lane == "crisis"
        assert TeamNote.objects.get().text == "Read it"

    def test_a_crisis_is_neither_put_off_nor_passed_on(self, world, desk):
        page = open_card(desk, write(world, text="I want to die."), lane="crisis")
        assert "step=hold" not in page
        assert "step=escalate" not in page


class TestMedicalTeam:
    def test_a_question_goes_there_and_the_answer_comes_back(self, world, desk):
        comment = write(world, text="They said it is fine with grapefruit.")
        assert press(desk, comment, "medical", question="Is that so?").status_code == 302
        asked = MedicalQuestion.objects.get()
        assert QueueItem.objects.get().put_off_until is not None
        assert "has not answered yet" in open_card(desk, comment)
        ruth = signed_in(world.ruth)
        assert [card.count for card in waiting_for(world.ruth) if "/questions/" in card.url] == [1]
        assert "Is that so?" in ruth.get(reverse("comments:questions")).text
        address = reverse("comments:question", args=[asked.pk])
        page = ruth.get(address).text
        assert "grapefruit" in page
        assert "rita" not in page
        assert ruth.post(address, {"text": " "}).status_code == 422
        assert ruth.post(address, {"text": "No, it is not."}).status_code == 302
        item = QueueItem.objects.get()
        assert item.put_off_until is None
        assert "medical_answer" in item.reasons
        assert "Ruth Adeyemi answered" in plain(open_card(desk, comment))
        assert "No, it is not." in open_card(desk, comment)

    def test_the_second_answer_is_not_saved_and_not_lost(self, world, desk):
        asked = asking.ask(write(world), by=world.max, question="Is that so?")
        asking.answer(asked, by=world.raj, text="Yes.")
        answer = signed_in(world.ruth).post(reverse("comments:question", args=[asked.pk]), {"text": "No, mine."})
        assert answer.status_code == 409
        assert "No, mine." in answer.text
        assert MedicalQuestion.objects.get().answer == "Yes."

    def test_one_question_at_a_time(self, world, desk):
        comment = write(world)
        press(desk, comment, "medical", question="Is that so?")
        assert press(desk, comment, "medical", question="Once more?").status_code == 409
        assert MedicalQuestion.objects.count() == 1

    def test_a_crisis_does_not_wait_for_an_answer(self, world, desk):
        comment = write(world, text="I want to die.")
        press(desk, comment, "medical", question="What now?", lane="crisis")
        assert QueueItem.objects.get().put_off_until is None

    # edge case 26
    def test_nobody_answers_about_their_own_words_and_others_find_no_page(self, world, db):
        both = person("both", Role.MEDICAL_REVIEWER)
        policies.accept(both, world.rules)
        asked = asking.ask(write(world, by=both), by=world.max, question="Is that so?")
        address = reverse("comments:question", args=[asked.pk])
        assert signed_in(both).post(address, {"text": "Yes."}).status_code == 403
        for user in (world.max, world.rita, world.edda):
            assert signed_in(user).get(address).status_code == 404
            assert signed_in(user).get(reverse("comments:questions")).status_code == 404
        assert MedicalQuestion.objects.get().answered_at is None


class TestThread:
    def test_closed_for_answers_and_said_so_in_public(self, world, desk, client):
        root = publish(world, text="Who slept well?")
        assert press(desk, root, "lock", note="Too heated.").status_code == 302
        root.refresh_from_db()
        page = client.get(world.page.get_absolute_url()).text
        assert "A moderator closed this thread." in page
        assert reverse("comments:reply", args=[root.public_id]) not in page
        client.force_login(world.nora)
        answer = client.get(reverse("comments:reply", args=[root.public_id]))
        assert answer.status_code == 409
        assert "A moderator closed this thread." in answer.text
        press(desk, root, "unlock")
        page = client.get(world.page.get_absolute_url()).text
        assert "A moderator closed this thread." not in page
        assert reverse("comments:reply", args=[root.public_id]) in page

    def test_no_reply_below_a_closed_root_can_be_answered(self, world, client):
        root = publish(world)
        reply = publish_reply(world, root)
        locking.lock(root, by=world.max)
        page = client.get(world.page.get_absolute_url()).text
        assert reply.public_id in page
        assert reverse("comments:reply", args=[reply.public_id]) not in page


class TestAnswersOfTheTeam:
    @pytest.fixture
    def asked(self, world):
        Conversation.objects.filter(pk=world.conversation.pk).update(mode=Conversation.Mode.ALL_HELD)
        return publish(world, text="May I ask something?")

    def reply(self, world, asked, by, words):
        return posting.post(
            world.page, by=by, text=words, token=f"t-{words}", rules_version=world.rules, reply_to=asked
        )

    def test_an_answer_is_published_when_nothing_is_found_in_it(self, world, asked):
        assert self.reply(world, asked, world.max, "Of course.").status == "live"
        assert self.reply(world, asked, world.nora, "Of course.").status == "held"

    def test_it_is_held_for_what_is_found_in_it(self, world, asked):
        assert self.reply(world, asked, world.max, "Call 555 014 2277 99").status == "held"

    def test_what_the_team_says_of_its_own_accord_is_read_first(self, world, asked):
        assert write(world, by=world.max).status == "held"

    def test_a_beginning_stands_in_the_form_of_the_team_alone(self, world, asked, client):
        address = reverse("comments:reply", args=[asked.public_id])
        client.force_login(world.max)
        assert "We cannot say what is right for you here." in client.get(address, {"begin": "care_team"}).text
        assert "We cannot say" not in client.get(address, {"begin": "nonsense"}).text
        client.force_login(world.nora)
        assert "We cannot say" not in client.get(address, {"begin": "care_team"}).text


def publish_reply(world, root) -> Comment:
    reply = posting.post(
        world.page, by=world.nora, text="Me too.", token="publish-reply", rules_version=world.rules, reply_to=root
    )
    deciding.approve(reply, by=world.max, version=reply.version)
    return reply
