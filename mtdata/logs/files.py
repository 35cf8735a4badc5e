"""Files of the log, shared by several programs: whole lines, each in the file of its day.

A disk that refuses never stops the program: it is told once, the lines are counted, and a minute
later it is tried again.  Nothing here is synced: the log proves nothing.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import re
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from mtdata.core import disk
from mtdata.core.clock import SystemClock
from mtdata.logs.console import fault_inside, on_stderr
from mtdata.logs.lines import CLOCK

RETRY_S = 60.0
PATIENCE_S = 10.0
"""How long another program may hold the lock: one that was stopped just then holds it on."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_OLD = re.compile(r"(\d{4}-\d\d-\d\d)(?:\.(\d+))?", re.ASCII)
_open: list[LogFile] = []
_registry = threading.Lock()


class LogFile(logging.StreamHandler[Any]):
    """A file that grows by whole lines."""

    terminator = ""

    def __init__(self, filename: str | os.PathLike[str], *, clock: SystemClock = CLOCK) -> None:
        super().__init__(SimpleNamespace(write=self._put))  # nothing to flush: lines go at once
        self.path = os.path.abspath(filename)
        folder, name = os.path.split(self.path)
        self._folder, self._lock_path = folder, os.path.join(folder, f".{name}.lock")
        self._clock = clock
        self._day, self._level = "", logging.NOTSET
        self._lost, self._worst, self._again_at = 0, logging.NOTSET, 0.0
        self._held: int | None = None
        self.fault = ""
        with _registry:
            _open.append(self)

    def close(self) -> None:
        """No longer one of the files that `trouble` asks."""
        with _registry:
            if self in _open:
                _open.remove(self)
        super().close()

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; whatever is wrong with it goes to `handleError`."""
        self._day, self._level = self._day_of(record.created), record.levelno
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """One line, without what the record says."""
        fault_inside(record)

    def _day_of(self, at: float) -> str:
        return self._clock.local(datetime.fromtimestamp(at, UTC)).date().isoformat()

    def _put(self, text: str) -> None:
        if not self._is_due():
            self._count()
            return
        try:
            self._make_up()
            self._append(_line(text), self._day)
        except OSError as error:
            self._count()
            self._failed(error)

    # a disk that refuses --------------------------------------------------------------------------

    def _is_due(self) -> bool:
        return not self.fault or self._clock.ticks() >= self._again_at

    def _count(self) -> None:
        self._lost += 1
        self._worst = max(self._worst, self._level)

    def _failed(self, error: OSError) -> None:
        self._again_at = self._clock.ticks() + RETRY_S
        with _registry:
            first = not any(file.fault for file in _open)
        self.fault = f"{self.path}: {error.strerror or type(error).__name__}"
        if first:
            on_stderr(
                f"mtdata: the log cannot be written: {self.fault}. The work goes on; "
                "it is tried again each minute"
            )

    def _make_up(self) -> None:
        """Say in the file itself how many lines it lacks: as loud as the worst of them."""
        if self.fault:
            level = self._worst or logging.WARNING
            told = f"{self._lost} lines could not be written here: {self.fault}"
            words = {"name": __name__, "levelno": level, "levelname": logging.getLevelName(level)}
            at = self._clock.now().timestamp()
            note = logging.makeLogRecord({**words, "msg": "%s", "args": (told,), "created": at})
            self._append(_line(self.format(note)), self._day_of(at))
            self.fault, self._lost, self._worst = "", 0, logging.NOTSET

    def try_again(self) -> None:
        """When it is time, see whether the file can be written again."""
        with self.lock or threading.RLock():
            if self.fault and self._is_due():
                try:
                    self._make_up()
                except OSError as error:
                    self._failed(error)

    # whole lines ----------------------------------------------------------------------------------

    def _append(self, line: bytes, day: str) -> None:
        with self._alone():
            append(self.path, line)

    @contextmanager
    def _alone(self) -> Iterator[int]:
        """The lock of the file, which other programs respect; gives the lock file."""
        if self._held is not None:  # a signal's own line, in the middle of another of this thread
            yield self._held
            return
        file = self._locked_by()
        try:
            until = self._clock.ticks() + PATIENCE_S
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if self._clock.ticks() > until:
                        told = "another program holds its lock"
                        raise TimeoutError(errno.ETIMEDOUT, told) from None
                    time.sleep(0.0005)
            self._held = file
            yield file
        finally:
            self._held = None
            os.close(file)

    def _locked_by(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
        try:
            return os.open(self._lock_path, flags, disk.FILE_MODE)
        except FileNotFoundError:
            os.makedirs(self._folder, disk.FOLDER_MODE, exist_ok=True)
            return os.open(self._lock_path, flags, disk.FILE_MODE)


class NightlyFile(LogFile):
    """A file for today; those of other days have the local day as suffix, `backupCount` are kept.

    The lock file names the day of the file.  A line goes to the file of its own day, also one
    that was made before midnight and written after it, and when the clock was moved.
    """

    def __init__(
        self,
        filename: str | os.PathLike[str],
        backupCount: int = 366,
        *,
        clock: SystemClock = CLOCK,
    ) -> None:
        super().__init__(filename, clock=clock)
        self._most = int(backupCount)

    def _append(self, line: bytes, day: str) -> None:
        with self._alone() as lock:
            today = self._day_of(self._clock.now().timestamp())
            if os.pread(lock, 10, 0).decode("ascii", "replace") != today:
                self._turn(lock, today)
            append(self.path if day == today else f"{self.path}.{day}", line)

    def _turn(self, lock: int, today: str) -> None:
        """Put the file aside under its day, then take up what there is of today.

        The day is entered in between: whatever ends the program here, no line is under another
        day's name.
        """
        day = self._standing_day(lock, today)
        if os.path.lexists(self.path) and day != today:
            disk.give_name(self.path, self._free_name(day))
        os.pwrite(lock, today.encode(), 0)
        if os.path.lexists(f"{self.path}.{today}") and not os.path.lexists(self.path):
            disk.give_name(f"{self.path}.{today}", self.path)  # the clock was moved
        self._thin_out()

    def _standing_day(self, lock: int, today: str) -> str:
        """The day of the lines in the file; without a note of ours, that of its last change."""
        noted = os.pread(lock, 10, 0).decode("ascii", "replace")
        if _DAY.fullmatch(noted):
            return noted
        try:
            return self._day_of(os.stat(self.path).st_mtime)
        except FileNotFoundError:
            return today

    def _free_name(self, day: str) -> str:
        name, number = f"{self.path}.{day}", 1
        while os.path.lexists(name):  # never over another file
            number += 1
            name = f"{self.path}.{day}.{number}"
        return name

    def _thin_out(self) -> None:
        base = os.path.basename(self.path) + "."
        rest = {name: name.removeprefix(base) for name in os.listdir(self._folder)}
        found = {n: _OLD.fullmatch(r) for n, r in rest.items() if n != r}
        old = sorted((m[1], int(m[2] or 1), name) for name, m in found.items() if m)
        for _, _, name in old[: -self._most] if self._most else []:
            disk.drop(os.path.join(self._folder, name))


def append(path: str | Path, line: bytes) -> None:
    """Add one whole line, or nothing: what a full disk took of it is cut off again.

    OSError where it was not written.
    """
    # O_NONBLOCK: opening a pipe that nobody reads must not make us wait
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK
    file = os.open(path, flags, disk.FILE_MODE)
    try:
        found = os.fstat(file)
        if stat.S_ISFIFO(found.st_mode):  # without a reader it would swallow every line
            raise OSError(errno.EINVAL, "it is a pipe and no file")
        size = found.st_size
        if size and os.pread(file, 1, size - 1) != b"\n":
            line = b"\n" + line  # a power cut left half a line
        try:
            while line:
                line = line[os.write(file, line) :]
        except OSError:
            with suppress(OSError):
                disk.cut(file, size)
            raise
    finally:
        os.close(file)


def _line(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace") + b"\n"


def trouble() -> str:
    """What is wrong with the files of the log, '' when all is well; tries again when it is time."""
    with _registry:
        files = list(_open)
    for file in files:
        file.try_again()
    return "; ".join(file.fault for file in files if file.fault)
