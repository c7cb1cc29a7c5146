"""The browser fixtures: what they share, what they keep apart and what makes a journey fail."""

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Error

from tests import browser as browser_module

pytestmark = pytest.mark.browser


def a_session(key: str) -> None:
    Session.objects.create(session_key=key, session_data="", expire_date=timezone.now())


def test_the_server_answers_on_the_journeys_database(site, page, _journey_database):
    assert _journey_database == connection.settings_dict["NAME"]
    assert site.url == settings.SITE_URL
    assert page.goto("/healthz").status == 200


def test_journeys_share_their_rows(_copies, _journey_database, django_db_blocker):
    with django_db_blocker.unblock():
        with _copies.use(_journey_database):
            a_session("kept")
        with _copies.use(_journey_database):
            assert Session.objects.filter(session_key="kept").exists()


def test_with_committed_db_the_server_works_on_this_tests_copy(committed_db, site, page):
    assert connection.settings_dict["NAME"] == committed_db.name
    assert page.goto("/readyz").ok


def test_each_page_has_its_own_cookies(site, new_page):
    first, second = new_page(), new_page()
    first.context.add_cookies([{"name": "mine", "value": "1", "url": site.url}])
    assert [cookie["name"] for cookie in first.context.cookies()] == ["mine"]
    assert second.context.cookies() == []


def test_a_page_can_be_a_phone_without_script(new_page):
    phone = new_page(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    phone.goto("/healthz")
    assert phone.viewport_size == {"width": 390, "height": 844}


def test_a_request_to_a_third_party_is_noticed_and_does_not_leave(new_page):
    page = new_page()
    with pytest.raises(Error, match="ERR_FAILED"):
        page.goto("https://example.org/")
    assert new_page.trouble == ["a request to a third party: https://example.org/"]
    new_page.trouble.clear()


def test_a_script_that_breaks_is_noticed(page, new_page):
    page.goto("/healthz")
    page.evaluate("setTimeout(() => { throw new Error('broken') }, 0)")
    page.wait_for_timeout(100)
    assert new_page.trouble == ["a script error: broken"]
    new_page.trouble.clear()


def test_content_that_the_policy_refuses_is_noticed(page, new_page):
    page.goto("/healthz")
    page.evaluate("document.body.append(Object.assign(new Image(), {src: 'data:image/png;base64,AAAA'}))")
    page.wait_for_timeout(100)
    assert len(new_page.trouble) == 1
    assert "Content Security Policy" in new_page.trouble[0]
    new_page.trouble.clear()


class TestNoChromium:
    @pytest.fixture
    def answer(self, monkeypatch):
        def ask(ci: str) -> type[BaseException]:
            monkeypatch.setenv("CI", ci)
            monkeypatch.setattr(browser_module, "find_chromium", lambda: None)
            with pytest.raises(BaseException, match="no Chromium") as caught:
                next(browser_module.browser.__wrapped__())
            return caught.type

        return ask

    def test_is_a_failure_under_ci(self, answer):
        assert answer("true") is pytest.fail.Exception

    def test_skips_elsewhere(self, answer):
        assert answer("") is pytest.skip.Exception
