"""Reading manuscripts: what is found in each of ours, and what must hold for any text at all."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from articles.document import importing, schema
from articles.document.manuscript.pieces import clean
from articles.document.tree import block_text, blocks

FOLDER = Path(__file__).parent / "manuscripts"
MANUSCRIPTS = sorted(path.name for path in FOLDER.iterdir() if path.suffix != ".json")


def read(text, name=""):
    return importing.read(text.encode(), name=name)


def body(manuscript):
    return [(block["type"], block_text(block)) for block in blocks(manuscript.content)]


@pytest.mark.parametrize("name", MANUSCRIPTS)
def test_our_manuscripts(name):
    expected = json.loads((FOLDER / f"{name}.json").read_text())
    manuscript = importing.read((FOLDER / name).read_bytes(), name=name)
    assert manuscript.report() == expected
    assert schema.validate(manuscript.content) == []


@pytest.mark.parametrize("name", [name for name in MANUSCRIPTS if name.endswith(".txt")])
def test_the_way_a_text_was_saved_changes_nothing(name):
    text = (FOLDER / name).read_text()
    expected = json.loads((FOLDER / f"{name}.json").read_text())
    windows = text.replace("\n", "\r\n")
    for data in (
        windows.encode("utf-8-sig"),
        text.encode("utf-16"),
        windows.replace(" 1", "\u00a01").encode(),
    ):
        assert importing.read(data, name="pasted").report() == expected


# Nothing is lost


def letters(text):
    """The words of two letters and more: "o" may be a bullet, "²" a marker."""
    return Counter(word for word in re.findall(r"[^\W\d_]{2,}", text) if word.isalpha())


def kept(manuscript):
    """Every word of a manuscript as imported, wherever it went."""
    content = manuscript.content
    words = [
        content["title"],
        content["standfirst"],
        str(content.get("legacy_review", "")),
        str(content["seo"]),
    ]
    words += [byline["name"] for byline in content["bylines"]]
    words += [block_text(block) for block in blocks(content)]
    words += [json.dumps(reference["csl"], ensure_ascii=False) for reference in content["references"]]
    words += manuscript.suggestions["dropped"] + manuscript.understood
    return letters("\n".join(words))


def lost(text, manuscript):
    return letters(text) - kept(manuscript)


@pytest.mark.parametrize("name", [name for name in MANUSCRIPTS if name.endswith((".txt", ".md"))])
def test_no_word_of_our_manuscripts_is_lost(name):
    text = clean((FOLDER / name).read_text())
    assert not lost(
        re.sub(r"\]\([^)]*\)|https?://\S+", " ", text),
        importing.read((FOLDER / name).read_bytes(), name=name),
    )


lines = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=30),
    st.sampled_from([
        "", "", "A Title Without Full Stop", "A sentence that ends.1", "which may include:2,4", "• one", "  • two", "    o three",
        "- four", "1. first", "2) second", "Advertisement", "Join the conversation", "References", "1. Roe A. On lists. J Lists. 2020;1(2):3-4.",
        "Reviewed by: A Board | Last reviewed: March 2023", "By Jane Doe", "Image shows a tree.", "Alt text:", "goes on in small letters and",
        "Drugs like Testa® (testumab) help.2,3", "<p>tag</p>", "# Mark", "[4-7]", "a | b", "Related articles", "Medically reviewed by",
    ]),
)  # fmt: skip


@given(st.lists(lines, max_size=25).map("\n".join))
@example("Image shows a tree.\n\nTitle\n\nx:1\n\nAdvertisement\n\n  • a\n      • b\n  c")
@example("- a\n- b\n• c\n\n1. d\n\n• e")
@example("References\n1. x")
def test_plain_text_never_fails_and_never_loses_a_word(text):
    try:
        manuscript = importing.read(text.encode(), name="pasted.txt")
    except importing.UnreadableManuscript:
        assert importing.read(f"Words first.\n\n{text}".encode())
        return
    assert schema.validate(manuscript.content) == []
    if "<" not in text and "](" not in text and "**" not in text and not re.search(r"^[>|#]|^\[\^", text, re.MULTILINE):
        assert not lost(clean(text), manuscript)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    try:
        manuscript = importing.read(data)
    except importing.UnreadableManuscript as error:
        problems = [] if str(error).endswith(".") else [str(error)]
    else:
        problems = schema.validate(manuscript.content)
    assert problems == []


tags = ["<p>", "</p>", "<ul>", "<li>", "</li>", "</ul>", "<ol start=9>", "<table>", "<tr>", "<td>", "</td>", "</table>", "<h2>", "</h2>", "<b>",
        "</b>", "<a href='javascript:1'>", "<a href=https://example.org>", "</a>", "<sup>2</sup>", "<br>", "<blockquote>", "<img alt='A tree'>",
        "<nav>", "</nav>", "<del>", "</div>", "<div class=ad>", "<!--", "-->", "<script>", "</script>", "&nbsp;", "&#0;", "&#x202e;"]  # fmt: skip


@given(
    st.lists(
        st.one_of(st.sampled_from(tags), st.sampled_from(["word", "More words here.", "• x ", "1. y "])),
        max_size=40,
    ).map("".join)
)
def test_any_soup_of_tags_is_read_or_refused(text):
    try:
        manuscript = read(f"<p>Start.</p>{text}", "page.html")
    except importing.UnreadableManuscript:
        pytest.fail("there was text to read")
    assert schema.validate(manuscript.content) == []


# Files that cannot be read


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b" \r\n\t\xef\xbb\xbf", "empty"),
        (b"a" * 2_000_001, "larger than 2 MB"),
        (b"%PDF-1.7 text", "PDF"),
        (b"PK\x03\x04rest", "docx"),
        (b"{\\rtf1 text}", "RTF"),
        (b"text \x00 text", "binary"),
        (bytes(range(1, 32)) * 40, "binary"),
        ("café".encode("latin-1"), "not in UTF-8: byte 4"),
        ("text".encode("utf-32"), "UTF-32"),
        (b"\xff\xfea", "not in UTF-8"),
        (b"A title\n\n" + b"Long words. " * 20_000, "longer than 200,000"),
    ],
)
def test_unreadable_files_are_refused_with_a_sentence(data, says):
    with pytest.raises(importing.UnreadableManuscript) as error:
        importing.read(data)
    assert says in str(error.value)


# The genre, one habit at a time


def article(*paragraphs):
    return read("\n\n".join(["A Title About It", "The first paragraph stands here and says a few words.", *paragraphs]))


@pytest.mark.parametrize(
    ("first", "alt"),
    [
        ("Image shows a tree. Its leaves fall.", "Image shows a tree. Its leaves fall."),
        ("Photo: A tree.", "A tree."),
        ("Alt text: A tree.", "A tree."),
        ("[Image: A tree]", "A tree"),
        ("Hero image: A tree", "A tree"),
        ("A stylized illustration of a tree", "A stylized illustration of a tree"),
        ("Three people sit under a tree and read.", "Three people sit under a tree and read."),
    ],
)
def test_the_description_before_the_title_is_the_picture(first, alt):
    report = read(f"{first}\n\nWhy Trees Matter\n\nThe first paragraph is longer than the title above it.").report()
    assert (report["hero"], report["title"]) == ({"alt": alt}, "Why Trees Matter")


@pytest.mark.parametrize(
    ("line", "by", "date", "precision"),
    [
        ("Reviewed by: The Board | Last reviewed: March 2023", "The Board", "2023-03", "month"),
        (
            "Medically reviewed by Ada Lund, MD — Last updated March 3, 2023",
            "Ada Lund, MD",
            "2023-03-03",
            "day",
        ),
        ("Medically Reviewed by Ada Lund, MD, PhD on 3 March 2023", "Ada Lund, MD, PhD", "2023-03-03", "day"),
        ("Clinically reviewed by: Ada Lund · Last review 2023", "Ada Lund", "2023", "year"),
        ("Page last reviewed: 14/03/2023", "", "2023-03-14", "day"),
        ("Last medically reviewed on 3/14/2023", "", "2023-03-14", "day"),
        ("Date of last review: 2023-03", "", "2023-03", "month"),
        ("Reviewed by Ada Lund, MD, March 2023", "Ada Lund, MD", "2023-03", "month"),
        (
            "Medical reviewer: Ada Lund | Last updated: May 2024 | Last reviewed: April 2024",
            "Ada Lund",
            "2024-04",
            "month",
        ),
    ],
)
def test_review_lines_are_labels(line, by, date, precision):
    for text in (
        f"A Title\n\n{line}\n\nText of the article is here.",
        f"A Title\n\nText of the article is here.\n\n{line}",
    ):
        manuscript = read(text)
        assert manuscript.content["legacy_review"] == {"by": by, "date": date, "precision": precision}
        assert all("review" not in words.lower() for _kind, words in body(manuscript))


def test_a_date_that_can_be_read_two_ways_keeps_its_year_and_warns():
    manuscript = read("A Title\n\nLast reviewed: 03/04/2023\n\nText of the article.")
    assert manuscript.content["legacy_review"] == {"by": "", "date": "2023", "precision": "year"}
    assert "two ways" in manuscript.suggestions["warnings"][0]


def test_a_sentence_about_reviewing_stays_text():
    sentence = "Reviewed by experts in many countries, the guideline says that people should move more."
    assert ("paragraph", sentence) in body(article(sentence, "The end is here."))


@pytest.mark.parametrize(
    "line",
    [
        "By giving us your email you consent to our Privacy Notice and Terms of Service.",
        "By submitting this form I consent to receiving e-mails.",
        "Sign up for our newsletter", "Enter your email", "Get our best tips in your inbox", "Join the conversation",
        "Kindly read our house rules before you comment.", "Be sure to follow our Community Guidelines when posting", "Leave a comment", "12 Comments",
        "Log in to comment", "Share this article", "Facebook | Twitter | Pinterest", "ADVERTISEMENT", "Article continues below advertisement",
        "Read more: Ten ways to sleep", "Related: A walk a day", "You may also like", "More from this series", "We use cookies to improve this site.",
        "Accept all cookies", "Back to top", "© 2024 Some Site", "5 min read", "Tags: sleep, food", "Was this article helpful?", "Getty Images",
        "Sign me up!", "Get the latest sleep news and updates", "Want more tips? Subscribe to our newsletter", "We never sell or share your email address.",
        "Do you live with asthma? Share your story in our forum.", "This is a sponsored message", "Advertisement - Continue Reading Below",
        "Editor’s note: This page was last updated in May 2021.", "This content is not a substitute for medical advice.",
    ],
)  # fmt: skip
def test_furniture_is_dropped_listed_and_breaks_nothing(line):
    manuscript = article(
        "These things help, among others:",
        "• sleep well",
        line,
        "• eat well",
        "One more sentence that",
        line,
        "goes on here.",
    )
    assert manuscript.suggestions["dropped"] == [line, line]
    assert manuscript.report()["lists"] == [{"items": 2, "nested": 0}]
    assert ("paragraph", "One more sentence that goes on here.") in body(manuscript)


@pytest.mark.parametrize(
    "line",
    [
        "Share your symptoms with your care team.", "Read the label before you take it.", "More research is needed", "Comments from others can hurt.",
        "Sign up for a clinical trial if you can.", "Follow your action plan.", "Save your strength for what you love.", "Print matters.",
        "By signing the consent form, you agree to take part in the trial.", "Get the latest flu shot each fall.", "Start a conversation with your partner.",
        "Stay up to date with vaccines.", "Editor’s note: This page speaks of suicide.", "Related conditions can make it worse.",
    ],
)  # fmt: skip
def test_sentences_that_sound_like_furniture_stay(line):
    manuscript = article(line, "Another paragraph of the article follows after it.")
    assert manuscript.suggestions["dropped"] == []


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("over 40 years.1", [[1]]),
        ("in the blood.1,2 It goes on.3", [[1, 2], [3]]),
        ("These are:1,2", [[1, 2]]),
        ("as many say.”1 Others do not.(2) Or they do).3", [[1], [2], [3]]),
        ("a therapy1,2 and a drug2,3.", [[1, 2], [2, 3]]),
        ("it is known.1–3", [[1, 2, 3]]),  # noqa: RUF001
        ("it is known.1, 2 And more.3", [[1, 2], [3]]),
        ("it is so [1]. And [2,3] so; see [1-3].", [[1], [2, 3], [1, 2, 3]]),
        ("it is so.[1][2] And.[1]–[3]", [[1, 2], [1, 2, 3]]),  # noqa: RUF001
        ("it is so.¹,² And so.³", [[1, 2], [3]]),
        ("it is so^1^ and so^2,3^.", [[1], [2, 3]]),
        ("tested for HER2.1 And for BRCA1.2", [[1], [2]]),
        ("since 2013.1 And since.2", [[1], [2]]),
        ("in HER2-positive1 and Testa®2 or (some)2 cells.", [[1], [2], [2]]),
        ("a fall of 30%.1 And.2", [[1], [2]]),
        ("most,1 but not all;2 of them", [[1], [2]]),
        ("Is it so?1 It is!2", [[1], [2]]),
        ("people with MS.1 Some need ART.2 Others said no.3 So.", [[1], [2], [3]]),
        ("so.1 It was found at stage 3.2", [[1], [2]]),
        ("so.1 This is type 6 or 7.2 And the goal is less than 100.2", [[1], [2], [2]]),
        ("so.1,2 There are 4:3-5", [[1, 2], [3, 4, 5]]),
        ("so.1 It is minimal (1), mild (2), or severe (3).2", [[1], [2]]),
    ],
)
def test_markers_are_found(text, groups):
    manuscript = read(f"A Title About It All\n\nIt is said {text}")
    assert manuscript.report()["citations"] == groups
    assert not re.search(r"[\[\]¹²³^]", "".join(words for _kind, words in body(manuscript)))


@pytest.mark.parametrize(
    "text",
    [
        "Stage 4", "HER2", "1 in 8", "3,200 cases", "25 months", "COVID-19", "CA 15-3", "0.5", "p53", "BRCA1", "T-DM1", "IL-2", "vitamin B12", "10.5",
        "2.4 mg", "at 3.", "1.5 million", "grade 3.", "section 3.2", "9:30", "a ratio of 3:1", "type2", "omega3", "PSA 4.0", "pH 7.4", "version 2.1",
        "kg/m²", "10⁹", "(1) first and (2) second", "pages 4-7", "18-65", "$5", "24/7", "2020", "CD4", "H2 blockers", "e.g.1", "no.2", "2-year", "v1.2",
        "https://example.org/a.1", "10.1000/xyz.1", "half-life of 4.2", "1,200,300", "BRCA1 or BRCA2, or BRCA,", "phase3", "5.", "(see page 4)", "MRI 3",
    ],
)  # fmt: skip
def test_other_numbers_stay_text(text):
    manuscript = read(f"A Title\n\nIt is said.1 And also.2 The point is {text} in this sentence, as you see.3")
    assert manuscript.report()["citations"] == [[1], [2], [3]]
    assert text in body(manuscript)[-1][1]


def test_numbers_beyond_the_list_of_references_stay_text_and_warn():
    manuscript = article(
        "It is known.1 The other is not.7", "References", "1. Roe A. On lists. J Lists. 2020;1(2):3-4."
    )
    assert manuscript.report()["citations"] == [[1]]
    assert "not.7" in manuscript.suggestions["warnings"][0]


def test_a_number_out_of_line_stays_text_and_warns():
    manuscript = article("It is known.1 So is this.2 And this.45 The end.3")
    assert manuscript.report()["citations"] == [[1], [2], [3]]
    assert "this.45" in manuscript.suggestions["warnings"][0]


@pytest.mark.parametrize("glyph", ["•", "-", "*", "–", "▪", "◦", "\uf0b7", "1.", "1)", "·\t"])  # noqa: RUF001
def test_bullets_of_all_kinds(glyph):
    numbered = [glyph, glyph.replace("1", "2")] if glyph[0] == "1" else [glyph, glyph]
    lines = "\n".join(f"{mark} item words" for mark in numbered)
    assert article(f"A few things:\n\n{lines}").report()["lists"] == [{"items": 2, "nested": 0}]


@pytest.mark.parametrize(
    "lines",
    [
        "• a\n    • b\n    • c\n• d", "\t• a\n\t\t• b\n\t\t• c\n\t• d", "• a\no b\no c\n• d", "1. a\n- b\n- c\n2. d", "1. a\n   a. b\n   b. c\n2. d",
        "- a\n\n  - b\n\n  - c\n\n- d", "• a\nAdvertisement\n  ◦ b\n  ◦ c\n• d", "* a\n  * b\n  * c\n* d",
    ],
)  # fmt: skip
def test_lists_nest_by_indent_or_by_bullet(lines):
    assert article(f"A few things:\n\n{lines}", "The end of it.").report()["lists"] == [{"items": 2, "nested": 2}]


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("Kadmia® (ado-testumab emtansine)", ("Kadmia", "®", "ado-testumab emtansine")),
        ("Kadmia (R) (testumab)", ("Kadmia", "®", "testumab")),
        ("Kadmia™ (testumab)", ("Kadmia", "™", "testumab")),
        ("testumab (Kadmia®)", ("Kadmia", "®", "testumab")),
        ("Kadmia® or testumab", ("Kadmia", "®", "testumab")),
        ("Kadmia® (generic name: testumab)", ("Kadmia", "®", "testumab")),
        ("Kadmia® (an injection)", ("Kadmia", "®", "")),
        ("Kadmia®", ("Kadmia", "®", "")),
        ("Kadmia (testumab)", ("Kadmia", "", "testumab")),
        ("Kadmia Vera® (insulin glargine)", ("Kadmia Vera", "®", "insulin glargine")),
        ("Kadmia® Vera® (insulin glargine)", ("Kadmia Vera", "®", "insulin glargine")),
        ("Kadmia® ODT (testumab)", ("Kadmia ODT", "®", "testumab")),
        ("Kadmia® (testafovir fumarate, or TDF)", ("Kadmia", "®", "testafovir fumarate")),
        ("Kadmia® patch (testadone HCl tablets)", ("Kadmia", "®", "testadone HCl")),
        ("testamine/testadopa (Kadmia®)", ("Kadmia", "®", "testamine/testadopa")),
        ("a vaccine (Kadmia®)", ("Kadmia", "®", "")),
    ],
)
def test_drug_names_are_suggested(text, pair):
    manuscript = article(f"Some people take {text} for it.")
    assert [tuple(drug.values()) for drug in manuscript.report()["drugs"]] == [pair]
    [drug] = manuscript.suggestions["drugs"]
    assert text in next(
        block_text(block) for block in blocks(manuscript.content) if block["attrs"]["node_id"] == drug["node_id"]
    )


def test_words_of_a_sentence_are_no_part_of_a_brand():
    assert article("Take Kadmia® daily. Ask before you take it.").report()["drugs"][0]["brand"] == "Kadmia"


@pytest.mark.parametrize(
    ("entry", "csl"),
    [
        (
            "Roe A, van Dam B. On lists. J Lists. 2020;1(2):3–4. doi:10.1000/L.1",  # noqa: RUF001
            {
                "type": "article-journal", "author": [{"family": "Roe", "given": "A"}, {"family": "van Dam", "given": "B"}], "title": "On lists",
                "container-title": "J Lists", "issued": {"date-parts": [[2020]]}, "volume": "1", "issue": "2", "page": "3-4", "DOI": "10.1000/l.1",
            },
        ),
        (
            "Roe, A. B., & Dam, C. (2020). On lists. Journal of Lists, 1(2), 3-4. https://doi.org/10.1000/L.1",
            {
                "type": "article-journal", "author": [{"family": "Roe", "given": "AB"}, {"family": "Dam", "given": "C"}], "title": "On lists",
                "container-title": "Journal of Lists", "issued": {"date-parts": [[2020]]}, "volume": "1", "issue": "2", "page": "3-4",
                "DOI": "10.1000/l.1",
            },
        ),
        (
            "List Society. On lists. Updated May 2021. Accessed June 3, 2022. https://example.org/lists.",
            {
                "type": "webpage", "author": [{"literal": "List Society"}], "title": "On lists", "issued": {"date-parts": [[2021, 5]]},
                "accessed": {"date-parts": [[2022, 6, 3]]}, "URL": "https://example.org/lists",
            },
        ),
        (
            "Roe A. On lists. 2nd ed. List Press; 2015.",
            {
                "type": "book", "author": [{"family": "Roe", "given": "A"}], "title": "On lists", "edition": "2nd ed", "publisher": "List Press",
                "issued": {"date-parts": [[2015]]},
            },
        ),
        ("What a neighbour said about lists", {"type": "document", "title": "What a neighbour said about lists"}),
    ],
)  # fmt: skip
def test_entries_of_the_list_of_references(entry, csl):
    manuscript = article("It is known.1", "References", f"1. {entry}")
    assert manuscript.content["references"][0]["csl"] == csl
    assert bool(manuscript.suggestions["warnings"]) is (csl["type"] == "document")


def test_front_matter_and_fields_of_a_writer():
    manuscript = read(
        "Title: On Lists\nSlug: on-lists\nMeta description: About lists.\nStandfirst: All about them.\n\nThe text is here.\n\nIt goes on."
    )
    assert manuscript.content["title"] == "On Lists"
    assert (manuscript.content["slug"], manuscript.content["seo"]["description"]) == (
        "on-lists",
        "About lists.",
    )
    assert manuscript.content["standfirst"] == "All about them."


def test_a_long_title_makes_a_short_address():
    title = "How " + "Very " * 30 + "Long"
    slug = read(f"# {title}\n\nText of the article.", "a.md").content["slug"]
    assert len(slug) <= 80
    assert slug.endswith("very")
    assert read("# Étude de cas\n\nText here.", "a.md").content["slug"] == "etude-de-cas"
