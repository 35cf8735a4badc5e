"""What was erased and stands in a file again, because somebody put an older one there: cut out.

It looks only where a file is not as the ledger left it, or is unknown to it, and takes out nothing
but what its tombstones know.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from mtdata.core.errors import PackageError
from mtdata.core.pool_files import RAW
from mtdata.study.files.cuts import Cut, Cuts, UnsafeCut, entry_cuts
from mtdata.study.files.rawfile import RawEntry, raw_entries
from mtdata.study.files.rows_found import SheetLines
from mtdata.study.model.mark import FileMark
from mtdata.study.model.row import cells_digest
from mtdata.study.model.tombstone import TombstoneIndex
from mtdata.study.pool import Pool

log = logging.getLogger(__name__)
AGAIN = "{} was put back with {} entries that were erased; they were cut out again"


def cut_again(pool: Pool, path: str, scale: str) -> int:
    """Cut what was erased out of a raw file or a sheet of that scale; how many entries it was.

    None where that is not safe: then they stay in that file, and no row is made of them.
    """
    is_raw = path.startswith(f"{RAW}/")
    erased = pool.ledger.erased.tombstones_of(scale, of_raw=is_raw)
    if not erased or pool.disk.size(path) is None:
        return 0
    places: list[int] = []
    try:
        cuts = Cuts((_raw if is_raw else _sheet)(pool, path, erased, places))
    except UnsafeCut as error:
        log.error("entries that were erased stand there again: %s", error)
        return 0
    if cuts:
        publish_without(pool, path, cuts)
        log.warning("%s", AGAIN.format(path, len(places)))
    return len(places)


def publish_without(pool: Pool, path: str, cuts: Cuts) -> None:
    """Put what is left of a file in its place, in one move."""
    pool.disk.publish(pool.disk.stage(path, cuts.remaining(pool.disk, path)), path)


def _raw(pool: Pool, path: str, erased: TombstoneIndex, places: list[int]) -> Iterator[Cut]:
    def judged() -> Iterator[tuple[RawEntry, bool]]:
        for one in followed(pool, path):
            goes = bool(erased.entry(one.entry.id, one.entry.digest))
            if goes:
                places.append(one.start)
            yield one, goes

    return entry_cuts(pool.disk, path, judged())


def _sheet(pool: Pool, path: str, erased: TombstoneIndex, places: list[int]) -> Iterator[Cut]:
    rows = SheetLines(pool.disk, path)
    for row in rows.rows():
        if erased.is_row(row.id, cells_digest(rows.columns, row.cells)):
            places.append(row.start)
            yield Cut(row.start, row.start + row.length)


def followed(pool: Pool, path: str) -> Iterator[RawEntry]:
    """The entries of a raw file, as far as it can be followed."""
    try:
        yield from raw_entries(pool.disk.stream(path))
    except PackageError:
        return


def has_columns(pool: Pool, mark: FileMark, columns: set[str]) -> bool:
    """Whether a sheet has these columns; the row for which it is wider may have been erased."""
    if mark.columns == tuple(sorted(columns)):
        return True
    return columns < set(mark.columns) and bool(pool.ledger.erased.tombstones_of(mark.scale))
