"""What a reviewer is shown between two revisions: every signed difference, once, in words."""

import copy
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles import citations
from articles.document import canonical, diff, tree
from articles.document.diff import compare, folded
from articles.document.schema import new_id
from articles.document.wording import compared
from tests.articles.document import changing as make
from tests.articles.document import strategies as some
from tests.articles.document.changing import again, cite, drug, figure, h, items, manifest, p, table, text

ID = "n" * 12


def shown(row, side):
    """The words of a row with what went in [-…-] and what came in {+…+}."""
    signs = {"same": ("", ""), "del": ("[-", "-]"), "ins": ("{+", "+}")}
    return "".join(f"{signs[piece.op][0]}{piece.lead}{piece.text}{signs[piece.op][1]}" for piece in getattr(row, side))


def said(row):
    return " ".join(row.what)


def only(comparison, panel="rows"):
    """The one change there is."""
    panels = ("fields", "rows", "references", "pages", "images", "others")
    changed = [(name, row) for name in panels for row in getattr(comparison, name) if row.kind != "same"]
    assert [name for name, _row in changed] == [panel], [(name, row.what, row.kind) for name, row in changed]
    assert comparison.changes == 1
    return changed[0][1]


def pair(before, after, **options):
    """The row of one block that changed."""
    for block in (before, after):
        block["attrs"]["node_id"] = ID
    page = manifest(before, **options)
    return only(compare(page, again(page, after)))


# Completeness


def same_bytes(old, new):
    return canonical.canonical(old) == canonical.canonical(new)


@given(make.edited())
def test_a_comparison_is_empty_exactly_when_the_signed_bytes_are_equal(pair_of):
    old, new = pair_of
    found = compare(old, new)
    assert found.is_empty == same_bytes(old, new)
    assert not any("cannot name" in said(row) for row in found.others)


@given(make.vandalised(make.manifests | make.drug_pages))
def test_even_damage_is_seen(pair_of):
    old, new = pair_of
    for one, other in ((old, new), (new, old)):
        found = compare(one, other)
        assert found.is_empty == same_bytes(one, other)


@given(make.edited(), st.data())
def test_two_differences_do_not_hide_each_other(pair_of, data):
    """Damage to one block is seen in that block, whatever else was edited."""
    old, new = pair_of
    broken = copy.deepcopy(new)
    place = data.draw(st.integers(0, len(broken["body"]["content"]) - 1))
    broken["body"]["content"][place]["surprise"] = 1
    plain, found = compare(old, new), compare(old, broken)
    assert len(plain.rows) <= len(found.rows)
    assert any("surprise" in shown(row, "new") for row in found.rows if row.kind in ("changed", "added"))


@given(make.manifests)
def test_everything_is_new_without_an_older_version(page):
    found = compare(None, page)
    assert {row.kind for row in found.rows} == {"added"}
    assert all(row.old == [] for row in found.rows)
    assert {"title", "slug", "uid"} <= {field.name for field in found.fields}
    assert len(found.references) == len(page["references"])
    assert not found.is_empty


def expected_text(page, block):
    """The words of a block with the numbers of its markers, without the code under test."""
    numbers = citations.numbering(page)

    def numbered(run):
        return [
            text(citations.label(numbers[ref] for ref in node["attrs"]["refs"])) if node["type"] == "citation" else node
            for node in run
        ]

    block = tree.map_runs(block, numbered)
    if block["type"] != "table":
        return tree.block_text(block, page["pages"])
    rows = [
        "\t".join(tree.inline_text(cell["content"], page["pages"]) for cell in row["content"])
        for row in block["content"]
    ]
    return "\n".join(([block["attrs"]["caption"]] if block["attrs"]["caption"] else []) + rows)


@given(make.edited())
def test_both_versions_can_be_read_from_the_pieces(pair_of):
    old, new = pair_of
    rows = compare(old, new).rows
    for page, side, missing in ((old, "old", "added"), (new, "new", "removed")):
        texts = ["".join(piece.text for piece in getattr(row, side)) for row in rows if row.kind != missing]
        assert sorted(texts) == sorted(expected_text(page, block) for block in page["body"]["content"])
    assert [row.node_id for row in rows if row.kind != "removed"] == [
        block["attrs"]["node_id"] for block in new["body"]["content"]
    ]


@given(make.edited())
def test_pieces_say_what_happened_to_them(pair_of):
    for row in compare(*pair_of).rows:
        assert {piece.op for piece in row.old} <= {"same", "del"}
        assert {piece.op for piece in row.new} <= {"same", "ins"}
        for side in (row.old, row.new):
            for one, other in zip(side, side[1:], strict=False):
                assert one.kind != "text" or one._replace(text="") != other._replace(text=""), "neighbours are merged"
        kept = [
            [(piece.kind, piece.text) for piece in side if piece.op == "same" and piece.kind == "text"]
            for side in (row.old, row.new)
        ]
        assert "".join(words for _kind, words in kept[0]) == "".join(words for _kind, words in kept[1])


@given(make.edited())
def test_changes_are_numbered_in_the_order_in_which_they_are_shown(pair_of):
    found = compare(*pair_of)
    entries = [*found.fields, *found.rows, *found.references, *found.pages, *found.images, *found.others]
    numbers = [entry.change for entry in entries if entry.kind != "same"]
    assert numbers == list(range(1, found.changes + 1))
    assert all(entry.change == 0 for entry in entries if entry.kind == "same")


# Words


def test_words_that_were_replaced_are_one_change():
    row = pair(p("Your team will take a new sample."), p("Your team may suggest a new sample, because scores differ."))
    assert shown(row, "old") == "Your team [-will take-] a new sample."
    assert shown(row, "new") == "Your team {+may suggest+} a new sample{+, because scores differ+}."
    assert row.kind == "changed"
    assert row.block == "Paragraph"


def test_a_number_is_one_word():
    row = pair(p("Take 7.4 mg."), p("Take 74 mg."))
    assert shown(row, "new") == "Take {+74+} mg."
    assert shown(row, "old") == "Take [-7.4-] mg."


def test_a_text_that_was_written_anew_is_not_cut_to_pieces():
    old = " ".join(f"the word{n} of" for n in range(30))
    new = " ".join(f"the other{n} is" for n in range(30))
    row = pair(p(old), p(new))
    assert [piece.op for piece in row.old] == ["del"]
    assert [piece.op for piece in row.new] == ["ins"]


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ([], ["strong"], "“not” was plain and is bold now."),
        (["strong"], ["em"], "“not” was bold and is italic now."),
        (["strong", "em"], [], "“not” was bold, italic and is plain now."),
    ],
)
def test_a_change_of_format_alone_is_a_change(before, after, sentence):
    row = pair(p("Do ", text("not", *before), " stop."), p("Do ", text("not", *after), " stop."))
    assert row.what == [sentence]
    assert shown(row, "old") == "Do [-not-] stop."
    assert shown(row, "new") == "Do {+not+} stop."


def test_a_link_that_leads_elsewhere_is_a_change():
    row = pair(p(text("our guide", href="https://a.example/")), p(text("our guide", href="https://b.example/")))
    assert row.what == ["“our guide” was a link to https://a.example/ and is a link to https://b.example/ now."]
    assert (row.old[0].href, row.new[0].href) == ("https://a.example/", "https://b.example/")


def test_words_around_a_change_of_format_stay_aligned():
    row = pair(p("a b c d"), p("a ", text("b x c", "strong"), " d"))
    assert "".join(piece.text for piece in row.new if piece.op == "ins") == "b x c"
    assert "".join(piece.text for piece in row.old if piece.op == "del") == "b c"


def test_another_kind_of_space_is_a_change():
    row = pair(p("5 mg"), p("5\u00a0mg"))
    assert [piece.is_blank for piece in row.new if piece.op == "ins"] == [True]


def test_line_breaks_are_seen():
    row = pair(p("one", " two"), p("one", {"type": "hard_break"}, "two"))
    assert [piece.kind for piece in row.new if piece.op == "ins"] == ["break"]


# Citations


def test_a_marker_that_names_one_more_source_shows_both_labels():
    row = pair(p("Yes.", cite(1), " No.", cite(2)), p("Yes.", cite(1), " No.", cite(2, 1)))
    assert shown(row, "old") == "Yes.1 No.[-2-]"
    assert shown(row, "new") == "Yes.1 No.{+1,2+}"
    assert [piece.kind for piece in row.new if piece.op == "ins"] == ["citation"]


def test_other_numbers_for_the_same_sources_are_no_change_of_text():
    first, second = p("First.", cite(1)), p("Second.", cite(2))
    page = manifest(first, second)
    found = compare(page, again(page, p("New.", cite(3)), first, second))
    assert [row.kind for row in found.rows] == ["added", "same", "same"]
    assert [row.renumbered for row in found.rows] == [False, True, True]
    assert found.renumbered
    assert (shown(found.rows[1], "old"), shown(found.rows[1], "new")) == ("First.1", "First.2")
    assert [(one.kind, one.label) for one in found.references] == [("added", "Source 1")]


def test_the_same_numbers_for_other_sources_are_a_change():
    page = manifest(p("First.", cite(1), node_id=ID))
    found = compare(page, again(page, p("First.", cite(2), node_id=ID)))
    assert (shown(found.rows[0], "old"), shown(found.rows[0], "new")) == ("First.[-1-]", "First.{+1+}")
    assert [one.kind for one in found.references] == ["added", "removed"]


def test_a_source_that_is_described_differently_changes_what_cites_it():
    page = manifest(p("First.", cite(1), node_id=ID), p("Second."))
    changed = copy.deepcopy(page)
    changed["references"][0]["csl"] |= {"title": "Another source 1", "note": "Retracted"}
    found = compare(page, changed)
    assert [row.kind for row in found.rows] == ["changed", "same"]
    assert found.rows[0].what == ["A source of marker 1 is described differently."]
    (source,) = found.references
    assert "title: was “Source 1”, is “Another source 1” now." in source.what
    assert "note: “Retracted” is new." in source.what
    assert "{+Another source+}" in shown(source, "new")


def test_another_order_of_the_same_sources_is_said_quietly():
    page = manifest(p("First.", cite(1, 2)))
    other = copy.deepcopy(page)
    other["body"]["content"][0]["content"][1]["attrs"]["refs"].reverse()
    row = only(compare(page, other))
    assert row.what == ["The sources of a marker are stored in another order; readers see no difference."]
    assert not row.has_words


def test_a_list_of_sources_in_another_order_is_said():
    page = manifest(p("First.", cite(1, 2), " Then.", cite(2)))
    other = copy.deepcopy(page)
    other["references"].reverse()
    found = compare(page, other)
    assert [said(one) for one in found.others] == ["The sources are listed in another order."]
    assert found.rows[0].renumbered
    assert found.rows[0].kind == "same"


def test_what_the_description_of_a_new_source_leaves_out_is_listed():
    page = manifest(p("First."))
    sources = some.content([])["references"]
    sources[0]["csl"]["note"] = "Seen on paper"
    found = compare(page, again(page, p("First.", cite(1)), references=sources))
    assert "note: Seen on paper" in found.references[0].what


# Mentions


def test_a_mention_changes_with_its_form():
    row = pair(p("Take ", drug("full"), "."), p("Take ", drug("generic"), "."))
    assert row.what == ["“Testa® (testumab)” is shown as “testumab” now."]
    assert (shown(row, "old"), shown(row, "new")) == ("Take [-Testa® (testumab)-].", "Take {+testumab+}.")


def test_a_mention_changes_with_its_printed_name():
    page = manifest(p("Take ", drug("brand"), "."))
    pages = copy.deepcopy(some.PAGES)
    pages[some.DRUG]["brand"] = "Nova"
    found = compare(page, again(page, pages=pages))
    assert shown(found.rows[0], "new") == "Take {+Nova®+}."
    assert found.pages[0].what == ["Brand name: was “Testa”, is “Nova” now."]
    assert (shown(found.pages[0], "old"), shown(found.pages[0], "new")) == (
        "[-Testa-]® (testumab)",
        "{+Nova+}® (testumab)",
    )


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (None, "b1:2", "It is public now and will be linked."),
        ("b1:2", None, "It is no longer public and will not be linked."),
        ("b1:2", "b1:3", "Its page has changed since."),
    ],
)
def test_a_mentioned_page_that_changed_or_went_live(before, after, sentence):
    pages = [some.PAGES | {some.DRUG: some.PAGES[some.DRUG] | {"hash": one}} for one in (before, after)]
    page = manifest(p("Take ", drug(), "."), pages=pages[0])
    row = only(compare(page, again(page, pages=pages[1])), "pages")
    assert sentence in row.what
    assert row.label == "Drug"


# Blocks


def test_blocks_are_known_by_their_identifier_even_when_nothing_else_is_left():
    row = pair(p("One sentence."), p("Quite another thing here"))
    assert row.kind == "changed"


def test_blocks_without_a_partner_are_paired_when_more_than_half_alike():
    page = manifest(p("Most people sleep badly at first."), p("It passes."))
    found = compare(page, again(page, p("Most people sleep very badly at first."), p("Ask somebody else today.")))
    assert [row.kind for row in found.rows] == ["changed", "removed", "added"]
    assert shown(found.rows[0], "new") == "Most people sleep {+very +}badly at first."
    assert said(found.others[0]) == "1 block has a new identifier: notes on the old one point nowhere."


@pytest.mark.parametrize(
    ("old", "new"),
    [("one two three four five", "one two seven eight nine"), ("one two three four five", "five four three two one")],
    ids=["two words of five", "the same words in no order"],
)
def test_blocks_that_are_less_than_half_alike_are_strangers(old, new):
    page = manifest(p(old))
    assert [row.kind for row in compare(page, again(page, p(new))).rows] == ["removed", "added"]


def test_shared_spaces_make_nobody_alike():
    page = manifest(p("one two three four five"))
    found = compare(page, again(page, p("six seven eight nine ten")))
    assert sorted(row.kind for row in found.rows) == ["added", "removed"]


def test_a_page_that_was_imported_again_is_unchanged_but_for_its_identifiers():
    body = [p(f"Sentence number {number} about sleep.") for number in range(80)]
    page = manifest(*body)
    found = compare(page, again(page, *(block | {"attrs": {"node_id": new_id()}} for block in body)))
    assert {row.kind for row in found.rows} == {"same"}
    assert found.changes == 1
    assert said(found.others[0]).startswith("80 blocks have new identifiers")


def test_edited_blocks_of_a_long_page_find_each_other_without_identifiers():
    body = [
        p(f"Sentence {number} about topic{number} and word{number} in a page of many blocks.") for number in range(90)
    ]
    page = manifest(*body)
    other = [p(block["content"][0]["text"].replace("many", "some")) for block in body]
    found = compare(page, again(page, *other))
    assert {row.kind for row in found.rows} == {"changed"}
    assert len(found.rows) == 90


def test_a_moved_block_is_said_to_be_moved():
    body = [p(f"Block {name}.") for name in "abcd"]
    page = manifest(*body)
    row = only(compare(page, again(page, *body[1:], body[0])))
    assert (row.kind, row.moved) == ("moved", True)
    assert row.what == ["Moved: it was block 1 and is block 4 now."]
    assert not row.has_words


def test_a_block_can_move_and_change():
    body = [p("Block one here."), p("Block two."), p("Block three.")]
    page = manifest(*body)
    changed = p("Block one there.", node_id=body[0]["attrs"]["node_id"])
    row = only(compare(page, again(page, *body[1:], changed)))
    assert (row.kind, row.moved) == ("changed", True)
    assert shown(row, "new") == "Block one {+there+}."


def test_removed_blocks_stand_where_they_stood():
    body = [p(f"Block {name}.") for name in "abcd"]
    page = manifest(*body)
    found = compare(page, again(page, body[0], body[3]))
    assert [(row.kind, shown(row, "old")) for row in found.rows] == [
        ("same", "Block a."),
        ("removed", "[-Block b.-]"),
        ("removed", "[-Block c.-]"),
        ("same", "Block d."),
    ]


def test_a_heading_of_another_level():
    row = pair(h("What helps", 2), h("What helps", 3))
    assert row.what == ["The heading was of level 2 and is of level 3 now."]
    assert row.is_heading


def test_a_paragraph_that_became_a_heading():
    row = pair(p("What helps"), h("What helps", 3))
    assert row.what == ["This was: Paragraph. It is now: Heading.", "Level 3."]


def test_a_list_that_got_numbers():
    row = pair(items("bullet_list", "One", "Two"), items("ordered_list", "One", "Two"))
    assert row.what[0] == "This was: List with bullets. It is now: Numbered list."
    assert (shown(row, "old"), shown(row, "new")) == ("•One•\nTwo", "1.One2.\nTwo")


def test_items_come_and_go_as_lines():
    row = pair(items("bullet_list", "One", "Two"), items("bullet_list", "One", "Three times", "Two"))
    assert shown(row, "new") == "•One{+•\n+}{+Three times+}•\nTwo"
    row = pair(items("ordered_list", "One", "Two", "Three"), items("ordered_list", "One", "Three"))
    assert shown(row, "old") == "1.One[-2.\n-][-Two-]3.\nThree"


def test_an_item_that_went_into_an_inner_list():
    flat = items("bullet_list", "One", "Two")
    deep = items("bullet_list", "One")
    deep["content"][0]["content"].append({"type": "ordered_list", "content": flat["content"][1:]})
    row = pair(flat, deep)
    assert row.what == ["“Two”: was an item with a bullet on level 1, is a numbered item on level 2 now."]


def test_a_call_out_of_another_tone():
    head = make.inner("Call us", kind="heading", level=3)
    before, after = (make.block("callout", head, make.inner("Any time."), tone=tone) for tone in ("call", "emergency"))
    row = pair(before, after)
    assert row.what == ["The call-out was about: calling somebody. It is now about: an emergency."]


def test_cells_of_a_table():
    row = pair(table(["Drug", "Dose"], ["A", "5 mg"]), table(["Drug", "Dose"], ["A", "6 mg"]))
    assert shown(row, "new") == "Drug\tDose\nA\t{+6+} mg"
    row = pair(table(["Drug", "Dose"], ["", "5 mg"]), table(["Drug", "Dose"], ["5 mg", ""]))
    assert row.has_words, "a value that moved into another column"


def test_a_cell_that_became_a_heading_and_a_caption():
    before, after = table(["Drug", "Dose"], ["A", "5 mg"]), table(["Drug", "Dose"], ["A", "5 mg"], caption="Doses")
    after["content"][1]["content"][0]["attrs"]["header"] = True
    row = pair(before, after)
    assert row.what == ["“A”: was a cell of the table, is a heading of the table now."]
    assert "{+Doses+}" in shown(row, "new")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"decorative": True}, "The picture is marked as decoration now; its description is not read out."),
        ({"hero": True}, "This is the main picture of the page now."),
        ({"image": None}, "Another picture is shown."),
    ],
)
def test_a_figure_in_another_role(change, sentence):
    page = manifest(figure(node_id=ID))
    found = compare(page, again(page, figure(node_id=ID, **change)))
    assert found.rows[0].what == [sentence]


def test_the_words_of_a_figure():
    row = pair(
        figure(alt="A chart of sleep", credit="Lind"), figure(alt="A chart of rest", caption="Nights", credit="Lind")
    )
    assert shown(row, "new") == "Description:A chart of {+rest+}{+Caption:\n+}{+Nights+}Credit:\nLind"


def test_a_picture_with_other_bytes_under_its_old_name():
    page = manifest(figure(node_id=ID))
    replaced = {make.IMAGE: make.PICTURE | {"sha256": "1f" * 32, "width": 640}}
    found = compare(page, again(page, images=replaced))
    assert found.rows[0].what == ["The file of the picture was replaced."]
    assert found.images[0].what[0] == "The file was replaced."
    assert "Width: was “1200”, is “640” now." in found.images[0].what


# Around the body


@pytest.mark.parametrize(
    ("change", "name", "old", "new"),
    [
        ({"title": "A new title"}, "title", "A title", "A {+new +}title"),
        ({"standfirst": "Short nights."}, "standfirst", "", "{+Short nights.+}"),
        ({"slug": "b-title"}, "slug", "[-a-]-title", "{+b+}-title"),
        ({"language": "es"}, "language", "[-en-]", "{+es+}"),
        ({"bylines": [{"name": "A. Diop"}]}, "bylines", "", "{++}{+A. Diop+}"),
        ({"seo": {"title": "Sleep", "description": ""}}, "seo.title", "", "{+Sleep+}"),
    ],
)
def test_fields_are_compared_as_words(change, name, old, new):
    page = manifest(p("Words."))
    row = only(compare(page, again(page, **change)), "fields")
    assert row.name == name
    assert row.label
    assert (shown(row, "old"), shown(row, "new")) == (old, new)
    assert row.has_words


@pytest.mark.parametrize(
    ("change", "name", "new"),
    [
        ({"brand": "Nova"}, "facts.brand", "{+Nova+}"),
        ({"mark": "™"}, "facts.mark", "{+™+}"),
        ({"other_names": ["TST-1", "TST-2"]}, "facts.other_names", "TST-1{+\n+}{+TST-2+}"),
        ({"subtypes": []}, "facts.subtypes", ""),
        ({"route": "a drip"}, "facts.route", "{+a drip+}"),
    ],
)
def test_the_facts_of_a_drug_are_compared_field_by_field(change, name, new):
    page = manifest(p("Words."), kind="drug", facts=make.DRUG_FACTS)
    row = only(compare(page, again(page, facts=make.DRUG_FACTS | change)), "fields")
    assert (row.name, shown(row, "new")) == (name, new)


def test_approvals_show_their_sources():
    page = manifest(p("Words.", cite(2)), kind="drug", facts=make.DRUG_FACTS)
    (approval,) = make.DRUG_FACTS["approvals"]
    changed = make.DRUG_FACTS | {"approvals": [approval | {"date": "2022-09", "ref": some.REFS[1]}]}
    (row,) = compare(page, again(page, facts=changed)).fields
    assert (row.name, row.label) == ("facts.approvals", "Approvals")
    assert shown(row, "old") == "2022-[-08-]\tfirst use[-2-]\tUS"
    assert shown(row, "new") == "2022-{+09+}\tfirst use{+1+}\tUS"


def test_a_missing_field_is_not_an_empty_one():
    page = manifest(p("Words."))
    without = {key: value for key, value in page.items() if key != "standfirst"}
    row = only(compare(without, page), "fields")
    assert (row.kind, shown(row, "new")) == ("added", '{+""+}')


def test_true_is_not_one():
    page = manifest(p("Words."))
    assert not compare(page | {"schema": True}, page | {"schema": 1}).is_empty
    assert compare(page | {"schema": 1.0}, page | {"schema": 1}).is_empty


@pytest.mark.parametrize("blind", ["compared", "attributes"])
def test_what_no_panel_understands_is_said_all_the_same(monkeypatch, blind):
    """If one day a block holds something that is not compared, its row still says that the bytes differ."""
    page = manifest(h("What helps", 2, node_id=ID))
    if blind == "compared":
        new = again(page, h("What else helps", 2, node_id=ID))
        monkeypatch.setattr(diff, "compared", lambda old, _new: compared(old, old))
    else:
        new = again(page, h("What helps", 3, node_id=ID))
        monkeypatch.setattr(diff._Body, "attributes", lambda *_blocks: [])
    row = only(compare(page, new))
    assert row.what == ["This block is stored differently in a way that this page cannot name."]


def test_the_last_catch_is_the_page_itself(monkeypatch):
    page = manifest(p("Words."))
    monkeypatch.setattr(diff.around, "fields", lambda *_versions: [])
    row = only(compare(page, page | {"surprise": 1}), "others")
    assert row.what == ["The signed bytes differ in a way that this page cannot name."]


# Folding


def row(kind):
    return diff.Row(kind, ID, "Paragraph", [], [], [])


@pytest.mark.parametrize(
    ("kinds", "around", "expected"),
    [
        ("", 1, []),
        ("ssss", 1, [4]),
        ("s", 1, ["s"]),
        ("ssscsss", 1, [2, "s", "c", "s", 2]),
        ("scs", 1, ["s", "c", "s"]),
        ("sscsscss", 1, ["s", "s", "c", "s", "s", "c", "s", "s"]),
        ("cssssc", 1, ["c", "s", 2, "s", "c"]),
        ("sssc", 0, [3, "c"]),
        ("ccc", 1, ["c", "c", "c"]),
    ],
)
def test_runs_of_unchanged_blocks_are_folded(kinds, around, expected):
    rows = [row({"s": "same", "c": "changed"}[kind]) for kind in kinds]
    shown_rows = folded(rows, around=around)
    assert [one.count if one.is_fold else one.kind[0] for one in shown_rows] == expected
    assert [one for entry in shown_rows for one in (entry.rows if entry.is_fold else [entry])] == rows


# Time


def long_page(words_of, ids):
    body = [
        {
            "type": "paragraph",
            "attrs": {"node_id": node_id},
            "content": [text(words_of(place)), {"type": "citation", "attrs": {"refs": [REFERENCES[place]["uid"]]}}],
        }
        for place, node_id in enumerate(ids)
    ]
    return manifest(*body, references=REFERENCES)


chance = random.Random(7)
VOCABULARY = ["".join(chance.choices("abcdefghijklmnop", k=chance.randint(3, 10))) for _ in range(3000)]
VOCABULARY += ["the"] * 300 + ["of"] * 150 + ["and"] * 100
REFERENCES = [{"uid": new_id(), "csl": {"type": "webpage", "title": f"Source {number}"}} for number in range(400)]


def prose(length=92):
    return " ".join(chance.choices(VOCABULARY, k=length))


def nudged(words):
    words = words.split(" ")
    for _ in range(8):
        words[chance.randrange(len(words))] = chance.choice(VOCABULARY)
    return " ".join(words)


def seconds(old, new):
    start = time.process_time()
    compare(old, new)
    return time.process_time() - start


@pytest.mark.parametrize("same_ids", [True, False])
@pytest.mark.parametrize("rewritten", [True, False])
def test_a_long_page_in_which_every_block_changed_is_compared_in_time(same_ids, rewritten):
    texts = [prose() for _ in range(400)]
    others = [prose() if rewritten else nudged(words) for words in texts]
    ids = [new_id() for _ in texts]
    old = long_page(texts.__getitem__, ids)
    new = long_page(others.__getitem__, ids if same_ids else [new_id() for _ in texts])
    assert seconds(old, new) < 3


def test_one_enormous_block_is_compared_in_time():
    ids = [ID]
    first, second = prose(16_000), prose(16_000)
    old = long_page(lambda _place: first, ids)
    assert seconds(old, long_page(lambda _place: second, ids)) < 2
    assert seconds(old, long_page(lambda _place: nudged(first), ids)) < 2
