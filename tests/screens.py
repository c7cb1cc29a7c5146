"""Pictures of every page type in docs/screens, taken from a fresh demo world: `make screens`."""

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import FLAGS, find_chromium
from tests.postgres import free_port

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "screens"
PASSWORD = "a-password-for-pictures"
WIDTHS = {1280: 900, 390: 844}
# What stands below this is more of the same.
TALLEST = 3200


class Shot(NamedTuple):
    """A page type: its name, who looks at it, where to start and which links to follow from there."""

    name: str
    who: str
    start: str
    follow: tuple[str, ...] = ()
    dark: bool = False


ARTICLE = "main a[href^='/articles/']:not([href='/articles/'])"
SHOTS = [
    Shot("home", "", "/"),
    Shot("articles", "", "/articles/"),
    Shot("article", "", "/articles/", (ARTICLE,), dark=True),
    Shot("drugs", "", "/drugs/"),
    Shot("drug", "", "/drugs/", ("main a[href^='/drugs/']:not([href='/drugs/']):not([href*='/classes/'])",)),
    Shot("subtypes", "", "/subtypes/"),
    Shot("subtype", "", "/subtypes/", ("main a[href^='/subtypes/']:not([href='/subtypes/'])",)),
    Shot("team", "", "/team/"),
    Shot("person", "", "/team/", ("main a[href^='/team/']:not([href='/team/'])",)),
    Shot("newsletter", "", "/newsletter/"),
    Shot("rules", "", "/rules/"),
    Shot("not-found", "", "/nowhere/"),
    Shot("sign-in", "", "/account/login/"),
    Shot("sign-up", "", "/account/signup/"),
    Shot("second-factor", "writer", "/account/2fa/"),
    Shot("sessions", "writer", "/account/sessions/"),
    Shot("me", "reader", "/me/"),
    Shot("my-comments", "reader", "/me/comments/"),
    Shot("write-a-comment", "reader", "/articles/", (ARTICLE, "a[href$='/comment/']")),
    Shot("desk", "editor", "/desk/"),
    Shot("writing", "writer", "/desk/writing/"),
    Shot(
        "edit",
        "writer",
        "/desk/writing/",
        ("main a[href*='/desk/writing/']:not([href$='/writing/']):not([href$='/new/'])",),
    ),
    Shot("review", "reviewer", "/desk/review/"),
    Shot("reading-a-revision", "reviewer", "/desk/review/", ("main a[href^='/desk/review/']",)),
    Shot(
        "sign", "reviewer", "/desk/review/", ("main a[href^='/desk/review/']", "a[href*='/sign/']"), dark=True
    ),
    Shot("moderation", "moderator", "/desk/moderation/", dark=True),
    Shot("mail", "admin", "/desk/mail/"),
]


def main(wanted: list[str]) -> int:
    """Take the wanted pictures, or all of them; the number of pages that did not answer as they should."""
    executable = find_chromium()
    if executable is None:
        print("No Chromium: install it or set CHROMIUM to its path.", file=sys.stderr)
        return 1
    TARGET.mkdir(parents=True, exist_ok=True)
    shots = [shot for shot in SHOTS if not wanted or shot.name in wanted]
    with demo_site() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        people = {who: signed_in(browser, url, who) for who in sorted({shot.who for shot in shots})}
        complaints = [said for shot in shots if (said := take(browser, url, shot, people[shot.who]))]
        browser.close()
    print(f"{len(shots) - len(complaints)} of {len(shots)} page types are in {TARGET.relative_to(ROOT)}.")
    for said in complaints:
        print(said, file=sys.stderr)
    return len(complaints)


@contextmanager
def demo_site() -> Iterator[str]:
    port = free_port()
    url = f"http://localhost:{port}"
    with tempfile.TemporaryDirectory(prefix="bedside-screens-") as folder:
        environment = {
            **os.environ,
            "DEMO": "1",
            "DEMO_PASSWORD": PASSWORD,
            "DATABASE_URL": f"sqlite:///{folder}/demo.sqlite3",
            "MEDIA_ROOT": f"{folder}/media",
            "SITE_URL": url,
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        for command in (["migrate", "--verbosity", "0"], ["demo"]):
            subprocess.run(
                [sys.executable, "manage.py", *command],
                cwd=ROOT,
                env=environment,
                check=True,
                stdout=subprocess.DEVNULL,
            )
        serve = [
            sys.executable,
            "-m",
            "gunicorn",
            "config.wsgi",
            "--bind",
            f"127.0.0.1:{port}",
            "--threads",
            "4",
        ]
        server = subprocess.Popen([*serve, "--log-level", "warning"], cwd=ROOT, env=environment)
        try:
            wait_for(f"{url}/healthz")
            yield url
        finally:
            server.terminate()
            server.wait(timeout=40)


def wait_for(url: str, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def signed_in(browser: Browser, url: str, who: str):
    """The cookies of this person; nobody has none."""
    if not who:
        return None
    context = browser.new_context(base_url=url)
    page = context.new_page()
    page.goto("/account/login/")
    page.fill("input[name=login]", f"{who}@example.org")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda address: "/account/login/" not in address)
    cookies = context.storage_state()
    context.close()
    return cookies


def take(browser: Browser, url: str, shot: Shot, cookies) -> str:
    """All pictures of one page type; a complaint if there was none to take."""
    for width, height in WIDTHS.items():
        for scheme in ("light", "dark") if shot.dark else ("light",):
            context = browser.new_context(
                base_url=url,
                storage_state=cookies,
                viewport={"width": width, "height": height},
                color_scheme=scheme,
                reduced_motion="reduce",
            )
            page = context.new_page()
            said = go(page, shot)
            if not said:
                name = f"{shot.name}-{width}{'-dark' if scheme == 'dark' else ''}.png"
                picture(page, TARGET / name, width)
            context.close()
            if said:
                return f"{shot.name}: {said}"
    return ""


def go(page: Page, shot: Shot) -> str:
    address, expected = shot.start, 404 if shot.name == "not-found" else 200
    for link in (*shot.follow, ""):
        answer = page.goto(address)
        status = answer.status if answer else 0
        if status != expected:
            return f"{address} answered {status}, not {expected}"
        if link:
            found = page.locator(link).first
            if not found.count():
                return f"{address} has no link {link}"
            address = found.get_attribute("href") or ""
    return ""


def picture(page: Page, path: Path, width: int) -> None:
    page.wait_for_load_state("networkidle")
    height = page.evaluate("document.documentElement.scrollHeight")
    clip = {"x": 0, "y": 0, "width": width, "height": min(height, TALLEST)}
    page.screenshot(path=path, full_page=True, clip=clip)


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
