"""Results as files: CSV as the original wrote it, Parquet, and SPSS and Stata with labels.

CSV and Parquet flow in batches; SPSS and Stata take a whole scale into memory, as their writer
does.  What stands in a cell is never changed: what is no number where one belongs is empty in the
three formats that have numbers, and counted.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq

from mtdata.core.disk import FolderDisk
from mtdata.toolbox.database import PoolDatabase, identifier
from mtdata.toolbox.verdict import number

FORMATS = ("csv", "sav", "dta", "parquet")


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


def coded_column(
    name: str,
    cell: str,
    label: str = "",
    values: Mapping[str, str] | None = None,
    no_answer: Sequence[str] = (),
) -> ResultColumn:
    """A column of text that holds numbers, with the labels of its codes."""
    labels = {float(code): words for code, words in (values or {}).items() if _is_number(code)}
    missing = tuple(float(code) for code in no_answer if _is_number(code))
    labels = dict.fromkeys(missing, "prefer not to answer") | labels
    return ResultColumn(name, cell, number(cell), label, labels, missing, is_number=True)


def _is_number(code: str) -> bool:
    try:
        float(code)
    except ValueError:
        return False
    return True


def pieces(database: PoolDatabase, layout: ResultTable, ending: str) -> Iterator[bytes]:
    """The file in that format, in pieces."""
    if ending == "csv":
        yield from _csv(database, layout)
        return
    with TemporaryDirectory(prefix="mtdata-toolbox-") as folder:
        file = Path(folder) / f"result.{ending}"
        if ending == "parquet":
            _write_parquet(database, layout, file)
        else:
            from mtdata.toolbox.labelled import write_labelled  # with its libraries

            table = database.batches(layout.select(as_text=False)).read_all()
            write_labelled(file, layout.columns, table)
        yield from FolderDisk(file.parent).stream(file.name)


def _csv(database: PoolDatabase, layout: ResultTable) -> Iterator[bytes]:
    """Lines as the sheets of a pool have them: excel dialect, UTF-8."""
    yield csv_bytes([[column.name for column in layout.columns]])
    for batch in database.batches(layout.select(as_text=True), rows=10_000):
        yield csv_bytes(zip(*(column.to_pylist() for column in batch.columns), strict=True))


def csv_bytes(rows: Iterator[Sequence[object]] | Sequence[Sequence[object]]) -> bytes:
    """Rows of cells as CSV; None is an empty cell."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _write_parquet(database: PoolDatabase, layout: ResultTable, file: Path) -> None:
    with database.batches(layout.select(as_text=False)) as batches:
        schema = _labelled_schema(batches.schema, layout.columns)
        with pq.ParquetWriter(file, schema, compression="zstd") as writer:
            for batch in batches:
                writer.write_batch(pa.record_batch(batch.columns, schema=schema))


def _labelled_schema(schema: pa.Schema, columns: Sequence[ResultColumn]) -> pa.Schema:
    """With the label of a column, and those of its codes, beside its type."""
    fields = []
    for cell, column in zip(schema, columns, strict=True):
        told = {"label": column.label} if column.label else {}
        told |= {f"value {code:g}": words for code, words in column.values.items()}
        fields.append(cell.with_metadata(told) if told else cell)
    return pa.schema(fields)
