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
from mtdata.study.files.identity import address_of
from mtdata.study.model.tombstone import Erasure, Tombstone

log = logging.getLogger(__name__)
_ODD = (ValueError, TypeError, KeyError, AttributeError)


class ErasedList(NamedTuple):
    """One of the files; `path` is relative to its disk.

    `server`: whose entries they are, where lines of another study may stand there as well.
    """

    disk: Disk
    path: str = ERASED
    server: str = ""

    def erasures(self) -> dict[str, Erasure]:
        """Every erasure by its sign; a line that cannot be read is told and passed over."""
        lines = (line for line, _ in self._lines() if line is not None)
        return {one.sign: one for server, one in lines if server == self.server}

    def add(self, erasures: Iterable[Erasure]) -> None:
        """Write down, durably, what is not there yet; what was torn at the end is written over."""
        wanted = list(erasures)
        known = self.erasures() if wanted else {}
        fresh = [one for one in wanted if one.sign not in known]
        if fresh:
            whose = {"server": self.server} if self.server else {}
            text = "".join(f"{json.dumps(_as_json(one) | whose)}\n" for one in fresh)
            end = max((end for line, end in self._lines() if line is not None), default=0)
            self.disk.write(self.path, end, text.encode())

    def _lines(self) -> Iterator[tuple[tuple[str, Erasure] | None, int]]:
        """Server and erasure of each whole line, None where nobody can read it, and its end."""
        size, end = self.disk.size(self.path), 0
        content = b"" if size is None else self.disk.read(self.path, 0, size)
        for line in content.splitlines(keepends=True):
            end += len(line)
            if line.endswith(b"\n"):
                yield self._read(line), end

    def _read(self, line: bytes) -> tuple[str, Erasure] | None:
        try:
            shown = json.loads(line)
            return str(shown.get("server", "")), _erasure(shown)
        except _ODD:
            log.warning("%s: a line cannot be read; another copy may have it", self.path)
            return None


def state_list(disk: Disk, site: str, server: str) -> ErasedList:
    """The list of a site in the state folder.

    A row of a table is known by its id alone: of another study it would be somebody else's.
    """
    return ErasedList(disk, f"erased-{site}.jsonl", address_of(server))


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
