"""Lines found in a sheet, each held against the raw entry it was made of; it writes no sheet.

How a ledger learns of sheets that it did not see being written.  A line counts as the row of an
entry when the row that raw gives says the same; one that cannot be opened without its key is bound
but not proven, and nothing rests on it until it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from mtdata.core.csv_lines import csv_cells, csv_line
from mtdata.core.errors import EntryError
from mtdata.study.files.sheet_lines import row_spans
from mtdata.study.ledger import LedgerEntry
from mtdata.study.model import states
from mtdata.study.model.bounds import in_memory
from mtdata.study.model.likeness import all_alike
from mtdata.study.model.mark import FORMS, FileMark
from mtdata.study.model.package import BATCH_ENTRIES, read_entry
from mtdata.study.model.receipt import Backup, HeldBack, Row, Span
from mtdata.study.model.row import SEALED, cells_digest, cells_of, spread
from mtdata.study.model.row_layout import enveloped, rows_of
from mtdata.study.model.scale import Scale
from mtdata.study.pool import Pool

ROW_BYTES = 4 << 20
RowForms = dict[int, Row] | HeldBack
"""What raw gives for an entry: its row in each form that it has, or why there is none."""


class SheetLine(NamedTuple):
    """A line of a sheet; `id` None and no cells for one that cannot be read as a row."""

    id: int | None
    span: Span
    content: bytes
    cells: list[str]

    def __repr__(self) -> str:
        return f"Line({self.span})"


@dataclass(slots=True)
class Matched:
    """What became of the lines of one sheet."""

    proven: int = 0
    unproven: int = 0
    strange: int = 0  # no raw entry says the same, or it has its line already
    forms: list[int] = field(default_factory=lambda: [*FORMS])  # in which each line is exact
    columns: set[str] = field(default_factory=set)  # of the entries whose rows these are

    @property
    def exact(self) -> bool:
        """Whether each line is, byte for byte, what this program makes of raw in one form."""
        return bool(self.forms)


class Matching:
    """The lines of one sheet on their way into the ledger."""

    def __init__(self, pool: Pool, mark: FileMark) -> None:
        self._pool, self._mark = pool, mark
        self.matched = Matched()

    def play(self) -> Matched:
        """Bind every line to its entry; may be done again, bound entries stay as they are."""
        for lines in self._lines():
            self._pool.ledger.adopted.bind(self._bindings(lines))
        return self.matched

    def would_fit(self, known: int) -> bool:
        """Whether the lines behind so many `known` ones are what this program makes of raw.

        Byte for byte, each of an entry that waits for a line; none is bound.  False without any.
        """
        count = sum(len(self._bindings(lines)) for lines in self._lines(known))
        return count > 0 and self.matched.exact

    def _lines(self, known: int = 0) -> Iterator[list[SheetLine]]:
        places = islice(row_spans(self._pool.disk, self._mark.path), known, None)
        while page := list(islice(places, BATCH_ENTRIES)):
            for part in in_memory([length for _, length in page]):
                yield [self._line(*place) for place in page[part]]

    def _line(self, start: int, length: int) -> SheetLine:
        span = Span(self._mark.number, start, length)
        content = self._pool.disk.read(self._mark.path, start, min(length, ROW_BYTES))
        try:
            cells = csv_cells(content)
        except EntryError:
            cells = []
        if len(cells) != len(self._mark.columns):
            return SheetLine(None, span, content, [])
        text = dict(zip(self._mark.columns, cells, strict=True)).get("id", "")
        is_id = text.isascii() and text.isdecimal() and len(text) < 20
        return SheetLine(int(text) if is_id else None, span, content, cells)

    def _bindings(self, lines: list[SheetLine]) -> list[tuple[int, Span, bytes | None]]:
        ids = [line.id for line in lines if line.id is not None]
        candidates = self._pool.ledger.adopted.unbound(self._mark.scale, ids, self._mark.number)
        made = self._rows_of([claim for claims in candidates.values() for claim in claims])
        found: list[tuple[int, Span, bytes | None]] = []
        for line in lines:
            claims = candidates.get(-1 if line.id is None else line.id, [])
            claim = self._claim_of(line, claims, made)
            if claim is None:
                self.matched.strange += 1
                self.matched.forms = []
                continue
            claims.remove(claim)
            found.append((claim.seq, line.span, self._digest(line, made[claim.seq])))
        return found

    def _rows_of(self, claims: Sequence[LedgerEntry]) -> dict[int, RowForms]:
        """What raw gives for each entry, by seq: a row in each form, or why there is none."""
        bodies = self._pool.archive.claimed(claims)
        kept = tuple(c.kept_entry(read_entry(b).values or {}) for c, b in bodies if b is not None)
        backup = Backup(Scale(self._mark.scale, 0, True), kept)
        held: dict[int, HeldBack] = {}
        made: dict[int, dict[int, Row]] = {}
        for envelope, answer in self._pool.cipher.unseal_each([enveloped(backup)]):
            for form in FORMS:
                rows = rows_of(envelope, answer, form=form)
                held.update((one.entry.seq, one) for one in rows.held)
                for row in rows.rows:
                    made.setdefault(row.entry.seq, {})[form] = row
        return {**held, **made}

    def _claim_of(
        self, line: SheetLine, claims: list[LedgerEntry], made: dict[int, RowForms]
    ) -> LedgerEntry | None:
        """The entry whose row the line is: one that is opened before one that is not."""
        known = [claim for claim in claims if claim.seq in made]
        for claim in sorted(known, key=lambda c: isinstance(made[c.seq], HeldBack)):
            if self._says_the_same(line, made[claim.seq]):
                return claim
        return None

    def _says_the_same(self, line: SheetLine, made: RowForms) -> bool:
        if isinstance(made, HeldBack):
            return made.kind == states.SEALED and any(
                self._shows(line, made, form) for form in FORMS
            )
        spreads = (self._spread(row.columns, row.cells) for row in made.values())
        return any(wanted is not None and all_alike(wanted, line.cells) for wanted in spreads)

    def _shows(self, line: SheetLine, held: HeldBack, form: int) -> bool:
        """Whether all but the sealed cells agree; a line with cipher text in it is nobody's row."""
        try:
            sealed = self._spread(*cells_of(held.entry.values, form))
        except EntryError:
            return False
        if sealed is None:
            return False
        for column, stands, cipher_text in zip(self._mark.columns, line.cells, sealed, strict=True):
            hidden = column.endswith(SEALED) and cipher_text != ""
            if hidden == all_alike([cipher_text], [stands]):
                return False
        return True

    def _spread(self, columns: tuple[str, ...], cells: list[str]) -> list[str] | None:
        """The cells in the sheet's places; None when the sheet lacks one that is not empty."""
        here = set(self._mark.columns)
        if any(cell for column, cell in zip(columns, cells, strict=True) if column not in here):
            return None
        return spread(columns, cells, self._mark.columns)

    def _digest(self, line: SheetLine, made: RowForms) -> bytes | None:
        if isinstance(made, HeldBack):
            self.matched.columns.update(made.entry.values)
            self.matched.unproven += 1
            return None
        self.matched.columns.update(next(iter(made.values())).columns)
        self.matched.proven += 1
        here = self._mark.columns
        own = {form: csv_line(spread(r.columns, r.cells, here)) for form, r in made.items()}
        self.matched.forms = [f for f in self.matched.forms if own.get(f) == line.content]
        return cells_digest(self._mark.columns, line.cells)
