"""Articles, drugs and subtypes of the demo: fit for review, sourced, illustrated, and nothing dangling."""

import re

import pytest
from PIL import Image

from articles.document import checks, schema
from tests.demo import reading

MAIN = (
    "surgery-when-breast-cancer-has-spread",
    "her2-low-what-the-label-means",
    "aromatase-inhibitor-joint-pain",
)
BRANDS = {"Herceptin", "Perjeta", "Kadcyla", "Tykerb", "Nerlynx", "Tukysa", "Keytruda", "Trodelvy", "Enhertu"}
EVERY_PAGE = pytest.mark.parametrize("entry", reading.pages(), ids=lambda entry: f"{entry['kind']}:{entry['slug']}")
EVERY_ARTICLE = pytest.mark.parametrize("entry", reading.articles().values(), ids=lambda entry: entry["slug"])


class TestEveryPage:
    @EVERY_PAGE
    def test_it_can_be_saved_and_sent_to_review(self, entry):
        content = reading.content_of(entry)
        images = {figure["attrs"]["image"] for figure in content["body"]["content"] if figure["type"] == "figure"}
        assert schema.validate(content, kind=entry["kind"]) == []
        assert checks.blocking(content, kind=entry["kind"], images=images) == []

    @EVERY_PAGE
    def test_it_cites_each_of_its_sources_and_no_other(self, entry):
        assert reading.cited_slots(entry) == set(range(1, len(entry["references"]) + 1))

    @EVERY_PAGE
    def test_each_source_has_a_title_and_a_way_to_find_it(self, entry):
        for csl in entry["references"]:
            assert csl["title"].strip()
            assert csl.get("DOI") or csl.get("PMID") or csl.get("URL"), csl["title"]
            assert csl["author"]
            assert "issued" in csl or "accessed" in csl

    @EVERY_PAGE
    def test_no_source_stands_twice(self, entry):
        keys = [csl.get("DOI") or csl.get("PMID") or csl["URL"] for csl in entry["references"]]
        assert len(set(keys)) == len(keys)

    @EVERY_PAGE
    def test_it_mentions_only_what_is_made_before_it(self, entry):
        order = [(page["kind"], page["slug"]) for page in reading.pages()]
        place = order.index((entry["kind"], entry["slug"]))
        assert set(reading.mentions(entry)) <= set(order[:place])

    @EVERY_PAGE
    def test_it_belongs_to_a_topic_and_to_people_of_the_demo(self, entry):
        topics = {topic["slug"] for topic in reading.load("articles/demo/topics.json")["topics"]}
        assert entry["topic"] in topics
        for handle in entry["bylines"]:
            assert "writer" in reading.people()[handle]["roles"]

    @EVERY_PAGE
    def test_whoever_signs_is_a_reviewer_and_wrote_none_of_it(self, entry):
        review = entry["review"]
        reviewer = review.get("signed_by") or review["assigned_to"]
        assert "medical_reviewer" in reading.people()[reviewer]["roles"]
        assert reviewer not in entry["bylines"]
        if "published_by" in review:
            assert "editor" in reading.people()[review["published_by"]]["roles"]
            assert review["published_days_ago"] <= review["signed_days_ago"]

    @EVERY_PAGE
    def test_it_tells_readers_when_to_call_somebody(self, entry):
        assert any(block["kind"] == "callout" for block in entry["body"])

    def test_addresses_are_used_once(self):
        keys = [(entry["kind"], entry["slug"]) for entry in reading.pages()]
        assert len(set(keys)) == len(keys)


class TestArticles:
    def test_every_desk_finds_one(self):
        states = [entry["state"] for entry in reading.articles().values()]
        assert sorted(states) == ["in_review", "live", "live", "live", "overdue", "sent_back", "withdrawn"]

    @pytest.mark.parametrize("slug", MAIN)
    def test_the_main_ones_are_complete(self, slug):
        entry = reading.articles()[slug]
        assert entry["state"] == "live"
        assert reading.words(entry) >= 700
        assert len(entry["references"]) >= 6
        assert len(reading.figures(entry)) >= 2
        assert {kind for kind, _slug in reading.mentions(entry)} == {"drug", "subtype"}
        assert {"key_facts", "table", "emergency", "callout"} - {"emergency"} <= {b["kind"] for b in entry["body"]}
        assert any("\n  - " in block["text"] for block in entry["body"])

    @EVERY_ARTICLE
    def test_short_ones_are_long_enough(self, entry):
        assert reading.words(entry) >= 250
        assert len(entry["references"]) >= 3

    @EVERY_ARTICLE
    def test_sentences_are_short(self, entry):
        running = [b["text"] for b in entry["body"] if b["kind"] == "paragraph"]
        sentences = re.split(r"[.!?](?:\[[\d,-]+\])?\s+", " ".join(running))
        assert sum(len(sentence.split()) for sentence in sentences) / len(sentences) <= 17

    def test_each_says_that_it_is_a_demonstration(self):
        for entry in reading.articles().values():
            assert entry["note"].startswith("Demonstration text")

    def test_review_states_hold_what_they_need(self):
        by_state = {entry["state"]: entry for entry in reading.articles().values()}
        overdue = by_state["overdue"]["review"]
        assert overdue["signed_days_ago"] > overdue["interval_months"] * 31
        sent_back = by_state["sent_back"]
        notes = sent_back["review"]["notes"]
        assert any(note["blocking"] for note in notes)
        assert {note["by"] for note in notes} == {sent_back["review"]["assigned_to"]}
        assert all(note["block"] < len(sent_back["body"]) for note in notes)
        withdrawn = by_state["withdrawn"]["review"]
        assert 0 < len(withdrawn["withdrawal_reason"]) <= 500
        assert withdrawn["withdrawn_days_ago"] < withdrawn["published_days_ago"]


class TestFigures:
    DRAWN = [(entry["slug"], figure) for entry in reading.articles().values() for figure in reading.figures(entry)]

    @pytest.mark.parametrize(("slug", "figure"), DRAWN, ids=[figure["file"] for _slug, figure in DRAWN])
    def test_each_is_there_large_enough_and_light(self, slug, figure):
        path = reading.ARTICLES / figure["file"]
        with Image.open(path) as image:
            assert image.format == "PNG"
            assert image.width >= 1200
        assert path.stat().st_size < 120_000

    @pytest.mark.parametrize(("slug", "figure"), DRAWN, ids=[figure["file"] for _slug, figure in DRAWN])
    def test_each_is_described_in_words(self, slug, figure):
        assert len(figure["alt"].split()) >= 15
        assert figure["caption"]
        assert figure["credit"]

    def test_every_drawing_is_used_once(self):
        files = [figure["file"] for _slug, figure in self.DRAWN]
        on_disk = {f"figures/{path.name}" for path in (reading.ARTICLES / "figures").glob("*.png")}
        assert len(set(files)) == len(files)
        assert set(files) == on_disk

    def test_a_page_has_one_leading_picture_at_most(self):
        for entry in reading.articles().values():
            assert sum(figure["hero"] for figure in reading.figures(entry)) <= 1


class TestDrugs:
    def test_the_nine_are_there(self):
        assert {entry["facts"]["brand"] for entry in reading.drugs().values()} == BRANDS

    @pytest.mark.parametrize("entry", reading.drugs().values(), ids=lambda entry: entry["slug"])
    def test_facts_come_with_their_sources(self, entry):
        facts = entry["facts"]
        for name in ("brand", "mark", "generic", "drug_class", "route", "target", "subtypes", "approvals"):
            assert facts[name], name
        assert entry["sources"]
        assert all(url.startswith(("http://", "https://")) for url in entry["sources"])
        assert entry["slug"] == facts["brand"].lower()
        assert set(facts["subtypes"]) <= set(reading.subtypes())

    @pytest.mark.parametrize("entry", reading.drugs().values(), ids=lambda entry: entry["slug"])
    def test_each_approval_names_the_source_it_is_from(self, entry):
        approvals = entry["facts"]["approvals"]
        assert [row["date"] for row in approvals] == sorted(row["date"] for row in approvals)
        for row in approvals:
            assert row["sources"]
            cited = entry["references"][row["ref"] - 1]["URL"]
            assert cited.split("&version")[0] in {url.split("&version")[0] for url in row["sources"]}

    @pytest.mark.parametrize(
        "entry", [*reading.drugs().values(), *reading.subtypes().values()], ids=lambda entry: entry["slug"]
    )
    def test_entries_are_short(self, entry):
        assert 100 <= reading.words(entry) <= 210


class TestSubtypes:
    def test_the_five_are_there(self):
        names = {entry["facts"]["name"] for entry in reading.subtypes().values()}
        assert names == {
            "HER2-positive", "HER2-low", "HER2-ultralow", "Triple-negative", "HR-positive/HER2-negative",
        }  # fmt: skip

    @pytest.mark.parametrize("entry", reading.subtypes().values(), ids=lambda entry: entry["slug"])
    def test_a_definition_names_who_made_it_and_when(self, entry):
        assert entry["facts"]["definition"]
        assert re.search(r"20\d\d", entry["facts"]["authority"])
        assert entry["sources"]

    def test_every_one_has_a_drug_or_is_the_hormone_one(self):
        used = {slug for entry in reading.drugs().values() for slug in entry["facts"]["subtypes"]}
        assert set(reading.subtypes()) - used == {"hr-positive-her2-negative"}
