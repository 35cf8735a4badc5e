"""A person's question in SQL over the scales of pools; it answers, and can change nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from typing import NamedTuple

import duckdb
import pyarrow as pa

from mtdata.core.errors import StorageError, UsageError
from mtdata.toolbox.database import PoolDatabase, opened
from mtdata.toolbox.pools import Pools
from mtdata.toolbox.query_faults import ONE_SELECT, answering, planning
from mtdata.toolbox.rows import fold, unique_names
from mtdata.toolbox.table_files import check_writable


class QueryAnswer(NamedTuple):
    """The rows of an answer in batches, of which scales, and its columns, each name once."""

    scales: tuple[str, ...]
    columns: tuple[str, ...]
    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


@contextmanager
def answered(
    pools: Pools, question: str, *, every_snapshot: bool = False, within_s: float = inf
) -> Iterator[QueryAnswer]:
    """The answer to a question; scales that it names are tables of text.

    Of scales that must stay the newest snapshot is asked, or every one.  UsageError (64) for what
    is no single SELECT, for what the database does not understand, where a cell is not what the
    question takes it for, and where it takes longer than `within_s`.  None quotes a cell.
    """
    with opened(pools) as database:
        database.calls.within(within_s)
        tables = pools.table_names.values()
        with planning(tables):
            _check_single(database, question)
        scales = _named_scales(database, question)
        with answering():
            for scale in scales:
                database.table(scale, every_snapshot=every_snapshot)
            database.shut()
        with planning(tables):
            database.rows(f"EXPLAIN {question}")
        with answering():
            yield _answer(scales, database.batches(question))


def _answer(scales: list[str], reader: pa.RecordBatchReader) -> QueryAnswer:
    check_writable(reader.schema)
    names = unique_names(reader.schema.names, taken=())
    types = [field.type for field in reader.schema]
    schema = pa.schema(list(zip(names, types, strict=True)))
    batches = (pa.record_batch(batch.columns, schema=schema) for batch in reader)
    return QueryAnswer(tuple(scales), tuple(names), schema, batches)


class TableFacts(NamedTuple):
    """A table that may be asked: how many rows of how many sheets it has, and its columns.

    `fault` says why it cannot be, if so.
    """

    table: str
    scale: str
    rows: int = 0
    sheets: int = 0
    columns: tuple[str, ...] = ()
    fault: str = ""


def table_facts(pools: Pools, *, every_snapshot: bool = False) -> Iterator[TableFacts]:
    """Every table that there is, by name; each is read for that, one at a time."""
    for scale, table in pools.table_names.items():
        try:
            yield _facts(pools, scale, table, every_snapshot=every_snapshot)
        except StorageError as error:
            yield TableFacts(table, scale, fault=str(error))


def _facts(pools: Pools, scale: str, table: str, *, every_snapshot: bool) -> TableFacts:
    rows, columns = 0, dict[str, str]()
    for batch in pools.tables(scale, every_snapshot=every_snapshot):
        rows += batch.num_rows
        for name in batch.column_names:
            columns.setdefault(fold(name), name)
    return TableFacts(table, scale, rows, len(pools.read[scale]), tuple(columns.values()))


def _check_single(database: PoolDatabase, question: str) -> None:
    statements = database.connection.extract_statements(question)
    if [one.type for one in statements] == [duckdb.StatementType.SELECT]:
        return
    if "pivot" in fold(question):  # without its values it is several statements
        raise UsageError(f"{ONE_SELECT}. A PIVOT needs its values: PIVOT … ON day IN ('…', '…')")
    raise UsageError(ONE_SELECT)


def _named_scales(database: PoolDatabase, question: str) -> list[str]:
    """The scales that a question names, of those that there are."""
    scales = {fold(table): scale for scale, table in database.pools.table_names.items()}
    try:
        named = {fold(table) for table in database.connection.get_table_names(question)}
    except duckdb.Error:  # it wants to know the columns of some: whatever may be a name is one
        text = fold(question)
        named = {name for name in scales if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)}
    return sorted(scales[name] for name in named & set(scales))
