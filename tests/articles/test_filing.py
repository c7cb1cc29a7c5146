"""What a page is filed as at the desk: specialty, risk class, interval; who may, and what a higher class does."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Specialty
from articles.models import Page, Review, ReviewTrigger
from articles.workflow import filing, publishing, writing
from articles.workflow import review as reviewing
from audit.models import Entry
from audit.moves import WrongState
from tests import cast


@pytest.fixture
def people(db):
    return cast.people()


@pytest.fixture
def oncology(db) -> Specialty:
    return Specialty.objects.create(name="Oncology", slug="oncology")


def file(page: Page, by, **changes) -> bool:
    page = Page.objects.get(pk=page.pk)
    filed = {"risk": page.risk, "specialty": page.specialty, "interval_months": page.review_interval_months}
    return filing.classify(page, by=by, **(filed | changes))


class TestClassify:
    @pytest.mark.parametrize("who", ["edda", "ruth"])
    def test_an_editor_or_a_reviewer_files_it_on_the_record(self, people, oncology, who):
        page = cast.draft(people.amara)
        assert not file(page, getattr(people, who), specialty=oncology, interval_months=6)
        page.refresh_from_db()
        assert (page.specialty, page.review_interval_months) == (oncology, 6)
        entry = Entry.objects.get(verb="page.classified")
        assert entry.payload == f'{{"months":6,"risk":"standard","specialty":{oncology.pk}}}'

    @pytest.mark.parametrize("who", ["amara", "max", "rita", "ada"])
    def test_others_may_not(self, people, who):
        with pytest.raises(PermissionDenied):
            file(cast.draft(people.amara), getattr(people, who), risk="high")

    def test_the_same_twice_leaves_one_entry(self, people):
        page = cast.draft(people.amara)
        for _ in range(2):
            file(page, people.edda, interval_months=6)
        assert Entry.objects.filter(verb="page.classified").count() == 1

    @pytest.mark.parametrize("changes", [{"risk": "none"}, {"interval_months": 0}, {"interval_months": 61}])
    def test_nonsense_is_refused(self, people, changes):
        with pytest.raises(ValidationError):
            file(cast.draft(people.amara), people.edda, **changes)


class TestHigher:
    def test_a_public_page_comes_back_by_a_due_date(self, people):
        page = cast.live_page(people)
        assert file(page, people.ruth, risk="high")
        trigger = ReviewTrigger.objects.get()
        assert (trigger.source_kind, trigger.severity) == ("policy", "review")
        assert timezone.localdate() < trigger.due_on <= timezone.localdate() + timedelta(days=90)
        assert Page.objects.get(pk=page.pk).live_publication is not None

    def test_raising_it_once_more_calls_it_back_once_more(self, people):
        page = cast.live_page(people)
        for risk in ("high", "standard", "high"):
            file(page, people.edda, risk=risk)
        assert ReviewTrigger.objects.count() == 2

    def test_a_review_under_way_begins_anew_with_the_stricter_steps(self, people):
        opened = cast.open_review(people)
        reviewing.assign(opened, to=people.raj, by=people.raj, version=1)
        file(opened.page, people.ruth, risk="high")
        opened.refresh_from_db()
        anew = Review.objects.get(status="open")
        assert opened.status == "cancelled"
        assert (anew.revision, anew.policy.risk, anew.assignee) == (opened.revision, "high", people.raj)
        assert [step.code for step in anew.policy.steps.all()] == ["medical", "medical"]

    def test_what_was_signed_under_less_is_not_published(self, people):
        signed = cast.signed_review(people)
        file(signed.page, people.ruth, risk="high")
        signed.refresh_from_db()
        with pytest.raises(WrongState):
            publishing.publish(signed, by=people.edda)
        anew = Review.objects.get(status="open")
        with pytest.raises(WrongState, match="signature is missing"):
            publishing.publish(anew, by=people.edda)
        for who in (people.ruth, people.raj):
            cast.sign(anew, who)
        anew.refresh_from_db()
        publishing.publish(anew, by=people.edda)
        assert Page.objects.get(pk=signed.page_id).live_publication.review == anew

    def test_a_page_that_was_taken_down_does_not_return_under_less(self, people):
        page = cast.live_page(people)
        old = page.live_publication
        publishing.withdraw(page, by=people.edda, kind="other", public_reason="it moved.")
        file(page, people.edda, risk="high")
        with pytest.raises(WrongState, match="higher risk class"):
            publishing.publish(old.review, by=people.edda)

    def test_the_database_refuses_it_too(self, people):
        signed = cast.signed_review(people)
        Page.objects.filter(pk=signed.page_id).update(risk="high")
        fields = {
            "page": signed.page, "number": 1, "review": signed, "revision": signed.revision,
            "content_hash": signed.content_hash, "vouched_hash": signed.content_hash, "artefact": "", "artefact_hash": "",
            "renderer_version": 1, "reason": "new", "title": "x", "reviewed_on": timezone.localdate(),
            "next_review_due": timezone.localdate(), "published_by": people.edda,
        }  # fmt: skip
        with pytest.raises(IntegrityError, match="higher risk class"), transaction.atomic():
            publishing.Publication.objects.create(**fields)
        Page.objects.filter(pk=signed.page_id).update(risk="standard")
        publishing.Publication.objects.create(**fields)

    def test_an_older_signed_revision_is_closed_and_only_the_newest_begins_again(self, people):
        first = cast.signed_review(people)
        draft = first.page.draft
        changed = draft.content | {"standfirst": "Something else."}
        draft = writing.save_draft(first.page, changed, version=draft.version, by=people.amara)
        second = writing.submit(first.page, version=draft.version, by=people.amara)
        file(first.page, people.edda, risk="high")
        assert set(Review.objects.filter(pk__in=[first.pk, second.pk]).values_list("status", flat=True)) == {
            "cancelled"
        }
        assert Review.objects.get(status="open").revision == second.revision


class TestLower:
    @pytest.fixture
    def page(self, people) -> Page:
        page = cast.draft(people.amara)
        Page.objects.filter(pk=page.pk).update(risk="high")
        return page

    def test_an_editor_lowers_it(self, people, page):
        file(page, people.edda, risk="standard")
        page.refresh_from_db()
        assert page.risk == "standard"

    def test_a_reviewer_may_not(self, people, page):
        with pytest.raises(PermissionDenied, match="Only an editor may lower"):
            file(page, people.ruth, risk="standard")

    def test_nobody_does_while_a_review_is_open(self, people, page):
        writing.submit(page, version=1, by=people.amara)
        with pytest.raises(WrongState, match="review of this page is open"):
            file(page, people.edda, risk="standard")
        file(page, people.edda, interval_months=6)
        page.refresh_from_db()
        assert (page.risk, page.review_interval_months) == ("high", 6)


class TestPage:
    @pytest.fixture
    def page(self, people) -> Page:
        return cast.live_page(people, title="Short nights")

    def url(self, page: Page) -> str:
        return reverse("articles:page_settings", args=[page.pk])

    def test_it_is_filed_and_said(self, client, people, page, oncology):
        cast.sign_in(client, people.edda)
        data = {"specialty": oncology.pk, "risk": "high", "interval_months": 12}
        answer = client.post(self.url(page), data, follow=True)
        assert "called back for review" in answer.text
        page.refresh_from_db()
        assert (page.specialty, page.risk) == (oncology, "high")

    def test_lowering_it_in_a_review_is_refused_in_words_and_nothing_is_lost(self, client, people, page):
        Page.objects.filter(pk=page.pk).update(risk="high")
        reviewing.review_again(page, by=people.edda)
        cast.sign_in(client, people.edda)
        answer = client.post(self.url(page), {"specialty": "", "risk": "standard", "interval_months": 7})
        assert answer.status_code == 409
        assert "A review of this page is open" in answer.text
        assert 'value="7"' in answer.text

    @pytest.mark.parametrize(
        "data", [{"x": 1}, {"risk": "x", "interval_months": 1}, {"risk": "high", "interval_months": 999}]
    )
    def test_what_is_wrong_stands_beside_its_field(self, client, people, page, data):
        cast.sign_in(client, people.edda)
        answer = client.post(self.url(page), data)
        assert answer.status_code == 422
        assert "errorlist" in answer.text

    @pytest.mark.parametrize("who", ["amara", "max", "rita", "ada"])
    def test_others_do_not_learn_that_it_exists(self, client, people, page, who):
        cast.sign_in(client, getattr(people, who))
        assert client.get(self.url(page)).status_code == 404
