"""What a pool says of its scales and entries as tables; no answer stands in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mtdata.study.model.entry_receipt import STATES
from mtdata.study.model.states import ERASED, ROWED, STORED
from mtdata.study.operations.pool_moment import EntryPlace, PoolMoment
from mtdata.toolbox.library.lazy_table import FactTable
from mtdata.toolbox.library.needs import needed

if TYPE_CHECKING:
    import pyarrow as pa

Columns = Sequence[tuple[str, str]]
"""Names, and the types by Arrow's own words; `moment` is a time in UTC."""
SCALE: Columns = (
    ("scale", "string"),
    ("stays", "bool"),
    ("days", "int64"),
    ("sheets", "int64"),
    ("rows", "int64"),
    ("held", "int64"),
    ("waiting", "int64"),
    ("codebook", "bool"),
)
HELD: Columns = (
    ("scale", "string"),
    ("id", "int64"),
    ("kind", "string"),
    ("reason", "string"),
    ("kept_at", "moment"),
)
RECEIPT: Columns = (
    ("id", "int64"),
    ("sha256", "string"),
    ("state", "string"),
    ("held", "string"),
    ("kept_at", "moment"),
    ("raw", "string"),
    ("raw_start", "int64"),
    ("raw_length", "int64"),
    ("sheet", "string"),
    ("row_start", "int64"),
    ("row_length", "int64"),
    ("asked_at", "moment"),
    ("gone_at", "moment"),
)


def scale_table(moment: PoolMoment, with_codebook: frozenset[str]) -> FactTable:
    """A row a scale; `with_codebook` are the names of those that have one, in small letters."""

    def read() -> pa.Table:
        rows = []
        for name, stand in moment.scales.items():
            sheets = moment.by_scale.get(name, [])
            days = len({sheet.day for sheet in sheets})
            counts = (stand.rows, stand.held, stand.waiting)
            has_codebook = name.casefold() in with_codebook
            rows.append((name, stand.stays, days, len(sheets), *counts, has_codebook))
        return _table(SCALE, rows)

    return FactTable(read)


def held_table(moment: PoolMoment, scale: str = "") -> FactTable:
    """A row for each entry that was held, of one scale or of all; those of snapshots are none."""

    def read() -> pa.Table:
        rows = [
            (one.scale, one.id, one.kind, one.reason, _moment(one.kept_at))
            for one in moment.held
            if scale in ("", one.scale)
        ]
        return _table(HELD, rows)

    return FactTable(read)


def receipt_table(moment: PoolMoment, scale: str) -> FactTable:
    """A row for each entry of a scale that had come, by id.

    UsageError where there is no ledger, or no such scale.
    """
    return FactTable(lambda: _table(RECEIPT, [_receipt(one) for one in moment.entries(scale)]))


def _receipt(place: EntryPlace) -> tuple[Any, ...]:
    row = place.row
    line = (place.sheet, row.line_start, row.line_length) if place.sheet else (None, None, None)
    bytes_of = (place.raw, row.start, row.length) if place.raw else (None, None, None)
    return (
        row.id,
        row.digest.hex() if place.raw else None,
        _state(place),
        row.held,
        _moment(row.kept_at),
        *bytes_of,
        *line,
        _moment(row.asked_at),
        _moment(row.gone_at),
    )


def _state(place: EntryPlace) -> str:
    """As it was at the moment of the sheets: a row that came since was yet to be made."""
    if place.row.state == ERASED:
        return "erased"
    word = STATES.get(place.row.state, "")
    return STATES[STORED] if word == STATES[ROWED] and not place.sheet else word


def _moment(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written)


def _table(columns: Columns, rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    arrow = needed("pyarrow")
    types = {"moment": arrow.timestamp("us", tz="UTC")}
    fields = [
        (name, types[kind] if kind in types else arrow.type_for_alias(kind))
        for name, kind in columns
    ]
    cells = list(zip(*rows, strict=True)) or [() for _ in columns]
    made = [arrow.array(column, kind) for column, (_, kind) in zip(cells, fields, strict=True)]
    return arrow.table(made, schema=arrow.schema(fields))
