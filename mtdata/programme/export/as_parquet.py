"""Form responses as Parquet: times are moments with the zone's name, degrees exact decimals."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as arrow
from pyarrow import parquet

from mtdata.programme.export.formats import HEADER, FormFile, FormRow, Pages

PAGES_OF_A_GROUP = 4
DEGREES = arrow.decimal128(9, 6)


def write(target: FormFile, pages: Pages) -> None:
    """Write all of them; some pages together are a row group."""
    arrow.set_memory_pool(arrow.system_memory_pool())  # its own keeps what it was given once
    schema = _schema(target.zone.key)
    with parquet.ParquetWriter(target.file, schema) as writer:
        for batches in _groups(pages, schema):
            writer.write_table(arrow.Table.from_batches(batches, schema))


def _schema(zone: str) -> arrow.Schema:
    text, flag = arrow.string(), arrow.bool_()
    types = (
        *(arrow.timestamp("us", tz=zone), text, text, text, flag, flag, text),
        *(DEGREES, DEGREES),
    )
    columns = zip(HEADER, types, strict=True)
    return arrow.schema([arrow.field(name, sort, nullable=False) for name, sort in columns])


def _groups(pages: Pages, schema: arrow.Schema) -> Iterator[list[arrow.RecordBatch]]:
    batches: list[arrow.RecordBatch] = []
    for page in pages:
        batches.append(_batch(page, schema))
        if len(batches) == PAGES_OF_A_GROUP:
            yield batches
            batches = []
    if batches:
        yield batches


def _batch(page: list[FormRow], schema: arrow.Schema) -> arrow.RecordBatch:
    columns = list(zip(*page, strict=True))[: len(HEADER)]
    arrays = [arrow.array(cells, field.type) for cells, field in zip(columns, schema, strict=True)]
    return arrow.RecordBatch.from_arrays(arrays, schema=schema)
