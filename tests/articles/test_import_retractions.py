"""`manage.py import_retractions`: what it prints, what it refuses, and what readers see afterwards."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from articles.models import Reference, ReferenceStatus, ReviewTrigger
from articles.workflow import sources as workflow
from audit.models import Entry
from tests import cast
from tests.articles.retraction_list import entry, listed
from tests.articles.test_sources import citing, news

AGAIN = "This page is being looked at again."


@pytest.fixture
def people(db):
    return cast.people()


@pytest.fixture
def bring(tmp_path):
    """Runs the command over these rows and gives back what it prints."""

    def run(*rows: dict, data: bytes | None = None, **options) -> str:
        file = tmp_path / "list.csv"
        file.write_bytes(listed(*rows) if data is None else data)
        out = io.StringIO()
        call_command("import_retractions", str(file), stdout=out, **options)
        return out.getvalue()

    return run


class TestWords:
    def test_it_names_source_notice_pages_places_signatures_and_effect(self, people, bring):
        page = citing(people, {"DOI": "10.5555/study.1", "title": "A trial of sleep"}, title="Short nights")
        said = bring(news("10.5555/STUDY.1", "retracted", "1/31/2024", RetractionDOI="10.5555/notice.1"))
        for words in (
            "Lind BC. A trial of sleep",
            "[doi:10.5555/study.1]",
            "Now: Retracted (was: In good standing)",
            "    Effect: readers are told at once that it is being looked at again; review due within 14 days",
            "line 2: Retracted on 2024-01-31, notice 10.5555/notice.1 (news)",
            f"Short nights ({page.get_absolute_url()}): 3 places; signed by Ruth Adeyemi",
            "    [1] Many people sleep badly at first.",
            "1 row read, 0 not understood",
            "1 of our sources are in it, cited by 1 live pages; 1 events are news, 0 were known.",
            "1 event was recorded.",
        ):
            assert words in said

    def test_a_second_time_everything_is_known(self, people, bring):
        citing(people, {"DOI": "10.5555/study.1"})
        row = news("10.5555/study.1", "retracted", "1/31/2024")
        bring(row)
        entries = Entry.objects.count()
        said = bring(row)
        assert "Stays: Retracted" in said
        assert "(known)" in said
        assert "0 events were recorded." in said
        assert Entry.objects.count() == entries

    def test_a_dry_run_writes_nothing(self, people, bring, django_assert_num_queries):
        citing(people, {"DOI": "10.5555/study.1"})
        with CaptureQueriesContext(connection) as asked:
            said = bring(news("10.5555/study.1", "retracted", "1/31/2024"), dry_run=True)
        assert "Now: Retracted" in said
        assert "Nothing was written." in said
        assert all(query["sql"].startswith(("SELECT", "PRAGMA", "DECLARE")) for query in asked)
        assert not ReferenceStatus.objects.exists()

    def test_notices_doubts_problems_and_a_replacement_are_told(self, people, bring):
        citing(
            people, {"DOI": "10.5555/notice.9"}, {"DOI": "10.5555/study.2", "PMID": "77"}, {"DOI": "10.5555/study.3"}
        )
        said = bring(
            entry(OriginalPaperDOI="10.5555/far", RetractionDOI="10.5555/notice.9"),
            entry(OriginalPaperDOI="10.5555/farther", OriginalPaperPubMedID="77"),
            news(
                "10.5555/study.3",
                "retracted",
                "1/31/2024",
                Reason="+Retract and Replace;",
                RetractionDOI="10.5555/study.3",
            ),
            entry(RetractionNature="Removal"),
        )
        assert "Itself the notice (line 2) about 10.5555/far; its status was not changed." in said
        assert "Line 3 has its PubMed number, but another DOI (10.5555/farther)" in said
        assert "Retracted and replaced" in said
        assert "line 5: “Removal” is no kind of notice that is known here." in said
        assert list(Reference.objects.exclude(status="ok").values_list("value", flat=True)) == ["10.5555/study.3"]

    def test_an_empty_list_says_so(self, db, bring):
        assert "0 rows read, 0 not understood" in bring(data=listed())


class TestJson:
    def test_it_is_the_same_as_data(self, people, bring):
        page = citing(people, {"DOI": "10.5555/study.1"}, title="Short nights")
        row = news(
            "10.5555/study.1", "concern", "1/31/2024", Record_ID="4711", RetractionDOI="10.5555/n.1", Reason="<b>"
        )
        found = json.loads(bring(row, data=listed(row, entry(RetractionDate="never")), json=True))
        assert {key: found[key] for key in ("dry_run", "rows", "unreadable", "matched", "news", "known", "recorded", "failed", "live_pages")} == {
            "dry_run": False, "rows": 2, "unreadable": 1, "matched": 1, "news": 1, "known": 0, "recorded": 1, "failed": 0, "live_pages": 1,
        }  # fmt: skip
        (one,) = found["sources"]
        assert (one["status"], one["before"], one["notice"], one["pages"][0]["severity"], one["places"]) == (
            "concern", "ok", "10.5555/n.1", "review", 3,
        )  # fmt: skip
        assert (
            one["events"][0] | {"date": "2024-01-31", "record": "4711", "outcome": "new", "reason": "<b>", "line": 2}
            == one["events"][0]
        )
        (leaning,) = one["pages"]
        assert (leaning["title"], leaning["url"], leaning["places"]) == ("Short nights", page.get_absolute_url(), 3)
        assert [place["text"] for place in leaning["claims"]][0] == "Many people sleep badly at first."
        assert leaning["signatures"][0]["name"] == "Ruth Adeyemi"
        assert found["problems"] == [{"line": 3, "why": "“never” is not a date. Write month/day/year."}]


class TestReaders:
    @pytest.mark.parametrize(("status", "told"), [("retracted", True), ("corrected", False), ("concern", False)])
    def test_a_retraction_is_told_to_readers_at_the_next_request(self, people, bring, client, status, told):
        page = citing(people, {"DOI": "10.5555/study.1"})
        assert AGAIN not in client.get(page.get_absolute_url()).text
        bring(news("10.5555/study.1", status, "1/31/2024"))
        assert (AGAIN in client.get(page.get_absolute_url()).text) is told
        assert ReviewTrigger.objects.get().page == page


class TestWho:
    def test_bedside_itself_unless_somebody_is_named(self, people, bring):
        citing(people, {"DOI": "10.5555/study.1"}, {"DOI": "10.5555/study.2"})
        bring(news("10.5555/study.1", "retracted", "1/31/2024"))
        bring(news("10.5555/study.2", "retracted", "1/31/2024"), by="EDDA@example.org")
        assert [event.by.get_full_name() for event in ReferenceStatus.objects.order_by("pk")] == [
            "Bedside",
            "Edda Lind",
        ]

    @pytest.mark.parametrize("email", ["amara@example.org", "nobody@example.org", "ada@example.org", "\x00"])
    def test_others_are_refused(self, people, bring, email):
        citing(people, {"DOI": "10.5555/study.1"})
        with pytest.raises(CommandError, match="no reviewer or editor"):
            bring(news("10.5555/study.1", "retracted", "1/31/2024"), by=email)
        assert not ReferenceStatus.objects.exists()


class TestExit:
    @pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", b"\x00" * 300_000])
    def test_a_file_that_is_no_list_is_two(self, db, bring, data):
        with pytest.raises(CommandError) as refused:
            bring(data=data)
        assert refused.value.returncode == 2

    @pytest.mark.parametrize("name", ["/nowhere/at/all.csv", "/", "", "a\x00b"])
    def test_a_file_that_is_not_there_is_two(self, db, name):
        with pytest.raises(CommandError) as refused:
            call_command("import_retractions", name)
        assert refused.value.returncode == 2

    def test_a_source_that_fails_is_one_after_the_report(self, people, bring, monkeypatch):
        citing(people, {"DOI": "10.5555/study.1"})

        def fails(*_args, **_event):
            raise RuntimeError("the disk is full")

        monkeypatch.setattr(workflow, "record_reference_status", fails)
        with pytest.raises(CommandError) as refused:
            bring(news("10.5555/study.1", "retracted", "1/31/2024"))
        assert refused.value.returncode == 1

    def test_from_a_shell(self, manage, committed_db, tmp_path):
        people = cast.people()
        citing(people, {"DOI": "10.5555/study.1"})
        file = tmp_path / "list.csv"
        file.write_bytes(listed(news("10.5555/study.1", "retracted", "1/31/2024")))
        done = manage("import_retractions", str(file), "--json")
        assert (done.returncode, json.loads(done.stdout)["recorded"]) == (0, 1)
        assert manage("verify").returncode == 0
        file.write_bytes(b"no,list\n")
        refused = manage("import_retractions", str(file))
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "RetractionNature" in refused.stderr


class TestSize:
    def test_two_thousand_rows_of_which_three_are_ours(self, people, bring, django_assert_max_num_queries):
        citing(people, *({"DOI": f"10.5555/study.{n}"} for n in range(3)))
        rows = [entry(OriginalPaperDOI=f"10.5555/other.{n}", Notes="one\ntwo") for n in range(2000)]
        rows[::900] = [news(f"10.5555/study.{n}", "corrected", "1/31/2024") for n in range(3)]
        with django_assert_max_num_queries(120):
            found = json.loads(bring(*rows, json=True))
        assert (found["rows"], found["matched"], found["recorded"], found["unreadable"]) == (2000, 3, 3, 0)
