"""What the detectors see, what they leave alone, and where a comment goes then."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comments.models import Conversation
from comments.screening import detectors, policy
from comments.screening.detectors import Scan

Mode = Conversation.Mode


def labels(words: str, **options) -> set[str]:
    return {seen.label for seen in policy.screen(words, **options)}


def spotted(words: str, label: str, **options) -> list[str]:
    return [
        words[start:end] for seen in policy.screen(words, **options) if seen.label == label for start, end in seen.spans
    ]


class TestDetectors:
    @pytest.mark.parametrize(
        ("words", "label", "span"),
        [
            ("Some nights I want to die.", "crisis", "want to die"),
            ("I don’t want to be here anymore", "crisis", "don’t want to be here anymore"),
            ("thinking about suicide again", "crisis", "suicide"),
            ("Write to ruth.k@example.org please", "email_address", "ruth.k@example.org"),
            ("ruth at example dot org", "email_address", "ruth at example dot org"),
            ("Call me: 555 014 2277 99", "phone_number", "555 014 2277 99"),
            ("my nhs number is 943 476 5919", "phone_number", "943 476 5919"),
            ("You can order it here, no prescription needed", "selling", "order it here"),
            ("DM me on WhatsApp", "contact_move", "DM me"),
            ("My friend told me to stop my tablets for a week", "dose_or_stopping", "stop my tablets"),
            ("just take 40 mg instead", "dose_or_stopping", "take 40 mg"),
            ("Should I ask for a second scan?", "medical_question", "Should I ask for a second scan?"),
            ("read https://example.org/tips", "link", "https://example.org/tips"),
            ("on example.com they say", "link", "example.com"),
        ],
    )
    def test_it_sees(self, words, label, span):
        assert span in spotted(words, label)

    @pytest.mark.parametrize(
        "words",
        [
            "My hot flushes are killing me in this weather.",
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

    @pytest.mark.parametrize(
        "words", ["I want to d\u200bie", "Ｉ ｗａｎｔ ｔｏ ｄｉｅ", "I w\u0430nt t\u043e di\u0435", "I WANT TO DIE"]
    )
    def test_disguises_are_seen_through(self, words):
        assert "crisis" in labels(words)

    def test_a_span_is_a_place_in_the_words_as_typed(self):
        assert spotted("ﬁne. I w\u200bant to die!", "crisis") == ["w\u200bant to die"]

    def test_all_of_them_always_run(self):
        words = "I want to die. Call 555 014 2277 99 or see https://example.org. Should I stop my tablets?"
        assert labels(words) >= {"crisis", "phone_number", "link", "dose_or_stopping", "medical_question"}

    def test_a_broken_detector_is_a_finding_and_the_others_still_run(self, monkeypatch):
        def broken(scan):
            raise RuntimeError("no")

        monkeypatch.setitem(detectors.DETECTORS, "links", broken)
        seen = policy.screen("I want to die, see https://example.org")
        assert {one.label for one in seen} == {"crisis", "detector_failed"}
        assert policy.decide(seen, mode=Mode.OPEN, first_timer=False).held

    @given(st.text(max_size=300))
    def test_spans_lie_within_the_words(self, words):
        for seen in policy.screen(words):
            assert all(0 <= start < end <= len(words) for start, end in seen.spans)

    @pytest.mark.parametrize(
        "words",
        [
            "a" * 2000, "1 " * 1000, "stop " * 400, "should i " * 220, "https://" * 250, "a.b@" * 500, "0(" * 1000,
            "take " * 400, "call 1" * 330, "a at b dot " * 180, "\u0301" * 2000, "\ufdfa" * 2000, "x-" * 1000, "www." * 500,
        ],
    )  # fmt: skip
    def test_no_text_makes_it_slow(self, words):
        began = time.perf_counter()
        policy.screen(words)
        assert time.perf_counter() - began < 1.0


class TestPolicy:
    def outcome(self, words, *, mode=Mode.ALL_HELD, first_timer=False):
        return policy.decide(policy.screen(words), mode=mode, first_timer=first_timer)

    @pytest.mark.parametrize(
        ("words", "lane"),
        [
            ("I want to die. Call 555 014 2277 99", "crisis"),
            ("Call 555 014 2277 99", "privacy"),
            ("Letrozole gave me a rash", "safety"),
            ("see https://example.org", "held"),
            ("Should I ask again?", "medical"),
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

    def test_every_label_has_a_meaning(self):
        words = "I want to die. r@example.org 555 014 2277 99 order now, dm me, stop my pills, letrozole rash, should i? https://a.org"
        assert labels(words) | {"detector_failed"} == set(policy.MEANINGS)

    def test_the_copy_for_reading_knows_its_places(self):
        scan = Scan.of("ﬀa")
        assert (scan.folded, scan.places) == ("ffa", (0, 0, 1))
