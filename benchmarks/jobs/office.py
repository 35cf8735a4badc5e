"""A home with records, and runners as processes of their own, each ended when its turn is over."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from benchmarks.bench import ROOT, Bench, Home, NotMeasured
from benchmarks.jobs.kinds import KINDS, TABLE

RABBIT = "amqp://guest:guest@127.0.0.1:5672//"
PATIENCE_S, AT_REST_S = 120.0, 0.7


def needs_rabbit() -> None:
    """NotMeasured where there is no RabbitMQ."""
    try:
        socket.create_connection(("127.0.0.1", 5672), 2).close()
    except OSError:
        raise NotMeasured("no RabbitMQ at 127.0.0.1:5672") from None


def until(holds: Callable[[], Any], every_s: float = 0.002) -> Any:
    """Wait until it holds; looked at so often."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if found := holds():
            return found
        time.sleep(every_s)
    raise RuntimeError(f"it did not come within {PATIENCE_S:g} s")


class Office:
    """Jobs are ordered in here, and looked at."""

    def __init__(self, home: Home, engine: str, database: str = "") -> None:
        from mtdata.config import load
        from mtdata.jobs.records import setting

        self.home, self.queue = home, f"mtdata-bench-{secrets.token_hex(6)}"
        how = "SWEEP_S: 5m\nLEASE_S: 60s\nQUEUE_JOBS: 10000\n"
        if database:
            how += f"DATABASE: {database}\n"
        if engine == "celery":
            how += f"ENGINE: celery\nBROKER: {RABBIT}?queue={self.queue}\n"
        config = home.folder / "config"
        (config / "programme.config").write_text(how)
        self.settings = load(config, os.environ)
        setting.open_records(self.settings.database)
        setting.migrate()
        self._make_table()

    def _make_table(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE {TABLE} (job VARCHAR(36), number INTEGER)")

    def add(self, kind: str, **given: str) -> Any:
        """A job."""
        from mtdata.jobs import queue

        return queue.add(self.settings, KINDS, kind, given)

    def add_all(self, kind: str, count: int) -> None:
        """So many jobs in one commit."""
        from mtdata.jobs import queue
        from mtdata.jobs.parameters import validate

        reading = validate(KINDS[kind], self.settings, {})
        queue.add_all(self.settings, KINDS, kind, [reading] * count)

    def all_ended(self) -> None:
        """Wait until no job is there that has not ended; each must have gone well."""
        from mtdata.jobs.records.models import Job
        from mtdata.jobs.states import FINAL

        until(lambda: not Job.objects.exclude(status__in=FINAL).exists(), every_s=0.02)
        if Job.objects.exclude(status="Success").exists():
            raise RuntimeError("a job did not end as Success")

    def begun(self, job: Any) -> float:
        """Wait for the moment when its work began."""
        file = self.home.folder / f"begun-{job.pk}"
        return float(until(lambda: file.exists() and file.read_text()))

    def ended(self, job: Any, status: str = "Success") -> None:
        """Wait for its end, which must be that one."""
        from mtdata.jobs.states import FINAL

        def final() -> bool:
            job.refresh_from_db()
            return job.status in FINAL

        until(final, every_s=0.02)  # a look takes processor time from what is measured
        if job.status != status:
            raise RuntimeError(f"the job ended as {job.status}: {job.reason}")

    def rows(self, job: Any) -> int:
        """How many rows of it there are."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM {TABLE} WHERE job = %s", [str(job.pk)])
            return int(cursor.fetchone()[0])

    @contextmanager
    def runners(self, count: int) -> Iterator[list[int]]:
        """So many of them at work, each with a child that waits; their processes."""
        with ExitStack() as stack:
            pids = [stack.enter_context(process("benchmarks.jobs.runner", self._config))
                    for _ in range(count)]  # fmt: skip
            for pid in pids:
                at_rest(pid)
            yield pids

    @property
    def _config(self) -> str:
        return str(self.home.folder / "config")

    def close(self) -> None:
        """Let go of the records and take the queue away."""
        from mtdata.jobs.records import setting

        setting.close_records()
        if self.settings.programme.engine == "celery":
            remove_queue(self.queue)


def remove_queue(name: str) -> None:
    """Leave nothing at the broker."""
    import amqp

    with amqp.Connection("127.0.0.1:5672", "guest", "guest") as connection:
        connection.channel().queue_delete(name)


@contextmanager
def postgres() -> Iterator[str]:
    """The address of an empty database in PostgreSQL, which goes in the end."""
    import psycopg

    name = f"mtdata_bench_{secrets.token_hex(6)}"
    where = {"host": "127.0.0.1", "port": 5432, "user": "postgres", "dbname": "postgres"}
    try:
        session = psycopg.connect(**where, autocommit=True, connect_timeout=2)  # type: ignore[arg-type]
    except psycopg.OperationalError:
        raise NotMeasured("no PostgreSQL at 127.0.0.1:5432 that lets `postgres` in") from None
    with session:
        session.execute(f'CREATE DATABASE "{name}"')
        try:
            yield f"postgres://postgres@127.0.0.1:5432/{name}"
        finally:
            session.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def office(
    bench: Bench, engine: str, home: Home | None = None, database: str = ""
) -> Iterator[Office]:
    """An office of its own, in that home or an empty one; its records lie in SQLite by itself."""
    if engine == "celery":
        needs_rabbit()
    with ExitStack() as stack:
        made = Office(home or stack.enter_context(bench.home({})), engine, database)
        stack.callback(made.close)
        yield made


@contextmanager
def process(module: str, *words: str, **environ: str) -> Iterator[int]:
    """A module as a process; its number."""
    begun = subprocess.Popen(
        [sys.executable, "-P", "-m", module, *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield begun.pid
    finally:
        begun.terminate()
        try:
            begun.wait(20)
        except subprocess.TimeoutExpired:
            begun.kill()
            begun.wait()


def children_of(pid: int) -> list[int]:
    """The processes that it began, where threads of it may end meanwhile."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):
            found += map(int, (task / "children").read_text().split())
    return found


def at_rest(runner: int) -> None:
    """Wait until a child of the runner waits for its order: it has loaded what it needs."""
    until(lambda: children_of(runner))
    until(lambda: [_used(pid) for pid in children_of(runner)] == _used_later(runner))


def _used_later(runner: int) -> list[int]:
    time.sleep(AT_REST_S)
    return [_used(pid) for pid in children_of(runner)]


def _used(pid: int) -> int:
    """Processor time of a process, in ticks; one that has ended used none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return -1
    return int(fields[11]) + int(fields[12])


def megabytes(pid: int) -> float:
    """Resident memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    [resident] = [line.split()[1] for line in lines if line.startswith("VmRSS")]
    return int(resident) / 1024
