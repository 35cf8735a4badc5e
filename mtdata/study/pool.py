"""A pool with what works on it, and one scale of it in one round; nothing happens here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from mtdata.core.ports import Clock, Disk
from mtdata.study.files.archive import FolderArchive
from mtdata.study.files.sheets import CsvSheets
from mtdata.study.ledger import Ledger
from mtdata.study.ledger.evidence import Evidence
from mtdata.study.model.receipt import Placed, Rows, Sheet, StepNotice, StepNoticeKind, Verified
from mtdata.study.model.scale import Scale
from mtdata.study.ports import Cipher, Replica


@dataclass(frozen=True, slots=True)
class Pool:
    """One site's data and what works on it."""

    disk: Disk
    archive: FolderArchive
    sheets: CsvSheets
    ledger: Ledger
    cipher: Cipher
    clock: Clock
    replicas: tuple[Replica, ...] = ()
    evidence: Evidence = field(init=False)

    def __post_init__(self) -> None:
        """Let what is found changed in a day's file be entered, and logged, as it is found."""
        evidence = Evidence(self.ledger.incidents, self.clock.now)
        object.__setattr__(self, "evidence", evidence)
        self.archive.day_files.enter = self.sheets.day_files.enter = evidence.enter_aloud

    def day(self, at: datetime, back: int = 0) -> str:
        """The site's day at that moment, or so many days before it, ISO."""
        return (self.clock.local(at).date() - timedelta(days=back)).isoformat()


@dataclass(frozen=True, slots=True)
class ScaleRun:
    """One scale in one round, which began `at` that moment; `drift_holds` by the site's config."""

    scale: Scale
    pool: Pool
    at: datetime
    drift_holds: bool = False

    @property
    def holds_drift(self) -> bool:
        """Whether entries with other fields than the scale is known by wait for a person."""
        return self.drift_holds and self.scale.deleteable

    @property
    def day(self) -> str:
        """The site's day of this round, ISO."""
        return self.pool.day(self.at)

    def damage(self, kind: StepNoticeKind, detail: str) -> StepNotice:
        """Enter evidence of damage now, before anything else is done, and give what is told of it.

        StorageError when the ledger cannot take it: then nothing goes on.
        """
        self.pool.evidence.enter(kind.value, self.scale.name, detail)
        return StepNotice(kind, detail)


class SheetInHand(Protocol):
    """A sheet that is appended to, replaced as a whole, or whose lines the ledger names."""

    def add_rows(self, rows: Rows) -> Sheet:
        """Put rows into it, durably; reading back and commit are next."""
        ...

    def read_back(self, sheet: Sheet) -> Iterator[bool]:
        """Whether each line stands there now, in their order."""
        ...

    def explain(self, differing: int) -> tuple[StepNotice, ...]:
        """What it means that so many lines, at least one, stand there no more.

        DamageError for lines just written; for those of an earlier round, evidence is entered.
        """
        ...

    def copied(self, lines: Sequence[Placed]) -> frozenset[int]:
        """The seq of each entry of these lines whose raw bytes every replica confirms."""
        ...

    def accept(self, verified: Verified) -> None:
        """Commit what was read back."""
        ...
