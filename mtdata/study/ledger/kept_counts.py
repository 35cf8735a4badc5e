"""How many entries there are, kept beside them: no look at a pool has to count them all.

What changes entries carries its change over into the counts within the same commit, a batch at a
time.  `verify` counts again and says so where they differ.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from mtdata.core.sqlite import MAX_INTEGER
from mtdata.study.ledger.schema import (
    COUNTED_DAYS,
    COUNTED_SCALES,
    COUNTS_FILLED,
    DAYS_FILLED,
    KEPT_SINCE,
    LedgerPart,
)
from mtdata.study.model.events import Run
from mtdata.study.model.mark import FileMark
from mtdata.study.model.states import HELD, STORED

_COLUMNS = "waiting, held_back, rowed"


class ScaleCounts(NamedTuple):
    """Entries that wait for a row, that are held, and that have a line in a sheet."""

    waiting: int = 0
    held_back: int = 0
    rowed: int = 0


NONE = ScaleCounts()


class _EntriesCounted(NamedTuple):
    """Some entries of one scale, '' where there are none."""

    scale: str
    number: int
    counts: ScaleCounts


class KeptCounts(LedgerPart):
    """The counts of one ledger; in one of an older program, only looked into, all is counted."""

    @property
    def keeps_counts(self) -> bool:
        """Whether this ledger keeps them."""
        return self._db.format >= KEPT_SINCE

    # what is asked ------------------------------------------------------------------------------

    def of_scales(self) -> dict[str, ScaleCounts]:
        """The counts of each scale."""
        kept = f"SELECT scale, {_COLUMNS} FROM counts"
        rows = self._db.all(kept if self.keeps_counts else COUNTED_SCALES)
        return {scale: ScaleCounts(*counts) for scale, *counts in rows}

    def of_days(self, since: str = "") -> dict[tuple[str, str], int]:
        """Entries in raw files by day (ISO), from that day on, and scale; none that is 0."""
        kept = "SELECT day, scale, kept FROM day_counts WHERE day >= ? AND kept <> 0"
        rows = self._db.all(kept if self.keeps_counts else COUNTED_DAYS, since)
        return {(day, scale): number for day, scale, number in rows}

    def totals(self, since: str, scales: str) -> dict[str, int]:
        """The sum of each day (ISO) from that one on, over the scales that this condition names."""
        kept = "SELECT day, scale, kept FROM day_counts WHERE day >= ?"
        days = kept if self.keeps_counts else COUNTED_DAYS
        rows = f"SELECT day, sum(kept) AS kept FROM ({days}) WHERE {scales} GROUP BY day"
        return dict(self._db.all(rows, since))

    # what is entered, within a commit -------------------------------------------------------------

    @contextmanager
    def carried_over(self, runs: Sequence[Run]) -> Iterator[None]:
        """Carry over what is done within to these entries, all of one scale."""
        before = self._counted(runs)
        yield
        self._add(before.scale, self._counted(runs).counts, before.counts)

    @contextmanager
    def taking_in(self, mark: FileMark, first: int) -> Iterator[None]:
        """Count the entries that are entered within, from seq `first` on, of that file.

        Known ones that are moved there stood in another one before: then all days are counted.
        """
        changed = "SELECT total_changes()"
        before = self._number(changed)
        yield
        moved = self._number(changed) - before
        new = self._counted([(first, MAX_INTEGER)])
        self._add(new.scale, new.counts)
        if new.number:
            self._db.run(
                "INSERT INTO day_counts VALUES (?, ?, ?)"
                " ON CONFLICT (day, scale) DO UPDATE SET kept = kept + excluded.kept",
                mark.day,
                mark.scale,
                new.number,
            )
        if moved > new.number:
            self.count_days_again()

    def count_again(self) -> None:
        """Make all of them from the entries: after what changes many, and seldom happens."""
        self._db.run("DELETE FROM counts")
        self._db.run(COUNTS_FILLED)
        self.count_days_again()

    def count_days_again(self) -> None:
        """Make those of the days from the entries."""
        self._db.run("DELETE FROM day_counts")
        self._db.run(DAYS_FILLED)

    def _counted(self, runs: Sequence[Run]) -> _EntriesCounted:
        row = self._db.row(
            "SELECT coalesce(e.scale, '') AS scale, count(*),"
            f" count(*) FILTER (WHERE e.state = {STORED}),"
            f" count(*) FILTER (WHERE e.state = {HELD}), count(e.sheet) FROM json_each(?) r"
            " CROSS JOIN entries e ON e.seq BETWEEN json_extract(r.value, '$[0]')"
            " AND json_extract(r.value, '$[1]')",
            json.dumps(runs),
        )
        scale, number, *counts = row or ("", 0, 0, 0, 0)
        return _EntriesCounted(scale, number, ScaleCounts(*counts))

    def _add(self, scale: str, now: ScaleCounts, before: ScaleCounts = NONE) -> None:
        if now != before:
            more = (n - b for n, b in zip(now, before, strict=True))
            self._db.run(
                "INSERT INTO counts VALUES (?, ?, ?, ?) ON CONFLICT (scale) DO UPDATE SET"
                " waiting = waiting + excluded.waiting, rowed = rowed + excluded.rowed,"
                " held_back = held_back + excluded.held_back",
                scale,
                *more,
            )

    # what verify asks -----------------------------------------------------------------------------

    def differing(self) -> list[str]:
        """Scales whose counts are not those of their entries; all entries are counted for it."""
        kept = self.of_scales()
        counted = {scale: ScaleCounts(*n) for scale, *n in self._db.all(COUNTED_SCALES)}
        found = {s for s in kept | counted if kept.get(s, NONE) != counted.get(s, NONE)}
        days = {(day, s): number for day, s, number in self._db.all(COUNTED_DAYS, "")}
        return sorted(found | {scale for (_, scale), _ in self.of_days().items() ^ days.items()})

    def mend(self) -> None:
        """Commit the counts that the entries give."""
        with self._db.commit():
            self.count_again()
