"""What axe can see on every page type, wide and on a phone, light and dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.journeys.pages import KINDS, go

pytestmark = pytest.mark.browser

TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
EVERYTHING = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
# Another scheme changes colours and nothing else.
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}
LOOKS = [(1280, "light", EVERYTHING), (390, "light", EVERYTHING), (390, "dark", COLOURS), (1280, "dark", COLOURS)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_axe_finds_nothing(visit, kind):
    page = visit(kind.who)
    go(page, kind)
    found = []
    for width, scheme, rules in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found += [f"{width} {scheme} {said}" for said in violations(page, rules)]
    assert found == []


def test_axe_would_find_something(visit):
    page = visit()
    page.goto("/newsletter/")
    page.evaluate("document.querySelector('label[for=id_email]').remove()")
    page.evaluate("document.querySelector('h1').style.color = '#ddd'")
    assert [said.partition(":")[0] for said in violations(page, EVERYTHING)] == ["color-contrast", "label"]


def violations(page: Page, rules: dict) -> list[str]:
    """Each broken rule with the first places where it is broken."""
    found = Axe().run(page, options=rules).response["violations"]
    return [
        f"{one['id']}: {[node['failureSummary'] + str(node['target']) for node in one['nodes'][:3]]}" for one in found
    ]
