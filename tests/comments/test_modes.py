"""Open and close conversations: who may, what happens twice, and that a member always reads which mode it is."""

import html
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from articles.models import Page
from audit.models import Entry
from audit.moves import WrongState
from comments import tasks
from comments.models import Comment, Conversation
from comments.workflow import opening, posting
from config import opening_hours
from tests import cast as actors
from tests.comments.conftest import a_world, publish, write

LIST = "/desk/moderation/conversations/"


def set_mode(world, mode: str, **options) -> Conversation:
    conversation = Conversation.objects.get(pk=world.page.pk)
    options = {"by": world.max, "version": conversation.version, "closes_at": None} | options
    return opening.set_mode(conversation, mode=mode, **options)


def text_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def article(world) -> str:
    template = Template("{% load conversation %}{% conversation page %}")
    return text_of(template.render(Context({"page": Page.objects.get(pk=world.page.pk), "viewer": None})))


def form_of(conversation: Conversation, **changes) -> dict:
    return {"version": conversation.version, "mode": conversation.mode, "closes_at": "", "note": ""} | changes


def day(moment) -> str:
    return date_format(timezone.localdate(moment), "j F Y")


class TestTheVerb:
    def test_it_is_on_the_record_and_readers_see_it_at_once(self, world):
        before = Page.objects.get(pk=world.page.pk).version
        made = set_mode(world, "open", note="Nora had a question about it.")
        assert (made.mode, made.version, made.note) == ("open", 2, "Nora had a question about it.")
        assert Page.objects.get(pk=world.page.pk).version == before + 1
        entry = Entry.objects.order_by("-seq").first()
        assert (entry.verb, entry.actor, entry.object_id) == ("conversation.mode_set", world.max, str(world.page.pk))
        assert '"from":"all_held"' in entry.payload
        assert "Nora" not in entry.payload

    def test_editors_may_too_and_nobody_else(self, world):
        set_mode(world, "open", by=world.edda)
        for somebody in (world.rita, world.amara, world.ruth, world.ada, AnonymousUser()):
            with pytest.raises(PermissionDenied):
                set_mode(world, "read_only", by=somebody)
        assert Conversation.objects.get(pk=world.page.pk).mode == "open"

    def test_whoever_comes_second_changes_nothing(self, world):
        set_mode(world, "open")
        before = Page.objects.get(pk=world.page.pk).version
        with pytest.raises(WrongState):
            set_mode(world, "hidden", version=1)
        assert Conversation.objects.get(pk=world.page.pk).mode == "open"
        assert Page.objects.get(pk=world.page.pk).version == before

    def test_of_eight_who_press_at_once_one_wins(self, race):
        world = a_world()
        before = Entry.objects.filter(verb="conversation.mode_set").count()
        outcomes = race(lambda number: set_mode(world, "open" if number % 2 else "read_only", version=1), runners=8)
        assert sum(isinstance(one, Conversation) for one in outcomes) == 1
        assert sum(isinstance(one, WrongState) for one in outcomes) == 7
        assert Entry.objects.filter(verb="conversation.mode_set").count() == before + 1

    @pytest.mark.parametrize(
        ("field", "options"),
        [
            ("mode", {"mode": "ajar"}),
            ("closes_at", {"mode": "open", "closes_at": timezone.now() - timedelta(minutes=1)}),
            ("note", {"mode": "open", "note": "x" * 301}),
        ],
    )
    def test_what_is_wrong_is_said_beside_its_field(self, world, field, options):
        with pytest.raises(ValidationError) as refused:
            set_mode(world, **options)
        assert set(refused.value.message_dict) == {field}

    def test_closing_it_keeps_the_day_of_it(self, world, clock):
        closed = set_mode(world, "read_only").closes_at
        clock.shift(timedelta(days=3))
        assert set_mode(world, "read_only", closes_at=closed, note="Still.").closes_at == closed

    def test_the_database_knows_no_other_mode(self, world):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE comments_conversation SET mode = 'ajar'")


class TestWhatMembersRead:
    @pytest.mark.parametrize(
        ("mode", "said"),
        [
            ("open", "Comments appear at once, unless something in them needs a closer look."),
            ("first_held", "Your first comment is read by a moderator before it appears."),
            ("all_held", "Every comment is read by a moderator before it appears."),
        ],
    )
    def test_the_article_and_the_form_say_the_mode(self, world, client, mode, said):
        set_mode(world, mode)
        client.force_login(world.rita)
        assert said in article(world)
        assert said in text_of(client.get(reverse("comments:write", args=["articles", world.page.slug])).text)

    def test_a_closed_one_says_since_when(self, world, client):
        publish(world)
        set_mode(world, "read_only")
        client.force_login(world.rita)
        said = f"This conversation closed on {day(timezone.now())} . You can still read it."
        form = text_of(client.get(reverse("comments:write", args=["articles", world.page.slug])).text)
        for page in (article(world), form):
            assert said in page
            assert "before it appears" not in page
        assert "It got better with time." in article(world)

    def test_one_with_a_closing_day_says_which(self, world, client):
        closes = opening.end_of(timezone.localdate() + timedelta(days=9))
        set_mode(world, "open", closes_at=closes)
        assert f"Open for new comments until {day(closes)}" in article(world)

    def test_a_hidden_one_says_nothing(self, world, client):
        comment = publish(world)
        set_mode(world, "hidden")
        client.force_login(world.rita)
        assert article(world) == ""
        for name, about in (("write", ["articles", world.page.slug]), ("conversation", ["articles", world.page.slug])):
            assert client.get(reverse(f"comments:{name}", args=about)).status_code == 404
        assert client.get(comment.get_absolute_url()).url.startswith("/me/comments/")

    # edge case 32
    def test_what_is_public_stays_when_everything_is_held_and_an_edit_of_it_waits(self, world):
        publish(world)
        set_mode(world, "open")
        comment = write(world, text="At once public.")
        assert comment.status == "live"
        set_mode(world, "all_held")
        assert "At once public." in article(world)
        posting.edit(comment, by=world.rita, text="Changed.", version=comment.version, rules_version=world.rules)
        assert Comment.objects.get(pk=comment.pk).status == "held"
        assert "Changed." not in article(world)
        assert "At once public." not in article(world)


class TestWhileTheFormIsOpen:
    # edge case 30
    def test_closing_keeps_the_words_and_reopening_takes_them(self, world, client):
        client.force_login(world.rita)
        address = reverse("comments:write", args=["articles", world.page.slug])
        page = client.get(address).text
        hidden = {name: re.search(rf'name="{name}"[^>]* value="([^"]*)"', page)[1] for name in ("token", "version")}
        set_mode(world, "read_only")
        refused = client.post(address, {**hidden, "act": "post", "body": "My long story."})
        assert refused.status_code == 409
        assert "My long story." in refused.text
        assert "closed" in refused.text
        set_mode(world, "all_held")
        assert client.post(address, {**hidden, "act": "post", "body": "My long story."}).status_code == 302
        assert Comment.objects.get().current.text == "My long story."


class TestClosingDays:
    def test_none_unless_asked_for(self, world):
        assert Conversation.objects.get(pk=world.page.pk).closes_at is None

    def test_so_many_days_after_the_page_was_first_published(self, world, settings):
        settings.COMMENTS_CLOSE_AFTER_DAYS = 30
        page = actors.live_article(world, title="Another")
        closes = Conversation.objects.get(page=page).closes_at
        assert timezone.localdate(closes) == timezone.localdate() + timedelta(days=30)
        drug = actors.live_page(world, kind=Page.Kind.DRUG, title="Madeupol")
        assert Conversation.objects.get(page=drug).closes_at is None

    def test_the_worker_closes_it_and_the_desk_notices(self, world, clock):
        set_mode(world, "open", closes_at=opening.end_of(timezone.localdate() + timedelta(days=1)))
        seen = Conversation.objects.get(pk=world.page.pk).version
        clock.shift(timedelta(days=3))
        tasks.close_conversations()
        tasks.close_conversations()
        closed = Conversation.objects.get(pk=world.page.pk)
        assert (closed.mode, closed.version) == ("read_only", seen + 1)
        assert "This conversation closed on" in article(world)
        with pytest.raises(WrongState):
            set_mode(world, "open", version=seen)

    @pytest.mark.parametrize("zone", ["UTC", "Europe/Vienna", "America/St_Johns", "Pacific/Kiritimati"])
    def test_the_day_printed_is_the_day_meant(self, settings, zone):
        settings.TIME_ZONE = zone
        for meant in (timezone.localdate().replace(month=3, day=29), timezone.localdate().replace(month=10, day=25)):
            assert timezone.localdate(opening.end_of(meant)) == meant
            assert timezone.localdate(opening.end_of(meant) + timedelta(seconds=1)) == meant + timedelta(days=1)


class TestHoursOnPages:
    @pytest.fixture
    def at_night(self, world, settings, clock):
        settings.MODERATION_HOURS = opening_hours.parse("mon-fri 09:00-17:00")
        friday = timezone.now() + timedelta(days=(4 - timezone.now().weekday()) % 7)
        clock.move_to(friday.replace(hour=22, minute=0))
        return clock

    def test_the_article_says_the_hours_in_the_same_words_day_and_night(self, world, at_night):
        night = article(world)
        assert (
            "Comments are read Monday to Friday, 9:00 to 17:00. What is sent at other times waits until then." in night
        )
        at_night.shift(timedelta(days=2, hours=14))
        assert article(world) == night

    def test_the_form_says_from_when_it_is_read(self, world, client, at_night):
        client.force_login(world.rita)
        address = reverse("comments:write", args=["articles", world.page.slug])
        page = client.get(address).text
        assert "Sent now, your comment is read from Monday, 9:00." in page
        hidden = {name: re.search(rf'name="{name}"[^>]* value="([^"]*)"', page)[1] for name in ("token", "version")}
        sent = client.post(address, {**hidden, "act": "post", "body": "A story."}, follow=True)
        assert "Your comment is read from Monday, 9:00, before it appears." in sent.text

    def test_by_day_nothing_of_it(self, world, client, at_night):
        at_night.shift(timedelta(days=2, hours=14))
        client.force_login(world.rita)
        assert "Sent now" not in client.get(reverse("comments:write", args=["articles", world.page.slug])).text


class TestTheDesk:
    def test_it_opens_for_moderators_and_editors(self, world, client):
        one = f"{LIST}{world.page.pk}/"
        for address in (LIST, one):
            assert client.get(address).status_code == 302
            for somebody in (world.max, world.edda):
                client.force_login(somebody)
                assert client.get(address).status_code == 200
            for somebody in (world.rita, world.amara, world.ruth, world.ada):
                client.force_login(somebody)
                assert client.get(address).status_code == 404
                assert client.post(one, form_of(world.conversation, mode="hidden")).status_code == 404
            client.logout()
        assert Conversation.objects.get(pk=world.page.pk).mode == "all_held"

    def test_editors_see_nothing_of_the_lanes(self, world, client):
        client.force_login(world.edda)
        assert "/desk/moderation/crisis/" not in client.get(LIST).text
        client.force_login(world.max)
        assert "/desk/moderation/crisis/" in client.get(LIST).text

    def test_it_is_searched_by_title(self, world, client):
        other = actors.live_article(world, title="Hair 100% back")
        client.force_login(world.max)
        assert f"{LIST}{other.pk}/" in client.get(LIST, {"q": "hair 100%"}).text
        assert f"{LIST}{world.page.pk}/" not in client.get(LIST, {"q": "hair 100%"}).text
        assert "No conversation found" in client.get(LIST, {"q": "nothing like it"}).text

    def test_it_is_paged_by_key_at_the_same_cost(self, world, client, monkeypatch):
        monkeypatch.setattr("comments.conversations.PAGE_SIZE", 2)
        client.force_login(world.max)
        write(world)
        pages, costs = [world.page], []
        for number in range(4):
            with CaptureQueriesContext(connection) as asked:
                client.get(LIST)
            costs.append(len(asked))
            pages.append(actors.live_article(world, title=f"Page {number}"))
        assert len(set(costs)) == 1
        seen, address = [], LIST
        while address:
            page = client.get(address).text
            seen += [int(pk) for pk in re.findall(rf'th scope="row"><a href="{LIST}(\d+)/"', page)]
            more = re.search(r'rel="next" href="([^"]+)"', page)
            address = more and html.unescape(more[1])
        assert seen == sorted((page.pk for page in pages), reverse=True)
        assert client.get(LIST, {"before": "x"}).status_code == 404

    def test_saving_changes_it_and_shows_who_did(self, world, client):
        client.force_login(world.max)
        one = f"{LIST}{world.page.pk}/"
        last_day = timezone.localdate() + timedelta(days=5)
        sent = form_of(world.conversation, mode="first_held", closes_at=last_day.isoformat(), note="Busy week.")
        assert client.post(one, sent).url == one
        changed = Conversation.objects.get(pk=world.page.pk)
        assert (changed.mode, timezone.localdate(changed.closes_at), changed.note) == (
            "first_held",
            last_day,
            "Busy week.",
        )
        page = client.get(one).text
        assert "Max Okafor" in page
        assert "Busy week." in page
        assert f'value="{last_day.isoformat()}"' in page

    def test_a_stale_page_keeps_what_was_typed_and_says_how_it_stands(self, world, client):
        client.force_login(world.mona)
        stale = form_of(world.conversation, mode="open", note="My reason.")
        set_mode(world, "read_only")
        answer = client.post(f"{LIST}{world.page.pk}/", stale)
        assert answer.status_code == 409
        assert "My reason." in answer.text
        assert "Closed for new comments" in text_of(answer.text)
        assert Conversation.objects.get(pk=world.page.pk).mode == "read_only"
        again = re.search(r'name="version" value="(\d+)"', answer.text)[1]
        assert client.post(f"{LIST}{world.page.pk}/", {**stale, "version": again}).status_code == 302
        assert Conversation.objects.get(pk=world.page.pk).mode == "open"

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"mode": "ajar"}, "Choose a mode."),
            ({"closes_at": "soon"}, "Enter a day, like 2027-03-14"),
            ({"closes_at": "2020-01-01"}, "Choose a day that is still to come"),
            ({"note": "x" * 301}, "at most 300"),
            ({"version": "one"}, "whole number"),
        ],
    )
    def test_bad_input_is_refused_in_words_and_nothing_typed_is_lost(self, world, client, changes, said):
        client.force_login(world.max)
        answer = client.post(f"{LIST}{world.page.pk}/", form_of(world.conversation, **{"note": "My note.", **changes}))
        assert answer.status_code == 422
        assert said in answer.text
        assert changes.get("note", "My note.") in answer.text
        assert Conversation.objects.get(pk=world.page.pk).version == 1

    def test_nothing_changes_on_get(self, world, client):
        client.force_login(world.max)
        client.get(f"{LIST}{world.page.pk}/", {"mode": "hidden", "version": 1})
        assert Conversation.objects.get(pk=world.page.pk).mode == "all_held"
        assert client.get(f"{LIST}999999/").status_code == 404

    def test_editors_come_to_it_from_the_settings_of_a_page(self, world, client):
        client.force_login(world.edda)
        assert (
            f'href="{LIST}{world.page.pk}/"' in client.get(reverse("articles:page_settings", args=[world.page.pk])).text
        )
