"""A day's logs carried by the runners of two machines ÷ by one, the ledger with the records.

A machine is a home of its own here: its runner shares bucket, Matomo and a PostgreSQL database with
the other, and no file of a ledger.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import urlopen

from benchmarks.bench import Bench, NotMeasured
from benchmarks.figures import Measured, in_ratio
from benchmarks.jobs.office import at_rest, process, until
from benchmarks.weblogs import access_log
from benchmarks.weblogs.imports import DAY, LATENCY_MS, LINES, TOKEN, sink

FILES, MACHINES, PORT = 24, 2, 5432


def runners(bench: Bench, lines: int = LINES) -> Measured:
    """Seconds of one runner ÷ those of two; each has one slot, and a part is one core's work."""
    with _database() as url, sink(LATENCY_MS) as matomo:
        site = SharedSite(bench, url, matomo, lines)
        found = bench.in_turns({"one": lambda: site.carry(1), "two": lambda: site.carry(2)})
        site.close()
    sides = {f"{name}, s": median(times) for name, times in found.items()}
    note = f"{lines:,} lines in {FILES} files, answers after {LATENCY_MS} ms, from the order on"
    return Measured(in_ratio(found["one"], found["two"]), sides, note)


@contextmanager
def _database() -> Iterator[str]:
    """A database of its own on this machine's PostgreSQL; NotMeasured where there is none."""
    try:
        socket.create_connection(("127.0.0.1", PORT), 2).close()
        import psycopg
    except (OSError, ImportError):
        raise NotMeasured(f"no PostgreSQL at 127.0.0.1:{PORT}, or psycopg is missing") from None
    name = f"mtdata_bench_{secrets.token_hex(6)}"
    place = {"host": "127.0.0.1", "port": PORT, "user": "postgres", "dbname": "postgres"}
    with psycopg.connect(**place, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield f"postgres://postgres@127.0.0.1:{PORT}/{name}"
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


class SharedSite:
    """Logs that several homes import; each time under another name, of which nothing is known."""

    def __init__(self, bench: Bench, url: str, matomo: str, lines: int) -> None:
        from mtdata.config import load
        from mtdata.jobs.records import setting

        self._matomo, self._lines, self._turn = matomo, lines, 0
        self._sites = [f"www{number}.example.org" for number in range(2 * bench.reps + 1)]
        logs = bench.folder / "shared-logs"
        logs.mkdir(exist_ok=True)
        found = access_log.lines(lines)
        for number in range(FILES):
            share = lines * (number + 1) // FILES - lines * number // FILES
            content = b"".join(next(found) for _ in range(share))
            (logs / f"{DAY}-{number:02}.log").write_bytes(content)
        self._homes = [bench.folder / f"machine-{number}" for number in range(MACHINES)]
        for home in self._homes:
            self._configure(home / "config", url, logs)
        self.settings = load(self._homes[0] / "config", os.environ)
        setting.open_records(self.settings.database)
        setting.migrate()

    def _configure(self, config: Path, url: str, logs: Path) -> None:
        config.mkdir(parents=True, exist_ok=True)
        keys = {
            "piwik_ip": self._matomo, "token": TOKEN, "pull_bucket": f"file://{logs}",
            "key_pattern": r"(?P<date>\d{4}-\d{2}-\d{2})", "ledger": "records",
            "sites": {site: {"idsite": 1} for site in self._sites},
        }  # fmt: skip
        for name, told in (("weblogs", keys), ("programme", {"DATABASE": url})):
            file = config / f"{name}.config"
            file.touch(mode=0o600)
            file.write_text(json.dumps(told), encoding="ascii")

    def carry(self, count: int) -> float:
        """Seconds from the order to the end of the job."""
        from mtdata.duties import KINDS
        from mtdata.jobs import queue
        from mtdata.jobs.states import FINAL

        site, before = self._sites[self._turn], self._counted()
        self._turn += 1
        with ExitStack() as stack:
            for home in self._homes[:count]:
                runner = process("benchmarks.jobs.runner", str(home / "config"))
                at_rest(stack.enter_context(runner))
            began = time.monotonic()
            job = queue.add(self.settings, KINDS, "weblogs.import", {"site": site, "day": DAY})

            def is_over() -> bool:
                job.refresh_from_db()
                return job.status in FINAL

            until(is_over)
            seconds = time.monotonic() - began
        if job.status != "Success" or self._counted() - before < self._lines:
            raise RuntimeError(f"the job ended as {job.status}: {job.reason}")
        return seconds

    def _counted(self) -> int:
        with urlopen(f"{self._matomo}/counted") as answer:
            counted: dict[str, Any] = json.load(answer)
        return int(counted["hits"])

    def close(self) -> None:
        """Let go of the records."""
        from mtdata.jobs.records import setting

        setting.close_records()
