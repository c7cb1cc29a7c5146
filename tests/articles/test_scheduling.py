"""Publishing at a time: exactly the planned revision, once, while its signatures stand; or nothing, with the reason."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone

from accounts import roles
from accounts.models import Credential, User
from articles import notices
from articles.models import (
    Page,
    Publication,
    PublicNotice,
    Reference,
    ReviewPolicy,
    ReviewTrigger,
    Schedule,
    Withdrawal,
)
from articles.workflow import calling_back, policies, publishing, review, scheduling, signing, writing
from audit.models import Entry
from audit.moves import WrongState
from tests import cast

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def people(db):
    return cast.people()


@pytest.fixture
def told(monkeypatch) -> list:
    """(planned, why) of every mail that says that something was not published."""
    told = []
    monkeypatch.setattr(notices, "not_published", lambda planned, why: told.append((planned.pk, why)))
    return told


def plan(people, signed=None, *, after=HOUR, **options) -> Schedule:
    signed = signed or cast.signed_review(people, title=options.pop("title", "Short nights"))
    return scheduling.schedule(signed, at=timezone.now() + after, by=people.edda, **options)


def run(planned: Schedule, *, late=SECOND) -> list[Schedule]:
    """The scheduler wakes up after the planned time."""
    with time_machine.travel(planned.at + late):
        done = scheduling.publish_due()
    planned.refresh_from_db()
    return done


def next_revision(people, page: Page, *, signer=None, change_class="material", **changes):
    page = Page.objects.get(pk=page.pk)
    content = {**page.draft.content, **(changes or {"standfirst": f"Other words, {page.draft.version}."})}
    draft = writing.save_draft(page, content, version=page.draft.version, by=people.amara)
    opened = writing.submit(page, version=draft.version, by=people.amara, change_class=change_class)
    cast.sign(opened, signer or people.ruth)
    opened.refresh_from_db()
    return opened


def live(planned: Schedule) -> Publication | None:
    return Page.objects.get(pk=planned.page_id).live_publication


class TestPlanning:
    def test_it_goes_public_at_its_time_and_not_before(self, people, told):
        planned = plan(people)
        assert scheduling.publish_due() == []
        assert live(planned) is None
        assert run(planned) == [planned]
        assert (planned.status, planned.publication) == ("done", live(planned))
        assert live(planned).review == planned.review
        assert told == []

    def test_the_record_says_who_planned_what_and_what_came_of_it(self, people):
        planned = plan(people)
        run(planned)
        entries = Entry.objects.filter(object_type="articles.schedule", object_id=str(planned.pk)).order_by("seq")
        assert [(one.verb, one.actor) for one in entries] == [
            ("schedule.made", people.edda),
            ("schedule.done", people.edda),
        ]

    @pytest.mark.parametrize("who", ["amara", "ruth", "max", "rita", "ada"])
    def test_only_an_editor_plans(self, people, who):
        signed = cast.signed_review(people)
        with pytest.raises(PermissionDenied):
            scheduling.schedule(signed, at=timezone.now() + HOUR, by=getattr(people, who))

    def test_an_unsigned_revision_is_not_planned(self, people):
        with pytest.raises(WrongState, match="signature is missing"):
            plan(people, cast.open_review(people))

    def test_nor_one_whose_signer_has_no_valid_credential_any_more(self, people):
        signed = cast.signed_review(people)
        Credential.objects.filter(user=people.ruth).update(revoked_at=timezone.now())
        with pytest.raises(WrongState, match="signature is missing or no longer stands"):
            plan(people, signed)

    def test_nor_one_that_is_public(self, people):
        page = cast.live_page(people)
        with pytest.raises(WrongState, match="public already"):
            plan(people, page.live_publication.review)

    @pytest.mark.parametrize("after", [timedelta(0), -SECOND, -HOUR, timedelta(days=367)])
    def test_the_past_and_a_far_future_are_refused(self, people, after):
        with pytest.raises(ValidationError, match="in the future, at most a year ahead"):
            plan(people, after=after)

    def test_a_time_without_a_zone_is_refused(self, people):
        signed = cast.signed_review(people)
        with pytest.raises(ValidationError, match="in which time zone"):
            scheduling.schedule(signed, at=datetime(2030, 5, 1, 12, 0), by=people.edda)

    def test_a_time_after_a_signature_runs_out_is_refused_now_rather_than_then(self, people):
        policy = ReviewPolicy.objects.in_force().get(kind="article", risk="standard", change_class="material")
        policies.set_policy(
            kind="article", risk="standard", change_class="material", steps=["medical"], validity_months=1,
            checks_claims=False, by=people.ada, number=policy.number,
        )  # fmt: skip
        opened = cast.open_review(people)
        cast.sign(opened, people.ruth, next_review_due=timezone.localdate() + timedelta(days=20))
        with pytest.raises(ValidationError, match="runs out on"):
            plan(people, opened, after=timedelta(days=40))
        assert plan(people, opened, after=timedelta(days=20))

    def test_one_thing_at_a_time_is_planned_for_a_page(self, people):
        planned = plan(people)
        with pytest.raises(WrongState, match="planned for this page already"):
            plan(people, planned.review)
        scheduling.cancel(planned, by=people.edda, version=planned.version)
        assert plan(people, planned.review).status == "pending"


class TestTheClocks:
    """Europe/Paris leaves out 02:00-03:00 on 28 March 2027 and has it twice on 31 October."""

    @pytest.mark.parametrize(
        ("day", "clock", "words"),
        [
            (date(2027, 3, 28), time(2, 0), "go forward, and 02:00 is left out"),
            (date(2027, 3, 28), time(2, 59), "go forward, and 02:59 is left out"),
            (date(2027, 10, 31), time(2, 0), "go back, and 02:00 comes twice"),
            (date(2027, 10, 31), time(2, 30), "go back, and 02:30 comes twice"),
        ],
    )
    def test_an_hour_that_is_left_out_or_comes_twice_is_refused(self, settings, day, clock, words):
        settings.TIME_ZONE = "Europe/Paris"
        with pytest.raises(ValidationError, match=words):
            scheduling.moment(day, clock)

    @pytest.mark.parametrize(
        ("zone", "day", "clock", "utc"),
        [
            ("Europe/Paris", date(2027, 3, 28), time(1, 59), (2027, 3, 28, 0, 59)),
            ("Europe/Paris", date(2027, 3, 28), time(3, 0), (2027, 3, 28, 1, 0)),
            ("Europe/Paris", date(2027, 10, 31), time(1, 59), (2027, 10, 30, 23, 59)),
            ("Europe/Paris", date(2027, 10, 31), time(3, 0), (2027, 10, 31, 2, 0)),
            ("Asia/Kathmandu", date(2027, 1, 1), time(0, 0), (2026, 12, 31, 18, 15)),
            ("UTC", date(2027, 3, 28), time(2, 30), (2027, 3, 28, 2, 30)),
        ],
    )
    def test_the_hours_beside_it_are_what_the_wall_says(self, settings, zone, day, clock, utc):
        settings.TIME_ZONE = zone
        assert scheduling.moment(day, clock) == datetime(*utc, tzinfo=UTC)

    def test_half_an_hour_counts_too(self, settings):
        settings.TIME_ZONE = "Australia/Lord_Howe"
        with pytest.raises(ValidationError, match="comes twice"):
            scheduling.moment(date(2027, 4, 4), time(1, 45))
        with pytest.raises(ValidationError, match="left out"):
            scheduling.moment(date(2027, 10, 3), time(2, 15))


def take_the_signature_back(people, planned):
    signing.revoke(planned.review.sign_offs.get(), by=people.ruth, reason="error_found")


def let_the_credential_expire(people, planned):
    Credential.objects.filter(user=people.ruth).update(valid_until=timezone.now().date() - timedelta(days=1))


def revoke_the_credential(people, planned):
    Credential.objects.filter(user=people.ruth).update(revoked_at=timezone.now())


def retract_a_source(people, planned):
    source = planned.revision.cited.first().reference
    calling_back.record_reference_status(source, status=Reference.Status.RETRACTED, by=people.raj)


def open_a_note(people, planned):
    review.add_note(planned.review, by=people.raj, text="The second number is old.", blocking=True)


def take_the_role(people, planned):
    roles.revoke(people.edda.grants.get(), by=people.ada, reason="left")


def close_the_account(people, planned):
    User.objects.filter(pk=people.edda.pk).update(is_active=False)


def publish_something_newer(people, planned):
    newer = next_revision(people, planned.page)
    publishing.publish(newer, by=people.edda)


class TestBetween:
    """What happens between planning and the time."""

    @pytest.mark.parametrize(
        ("happens", "words"),
        [
            (take_the_signature_back, "“medical” signature is missing or no longer stands"),
            (let_the_credential_expire, "“medical” signature is missing or no longer stands"),
            (revoke_the_credential, "“medical” signature is missing or no longer stands"),
            (retract_a_source, "A cited source was retracted."),
            (open_a_note, "A blocking note is still open."),
            (take_the_role, "Whoever planned this is not an editor any more."),
            (close_the_account, "Whoever planned this is not an editor any more."),
            (publish_something_newer, "Another revision was published after this was planned."),
        ],
    )
    def test_the_gate_is_asked_again_and_the_refusal_is_told(self, people, told, happens, words):
        planned = plan(people)
        happens(people, planned)
        before = live(planned)
        run(planned)
        assert planned.status == "refused"
        assert words in planned.why
        assert told == [(planned.pk, planned.why)]
        assert live(planned) == before
        assert Entry.objects.latest("seq").verb == "schedule.refused"

    def test_a_refused_plan_is_over(self, people):
        planned = plan(people)
        note = review.add_note(planned.review, by=people.raj, text="Look.", blocking=True)
        run(planned)
        review.resolve_note(note, by=people.raj)
        assert run(planned, late=24 * HOUR) == []
        assert live(planned) is None

    def test_never_another_revision_even_when_a_newer_one_is_signed(self, people):
        planned = plan(people)
        next_revision(people, planned.page, signer=people.raj)
        take_the_signature_back(people, planned)
        run(planned)
        assert (planned.status, live(planned)) == ("refused", None)
        assert not Publication.objects.exists()

    def test_a_newer_signed_revision_does_not_stop_the_planned_one(self, people):
        planned = plan(people)
        next_revision(people, planned.page)
        run(planned)
        assert live(planned).revision == planned.revision

    def test_a_raised_policy_weakens_nothing_the_page_goes_public_and_comes_back_at_once(self, people):
        """It was signed under the policy that asked; the newer one is a reason to look again, not to forget a signature."""
        planned = plan(people)
        policies.set_policy(
            kind="article", risk="standard", change_class="material", steps=["medical", "medical"], validity_months=36,
            checks_claims=False, by=people.ada, number=1,
        )  # fmt: skip
        run(planned)
        assert planned.status == "done"
        trigger = ReviewTrigger.objects.get(page=planned.page)
        assert (trigger.source_kind, trigger.severity, trigger.resolved_at) == ("policy", "review", None)

    def test_a_laxer_policy_calls_nothing_back(self, people):
        planned = plan(people)
        policies.set_policy(
            kind="article", risk="standard", change_class="material", steps=["medical"], validity_months=12,
            checks_claims=False, by=people.ada, number=1,
        )  # fmt: skip
        run(planned)
        assert not ReviewTrigger.objects.exists()

    def test_a_withdrawal_ends_the_plan(self, people, told):
        page = cast.live_page(people)
        planned = plan(people, next_revision(people, page))
        publishing.withdraw(page, by=people.ruth, kind="safety", public_reason="a dose was wrong.")
        planned.refresh_from_db()
        assert (planned.status, planned.why) == ("refused", "withdrawn")
        assert told == [(planned.pk, "withdrawn")]
        assert "schedule.refused" in Entry.objects.values_list("verb", flat=True)
        assert run(planned) == []
        assert live(planned) is None

    def test_so_does_a_signature_taken_back_from_the_live_page(self, people, told):
        page = cast.live_page(people)
        planned = plan(people, next_revision(people, page, signer=people.raj))
        signing.revoke(page.live_publication.review.sign_offs.get(), by=people.ruth, reason="error_found")
        planned.refresh_from_db()
        assert (planned.status, planned.why) == ("refused", "withdrawn")
        assert told == [(planned.pk, "withdrawn")]

    def test_so_does_a_raw_withdrawal(self, people):
        page = cast.live_page(people)
        planned = plan(people, next_revision(people, page))
        Withdrawal.objects.bulk_create(
            [Withdrawal(page=page, publication=page.live_publication, kind="safety", public_reason="x", by=people.edda)]
        )
        run(planned)
        assert (planned.status, live(planned)) == ("refused", None)

    def test_after_a_withdrawal_somebody_may_plan_again(self, people):
        page = cast.live_page(people)
        signed = next_revision(people, page)
        publishing.withdraw(page, by=people.ruth, kind="other", public_reason="we looked at a complaint.")
        planned = plan(people, signed)
        run(planned)
        assert live(planned).review == signed

    def test_what_was_published_by_hand_is_not_published_twice(self, people, told):
        planned = plan(people)
        by_hand = publishing.publish(planned.review, by=people.edda)
        run(planned)
        assert (planned.status, planned.publication, told) == ("done", by_hand, [])
        assert Publication.objects.count() == 1

    def test_nor_once_an_editor_has_gone_back_from_it(self, people):
        page = cast.live_page(people)
        first = page.live_publication.review
        planned = plan(people, next_revision(people, page))
        publishing.publish(planned.review, by=people.edda)
        back = publishing.publish(first, by=people.edda)
        run(planned)
        assert planned.status == "done"
        assert live(planned) == back

    def test_a_planned_correction_brings_its_notice(self, people):
        page = cast.live_page(people)
        corrected = next_revision(people, page, change_class="correction")
        with pytest.raises(WrongState, match="correction notice"):
            plan(people, corrected)
        for bad in ("x" * 501, "one\u202etwo"):
            with pytest.raises(ValidationError):
                plan(people, corrected, notice=bad)
        planned = plan(people, corrected, notice="A number in the\nsecond part was wrong.")
        assert not PublicNotice.objects.exists()
        run(planned)
        notice = PublicNotice.objects.get()
        assert (notice.kind, notice.text, notice.by) == (
            "correction", "A number in the second part was wrong.", people.edda,
        )  # fmt: skip
        assert live(planned).reason == "correction"


class TestTheScheduler:
    def test_one_that_slept_does_all_of_it_once_in_the_order_of_time(self, people):
        plans = [plan(people, title=f"Page {n}", after=n * HOUR) for n in (3, 1, 2)]
        with time_machine.travel(timezone.now() + 9 * HOUR):
            done = scheduling.publish_due()
            assert scheduling.publish_due() == []
        assert [one.page_id for one in done] == [plans[1].page_id, plans[2].page_id, plans[0].page_id]
        assert list(Publication.objects.order_by("pk").values_list("title", flat=True)) == [
            "Page 1",
            "Page 2",
            "Page 3",
        ]

    def test_one_bad_item_stops_no_other_and_is_tried_again_until_it_has_failed(self, people, told, monkeypatch):
        bad, good = plan(people, title="Bad"), plan(people, title="Good", after=2 * HOUR)
        fine = scheduling.publish

        def breaks(review, **options):
            if review.pk == bad.review_id:
                raise RuntimeError("the disk is full")
            return fine(review, **options)

        monkeypatch.setattr(scheduling, "publish", breaks)
        with time_machine.travel(bad.at + 3 * HOUR, tick=False) as clock:
            scheduling.publish_due()
            good.refresh_from_db()
            assert good.status == "done"
            waits = []
            for _attempt in range(len(scheduling.RETRY_AFTER)):
                bad.refresh_from_db()
                assert (bad.status, bad.why, told) == ("pending", "RuntimeError", [])
                waits.append(bad.next_try_at - timezone.now())
                assert scheduling.publish_due() == []
                clock.move_to(bad.next_try_at)
                scheduling.publish_due()
        bad.refresh_from_db()
        assert tuple(waits) == scheduling.RETRY_AFTER
        assert (bad.status, bad.attempts, bad.why) == ("failed", 5, "RuntimeError")
        assert told == [(bad.pk, "RuntimeError")]
        assert live(bad) is None

    def test_a_second_try_that_works_is_a_publication(self, people, monkeypatch):
        planned, fine = plan(people), scheduling.publish
        monkeypatch.setattr(scheduling, "publish", lambda *args, **options: 1 / 0)
        run(planned)
        assert planned.status == "pending"
        monkeypatch.setattr(scheduling, "publish", fine)
        run(planned, late=HOUR)
        assert (planned.status, planned.attempts) == ("done", 2)

    def test_a_broken_mail_leaves_the_item_for_later_and_the_rest_alone(self, people, monkeypatch):
        refused, good = plan(people, title="Refused"), plan(people, title="Good", after=2 * HOUR)
        open_a_note(people, refused)
        monkeypatch.setattr(notices, "not_published", lambda *args: 1 / 0)
        run(good)
        refused.refresh_from_db()
        assert (good.status, refused.status) == ("done", "running")
        monkeypatch.undo()
        run(refused, late=2 * HOUR)
        assert refused.status == "refused"


class TestADeadWorker:
    def orphan(self, planned: Schedule, *, attempts: int = 1) -> None:
        """As a worker leaves it that was killed after taking it."""
        Schedule.objects.filter(pk=planned.pk).update(
            status="running", version=planned.version + 1, attempts=attempts, next_try_at=planned.at + 5 * SECOND * 60
        )
        planned.refresh_from_db()

    def test_its_item_is_left_alone_until_the_lease_is_over(self, people):
        planned = plan(people)
        self.orphan(planned)
        assert run(planned, late=timedelta(minutes=4)) == []
        run(planned, late=timedelta(minutes=6))
        assert (planned.status, live(planned).review) == ("done", planned.review)

    def test_what_it_had_published_is_marked_and_not_published_again(self, people):
        planned = plan(people)
        made = publishing.publish(planned.review, by=people.edda)
        self.orphan(planned)
        run(planned, late=timedelta(minutes=6))
        assert (planned.status, planned.publication) == ("done", made)
        assert Publication.objects.count() == 1

    def test_an_item_that_kills_every_worker_is_given_up(self, people, told):
        planned = plan(people)
        self.orphan(planned, attempts=scheduling.ATTEMPTS)
        run(planned, late=timedelta(minutes=6))
        assert (planned.status, live(planned)) == ("failed", None)
        assert len(told) == 1

    def test_one_that_wakes_up_late_touches_nothing_of_its_successor(self, people, told):
        planned = plan(people)
        late, successor = (Schedule.objects.get(pk=planned.pk) for _ in range(2))
        with time_machine.travel(planned.at + SECOND):
            assert scheduling._take(late)
        with time_machine.travel(planned.at + HOUR):
            successor.refresh_from_db()
            assert scheduling._take(successor)
            scheduling._run(late)
            scheduling._end(late, "refused", "Too late.")
            scheduling._try_again(late, "Too late.")
            planned.refresh_from_db()
            assert (planned.status, planned.version, told) == ("running", successor.version, [])
            scheduling._run(successor)
        planned.refresh_from_db()
        assert planned.status == "done"
        assert Publication.objects.count() == 1


class TestCancel:
    def test_it_never_runs(self, people, told):
        planned = plan(people)
        scheduling.cancel(planned, by=people.edda, version=1)
        assert run(planned) == []
        assert (planned.status, live(planned), told) == ("cancelled", None, [])

    @pytest.mark.parametrize("who", ["amara", "ruth", "max", "rita", "ada"])
    def test_only_an_editor_cancels(self, people, who):
        with pytest.raises(PermissionDenied):
            scheduling.cancel(plan(people), by=getattr(people, who), version=1)

    def test_a_stale_page_cancels_nothing(self, people):
        planned = plan(people)
        with pytest.raises(WrongState, match="Somebody else changed this first"):
            scheduling.cancel(planned, by=people.edda, version=7)
        planned.refresh_from_db()
        assert planned.status == "pending"

    @pytest.mark.parametrize("status", ["running", "cancelled", "refused", "failed"])
    def test_only_what_waits_can_be_cancelled(self, people, status):
        planned = plan(people)
        Schedule.objects.filter(pk=planned.pk).update(status=status)
        planned.refresh_from_db()
        with pytest.raises(WrongState, match="not waiting any more"):
            scheduling.cancel(planned, by=people.edda, version=planned.version)


class TestPages:
    @pytest.fixture
    def paris(self, settings):
        settings.TIME_ZONE = "Europe/Paris"

    def publish_url(self, signed) -> str:
        return reverse("articles:publish", args=[signed.pk])

    def test_looking_changes_nothing(self, client, people):
        signed = cast.signed_review(people)
        cast.sign_in(client, people.edda)
        before = Entry.objects.count()
        page = client.get(self.publish_url(signed))
        assert page.status_code == 200
        assert "Nothing: it is the first publication of this page" in page.text
        assert "Ruth Adeyemi, MD" in page.text
        assert signed.content_hash in page.text
        assert (Entry.objects.count(), Publication.objects.count(), Schedule.objects.count()) == (before, 0, 0)

    def test_the_page_names_what_is_replaced_and_where_the_address_goes(self, client, people):
        page = cast.live_page(people, title="First name")
        signed = next_revision(people, page, slug="second-name")
        cast.sign_in(client, people.edda)
        body = client.get(self.publish_url(signed)).text
        assert "Revision 1, “First name”, public since" in body
        assert "The page moves from “first-name” to “second-name”. The old address will redirect." in body

    def test_a_time_in_the_zone_of_the_site(self, client, people, paris):
        signed = cast.signed_review(people)
        cast.sign_in(client, people.edda)
        assert "Europe/Paris" in client.get(self.publish_url(signed)).text
        day = timezone.localdate() + timedelta(days=30)
        sent = {"when": "later", "day": day.isoformat(), "clock": "09:30"}
        answer = client.post(self.publish_url(signed), sent, follow=True)
        assert "09:30, if its signatures still stand then." in answer.text
        assert Schedule.objects.get().at == scheduling.moment(day, time(9, 30))
        assert not Publication.objects.exists()

    @pytest.mark.parametrize(
        ("sent", "words"),
        [
            ({"when": "later"}, "Choose the day."),
            ({"when": "later", "day": "2027-03-28"}, "Choose the time."),
            ({"when": "later", "day": "2027-03-28", "clock": "02:30"}, "go forward, and 02:30 is left out"),
            ({"when": "later", "day": "2027-10-31", "clock": "02:30"}, "go back, and 02:30 comes twice"),
            ({"when": "later", "day": "2020-01-01", "clock": "09:00"}, "Choose a time in the future"),
            ({"when": "later", "day": "soon", "clock": "09:00"}, "Enter a valid date."),
            ({"when": "now", "day": "2027-01-01"}, "You gave a date or a time."),
            ({"clock": "09:00"}, "You gave a date or a time."),
            ({"when": "never"}, "Select a valid choice."),
        ],
    )
    def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(self, client, people, paris, sent, words):
        signed = cast.signed_review(people)
        cast.sign_in(client, people.edda)
        answer = client.post(self.publish_url(signed), sent)
        assert answer.status_code == 422
        assert words in answer.text
        assert 'class="errorlist"' in answer.text
        for name in {"day", "clock"} & sent.keys():
            assert f'value="{sent[name]}"' in answer.text
        assert not Publication.objects.exists()
        assert not Schedule.objects.exists()

    def test_a_page_that_is_older_than_a_withdrawal_plans_nothing(self, client, people):
        page = cast.live_page(people)
        signed = next_revision(people, page)
        cast.sign_in(client, people.edda)
        seen = client.get(self.publish_url(signed)).context["form"].live_now
        publishing.withdraw(page, by=people.ruth, kind="safety", public_reason="a dose was wrong.")
        day = (timezone.localdate() + timedelta(days=3)).isoformat()
        sent = {"seen": seen, "when": "later", "day": day, "clock": "09:00"}
        answer = client.post(self.publish_url(signed), sent)
        assert answer.status_code == 422
        assert "What readers see changed after you opened this page." in answer.text
        assert 'name="seen" value="none"' in answer.text
        assert not Schedule.objects.exists()
        assert client.post(self.publish_url(signed), sent | {"seen": "none"}).status_code == 302

    def test_what_is_planned_is_listed_and_can_be_cancelled(self, client, people):
        later, sooner = plan(people, title="Later", after=5 * HOUR), plan(people, title="Sooner")
        refused = plan(people, title="Not signed any more")
        take_the_signature_back(people, refused)
        with time_machine.travel(refused.at + SECOND):
            scheduling._take(refused)
            scheduling._run(refused)
        cast.sign_in(client, people.edda)
        page = client.get(reverse("articles:planned"))
        assert [title for _row, title in page.context["waiting"]] == ["Sooner", "Later"]
        assert "signature is missing or no longer stands" in page.text
        cancel = reverse("articles:cancel_planned", args=[later.pk])
        client.post(cancel, {"version": later.version})
        later.refresh_from_db()
        assert later.status == "cancelled"
        again = client.post(cancel, {"version": later.version}, follow=True)
        assert "not waiting any more" in again.text
        sooner.refresh_from_db()
        assert sooner.status == "pending"

    def test_a_withdrawal_is_named_as_what_ended_it(self, client, people):
        page = cast.live_page(people)
        plan(people, next_revision(people, page))
        cast.sign_in(client, people.edda)
        assert (
            "Taking the page down ends that plan too" in client.get(reverse("articles:withdraw", args=[page.pk])).text
        )
        publishing.withdraw(page, by=people.ruth, kind="safety", public_reason="a dose was wrong.")
        assert "The page was taken down before that time." in client.get(reverse("articles:planned")).text

    @pytest.mark.parametrize(("who", "status"), [("rita", 404), ("amara", 404), ("ada", 404), ("ruth", 200)])
    def test_reviewers_read_the_list_and_others_do_not_learn_of_it(self, client, people, who, status):
        planned = plan(people)
        cast.sign_in(client, getattr(people, who))
        assert client.get(reverse("articles:planned")).status_code == status
        cancel = reverse("articles:cancel_planned", args=[planned.pk])
        assert client.post(cancel, {"version": 1}).status_code == 404
        planned.refresh_from_db()
        assert planned.status == "pending"

    def test_nothing_is_cancelled_by_looking(self, client, people):
        cast.sign_in(client, people.edda)
        assert client.get(reverse("articles:cancel_planned", args=[plan(people).pk])).status_code == 405

    def test_both_lists_go_on_by_key(self, client, people, monkeypatch, django_assert_max_num_queries):
        monkeypatch.setattr("articles.views.publishing.LISTED", 2)
        plans = [plan(people, title=f"Page {n}", after=(1 + n // 2) * HOUR) for n in range(5)]
        cast.sign_in(client, people.edda)

        def walk(rows: str, onward: str) -> list[str]:
            seen, path = [], reverse("articles:planned")
            while path:
                with django_assert_max_num_queries(14):
                    page = client.get(path)
                seen += [title for _row, title in page.context[rows]]
                path = page.context[onward] and reverse("articles:planned") + page.context[onward].partition("#")[0]
            return seen

        assert walk("waiting", "later") == [f"Page {n}" for n in range(5)]
        for planned in plans:
            scheduling.cancel(planned, by=people.edda, version=1)
        assert walk("ended", "older") == [f"Page {n}" for n in reversed(range(5))]

    @pytest.mark.parametrize("query", ["?after=x", "?before=²", "?after=99999999999999999999", "?after=12345"])
    def test_a_row_that_is_none_is_no_page(self, client, people, query):
        cast.sign_in(client, people.edda)
        assert client.get(reverse("articles:planned") + query).status_code == 404
