"""Files held against the ledger in a round, before anything is asked for, written or deleted.

A look at every file costs by the days that a pool has, and most rounds find nothing to do.  So who
goes from round to round remembers that all was in step, and an idle round does without a look
while nothing speaks against it.  Whatever has something to do looks first.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from mtdata.core.clock import SystemClock
from mtdata.core.pool_files import HELD, RAW, SHEETS
from mtdata.core.reach import FolderStamp, folder_stamp, translated_faults
from mtdata.core.step import Watch
from mtdata.study.integrity.catch_up import CatchUp, Stand, tell_of_stand
from mtdata.study.pool import Pool
from mtdata.study.round.deletes import RoundDeletes
from mtdata.study.status.report import RoundReport

LOOK_COUNTS = timedelta(hours=1)
"""So long at most: that a file grew or was cut where it lies shows in no folder."""
SETTLED_NS = 3_000_000_000
"""Behind so long the time of a change tells it from the next; the coarsest clock is one of 2 s."""
FOLDERS = (RAW, SHEETS, HELD)


class _Moment(NamedTuple):
    """How folders and ledger of a pool stood: others once a file or an event came or went."""

    folders: tuple[FolderStamp | None, ...]
    ledger: tuple[object, ...]


class FilesInStep:
    """What a process knows of one pool from the last look at its files."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: tuple[_Moment, datetime] | None = None

    def stand_still(self, pool: Pool) -> bool:
        """Whether they were in step within the last hour, and nothing came or went since."""
        if self._known is None:
            return False
        then, looked_at = self._known
        passed = pool.clock.now() - looked_at
        return timedelta() <= passed < LOOK_COUNTS and self.moment(pool) == then

    def moment(self, pool: Pool) -> _Moment | None:
        """How they stand now; None where that cannot tell of what comes next."""
        with translated_faults(self._root, "look at the folders"):
            folders = tuple(folder_stamp(self._root, folder) for folder in FOLDERS)
        settled = SystemClock().now().timestamp() * 1e9 - SETTLED_NS
        ledger = pool.ledger.files_stamp()
        if ledger is None or any(one and one.changed_ns > settled for one in folders):
            return None
        return _Moment(folders, ledger)

    def note(self, before: _Moment | None, at: datetime, stand: Stand) -> None:
        """Remember a look that found nothing odd, by how they stood before it."""
        self._known = (before, at) if before is not None and stand == Stand() else None


class RoundFiles:
    """The files of the pool in one round."""

    def __init__(
        self,
        pool: Pool,
        report: RoundReport,
        deletes: RoundDeletes,
        watch: Watch,
        in_step: FilesInStep | None,
    ) -> None:
        self._pool, self._report, self._deletes, self._watch = pool, report, deletes, watch
        self._in_step = in_step
        self._stand: Stand | None = None

    @property
    def are_looked_at(self) -> bool:
        """Whether ledger and files are in step by a look of this round."""
        return self._stand is not None

    def begin(self) -> None:
        """Look at them, unless they are known to stand as they stood."""
        known = self._in_step if not self._pool.replicas else None  # copies have a say
        if known is None or not known.stand_still(self._pool):
            self.look()

    def look(self) -> Stand:
        """How they stand to the ledger; looked at once a round, and told."""
        if self._stand is None:
            before = self._in_step.moment(self._pool) if self._in_step else None
            at = self._pool.clock.now()
            stand = CatchUp(self._pool, self._watch).play()
            if self._in_step:
                self._in_step.note(before, at, stand)
            self._stand = stand
            tell_of_stand(self._report, self._pool, stand)
            if stand.older:
                self._deletes.may_ask = 0
        return self._stand

    def hold_up(self, scale: str) -> bool:
        """Whether a raw file that nobody can place may hold what is collected of that scale."""
        return self.look().holds_up(scale)
