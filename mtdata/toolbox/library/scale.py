"""One scale of a pool as tables: all its rows, those of some days, or one sheet; it only reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from mtdata.core.errors import DamageError
from mtdata.study.operations.pool_moment import PoolMoment
from mtdata.study.operations.reading import PoolSheet, newest_alone
from mtdata.toolbox.codebook import Codebook
from mtdata.toolbox.library.facts import held_table, receipt_table
from mtdata.toolbox.library.lazy_table import FactTable, LazyTable
from mtdata.toolbox.library.needs import needed

if TYPE_CHECKING:
    import pyarrow as pa


class RowsReader(LazyTable):
    """The rows of some sheets of one scale, as they stood when their pool was opened.

    `codebook` says what their columns are, None where there is none.
    """

    def __init__(
        self, name: str, moment: PoolMoment, codebook: Codebook | None, sheets: Sequence[PoolSheet]
    ) -> None:
        """`sheets` are those of which the rows are."""
        self.name, self.codebook = name, codebook
        self._moment, self._sheets = moment, tuple(sheets)

    @property
    def days(self) -> tuple[str, ...]:
        """The days that have a sheet, ISO."""
        return tuple(dict.fromkeys(sheet.day for sheet in self._sheets))

    def arrow(self, *, typed: bool = True, no_answer: bool = True) -> pa.Table:
        """An Arrow table, an entry a row in the order of days: `day`, then the columns by name.

        A column that some sheets lack is null in their rows.  One of the site's own that is called
        `day` or `server` is `day_2` or `server_2`.  SnapshotOver (75) where a sheet was replaced
        since the pool was opened; SheetChanged (74) where somebody else changed one.
        """
        needed("pyarrow")
        table = self._text()
        if not typed:
            return table
        if self.codebook is not None:
            needed("duckdb")
        from mtdata.toolbox.library import typed as types

        return types.typed(table, self.name, self.codebook, no_answer=no_answer)

    def _text(self) -> pa.Table:
        from mtdata.toolbox.library.union import one_table
        from mtdata.toolbox.sheets import tables

        try:
            return one_table(tables(self._moment.site, self._sheets, lambda sheet: None))
        except DamageError:
            self._moment.refuse_over(self.name)
            raise


class ScaleReader(RowsReader):
    """A scale, with what the pool knows of it."""

    def __repr__(self) -> str:
        """What it is, without a cell."""
        counted = "" if self.rows is None else f", {self.rows} rows in all"
        return f"<scale {self.name}: {len(self.days)} days{counted}>"

    @property
    def rows(self) -> int | None:
        """How many entries have a row, on all days; None where nobody has counted them."""
        return self._moment.stand(self.name).rows

    @property
    def waiting(self) -> int:
        """How many entries get their row in the next round."""
        return self._moment.stand(self.name).waiting

    @property
    def stays(self) -> bool:
        """Whether it is kept as whole tables, of which the newest holds all there was."""
        return self._moment.stand(self.name).stays

    @property
    def sheets(self) -> tuple[SheetReader, ...]:
        """Each of these sheets by itself, in the order of days."""
        return tuple(
            SheetReader(self.name, self._moment, self.codebook, [one]) for one in self._sheets
        )

    @property
    def history(self) -> ScaleReader:
        """Every snapshot of a scale that stays, not the newest alone; of any other all its rows."""
        return self._of(self._moment.by_scale.get(self.name, []))

    def between(self, first: str | date, last: str | date | None = None) -> ScaleReader:
        """The rows of these days alone, both included; without `last` of all from the first on.

        A day is a date or its ISO form.
        """
        begin, end = str(first)[:10], "9999" if last is None else str(last)[:10]
        return self._of([sheet for sheet in self._sheets if begin <= sheet.day <= end])

    def held(self) -> FactTable:
        """Entries of it that are held: their raw bytes are safe, and they have no row."""
        return held_table(self._moment, self.name)

    def receipts(self) -> FactTable:
        """Every entry of it with the places of its bytes and its row, and when it was kept."""
        return receipt_table(self._moment, self.name)

    def receipt(self, id: int) -> dict[str, Any]:
        """All that can be shown of the entries of one id now, as `mtdata receipt` does.

        UnknownEntry for an id that never came.
        """
        return self._moment.receipt(self.name, id)

    def _of(self, sheets: Sequence[PoolSheet]) -> ScaleReader:
        return ScaleReader(self.name, self._moment, self.codebook, sheets)


class SheetReader(RowsReader):
    """One sheet of a scale."""

    def __repr__(self) -> str:
        """Which it is, without a cell."""
        part = "" if self.part == 1 else f", part {self.part}"
        return f"<sheet of {self.name}, {self.day}{part}>"

    @property
    def day(self) -> str:
        """Its day, ISO."""
        return self._sheets[0].day

    @property
    def part(self) -> int:
        """Which of the day's sheets it is, from 1 on."""
        return self._sheets[0].part

    @property
    def path(self) -> str:
        """Where it lies."""
        return str(self._sheets[0].path)


def current_rows(moment: PoolMoment, scale: str, codebook: Codebook | None) -> ScaleReader:
    """A scale of a pool; of one that stays the newest snapshot.  UsageError for none."""
    name = moment.stand(scale).name
    sheets = newest_alone(moment.by_scale.get(name, []))
    return ScaleReader(name, moment, codebook, sheets)
