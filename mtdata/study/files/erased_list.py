"""The list of what was erased: a file of the pool, and one beside the program's own state.

One line an erasure, only ever added to.  A ledger can be made again and a pool be put back as it
was: each of the lists, and the ledger, gets what only another of them has.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
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
        found: dict[str, Erasure] = {}
        for place, line in enumerate(self._lines()[0], 1):
            try:
                one = _erasure(json.loads(line))
            except _ODD:
                log.error("%s: line %d cannot be read; another copy may have it", self.path, place)
                continue
            found[one.sign] = one
        return found

    def add(self, erasures: Iterable[Erasure]) -> None:
        """Write down, durably, what is not there yet; a line that was torn is written over."""
        known = self.erasures()
        fresh = [one for one in erasures if one.sign not in known]
        if fresh:
            text = "".join(f"{json.dumps(_as_json(one))}\n" for one in fresh)
            self.disk.write(self.path, self._lines()[1], text.encode())

    def _lines(self) -> tuple[list[bytes], int]:
        """The whole lines, and where the last of them ends."""
        size = self.disk.size(self.path)
        content = b"" if size is None else self.disk.read(self.path, 0, size)
        end = content.rfind(b"\n") + 1
        return content[:end].splitlines(), end


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
