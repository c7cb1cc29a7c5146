"""The newsletter: asked, confirmed, left; nobody is put on it by somebody else, and nobody learns who is."""

import re

import pytest
import time_machine

from accounts import newsletter
from accounts.models import OutboxMail, Subscription
from accounts.roles import Role
from audit.models import Entry
from tests import cast
from tests.accounts.test_policies import publish

OURS = {"Sec-Fetch-Site": "same-origin"}


def ask(client, email="rita@example.org", headers=OURS, **more):
    return client.post("/newsletter/", {"email": email, **more}, headers=headers)


def subscription() -> Subscription:
    return Subscription.objects.get()


def link(kind: str, number: int = -1) -> str:
    """The path of the confirm or leave link in the newest (or numbered) mail, or of its header."""
    mail = list(OutboxMail.objects.order_by("pk"))[number]
    return re.search(rf"http://testserver(/newsletter/{kind}/\S+?/)(?:>|\s|$)", mail.text + str(mail.headers))[1]


@pytest.fixture
def on_the_list(db, client):
    ask(client)
    client.post(link("confirm"), headers=OURS)
    return subscription()


@pytest.mark.django_db
class TestAsking:
    def test_it_writes_to_the_address_and_waits(self, client):
        page = ask(client, " Rita@Example.org ")
        assert page.status_code == 200
        assert "Check your email" in page.text
        assert "no-store" in page["Cache-Control"]
        assert (subscription().email, subscription().status) == ("rita@example.org", "pending")
        mail = OutboxMail.objects.get()
        assert (mail.to, mail.template) == ("rita@example.org", "newsletter_confirm")
        assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert mail.headers["List-Unsubscribe"].startswith("<http://testserver/newsletter/leave/")

    def test_a_page_that_cannot_be_read_leads_nowhere(self, client):
        assert ask(client, headers={**OURS, "Referer": "http://[::1"}).status_code == 200

    def test_the_words_agreed_to_are_kept_with_their_versions(self, client):
        ada = cast.person("ada", Role.ADMINISTRATOR)
        publish(ada, kind="privacy", title="Privacy policy", clauses=[])
        ask(client)
        assert subscription().consent_text == f"{newsletter.consent_words()} [Privacy policy 1]"
        form = re.sub(r"<[^>]+>", "", client.get("/newsletter/").text)
        assert newsletter.consent_words() in " ".join(form.split())

    def test_the_page_is_the_same_for_an_address_on_the_list(self, client, on_the_list):
        known = ask(client, "rita@example.org").text.replace("rita@example.org", "X")
        unknown = ask(client, "nora@example.org").text.replace("nora@example.org", "X")
        assert known == unknown
        assert on_the_list.status == "confirmed"
        assert OutboxMail.objects.filter(template="newsletter_already", to="rita@example.org").count() == 1
        on_the_list.refresh_from_db()
        assert on_the_list.status == "confirmed", "asking again takes nobody off"

    @pytest.mark.parametrize("email", ["", "rita", "rita@", "@example.org", "a b@example.org", "x" * 250 + "@a.org"])
    def test_a_wrong_address_stays_in_the_form(self, client, email):
        page = ask(client, email)
        assert page.status_code == 422
        assert 'class="errorlist"' in page.text
        assert "error-summary" in page.text
        assert email.strip()[:5] in page.text
        assert not Subscription.objects.exists()

    def test_a_program_that_fills_in_everything_gets_the_page_and_nothing_else(self, client):
        assert "Check your email" in ask(client, website="https://spam.example").text
        assert not Subscription.objects.exists()
        assert not OutboxMail.objects.exists()

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
            {"Sec-Fetch-Site": "none"},
            {"Sec-Fetch-Site": "none", "Origin": "null"},
            {"Sec-Fetch-Site": "none", "Origin": "https://evil.example"},
            {"Origin": "http://testserver.evil.example"},
            {"Origin": "null"},
            {"Referer": "http://testserver/newsletter/"},
        ],
    )
    def test_another_sites_page_cannot_send_it(self, client, headers):
        assert ask(client, headers=headers).status_code == 403
        assert not Subscription.objects.exists()

    @pytest.mark.parametrize(
        "headers", [OURS, {"Origin": "http://testserver"}, {"Sec-Fetch-Site": "none", "Origin": "http://testserver"}]
    )
    def test_our_own_pages_can_without_a_token(self, headers):
        from django.test import Client

        assert ask(Client(enforce_csrf_checks=True), headers=headers).status_code == 200

    def test_no_step_sets_a_cookie(self, client):
        pages = [client.get("/newsletter/"), ask(client)]
        for kind in ("confirm", "leave"):
            path = link(kind, 0)
            pages += [client.get(path), client.post(path, headers=OURS)]
        assert [page.status_code for page in pages] == [200] * 6
        assert not client.cookies
        assert not any("csrfmiddlewaretoken" in page.text for page in pages)

    def test_one_address_gets_three_mails_a_day(self, client):
        with time_machine.travel("2026-11-23 08:00Z") as clock:
            pages = {ask(client).text for _ in range(5)}
            assert len(pages) == 1
            assert OutboxMail.objects.count() == 3
            clock.shift(25 * 3600)
            ask(client)
            assert OutboxMail.objects.count() == 4

    def test_one_client_asks_ten_times_an_hour(self, client):
        statuses = [ask(client, f"rita{number}@example.org").status_code for number in range(11)]
        assert statuses == [200] * 10 + [429]
        assert Subscription.objects.count() == 10

    def test_it_leads_back_to_our_page_and_to_no_other(self, client):
        here = {**OURS, "Referer": "http://testserver/articles/sleep/"}
        assert 'href="/articles/sleep/"' in ask(client, headers=here).text
        elsewhere = {**OURS, "Referer": "http://testserver//evil.example/"}
        assert 'href="//evil' not in ask(client, headers=elsewhere).text


@pytest.mark.django_db
class TestConfirming:
    def test_the_link_shows_a_button_and_the_button_acts(self, client):
        ask(client)
        page = client.get(link("confirm"))
        assert "rita@example.org" in page.text
        assert "no-store" in page["Cache-Control"]
        assert subscription().status == "pending", "mail scanners follow links"
        assert "You are on the list" in client.post(link("confirm"), headers=OURS).text
        assert subscription().status == "confirmed"
        assert subscription().confirmed_at is not None
        assert list(Entry.objects.values_list("verb", flat=True)) == ["newsletter.asked", "newsletter.confirmed"]

    def test_twice_is_once(self, client, on_the_list):
        page = client.post(link("confirm", 0), headers=OURS)
        assert page.status_code == 200
        assert Entry.objects.filter(verb="newsletter.confirmed").count() == 1

    def test_both_links_of_two_requests_work(self, client):
        ask(client)
        ask(client)
        assert client.post(link("confirm", 0), headers=OURS).status_code == 200
        assert client.post(link("confirm", 1), headers=OURS).status_code == 200
        assert subscription().status == "confirmed"

    def test_a_link_from_before_somebody_left_puts_nobody_back(self, client, on_the_list):
        old = link("confirm", 0)
        client.post(link("leave", 0))
        assert client.post(old, headers=OURS).status_code == 404
        assert subscription().status == "left"
        ask(client)
        assert client.post(old, headers=OURS).status_code == 404
        assert client.post(link("confirm"), headers=OURS).status_code == 200

    def test_after_a_week_the_link_is_too_old(self, client):
        with time_machine.travel("2026-11-23 08:00Z") as clock:
            ask(client)
            clock.shift(8 * 24 * 3600)
            page = client.post(link("confirm"), headers=OURS)
        assert page.status_code == 404
        assert "too old" in page.text

    def test_another_sites_page_cannot_press_the_button(self, client):
        ask(client)
        assert client.post(link("confirm"), headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert subscription().status == "pending"

    def test_a_link_for_leaving_does_not_confirm(self, client):
        ask(client)
        path = link("leave").replace("leave", "confirm")
        assert client.post(path, headers=OURS).status_code == 404

    @pytest.mark.parametrize("token", ["x", "eyJpZCI6MX0:1w:abc", "%00", "a" * 500])
    @pytest.mark.parametrize("kind", ["confirm", "leave"])
    def test_a_made_up_link_is_404_with_the_form(self, client, kind, token):
        page = client.get(f"/newsletter/{kind}/{token}/")
        assert page.status_code == 404
        assert 'name="email"' in page.text


@pytest.mark.django_db
class TestLeaving:
    def test_the_link_shows_a_button_and_the_button_acts(self, client, on_the_list):
        assert "Choose Leave" in client.get(link("leave")).text
        assert subscription().status == "confirmed"
        assert "off the list" in client.post(link("leave"), headers=OURS).text
        assert subscription().status == "left"
        assert subscription().left_at is not None

    def test_a_mail_program_leaves_without_coming_here(self, on_the_list):
        from django.test import Client

        page = Client(enforce_csrf_checks=True).post(link("leave"), {"List-Unsubscribe": "One-Click"})
        assert (page.status_code, subscription().status) == (200, "left")

    def test_twice_is_once(self, client, on_the_list):
        assert [client.post(link("leave")).status_code for _ in range(2)] == [200, 200]
        assert Entry.objects.filter(verb="newsletter.left").count() == 1

    def test_whoever_never_confirmed_can_leave_too(self, client):
        ask(client)
        client.post(link("leave"))
        assert subscription().status == "left"

    def test_years_later_too(self, client, on_the_list):
        path = link("leave")
        with time_machine.travel("2031-01-01"):
            assert client.post(path).status_code == 200

    def test_coming_back_asks_anew_and_keeps_the_new_words(self, client, on_the_list):
        client.post(link("leave"))
        Subscription.objects.update(consent_text="old words")
        ask(client)
        back = subscription()
        assert (back.status, back.confirmed_at, back.consent_text) == ("pending", None, newsletter.consent_words())
        client.post(link("confirm"), headers=OURS)
        assert subscription().status == "confirmed"


@pytest.mark.django_db
def test_addresses_that_nobody_confirmed_are_forgotten(client):
    from accounts.tasks import forget_unconfirmed

    with time_machine.travel("2026-11-01"):
        ask(client, "old@example.org")
        ask(client, "confirmed@example.org")
        client.post(link("confirm"), headers=OURS)
    with time_machine.travel("2026-11-23"):
        ask(client, "new@example.org")
        forget_unconfirmed()
    assert set(Subscription.objects.values_list("email", flat=True)) == {"confirmed@example.org", "new@example.org"}


class TestAtOnce:
    def test_many_requests_make_one_subscription(self, committed_db, race):
        results = race(lambda number: newsletter.subscribe("rita@example.org", consent_text="words"))
        assert results == [None] * 4
        assert Subscription.objects.count() == 1
        assert Entry.objects.filter(verb="newsletter.asked").count() == 1

    def test_many_presses_confirm_once(self, committed_db, race):
        newsletter.subscribe("rita@example.org", consent_text="words")
        token = link("confirm").rstrip("/").rpartition("/")[2]
        assert {result.status for result in race(lambda number: newsletter.confirm(token))} == {"confirmed"}
        assert Entry.objects.filter(verb="newsletter.confirmed").count() == 1
