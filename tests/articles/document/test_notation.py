"""The notation of the edit page: what a writer types is what the page holds, and back."""

import pytest
from hypothesis import given

from articles.document import normal, notation
from articles.document.schema import new_id, validate
from tests.articles.document import strategies as some

BY_NUMBER = {number: uid for uid, number in some.SLOTS.items()}
BY_SLUG = {names: uid for uid, names in some.SLUGS.items()}


def read(kind, text, **more):
    return notation.from_text(kind, text, node_id="a" * 12, slots=BY_NUMBER, pages=BY_SLUG, **more)


def write(block):
    return notation.to_text(block, slots=some.SLOTS, slugs=some.SLUGS)


@given(some.textual)
def test_every_block_survives_the_way_to_text_and_back(block):
    block = normal.block(block, some.SLOTS)
    text = write(block)
    again = notation.from_text(
        notation.kind_of(block), text, node_id=block["attrs"]["node_id"], slots=BY_NUMBER, pages=BY_SLUG
    )
    assert again == block, text


@given(some.words)
def test_anything_typed_is_a_valid_block_or_a_sentence(text):
    for kind in notation.KINDS:
        try:
            block = read(kind, text)
        except notation.NotationError as error:
            problems = [] if str(error)[-1] in ".]" else [str(error)]
        else:
            problems = validate(some.content([block]))
        assert problems == []


@pytest.mark.parametrize(
    ("typed", "inlines"),
    [
        ("plain", [{"type": "text", "text": "plain"}]),
        ("2 * 3 = 6", [{"type": "text", "text": "2 * 3 = 6"}]),
        ("[sic]", [{"type": "text", "text": "[sic]"}]),
        (
            "a **b** *c*",
            [
                {"type": "text", "text": "a "},
                {"type": "text", "text": "b", "marks": [{"type": "strong"}]},
                {"type": "text", "text": " "},
                {"type": "text", "text": "c", "marks": [{"type": "em"}]},
            ],
        ),
        (
            "years.[2–4]",
            [
                {"type": "text", "text": "years."},
                {"type": "citation", "attrs": {"refs": some.REFS[1:4]}},
            ],
        ),
        (
            "see [the *guide*](https://example.org/a_(b))",
            [
                {"type": "text", "text": "see "},
                {
                    "type": "text",
                    "text": "the ",
                    "marks": [{"type": "link", "attrs": {"href": some.HREFS[0]}}],
                },
                {
                    "type": "text",
                    "text": "guide",
                    "marks": [{"type": "em"}, {"type": "link", "attrs": {"href": some.HREFS[0]}}],
                },
            ],
        ),
        ("{{drug:testumab|brand}}", [{"type": "drug", "attrs": {"page": some.DRUG, "form": "brand"}}]),
        ("{{subtype:low-group}}", [{"type": "subtype", "attrs": {"page": some.SUBTYPE}}]),
        (
            "one\r\ntwo",
            [{"type": "text", "text": "one"}, {"type": "hard_break"}, {"type": "text", "text": "two"}],
        ),
        (r"\[2\] C:\dir", [{"type": "text", "text": r"[2\] C:\dir".replace(r"\]", "]")}]),
    ],
)
def test_what_is_typed_in_a_paragraph(typed, inlines):
    assert read("paragraph", typed)["content"] == inlines


@pytest.mark.parametrize(
    ("kind", "typed", "says"),
    [
        ("paragraph", "this.[9]", "Reference 9 does not exist. This page has references 1 to 6."),
        ("paragraph", "this.[4-2]", "In “4-2” the range runs backwards. Write the smaller number first."),
        ("paragraph", "{{drug:nothing}}", "There is no drug page called “nothing”."),
        ("paragraph", "{{subtype:nothing}}", "There is no subtype page called “nothing”."),
        ("paragraph", "{{dog:rex}}", "“{{dog:rex}}” is not a mention."),
        ("paragraph", "{{drug:testumab", "A {{ is never closed by }}."),
        ("paragraph", "an *open star", "A * that starts emphasis is never closed."),
        ("paragraph", "[x](javascript:alert(1))", "The link “x” cannot be used."),
        ("paragraph", "[?]", "A marker [?] has lost its reference."),
        ("paragraph", "a\u202eb", "invisible character"),
        ("bullet_list", "no marker", "Start each item of a list"),
        ("bullet_list", "- 1\n  - 2\n    - 3\n      - 4\n        - 5", "4 levels deep at most"),
        ("key_facts", "- one\n  - two", "a fact cannot have points of its own"),
        ("callout", "  ", "The first line of a call-out is its heading."),
        ("table", "a | b\nc", "Row 2 has 1 cells; the first row has 2."),
        ("table", "", "A table needs at least one row."),
        ("spell", "x", "Unknown kind of block: spell."),
    ],
)
def test_errors_are_sentences(kind, typed, says):
    with pytest.raises(notation.NotationError) as error:
        read(kind, typed)
    assert says in str(error.value)


def test_the_error_about_references_knows_how_many_there_are():
    for slots, says in (({}, "no references yet"), ({1: "a" * 12}, "one reference, number 1")):
        with pytest.raises(notation.NotationError, match=says):
            notation.from_text("paragraph", "x.[7]", node_id=new_id(), slots=slots, pages={})


def test_lists_nest_by_indentation_and_lines_without_marker_go_on():
    block = read("bullet_list", "- one\n  goes on\n  1. first\n  2. second\n- two")
    assert write(block) == "- one\n  goes on\n  1. first\n  2. second\n- two"
    assert [len(item["content"]) for item in block["content"]] == [2, 1]
    assert block["content"][0]["content"][1]["type"] == "ordered_list"


def test_a_table_as_people_type_it():
    block = read("table", "= Doses\n| Drug | Dose |\n|---|---|\n| {{drug:testumab|brand}} | 5 mg |")
    assert block["attrs"]["caption"] == "Doses"
    assert [len(row["content"]) for row in block["content"]] == [2, 2]
    assert block["content"][0]["content"][0]["attrs"] == {"header": True}
    assert write(block) == "= Doses\nDrug | Dose\n{{drug:testumab|brand}} | 5 mg"


def test_an_emergency_is_a_callout_of_that_tone():
    block = read("emergency", "Call now\nIf you cannot breathe:\n- call\n- wait")
    assert block["attrs"]["tone"] == "emergency"
    assert [child["type"] for child in block["content"]] == ["heading", "paragraph", "bullet_list"]
    assert notation.kind_of(block) == "emergency"


def test_a_marker_whose_reference_is_gone_says_so_and_does_not_vanish():
    block = {"type": "paragraph", "attrs": {"node_id": new_id()}, "content": [
        {"type": "citation", "attrs": {"refs": ["z" * 12]}}, {"type": "drug", "attrs": {"page": "z" * 12, "form": "full"}},
    ]}  # fmt: skip
    assert write(block) == "[?]{{drug:?}}"


def test_a_paragraph_field_with_blank_lines_becomes_paragraphs():
    made = notation.blocks_from_text("paragraph", "one\r\n\r\ntwo\n \nthree", node_id="a" * 12, slots={}, pages={})
    assert [block["content"][0]["text"] for block in made] == ["one", "two", "three"]
    assert made[0]["attrs"]["node_id"] == "a" * 12
    assert len({block["attrs"]["node_id"] for block in made}) == 3
    assert notation.blocks_from_text("paragraph", " \n", node_id="a" * 12, slots={}, pages={}) == []
