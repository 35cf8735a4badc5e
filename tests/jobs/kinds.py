"""Kinds that write rows into a table of the records' database, and go wrong as they are told."""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

from mtdata.core.errors import BusyError, Fenced, JobError, NotYet
from mtdata.core.guarding import guarded_pieces
from mtdata.jobs.kind import Kind, Parameter, Parameters, Work, day, days_in_order, named_by_days

BATCH = 20
TABLE = "rows_written"


def _number(settings: object, word: str) -> float:
    if not math.isfinite(found := float(word)):
        raise ValueError("no number of rows, parts or seconds")
    return found


def _word(settings: object, word: str) -> str:
    return word


def sign(work: Work, name: str) -> Path:
    """A file that tells the test something."""
    place = work.settings.home / "signs" / f"{name}-{work.part}-{work.attempt}"
    place.parent.mkdir(exist_ok=True)
    place.write_text(str(os.getpid()))
    return place


def _split(work: Work) -> list[str]:
    return [f"part{number}" for number in range(int(work.parameters["parts"]))]


def _write(work: Work) -> None:
    sign(work, "begun")
    how = work.parameters["how"]
    if how in ("deaf", "freezes"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if how == "fails" and work.part == "part1" and not _was_here(work):
        raise JobError("this part was told to fail")
    if how == "rests" and work.part == "part0" and not _was_here(work):
        raise NotYet("it is settled then", work.parameters["pause"], untouched=True)
    if how == "busy" and not _was_here(work):
        raise BusyError("somebody else is at it")
    if how == "leaves":
        raise SystemExit("the answer of a participant")
    if how == "fault":
        raise ZeroDivisionError("the answer of a participant")
    if how == "tells":
        sign(work, f"most{work.settings.programme.queue_jobs}")
    if how == "meets":
        _meet(work)
    rows = int(work.parameters["rows"])
    try:
        for first in range(0, rows, BATCH):
            _batch(work, range(first, min(first + BATCH, rows)))
            work.progress(min(first + BATCH, rows), rows, step="writing")
            if how in ("freezes", "waits") and not first and not _was_here(work):
                _stand_still(work, how)
            if how != "rests":
                time.sleep(work.parameters["pause"])
    except Fenced:
        sign(work, "fenced")
        raise
    if how == "sleeps":
        time.sleep(60)
    sign(work, "done")


def _stand_still(work: Work, how: str) -> None:
    """Between two commits, so that no lock is held."""
    sign(work, "stands")
    if how == "freezes":
        os.kill(os.getpid(), signal.SIGSTOP)
    else:
        time.sleep(60)


def _meet(work: Work) -> None:
    """Wait until a second child is at it."""
    signs = work.settings.home / "signs"
    while len({sign.read_text() for sign in signs.glob("begun-*")} - {""}) < 2:
        work.stop_token.check()
        time.sleep(0.02)


def _was_here(work: Work) -> bool:
    seen = work.settings.home / f"seen-{work.job}-{work.part}"
    try:
        seen.touch(exist_ok=False)
    except FileExistsError:
        return True
    return False


def _batch(work: Work, numbers: range) -> None:
    from django.db import connection

    with work.fenced(), connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {TABLE} (job, part, number) VALUES (%s, %s, %s)",
            [(work.job, work.part, number) for number in numbers],
        )


def _undo(work: Work, parts: Sequence[str] | None) -> None:
    from django.db import connection

    sign(work, "undoing")
    if parts is None and not _was_here(work):
        time.sleep(work.parameters["undo_pause"])
    if parts is not None and work.parameters["how"] == "fails" and work.parameters["undo_pause"]:
        _wait_for_leave(work)
    with work.fenced(), connection.cursor() as cursor:
        if parts is None:
            cursor.execute(f"DELETE FROM {TABLE} WHERE job = %s", [work.job])
        for part in parts or ():
            cursor.execute(f"DELETE FROM {TABLE} WHERE job = %s AND part = %s", [work.job, part])


def _close(work: Work) -> None:
    """Count what all parts wrote, and leave one row more."""
    from django.db import connection

    sign(work, "closing")
    if work.parameters["how"] == "fails to close" and not _was_here(work):
        raise JobError("this part was told to fail")
    with work.fenced(), connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {TABLE} WHERE job = %s", [work.job])
        number = cursor.fetchone()[0]
        cursor.execute(
            f"INSERT INTO {TABLE} (job, part, number) VALUES (%s, %s, %s)",
            [work.job, work.part, number],
        )
    work.add_artifact("sum", str(work.settings.home / "sum"), rows=number)


def leave_given(home: Path) -> Path:
    """A file: when it is there, what waits in the middle of taking back goes on."""
    return home / "leave"


def _wait_for_leave(work: Work) -> None:
    while not leave_given(work.settings.home).exists():
        work.stop_token.check()
        time.sleep(0.02)


def _key(parameters: Parameters) -> str:
    return str(parameters["key"])


def _kind(name: str, **more: object) -> Kind:
    return Kind(
        name=name,
        parameters=(
            Parameter("rows", _number, "a number", default=100.0),
            Parameter("parts", _number, "a number", default=2.0),
            Parameter("pause", _number, "seconds", default=0.0),
            Parameter("undo_pause", _number, "seconds", default=0.0),
            Parameter("how", _word, "a word", default=""),
            Parameter("key", _word, "a word", default=""),
        ),
        split=_split,
        run=_write,
        base=lambda parameters: name,
        undo=_undo,
        key=_key,
        **more,  # type: ignore[arg-type]
    )


def _days(work: Work) -> list[str]:
    first = date.fromisoformat(work.parameters["start"])
    count = (date.fromisoformat(work.parameters["end"]) - first).days + 1
    return [str(first + timedelta(days=number)) for number in range(count)]


def _report(work: Work) -> None:
    """A file of the day; its name is what somebody in a hurry would take."""
    _keep(work, f"day,row\r\n{work.part},1\r\n")


def _noted(work: Work) -> None:
    """The same with a cell that somebody else has a say in."""
    _keep(work, f"day,note\r\n{work.part},{work.parameters['note']}\r\n")


def _keep(work: Work, written: str) -> None:
    text = written.encode()
    place = work.settings.home / "reports" / f"{work.job}-{work.part}.csv"
    with work.fenced():
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(text)
    made = {"rows": 1, "size": len(text), "sha256": sha256(text).hexdigest()}
    work.add_artifact(f"Tag {work.part} ü.csv", str(place), **made)
    work.progress(1, 1)


DATED = Kind(
    name="dated",
    parameters=(
        Parameter("start", day, "a day"),
        Parameter("end", day, "a day"),
        Parameter("note", _word, "a word", default=""),
    ),
    split=_days,
    run=_report,
    base=named_by_days,
    check=days_in_order,
    undo=lambda work, parts: None,
)
RANGED = replace(
    DATED,
    name="ranged",
    run=_noted,
    ranges=("start", "end"),
    guard=lambda settings, parameters: guarded_pieces,
)
KINDS = {
    kind.name: kind
    for kind in (
        _kind("rows"),
        _kind("shared", max_runners=8),
        _kind("closed", max_runners=8, close=_close),
        _kind("short", limit_s=0.5),
        _kind("fat", memory_bytes=1),
        DATED,
        RANGED,
    )
}
