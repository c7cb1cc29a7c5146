"""Random but valid bodies, for property tests."""

import string

from hypothesis import strategies as st

from articles.document import normal
from articles.document.schema import new_id, text_problem

REFS = [f"{letter * 11}2" for letter in "abcdef"]
DRUG, SUBTYPE = "d" * 12, "s" * 12
SLOTS = {ref: number for number, ref in enumerate(REFS, start=1)}
SLUGS = {DRUG: ("drug", "testumab"), SUBTYPE: ("subtype", "low-group")}
HREFS = ["https://example.org/a_(b)", "http://example.org/?q=1&r=*2*", "mailto:me@example.org"]

awkward = st.text(alphabet="*[]{}()\\|-+.#=:•– 12a)\u00a0é®", min_size=1, max_size=12)
plain = st.text(alphabet=string.ascii_letters + "     ,.;'", min_size=1, max_size=20)
anything = st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8)
words = st.one_of(plain, awkward, anything).filter(lambda text: not text_problem(text))

marks = st.lists(
    st.one_of(
        st.just({"type": "strong"}),
        st.just({"type": "em"}),
        st.sampled_from(HREFS).map(lambda href: {"type": "link", "attrs": {"href": href}}),
    ),
    max_size=3,
    unique_by=lambda mark: mark["type"],
)
text = st.builds(normal.text_node, words, marks)
citation = st.lists(st.sampled_from(REFS), min_size=1, max_size=6, unique=True).map(
    lambda refs: {"type": "citation", "attrs": {"refs": sorted(refs, key=SLOTS.__getitem__)}}
)
drug = st.sampled_from(["full", "brand", "generic"]).map(
    lambda form: {"type": "drug", "attrs": {"page": DRUG, "form": form}}
)
subtype = st.just({"type": "subtype", "attrs": {"page": SUBTYPE}})
inline = st.one_of(text, text, text, citation, drug, subtype)
line = st.tuples(plain.map(lambda text: {"type": "text", "text": f"a{text}"}), st.lists(inline, max_size=5)).map(
    lambda pair: [pair[0], *pair[1]]
)
broken = st.lists(st.one_of(inline, st.just({"type": "hard_break"})), min_size=0, max_size=7).flatmap(
    lambda nodes: inline.map(lambda first: [first, *nodes])
)
paragraph = broken.map(lambda run: {"type": "paragraph", "content": run})


def item(deeper):
    return st.tuples(paragraph, st.one_of(st.none(), deeper)).map(
        lambda pair: {"type": "list_item", "content": [part for part in pair if part]}
    )


flat_items = st.lists(item(st.none()), min_size=1, max_size=3)
kinds_of_list = st.sampled_from(["bullet_list", "ordered_list"])
inner = st.builds(lambda kind, items: {"type": kind, "content": items}, kinds_of_list, flat_items)
inner = st.builds(
    lambda kind, items: {"type": kind, "content": items},
    kinds_of_list,
    st.lists(item(inner), min_size=1, max_size=3),
)
items = st.lists(item(inner), min_size=1, max_size=3)
heading3 = line.map(lambda run: {"type": "heading", "attrs": {"level": 3}, "content": run})


def _block(kind, content, **attrs):
    return {"type": kind, "attrs": {"node_id": new_id(), **attrs}, "content": content}


@st.composite
def tables(draw):
    width = draw(st.integers(1, 3))
    cell = st.tuples(st.booleans(), st.lists(inline, max_size=3)).map(
        lambda pair: {"type": "table_cell", "attrs": {"header": pair[0]}, "content": pair[1]}
    )
    row = st.lists(cell, min_size=width, max_size=width).map(lambda cells: {"type": "table_row", "content": cells})
    return _block("table", draw(st.lists(row, min_size=1, max_size=4)), caption=draw(words))


textual = st.one_of(
    broken.map(lambda run: _block("paragraph", run)),
    st.tuples(line, st.sampled_from([2, 3, 4])).map(lambda pair: _block("heading", pair[0], level=pair[1])),
    items.map(lambda content: _block("bullet_list", content)),
    items.map(lambda content: _block("ordered_list", content)),
    flat_items.map(lambda content: _block("key_facts", content)),
    st.lists(paragraph, min_size=1, max_size=3).map(lambda content: _block("quote", content)),
    st.tuples(heading3, st.lists(st.one_of(paragraph, inner), max_size=4), st.sampled_from(["call", "emergency"])).map(
        lambda parts: _block("callout", [parts[0], *parts[1]], tone=parts[2])
    ),
    tables(),
)
figure = st.tuples(words, words, words, st.booleans()).map(
    lambda parts: {
        "type": "figure",
        "attrs": {
            "node_id": new_id(),
            "image": None,
            "alt": parts[0],
            "caption": parts[1],
            "credit": parts[2],
            "decorative": False,
            "hero": parts[3],
        },
    }  # fmt: skip
)


def content(body, **more):
    """A draft around the given blocks, with six filled references."""
    csl = [
        {"type": "webpage", "title": f"Source {number}", "URL": f"https://example.org/{number}"}
        for number in range(1, 7)
    ]
    return {
        "schema": 1, "title": "A title", "standfirst": "", "slug": "a-title", "language": "en", "bylines": [],
        "body": {"type": "doc", "content": body}, "facts": {}, "seo": {"title": "", "description": ""},
        "references": [{"uid": uid, "csl": entry} for uid, entry in zip(REFS, csl, strict=True)], **more,
    }  # fmt: skip


bodies = st.lists(st.one_of(textual, textual, figure), min_size=1, max_size=6).map(content)
PAGES = {
    DRUG: {
        "kind": "drug",
        "slug": "testumab",
        "brand": "Testa",
        "mark": "®",
        "generic": "testumab",
        "hash": "b1:1",
    },
    SUBTYPE: {"kind": "subtype", "slug": "low-group", "name": "Low group", "hash": None},
}
