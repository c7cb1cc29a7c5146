"""Drug names in text: the longest, whole, and never a shorter one inside a longer."""

import pytest

from articles import mentions
from articles.document.tree import blocks
from tests.articles.document import strategies as some

NAMES = {
    "trastuzumab": "t", "ado-trastuzumab emtansine": "k", "fam-trastuzumab deruxtecan-nxki": "e", "trastuzumab deruxtecan": "e",
    "Enhertu": "e", "Kadcyla": "k", "Trelegy Ellipta": "y", "HER2-low": "l",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Enhertu® (fam-trastuzumab deruxtecan-nxki)", [("Enhertu®", "e"), ("fam-trastuzumab deruxtecan-nxki", "e")]),
        ("ado-trastuzumab emtansine and trastuzumab", [("ado-trastuzumab emtansine", "k"), ("trastuzumab", "t")]),
        ("trastuzumab deruxtecan", [("trastuzumab deruxtecan", "e")]),
        ("trastuzumab emtansine, trastuzumab-dkst, sastuzumab, trastuzumabs", []),
        ("trastuzumab biosimilars; Trastuzumab.", [("trastuzumab", "t"), ("Trastuzumab", "t")]),
        ("KADCYLA (R) and kadcyla™", [("KADCYLA (R)", "k"), ("kadcyla™", "k")]),
        ("fam‑trastuzumab\u00a0deruxtecan‑nxki", [("fam‑trastuzumab\u00a0deruxtecan‑nxki", "e")]),
        ("Trelegy® Ellipta® and Trelegy", [("Trelegy® Ellipta®", "y")]),
        ("HER2-low and HER2-lowest and non-HER2-low", [("HER2-low", "l")]),
        ("(Enhertu)/Kadcyla", [("Enhertu", "e")]),
    ],
)  # fmt: skip
def test_names_are_found(text, found):
    assert [(text[start:end], uid) for start, end, uid in mentions.find(text, NAMES)] == found


def test_without_names_nothing_is_found():
    assert mentions.find("Enhertu", {}) == []
    assert mentions.find("®", {"®": "x"}) == []


def content(*texts):
    nodes = [{"type": "text", "text": text} if isinstance(text, str) else text for text in texts]
    other = {
        "type": "paragraph",
        "attrs": {"node_id": "b" * 12},
        "content": [{"type": "text", "text": "Testa® (testumab)"}],
    }
    return some.content([{"type": "paragraph", "attrs": {"node_id": "a" * 12}, "content": nodes}, other])


SUGGESTION = {"brand": "Testa", "mark": "®", "generic": "testumab", "node_id": "a" * 12}
ATOM = {"type": "drug", "attrs": {"page": some.DRUG, "form": "full"}}


def confirmed(*texts, form="full", suggestion=SUGGESTION):
    found = mentions.confirm(content(*texts), suggestion, some.DRUG, form)
    assert blocks(found)[1] == blocks(content())[1]
    return blocks(found)[0]["content"]


@pytest.mark.parametrize(
    "written",
    [
        "Testa® (testumab)",
        "testumab (Testa®)",
        "TESTA (R) (testumab)",
        "Testa (testumab)",
        "Testa®\u00a0(testumab)",
    ],
)
def test_confirming_puts_a_mention_where_the_name_stood(written):
    assert confirmed(f"Take {written}, or Testa® (testumab).") == [
        {"type": "text", "text": "Take "}, ATOM, {"type": "text", "text": ", or Testa® (testumab)."},
    ]  # fmt: skip


def test_a_name_may_cross_marks_but_no_other_mention():
    strong = {"type": "text", "text": "Testa", "marks": [{"type": "strong"}]}
    assert confirmed("Take ", strong, "® (testumab) now") == [
        {"type": "text", "text": "Take "},
        ATOM,
        {"type": "text", "text": " now"},
    ]
    cited = {"type": "citation", "attrs": {"refs": [some.REFS[0]]}}
    assert confirmed("testu", cited, "mab")[0] == {"type": "text", "text": "testu"}


def test_confirming_a_brand_or_a_generic_alone():
    assert confirmed("Testa® works", form="brand")[0]["attrs"]["form"] == "brand"
    assert confirmed("Now testumab works", form="generic")[1]["attrs"]["form"] == "generic"
    assert confirmed("Testa-like and Testaments", form="brand") == [
        {"type": "text", "text": "Testa-like and Testaments"}
    ]


def test_what_is_gone_changes_nothing():
    before = content("The name was edited away.")
    assert mentions.confirm(before, SUGGESTION, some.DRUG, "full") == before


def test_pages_mentioned_in_text_and_facts():
    subtype = {"type": "subtype", "attrs": {"page": some.SUBTYPE}}
    assert mentions.pages_in(content(ATOM, subtype)) == {some.DRUG, some.SUBTYPE}
    assert mentions.pages_in(some.content([], facts={"subtypes": ["x" * 12]})) == {"x" * 12}
