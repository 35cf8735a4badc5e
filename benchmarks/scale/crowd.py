"""Records with as many jobs as are wanted, most of them ended; the database makes them itself."""

from __future__ import annotations

KIND = "bench.kind0"
EVERY_S = 30
"""A job was queued every so many seconds: a million of them are a year."""
_SERIES = {
    "sqlite": "(WITH RECURSIVE s(n) AS (SELECT {0} UNION ALL SELECT n + 1 FROM s "
    "WHERE n + 1 < {1}) SELECT n FROM s) AS made",
    "postgresql": "generate_series({0}, {1} - 1) AS made(n)",
}
_ID = {"sqlite": "printf('%032x', n)", "postgresql": "lpad(to_hex(n), 32, '0')::uuid"}
_AGO = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now', '-' || ({0}) || ' seconds') || '000'",
    "postgresql": "now() - make_interval(secs => {0})",
}
_JSON = {"sqlite": "'{}'", "postgresql": "'{}'::jsonb"}
_YES = {"sqlite": ("1", "0"), "postgresql": ("true", "false")}
_JOBS = """
INSERT INTO records_job (id, name, kind, parameters, status, attempt, reason, key, held_key, hands,
    can_undo, owner, account, created_at, not_before, started_at, stopping_at, ended_at)
SELECT {id}, 'bench_' || n, 'bench.kind' || (n % 10), {json},
    CASE WHEN n % 50 = 0 THEN 'Failed' WHEN n % 99 = 0 THEN 'Stopped' ELSE 'Success' END,
    1, '', 'bench:' || (n % 20), NULL, 1, {no}, 'owner' || (n % 50), 'account' || (n % 20),
    {made}, NULL, {begun}, NULL, {ended}
FROM {series}
"""
_PARTS = """
INSERT INTO records_part (job_id, number, stage, name, status, attempt, lost, begun, started_at,
    ended_at, rows, calls, step, reason)
SELECT id, 1, 'work', 'whole', 'Success', 1, 0, {yes}, started_at, ended_at, 1000, 0, '', ''
FROM records_job WHERE name LIKE 'bench%' AND id BETWEEN {first} AND {last}
"""
_EVENTS = """
INSERT INTO records_event (job_id, at, level, text) SELECT id, created_at, 'INFO', 'added'
FROM records_job WHERE name LIKE 'bench%' AND id BETWEEN {first} AND {last}
"""


def add_ended(first: int, behind: int) -> None:
    """Jobs of these numbers, each with a part and a line of what happened; a greater one is older.

    PostgreSQL's statistics are brought up to date, as it does by itself in time; SQLite has none.
    """
    from django.db import connection

    vendor = connection.vendor
    ago = _AGO[vendor]
    yes, no = _YES[vendor]
    words = {
        "id": _ID[vendor],
        "json": _JSON[vendor],
        "yes": yes,
        "no": no,
        "first": f"'{first:032x}'",
        "last": f"'{behind - 1:032x}'",
        "series": _SERIES[vendor].format(first, behind),
        "made": ago.format(f"{EVERY_S} * n + 60"),
        "begun": ago.format(f"{EVERY_S} * n + 50"),
        "ended": ago.format(f"{EVERY_S} * n + 40"),
    }
    for statement in (_JOBS, _PARTS, _EVENTS):
        _do(statement.format(**words))
    if vendor == "postgresql":
        _do("ANALYZE")


def add_queued(count: int) -> None:
    """So many jobs that wait, each with the plan that is carried first."""
    from django.utils import timezone

    from mtdata.jobs.records.models import Job, Part

    at = timezone.now()
    for first in range(0, count, 5000):
        jobs = [
            Job(name=f"queued_{first + number}", kind=KIND, parameters={}, created_at=at,
                owner=f"owner{number % 50}", can_undo=False)
            for number in range(min(5000, count - first))
        ]  # fmt: skip
        Job.objects.bulk_create(jobs)
        plans = [Part(job=job, number=0, stage="plan", name="plan") for job in jobs]
        Part.objects.bulk_create(plans)


def _do(statement: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET statement_timeout = 0")
        cursor.execute(statement)
