"""A pool with what works on it, and one scale's way through a round; nothing happens here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from mtdata.core.ports import Clock, Disk
from mtdata.study.files.archive import FolderArchive
from mtdata.study.files.sheets import CsvSheets
from mtdata.study.ledger import Ledger
from mtdata.study.ledger.evidence import Evidence
from mtdata.study.model.receipt import Placed, Rows, Sheet, Verified
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
        """Let the shelves enter what they find changed as it is found."""
        evidence = Evidence(self.ledger.incidents, self.clock.now)
        object.__setattr__(self, "evidence", evidence)
        self.archive.shelf.enter = self.sheets.shelf.enter = evidence.enter


@dataclass(slots=True)
class Tally:
    """What a round did to one scale; `held` and `owed` tell how it stands afterwards."""

    received: int = 0
    fresh: int = 0
    appended: int = 0
    held: int = 0
    deleted: int = 0
    owed: int = 0


@dataclass(slots=True)
class ScaleRun:
    """One scale's way through one round."""

    scale: Scale
    pool: Pool
    at: datetime
    holds_drift: bool = False
    tally: Tally = field(default_factory=Tally)
    keys: Counter[str] = field(default_factory=Counter)
    unopened: int = 0
    newly_held: int = 0
    told: dict[str, str] = field(default_factory=dict)  # incidents of this round, by kind

    def damaged(self, kind: str, detail: str) -> None:
        """Enter evidence of damage now, before anything else is done, and tell of it at the end."""
        self.pool.evidence.enter(kind, self.scale.name, detail)
        self.told[kind] = detail

    @property
    def day(self) -> str:
        """The site's day of this round, ISO."""
        return self.pool.clock.local(self.at).date().isoformat()


class SheetInHand(Protocol):
    """A sheet that lines are put into: grown, replaced as a whole, or recalled to be proven."""

    may_differ: bool  # a recalled sheet may have been changed since; one just written may not

    def place(self, rows: Rows) -> Sheet: ...

    def read_back(self, sheet: Sheet) -> Iterator[bool]: ...  # whether each line stands there

    def copied(self, lines: Sequence[Placed]) -> frozenset[int]: ...

    def accept(self, verified: Verified) -> None: ...
