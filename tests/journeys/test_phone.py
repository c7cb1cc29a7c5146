"""On a phone nothing scrolls sideways, and everything can be hit with a thumb."""

import pytest

from tests.journeys.pages import KINDS, go

pytestmark = pytest.mark.browser

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
def test_it_fits_a_phone(visit, kind):
    page = visit(kind.who, viewport={"width": 390, "height": 844})
    go(page, kind)
    assert page.evaluate(TOO_SMALL) == []
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate(TOO_WIDE) == [], width
