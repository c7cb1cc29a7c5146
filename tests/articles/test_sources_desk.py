"""The sources desk through its pages: what is cited, what became of it, a record by hand, and a list to look at first."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from articles import source_forms
from articles.models import Reference, ReferenceStatus
from articles.views import sources as views
from tests import cast
from tests.articles.retraction_list import entry, listed
from tests.articles.test_sources import citing, news
from tests.worlds import kept

pytestmark = pytest.mark.django_db
LIST, IMPORT = "/desk/review/sources/", "/desk/review/sources/import/"


@pytest.fixture
def people():
    return cast.people()


@pytest.fixture
@kept
def page(people):
    return citing(
        people, {"DOI": "10.5555/study.1", "PMID": "31337", "title": "A trial of <sleep>"}, title="Short nights"
    )


@pytest.fixture
def reference(page) -> Reference:
    return Reference.objects.get(value="10.5555/study.1")


@pytest.fixture
def ruth(client, people):
    client.force_login(people.ruth)
    return client


def one(reference: Reference) -> str:
    return reverse("articles:source", args=[reference.pk])


def upload(*rows: dict, data: bytes | None = None) -> dict:
    return {"file": SimpleUploadedFile("list.csv", listed(*rows) if data is None else data, content_type="text/csv")}


def token_in(html: str) -> str:
    return re.search(r'name="rows" value="([^"]+)"', html)[1]


class TestDoors:
    def test_anonymous_people_are_asked_to_sign_in(self, client, reference):
        for path in (LIST, IMPORT, one(reference)):
            assert client.get(path)["Location"].startswith("/account/login/")

    @pytest.mark.parametrize("who", ["rita", "max", "amara", "ada"])
    def test_others_do_not_learn_that_it_exists(self, client, people, reference, who):
        client.force_login(getattr(people, who))
        for path in (LIST, IMPORT, one(reference)):
            assert client.get(path).status_code == 404
            assert client.post(path, {"status": "retracted", "seen": 0}).status_code == 404
        assert not ReferenceStatus.objects.exists()

    @pytest.mark.parametrize("who", ["ruth", "edda"])
    def test_reviewers_and_editors_come_in(self, client, people, reference, who):
        client.force_login(getattr(people, who))
        assert [client.get(path).status_code for path in (LIST, IMPORT, one(reference))] == [200] * 3

    def test_the_review_desk_leads_there(self, ruth):
        assert f'href="{LIST}"' in ruth.get("/desk/review/").text


class TestList:
    def test_what_public_pages_cite_with_its_status(self, ruth, people, page):
        cast.open_review(people, title="Not public")
        answer = ruth.get(LIST)
        assert len(answer.context["rows"]) == 3
        assert "A trial of &lt;sleep&gt;" in answer.text
        assert "doi:10.5555/study.1" in answer.text

    def test_only_what_is_not_in_good_standing(self, ruth, reference):
        for status, shown in [("retracted", 1), ("reinstated", 0), ("concern", 1), ("ok", 0), ("dead_link", 1)]:
            Reference.objects.filter(pk=reference.pk).update(status=status)
            answer = ruth.get(LIST, {"standing": "bad"})
            assert (len(answer.context["rows"]), answer.context["counts"]) == (shown, {"all": 3, "bad": shown})

    @pytest.mark.parametrize("q", ["10.5555/STUDY.1", "https://doi.org/10.5555/study.1", "trial of", "31337"])
    def test_search_by_identifier_or_words(self, ruth, reference, q):
        assert [row for row, _words in ruth.get(LIST, {"q": q}).context["rows"]] == [reference]

    @pytest.mark.parametrize("q", ["%_", "'\"<x>", "a" * 5000])
    def test_odd_searches_find_little_and_break_nothing(self, ruth, page, q):
        assert ruth.get(LIST, {"q": q}).status_code == 200

    def test_it_goes_on_where_it_ended(self, ruth, people, page, monkeypatch):
        monkeypatch.setattr(views, "PAGE_SIZE", 2)
        first = ruth.get(LIST, {"q": "10.5555"})
        second = ruth.get(LIST + first.context["older"])
        assert [len(answer.context["rows"]) for answer in (first, second)] == [2, 1]
        assert second.context["older"] == ""
        seen = [row.pk for answer in (first, second) for row, _words in answer.context["rows"]]
        assert seen == sorted(set(seen))

    @pytest.mark.parametrize("after", ["", "x", "²", "-1", "9" * 60])
    def test_a_place_that_is_none(self, ruth, page, after):
        assert ruth.get(LIST, {"after": after}).status_code == 200

    def test_the_number_of_questions_does_not_grow(self, ruth, people, page):
        ruth.get(LIST)
        counts = []
        for n in range(2):
            with CaptureQueriesContext(connection) as asked:
                ruth.get(LIST)
            counts.append(len(asked))
            for more in range(3 - n):
                cast.live_page(people, title=f"More {n} {more}")
        assert counts[0] == counts[1]


class TestOne:
    def test_it_shows_what_leans_on_it(self, ruth, people, page, reference):
        opened = cast.open_review(people, **self.also_citing())
        text = ruth.get(one(reference)).text
        for words in (
            'href="https://doi.org/10.5555/study.1"', page.get_absolute_url(), "Short nights", "cited in 3 places",
            "Many people sleep badly at first.", "Ruth Adeyemi, MD", reverse("articles:review", args=[opened.pk]),
            "Nothing was recorded about it.",
        ):  # fmt: skip
            assert words in text

    def also_citing(self) -> dict:
        made = cast.content(title="Waiting")
        made["references"][0]["csl"]["DOI"] = "10.5555/study.1"
        return made

    def test_recording_a_retraction_tells_readers(self, ruth, people, page, reference, client):
        answer = ruth.post(
            one(reference),
            {"seen": 0, "status": "retracted", "notice": "https://doi.org/10.5555/N.1", "effective_on": "2024-01-31",
             "source": "The journal’s website"},
            follow=True,
        )  # fmt: skip
        event = ReferenceStatus.objects.get()
        assert (event.status, event.notice, event.by, event.source) == (
            "retracted", "10.5555/n.1", people.ruth, "The journal’s website",
        )  # fmt: skip
        for words in ("31 January 2024", "10.5555/n.1", "recorded by Ruth Adeyemi", "It is on record."):
            assert words in answer.text
        client.logout()
        assert "This page is being looked at again." in client.get(page.get_absolute_url()).text

    @pytest.mark.parametrize(
        "wrong",
        [
            {"status": "gone"},
            {"status": ""},
            {"notice": "see the journal"},
            {"notice": "javascript:alert(1)"},
            {"effective_on": "31.12."},
            {"effective_on": (timezone.localdate() + timedelta(days=2)).isoformat()},
            {"source": "x" * 81},
            {"source": "a\x1b[31m"},
            {"seen": "x"},
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_typed_is_lost(self, ruth, reference, wrong):
        sent = {"seen": 0, "status": "retracted", "notice": "10.5555/kept", "source": "kept as typed"} | wrong
        answer = ruth.post(one(reference), sent)
        assert answer.status_code == 422
        assert 'class="error-summary"' in answer.text
        assert "kept" in answer.text
        assert not ReferenceStatus.objects.exists()

    def test_less_than_a_reinstatement_is_refused_in_words(self, ruth, reference):
        ruth.post(one(reference), {"seen": 0, "status": "retracted"})
        answer = ruth.post(one(reference), {"seen": ReferenceStatus.objects.get().pk, "status": "corrected"})
        assert answer.status_code == 422
        assert "Only a reinstatement" in answer.text

    def test_coming_second_is_told_and_keeps_the_words(self, ruth, reference):
        ruth.post(one(reference), {"seen": 0, "status": "concern"})
        answer = ruth.post(one(reference), {"seen": 0, "status": "retracted", "source": "my own words"})
        assert answer.status_code == 409
        assert "Somebody else recorded something" in answer.text
        assert "my own words" in answer.text
        assert ReferenceStatus.objects.count() == 1
        newest = ReferenceStatus.objects.get().pk
        assert f'name="seen" value="{newest}"' in answer.text

    @pytest.mark.parametrize("pk", [0, 10**12])
    def test_a_source_that_is_none(self, ruth, pk):
        assert ruth.get(reverse("articles:source", args=[pk])).status_code == 404


class TestImport:
    def test_the_preview_writes_nothing(self, ruth, page, reference):
        answer = ruth.post(IMPORT, upload(
            news("10.5555/study.1", "retracted", "1/31/2024", Reason="<i>+Data</i>"), entry(RetractionNature="Removal"),
        ))  # fmt: skip
        assert answer.status_code == 200
        for words in (
            "2 rows were read.", "Nothing is written yet.", "Record it for 1 source", "A trial of &lt;sleep&gt;",
            "Readers are told at once", "&lt;i&gt; Data&lt;/i&gt;", "Short nights", "Ruth Adeyemi", "1 row was not understood",
            "“Removal” is no kind of notice",
        ):  # fmt: skip
            assert words in answer.text
        assert not ReferenceStatus.objects.exists()

    def test_the_second_press_records_exactly_what_was_shown(self, ruth, people, page, reference):
        shown = ruth.post(IMPORT, upload(news("10.5555/study.1", "retracted", "1/31/2024"))).text
        answer = ruth.post(IMPORT, {"rows": token_in(shown)}, follow=True)
        assert "1 event was recorded." in answer.text
        assert (ReferenceStatus.objects.get().by, ReferenceStatus.objects.get().status) == (people.ruth, "retracted")
        assert "0 events were recorded." in ruth.post(IMPORT, {"rows": token_in(shown)}, follow=True).text

    def test_a_list_without_news_offers_no_button(self, ruth, page):
        answer = ruth.post(IMPORT, upload(entry(OriginalPaperDOI="10.5555/far")))
        assert "There is no news about our sources in it." in answer.text
        assert 'name="rows"' not in answer.text

    def test_notices_doubts_and_older_news_are_shown(self, ruth, people, page, reference):
        citing(people, {"DOI": "10.5555/notice.9"}, title="About retractions")
        ruth.post(one(reference), {"seen": 0, "status": "reinstated"})
        answer = ruth.post(IMPORT, upload(
            entry(OriginalPaperDOI="10.5555/far", RetractionDOI="10.5555/notice.9"),
            entry(OriginalPaperDOI="10.5555/other", OriginalPaperPubMedID="31337"),
            news("10.5555/study.1", "retracted", "1/31/2020", Reason="+Retract and Replace;"),
        ))  # fmt: skip
        for words in (
            "it is the notice about 10.5555/far",
            "About retractions",
            "line 3: 10.5555/other",
            "stays as it is",
            "overtaken by something newer",
            "Retracted and replaced",
        ):
            assert words in answer.text

    @pytest.mark.parametrize("token", ["", "x", "a:b:c", "\x00"])
    def test_a_preview_that_nobody_was_shown(self, ruth, page, token):
        answer = ruth.post(IMPORT, {"rows": token}, follow=True)
        assert "more than an hour old or not yours" in answer.text

    def test_a_preview_of_somebody_else_or_of_yesterday(self, ruth, client, people, page, monkeypatch):
        token = token_in(ruth.post(IMPORT, upload(news("10.5555/study.1", "retracted", "1/31/2024"))).text)
        client.force_login(people.edda)
        client.post(IMPORT, {"rows": token})
        client.force_login(people.ruth)
        monkeypatch.setattr(source_forms, "GOOD_FOR", -1)
        client.post(IMPORT, {"rows": token})
        assert not ReferenceStatus.objects.exists()

    @pytest.mark.parametrize("data", [b"a,b\n", b"\x89PNG\r\n", b"\x00" * 1000, listed().decode().encode("utf-16")])
    def test_a_file_that_is_no_list(self, ruth, data):
        answer = ruth.post(IMPORT, upload(data=data))
        assert answer.status_code == 422
        assert "This list was not read" in answer.text

    def test_no_file_an_empty_one_and_one_that_is_too_large(self, ruth, monkeypatch):
        assert ruth.post(IMPORT, {}).status_code == 422
        assert ruth.post(IMPORT, upload(data=b"")).status_code == 422
        monkeypatch.setattr(source_forms, "MAX_FILE", 10)
        answer = ruth.post(IMPORT, upload())
        assert answer.status_code == 422
        assert "larger than 64 MB" in answer.text

    def test_too_much_for_one_page_is_sent_to_the_command(self, ruth, page, monkeypatch):
        monkeypatch.setattr(source_forms, "LONGEST_TOKEN", 10)
        answer = ruth.post(IMPORT, upload(news("10.5555/study.1", "retracted", "1/31/2024")))
        assert "import_retractions" in answer.text
        assert 'name="rows"' not in answer.text
