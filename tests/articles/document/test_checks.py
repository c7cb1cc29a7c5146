"""What keeps a draft from going to review, and what is only pointed out."""

import pytest

from articles.document import checks, schema
from articles.document.schema import new_id
from tests.articles.document import strategies as some
from tests.articles.document.test_schema import FACTS, figure, paragraph, text


def citation(*numbers):
    return {"type": "citation", "attrs": {"refs": [some.REFS[number - 1] for number in numbers]}}


def draft(*body, **more):
    return some.content([paragraph(text(), citation(1, 2, 3, 4, 5, 6)), *body], **more)


def blocking(*body, kind="article", images=(), **more):
    return [problem.message for problem in schema.submit_problems(draft(*body, **more), kind=kind, images=set(images))]


def with_reference(number, csl):
    content = draft()
    content["references"][number - 1]["csl"] = csl
    return content


def test_a_complete_draft_may_go():
    picture = figure(image="a" * 12, alt="A tree beside a river.")
    assert blocking(picture, figure(image="b" * 12, decorative=True), images=["a" * 12, "b" * 12]) == []


@pytest.mark.parametrize(
    ("attrs", "says"),
    [
        ({"image": None, "alt": "A tree."}, "Figure 1 has no picture file. Add one, or remove the figure."),
        (
            {"image": "c" * 12, "alt": "A tree."},
            "Figure 1 has no picture file. Add one, or remove the figure.",
        ),
        ({"alt": " "}, "Figure 1 has no description. Say what it shows, or mark it as decoration."),
        (
            {"alt": "IMG_2034.jpg"},
            "The description of figure 1 is the name of a file. Say what the picture shows.",
        ),
        (
            {"alt": "DSC 0042"},
            "The description of figure 1 is the name of a file. Say what the picture shows.",
        ),
        (
            {"alt": "A tree.", "decorative": True},
            "Figure 1 is marked as decoration but has a description. Keep one of the two.",
        ),
    ],
)
def test_figures(attrs, says):
    assert blocking(figure(**{"image": "a" * 12, **attrs}), images=["a" * 12]) == [says]


def test_an_alternative_text_may_mention_a_file():
    assert not checks.is_file_name("A screen that shows the file tree.jpg open")


@pytest.mark.parametrize(
    ("csl", "says"),
    [
        ({}, "Reference 3 is empty. Fill it in, or remove its marker from the text."),
        ({"type": "webpage", "title": "  "}, "Reference 3 has no title."),
        ({"type": "webpage"}, "Reference 3 is empty. Fill it in, or remove its marker from the text."),
        (
            {"title": "x", "DOI": "11.5/x"},
            "The DOI of reference 3 is not a DOI. It looks like 10.1000/xyz123.",
        ),
        (
            {"title": "x", "PMID": "12a"},
            "The PMID of reference 3 is not a PubMed number, which has only digits.",
        ),
        ({"title": "x", "PMCID": "12"}, "The PMCID of reference 3 is not one. It looks like PMC1234567."),
        ({"title": "x", "ISBN": "9780306406158"}, "The ISBN of reference 3 has a wrong digit."),
        (
            {"title": "x", "NCT": "NCT1"},
            "The trial number of reference 3 is not one. It looks like NCT01234567.",
        ),
        (
            {"title": "x", "URL": "example.org"},
            "The web address of reference 3 cannot be used. It must start with https:// or http://.",
        ),
        (
            {"title": "x", "URL": "mailto:a@b.org"},
            "The web address of reference 3 cannot be used. It must start with https:// or http://.",
        ),
    ],
)
def test_references(csl, says):
    assert [
        problem.message for problem in schema.submit_problems(with_reference(3, csl), kind="article", images=set())
    ] == [says]


def test_an_empty_reference_nobody_cites_blocks_with_its_own_words():
    content = some.content([paragraph(text())])
    content["references"][1]["csl"] = {}
    [problem] = schema.submit_problems(content, kind="article", images=set())
    assert problem == schema.Problem(
        some.REFS[1], "reference_empty", "Reference 2 is empty and not cited. Fill it in, or remove it."
    )


def test_title_address_and_text_must_be_there():
    content = some.content(
        [paragraph(), paragraph(text(" ")), figure(image="a" * 12, alt="A tree")], title=" ", slug=""
    )
    found = {problem.where for problem in schema.submit_problems(content, kind="article", images={"a" * 12})}
    assert found == {"title", "slug", "body"}


def test_an_empty_heading_blocks():
    heading = {"type": "heading", "attrs": {"node_id": new_id(), "level": 2}, "content": []}
    assert blocking(heading) == ["A heading is empty."]


def test_drugs_and_subtypes_need_their_name():
    assert blocking(kind="drug", facts=FACTS | {"generic": " "}) == ["The generic name of the drug is missing."]
    assert blocking(kind="subtype", facts={"name": ""}) == ["The name of the subtype is missing."]


def test_damage_is_named_before_what_is_missing():
    content = draft(title="")
    content["body"]["content"].append({"type": "script"})
    assert {problem.code for problem in schema.submit_problems(content, kind="article", images=set())} == {"node"}


def test_warnings_do_not_block():
    deep = {"type": "heading", "attrs": {"node_id": new_id(), "level": 4}, "content": [text("Deep")]}
    content = some.content(
        [paragraph(text("word " * 151), citation(1)), deep, figure(image="a" * 12, alt="long " * 100)]
    )
    content["references"][2]["csl"] = dict(content["references"][0]["csl"])
    content["references"][3]["csl"] = {"type": "article-journal", "title": "x"}
    codes = [problem.code for problem in checks.warnings(content)]
    assert {
        "standfirst",
        "byline",
        "level",
        "long_alt",
        "long_paragraph",
        "uncited",
        "duplicate",
        "no_year",
    } == set(codes)
    assert codes.count("uncited") == 5
    assert schema.submit_problems(content, kind="article", images={"a" * 12}) == []


def test_a_tidy_draft_has_no_warnings():
    assert checks.warnings(draft(standfirst="In short.", bylines=[{"name": "Ada"}])) == []
    assert [
        problem.code
        for problem in checks.warnings(some.content([paragraph(text())], standfirst="x", bylines=[{"name": "A"}]))
    ][0] == "uncited"
