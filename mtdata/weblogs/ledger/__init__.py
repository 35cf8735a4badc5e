"""The ledger of a site's web logs: what went out, in which batch, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date, datetime
from pathlib import Path
from secrets import token_bytes

from mtdata.alerts.incidents import Incidents
from mtdata.weblogs.ledger.batches import Batches
from mtdata.weblogs.ledger.days import Days
from mtdata.weblogs.ledger.file import LineFile
from mtdata.weblogs.ledger.logs import Log, LogIdentity, Logs
from mtdata.weblogs.ledger.port import LineDatabase, Made

Fence = Callable[[], AbstractContextManager[object]]
"""Proves within each commit that the work is ours still, or raises."""


class WeblogLedger:
    """One site's ledger; what is executed within `commit` is durable when that ends."""

    def __init__(
        self, path: Path | None, fence: Fence = nullcontext, lines: LineDatabase | None = None
    ) -> None:
        """StorageError where the file cannot be opened; None is one in memory, for tests.

        The lines are in the file, unless `lines` says where else; incidents are always there.
        """
        self.file = LineFile(path)
        self.database: LineDatabase = self.file if lines is None else lines
        self._fence = fence
        self.logs = Logs(self.database, token_bytes(16))
        self.batches = Batches(self.database)
        self.days = Days(self.database)
        self.incidents = Incidents(self.file)

    @contextmanager
    def commit(self) -> Iterator[None]:
        """All or nothing.  Fenced or BusyError when the work is another's by now.

        ConfigError when the lines were moved elsewhere meanwhile.
        """
        with self._fence(), self.database.commit():
            self.database.check_here()
            yield

    def take(self, logs: Iterable[tuple[LogIdentity, date]], at: datetime) -> list[Log]:
        """Take the turn of these logs, and settle what an import that ended left of them.

        One commit for all.  What was under way is quarantined, what waited is given back.  Who
        came with batches older than KEPT_DAYS is forgotten.
        """
        wanted = list(logs)
        return self.whole(lambda: self._take_all(wanted, at))

    def _take_all(self, wanted: Iterable[tuple[LogIdentity, date]], at: datetime) -> list[Log]:
        self.batches.forget_visitors(at)
        return [self._take(identity, day, at) for identity, day in wanted]

    def _take(self, identity: LogIdentity, day: date, at: datetime) -> Log:
        number = self.logs.take(identity, day).number
        self.batches.recover(number, at)
        return self.logs.of_number(number)

    def whole(self, move: Callable[[], Made], *, is_ours: bool = True) -> Made:
        """Make a move in a `commit`, or in a `record` where the work need not be ours.

        It has to be one that may be made again; see LineDatabase.whole.
        """

        def make() -> Made:
            with self.commit() if is_ours else self.record():
                return move()

        return self.database.whole(make)

    def record(self) -> AbstractContextManager[None]:
        """A commit of what has happened, whoever has the work by now."""
        return self.database.commit()

    def close(self) -> None:
        """Leave everything as it is."""
        self.database.close()
        self.file.close()
