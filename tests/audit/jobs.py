"""Jobs and ticks for the tests of the worker; a process of its own imports them by name."""

import os
import time
from pathlib import Path

from django_tasks import task


@task
def note(path: str) -> None:
    with Path(path).open("a") as file:
        file.write(f"{os.getpid()}\n")


@task
def hang_at_first(path: str) -> None:
    """The first run never comes back; the second one does its work."""
    runs = Path(path)
    with runs.open("a") as file:
        file.write(f"{os.getpid()}\n")
    if len(runs.read_text().split()) == 1:
        time.sleep(60)


@task
def slow(path: str, seconds: float) -> None:
    """Says when it begins and when it is done."""
    Path(path).write_text("begun")
    time.sleep(seconds)
    Path(path).write_text("done")


@task
def fail(path: str) -> None:
    with Path(path).open("a") as file:
        file.write("tried\n")
    raise RuntimeError("not today")
