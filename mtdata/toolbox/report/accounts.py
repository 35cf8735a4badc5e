"""Who takes part, and how far each has come, by the tables Participant and Study; read only.

Two shapes are known: a participant's `study` is an object with the current session and task in it,
or an id of Study, which has them.
"""

from __future__ import annotations

from mtdata.toolbox.database import PoolDatabase
from mtdata.toolbox.report.macros import PARTICIPANT, column, run, take_scale

PARTICIPANTS, STUDIES = "Participant", "Study"
_SHAPE = """
CREATE TABLE raw_account (id VARCHAR, sheet_day VARCHAR, study VARCHAR, is_test BOOLEAN,
    condition VARCHAR, name VARCHAR, session VARCHAR, task VARCHAR, tag VARCHAR, place INTEGER);
CREATE TABLE raw_study (id VARCHAR, sheet_day VARCHAR, participant VARCHAR,
    condition VARCHAR, name VARCHAR, session VARCHAR, task VARCHAR, tag VARCHAR, place INTEGER);
"""


def load_accounts(database: PoolDatabase) -> None:
    """Make the table `account`, a row for each participant, of what there is of both tables.

    Of rows with one id the newest counts.  It is empty where the pool has none of the tables.
    SheetChanged (74) for a sheet that somebody else changed.
    """
    run(database, _SHAPE)
    take_scale(database, STUDIES, "raw_study", _study_columns)
    take_scale(database, PARTICIPANTS, "raw_account", _participant_columns)
    run(database, _JOINED)


def _study_columns(names: list[str], who: str) -> str:
    return f"""plain({column(names, ("id",))}), day, {who}({column(names, PARTICIPANT)}),
        {column(names, ("conditioning", "condition"))}, {column(names, ("name", "studyType"))},
        {_named(column(names, ("currentSession",)))},
        {_named(column(names, ("currentTask",)))}, {column(names, ("currentTaskTag",))},
        TRY_CAST({column(names, ("currentTaskIndex",))} AS INTEGER)"""


def _named(cell: str) -> str:
    """A name, or that of an object."""
    return (
        f"CASE WHEN {cell} LIKE '{{%' THEN json_extract_string(object_of({cell}), '$.name') "
        f"ELSE nullif(trim({cell}), '') END"
    )


def _participant_columns(names: list[str], who: str) -> str:
    study = column(names, ("study",))

    def inner(path: str) -> str:
        return f"nullif(trim(json_extract_string(object_of({study}), '$.{path}')), '')"

    return f"""plain({column(names, ("id",))}), day, {who}({study}),
        truth({column(names, ("testAccount", "test"))}) OR truth({column(names, ("admin",))}),
        coalesce({inner("conditioning")}, {inner("condition")},
            {column(names, ("conditioning", "condition"))}),
        {inner("name")}, {inner("currentSession.name")},
        coalesce({inner("currentSession.currentTask.name")}, {inner("currentTask.name")}),
        coalesce({inner("currentSession.currentTask.tag")}, {inner("currentTask.tag")}),
        TRY_CAST(coalesce({inner("currentTaskIndex")}, {inner("currentSession.currentTaskIndex")})
            AS INTEGER)"""


# a Study row belongs to the participant that it names, or to the one that names it
_NEWEST = "QUALIFY ROW_NUMBER() OVER (PARTITION BY id ORDER BY sheet_day DESC) = 1"
_JOINED = f"""
CREATE TABLE account AS
WITH a AS (SELECT * FROM raw_account WHERE id IS NOT NULL {_NEWEST}),
    s AS (SELECT * FROM raw_study WHERE id IS NOT NULL {_NEWEST}),
    whose AS (SELECT participant, min(id) AS study FROM s
        WHERE participant IS NOT NULL GROUP BY ALL)
SELECT a.id AS participant, coalesce(a.study, whose.study) AS study, a.is_test,
    coalesce(a.condition, s.condition, '') AS condition, coalesce(a.name, s.name, '') AS study_name,
    coalesce(a.session, s.session, '') AS session, coalesce(a.task, s.task, '') AS task,
    coalesce(a.tag, s.tag, '') AS tag, coalesce(a.place, s.place) AS place
FROM a LEFT JOIN whose ON a.id = whose.participant
    LEFT JOIN s ON s.id = coalesce(a.study, whose.study);
DROP TABLE raw_account; DROP TABLE raw_study;
"""
