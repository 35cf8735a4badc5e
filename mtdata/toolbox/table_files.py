"""Rows as CSV, JSON and Parquet, piece by piece as their batches come; it opens no file.

CSV is as the sheets of a pool have it: excel dialect, UTF-8, an empty cell for NULL.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from math import isfinite
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mtdata.core.border import Border
from mtdata.core.csv_lines import csv_line
from mtdata.core.errors import UsageError

DOUBLE_DIGITS = 15
"""A number of no more digits comes back from a DOUBLE as it was."""
_WRITABLE = (
    pa.types.is_null,
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_string,
    pa.types.is_date,
    pa.types.is_time,
    pa.types.is_timestamp,
)
_PLAIN = Border(UsageError, "a value of the answer is out of range: CAST it AS VARCHAR")
_NEEDS_QUOTES = '[",\r\n]'


def csv_pieces(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    """A line with the names of the columns, then one for each row."""
    yield csv_line(schema.names)
    for batch in batches:
        if batch.num_rows and batch.num_columns:
            yield _csv_rows(batch)


def _csv_rows(batch: pa.RecordBatch) -> bytes:
    lines = [_csv_cells(column) for column in batch.columns]
    if len(lines) == 1:  # an empty line would be no row
        alone = pc.fill_null(lines[0], "")
        lines = [pc.if_else(pc.equal(alone, ""), '""', alone)]
    joined = pc.binary_join_element_wise(*lines, ",", null_handling="replace", null_replacement="")
    return ("\r\n".join(joined.to_pylist()) + "\r\n").encode()


def _csv_cells(column: pa.Array) -> pa.Array:
    text = as_text(column)
    odd = pc.match_substring_regex(text, _NEEDS_QUOTES)
    if not pc.any(odd).as_py():
        return text
    doubled = pc.replace_substring(text, '"', '""')
    return pc.if_else(odd, pc.binary_join_element_wise('"', doubled, '"', ""), text)


def as_text(column: pa.Array) -> pa.Array:
    """The cells as text; lists and the like as compact JSON, as in a sheet."""
    kind = column.type
    if pa.types.is_string(kind):
        return column
    if pa.types.is_nested(kind):
        with _PLAIN:
            values = column.to_pylist()
        return pa.array([None if one is None else json_line(one) for one in values], pa.string())
    return pc.cast(column, pa.string())


def check_writable(schema: pa.Schema) -> None:
    """UsageError where a column is of a sort that no file of ours has."""
    for field in schema:
        if not _is_writable(field.type):
            raise UsageError(
                f"the column {ascii(field.name)[:80]} is of a sort that no file has "
                f"({field.type}): CAST(… AS VARCHAR) makes a text of it"
            )


def _is_writable(kind: pa.DataType) -> bool:
    if pa.types.is_nested(kind) and not pa.types.is_union(kind):
        inner = [kind.field(place).type for place in range(kind.num_fields)]
        return all(map(_is_writable, inner))
    if pa.types.is_dictionary(kind):
        return _is_writable(kind.value_type)
    return any(is_of_sort(kind) for is_of_sort in _WRITABLE)


def plain_rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """Rows of values that JSON has, but for decimals; days and times are text."""
    columns = [
        as_text(column) if pa.types.is_temporal(column.type) else column for column in batch.columns
    ]
    with _PLAIN:
        rows: list[dict[str, Any]] = pa.record_batch(columns, batch.schema.names).to_pylist()
    return rows


def json_pieces(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    """One array with an object for each row, each on a line of its own."""
    before = "[\n"
    for batch in batches:
        if batch.num_rows:
            lines = ",\n".join(map(json_line, plain_rows(batch)))
            yield f"{before}{lines}".encode()
            before = ",\n"
    yield b"[]\n" if before == "[\n" else b"\n]\n"


def json_line(value: object) -> str:
    """A value as compact JSON; what JSON does not have is text, and a number without end null."""
    try:
        return json.dumps(
            value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_in_json
        )
    except ValueError:
        return json_line(_finite(value))


def _finite(value: Any) -> Any:
    """The value with null for the numbers that JSON does not have."""
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _in_json(value: object) -> int | float | str:
    """A number where JSON has it as it is, else text."""
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    if isinstance(value, Decimal) and len(value.as_tuple().digits) <= DOUBLE_DIGITS:
        return float(value)
    return str(value)


def parquet_pieces(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    """A row group for each batch, zstd."""
    file = _Catcher()
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
            yield from file.drained()
    yield from file.drained()


class _Catcher(io.RawIOBase):
    """A file for a library that writes into one; what it wrote is taken from here."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._length = 0

    def writable(self) -> bool:
        """It can be written to, in the words of `io`."""
        return True

    def write(self, piece: Any) -> int:
        """Keep a piece until it is taken."""
        self._pieces.append(bytes(piece))
        self._length += len(self._pieces[-1])
        return len(self._pieces[-1])

    def tell(self) -> int:
        """How much was ever written."""
        return self._length

    def drained(self) -> list[bytes]:
        """What was written since."""
        pieces, self._pieces = self._pieces, []
        return pieces


FORMATS = {"csv": csv_pieces, "json": json_pieces, "parquet": parquet_pieces}
"""How the rows of an answer become a file."""
