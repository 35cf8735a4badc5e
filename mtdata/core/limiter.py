"""Turns of all that use one account, threads and processes of this machine alike; it asks nothing.

Who waits for a turn stands in a door that is as wide as one: so nobody who has just had a turn gets
the next before those that already wait.  A lock of the system's dies with its holder.
"""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock, Timeout

from mtdata.core.errors import BusyError, NotYet, StorageError

LOOK_S = 0.02
LONGEST_HOLD_S = 900.0
MOST_NAME = 85
_WIDTH = 24


class Turns(Protocol):
    """What whoever asks an account waits for."""

    def turn(self, beat: Callable[[], None] = ...) -> AbstractContextManager[None]:
        """Wait for a turn and have it."""
        ...

    def hold_off(self, seconds: float) -> None:
        """Nobody begins a turn for that long."""
        ...


class Limiter:
    """At most `rate` turns a second and `at_once` at a time, of everybody with that name."""

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        rate: float,
        at_once: int = 1,
        longest_s: float = 3600.0,
        patience_s: float = math.inf,
        ticks: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """`folder` is made when it is missing; `longest_s` is how long a turn is waited for.

        An account that wants a rest is waited for no longer than `patience_s`: then it is NotYet.
        `ticks` must be one clock for all processes, as the system's monotonic one is.
        """
        self._place = folder / re.sub("[^A-Za-z0-9.-]", "_", name)[:MOST_NAME]
        self._rate, self._at_once, self._longest_s = rate, at_once, longest_s
        self._patience_s = patience_s
        self._ticks, self._wait = ticks, wait

    @contextmanager
    def turn(self, beat: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Wait for a turn and have it.  `beat` is called while waiting and may raise.

        BusyError when it does not come within `longest_s`, NotYet when the account rests for long.
        """
        ends_at = self._ticks() + self._longest_s
        try:
            self._place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            seat = self._seated(ends_at, beat)
        except OSError as error:
            raise self._unlocked(error) from error
        try:
            yield
        finally:
            seat.release()

    def hold_off(self, seconds: float) -> None:
        """Nobody begins a turn for that long, at most 15 minutes: the account wants a rest."""
        try:
            with self._locked("pace", self._ticks() + self._longest_s, lambda: None):
                self._write(max(self._read(), self._ticks() + min(seconds, LONGEST_HOLD_S)))
        except OSError as error:
            raise self._unlocked(error) from error

    def _unlocked(self, error: OSError) -> StorageError:
        return StorageError(
            f"{self._place}: cannot be locked: {error.strerror}. Nothing was asked, and nothing is "
            "lost"
        )

    def _seated(self, ends_at: float, beat: Callable[[], None]) -> FileLock:
        with self._locked("door", ends_at, beat):
            seats = [f"turn{number}" for number in range(self._at_once)]
            seat = self._taken_lock(seats, ends_at, beat)
            try:
                self._keep_pace(ends_at, beat)
            except BaseException:
                seat.release()
                raise
        return seat

    def _taken_lock(
        self, names: Iterable[str], ends_at: float, beat: Callable[[], None]
    ) -> FileLock:
        """The first of these locks that is free, waited for."""
        how: Any = {"mode": 0o600, "thread_local": False, "fallback_to_soft": False}
        locks = [FileLock(f"{self._place}.{name}.lock", **how) for name in names]
        while True:
            for lock in locks:
                with suppress(Timeout):
                    lock.acquire(timeout=0)
                    return lock
            self._look_again(ends_at, beat)

    def _keep_pace(self, ends_at: float, beat: Callable[[], None]) -> None:
        while True:
            with self._locked("pace", ends_at, beat):
                now, free_at = self._ticks(), self._read()
                if free_at <= now:
                    self._write(now + 1 / self._rate)
                    return
            if free_at - now > self._patience_s:
                raise NotYet(f"{self._place.name}: the account wants a rest", free_at - now)
            self._look_again(ends_at, beat, free_at - now)

    @contextmanager
    def _locked(self, what: str, ends_at: float, beat: Callable[[], None]) -> Iterator[None]:
        lock = self._taken_lock([what], ends_at, beat)
        try:
            yield
        finally:
            lock.release()

    def _look_again(
        self, ends_at: float, beat: Callable[[], None], seconds: float = LOOK_S
    ) -> None:
        beat()
        left = ends_at - self._ticks()
        if left <= 0:
            raise BusyError(
                f"{self._place.name}: no turn within {self._longest_s:g} s; somebody else uses the "
                "account on this machine. Nothing was lost; it goes on when it is tried again."
            )
        self._wait(min(seconds, left, 0.5))

    def _read(self) -> float:
        """When the next turn may begin; what cannot be, as after a restart, is now."""
        try:
            told = float(self._pace_file.read_text("ascii"))
        except (FileNotFoundError, ValueError):
            return 0.0
        return told if told <= self._ticks() + LONGEST_HOLD_S + 1 / self._rate else 0.0

    def _write(self, moment: float) -> None:
        with open(self._pace_file, "w", encoding="ascii", opener=_private) as file:
            file.write(f"{moment:{_WIDTH}.6f}")

    @property
    def _pace_file(self) -> Path:
        return self._place.with_name(f"{self._place.name}.pace")


def _private(path: str, flags: int) -> int:
    """Opened for its owner alone, as all else in state/; one of an earlier program too."""
    number = os.open(path, flags, 0o600)
    with suppress(PermissionError):
        os.fchmod(number, 0o600)
    return number
