"""The demo world as `manage.py demo` makes it: complete, true to its files, within the rules, made once."""

import io
import stat
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.conf import settings as site
from django.core.management import CommandError, call_command
from django.db import models, transaction
from django.test import Client, override_settings
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.demo.clock import Event, play
from accounts.models import OutboxMail, PolicyAcceptance, RoleGrant, Subscription, User
from accounts.roles import Role
from articles import permissions
from articles.models import Page, Publication, Review, SignOff
from articles.workflow import publishing
from audit.models import Entry
from comments import counting
from comments.demo import world as building
from comments.models import Comment, QueueItem
from comments.workflow import claiming, deciding, posting
from tests.demo import reading
from tests.demo.test_people import LOGINS


def demo() -> str:
    """Run the command; what it prints."""
    out = io.StringIO()
    call_command("demo", stdout=out)
    return out.getvalue()


def counts() -> dict[str, int]:
    return {model._meta.label: model._base_manager.count() for model in apps.get_models()}


def page(slug: str) -> Page:
    return Page.objects.get(slug=slug)


def state(slug: str) -> str:
    return reading.articles()[slug]["state"]


@pytest.fixture(scope="module")
def world(_copies, django_db_blocker, tmp_path_factory) -> Iterator[SimpleNamespace]:
    """Built once for all tests of this file, on a database of its own; they leave it as they found it."""
    var = tmp_path_factory.mktemp("var")
    with django_db_blocker.unblock():
        name = _copies.make()
        try:
            demo_mode = override_settings(DEMO=True, DEMO_PASSWORD="", VAR_DIR=var)
            with _copies.use(name), demo_mode:
                yield SimpleNamespace(printed=demo(), began=timezone.now(), var=var)
        finally:
            _copies.drop(name)


@pytest.fixture
def undone(world) -> Iterator[SimpleNamespace]:
    """What a test changes is taken back."""
    with transaction.atomic():
        yield world
        transaction.set_rollback(True)


class TestRefusals:
    def test_it_needs_demo_mode(self):
        assert site.DEMO is False
        with pytest.raises(CommandError, match="DEMO is off"):
            demo()

    def test_it_does_not_take_over_somebody_elses_name(self, db, settings, tmp_path):
        settings.DEMO, settings.VAR_DIR = True, tmp_path
        User.objects.create_user("writer@example.org", handle="somebody")
        User.objects.create_user("somebody@example.net", handle="grace-ann")
        with pytest.raises(CommandError, match=r"writer@example\.org, grace-ann"):
            demo()
        assert not building.is_there()


class TestLogins:
    def test_the_promised_ones_are_printed_with_the_password(self, world):
        password = (world.var / "demo_password").read_text("utf-8").strip()
        assert world.printed.count(password) == 1
        assert len(password) >= 12
        for name in LOGINS:
            assert f"{name}@example.org" in world.printed

    def test_the_password_is_for_nobody_else_on_the_machine(self, world):
        assert stat.S_IMODE((world.var / "demo_password").stat().st_mode) == 0o600

    def test_everybody_can_sign_in_with_it(self, undone):
        password = (undone.var / "demo_password").read_text("utf-8").strip()
        for user in User.objects.filter(is_demo=True, is_active=True):
            assert user.check_password(password)
            assert user.emailaddress_set.get().verified
        login = Client().post("/account/login/", {"login": "writer@example.org", "password": password})
        assert login.status_code == 302

    def test_all_are_marked_as_made_up(self, world):
        others = User.objects.filter(is_demo=False).values_list("email", flat=True)
        assert list(others) == ["bedside@machine.invalid"]
        assert User.objects.filter(is_demo=True).count() == len(reading.people())

    def test_roles_are_given_by_the_site_and_on_the_record(self, world):
        held = {(grant.user.handle, grant.role) for grant in RoleGrant.objects.standing()}
        assert held == {(person["handle"], role) for person in reading.people().values() for role in person["roles"]}
        assert Entry.objects.filter(verb="role.granted").count() == len(held)


class TestPeopleAndPolicies:
    def test_rules_were_accepted_while_they_were_in_force(self, world):
        rules = PolicyAcceptance.objects.filter(version__policy__kind="rules", user__erased_at=None)
        accepted = {(one.user.handle, one.version.number) for one in rules.select_related("user", "version")}
        assert accepted == {
            (person["handle"], number)
            for person in reading.people().values()
            for number in person["accepted_rules"]
            if not person["erase"]
        }
        assert all(one.accepted_at > one.version.published_at for one in rules)

    def test_the_newsletter_has_confirmed_readers(self, world):
        wanted = {person["email"] for person in reading.people().values() if person["newsletter"]}
        confirmed = Subscription.objects.filter(status="confirmed")
        assert set(confirmed.values_list("email", flat=True)) == wanted
        assert len(wanted) >= 3

    def test_whoever_was_erased_is_nobody_any_more(self, world):
        erased = User.objects.exclude(erased_at=None).get()
        assert erased.comments.get().status == Comment.Status.ERASED
        assert not erased.comments.get().current.text
        gone = next(person for person in reading.people().values() if person["erase"])
        assert not OutboxMail.objects.filter(to=gone["email"]).exists()
        assert not User.objects.filter(email=gone["email"]).exists()

    def test_no_mail_is_on_its_way_and_a_screenful_can_be_read(self, world):
        assert set(OutboxMail.objects.values_list("status", flat=True)) == {"sent"}
        assert 5 <= OutboxMail.objects.count() <= 20
        assert DBTaskResult.objects.count() == 0


class TestPages:
    def test_each_stands_where_its_file_says(self, world):
        assert Counter(Page.objects.values_list("kind", flat=True)) == {
            "article": 7,
            "drug": 9,
            "subtype": 5,
        }
        live = set(Page.objects.live().values_list("slug", flat=True))
        assert live == {entry["slug"] for entry in reading.pages() if entry["state"] in ("live", "overdue")}
        for entry in reading.articles().values():
            last = page(entry["slug"]).reviews.latest("pk")
            expected = {"in_review": "open", "sent_back": "changes_asked"}.get(entry["state"], "approved")
            assert last.status == expected, entry["slug"]

    def test_each_is_signed_and_published_by_whom_the_file_names(self, world):
        for publication in Publication.objects.select_related("page", "published_by"):
            entry = next(e for e in reading.pages() if e["slug"] == publication.page.slug)
            signed = publication.review.sign_offs.get()
            told = entry["review"]
            assert signed.signer.handle == told["signed_by"]
            assert bool(signed.board) == (told["capacity"] == "board")
            assert publication.published_by.handle == told["published_by"]
            assert publication.reviewed_on == signed.signed_at.date()

    def test_the_overdue_page_is_called_back(self, world):
        late = next(page(slug) for slug in reading.articles() if state(slug) == "overdue")
        assert late.live_publication.next_review_due < timezone.localdate()
        assert late.triggers.get(resolved_at=None).source_kind == "date"
        assert not Publication.objects.filter(live_on=None, withdrawal=None).exists()

    def test_the_withdrawn_page_says_why(self, world):
        gone = next(slug for slug in reading.articles() if state(slug) == "withdrawn")
        answer = Client().get(f"/articles/{gone}/")
        assert answer.status_code == 410
        assert reading.articles()[gone]["review"]["withdrawal_reason"][:40] in answer.content.decode()

    def test_every_live_page_opens_for_anybody(self, world):
        for one in Page.objects.live():
            assert Client().get(one.get_absolute_url()).status_code == 200, one

    def test_entries_were_live_when_they_were_leaned_on(self, world):
        mentions = apps.get_model("articles", "Mention").objects
        assert mentions.count() > 20
        assert not mentions.filter(pinned_hash="").exists()

    def test_nobody_signed_what_they_wrote(self, world):
        signed = SignOff.objects.select_related("revision")
        assert signed.count() == Publication.objects.count() + 1
        assert not [one for one in signed if one.revision.contributors.filter(user=one.signer_id).exists()]


class TestConversation:
    def test_statuses_and_lanes_are_those_of_the_file(self, world):
        for row in reading.comments().values():
            comment = Comment.objects.get(token=f"demo-{row['ref']}")
            item = comment.queue_items.filter(closed_at=None).first()
            assert (comment.status, item and item.lane) == (row["status"], row["lane"]), row["ref"]
        assert Comment.objects.count() == 61

    def test_decisions_are_those_of_the_file(self, world):
        for row in reading.comments().values():
            made = Comment.objects.get(token=f"demo-{row['ref']}").decisions.order_by("version")
            told = [(one["source"], one["from"], one["to"], one["reason"]) for one in row["decisions"]]
            found = made.values_list("source", "from_status", "to_status", "reason")
            assert list(found) == told, row["ref"]

    def test_replies_hang_under_what_they_answer(self, world):
        for row in reading.comments().values():
            comment = Comment.objects.get(token=f"demo-{row['ref']}")
            above = Comment.objects.get(token=f"demo-{row['parent']}") if row["parent"] else None
            assert comment.parent == above
            assert comment.path.startswith(above.path if above else "")
            assert comment.depth == (above.depth + 1 if above else 0)

    def test_it_all_happened_when_the_file_says(self, world):
        for row in reading.comments().values():
            comment = Comment.objects.get(token=f"demo-{row['ref']}")
            ago = world.began - comment.created_at
            assert abs(ago - timedelta(hours=row["hours_ago"])) < timedelta(minutes=10), row["ref"]


class TestEveryDeskHasWork:
    def user(self, name: str) -> User:
        return User.objects.get(email=f"{name}@example.org")

    def test_writers(self, world):
        asked = Review.objects.get(status="changes_asked")
        assert asked.notes.filter(blocking=True, resolved_at=None).count() >= 2
        assert permissions.can_edit(self.user("writer2"), asked.page)

    def test_reviewers(self, world):
        waiting = Review.objects.get(status="open")
        assert permissions.can_sign(self.user("reviewer"), waiting)
        assert "no credential" in permissions.why_not_sign(self.user("reviewer3"), waiting)

    def test_editors(self, undone):
        ready = Review.objects.get(status="approved", publications=None)
        assert publishing.missing_for_publication(ready) == []
        assert publishing.publish(ready, by=self.user("editor")).number == 2

    @pytest.mark.parametrize("lane", QueueItem.Lane.values)
    def test_moderators(self, world, lane):
        assert claiming.free_for(self.user("moderator2")).filter(lane=lane).first() is not None

    def test_a_moderator_can_go_on_from_here(self, undone):
        moderator = self.user("moderator2")
        item = claiming.free_for(moderator).filter(lane="first").first()
        deciding.approve(item.comment, by=moderator, version=item.comment.version)
        assert item.comment.status == Comment.Status.LIVE

    @pytest.mark.parametrize(
        ("name", "address"),
        [
            ("writer", "/desk/writing/"),
            ("reviewer", "/desk/review/"),
            ("editor", "/desk/review/?lane=signed"),
            ("moderator", "/desk/moderation/crisis/"),
            ("reader", "/me/comments/"),
            ("admin", "/desk/mail/"),
        ],
    )
    def test_their_pages_open(self, undone, name, address):
        client = Client()
        client.force_login(self.user(name))
        assert client.get(address).status_code == 200


class TestWhatIsLeft:
    def test_everything_holds(self, world):
        call_command("verify", stdout=io.StringIO())
        assert counting.drifts() == []

    def test_nothing_lies_in_the_future_or_was_dated_today_by_mistake(self, world):
        """A column that its verb does not fill, and whose default missed the clock, would say "just now"."""
        may = {"expires_at", "due_at", "valid_until", "not_before", "lease_until", "next_at"}
        build_began = world.began - timedelta(minutes=15)
        late = [
            f"{model._meta.label}.{column.name}"
            for model in apps.get_models()
            if model._meta.app_label in ("audit", "accounts", "articles", "comments")
            for column in model._meta.local_concrete_fields
            if isinstance(column, models.DateTimeField) and column.name not in may
            if model._base_manager.filter(**{f"{column.name}__gt": build_began}).exists()
        ]
        assert [name for name in late if name != "articles.ReviewPolicy.created_at"] == []

    def test_the_log_is_in_the_order_of_time(self, world):
        times = list(Entry.objects.order_by("seq").values_list("at", flat=True))
        assert times == sorted(times)
        assert times[0] < world.began - timedelta(days=490)


class TestASecondRun:
    def test_it_adds_nothing_and_says_the_same(self, world):
        before, began = counts(), timezone.now()
        again = demo()
        assert timezone.now() - began < timedelta(seconds=2)
        assert counts() == before
        assert again.splitlines()[1:] == world.printed.splitlines()[1:]

    def test_what_a_visitor_made_stays(self, undone):
        visitor = User.objects.get(email="reader@example.org")
        visitor.bio = "Changed by a visitor."
        visitor.save()
        article = page("surgery-when-breast-cancer-has-spread")
        made = posting.post(article, by=visitor, text="A visitor was here.", token="visitor", rules_version=2)
        before = counts()
        demo()
        assert counts() == before
        assert Comment.objects.get(pk=made.pk).current.text == "A visitor was here."
        assert User.objects.get(pk=visitor.pk).bio == "Changed by a visitor."

    def test_another_password_becomes_everybodys(self, undone):
        with override_settings(DEMO_PASSWORD="another-one-for-all"):
            assert "another-one-for-all" in demo()
        members = User.objects.filter(is_demo=True, is_active=True)
        assert all(user.check_password("another-one-for-all") for user in members)
        assert not User.objects.exclude(erased_at=None).get().has_usable_password()


class TestClock:
    def test_acts_are_played_from_the_oldest_on_and_the_clock_comes_back(self):
        seen = []
        events = [
            Event(hours, lambda: seen.append((timezone.now(), Subscription().consented_at))) for hours in (2, 48, 5)
        ]
        began = timezone.now()
        play(events)
        hours = [round((began - now).total_seconds() / 3600) for now, _default in seen]
        assert hours == [48, 5, 2]
        assert all(default == now for now, default in seen)
        assert timezone.now() >= began
        assert Subscription().consented_at >= began

    def test_an_act_that_fails_leaves_the_clock_right(self):
        def fail():
            raise RuntimeError("stop")

        began = timezone.now()
        with pytest.raises(RuntimeError, match="stop"):
            play([Event(1000, fail)])
        assert timezone.now() >= began
        assert Subscription().consented_at >= began


def test_every_role_has_a_login_to_try(world):
    lines = world.printed.splitlines()
    for role in Role:
        assert any(str(role.label) in line and "@example.org" in line for line in lines)
