"""Stylesheets mirror for right-to-left text, stay within their budget and survive hashed names."""

import gzip
import re
from pathlib import Path

import brotli
import pytest
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.files.storage import FileSystemStorage
from django.test import override_settings

STATIC = Path(__file__).resolve().parents[2] / "static"
SHEETS = sorted((STATIC / "css").glob("*.css"))

PHYSICAL = re.compile(
    r"^\s*(?:margin|padding|border|inset|scroll-margin|scroll-padding)-(?:left|right|top|bottom)\b"
    r"|^\s*(?:left|right|top|bottom|width|height|(?:min|max)-(?:width|height))\s*:"
    r"|^\s*border-(?:top|bottom)-(?:left|right)-radius\b"
    r"|^\s*(?:text-align|float|clear)\s*:\s*(?:left|right)\b",
    re.MULTILINE,
)


def sheets_of(last: str) -> list[Path]:
    return [STATIC / "css" / name for name in ("tokens.css", "base.css", "components.css", last)]


def words_only(css: str) -> str:
    return re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)


def test_the_net_catches_a_physical_direction():
    for bad in ("margin-left: 1px", "width: 3rem", "text-align: right", "  top: 0", "padding-bottom: 0"):
        assert PHYSICAL.search(bad), bad
    for good in ("margin-inline-start: 1px", "inline-size: 3rem", "text-align: start", "border-width: 1px"):
        assert not PHYSICAL.search(good), good


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_logical_directions_only(sheet: Path):
    found = [hit[0].strip() for hit in PHYSICAL.finditer(words_only(sheet.read_text(encoding="utf-8")))]
    assert not found, f"{sheet.name}: {found}"


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_no_id_styles_and_nothing_from_elsewhere(sheet: Path):
    css = words_only(sheet.read_text(encoding="utf-8"))
    assert not re.findall(r"(?:^|[\s,}>+~])#[a-zA-Z_][\w-]*[^;{}]*\{", css), "style by class, not by id"
    assert not re.findall(r"url\(\s*[\"']?(?:https?:|//|data:)", css), "files of our own host only"


@pytest.mark.parametrize(("last", "limit"), [("public.css", 10 * 1024), ("desk.css", 14 * 1024)])
def test_weight_of_the_rules(last: str, limit: int):
    """The rules of one kind of page, without comments and indentation, as one file."""
    css = "".join(sheet.read_text(encoding="utf-8") for sheet in sheets_of(last))
    bare = re.sub(r"\s*([{};:,])\s*", r"\1", re.sub(r"\s+", " ", words_only(css)))
    assert len(gzip.compress(bare.encode(), 9)) <= limit


@pytest.mark.parametrize(("last", "limit"), [("public.css", 13_000), ("desk.css", 15_000)])
def test_weight_on_the_wire(last: str, limit: int):
    """What a first visit loads: four readable files, each compressed by itself."""
    assert sum(len(brotli.compress(sheet.read_bytes())) for sheet in sheets_of(last)) <= limit


def test_weight_of_scripts_and_fonts():
    scripts = [STATIC / "js" / name for name in ("theme.js", "site.js", "desk.js")]
    assert sum(len(gzip.compress(script.read_bytes(), 9)) for script in scripts) <= 8_000
    fonts = list((STATIC / "fonts").glob("*.woff2"))
    assert len(fonts) == 2
    assert sum(font.stat().st_size for font in fonts) <= 90_000


def test_each_font_ships_its_licence():
    for font in (STATIC / "fonts").glob("*.woff2"):
        licence = STATIC / "fonts" / f"OFL-{font.stem}.txt"
        assert "SIL Open Font License" in licence.read_text(encoding="utf-8")


def test_hashed_names_hold(tmp_path: Path):
    """Production renames every file after its bytes; each url() in a stylesheet must follow."""
    with override_settings(DEBUG=False, STATIC_URL="/static/"):
        storage = ManifestStaticFilesStorage(location=tmp_path, base_url="/static/")
        source = FileSystemStorage(location=STATIC)
        paths = {
            str(path.relative_to(STATIC)): (source, str(path.relative_to(STATIC)))
            for path in STATIC.rglob("*")
            if path.is_file()
        }
        for name, (_, path) in paths.items():
            with source.open(path) as file:
                storage.save(name, file)
        outcome = {name: done for name, _, done in storage.post_process(paths)}
    failed = {name: done for name, done in outcome.items() if isinstance(done, Exception)}
    assert not failed
    tokens = (tmp_path / storage.hashed_files["css/tokens.css"]).read_text(encoding="utf-8")
    assert re.search(r'url\("\.\./fonts/source-serif-4\.[0-9a-f]{12}\.woff2"\)', tokens)
    parts = (tmp_path / storage.hashed_files["css/components.css"]).read_text(encoding="utf-8")
    assert re.search(r'url\("\.\./img/check\.[0-9a-f]{12}\.svg"\)', parts)
