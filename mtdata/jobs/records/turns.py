"""Turns of all machines that keep their records in one database; it asks no instance.

A seat is a lock of a session of the database's own, which dies with its holder as a file's does:
nothing is leased, and nothing stays behind a kill.  Servers and balancers end a session that says
nothing for long, so each gives a sign of life during a call; who loses one all the same asks no
more.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.utils import DatabaseError, InterfaceError

from mtdata.core.errors import BusyError, RecordsError
from mtdata.core.limiter import Turns
from mtdata.jobs.records.asking import where
from mtdata.jobs.records.faults import reason

log = logging.getLogger(__name__)
SIGN_S = 30.0
"""So often a seat that is taken gives a sign of life: balancers end a session after 350 s."""
LAST_S = 5.0
WAIT_S = 2
"""So long one question for a seat stands in the database's own queue, without a sign of life."""
LOOK_S = 0.5
NOT_YET = "55P03"  # PostgreSQL: lock_timeout


class SharedTurns:
    """The turns of this machine, `own`, and above them a seat among those of all machines.

    A seat is kept for `at_once` / `rate` seconds at least, so all of them keep to `rate`.
    """

    def __init__(
        self,
        own: Turns,
        name: str,
        *,
        rate: float,
        at_once: int = 1,
        longest_s: float = 3600.0,
        ticks: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """`longest_s` is how long a seat is waited for."""
        self._own, self._name, self._longest_s = own, name, longest_s
        self._least_s, self._at_once = at_once / rate, at_once
        self._ticks, self._wait = ticks, wait
        self._lost = False

    @contextmanager
    def turn(self, beat: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Wait for a turn and have it; BusyError when it does not come, RecordsError: not now.

        BusyError also where the seat of the turn before was lost in the middle of it.
        """
        self._stop_if_lost()
        with self._own.turn(beat):
            seat = self._seat(beat)
            began = self._ticks()
            try:
                yield
            finally:
                try:
                    self._keep_pace(began, beat)
                finally:
                    self._lost = not seat.given_back()

    def _stop_if_lost(self) -> None:
        lost, self._lost = self._lost, False
        if lost:
            raise BusyError(
                f"{self._name}: the database ended the session by which no other machine asks at "
                "once; nothing more is asked now. Nothing was lost; it goes on when tried again."
            )

    def hold_off(self, seconds: float) -> None:
        """Nobody of this machine begins a turn for that long; whom they ask tells the others."""
        self._own.hold_off(seconds)

    def _keep_pace(self, began: float, beat: Callable[[], None]) -> None:
        while (left := self._least_s - (self._ticks() - began)) > 0:
            beat()
            self._wait(min(left, LOOK_S))

    def _seat(self, beat: Callable[[], None]) -> Seat:
        ends_at = self._ticks() + self._longest_s
        while True:
            # each waits for one seat, by chance: the database's queue is fair, looking round is not
            number = secrets.randbelow(self._at_once)
            seat = sha256(f"{self._name} {number}".encode()).hexdigest()
            if taken := _take_seat(seat):
                return taken
            beat()
            if self._ticks() >= ends_at:
                raise BusyError(
                    f"{self._name}: no turn within {self._longest_s:g} s; another machine uses the "
                    "account. Nothing was lost; it goes on when it is tried again."
                )


class Seat:
    """A lock that a session of its own holds, which is kept from being idle until it is given back.

    It has a connection of its own: poolers keep no less together.
    """

    def __init__(self, own: Any, release: str, name: str | int) -> None:
        self._own, self._release, self._key = own, release, name
        self._over, self._lost = threading.Event(), False
        self._keeper = threading.Thread(target=self._keep, name="seat", daemon=True)
        self._keeper.start()

    def _keep(self) -> None:
        while not self._over.wait(SIGN_S):
            try:
                with self._own.wrap_database_errors:
                    self._sign()
            except (DatabaseError, InterfaceError) as error:
                self._lost = True
                log.warning("a turn at an account lost its session: %s", reason(error))
                return

    def _sign(self) -> None:
        """By the driver itself: Django's connections are for the thread that made them."""
        if self._own.vendor == "mysql":
            self._own.connection.ping(reconnect=False)
        else:
            self._own.connection.execute("SELECT 1")

    def given_back(self) -> bool:
        """End it; whether it was ours to the end."""
        self._over.set()
        self._keeper.join(LAST_S)
        try:
            with self._own.cursor() as cursor:
                cursor.execute(self._release, [self._key])
                ours = not self._lost and bool(cursor.fetchone()[0])
            if not self._own.get_autocommit():
                self._own.rollback()
            return ours
        except (DatabaseError, InterfaceError) as error:  # the seat went with the session
            log.debug("%s", reason(error))
            return False
        finally:
            self._own.close()


def _take_seat(seat: str) -> Seat | None:
    """The seat, once it is ours; None when another has it."""
    own = connections.create_connection(DEFAULT_DB_ALIAS)
    take = _of_mysql if connection.vendor == "mysql" else _of_postgres
    try:
        taken = take(own, seat)
    except (DatabaseError, InterfaceError) as error:
        own.close()
        if getattr(error.__cause__, "sqlstate", "") == NOT_YET:
            return None
        raise RecordsError(
            f"the database of the records {where()} gives no turn: {reason(error)}"
        ) from error
    if taken is None:
        own.close()
    return taken


def _of_mysql(own: Any, seat: str) -> Seat | None:
    with own.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(%s, %s)", [_name(seat), WAIT_S])
        taken = bool(cursor.fetchone()[0])
    return Seat(own, "SELECT RELEASE_LOCK(%s)", _name(seat)) if taken else None


def _of_postgres(own: Any, seat: str) -> Seat:
    """A lock of one transaction, which goes with it."""
    own.set_autocommit(False)
    with own.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{WAIT_S}s'")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_number(seat)])
    return Seat(own, "SELECT %s > 0", _number(seat))


def _name(seat: str) -> str:
    return f"mtdata-{seat[:40]}"


def _number(seat: str) -> int:
    return int(seat[:15], 16)
