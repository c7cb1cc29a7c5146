"""Manifests and random changes to them, for the tests of what a reviewer is shown."""

import copy
import json

from hypothesis import strategies as st

from articles import citations
from articles.document.schema import new_id, normalise
from articles.document.tree import blocks, runs
from tests.articles.document import strategies as some

IMAGE = "i" * 12
PICTURE = {"sha256": "0f" * 32, "width": 1200, "height": 800, "format": "jpeg"}
DRUG_FACTS = {
    "brand": "Testa", "mark": "®", "generic": "testumab", "drug_class": "antibody", "route": "", "target": "",
    "other_names": ["TST-1"], "subtypes": [some.SUBTYPE],
    "approvals": [{"date": "2022-08", "what": "first use", "jurisdiction": "US", "ref": some.REFS[0]}],
}  # fmt: skip


def block(kind, *inlines, **attrs):
    return {"type": kind, "attrs": {"node_id": new_id(), **attrs}, "content": list(inlines)}


def text(words, *marks, href=""):
    made = [{"type": mark} for mark in marks]
    made += [{"type": "link", "attrs": {"href": href}}] if href else []
    return {"type": "text", "text": words, "marks": made} if made else {"type": "text", "text": words}


def cite(*numbers):
    return {"type": "citation", "attrs": {"refs": [some.REFS[number - 1] for number in numbers]}}


def drug(form="full"):
    return {"type": "drug", "attrs": {"page": some.DRUG, "form": form}}


def inner(*inlines, kind="paragraph", **attrs):
    made = {"type": kind, "content": [text(one) if isinstance(one, str) else one for one in inlines]}
    return made | {"attrs": attrs} if attrs else made


def p(*inlines, **attrs):
    return block("paragraph", *(text(one) if isinstance(one, str) else one for one in inlines), **attrs)


def h(words, level=2, **attrs):
    return block("heading", text(words), level=level, **attrs)


def items(kind, *texts, **attrs):
    made = [{"type": "list_item", "content": [inner(one)]} for one in texts]
    return block(kind, *made, **attrs)


def table(*rows, caption="", **attrs):
    made = [
        {
            "type": "table_row",
            "content": [
                {"type": "table_cell", "attrs": {"header": not place}, "content": [text(cell)] if cell else []}
                for cell in row
            ],
        }
        for place, row in enumerate(rows)
    ]
    return block("table", *made, caption=caption, **attrs)


def figure(**attrs):
    whole = {"image": IMAGE, "alt": "A chart", "decorative": False, "caption": "", "credit": "", "hero": False}
    return {"type": "figure", "attrs": {"node_id": new_id(), **whole, **attrs}}


def manifest(*body, kind="article", pages=None, images=None, **more):
    """What is signed of a draft with these blocks."""
    content = normalise(some.content(list(body), **more))
    listed = {reference["uid"]: reference for reference in content["references"]}
    pictures = {one["attrs"]["image"]: PICTURE for one in content["body"]["content"] if one["type"] == "figure"}
    return content | {
        "kind": kind, "uid": "p" * 12, "pages": copy.deepcopy(some.PAGES) if pages is None else pages,
        "references": [listed[ref] for ref in citations.numbering(content)],
        "images": {uid: one for uid, one in pictures.items() if uid} if images is None else images,
    }  # fmt: skip


def again(page, *body, **more):
    """The same page with another body, or with other things around it."""
    names = ("kind", "pages", "title", "standfirst", "slug", "language", "bylines", "facts", "seo")
    listed = {one["uid"]: one for one in [*some.content([])["references"], *page["references"]]}
    kept = {name: page[name] for name in names if name in page}
    blocks_now = copy.deepcopy(list(body or page["body"]["content"]))
    return manifest(*blocks_now, **{"references": list(listed.values()), **kept, **more})


manifests = some.bodies.map(lambda content: manifest(*content["body"]["content"]))
drug_pages = some.bodies.map(
    lambda content: manifest(*content["body"]["content"], kind="drug", facts=copy.deepcopy(DRUG_FACTS))
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(alphabet="ab é", max_size=4) | st.sampled_from(some.REFS),
    lambda deeper: (
        st.lists(deeper, max_size=2)
        | st.dictionaries(st.sampled_from(["type", "attrs", "content", "text", "uid", "x"]), deeper, max_size=2)
    ),
    max_leaves=6,
)


def paths(value, path=()):
    """The way to every part of a JSON value."""
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in pairs:
        yield from paths(child, (*path, key))


@st.composite
def vandalised(draw, sources):
    """A manifest and the same one with anything at any place."""
    before = draw(sources)
    after = json.loads(json.dumps(before))
    path = draw(st.sampled_from([path for path in paths(after) if path]))
    target = after
    for step in path[:-1]:
        target = target[step]
    if draw(st.booleans()):
        target[path[-1]] = draw(json_values)
    else:
        del target[path[-1]]
    return before, after


def _edit_words(draw, page):
    spots = [
        (run, place)
        for one in blocks(page)
        for run in runs(one)
        for place, node in enumerate(run)
        if node["type"] == "text"
    ]
    if spots:
        run, place = draw(st.sampled_from(spots))
        run[place] = text(f"x{draw(some.plain)}x", *draw(st.sampled_from([(), ("strong",), ("em",)])))


def _swap(draw, page):
    body = page["body"]["content"]
    body.insert(draw(st.integers(0, len(body))), body.pop(draw(st.integers(0, len(body) - 1))))


def _drop(draw, page):
    body = page["body"]["content"]
    if len(body) > 1:
        del body[draw(st.integers(0, len(body) - 1))]


def _add(draw, page):
    page["body"]["content"].append(draw(some.textual))


def _retitle(draw, page):
    page[draw(st.sampled_from(["title", "standfirst"]))] = f"x{draw(some.plain)}"


def _redescribe(draw, page):
    reference = draw(st.sampled_from(page["references"]))
    reference["csl"] = {**reference["csl"], draw(st.sampled_from(["title", "DOI", "note"])): f"x{draw(some.plain)}"}


CHANGES = [_edit_words, _swap, _drop, _add, _retitle, _redescribe]


@st.composite
def edited(draw):
    """Two manifests as a writer makes them: the second from the first by a few edits."""
    content = draw(some.bodies)
    changed = copy.deepcopy(content)
    for change in draw(st.lists(st.sampled_from(CHANGES), max_size=4)):
        change(draw, changed)
    rest = {key: changed[key] for key in ("title", "standfirst", "references")}
    return manifest(*content["body"]["content"]), manifest(*changed["body"]["content"], **rest)
