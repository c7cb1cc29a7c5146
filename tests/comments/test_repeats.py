"""The same words again: by the same member or another, with one letter changed, or with letters that nobody sees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comments.models import Comment, CommentRevision, Conversation
from comments.screening import repeats
from comments.screening.scan import Scan
from comments.workflow import posting
from tests import cast as actors
from tests.comments.conftest import write

PRAISE = "A tea of three roots brought my numbers down and my neighbours drink it as well now, write it on your shopping list."
ANOTHER = (
    "After the second infusion the taste of coffee came back, and with it the mornings at the window with my sister."
)


@pytest.fixture
def open_world(world):
    Conversation.objects.update(mode="open")
    return world


def reasons(comment: Comment) -> list[str]:
    return [found.label for found in comment.current.findings.all()]


def likeness(one: str, other: str) -> float:
    return repeats.likeness(repeats.sketch_of(Scan.of(one)), repeats.sketch_of(Scan.of(other)))


def sent_by(member, world, text: str) -> Comment:
    """As if it was sent long enough ago: the limit of comments in a short time is none of our business here."""
    Comment.objects.filter(author=member).update(created_at="2020-01-01T00:00Z")
    return write(world, by=member, text=text)


class TestRepeats:
    # edge case 39
    @pytest.mark.parametrize(
        ("again", "label"),
        [
            (PRAISE, "same_words"),
            (PRAISE.upper() + " !!", "same_words"),
            (PRAISE.replace("e", "e\u200b"), "same_words"),
            (PRAISE.replace("a", "\u0430"), "same_words"),
            (PRAISE.replace("roots", "rootz"), "nearly_same_words"),
            ("Hello. " + PRAISE, "nearly_same_words"),
        ],
    )
    def test_the_same_words_elsewhere_are_held(self, open_world, again, label):
        first = write(open_world, text=PRAISE)
        assert first.status == "live"
        other = actors.live_article(open_world, slug="other-page")
        Conversation.objects.update(mode="open")
        second = write(open_world, by=open_world.nora, text=again, page=other)
        assert reasons(second) == [label]
        assert (second.status, second.queue_items.get().reasons) == ("held", [label])

    # edge case 39
    def test_forty_times_the_same(self, open_world):
        sent = [sent_by(open_world.rita, open_world, f"{PRAISE}{'.' * n}") for n in range(40)]
        assert [one.status for one in sent] == ["live"] + ["held"] * 39

    def test_other_words_and_what_many_say_are_no_finding(self, open_world):
        write(open_world, text=PRAISE)
        write(open_world, text="Thank you so much!")
        assert reasons(write(open_world, by=open_world.nora, text=ANOTHER)) == []
        assert reasons(write(open_world, by=open_world.nora, text="Thank you so much!")) == []

    def test_a_comment_is_no_copy_of_itself(self, open_world):
        comment = write(open_world, text=PRAISE)
        posting.edit(
            comment, by=open_world.rita, text=PRAISE.replace("three", "four"), version=comment.version,
            rules_version=open_world.rules,
        )  # fmt: skip
        assert CommentRevision.objects.filter(comment=comment).count() == 2
        assert reasons(comment) == []

    def test_nearly_the_same_is_looked_for_in_a_week_and_the_same_for_ever(self, open_world, clock):
        write(open_world, text=PRAISE)
        clock.shift(repeats.REMEMBERED * 2)
        assert reasons(write(open_world, by=open_world.nora, text=PRAISE.replace("roots", "rootz"))) == []
        assert reasons(write(open_world, by=open_world.nora, text=PRAISE)) == ["same_words"]

    def test_only_so_many_rows_are_read(self, open_world, django_assert_max_num_queries, monkeypatch):
        monkeypatch.setattr(repeats, "NEWEST", 2)
        monkeypatch.setattr(repeats, "OWN", 1)
        write(open_world, text=PRAISE)
        for number in range(2):
            write(open_world, text=f"{ANOTHER} {number * 'and again '}")
        almost = PRAISE.replace("roots", "rootz")
        revision = write(open_world, by=open_world.nora, text=almost).current
        assert revision.findings.count() == 0
        with django_assert_max_num_queries(3):
            repeats.look(revision)

    def test_what_is_erased_is_not_known_any_more(self, open_world):
        comment = write(open_world, text=PRAISE)
        from comments import erasure

        erasure.erase(open_world.rita, remove_words=True)
        revision = CommentRevision.objects.get(comment=comment)
        assert (revision.text, revision.digest, revision.sketch) == ("", "", [])
        assert reasons(write(open_world, by=open_world.nora, text=PRAISE)) == []

    def test_a_search_that_breaks_holds_the_comment(self, open_world, monkeypatch):
        monkeypatch.setattr(repeats, "sketch_of", lambda scan: 1 / 0)
        comment = write(open_world, text=PRAISE)
        assert (comment.status, reasons(comment)) == ("held", ["detector_failed"])


class TestLikeness:
    def test_one_letter_in_the_shortest_text_leaves_it_nearly_the_same(self):
        shortest = "the quick brown fox jumps over one lazy dog and then sleeps until noon today"
        for place in range(len(shortest)):
            if shortest[place].isalpha():
                assert likeness(shortest, shortest[:place] + "7" + shortest[place + 1 :]) >= repeats.NEARLY

    def test_different_texts_are_different(self):
        assert likeness(PRAISE, ANOTHER) < 0.2
        assert repeats.sketch_of(Scan.of("Thank you so much")) == []

    @given(st.text(max_size=200), st.text(max_size=200))
    def test_it_lies_between_nothing_and_all(self, one, other):
        assert 0 <= likeness(one, other) <= 1
        assert likeness(one, one) in (0, 1)


def test_findings_carry_the_version_of_their_detector(open_world):
    comment = write(open_world, text="I want to die, see https://example.org")
    found = dict(comment.current.findings.values_list("detector", "detector_version"))
    assert found["crisis"] > 1
    assert found["links"] > 1
