"""A first codebook from what a pool holds; it shows no answer that could be a person's own.

A value is shown where it is a code (a small whole number of few that the column has), or where so
many participants gave it that it tells of none.  A number that few gave is no end of a range.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import yaml

from mtdata.toolbox.codebook.labels import as_code
from mtdata.toolbox.codebook.site_columns import SITE_COLUMNS, participant_column
from mtdata.toolbox.database import PoolDatabase, identifier
from mtdata.toolbox.sheets import OWN

CROWD = 5
"""So many participants must have given a value before it is shown."""
FEW = 12
"""So many values a column of codes has at most."""
HIGHEST_CODE = 20
REFUSED = 555
"""What such sites send for "prefer not to answer"."""
LONGEST = 80
"""Letters of a value that is no free text, at most."""
WORDS = 30
"""So many different texts a column of choices has at most."""
_DATE = r"^([A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4}|^\d{4}-\d\d-\d\d"


class ColumnCounts(NamedTuple):
    """How many cells of a column there are, and of what sort; `different`: how many values.

    `free` are those that nobody chose from a list: of several lines, or long.
    """

    name: str
    cells: int
    numbers: int
    whole: int
    flags: int
    lists: int
    dates: int
    free: int
    different: int


def draft(database: PoolDatabase, scale: str) -> str:
    """The text of a codebook that loads, and is to be filled in; UsageError without a sheet."""
    table = database.table(scale)
    columns = _columns(database, table)
    person = _person(participant_column(columns))
    known = {name.casefold() for name in SITE_COLUMNS}
    variables = {
        column: _variable(database, table, column, person)
        for column in columns
        if column.casefold() not in known
    }
    content = {
        "scale": database.pools.named(scale),
        "title": "",
        "citation": "",
        "source": "",
        "unsure": "all of it: a draft made from what the pool holds",
        "about": "",
        "variables": variables or {"id": dict[str, Any](wording="")},
        "sub_scales": {},
    }
    return HEAD + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)


HEAD = f"""\
# A draft: fill in wording and labels, correct the types, and take this line away.
# Values that fewer than {CROWD} participants gave are not shown, unless they look like codes.
"""


def _person(column: str | None) -> str | None:
    """Whose entry it is, in SQL; 17, "17" and "17.0" are one."""
    if column is None:
        return None
    cell = identifier(column)
    return f"coalesce(CAST(TRY_CAST({cell} AS DOUBLE) AS VARCHAR), trim({cell}))"


def _columns(database: PoolDatabase, table: str) -> list[str]:
    found = database.rows(f"SELECT column_name FROM (DESCRIBE {table})")
    return sorted(name for (name,) in found if name not in OWN)


def _variable(database: PoolDatabase, table: str, name: str, person: str | None) -> dict[str, Any]:
    column = _measured(database, table, name)
    kind = _kind(column)
    shown: dict[str, Any] = {"wording": ""}
    if kind in ("integer", "number"):
        shown |= _of_numbers(database, table, column, person, kind)
    elif kind == "text" and 0 < column.different <= WORDS and not column.free:
        shown |= _of_texts(database, table, column, person)
    else:
        shown["type"] = kind
    return shown


def _measured(database: PoolDatabase, table: str, name: str) -> ColumnCounts:
    cell = identifier(name)
    number = f"TRY_CAST({cell} AS DOUBLE)"
    [counts] = database.rows(
        f"""SELECT count({cell}),
        count(*) FILTER (isfinite({number})),
        count(*) FILTER (isfinite({number}) AND {number} = floor({number})),
        count(*) FILTER ({cell} IN ('True', 'False', 'true', 'false')),
        count(*) FILTER (starts_with({cell}, '[') AND ends_with({cell}, ']')),
        count(*) FILTER (regexp_matches({cell}, ?)),
        count(*) FILTER (length({cell}) > ? OR regexp_matches({cell}, '[\\r\\n]')),
        count(DISTINCT {cell}) FROM {table}""",
        _DATE,
        LONGEST,
    )
    return ColumnCounts(name, *counts)


def _kind(column: ColumnCounts) -> str:
    sorts = {
        "integer": column.whole,
        "number": column.numbers,
        "flag": column.flags,
        "multiple": column.lists,
        "date": column.dates,
    }
    return next((kind for kind, n in sorts.items() if n == column.cells > 0), "text")


def _of_numbers(
    database: PoolDatabase, table: str, column: ColumnCounts, person: str | None, kind: str
) -> dict[str, Any]:
    number = f"TRY_CAST({identifier(column.name)} AS DOUBLE)"
    if column.different <= FEW:
        codes = database.rows(f"SELECT DISTINCT {number} FROM {table} WHERE {number} IS NOT NULL")
        if kind == "integer" and all(_is_code(code) for (code,) in codes):
            return _of_codes(sorted(int(code) for (code,) in codes))
    low, high = _ends(database, table, number, person)
    shown: dict[str, Any] = {"type": kind}
    if low is not None and high is not None:
        shown |= {"lowest": as_code(low), "highest": as_code(high)}
    return shown


def _is_code(number: float) -> bool:
    return 0 <= number <= HIGHEST_CODE or number == REFUSED


def _of_codes(codes: list[int]) -> dict[str, Any]:
    values = {str(code): "" for code in codes if code != REFUSED}
    shown: dict[str, Any] = {"type": "choice", "values": values}
    if not values:
        shown = {"type": "integer"}
    return shown | ({"no_answer": str(REFUSED)} if REFUSED in codes else {})


def _ends(
    database: PoolDatabase, table: str, number: str, person: str | None
) -> tuple[float | None, float | None]:
    """Least and greatest of the numbers that a crowd gave."""
    if person is None:
        return None, None
    [(low, high)] = database.rows(
        f"""SELECT min(given), max(given) FROM (SELECT {number} AS given FROM {table}
        GROUP BY ALL HAVING isfinite(given) AND given <> ?
        AND count(DISTINCT {person}) >= ?)""",
        REFUSED,
        CROWD,
    )
    return low, high


def _of_texts(
    database: PoolDatabase, table: str, column: ColumnCounts, person: str | None
) -> dict[str, Any]:
    """A choice of those texts that a crowd gave, if these are all; else a text."""
    cell = identifier(column.name)
    given = (
        database.rows(
            f"""SELECT {cell} FROM {table} WHERE {cell} IS NOT NULL GROUP BY ALL
            HAVING count(DISTINCT {person}) >= ? ORDER BY ALL""",
            CROWD,
        )
        if person
        else []
    )
    rare = column.different - len(given)
    if len(given) <= rare:  # that is free text
        return {"type": "text"}
    note = f"{rare} more, each of fewer than {CROWD} participants, are not shown" if rare else ""
    shown: dict[str, Any] = {"type": "choice" if not rare else "text"}
    shown["values"] = {text: "" for (text,) in given}
    return shown | ({"note": note} if note else {})
