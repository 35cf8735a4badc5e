"""One scale as it goes into a dataset: its cells as text, and typed; it writes no file.

A column is typed where every one of its cells is a number that reads back the same; nothing is lost
by it.  Identifiers of participants can be replaced by pseudonyms on the way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pyarrow as pa

from mtdata.toolbox.database import PoolDatabase, identifier
from mtdata.toolbox.pseudonym import pseudonym
from mtdata.toolbox.rows import OWN, fold

_PARTICIPANT = re.compile(r"participant(_?id|_?rsa)?(_\d+)?")
_PERSON = re.compile(r"id(_\d+)?")
"""In the scale of people: a sheet with `id` and `ID` has the second one as `ID_2`."""
_WHOLE = "0|-?[1-9][0-9]{0,17}"
_NUMBER = r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?"
_SQL_TYPES = {"integer": "BIGINT", "number": "DOUBLE"}


class FrozenColumn(NamedTuple):
    """A column of a dataset; `kind` is string, integer or number.

    `is_pseudonym`: its cells are replaced by pseudonyms.
    """

    name: str
    kind: str
    is_pseudonym: bool = False


class FrozenScale:
    """A scale that is loaded into a database, ready to be written."""

    def __init__(
        self,
        database: PoolDatabase,
        scale: str,
        key: bytes | None = None,
        *,
        every_snapshot: bool = False,
    ) -> None:
        """`key` makes pseudonyms; None leaves participants as they are."""
        self._database, self._key = database, key
        self._table = database.table(scale, every_snapshot=every_snapshot)
        self.scale, self.name = scale, database.pools.table_names[scale]
        self.columns, self.rows = self._examined()

    def _examined(self) -> tuple[list[FrozenColumn], int]:
        described = self._database.rows(f"DESCRIBE {self._table}")
        names = [str(name) for name, *_ in described]
        tests = ", ".join(
            f"count({column}), count(*) FILTER (regexp_full_match({column}, '{_WHOLE}')), "
            f"count(*) FILTER (regexp_full_match({column}, '{_NUMBER}'))"
            for column in map(identifier, names)
        )
        [(rows, *counts)] = self._database.rows(f"SELECT count(*), {tests} FROM {self._table}")
        cells = zip(counts[::3], counts[1::3], counts[2::3], strict=True)
        columns = [self._column(name, *count) for name, count in zip(names, cells, strict=True)]
        return columns, rows

    def _column(self, name: str, filled: int, whole: int, numbers: int) -> FrozenColumn:
        if self._key is not None and is_identifier(self.scale, name):
            return FrozenColumn(name, "string", is_pseudonym=True)
        if name in OWN or not filled or numbers < filled:
            return FrozenColumn(name, "string")
        return FrozenColumn(name, "integer" if whole == filled else "number")

    def batches(self, *, typed: bool) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        """All rows in the order of days, and what their columns are."""
        cells = ", ".join(self._cell(column, typed=typed) for column in self.columns)
        reader = self._database.batches(f"SELECT {cells} FROM {self._table}")
        return reader.schema, (self._pseudonymous(batch) for batch in reader)

    def _cell(self, column: FrozenColumn, *, typed: bool) -> str:
        cell, kind = identifier(column.name), _SQL_TYPES.get(column.kind)
        return f"CAST({cell} AS {kind}) AS {cell}" if typed and kind else cell

    def _pseudonymous(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if self._key is None:
            return batch
        return pa.record_batch(
            [
                _replaced(cells, self._key) if column.is_pseudonym else cells
                for column, cells in zip(self.columns, batch.columns, strict=True)
            ],
            schema=batch.schema,
        )

    def drop(self) -> None:
        """Free its memory."""
        self._database.drop(self.scale)


def is_identifier(scale: str, column: str) -> bool:
    """Whether the cells of a column are identifiers of participants."""
    name = fold(column).strip()
    if fold(scale) == "participant" and _PERSON.fullmatch(name):
        return True
    return bool(_PARTICIPANT.fullmatch(name))


def _replaced(cells: pa.Array, key: bytes) -> pa.Array:
    """Pseudonyms in the place of participants; each participant is hashed once a batch."""
    coded = cells.dictionary_encode()
    participants: Sequence[str] = coded.dictionary.to_pylist()
    others = pa.array([pseudonym(key, one) for one in participants], pa.string())
    return pa.DictionaryArray.from_arrays(coded.indices, others).cast(pa.string())
