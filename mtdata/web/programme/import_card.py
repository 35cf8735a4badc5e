"""What the page of an import's job shows of its rows: what became of them, what was taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from mtdata.core.errors import JobError
from mtdata.jobs.records.asking import asking
from mtdata.jobs.records.models import Job, Part
from mtdata.jobs.records.queries import plan_checkpoint
from mtdata.jobs.states import Stage, Status
from mtdata.programme.imports import Place, RowCounts
from mtdata.programme.jobs import FORMS, TEAMS
from mtdata.programme.records.models import FormResponse, Team
from mtdata.programme.rollback import TakenBack
from mtdata.web.programme.sorts import BY_KIND
from mtdata.web.room import JobCard

Kept = TypeVar("Kept")
TABLES: dict[str, Any] = {TEAMS.kind: Team, FORMS.kind: FormResponse}
TAKING_BACK = (Status.STOPPING, Status.STOPPED, Status.FAILED)


def import_card(job: Job) -> JobCard | None:
    """The rows of an import; None for another kind of job."""
    rows = BY_KIND.get(job.kind)
    if rows is None:
        return None
    counts = _read(lambda kept: Place.of_checkpoint(kept).counts, _checkpoint(job, Stage.WORK))
    undone = _read(TakenBack.of_checkpoint, _undo_checkpoint(job))
    shown = {
        "rows": rows,
        "counts": counts,
        "expected": _expected(job),
        "undone": undone,
        "address": f"?job={job.pk}",
        "has_rows": _has_rows(job),
    }
    left = (counts or RowCounts())[:2]  # what was left out or there already is nobody's work
    return JobCard("programme/import_card.html", shown, sum(left))


def _has_rows(job: Job) -> bool:
    """Whether there is a row that it wrote last; one that an undo kept is its own no more."""
    with asking():
        return bool(TABLES[job.kind].objects.filter(job=job.pk).exists())


def _read(read: Callable[[Any], Kept], checkpoint: Any) -> Kept | None:
    """What a checkpoint says; None where there is none, or one that is damaged."""
    try:
        return read(checkpoint) if checkpoint else None
    except JobError:
        return None


def _checkpoint(job: Job, stage: Stage) -> Any:
    with asking():
        parts = Part.objects.filter(job=job, stage=stage).order_by("-number")
        return parts.values_list("checkpoint", flat=True).first()


def _undo_checkpoint(job: Job) -> Any:
    return _checkpoint(job, Stage.UNDO) if Status(job.status) in TAKING_BACK else None


def _expected(job: Job) -> int | None:
    kept = plan_checkpoint(job.kind, job.key, str(job.pk))
    return kept[0] if isinstance(kept, list) and kept and isinstance(kept[0], int) else None
