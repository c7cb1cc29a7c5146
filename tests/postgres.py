"""pytest plugin: decides which database the tests use and starts a throw-away PostgreSQL on demand.

Loaded with `-p` (see pyproject.toml), because settings read DATABASE_URL before any conftest is imported.
`python -m tests.postgres` says whether a PostgreSQL can be found.
"""

import atexit
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

PROGRAMS = ("initdb", "pg_ctl", "postgres")
# Nothing here survives the run, so nothing needs to reach the disk.
CLUSTER_OPTIONS = (
    "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=120 -c jit=off -c autovacuum=off"
)
ATTEMPTS = 3


class NoPostgres(Exception):
    """Why no PostgreSQL could be used."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--db",
        choices=("sqlite", "postgres", "auto"),
        default="sqlite",
        help="database of the tests (default: sqlite)",
    )


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    # Workers of pytest-xdist inherit the environment: only the controller decides.
    if "PYTEST_XDIST_WORKER" not in os.environ:
        url, said = choose(early_config.known_args_namespace.db)
        os.environ["DATABASE_URL"], os.environ["BEDSIDE_TEST_DATABASE"] = url, said
    return (yield)


def pytest_report_header() -> str:
    return f"database: {os.environ['BEDSIDE_TEST_DATABASE']}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(f"database: {os.environ['BEDSIDE_TEST_DATABASE']}")


def choose(asked: str) -> tuple[str, str]:
    """The DATABASE_URL to use and a line about it."""
    if asked == "sqlite":
        return sqlite(), "SQLite (files in a temporary folder)"
    try:
        return postgres()
    except NoPostgres as error:
        if asked == "postgres":
            raise pytest.UsageError(f"--db=postgres, but {error}") from None
        return sqlite(), f"SQLite ONLY, because {error}"


def sqlite() -> str:
    folder = tempfile.mkdtemp(prefix="bedside-sqlite-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return f"sqlite:///{folder}/main.sqlite3"


def postgres() -> tuple[str, str]:
    if given := os.environ.get("TEST_DATABASE_URL"):
        return given, "PostgreSQL (TEST_DATABASE_URL)"
    binaries, runner = find()
    return start(binaries, runner), f"PostgreSQL (throw-away cluster from {binaries})"


def find() -> tuple[Path, list[str]]:
    """The newest PostgreSQL of this machine and how to run it: its server refuses to run as root."""
    places = [Path(os.environ["PG_BIN"])] if os.environ.get("PG_BIN") else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))
    if on_path := shutil.which("initdb"):
        places.append(Path(on_path).resolve().parent)
    for place in places:
        if all(os.access(place / program, os.X_OK) for program in PROGRAMS):
            return place, as_whom()
    raise NoPostgres("no initdb and postgres in /usr/lib/postgresql/*/bin, PG_BIN or PATH, and no TEST_DATABASE_URL")


def as_whom() -> list[str]:
    if os.getuid() != 0:
        return []
    runuser = shutil.which("runuser", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if runuser is None or "postgres" not in (entry.pw_name for entry in pwd.getpwall()):
        raise NoPostgres("root may not run the server, and there is no user postgres with runuser to do it")
    return [runuser, "-u", "postgres", "--"]


def start(binaries: Path, runner: list[str]) -> str:
    folder = Path(tempfile.mkdtemp(prefix="bedside-pg-"))
    if runner:
        shutil.chown(folder, "postgres")
    atexit.register(stop, binaries, runner, folder)
    data = ["-D", folder / "data"]
    creation = ["-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]
    run([*runner, binaries / "initdb", *data, *creation])
    for attempt in range(1, ATTEMPTS + 1):
        port = free_port()
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 {CLUSTER_OPTIONS}"
        try:
            run(
                [
                    *runner,
                    binaries / "pg_ctl",
                    *data,
                    "-w",
                    "-t",
                    "60",
                    "-l",
                    folder / "log",
                    "-o",
                    options,
                    "start",
                ]
            )
            return f"postgres://postgres@127.0.0.1:{port}/postgres"
        except NoPostgres:
            # Somebody else may have taken the port in between.
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def run(command: list) -> None:
    # The server's user cannot enter our working directory, and the server must not hold our pipes open.
    with tempfile.TemporaryFile("w+") as output:
        code = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            check=False,
        ).returncode
        if code:
            output.seek(0)
            raise NoPostgres(f"starting it failed: {output.read().strip()[-600:]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def stop(binaries: Path, runner: list[str], folder: Path) -> None:
    # It may never have started.
    with suppress(NoPostgres):
        run([*runner, binaries / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop"])
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    try:
        print(os.environ.get("TEST_DATABASE_URL") and "TEST_DATABASE_URL" or find()[0])
    except NoPostgres as missing:
        print(f"No PostgreSQL: {missing}", file=sys.stderr)
        sys.exit(1)
