"""What may be called a correction of spelling: little; every other change has a reason in words."""

import copy
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.document import canonical, lexicon, tree
from articles.document.spelling import distance, typo_problems
from tests.articles.document import changing as make
from tests.articles.document import strategies as some
from tests.articles.document.changing import again, cite, drug, figure, h, items, manifest, p, table, text


def problems(old, new, **options):
    """The reasons against a change from one paragraph, or some blocks, to another."""
    before, after = (
        [p(one)] if isinstance(one, str) else one if isinstance(one, list) else [one] for one in (old, new)
    )
    page = manifest(*before, **options)
    return typo_problems(page, again(page, *after))


SPELLING = [
    ("The treatement helps.", "The treatment helps."),
    ("Ask your docter about it.", "Ask your doctor about it."),
    ("It is recieved by many.", "It is received by many."),
    ("Surgery may help somme people", "Surgery may help somme people."),
    ("People with cancer", "people with Cancer"),
    ("the the drug helps", "the drug helps"),
    ("The the drug helps", "The drug helps"),
    ("Come for a follow up visit", "Come for a follow-up visit"),
    ("Come for a followup visit", "Come for a follow-up visit"),
    ("Come for a follow up visit", "Come for a followup visit"),
    ("Wait, then call.", "Wait; then call!"),
    ("“Yes”, she said", "'Yes' - she said"),
    ("The naive cell", "The naïve cell"),
    ("Its the patients choice", "It's the patient's choice"),
    ("Take 5 mg (daily).", "Take 5 mg, daily"),
    ("In 2021, it was shown", "In 2021 it was shown"),
    ("Between 5–7 weeks", "Between 5-7 weeks"),
    ("Do not stop", "Do not  stop"),
    ("This is so. Not that.", "This is so; not that."),
    ("The the scan of the thee brain and the brian", "The scan of the thee brain and the brain"),
    ("A followup visitt", "A follow up visit"),
]


@pytest.mark.parametrize(("old", "new"), SPELLING)
def test_spelling_and_punctuation(old, new):
    assert problems(old, new) == []


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("Take 7.4 mg", "Take 74 mg", "A number changed: “7.4” became “74”."),
        ("Take 7.4 mg", "Take 7,4 mg", "A number changed: “7.4” became “7,4”."),
        ("Take .5 mg", "Take 5 mg", "A number changed: “.5” became “5”."),
        ("Take 5 mg", "Take 50 mg", "A number changed: “5” became “50”."),
        ("Take 5 mg", "Take -5 mg", "A number changed: “5” became “-5”."),
        ("Take 5 or 7", "Take 5 or", "A number was removed: “7”."),
        ("In 4-7 weeks", "In 4, 7 weeks", "“4-7”"),
        ("In 5 - 7 weeks", "In 5 7 weeks", "A sign was removed: “-”."),
        ("It cost 1. 5 of it", "It cost 1 5 of it", "“1.”"),
        ("HER2 positive", "HER3 positive", "A number changed: “HER2” became “HER3”."),
        ("10² cells", "10³ cells", "A number changed"),
        ("about ½ of it", "about ¼ of it", "A number changed"),
        ("Stage XVIII of it", "Stage XXIII of it", "A number changed"),
        ("Take 5 mg", "Take 5 mcg", "A unit changed: “mg” became “mcg”."),
        ("Take 5 mg", "Take 5 Mg", "A unit changed: “mg” became “Mg”."),
        ("Take 5 µg", "Take 5 mg", "A unit changed"),
        ("After three months", "After three mouths", "A unit changed"),
        ("5 % of people", "5 of people", "A sign was removed: “%”."),
        ("a score < ten", "a score > ten", "A sign changed: “<” became “>”."),
        ("a score ≤ ten", "a score < ten", "A sign changed"),
        ("twenty ± four", "twenty four", "A sign was removed: “±”."),
        ("yes and/or no", "yes and or no", "A sign was removed: “/”."),
        ("Do not stop", "Do stop", "Words were removed: “not”."),
        ("Do stop", "Do not stop", "Words were added: “not”."),
        ("It is now safe", "It is not safe", "“now” became “not”: a word that carries meaning."),
        ("You may stop", "You must stop", "“may” became “must”"),
        ("You can stop", "You cannot stop", "“can” became “cannot”"),
        ("Do it with care", "Do it without care", "“with” became “without”"),
        ("I dont stop", "I don't stop", "“dont” became “don't”"),
        ("Do not stop", "Do NOT stop", "“not” carries meaning and became “NOT”."),
        ("It may help", "It May help", "“may” carries meaning and became “May”."),
        ("not not now", "not now", "Words were removed: “not”."),
        ("it has fewer risks", "it has newer risks", "“fewer” became “newer”"),
        ("there are risks", "three are risks", "“there” became “three”"),
        ("hypoglycemia was seen", "hyperglycemia was seen", "“hypoglycemia” became “hyperglycemia”"),
        ("it will increase", "it will decrease", "“increase” became “decrease”"),
        ("a typical cell", "an atypical cell", "“typical” became “atypical”"),
        ("a typical cell", "atypical cell", "Words changed: “a typical” became “atypical”."),
        ("with out help", "without help", "Words changed"),
        ("the symptomatic phase", "the asymptomatic phase", "the beginning or ending of a word"),
        ("antenatal care", "antinatal care", "the beginning or ending of a word"),
        ("intramuscular use", "intermuscular use", "the beginning or ending of a word"),
        ("preoperative care", "postoperative care", "“preoperative” became “postoperative”"),
        ("resectable tumour", "unresectable tumour", "the beginning or ending of a word"),
        ("hypoxia was seen", "hypoxic was seen", "the beginning or ending of a word"),
        ("take prednisone", "take prednisolone", "this may be the name of a drug"),
        ("take vinblastine", "take vinblastina", "this may be the name of a drug"),
        ("the ureter is seen", "the urethra is seen", "two medical words that look alike"),
        ("with dysphagia", "with dysphasia", "two medical words that look alike"),
        ("the bone cell", "the bond cell", "“bone” became “bond”: this is another word."),
        ("the breast cell", "the brain cell", "this is another word"),
        ("the large cell", "the cell", "Words were removed: “large”."),
        ("the cell", "the large cell", "Words were added: “large”."),
        ("the the cell", "cell", "Words were removed: “the the”."),
        ("cells cells", "", "Words were removed: “cells cells”."),
        ("the cell", "the the cell", "Words were added: “the”."),
        ("one. Cells. Cells divide", "one. Cells divide", "Words were removed: “Cells”."),
    ],
)
def test_what_changes_the_meaning(old, new, reason):
    found = problems(old, new)
    assert any(reason in sentence for sentence in found), found


def test_another_order_is_never_spelling():
    assert problems("surgery then drugs", "drugs then surgery")
    assert problems("wordd 5 cells", "5 word cells")


@pytest.mark.parametrize(("old", "new"), SPELLING)
def test_every_slip_may_stand_in_any_text(old, new):
    for place in ("title", "standfirst"):
        page = manifest(p("Words."), **{place: old})
        assert typo_problems(page, again(page, **{place: new})) == []
    page = manifest(p("Words."), seo={"title": old, "description": ""})
    assert typo_problems(page, again(page, seo={"title": new, "description": ""})) == []
    assert problems(figure(alt=old, node_id="n" * 12), figure(alt=new, node_id="n" * 12)) == []
    assert problems(items("bullet_list", old), items("bullet_list", new)) == []
    assert problems(table(["Head"], [old]), table(["Head"], [new])) == []


# Layout


def test_layout_is_no_change():
    one = [p("One sentence. Another sentence.")]
    assert problems(one, [p("One sentence."), p("Another sentence.")]) == []
    assert problems(one, [h("One sentence.", 3), items("ordered_list", "Another sentence.")]) == []
    assert problems(items("bullet_list", "One", "Two"), items("ordered_list", "One", "Two")) == []
    assert problems(h("What helps", 2), h("What helps", 4)) == []
    assert problems(p("Small cells"), p("Small", {"type": "hard_break"}, "cells")) == []
    assert problems(p("Small cells"), p("Small ", text("cells", "strong"))) == []
    assert problems(p("Take ", text("5 mg"), "."), p("Take ", text("5 mg", "strong"), ".")) == []


@pytest.mark.parametrize("word", ["not", "without", "only", "must", "don't"])
def test_emphasis_of_a_word_that_carries_meaning_is_more_than_layout(word):
    before, after = p(f"Do {word} stop"), p("Do ", text(word, "strong"), " stop")
    for old, new in ((before, after), (after, before)):
        assert problems(old, new) == [f"“{word}” carries meaning; it was emphasised or is no longer."]


def test_emphasis_of_a_part_of_such_a_word_counts():
    assert problems(p("Do not stop"), p("Do n", text("ot", "em"), " stop"))


def test_a_value_that_moves_into_another_cell_is_a_change():
    assert problems(table(["A", "B"], ["", "yes"]), table(["A", "B"], ["yes", ""]))
    assert problems(table(["A"], ["yes"]), p("A yes"))


def test_words_do_not_wander_from_the_title_into_the_text():
    page = manifest(p("Words."), title="Sleep well", standfirst="")
    assert typo_problems(page, again(page, title="Sleep", standfirst="well"))


def test_a_frame_is_more_than_layout():
    head = make.inner("Call us", kind="heading", level=3)
    call, emergency = (make.block("callout", head, tone=tone) for tone in ("call", "emergency"))
    assert problems(call, emergency)
    assert problems(call, h("Call us", 3))
    assert problems(items("key_facts", "One"), items("bullet_list", "One"))
    assert problems(make.block("quote", make.inner("One")), p("One"))


# Atoms


def test_markers_keep_their_place_and_their_sources():
    old = p("It helps.", cite(1), " It passes.", cite(2))
    assert problems(old, p("It helps", cite(1), ". It pases.", cite(2))) == []
    assert problems(old, p("It helps. It passes.", cite(1), cite(2)))
    assert problems(old, p("It helps.", cite(1), " It passes."))
    assert problems(old, p("It helps.", cite(1), " It passes.", cite(2, 3)))
    assert any(
        "[2] became [1]" in one or "names other sources" in one
        for one in problems(old, p("It helps.", cite(1), " It passes.", cite(1)))
    )


def test_mentions_stay_as_they_are():
    old = p("Take ", drug("full"), " daily")
    assert problems(old, p("Take ", drug("generic"), " daily")) == [
        "A drug or subtype changed: “Testa® (testumab)” became “testumab”."
    ]
    assert problems(old, p("Take daily"))
    assert problems(old, p("Take Testa (testumab) daily"))


def test_a_known_name_is_never_misspelled():
    old = p("Take ", drug("brand"), " as Testabo")
    pages = copy.deepcopy(some.PAGES)
    pages[some.DRUG]["brand"] = "Testabo"
    assert any("name of a drug" in one for one in problems(old, p("Take ", drug("brand"), " as Testobo"), pages=pages))


def test_links_stay_where_they_are():
    one, other = "https://a.example/", "https://b.example/"
    linked = p("Read ", text("our guide", href=one), ".")
    assert problems(linked, p("Read ", text("our guide", href=one), "!")) == []
    assert problems(linked, p("Read ", text("our giude", href=one), ".")) == []
    for after in (
        p("Read ", text("our guide", href=other), "."),
        p("Read our guide."),
        p("Read ", text("our", href=one), " guide."),
    ):
        assert any("link" in sentence.lower() for sentence in problems(linked, after))
    assert problems(p("Read it."), p("Read it", text(".", href=one)))


# Around the body


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"slug": "b-title"}, "The address of the page changed."),
        ({"language": "es"}, "The language of the page changed."),
        ({"bylines": [{"name": "A"}]}, "The names of the writers changed."),
        ({"facts": make.DRUG_FACTS | {"route": "drip"}}, "The facts about this drug or subtype changed."),
        ({"pages": {}}, "A mentioned drug or subtype changed its name or its page."),
        ({"images": {make.IMAGE: make.PICTURE | {"sha256": "1f" * 32}}}, "A picture was added, removed or replaced."),
    ],
)
def test_nothing_else_may_change(change, reason):
    page = manifest(p("Words."), figure(), kind="drug", facts=make.DRUG_FACTS)
    assert reason in typo_problems(page, again(page, **change))
    assert typo_problems(page, copy.deepcopy(page)) == []


def test_sources_may_not_change():
    page = manifest(p("Words.", cite(1)))
    changed = copy.deepcopy(page)
    changed["references"][0]["csl"]["title"] = "Source l"
    assert any("sources changed" in one for one in typo_problems(page, changed))
    assert "“note” changed." in typo_problems(page, page | {"note": 1})
    assert typo_problems(page, page | {"seo": page["seo"] | {"x": 1}})


@pytest.mark.parametrize("change", [{"image": None}, {"decorative": True}, {"hero": True}])
def test_figures_stay_as_they_are(change):
    assert problems(figure(node_id="n" * 12), figure(node_id="n" * 12, **change))


# Properties


@given(make.manifests)
def test_no_change_is_no_problem(page):
    assert typo_problems(page, copy.deepcopy(page)) == []


@given(make.vandalised(make.manifests))
def test_damage_has_a_reason(pair):
    """Whatever lets a change pass changed no number, no atom and nothing around the text."""
    old, new = pair
    if not typo_problems(old, new):
        for part in ("references", "pages", "images", "slug", "language", "bylines", "facts", "uid", "kind"):
            assert canonical.canonical({"x": old.get(part)}) == canonical.canonical({"x": new.get(part)})
        assert _digits(old) == _digits(new)


def _digits(page):
    texts = [node["text"] for node in tree.inlines(page) if node["type"] == "text"]
    return [char for text in texts for char in text if char.isnumeric()]


words = st.lists(
    st.sampled_from(["cells", "treatment", "doctor", "not", "5", "7.4", "mg", "may", "<", "surgery"]),
    min_size=1,
    max_size=8,
)


@given(words, words)
def test_only_equal_words_pass_when_none_is_alike(old, new):
    once = [word for place, word in enumerate(old) if not place or old[place - 1] != word]
    found = problems(" ".join(["start", *old]), " ".join(["start", *new]))
    assert (found == []) <= (once == [word for place, word in enumerate(new) if not place or new[place - 1] != word])
    assert found == [] or old != new


@given(st.lists(st.sampled_from(["not", "may", "5", "mg", "%"]), min_size=1, max_size=6), st.data())
def test_nothing_that_carries_meaning_comes_or_goes(kept, data):
    place = data.draw(st.integers(0, len(kept) - 1))
    fewer = kept[:place] + kept[place + 1 :]
    line, shorter = (" word ".join(["begin", *side, "end"]) for side in (kept, fewer))
    assert problems(line, shorter)
    assert problems(shorter, line)


# Small parts


@pytest.mark.parametrize(
    ("old", "new", "steps"),
    [("", "", 0), ("abc", "abc", 0), ("abc", "acb", 1), ("abc", "ab", 1), ("abc", "abcd", 1), ("abc", "xbc", 1),
     ("abcd", "badc", 2), ("abc", "xyz", 3), ("a", "abcdef", 3), ("abcdef", "fedcba", 3)],
)  # fmt: skip
def test_distance_counts_swaps_as_one(old, new, steps):
    assert distance(old, new) == distance(new, old) == steps


@pytest.mark.parametrize("word", ["not", "No", "don’t".replace("’", "'"), "nunca", "may", "three", "less"])
def test_words_that_carry_meaning(word):
    assert lexicon.is_protected(word)


def test_a_slip_is_no_opposite():
    for old, new in (
        ("treatement", "treatment"),
        ("recieve", "receive"),
        ("definately", "definitely"),
        ("occured", "occurred"),
    ):
        assert not lexicon.are_opposites(old, new)


def test_a_long_page_is_judged_in_time():
    old = " ".join(f"word{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)} of the" for n in range(15_000))
    other = " ".join(
        f"other{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)} of the" for n in range(15_000)
    )
    for new in (other, old.replace("wordab", "wordba"), ""):
        start = time.process_time()
        assert problems(old, p(new or "x"))
        assert time.process_time() - start < 4
