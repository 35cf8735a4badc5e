"""A first codebook from what a pool holds; it shows no answer that could be a person's own.

A value is shown where it is a code (a small whole number of few that the column has), or where so
many participants gave it that it tells of none.  A number that few gave is no end of a range.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import yaml

from mtdata.toolbox.codebook.labels import as_code
from mtdata.toolbox.codebook.measures import (
    ColumnMeasure,
    columns_in,
    few_numbers,
    measures,
    number,
)
from mtdata.toolbox.codebook.site_columns import SITE_COLUMNS, participant_column
from mtdata.toolbox.database import PoolDatabase, identifier

CROWD = 5
"""So many participants must have given a value before it is shown."""
HIGHEST_CODE = 20
REFUSED = 555
"""What such sites send for "prefer not to answer"."""
WORDS = 30
"""So many different texts a column of choices has at most."""
HEAD = f"""\
# A draft: fill in wording and labels, correct the types, and take this line away.
# Values that fewer than {CROWD} participants gave are not shown, unless they look like codes.
"""


def draft(database: PoolDatabase, scale: str) -> str:
    """The text of a codebook that loads, and is to be filled in; UsageError without a sheet."""
    table = database.table(scale)
    columns = columns_in(database, table)
    crowd = _Crowd(database, table, _person(participant_column(columns)))
    known = {name.casefold() for name in SITE_COLUMNS}
    found = measures(database, table, [c for c in columns if c.casefold() not in known])
    codes = few_numbers(database, table, found)
    variables = {c: _variable(c, one, codes.get(c, []), crowd) for c, one in found.items()}
    content = {
        "scale": database.pools.named(scale),
        "title": "",
        "citation": "",
        "source": "",
        "unsure": "all of it: a draft made from what the pool holds",
        "about": "",
        "variables": variables or {"id": {"wording": ""}},
        "sub_scales": {},
    }
    return HEAD + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)


class _Crowd(NamedTuple):
    """What at least CROWD participants gave; `person` says in SQL whose a row is, None: nobody can.

    Nothing is given by a crowd where nobody can say.
    """

    database: PoolDatabase
    table: str
    person: str | None

    def ends(self, column: str) -> tuple[float | None, float | None]:
        """Least and greatest of the numbers in a column."""
        if self.person is None:
            return None, None
        [(low, high)] = self.database.rows(
            f"""SELECT min(given), max(given) FROM (SELECT {number(column)} AS given
            FROM {self.table} GROUP BY ALL HAVING isfinite(given) AND given <> ?
            AND count(DISTINCT {self.person}) >= ?)""",
            REFUSED,
            CROWD,
        )
        return low, high

    def texts(self, column: str) -> list[str]:
        """The cells of a column, each once."""
        if self.person is None:
            return []
        cell = identifier(column)
        given = self.database.rows(
            f"""SELECT {cell} FROM {self.table} WHERE {cell} IS NOT NULL GROUP BY ALL
            HAVING count(DISTINCT {self.person}) >= ? ORDER BY ALL""",
            CROWD,
        )
        return [text for (text,) in given]


def _person(column: str | None) -> str | None:
    """Whose entry it is, in SQL; 17, "17" and "17.0" are one."""
    if column is None:
        return None
    return f"coalesce(CAST({number(column)} AS VARCHAR), trim({identifier(column)}))"


def _variable(
    column: str, measure: ColumnMeasure, codes: list[int], crowd: _Crowd
) -> dict[str, Any]:
    shown: dict[str, Any] = {"wording": ""}
    if codes and all(0 <= code <= HIGHEST_CODE or code == REFUSED for code in codes):
        return shown | _of_codes(codes)
    if measure.kind in ("integer", "number"):
        return shown | _of_numbers(measure.kind, *crowd.ends(column))
    if measure.kind == "text" and 0 < measure.different <= WORDS and not measure.free:
        return shown | _of_texts(measure.different, crowd.texts(column))
    return shown | {"type": measure.kind}


def _of_codes(codes: list[int]) -> dict[str, Any]:
    values = {str(code): "" for code in codes if code != REFUSED}
    shown: dict[str, Any] = {"type": "choice", "values": values} if values else {"type": "integer"}
    return shown | ({"no_answer": str(REFUSED)} if REFUSED in codes else {})


def _of_numbers(kind: str, low: float | None, high: float | None) -> dict[str, Any]:
    if low is None or high is None:
        return {"type": kind}
    return {"type": kind, "lowest": as_code(low), "highest": as_code(high)}


def _of_texts(different: int, given: list[str]) -> dict[str, Any]:
    """A choice of those texts that a crowd gave, if these are all; a text, where most are rare."""
    rare = different - len(given)
    if len(given) <= rare:
        return {"type": "text"}
    values = dict.fromkeys(given, "")
    if not rare:
        return {"type": "choice", "values": values}
    note = f"{rare} more, each of fewer than {CROWD} participants, are not shown"
    return {"type": "text", "values": values, "note": note}
