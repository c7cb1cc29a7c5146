"""Journeys in a real browser: one server and one database per worker, pages that notice trouble."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.db import connections
from django.test import override_settings

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Whatever slips past the request filter finds no address.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
PLACES = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
FAILURES = Path(__file__).resolve().parent.parent / "var" / "test-failures"


def find_chromium() -> str | None:
    if given := os.environ.get("CHROMIUM"):
        return given
    return next((place for place in PLACES if os.access(place, os.X_OK)), shutil.which("chromium"))


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *args) -> None:
        """Tests have enough to say."""


class Site:
    """The running server. While a test uses it, SITE_URL is its address, so that mails link back to it."""

    def __init__(self) -> None:
        self.server = ThreadedWSGIServer(("127.0.0.1", 0), QuietHandler, allow_reuse_address=False)
        self.server.daemon_threads = True
        self.server.set_app(and_close_connections(WSGIHandler()))
        self.port = self.server.server_port
        # Passkeys work on the name, not on the number.
        self.url = f"http://localhost:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(timeout=10)


def and_close_connections(application: Callable) -> Callable:
    """Each request has its own thread; its connections must not outlive it, or no copy could be dropped."""

    def wrapped(environ, start_response):
        response = application(environ, start_response)
        try:
            yield from response
        finally:
            response.close()
            connections.close_all()

    return wrapped


@pytest.fixture(scope="session")
def _server(django_db_setup, _copies) -> Iterator[Site]:
    server = Site()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def _journey_database(_copies) -> Iterator[str]:
    name = _copies.make()
    yield name
    _copies.drop(name)


@pytest.fixture
def site(request, _server, _copies, django_db_blocker) -> Iterator[Site]:
    """A live server on the journeys' shared database, or on this test's own with committed_db."""
    with override_settings(SITE_URL=_server.url, CSRF_TRUSTED_ORIGINS=[_server.url]):
        if "committed_db" in request.fixturenames:
            request.getfixturevalue("committed_db")
            yield _server
            return
        name = request.getfixturevalue("_journey_database")
        with django_db_blocker.unblock(), _copies.use(name):
            yield _server


@pytest.fixture(scope="session")
def browser() -> Iterator:
    """Chromium. Without one the test is skipped, but under CI that is a failure."""
    executable = find_chromium()
    if executable is None:
        reason = "no Chromium: install it or set CHROMIUM to its path"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def new_page(request, site, browser) -> Iterator[Callable]:
    """`new_page(**options of a browser context)`: a page of somebody else, with cookies of their own."""
    trouble: list[str] = []
    contexts = []

    def make(**options):
        context = browser.new_context(
            **{
                "base_url": site.url,
                "viewport": {"width": 1280, "height": 900},
                "reduced_motion": "reduce",
                "locale": "en-GB",
                **options,
            }
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        watch(context, site, trouble)
        return context.new_page()

    make.trouble = trouble
    yield make
    if failed(request.node):
        keep_pictures(request.node, contexts)
    for context in contexts:
        context.close()
    assert not trouble, "The browser noticed:\n" + "\n".join(trouble)


@pytest.fixture
def page(new_page):
    """One visitor's page."""
    return new_page()


def watch(context, site: Site, trouble: list[str]) -> None:
    """Third-party requests, script errors, refused content and server errors fail the test at its end."""

    def filter_request(route) -> None:
        url = route.request.url
        if url.startswith((f"{site.url}/", "data:", "blob:")):
            route.fallback()
        else:
            trouble.append(f"a request to a third party: {url}")
            route.abort()

    context.route("**/*", filter_request)
    context.on("weberror", lambda error: trouble.append(f"a script error: {error.error}"))
    context.on("console", lambda message: note_console(message, trouble))
    context.on("response", lambda answer: answer.status >= 500 and trouble.append(f"{answer.status} at {answer.url}"))


def note_console(message, trouble: list[str]) -> None:
    # A 404 or 422 that a test provokes is logged by the browser as an error too; it is no defect of the page.
    if message.type == "error" and "the server responded with a status of 4" not in message.text:
        trouble.append(f"console: {message.text}")


def failed(node) -> bool:
    return getattr(node, "report_of_call", None) is not None and node.report_of_call.failed


def keep_pictures(node, contexts) -> None:
    FAILURES.mkdir(parents=True, exist_ok=True)
    for number, context in enumerate(contexts):
        for page in context.pages:
            page.screenshot(path=FAILURES / f"{node.name}-{number}.png", full_page=True)
