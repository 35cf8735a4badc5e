"""Sheets: the day's CSV of a scale, appended to or replaced as a whole; it decides no row."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from functools import partial
from itertools import repeat, zip_longest

from mtdata.core.csv_lines import csv_line, csv_lines
from mtdata.core.errors import DamageError
from mtdata.core.pool_files import SHEETS
from mtdata.core.ports import Disk
from mtdata.study.files.append_file import AppendFile, DayFiles, examine
from mtdata.study.files.archive import stretches
from mtdata.study.files.sheet_lines import parsed_rows, row_spans, rows_in
from mtdata.study.ledger import Ledger
from mtdata.study.model.days import file_name, worded
from mtdata.study.model.mark import FileFinding, FileMark
from mtdata.study.model.receipt import Placed, Row, Rows, Sheet, Span, StepNotice, Verified
from mtdata.study.model.row import is_row, spread
from mtdata.study.model.states import STAGED

log = logging.getLogger(__name__)
GROUP = 1024


class CsvSheets:
    """The sheets of one pool."""

    def __init__(self, disk: Disk, ledger: Ledger, date_format: str) -> None:
        self.disk, self.ledger, self._date_format = disk, ledger, date_format
        self.day_files = DayFiles(disk, ledger.files, "sheet", b"")

    def recover(self) -> None:
        """Mend sheets that a round left unfinished, and end replacements that it had begun."""
        self.end_replacements()
        self.day_files.mend_unfinished()

    def end_replacements(self) -> None:
        """Let a sheet that has its name have its place too, and drop what never got its name."""
        for staged in self.ledger.files.in_state(STAGED):
            live = self.ledger.files.live("sheet", staged.scale, staged.day)
            if examine(self.disk, staged, b"") is FileFinding.SOUND:
                self.disk.confirm(staged.path)  # killed before it could sync the name
                self._adopt(live if live and live.path == staged.path else None, staged)
            else:
                self.ledger.files.forget(staged.number)
        for name in self.disk.names(SHEETS):
            if name.endswith(".staged"):
                self.disk.remove(f"{SHEETS}/{name}")

    def path(self, scale: str, day: str, part: int) -> str:
        """active_data/<Scale>_<DATE>.csv; DATE as the site's config words it."""
        moment = datetime.combine(date.fromisoformat(day), time())
        return f"{SHEETS}/{file_name(scale, worded(moment, self._date_format), part, 'csv')}"

    def growing(self, scale: str, day: str) -> GrowingSheet:
        """The day's sheet of a scale whose rows are appended."""
        return GrowingSheet(self, scale, day)

    def whole(self, scale: str, day: str, columns: tuple[str, ...]) -> WholeSheet:
        """A sheet that takes the day's place as a whole once it is finished."""
        old = self.day_files.sound(scale, day)
        if old is not None and old.mode == "whole":
            return WholeSheet(self, old, old, columns)
        part, path = self.day_files.next_part(scale, day, partial(self.path, scale, day))
        mark = self.ledger.files.fresh_mark("sheet", scale, day, part, path)
        return WholeSheet(self, None, mark._replace(mode="whole"), columns)

    def lines(self, spans: Sequence[Span]) -> Iterator[bytes]:
        """The bytes of each line, in order, b"" where the file is gone."""
        return stretches(self.disk, self.ledger.files, spans)

    def lenient(self, spans: Sequence[Span]) -> Iterator[list[str]]:
        """The cells at each place; none for a line that cannot be read as one row any more."""
        return rows_in(self.lines(spans))

    def widen(self, old: FileMark, columns: tuple[str, ...]) -> AppendFile:
        """Rewrite a sheet with more columns in one atomic replace, and go on with it."""
        wide = WholeSheet(self, old, old._replace(mode="grow"), columns)
        wide.copy(old)
        return AppendFile(self.disk, self.ledger.files.take_up(wide.finish()), b"")

    def publish(self, old: FileMark | None, staged_path: str, new: FileMark) -> FileMark:
        """Intend, rename, adopt: whatever ends this in between, the next run knows where it was."""
        new = self.ledger.files.begin(new._replace(writing=False), STAGED)
        self.disk.publish(staged_path, new.path)
        self._adopt(old, new)
        log.log(logging.DEBUG if old else logging.INFO, "%s is made as a whole", new.path)
        return new

    def _adopt(self, old: FileMark | None, new: FileMark) -> None:
        self.ledger.files.adopt(old, new, row_spans(self.disk, new.path))


class _NewRows:
    """What is true of rows that are just being written, whatever becomes of their sheet."""

    def __init__(self, sheets: CsvSheets) -> None:
        self._sheets = sheets
        self._written = b""

    def explain(self, differing: int) -> tuple[StepNotice, ...]:
        """Raise a DamageError: what was just written must be there."""
        told = "a sheet: read back other bytes than were written; nothing committed"
        raise DamageError(told)

    def copied(self, lines: Sequence[Placed]) -> frozenset[int]:
        """None: a row just written is recalled before it is deleted, and asked about then."""
        return frozenset()


class GrowingSheet(_NewRows):
    """Rows appended to the day's sheet; wider when an entry has a field that it lacks."""

    def __init__(self, sheets: CsvSheets, scale: str, day: str) -> None:
        super().__init__(sheets)
        self._scale, self._day = scale, day
        self._file: AppendFile | None = None

    def add_rows(self, rows: Rows) -> Sheet:
        """Append the rows, durably; reading back and commit are next."""
        file = self._ready(set().union(*{row.columns for row in rows.rows}))
        lines = _lines_of(rows.rows, file.mark.columns)
        header = b"" if file.mark.length else csv_line(file.mark.columns)
        self._written = b"".join(lines)
        start = file.append(header + self._written) + len(header)
        placed = _with_spans(rows.rows, lines, file.mark.number, start)
        return Sheet(rows, file.mark.number, file.mark.columns, placed)

    def _ready(self, wanted: set[str]) -> AppendFile:
        path_of = partial(self._sheets.path, self._scale, self._day)
        file = self._file or self._sheets.day_files.resume(self._scale, self._day, path_of)
        have = set(file.mark.columns)
        if not wanted <= have:
            columns = tuple(sorted(wanted | have))
            if file.mark.length:
                file = self._sheets.widen(file.mark, columns)
            else:
                file.mark = file.mark._replace(columns=columns)
        self._file = file
        return file

    def read_back(self, sheet: Sheet) -> Iterator[bool]:
        """Whether the lines stand there now as they were written, byte for byte."""
        path = "" if self._file is None else self._file.mark.path
        return _stand(self._sheets.disk, path, sheet.lines, self._written)

    def accept(self, verified: Verified) -> None:
        """Commit verified lines with the sheet's new length."""
        if self._file is not None:
            self._sheets.ledger.entries.record_rows(self._file.mark, verified.sheet.lines)


class WholeSheet(_NewRows):
    """A sheet made beside the one that it will replace; what a snapshot shows stays on the site."""

    def __init__(
        self, sheets: CsvSheets, old: FileMark | None, like: FileMark, columns: tuple[str, ...]
    ) -> None:
        super().__init__(sheets)
        self._old, self._like = old, like
        folder, _, name = like.path.rpartition("/")
        self._staged = f"{folder}/.{name}.staged"
        sheets.disk.remove(self._staged)
        fresh = sheets.ledger.files.fresh_mark(
            "sheet", like.scale, like.day, like.part, self._staged
        )
        self._file = AppendFile(sheets.disk, fresh._replace(columns=columns, mode=like.mode), b"")
        self._file.append(csv_line(columns))

    def add_rows(self, rows: Rows) -> Sheet:
        """Add rows to the sheet in the making."""
        mark = self._file.mark
        lines = _lines_of(rows.rows, mark.columns)
        self._written = b"".join(lines)
        start = self._file.append(self._written)
        return Sheet(rows, 0, mark.columns, _with_spans(rows.rows, lines, 0, start))

    def read_back(self, sheet: Sheet) -> Iterator[bool]:
        """Whether the lines stand in the sheet in the making as they were written."""
        return _stand(self._sheets.disk, self._staged, sheet.lines, self._written)

    def accept(self, verified: Verified) -> None:
        """Nothing yet: it is the finished sheet that counts."""

    def copy(self, old: FileMark) -> None:
        """Take over every row of `old`; DamageError when one is not as the ledger knows it."""
        group: list[list[str]] = []
        places = row_spans(self._sheets.disk, old.path)
        claims = self._sheets.ledger.entries.lines(old.number)
        for place, claim in zip_longest(places, claims):
            line = self._sheets.disk.read(old.path, *place) if place else b""
            cells = next(parsed_rows(iter([line])), [])
            if claim is None or not is_row(old.columns, cells, claim.cells):
                raise DamageError(f"{old.path}: a row is not as it was written; see mtdata verify")
            group.append(spread(old.columns, cells, self._file.mark.columns))
            if len(group) == GROUP:
                self._file.append(b"".join(csv_lines(group)))
                group = []
        self._file.append(b"".join(csv_lines(group)))

    def finish(self) -> FileMark:
        """Publish the sheet in the place of the old one.  DamageError where a row is missing."""
        mark = self._file.mark._replace(path=self._like.path)
        staged = mark._replace(path=self._staged)
        if examine(self._sheets.disk, staged, b"") is not FileFinding.SOUND:
            raise DamageError(f"{self._staged}: read back other bytes than were written")
        return self._sheets.publish(self._old, self._staged, mark)


def _stand(disk: Disk, path: str, lines: Sequence[Placed], written: bytes) -> Iterator[bool]:
    """Whether each of these lines, the last that were written, is on the disk as it was."""
    first = lines[0].span.start
    back = disk.read(path, first, len(written))
    if back == written:
        yield from repeat(True, len(lines))
        return
    for _, start, length in (line.span for line in lines):
        place = slice(start - first, start - first + length)
        yield back[place] == written[place]


def _lines_of(rows: Sequence[Row], columns: tuple[str, ...]) -> list[bytes]:
    return csv_lines(spread(row.columns, row.cells, columns) for row in rows)


def _with_spans(
    rows: Sequence[Row], lines: list[bytes], file: int, start: int
) -> tuple[Placed, ...]:
    placed = []
    for row, line in zip(rows, lines, strict=True):
        placed.append(Placed(row.entry, row.digest, Span(file, start, len(line)), row.keys))
        start += len(line)
    return tuple(placed)
