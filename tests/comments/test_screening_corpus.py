"""How much of the labelled comments the screening sees: it must not get worse unnoticed."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from comments.screening import measuring, policy

CORPUS = Path(__file__).parent / "corpus"
TUNING, HELD_OUT = (CORPUS / f"{name}.tsv" for name in ("tuning", "held_out"))

# Recall and precision that were measured, rounded down. The held-out figures are the honest ones; a label with few
# lines there jumps, so it may miss one line more.
FLOORS = {
    TUNING: {
        "abuse": (0.98, 0.98), "address": (0.98, 0.98), "contact_move": (0.85, 0.95), "crisis": (0.92, 0.95), "crisis_past": (0.95, 0.80),
        "crowdfunding": (0.98, 0.98), "dose_or_stopping": (0.95, 0.95), "drug_and_symptom": (0.94, 0.95), "email_address": (0.98, 0.98),
        "link": (0.98, 0.98), "medical_question": (0.90, 0.90), "named_person": (0.98, 0.98), "own_treatment": (0.85, 0.95),
        "phone_number": (0.98, 0.90), "record_number": (0.90, 0.98), "recruiting": (0.98, 0.98), "selling": (0.98, 0.90),
        "under_age": (0.98, 0.98),
    },
    HELD_OUT: {
        "abuse": (0.83, 0.83), "contact_move": (0.60, 0.75), "crisis": (0.74, 0.92), "crisis_past": (0.71, 0.83), "dose_or_stopping": (0.83, 0.83),
        "drug_and_symptom": (0.85, 0.85), "link": (0.75, 0.75), "medical_question": (0.60, 0.80), "selling": (0.83, 0.83),
    },
}  # fmt: skip


@pytest.mark.parametrize("path", FLOORS, ids=lambda path: path.stem)
def test_it_sees_what_it_saw(path):
    scores = measuring.measure(measuring.read(path))
    worse = {
        label: (score.recall, score.precision)
        for label, (recall, precision) in FLOORS[path].items()
        if (score := scores[label]).recall < recall or score.precision < precision
    }
    assert worse == {}


def test_the_corpus_is_what_it_says():
    lines = [line for path in FLOORS for line in measuring.read(path)]
    assert len(lines) > 450
    assert len({line.text for line in lines}) == len(lines)
    assert {label for line in lines for label in line.labels} == set(FLOORS[TUNING])
    assert set(policy.MEANINGS) - set(FLOORS[TUNING]) == {
        "same_words", "nearly_same_words", "detector_failed", "out_of_time", "not_screened", "spam_like", "site_selling",
        "site_unkind", "site_medical", "site_privacy", "site_danger", "site_other", "pattern_too_slow",
    }  # fmt: skip
    described = (CORPUS / "README.md").read_text("utf-8")
    assert [label for label in FLOORS[TUNING] if label not in described] == []


# edge case 43
def test_ordinary_talk_is_left_alone():
    quiet = [line for path in FLOORS for line in measuring.read(path) if not line.labels]
    assert len(quiet) > 150
    alarms = [
        line.place for line in quiet if any(line in score.false_alarms for score in measuring.measure([line]).values())
    ]
    assert len(alarms) <= 4, alarms


def test_a_report_for_people_lists_what_was_missed(tmp_path):
    file = tmp_path / "some.tsv"
    file.write_text("crisis\tI want to die.\ncrisis\tIt is what it is.\n-\tI want to die of suicide.\n")
    out = StringIO()
    call_command("screening_report", file, stdout=out)
    assert "crisis                 2    0.50      0.50" in out.getvalue()
    assert "missed       crisis             some.tsv:2: It is what it is." in out.getvalue()
    assert "false alarm  crisis             some.tsv:3: I want to die of suicide." in out.getvalue()


def test_a_report_for_machines():
    out = StringIO()
    call_command("screening_report", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert set(told) == {"tuning.tsv", "held_out.tsv"}
    assert told["held_out.tsv"]["crisis"]["lines"] > 25
    assert {"recall", "precision", "missed", "false_alarms"} <= set(told["held_out.tsv"]["crisis"])


def test_a_report_of_nothing_says_so(settings, tmp_path):
    settings.BASE_DIR = tmp_path
    with pytest.raises(CommandError, match="name a file"):
        call_command("screening_report")
