"""A person's question in SQL over the scales of pools; it answers, and can change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from mtdata.core.errors import UsageError
from mtdata.toolbox.database import PoolDatabase, opened
from mtdata.toolbox.pools import Pools


@contextmanager
def answered(pools: Pools, question: str) -> Iterator[pa.RecordBatchReader]:
    """The rows of an answer, in batches; scales that the question names are tables of text.

    UsageError (64) for what is no single SELECT, and for what the database does not understand.
    """
    with opened(pools) as database:
        for name in _tables(database, question):
            database.table(name)
        database.shut()
        with _in_its_words():
            yield database.batches(question)


def _tables(database: PoolDatabase, question: str) -> list[str]:
    """The scales that a question names, of those that there are."""
    with _in_its_words():
        statements = database.connection.extract_statements(question)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise UsageError("one SELECT is answered, and nothing else: a pool is never changed")
        named = database.connection.get_table_names(question)
    known = {name.casefold(): name for name in database.pools.sheets}
    return sorted({known[name.casefold()] for name in named if name.casefold() in known})


@contextmanager
def _in_its_words() -> Iterator[None]:
    """The database's own words: they speak of the question, which its asker wrote."""
    try:
        yield
    except duckdb.Error as error:
        raise UsageError(str(error).splitlines()[0]) from None
