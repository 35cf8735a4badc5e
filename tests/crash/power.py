"""A round in this process on a disk that loses power; what its tests share, and no test itself."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from shutil import rmtree
from types import SimpleNamespace
from typing import Any, NamedTuple

from mtdata.core.disk import FolderDisk, make_folder
from mtdata.core.errors import SiteError, StorageError
from mtdata.core.sqlite import LedgerDatabase
from mtdata.study.files.archive import FolderArchive
from mtdata.study.files.sheets import CsvSheets
from mtdata.study.integrity.decode import PoolDecoder
from mtdata.study.integrity.verify import PoolVerification
from mtdata.study.ledger import Ledger
from mtdata.study.ledger.schema import LEDGER
from mtdata.study.pool import Pool
from mtdata.study.ports import Cipher
from mtdata.study.round.round import Round
from mtdata.study.status.result import RoundResult
from tests.crash.story import Story, bodies
from tests.fakes import MemorySite, Verdict
from tests.fakes_torn import TornOs
from tests.sites import site_config
from tests.torn import Again, Folder

POOL = Path("/srv/pool")
NOON = datetime(2026, 3, 12, 12, 0, 0, tzinfo=UTC)


class PowerCut(BaseException):
    """The end of everything; no `except` of the program may catch it."""


_FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
REFUSALS: dict[str, Exception] = {
    **dict.fromkeys(("mkdir", "open", "pwrite", "replace", "unlink"), _FULL),
    "fsync": OSError(errno.EIO, os.strerror(errno.EIO)),
    "commit": StorageError("the ledger cannot be used: database or disk is full"),
    "listing": SiteError("the site cannot be reached"),
    "fetch": SiteError("the connection was lost"),
}


class Power:
    """Counts every change of disk, ledger and site, and ends the world before one of them."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._cut_at = self._refuse_at = 0
        self._off = False

    def cut_at(self, number: int) -> None:
        """Count from 1 again; 0 = never."""
        self.seen, self._cut_at, self._refuse_at, self._off = [], number, 0, False

    def refuse_at(self, number: int) -> None:
        """Count from 1 again, and have the change of that number refused instead of carried out."""
        self.cut_at(0)
        self._refuse_at = number

    def step(self, what: str) -> None:
        """Called before each change: after the cut nothing happens any more."""
        if not self._off:
            self.seen.append(what)
            self._off = len(self.seen) == self._cut_at
        if self._off:
            raise PowerCut(what)
        if len(self.seen) == self._refuse_at and what in REFUSALS:
            raise REFUSALS[what]

    def committing(self) -> Callable[[LedgerDatabase], AbstractContextManager[None]]:
        """Connection.commit with a step before: SQLite keeps its own promise, whole or not."""
        commit = LedgerDatabase.commit

        @contextmanager
        def stepped(connection: LedgerDatabase) -> Iterator[None]:
            self.step("commit")
            with commit(connection):
                yield

        return stepped


class CuttableSite(MemorySite):
    """A site that power may leave before each request, each piece of an answer, each delete."""

    def __init__(self, power: Power) -> None:
        super().__init__()
        self._power = power
        self.witnessed: list[str] = []  # nobody looks on: what was proven is asked after the cut

    def again(self) -> CuttableSite:
        """The same site at the same moment."""
        other = CuttableSite(self._power)
        other._rows = {scale: list(rows) for scale, rows in self._rows.items()}
        other._staying, other.deletes = set(self._staying), list(self.deletes)
        return other

    def show(self, story: Story, entries: list[Any], *, snapshot: int) -> None:
        """Put entries on the site, and the table that must stay as it is now."""
        for scale in (*story.deleteable, story.EMPTY):
            self.put(scale, bodies(entries, scale))
        self.offer(story.STAYS, deleteable=False)
        self._rows[story.STAYS] = bodies(story.snapshots[snapshot], story.STAYS)

    def listing(self) -> Any:
        self._power.step("listing")
        return super().listing()

    def _pieces(self, scale: str) -> Iterator[bytes]:
        for piece in super()._pieces(scale):
            self._power.step("fetch")
            yield piece

    def _ask(self, scale: str, id: int) -> Verdict:
        self._power.step("delete")
        return super()._ask(scale, id)


class _LeftDatabase(LedgerDatabase):
    """A ledger's file in memory, as it was left: tables are made where there are none."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        super().__init__(None, LEDGER)

    def _make_tables(self, db: sqlite3.Connection) -> None:
        if self._content:
            db.deserialize(self._content)
        super()._make_tables(db)


class LeftLedger(Ledger):
    """The ledger that a process which starts finds; b"" is none."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        super().__init__(None)

    def _opened(self, path: Path | None, *, only_look: bool) -> LedgerDatabase:
        return _LeftDatabase(self._content)


class Moment(NamedTuple):
    """A whole world at rest: what the disk holds, safe or not, the ledger, and the site."""

    root: Folder
    ledger: bytes
    site: CuttableSite
    minutes: int


class World:
    """One pool on a disk that can lose power; `torn` stands in for durable's `os`."""

    def __init__(self, torn: TornOs, power: Power, cipher: Cipher, folder: Path) -> None:
        self.torn, self.power, self.cipher, self._folder = torn, power, cipher, folder
        self.site = CuttableSite(power)
        self.holds_drift = False
        self._ledger = b""
        self._minutes = 0
        self.all_shown = False  # whether the site has shown the whole story
        self.changes: list[str] = []  # of the last round

    def moment(self) -> Moment:
        """The world as it is, to come back to."""
        return Moment(
            Again().folder(self.torn.root), self._ledger, self.site.again(), self._minutes
        )

    def back_to(self, moment: Moment) -> None:
        """Be at that moment again."""
        self.torn.root, self.site = Again().folder(moment.root), moment.site.again()
        self._ledger, self._minutes = moment.ledger, moment.minutes

    def now(self) -> datetime:
        """Port: Clock.now."""
        return NOON + timedelta(minutes=5 * self._minutes)

    def local(self, moment: datetime) -> datetime:
        """Port: Clock.local."""
        return moment

    @contextmanager
    def opened(self) -> Iterator[Pool]:
        """The pool as a process that starts finds it."""
        make_folder(POOL)
        disk, ledger = FolderDisk(POOL), LeftLedger(self._ledger)
        database = ledger._db._db
        try:
            archive = FolderArchive(disk, ledger, "%b_%d_%Y", "%H_%M_%S")
            sheets = CsvSheets(disk, ledger, "%b_%d_%Y")
            yield Pool(disk, archive, sheets, ledger, self.cipher, self)
        finally:
            self._ledger = database.serialize()  # as the last commit left it
            ledger.close()

    def round(
        self, *, cut_at: int = 0, refuse_at: int = 0, delete_mode: bool = True
    ) -> RoundResult | None:
        """One round of all scales; None when the power was cut."""
        self._minutes += 1
        config = site_config(
            "uva", delete_mode=delete_mode, drift="hold" if self.holds_drift else "rewrite"
        )
        with self.cut_or_refused(cut_at, refuse_at), self.opened() as pool:
            return Round(config, pool, self.site).play("all")
        return None

    @contextmanager
    def cut_or_refused(self, cut_at: int, refuse_at: int = 0) -> Iterator[None]:
        """What is done within ends at that change, or has it refused; 0 = neither."""
        (self.power.refuse_at if refuse_at else self.power.cut_at)(refuse_at or cut_at)
        with suppress(PowerCut, *([StorageError] if refuse_at else [])):
            yield
        self.changes = self.power.seen
        self.power.cut_at(0)

    def let_days_pass(self, days: int) -> None:
        """The next round is so many days later."""
        self._minutes += days * 24 * 12

    def lose_power(self, rng: Random) -> None:
        """Let the disk forget and tear what it may."""
        self.torn.lose_power(rng)

    def edit(self, path: str, content: bytes | None) -> None:
        """Let a person put other bytes into a file, or take it away (None)."""
        self.torn.put(POOL / path, content)

    def files(self) -> dict[str, bytes]:
        """The pool's files by path."""
        above = f"{POOL}/"
        return {path.removeprefix(above): found for path, found in self.torn.files().items()}

    def shown(self) -> Any:
        """Pool and site as the oracle wants them: the pool's files in a folder of the machine."""
        rmtree(self._folder, ignore_errors=True)
        for path, content in self.files().items():
            place = self._folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        return SimpleNamespace(pool=self._folder, site=self.site)

    def judged(self) -> Iterator[str]:
        """What `decode --check` and `verify` have to say, a line each."""
        with self.opened() as pool:
            try:
                for sheet in PoolDecoder(pool).check("all"):
                    if not sheet.identical:
                        yield f"{sheet.sheet} is not what raw gives: {sheet.difference}"
                found = PoolVerification(pool).play()
                yield from found.wrong + found.mended + found.history
            except StorageError as error:
                yield str(error)
