"""Webhooks: who may add them, what is told how often, how it is signed, and where it never goes."""

import hashlib
import hmac
import json
import re
import socket
import threading
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.models import OutboxMail
from audit.models import Entry
from comments import backlog, outbound, tasks, webhooks
from comments.models import QueueItem, Webhook, WebhookDelivery
from comments.signals import crisis_opened
from comments.workflow import batches, connecting
from config import opening_hours
from tests.comments.conftest import write

ROOT = Path(__file__).resolve().parents[2]
ALL = list(webhooks.EVENTS)


@pytest.fixture
def listener(settings):
    """A machine outside, which is this one: `said` is what it heard, `answers` what it will say."""
    settings.DEBUG = True

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.said.append((self.path, dict(self.headers), body))
            status = server.answers.pop(0) if server.answers else 204
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"http://127.0.0.1:{server.server_port}/elsewhere")
            self.end_headers()

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Ear)
    server.said, server.answers = [], []
    server.url = f"http://127.0.0.1:{server.server_port}/told?from=bedside"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def hook(world):
    return Webhook.objects.create(url="https://outside.example/told", events=ALL, created_by=world.ada)


def to_here(hook, listener):
    hook.url = listener.url
    hook.save()


class TestTelling:
    def test_each_that_asks_is_told_once(self, world, hook):
        Webhook.objects.create(url="https://b.example/", events=["batch.finished"], created_by=world.ada)
        Webhook.objects.create(url="https://c.example/", events=ALL, is_on=False, created_by=world.ada)
        for _ in range(3):
            webhooks.tell("crisis.opened", "crisis-7", {"case": 7})
        told = WebhookDelivery.objects.get()
        assert (told.webhook, told.event, told.payload) == (hook, "crisis.opened", {"case": 7})

    def test_the_same_key_of_another_event_is_another_thing(self, world, hook):
        webhooks.tell("crisis.opened", "7", {})
        webhooks.tell("crisis.overdue", "7", {})
        assert WebhookDelivery.objects.count() == 2

    @pytest.mark.parametrize(
        "payload",
        [{"text": "I feel bad."}, {"a": [{"b": "two words"}]}, {"two words": 1}, {"a": "línea"}, {"a": object()}],
    )
    def test_words_do_not_travel(self, world, hook, payload):
        with pytest.raises(ValueError, match="ids, codes"):
            webhooks.tell("crisis.opened", "7", payload)
        assert not WebhookDelivery.objects.exists()

    def test_an_unknown_event_is_a_mistake(self, world):
        with pytest.raises(ValueError, match="no event"):
            webhooks.tell("comment.written", "7", {})

    def test_news_of_a_crisis_is_passed_on(self, world, hook):
        crisis_opened.send(sender=None, key="crisis-3", payload={"case": 3, "url": "https://site.example/desk/3/"})
        assert WebhookDelivery.objects.get().event == "crisis.opened"

    def test_a_finished_batch_is_told_once_with_its_outcome(self, world, hook):
        one, two = write(world), write(world)
        batch = batches.start([(one.pk, one.version), (two.pk, 9)], by=world.max, act="approve")
        batches.run(batch, most=1)
        assert not WebhookDelivery.objects.exists()
        batches.run(batch)
        batches.run(batch)
        told = WebhookDelivery.objects.get()
        assert told.payload == {"batch": batch.pk, "act": "approve", "done": 1, "not_done": 1}


class TestDelivering:
    def test_it_arrives_signed_and_once(self, hook, listener):
        to_here(hook, listener)
        webhooks.tell("crisis.opened", "7", {"case": 7})
        assert webhooks.deliver_due() == 1
        assert webhooks.deliver_due() == 0
        [(path, headers, body)] = listener.said
        assert path == "/told?from=bedside"
        row = WebhookDelivery.objects.get()
        assert headers["X-Bedside-Delivery"] == str(row.uid)
        at, signed = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", headers["X-Bedside-Signature"]).groups()
        expected = hmac.new(hook.secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        assert hmac.compare_digest(signed, expected)
        said = json.loads(body)
        assert (said["id"], said["event"], said["data"]) == (str(row.uid), "crisis.opened", {"case": 7})
        assert row.delivered_at

    def test_the_check_in_the_handbook_works(self, hook):
        example = re.search(r"```python\n(import hashlib.*?)```", (ROOT / "docs/running.md").read_text(), re.S)[1]
        names: dict = {}
        exec(example, names)  # noqa: S102  our own handbook
        now = int(timezone.now().timestamp())
        good = webhooks.signature("secret", b"{}", now)
        assert names["is_from_bedside"]("secret", good, b"{}")
        assert not names["is_from_bedside"]("secret", good, b"{ }")
        assert not names["is_from_bedside"]("other", good, b"{}")
        assert not names["is_from_bedside"]("secret", webhooks.signature("secret", b"{}", now - 900), b"{}")

    def test_a_failure_is_tried_again_with_the_same_words_and_then_given_up_within_a_day(self, hook, listener, clock):
        to_here(hook, listener)
        listener.answers += [500] * 99
        webhooks.tell("crisis.opened", "7", {"case": 7})
        began = timezone.now()
        for _ in range(webhooks.ATTEMPTS):
            clock.move_to(WebhookDelivery.objects.get().not_before + timedelta(seconds=1))
            webhooks.deliver_due()
        row = WebhookDelivery.objects.get()
        assert row.given_up_at
        assert row.last_error == "answered 500"
        assert timedelta(hours=20) < timezone.now() - began < timedelta(days=1)
        assert len(listener.said) == webhooks.ATTEMPTS
        assert len({body for _path, _headers, body in listener.said}) == 1
        assert len({headers["X-Bedside-Delivery"] for _path, headers, _body in listener.said}) == 1
        clock.shift(timedelta(days=2))
        assert webhooks.deliver_due() == 0

    def test_it_arrives_at_the_second_try(self, hook, listener, clock):
        to_here(hook, listener)
        listener.answers += [503]
        webhooks.tell("crisis.opened", "7", {})
        assert webhooks.deliver_due() == 0
        clock.shift(timedelta(minutes=2))
        assert webhooks.deliver_due() == 1
        assert WebhookDelivery.objects.get().last_error == ""

    def test_redirects_are_not_followed(self, hook, listener):
        to_here(hook, listener)
        listener.answers += [302]
        webhooks.tell("crisis.opened", "7", {})
        webhooks.deliver_due()
        assert [path for path, _headers, _body in listener.said] == ["/told?from=bedside"]
        assert WebhookDelivery.objects.get().last_error == "answered 302"

    def test_who_does_not_answer_is_asked_once_in_a_round(self, hook, listener):
        to_here(hook, listener)
        listener.answers += [500] * 9
        for number in range(5):
            webhooks.tell("crisis.opened", str(number), {})
        webhooks.deliver_due()
        assert len(listener.said) == 1

    def test_two_workers_carry_one_delivery_once(self, hook, listener):
        to_here(hook, listener)
        webhooks.tell("crisis.opened", "7", {})
        row = WebhookDelivery.objects.select_related("webhook").get()
        twin = WebhookDelivery.objects.select_related("webhook").get()
        assert webhooks._claim(row)
        assert not webhooks._claim(twin)

    def test_an_endless_answer_is_cut_off(self, settings, monkeypatch):
        settings.DEBUG = True
        monkeypatch.setattr(outbound, "LONGEST", 0.5)
        ear = socket.create_server(("127.0.0.1", 0))

        def drip():
            there, _address = ear.accept()
            try:
                for _ in range(200):
                    there.send(b"H")
                    threading.Event().wait(0.05)
            except OSError:
                pass

        threading.Thread(target=drip, daemon=True).start()
        with pytest.raises(outbound.NotSent):
            outbound.post(f"http://127.0.0.1:{ear.getsockname()[1]}/", b"{}", {})
        ear.close()

    def test_the_worker_does_it(self, hook, listener):
        to_here(hook, listener)
        webhooks.tell("crisis.opened", "7", {})
        tasks.deliver_webhooks()
        assert len(listener.said) == 1


class TestWhereItNeverGoes:
    @pytest.mark.parametrize(
        "address",
        [
            "127.0.0.1", "::1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",
            "224.0.0.1", "fe80::1", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1",
            "2002:7f00:1::", "ff02::1", "::", "nonsense",
        ],
    )  # fmt: skip
    def test_private_addresses(self, address):
        assert not outbound.may_be_reached(address)

    @pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
    def test_public_addresses_are_fine(self, address):
        assert outbound.may_be_reached(address)

    @pytest.mark.parametrize("found", [["10.0.0.1"], ["93.184.215.14", "127.0.0.1"], []])
    def test_a_name_is_judged_by_all_it_resolves_to(self, monkeypatch, found):
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda *a, **k: [(socket.AF_INET, 1, 6, "", (one, 443)) for one in found]
        )
        with pytest.raises(outbound.NotSent, match="not a public one"):
            outbound.post("https://inside.example/", b"{}", {})

    @pytest.mark.parametrize(
        "url",
        [
            "http://outside.example/", "ftp://outside.example/", "file:///etc/passwd", "https://user:pw@outside.example/",
            "https:///nowhere", "https://outside.example:99999/", "https://outside.example:0/", "https://a b.example/",
            "gopher://x", "https://[::1", "",
        ],
    )  # fmt: skip
    def test_other_addresses(self, url):
        with pytest.raises(outbound.NotSent):
            outbound.parsed(url)

    def test_it_connects_to_what_was_looked_at(self, settings, monkeypatch):
        monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: [(socket.AF_INET, 1, 6, "", ("93.184.215.14", 443))])
        asked = []

        def connect(address, timeout):
            asked.append(address)
            raise OSError

        monkeypatch.setattr(socket, "create_connection", connect)
        with pytest.raises(outbound.NotSent):
            outbound.post("https://outside.example/x", b"{}", {})
        assert asked == [("93.184.215.14", 443)]


class TestThePage:
    TYPED = {"url": "https://outside.example/told", "events": ["crisis.opened", "backlog.age"]}

    def test_an_administrator_adds_one_and_sees_its_secret_once(self, world, client):
        client.force_login(world.ada)
        answer = client.post("/desk/webhooks/", self.TYPED)
        made = Webhook.objects.get()
        assert made.secret in answer.text
        assert len(made.secret) == 64
        page = client.get("/desk/webhooks/").text
        assert made.url in page
        assert made.secret not in page
        assert Entry.objects.latest("seq").verb == "webhook.added"
        assert made.secret not in Entry.objects.latest("seq").payload

    @pytest.mark.parametrize(
        "change", [{"url": "http://outside.example/"}, {"events": []}, {"url": ""}, {"events": ["x"]}]
    )
    def test_what_is_wrong_is_said_and_nothing_is_lost(self, world, client, change):
        client.force_login(world.ada)
        answer = client.post("/desk/webhooks/", self.TYPED | change)
        assert answer.status_code == 422
        assert "Nothing was added" in answer.text
        assert (self.TYPED | change)["url"] in answer.text
        assert not Webhook.objects.exists()

    def test_the_same_address_is_not_told_twice(self, world):
        connecting.add(by=world.ada, **self.TYPED)
        with pytest.raises(ValidationError):
            connecting.add(by=world.ada, **self.TYPED)

    def test_switched_off_it_is_told_nothing_more(self, world, client, hook, listener):
        to_here(hook, listener)
        webhooks.tell("crisis.opened", "7", {})
        client.force_login(world.ada)
        assert client.post(f"/desk/webhooks/{hook.pk}/", {"act": "switch_off"}).url == "/desk/webhooks/"
        webhooks.tell("crisis.opened", "8", {})
        assert webhooks.deliver_due() == 0
        assert WebhookDelivery.objects.get().last_error == "switched off"
        assert "Given up" in client.get("/desk/webhooks/").text

    def test_a_new_secret_signs_from_now_on(self, world, client, hook):
        client.force_login(world.ada)
        answer = client.post(f"/desk/webhooks/{hook.pk}/", {"act": "rotate"})
        before, after = hook.secret, Webhook.objects.get().secret
        assert before != after
        assert after in answer.text

    @pytest.mark.parametrize("who", ["rita", "amara", "ruth", "edda", "max"])
    def test_for_others_it_does_not_exist(self, world, client, hook, who):
        client.force_login(getattr(world, who))
        assert client.get("/desk/webhooks/").status_code == 404
        assert client.post("/desk/webhooks/", self.TYPED).status_code == 404
        assert client.post(f"/desk/webhooks/{hook.pk}/", {"act": "rotate"}).status_code == 404
        for verb in (connecting.switch_off, connecting.rotate_secret):
            with pytest.raises(PermissionDenied):
                verb(hook, by=getattr(world, who))

    def test_nothing_changes_on_get(self, world, client, hook):
        client.force_login(world.ada)
        assert client.get(f"/desk/webhooks/{hook.pk}/?act=switch_off").status_code == 405

    def test_deliveries_are_paged_at_the_same_cost(self, world, client, hook, django_assert_num_queries, monkeypatch):
        monkeypatch.setattr("comments.views.webhooks.PAGE_SIZE", 3)
        client.force_login(world.ada)
        for number in range(7):
            webhooks.tell("crisis.opened", f"number-{number}", {})
        seen, address = [], "/desk/webhooks/"
        while address:
            page = client.get(address).text
            seen += re.findall(r"number-(\d)", page)
            more = re.search(r'href="(\?before=\d+)"', page)
            address = more and f"/desk/webhooks/{more[1]}"
        assert seen == list("6543210")


class TestBacklog:
    def late(self, world, **changes):
        comment = write(world, text="A secret that nobody outside may read.")
        item = comment.queue_items.get()
        QueueItem.objects.filter(pk=item.pk).update(due_at=timezone.now() - timedelta(minutes=5), **changes)
        return item

    def test_once_per_lane_and_hour(self, world, hook, settings, clock):
        settings.MODERATION_ON_CALL = ("one@example.org", "two@example.org")
        clock.move_to(timezone.now().replace(minute=10))
        self.late(world)
        for _ in range(3):
            tasks.raise_overdue_lanes()
        told = WebhookDelivery.objects.get()
        assert (told.payload["lane"], told.payload["waiting"]) == ("first", 1)
        assert "secret" not in json.dumps(told.payload)
        mails = OutboxMail.objects.filter(template="comments/backlog")
        assert set(mails.values_list("to", flat=True)) == {"one@example.org", "two@example.org"}
        assert mails.count() == 2
        assert "First comment: 1 waits" in mails[0].text
        assert "secret" not in mails[0].text
        clock.shift(timedelta(hours=1))
        tasks.raise_overdue_lanes()
        assert WebhookDelivery.objects.count() == 2
        assert mails.count() == 4

    def test_nobody_is_called_while_nothing_is_late(self, world, hook, settings):
        settings.MODERATION_ON_CALL = ("one@example.org",)
        write(world)
        tasks.raise_overdue_lanes()
        assert not WebhookDelivery.objects.exists()
        assert not OutboxMail.objects.filter(template="comments/backlog").exists()

    def test_what_was_put_off_or_paused_is_not_late(self, world):
        self.late(world, put_off_until=timezone.now() + timedelta(hours=1))
        self.late(world, paused=True)
        assert backlog.overdue() == []

    # edge case 48
    def test_hours_in_which_nobody_is_there_do_not_count_even_where_the_clocks_change(self, world, settings, clock):
        settings.MODERATION_HOURS = opening_hours.parse("mon-fri 09:00-17:00")
        settings.TIME_ZONE = "Europe/Berlin"
        # A Friday evening; on Sunday the clocks go back.
        clock.move_to(datetime(2026, 10, 23, 18, 0, tzinfo=ZoneInfo("Europe/Berlin")))
        write(world)
        late = []
        for moment in ((25, 18, 0), (26, 16, 55), (26, 17, 5)):
            clock.move_to(datetime(2026, 10, *moment, tzinfo=ZoneInfo("Europe/Berlin")))
            late.append([one.lane for one in backlog.overdue()])
        assert late == [[], [], ["first"]]
