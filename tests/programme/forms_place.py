"""A home whose records hold form responses, and who carries jobs of theirs here; no test itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from mtdata.core.errors import Fenced, MTDataError, Stopped
from mtdata.duties import KINDS
from mtdata.jobs import queue
from mtdata.jobs.child import carry
from mtdata.jobs.child_work import ChildWork
from mtdata.jobs.records import claims, runners
from mtdata.jobs.records.models import Artifact, Event, Job
from mtdata.programme import uploads
from mtdata.programme.forms import FIELDS
from mtdata.programme.records.models import FormResponse
from tests.jobs.place import Place

Values = tuple[Any, ...]
START = datetime(2020, 5, 15, 12, tzinfo=UTC)


def response(minutes: int = 0, user: str = "anna", **more: Any) -> Values:
    """The values of one, by FIELDS."""
    known = {
        "timestamp": START + timedelta(minutes=minutes),
        "user": user,
        "name_of_respondent": "A. Nonymous",
        "gender_of_respondent": "Other",
        "reading_books": True,
        "listening_music": False,
        "mobile_no": "+49 30 123",
        "record_latitude": Decimal("52.520008"),
        "record_longitude": Decimal("-0.500000"),
    } | more
    return tuple(known[name] for name in FIELDS)


class ToldPipe:
    """Takes what a child tells its supervisor, and passes it on to who looks."""

    def __init__(self, look: Callable[[], None]) -> None:
        self._look, self.lines = look, list[tuple[str, str]]()

    def say(self, **message: Any) -> None:
        if "log" in message:
            self.lines.append(tuple(message["log"]))
        self._look()


class FormsPlace(Place):
    """Config, form responses and files that jobs made of them."""

    def forget(self) -> None:
        """Remove every job and every form response."""
        super().forget()
        FormResponse.objects.all().delete()

    @property
    def output(self) -> Path:
        """The folder of OUTPUT."""
        return self.folder / "exports" / "forms"

    def fill(self, *rows: Values) -> None:
        """Enter these."""
        FormResponse.objects.bulk_create(
            FormResponse(**dict(zip(FIELDS, row, strict=True))) for row in rows
        )

    def values(self) -> list[Values]:
        """All that there are, in the order of an export."""
        rows = FormResponse.objects.order_by("timestamp", "pk")
        return list(rows.values_list(*FIELDS))

    def queue(self, kind: str = "forms.export", **parameters: str) -> str:
        """Queue a job; its id."""
        return str(queue.add(self.settings, KINDS, kind, parameters).pk)

    def bring(self, content: bytes) -> str:
        """Queue the import of a file; the job's id."""
        upload = uploads.store([content], 1 << 30, name="forms.csv", sort="forms")
        return self.queue("forms.import", file=str(upload.pk), again="yes")

    def run(self, job: str, look: Callable[[], None] = lambda: None) -> str:
        """Carry a job as far as it goes, all in this process; its state."""
        while self.step(job, look):
            pass
        return self.status(job)

    def step(self, job: str, look: Callable[[], None] = lambda: None) -> bool:
        """Carry one part of it; `look` is called at each word of the child."""
        runner, pipe = runners.register("test", 1), ToldPipe(look)
        claimed = claims.claim(runner, 60.0, KINDS.keys(), job)
        if claimed is None:
            return False
        try:
            carry(ChildWork(self.settings, claimed, pipe), KINDS)  # type: ignore[arg-type]
        except Stopped:
            claims.mark_stopped(claimed)
        except Fenced:
            pass
        except MTDataError as error:
            claims.fail(claimed, str(error))
        finally:
            runners.add_log_lines(job, pipe.lines)
        return True

    def exported(self, **parameters: str) -> bytes:
        """Carry an export to Success; the bytes of its file."""
        job = self.queue(**parameters)
        assert self.run(job) == "Success", self.reason(job)
        [made] = self.artifacts(job)
        return Path(made.place).read_bytes()

    def artifacts(self, job: str) -> Sequence[Artifact]:
        """What a job made."""
        return list(Artifact.objects.filter(job=job))

    def reason(self, job: str) -> str:
        """Why it stands as it does."""
        return Job.objects.get(pk=job).reason

    def log(self, job: str) -> str:
        """The lines of its log."""
        return "\n".join(Event.objects.filter(job=job).values_list("text", flat=True))

    def left_in_spool(self) -> list[str]:
        """What lies in the spool."""
        return [path.name for path in (self.folder / "state" / "spool").glob("*")]
