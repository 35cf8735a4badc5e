"""Looks into the pool whenever the site is asked for a delete: is the entry whole there, by then?

Reads with csv and as bytes, never by the ledger.  What came later does not make it good.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from tests.crash.story import Cells, Story


class Witness:
    """Tells of deletes of one site that are asked for without proof in one pool."""

    def __init__(self, pool: Path, story: Story) -> None:
        self._pool = pool
        self._entries = {(one.scale, one.id): one for one in story.entries}
        self._rows: dict[tuple[object, ...], list[Cells]] = {}

    def faults(self, scale: str, number: int) -> Iterator[str]:
        """What is missing of the entry at this moment."""
        entry = self._entries.get((scale, number))
        if entry is None or entry.cells is None:
            yield f"a delete of {scale} {number}, which must never go out"
            return
        if not any(entry.body in content for content in raw_files(self._pool, scale).values()):
            yield f"a delete of {entry} went out before its bytes were in a raw file"
        if entry.cells not in self._rows_now(scale):
            yield f"a delete of {entry} went out before its row was in a sheet"

    def _rows_now(self, scale: str) -> list[Cells]:
        stats = (path.stat() for path in (self._pool / "active_data").glob(f"{scale}_*.csv"))
        state = (scale, *sorted((s.st_ino, s.st_size, s.st_mtime_ns) for s in stats))
        if state not in self._rows:
            self._rows = {state: rows_of(self._pool, scale)}
        return self._rows[state]


def raw_files(pool: Path, scale: str) -> dict[str, bytes]:
    """The raw files of a scale by name."""
    return {p.name: p.read_bytes() for p in sorted((pool / "raw_data").glob(f"{scale}_*.json"))}


def rows_of(pool: Path, scale: str) -> list[Cells]:
    """The rows of all sheets of a scale: the cells that are not empty, by column."""
    rows = []
    for path in sorted((pool / "active_data").glob(f"{scale}_*.csv")):
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            for row in csv.DictReader(file):
                rows.append({k: v for k, v in row.items() if v})
    return rows
