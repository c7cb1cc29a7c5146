"""Under the strict policy every page works: nothing is refused, nothing complains, nothing comes from elsewhere."""

import re

import pytest
from playwright.sync_api import Page

from tests.journeys.pages import KINDS, go

pytestmark = pytest.mark.browser

# Errors fail every journey at its end; here warnings count as well. Hints for developers do not.
QUIET = {"log", "info", "debug", "verbose"}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_browser_has_nothing_to_say(visit, kind):
    page = visit(kind.who)
    said = listen(page)
    answer = go(page, kind)
    policy = answer.headers["content-security-policy"]
    for wide_open in ("unsafe-inline", "unsafe-eval", "data:", "*", "http:", "https:"):
        assert wide_open not in policy.split()
        assert f"'{wide_open}'" not in policy
    assert "default-src 'none'" in policy or "default-src 'self'" in policy
    page.wait_for_load_state("load")
    assert said == []
    if not kind.who:
        assert "set-cookie" not in answer.headers or kind.start.startswith("/account/")


def listen(page: Page) -> list[str]:
    said: list[str] = []
    expected = re.compile("the server responded with a status of 4")
    page.on(
        "console",
        lambda message: (
            message.type in QUIET or expected.search(message.text) or said.append(f"{message.type}: {message.text}")
        ),
    )
    return said
