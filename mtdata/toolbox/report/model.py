"""What a report of completeness says, as it is kept beside the tables; no participant is in it.

It is pure: it reads no pool and draws nothing.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, computed_field

MISSING, NOT_LOGGED = "missing", "not logged"
WRITTEN_TWICE, DELIVERED_TWICE, REWRITTEN = "written twice", "delivered twice", "rewritten"
KINDS = {
    MISSING: "logged as done, and no entry is there",
    NOT_LOGGED: "an entry is there, and the log knows of none",
    WRITTEN_TWICE: "one task of one participant has entries with different ids",
    DELIVERED_TWICE: "one entry lies there again, with the same id and the same values",
    REWRITTEN: "one id lies there with different values",
}
"""Every class of mismatch, and what it means."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class TaskLine(_Part):
    """One task: how its log and its entries compare.

    `logged` and `entries` count rows, `duplicates` those of `entries` that repeat another.
    `done` are the occasions (participant, session, tag) that the log has, `found` those of them
    that have an entry.  `logged` and `done` are None (null) where the pool has no log.
    """

    scale: str
    tag: str = ""
    session: str = ""
    in_schedule: bool = False
    data_found: bool = False
    logged: int | None = None
    entries: int = 0
    duplicates: int = 0
    done: int | None = None
    found: int = 0

    @computed_field  # type: ignore[prop-decorator]  # kept beside the numbers that it is made of
    @property
    def missing_rate(self) -> float | None:
        """The share of logged occasions without an entry, 0 to 1; None where none was logged."""
        return 1 - self.found / self.done if self.done else None


class Mismatches(_Part):
    """All mismatches of one class in one scale; `rows` are the entries too many, or that lack.

    `only_in` is session, condition or period where all of them lie in one of these, `where` which.
    """

    kind: str
    scale: str
    cases: int
    rows: int
    only_in: str = ""
    where: str = ""

    @property
    def pattern(self) -> str:
        """What all cases have in common, in words; '' for nothing."""
        return f"only in {self.only_in} {self.where}" if self.only_in else ""


class SessionLine(_Part):
    """How many participants began a session by the log, and how many came to its end."""

    session: str
    began: int
    finished: int


class PageTime(_Part):
    """Seconds on the page of a scale: quartiles of so many entries."""

    scale: str
    entries: int
    lower: float
    median: float
    upper: float


class StudyReport(_Part):
    """Everything that the report of one site tells.

    Days are ISO, '' for none: `schedule_day` is that of the schedule, `log_day` of the log's sheet.
    `tests` are accounts of tests and admins, `test_rows` their rows that were left out.  `unlinked`
    rows of the log are of no known participant, `nameless` entries name none.  `days` counts
    entries by day, `odd_days` those that bear a day which cannot be.  `no_tasks` are scales without
    participant or session.  `faults` say what could not be read.
    """

    server: str
    made_at: datetime
    schedule_day: str = ""
    log_day: str = ""
    with_tests: bool = False
    participants: int = 0
    tests: int = 0
    test_rows: int = 0
    unlinked: int = 0
    nameless: int = 0
    sessions: tuple[str, ...] = ()
    tasks: tuple[TaskLine, ...] = ()
    mismatches: tuple[Mismatches, ...] = ()
    dropoff: tuple[SessionLine, ...] = ()
    days: dict[str, int] = {}
    odd_days: int = 0
    times: tuple[PageTime, ...] = ()
    no_tasks: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[int, int]:
        """Occasions without an entry, and all that were logged."""
        done = sum(line.done or 0 for line in self.tasks)
        return done - sum(line.found for line in self.tasks if line.done), done


def by_scale(tasks: tuple[TaskLine, ...]) -> list[TaskLine]:
    """One line for each scale and tag, all sessions together."""
    grouped: dict[tuple[str, str], list[TaskLine]] = {}
    for line in tasks:
        grouped.setdefault((line.scale, line.tag), []).append(line)
    return [_summed(lines) for lines in grouped.values()]


def _summed(lines: list[TaskLine]) -> TaskLine:
    first = lines[0]
    has_log = any(line.logged is not None for line in lines)
    return TaskLine(
        scale=first.scale,
        tag=first.tag,
        in_schedule=any(line.in_schedule for line in lines),
        data_found=first.data_found,
        logged=sum(line.logged or 0 for line in lines) if has_log else None,
        entries=sum(line.entries for line in lines),
        duplicates=sum(line.duplicates for line in lines),
        done=sum(line.done or 0 for line in lines) if has_log else None,
        found=sum(line.found for line in lines),
    )
