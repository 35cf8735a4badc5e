"""What verify reads beside the files of a pool: how the ledger stands to them, and every copy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mtdata.core.errors import ReplicaError
from mtdata.study.integrity.catch_up import CatchUp, Stand
from mtdata.study.integrity.placing import not_taken_up
from mtdata.study.ledger.evidence import log_incident
from mtdata.study.model.copy import Range
from mtdata.study.pool import Pool
from mtdata.study.ports import Replica
from mtdata.study.replicas.copying import read_copy

Paced = Callable[[int], None]
"""Told the number of bytes just read; it may take its time (a rate limit)."""


@dataclass(slots=True)
class Findings:
    """What one pass read, what was wrong, and what was mended."""

    raw_files: int = 0
    ranges: int = 0
    entries: int = 0
    sheets: int = 0
    rows: int = 0
    copies: int = 0
    unread: int = 0  # files left for the next time, because the time was over
    wrong: list[str] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)
    history: list[str] = field(default_factory=list)  # where the ledger's events were changed

    @property
    def exit(self) -> int:
        """74 when anything was wrong, mended or not."""
        return 74 if self.wrong or self.history else 0

    def as_json(self) -> dict[str, Any]:
        """The form that `--json` prints."""
        return {"exit": self.exit} | {name: getattr(self, name) for name in self.__slots__}


def step_up(pool: Pool, found: Findings) -> Stand:
    """Bring the ledger into step with the files, and say where it was not."""
    stand, incidents, now = CatchUp(pool).play(), pool.ledger.incidents, pool.clock.now()
    told = [("ledger_behind", "", stand.behind)] if stand.behind else []
    told += [(fault.incident, scale, str(fault)) for scale, fault in stand.faults]
    for kind, scale, words in told:
        incidents.raise_incident(kind, scale, words, now)
        log_incident(kind, scale, words)
        found.wrong.append(words)
    found.wrong += stand.odd
    found.mended += stand.cut_again
    return stand


def tell_of_strangers(pool: Pool, found: Findings) -> None:
    """Raw files with entries that no ledger knows: nothing passes because nobody looked at it."""
    told = " ".join(found.wrong)
    found.wrong += [words for path, words in not_taken_up(pool).items() if path not in told]


def read_copies(pool: Pool, found: Findings, paced: Paced, is_over: Callable[[], bool]) -> None:
    """Every copy, longest unread first; one that is gone or changed is put again."""
    pool.ledger.copies.enlist([replica.address for replica in pool.replicas])
    begun = pool.clock.now()
    for replica in pool.replicas:
        try:
            replica.meet(first=not pool.ledger.copies.has_any(replica.address))
            for one in pool.ledger.copies.unread(replica.address, begun, pool.clock.now):
                if is_over():
                    found.unread += 1
                    break
                _read_copy(pool, replica, one, found)
                paced(one.length)
        except ReplicaError as error:
            found.wrong.append(str(error))


def _read_copy(pool: Pool, replica: Replica, one: Range, found: Findings) -> None:
    content = read_copy(replica, one)
    found.copies += 1
    if content is not None:
        pool.ledger.copies.note_read(replica.address, [one], pool.clock.now())
        return
    pool.ledger.copies.forget(replica.address, [one])
    told = f"{replica.address}: the copy of {one.path} from byte {one.start} is gone or changed"
    found.wrong.append(f"{told}; the next round puts it again, nothing of it is deleted")
