"""How the cells of a sheet are understood, in SQL: who, which session, when; it reads no row.

A sheet's columns go by several names, as sites changed; a name that is not there is NULL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from pyarrow import compute

from mtdata.toolbox.database import PoolDatabase, identifier

PARTICIPANT = ("participant", "participantRSA", "participantId")
PEOPLE = (*PARTICIPANT, "study", "studyId")
"""Columns whose cells say who, or whose study; a few sites write an object there."""
SESSION = ("session", "sessionName")
TAG = ("tag",)
WHEN = ("date", "dateCompleted", "dateSubmitted", "dateCreated")
SECONDS = ("timeOnPage", "timeOnTask")

_MACROS = r"""
-- 17, "17" and "17.0" are one participant
CREATE TEMP MACRO plain(x) AS nullif(CASE
    WHEN TRY_CAST(x AS UBIGINT)::VARCHAR = x THEN x -- nearly all, and quickly
    WHEN regexp_full_match(trim(x, ' "'), '[0-9]+(\.0*)?')
    THEN regexp_extract(trim(x, ' "'), '^0*([0-9]+?)(\.0*)?$', 1)
    ELSE trim(x, ' "') END, '');
-- an object as JSON, or as Python 2 wrote it into the sheets of the original program
CREATE TEMP MACRO object_of(x) AS CASE WHEN x LIKE '{%' THEN coalesce(
    TRY_CAST(x AS JSON),
    TRY_CAST(replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(x,
        '\bu''', '''', 'g'), '\bNone\b', 'null', 'g'), '\bTrue\b', 'true', 'g'),
        '\bFalse\b', 'false', 'g'), '\b([0-9]+)L\b', '\1', 'g'), '''', '"') AS JSON)) END;
CREATE TEMP MACRO person(x) AS CASE WHEN x LIKE '{%'
    THEN plain(json_extract_string(object_of(x), '$.id')) ELSE plain(x) END;
-- milliseconds since 1970, from what sites write: "Mon, 12 Mar 2018 15:45:05 -0500", ISO, epoch
CREATE TEMP MACRO moment(x) AS coalesce(
    epoch_ms(try_strptime(x, '%a, %d %b %Y %H:%M:%S %z')),
    epoch_ms(TRY_CAST(x AS TIMESTAMP)),
    CASE WHEN regexp_full_match(x, '[0-9]{12,14}') THEN TRY_CAST(x AS BIGINT) END);
-- the day as it is written, so that of the site's own clock
CREATE TEMP MACRO written_day(x) AS coalesce(
    TRY_CAST(try_strptime(x[6:16], '%d %b %Y') AS DATE),
    TRY_CAST(x[1:10] AS DATE),
    CASE WHEN regexp_full_match(x, '[0-9]{12,14}')
        THEN CAST(make_timestamp(TRY_CAST(x AS BIGINT) * 1000) AS DATE) END);
CREATE TEMP MACRO truth(x) AS coalesce(lower(trim(x)) IN ('true', '1', 't', 'yes'), false);
"""


def run(
    database: PoolDatabase, statement: str, values: Sequence[Any] | Mapping[str, Any] | None = None
) -> None:
    """Carry out a statement, which Ctrl-C ends; values stand for its `?` or `$name`."""
    database.calls(lambda: database.connection.execute(statement, values))


def define_macros(database: PoolDatabase) -> None:
    """Make the words of this room known to the database."""
    run(database, _MACROS)


def column(known: Iterable[str], names: Sequence[str]) -> str:
    """The first cell that holds something in one of these columns, as SQL; NULL for none."""
    by_fold = {name.casefold(): name for name in known}
    there = [identifier(by_fold[n.casefold()]) for n in names if n.casefold() in by_fold]
    return f"coalesce({', '.join(there)}, NULL)" if there else "CAST(NULL AS VARCHAR)"


def has(known: Iterable[str], names: Sequence[str]) -> bool:
    """Whether there is a column of one of these names, in any case."""
    return not {name.casefold() for name in known}.isdisjoint(name.casefold() for name in names)


def _has_objects(batch: pa.Table, names: Sequence[str]) -> bool:
    """Whether a cell of these columns is an object."""
    by_fold = {name.casefold(): name for name in batch.column_names}
    there = [by_fold[name.casefold()] for name in names if name.casefold() in by_fold]
    return any(bool(compute.any(compute.starts_with(batch[name], "{")).as_py()) for name in there)


Columns = Callable[[list[str], str], str | None]
"""The cells to take of a sheet with these columns, as SQL; None where it is no such sheet.

The second word is the macro that reads who somebody is.
"""


def take(database: PoolDatabase, into: str, batch: pa.Table, columns: Columns) -> bool:
    """Put what is taken of a batch into a table; False where it is not such a sheet."""
    # what objects take costs more than all else
    cells = columns(batch.column_names, "person" if _has_objects(batch, PEOPLE) else "plain")
    if cells is None:
        return False
    database.connection.register("batch", batch)
    run(database, f"INSERT INTO {into} SELECT {cells} FROM batch")
    database.connection.unregister("batch")
    return True


def take_scale(database: PoolDatabase, scale: str, into: str, columns: Columns) -> bool:
    """Put what is taken of all sheets of a scale into a table; False where there is none.

    SheetChanged (74) for a sheet that somebody else changed.
    """
    known = {name.casefold(): name for name in database.pools.sheets}
    name = known.get(scale.casefold())
    batches = database.pools.tables(name) if name else ()
    taken = [take(database, into, batch, columns) for batch in batches]
    return any(taken)
