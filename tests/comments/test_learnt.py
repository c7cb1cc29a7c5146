"""Spam learnt from decisions: what is counted, what never is, and when it says something."""

import math
from io import StringIO

import pytest
from django.core.management import call_command

from audit import worker
from comments import erasure
from comments.models import Comment, Conversation, Finding, QueueItem, SpamModel
from comments.screening import learnt
from comments.screening.scan import Scan
from comments.workflow import deciding, posting
from tests import cast as actors
from tests.comments.conftest import publish, turn_down, write

SPAM = "Guaranteed profit with bitcoin trading, message today"
HAM = "The nurses were gentle and my nausea faded slowly"


@pytest.fixture
def writers(world, monkeypatch):
    """Four members, and a model that needs few comments."""
    from accounts import policies

    monkeypatch.setattr(posting, "MOST_COMMENTS", 1000)
    monkeypatch.setattr(learnt, "LEAST", 4)
    Conversation.objects.update(mode="all_held")
    members = [world.rita, world.nora, *(actors.person(f"member{number}") for number in range(2))]
    for member in members[2:]:
        policies.accept(member, world.rules)
    return members


def teach(world, writers, *, spam: str = SPAM, other: str = HAM, times: int = 1) -> None:
    for number in range(times):
        for member in writers:
            comment = write(world, by=member, text=f"{spam} {'x' * number}")
            deciding.mark_spam(comment, by=world.max, version=comment.version)
            publish(world, by=member, text=f"{other} {'y' * number}")


def model(spam: int = 50, other: int = 50, **words) -> SpamModel:
    return SpamModel(spam=spam, other=other, words=words)


class TestTheScore:
    def test_it_is_the_naive_bayes_of_the_books(self):
        taught = learnt.of(model(cure=[30, 0], nurse=[0, 40], here=[20, 10]))
        assert taught.weights["cure"] == pytest.approx(math.log(31 / 53) - math.log(1 / 53))
        assert taught.weights["nurse"] == pytest.approx(math.log(1 / 53) - math.log(41 / 53))
        scan = Scan.of("Cure here, cure! Nobody else.")
        assert learnt.score(scan, taught) == pytest.approx(taught.weights["cure"] + taught.weights["here"])

    def test_its_words_are_marked_where_they_stand(self):
        words = {word: [30, 0] for word in ("cure", "profit", "bitcoin")} | {"nurse": [0, 40], "here": [9, 9]}
        text = "Nurse, here: CURE and prof1t with b i t c o i n"
        (seen,) = learnt.see(Scan.of(text), learnt.of(model(**words)))
        assert (seen.detector, seen.label) == ("learnt", "spam_like")
        assert [text[start:end] for start, end in seen.spans][:2] == ["CURE", "prof1t"]
        assert text[slice(*seen.spans[2])] == "b i t c o i n"

    @pytest.mark.parametrize("kinds", [{"spam": 49}, {"other": 49}])
    def test_it_says_nothing_before_fifty_of_each_kind(self, kinds):
        words = {word: [49, 0] for word in ("cure", "profit", "bitcoin", "trading")} | {"nurse": [0, 300]}
        scan = Scan.of("Cure profit bitcoin trading")
        assert learnt.see(scan, learnt.of(model(**words)))
        assert not learnt.see(scan, learnt.of(model(**kinds, **words)))

    def test_one_or_two_words_are_not_enough_and_padding_hides_nothing(self):
        words = {word: [50, 0] for word in ("cure", "profit", "bitcoin", "trading", "message")}
        words |= {f"quiet{chr(97 + number)}": [5, 9] for number in range(26)}
        taught = learnt.of(model(**words))
        assert not learnt.see(Scan.of("Cure and profit"), taught)
        padding = " ".join(word for word in words if word.startswith("quiet"))
        assert learnt.see(Scan.of(f"Cure profit bitcoin trading message {padding}"), taught)


class TestLearning:
    def test_from_what_moderators_decided(self, world, writers):
        teach(world, writers)
        made = learnt.train()
        assert (made.spam, made.other) == (4, 4)
        assert made.words["bitcoin"] == [4, 0]
        assert made.words["nausea"] == [0, 4]

    def test_rejected_as_selling_counts_and_other_reasons_do_not(self, world, writers):
        for member in writers:
            turn_down(world, write(world, by=member, text="Miracle powder for everybody"), reason="selling")
            turn_down(world, write(world, by=member, text="Terrible things about somebody"), reason="unkind")
        made = learnt.train()
        assert (made.spam, made.other) == (4, 0)
        assert "miracle" in made.words
        assert "terrible" not in made.words

    def test_only_the_last_decision_counts(self, world, writers):
        for member in writers:
            comment = write(world, by=member, text="Miracle powder for everybody")
            deciding.mark_spam(comment, by=world.max, version=comment.version)
            comment.refresh_from_db()
            deciding.restore(comment, by=world.max, version=comment.version)
        assert learnt.train().words["miracle"] == [0, 4]

    def test_no_names_numbers_or_addresses(self, world, writers):
        text = (
            "Miracle powder, write to anna@miracle.example or call 020 7946 0123. My friend Gudrun Holm has cancer. "
            "yesterday Waltraud and rita and graceann said 77 things"
        )
        actors.person("graceann")
        teach(world, writers, spam=text)
        words = learnt.train().words
        assert {"miracle", "powder"} <= set(words)
        assert not {"anna", "example", "gudrun", "holm", "waltraud", "rita", "graceann"} & set(words)
        assert not [word for word in words if any(letter.isdigit() or letter == "@" for letter in word)]

    def test_what_only_two_members_wrote_is_not_kept(self, world, writers):
        teach(world, writers[:2], times=3)
        made = learnt.train()
        assert (made.spam, made.other, made.words) == (6, 6, {})

    def test_the_vocabulary_is_bounded(self, world, writers, monkeypatch):
        monkeypatch.setattr(learnt, "VOCABULARY", 5)
        teach(world, writers)
        assert len(learnt.train().words) == 5

    def test_what_is_erased_or_withdrawn_leaves_the_counts_at_the_next_training(self, world, writers):
        teach(world, writers)
        assert learnt.train().words["bitcoin"] == [4, 0]
        erasure.erase(world.nora, remove_words=True)
        made = learnt.train()
        assert (made.spam, made.other, made.words["bitcoin"], made.words["nausea"]) == (3, 3, [3, 0], [0, 3])
        comment = Comment.objects.get(author=world.rita, status="live")
        posting.withdraw(comment, by=world.rita, version=comment.version)
        made = learnt.train()
        assert (made.spam, made.other, "nausea" in made.words) == (3, 2, False)
        assert SpamModel.objects.count() == 1

    def test_the_command_and_the_worker_do_it(self, world, writers):
        teach(world, writers[:3])
        out = StringIO()
        call_command("learn_spam", stdout=out)
        assert "3 spam, 3 other comments" in out.getvalue()
        assert "before there are 4 of each" in out.getvalue()
        assert "comments.tasks.learn_spam" in worker._ticks


class TestInTheScreening:
    def test_a_comment_like_spam_waits_and_its_words_are_marked(self, world, writers, client):
        teach(world, writers, spam="Marmalade lantern, velvet orchard, quite quickly", times=3)
        Conversation.objects.update(mode="open")
        text = "In the orchard a velvet lantern and marmalade for all"
        assert Comment.objects.get(pk=write(world, text=text).pk).status == "live"
        learnt.train()
        comment = write(world, by=world.nora, text=text.replace("for all", "for us"))
        assert comment.status == "held"
        finding = Finding.objects.get(revision=comment.current, label="spam_like")
        marked = {comment.current.text[start:end] for start, end in finding.spans}
        assert {"orchard", "velvet", "lantern", "marmalade"} <= marked
        assert "spam_like" in QueueItem.objects.get(comment=comment, closed_at=None).reasons
        client.force_login(world.max)
        assert (
            '/desk/moderation/quality/#spam"' in client.get(f"/desk/moderation/held/?comment={comment.public_id}").text
        )
        ordinary = write(world, by=world.nora, text="Gentle nurses, and slowly the nausea faded.")
        assert Comment.objects.get(pk=ordinary.pk).status == "live"

    def test_it_costs_one_query(self, world, writers, django_assert_num_queries):
        teach(world, writers)
        learnt.train()
        learnt.look(Scan.of("a"))
        with django_assert_num_queries(1):
            learnt.look(Scan.of(SPAM))
