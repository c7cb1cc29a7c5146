"""The rules of the house that a machine can check: imports, doors, settings, markup, lock files."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(__file__).resolve().parent.parent
NOT_OURS = {".git", ".venv", ".hypothesis", ".pytest_cache", ".ruff_cache", ".mypy_cache", "var", "htmlcov"}

MAY_IMPORT = {
    "audit": {"audit"},
    "accounts": {"audit", "accounts"},
    "articles": {"audit", "accounts", "articles"},
    "comments": {"audit", "accounts", "articles", "comments"},
}
# What stands at the edge of an app: called from outside, never by the rules themselves.
EDGE = {"views", "urls", "forms", "tasks", "admin", "management", "api", "templatetags", "feeds"}
# From the part of an app on the left no chain of imports may lead to the parts on the right.
MAY_NOT_REACH = {
    "document": {"models", "permissions", "workflow", *EDGE},
    "models": {"permissions", "workflow", *EDGE},
    "permissions": {"workflow", *EDGE},
    "text": {"workflow", *EDGE},
    "screening": {"workflow", *EDGE},
    "workflow": EDGE,
}

MARKS_SAFE = {"articles/document/render.py", "comments/text.py"}
SANITISES = {"articles/document/wall.py", "comments/text.py"}


def files(*endings: str, under: str = ".") -> Iterator[Path]:
    for path in sorted((ROOT / under).rglob("*")):
        parts = path.relative_to(ROOT).parts
        if path.suffix in endings and path.is_file() and not NOT_OURS.intersection(parts):
            yield path


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def modules() -> dict[str, Path]:
    """Every module of the apps by its dotted name; migrations are history, not architecture."""
    found = {}
    for app in MAY_IMPORT:
        for path in files(".py", under=app):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if "migrations" not in parts:
                found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(source: str, module: str, *, is_package: bool) -> set[str]:
    """Dotted names that the source imports, in functions too: a local import is still an import."""
    here = module.split(".") if is_package else module.split(".")[:-1]
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = here[: len(here) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found.add(base)
            found.update(f"{base}.{alias.name}" for alias in node.names)
    return found


@cache
def imports_of(module: str) -> frozenset[str]:
    path = modules()[module]
    return frozenset(imported(path.read_text("utf-8"), module, is_package=path.name == "__init__.py"))


def part_of(module: str) -> str:
    """`articles.views.public` is a part of `views`; `articles.urls_review` belongs to `urls`."""
    second = module.split(".")[1] if "." in module else ""
    return "urls" if second.startswith("urls") else second


def reached_from(module: str) -> dict[str, str]:
    """Each module of the same app that importing `module` leads to, with the one that imports it."""
    app = module.split(".")[0]
    found: dict[str, str] = {}
    waiting = [module]
    while waiting:
        current = waiting.pop()
        for name in imports_of(current):
            if name in modules() and name.split(".")[0] == app and name not in found:
                found[name] = current
                waiting.append(name)
    return found


class TestImports:
    @pytest.mark.parametrize("module", sorted(modules()))
    def test_run_one_way_between_apps(self, module):
        allowed = MAY_IMPORT[module.split(".")[0]]
        tops = {name.split(".")[0] for name in imports_of(module)}
        assert tops & {*MAY_IMPORT, "config", "tests"} <= allowed

    @pytest.mark.parametrize("module", sorted(name for name in modules() if part_of(name) in MAY_NOT_REACH))
    def test_run_one_way_inside_an_app(self, module):
        forbidden = MAY_NOT_REACH[part_of(module)]
        wrong = {f"{by} imports {name}" for name, by in reached_from(module).items() if part_of(name) in forbidden}
        assert wrong == set()

    def test_nothing_imports_views_but_the_tables_of_addresses(self):
        wrong = {
            f"{module} imports {name}"
            for module in modules()
            for name in imports_of(module)
            if name in modules() and part_of(name) == "views" and part_of(module) not in ("urls", "views")
        }
        assert wrong == set()

    @pytest.mark.parametrize(
        ("source", "names"),
        [
            ("import articles.views", {"articles.views"}),
            ("from articles import views", {"articles", "articles.views"}),
            ("from .. import permissions", {"articles", "articles.permissions"}),
            (
                "from .reference import Reference",
                {"articles.models.reference", "articles.models.reference.Reference"},
            ),
            (
                "def f():\n    from comments.models import Comment",
                {"comments.models", "comments.models.Comment"},
            ),
        ],
    )
    def test_imports_are_seen_in_every_form(self, source, names):
        assert imported(source, "articles.models.page", is_package=False) == names


def views(patterns, prefix: str = "") -> Iterator[tuple[str, object]]:
    for pattern in patterns:
        address = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns, address)
        elif isinstance(pattern, URLPattern):
            yield address, pattern.callback


class TestDoors:
    # allauth and the admin guard their own views; health is for machines.
    UNLABELLED = ("account/", "admin/", "healthz", "readyz")

    def test_every_view_says_who_may_open_it(self):
        found = list(views(get_resolver().url_patterns))
        assert len(found) > 20
        unlabelled = [
            f"{address} ({view.__module__}.{view.__name__})"
            for address, view in found
            if not address.startswith(self.UNLABELLED) and not hasattr(view, "opens_for")
        ]
        assert unlabelled == []

    def test_closed_is_the_default(self, settings):
        assert "django.contrib.auth.middleware.LoginRequiredMiddleware" in settings.MIDDLEWARE

    def test_open_views_are_open_for_the_middleware_too(self):
        wrong = [
            address
            for address, view in views(get_resolver().url_patterns)
            if getattr(view, "opens_for", None) == "anyone" and getattr(view, "login_required", True)
        ]
        assert wrong == []


def read_variables() -> set[str]:
    """Names of environment variables that the settings read."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / "config/settings.py").read_text("utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("env."):
            first = node.args[0].value if node.args else "SECRET_KEY"
            found |= {first, f"{first}_FILE"} if node.func.attr.startswith("secret") else {first}
    return found


class TestSettings:
    @pytest.mark.parametrize(
        ("file", "pattern"), [(".env.example", r"^#? ?([A-Z_]+)="), ("docs/running.md", r"^\| `([A-Z_]+)`")]
    )
    def test_each_variable_is_documented_and_nothing_else_is(self, file, pattern):
        documented = set(re.findall(pattern, (ROOT / file).read_text("utf-8"), re.MULTILINE))
        assert documented == read_variables()

    def test_only_one_module_reads_the_environment(self):
        readers = {
            name_of(path)
            for app in [*MAY_IMPORT, "config"]
            for path in files(".py", under=app)
            if re.search(r"\bos\.(environ|getenv)\b", path.read_text("utf-8"))
        }
        assert readers == {"config/env.py", "config/wsgi.py", "config/asgi.py"}


def mentions(pattern: str, *endings: str, under: str = ".", flags: int = 0, less: str = "") -> list[str]:
    """file:line of every match, after what matches `less` is blanked out."""
    expression = re.compile(pattern, flags)
    found = []
    for path in files(*endings, under=under):
        text = path.read_text("utf-8")
        if less:
            text = re.sub(less, lambda match: re.sub(r"[^\n]", " ", match[0]), text, flags=re.DOTALL)
        found += [f"{name_of(path)}:{text.count(chr(10), 0, m.start()) + 1}" for m in expression.finditer(text)]
    return found


def files_of(found: list[str]) -> set[str]:
    return {place.rpartition(":")[0] for place in found}


class TestMarkup:
    def test_markup_is_trusted_in_two_places_only(self):
        trusting = mentions(r"\bmark_safe\b|\bSafeString\(|\bSafeData\b", ".py")
        assert files_of(trusting) - {name_of(Path(__file__))} <= MARKS_SAFE

    def test_bleach_is_behind_its_seam(self):
        found = mentions(r"^\s*(import|from) bleach\b", ".py", flags=re.MULTILINE)
        assert {place for place in files_of(found) if not place.startswith("tests/")} <= SANITISES

    @pytest.mark.parametrize("pattern", [r"\|\s*safe(seq)?\b", r"autoescape\s+off"])
    def test_templates_escape_everything(self, pattern):
        assert mentions(pattern, ".html", ".xml", under="templates") == []

    @pytest.mark.parametrize(
        "pattern",
        [
            r"<style\b",
            r"<script\b(?![^>]*\bsrc=)(?![^>]*\btype=\"application/json\")",
            r"<[^>]*\sstyle\s*=",
            r"<[^>]*\son[a-z]+\s*=",
            r"javascript:",
            r"<[^>]*\b(src|srcset|action)\s*=\s*[\"']?(https?:)?//",
        ],
    )
    def test_templates_hold_nothing_that_the_policy_refuses(self, pattern):
        tags = r"\{%.*?%\}|\{\{.*?\}\}"
        assert mentions(pattern, ".html", under="templates", flags=re.IGNORECASE, less=tags) == []

    def test_styles_know_no_left_and_right(self):
        physical = (
            r"(?:margin|padding|border)-(?:left|right|top|bottom)\b"
            r"|(?:^|[;{\s])(?:left|right|top|bottom)\s*:"
            r"|text-align\s*:\s*(?:left|right)|float\s*:\s*(?:left|right)"
        )
        assert mentions(physical, ".css", under="static") == []

    def test_styles_and_scripts_fetch_nothing_from_elsewhere(self):
        assert (
            mentions(r"(?:url\(|@import|fetch\(|import\s)\s*[\"']?(?:https?:)?//", ".css", ".js", under="static") == []
        )


class TestHonesty:
    TEXT = (".py", ".html", ".css", ".js", ".md", ".toml", ".txt", ".json")

    def test_nothing_is_left_for_later(self):
        # The words are split so that this file does not find itself.
        assert mentions(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b", *self.TEXT) == []

    def test_no_test_is_switched_off(self):
        assert mentions(r"mark\.(sk" + r"ip|xf" + r"ail)|@(unittest\.)?sk" + "ip", ".py", under="tests") == []

    @pytest.mark.parametrize("file", ["requirements.lock", "requirements-dev.lock"])
    def test_lock_files_have_hashes_and_no_addresses(self, file):
        text = (ROOT / file).read_text("utf-8")
        assert not re.search(r"https?://|--(extra-)?index|--find-links", text)
        pins = re.findall(r"^\S+==\S+", text, re.MULTILINE)
        hashed = re.findall(r"^\S+==[^\n]*\\\n    --hash=sha256:", text, re.MULTILINE)
        assert len(pins) == len(hashed) > 20

    def test_every_dependency_is_locked(self):
        project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
        for file, wanted in {
            "requirements.lock": project["project"]["dependencies"],
            "requirements-dev.lock": [
                *project["project"]["dependencies"],
                *project["dependency-groups"]["dev"],
            ],
        }.items():
            locked = set(re.findall(r"^([a-z0-9.-]+)==", (ROOT / file).read_text("utf-8"), re.MULTILINE))
            assert {re.split(r"[\[~>=<! ]", line)[0] for line in wanted} <= locked
