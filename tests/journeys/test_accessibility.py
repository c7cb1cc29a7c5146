"""What axe can see on every page type, wide and on a phone, light and dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe

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
        for violation in Axe().run(page, options=rules).response["violations"]:
            places = [f"{node['target']} {node['failureSummary']}" for node in violation["nodes"][:3]]
            found.append(f"{width} {scheme} {violation['id']}: {places}")
    assert found == []
