"""Pages called back: the list, what happened in words, and the acts that settle it."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone

from articles import causes
from articles.models import ErrorReport, Page, Reference, Review, ReviewPolicy, ReviewTrigger
from articles.workflow import calling_back
from audit.models import Entry
from audit.moves import WrongState
from tests import cast
from tests.articles import many

URL = "/desk/review/called-back/"


@pytest.fixture
def people(db):
    return cast.people()


@pytest.fixture
def page(people) -> Page:
    return cast.live_page(people, title="Short nights")


def trigger(page: Page, source: str = "policy", source_id: str = "risk-1", **changes) -> ReviewTrigger:
    fields = {"severity": "review", "due_on": timezone.localdate() + timedelta(days=3)} | changes
    return calling_back.open_trigger(page, source_kind=source, source_id=source_id, **fields)


def url(one: ReviewTrigger) -> str:
    return reverse("articles:trigger", args=[one.pk])


def words(one: ReviewTrigger) -> str:
    return causes.causes_of([one])[one.pk].words


class TestList:
    def test_the_most_severe_and_the_soonest_due_come_first(self, client, people, page):
        today = timezone.localdate()
        for n, (severity, days) in enumerate([("info", 1), ("review", 9), ("review", 2), ("banner", 30)]):
            trigger(page, source_id=f"risk-{n}", severity=severity, due_on=today + timedelta(days=days))
        trigger(page, source_id="risk-9", severity="review", due_on=None)
        cast.sign_in(client, people.ruth)
        rows = client.get(URL).context["rows"]
        assert [(one.severity, due) for one, _cause, due in rows] == [
            ("banner", "Due in 30 days"),
            ("review", "Due in 2 days"),
            ("review", "Due in 9 days"),
            ("review", "No due date"),
            ("info", "Due in 1 day"),
        ]

    def test_what_is_settled_is_gone(self, client, people, page):
        one = trigger(page)
        calling_back.resolve_trigger(one, by=people.ruth, resolution="duplicate")
        cast.sign_in(client, people.ruth)
        assert client.get(URL).context["rows"] == []

    def test_it_pages_by_key(self, client, people, page, monkeypatch):
        monkeypatch.setattr("articles.views.triggers.PAGE_SIZE", 2)
        made = [trigger(page, source_id=f"risk-{n}", due_on=None if n % 2 else timezone.localdate()) for n in range(5)]
        cast.sign_in(client, people.edda)
        seen, path = [], URL
        while path:
            answer = client.get(path)
            seen += [one.pk for one, _cause, _due in answer.context["rows"]]
            path = answer.context["older"] and URL + answer.context["older"]
        assert seen == [made[n].pk for n in (0, 2, 4, 1, 3)]

    def test_it_costs_the_same_whatever_its_length(self, client, people, django_assert_max_num_queries):
        policy = ReviewPolicy.objects.in_force().first()
        cast.sign_in(client, people.ruth)
        for _ in range(2):
            for live in many.live_pages(8, people):
                calling_back.report_error(live, kind="fact", text="One.")
                calling_back.report_error(live, kind="fact", text="Two.")
                trigger(live, source_id=str(policy.pk), severity="banner")
                trigger(live, "credential", str(people.ruth.credentials.get().pk))
                trigger(live, "date", "2020-01-01", due_on=timezone.localdate())
            with django_assert_max_num_queries(12):
                answer = client.get(URL)
        assert len(answer.context["rows"]) == 25

    @pytest.mark.parametrize("who", ["amara", "max", "rita", "ada"])
    def test_others_do_not_learn_that_it_exists(self, client, people, page, who):
        one = trigger(page)
        cast.sign_in(client, getattr(people, who))
        assert client.get(URL).status_code == client.get(url(one)).status_code == 404
        assert client.post(url(one), {"act": "settle", "resolution": "duplicate"}).status_code == 404


class TestWords:
    def test_a_source_by_its_title_with_a_link(self, people, page):
        reference = Reference.objects.filter(scheme="doi").first()
        calling_back.record_reference_status(reference, status="retracted", by=people.edda)
        one = ReviewTrigger.objects.get()
        cause = causes.causes_of([one])[one.pk]
        assert cause.words.startswith("Source “Surgery and survival")
        assert cause.words.endswith("”: Retracted.")
        assert cause.url == f"https://doi.org/{reference.value}"

    @pytest.mark.parametrize(
        ("scheme", "value", "address"),
        [
            ("pmid", "123", "https://pubmed.ncbi.nlm.nih.gov/123/"),
            ("url", "https://example.org/a", "https://example.org/a"),
            ("url", "javascript:alert(1)", ""),
            ("doi", '10.1/a"b<c', "https://doi.org/10.1/a%22b%3Cc"),
            ("text", "A leaflet", ""),
        ],
    )
    def test_addresses_of_sources(self, scheme, value, address):
        assert causes.address_of(Reference(scheme=scheme, value=value)) == address

    def test_an_entry_with_its_history(self, people, page):
        entry = cast.live_page(people, kind="drug", title="Examplix")
        one = trigger(page, "drug", str(entry.live_publication_id))
        cause = causes.causes_of([one])[one.pk]
        assert "“Examplix”" in cause.words
        assert cause.url == f"{entry.get_absolute_url()}history/"

    def test_the_others(self, people, page):
        credential = people.ruth.credentials.get()
        policy = ReviewPolicy.objects.in_force().first()
        assert "Ruth Adeyemi, who signed it, lapsed" in words(trigger(page, "credential", str(credential.pk)))
        assert "was taken back" in words(trigger(page, "credential", f"{credential.pk}-revoked"))
        assert "higher risk class" in words(trigger(page, "policy", "risk-12"))
        assert "(number 1)" in words(trigger(page, "policy", str(policy.pk)))
        due = timezone.localdate() - timedelta(days=2)
        assert words(trigger(page, "date", due.isoformat(), due_on=due)).startswith("Its review was due on")

    @pytest.mark.parametrize("source", ReviewTrigger.Source.values)
    def test_a_cause_that_names_no_row_is_no_trouble(self, people, page, source):
        assert words(trigger(page, source, "nonsense"))


class TestSettle:
    def test_it_needs_a_known_reason(self, people, page):
        one = trigger(page)
        with pytest.raises(ValidationError):
            calling_back.resolve_trigger(one, by=people.ruth, resolution="because")
        calling_back.resolve_trigger(one, by=people.ruth, resolution="no_change_needed")
        assert one.resolution == "no_change_needed"
        with pytest.raises(WrongState):
            calling_back.resolve_trigger(one, by=people.ruth, resolution="no_change_needed")

    def test_from_its_page(self, client, people, page):
        one = trigger(page)
        cast.sign_in(client, people.edda)
        answer = client.post(url(one), {"act": "settle", "resolution": ""})
        assert answer.status_code == 422
        assert "Choose why this is settled." in answer.text
        answer = client.post(url(one), {"act": "settle", "resolution": "handled_elsewhere"}, follow=True)
        assert "Settled: It is handled in another review" in answer.text
        answer = client.post(url(one), {"act": "settle", "resolution": "duplicate"}, follow=True)
        assert "This was settled already." in answer.text

    @pytest.mark.parametrize("act", ["", "publish", "erase"])
    def test_a_button_that_is_none(self, client, people, page, act):
        cast.sign_in(client, people.edda)
        assert client.post(url(trigger(page)), {"act": act, "report": "1"}).status_code == 404


class TestReadAgain:
    def test_a_public_page_is_reviewed_again_as_it_stands(self, client, people, page):
        one = trigger(page)
        cast.sign_in(client, people.ruth)
        answer = client.post(url(one), {"act": "review"})
        opened = Review.objects.get(status="open")
        assert answer["Location"] == reverse("articles:review", args=[opened.pk])
        assert opened.reaffirms
        assert "A review is open" in client.get(url(one)).text
        answer = client.post(url(one), {"act": "review"}, follow=True)
        assert "in review already" in answer.text

    def test_the_draft_is_offered_to_those_who_may_open_it(self, client, people, page):
        one, draft = trigger(page), reverse("articles:write", args=[page.pk])
        cast.sign_in(client, people.edda)
        assert draft in client.get(url(one)).text
        cast.sign_in(client, people.ruth)
        assert draft not in client.get(url(one)).text


class TestReports:
    """What the desk sees of what readers wrote; the reader's side is in test_error_report."""

    def test_further_reports_join_the_open_one_and_all_are_shown(self, client, people, page, monkeypatch):
        monkeypatch.setattr("articles.views.triggers.REPORTS_SHOWN", 4)
        for n in range(6):
            calling_back.report_error(page, kind="fact", text=f"Letter {n}.", email="reader@example.org" if n else "")
        one = ReviewTrigger.objects.get()
        cast.sign_in(client, people.ruth)
        listed = client.get(URL).text
        assert "6 readers wrote to us." in listed
        assert "and 3 more" in listed
        shown, path = [], url(one)
        while path:
            answer = client.get(path)
            shown += [report.text for report in answer.context["reports"]]
            path = answer.context["older"] and url(one) + answer.context["older"]
        assert shown == [f"Letter {n}." for n in (5, 4, 3, 2, 1, 0)]

    def test_the_most_urgent_letter_says_when_it_is_due(self, people, page):
        today = timezone.localdate()
        due = []
        for kind in ("fact", "harm", "other"):
            calling_back.report_error(page, kind=kind, text="Look.")
            due.append(ReviewTrigger.objects.get().due_on - today)
        assert [days.days for days in due] == [14, 3, 3]

    def test_once_settled_the_next_one_opens_another(self, people, page):
        calling_back.report_error(page, kind="fact", text="First.")
        first = ReviewTrigger.objects.get()
        calling_back.resolve_trigger(first, by=people.ruth, resolution="not_an_error")
        calling_back.report_error(page, kind="fact", text="Second.")
        second = ReviewTrigger.objects.get(resolved_at=None)
        assert [one.text for one in calling_back.reports_of(first)] == ["First."]
        assert [one.text for one in calling_back.reports_of(second)] == ["Second."]

    def test_a_reader_writes_no_script_into_the_desk(self, client, people, page):
        calling_back.report_error(page, kind="fact", text="<script>alert(1)</script>", email="a'b@example.org")
        cast.sign_in(client, people.ruth)
        for path in (URL, url(ReviewTrigger.objects.get())):
            assert "<script>alert" not in client.get(path).text

    def test_the_words_are_erased_and_the_rest_stays(self, client, people, page):
        report = calling_back.report_error(page, kind="fact", text="My name is Rita.", email="rita@example.org")
        other = calling_back.report_error(cast.live_page(people), kind="fact", text="Another page.")
        one = page.triggers.get()
        cast.sign_in(client, people.ruth)
        assert client.post(url(one), {"act": "erase", "report": other.pk}).status_code == 404
        assert client.post(url(one), {"act": "erase", "report": "²"}).status_code == 404
        answer = client.post(url(one), {"act": "erase", "report": report.pk}, follow=True)
        assert "The words were erased." in answer.text
        report.refresh_from_db()
        assert (report.text, report.email, report.kind) == ("", "", "fact")
        assert Entry.objects.filter(verb="report.erased", object_id=str(report.pk)).count() == 1

    @pytest.mark.parametrize("who", ["amara", "max", "rita", "ada"])
    def test_others_erase_nothing(self, people, page, who):
        report = calling_back.report_error(page, kind="fact", text="Look.")
        with pytest.raises(PermissionDenied):
            calling_back.erase_report(report, by=getattr(people, who))

    def test_addresses_go_after_ninety_days(self, people, page):
        old = calling_back.report_error(page, kind="fact", text="Old.", email="old@example.org")
        new = calling_back.report_error(page, kind="fact", text="New.", email="new@example.org")
        long_ago = timezone.now() - timedelta(days=91)
        assert calling_back.forget_addresses() == 0
        made = ErrorReport.objects.create(
            page=page, content_hash=old.content_hash, kind="fact", text="x", email="x@example.org", created_at=long_ago
        )
        assert calling_back.forget_addresses() == 1
        assert ErrorReport.objects.get(pk=made.pk).text == "x"
        assert ErrorReport.objects.get(pk=new.pk).email == "new@example.org"
