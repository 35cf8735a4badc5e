"""The list of what was erased: a file of the pool, and one beside the program's own state.

One line an erasure, only ever added to.  A ledger can be made again and a pool be put back as it
was: each of the lists, and the ledger, gets what only another of them has.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from mtdata.core.pool_files import ERASED
from mtdata.core.ports import Disk
from mtdata.study.model.tombstone import Erasure, Tombstone

log = logging.getLogger(__name__)
_ODD = (ValueError, TypeError, KeyError, AttributeError)


class ErasedList(NamedTuple):
    """One of the files; `path` is relative to its disk."""

    disk: Disk
    path: str = ERASED

    def erasures(self) -> dict[str, Erasure]:
        """Every erasure by its sign; a line that cannot be read is told and passed over."""
        return {one.sign: one for one, _ in self._lines() if one is not None}

    def add(self, erasures: Iterable[Erasure]) -> None:
        """Write down, durably, what is not there yet; what was torn at the end is written over."""
        known = self.erasures()
        fresh = [one for one in erasures if one.sign not in known]
        if fresh:
            text = "".join(f"{json.dumps(_as_json(one))}\n" for one in fresh)
            end = max((end for one, end in self._lines() if one is not None), default=0)
            self.disk.write(self.path, end, text.encode())

    def _lines(self) -> Iterator[tuple[Erasure | None, int]]:
        """What each whole line says, None where nobody can read it, and where it ends."""
        size, end = self.disk.size(self.path), 0
        content = b"" if size is None else self.disk.read(self.path, 0, size)
        for line in content.splitlines(keepends=True):
            end += len(line)
            if line.endswith(b"\n"):
                yield self._read(line), end

    def _read(self, line: bytes) -> Erasure | None:
        try:
            return _erasure(json.loads(line))
        except _ODD:
            log.warning("%s: a line cannot be read; another copy may have it", self.path)
            return None


def state_list(disk: Disk, site: str) -> ErasedList:
    """The list of a site in the state folder."""
    return ErasedList(disk, f"erased-{site}.jsonl")


def _erasure(line: Any) -> Erasure:
    rows = tuple(
        Tombstone(str(scale), int(number), bytes.fromhex(mark), bytes.fromhex(row))
        for scale, number, mark, row in line["rows"]
    )
    key, raw = bytes.fromhex(line["key"]), line["raw"] is True
    return Erasure(str(line["erasure"]), str(line["at"]), key, raw, rows)


def _as_json(one: Erasure) -> dict[str, Any]:
    rows = [[t.scale, t.id, t.mark.hex(), t.line.hex()] for t in one.tombstones]
    return {
        "erasure": one.sign,
        "at": one.erased_at,
        "key": one.key.hex(),
        "raw": one.raw,
        "rows": rows,
    }
