"""Review policies: who changes them, that a cycle under way never gets weaker, and which pages a higher one calls back."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from articles.models import Page, Review, ReviewPolicy, ReviewTrigger
from articles.workflow import policies, publishing, writing
from articles.workflow import review as reviewing
from audit.models import Entry
from audit.moves import WrongState
from tests import cast
from tests.articles import many

URL = "/desk/review/policies/"
LINE = {"kind": "article", "risk": "standard", "change_class": "material"}
HIGH = LINE | {"risk": "high"}


@pytest.fixture
def people(db):
    return cast.people()


def newest(**line) -> ReviewPolicy:
    return ReviewPolicy.objects.in_force().get(**(LINE | line))


def set_policy(by, *, steps: list[str], **changes) -> ReviewPolicy:
    line = {key: changes.pop(key, value) for key, value in LINE.items()}
    asked = {"validity_months": 36, "checks_claims": True, "number": newest(**line).number} | changes
    return policies.set_policy(**line, steps=steps, **asked, by=by)


def high_risk_review(people) -> Review:
    page = cast.draft(people.amara)
    Page.objects.filter(pk=page.pk).update(risk="high")
    return writing.submit(page, version=1, by=people.amara)


class TestSetPolicy:
    def test_an_administrator_sets_the_next_number_on_the_record(self, people):
        made = set_policy(people.ada, steps=["medical", "editorial"], validity_months=12)
        assert (made.number, made.validity_months, made.created_by) == (2, 12, people.ada)
        assert [(step.position, step.code, step.role) for step in made.steps.all()] == [
            (1, "medical", "medical_reviewer"),
            (2, "editorial", "editor"),
        ]
        assert newest() == made
        assert Entry.objects.filter(verb="policy.review_set", object_id=str(made.pk)).exists()

    @pytest.mark.parametrize("who", ["edda", "ruth", "amara", "max", "rita"])
    def test_nobody_else_does(self, people, who):
        with pytest.raises(PermissionDenied):
            set_policy(getattr(people, who), steps=["medical", "medical"])

    @pytest.mark.parametrize(
        "changes",
        [
            {"steps": []},
            {"steps": ["editorial"]},
            {"steps": ["medical"] * 6},
            {"steps": ["medical", "nobody"]},
            {"steps": ["medical", "editorial"], "validity_months": 0},
            {"steps": ["medical", "editorial"], "validity_months": 61},
            {"steps": ["medical"]},
        ],
        ids=["no step", "no medical step", "too many", "unknown", "no month", "too many months", "nothing new"],
    )
    def test_nonsense_is_refused(self, people, changes):
        with pytest.raises(ValidationError):
            set_policy(people.ada, **changes)
        assert newest().number == 1

    def test_a_change_of_spelling_can_do_without_a_medical_step(self, people):
        set_policy(people.ada, steps=["editorial", "editorial"], change_class="typo")

    def test_a_stale_number_is_told(self, people):
        set_policy(people.ada, steps=["medical", "editorial"])
        for number in (0, 1, 3):
            with pytest.raises(WrongState, match="Somebody changed this policy"):
                set_policy(people.ada, steps=["medical", "medical"], number=number)

    def test_two_administrators_at_once(self, committed_db):
        people = cast.people()
        other = cast.person("ari", "administrator", name="Ari")
        for round_ in range(3):

            def change(number, round_=round_):
                steps = ["medical"] * (number % 2 + 2 + round_ % 2 * 2)
                return set_policy((people.ada, other)[number % 2], steps=steps, number=round_ + 1)

            results = committed_db.race(change)
            assert sum(isinstance(one, ReviewPolicy) for one in results) == 1, results
            assert sum(isinstance(one, WrongState) for one in results) == 3, results
        assert newest().number == 4


class TestUnderWay:
    """A change of policy never weakens a cycle that has begun."""

    def test_a_review_opened_under_two_steps_needs_both_after_the_policy_was_lowered(self, people):
        opened = high_risk_review(people)
        set_policy(people.ada, risk="high", steps=["medical"])
        cast.sign(opened, people.ruth)
        opened.refresh_from_db()
        assert (opened.status, opened.policy.number) == ("open", 1)
        with pytest.raises(WrongState, match="signature is missing"):
            publishing.publish(opened, by=people.edda)
        cast.sign(opened, people.raj)
        opened.refresh_from_db()
        publishing.publish(opened, by=people.edda)

    @pytest.mark.parametrize(
        "sql",
        [
            "DELETE FROM articles_reviewstep WHERE policy_id = {policy} AND position = 2",
            "UPDATE articles_reviewstep SET needs_credential = false WHERE policy_id = {policy}",
            "UPDATE articles_reviewstep SET policy_id = {lower} WHERE policy_id = {policy} AND position = 2",
            "UPDATE articles_reviewpolicy SET checks_claims = false WHERE id = {policy}",
            "DELETE FROM articles_reviewpolicy WHERE id = {policy}",
            "UPDATE articles_review SET policy_id = {lower} WHERE id = {review}",
            "INSERT INTO articles_reviewstep (policy_id, position, code, role, needs_credential) "
            "VALUES ({policy}, 9, 'editorial', 'editor', false)",
            "INSERT INTO articles_reviewstep (policy_id, position, code, role, needs_credential) "
            "VALUES ({lower}, 9, 'medical', 'editor', false)",
        ],
    )
    def test_raw_sql_does_not_either(self, people, sql):
        opened = high_risk_review(people)
        lower = set_policy(people.ada, risk="high", steps=["medical"])
        statement = sql.format(policy=opened.policy_id, lower=lower.pk, review=opened.pk)
        with connection.cursor() as cursor, pytest.raises(IntegrityError), transaction.atomic():
            cursor.execute(statement)

    def test_a_review_begins_under_no_older_policy(self, people):
        old = newest()
        opened = cast.open_review(people)
        reviewing.ask_for_changes(opened, by=people.ruth, text="More.", version=1)
        set_policy(people.ada, steps=["medical", "medical"])
        fields = {
            "page": opened.page, "revision": opened.revision, "content_hash": opened.content_hash,
            "opened_by": people.amara, "due_on": opened.due_on,
        }  # fmt: skip
        with pytest.raises(IntegrityError, match="newest policy"), transaction.atomic():
            Review.objects.create(policy=old, **fields)
        Review.objects.create(policy=newest(), **fields)

    def test_whoever_signed_under_the_older_policy_may_read_it_again_under_the_newer(self, people):
        page = cast.live_page(people)
        set_policy(people.ada, steps=["medical"], validity_months=12)
        again = reviewing.review_again(page, by=people.edda)
        cast.sign(again, people.ruth, next_review_due=timezone.localdate() + timedelta(days=300))
        again.refresh_from_db()
        assert again.status == "approved"


class TestRaised:
    def test_pages_that_were_published_under_less_come_back(self, people):
        many.live_pages(3, people)
        set_policy(people.ada, steps=["medical", "medical"])
        assert ReviewTrigger.objects.filter(source_kind="policy", severity="review").count() == 3

    @pytest.mark.parametrize("changes", [{"validity_months": 12}, {"checks_claims": False}])
    def test_as_much_or_less_calls_nothing_back(self, people, changes):
        many.live_pages(1, people)
        set_policy(people.ada, steps=["medical"], **changes)
        assert not ReviewTrigger.objects.exists()

    def test_asking_for_claims_that_nobody_ticked_does(self, people):
        set_policy(people.ada, steps=["medical"], checks_claims=False)
        many.live_pages(1, people)
        set_policy(people.ada, steps=["medical"], checks_claims=True)
        assert ReviewTrigger.objects.count() == 1

    def test_a_page_that_had_as_much_before_the_policy_was_lowered_is_left_alone(self, people):
        set_policy(people.ada, steps=["medical", "medical"])
        strict = cast.open_review(people, title="Strict")
        for who in (people.ruth, people.raj):
            cast.sign(strict, who)
        strict.refresh_from_db()
        publishing.publish(strict, by=people.edda)
        set_policy(people.ada, steps=["medical"])
        lax = cast.live_page(people, title="Lax")
        set_policy(people.ada, steps=["medical", "medical"])
        assert list(ReviewTrigger.objects.values_list("page", flat=True)) == [lax.pk]


class TestPages:
    def url(self, line: dict) -> str:
        return f"{URL}{line['kind']}/{line['risk']}/{line['change_class']}/"

    def data(self, **changes) -> dict:
        empty = {f"step_{n}": "" for n in range(1, 6)}
        return empty | {"number": 1, "step_1": "medical", "validity_months": 36, "checks_claims": "on"} | changes

    @pytest.mark.parametrize("who", ["ruth", "edda", "ada"])
    def test_everybody_at_the_desk_reads_them_and_only_an_administrator_has_a_form(self, client, people, who):
        cast.sign_in(client, getattr(people, who))
        assert "Medical review, then medical review" in client.get(URL).text
        page = client.get(self.url(HIGH))
        assert page.status_code == 200
        assert ("Put it in force" in page.text) == (who == "ada")

    @pytest.mark.parametrize("who", ["amara", "max", "rita"])
    def test_others_do_not_learn_that_they_exist(self, client, people, who):
        cast.sign_in(client, getattr(people, who))
        assert client.get(URL).status_code == client.get(self.url(LINE)).status_code == 404

    def test_an_administrator_sees_nothing_else_of_the_desk(self, client, people):
        cast.sign_in(client, people.ada)
        page = client.get(URL)
        assert "/desk/review/called-back/" not in page.text
        for path in ("", "live/", "called-back/", "calendar/"):
            assert client.get(f"/desk/review/{path}").status_code == 404

    @pytest.mark.parametrize("who", ["ruth", "edda"])
    def test_others_may_not_post(self, client, people, who):
        cast.sign_in(client, getattr(people, who))
        assert client.post(self.url(LINE), self.data(step_2="medical")).status_code == 403

    def test_it_is_changed_and_its_numbers_are_listed_with_who_and_when(self, client, people):
        cast.sign_in(client, people.ada)
        answer = client.post(self.url(LINE), self.data(step_3="medical"), follow=True)
        assert "this policy is in force" in answer.text
        assert [step.code for step in newest().steps.all()] == ["medical", "medical"]
        assert [one.number for one in answer.context["history"]] == [2, 1]
        assert "Ada Osei" in answer.text
        assert "came with the software" in answer.text

    def test_a_stale_number_is_told_and_nothing_typed_is_lost(self, client, people):
        set_policy(people.ada, steps=["medical", "editorial"])
        cast.sign_in(client, people.ada)
        answer = client.post(self.url(LINE), self.data(step_2="medical", validity_months=11))
        assert answer.status_code == 409
        assert "Somebody changed this policy after you opened it." in answer.text
        assert 'value="11"' in answer.text
        assert answer.context["form"]["number"].value() == 2
        assert newest().number == 2

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"step_1": "editorial"}, "Only a change of spelling or layout can do without"),
            ({"step_1": ""}, "error-summary"),
            ({"validity_months": "999"}, "error-summary"),
            ({"number": "x"}, "error-summary"),
            ({}, "This is the policy in force already."),
        ],
    )
    def test_what_is_wrong_is_said(self, client, people, changes, words):
        cast.sign_in(client, people.ada)
        answer = client.post(self.url(LINE), self.data(**changes))
        assert answer.status_code == 422
        assert words in answer.text

    @pytest.mark.parametrize("path", ["nothing/standard/material/", "article/none/material/", "article/high/none/"])
    def test_no_such_policy(self, client, people, path):
        cast.sign_in(client, people.ada)
        assert client.get(URL + path).status_code == 404

    def test_the_list_costs_the_same_however_often_they_changed(self, client, people, django_assert_max_num_queries):
        cast.sign_in(client, people.edda)
        for months in (1, 2, 3):
            with django_assert_max_num_queries(8):
                client.get(URL)
            set_policy(people.ada, steps=["medical"], validity_months=months)

    def test_many_numbers_are_paged(self, client, people, monkeypatch):
        monkeypatch.setattr("articles.views.policies.HISTORY_SHOWN", 2)
        for months in (1, 2, 3):
            set_policy(people.ada, steps=["medical"], validity_months=months)
        cast.sign_in(client, people.edda)
        seen, path = [], self.url(LINE)
        while path:
            page = client.get(path)
            seen += [one.number for one in page.context["history"]]
            path = page.context["older"] and self.url(LINE) + page.context["older"]
        assert seen == [4, 3, 2, 1]
