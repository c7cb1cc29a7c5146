"""Templates hold no style, no script and no unescaped words, and name only icons and files that exist."""

import re
from pathlib import Path

import pytest
from django.template.loader import get_template

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SPRITE = set(re.findall(r'<symbol id="(\w+)"', (ROOT / "static/img/icons.svg").read_text(encoding="utf-8")))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT / "templates"))


def source(path: Path) -> str:
    """The template without its comments: they may name what they forbid."""
    return re.sub(r"{%\s*comment.*?endcomment\s*%}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)


def strange_scripts(html: str) -> list[str]:
    """Script elements that would need more than script-src 'self': neither a file nor a JSON block."""
    return [
        tag
        for tag in re.findall(r"<script\b[^>]*>", html)
        if " src=" not in tag and not re.search(r'type="application/(?:ld\+)?json"', tag)
    ]


def test_there_are_templates():
    assert len(TEMPLATES) > 60
    assert "clock" in SPRITE


def test_the_net_catches_an_inline_script():
    assert strange_scripts("<script>alert(1)</script>")
    assert not strange_scripts('<script src="/static/js/site.js"></script>')


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_markup_that_a_strict_policy_allows(path: Path):
    html = source(path)
    tags = re.findall(r"<[a-zA-Z][^<>]*", re.sub(r"{[%{].*?[%}]}", "", html))
    assert not [tag for tag in tags if re.search(r"\sstyle\s*=", tag)], "no style attribute"
    assert not [tag for tag in tags if re.search(r"\son[a-z]+\s*=", tag)], "no event attribute"
    assert "<style" not in html
    assert "javascript:" not in html
    assert not strange_scripts(html)


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_nothing_goes_out_unescaped(path: Path):
    html = source(path)
    assert not re.search(r"\|\s*safe(?:seq)?\b", html)
    assert not re.search(r"{%\s*autoescape\s+off", html)


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_it_compiles(path: Path):
    get_template(name(path))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_icons_and_files_exist(path: Path):
    html = source(path)
    icons = re.findall(r'parts/icon\.html" with name="(\w+)"', html)
    assert set(icons) <= SPRITE, set(icons) - SPRITE
    for file in re.findall(r'{% static "([^"]+)"', html):
        if not file.startswith(("mfa/", "account/")):  # allauth's own
            assert (ROOT / "static" / file).is_file(), file


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_every_image_says_what_it_is_and_how_large(path: Path):
    for tag in re.findall(r"<img\b[^>]*>", source(path)):
        assert " alt=" in tag, tag
        assert " width=" in tag, tag
        assert " height=" in tag, tag
