"""What `mtdata demo --keep` leaves beside the pool: records with one finished job in them.

Whoever imports this room loads Django.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mtdata.config import load
from mtdata.duties import KINDS
from mtdata.jobs import queue
from mtdata.jobs.records import orders, queries, setting
from mtdata.jobs.runner import JobRunner

KIND = "study.decode"


def leave_job(home: Path) -> dict[str, Any]:
    """Queue a job for the demo's pool, carry it to its end, and tell how it ended."""
    settings = load(home / "config", {})
    setting.open_migrated(settings.database)
    try:
        job = queue.add(settings, KINDS, KIND, {"server": "demo"}, owner="demo")
        JobRunner(settings, KINDS, count=1).drain()
        return queries.details_of(orders.job_named(str(job.pk)))
    finally:
        setting.close_records()
