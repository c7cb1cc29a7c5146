"""The outbox: mail is part of the transaction that wrote it, sent once, and never lost."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import transaction
from django.template import TemplateDoesNotExist
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts import delivery, mail, tasks
from accounts.models import OutboxMail

ROOT = Path(__file__).resolve().parent.parent.parent
LINKS = {"confirm_url": "http://testserver/newsletter/confirm/x/", "leave_url": "http://testserver/newsletter/leave/x/"}


def write(to: str = "rita@example.org", **options) -> OutboxMail:
    return mail.send("newsletter_confirm", to, LINKS, **options)


def again_at_once() -> None:
    OutboxMail.objects.update(not_before=timezone.now() - timedelta(seconds=1))


@pytest.mark.django_db
class TestSend:
    def test_it_renders_now_and_queues_one_job(self):
        row = write()
        assert row.subject == "Confirm the newsletter of Bedside"
        assert LINKS["confirm_url"] in row.text
        assert row.text.endswith("Bedside\nhttp://testserver\n")
        assert (row.status, row.html, row.attempts) == ("waiting", "", 0)
        assert DBTaskResult.objects.get().args_kwargs["args"] == [row.pk]

    def test_the_same_key_is_queued_once_and_keeps_its_first_words(self):
        first = write(key="welcome.7")
        second = mail.send("newsletter_already", "rita@example.org", LINKS, key="welcome.7")
        assert second.pk == first.pk
        assert OutboxMail.objects.get().template == "newsletter_confirm"
        assert DBTaskResult.objects.count() == 1

    def test_without_a_key_each_is_its_own(self):
        assert write().message_id != write().message_id

    def test_it_waits_for_its_time(self, mailoutbox):
        row = write(not_before=timezone.now() + timedelta(seconds=30))
        assert DBTaskResult.objects.get().run_after == row.not_before
        assert not delivery.deliver(row.pk)
        assert mailoutbox == []

    @pytest.mark.parametrize(
        "to",
        [
            "rita@example.org\nBcc: all@example.org",
            "rita@example.org\r\n",
            "two@example.org, three@example.org",
            "rita",
            "",
        ],
    )
    def test_it_refuses_what_is_no_single_address(self, to):
        with pytest.raises(ValidationError):
            write(to)
        assert not OutboxMail.objects.exists()

    @pytest.mark.parametrize("value", ["<x>\nBcc: all@example.org", "<x>\r\nBcc: y", "a\rb", "a\u2028b"])
    def test_it_refuses_a_header_with_a_line_break(self, value):
        with pytest.raises(ValueError, match="line break"):
            write(headers={"List-Unsubscribe": value})
        assert not OutboxMail.objects.exists()

    def test_line_breaks_in_the_subject_become_blanks(self, settings, mailoutbox):
        settings.SITE_NAME = "Bedside\r\nBcc: all@example.org"
        row = write()
        assert row.subject == "Confirm the newsletter of Bedside Bcc: all@example.org"
        delivery.deliver(row.pk)
        assert mailoutbox[0].recipients() == ["rita@example.org"]
        assert mailoutbox[0].message()["Bcc"] is None

    def test_plain_text_is_not_escaped(self, settings):
        settings.SITE_NAME = "Ruth & Raj's <ward>"
        assert "Ruth & Raj's <ward>" in write().text

    def test_a_template_that_is_not_there_is_an_error_of_ours(self):
        with pytest.raises(TemplateDoesNotExist):
            mail.send("no_such_mail", "rita@example.org", {})

    def test_an_html_part_is_sent_beside_the_text(self, monkeypatch, mailoutbox):
        monkeypatch.setattr(mail, "render_html", lambda template, context: "<p>Confirm</p>")
        delivery.deliver(write().pk)
        assert mailoutbox[0].alternatives[0].content == "<p>Confirm</p>"


class TestTransactions:
    def test_a_rolled_back_page_sends_nothing(self, committed_db):
        with transaction.atomic():
            write()
            transaction.set_rollback(True)
        assert not OutboxMail.objects.exists()
        assert not DBTaskResult.objects.exists()

    def test_many_at_once_with_one_key_write_one(self, committed_db, race):
        rows = race(lambda number: write(f"rita{number}@example.org", key="welcome.7").pk, runners=6)
        assert len(set(rows)) == 1
        assert OutboxMail.objects.count() == DBTaskResult.objects.count() == 1

    def test_inside_a_longer_transaction_a_lost_race_breaks_nothing(self, committed_db, race):
        def act(number):
            with transaction.atomic():
                write(key="welcome.7")
                return OutboxMail.objects.count()

        assert race(act) == [1] * 4


@pytest.mark.django_db
class TestDelivery:
    def test_it_sends_and_marks(self, mailoutbox):
        row = write(headers={"List-Unsubscribe": "<https://x/>"})
        assert delivery.deliver(row.pk)
        sent = mailoutbox[0].message()
        assert (sent["Message-ID"], sent["List-Unsubscribe"]) == (row.message_id, "<https://x/>")
        assert sent["Auto-Submitted"] == "auto-generated"
        row.refresh_from_db()
        assert (row.status, row.attempts, row.lease_until) == ("sent", 1, None)
        assert row.sent_at is not None
        assert not delivery.deliver(row.pk)
        assert len(mailoutbox) == 1

    def test_it_waits_longer_after_each_failure_then_gives_up(self, settings, caplog):
        settings.EMAIL_BACKEND = "tests.accounts.post.Refuses"
        row = write()
        for wait in delivery.RETRY_AFTER:
            assert delivery.deliver_due() == 0
            row.refresh_from_db()
            assert (row.status, row.lease_until) == ("waiting", None)
            assert timedelta(0) <= timezone.now() + wait - row.not_before < timedelta(seconds=10)
            assert delivery.deliver_due() == 0, "not before its time"
            again_at_once()
        delivery.deliver_due()
        row.refresh_from_db()
        assert (row.status, row.attempts) == ("failed", 5)
        assert row.last_error == "ConnectionRefusedError: nobody answers"
        assert "rita" not in caplog.text, "addresses stay out of the log"
        again_at_once()
        assert delivery.deliver_due() == 0

    def test_one_that_fails_holds_up_nobody(self, settings, mailoutbox, monkeypatch):
        first, second = write(), write("nora@example.org")
        carry = delivery.carry
        monkeypatch.setattr(delivery, "carry", lambda row: row.pk != first.pk and carry(row))
        assert delivery.deliver_due() == 1
        assert mailoutbox[0].to == [second.to]

    def test_what_became_pointless_is_thrown_away_at_the_last_moment(self, mailoutbox, monkeypatch):
        monkeypatch.setattr(delivery, "_still_wanted", {})
        delivery.ask_before_sending("party-", lambda row: row.to != "rita@example.org")
        for to in ("rita@example.org", "nora@example.org"):
            for key in (f"party-{to}", f"other-{to}", None):
                write(to, key=key)
        assert delivery.deliver_due() == 5
        assert len(mailoutbox) == 5
        assert not OutboxMail.objects.filter(key="party-rita@example.org").exists()

    def test_many_letters_are_queued_with_one_query_and_each_key_once(self, django_assert_num_queries, mailoutbox):
        letters = [mail.write("newsletter_confirm", f"m{n}@example.org", LINKS, key=f"k{n % 3}") for n in range(4)]
        with django_assert_num_queries(1):
            mail.queue(letters)
        assert delivery.deliver_due() == 3
        assert [sent.to for sent in mailoutbox] == [["m0@example.org"], ["m1@example.org"], ["m2@example.org"]]

    def test_a_leased_one_is_left_alone_until_the_lease_runs_out(self, mailoutbox):
        row = write()
        OutboxMail.objects.update(status="sending", attempts=1, lease_until=timezone.now() + timedelta(minutes=1))
        assert delivery.deliver_due() == 0
        OutboxMail.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        assert delivery.deliver_due() == 1
        assert mailoutbox[0].message()["Message-ID"] == row.message_id

    def test_one_that_killed_five_workers_is_given_up(self, mailoutbox):
        row = write()
        past = timezone.now() - timedelta(seconds=1)
        OutboxMail.objects.update(status="sending", attempts=delivery.ATTEMPTS, lease_until=past)
        assert not delivery.deliver(row.pk)
        row.refresh_from_db()
        assert (row.status, mailoutbox) == ("failed", [])

    def test_a_worker_that_lost_its_lease_marks_nothing(self, mailoutbox):
        slow = write()
        assert delivery.claim(slow)
        OutboxMail.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        other = OutboxMail.objects.get()
        assert delivery.claim(other)
        assert not delivery.carry(slow), "somebody else has it by now"
        assert OutboxMail.objects.get().status == "sending"
        assert delivery.carry(other)
        assert {str(sent.message()["Message-ID"]) for sent in mailoutbox} == {slow.message_id}

    def test_words_are_forgotten_after_a_week_but_not_in_the_demo(self, settings):
        row, waiting = write(), write("nora@example.org")
        OutboxMail.objects.update(created_at=timezone.now() - timedelta(days=8))
        OutboxMail.objects.filter(pk=row.pk).update(status="sent")
        settings.DEMO = True
        tasks.forget_words_of_mail()
        assert OutboxMail.objects.get(pk=row.pk).text
        settings.DEMO = False
        tasks.forget_words_of_mail()
        assert OutboxMail.objects.get(pk=row.pk).text == ""
        assert OutboxMail.objects.get(pk=waiting.pk).text


class TestWorkers:
    def test_the_worker_sends_it(self, committed_db, mailoutbox):
        write()
        call_command("worker", batch=True)
        assert len(mailoutbox) == 1
        assert OutboxMail.objects.get().status == "sent"

    def test_one_of_many_sends_it(self, committed_db, race, mailoutbox):
        row = write()
        assert sorted(race(lambda number: delivery.deliver(row.pk), runners=6)) == [False] * 5 + [True]
        assert len(mailoutbox) == 1

    def test_each_of_many_goes_out_once(self, committed_db, race, mailoutbox):
        for number in range(12):
            write(f"rita{number}@example.org")
        assert sum(race(lambda number: delivery.deliver_due())) == 12
        assert len({tuple(sent.to) for sent in mailoutbox}) == len(mailoutbox) == 12

    def test_a_worker_killed_after_the_servers_yes_costs_a_second_copy_with_the_same_id(
        self, committed_db, tmp_path, mailoutbox
    ):
        row = write()
        accepted = tmp_path / "accepted"
        script = (
            "import django; django.setup();"
            "from django.conf import settings; settings.EMAIL_BACKEND = 'tests.accounts.post.DiesAfterAccepting';"
            f"from accounts import delivery; delivery.deliver({row.pk})"
        )
        environment = {**os.environ, "DATABASE_URL": committed_db.url, "DJANGO_SETTINGS_MODULE": "tests.settings"}
        died = subprocess.run(
            [sys.executable, "-c", script],
            env=environment | {"ACCEPTED": str(accepted)},
            cwd=ROOT,
            timeout=60,
            check=False,
        )
        assert died.returncode == -signal.SIGKILL
        row.refresh_from_db()
        assert (row.status, row.attempts) == ("sending", 1)
        assert delivery.deliver_due() == 0, "the lease still stands"

        OutboxMail.objects.update(lease_until=timezone.now())
        assert delivery.deliver_due() == 1
        assert [str(sent.message()["Message-ID"]) for sent in mailoutbox] == accepted.read_text().split()
