"""One scale at a time: its entries beside the log, as occasions; it keeps no table when it is done.

An occasion is one participant, session and tag.  The tag counts where both the entries and the log
of a scale ever have one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from mtdata.toolbox.database import PoolDatabase, identifier
from mtdata.toolbox.report.macros import (
    PARTICIPANT,
    SECONDS,
    SESSION,
    TAG,
    WHEN,
    column,
    has,
    take_scale,
)
from mtdata.toolbox.report.schedule import QUESTIONS
from mtdata.toolbox.report.task_log import COMPLETE, LogFacts

_SHAPE = """
CREATE TABLE entry (id VARCHAR, participant VARCHAR, session VARCHAR, tag VARCHAR,
    ms BIGINT, day DATE, sheet_day VARCHAR, seconds DOUBLE, digest UBIGINT)
"""
_LOGGED = """
CREATE TABLE logged AS SELECT participant, session, tag, day FROM log
    WHERE scale_key = lower($scale) AND scale <> $complete
"""


class ScaleFacts(NamedTuple):
    """What was seen of a scale: rows left out, and whether an occasion has an entry a trial."""

    name: str
    is_task: bool = True
    has_trials: bool = False
    test_rows: int = 0
    nameless: int = 0


@contextmanager
def occasions(
    database: PoolDatabase, scale: str, type_of_task: str, log: LogFacts, *, with_tests: bool
) -> Iterator[ScaleFacts]:
    """The tables `entry` and `occasion` of one scale, dropped when this ends.

    It wants the tables `account` and `log`.  SheetChanged (74) for a changed sheet of the scale.
    """
    database.connection.execute(_SHAPE)
    try:
        has_people = take_scale(database, scale, "entry", _columns)
        is_task = has_people and _has_sessions(database)
        facts = _left_out(database, scale, with_tests=with_tests)
        database.connection.execute(_LOGGED, {"scale": scale, "complete": COMPLETE})
        _keep_tags_of_both(database)
        database.connection.execute(_OCCASIONS, {"until": log.until or None, "day": log.day})
        trials = _has_trials(database, type_of_task)
        yield facts._replace(is_task=is_task, has_trials=trials)
    finally:
        for table in ("occasion", "logged", "entry"):
            database.connection.execute(f"DROP TABLE IF EXISTS {table}")


def _columns(names: list[str], who: str) -> str | None:
    if not has(names, PARTICIPANT):
        return None
    session = f"coalesce(trim({column(names, SESSION)}), '')" if has(names, SESSION) else "NULL"
    when, own = column(names, WHEN), [identifier(name) for name in sorted(names[2:])]
    return f"""coalesce(plain({column(names, ("id",))}), hash({", ".join(own)})::VARCHAR),
        {who}({column(names, PARTICIPANT)}), {session},
        coalesce(trim({column(names, TAG)}), ''),
        moment({when}), coalesce(written_day({when}), TRY_CAST(day AS DATE)), day,
        TRY_CAST({column(names, SECONDS)} AS DOUBLE), hash({", ".join(own)})"""


def _has_sessions(database: PoolDatabase) -> bool:
    """Whether any of its sheets says of which session an entry is; where one does not, it is ''."""
    ((told, whole),) = database.rows("SELECT count(session), count(*) FROM entry")
    if told < whole:
        database.connection.execute("UPDATE entry SET session = '' WHERE session IS NULL")
    return bool(told) or not whole


def _left_out(database: PoolDatabase, scale: str, *, with_tests: bool) -> ScaleFacts:
    """Take away the rows that are not compared, and count them."""
    ((tests, nameless),) = database.rows("""
        SELECT count(*) FILTER (t.is_test), count(*) FILTER (e.participant IS NULL)
        FROM entry e LEFT JOIN account t USING (participant)""")
    if tests and not with_tests:
        database.connection.execute("""DELETE FROM entry WHERE participant IN
            (SELECT participant FROM account WHERE is_test)""")
    if nameless:
        database.connection.execute("DELETE FROM entry WHERE participant IS NULL")
    return ScaleFacts(scale, test_rows=0 if with_tests else tests, nameless=nameless)


# where the log is older than an entry it cannot know of it: `in_log_time` is false
_OCCASIONS = """
CREATE TABLE occasion AS
WITH l AS (SELECT participant, session, tag, count(*) AS rows, min(day) AS day
        FROM logged GROUP BY ALL),
    e AS (SELECT participant, session, tag, count(*) AS rows, count(DISTINCT id) AS ids,
        min(ms) AS ms, min(day) AS day, min(sheet_day) AS sheet_day FROM entry GROUP BY ALL)
SELECT participant, session, tag, coalesce(l.rows, 0) AS logged, coalesce(e.rows, 0) AS entries,
    coalesce(e.ids, 0) AS ids, coalesce(l.day, e.day) AS day,
    coalesce(e.ms <= $until, e.sheet_day < $day, false) AS in_log_time,
    coalesce(a.condition, '') AS condition
FROM l FULL JOIN e USING (participant, session, tag) LEFT JOIN account a USING (participant)
"""


def _keep_tags_of_both(database: PoolDatabase) -> None:
    """Forget the tags where either side never has one: nothing could be held against them."""
    ((logged, of_log, entries, of_entries),) = database.rows("""
        SELECT (SELECT count(*) FROM logged), (SELECT count(*) FROM logged WHERE tag <> ''),
            (SELECT count(*) FROM entry), (SELECT count(*) FROM entry WHERE tag <> '')""")
    if logged and entries and bool(of_log) != bool(of_entries):
        database.connection.execute("UPDATE logged SET tag = ''; UPDATE entry SET tag = ''")


def _has_trials(database: PoolDatabase, type_of_task: str) -> bool:
    """Whether several entries of one occasion are as they should be.

    The schedule says it by a type that is not `questions`; without it, most occasions have several.
    """
    if type_of_task:
        return type_of_task.casefold() != QUESTIONS
    ((several, whole),) = database.rows(
        "SELECT count(*) FILTER (ids > 1), count(*) FROM occasion WHERE entries > 0"
    )
    return bool(several * 2 > whole)
