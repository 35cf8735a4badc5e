"""What the site's TaskLog says was done: who, which session, which task, when; read only."""

from __future__ import annotations

from typing import NamedTuple

from mtdata.toolbox.database import PoolDatabase
from mtdata.toolbox.report.macros import SESSION, TAG, WHEN, column, has, run, take_scale

SCALE, COMPLETE = "TaskLog", "SESSION_COMPLETE"
PERSON = ("participantId", "participant", "participantRSA")
TASK = ("taskName", "task")
_SHAPE = """
CREATE TABLE raw_log (id VARCHAR, sheet_day VARCHAR, participant VARCHAR, study VARCHAR,
    session VARCHAR, scale VARCHAR, tag VARCHAR, ms BIGINT, day DATE)
"""


class LogFacts(NamedTuple):
    """What is known of the log as a whole.

    `day` is that of its newest sheet, '' where there is no log; `until` the moment of its newest
    row (milliseconds since 1970, 0 for none).  `unlinked` rows are of no known participant, `tests`
    are those of tests and admins.
    """

    day: str = ""
    rows: int = 0
    until: int = 0
    unlinked: int = 0
    tests: int = 0


def load_log(database: PoolDatabase, *, with_tests: bool) -> LogFacts:
    """Make the table `log`, a row for each task that was logged; SESSION_COMPLETE is among them.

    A row that came in several sheets counts once.  It wants the table `account`.
    """
    run(database, _SHAPE)
    take_scale(database, SCALE, "raw_log", _columns)
    run(database, _linked(with_tests=with_tests))
    return _facts(database, with_tests=with_tests)


def _columns(names: list[str], who: str) -> str | None:
    if not has(names, TASK):
        return None
    when = column(names, ("dateCompleted", *WHEN))
    return f"""plain({column(names, ("id",))}), day, {who}({column(names, PERSON)}),
        {who}({column(names, ("study", "studyId"))}),
        coalesce(trim({column(names, SESSION)}), ''),
        trim({column(names, TASK)}), coalesce(trim({column(names, TAG)}), ''),
        moment({when}), written_day({when})"""


def _linked(*, with_tests: bool) -> str:
    """Who a row is of: whom it names, or whose study it names.

    Where no participant names a study, the log calls the participants by that column.
    """
    left_out = "true" if with_tests else "NOT coalesce(t.is_test, false)"
    return f"""
CREATE TABLE linked AS
SELECT CASE
        WHEN r.participant IS NOT NULL THEN r.participant
        WHEN (SELECT count(study) FROM account) = 0 THEN r.study
        ELSE a.participant END AS participant,
    r.session, r.scale, r.tag, r.ms, r.day, r.sheet_day
FROM (SELECT * FROM raw_log WHERE scale IS NOT NULL
    QUALIFY id IS NULL OR ROW_NUMBER() OVER (PARTITION BY id ORDER BY sheet_day DESC) = 1) r
LEFT JOIN (SELECT study, min(participant) AS participant FROM account
    WHERE study IS NOT NULL GROUP BY study) a ON r.study = a.study;
DROP TABLE raw_log;
CREATE TABLE log AS SELECT l.* EXCLUDE (sheet_day), lower(scale) AS scale_key FROM linked l
    LEFT JOIN account t USING (participant)
    WHERE l.participant IS NOT NULL AND {left_out};
"""


def _facts(database: PoolDatabase, *, with_tests: bool) -> LogFacts:
    ((day, rows, until, unlinked),) = database.rows(
        """SELECT max(sheet_day), count(*), max(ms), count(*) FILTER (participant IS NULL)
        FROM linked"""
    )
    ((kept,),) = database.rows("SELECT count(*) FROM log")
    run(database, "DROP TABLE linked")
    tests = 0 if with_tests else rows - unlinked - kept
    return LogFacts(day or "", rows, until or 0, unlinked, tests)
