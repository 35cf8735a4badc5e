"""Jobs as lines of a list: called as people call them, how far they are, how long they took."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings

from mtdata.jobs.records import progress, queries
from mtdata.jobs.records.worked import worked_s
from mtdata.jobs.title import title_of
from mtdata.web.pages.words import span, span_between, span_left


def job_lines(jobs: Sequence[dict[str, Any]], *, live: bool = False) -> list[dict[str, Any]]:
    """Jobs of `queries.job_page` with title, whose, percent, took; where `live` what is left."""
    known_s = worked_s([UUID(job["id"]) for job in jobs])
    lines = []
    for job in jobs:
        seconds = known_s.get(UUID(job["id"])) if job["ended_at"] else None
        title = title_of(settings.MTDATA_KINDS.get(job["kind"]), job["name"], job["parameters"])
        lines.append(
            {
                **job,
                "title": title.words,
                "whose": title.whose,
                "took": span(seconds) or span_between(job["started_at"], job["ended_at"]),
                "percent": int(100 * job["share"]),
                "left": _left(job["id"]) if live else "",
            }
        )
    return lines


def _left(job_id: str) -> str:
    job = queries.job_by_id(job_id)
    if job is None:
        return ""
    return span_left(progress.progress_of(job, settings.MTDATA.programme).speed.left_s)
