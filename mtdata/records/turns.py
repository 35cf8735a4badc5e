"""Turns of all machines that keep their records in one database; it asks no instance.

A seat is a lock of the database's own session, which dies with its holder as a file's does: nothing
is leased, and nothing stays behind a kill.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from hashlib import sha256

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.utils import DatabaseError, InterfaceError

from mtdata.errors import BusyError, RecordsError
from mtdata.exports.limiter import Turns
from mtdata.records.asking import asking, where
from mtdata.records.faults import reason

log = logging.getLogger(__name__)
Seat = Callable[[], None]
"""A seat that is taken is how it is given back."""
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

    @contextmanager
    def turn(self, beat: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Wait for a turn and have it; BusyError when it does not come, RecordsError: not now."""
        with self._own.turn(beat):
            seat = self._seat(beat)
            began = self._ticks()
            try:
                yield
            finally:
                try:
                    self._keep_pace(began, beat)
                finally:
                    _give_back(seat)

    def hold_off(self, seconds: float) -> None:
        """Nobody of this machine begins a turn for that long; other machines are told by CAKE."""
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
            if taken := _taken(seat):
                return taken
            beat()
            if self._ticks() >= ends_at:
                raise BusyError(
                    f"{self._name}: no turn within {self._longest_s:g} s; another machine uses the "
                    "account. Nothing was lost; it goes on when it is tried again."
                )


def _taken(seat: str) -> Seat | None:
    """The seat, once it is ours; None when another has it."""
    return _of_mysql(seat) if connection.vendor == "mysql" else _of_postgres(seat)


def _of_mysql(seat: str) -> Seat | None:
    with asking(), connection.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(%s, %s)", [_name(seat), WAIT_S])
        taken = bool(cursor.fetchone()[0])

    def give_back() -> None:
        with asking(), connection.cursor() as cursor:
            cursor.execute("SELECT RELEASE_LOCK(%s)", [_name(seat)])

    return give_back if taken else None


def _of_postgres(seat: str) -> Seat | None:
    """A lock of one transaction, on a connection of its own: poolers keep no less together."""
    own = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        own.set_autocommit(False)
        with own.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{WAIT_S}s'")
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_number(seat)])
    except (DatabaseError, InterfaceError) as error:
        own.close()
        if getattr(error.__cause__, "sqlstate", "") == NOT_YET:
            return None
        raise RecordsError(
            f"the database of the records {where()} gives no turn: {reason(error)}"
        ) from error

    def give_back() -> None:
        with closing(own), asking():
            own.rollback()

    return give_back


def _give_back(seat: Seat) -> None:
    try:
        seat()
    except RecordsError as error:  # the seat went with the connection
        log.debug("%s", error)


def _name(seat: str) -> str:
    return f"mtdata-{seat[:40]}"


def _number(seat: str) -> int:
    return int(seat[:15], 16)
