"""One command of the program carried out and measured; what it measures it leaves as it is."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from time import perf_counter, process_time
from typing import Any

from mtdata.config import SiteConfig, load
from mtdata.core.clock import SystemClock
from mtdata.core.sqlite import LedgerDatabase
from mtdata.study.operations import commands
from mtdata.study.operations.verify import verify

COMMANDS: dict[str, Callable[[SiteConfig], Any]] = {
    "export": lambda site: commands.export(site, ".").as_json(),
    "decode": lambda site: commands.decode(site, "all", None, check=False),
    "verify": verify,
}
HIGHEST = re.compile(r"VmHWM:\s*(\d+) kB")


def carried_out(text: str) -> str:
    """The order is JSON: config, command, and what differs: cores, sync, at, peaks."""
    order = json.loads(text)
    if order.get("cores"):
        os.sched_setaffinity(0, order["cores"])
    if not order.get("sync", True):
        _forget_syncs()
    if order.get("at"):
        _set_clock(datetime.fromisoformat(order["at"]))
    site = load(Path(order["config"]), {}).site("bench")
    with _peaks(wanted=order.get("peaks", False)) as peaks:
        began, cpu = perf_counter(), process_time()
        told = COMMANDS[order["command"]](site)
        took = {"seconds": perf_counter() - began, "cpu_s": process_time() - cpu}
    ended = os.times()  # of the workers, which have ended by now
    took["workers_cpu_s"] = ended.children_user + ended.children_system
    return json.dumps(took | {"told": told, "peak_mb": _peak_mb("self")} | peaks)


def _forget_syncs() -> None:
    """The same without any durability: no file is synced, and SQLite does not wait either."""
    setattr(os, "fsync", lambda file: None)  # noqa: B010 - its type forbids the plain way
    opened = LedgerDatabase._open

    def open_without(connection: LedgerDatabase) -> sqlite3.Connection:
        db = opened(connection)
        db.execute("PRAGMA synchronous=OFF")
        return db

    setattr(LedgerDatabase, "_open", open_without)  # noqa: B010


def _set_clock(at: datetime) -> None:
    SystemClock.now = lambda self: at  # type: ignore[method-assign]


@contextmanager
def _peaks(*, wanted: bool) -> Iterator[dict[str, float]]:
    """The highest peak of any worker, looked at while they live."""
    peaks: dict[str, float] = {}
    over = Event()

    def look() -> None:
        while not over.wait(0.05):
            for child in multiprocessing.active_children():
                seen = _peak_mb(str(child.pid))
                peaks["worker_mb"] = max(seen, peaks.get("worker_mb", 0.0))

    watcher = Thread(target=look, daemon=True)
    if wanted:
        watcher.start()
    yield peaks
    over.set()


def _peak_mb(who: str) -> float:
    """Peak of resident memory; not ru_maxrss, which remembers the process that started this one."""
    try:
        found = HIGHEST.search(Path(f"/proc/{who}/status").read_text(encoding="ascii"))
    except OSError:
        return 0.0
    return int(found.group(1)) / 1024 if found else 0.0
