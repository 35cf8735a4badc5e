"""What the ledger knows of scales that must stay: whole snapshots instead of entries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from mtdata.core.sqlite import LedgerDatabase, question_marks
from mtdata.study.ledger.events import EventChain, RecordedPart
from mtdata.study.ledger.files import Files
from mtdata.study.model.events import EventKind
from mtdata.study.model.mark import FileMark
from mtdata.study.model.receipt import Span


class Snapshot(NamedTuple):
    """One stored snapshot: where its entries stand in the raw file, and the sheet made of it."""

    number: int
    scale: str
    day: str
    digest: bytes  # of the whole package as sent
    span: Span
    rows: int
    columns: tuple[str, ...]
    highest: int
    malformed: int
    sealed: int | None = None  # entries left out of the sheet, None = no sheet yet
    tried_with: str | None = None
    sheet: int | None = None


def _snapshot(row: tuple[Any, ...]) -> Snapshot:
    columns = tuple(json.loads(row[8] or "[]"))
    return Snapshot._make((*row[:4], Span(*row[4:7]), row[7], columns, *row[9:]))


_ALL = (
    "number, scale, day, digest, file, start, length, count, columns, highest, malformed,"
    " sealed, tried_with, sheet"
)


class Snapshots(RecordedPart):
    """Every snapshot that was stored, in order."""

    def __init__(self, connection: LedgerDatabase, events: EventChain, files: Files) -> None:
        super().__init__(connection, events)
        self._files = files

    def last(self, scale: str, day: str = "") -> Snapshot | None:
        """The newest snapshot of a scale, or of a scale and day."""
        row = self._db.row(
            f"SELECT {_ALL} FROM snapshots WHERE scale = ? AND ? IN ('', day)"
            " ORDER BY number DESC LIMIT 1",
            scale,
            day,
        )
        return None if row is None else _snapshot(row)

    def of_sheet(self, sheet: int) -> Snapshot | None:
        """The snapshot that a sheet was made of."""
        row = self._db.row(f"SELECT {_ALL} FROM snapshots WHERE sheet = ?", sheet)
        return None if row is None else _snapshot(row)

    def sheets(self) -> set[int]:
        """The numbers of the sheets that were made of a snapshot."""
        return {n for (n,) in self._db.all("SELECT sheet FROM snapshots WHERE sheet IS NOT NULL")}

    def numbered(self, number: int) -> list[Snapshot]:
        """The snapshot with that number, if there is one."""
        rows = self._db.all(f"SELECT {_ALL} FROM snapshots WHERE number = ?", number)
        return [_snapshot(row) for row in rows]

    def unfinished(self, fingerprint: str) -> list[Snapshot]:
        """Newest snapshots without a sheet, or with sealed entries that other keys may open.

        Not those whose raw bytes are damaged.
        """
        rows = self._db.all(
            f"SELECT {_ALL} FROM snapshots WHERE number IN"
            " (SELECT max(number) FROM snapshots GROUP BY scale) AND digest <> x''"
            " AND (sheet IS NULL OR (sealed > 0 AND tried_with <> ?)) ORDER BY scale",
            fingerprint,
        )
        return [_snapshot(row) for row in rows]

    def store(
        self,
        mark: FileMark,
        parts: Sequence[tuple[int, int, bytes]],
        *,
        snapshot: Snapshot,
        key: str,
        kept_at: str,
    ) -> Snapshot:
        """Commit a snapshot whose bytes stand in the raw file; `parts` are its appends."""
        with self._db.commit():
            self._files.save(mark)
            for start, length, digest in parts:
                self._files.add_range(mark.number, start, length, key, digest, kept_at)
            number = self._number("SELECT coalesce(max(number), 0) FROM snapshots") + 1
            made = snapshot._replace(number=number)
            cells = (*made[:4], *made.span, made.rows, json.dumps(made.columns), *made[7:])
            self._db.run(f"INSERT INTO snapshots VALUES ({question_marks(cells)})", *cells)
            self._events.enter(
                EventKind.TABLE_KEPT,
                scale=made.scale,
                table=number,
                file=mark.path,
                start=made.span.start,
                length=made.span.length,
                sha256=made.digest.hex(),
            )
        return made

    def bind(self, snapshot: Snapshot, sheet: int, sealed: int, fingerprint: str) -> None:
        """Commit which sheet shows the snapshot and how many entries it had to leave out."""
        with self._db.commit():
            bound = "UPDATE snapshots SET sheet = ?, sealed = ?, tried_with = ? WHERE number = ?"
            self._db.run(bound, sheet, sealed, fingerprint, snapshot.number)
            path = self._files.path_of(sheet)
            self._events.enter(EventKind.TABLE_SHOWN, table=snapshot.number, sheet=path)

    def widen(self, snapshot: Snapshot, columns: tuple[str, ...]) -> Snapshot:
        """Commit that the sheet of a snapshot has more columns than its entries."""
        wider = "UPDATE snapshots SET columns = ? WHERE number = ?"
        self._commit(wider, json.dumps(columns), snapshot.number)
        return snapshot._replace(columns=columns)

    def distrust(self, file: int) -> int:
        """Commit that a raw file is damaged: its snapshots are stored anew when they come."""
        return self._commit("UPDATE snapshots SET digest = x'' WHERE file = ?", file)
