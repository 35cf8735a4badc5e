"""Batches of rows as one table, whatever columns each of them has; it reads no file."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from mtdata.toolbox.rows import fold

DAY, SERVER = "day", "server"


def one_table(batches: Iterable[pa.Table]) -> pa.Table:
    """All rows in their order: `day`, then every column that any batch has, by name, as text.

    A name matches in any case, as in `mtdata query`, and is worded as it came first.
    """
    names = {DAY: DAY}
    alike = []
    for batch in batches:
        own = batch.drop_columns([SERVER])  # of one pool it is everywhere the same
        alike.append(
            own.rename_columns([names.setdefault(fold(name), name) for name in own.column_names])
        )
    if not alike:
        return pa.table({DAY: pa.array([], pa.string())})
    whole = pa.concat_tables(alike, promote_options="default")
    return whole.select([DAY, *sorted(name for name in names.values() if name != DAY)])
