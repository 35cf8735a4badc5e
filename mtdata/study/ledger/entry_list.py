"""All entries as rows, for who reads a pool whole: those of one scale, and those that are held."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mtdata.study.ledger.classified import NO_ID
from mtdata.study.ledger.schema import LedgerPart
from mtdata.study.model.states import HELD, ROWED

PAGE = 1024
_SAFE_AT = (
    "(SELECT r.kept_at FROM ranges r WHERE r.file = e.file AND r.start <= e.start"
    " ORDER BY r.start DESC LIMIT 1) AS kept_at"
)


class HeldRow(NamedTuple):
    """An entry that is held, and why; `id` None where it has none.  Moments are ISO."""

    scale: str
    id: int | None
    kind: str
    reason: str | None
    kept_at: str | None


class EntryRow(NamedTuple):
    """What the ledger says of one entry; `file` and `sheet` are numbers of files."""

    seq: int
    id: int | None
    digest: bytes
    state: int
    held: str | None
    reason: str | None
    file: int
    start: int
    length: int
    kept_at: str | None
    sheet: int | None
    line_start: int | None
    line_length: int | None
    asked_at: str | None
    gone_at: str | None


class EntryList(LedgerPart):
    """Questions of who takes every entry there is."""

    def newest(self) -> int:
        """The seq of the entry that came last; 0 where none did."""
        return self._number("SELECT coalesce(max(seq), 0) FROM entries")

    def held(self) -> list[HeldRow]:
        """Every entry that is held, by scale and in the order in which they came."""
        rows = self._db.all(
            f"SELECT e.scale, e.id, e.held, e.reason, {_SAFE_AT} FROM entries e"
            f" INDEXED BY entries_waiting WHERE e.state < {ROWED} AND e.state = {HELD}"
            " ORDER BY e.scale, e.seq"
        )
        return [HeldRow(scale, _id_of(number), *more) for scale, number, *more in rows]

    def of_scale(self, scale: str, newest: int) -> Iterator[list[EntryRow]]:
        """Every entry of a scale up to that seq, by id, in pages."""
        after: tuple[int, bytes] = (NO_ID - 1, b"")
        page = (
            "SELECT e.seq, e.id, e.digest, e.state, e.held, e.reason, e.file, e.start, e.length,"
            f" {_SAFE_AT}, e.sheet, e.line_start, e.line_length, e.asked_at, e.gone_at"
            " FROM entries e WHERE e.scale = ? AND (e.id, e.digest) > (?, ?) AND e.seq <= ?"
            f" ORDER BY e.id, e.digest LIMIT {PAGE}"
        )
        while rows := self._db.all(page, scale, *after, newest):
            yield [EntryRow(seq, _id_of(number), *more) for seq, number, *more in rows]
            after = rows[-1][1], rows[-1][2]

    def file_paths(self, scale: str) -> dict[int, str]:
        """The path of each file that the ledger ever knew of a scale, by number."""
        return dict(self._db.all("SELECT number, path FROM files WHERE scale = ?", scale))


def _id_of(number: int) -> int | None:
    return None if number == NO_ID else number
