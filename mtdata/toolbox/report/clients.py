"""How far each participant has come: logged, expected by the schedule, missing; it writes nothing.

What is expected are the tasks before the one at which a participant is.  It reads no questionnaire.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mtdata.core.errors import UsageError
from mtdata.toolbox.database import PoolDatabase
from mtdata.toolbox.report.macros import run
from mtdata.toolbox.report.task_log import COMPLETE

COLUMNS = (
    "participant",
    "condition",
    "session",
    "task",
    "tag",
    "logged",
    "expected",
    "missing",
    "missing_tasks",
    "finished_sessions",
    "last_day",
)
_NONE_DONE, _ALL_DONE = ("not_started", "notstarted"), "complete"
_CLIENTS = f"""
CREATE TABLE client AS
WITH one_study AS (
        SELECT CASE WHEN count(DISTINCT study) = 1 THEN min(study) END AS name FROM plan),
    here AS (SELECT a.*, coalesce(one_study.name, a.study_name) AS planned
        FROM account a, one_study WHERE $with_tests OR NOT a.is_test),
    spans AS (SELECT study, session, min(ordinal) AS first, count(*) AS tasks
        FROM plan GROUP BY ALL),
    totals AS (SELECT study, count(*) AS tasks FROM plan GROUP BY ALL),
    places AS (SELECT participant, coalesce(
            min(ordinal) FILTER (p.tag = h.tag), min(ordinal)) AS ordinal
        FROM here h JOIN plan p ON p.study = h.planned AND p.session = h.session
            AND p.scale_key = lower(h.task) GROUP BY ALL),
    expecting AS (SELECT h.*, CASE
            WHEN lower(h.session) IN {_NONE_DONE} AND t.tasks > 0 THEN 0
            WHEN lower(h.session) = '{_ALL_DONE}' THEN t.tasks
            WHEN h.place IS NOT NULL THEN s.first + greatest(0, least(h.place, s.tasks))
            ELSE p.ordinal END AS expected
        FROM here h LEFT JOIN totals t ON t.study = h.planned
            LEFT JOIN spans s ON s.study = h.planned AND s.session = h.session
            LEFT JOIN places p USING (participant)),
    done AS (SELECT DISTINCT participant, session, scale_key,
            CASE WHEN (SELECT bool_or(tag <> '') FROM log) THEN tag END AS tag
        FROM log WHERE scale <> $complete),
    lacking AS (SELECT e.participant, count(*) AS missing, string_agg(
            p.session || ' ' || p.scale || CASE WHEN p.tag = '' THEN '' ELSE ' ' || p.tag END,
            ', ' ORDER BY p.ordinal) AS tasks
        FROM expecting e JOIN plan p ON p.study = e.planned AND p.ordinal < e.expected
            ANTI JOIN done d ON d.participant = e.participant AND d.session = p.session
                AND d.scale_key = p.scale_key AND coalesce(d.tag, p.tag) = p.tag
        GROUP BY 1),
    logged AS (SELECT participant, count(*) AS tasks FROM done GROUP BY 1),
    last AS (SELECT participant, max(day) AS day, arg_max(session, ms) AS session,
            arg_max(scale, ms) AS task FROM log GROUP BY 1),
    ended AS (SELECT participant, string_agg(session, ' ' ORDER BY place, session) AS sessions
        FROM attended LEFT JOIN (SELECT session, min(ordinal) AS place FROM plan GROUP BY 1)
            USING (session)
        WHERE is_finished GROUP BY 1),
    everyone AS (SELECT participant FROM here UNION
        SELECT l.participant FROM log l ANTI JOIN account a USING (participant))
SELECT participant, coalesce(e.condition, '') AS condition, coalesce(e.session, last.session, '')
    AS session, coalesce(e.task, '') AS task, coalesce(e.tag, '') AS tag,
    coalesce(logged.tasks, 0) AS logged, e.expected,
    CASE WHEN e.expected IS NOT NULL THEN coalesce(lacking.missing, 0) END AS missing,
    coalesce(lacking.tasks, '') AS missing_tasks, coalesce(ended.sessions, '') AS finished_sessions,
    last.day
FROM everyone LEFT JOIN expecting e USING (participant) LEFT JOIN lacking USING (participant)
    LEFT JOIN logged USING (participant) LEFT JOIN last USING (participant)
    LEFT JOIN ended USING (participant)
"""
_ORDER = "ORDER BY missing DESC NULLS LAST, TRY_CAST(participant AS HUGEINT), participant"


class ClientCounts(NamedTuple):
    """How many participants there are, and how many of them lack tasks."""

    participants: int
    lacking: int
    missing: int


def load_clients(database: PoolDatabase, *, with_tests: bool) -> ClientCounts:
    """Make the table `client`, a row for each participant; those of tests are left out.

    It wants the tables `account`, `log`, `plan` and `attended`.
    """
    given = {"with_tests": with_tests, "complete": COMPLETE}
    run(database, _CLIENTS, given)
    (counts,) = database.rows("""SELECT count(*), count(*) FILTER (missing > 0),
        coalesce(sum(missing), 0)::BIGINT FROM client""")
    return ClientCounts(*counts)


def keep_unfinished(database: PoolDatabase, session: str) -> None:
    """Keep those alone in `client` who have not finished a session, whether they began it or not.

    UsageError (64) for a session that neither schedule nor log has.
    """
    known = [
        name
        for (name,) in database.rows(
            "SELECT session FROM plan UNION SELECT session FROM attended ORDER BY 1"
        )
    ]
    if session not in known:
        there = ", ".join(ascii(name)[1:-1] for name in known) or "none"
        raise UsageError(f"there is no session {ascii(session)[:80]}; there are {there}")
    run(
        database,
        """DELETE FROM client WHERE participant IN
            (SELECT participant FROM attended WHERE session = ? AND is_finished)""",
        [session],
    )


def client_rows(database: PoolDatabase, most: int | None = None) -> Sequence[tuple[object, ...]]:
    """The rows of `client`, those who lack most first."""
    limit = "" if most is None else f" LIMIT {most:d}"
    return database.rows(f"SELECT * FROM client {_ORDER}{limit}")
