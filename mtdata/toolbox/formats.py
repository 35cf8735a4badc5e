"""Results as files: CSV as the original wrote it, Parquet, and SPSS and Stata with labels.

CSV and Parquet flow in batches; SPSS and Stata take a whole scale into memory, as their writer
does.  What stands in a cell is never changed: what is no number where one belongs is empty in the
three formats that have numbers, and counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from mtdata.core.disk import FolderDisk
from mtdata.toolbox.codebook import Variable
from mtdata.toolbox.codebook.labels import missing_codes
from mtdata.toolbox.database import PoolDatabase, identifier
from mtdata.toolbox.table_files import csv_pieces, parquet_pieces
from mtdata.toolbox.verdict import number

BATCH = 20_000
"""Rows that are written at a time."""


@dataclass(frozen=True)
class ResultColumn:
    """One column of a result: `text` and `value` are SQL for its cells, as text and as they are."""

    name: str
    text: str
    value: str
    label: str = ""
    values: Mapping[float, str] = field(default_factory=dict)
    """Labels of codes, those of `no_answer` among them."""
    no_answer: tuple[float, ...] = ()
    is_number: bool = False


@dataclass(frozen=True)
class ResultTable:
    """A result that is not yet made: its columns, and as SQL where they stand and their order."""

    columns: tuple[ResultColumn, ...]
    source: str
    order: str

    def select(self, *, as_text: bool) -> str:
        """The statement that makes it."""
        cells = [
            f"{column.text if as_text else column.value} AS {identifier(column.name)}"
            for column in self.columns
        ]
        return f"SELECT {', '.join(cells)} FROM {self.source} ORDER BY {self.order}"

    def lost(self, database: PoolDatabase) -> int:
        """How many cells are no numbers though their column has numbers."""
        tests = [
            f"count({column.text}) - count({column.value})"
            for column in self.columns
            if column.is_number
        ]
        if not tests:
            return 0
        return int(database.rows(f"SELECT {' + '.join(tests)} FROM {self.source}")[0][0])


def text_column(name: str, cell: str, label: str = "") -> ResultColumn:
    """A column of text."""
    return ResultColumn(name, cell, cell, label)


def number_text(value: str) -> str:
    """A DOUBLE as text, whole numbers without `.0`; SQL."""
    whole = f"{value} = trunc({value}) AND abs({value}) < 1e15"
    return (
        f"CASE WHEN {whole} THEN CAST(CAST({value} AS BIGINT) AS VARCHAR)"
        f" ELSE CAST({value} AS VARCHAR) END"
    )


def labelled_column(
    name: str, cell: str, variable: Variable | None, behind: str = ""
) -> ResultColumn:
    """A column of text with the labels of its variable; `behind` follows the wording."""
    if variable is None:
        return text_column(name, cell)
    label = f"{variable.wording}{behind}" if variable.wording else ""
    if not variable.is_numeric:
        return text_column(name, cell, label)
    missing = tuple(float(code) for code in missing_codes(variable))
    return ResultColumn(name, cell, number(cell), label, variable.codes, missing, is_number=True)


def pieces(database: PoolDatabase, table: ResultTable, ending: str) -> Iterator[bytes]:
    """The file in that format, in pieces."""
    if ending in ("csv", "parquet"):
        batches = database.batches(table.select(as_text=ending == "csv"), rows=BATCH)
        if ending == "csv":
            yield from csv_pieces(batches.schema, batches)
        else:
            schema = _labelled_schema(batches.schema, table.columns)
            labelled = (pa.record_batch(batch.columns, schema=schema) for batch in batches)
            yield from parquet_pieces(schema, labelled)
        return
    from mtdata.toolbox.labelled import write_labelled  # with its libraries

    with TemporaryDirectory(prefix="mtdata-toolbox-") as folder:
        file = Path(folder) / f"result.{ending}"
        rows = database.batches(table.select(as_text=False)).read_all()
        write_labelled(file, table.columns, rows)
        yield from FolderDisk(file.parent).stream(file.name)


def _labelled_schema(schema: pa.Schema, columns: Sequence[ResultColumn]) -> pa.Schema:
    """With the label of a column, and those of its codes, beside its type."""
    fields = []
    for cell, column in zip(schema, columns, strict=True):
        told = {"label": column.label} if column.label else {}
        told |= {f"value {code:g}": words for code, words in column.values.items()}
        fields.append(cell.with_metadata(told) if told else cell)
    return pa.schema(fields)
