"""The comparison as markup: two columns, signs and words for every change, and nothing that was written gets out."""

import re
from html.parser import HTMLParser

from django.template.loader import render_to_string
from hypothesis import given

from articles.document.diff import compare
from tests.articles.document import changing as make
from tests.articles.document.changing import again, cite, drug, figure, h, items, manifest, p, text

VOID = {"br", "path", "use"}
HOSTILE = "<script>alert(1)</script>\"'&{{ x }}<del>"


class Balance(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.tags, self.ids, self.targets = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        attrs = dict(attrs)
        self.ids += [attrs["id"]] if "id" in attrs else []
        self.targets += [attrs["href"]] if tag == "a" else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


def drawn(comparison, **context):
    html = render_to_string("articles/parts/diff.html", {"comparison": comparison, **context})
    return re.sub(r"\s*\n\s*", "", html)


def parsed(html):
    page = Balance()
    page.feed(html)
    page.close()
    assert page.open == []
    return page


@given(make.edited())
def test_any_comparison_is_balanced_and_every_change_can_be_reached(pair):
    comparison = compare(*pair)
    page = parsed(drawn(comparison))
    assert [one for one in page.ids if one.startswith("change-")] == [
        f"change-{number}" for number in range(1, comparison.changes + 1)
    ]
    assert {target[1:] for target in page.targets} <= set(page.ids)
    assert "script" not in page.tags


def test_nothing_that_was_written_becomes_markup():
    page = manifest(p(HOSTILE), title=HOSTILE, references=make.some.content([])["references"])
    sources = make.some.content([])["references"]
    sources[0]["csl"] = {"type": "webpage", "title": HOSTILE, "note": HOSTILE}
    pages = {make.some.DRUG: {"kind": "drug", "slug": "x", "brand": HOSTILE, "mark": "", "generic": "", "hash": None}}
    other = [
        p(text(HOSTILE, "strong", href="https://example.org/?a=1&b='2'"), cite(1), drug("brand")),
        h(HOSTILE),
        items("ordered_list", HOSTILE),
        figure(alt=HOSTILE, caption=HOSTILE),
    ]
    images = {make.IMAGE: make.PICTURE | {"format": HOSTILE}}
    new = again(page, *other, references=sources, pages=pages, images=images, standfirst=HOSTILE)
    for comparison in (compare(page, new), compare(new, page), compare(None, new)):
        html = drawn(comparison, old_title=HOSTILE, new_title=HOSTILE)
        tags = parsed(html).tags
        assert "script" not in tags
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
        assert not re.search(r"=[\"'][^\"'<>]*<", html)
    assert "alert" in drawn(compare(page, page | {"title": "x"})), "it is shown, and only shown"


def test_what_was_removed_stands_before_what_was_added():
    block = p("Your team will take a sample.", node_id="n" * 12)
    page = manifest(block)
    html = drawn(compare(page, again(page, p("Your team may suggest a sample.", cite(1), node_id="n" * 12))))
    removed = '<td class="diff-removed"><span class="vh">Removed: </span>Your team <del>will take</del> a sample.</td>'
    added = (
        '<td class="diff-added"><span class="vh">Added: </span>Your team <ins>may suggest</ins> a sample.'
        "<ins><sup>1</sup></ins></td>"
    )
    assert f"{removed}{added}" in html
    assert '<tr id="change-1">' in html
    assert '<a href="#change-2">Next</a>' in html
    assert '<th scope="col">Before</th><th scope="col">After</th>' in html


def test_a_block_that_came_or_went_leaves_the_other_cell_empty():
    page = manifest(p("Kept."), p("Gone."))
    html = drawn(compare(page, again(page, page["body"]["content"][0], p("Quite other words."))))
    assert '<td class="diff-removed"><span class="vh">Removed: </span><del>Gone.</del></td><td></td>' in html
    assert '<td></td><td class="diff-added"><span class="vh">Added: </span><ins>Quite other words.</ins></td>' in html
    assert '<td class="diff-same-old">Kept.</td><td>Kept.</td>' in html


def test_unchanged_blocks_are_folded_and_headings_stand_out():
    body = [p(f"Block {number}.") for number in range(5)]
    page = manifest(*body, h("What helps"), p("Old."))
    blocks = page["body"]["content"]
    html = drawn(compare(page, again(page, *blocks[:-1], p("Old, and new.", node_id=blocks[-1]["attrs"]["node_id"]))))
    assert "Show 5 unchanged blocks" in html
    assert '<details class="fold"><summary>' in html
    assert '<td class="diff-section" colspan="2">What helps</td>' in html


def test_what_words_do_not_show_is_said_in_a_sentence():
    page = manifest(h("What helps", 2, node_id="n" * 12))
    html = drawn(compare(page, again(page, h("What helps", 3, node_id="n" * 12))))
    assert "<p>The heading was of level 2 and is of level 3 now.</p>" in html
    assert "diff-removed" not in html
    assert "Change 1 of 1" in html
    assert '<td class="diff-same-old">What helps</td><td>What helps</td>' in html


def test_a_link_that_changed_shows_where_it_leads():
    page = manifest(p(text("guide", href="https://a.example/"), node_id="n" * 12))
    html = drawn(compare(page, again(page, p(text("guide", href="https://b.example/"), node_id="n" * 12))))
    assert '<ins>guide <span class="code">(https://b.example/)</span></ins>' in html
    assert "<a href=" not in html


def test_no_change_is_said():
    page = manifest(p("Words."))
    html = drawn(compare(page, page))
    assert "Nothing changed." in html
    assert "<ins>" not in html
    assert "<del>" not in html


def test_signs_stand_for_what_has_no_letters():
    node_id = "n" * 12
    page = manifest(p("one two", node_id=node_id))
    html = drawn(compare(page, again(page, p("one\u00a0two", node_id=node_id))))
    assert "one<ins>␣</ins>two" in html
    html = drawn(compare(page, again(page, p("one", {"type": "hard_break"}, "two", node_id=node_id))))
    assert "<ins>↵<br></ins>" in html
