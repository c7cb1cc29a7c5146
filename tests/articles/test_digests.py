"""Reminders and the morning's mail: to whom, of what, once, and not at all when there is nothing."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import mail
from accounts.demo.clock import at
from accounts.models import OutboxMail, RoleGrant, Specialty, User
from accounts.roles import Role
from articles import digests, notices, tasks
from articles.models import Page, Publication, Review, ReviewTrigger, Schedule
from articles.workflow import calling_back, publishing, review, scheduling, signing
from tests import cast
from tests.articles.test_notices import due, edit, leave, shout, submit, untranslated
from tests.worlds import kept

DAY = timedelta(days=1)
TOMORROW = datetime.now(UTC).date() + DAY


@pytest.fixture
@kept
def people(db) -> SimpleNamespace:
    made = cast.people()
    both = (Role.MEDICAL_REVIEWER, Role.EDITOR, Role.WRITER)
    cast.person("off", *both, is_active=False)
    cast.person("gone", *both, erased_at=timezone.now())
    cast.person("demo", *both, is_demo=True)
    leave(cast.person("was", *both))
    return made


def morning(day: date = TOMORROW, hour: int = 6, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def digest(moment: datetime | None = None) -> dict[str, str]:
    """What each person is told on that morning, and nothing else; empties the outbox."""
    OutboxMail.objects.all().delete()
    with at(moment or morning()):
        digests.send_digests()
    mails = OutboxMail.objects.all()
    assert {sent.template for sent in mails} <= {"articles/digest"}
    assert len({sent.to for sent in mails}) == len(mails)
    return {sent.to.removesuffix("@example.org"): sent.text for sent in mails}


def remind(moment: datetime) -> list[tuple[str, str]]:
    """Who was reminded, and of what kind, each as often as it happened so far."""
    with at(moment):
        digests.remind()
    mails = OutboxMail.objects.filter(template__in=["articles/reminded", "articles/overdue"])
    return sorted((sent.to.removesuffix("@example.org"), sent.template.removeprefix("articles/")) for sent in mails)


def due_on(opened: Review, day: date) -> Review:
    Review.objects.filter(pk=opened.pk).update(due_on=day)
    return opened


def in_hand(people, who: str = "ruth", **options) -> Review:
    opened = cast.open_review(people, **options)
    review.assign(opened, to=getattr(people, who), by=people.edda, version=1)
    return opened


def section(text: str, heading: str) -> list[str]:
    """The lines under a heading, without addresses."""
    after = text.partition(f"\n{heading}\n")[2].partition("\n\n")[0]
    return [line.removeprefix("- ") for line in after.splitlines() if line.startswith("- ")]


class TestReminders:
    def test_due_soon_and_overdue_once_each(self, people):
        opened = due_on(in_hand(people), TOMORROW + 3 * DAY)
        assert remind(morning(TOMORROW - DAY, 23)) == []
        for hour in (6, 7, 23):
            assert remind(morning(hour=hour)) == [("ruth", "reminded")]
        assert remind(morning(opened_due(opened))) == [("ruth", "reminded")], "not late on the day itself"
        for days in (1, 2):
            late = remind(morning(opened_due(opened) + days * DAY))
            assert late == [("ruth", "overdue"), ("ruth", "reminded")]

    def test_not_at_night(self, people):
        due_on(in_hand(people), TOMORROW)
        assert remind(morning(hour=5, minute=59)) == []

    def test_whoever_takes_over_is_reminded_too(self, people):
        opened = due_on(in_hand(people), TOMORROW)
        remind(morning())
        opened.refresh_from_db()
        review.assign(opened, to=people.raj, by=people.edda, version=opened.version)
        assert remind(morning(hour=8)) == [("raj", "reminded"), ("ruth", "reminded")]

    def test_nobody_where_nobody_has_it_in_hand(self, people):
        due_on(cast.open_review(people), TOMORROW)
        assert remind(morning()) == []

    @pytest.mark.parametrize("gone", ["inactive", "another role", "no role", "signed", "closed"])
    def test_nobody_who_can_do_nothing_about_it(self, people, gone):
        page = cast.draft(people.amara)
        Page.objects.filter(pk=page.pk).update(risk="high")
        page.refresh_from_db()
        opened = due_on(submit(page, people.amara), TOMORROW)
        review.assign(opened, to=people.ruth, by=people.edda, version=1)
        if gone == "signed":
            cast.sign(opened, people.ruth)
        elif gone == "closed":
            review.ask_for_changes(opened, by=people.raj, text="No.", version=opened.version)
        elif gone == "inactive":
            User.objects.filter(pk=people.ruth.pk).update(is_active=False)
        else:
            leave(people.ruth, Role.WRITER if gone == "another role" else "")
        assert remind(morning()) == []


def opened_due(opened: Review) -> date:
    opened.refresh_from_db()
    return opened.due_on


class TestSilence:
    def test_nothing_waits_nobody_is_written_to(self, people):
        cast.live_page(people)
        back = cast.open_review(people, title="Sent back")
        review.ask_for_changes(back, by=people.ruth, text="No.", version=1)
        assert digest() == {}

    def test_a_review_in_good_hands_is_for_those_hands_only(self, people):
        in_hand(people, "raj")
        assert list(digest()) == ["raj"]

    def test_a_note_is_told_once_and_then_only_beside_something_else(self, people):
        page = cast.live_page(people)
        calling_back.open_trigger(page, source_kind="reference", source_id="1", severity="info", due_on=TOMORROW)
        assert sorted(digest()) == ["amara", "edda", "raj", "ruth"]
        assert digest(morning(TOMORROW + DAY)) == {}
        cast.open_review(people, title="Waits")
        told = digest(morning(TOMORROW + 2 * DAY))
        assert sorted(told) == ["raj", "ruth"]
        assert section(told["ruth"], "Called back for review")


class TestWhatItSays:
    def test_a_review_nobody_has_goes_to_all_who_could_sign(self, people):
        cast.open_review(people)
        told = digest()
        assert sorted(told) == ["raj", "ruth"]
        (line,) = section(told["ruth"], "Also waiting for you")
        assert line.startswith("“Sleep in the weeks after treatment”, revision 1, due on ")
        assert f"/desk/review/{Review.objects.get().pk}/" in told["ruth"]

    def test_overdue_and_due_soon_also_go_to_the_editors(self, people):
        due_on(in_hand(people, title="Late"), TOMORROW - DAY)
        due_on(cast.open_review(people, title="Today"), TOMORROW)
        due_on(cast.open_review(people, title="Three days"), TOMORROW + 3 * DAY)
        due_on(cast.open_review(people, title="Four days"), TOMORROW + 4 * DAY)
        told = digest()
        assert sorted(told) == ["edda", "raj", "ruth"]

        def titles(who: str, heading: str) -> list[str]:
            return [line.split("”")[0][1:] for line in section(told[who], heading)]

        headings = ("Overdue reviews", "Reviews due in the next three days", "Also waiting for you")
        assert [titles("edda", heading) for heading in headings] == [["Late"], ["Today", "Three days"], []]
        assert [titles("ruth", heading) for heading in headings] == [["Late"], ["Today", "Three days"], ["Four days"]]
        assert [titles("raj", heading) for heading in headings] == [[], ["Today", "Three days"], ["Four days"]]
        assert "with Ruth Adeyemi" in told["edda"]

    def test_an_assignee_who_is_gone_does_not_keep_it_from_the_others(self, people):
        in_hand(people, "raj")
        User.objects.filter(pk=people.raj.pk).update(is_active=False)
        assert list(digest()) == ["ruth"]

    def test_no_contributor_is_told_that_it_waits_for_them(self, people):
        RoleGrant.objects.create(user=people.ruth, role=Role.WRITER, granted_by=people.ada)
        page = cast.draft(people.amara)
        edit(page, people.ruth)
        submit(page, people.amara)
        assert list(digest()) == ["raj"]

    def test_a_reviewer_without_a_valid_credential_has_nothing_to_sign(self, people):
        cast.person("unchecked", Role.MEDICAL_REVIEWER, credential=False)
        cast.open_review(people)
        assert sorted(digest()) == ["raj", "ruth"]

    def test_signed_revisions_wait_for_the_editors(self, people):
        signed = cast.signed_review(people)
        told = digest()
        assert list(told) == ["edda"]
        assert section(told["edda"], "Signed, ready to publish")
        scheduling.schedule(signed, at=timezone.now() + 3 * DAY, by=people.edda)
        assert digest(morning(TOMORROW + DAY)) == {}, "it is planned"

    def test_what_is_public_or_lost_its_signature_is_not_ready(self, people):
        signed = cast.signed_review(people)
        signing.revoke(signed.sign_offs.get(), by=people.ruth, reason="other")
        cast.live_page(people, title="Public")
        assert digest() == {}

    @pytest.mark.parametrize("then", ["a week passes", "a newer revision", "planned anew"])
    def test_what_was_planned_and_refused_until_somebody_does_something(self, people, then):
        signed = cast.signed_review(people)
        planned = scheduling.schedule(signed, at=timezone.now() + DAY, by=people.edda)
        signing.revoke(signed.sign_offs.get(), by=people.ruth, reason="other")
        due(planned)
        scheduling.publish_due()
        planned.refresh_from_db()
        told = digest()
        assert list(told) == ["edda"]
        (line,) = section(told["edda"], "Planned, but not published")
        assert planned.why in line
        assert section(digest(morning(TOMORROW + DAY))["edda"], "Planned, but not published")
        if then == "a newer revision":
            edit(signed.page, people.amara)
            submit(signed.page, people.amara)
        elif then == "planned anew":
            Schedule.objects.create(
                page=signed.page, review=signed, revision=signed.revision, content_hash=signed.content_hash,
                at=planned.at + 5 * DAY, next_try_at=planned.at + 5 * DAY, created_by=people.edda,
            )  # fmt: skip
        days = 9 if then == "a week passes" else 2
        assert "Planned" not in digest(morning(TOMORROW + days * DAY)).get("edda", "")

    def test_called_back_pages_by_role(self, people):
        other = cast.person("other", Role.WRITER)
        oncology = Specialty.objects.create(name="Oncology", slug="oncology")
        people.raj.specialties.add(oncology)
        theirs = cast.live_page(people, title="Of oncology")
        Page.objects.filter(pk=theirs.pk).update(specialty=oncology, owner=other)
        anybodys = cast.live_page(people, title="Of nobody")
        for page in (theirs, anybodys):
            calling_back.open_trigger(
                page, source_kind="policy", source_id="1", severity="review", due_on=TOMORROW + 30 * DAY
            )
        told = digest()
        titles = {
            who: [line.split("”")[0][1:] for line in section(text, "Called back for review")]
            for who, text in told.items()
        }
        both = ["Of oncology", "Of nobody"]
        assert titles == {
            "edda": both,
            "raj": both,
            "ruth": ["Of nobody"],
            "other": ["Of oncology"],
            "amara": ["Of nobody"],
        }

    def test_an_overdue_page_is_one_line_for_owner_and_editors(self, people, without_triggers):
        page = cast.live_page(people)
        with without_triggers("articles_publication"):
            Publication.objects.update(next_review_due=TOMORROW - 2 * DAY)
        tasks.flag_reviews()
        calling_back.open_trigger(page, source_kind="report", source_id="1", severity="review", due_on=TOMORROW)
        told = digest()
        assert {"amara", "edda"} <= set(told)
        (line,) = section(told["amara"], "Called back for review")
        assert "Review date passed, A reader reported an error. Overdue since" in line
        assert page.get_absolute_url() in told["amara"]

    def test_what_took_a_page_down_is_told_and_other_causes_end_with_the_page(self, people):
        down, withdrawn = cast.live_page(people, title="Down"), cast.live_page(people, title="Withdrawn")
        calling_back.open_trigger(withdrawn, source_kind="policy", source_id="1", severity="review", due_on=TOMORROW)
        publishing.withdraw(withdrawn, by=people.edda, kind="outdated", public_reason="it is old.")
        calling_back.open_trigger(down, source_kind="reference", source_id="1", severity="withdraw", due_on=TOMORROW)
        (line,) = section(digest()["edda"], "Called back for review")
        assert line == "“Down”: A source changed. The page was taken down."

    def test_what_was_settled_is_not_told(self, people):
        page = cast.live_page(people)
        trigger = calling_back.open_trigger(page, source_kind="policy", source_id="1", severity="review")
        calling_back.resolve_trigger(trigger, by=people.ruth, resolution="no_change_needed")
        assert digest() == {}

    def test_many_are_counted_and_ten_are_named(self, people):
        for number in range(12):
            cast.open_review(people, title=f"Page {number}")
        digest()
        sent = OutboxMail.objects.get(to="ruth@example.org")
        assert sent.subject == "12 things at the review desk today"
        assert len(section(sent.text, "Also waiting for you")) == 10
        assert "and 2 more" in sent.text

    def test_a_hostile_title_stays_in_its_line(self, people):
        title = '<b>&amp; {{ site_url }} {% now "Y" %} %(name)s {causes} “x”'
        page = cast.live_page(people, title=title, slug="hostile")
        calling_back.open_trigger(page, source_kind="policy", source_id="1", severity="review")
        edit(page, people.amara)
        submit(page, people.amara)
        text = digest()["ruth"]
        assert f"- “{title}”: The review policy was raised.\n" in text
        assert f"- “{title}”, revision 2, due on " in text
        assert "hostile" not in OutboxMail.objects.first().subject

    def test_every_word_can_be_translated(self, people, monkeypatch, settings):
        settings.SITE_NAME = "BEDSIDE"
        User.objects.update(name="RUTH")
        due_on(in_hand(people, title="TITLE"), TOMORROW - DAY)
        due_on(cast.open_review(people, title="TITLE 2"), TOMORROW)
        cast.open_review(people, title="TITLE 3")
        cast.signed_review(people, title="TITLE 4")
        planned = cast.signed_review(people, title="TITLE 5")
        Schedule.objects.create(
            page=planned.page, review=planned, revision=planned.revision, content_hash=planned.content_hash,
            at=timezone.now(), next_try_at=timezone.now(), created_by=people.edda, status="failed", why="Boom",
        )  # fmt: skip
        for number, days in ((6, -1), (7, 1)):
            page = cast.live_page(people, title=f"TITLE {number}")
            calling_back.open_trigger(
                page, source_kind="report", source_id="1", severity="review", due_on=TOMORROW + days * DAY
            )
        page = cast.live_page(people, title="TITLE 8")
        calling_back.open_trigger(page, source_kind="reference", source_id="1", severity="withdraw")
        shout(monkeypatch)
        assert len(digest()["edda"].splitlines()) > 25
        assert [line.replace("Boom", "") for line in untranslated() if line.count("Boom") != 1] == []


class TestOnceADay:
    def test_from_six_on_however_often_the_clock_ticks(self, people):
        cast.open_review(people)
        assert digest(morning(hour=5, minute=59)) == {}
        assert sorted(digest(morning())) == ["raj", "ruth"]
        for hour in (7, 23):
            assert digest(morning(hour=hour)) == {}
        assert digest(morning(TOMORROW + DAY, 5)) == {}
        assert sorted(digest(morning(TOMORROW + DAY))) == ["raj", "ruth"]

    def test_a_worker_that_slept_writes_once_when_it_wakes(self, people):
        cast.open_review(people)
        digest(morning())
        assert sorted(digest(morning(TOMORROW + 3 * DAY, 22))) == ["raj", "ruth"]
        assert sorted(digest(morning(TOMORROW + 4 * DAY, 6))) == ["raj", "ruth"]

    def test_who_had_nothing_in_the_morning_has_silence_all_day(self, people):
        assert digest(morning()) == {}
        with at(morning(hour=9)):
            cast.open_review(people)
        assert digest(morning(hour=10)) == {}
        assert sorted(digest(morning(TOMORROW + DAY))) == ["raj", "ruth"]

    @pytest.mark.parametrize(("zone", "hour"), [("Asia/Tokyo", 21), ("America/Los_Angeles", 14)])
    def test_it_is_the_morning_of_the_site(self, people, zone, hour):
        cast.open_review(people)
        with timezone.override(zone):
            before = morning(hour=hour) - timedelta(minutes=61)
            assert digest(before) == {}
            assert sorted(digest(before + timedelta(hours=2))) == ["raj", "ruth"]
            key = OutboxMail.objects.first().key
            assert key.startswith(f"digest-{timezone.localdate(before + timedelta(hours=2))}-")
            assert digest(before + timedelta(hours=24)) == {}

    def test_a_run_that_breaks_off_goes_on_and_tells_nobody_twice(self, people, monkeypatch):
        cast.open_review(people)
        OutboxMail.objects.all().delete()
        queue, queued = mail.queue, []

        def once(letters):
            if queued:
                raise RuntimeError("the worker died")
            queued.append(queue(letters))

        monkeypatch.setattr(mail, "queue", once)
        with at(morning()), pytest.raises(RuntimeError):
            digests.send_digests()
        monkeypatch.setattr(mail, "queue", queue)
        assert OutboxMail.objects.count() == 1
        with at(morning(hour=7)):
            digests.send_digests()
        assert sorted(OutboxMail.objects.values_list("to", flat=True)) == ["raj@example.org", "ruth@example.org"]

    def test_the_queries_do_not_grow_with_the_people(self, people, monkeypatch):
        cast.open_review(people)
        monkeypatch.setattr(digests, "tell", lambda *args, **options: None)

        def count(day: date) -> int:
            with at(morning(day)), CaptureQueriesContext(connection) as queries:
                digests.send_digests()
            return len([query for query in queries if "SAVEPOINT" not in query["sql"]])

        count(TOMORROW)
        few = count(TOMORROW + DAY)
        for number in range(6):
            cast.person(f"more{number}", Role.MEDICAL_REVIEWER, Role.EDITOR)
        assert count(TOMORROW + 2 * DAY) == few


def test_workers_at_the_same_time_write_once(race):
    people = cast.people()
    cast.open_review(people)
    OutboxMail.objects.all().delete()
    with at(morning()):
        raced = race(lambda number: digests.send_digests())
    assert not [one for one in raced if isinstance(one, Exception)]
    assert sorted(OutboxMail.objects.values_list("to", flat=True)) == ["raj@example.org", "ruth@example.org"]


def test_reminders_of_workers_at_the_same_time_are_one(race):
    people = cast.people()
    due_on(in_hand(people), TOMORROW)
    OutboxMail.objects.all().delete()
    with at(morning()):
        raced = race(lambda number: digests.remind())
    assert raced == [None] * 4
    assert OutboxMail.objects.count() == 1


def test_triggers_of_every_source_have_words(people):
    """A source that a later version adds must not leave a hole in the line."""
    page = cast.live_page(people)
    for source in ReviewTrigger.Source:
        calling_back.open_trigger(page, source_kind=source, source_id="1", severity="review")
    (line,) = section(digest()["edda"], "Called back for review")
    assert all(str(source.label) in line for source in ReviewTrigger.Source)


def test_the_code_of_a_withdrawal_is_a_sentence():
    assert notices.why_not_published("withdrawn").endswith(".")
