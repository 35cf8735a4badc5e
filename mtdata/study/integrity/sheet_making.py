"""Sheets made from raw by the ledger: what is sealed of the next is opened while one is written.

A year is thousands of small sheets.  Made one by one each would wait for its own few values, and
but one core would open them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, groupby, islice, repeat
from typing import Any, NamedTuple

from mtdata.core.csv_lines import csv_line, csv_lines
from mtdata.core.errors import DamageError, MTDataError, PackageError, StorageError
from mtdata.study.files.recovered import RecoveredSheet
from mtdata.study.ledger import Snapshot
from mtdata.study.ledger.places import PlacesOfEntries
from mtdata.study.model.decoded import Decoded
from mtdata.study.model.mark import FileMark
from mtdata.study.model.package import read_all_fields
from mtdata.study.model.receipt import NOWHERE, Backup, Kept, Rows
from mtdata.study.model.row import Opened, columns_named, spread, undigested_row_of
from mtdata.study.model.row_layout import Envelope, enveloped, lines_at_once, rows_of
from mtdata.study.model.scale import Scale
from mtdata.study.pool import Pool
from mtdata.study.snapshots import stored_entries

TOGETHER, TOGETHER_BYTES = 256, 1 << 20
"""Values, and bytes of sheets, that are opened together: fewer values keep no worker busy.

Far fewer values than it takes to say of a key that it opened one by chance, which is told of the
values of one sheet.
"""


class LostBytes(StorageError):
    """A sheet whose raw bytes are not there any more, or cannot be read; others may be whole."""


@contextmanager
def _no_other_lost() -> Iterator[None]:
    try:
        yield
    except (DamageError, PackageError) as error:
        raise LostBytes(str(error)) from error


@dataclass(eq=False, slots=True)
class WantedSheet:
    """A sheet of the ledger, and what is told of it; one that is there `still` is not made."""

    mark: FileMark
    decoded: Decoded
    snapshot: Snapshot | None  # that it was made of, for a scale that must stay
    source: str = ""
    still: RecoveredSheet | None = None
    columns: tuple[str, ...] = field(default=(), init=False)


class _SheetStep(NamedTuple):
    """A batch of a sheet on its way to be opened, or what ends the sheet."""

    sheet: WantedSheet
    envelope: Envelope | None = None
    error: MTDataError | None = None


class _SheetSteps(NamedTuple):
    """Steps of one sheet or several that are opened together, each with its number of values."""

    steps: list[tuple[_SheetStep, int]]

    def opened(self, answer: Opened) -> Iterator[tuple[_SheetStep, Opened]]:
        """Each step with its own values."""
        start = 0
        for step, count in self.steps:
            own = slice(start, start := start + count)
            yield step, Opened(answer.texts[own], answer.keys[own])


def _together(
    steps: Iterable[tuple[_SheetStep, list[Any]]],
) -> Iterator[tuple[_SheetSteps, list[Any]]]:
    """Steps of small sheets in one; a task for each would cost the pipes more than it opens."""
    group, texts, size = _SheetSteps([]), list[Any](), 0
    for step, own in steps:
        size += step.sheet.mark.length
        if group.steps and (len(texts) + len(own) > TOGETHER or size > TOGETHER_BYTES):
            yield group, texts
            group, texts, size = _SheetSteps([]), [], step.sheet.mark.length
        group.steps.append((step, len(own)))
        texts += own
    if group.steps:
        yield group, texts


class SheetMaking:
    """Makes sheets of one pool, in the order in which they are wanted."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def each(self, wanted: Iterable[WantedSheet]) -> Iterator[tuple[WantedSheet, Iterator[bytes]]]:
        """Each sheet with its content, which ends with the next sheet; none where it is there.

        What hinders a sheet is raised by its content: LostBytes, or another StorageError.
        """
        steps = chain.from_iterable(map(self._steps, wanted))
        answers = self._pool.cipher.unseal_each(_together(steps))
        opened = chain.from_iterable(group.opened(answer) for group, answer in answers)
        for sheet, own in groupby(opened, _sheet_of):
            yield sheet, self._content(sheet, own)

    def _steps(self, sheet: WantedSheet) -> Iterator[tuple[_SheetStep, list[Any]]]:
        """The batches of a sheet with what is sealed in them, read ahead; at least one step."""
        is_empty = True
        try:
            backups = () if sheet.still else self._backups(sheet)
            for envelope, texts in map(enveloped, backups):
                is_empty = False
                yield _SheetStep(sheet, envelope), texts
        except MTDataError as error:  # it is raised where its sheet is written, not before
            yield _SheetStep(sheet, error=error), []
            return
        if is_empty:
            yield _SheetStep(sheet), []

    def _backups(self, sheet: WantedSheet) -> Iterable[Backup]:
        mark = sheet.mark
        scale = Scale(mark.scale, 0, mark.mode == "grow")
        if sheet.snapshot is not None:
            sheet.columns = sheet.snapshot.columns
            sheet.decoded.left_out += sheet.snapshot.malformed
            return self._of_table(sheet.snapshot, scale)
        found = set(mark.columns)  # a row for which it was made wider may stand elsewhere
        pages = self._by_ledger(mark, scale)
        first = list(islice(pages, 2))
        for backup in chain(first, pages):
            for names in {tuple(entry.values) for entry in backup.entries}:
                found.update(columns_named(names, mark.form))
        sheet.columns = tuple(sorted(found))
        return first if len(first) < 2 else self._by_ledger(mark, scale)

    def _of_table(self, snapshot: Snapshot, scale: Scale) -> Iterator[Backup]:
        with _no_other_lost():
            yield from stored_entries(self._pool, scale, snapshot)

    def _by_ledger(self, mark: FileMark, scale: Scale) -> Iterator[Backup]:
        for page in self._pool.ledger.entries.entries_in_sheet(mark.number):
            for part in page.in_memory():
                yield Backup(scale, tuple(self._read_kept(part)))

    def _read_kept(self, page: PlacesOfEntries) -> Iterator[Kept]:
        seqs, ids, digests, places = page
        with _no_other_lost():
            bodies = self._pool.archive.matched(places, digests)
        sound = [body for body in bodies if body is not None]
        if len(sound) < len(bodies):
            raise LostBytes(
                f"entry {ids[bodies.index(None)]}: its raw bytes are not those that were backed "
                "up; the sheet cannot be made from them. `mtdata verify` says which and what to do"
            )
        values = [one or {} for one in read_all_fields(sound)]
        return map(Kept, seqs, ids, digests, repeat(NOWHERE), values)

    def _content(
        self, sheet: WantedSheet, opened: Iterable[tuple[_SheetStep, Opened]]
    ) -> Iterator[bytes]:
        header = csv_line(sheet.columns)
        for step, answer in opened:
            if step.error is not None:
                raise step.error
            yield header + self._lines(sheet, step.envelope, answer)
            header = b""

    def _lines(self, sheet: WantedSheet, envelope: Envelope | None, answer: Opened) -> bytes:
        if envelope is None:
            return b""
        form = sheet.mark.form
        lines = lines_at_once(envelope, answer, sheet.columns, form)
        if lines is not None:
            sheet.decoded.rows += len(envelope.places)
            return lines
        row_digest = self._pool.ledger.entries.row_of
        rows = rows_of(envelope, answer, row_digest, form, lay_out=undigested_row_of)
        return b"".join(counted_lines(rows, sheet.columns, sheet.decoded))


def counted_lines(rows: Rows, columns: tuple[str, ...], decoded: Decoded) -> Sequence[bytes]:
    """The lines of a batch, counted; entries that can be no row are counted as left out."""
    decoded.rows += len(rows.rows)
    decoded.left_out += len(rows.held)
    return csv_lines(spread(row.columns, row.cells, columns) for row in rows.rows)


def _sheet_of(opened: tuple[_SheetStep, Opened]) -> WantedSheet:
    return opened[0].sheet
