"""Columns of text as the types that a codebook says; what is no such value is null, and counted."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from inspect import currentframe
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa

from mtdata.toolbox.codebook import Codebook, Variable
from mtdata.toolbox.columns import by_folded_name
from mtdata.toolbox.database import identifier
from mtdata.toolbox.library.lazy_table import CellsLost
from mtdata.toolbox.rows import fold
from mtdata.toolbox.verdict import is_blank, is_no_answer, moment, number

DAY, _HERE = "day", Path(__file__).parent
BATCH = 50_000
_TEXT, _TABLE = pa.string(), "rows_of_scale"
_WHOLE = "[+-]?[0-9]{1,18}"
LARGEST = 2**53
"""Beyond it a DOUBLE leaves whole numbers out."""


class TypedColumn(NamedTuple):
    """How a column of text becomes one of `type`: SQL for its value."""

    name: str
    value: str
    type: pa.DataType
    variable: Variable

    def has_lost(self, *, no_answer: bool) -> str:
        """Whether a cell that says something has no value; SQL."""
        cell = identifier(self.name)
        lost = f"NOT {is_blank(cell)} AND ({self.value}) IS NULL"
        return lost if no_answer else f"{lost} AND NOT {is_no_answer(self.variable, cell)}"


def typed(table: pa.Table, scale: str, codebook: Codebook | None, *, no_answer: bool) -> pa.Table:
    """The table with days, and with the types of a codebook where there is one.

    A warning (CellsLost) tells how many cells of which columns are no such value.
    """
    table = _with_days(table)
    columns = list(_columns(table, codebook)) if codebook else []
    if not columns:
        return table
    made, lost = _converted(table, columns, no_answer=no_answer)
    if lost:
        told = ", ".join(f"{name} ({count})" for name, count in lost.items())
        warnings.warn(
            f"{scale}: cells that are no value of their column's type are null: {told}. With "
            "typed=False they are as they stand; `mtdata quality` tells more",
            CellsLost,
            stacklevel=_level_of_asker(),
        )
    for column in columns:
        place = table.column_names.index(column.name)
        field = pa.field(column.name, column.type, metadata=_labels(column.variable))
        table = table.set_column(place, field, made[column.name].cast(column.type))
    return table


def _level_of_asker() -> int:
    """How many calls above `typed` the first is that is not of this folder, by `warnings`."""
    frame, level = currentframe(), 0
    while frame is not None and Path(frame.f_code.co_filename).parent == _HERE:
        frame, level = frame.f_back, level + 1
    return level


def _with_days(table: pa.Table) -> pa.Table:
    days = table[DAY].cast(pa.date32())
    return table.set_column(table.column_names.index(DAY), DAY, days)


def _columns(table: pa.Table, codebook: Codebook) -> Iterator[TypedColumn]:
    known = by_folded_name(name for name in table.column_names if name != DAY)
    for word, variable in codebook.variables.items():
        name = known.get(fold(word))
        if name is not None:
            value, kind = _value_of(variable, identifier(name))
            yield TypedColumn(name, value, kind, variable)


def _value_of(variable: Variable, cell: str) -> tuple[str, pa.DataType]:
    """SQL for the value of a cell, and the type of the column."""
    if variable.is_numeric:
        codes = [*variable.codes]
        is_whole = variable.type == "integer" or (
            variable.type == "choice" and all(code == int(code) for code in codes)
        )
        return (_whole(cell), pa.int64()) if is_whole else (number(cell), pa.float64())
    if variable.type == "date":
        return moment(cell), pa.timestamp("us", tz="UTC")
    if variable.type == "flag":
        word = f"lower(trim({cell}))"
        return (
            f"CASE WHEN {word} IN ('true', '1') THEN TRUE WHEN {word} IN ('false', '0')"
            " THEN FALSE END"
        ), pa.bool_()
    return cell, _TEXT


def _whole(cell: str) -> str:
    """A whole number as such, `3.0` too; NULL for one that is none; SQL."""
    value = number(cell)
    return (
        f"CASE WHEN regexp_full_match(trim({cell}), '{_WHOLE}') THEN CAST(trim({cell}) AS BIGINT)"
        f" WHEN abs({value}) < {LARGEST} AND {value} = floor({value})"
        f" THEN CAST({value} AS BIGINT) END"
    )


def _converted(
    table: pa.Table, columns: list[TypedColumn], *, no_answer: bool
) -> tuple[pa.Table, dict[str, int]]:
    """The columns with their values, and how many cells were lost, by column."""
    with duckdb.connect(":memory:", config={"python_enable_replacements": "false"}) as database:
        database.execute("SET TimeZone = 'UTC'")
        database.register(_TABLE, table.select([column.name for column in columns]))
        values = ", ".join(_selected(column, no_answer=no_answer) for column in columns)
        made = database.sql(f"SELECT {values} FROM {_TABLE}").to_arrow_reader(BATCH).read_all()
        counts = ", ".join(
            f"count(*) FILTER ({column.has_lost(no_answer=no_answer)})" for column in columns
        )
        found = database.execute(f"SELECT {counts} FROM {_TABLE}").fetchone() or ()
    lost = {one.name: int(count) for one, count in zip(columns, found, strict=True) if count}
    return made, lost


def _selected(column: TypedColumn, *, no_answer: bool) -> str:
    cell = identifier(column.name)
    if no_answer or not column.variable.no_answer:
        return f"{column.value} AS {cell}"
    return f"CASE WHEN NOT {is_no_answer(column.variable, cell)} THEN {column.value} END AS {cell}"


def _labels(variable: Variable) -> Mapping[str, str]:
    """What stands beside a column: its wording, and the label of each value."""
    told = {"label": variable.wording} if variable.wording else {}
    return told | {f"value {word}": label for word, label in variable.labels.items()}
