"""What a list of retractions means for our sources: found by any identifier, told once, in the order of its dates."""

import io
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.models import User
from articles import retractions, sources
from articles.models import Page, Reference, ReferenceStatus, ReferenceVersion, ReviewTrigger
from articles.source_events import Event, standing
from articles.workflow import calling_back
from articles.workflow import sources as workflow
from audit.models import Entry
from audit.moves import WrongState
from tests import cast
from tests.articles.retraction_list import entry, listed

NATURES = {
    "retracted": "Retraction",
    "corrected": "Correction",
    "concern": "Expression of concern",
    "reinstated": "Reinstatement",
}


@pytest.fixture
def people(db):
    return cast.people()


def citing(people, *csl: dict, **options) -> Page:
    """A public page whose first sources are described like this; the rest are others."""
    made = cast.content(**options)
    for slot, description in zip(made["references"], csl, strict=False):
        slot["csl"] = cast.reference(**description)["csl"]
        slot["csl"] = {key: value for key, value in slot["csl"].items() if value}
    return cast.live_page(people, **made)


def look(*rows: dict) -> sources.Plan:
    return sources.look(retractions.read(io.BytesIO(listed(*rows))))


def news(doi: str, status: str, day: str, **cells) -> dict:
    return entry(OriginalPaperDOI=doi, RetractionNature=NATURES[status], RetractionDate=day, **cells)


def bring(people, *rows: dict) -> workflow.Outcome:
    return workflow.carry_out(look(*rows), by=people.edda)


def triggers(page: Page) -> list[tuple[str, str]]:
    return [(one.source_kind, one.severity) for one in page.triggers.order_by("pk")]


class TestFinding:
    @pytest.mark.parametrize(
        "spelling",
        [
            "10.5555/STUDY.1",
            "https://doi.org/10.5555/Study.1",
            "doi:10.5555/study.1",
            "10.5555/study.1.",
            "http://dx.doi.org/10.5555/study.1",
        ],
    )
    def test_by_its_doi_in_any_spelling_on_both_sides(self, people, spelling):
        citing(people, {"DOI": "https://doi.org/10.5555/Study.1"})
        assert [str(one.reference) for one in look(entry(OriginalPaperDOI=spelling)).found] == ["doi:10.5555/study.1"]

    def test_a_source_known_by_its_doi_is_found_by_its_pubmed_number(self, people):
        citing(people, {"DOI": "10.5555/study.1", "PMID": "31337"})
        plan = look(entry(OriginalPaperPubMedID="31337"))
        assert [str(one.reference) for one in plan.found] == ["doi:10.5555/study.1"]

    def test_a_source_cited_by_pubmed_number_alone_is_found_with_its_twin(self, people):
        citing(people, {"DOI": "10.5555/study.1", "PMID": "31337"})
        citing(people, {"DOI": "", "PMID": "PMID: 31337"}, title="Another page")
        for row in (entry(OriginalPaperDOI="10.5555/study.1"), entry(OriginalPaperPubMedID="31337")):
            assert {str(one.reference) for one in look(row).found} == {"doi:10.5555/study.1", "pmid:31337"}

    def test_a_source_known_by_its_address_is_found_by_what_the_address_says(self, people):
        citing(people, {"DOI": "", "URL": "https://pubmed.ncbi.nlm.nih.gov/31337/"}, {"DOI": "", "URL": "https://example.org/31337"})  # fmt: skip
        assert [one.reference.value for one in look(entry(OriginalPaperPubMedID="31337")).found] == [
            "https://pubmed.ncbi.nlm.nih.gov/31337/"
        ]

    def test_a_source_known_by_another_number_is_found_by_its_address_too(self, people):
        citing(people, {"DOI": "", "PMCID": "PMC4711", "URL": "https://doi.org/10.5555/Study.1"})
        assert [str(one.reference) for one in look(entry(OriginalPaperDOI="10.5555/study.1")).found] == [
            "pmcid:PMC4711"
        ]

    def test_a_later_description_that_adds_the_number_counts_too(self, people):
        citing(people, {"DOI": "10.5555/study.1"})
        citing(people, {"DOI": "10.5555/study.1", "PMID": "31337"}, title="Another page")
        assert ReferenceVersion.objects.filter(reference__value="10.5555/study.1").count() == 2
        assert len(look(entry(OriginalPaperPubMedID="31337")).found) == 1

    def test_a_number_that_contradicts_our_doi_is_reported_and_changes_nothing(self, people):
        citing(people, {"DOI": "10.5555/study.1", "PMID": "31337"})
        plan = look(entry(OriginalPaperDOI="10.5555/other", OriginalPaperPubMedID="31337"))
        assert (plan.found, [str(one) for one, _row in plan.doubtful]) == ([], ["doi:10.5555/study.1"])

    def test_other_papers_and_rows_without_an_identifier_are_nothing_to_us(self, people):
        citing(people, {"DOI": "10.5555/study.1"})
        plan = look(entry(OriginalPaperDOI="10.5555/study.10"), entry(), entry(RetractionNature="Removal"))
        assert (plan.found, plan.rows, plan.unreadable) == ([], 3, 1)

    def test_a_cited_notice_is_reported_and_keeps_its_status(self, people):
        citing(people, {"DOI": "10.5555/notice.9"}, {"DOI": "", "PMID": "777"})
        plan = look(entry(OriginalPaperDOI="10.5555/far", RetractionDOI="10.5555/NOTICE.9", RetractionPubMedID="777"))
        assert plan.found == []
        assert {str(one) for one, _row in plan.notices} == {"doi:10.5555/notice.9", "pmid:777"}
        assert workflow.carry_out(plan, by=people.edda).recorded == 0
        assert not ReferenceStatus.objects.exists()

    def test_a_notice_under_the_papers_own_doi_is_about_the_paper(self, people):
        citing(people, {"DOI": "10.5555/study.1"})
        plan = look(
            entry(OriginalPaperDOI="10.5555/study.1", RetractionDOI="10.5555/study.1", Reason="+Retract and Replace;")
        )
        assert (len(plan.found), plan.notices, plan.found[0].is_replaced) == (1, [], True)
        assert plan.found[0].after == "retracted"

    def test_a_date_that_has_not_come_is_a_problem(self, people):
        citing(people, {"DOI": "10.5555/study.1"})
        plan = look(news("10.5555/study.1", "reinstated", "1/1/2999"))
        assert (plan.found, [problem.line for problem in plan.problems]) == ([], [2])


class TestQuestions:
    def test_no_query_for_a_row(self, people, django_assert_num_queries):
        citing(people, *({"DOI": f"10.5555/study.{n}"} for n in range(3)))
        for count in (1, 400):
            rows = [entry(OriginalPaperDOI=f"10.5555/study.{n}") for n in range(count)]
            with django_assert_num_queries(4):
                assert len(look(*rows).found) == min(count, 3)


class TestOrder:
    def test_retracted_then_reinstated_ends_reinstated_and_alarms_no_reader(self, people):
        page = citing(people, {"DOI": "10.5555/study.1"})
        outcome = bring(
            people,
            news("10.5555/study.1", "reinstated", "6/1/2022"),
            news("10.5555/study.1", "retracted", "5/1/2020"),
        )
        reference = Reference.objects.get(value="10.5555/study.1")
        assert (outcome.recorded, outcome.failed, reference.status) == (2, [], "reinstated")
        events = list(ReferenceStatus.objects.order_by("effective_on").values_list("status", "effective_on"))
        assert events == [("retracted", date(2020, 5, 1)), ("reinstated", date(2022, 6, 1))]
        assert triggers(page) == [("reference", "info")]

    def test_reinstated_and_retracted_again_ends_retracted(self, people):
        page = citing(people, {"DOI": "10.5555/study.1"})
        bring(people, *(news("10.5555/study.1", status, day) for status, day in
                        [("retracted", "5/1/2020"), ("reinstated", "6/1/2022"), ("retracted", "7/1/2023")]))  # fmt: skip
        assert Reference.objects.get(value="10.5555/study.1").status == "retracted"
        assert triggers(page) == [("reference", "banner")]

    @pytest.mark.parametrize("late", ["retracted", "concern", "corrected"])
    def test_an_older_row_that_comes_late_overturns_nothing(self, people, late):
        page = citing(people, {"DOI": "10.5555/study.1"})
        bring(people, news("10.5555/study.1", "reinstated", "6/1/2022"))
        assert bring(people, news("10.5555/study.1", late, "5/1/2020")).recorded == 1
        assert Reference.objects.get(value="10.5555/study.1").status == "reinstated"
        assert triggers(page) == [("reference", "info")]
        assert Entry.objects.filter(verb="reference.status", payload__contains='"late":true').count() == 1

    @pytest.mark.parametrize("less", ["corrected", "concern"])
    def test_nothing_less_than_a_reinstatement_undoes_a_retraction(self, people, less):
        citing(people, {"DOI": "10.5555/study.1"})
        bring(people, news("10.5555/study.1", "retracted", "5/1/2020"))
        assert bring(people, news("10.5555/study.1", less, "5/1/2023")).recorded == 1
        assert Reference.objects.get(value="10.5555/study.1").status == "retracted"
        bring(people, news("10.5555/study.1", "reinstated", "5/2/2023"))
        assert Reference.objects.get(value="10.5555/study.1").status == "reinstated"

    def test_a_retraction_behind_a_correction_is_not_missed_when_it_comes_late(self, people):
        citing(people, {"DOI": "10.5555/study.1"})
        bring(people, news("10.5555/study.1", "corrected", "5/1/2023"))
        bring(people, news("10.5555/study.1", "retracted", "5/1/2020"))
        assert Reference.objects.get(value="10.5555/study.1").status == "retracted"

    def test_on_one_day_the_graver_news_stands(self, people):
        citing(people, {"DOI": "10.5555/study.1"})
        bring(
            people, news("10.5555/study.1", "retracted", "5/1/2020"), news("10.5555/study.1", "reinstated", "5/1/2020")
        )
        assert Reference.objects.get(value="10.5555/study.1").status == "retracted"

    def test_what_a_person_found_today_outweighs_an_older_row(self, people):
        citing(people, {"DOI": "10.5555/study.1"})
        calling_back.record_reference_status(
            Reference.objects.get(value="10.5555/study.1"), status="ok", by=people.ruth
        )
        bring(people, news("10.5555/study.1", "retracted", "5/1/2020"))
        assert Reference.objects.get(value="10.5555/study.1").status == "ok"


class TestTwice:
    def test_the_same_list_again_records_nothing(self, people):
        page = citing(people, {"DOI": "10.5555/study.1"})
        rows = [
            news("10.5555/study.1", "retracted", "5/1/2020"),
            news("10.5555/study.1", "reinstated", "6/1/2022"),
            news("10.5555/study.1", "corrected", "7/1/2023", RetractionDOI="unavailable"),
            news("10.5555/study.1", "corrected", "8/1/2023", RetractionDOI="unavailable"),
        ]
        assert bring(people, *rows).recorded == 4
        before = (Entry.objects.count(), triggers(page))
        assert [change.outcome for change in look(*rows).found[0].changes] == ["known"] * 4
        assert bring(people, *rows).recorded == 0
        assert (Entry.objects.count(), triggers(page)) == before

    def test_the_same_news_twice_in_one_list_is_told_once(self, people):
        citing(people, {"DOI": "10.5555/study.1"})
        row = news("10.5555/study.1", "retracted", "5/1/2020")
        assert bring(people, row, row, row | {"Record ID": "9"}).recorded == 1

    def test_a_record_that_got_its_notice_later_is_the_same_news(self, people):
        citing(people, {"DOI": "10.5555/study.1"})
        row = news("10.5555/study.1", "retracted", "5/1/2020", RetractionDOI="unavailable")
        bring(people, row)
        assert bring(people, row | {"RetractionDOI": "10.5555/notice.4"}).recorded == 0

    @pytest.mark.parametrize("notice", ["10.5555/NOTICE.4", "https://doi.org/10.5555/notice.4"])
    def test_what_a_person_wrote_down_before_is_known(self, people, notice):
        citing(people, {"DOI": "10.5555/study.1"})
        reference = Reference.objects.get(value="10.5555/study.1")
        calling_back.record_reference_status(reference, status="retracted", by=people.ruth, notice=notice)
        assert (
            bring(people, news("10.5555/study.1", "retracted", "5/1/2020", RetractionDOI="10.5555/notice.4")).recorded
            == 0
        )

    def test_a_plan_made_before_somebody_else_carried_it_out_records_nothing_again(self, people):
        citing(people, {"DOI": "10.5555/study.1"})
        plan = look(news("10.5555/study.1", "retracted", "5/1/2020"))
        assert workflow.carry_out(plan, by=people.edda).recorded == 1
        assert workflow.carry_out(plan, by=people.ruth).recorded == 0


class TestCarryOut:
    @pytest.mark.parametrize(
        ("status", "severity"),
        [("retracted", "banner"), ("corrected", "info"), ("concern", "review"), ("reinstated", "info")],
    )
    def test_it_calls_back_every_live_page_that_cites_it(self, people, status, severity):
        pages = [citing(people, {"DOI": "10.5555/study.1"}, title=title) for title in ("One", "Two")]
        other = cast.live_page(people, title="Three")
        bring(people, news("10.5555/study.1", status, "5/1/2020"))
        assert [triggers(page) for page in (*pages, other)] == [[("reference", severity)]] * 2 + [[]]

    def test_a_page_on_which_decisions_hang_comes_down(self, people):
        page = citing(people, {"DOI": "10.5555/study.1"})
        Page.objects.filter(pk=page.pk).update(risk=Page.Risk.HIGH)
        bring(
            people,
            news("10.5555/study.1", "concern", "5/1/2020"),
            news("10.5555/study.1", "retracted", "5/1/2021"),
        )
        page.refresh_from_db()
        assert (page.live_publication, triggers(page)) == (None, [("reference", "withdraw")])

    def test_a_retraction_that_was_undone_takes_nothing_down(self, people):
        page = citing(people, {"DOI": "10.5555/study.1"})
        Page.objects.filter(pk=page.pk).update(risk=Page.Risk.HIGH)
        bring(
            people,
            news("10.5555/study.1", "retracted", "5/1/2020"),
            news("10.5555/study.1", "reinstated", "5/1/2021"),
        )
        page.refresh_from_db()
        assert page.live_publication
        assert triggers(page) == [("reference", "info")]

    def test_what_is_kept_of_an_event(self, people):
        citing(people, {"DOI": "10.5555/study.1"})
        bring(people, news("10.5555/study.1", "concern", "5/1/2020", Record_ID="4711", RetractionDOI="10.5555/N.1"))
        event = ReferenceStatus.objects.get()
        assert (event.notice, event.source, event.effective_on, event.by) == (
            "10.5555/n.1", "Retraction Watch 4711", date(2020, 5, 1), people.edda,
        )  # fmt: skip

    @pytest.mark.parametrize("who", ["amara", "max", "rita", "ada"])
    def test_it_is_for_reviewers_and_editors(self, people, who):
        citing(people, {"DOI": "10.5555/study.1"})
        with pytest.raises(PermissionDenied):
            workflow.carry_out(look(news("10.5555/study.1", "retracted", "5/1/2020")), by=getattr(people, who))
        assert not ReferenceStatus.objects.exists()

    def test_one_source_that_fails_stops_none_of_the_others(self, people, monkeypatch):
        citing(people, *({"DOI": f"10.5555/study.{n}"} for n in range(3)))
        right = workflow.record_reference_status

        def fails(reference, **event):
            right(reference, **event)
            if reference.value.endswith(".1"):
                raise RuntimeError("the disk is full")

        monkeypatch.setattr(workflow, "record_reference_status", fails)
        outcome = bring(people, *(news(f"10.5555/study.{n}", "retracted", "5/1/2020") for n in range(3)))
        assert (outcome.recorded, [(str(one), why) for one, why in outcome.failed]) == (
            2, [("doi:10.5555/study.1", "the disk is full")],
        )  # fmt: skip
        standing = dict(Reference.objects.filter(value__contains="study").values_list("value", "status"))
        assert standing == {"10.5555/study.0": "retracted", "10.5555/study.1": "ok", "10.5555/study.2": "retracted"}


class TestByHand:
    def record(self, people, reference, **details):
        return workflow.record_by_hand(reference, **{"by": people.ruth, "status": "retracted", "seen": 0} | details)

    @pytest.fixture
    def reference(self, people):
        citing(people, {"DOI": "10.5555/study.1"})
        return Reference.objects.get(value="10.5555/study.1")

    def test_it_takes_effect_at_once(self, people, reference):
        event = self.record(people, reference, notice="10.5555/n", effective_on=date(2024, 1, 2), source="The journal")
        reference.refresh_from_db()
        assert (reference.status, event.source, event.effective_on) == ("retracted", "The journal", date(2024, 1, 2))
        assert ReviewTrigger.objects.get().severity == "banner"

    def test_of_two_people_the_second_is_told(self, people, reference):
        self.record(people, reference)
        with pytest.raises(WrongState):
            self.record(people, reference, by=people.edda, status="ok")

    def test_an_older_day_is_history(self, people, reference):
        event = self.record(people, reference, status="reinstated", effective_on=date(2024, 1, 2))
        self.record(people, reference, effective_on=date(2023, 1, 2), seen=event.pk)
        reference.refresh_from_db()
        assert (reference.status, reference.events.count()) == ("reinstated", 2)

    @pytest.mark.parametrize("less", ["corrected", "concern", "dead_link"])
    def test_nothing_less_lifts_a_retraction(self, people, reference, less):
        event = self.record(people, reference)
        with pytest.raises(ValidationError, match="reinstatement"):
            self.record(people, reference, status=less, seen=event.pk)
        self.record(people, reference, status="ok", seen=event.pk)
        reference.refresh_from_db()
        assert reference.status == "ok"

    @pytest.mark.parametrize("who", ["amara", "max", "rita", "ada"])
    def test_it_is_for_reviewers_and_editors(self, people, reference, who):
        with pytest.raises(PermissionDenied):
            self.record(people, reference, by=getattr(people, who))


class TestStanding:
    def test_events_without_a_date_count_from_the_day_they_were_written_down(self):
        today = timezone.localdate()
        dated = Event("retracted", today)
        undated = Event("ok", today, pk=1, undated=True)
        assert standing([undated, dated]) is undated
        assert standing([Event("retracted", today + timedelta(days=1)), undated]).status == "retracted"
        assert standing([]) is None


def test_two_people_carry_out_one_list_at_the_same_moment(committed_db, race):
    people = cast.people()
    page = citing(people, {"DOI": "10.5555/study.1"})
    plan = look(news("10.5555/study.1", "retracted", "5/1/2020"), news("10.5555/study.1", "concern", "4/1/2020"))
    by = [User.objects.get(pk=people.edda.pk), User.objects.get(pk=people.ruth.pk)]
    outcomes = race(lambda runner: workflow.carry_out(plan, by=by[runner % 2]), runners=4)
    assert sorted(outcome.recorded for outcome in outcomes) == [0, 0, 0, 2]
    assert [outcome.failed for outcome in outcomes] == [[]] * 4
    assert triggers(page) == [("reference", "banner")]
