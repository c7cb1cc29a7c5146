"""What a draft may hold: everything else is refused, attribute by attribute."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.document import normal, schema
from articles.document.schema import new_id, validate
from tests.articles.document import strategies as some

REF = some.REFS[0]


def paragraph(*inlines, **attrs):
    return {"type": "paragraph", "attrs": {"node_id": new_id(), **attrs}, "content": list(inlines)}


def text(words="words", *marks):
    return {"type": "text", "text": words, "marks": list(marks)}


def codes(*body, kind="article", **more):
    return {problem.code for problem in validate(some.content(list(body), **more), kind=kind)}


@given(some.bodies)
def test_what_the_editor_makes_is_valid(content):
    assert validate(content) == []
    assert validate(schema.normalise(content)) == []


@given(some.bodies)
def test_normalising_twice_changes_nothing_and_nothing_is_shared(content):
    before = copy.deepcopy(content)
    once = schema.normalise(content)
    assert schema.normalise(once) == once
    assert content == before


json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["doc", "paragraph", "text", REF]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "attrs", "content", "text", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(json, json)
def test_no_json_breaks_the_validator(anything, body):
    assert validate(anything)
    validate(some.content([body]) | {"body": body})
    validate(some.content([body]))


def at(content, *path):
    for step in path:
        content = content[step]
    return content


@given(some.bodies, json, st.data())
def test_a_stray_value_anywhere_never_breaks_the_validator(content, value, data):
    content = copy.deepcopy(content)
    paths = [()]
    stack = [((), content)]
    while stack:
        path, node = stack.pop()
        for key in node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
            paths.append((*path, key))
            stack.append(((*path, key), node[key]))
    path = data.draw(st.sampled_from(paths[1:]))
    at(content, *path[:-1])[path[-1]] = value
    for problem in validate(content):
        assert problem.message


def test_ids_are_twelve_characters_and_differ():
    ids = {new_id() for _ in range(200)}
    assert len(ids) == 200
    assert all(schema.UID.match(uid) for uid in ids)


LINK = {"type": "link", "attrs": {"href": "https://example.org"}}


@pytest.mark.parametrize(
    ("block", "code"),
    [
        ({"type": "script", "attrs": {"node_id": "a" * 12}}, "node"),
        ("words", "node"),
        (paragraph(text(), extra=1), "unknown"),
        ({"type": "paragraph", "attrs": {}, "content": []}, "uid"),
        ({"type": "paragraph", "attrs": {"node_id": "short"}, "content": []}, "uid"),
        ({"type": "paragraph", "attrs": {"node_id": "a" * 12}, "content": [], "onclick": "x"}, "unknown"),
        (paragraph({"type": "image", "src": "x"}), "node"),
        (paragraph(text("a\x00b")), "characters"),
        (paragraph(text("a\ud800b")), "characters"),
        (paragraph(text("a\x07b")), "characters"),
        (paragraph(text("a\nb")), "characters"),
        (paragraph(text("a\u202eb")), "characters"),
        (paragraph(text("a\u2066b")), "characters"),
        (paragraph(text("")), "empty_text"),
        (paragraph(text(5)), "type"),
        (paragraph(text("x", {"type": "blink"})), "mark"),
        (paragraph(text("x", {"type": "strong"}, {"type": "strong"})), "mark"),
        (paragraph(text("x", {"type": "strong", "attrs": {"style": "x"}})), "unknown"),
        (paragraph(text("x", {"type": "link", "attrs": {"href": "javascript:alert(1)"}})), "link"),
        (paragraph(text("x", {"type": "link", "attrs": {"href": "JAVASCRIPT:1"}})), "link"),
        (paragraph(text("x", {"type": "link", "attrs": {"href": "/inside"}})), "link"),
        (paragraph(text("x", {"type": "link", "attrs": {"href": "https://a.org/\u200b"}})), "link"),
        (paragraph(text("x", {"type": "link", "attrs": {"href": "https://user:pass@a.org/"}})), "link"),
        (paragraph(text("x", {"type": "link", "attrs": {"href": "data:text/html,x"}})), "link"),
        (paragraph(text("x", {"type": "link", "attrs": {"href": "https://a.org", "target": "x"}})), "unknown"),
        (paragraph({"type": "citation", "attrs": {"refs": []}}), "citation"),
        (paragraph({"type": "citation", "attrs": {"refs": ["z" * 12]}}), "citation"),
        (paragraph({"type": "citation", "attrs": {"refs": "<script>"}}), "type"),
        (paragraph({"type": "citation", "attrs": {"refs": [REF, REF]}}), "citation"),
        (paragraph({"type": "citation", "attrs": {"refs": [REF]}, "marks": [LINK]}), "unknown"),
        (paragraph({"type": "citation", "attrs": {"refs": [REF]}, "content": [text()]}), "unknown"),
        (paragraph({"type": "drug", "attrs": {"page": some.DRUG, "form": "loud"}}), "form"),
        (paragraph({"type": "drug", "attrs": {"page": 7, "form": "full"}}), "uid"),
        (paragraph({"type": "subtype", "attrs": {"page": some.SUBTYPE, "form": "full"}}), "unknown"),
        ({"type": "heading", "attrs": {"node_id": "a" * 12, "level": 1}, "content": []}, "level"),
        ({"type": "heading", "attrs": {"node_id": "a" * 12, "level": 2}, "content": [{"type": "hard_break"}]}, "node"),
        ({"type": "bullet_list", "attrs": {"node_id": "a" * 12}, "content": [paragraph()]}, "unknown"),
        ({"type": "bullet_list", "attrs": {"node_id": "a" * 12}, "content": [{"type": "list_item", "content": []}]}, "node"),
        ({"type": "callout", "attrs": {"node_id": "a" * 12, "tone": "call"}, "content": []}, "node"),
        ({"type": "callout", "attrs": {"node_id": "a" * 12, "tone": "loud"}, "content": []}, "tone"),
        ({"type": "quote", "attrs": {"node_id": "a" * 12}, "content": [{"type": "heading", "content": []}]}, "node"),
        ({"type": "table", "attrs": {"node_id": "a" * 12, "caption": ""}, "content": []}, "table"),
        ({"type": "figure", "attrs": {"node_id": "a" * 12}}, "missing"),
    ],
)  # fmt: skip
def test_what_does_not_belong_is_refused(block, code):
    assert code in codes(block)


def test_identifiers_are_unique():
    block = paragraph(text())
    assert codes(block, copy.deepcopy(block)) == {"node_id"}


def figure(**attrs):
    known = {
        "node_id": new_id(),
        "image": None,
        "alt": "",
        "decorative": False,
        "caption": "",
        "credit": "",
        "hero": False,
    }
    return {"type": "figure", "attrs": known | attrs}


@pytest.mark.parametrize(
    "attrs", [{"image": 5}, {"alt": None}, {"hero": "yes"}, {"caption": "x" * 1001}, {"onload": "x"}]
)
def test_figures_hold_what_figures_hold(attrs):
    assert codes(figure(**attrs))


def test_lists_can_be_nested_four_deep_and_no_deeper():
    def nested(depth):
        first = {"type": "paragraph", "content": [text()]}
        inner = [{"type": "bullet_list", "content": nested(depth - 1)}] if depth > 1 else []
        return [{"type": "list_item", "content": [first, *inner]}]

    for depth, found in ((4, set()), (5, {"depth"}), (200, {"depth"})):
        assert codes({"type": "bullet_list", "attrs": {"node_id": new_id()}, "content": nested(depth)}) == found


def test_the_text_has_a_limit():
    block = paragraph(text("x" * 150_000))
    assert codes(block) == set()
    assert codes(block, paragraph(text("x" * 60_000))) == {"too_long"}


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"schema": 2}, "schema"), ({"schema": True}, "schema"), ({"title": None}, "type"), ({"title": "x" * 301}, "too_long"),
        ({"title": "a\u202eb"}, "characters"), ({"slug": "Not A Slug"}, "slug"), ({"slug": "a" * 81}, "slug"), ({"slug": "é"}, "slug"),
        ({"slug": "-a"}, "slug"), ({"language": "<b>"}, "language"), ({"bylines": [{"name": "A", "url": "x"}]}, "unknown"),
        ({"bylines": "A"}, "type"), ({"seo": {"title": ""}}, "missing"), ({"template": "x"}, "unknown"), ({"facts": {"brand": "x"}}, "unknown"),
        ({"legacy_review": {"by": "", "date": "March 2023", "precision": "month"}}, "date"),
        ({"legacy_review": {"by": "", "date": "2023-03", "precision": "day"}}, "precision"),
        ({"references": [{"uid": "a" * 12, "csl": {}}] * 2}, "uid"), ({"references": [{"uid": "x", "csl": {}}]}, "uid"),
        ({"references": [{"uid": "a" * 12, "csl": {"onclick": "x"}}]}, "unknown"),
        ({"references": [{"uid": "a" * 12, "csl": {"title": 5}}]}, "type"),
        ({"references": [{"uid": "a" * 12, "csl": {"author": [{"nick": "x"}]}}]}, "unknown"),
        ({"references": [{"uid": "a" * 12, "csl": {"issued": {"date-parts": [[2020, 13]]}}}]}, "date"),
        ({"references": [{"uid": "a" * 12, "csl": {"issued": "2020"}}]}, "date"),
    ],
)  # fmt: skip
def test_what_stands_around_the_body(more, code):
    assert code in codes(paragraph(text()), **more)


FACTS = {
    "brand": "Testa", "mark": "®", "generic": "testumab", "drug_class": "", "route": "", "target": "", "other_names": ["x"],
    "subtypes": [some.SUBTYPE], "approvals": [{"date": "2022-08", "what": "x", "jurisdiction": "US", "ref": REF}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, None), ({"mark": "©"}, "mark"), ({"brand": 5}, "type"), ({"subtypes": ["x"]}, "uid"), ({"dose": "x"}, "unknown"),
        ({"approvals": [{"date": "soon", "what": "", "jurisdiction": "", "ref": None}]}, "date"),
        ({"approvals": [{"date": "2022", "what": "", "jurisdiction": "", "ref": "z" * 12}]}, "citation"),
    ],
)  # fmt: skip
def test_the_facts_of_a_drug(change, code):
    assert codes(paragraph(text()), kind="drug", facts=FACTS | change) == ({code} if code else set())


def test_the_facts_of_a_subtype():
    facts = {"name": "Low group", "definition": "x", "authority": "y", "synonyms": ["z"]}
    assert codes(paragraph(text()), kind="subtype", facts=facts) == set()
    assert codes(paragraph(text()), kind="subtype", facts=facts | {"synonyms": [5]}) == {"type"}


def test_one_spelling_for_equal_drafts():
    block = paragraph(
        text("  Cafe\u0301 "),
        text("au"),
        text(" lait", {"type": "em"}, {"type": "strong"}),
        {"type": "hard_break"},
    )
    block["content"].append({"type": "citation", "attrs": {"refs": [some.REFS[2], some.REFS[0]]}})
    tidy = schema.normalise(some.content([block], title=" A\ntitle "))
    assert tidy["title"] == "A title"
    assert tidy["body"]["content"][0]["content"] == [
        {"type": "text", "text": "Café au"},
        {"type": "text", "text": " lait", "marks": [{"type": "strong"}, {"type": "em"}]},
        {"type": "hard_break"},
        {"type": "citation", "attrs": {"refs": [some.REFS[0], some.REFS[2]]}},
    ]


def test_the_first_row_of_a_table_is_its_head():
    cell = {"type": "table_cell", "attrs": {"header": False}, "content": [text()]}
    table = {
        "type": "table",
        "attrs": {"node_id": new_id(), "caption": " a "},
        "content": [{"type": "table_row", "content": [cell]}],
    }
    tidy = normal.block(table)
    assert tidy["content"][0]["content"][0]["attrs"] == {"header": True}
    assert tidy["attrs"]["caption"] == "a"
