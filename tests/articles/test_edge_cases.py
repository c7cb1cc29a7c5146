"""Edge cases that a first attempt at medical review misses, by number: where each is tested, or which decision answers it.

1-22 and 37-50 are what this part of Bedside answers; the table is checked, so that a test which is renamed or removed
is missed here.
"""

import ast
import json
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from articles import closure, permissions
from articles.document.render import RENDERER_VERSION
from articles.models import Page, Publication, Review, SignOff
from articles.workflow import publishing, writing
from audit.models import Entry
from tests import cast

ROOT = Path(__file__).resolve().parents[2]
HERE = "tests/articles"
DECISION = "docs/decisions/0015-edge-cases-answered-without-a-test.md"
EDGES = {
    1: ("an edit between two signatures", f"{HERE}/test_six_failures.py::test_a_new_snapshot_needs_both_again"),
    2: ("autosave over a signed revision", f"{HERE}/test_six_failures.py::test_autosaving_the_draft_leaves_revision_and_signature_alone"),
    3: ("an unchanged save keeps approvals", f"{HERE}/test_six_failures.py::test_an_unchanged_save_does_not_reset_approvals_either"),
    4: ("a new revision from another tab", f"{HERE}/test_signing_page.py::test_a_new_revision_sent_from_another_tab"),
    5: ("the signer changed one comma", f"{HERE}/test_six_failures.py::test_not_after_losing_and_regaining_the_roles_nor_for_one_comma"),
    6: ("the author was demoted or renamed", f"{HERE}/test_six_failures.py::test_not_after_losing_and_regaining_the_roles_nor_for_one_comma"),
    7: ("one person with two accounts", f"{HERE}/test_edge_cases.py::test_07_a_namesake_among_the_contributors_is_pointed_out"),
    8: ("deactivated, or a credential that ends before go-live", f"{HERE}/test_signing_page.py::test_an_account_closed_since_the_page_was_shown", f"{HERE}/test_scheduling.py::test_the_gate_is_asked_again_and_the_refusal_is_told"),
    9: ("a superuser has no way past", f"{HERE}/test_six_failures.py::test_a_superuser_signs_and_publishes_nothing", f"{HERE}/test_no_emergency.py::test_power_over_the_server_is_no_power_to_publish"),
    10: ("an old proof, a borrowed session", f"{HERE}/test_workflow_review.py::test_it_refuses_a_proof_that_was_not_made_for_this_page_by_this_person_now", f"{HERE}/test_signing_page.py::test_a_session_that_did_not_begin_with_the_signers_signing_in"),
    11: ("no password", "tests/accounts/test_signing.py::test_no_password_is_no_way_past", DECISION),
    12: ("summer time, naive times, the past", f"{HERE}/test_scheduling.py::test_an_hour_that_is_left_out_or_comes_twice_is_refused", f"{HERE}/test_scheduling.py::test_a_time_without_a_zone_is_refused", DECISION),
    13: ("the scheduler slept", f"{HERE}/test_scheduling.py::test_one_that_slept_does_all_of_it_once_in_the_order_of_time"),
    14: ("one bad item", f"{HERE}/test_scheduling.py::test_one_bad_item_stops_no_other_and_is_tried_again_until_it_has_failed"),
    15: ("two workers, one item", f"{HERE}/test_races_review.py::test_four_workers_take_the_same_plan"),
    16: ("retracted before go-live", f"{HERE}/test_scheduling.py::test_the_gate_is_asked_again_and_the_refusal_is_told", f"{HERE}/test_races_review.py::test_a_retraction_against_the_clock"),
    17: ("rolling back to a signature that ran out, to an old address", f"{HERE}/test_rollback.py::test_nor_one_that_ran_out", f"{HERE}/test_rollback.py::test_an_old_address_comes_back_only_when_that_is_confirmed"),
    18: ("retracted and reinstated, replaced, of concern", f"{HERE}/test_sources.py::test_retracted_then_reinstated_ends_reinstated_and_alarms_no_reader", f"{HERE}/test_retractions.py::test_retract_and_replace_is_told_apart"),
    19: ("spellings of a DOI, DOI and PMID", f"{HERE}/test_sources.py::test_by_its_doi_in_any_spelling_on_both_sides", f"{HERE}/test_sources.py::test_a_source_known_by_its_doi_is_found_by_its_pubmed_number"),
    20: ("one number for one source, by first mention", f"{HERE}/test_citations.py::test_numbers_follow_the_first_mention_and_survive_a_move"),
    21: ("ranges", f"{HERE}/test_citations.py::test_markers_are_written", f"{HERE}/document/test_render.py::test_markers_and_the_way_back"),
    22: ("markers in lists, headings, cells, captions", f"{HERE}/test_citations.py::test_markers_in_lists_tables_facts_and_call_outs_count"),
    37: ("withdrawn while a draft is in review", f"{HERE}/test_edge_cases.py::test_37_a_withdrawal_leaves_the_review_and_the_words_below_alone"),
    38: ("addresses that come back, circles", f"{HERE}/test_rollback.py::test_there_and_back_leaves_no_circle", f"{HERE}/test_rollback.py::test_nobody_else_can_have_taken_it"),
    39: ("a correction is told, a typo moves no date", f"{HERE}/test_workflow_publishing.py::test_readers_are_told_what_was_wrong_or_it_does_not_go_public", f"{HERE}/test_review_page.py::test_an_editor_signs_it_and_the_dates_stay"),
    40: ("a month as a date", f"{HERE}/document/test_importing.py::test_review_lines_are_labels"),
    41: ("reviewed by a board, without a person", f"{HERE}/test_edge_cases.py::test_41_an_imported_review_line_opens_no_gate"),
    42: ("clocks that are wrong", f"{HERE}/test_edge_cases.py::test_42_order_is_by_number_whatever_the_clock_says"),
    43: ("another hash, another schema", f"{HERE}/test_edge_cases.py::test_43_the_hash_names_its_format", DECISION),
    44: ("another renderer", f"{HERE}/test_edge_cases.py::test_44_an_artefact_of_another_renderer_is_left_as_it_was_signed", DECISION),
    45: ("a note whose words are gone", f"{HERE}/test_review_page.py::test_one_whose_words_are_gone_is_a_visible_orphan_and_still_blocks"),
    46: ("very long pages", f"{HERE}/document/test_diff.py::test_a_long_page_in_which_every_block_changed_is_compared_in_time", f"{HERE}/document/test_diff.py::test_one_enormous_block_is_compared_in_time"),
    47: ("pasted from elsewhere", f"{HERE}/document/test_importing.py::test_any_soup_of_tags_is_read_or_refused", f"{HERE}/document/test_schema.py::test_what_does_not_belong_is_refused"),
    48: ("a signer asks to be forgotten", f"{HERE}/test_edge_cases.py::test_48_a_signature_outlives_the_account"),
    49: ("restored from a backup", f"{HERE}/test_verify.py::test_a_head_that_never_was_is_named"),
    50: ("two editors", f"{HERE}/test_writing_views.py::test_the_second_save_overwrites_nothing_and_loses_nothing", DECISION),
}  # fmt: skip


@cache
def functions(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("number", [*range(1, 23), *range(37, 51)])
def test_each_has_its_answer(number):
    _what, *answers = EDGES[number]
    for answer in answers:
        path, _line, name = answer.partition("::")
        assert (ROOT / path).is_file(), answer
        assert not name or name in functions(path), answer


@pytest.fixture
def people(db):
    return cast.people()


def test_07_a_namesake_among_the_contributors_is_pointed_out(client, people):
    twin = cast.person("ruth-two", "writer", name="Rùth  ADEYEMI")
    opened = writing.submit(cast.draft(twin), version=1, by=twin)
    assert permissions.namesakes(people.ruth, opened) == [twin.pk]
    assert permissions.namesakes(people.raj, opened) == []
    cast.sign_in(client, people.ruth)
    assert "Somebody with your name wrote part of this revision" in client.get(f"/desk/review/{opened.pk}/").text
    cast.sign(opened, people.ruth)
    assert json.loads(Entry.objects.get(verb="revision.signed").payload)["namesakes"] == [twin.pk]


def test_37_a_withdrawal_leaves_the_review_and_the_words_below_alone(client, people):
    page = cast.live_page(people)
    draft = writing.save_draft(page, page.draft.content | {"standfirst": "In review."}, version=1, by=people.amara)
    opened = writing.submit(page, version=draft.version, by=people.amara)
    publishing.withdraw(page, by=people.ruth, kind="safety", public_reason="a dose was wrong.")
    opened.refresh_from_db()
    assert opened.status == "open"
    assert client.get(page.get_absolute_url()).status_code == 410
    publishing.publish(cast.signed_review(people, review=opened), by=people.edda)
    assert "In review." in client.get(page.get_absolute_url()).text


def test_41_an_imported_review_line_opens_no_gate(people):
    legacy = {"by": "A Medical Review Board", "date": "2023-03", "precision": "month"}
    page = writing.create_page("article", cast.content("Imported", legacy_review=legacy), by=people.amara)
    opened = writing.submit(page, version=1, by=people.amara)
    assert "legacy_review" not in json.loads(opened.revision.content)
    assert publishing.missing_for_publication(opened) == ["The “medical” signature is missing or no longer stands."]


def test_42_order_is_by_number_whatever_the_clock_says(people):
    page = cast.live_page(people)
    with time_machine.travel(timezone.now() - timedelta(hours=3)):
        publishing.post_notice(page, by=people.edda, kind="safety", text="From a server whose clock is late.")
    entries = list(Entry.objects.order_by("seq"))
    assert [one.seq for one in entries] == list(range(1, len(entries) + 1))
    assert entries[-1].at < entries[-2].at
    assert all(one.prev_hash == before.hash for before, one in zip(entries, entries[1:], strict=False))


def test_43_the_hash_names_its_format(people):
    revision = cast.open_review(people).revision
    assert revision.content_hash.startswith("b1:")
    assert closure.content_hash(revision.content) == revision.content_hash
    assert json.loads(revision.content)["schema"] == 1


def test_44_an_artefact_of_another_renderer_is_left_as_it_was_signed(client, people, monkeypatch):
    """What a later release renders differently is no reason to serve other bytes than those that went public."""
    page = cast.live_page(people)
    kept = Publication.objects.get().artefact
    monkeypatch.setattr("articles.closure.render.render", lambda manifest: "<article>Other bytes</article>")
    assert "Other bytes" not in client.get(page.get_absolute_url()).text
    assert Publication.objects.get().artefact == kept
    assert Publication.objects.get().renderer_version == RENDERER_VERSION


def test_48_a_signature_outlives_the_account(client, people):
    """The law lets somebody be forgotten; what they vouched for stays vouched for by the name they printed."""
    page = cast.live_page(people)
    User.objects.filter(pk=people.ruth.pk).update(
        email="erased-1@erased.invalid", handle="former-1", handle_skeleton="former1", name="", slug=None,
        is_active=False, erased_at=timezone.now(), password="!",
    )  # fmt: skip
    assert SignOff.objects.get().printed_name == "Ruth Adeyemi"
    assert "Ruth Adeyemi, MD" in client.get(page.get_absolute_url()).text
    assert Review.objects.get().status == "approved"
    assert Page.objects.live().count() == 1
