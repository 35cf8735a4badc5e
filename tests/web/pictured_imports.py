"""Programme data as the pictures show it: teams, a file with wrong rows, imports; it tests nothing.

All of it is put into the records as it is, and nobody carries it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

GOOD, ROWS, WRITTEN = 187, 20_000, 12_450
WRONG = {
    17: ",no name,anna,Bea",
    58: f"Harbour,meets by the water,{'x' * 21},Bea",
    112: "Old town,a row of three cells,anna",
}
"""By the line on which they stand."""


def _file() -> bytes:
    lines = ["name,description,manager,members"]
    for number in range(GOOD + len(WRONG)):
        wrong = WRONG.get(number + 2)
        lines.append(wrong or f"Team {number:03},meets on Mondays,m{number % 7},Anna; Bea; Carl")
    return "\r\n".join([*lines, ""]).encode()


def fill_imports(at: datetime, runner: Any) -> dict[str, str]:
    """Put in what the pictures of imports show; the paths of pages by the names of the pictures."""
    from mtdata.jobs.records.models import Event, Job, Part
    from mtdata.programme import uploads
    from mtdata.programme.records.models import Team
    from mtdata.programme.teams import name_key

    upload = uploads.store([_file()], 1 << 20, name="teams.csv", sort="teams", owner="anna")

    def job(name: str, status: str, minutes: int, *checkpoints: Any, **more: Any) -> Any:
        begun = at - timedelta(minutes=minutes)
        named = f"{uuid4()} {name}"
        made = Job.objects.create(
            name=f"teams_{name}", kind="teams.import", status=status, owner="anna", can_undo=True,
            parameters={"file": named, "good_rows": "no", "duplicates": "skip", "again": "no"},
            created_at=begun, started_at=begun,
            ended_at=None if status == "In Progress" else begun + timedelta(seconds=9),
        )  # fmt: skip
        stages = ("plan", "work", "undo")[: len(checkpoints)]
        for number, (stage, kept) in enumerate(zip(stages, checkpoints, strict=True)):
            runs = status == "In Progress" and stage == "work"
            Part.objects.create(
                job=made, number=number, stage=stage, name={"work": "rows"}.get(stage, stage),
                status="In Progress" if runs else "Success", attempt=1, checkpoint=kept,
                started_at=begun, beat_at=at if runs else None, runner=runner if runs else None,
                leased_until=at + timedelta(hours=1) if runs else None,
                ended_at=None if runs else begun + timedelta(seconds=9),
                **(more if stage == "work" else {}),
            )  # fmt: skip
        Event.objects.create(job=made, at=begun, level="INFO", text="queued by anna")
        return made

    kept = [0, WRITTEN + 2, 900_000, WRITTEN - 37, 0, 37, 0]
    running = job("autumn.csv", "In Progress", 1, [ROWS], kept, rows=WRITTEN, expected=ROWS)
    job("summer.csv", "Stopped", 70, [900], [0, 402, 30_000, 400, 0, 0, 0], [400, 0, 0, 0, 0])
    brought = job("spring.csv", "Success", 180, [412], [1, 414, 31_000, 409, 0, 0, 3], rows=412)
    Team.objects.bulk_create(
        Team(name=f"Spring {n}", name_key=name_key(f"Spring {n}"), job=brought.pk)
        for n in range(409)
    )
    return {
        "programme": "/programme/",
        "import-preview": f"/import_teams/?file={upload.pk}",
        "import-running": f"/jobs/{running.pk}/",
    }
