"""The queue of the review desk: lanes, specialties, paging, and who takes what."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.template import engines
from django.urls import reverse
from django.utils import timezone

from accounts.models import Specialty, User
from articles import permissions, review_queue
from articles.models import Page, Review, RevisionContributor
from articles.workflow import publishing
from articles.workflow import review as verbs
from audit.models import Entry
from audit.moves import WrongState
from tests import cast
from tests.articles import many

QUEUE = "/desk/review/"


@pytest.fixture
def people(db):
    return cast.people()


@pytest.fixture
def opened(people) -> Review:
    return cast.open_review(people, title="Short nights")


@pytest.fixture
def oncology(db) -> Specialty:
    return Specialty.objects.create(name="Oncology", slug="oncology")


def due(review: Review, days: int) -> Review:
    Review.objects.filter(pk=review.pk).update(due_on=timezone.localdate() + timedelta(days=days))
    return review


def titles(page) -> list[str]:
    return [row.title for row in page.context["rows"]]


def assign_url(review: Review) -> str:
    return reverse("articles:assign", args=[review.pk])


class TestLanes:
    @pytest.fixture
    def world(self, people):
        due(cast.open_review(people, title="Late"), -2)
        due(cast.open_review(people, title="Soon"), 7)
        due(cast.open_review(people, title="Far"), 8)
        verbs.assign(due(cast.open_review(people, title="Ruth has it"), 9), to=people.ruth, by=people.ruth, version=1)
        back = cast.open_review(people, title="Sent back")
        verbs.ask_for_changes(back, by=people.ruth, text="Name the study.", version=1)
        cast.signed_review(people, title="Signed")
        cast.live_page(people, title="Public")
        return people

    @pytest.mark.parametrize(
        ("lane", "shown"),
        [
            ("mine", ["Ruth has it"]),
            ("new", ["Late", "Soon", "Far"]),
            ("overdue", ["Late"]),
            ("due_soon", ["Soon"]),
            ("open", ["Late", "Soon", "Far", "Ruth has it"]),
            ("sent_back", ["Sent back"]),
            ("signed", ["Signed"]),
            ("nonsense", ["Late", "Soon", "Far", "Ruth has it"]),
        ],
    )
    def test_each_lists_its_own_and_counts_what_it_lists(self, client, world, lane, shown):
        cast.sign_in(client, world.ruth)
        page = client.get(QUEUE, {"lane": lane})
        assert titles(page) == shown
        assert page.context["counts"].get(lane, 4) == len(shown)

    def test_what_was_sent_again_is_sent_back_no_more(self, client, world):
        page = Review.objects.get(status="changes_asked").page
        cast.writing.submit(page, version=page.draft.version, by=world.amara)
        cast.sign_in(client, world.ruth)
        assert titles(client.get(QUEUE, {"lane": "sent_back"})) == []

    def test_a_signed_revision_waits_no_more_once_a_later_one_is_public(self, client, people):
        first = cast.signed_review(people, title="First")
        draft = first.page.draft
        draft = cast.writing.save_draft(
            first.page, draft.content | {"standfirst": "Something else."}, version=draft.version, by=people.amara
        )
        later = cast.writing.submit(first.page, version=draft.version, by=people.amara)
        publishing.publish(cast.signed_review(people, review=later), by=people.edda)
        assert list(review_queue.lane("signed", people.edda, review_queue.about(people.edda, ""))) == []

    def test_the_words_of_a_row(self, client, people):
        page = cast.live_page(people, title="Public")
        verbs.review_again(page, by=people.edda)
        due(cast.open_review(people, title="New one"), -2)
        cast.sign_in(client, people.ruth)
        said = {row.title: (row.what, row.due, row.is_late) for row in client.get(QUEUE).context["rows"]}
        assert said["New one"] == ("New page", "Overdue by 2 days", True)
        assert said["Public"][0] == "Reviewed again"

    def test_a_change_of_a_public_page_says_so(self, client, people):
        page = cast.live_page(people, title="Public")
        content = page.draft.content | {"standfirst": "Something else."}
        draft = cast.writing.save_draft(page, content, version=page.draft.version, by=people.amara)
        cast.writing.submit(page, version=draft.version, by=people.amara, change_class="minor")
        cast.sign_in(client, people.ruth)
        answer = client.get(QUEUE)
        assert [row.what for row in answer.context["rows"]] == ["Change of a public page"]
        assert "Small change" in answer.text

    def test_the_next_one_is_one_that_this_person_could_sign(self, client, people, opened):
        both = cast.person("both", "writer", "medical_reviewer", name="Bo Both")
        page = cast.draft(both, title="Own text")
        own = due(cast.writing.submit(page, version=1, by=both), 1)
        due(opened, 5)
        cast.sign_in(client, both)
        answer = client.get(QUEUE)
        assert titles(answer) == ["Own text", "Short nights"]
        assert answer.context["next_one"] == opened
        assert [row.may_take for row in answer.context["rows"]] == [False, True]
        cast.sign_in(client, people.ruth)
        assert client.get(QUEUE).context["next_one"] == own


class TestSpecialties:
    @pytest.fixture
    def world(self, people, oncology):
        one = cast.open_review(people, title="Of oncology")
        cast.open_review(people, title="Of nothing")
        Page.objects.filter(pk=one.page_id).update(specialty=oncology)
        people.ruth.specialties.add(oncology)
        return people

    @pytest.mark.parametrize(
        ("who", "wanted", "shown"),
        [
            ("ruth", "", ["Of oncology", "Of nothing"]),
            ("ruth", "_mine", ["Of oncology"]),
            ("raj", "_mine", []),
            ("raj", "oncology", ["Of oncology"]),
            ("raj", "no-such", []),
        ],
    )
    def test_the_list_and_the_counts_keep_to_it(self, client, world, who, wanted, shown):
        cast.sign_in(client, getattr(world, who))
        page = client.get(QUEUE, {"specialty": wanted})
        assert sorted(titles(page)) == sorted(shown)
        assert page.context["counts"]["open"] == len(shown)

    def test_the_next_piece_and_the_other_lanes_keep_it(self, client, world, monkeypatch):
        monkeypatch.setattr("articles.views.review_queue.PAGE_SIZE", 1)
        Page.objects.update(specialty=Specialty.objects.get())
        cast.sign_in(client, world.ruth)
        page = client.get(QUEUE, {"specialty": "oncology"})
        assert "specialty=oncology" in page.context["older"]
        assert "?lane=new&amp;specialty=oncology" in page.text


class TestLength:
    def test_it_pages_by_key_and_shows_each_once(self, client, people, monkeypatch):
        monkeypatch.setattr("articles.views.review_queue.PAGE_SIZE", 2)
        many.reviews(5, people)
        cast.sign_in(client, people.ruth)
        seen, path = [], QUEUE
        while path:
            page = client.get(path)
            seen += titles(page)
            path = page.context["older"] and QUEUE + page.context["older"]
        assert seen == [f"Page {number}" for number in range(5)]

    @pytest.mark.parametrize("query", ["?after=nonsense", "?after=0_2026-13-99_x", "?after=_", "?after=0_none_1"])
    def test_a_nonsense_query_is_no_trouble(self, client, people, opened, query):
        cast.sign_in(client, people.ruth)
        assert client.get(QUEUE + query).status_code == 200

    @pytest.mark.parametrize("who", ["ruth", "edda"])
    def test_it_costs_the_same_whatever_its_length(self, client, people, who, django_assert_max_num_queries):
        cast.sign_in(client, getattr(people, who))
        many.reviews(3, people)
        for more in (57, 0):
            with django_assert_max_num_queries(15):
                page = client.get(QUEUE)
            many.reviews(more, people) if more else None
        assert page.context["counts"]["open"] == 60

    def test_the_text_of_a_revision_stays_in_the_database(self, people):
        many.reviews(2, people)
        found = review_queue.with_facts(Review.objects.all(), people.ruth)
        assert all("content" in one.revision.get_deferred_fields() for one in found)


class TestAssign:
    """The verb."""

    def test_a_reviewer_takes_it_and_gives_it_back_on_the_record(self, people, opened):
        verbs.assign(opened, to=people.ruth, by=people.ruth, version=1)
        assert opened.assignee == people.ruth
        verbs.assign(opened, to=None, by=people.ruth, version=2)
        assert (opened.assignee, opened.version) == (None, 3)
        assert list(Entry.objects.filter(verb="review.assigned").values_list("payload", flat=True)) == [
            f'{{"to":{people.ruth.pk}}}',
            '{"to":null}',
        ]

    @pytest.mark.parametrize("who", ["amara", "max", "rita", "ada"])
    def test_others_take_nothing(self, people, opened, who):
        person = getattr(people, who)
        with pytest.raises(PermissionDenied):
            verbs.assign(opened, to=person, by=person, version=1)

    def test_only_an_editor_gives_it_to_somebody_else(self, people, opened):
        with pytest.raises(PermissionDenied, match="Only an editor"):
            verbs.assign(opened, to=people.raj, by=people.ruth, version=1)
        verbs.assign(opened, to=people.raj, by=people.edda, version=1)
        with pytest.raises(PermissionDenied, match="Only an editor"):
            verbs.assign(opened, to=None, by=people.ruth, version=2)

    def test_another_specialty_is_taken_with_an_editors_help(self, people, opened, oncology):
        Page.objects.filter(pk=opened.page_id).update(specialty=oncology)
        opened = Review.objects.get(pk=opened.pk)
        with pytest.raises(PermissionDenied, match="another specialty"):
            verbs.assign(opened, to=people.ruth, by=people.ruth, version=1)
        people.raj.specialties.add(oncology)
        verbs.assign(opened, to=people.raj, by=people.raj, version=1)
        verbs.assign(opened, to=people.ruth, by=people.edda, version=2)
        assert opened.assignee == people.ruth

    def test_nobody_gets_what_they_wrote(self, people):
        both = cast.person("both", "writer", "medical_reviewer", name="Bo Both")
        opened = cast.writing.submit(cast.draft(both), version=1, by=both)
        for by in (both, people.edda):
            with pytest.raises(PermissionDenied, match="Bo Both wrote part"):
                verbs.assign(opened, to=both, by=by, version=1)

    def test_without_a_valid_credential_it_is_said(self, people, opened):
        lapsed = cast.person("lapsed", "medical_reviewer", name="La Psed", credential=False)
        cast.qualify(lapsed, until=timezone.now().date() - timedelta(days=1))
        with pytest.raises(PermissionDenied, match="La Psed has no credential that is valid today"):
            verbs.assign(opened, to=lapsed, by=people.edda, version=1)

    @pytest.mark.parametrize("who", ["edda", "max", "rita"])
    def test_whoever_can_take_no_step_gets_nothing(self, people, opened, who):
        with pytest.raises(PermissionDenied, match="none of the steps"):
            verbs.assign(opened, to=getattr(people, who), by=people.edda, version=1)

    def test_whoever_signed_the_first_of_two_steps_gives_it_back_and_does_not_get_it_again(self, people):
        page = cast.draft(people.amara)
        Page.objects.filter(pk=page.pk).update(risk="high")
        opened = cast.writing.submit(page, version=1, by=people.amara)
        verbs.assign(opened, to=people.ruth, by=people.ruth, version=1)
        cast.sign(opened, people.ruth)
        opened.refresh_from_db()
        assert (opened.status, opened.assignee) == ("open", None)
        with pytest.raises(PermissionDenied, match="has signed this revision already"):
            verbs.assign(opened, to=people.ruth, by=people.edda, version=opened.version)

    def test_a_stale_page_is_told_who_has_it(self, people, opened):
        stale = Review.objects.get(pk=opened.pk)
        verbs.assign(opened, to=people.ruth, by=people.ruth, version=1)
        with pytest.raises(WrongState, match="Ruth Adeyemi has this review now"):
            verbs.assign(stale, to=people.raj, by=people.raj, version=1)
        verbs.assign(opened, to=None, by=people.ruth, version=2)
        with pytest.raises(WrongState, match="Somebody else changed this first"):
            verbs.assign(stale, to=people.raj, by=people.edda, version=1)

    def test_a_closed_review_is_given_to_nobody(self, people, opened):
        verbs.ask_for_changes(opened, by=people.raj, text="Name the study.", version=1)
        with pytest.raises(WrongState, match="no longer open"):
            verbs.assign(opened, to=people.ruth, by=people.ruth, version=opened.version)

    def test_everybody_who_is_offered_could_take_it_and_nobody_else_could(self, people, oncology):
        both = cast.person("both", "writer", "medical_reviewer", name="Bo Both")
        cast.person("lapsed", "medical_reviewer", name="La Psed", credential=False)
        off = cast.person("off", "medical_reviewer", name="O Off")
        type(off).objects.filter(pk=off.pk).update(is_active=False)
        opened = cast.open_review(people)
        RevisionContributor.objects.create(revision=opened.revision, user=both)
        Page.objects.filter(pk=opened.page_id).update(specialty=oncology)
        people.raj.specialties.add(oncology)
        verbs.assign(cast.open_review(people), to=people.raj, by=people.raj, version=1)
        opened = Review.objects.select_related("page", "policy", "revision").get(pk=opened.pk)
        offered = review_queue.candidates(opened)
        assert [(one.person, one.load, one.fits) for one in offered] == [(people.raj, 1, True), (people.ruth, 0, False)]
        assert offered[0].words == "Raj Patel · 1 open · knows this specialty"
        could = [one for one in User.objects.all() if not permissions.why_not_assign(people.edda, one, opened)]
        assert {one.pk for one in could} == {people.raj.pk, people.ruth.pk}


def test_of_two_who_take_it_at_once_one_has_it(committed_db):
    people = cast.people()
    for _round in range(4):
        opened = cast.open_review(people)
        takers = [people.ruth, people.raj, people.ruth, people.raj]

        def take(number, opened=opened, takers=takers):
            row = Review.objects.get(pk=opened.pk)
            verbs.assign(row, to=takers[number], by=takers[number], version=1)

        results = committed_db.race(take)
        refused = [one for one in results if isinstance(one, WrongState)]
        assert results.count(None) == 1, results
        assert len(refused) == 3
        winner = takers[results.index(None)]
        assert all(winner.name in str(one) for one in refused)
        opened.refresh_from_db()
        assert (opened.assignee, opened.version) == (winner, 2)


class TestAssignPages:
    def test_take_it_and_give_it_back_from_the_queue(self, client, people, opened):
        cast.sign_in(client, people.ruth)
        assert "Take it" in client.get(QUEUE).text
        back = f"{QUEUE}?lane=new"
        answer = client.post(assign_url(opened), {"act": "take", "version": 1, "back": back})
        assert answer["Location"] == back
        opened.refresh_from_db()
        assert opened.assignee == people.ruth
        page = client.get(QUEUE, {"lane": "mine"})
        assert "Give it back" in page.text
        client.post(assign_url(opened), {"act": "release", "version": 2})
        opened.refresh_from_db()
        assert opened.assignee is None

    def test_the_second_reads_who_has_it(self, client, people, opened):
        verbs.assign(opened, to=people.raj, by=people.raj, version=1)
        cast.sign_in(client, people.ruth)
        answer = client.post(assign_url(opened), {"act": "take", "version": 1, "back": QUEUE}, follow=True)
        assert "Raj Patel has this review now. Your choice was not saved." in answer.text

    def test_an_editor_chooses_among_those_who_could_sign(self, client, people, opened):
        cast.sign_in(client, people.edda)
        page = client.get(assign_url(opened))
        assert "Ruth Adeyemi · 0 open" in page.text
        assert "Amara" not in page.text
        answer = client.post(assign_url(opened), {"to": people.raj.pk, "version": 1}, follow=True)
        assert "Raj Patel has this review now." in answer.text
        client.post(assign_url(opened), {"to": "", "version": 2})
        opened.refresh_from_db()
        assert opened.assignee is None

    @pytest.mark.parametrize("to", ["amara", "max", "edda"])
    def test_somebody_who_is_not_offered_is_refused_beside_the_field(self, client, people, opened, to):
        cast.sign_in(client, people.edda)
        answer = client.post(assign_url(opened), {"to": getattr(people, to).pk, "version": 1})
        assert answer.status_code == 422
        assert "errorlist" in answer.text

    def test_a_reviewer_is_shown_no_list_of_people(self, client, people, opened):
        cast.sign_in(client, people.ruth)
        assert client.get(assign_url(opened))["Location"] == reverse("articles:review", args=[opened.pk])
        assert client.post(assign_url(opened), {"to": people.raj.pk, "version": 1}).status_code == 403

    @pytest.mark.parametrize("who", ["rita", "max", "amara", "ada"])
    def test_others_do_not_learn_that_it_exists(self, client, people, opened, who):
        cast.sign_in(client, getattr(people, who))
        assert client.post(assign_url(opened), {"act": "take", "version": 1}).status_code == 404

    @pytest.mark.parametrize(
        "back", ["https://evil.example/", "//evil.example/desk/review/", "/desk/people/", "/desk/review/\\@x"]
    )
    def test_it_leads_back_to_this_desk_alone(self, client, people, opened, back):
        cast.sign_in(client, people.ruth)
        answer = client.post(assign_url(opened), {"act": "take", "version": 1, "back": back})
        assert answer["Location"].startswith("/desk/review/")
        assert "evil" not in answer["Location"]

    @pytest.mark.parametrize("version", ["", "x", "²"])
    def test_a_button_without_a_version_does_nothing(self, client, people, opened, version):
        cast.sign_in(client, people.ruth)
        assert client.post(assign_url(opened), {"act": "take", "version": version}).status_code == 302
        opened.refresh_from_db()
        assert opened.assignee is None


class TestLivePages:
    def test_it_shows_what_called_a_page_back_and_costs_the_same(self, client, people, django_assert_max_num_queries):
        many.live_pages(3, people)
        cast.sign_in(client, people.edda)
        for more in (40, 0):
            with django_assert_max_num_queries(9):
                client.get("/desk/review/live/")
            many.live_pages(more, people) if more else None


class TestAssigningBox:
    """The part of the review page that says who has it: `{% assigning review %}`."""

    def box(self, rf, user, review) -> str:
        request = rf.get("/")
        request.user = user
        template = engines["django"].from_string("{% load review_desk %}{% assigning review '/desk/review/' %}")
        return template.render({"review": Review.objects.get(pk=review.pk)}, request)

    @pytest.mark.parametrize(
        ("who", "shown", "hidden"),
        [("ruth", "Take it", "Assign"), ("edda", "Assign", "Take it"), ("amara", "Nobody has taken", "<form")],
    )
    def test_it_offers_what_this_person_may(self, rf, people, opened, who, shown, hidden):
        html = self.box(rf, getattr(people, who), opened)
        assert shown in html
        assert hidden not in html

    def test_it_says_who_has_it(self, rf, people, opened):
        verbs.assign(opened, to=people.ruth, by=people.ruth, version=1)
        mine, theirs = (self.box(rf, one, opened) for one in (people.ruth, people.raj))
        assert "This review is yours." in mine
        assert "Give it back" in mine
        assert "csrfmiddlewaretoken" in mine
        assert "Ruth Adeyemi has this review." in theirs
        assert "<form" not in theirs

    def test_it_says_why_not(self, rf, people, opened, oncology):
        Page.objects.filter(pk=opened.page_id).update(specialty=oncology)
        assert "another specialty" in self.box(rf, people.ruth, opened)
