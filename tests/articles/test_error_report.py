"""A reader reports an error: without an account, from our own pages only, and nothing typed is lost."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from articles.models import ErrorReport, ReviewTrigger
from articles.workflow import calling_back, publishing
from audit.models import Entry
from tests import cast

GOOD = {"kind": "fact", "text": "Four weeks, not three.", "email": "", "seen": "", "website": ""}
OURS = {"headers": {"sec-fetch-site": "same-origin"}}


@pytest.fixture
def people(db):
    return cast.people()


@pytest.fixture
def page(people):
    return cast.live_page(people, title="Short nights")


@pytest.fixture
def url(page) -> str:
    return f"{page.get_absolute_url()}report-error/"


def send(client, url, **changes):
    return client.post(url, GOOD | changes, **OURS)


class TestForm:
    @pytest.mark.parametrize("kind", ["article", "drug", "subtype"])
    def test_every_page_leads_to_it(self, client, people, kind):
        page = cast.live_page(people, kind=kind, title="Examplix")
        address = f"{page.get_absolute_url()}report-error/"
        assert f'href="{address}"' in client.get(page.get_absolute_url()).text
        assert "Examplix" in client.get(address).text

    def test_it_sets_no_cookie_carries_no_token_and_is_not_kept(self, client, url):
        answer = client.get(url)
        assert not answer.cookies
        assert "csrf" not in answer.text
        assert "no-store" in answer["Cache-Control"]
        assert '<meta name="robots" content="noindex">' in answer.text

    def test_a_page_that_is_not_public_has_none(self, client, people, page, url):
        publishing.withdraw(page, by=people.edda, kind="other", public_reason="it moved.")
        assert client.get(url).status_code == 410
        assert send(client, url).status_code == 410
        assert client.get("/articles/never-there/report-error/").status_code == 404


class TestSend:
    def test_it_reaches_the_desk_and_the_reader_is_thanked(self, url, page):
        client = Client(enforce_csrf_checks=True)
        answer = client.post(url, GOOD | {"email": "reader@example.org"}, **OURS, follow=True)
        assert "Thank you" in answer.text
        report = ErrorReport.objects.get()
        assert (report.page, report.kind, report.text, report.email) == (
            page, "fact", "Four weeks, not three.", "reader@example.org",
        )  # fmt: skip
        trigger = ReviewTrigger.objects.get()
        assert (trigger.source_kind, trigger.severity, trigger.source_id) == ("report", "review", str(report.pk))

    @pytest.mark.parametrize(
        "headers",
        [{}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://evil.example"}],
    )
    def test_from_elsewhere_it_is_refused(self, client, url, headers):
        assert client.post(url, GOOD, headers=headers).status_code == 403
        assert not ErrorReport.objects.exists()

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"kind": ""}, "Choose what is wrong."),
            ({"kind": "nonsense"}, "Choose what is wrong."),
            ({"text": ""}, "Say what is wrong, in your own words."),
            ({"text": "  \n "}, "Say what is wrong, in your own words."),
            ({"text": "x" * 2001}, "at most 2000 characters"),
            ({"text": "one\u202etwo"}, "changes the direction of writing"),
            ({"text": "one\x07two"}, "control character"),
            ({"email": "nonsense"}, "Enter an email address, like name@example.com"),
        ],
    )
    def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(self, client, url, changes, words):
        answer = send(client, url, **({"email": "reader@example.org"} | changes))
        assert answer.status_code == 422
        assert words in answer.text
        for kept in {"text": "Four weeks, not three.", "email": "reader@example.org"}.items() - changes.items():
            assert kept[0] in changes or kept[1] in answer.text
        assert not ErrorReport.objects.exists()

    def test_two_thousand_characters_with_line_breaks_fit(self, client, url):
        send(client, url, text="\r\n".join(["x" * 199] * 10))
        assert ErrorReport.objects.get().text.count("\n") == 9

    def test_a_program_that_fills_in_everything_is_thanked_and_not_heard(self, client, url):
        assert "Thank you" in client.post(url, GOOD | {"website": "x"}, **OURS, follow=True).text
        assert not ErrorReport.objects.exists()

    def test_the_text_that_was_read_is_named_by_its_hash(self, client, people, page, url):
        old = page.live_publication.content_hash
        assert old in client.get(url).text
        send(client, url, seen=old)
        send(client, url, seen="b1:" + "0" * 64)
        assert {one.content_hash for one in ErrorReport.objects.all()} == {old}

    def test_what_was_read_before_an_update_is_named_too(self, client, people, page, url):
        old = page.live_publication.content_hash
        draft = page.draft
        changed = draft.content | {"standfirst": "Something else."}
        draft = cast.writing.save_draft(page, changed, version=draft.version, by=people.amara)
        opened = cast.writing.submit(page, version=draft.version, by=people.amara)
        publishing.publish(cast.signed_review(people, review=opened), by=people.edda)
        send(client, url, seen=old)
        assert ErrorReport.objects.get().content_hash == old

    def test_a_stranger_puts_up_no_banner_and_takes_nothing_down(self, client, page, url):
        before = client.get(page.get_absolute_url()).content
        send(client, url, kind="harm")
        assert client.get(page.get_absolute_url()).content == before


class TestFloods:
    def test_one_connection_writes_three_letters_a_day_about_a_page(self, client, url):
        answers = [send(client, url, text=f"Letter {n}.").status_code for n in range(5)]
        assert answers == [302, 302, 302, 429, 429]
        last = send(client, url, text="My long letter.")
        assert "You can send more tomorrow." in last.text
        assert "My long letter." in last.text
        assert ErrorReport.objects.count() == 3

    def test_and_ten_about_all_pages(self, client, people):
        pages = [cast.live_page(people) for _ in range(4)]
        answers = [
            send(client, f"{page.get_absolute_url()}report-error/").status_code for page in pages for _ in range(3)
        ]
        assert answers.count(302) == 10

    def test_another_connection_is_not_held_up(self, client, url):
        for _ in range(4):
            send(client, url)
        answer = client.post(url, GOOD, **OURS, REMOTE_ADDR="203.0.113.9")
        assert answer.status_code == 302

    def test_a_hundred_letters_are_one_task_and_one_entry_of_the_log(self, people, page):
        entries = Entry.objects.count()
        for n in range(100):
            calling_back.report_error(page, kind="fact", text=f"Letter {n}.")
        assert ReviewTrigger.objects.count() == 1
        assert Entry.objects.count() == entries + 1


def test_letters_sent_at_once_open_one_trigger(committed_db):
    people = cast.people()
    page = cast.live_page(people)

    def report(number):
        return calling_back.report_error(page, kind="fact", text=f"Letter {number}.")

    results = committed_db.race(report)
    assert all(isinstance(one, ErrorReport) for one in results), results
    trigger = ReviewTrigger.objects.get()
    assert calling_back.reports_of(trigger).count() == 4


class TestDatabase:
    @pytest.mark.parametrize(
        "change",
        ["text = 'Other words.'", "kind = 'other'", "email = 'x@example.org'", "created_at = '2020-01-01 00:00:00+00'"],
    )
    def test_words_are_erased_and_not_rewritten(self, page, change):
        report = calling_back.report_error(page, kind="fact", text="Look.")
        with connection.cursor() as cursor, pytest.raises(IntegrityError), transaction.atomic():
            cursor.execute(f"UPDATE articles_errorreport SET {change} WHERE id = {report.pk}")

    def test_a_report_is_never_deleted(self, page):
        report = calling_back.report_error(page, kind="fact", text="Look.")
        with pytest.raises(IntegrityError), transaction.atomic():
            report.delete()
