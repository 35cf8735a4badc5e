"""A home with records for one test: it adds jobs, carries them and counts; no test itself."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from django.db import connection

from mtdata.config import load
from mtdata.jobs.celery.runner import runner_of
from mtdata.jobs.kind import Kinds
from mtdata.jobs.parameters import validate
from mtdata.jobs.queue import order_of
from mtdata.jobs.records import setting
from mtdata.jobs.runner import JobRunner, options_of
from tests.jobs.brokers import Rabbit, Sqs
from tests.jobs.kinds import KINDS, TABLE
from tests.preloaded import JOBS, Program, fork_children_of_jobs, started

CHILD = (sys.executable, "-m", "mtdata.jobs.child", "tests.jobs.kinds")
PATIENCE_S = 60.0
SITE = {
    "READY": True,
    "SERVER": "http://127.0.0.1:9",
    "USER": "u",
    "PASS": "p",
    "PATH": "pool",
    "ENCRYPTION": "off",
}


def until(holds: Callable[[], Any], what: str | Callable[[], str]) -> Any:
    """Wait until it holds; `what` tells what did not come."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if found := holds():
            return found
        time.sleep(0.02)
    raise AssertionError(f"it never came: {what if isinstance(what, str) else what()}")


def _end(pid: str) -> None:
    """End a child of ours that is still there, and nobody who has its number by now."""
    with suppress(FileNotFoundError, ProcessLookupError):
        words = Path(f"/proc/{pid}/cmdline").read_text() if pid else ""
        if any(ours in words for ours in (CHILD[2], "tests.preloaded")):
            os.killpg(int(pid), signal.SIGKILL)


class Place:
    """Config, records and signs under `folder`; with a broker its rings alone wake a runner."""

    kinds: Kinds = KINDS
    child: tuple[str, ...] = CHILD

    def __init__(self, folder: Path, url: str, broker: Rabbit | Sqs | None = None) -> None:
        self.folder, self.url, self.broker = folder, url, broker
        self._slots: list[JobRunner] = []
        self._runners: list[Program] = []
        (folder / "config").mkdir()
        self.write("server", {"study": SITE})
        self.configure(DATABASE=url, LEASE_S="20s", HEARTBEAT_S="0.1s", GRACE_S="5s", SWEEP_S="1s")
        if broker is not None:
            self.configure(ENGINE="celery", BROKER=broker.url, SWEEP_S="5m")
        setting.open_records(self.settings.database)
        setting.migrate()
        self._empty()

    def write(self, name: str, keys: dict[str, Any]) -> None:
        """A file of the config."""
        (self.folder / "config" / f"{name}.config").write_text(yaml.safe_dump(keys))

    def configure(self, **keys: Any) -> None:
        """Write programme.config with changed keys."""
        self._keys = {**getattr(self, "_keys", {}), **keys}
        self.write("programme", self._keys)
        self.settings = load(self.folder / "config", {})

    def _empty(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                f"CREATE TABLE IF NOT EXISTS {TABLE} "
                "(job VARCHAR(36), part VARCHAR(40), number INTEGER)"
            )
            cursor.execute(f"DELETE FROM {TABLE}")
        self.forget()

    def forget(self) -> None:
        """Remove every job, runner and row that was brought; nobody may carry one now."""
        from mtdata.jobs.records.models import Job, Runner
        from mtdata.programme.records.models import FormResponse, Team, TeamChange, Upload

        for table in (Job, Runner, Team, TeamChange, FormResponse, Upload):
            table.objects.all().delete()

    def close(self) -> None:
        """End whatever carries, and let the connection go."""
        self.stop()
        for runner in self._runners:
            runner.kill()
            runner.wait()
        for sign in (self.folder / "signs").glob("*"):
            _end(sign.read_text())
        setting.close_records()

    def stop(self) -> None:
        """End the slots."""
        for slots in self._slots:
            assert slots.stop(PATIENCE_S)
        self._slots.clear()

    # orders

    def add(self, kind: str = "rows", **parameters: object) -> str:
        """A job; its id."""
        from mtdata.jobs import queue

        given = {name: str(value) for name, value in parameters.items()}
        return str(queue.add(self.settings, self.kinds, kind, given).pk)

    def enter(self, kind: str = "rows", **parameters: object) -> str:
        """The same without a ring."""
        from mtdata.jobs.records import orders

        given = {name: str(value) for name, value in parameters.items()}
        read = validate(self.kinds[kind], self.settings, given).sound()
        return str(orders.add(order_of(self.kinds[kind], read)).pk)

    def carry(self, count: int = 1) -> JobRunner:
        """Slots at work until the test ends; their children are forked (tests/preloaded.py)."""
        fork_children_of_jobs()
        options = options_of(self.settings, self.child)
        slots = runner_of(self.settings, self.kinds, count, options=options)
        slots.start()
        self._slots.append(slots)
        return slots

    def runner(self, version: str = "", kinds: str = "") -> Program:
        """A runner as a process of its own, of another version and with some kinds if asked."""
        words = [str(self.folder / "config"), version, kinds]
        runner = started("tests.jobs.runner", words, JOBS)
        self._runners.append(runner)
        return runner

    def listening(self, count: int = 1) -> None:
        """Wait until so many ears listen at the broker."""
        broker = self.broker
        assert broker is not None
        until(lambda: broker.listeners() >= min(count, broker.most_listeners), "the ears")

    # what is known

    def runners(self) -> int:
        """How many runners have come."""
        from mtdata.jobs.records.models import Runner

        return Runner.objects.count()

    def gone(self) -> int:
        """How many of them have said that they go."""
        from mtdata.jobs.records.models import Runner

        return Runner.objects.exclude(ended_at=None).count()

    def versions(self) -> set[str]:
        """Of which versions they are."""
        from mtdata.jobs.records.models import Runner

        return set(Runner.objects.values_list("version", flat=True))

    def status(self, job: str) -> str:
        """The state of a job."""
        from mtdata.jobs.records.models import Job

        return str(Job.objects.values_list("status", flat=True).get(pk=job))

    def ended(self, job: str, status: str) -> dict[str, Any]:
        """Wait until it has ended, as it must; all that is shown of it."""
        from mtdata.jobs.records import queries
        from mtdata.jobs.records.models import Job

        finals = ("Success", "Failed", "Stopped")
        until(lambda: self.status(job) in finals, lambda: self._told(job))
        shown = queries.details_of(Job.objects.get(pk=job))
        assert shown["status"] == status, shown
        return shown

    def _told(self, job: str) -> str:
        """How a job stands that does not end, and who could carry it."""
        from mtdata.jobs.records.models import Part, Runner

        parts = Part.objects.filter(job=job).values_list("name", "status", "attempt", "reason")
        runners = Runner.objects.values_list("pid", "engine", "seen_at", "ended_at")
        rings = None if self.broker is None else (self.broker.waiting(), self.broker.listeners())
        return (
            f"the end of {job}, {self.status(job)}: {list(parts)}; runners {list(runners)}; "
            f"rings waiting and ears {rings}"
        )

    def rows(self, job: str) -> int:
        """How many rows of the job are there."""
        return self._count("COUNT(*)", job)

    def distinct(self, job: str) -> int:
        """How many of them differ."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT DISTINCT part, number FROM {TABLE} WHERE job = %s", [job])
            return len(cursor.fetchall())

    def _count(self, what: str, job: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {what} FROM {TABLE} WHERE job = %s", [job])
            return int(cursor.fetchone()[0])

    def signs(self, name: str) -> list[Path]:
        """The signs of that name."""
        return sorted((self.folder / "signs").glob(f"{name}-*"))

    def pid(self, name: str, number: int = 0) -> int:
        """Wait for a sign; who gave it."""
        until(lambda: len(self.signs(name)) > number, f"the sign {name}")
        file = self.signs(name)[number]
        return int(until(file.read_text, f"{file}"))

    def expire(self) -> None:
        """Let every lease be over, and reap."""
        from datetime import timedelta

        from mtdata.jobs.records import reaper
        from mtdata.jobs.records.asking import now
        from mtdata.jobs.records.models import Part

        Part.objects.filter(status="In Progress").update(leased_until=now() - timedelta(seconds=1))
        reaper.reap(3600)
