"""A home whose records hold teams and form responses; it carries imports itself, batch by batch.

What a runner and its child do is done here in one process, so a test can let the child be killed
between any two commits.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from mtdata.core.errors import Fenced, MTDataError, Stopped
from mtdata.duties import KINDS
from mtdata.jobs import queue
from mtdata.jobs.child import carry
from mtdata.jobs.child_work import ChildWork
from mtdata.jobs.records import claims, orders, reaper, runners
from mtdata.jobs.records.asking import now
from mtdata.jobs.records.fence import Claimed, is_stopping
from mtdata.jobs.records.models import Event, Job, Part
from mtdata.programme import uploads
from mtdata.programme.records.models import FormResponse, Team, TeamChange
from tests.jobs.place import Place

HEADER = ("name", "description", "manager", "members")
Row = tuple[str, str, str, str]


class Killed(BaseException):
    """The child ends here and now."""


class SaidLog:
    """Keeps what a child tells its supervisor."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def say(self, **message: Any) -> None:
        if "log" in message:
            self.lines.append(tuple(message["log"]))


def team(name: str, description: str = "", manager: str = "", members: str = "") -> Row:
    """A row of a file."""
    return name, description, manager, members


def csv_of(rows: Iterable[Sequence[str]], header: Sequence[str] = HEADER) -> bytes:
    """A file of these rows."""
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode()


class ImportPlace(Place):
    """Config, records and files that were brought."""

    kinds = KINDS
    child = (sys.executable, "-m", "mtdata.jobs.child", "mtdata.duties")

    # orders

    def bring(self, content: bytes, name: str = "teams.csv", sort: str = "teams") -> str:
        """Bring a file; its id."""
        most = self.settings.programme.upload_max
        return str(uploads.store([content], most, name=name, sort=sort).pk)

    def order(self, rows: Iterable[Sequence[str]] | bytes, kind: str = "teams.import",
              **wishes: str) -> str:  # fmt: skip
        """Queue an import of a file; the job's id."""
        content = rows if isinstance(rows, bytes) else csv_of(rows)
        given = {"file": self.bring(content, sort=kind.partition(".")[0]), **wishes}
        return str(queue.add(self.settings, self.kinds, kind, given).pk)

    def imported(self, rows: Iterable[Sequence[str]] | bytes, status: str = "Success",
                 **wishes: str) -> str:  # fmt: skip
        """Queue it and carry it to its end; the job's id."""
        job = self.order(rows, **wishes)
        assert self.run(job) == status, self.reason(job)
        return job

    def stop(self, job: str = "") -> None:
        """Stop a job; without one, end the slots."""
        if not job:
            super().stop()
            return
        orders.stop(job)

    # carrying

    def run(self, job: str, meanwhile: Callable[[], None] = lambda: None) -> str:
        """Carry a job until nothing of it can be carried; its state.  See `step`."""
        while self.step(job, meanwhile):
            pass
        return self.status(job)

    def step(self, job: str, meanwhile: Callable[[], None] = lambda: None) -> bool:
        """Carry one part as a supervisor and its child do, `meanwhile` behind each commit.

        Killed out of there leaves everything as it is, and the lease ends.
        """
        runner = runners.register("test", 1)
        claimed = claims.claim(runner, 60.0, self.kinds.keys(), job)
        if claimed is None:
            return False
        said = SaidLog()
        work = WatchedWork(self.settings, claimed, said, meanwhile)
        try:
            carry(work, self.kinds)
        except Killed:
            self.expire()
        except Stopped:
            assert is_stopping(job)
            claims.mark_stopped(claimed)
        except Fenced:
            pass
        except MTDataError as error:
            if error.again:
                reaper.put_off(claimed, str(error))
            else:
                claims.fail(claimed, str(error))
        finally:
            runners.add_log_lines(job, said.lines)
            # pauses behind a loss are no business of these tests
            Part.objects.filter(job=job, status="Queued").update(not_before=None)
        return True

    def expire(self) -> None:
        """Let every lease be over, and reap."""
        Part.objects.filter(status="In Progress").update(leased_until=now() - timedelta(seconds=1))
        reaper.reap(3600)

    # what is known

    def reason(self, job: str) -> str:
        """Why a job stands as it does."""
        return Job.objects.get(pk=job).reason

    def log(self, job: str) -> str:
        """The lines of its log."""
        return "\n".join(
            Event.objects.filter(job=job).order_by("pk").values_list("text", flat=True)
        )

    def teams(self, job: str | None = None) -> list[Row]:
        """All teams, or those that the job wrote last, sorted."""
        teams = Team.objects.filter(**({"job": UUID(job)} if job else {}))
        return sorted(teams.values_list(*HEADER))

    def leftovers(self, job: str) -> int:
        """How many rows and notes of the job are there."""
        of = {"job": UUID(job)}
        rows = sum(table.objects.filter(**of).count() for table in (Team, FormResponse))
        return rows + TeamChange.objects.filter(**of).count()


class WatchedWork(ChildWork):
    """The work of a child; somebody is called behind each of its commits."""

    def __init__(
        self, settings: Any, claimed: Claimed, said: SaidLog, meanwhile: Callable[[], None]
    ) -> None:
        super().__init__(settings, claimed, said)  # type: ignore[arg-type]
        self._meanwhile = meanwhile

    def commit(self, move: Callable[[], Any]) -> None:
        """Port: Work.commit."""
        super().commit(move)
        self._meanwhile()
