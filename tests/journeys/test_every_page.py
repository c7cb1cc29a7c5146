"""Every page type, opened once: the browser has nothing to say, axe finds nothing, it fits a phone and a thumb."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Response

from tests.journeys.pages import KINDS, go

pytestmark = pytest.mark.browser

# Errors fail every journey at its end; here warnings count as well. Hints for developers do not.
QUIET = {"log", "info", "debug", "verbose"}
TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
EVERYTHING = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
# Another scheme changes colours and nothing else.
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}
AXE = Axe().axe_script
LOOKS = [(1280, "light", EVERYTHING), (390, "light", EVERYTHING), (390, "dark", COLOURS), (1280, "dark", COLOURS)]
TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const wide = [...document.body.querySelectorAll("*")].filter(
    (node) => node.getBoundingClientRect().right > width + 1 && getComputedStyle(node).position !== "fixed");
  return wide.map((node) => node.outerHTML.slice(0, 120)).slice(-3);
}"""
# WCAG 2.5.8: 24 by 24, but for a link within a sentence and for what is not drawn at all.
TOO_SMALL = """() => {
  const small = [];
  for (const node of document.querySelectorAll("button, summary, select, textarea, input, a.btn, nav a")) {
    const area = node.closest("label") ?? node;
    const { width, height } = area.getBoundingClientRect();
    const hidden = !node.checkVisibility({ visibilityProperty: true }) || node.matches(".vh, .skip, [type=hidden]");
    if (hidden || node.closest(".vh, .honeypot") || node.tabIndex < 0) continue;
    if (width < 24 || height < 24) small.push(`${Math.round(width)}x${Math.round(height)} ${node.outerHTML.slice(0, 120)}`);
  }
  return small;
}"""


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_it_is_quiet_open_to_everybody_and_fits_a_phone(visit, kind):
    page = visit(kind.who)
    said = listen(page)
    answer = go(page, kind)
    page.wait_for_load_state("load")
    strict(answer)
    if not kind.who:
        assert "set-cookie" not in answer.headers or kind.start.startswith("/account/")
    found = []
    for width, scheme, rules in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found += [f"{width} {scheme} {one}" for one in violations(page, rules)]
    assert found == []
    fits_a_phone(page)
    assert said == []


def test_axe_would_find_something(visit):
    page = visit()
    page.goto("/newsletter/")
    page.evaluate("document.querySelector('label[for=id_email]').remove()")
    page.evaluate("document.querySelector('h1').style.color = '#ddd'")
    assert [said.partition(":")[0] for said in violations(page, EVERYTHING)] == ["color-contrast", "label"]


def strict(answer: Response) -> None:
    """Nothing in the policy of the page opens it to what is inline or comes from elsewhere."""
    policy = answer.headers["content-security-policy"]
    for wide_open in ("unsafe-inline", "unsafe-eval", "data:", "*", "http:", "https:"):
        assert wide_open not in policy.split()
        assert f"'{wide_open}'" not in policy
    assert "default-src 'none'" in policy or "default-src 'self'" in policy


def fits_a_phone(page: Page) -> None:
    """Nothing scrolls sideways, and everything can be hit with a thumb."""
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate(TOO_SMALL) == []
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate(TOO_WIDE) == [], width


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


def violations(page: Page, rules: dict) -> list[str]:
    """Each broken rule with the first places where it is broken."""
    if not page.evaluate("'axe' in window"):  # half a megabyte: each page reads it once
        page.evaluate(AXE)
    found = page.evaluate("rules => axe.run(document, rules)", rules)["violations"]
    return [
        f"{one['id']}: {[node['failureSummary'] + str(node['target']) for node in one['nodes'][:3]]}" for one in found
    ]
