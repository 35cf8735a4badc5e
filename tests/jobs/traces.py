"""Kinds of which one leaves something in its process and one looks for it; it tests nothing.

`main` does each deed by itself and tells what is found of it, as JSON.
"""

from __future__ import annotations

import builtins
import contextvars
import csv
import decimal
import gc
import json
import locale
import logging
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

from mtdata.core.errors import JobError, NotYet
from mtdata.jobs.kind import Kind, Parameter, Work
from mtdata.jobs.leftovers import Leftovers, adopt_orphans

kept_here: list[str] = []
SOMEWHERE = contextvars.ContextVar("SOMEWHERE", default="")
_files: list[Any] = []
_pipe = os.pipe()
_log = logging.getLogger("mtdata.jobs.traces")


class Kept:
    """What a class holds."""

    here: ClassVar[dict[str, str]] = {}


@lru_cache
def remembered(word: str) -> str:
    return f"{word}-{word}"


def _time_zone() -> None:
    os.environ["TZ"] = "Pacific/Apia"
    time.tzset()


def _orphan() -> None:
    words = ["sh", "-c", "sleep 60 & exec true"]
    subprocess.run(words, start_new_session=True, check=True)


def _replaced_log() -> None:
    logging.getLogger("mtdata").addHandler(logging.StreamHandler())


class _Logger(logging.Logger):
    pass


def _handler() -> logging.Handler:
    return _log.handlers[0]


def _path() -> None:
    sys.path.insert(0, "/nowhere")


def _thread() -> None:
    threading.Thread(target=threading.Event().wait, daemon=True).start()


DEEDS: dict[str, Callable[[], object]] = {
    "nothing": lambda: None,
    "environment": lambda: os.environ.update(MTDATA_LEFT="a word"),
    "environment of what it begins": lambda: os.putenv("MTDATA_PUT", "a word"),
    "time zone": _time_zone,
    "folder": lambda: os.chdir("/"),
    "umask": lambda: os.umask(0o011),
    "open file": lambda: os.dup(0),
    "socket": lambda: os.dup(socket.socket().detach()),
    "open file that waits for nobody": lambda: os.set_blocking(_pipe[0], False),
    "thread": _thread,
    "process": lambda: _files.append(subprocess.Popen(["sleep", "60"])),
    "orphan": _orphan,
    "handler of a signal": lambda: signal.signal(signal.SIGUSR1, lambda *_: None),
    "ignored signal": lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN),
    "blocked signal": lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2}),
    "alarm": lambda: signal.alarm(50),
    "locale": lambda: locale.setlocale(locale.LC_NUMERIC, "C.UTF-8"),
    "decimals": lambda: decimal.getcontext().__setattr__("prec", 7),
    "log": _replaced_log,
    "level of a handler": lambda: _handler().setLevel(logging.CRITICAL),
    "filter of a handler": lambda: _handler().addFilter(lambda record: False),
    "class of loggers": lambda: logging.setLoggerClass(_Logger),
    "level of a log": lambda: logging.getLogger("mtdata.jobs").setLevel(logging.ERROR),
    "module": lambda: kept_here.append("a word"),
    "class": lambda: Kept.here.update(word="a word"),
    "function in place of another": lambda: globals().update(remembered=print),
    "path": _path,
    "time-out of sockets": lambda: socket.setdefaulttimeout(3),
    "length of a cell": lambda: csv.field_size_limit(7),
    "trace": lambda: sys.settrace(lambda *_: None),
    "trace of threads": lambda: threading.settrace(lambda *_: None),
    "what shows": lambda: setattr(sys, "displayhook", print),
    "hook of a path": lambda: sys.path_hooks.append(lambda path: None),
    "words of the command": lambda: sys.argv.append("a word"),
    "name everywhere": lambda: setattr(builtins, "left_by_a_job", "a word"),
    "dialect": lambda: csv.register_dialect("left by a job", delimiter=";"),
    "call of the collector": lambda: gc.callbacks.append(lambda *_: None),
    "scheduler": lambda: os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0)),
    "limit": lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)),
    "nice": lambda: os.nice(1),
    "memory": lambda: _files.append(b"x" * (80 << 20)),
    "frozen objects": gc.freeze,
}


def seen(work: Work) -> dict[str, Any]:
    """What a job finds in its process that could be of another one."""
    from django.db import connection

    marks = [one for one in gc.get_objects() if isinstance(one, dict) and "mark of a job" in one]
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_temp_master")
        tables = cursor.fetchall()
    return {
        "marks": len(marks),
        "remembered": remembered.cache_info().currsize,
        "context": SOMEWHERE.get(),
        "numbers": repr(decimal.getcontext()),
        "chance": random.random(),
        "tables": tables,
        "wrappers": len(connection.execute_wrappers),
        "most": work.settings.programme.queue_jobs,
    }


def _look(work: Work) -> None:
    """Look, and then leave what nobody has to look for: it goes by itself with the job."""
    from django.db import connection

    told = {"pid": os.getpid(), **seen(work)}
    (work.settings.home / f"seen-{work.job}").write_text(json.dumps(told))
    mark: dict[str, Any] = {"mark of a job": work.job}
    mark["itself"] = mark
    remembered(work.job)
    SOMEWHERE.set(work.job)
    random.seed(7)
    decimal.Decimal(1) / decimal.Decimal(3)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE left_by_a_job (number INTEGER)")
    connection.execute_wrappers.append(lambda execute, *words: execute(*words))
    logging.getLogger("mtdata.jobs.traces").info("a line of %s", work.job)


SESSION = {
    "pid": "SELECT pg_backend_pid()",
    "table": "SELECT to_regclass('pg_temp.left_by_a_job')::text",
    "setting": "SELECT current_setting('work_mem')",
    "locks": "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
    "prepared": "SELECT count(*) FROM pg_prepared_statements",
    "channels": "SELECT count(*) FROM pg_listening_channels()",
    "zone": "SELECT current_setting('TimeZone')",
    "limit": "SELECT current_setting('statement_timeout')",
    "last": "SELECT current_setting('application_name')",
}
LEFT = (
    "CREATE TEMP TABLE left_by_a_job (number INTEGER)", "SET work_mem = '77MB'",
    "SELECT pg_advisory_lock(7)", "PREPARE left_by_a_job AS SELECT 1", "LISTEN left_by_a_job",
    "SET TIME ZONE 'Pacific/Apia'", "SET statement_timeout = 0",
    "SET application_name = 'a word'",
)  # fmt: skip


def _look_at_session(work: Work) -> None:
    """Look at all that a session of PostgreSQL can hold, and leave some of each."""
    from django.db import connection

    told = {}
    with connection.cursor() as cursor:
        for word, question in SESSION.items():
            cursor.execute(question)
            told[word] = cursor.fetchone()[0]
        for statement in LEFT:
            cursor.execute(statement)
    (work.settings.home / f"seen-{work.job}").write_text(json.dumps(told))


def _leave(work: Work) -> None:
    (work.settings.home / f"seen-{work.job}").write_text(json.dumps({"pid": os.getpid()}))
    how = work.parameters["how"]
    if how == "fails":
        raise JobError("this part was told to fail")
    if how == "waits":
        raise NotYet("it is settled then", 600, untouched=True)
    if how in DEEDS:
        DEEDS[how]()


def _one(work: Work) -> list[str]:
    return ["all"]


def _counted(work: Work) -> list[str]:
    return [f"part{number}" for number in range(int(work.parameters["how"]))]


HOW = Parameter("how", lambda settings, word: word, "a word", default="")
KINDS = {
    "looks": Kind("looks", (), _one, _look, lambda parameters: "looks"),
    "session": Kind("session", (), _one, _look_at_session, lambda parameters: "session"),
    "leaves": Kind("leaves", (HOW,), _one, _leave, lambda parameters: "leaves"),
    "counted": Kind(
        "counted", (HOW,), _counted, _leave, lambda parameters: "counted", splits_by_order=True
    ),
}


def main() -> None:
    """Tell of each deed."""
    adopt_orphans()
    _log.addHandler(logging.StreamHandler())
    told = {}
    for deed, act in DEEDS.items():
        before = Leftovers({"tests"})
        act()
        told[deed] = before.differences()
        _end_what_runs()
    print(json.dumps(told))


def _end_what_runs() -> None:
    """So that the next deed is not found to have begun it."""
    sys.settrace(None)
    threading.settrace(None)  # type: ignore[arg-type]
    signal.alarm(0)
    _files.clear()
    for task in Path("/proc/self/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
