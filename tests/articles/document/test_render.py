"""The signed HTML: pure, escaped, balanced in each part, and walled in twice."""

import copy
import re
from html.parser import HTMLParser

import pytest
from django.utils import translation
from hypothesis import given

from articles import citations
from articles.document import canonical, render, wall
from articles.document.schema import new_id, normalise
from tests.articles.document import strategies as some
from tests.articles.document.test_schema import FACTS, figure, paragraph, text

VOID = {"br", "img", "source"}
IMAGE = "i" * 12
PICTURE = {"sha256": "0f" * 32, "width": 1200, "height": 800, "format": "jpeg"}


def manifest(*body, kind="article", **more):
    content = normalise(some.content(list(body), **more))
    listed = {reference["uid"]: reference for reference in content["references"]}
    return content | {
        "kind": kind, "uid": "p" * 12, "references": [listed[ref] for ref in citations.numbering(content)], "pages": some.PAGES,
        "images": {IMAGE: PICTURE},
    }  # fmt: skip


def cite(*numbers):
    return {"type": "citation", "attrs": {"refs": [some.REFS[number - 1] for number in numbers]}}


def heading(words, level=2):
    return {
        "type": "heading",
        "attrs": {"node_id": new_id(), "level": level},
        "content": [{"type": "text", "text": words}],
    }


class Balance(HTMLParser):
    """Fails on a tag that is not closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.words = [], [], []

    def handle_starttag(self, tag, attrs):
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def parsed(html):
    page = Balance()
    page.feed(html)
    page.close()
    assert page.open == []
    return page


@given(some.bodies)
def test_any_body_renders_balanced_with_unique_ids_and_nothing_foreign(content):
    page = manifest(*content["body"]["content"])
    html = render.render(page)
    assert html.count(render.SEAM) == 2
    inside = html[html.index(">") + 1 : -len("</article>")]
    ids = [ident for part in inside.split(render.SEAM) for ident in parsed(part).ids]
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"<([a-z0-9]+)", html)) <= wall.TAGS | {"article"}
    assert html == render.render(copy.deepcopy(page))


@given(some.words)
def test_every_word_is_shown_as_written(words):
    block = paragraph({"type": "text", "text": f"<b>{words}&amp;"})
    html = render.render(manifest(block))
    shown = "".join(parsed(html).words)
    assert f"<b>{normalise(some.content([block]))['body']['content'][0]['content'][0]['text'][3:]}" in shown


def test_rendering_knows_no_active_language():
    page = manifest(paragraph(text(), cite(1)))
    english = render.render(page)
    with translation.override("es"):
        assert render.render(page) == english
    assert "Reference </span>1" in english
    assert "Referencia </span>1" in render.render(page | {"language": "es"})


def test_the_article_names_its_hash():
    page = manifest(paragraph(text()))
    signed = canonical.content_hash(canonical.canonical(page))
    assert render.render(page).startswith(
        f'<article class="article article" data-signed="{signed}" lang="en" aria-labelledby="title">'
    )
    assert re.fullmatch(r"b1:[0-9a-f]{64}", signed)


def test_the_hash_covers_spelling_in_one_form():
    assert canonical.canonical({"b": "Cafe\u0301", "a": 1}) == '{"a":1,"b":"Café"}'


def test_header_opening_and_rest():
    page = manifest(
        paragraph(text("Before.")), heading("One"), paragraph(text("1")), heading("Deep", 3), heading("Two"), paragraph(text("2"), cite(1)),
        heading("Three"), paragraph(text("3")), standfirst="In short.", bylines=[{"name": "Ada"}, {"name": "Ben"}, {"name": "Cy"}],
    )  # fmt: skip
    header, opening, rest = render.render(page).split(render.SEAM)
    assert header.endswith(
        '<header class="article-head"><h1 id="title">A title</h1><p class="lead">In short.</p>'
        '<p class="article-byline">By Ada, Ben and Cy</p></header>'
    )
    assert opening.startswith("<p>Before.</p>")
    assert '<h2 id="two">Two</h2><p>2<sup' in opening
    assert rest.startswith('<h2 id="three">Three</h2><p>3</p><section class="references"')


def test_a_short_page_is_all_opening():
    _header, opening, rest = render.render(manifest(heading("One"), paragraph(text()))).split(render.SEAM)
    assert opening == '<h2 id="one">One</h2><p>words</p>'
    assert rest == "</article>"


def test_markers_and_the_way_back():
    html = render.render(
        manifest(paragraph(text(), cite(2)), paragraph(text(), cite(1, 2, 3, 4)), paragraph(text(), cite(5, 6)))
    )
    assert (
        '<sup class="citation"><a id="c2" href="#ref-1" data-refs="1,2,3,4" role="doc-noteref"><span class="vh">References </span>1-4</a></sup>'
    ) in html
    assert (
        '<a id="c3" href="#ref-5" data-refs="5,6" role="doc-noteref"><span class="vh">References </span>5,6</a>' in html
    )
    assert (
        '<li id="ref-1">Source 2. <a href="https://example.org/2">https://example.org/2</a> <span class="references-back">'
        '<a role="doc-backlink" href="#c1">↑<span class="vh"> Back to where reference 1 is cited, 1 of 2</span></a> '
        '<a role="doc-backlink" href="#c2">↑<span class="vh"> Back to where reference 1 is cited, 2 of 2</span></a></span></li>'
    ) in html
    assert 'role="doc-endnotes" aria-labelledby="references-title"><h2 id="references-title">References</h2>' in html


def test_only_cited_references_are_listed_and_an_empty_one_says_so():
    page = manifest(paragraph(text(), cite(3)))
    page["references"][0]["csl"] = {}
    html = render.render(page)
    assert html.count("<li id=") == 1
    assert "This reference is still empty." in html


def mention(**attrs):
    return {"type": "drug", "attrs": {"page": some.DRUG, **attrs}}


def test_mentions_of_live_and_other_pages():
    subtype = {"type": "subtype", "attrs": {"page": some.SUBTYPE}}
    page = manifest(paragraph(mention(form="full"), mention(form="brand"), mention(form="generic"), subtype))
    assert (
        '<p><a class="drug" href="/drugs/testumab/">Testa® <span class="drug-generic">(testumab)</span></a>'
        '<a class="drug" href="/drugs/testumab/">Testa®</a><a class="drug" href="/drugs/testumab/">testumab</a>Low group</p>'
    ) in render.render(page)
    page["pages"] = {
        some.DRUG: some.PAGES[some.DRUG] | {"hash": None, "brand": "", "mark": ""},
        some.SUBTYPE: some.PAGES[some.SUBTYPE] | {"hash": "b1:2"},
    }
    assert (
        '<p>testumabtestumabtestumab<a class="subtype" href="/subtypes/low-group/">Low group</a></p>'
        in render.render(page)
    )


def test_pictures():
    html = render.render(
        manifest(
            figure(image=IMAGE, alt='A "tree".', hero=True, caption="Spring & fall", credit="Ada"), figure(image=IMAGE, decorative=True),
            figure(alt="Not there yet"),
        )
    )  # fmt: skip
    address = f"/media/i/{'0f' * 32}"
    assert (
        f'<figure class="figure"><picture><source type="image/webp" srcset="{address}/480.webp 480w, {address}/960.webp 960w, {address}/1200.webp 1200w"'
    ) in html
    assert (
        f'<img src="{address}/1200.jpg" width="1200" height="800" alt="A &quot;tree&quot;." loading="eager" fetchpriority="high" decoding="async">'
        in html
    )
    assert '<figcaption>Spring &amp; fall <span class="figure-credit">Ada</span></figcaption>' in html
    assert 'alt="" loading="lazy" decoding="async"' in html
    assert "<p>This picture has no file yet. Not there yet</p>" in html


def test_lists_quotes_call_outs_facts_and_tables():
    def inner(words):
        return {"type": "paragraph", "content": [text(words)]}

    items = [
        {
            "type": "list_item",
            "content": [
                inner("a"),
                {"type": "ordered_list", "content": [{"type": "list_item", "content": [inner("b")]}]},
            ],
        }
    ]
    facts = [{"type": "list_item", "content": [inner("fact")]}]
    head = {"type": "heading", "attrs": {"level": 3}, "content": [text("Call")]}

    def cell(words, header=False):
        return {"type": "table_cell", "attrs": {"header": header}, "content": [text(words)] if words else []}

    def block(kind, content, **attrs):
        return {"type": kind, "attrs": {"node_id": new_id(), **attrs}, "content": content}

    rows = [[cell("Drug"), cell("Dose")], [cell("Testa", header=True), cell("5 mg")]]
    html = render.render(
        manifest(
            block("bullet_list", items), block("quote", [inner("said")]), block("callout", [head, inner("now")], tone="emergency"),
            block("key_facts", facts), block("key_facts", facts),
            block("table", [{"type": "table_row", "content": row} for row in rows], caption="Doses"),
        )
    )  # fmt: skip
    for part in (
        "<ul><li>a<ol><li>b</li></ol></li></ul>",
        "<blockquote><p>said</p></blockquote>",
        '<div class="callout callout-urgent"><div><h3>Call</h3><p>now</p></div></div>',
        '<section class="key-facts" aria-labelledby="key-facts-title"><h2 id="key-facts-title">Key facts</h2><ul><li><span>fact</span></li></ul></section>',
        'id="key-facts-title-2"',
        '<table class="table"><caption>Doses</caption><thead><tr><th scope="col">Drug</th><th scope="col">Dose</th></tr></thead>'
        '<tbody><tr><th scope="row">Testa</th><td data-label="Dose">5 mg</td></tr></tbody></table>',
    ):
        assert part in html


def test_a_drug_page_shows_its_facts_and_numbers_its_approvals_last():
    facts = FACTS | {
        "approvals": [
            {"date": "2022-08-05", "what": "Low group", "jurisdiction": "US", "ref": some.REFS[1]},
            FACTS["approvals"][0] | {"ref": None},
        ]
    }
    html = render.render(manifest(paragraph(text(), cite(1)), kind="drug", facts=facts, title="Testa"))
    assert '<h1 id="title">Testa® <span class="drug-generic">(testumab)</span></h1>' in html
    assert '<dl class="facts summary"><dt>Brand name</dt><dd>Testa®</dd><dt>Generic name</dt><dd>testumab</dd>' in html
    assert "<dt>Subtypes</dt><dd>Low group</dd>" in html
    assert (
        '<td data-label="Date"><time datetime="2022-08-05">5 August 2022</time></td><td data-label="Approved for">Low group<sup class="citation">'
        '<a id="c2" href="#ref-2"'
    ) in html
    assert '<time datetime="2022-08">August 2022</time>' in html
    assert html.index("<dl") < html.index("<p>words") < html.index('class="approvals"') < html.index('id="references"')


def test_a_subtype_page_shows_its_definition():
    facts = {
        "name": "Low group",
        "definition": "A <low> score.",
        "authority": "",
        "synonyms": ["Low", "Lowish"],
    }
    html = render.render(manifest(paragraph(text()), kind="subtype", facts=facts))
    assert "<dt>Definition</dt><dd>A &lt;low&gt; score.</dd><dt>Other names</dt><dd>Low, Lowish</dd></dl>" in html


PLANTS = [
    "<script>alert(1)</script>", '<img src="x" onerror="alert(1)">', '<a href="javascript:alert(1)">x</a>', '<a href="javascript:12">x</a>',
    "<svg><script>alert(1)</script></svg>", '<iframe src="https://e.org"></iframe>', "<style>p{}</style>", '<p style="color:red" onclick="x()">x</p>',
    '<form action="https://e.org"><input name="q"></form>', '<a href="data:text/html,x">x</a>', '<img src="https://e.org/track.png" alt="">',
    '<p class="masthead">x</p>', '<meta http-equiv="refresh" content="0">', '<a href="//e.org">x</a>', "<!-- note -->", '<math><mi xlink:href="x"/></math>',
]  # fmt: skip


@pytest.mark.parametrize("planted", PLANTS)
def test_the_second_wall_stops_what_the_renderer_lets_through(monkeypatch, planted):
    monkeypatch.setattr(render._Artefact, "render_paragraph", lambda self, node: f"<p>kept</p>{planted}")
    html = render.render(manifest(paragraph(text())))
    assert "<p>kept</p>" in html
    for evil in (
        "<script",
        "onerror",
        "e.org",
        "javascript:",
        "<svg",
        "<iframe",
        "<style",
        "style=",
        "onclick",
        "<form",
        "data:text",
        "masthead",
        "<meta",
        'href="//',
        "<!-- ",
        "<math",
    ):
        assert evil not in html


def test_the_wall_keeps_every_byte_of_a_clean_page():
    page = manifest(paragraph(text(), cite(1)), figure(image=IMAGE, alt="x", hero=True), heading("Next"))
    artefact = render._Artefact(page)
    for part in (
        artefact.header(),
        *(artefact.block(block) for block in page["body"]["content"]),
        artefact.references(),
    ):
        assert wall.clean(part) == part


def test_a_link_the_validator_never_saw_loses_its_address():
    block = paragraph(text("x", {"type": "link", "attrs": {"href": "javascript:alert(1)"}}))
    assert "<p>x</p>" in render.render(manifest(block))


def test_anchors_are_unique_and_keep_clear_of_the_page():
    page = manifest(
        heading("Side effects"),
        heading("Side effects", 3),
        heading("References"),
        heading("Title"),
        heading("c1"),
        heading("标题"),
        heading("Ref 1"),
    )
    found = render.contents(page)
    ids = [entry["id"] for entry in found]
    assert ids[:2] == ["side-effects", "side-effects-2"]
    assert len(set(ids)) == 7
    assert not {"references", "title", "c1", "ref-1"} & set(ids)
    assert found[1] == {"id": "side-effects-2", "text": "Side effects", "level": 3}
    html = render.render(page)
    assert all(f'id="{ident}"' in html for ident in ids)


def test_plain_words():
    page = manifest(heading("One"), paragraph(text("two words"), cite(1), mention(form="full")), figure(alt="A tree"))
    assert render.plain_text(page) == "One\n\ntwo wordsTesta® (testumab)\n\nA tree"
    assert render.plain_text(page["body"]) == "One\n\ntwo words\n\nA tree"
    assert render.word_count(page) == 4
    assert render.reading_minutes(page) == 1
    assert render.reading_minutes(manifest(paragraph(text("word " * 1000)))) == 5


def test_pieces_for_the_review_page():
    page = manifest(paragraph(text("a"), cite(1)), paragraph(text("b"), cite(2)))
    pieces = render.pieces(page)
    assert [node_id for node_id, _html in pieces] == [block["attrs"]["node_id"] for block in page["body"]["content"]]
    assert 'id="c2" href="#ref-2"' in pieces[1][1]


def test_an_artefact_is_cut_at_its_seams():
    html = render.render(manifest(paragraph(text("<!--seam-->"))))
    parts = render.parts(html)
    assert len(parts) == 3
    assert render.SEAM.join(parts) == html
