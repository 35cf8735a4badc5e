"""What the cells of columns are like, counted in the database; it shows no text of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mtdata.toolbox.database import PoolDatabase, identifier
from mtdata.toolbox.sheets import OWN

FEW = 12
"""So many values a column of codes has at most."""
LONGEST = 80
"""Letters of a text that is chosen from a list, at most."""
AT_A_TIME = 200
"""Columns in one statement, which becomes a row for each cell: a table may have thousands."""
_DATE = r"^([A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4}|^\d{4}-\d\d-\d\d"


class ColumnMeasure(NamedTuple):
    """How many cells of a column are filled, and of what sort; `different`: how many values.

    `free` are those that nobody chose from a list: of several lines, or long.
    """

    cells: int
    numbers: int
    whole: int
    flags: int
    lists: int
    dates: int
    free: int
    different: int

    @property
    def kind(self) -> str:
        """The type that all cells have."""
        sorts = {
            "integer": self.whole,
            "number": self.numbers,
            "flag": self.flags,
            "multiple": self.lists,
            "date": self.dates,
        }
        return next((kind for kind, n in sorts.items() if n == self.cells > 0), "text")


EMPTY = ColumnMeasure(0, 0, 0, 0, 0, 0, 0, 0)


def columns_in(database: PoolDatabase, table: str) -> list[str]:
    """The columns of a scale's table, by name, less those that say where a row is from."""
    found = database.rows(f"SELECT column_name FROM (DESCRIBE {table})")
    return sorted(name for (name,) in found if name not in OWN)


def measures(
    database: PoolDatabase, table: str, columns: Sequence[str]
) -> dict[str, ColumnMeasure]:
    """Each column's measure."""
    counted = _by_column(database, table, columns, _COUNTS)
    return {
        column: ColumnMeasure(*counted[column]) if column in counted else EMPTY
        for column in columns
    }


def few_numbers(
    database: PoolDatabase, table: str, found: Mapping[str, ColumnMeasure]
) -> dict[str, list[int]]:
    """The numbers of each column that has few, all of them whole; in their order."""
    few = [name for name, one in found.items() if one.kind == "integer" and one.different <= FEW]
    lists = _by_column(database, table, few, f"list(DISTINCT {_NUMBER})")
    return {name: sorted(map(int, numbers)) for name, (numbers,) in lists.items()}


def number(column: str) -> str:
    """The cell of a column as a number, in SQL; NULL where it is none."""
    return f"TRY_CAST({identifier(column)} AS DOUBLE)"


_NUMBER = number("cell")
_COUNTS = f"""count(cell),
    count(*) FILTER (isfinite({_NUMBER})),
    count(*) FILTER (isfinite({_NUMBER}) AND {_NUMBER} = floor({_NUMBER})),
    count(*) FILTER (cell IN ('True', 'False', 'true', 'false')),
    count(*) FILTER (starts_with(cell, '[') AND ends_with(cell, ']')),
    count(*) FILTER (regexp_matches(cell, '{_DATE}')),
    count(*) FILTER (length(cell) > {LONGEST} OR regexp_matches(cell, '[\\r\\n]')),
    count(DISTINCT cell)"""


def _by_column(
    database: PoolDatabase, table: str, columns: Sequence[str], aggregates: str
) -> dict[str, tuple[Any, ...]]:
    """What the aggregates over `cell` are for each column that has a cell."""
    answers: dict[str, tuple[Any, ...]] = {}
    for start in range(0, len(columns), AT_A_TIME):
        names = ", ".join(map(identifier, columns[start : start + AT_A_TIME]))
        for column, *values in database.rows(
            f"""SELECT column_name, {aggregates} FROM (UNPIVOT (SELECT {names} FROM {table})
            ON COLUMNS(*) INTO NAME column_name VALUE cell) GROUP BY column_name"""
        ):
            answers[column] = tuple(values)
    return answers
