"""Who began which session and came to its end, and where the schedule has each; it writes nothing.

A session is finished by SESSION_COMPLETE in the log, or by every task that the schedule has of it.
"""

from __future__ import annotations

from itertools import groupby

from mtdata.toolbox.database import PoolDatabase
from mtdata.toolbox.report.macros import run
from mtdata.toolbox.report.model import SessionLine
from mtdata.toolbox.report.schedule import PoolSchedule
from mtdata.toolbox.report.task_log import COMPLETE

_PLAN = """
CREATE TABLE plan (study VARCHAR, ordinal INTEGER, session VARCHAR, scale VARCHAR, tag VARCHAR,
    scale_key VARCHAR)
"""
_ATTENDED = """
CREATE TABLE attended AS
WITH planned AS (SELECT session, count(DISTINCT (scale_key, tag)) AS tasks FROM plan GROUP BY 1),
    did AS (SELECT l.participant, l.session, count(DISTINCT (p.scale_key, p.tag)) AS tasks
        FROM log l JOIN plan p ON p.session = l.session AND p.scale_key = l.scale_key
            AND (p.tag = l.tag OR NOT (SELECT bool_or(tag <> '') FROM log)) GROUP BY ALL)
SELECT participant, session, bool_or(l.scale = $complete)
    OR coalesce(any_value(did.tasks) >= any_value(planned.tasks), false) AS is_finished
FROM log l LEFT JOIN did USING (participant, session) LEFT JOIN planned USING (session)
GROUP BY participant, session
"""


def attend(database: PoolDatabase, schedule: PoolSchedule) -> None:
    """Make the tables `plan`, a row for each task, and `attended`, one per participant and session.

    It wants the table `log`.
    """
    run(database, _PLAN)
    rows = [
        (one.study, ordinal, one.session, one.scale, one.tag, one.scale.lower())
        for _, tasks in groupby(schedule.tasks, key=lambda one: one.study)
        for ordinal, one in enumerate(tasks)
    ]
    if rows:
        database.connection.executemany("INSERT INTO plan VALUES (?, ?, ?, ?, ?, ?)", rows)
    run(database, _ATTENDED, {"complete": COMPLETE})


def session_lines(database: PoolDatabase) -> list[SessionLine]:
    """Of each session who began and who finished it, in the order of the schedule.

    It wants the tables `plan` and `attended`.
    """
    return [
        SessionLine(session=session, began=began, finished=finished)
        for session, began, finished in database.rows("""
            SELECT session, count(participant), count(participant) FILTER (is_finished)
            FROM attended FULL JOIN
                (SELECT session, min(ordinal) AS place FROM plan GROUP BY 1) USING (session)
            GROUP BY session ORDER BY min(place) NULLS LAST, session""")
    ]
