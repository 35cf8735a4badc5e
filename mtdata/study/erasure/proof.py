"""Before a file takes its place: every entry and row that stays is where it will be looked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import islice

from mtdata.core.csv_lines import csv_cells
from mtdata.core.errors import DamageError, EntryError
from mtdata.core.ports import Disk
from mtdata.study.erasure.plan import FileCuts
from mtdata.study.files.archive import runs
from mtdata.study.ledger import LedgerEntry
from mtdata.study.model.package import BATCH_ENTRIES
from mtdata.study.model.receipt import Span
from mtdata.study.model.row import is_row
from mtdata.study.pool import Pool

LOST = "{}: an entry that is to stay is not in the file that was written; nothing was replaced"


def prove(pool: Pool, file: FileCuts, staged: str, going: set[int]) -> None:
    """DamageError unless all that the ledger has in the file, but `going`, stands in `staged`."""
    mark = pool.ledger.files.by_number(file.number)
    is_sheet = mark.kind == "sheet"
    for claims in _pages(pool, file.number, is_sheet=is_sheet):
        stay = [claim for claim in claims if claim.seq not in going]
        spans = [
            _moved(file, claim.line if is_sheet and claim.line else claim.span) for claim in stay
        ]
        bodies = _bodies(pool.disk, staged, spans)
        for claim, body in zip(stay, bodies, strict=True):
            if not (_is_line(mark.columns, claim, body) if is_sheet else _is_entry(claim, body)):
                raise DamageError(LOST.format(file.path))


def _pages(pool: Pool, number: int, *, is_sheet: bool) -> Iterator[list[LedgerEntry]]:
    if not is_sheet:
        yield from pool.ledger.entries.in_raw(number)
        return
    claims = pool.ledger.entries.lines(number)
    while page := list(islice(claims, BATCH_ENTRIES)):
        yield page


def _moved(file: FileCuts, span: Span) -> Span:
    return span._replace(start=file.stretches.moved(span.start))


def _bodies(disk: Disk, path: str, spans: Sequence[Span]) -> Iterator[bytes]:
    for block in runs(spans):
        start = block[0].start
        content = disk.read(path, start, block[-1].start + block[-1].length - start)
        for _, place, length in block:
            yield content[place - start : place - start + length]


def _is_entry(claim: LedgerEntry, body: bytes) -> bool:
    return sha256(body).digest() == claim.digest


def _is_line(columns: tuple[str, ...], claim: LedgerEntry, body: bytes) -> bool:
    try:
        return claim.cells is None or is_row(columns, csv_cells(body), claim.cells)
    except EntryError:
        return False
