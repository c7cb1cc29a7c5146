"""Watched words of the site: what is accepted, who publishes, what they find, and trying them before they count."""

import html
import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from audit.models import Entry
from audit.moves import WrongState
from comments import word_list
from comments.models import Comment, Conversation, Finding, QueueItem, WordList
from comments.screening import linear, site_words
from comments.screening.scan import Scan
from comments.workflow import wording
from tests.comments.conftest import a_world, publish, write

LIST, EDIT = "/desk/moderation/words/", "/desk/moderation/words/edit/"


def entry(pattern: str, kind: str = "word", label: str = "site_selling", lane: str = "held", note: str = "") -> dict:
    return {"kind": kind, "pattern": pattern, "label": label, "lane": lane, "note": note}


def watch(world, *entries: dict, based_on: int | None = None, by=None, changes: str = "A first list.") -> WordList:
    latest = site_words.newest()
    number = (latest.number if latest else 0) if based_on is None else based_on
    return wording.publish(list(entries), by=by or world.max, changes=changes, based_on=number)


def spans(text: str, *entries: dict) -> list[tuple[str, str]]:
    """(label, words as typed) of everything seen."""
    seen = site_words.see(Scan.of(text), site_words.compiled(entries))
    return [(one.label, text[start:end]) for one in seen for start, end in one.spans]


def words_of(answer) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


@pytest.fixture
def opened(world):
    Conversation.objects.update(mode="open")
    return world


class TestWhatAListFinds:
    @pytest.mark.parametrize(
        ("watched", "text", "found"),
        [
            (entry("ozempic"), "Cheap Ozempic here", ["Ozempic"]),
            (entry("ozempic"), "Cheap 0zemp1c and o z e m p i c", ["0zemp1c", "o z e m p i c"]),
            (entry("cialis"), "My specialist says so", []),
            (entry("cure-all"), "A cure-all! A cure-allegation", ["cure-all"]),
            (entry("c++"), "I know c++ and c+", ["c++"]),
            (entry("miracle cure", "phrase"), "A Miracle\ncure, miracle cures", ["Miracle\ncure"]),
            (entry("crème", "word"), "creme and CRÈME", ["creme", "CRÈME"]),
            (entry(r"\bbuy (?:\w{1,8} ){0,2}now\b", "pattern"), "Buy it right now, buy now", ["Buy it right now", "buy now"]),
        ],
    )  # fmt: skip
    def test_whole_words_as_typed_or_disguised(self, watched, text, found):
        assert spans(text, watched) == [("site_selling", words) for words in found]

    def test_one_finding_for_each_sign_and_lane(self):
        entries = [entry("alpha"), entry("beta"), entry("gamma", lane=""), entry("delta", label="site_unkind")]
        seen = site_words.see(Scan.of("alpha beta gamma delta"), site_words.compiled(entries))
        assert [(one.label, one.lane, len(one.spans)) for one in seen] == [
            ("site_selling", "", 1), ("site_selling", "held", 2), ("site_unkind", "held", 1),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("lane", "status"), [("held", "held"), ("", "live"), ("medical", "live"), ("crisis", "held")]
    )
    def test_the_lane_of_the_entry_decides_where_the_comment_goes(self, opened, lane, status):
        watch(opened, entry("ozempic", lane=lane))
        comment = write(opened, text="I read about Ozempic today.")
        comment.refresh_from_db()
        assert comment.status == status
        assert [item.lane for item in QueueItem.objects.filter(comment=comment)] == ([lane] if lane else [])
        finding = Finding.objects.get(revision=comment.current)
        assert (finding.detector, finding.label, finding.detector_version) == ("site_words", "site_selling", 1)

    def test_the_newest_list_counts_from_the_next_comment_on(self, opened):
        watch(opened, entry("ozempic"))
        assert write(opened, text="I read about Ozempic today.").status == "held"
        watch(opened, entry("wegovy"), changes="Another.")
        assert Comment.objects.get(pk=write(opened, text="Ozempic once more, it says.").pk).status == "live"
        assert write(opened, text="I read about Wegovy today.").status == "held"

    def test_it_costs_one_query_however_long_the_list_is(self, opened, django_assert_num_queries):
        watch(opened, *(entry(f"word{chr(97 + number % 26)}{number}") for number in range(900)))
        site_words.look(Scan.of("a"))
        with django_assert_num_queries(1):
            site_words.look(Scan.of("A longer text with worda0 in it"))

    def test_a_thousand_entries_and_the_longest_comment_stay_within_the_time(self):
        entries = [entry(f"b{'a' * (number % 40)}{number}") for number in range(940)]
        entries += [entry(rf"a{{1,20}}b{number}", "pattern") for number in range(60)]
        scan = Scan.of("a" * 2000)
        watching = site_words.compiled(entries)
        assert [one.label for one in site_words.see(scan, watching)] == []


class TestPatterns:
    @pytest.mark.parametrize(
        ("pattern", "why"),
        [
            (r"(a+)+b", linear.ENDLESS),
            (r"buy.*now", linear.ENDLESS),
            (r"(?:a{1,250}){1,4}b", linear.WAYS),
            (r"(?:a{1,30}){1,30}b", linear.NESTED),
            (r"(?:a{1,25}){1,25}b", linear.WAYS),
            (r".{0,80}x.{0,80}y", linear.WAYS),
            (r"(?:a|a|ab){1,12}c", linear.WAYS),
            (r"(a)\1", linear.REFERS_BACK),
            (r"(?P<x>a)?(?(x)b|c)d", linear.REFERS_BACK),
            (r"a{0,5}", linear.EMPTY),
            (r"\b", linear.EMPTY),
            (r"(a", linear.BROKEN),
            (r"(?<=a{1,3})b", linear.BROKEN),
            ("[[a]]", linear.BROKEN),
            ("(" * 120 + "a" + ")" * 120, None),
        ],
    )
    def test_what_could_take_long_is_refused_and_told_why(self, pattern, why):
        said = word_list.why_not(entry(pattern, "pattern"))
        assert said == (str(word_list.WHY_REFUSED[why]) if why else said)

    @pytest.mark.parametrize(
        "pattern",
        [
            r"\bbuy (?:\w{1,8} ){0,2}now\b",
            r"free .{0,80}shipping",
            r"whats?app",
            r"(?<!no )refund",
            r"[a-z]{2,20}coin\b",
        ],
    )
    def test_what_people_write_is_accepted(self, pattern):
        assert word_list.why_not(entry(pattern, "pattern")) == ""

    def test_capitals_are_refused_because_they_would_never_match(self):
        assert "small letters" in word_list.why_not(entry("Ozempic", "pattern"))
        assert word_list.why_not(entry(r"\Bzempic\b\S", "pattern")) == ""

    def test_a_pattern_that_is_slow_when_measured_is_refused(self, monkeypatch):
        monkeypatch.setattr(word_list, "PATTERN_BUDGET", 0)
        assert word_list.why_not(entry("ozempi[ck]", "pattern")) == str(word_list.WHY_REFUSED[linear.SLOW])

    # edge case 44
    def test_a_pattern_that_takes_too_long_is_left_out_for_that_text_and_the_comment_waits(
        self, opened, monkeypatch, client
    ):
        watch(opened, entry("ozempic"), entry("weg[o0]vy", "pattern"))
        monkeypatch.setattr(site_words, "PATTERN_BUDGET", -1)
        comment = write(opened, text="Wegovy or Ozempic, who knows.")
        monkeypatch.undo()
        assert comment.status == "held"
        labels = set(Finding.objects.filter(revision=comment.current).values_list("detector", "label"))
        assert labels == {("site_words", "site_selling"), ("site_words_2", "pattern_too_slow")}
        assert "pattern_too_slow" in QueueItem.objects.get(comment=comment).reasons
        client.force_login(opened.max)
        said = words_of(client.get(LIST))
        assert "A pattern took too long" in said
        assert "Line 2: weg[o0]vy , 1 comment" in said
        # The next run has it back.
        assert write(opened, text="Is Wegovy any better?").status == "held"
        assert Finding.objects.filter(label="pattern_too_slow").count() == 1


class TestPublishing:
    def test_it_is_on_the_record_without_the_words(self, world):
        made = watch(world, entry("ozempic", note="Asked for by Nora"), changes="A clinic advertises.")
        assert (made.number, made.by, made.entries[0]["note"]) == (1, world.max, "Asked for by Nora")
        last = Entry.objects.order_by("-seq").first()
        assert (last.verb, last.actor, last.object_id) == ("word_list.published", world.max, str(made.pk))
        assert '"entries":1' in last.payload
        assert "ozempic" not in last.payload
        assert "Nora" not in last.payload

    def test_nobody_but_a_moderator(self, world):
        for somebody in (world.rita, world.edda, world.amara, world.ada, AnonymousUser()):
            with pytest.raises(PermissionDenied):
                watch(world, entry("ozempic"), by=somebody)
        assert not WordList.objects.exists()

    def test_whoever_comes_second_saves_nothing(self, world):
        watch(world, entry("ozempic"))
        with pytest.raises(WrongState):
            watch(world, entry("wegovy"), by=world.mona, based_on=0)
        assert site_words.newest().number == 1

    def test_of_eight_who_publish_at_once_one_wins(self, race):
        world = a_world()
        outcomes = race(lambda number: watch(world, entry(f"word{number}"), based_on=0), runners=8)
        assert sum(isinstance(one, WordList) for one in outcomes) == 1, outcomes
        assert sum(isinstance(one, WrongState) for one in outcomes) == 7, outcomes
        assert Entry.objects.filter(verb="word_list.published").count() == WordList.objects.count() == 1

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"entries": [entry("a b")]}, "entries"),
            ({"entries": [entry("x", "sound")]}, "entries"),
            ({"entries": [entry("x", label="crisis")]}, "entries"),
            ({"entries": [entry("x", lane="appeal")]}, "entries"),
            ({"entries": [entry("")]}, "entries"),
            ({"entries": [entry("!")]}, "entries"),
            ({"entries": [entry("x"), entry("X")]}, "entries"),
            ({"entries": [entry("x", note="n" * 201)]}, "entries"),
            ({"entries": [entry(f"x{number}") for number in range(1001)]}, "entries"),
            ({"entries": [entry(f"x{number}", "pattern") for number in range(61)]}, "entries"),
            ({"changes": " "}, "changes"),
            ({"changes": "x" * 301}, "changes"),
        ],
    )
    def test_what_is_wrong_is_said(self, world, wrong, field):
        options = {"entries": [entry("ozempic")], "changes": "New.", "based_on": 0} | wrong
        with pytest.raises(ValidationError) as refused:
            wording.publish(by=world.max, **options)
        assert set(refused.value.message_dict) == {field}

    def test_the_same_list_twice_is_no_version(self, world):
        watch(world, entry("ozempic"))
        with pytest.raises(ValidationError):
            watch(world, entry("ozempic"))

    @pytest.mark.parametrize("change", ["UPDATE comments_wordlist SET changes = 'x'", "DELETE FROM comments_wordlist"])
    def test_the_database_keeps_every_version(self, world, change):
        watch(world, entry("ozempic"))
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)


def test_what_is_written_reads_back_the_same():
    entries = [
        entry("ozempic", note="a: b"),
        entry("miracle cure: now", "phrase", lane=""),
        entry(r"a|b: c#d", "pattern", "site_other", "crisis"),
    ]
    assert word_list.read(word_list.write(entries)) == (entries, [])


def test_mistakes_name_their_line():
    _entries, errors = word_list.read("word selling held: ozempic\n\nnonsense\nword selling nowhere: x\n")
    assert [error.split(":")[0] for error in errors] == ["Line 3", "Line 4"]


class TestPages:
    @pytest.fixture
    def desk(self, world, client):
        client.force_login(world.max)
        return client

    def form(self, text: str, based_on: int = 0, step: str = "publish", changes: str = "New.") -> dict:
        return {"entries": text, "based_on": based_on, "step": step, "changes": changes}

    def test_below_moderator_there_is_nothing_there(self, world, client):
        watch(world, entry("ozempic"))
        for somebody in (world.rita, world.amara, world.edda, world.ruth, world.ada):
            client.force_login(somebody)
            for address in (LIST, EDIT, f"{LIST}1/"):
                assert client.get(address).status_code == 404
            assert client.post(EDIT, self.form("word selling held: x", 1)).status_code == 404
        assert WordList.objects.count() == 1

    def test_publish_and_read(self, desk):
        assert "No watched words yet" in words_of(desk.get(LIST))
        answer = desk.post(EDIT, self.form("word selling held: ozempic ## a clinic\n"), follow=True)
        assert "Version 1 is in force" in words_of(answer)
        said = words_of(desk.get(LIST))
        assert "ozempic Word Watched word: selling Waiting a clinic" in said
        desk.post(EDIT, self.form("word selling shown: ozempic ## a clinic\nword other held: wegovy", 1))
        said = words_of(desk.get(f"{LIST}2/"))
        assert "Removed: word selling held: ozempic ## a clinic" in said
        assert "Added: word selling shown: ozempic ## a clinic" in said
        assert desk.get(f"{LIST}3/").status_code == 404
        assert desk.get(f"{LIST}?before=x").status_code == 404

    def test_nothing_typed_is_lost(self, desk):
        answer = desk.post(
            EDIT, self.form("word selling held: ozempic\npattern selling held: (a+)+<b>", changes="Mine")
        )
        assert answer.status_code == 422
        assert "Line 2: Every repetition needs an end" in words_of(answer)
        assert "(a+)+&lt;b&gt;" in answer.text
        assert 'value="Mine"' in answer.text
        answer = desk.post(EDIT, self.form("word selling held: ozempic", changes=""))
        assert (answer.status_code, "word selling held: ozempic" in answer.text) == (422, True)
        assert not WordList.objects.exists()

    def test_whoever_comes_second_sees_what_the_other_did_and_keeps_their_own(self, world, desk):
        watch(world, entry("wegovy"), by=world.mona, changes="Mona was first.")
        answer = desk.post(EDIT, self.form("word selling held: ozempic", 0))
        said = words_of(answer)
        assert answer.status_code == 409
        assert "Version 1 by Mona Reyes: Mona was first." in said
        assert "Added: word selling held: wegovy" in said
        assert "word selling held: ozempic" in answer.text
        assert 'name="based_on" value="1"' in answer.text

    def test_trying_shows_both_sides_and_changes_nothing(self, world, desk):
        watch(world, entry("ozempic"), entry("both"))
        for text in ("Ozempic is dear.", "Wegovy is <b>dear</b>.", "Both of us.", "Nothing at all."):
            publish(world, text=text)
        before = (Comment.objects.count(), Finding.objects.count(), Entry.objects.count(), QueueItem.objects.count())
        answer = desk.post(EDIT, self.form("word selling held: wegovy\nword selling held: both", 1, "try", ""))
        said = words_of(answer)
        assert answer.status_code == 200
        assert "Tried on the last 4 comments" in said
        assert "It would match, and the list in force does not 1 comment, 1 of them held" in said
        assert "It would no longer match 1 comment, 1 of them held" in said
        assert "<mark>Wegovy</mark> is &lt;b&gt;dear&lt;/b&gt;" in answer.text
        assert "<mark>Ozempic</mark> is dear" in answer.text
        assert "Both of us" not in said
        after = (Comment.objects.count(), Finding.objects.count(), Entry.objects.count(), QueueItem.objects.count())
        assert before == after
        assert WordList.objects.count() == 1

    def test_trying_reads_the_last_thousand_and_shows_twenty(self, world, desk, monkeypatch):
        monkeypatch.setattr("comments.trial.LATEST", 3)
        monkeypatch.setattr("comments.trial.SHOWN", 2)
        for text in ("Wegovy one.", "Wegovy two.", "Wegovy three.", "Wegovy four."):
            publish(world, text=text)
        said = words_of(desk.post(EDIT, self.form("word selling shown: wegovy", 0, "try", "")))
        assert "does not 3 comments, 0 of them held" in said
        assert "The first 2 are shown." in said
        assert "Wegovy one" not in said
        assert "Wegovy two" not in said

    def test_as_many_queries_for_one_as_for_thirty(self, world, desk):
        from django.test.utils import CaptureQueriesContext

        counts = []
        for number in range(1, 31):
            watch(world, *(entry(f"word{one}") for one in range(number)))
            if number in (1, 30):
                with CaptureQueriesContext(connection) as asked:
                    assert desk.get(reverse("comments:words")).status_code == 200
                counts.append(len(asked))
        assert counts[0] == counts[1]
