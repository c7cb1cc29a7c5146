"""Pictures of every page type in docs/screens, taken from a fresh demo world: `make screens`."""

import io
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import FLAGS, find_chromium
from tests.journeys.pages import ARTICLE, KINDS, Kind, NotThere, go
from tests.postgres import free_port

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "screens"
PASSWORD = "a-password-for-pictures"
WIDTHS = {1280: 900, 390: 844}
# What stands below this is more of the same.
TALLEST = {1280: 2000, 390: 3200}
# Parts of pages that stand too far down to be on their pictures.
PARTS = [
    Kind("article-references", "", ARTICLE, part="#references"),
    Kind("article-conversation", "", ARTICLE, in_dark=True, part="#conversation"),
    Kind("article-member-conversation", "reader", ARTICLE, part="#conversation"),
]
COLOURS = 256
# Fonts, pictures that load only when they come near, and bars that would float over the middle of a long page.
SHOW_EVERYTHING = """async () => {
  for (const node of document.querySelectorAll(".editor-bar, .decide")) node.style.position = "static";
  for (const image of document.images) image.loading = "eager";
  await document.fonts.ready;
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
}"""


def main(wanted: list[str]) -> int:
    """Take the wanted pictures, or all of them; the number of pages that did not answer as they should."""
    executable = find_chromium()
    if executable is None:
        print("No Chromium: install it or set CHROMIUM to its path.", file=sys.stderr)
        return 1
    TARGET.mkdir(parents=True, exist_ok=True)
    kinds = [kind for kind in [*KINDS, *PARTS] if not wanted or kind.name in wanted]
    if not wanted:
        for old in TARGET.glob("*.png"):
            old.unlink()
    with demo_site() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        people = {who: signed_in(browser, url, who) for who in sorted({kind.who for kind in kinds})}
        complaints = [said for kind in kinds if (said := take(browser, url, kind, people[kind.who]))]
        browser.close()
    print(f"{len(kinds) - len(complaints)} of {len(kinds)} page types are in {TARGET.relative_to(ROOT)}.")
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
            "LOG_LEVEL": "ERROR",
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


def take(browser: Browser, url: str, kind: Kind, cookies) -> str:
    """All pictures of one page type; a complaint if there was none to take."""
    context = browser.new_context(base_url=url, storage_state=cookies, reduced_motion="reduce", locale="en-GB")
    page = context.new_page()
    try:
        go(page, kind)
        for width, height in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            picture(page, f"{kind.name}-{width}", kind.part)
        if kind.in_dark:
            page.emulate_media(color_scheme="dark")
            page.set_viewport_size({"width": 1280, "height": WIDTHS[1280]})
            picture(page, f"{kind.name}-1280-dark", kind.part)
    except NotThere as missing:
        return f"{kind.name}: {missing}"
    finally:
        context.close()
    return ""


def picture(page: Page, name: str, part: str) -> None:
    page.evaluate(SHOW_EVERYTHING)
    page.evaluate("scrollTo(0, 0)")
    box = page.locator(part or "html").bounding_box()
    clip = {**box, "height": min(box["height"], TALLEST[page.viewport_size["width"]])}
    drawn = Image.open(io.BytesIO(page.screenshot(full_page=True, clip=clip, animations="disabled")))
    with_few_colours(drawn.convert("RGB")).save(TARGET / f"{name}.png", optimize=True)


def with_few_colours(picture: Image.Image) -> Image.Image:
    """A third of the bytes: flat areas keep their very colours, edges and drawings nearly."""
    counted = sorted(picture.getcolors(picture.width * picture.height), reverse=True)
    flat = [value for _count, colour in counted[: COLOURS // 2] for value in colour]
    rest = picture.quantize(COLOURS // 2, Image.Quantize.MAXCOVERAGE).getpalette()
    palette = Image.new("P", (1, 1))
    palette.putpalette((flat + rest)[: 3 * COLOURS])
    few = picture.quantize(palette=palette, dither=Image.Dither.NONE)
    # Pillow's search for the nearest colour is rough: each entry becomes the colour most of its pixels had.
    places = Image.frombytes("L", few.size, few.tobytes())
    exact = few.getpalette()
    for _count, (*colour, place) in sorted(
        Image.merge("RGBA", (*picture.split(), places)).getcolors(picture.width * picture.height)
    ):
        exact[3 * place : 3 * place + 3] = colour
    few.putpalette(exact)
    return few


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
