"""The colours of the site can be read, in light and dark, and stay the same in both dark blocks."""

import re
from pathlib import Path

import pytest

CSS = Path(__file__).resolve().parents[2] / "static" / "css"
TOKENS = (CSS / "tokens.css").read_text(encoding="utf-8")

BODY, TEXT, SHAPE = 7.0, 4.5, 3.0

# Every pair in use: what stands on what, and how far apart the two must be (WCAG 2.2: 1.4.6, 1.4.3, 1.4.11).
PAIRS = [
    ("text", "bg", BODY),
    ("text", "surface", BODY),
    ("text", "surface2", BODY),
    ("text", "sunken", BODY),
    ("text", "card", BODY),
    ("text2", "bg", TEXT),
    ("text2", "surface", TEXT),
    ("text2", "surface2", TEXT),
    ("text2", "card", TEXT),
    ("text2", "sunken", TEXT),
    ("text2", "brandtint", TEXT),
    ("link", "bg", TEXT),
    ("link", "card", TEXT),
    ("link", "sunken", TEXT),
    ("link", "surface2", TEXT),
    ("link", "brandtint", TEXT),
    ("visited", "bg", TEXT),
    ("onbrand", "brand", TEXT),
    ("onbrand", "brandhover", TEXT),
    ("brand", "brandtint", TEXT),
    ("trust", "bg", TEXT),
    ("trust", "card", TEXT),
    ("trust", "trusttint", TEXT),
    ("info", "infotint", TEXT),
    ("warn", "warntint", TEXT),
    ("danger", "bg", TEXT),
    ("danger", "card", TEXT),
    ("danger", "dangertint", TEXT),
    ("ok", "bg", TEXT),
    ("ok", "oktint", TEXT),
    ("text", "infotint", BODY),
    ("text", "warntint", BODY),
    ("text", "dangertint", BODY),
    ("text", "oktint", BODY),
    ("text", "trusttint", BODY),
    ("text", "brandtint", BODY),
    ("line", "bg", SHAPE),
    ("line", "card", SHAPE),
    ("line", "surface2", SHAPE),
    ("focus", "bg", SHAPE),
    ("focus", "card", SHAPE),
    ("focus", "sunken", SHAPE),
    ("focus", "surface2", SHAPE),
    ("ontop", "top", TEXT),
    ("ontop2", "top", TEXT),
    ("add", "addtint", TEXT),
    ("deltext", "deltint", TEXT),
    ("text", "addtint", BODY),
    ("text", "deltint", BODY),
    ("text", "mark", BODY),
]


def block(opening: str) -> str:
    """The declarations between the braces that follow `opening`."""
    start = TOKENS.index(opening) + len(opening)
    return TOKENS[TOKENS.index("{", start - 1) + 1 : TOKENS.index("}", start)]


def colours(declarations: str) -> dict[str, str]:
    return dict(re.findall(r"--(\w+):\s*(#[0-9a-f]{6});", declarations))


LIGHT = colours(block(":root {"))
DARK_BY_DEVICE = block(':root:not([data-theme="light"]) {')
DARK_BY_CHOICE = block(':root[data-theme="dark"] {')
DARK = LIGHT | colours(DARK_BY_DEVICE)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_measure_itself():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "limit"), PAIRS, ids=["-on-".join(pair[:2]) for pair in PAIRS])
def test_contrast(scheme: str, ink: str, ground: str, limit: float):
    palette = LIGHT if scheme == "light" else DARK
    found = contrast(palette[ink], palette[ground])
    assert found >= limit, f"{ink} on {ground} in {scheme}: {found:.2f}, needs {limit}"


def test_focus_on_the_dark_bars():
    """The header is dark in both schemes, so its ring has its own colour."""
    base = (CSS / "base.css").read_text(encoding="utf-8")
    ring = re.search(r"\.on-dark :focus-visible \{\s*outline-color: (#[0-9a-f]{6})", base)
    assert ring
    for palette in (LIGHT, DARK):
        assert contrast(ring[1], palette["top"]) >= SHAPE


def test_the_two_dark_blocks_are_equal():
    def lines(declarations: str) -> list[str]:
        return [line.strip() for line in declarations.splitlines() if line.strip()]

    assert lines(DARK_BY_DEVICE) == lines(DARK_BY_CHOICE)


def test_dark_names_every_colour_of_light():
    assert colours(DARK_BY_DEVICE).keys() == LIGHT.keys()


def test_dark_has_three_levels_of_depth():
    assert luminance(DARK["sunken"]) < luminance(DARK["bg"]) < luminance(DARK["card"])


def test_every_colour_used_is_a_token():
    """Outside tokens.css only the fixed colours of the dark bars, of print and of codes may stand."""
    allowed = {"#ffd75e", "#e6b6ec", "#fff", "#000"}
    for sheet in sorted(CSS.glob("*.css")):
        if sheet.name == "tokens.css":
            continue
        found = set(re.findall(r":[^;{}]*?(#[0-9a-fA-F]{3,8})\b", sheet.read_text()))
        assert found <= allowed, f"{sheet.name}: {found - allowed}"


def test_every_token_used_exists():
    declared = set(re.findall(r"(--[\w-]+):", TOKENS))
    set_by_script = {"--popover-block", "--popover-inline"}
    for sheet in sorted(CSS.glob("*.css")):
        used = set(re.findall(r"var\((--[\w-]+)", sheet.read_text()))
        assert used <= declared | set_by_script, f"{sheet.name}: {used - declared}"
