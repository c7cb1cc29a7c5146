"""Markers, numbers, entries and identifiers of references."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles import citations
from tests.articles.document import strategies as some


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1", [1]), ("2,4-7", [2, 4, 5, 6, 7]), ("2, 3", [2, 3]), ("4–7", [4, 5, 6, 7]), ("7,1", [7, 1]), ("1;2", [1, 2]), ("2,2-3", [2, 3]),  # noqa: RUF001
    ],
)  # fmt: skip
def test_markers_are_read(text, numbers):
    assert citations.parse(text) == numbers


@pytest.mark.parametrize("text", ["", "a", "0", "1,", "4-", "-4", "7-4", "4-4", "1-9999", "٣", "1.5", "01"])
def test_other_things_are_no_markers(text):
    with pytest.raises(ValueError, match="“"):
        citations.parse(text)


@pytest.mark.parametrize(
    ("numbers", "label"),
    [
        ([1], "1"),
        ([2, 3], "2,3"),
        ([4, 5, 6, 7], "4-7"),
        ([1, 3, 4, 5, 6, 7, 8, 19], "1,3-8,19"),
        ([7, 1, 9, 8], "1,7-9"),
        ([2, 4], "2,4"),
        ([5, 5], "5"),
    ],
)
def test_markers_are_written(numbers, label):
    assert citations.label(numbers) == label


@given(st.lists(st.integers(1, 999), min_size=1, max_size=30))
def test_what_is_written_reads_the_same(numbers):
    assert citations.parse(citations.label(numbers)) == sorted(set(numbers))


def cite(*refs):
    return {
        "type": "paragraph",
        "attrs": {"node_id": "a" * 12},
        "content": [{"type": "citation", "attrs": {"refs": list(refs)}}],
    }


def test_numbers_follow_the_first_mention_and_survive_a_move():
    a, b, c, d = some.REFS[:4]
    content = some.content([cite(c), cite(c, a), cite(a)], facts={"approvals": [{"ref": None}, {"ref": d}, {"ref": a}]})
    assert citations.numbering(content) == {c: 1, a: 2, d: 3}
    content["body"]["content"].reverse()
    assert citations.numbering(content) == {a: 1, c: 2, d: 3}
    assert citations.clusters(content) == [[a], [c, a], [c], [d], [a]]
    assert b not in citations.numbering(content)


def test_markers_in_lists_tables_facts_and_call_outs_count():
    def run(ref):
        return {"type": "paragraph", "content": cite(ref)["content"]}

    a, b, c, d, e, _f = some.REFS
    body = [
        {"type": "key_facts", "attrs": {}, "content": [{"type": "list_item", "content": [run(e)]}]},
        {"type": "bullet_list", "attrs": {}, "content": [
            {"type": "list_item", "content": [run(d), {"type": "bullet_list", "content": [{"type": "list_item", "content": [run(c)]}]}]},
        ]},
        {"type": "callout", "attrs": {}, "content": [{"type": "heading", "attrs": {"level": 3}, "content": []}, run(b)]},
        {"type": "table", "attrs": {}, "content": [{"type": "table_row", "content": [{"type": "table_cell", "content": run(a)["content"]}]}]},
    ]  # fmt: skip
    assert list(citations.numbering(some.content(body))) == [e, d, c, b, a]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10.1245/S10434-020-08310-2", ("doi", "10.1245/s10434-020-08310-2")),
        ("https://doi.org/10.1000/ABC.", ("doi", "10.1000/abc")),
        ("http://dx.doi.org/10.1000%2Fabc", ("doi", "10.1000/abc")),
        ("doi:10.1000/abc", ("doi", "10.1000/abc")),
        ("DOI 10.1000/abc;", ("doi", "10.1000/abc")),
        ("10.1016/S0140-6736(20)30183-5", ("doi", "10.1016/s0140-6736(20)30183-5")),
        ("(10.1000/abc)".strip("("), ("doi", "10.1000/abc")),
        ("PMID: 0012345", ("pmid", "12345")),
        ("12345", ("pmid", "12345")),
        ("https://pubmed.ncbi.nlm.nih.gov/12345/", ("pmid", "12345")),
        ("PMC123", ("pmcid", "PMC123")),
        ("https://www.ncbi.nlm.nih.gov/pmc/articles/PMC123/", ("pmcid", "PMC123")),
        ("NCT01234567", ("nct", "NCT01234567")),
        ("https://clinicaltrials.gov/study/NCT01234567?tab=results", ("nct", "NCT01234567")),
        ("ISBN 0-306-40615-2", ("isbn", "9780306406157")),
        ("978-0-306-40615-7", ("isbn", "9780306406157")),
        ("HTTPS://Example.ORG/Path.", ("url", "https://example.org/Path")),
        ("www.example.org", ("url", "https://www.example.org")),
    ],
)
def test_identifiers_have_one_spelling(text, found):
    assert citations.identifier(text) == found
    assert citations.identifier(found[1]) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "10.1/a",
        "978-0-306-40615-8",
        "javascript:alert(1)",
        "https://a\u202e.org",
        "ftp://example.org",
        "http://x",
    ],
)
def test_other_things_are_no_identifiers(text):
    with pytest.raises(ValueError, match="is not"):
        citations.identifier(text)


def names(text):
    return citations.names(text)


JOURNAL = {
    "type": "article-journal", "title": "Warm hands and cold feet: a trial", "author": names("Roe A; van Dam B; Lund CC"),
    "container-title": "Ann. Cold Limbs", "issued": {"date-parts": [[2020, 8]]}, "volume": "27", "issue": "8", "page": "2711–2720",  # noqa: RUF001
    "DOI": "10.5555/S1-2",
}  # fmt: skip


@pytest.mark.parametrize(
    ("csl", "entry"),
    [
        (JOURNAL, "Roe A, van Dam B, Lund CC. Warm hands and cold feet: a trial. Ann Cold Limbs. 2020;27(8):2711-2720. doi:10.5555/s1-2"),
        (
            JOURNAL | {"author": names("A A; B B; C C; D D; E E; F F; G G")},
            "A A, B B, C C, et al. Warm hands and cold feet: a trial. Ann Cold Limbs. 2020;27(8):2711-2720. doi:10.5555/s1-2",
        ),
        (
            JOURNAL | {"author": names("A A; B B; C C; D D; E E; F F"), "title": "Is it so?", "DOI": "", "PMID": "123"},
            "A A, B B, C C, D D, E E, F F. Is it so? Ann Cold Limbs. 2020;27(8):2711-2720. PMID: 123",
        ),
        (
            {
                "type": "webpage", "title": "Cold feet", "author": [{"literal": "Foot Society"}], "container-title": "Foot Society",
                "issued": {"date-parts": [[2021, 6, 2]]}, "accessed": {"date-parts": [[2022, 5, 1]]}, "URL": "https://example.org/feet",
            },
            "Foot Society. Cold feet. Published June 2, 2021. Accessed May 1, 2022. https://example.org/feet",
        ),
        (
            {"type": "book", "title": "The Foot", "author": names("Roe, Ada Maria"), "edition": "2", "publisher": "Press", "issued": {"date-parts": [[2015]]}},
            "Roe AM. The Foot. 2nd ed. Press; 2015.",
        ),
        (
            {
                "type": "chapter", "title": "Toes", "author": names("Roe A"), "container-title": "The Foot", "editor": names("Lund B"),
                "publisher": "Press", "issued": {"date-parts": [[2015]]}, "page": "1-9",
            },
            "Roe A. Toes. In: Lund B, eds. The Foot. Press; 2015:1-9.",
        ),
        (
            {"type": "report", "title": "Feet in numbers", "author": [{"literal": "Foot Board"}], "publisher": "Foot Board", "number": "Report 7",
             "issued": {"date-parts": [[2019]]}, "URL": "https://example.org/r"},
            "Foot Board. Feet in numbers. 2019. Report 7. https://example.org/r",
        ),
        (
            {"type": "document", "title": "Testa", "genre": "Prescribing information", "publisher": "Testa Inc", "issued": {"date-parts": [[2022]]}},
            "Testa. Prescribing information. Testa Inc; 2022.",
        ),
        ({"type": "dataset", "title": "A trial", "NCT": "NCT01234567", "URL": "https://example.org/t"},
         "A trial. ClinicalTrials.gov identifier: NCT01234567. https://example.org/t"),
        ({}, ""),
    ],
)  # fmt: skip
def test_entries_in_the_style_of_the_ama(csl, entry):
    assert citations.plain(citations.ama(csl)) == entry


def test_parts_of_an_entry_have_their_looks():
    looks = dict(citations.ama(JOURNAL))
    assert looks["Ann Cold Limbs."] == "i"
    assert looks["doi:10.5555/s1-2"] == "https://doi.org/10.5555/s1-2"


def test_an_entry_speaks_the_language_of_its_page():
    csl = {
        "type": "webpage",
        "title": "Pies",
        "accessed": {"date-parts": [[2022, 5, 1]]},
        "URL": "https://example.org/",
    }
    assert (
        citations.plain(citations.ama(csl, language="es"))
        == "Pies. Consultado el 1 de mayo de 2022. https://example.org/"
    )


def test_the_other_style():
    assert citations.plain(citations.vancouver(JOURNAL)) == (
        "Roe A, van Dam B, Lund CC. Warm hands and cold feet: a trial. Ann Cold Limbs. 2020 Aug;27(8):2711-20. doi: 10.5555/s1-2"
    )
    assert citations.vancouver({"type": "book", "title": "x"}) == citations.ama({"type": "book", "title": "x"})


def test_an_address_that_is_none_gets_no_link():
    assert citations.ama({"title": "x", "URL": "javascript:alert(1)"}) == [("x.", "")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Roe A; van Dam BC", [{"family": "Roe", "given": "A"}, {"family": "van Dam", "given": "BC"}]),
        ("Roe, Ada", [{"family": "Roe", "given": "Ada"}]),
        ("Lund J-L Jr", [{"family": "Lund", "given": "JL", "suffix": "Jr"}]),
        ("Foot Society", [{"literal": "Foot Society"}]),
        ("", []),
    ],
)
def test_authors_are_typed_in_one_field(text, found):
    assert citations.names(text) == found
    assert citations.names(citations.names_text(found)) == found


def test_a_source_is_found_again_by_its_best_identifier():
    assert citations.csl_identifier(JOURNAL | {"PMID": "1"}) == ("doi", "10.5555/s1-2")
    assert citations.csl_identifier({"DOI": "broken", "PMID": "12"}) == ("pmid", "12")
    assert citations.csl_identifier({"title": " A  Title", "author": names("Roe A")}) == (
        "text",
        "roe a a title",
    )
