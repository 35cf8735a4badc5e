"""Every digest and every row against the ledger; what can be mended is mended from raw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from mtdata.adapters.archive import CLOSING
from mtdata.adapters.grown import examine
from mtdata.course import Course, Pool
from mtdata.domain.mark import FileMark, Finding
from mtdata.domain.row import cells_digest
from mtdata.domain.scale import Scale
from mtdata.errors import StorageError
from mtdata.settling import settle_waiting

AT_REST = (Finding.SOUND, Finding.UNBORN)
"""A file that was begun, and whose first bytes never got there, has nothing to lose."""


@dataclass(slots=True)
class Findings:
    """What a scrub read, what was wrong, and what was mended."""

    raw_files: int = 0
    ranges: int = 0
    entries: int = 0
    sheets: int = 0
    rows: int = 0
    wrong: list[str] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)

    @property
    def exit(self) -> int:
        """74 when anything was wrong, mended or not."""
        return 74 if self.wrong else 0

    def shown(self) -> dict[str, Any]:
        """The form that `--json` prints."""
        return {"exit": self.exit} | {name: getattr(self, name) for name in self.__slots__}


class Scrub:
    """One pass over a pool."""

    def __init__(
        self,
        pool: Pool,
        watch: Callable[[str], None] = lambda _: None,
        *,
        holds_drift: bool = False,
    ) -> None:
        self._holds_drift = holds_drift
        self._pool = pool
        self._watch = watch
        self.found = Findings()

    def play(self) -> Findings:
        """Read everything; raw first, because sheets are mended from it."""
        self._pool.archive.recover()
        self._pool.sheets.recover()
        files = self._pool.ledger.files
        marks = files.in_state("live") + files.in_state("aside")
        for mark in marks:
            if mark.kind == "raw":
                self._raw(mark)
        self._entries()
        for mark in marks:
            if mark.kind == "sheet":
                self._sheet(mark)
        self._make_rows_again()
        files.put_down()
        return self.found

    # raw ----------------------------------------------------------------------------------------

    def _raw(self, mark: FileMark) -> None:
        self._watch(mark.path)
        self.found.raw_files += 1
        if examine(self._pool.disk, mark, CLOSING) in AT_REST and not self._ranges(mark):
            return
        if mark in self._pool.ledger.files.in_state("live"):
            self._pool.ledger.files.set_state(mark.number, "aside")
            self._wrong("raw_changed", mark, "is not as it was left; a new part takes what comes")
        if self._ranges(mark):
            self._pool.ledger.snapshots.distrust(mark.number)

    def _ranges(self, mark: FileMark) -> int:
        """How many appends of the file have other bytes than were committed."""
        wrong = 0
        for start, length, digest in self._pool.ledger.files.ranges(mark.number):
            self.found.ranges += 1
            try:
                content = self._pool.disk.read(mark.path, start, length)
            except StorageError:
                content = b""
            wrong += sha256(content).digest() != digest
        return wrong

    def _entries(self) -> None:
        lost: dict[str, list[int]] = {}
        for claim in self._pool.ledger.entries.every():
            self.found.entries += 1
            try:
                [body] = self._pool.archive.matched([claim.span], [claim.digest])
            except StorageError:
                body = None
            if body is None:
                lost.setdefault(self._pool.ledger.files.by_number(claim.span.file).path, []).append(
                    claim.seq
                )
        for path, seqs in lost.items():
            self._pool.ledger.entries.lose_raw(seqs)
            self.found.wrong.append(
                f"{path}: the raw bytes of {len(seqs)} entries are damaged; they are not deleted "
                "on the site, and the next round fetches them again while the site has them"
            )

    # sheets ---------------------------------------------------------------------------------------

    def _sheet(self, mark: FileMark) -> None:
        self._watch(mark.path)
        self.found.sheets += 1
        rows = self._rows_differing(mark)
        sound = self._look(mark) in AT_REST and not rows
        if sound and mark in self._pool.ledger.files.in_state("live"):
            return
        told = f"rows that differ: {', '.join(rows[:10])}" if rows else "its rows are as they were"
        self._wrong("sheet_changed", mark, f"was changed or set aside; {told}")
        self._replace(mark)

    def _look(self, mark: FileMark) -> Finding:
        try:
            return examine(self._pool.disk, mark, b"")
        except StorageError:
            return Finding.CHANGED

    def _rows_differing(self, mark: FileMark) -> list[str]:
        wrong = []
        for claim in self._pool.ledger.entries.lines(mark.number):
            self.found.rows += 1
            [cells] = self._pool.sheets.lenient([claim.line] if claim.line else [])
            sound = (
                len(cells) == len(mark.columns) and cells_digest(mark.columns, cells) == claim.cells
            )
            if not sound:
                wrong.append(f"id {claim.id}")
        return wrong

    def _replace(self, mark: FileMark) -> None:
        """Let the rows be made again in a new part; the file that somebody changed stays there."""
        self._pool.ledger.files.set_state(mark.number, "replaced")
        lost = self._pool.ledger.entries.lose_lines(mark.number)
        self._pool.ledger.snapshots.unbind(mark.number)
        self.found.mended.append(
            f"{mark.path}: {lost or 'all'} rows made again from raw in a new part"
        )

    def _make_rows_again(self) -> None:
        pool = self._pool
        settle_waiting(pool, self._course, lambda course: None)
        for told in self.found.mended:
            pool.ledger.diary.raise_incident("mended", "", told, pool.clock.now())

    def _course(self, scale: Scale) -> Course:
        holds = self._holds_drift and scale.deleteable
        return Course(scale, self._pool, self._pool.clock.now(), holds_drift=holds)

    def _wrong(self, kind: str, mark: FileMark, told: str) -> None:
        self.found.wrong.append(f"{mark.path}: {told}")
        diary, now = self._pool.ledger.diary, self._pool.clock.now()
        diary.raise_incident(kind, mark.scale, f"{mark.path}: {told}", now)
        if kind == "sheet_changed":
            diary.close_as_mended(kind, mark.scale, now)
