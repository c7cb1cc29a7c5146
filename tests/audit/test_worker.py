"""The worker: jobs are not lost with the process that ran them, failures are tried again, ticks run once."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from audit import worker
from audit.models import Tick
from tests.audit import jobs

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def start_worker(committed_db):
    """Start `manage.py worker` in a process of its own; none outlives the test."""
    running = []

    def start(*arguments: str) -> subprocess.Popen:
        environment = {**os.environ, "DATABASE_URL": committed_db.url}
        environment["DJANGO_SETTINGS_MODULE"] = os.environ.get("DJANGO_SETTINGS_MODULE", "tests.settings")
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "worker", "--interval", "0.1", *arguments],
            env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def wait_until(condition, *, beside: subprocess.Popen, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert beside.poll() is None, f"the worker stopped: {beside.communicate()[1]}"
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


def status() -> str:
    return DBTaskResult.objects.values_list("status", flat=True).get()


@pytest.fixture
def ticks(monkeypatch):
    """A registry of the test's own, with what each tick did."""
    monkeypatch.setattr(worker, "_ticks", {})
    done = []

    def add(name: str, seconds: float = 60):
        def work() -> None:
            done.append(name)

        work.__qualname__ = name
        return worker.every(seconds)(work)

    add.done = done
    return add


class TestDeadWorkers:
    def test_a_job_of_a_killed_worker_is_done_by_the_next_one(self, start_worker, tmp_path):
        path = tmp_path / "runs"
        jobs.hang_at_first.enqueue(str(path))
        process = start_worker()
        wait_until(path.exists, beside=process)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=5)
        assert status() == "RUNNING"

        assert worker.reap() == 0, "it might still be at work: ten minutes have not passed"
        assert worker.reap(lost_after=timedelta(0)) == 1
        call_command("worker", batch=True)

        assert status() == "SUCCESSFUL"
        assert len(path.read_text().split()) == 2

    def test_sigterm_lets_the_job_finish(self, start_worker, tmp_path):
        path = tmp_path / "state"
        jobs.slow.enqueue(str(path), 1.0)
        jobs.note.enqueue(str(tmp_path / "second"))
        process = start_worker()
        wait_until(path.exists, beside=process)
        process.terminate()
        assert process.wait(timeout=20) == 0
        assert path.read_text() == "done"
        assert not (tmp_path / "second").exists(), "it took another job after it was told to stop"
        assert set(DBTaskResult.objects.values_list("status", flat=True)) == {"SUCCESSFUL", "READY"}

    @pytest.mark.django_db
    def test_a_job_that_took_three_workers_with_it_is_given_up(self, tmp_path):
        job = jobs.note.enqueue(str(tmp_path / "runs"))
        began = timezone.now() - timedelta(hours=1)
        DBTaskResult.objects.update(status="RUNNING", started_at=began, worker_ids=["a", "b", "c"])
        assert worker.reap() == 1
        lost = DBTaskResult.objects.get(pk=job.id)
        assert (lost.status, lost.traceback) == ("FAILED", "3 workers died while they ran this job.")
        assert worker.reap() == 0

    @pytest.mark.django_db
    def test_a_job_that_runs_since_a_minute_is_left_alone(self, tmp_path):
        jobs.note.enqueue(str(tmp_path / "runs"))
        began = timezone.now() - timedelta(minutes=1)
        DBTaskResult.objects.update(status="RUNNING", started_at=began, worker_ids=["a"])
        assert worker.reap() == 0
        assert status() == "RUNNING"

    def test_several_reapers_give_a_job_back_once(self, committed_db, race, tmp_path):
        jobs.note.enqueue(str(tmp_path / "runs"))
        began = timezone.now() - timedelta(hours=1)
        DBTaskResult.objects.update(status="RUNNING", started_at=began, worker_ids=["a"])
        assert sorted(race(lambda number: worker.reap())) == [0, 0, 0, 1]


class TestRetries:
    def test_a_failed_job_waits_longer_each_time_and_fails_after_the_third(self, committed_db, tmp_path):
        path = tmp_path / "tries"
        jobs.fail.enqueue(str(path))
        for tries, wait in ((1, worker.RETRY_AFTER[0]), (2, worker.RETRY_AFTER[1])):
            call_command("worker", batch=True)
            job = DBTaskResult.objects.get()
            assert (job.status, len(job.worker_ids)) == ("READY", tries)
            assert timedelta(0) <= timezone.now() + wait - job.run_after < timedelta(seconds=30)
            assert "RuntimeError" in job.exception_class_path
            DBTaskResult.objects.update(run_after=timezone.now())
        call_command("worker", batch=True)
        assert status() == "FAILED"
        call_command("worker", batch=True)
        assert path.read_text() == "tried\n" * 3

    def test_a_batch_does_all_there_is_and_comes_back(self, committed_db, monkeypatch, tmp_path):
        monkeypatch.setattr(worker, "JOBS_IN_A_ROW", 3)
        path = tmp_path / "runs"
        for _ in range(8):
            jobs.note.enqueue(str(path))
        jobs.note.using(run_after=timezone.now() + timedelta(hours=1)).enqueue(str(path))
        call_command("worker", batch=True)
        assert len(path.read_text().split()) == 8

    def test_several_workers_do_each_job_once(self, committed_db, race, tmp_path):
        path = tmp_path / "runs"
        for _ in range(12):
            jobs.note.enqueue(str(path))
        assert race(lambda number: worker.Worker(batch=True).work()) == [None] * 4
        assert len(path.read_text().split()) == 12


class TestTicks:
    @pytest.mark.django_db
    def test_run_at_once_then_only_when_due_again(self, ticks):
        ticks("flag")
        assert len(worker.run_ticks()) == 1
        assert worker.run_ticks() == []
        Tick.objects.update(next_at=timezone.now() - timedelta(seconds=1))
        worker.run_ticks()
        assert ticks.done == ["flag", "flag"]
        assert Tick.objects.get().next_at > timezone.now() + timedelta(seconds=50)

    @pytest.mark.django_db
    def test_one_that_fails_stops_nobody_else_and_comes_again(self, ticks, caplog):
        broken = ticks("broken")
        ticks("fine")
        broken_name = next(name for name in worker._ticks if name.endswith("broken"))
        worker._ticks[broken_name] = (timedelta(seconds=60), lambda: 1 / 0)
        worker.run_ticks()
        assert ticks.done == ["fine"]
        assert "broken" in caplog.text
        worker._ticks[broken_name] = (timedelta(seconds=60), broken)
        Tick.objects.update(next_at=timezone.now())
        worker.run_ticks()
        assert sorted(ticks.done) == ["broken", "fine", "fine"]

    @pytest.mark.parametrize("is_new", [True, False])
    def test_one_worker_of_many_runs_it(self, committed_db, race, ticks, is_new):
        tick = ticks("flag")
        if not is_new:
            Tick.objects.create(name=f"{tick.__module__}.flag", next_at=timezone.now() - timedelta(seconds=5))
        results = race(lambda number: worker.run_ticks(), runners=6)
        assert ticks.done == ["flag"]
        assert sorted(len(result) for result in results) == [0] * 5 + [1]

    def test_a_batch_also_runs_what_falls_due_before_the_next_batch(self, committed_db, ticks):
        near, far = ticks("near"), ticks("far")
        now = timezone.now()
        Tick.objects.create(name=f"{near.__module__}.near", next_at=now + timedelta(seconds=30))
        Tick.objects.create(name=f"{far.__module__}.far", next_at=now + timedelta(seconds=300))
        call_command("worker", batch=True)
        assert ticks.done == ["near"]

    def test_a_batch_runs_even_the_busiest_tick_once(self, committed_db, ticks):
        ticks("busy", seconds=1)
        call_command("worker", batch=True)
        assert ticks.done == ["busy"]

    def test_those_of_the_apps_are_registered(self):
        assert {"accounts.tasks.deliver_due", "audit.tasks.forget_finished_jobs"} <= set(worker._ticks)


@pytest.mark.django_db
def test_finished_jobs_are_forgotten_after_two_weeks(tmp_path):
    from audit.tasks import forget_finished_jobs

    old, recent, waiting = (jobs.note.enqueue(str(tmp_path / "runs")) for _ in range(3))
    now = timezone.now()
    DBTaskResult.objects.filter(pk=old.id).update(status="SUCCESSFUL", finished_at=now - timedelta(days=15))
    DBTaskResult.objects.filter(pk=recent.id).update(status="FAILED", finished_at=now - timedelta(days=13))
    forget_finished_jobs()
    assert {str(pk) for pk in DBTaskResult.objects.values_list("pk", flat=True)} == {recent.id, waiting.id}


def test_a_worker_restores_the_signal_handlers_it_found():
    before = signal.getsignal(signal.SIGTERM)
    with worker.Worker(batch=True).signals():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_jobs_are_kept_in_the_database():
    assert settings.TASKS["default"]["BACKEND"] == "django_tasks_db.DatabaseBackend"
