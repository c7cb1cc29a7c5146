"""The sentences a reviewer ticks, when a tick falls, and whether a note still finds its words."""

import copy
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.document.claims import block_hash, claims
from articles.document.quotes import find_quote
from articles.document.schema import new_id
from articles.document.sentences import MARK, spans
from tests.articles.document import changing as make
from tests.articles.document import strategies as some
from tests.articles.document.changing import again, cite, drug, figure, h, items, manifest, p, table, text

# Where sentences end


@pytest.mark.parametrize(
    "sentences",
    [
        ["One thing.", "Another thing."],
        ["Is it safe?", "No.", "You must not."],
        ["Some drugs, e.g. Testa, help.", "Others do not."],
        ["That is, i.e. now, fine."],
        ["Ask Dr. Lind or Prof. Okoro.", "They know."],
        ["Take 7.4 mg.", "Not 74 mg."],
        ["Testa vs. nothing was tried."],
        ["Okoro et al. showed it.", "Lind did not."],
        ["See Fig. 2 and No. 5.", "It is there."],
        ["It takes approx. 5 weeks."],
        ["At 9 a.m. it starts.", "It ends at 5 p.m.", "Then rest."],
        ["J. Smith and A. B. Lind wrote it."],
        ["Vitamin C helps.", "So does vitamin D.", "Take both."],
        ["Pain, fever, etc. are common.", "Rest, sleep, etc.", "All help."],
        ["He said “It helps.”", "She agreed."],
        ["It works (mostly).", "Try it."],
        ["Really?!", "Yes…", "Perhaps."],
        ["Version 2.0 is out.", "It is better."],
        ["p < .05 was found.", "Good."],
        ["In the U.S. it is sold.", "In the U.S.", "People buy it."],
        ["Wait... then go."],
        ["¿Es seguro?", "Sí, p. ej. hoy.", "Pregunte a la Dra. Lind."],
        [f"It helps.{MARK}", "It passes."],
        [f"It helps. {MARK}", "It passes."],
        [f"It helps{MARK}.", "It passes."],
        [f"It helps.{MARK}", f"It passes.{MARK}"],
        [f"Okoro et al.{MARK} showed it."],
        [f"They include:{MARK}", "surgery, drugs."],
        ["They include: surgery, drugs."],
        ["no capital. but one sentence."],
        ["a line without an end"],
        [],
    ],
)
def test_sentences(sentences):
    whole = " ".join(sentences)
    assert [whole[start:end] for start, end in spans(whole)] == sentences


def test_a_marker_needs_no_space_after_it():
    whole = f"It helps.{MARK}It passes."
    assert [whole[start:end] for start, end in spans(whole)] == [f"It helps.{MARK}", "It passes."]


def test_a_name_may_start_a_sentence_without_a_capital():
    whole = "It helps. testumab passes."
    assert len(spans(whole)) == 1
    assert len(spans(whole, {10})) == 2


@given(st.text(alphabet=f"aA1 .!?:)”{MARK}e.g", max_size=60))
def test_no_letter_is_lost(whole):
    found = spans(whole)
    assert "".join("".join(whole[start:end].split()) for start, end in found) == "".join(whole.split())
    assert all(end <= start for (_s, end), (start, _e) in zip(found, found[1:], strict=False))


# What is a claim


def found(*body, **more):
    return [(one.text, one.references, one.cited) for one in claims(manifest(*body, **more))]


def test_a_sentence_that_cites_is_a_claim_and_its_neighbours_are_not():
    assert found(p("Nothing here. It helps.", cite(1, 2), " It passes. Good", cite(3), ".")) == [
        ("It helps.", (1, 2), True),
        ("Good.", (3,), True),
    ]


def test_markers_of_one_sentence_come_together():
    (claim,) = claims(manifest(p("First", cite(3), " and second", cite(1), ".", cite(3))))
    assert claim.references == (1, 2)
    assert claim.uids == (some.REFS[2], some.REFS[0])
    assert claim.why == "cites a source"


@pytest.mark.parametrize(
    ("block", "why"),
    [
        (p("It lasts 5 weeks."), "says a number without a source"),
        (p("It helps ½ of them."), "says a number without a source"),
        (p("Take ", drug(), "."), "names a drug without a source"),
        (p("Take 5 mg of ", drug(), "."), "says a number and names a drug without a source"),
        (p("HER2 and COVID-19 are names."), ""),
        (p("It helps."), ""),
        (h("5 questions"), ""),
    ],
)
def test_what_says_a_number_or_names_a_drug_needs_a_source(block, why):
    got = claims(manifest(block))
    assert [one.why for one in got] == ([why] if why else [])
    assert all(not one.cited and one.references == one.uids == () for one in got)


def test_a_heading_that_cites_is_a_claim():
    assert found({**h("It helps"), "content": [text("It helps"), cite(1)]}) == [("It helps", (1,), True)]


def test_the_introduction_of_a_list_is_a_claim_of_its_own():
    body = [p("Treatments include:", cite(4, 5, 6)), items("bullet_list", "Surgery", "5 drugs")]
    assert found(*body) == [("Treatments include:", (1, 2, 3), True), ("5 drugs", (), False)]


def test_each_item_cell_and_caption_is_read_on_its_own():
    head = make.inner("Call us", kind="heading", level=3)
    assert found(items("key_facts", "It takes 5 days", "It passes")) == [("It takes 5 days", (), False)]
    assert found(table(["Drug", "Dose"], ["A", "5 mg"], caption="In 2021")) == [
        ("In 2021", (), False),
        ("5 mg", (), False),
    ]
    assert found(figure(alt="A bar of 7", caption="8 of 10", credit="2021")) == [
        ("A bar of 7", (), False),
        ("8 of 10", (), False),
    ]
    assert found(make.block("callout", head, make.inner("Within 24 hours"), tone="call")) == [
        ("Within 24 hours", (), False)
    ]
    assert found(make.block("quote", make.inner("I slept 8 hours"))) == [("I slept 8 hours", (), False)]


def test_a_line_break_inside_a_sentence_does_not_end_it():
    line = {"type": "hard_break"}
    assert found(p("It lasts", line, "five weeks", cite(1))) == [("It lasts five weeks", (1,), True)]
    assert found(p("It lasts:", line, "A. long", cite(1))) == [("A. long", (1,), True)]


def test_a_drug_page_claims_its_approvals():
    page = manifest(p("Words.", cite(2)), kind="drug", facts=make.DRUG_FACTS)
    claim = claims(page)[-1]
    assert (claim.node_id, claim.text, claim.references, claim.cited) == (
        "facts.approvals",
        "2022-08, first use, US",
        (2,),
        True,
    )
    (approval,) = make.DRUG_FACTS["approvals"]
    bare = manifest(p("Words."), kind="drug", facts=make.DRUG_FACTS | {"approvals": [approval | {"ref": None}]})
    assert [(one.cited, one.why) for one in claims(bare)] == [
        (False, "says when something was approved, without a source")
    ]


def test_the_standfirst_claims_too():
    assert [one.node_id for one in claims(manifest(p("Words."), standfirst="It takes 5 weeks."))] == ["standfirst"]


@given(make.manifests)
def test_every_marker_belongs_to_a_claim_and_every_key_is_one_of_its_own(page):
    got = claims(page)
    assert len({one.key for one in got}) == len(got)
    assert all(len(one.key) == 64 and one.why for one in got)
    cited = {ref for one in got for ref in one.uids}
    assert cited == {one["uid"] for one in page["references"]}


# When a tick falls


def keys(page, node_id):
    return [one.key for one in claims(page) if one.node_id == node_id]


ID = "n" * 12


def base():
    return manifest(
        p("It takes 5 weeks.", cite(1), " Take ", drug("brand"), ".", node_id=ID),
        p("Other words.", cite(2), node_id="m" * 12),
        figure(node_id="f" * 12, caption="8 of 10"),
    )


def test_a_key_stays_while_its_block_does():
    page = base()
    body = page["body"]["content"]
    moved = again(page, p("New.", cite(3)), body[1], body[2], body[0])
    assert keys(moved, ID) == keys(page, ID)
    assert claims(moved)[-2].references == (3,) != (1,), "its number may change"
    renamed = copy.deepcopy(page)
    renamed["body"]["content"][0]["attrs"]["node_id"] = "z" * 12
    assert keys(renamed, "z" * 12) == keys(page, ID)
    hashed = again(page, pages=some.PAGES | {some.DRUG: some.PAGES[some.DRUG] | {"hash": "b1:9", "slug": "other"}})
    assert keys(hashed, ID) == keys(page, ID)


def falls(change):
    page = base()
    changed = copy.deepcopy(page)
    change(changed)
    return not set(keys(page, ID)) & set(keys(changed, ID)), keys(page, "m" * 12) == keys(changed, "m" * 12)


@pytest.mark.parametrize(
    "change",
    [
        lambda page: page["body"]["content"][0]["content"][0].update(text="It takes 5 week."),
        lambda page: page["body"]["content"][0]["content"][0].update(marks=[{"type": "strong"}]),
        lambda page: page["body"]["content"][0]["content"][1]["attrs"].update(refs=[some.REFS[1]]),
        lambda page: page["body"]["content"][0]["content"][3]["attrs"].update(form="full"),
        lambda page: page["references"][0]["csl"].update(title="Another"),
        lambda page: page["pages"][some.DRUG].update(brand="Nova"),
        lambda page: page["pages"][some.DRUG].update(mark="™"),
    ],
)
def test_a_key_falls_when_anything_in_its_block_changes_and_only_then(change):
    assert falls(change) == (True, True)


def test_a_key_falls_with_the_file_of_a_picture():
    page = base()
    replaced = again(page, images={make.IMAGE: make.PICTURE | {"sha256": "1f" * 32}})
    assert not set(keys(page, "f" * 12)) & set(keys(replaced, "f" * 12))


def test_the_same_words_twice_are_two_claims():
    page = manifest(p("It takes 5 weeks."), p("It takes 5 weeks."))
    first, second = claims(page)
    assert first.key != second.key
    single = manifest(p("It takes 5 weeks."))
    assert [one.key for one in claims(single)] == [first.key]


def test_an_approval_keeps_its_key_when_another_is_added():
    page = manifest(p("Words."), kind="drug", facts=make.DRUG_FACTS)
    (approval,) = make.DRUG_FACTS["approvals"]
    more = make.DRUG_FACTS | {"approvals": [approval | {"date": "2020", "ref": some.REFS[3]}, approval]}
    (old,) = keys(page, "facts.approvals")
    assert keys(again(page, facts=more), "facts.approvals")[1] == old


def test_the_hash_of_a_block_knows_no_place_and_no_order_of_storing():
    page = base()
    block = page["body"]["content"][0]
    hashed = block_hash(page, block)
    assert hashed == block_hash(page, block | {"attrs": {"node_id": new_id()}})
    assert len(hashed) == 64
    other = manifest(p("Yes.", cite(1, 2)))
    turned = copy.deepcopy(other["body"]["content"][0])
    turned["content"][1]["attrs"]["refs"].reverse()
    assert block_hash(other, turned) == block_hash(other, other["body"]["content"][0])


def test_a_long_page_is_read_in_time():
    page = manifest(p(*(part for n in range(4_000) for part in (f"It takes {n} weeks.", cite(n % 6 + 1), " "))))
    start = time.process_time()
    assert len(claims(page)) == 4_000
    assert time.process_time() - start < 2


# Notes


@pytest.mark.parametrize(
    ("quote", "stands"),
    [
        ("takes 5 weeks", True),
        ("takes   5\nweeks.", True),
        ("weeks.1 Take Testa", True),
        ("weeks. Take Testa", True),
        ("Take Testa®.", True),
        ("", True),
        ("takes 6 weeks", False),
        ("Other words", False),
    ],
)
def test_a_note_stands_while_its_words_do(quote, stands):
    assert find_quote(base(), ID, quote) is stands


def test_a_note_falls_with_its_block():
    assert not find_quote(base(), "x" * 12, "takes 5 weeks")
    assert not find_quote(base(), "x" * 12, "")


def test_a_quote_may_be_written_in_another_form():
    assert find_quote(manifest(p("Un cafe\u0301 al dia", node_id=ID)), ID, "café")
    assert find_quote(manifest(p("Un café al dia", node_id=ID)), ID, "cafe\u0301  al")


def test_a_quote_may_run_over_the_lines_of_a_list():
    assert find_quote(manifest(items("bullet_list", "One", "Two", node_id=ID)), ID, "One Two")
