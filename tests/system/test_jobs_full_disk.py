"""A disk that is full while a job writes its file: the job waits, says so, and goes on later."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.conftest import requires_program
from tests.system.home import ROOT, STUDY, Home, row

pytestmark = requires_program("strace", "apt-get install strace")
FULL = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=write,pwrite64:error=ENOSPC", "-P")
ENTRIES = 5


def staged(home: Home, job: str, attempt: int, sheet: Path) -> str:
    """Where that attempt writes the sheet before it has its name."""
    return str(home.pool / "recovered_data" / f".{sheet.name}.{job[:8]}-{attempt}.staged")


def carry(home: Home, *before: str) -> None:
    """What can be carried now, by a runner in a process of its own."""
    words = [*before, *home.words("runner", "--once")]
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True, timeout=120)


def wait_no_longer(job: str) -> None:
    """Let the pause before the next try be over."""
    from mtdata.jobs.records.models import Part

    Part.objects.filter(job_id=job).update(not_before=None)


def test_a_full_disk_puts_a_job_off_and_loses_nothing(home: Home) -> None:
    home.site.put("QOL", [row(number) for number in range(1, ENTRIES + 1)])
    home.export()
    [sheet] = home.paths("active_data", "QOL")
    job = home.run("jobs", "add", "study.decode", f"server={STUDY}").shown["id"]
    for attempt in (1, 3):  # putting it off raises the attempt as well
        wait_no_longer(job)
        carry(home, *FULL, staged(home, job, attempt, sheet))
        told = home.run("jobs", "show", job).shown
        assert told["status"] == "In Progress"
        assert "No space left on device" in told["events"][-1]["text"]
        assert told["artifacts"] == []
        assert not (home.pool / "recovered_data" / sheet.name).exists()
    wait_no_longer(job)
    carry(home)
    told = home.run("jobs", "show", job).shown
    assert (told["status"], told["rows"]) == ("Success", ENTRIES)
    assert (home.pool / "recovered_data" / sheet.name).read_bytes() == sheet.read_bytes()
    assert list((home.pool / "recovered_data").glob(".*.staged")) == []


def test_a_disk_that_stays_full_fails_the_job_with_the_reason(home: Home) -> None:
    from mtdata.jobs.records.models import Part
    from mtdata.jobs.states import MOST_PUT_OFF

    home.site.put("QOL", [row(1)])
    home.export()
    [sheet] = home.paths("active_data", "QOL")
    job = home.run("jobs", "add", "study.decode", f"server={STUDY}").shown["id"]
    carry(home, *FULL, staged(home, job, 1, sheet))
    Part.objects.filter(job_id=job, stage="work").update(lost=MOST_PUT_OFF - 1)
    wait_no_longer(job)
    carry(home, *FULL, staged(home, job, 3, sheet))
    told = home.run("jobs", "show", job).shown
    assert told["status"] == "Failed"
    assert "No space left on device" in told["reason"]
