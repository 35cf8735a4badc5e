"""Rows as CSV, JSON and Parquet, piece by piece as their batches come; it opens no file.

CSV is as the sheets of a pool have it: excel dialect, UTF-8, an empty cell for NULL.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from math import isfinite
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mtdata.core.csv_lines import csv_line

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
    if pa.types.is_nested(kind) or pa.types.is_binary(kind):
        texts = [None if value is None else json_line(value) for value in column.to_pylist()]
        return pa.array(texts, pa.string())
    return pc.cast(column, pa.string())


def json_pieces(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    """One array with an object for each row, each on a line of its own."""
    before = "[\n"
    for batch in batches:
        if batch.num_rows:
            lines = ",\n".join(map(json_line, batch.to_pylist()))
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


def _in_json(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


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
