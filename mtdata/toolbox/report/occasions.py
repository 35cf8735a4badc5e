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
    run,
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


class OccasionFacts(NamedTuple):
    """What was seen of a scale.

    `is_task`: it says who and in which session; `is_logged`: the log speaks of it; `has_trials`: an
    occasion has an entry for each trial.  `repeats` are rows whose id another row has, `test_rows`
    and `nameless` are those that were left out.
    """

    is_task: bool
    is_logged: bool
    has_trials: bool
    repeats: int
    test_rows: int
    nameless: int


class _Entries(NamedTuple):
    rows: int
    with_session: int
    with_participant: int
    with_tag: int
    ids: int


@contextmanager
def occasions(
    database: PoolDatabase, scale: str, kind_of_task: str, log: LogFacts, *, with_tests: bool
) -> Iterator[OccasionFacts]:
    """The tables `entry` and `occasion` of one scale, dropped when this ends.

    It wants the tables `account` and `log`.  SheetChanged (74) for a changed sheet of the scale.
    """
    run(database, _SHAPE)
    try:
        has_people = take_scale(database, scale, "entry", _columns)
        seen = _Entries(*database.rows(_SEEN)[0])
        tests = 0 if with_tests else _leave_tests_out(database)
        _fill_gaps(database, seen)
        run(database, _LOGGED, {"scale": scale, "complete": COMPLETE})
        is_logged = _match_tags(database, seen)
        repeats = seen.rows - seen.ids
        given = {"until": log.until or None, "day": log.day}
        run(database, _occasions("count(DISTINCT id)" if repeats else "count(*)"), given)
        yield OccasionFacts(
            is_task=has_people and (seen.with_session > 0 or not seen.rows),
            is_logged=is_logged,
            has_trials=_has_trials(database, kind_of_task),
            repeats=repeats,
            test_rows=tests,
            nameless=seen.rows - seen.with_participant,
        )
    finally:
        for table in ("occasion", "logged", "entry"):
            run(database, f"DROP TABLE IF EXISTS {table}")


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


_SEEN = """
SELECT count(*), count(session), count(participant), count(*) FILTER (tag <> ''),
    count(DISTINCT id) FROM entry
"""
_TESTS = "participant IN (SELECT participant FROM account WHERE is_test)"


def _leave_tests_out(database: PoolDatabase) -> int:
    """Take away the rows of tests and admins; how many these are."""
    ((tests,),) = database.rows(f"SELECT count(*) FROM entry WHERE {_TESTS}")
    if tests:
        run(database, f"DELETE FROM entry WHERE {_TESTS}")
    return int(tests)


def _fill_gaps(database: PoolDatabase, seen: _Entries) -> None:
    """Take away rows of nobody; where a sheet has no session, it is ''."""
    if seen.with_participant < seen.rows:
        run(database, "DELETE FROM entry WHERE participant IS NULL")
    if seen.with_session < seen.rows:
        run(database, "UPDATE entry SET session = '' WHERE session IS NULL")


def _match_tags(database: PoolDatabase, seen: _Entries) -> bool:
    """Forget the tags where either side never has one; whether the log has the scale at all."""
    ((logged, tags),) = database.rows("SELECT count(*), count(*) FILTER (tag <> '') FROM logged")
    if logged and seen.rows and bool(tags) != bool(seen.with_tag):
        run(database, "UPDATE logged SET tag = ''; UPDATE entry SET tag = ''")
    return bool(logged)


def _occasions(ids: str) -> str:
    """The table `occasion`; `ids` counts those of an occasion.

    Where the log is older than an entry it cannot know of it: `in_log_time` is false.
    """
    return f"""
CREATE TABLE occasion AS
WITH l AS (SELECT participant, session, tag, count(*) AS rows, min(day) AS day
        FROM logged GROUP BY ALL),
    e AS (SELECT participant, session, tag, count(*) AS rows, {ids} AS ids,
        min(ms) AS ms, min(day) AS day, min(sheet_day) AS sheet_day FROM entry GROUP BY ALL)
SELECT participant, session, tag, coalesce(l.rows, 0) AS logged, coalesce(e.rows, 0) AS entries,
    coalesce(e.ids, 0) AS ids, coalesce(l.day, e.day) AS day,
    coalesce(e.ms <= $until, e.sheet_day < $day, false) AS in_log_time,
    coalesce(a.condition, '') AS condition
FROM l FULL JOIN e USING (participant, session, tag) LEFT JOIN account a USING (participant)
"""


def _has_trials(database: PoolDatabase, kind_of_task: str) -> bool:
    """Whether several entries of one occasion are as they should be.

    The schedule says it by a kind that is not `questions`; without it, most occasions have several.
    """
    if kind_of_task:
        return kind_of_task.casefold() != QUESTIONS
    ((several, whole),) = database.rows(
        "SELECT count(*) FILTER (ids > 1), count(*) FROM occasion WHERE entries > 0"
    )
    return bool(several * 2 > whole)
