"""What the detectors see, what they leave alone, and where a comment goes then."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comments.models import Conversation
from comments.screening import detectors, policy, scan
from comments.screening.asking import before_sending
from comments.screening.detectors import screen
from comments.screening.scan import Scan, Seen, outside

Mode = Conversation.Mode
SPAN = st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda pair: (pair[0], pair[0] + pair[1]))
# Words the detectors know, and what people put between them.
WORDS = st.lists(
    st.sampled_from(
        ["want to die", "k i l l", "@", "Anna Berg", "has cancer", "020 7946", "0123", "stop", "letrozole", "rash", "?", "\n", "\u200b", "ﬁ", "St",
         "12 High Street", "you idiot", "cheap", "1d1ot", "dot com", " at ", "\u0301", "NHS number", "943 476 5919", "ß", "İ", "1", "ﷺ"]
    ),
    max_size=30,
).map(" ".join)  # fmt: skip


def labels(words: str, **options) -> set[str]:
    return {seen.label for seen in screen(words, **options)}


def spotted(words: str, label: str, **options) -> list[str]:
    return [words[start:end] for seen in screen(words, **options) if seen.label == label for start, end in seen.spans]


class TestDetectors:
    @pytest.mark.parametrize(
        ("words", "label", "span"),
        [
            ("Some nights I want to die.", "crisis", "want to die"),
            ("I don’t want to be here anymore", "crisis", "don’t want to be here"),
            ("thinking about suicide again", "crisis", "suicide"),
            ("I tried to kill myself in 2015", "crisis_past", "tried to kill myself"),
            ("Write to ruth.k@example.org please", "email_address", "ruth.k@example.org"),
            ("ruth at example dot org", "email_address", "ruth at example dot org"),
            ("Call me: 555 014 2277 99", "phone_number", "555 014 2277 99"),
            ("my nhs number is 943 476 5919", "record_number", "nhs number is 943 476 5919"),
            ("We live at 14 Larkspur Road", "address", "14 Larkspur Road"),
            ("My neighbour Tom Barley has cancer", "named_person", "Tom Barley"),
            ("You can order it here, no prescription needed", "selling", "order it here"),
            ("see my gofundme", "crowdfunding", "gofundme"),
            ("Participants wanted!", "recruiting", "Participants wanted"),
            ("DM me on WhatsApp", "contact_move", "DM me"),
            ("go away, you stupid cow", "abuse", "you stupid"),
            ("Stop your tablets for a week", "dose_or_stopping", "Stop your tablets for a week"),
            ("just take 40 mg instead", "dose_or_stopping", "just take 40 mg"),
            ("I stopped tamoxifen in May", "own_treatment", "I stopped"),
            ("Should I ask for a second scan?", "medical_question", "Should I ask for a second scan?"),
            ("read https://example.org/tips", "link", "https://example.org/tips"),
            ("on example.com they say", "link", "example.com"),
        ],
    )
    def test_it_sees(self, words, label, span):
        assert span in spotted(words, label)

    # edge case 43
    @pytest.mark.parametrize(
        "words",
        [
            "My hot flushes are killing me in this weather.",
            "I slit my wrist opening tuna.",
            "They fear an overdose of radiation to the heart.",
            "Radiation for 25 days, five days a week, from 2022-08-05 to 2022-09-08.",
            "It was HER2 1+ and then 2+, about 1 in 8 people.",
            "The trial is NCT04494425 and the paper 10.1056/NEJMoa2203690.",
            "My specialist drew a picture of the cervix and the breast.",
            "We wrote our questions on one page and took it with us.",
            "Thank you all for the welcome. I read for weeks before I wrote.",
        ],
    )
    def test_it_leaves_ordinary_words_alone(self, words):
        assert labels(words) == set()

    def test_a_drug_and_a_symptom_together_may_be_a_side_effect(self):
        assert "drug_and_symptom" in labels("I have had joint pain since I started letrozole.")
        assert "drug_and_symptom" not in labels("I started letrozole last week.")
        assert "drug_and_symptom" not in labels("I have had joint pain for years.")

    def test_names_of_the_directory_count_as_drugs(self):
        words = "Since Exampla I get a rash."
        assert "drug_and_symptom" not in labels(words)
        assert "Exampla" in spotted(words, "drug_and_symptom", drug_names=["Exampla"])

    def test_two_quiet_signs_are_looked_at_and_one_is_not(self):
        assert labels("I am a burden on my daughter.") == set()
        assert labels("I am a burden on my daughter, and I put my papers in order.") == {"crisis"}

    @pytest.mark.parametrize(
        "words",
        [
            "I want to d\u200bie", "Ｉ ｗａｎｔ ｔｏ ｄｉｅ", "I w\u0430nt t\u043e di\u0435", "I WANT TO DIE", "I want  to   die", "I want\nto die",
            "I w4nt to d1e", "I want to k i l l myself", "I want to d\u0301i\u0301e",
        ],
    )  # fmt: skip
    def test_disguises_are_seen_through(self, words):
        assert "crisis" in labels(words)

    def test_a_sign_at_the_end_of_a_word_is_what_it_is(self):
        assert labels("You 1d1ot!") == labels("You idiot!") == {"abuse"}
        assert labels("I want to d1e!!") == {"crisis"}

    def test_a_span_is_a_place_in_the_words_as_typed(self):
        assert spotted("ﬁne. I w\u200bant to die!", "crisis") == ["w\u200bant to die"]
        assert spotted("oh, k i l l  m y s e l f now", "crisis") == ["k i l l  m y s e l f"]

    def test_all_of_them_always_run(self):
        words = "I want to die. Call 555 014 2277 99 or see https://example.org. Stop your tablets! Should I stop?"
        assert labels(words) >= {"crisis", "phone_number", "link", "dose_or_stopping"}

    def test_what_was_seen_carries_the_version_of_its_detector(self):
        seen = {one.detector: one.version for one in screen("I want to die, see https://example.org")}
        assert seen["crisis"] > 1
        assert all(seen.values())


class TestRunning:
    def test_a_broken_detector_is_a_finding_and_the_others_still_run(self, monkeypatch, caplog):
        def broken(scan):
            raise RuntimeError("I want to die, see")

        monkeypatch.setitem(detectors.DETECTORS, "links", broken)
        seen = screen("I want to die, see https://example.org")
        assert {one.label for one in seen} == {"crisis", "detector_failed"}
        assert policy.decide(seen, mode=Mode.OPEN, first_timer=False).held
        assert "links" in caplog.text
        assert "want to die" not in caplog.text

    def test_a_text_that_cannot_be_read_is_a_finding(self, monkeypatch):
        monkeypatch.setattr(scan, "_plain", None)
        seen = screen("é")
        assert seen == [Seen("scan", "detector_failed")]
        assert policy.decide(seen, mode=Mode.OPEN, first_timer=False).held

    # edge case 47
    def test_out_of_time_the_rest_is_left_out_and_the_comment_is_held(self, monkeypatch):
        def slow(scan):
            began = time.thread_time()
            while time.thread_time() - began < 0.02:
                pass
            return [Seen("names", "named_person", [(0, 1)])]

        monkeypatch.setattr(detectors, "BUDGET", 0.015)
        monkeypatch.setitem(detectors.DETECTORS, "names", slow)
        seen = screen("Thank you, see https://example.org")
        assert {(one.detector, one.label) for one in seen} == {
            ("names", "named_person"), ("names", "out_of_time"), ("links", "not_screened"), ("selling", "not_screened"),
            ("words", "not_screened"), ("treatment_advice", "not_screened"), ("side_effect", "not_screened"),
            ("medical_question", "not_screened"),
        }  # fmt: skip
        assert policy.decide(seen, mode=Mode.OPEN, first_timer=False).held

    def test_crisis_is_looked_for_first(self):
        assert next(iter(detectors.DETECTORS)) == "crisis"


class TestScan:
    def test_the_copy_for_reading_knows_its_places(self):
        read = Scan.of("ﬀa")
        assert (read.folded.letters, read.folded.places) == ("ffa", (0, 0, 1))

    def test_what_is_no_disguise_stays(self):
        words = "her2 1+, 40mg, brca1, ca 15-3, 5th"
        assert Scan.of(words).unmasked.letters == words

    @given(st.one_of(st.text(max_size=300), WORDS))
    def test_every_letter_of_both_copies_leads_back(self, words):
        read = Scan.of(words)
        for copy in (read.folded, read.unmasked):
            assert len(copy.letters) == len(copy.places)
            assert list(copy.places) == sorted(copy.places)
            assert all(0 <= place < len(words) for place in copy.places)

    @given(st.lists(SPAN), st.lists(SPAN))
    def test_outside_is_what_touches_nothing(self, spans, others):
        touched = [
            span for span in spans if any(span[0] < end and start < span[1] for start, end in others if end > start)
        ]
        assert outside([span for span in spans if span[1] > span[0]], others) == [
            span for span in spans if span not in touched and span[1] > span[0]
        ]

    @given(st.one_of(st.text(max_size=300), WORDS))
    def test_nothing_makes_it_fail_and_spans_lie_in_order_within_the_words(self, words):
        for seen in screen(words):
            assert seen.label not in ("detector_failed", "out_of_time")
            assert seen.spans == sorted(seen.spans)
            assert all(0 <= start < end <= len(words) for start, end in seen.spans)


class TestAsking:
    @pytest.mark.parametrize(
        ("words", "label"),
        [
            ("ring 020 7946 0123", "phone_number"),
            ("mail me: ruth@example.org", "email_address"),
            ("we are at 14 Larkspur Road", "address"),
            ("MRN 00482913", "record_number"),
            ("My neighbour Tom Barley has cancer", "named_person"),
        ],
    )
    def test_she_is_asked_about_what_somebody_could_be_found_by(self, words, label):
        seen = before_sending(words)
        assert [one.label for one in seen] == [label]
        assert all(words[start:end] for one in seen for start, end in one.spans)

    def test_she_is_not_asked_about_the_rest(self):
        assert before_sending("I want to die. Buy here, you idiot. Stop your tablets. https://example.org") == []


class TestPolicy:
    def outcome(self, words, *, mode=Mode.ALL_HELD, first_timer=False, staffed=True):
        return policy.decide(screen(words), mode=mode, first_timer=first_timer, staffed=staffed)

    @pytest.mark.parametrize(
        ("words", "lane"),
        [
            ("I want to die. Call 555 014 2277 99", "crisis"),
            ("I survived a suicide attempt in 2015. Call 555 014 2277 99", "crisis"),
            ("Call 555 014 2277 99", "privacy"),
            ("Letrozole gave me a rash", "safety"),
            ("see https://example.org", "held"),
            ("Should I ask again?", "medical"),
            ("I stopped tamoxifen in May", "medical"),
            ("Thank you all.", "held"),
        ],
    )
    def test_the_gravest_finding_chooses_the_lane(self, words, lane):
        assert self.outcome(words).lane == lane
        assert self.outcome(words).held

    def test_first_comments_have_a_lane_of_their_own(self):
        assert self.outcome("Thank you all.", first_timer=True).lane == "first"
        assert self.outcome("I want to die", first_timer=True).lane == "crisis"

    def test_an_open_conversation_publishes_what_nothing_was_found_in(self):
        outcome = self.outcome("Thank you all.", mode=Mode.OPEN)
        assert (outcome.held, outcome.lane) == (False, None)

    def test_an_open_conversation_holds_what_something_was_found_in(self):
        assert self.outcome("see https://example.org", mode=Mode.OPEN).held

    def test_a_medical_question_is_published_and_looked_at(self):
        outcome = self.outcome("Should I ask again?", mode=Mode.OPEN)
        assert (outcome.held, outcome.lane) == (False, "medical")

    def test_first_timers_are_held_where_only_they_are(self):
        assert self.outcome("Thank you.", mode=Mode.FIRST_HELD, first_timer=True).held
        assert not self.outcome("Thank you.", mode=Mode.FIRST_HELD).held

    def test_while_nobody_is_there_everything_is_held(self):
        outcome = self.outcome("Thank you.", mode=Mode.OPEN, staffed=False)
        assert (outcome.held, outcome.lane, outcome.reasons) == (True, "held", ["out_of_hours"])
        assert self.outcome("Should I ask again?", mode=Mode.OPEN, staffed=False).lane == "medical"

    @given(
        st.sets(st.sampled_from(sorted(policy.MEANINGS))), st.sampled_from(Mode.values), st.booleans(), st.booleans()
    )
    def test_what_is_found_is_never_published_unread_but_what_may_be(self, found, mode, first_timer, staffed):
        outcome = policy.decide(
            [Seen("any", label) for label in found], mode=mode, first_timer=first_timer, staffed=staffed
        )
        if found - {"medical_question", "own_treatment"} or not staffed or mode == Mode.ALL_HELD:
            assert outcome.held
        assert bool(outcome.lane) == bool(found or outcome.held)
        assert found <= set(outcome.reasons)
