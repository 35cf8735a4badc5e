"""The report of one site: schedule, log and entries held against each other; it writes nothing.

DuckDB does the work over tables of text; one scale lies in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from mtdata.config import SiteConfig
from mtdata.core.clock import SystemClock
from mtdata.core.errors import DamageError
from mtdata.core.step import Step, Watch
from mtdata.toolbox.database import PoolDatabase
from mtdata.toolbox.report import accounts, mismatches, task_log
from mtdata.toolbox.report.macros import define_macros, run
from mtdata.toolbox.report.model import (
    KINDS,
    Mismatches,
    PageTime,
    SessionLine,
    StudyReport,
    TaskLine,
)
from mtdata.toolbox.report.occasions import OccasionFacts, occasions
from mtdata.toolbox.report.schedule import PoolSchedule, newest_schedule
from mtdata.toolbox.report.sessions import attend, session_lines
from mtdata.toolbox.report.task_log import COMPLETE, LogFacts

TABLES = frozenset({accounts.PARTICIPANTS, accounts.STUDIES, task_log.SCALE})
"""Scales that tell of the study itself."""


class ReportMaker:
    """Makes the report of one site; the table `mismatch` of its database has every case then."""

    def __init__(
        self, database: PoolDatabase, site: SiteConfig, *, with_tests: bool, watch: Watch
    ) -> None:
        self.database, self._site, self._watch = database, site, watch
        self.with_tests = with_tests
        self.schedule: PoolSchedule = newest_schedule(site.path)
        self.log = LogFacts()
        self._lines: list[TaskLine] = []
        self._mismatches: list[Mismatches] = []
        self._times: list[PageTime] = []
        self._no_tasks: list[str] = []
        self._faults: list[str] = []
        self._rows_left_out = self._nameless = 0

    def load(self) -> None:
        """Read who takes part and what the log says.  SheetChanged (74) as `Pools.tables` says."""
        define_macros(self.database)
        run(self.database, f"{mismatches.SHAPE}; {_DAYS}")
        accounts.load_accounts(self.database)
        self.log = task_log.load_log(self.database, with_tests=self.with_tests)
        attend(self.database, self.schedule)

    def make(self) -> StudyReport:
        """Read every scale, and tell all of it; a scale with a changed sheet is told as a fault."""
        self.load()
        kinds = self.schedule.kinds()
        scales = self._scales()
        for place, scale in enumerate(scales, 1):
            entries = sum(line.entries for line in self._lines)
            self._watch(Step(scale, place, len(scales), doing="reading", ever=entries))
            try:
                self._read(scale, kinds.get(scale.casefold(), ""))
            except DamageError as fault:
                self._faults.append(str(fault))
        return self._report()

    def _scales(self) -> list[str]:
        """Those of the schedule in its order, then of the log, then the others of the pool."""
        own = {name.casefold() for name in TABLES}
        pool = list(self.database.pools.sheets)
        by_fold = {name.casefold(): name for name in pool}
        logged = self.database.rows(
            "SELECT DISTINCT scale FROM log WHERE scale <> ? ORDER BY 1", COMPLETE
        )
        names = [task.scale for task in self.schedule.tasks]
        names += [scale for (scale,) in logged] + pool
        unique = dict.fromkeys([by_fold.get(name.casefold(), name) for name in names])
        return [name for name in unique if name.casefold() not in own]

    def _read(self, scale: str, kind_of_task: str) -> None:
        is_there = scale in self.database.pools.sheets
        with occasions(
            self.database, scale, kind_of_task, self.log, with_tests=self.with_tests
        ) as facts:
            planned = self.schedule.of_scale(scale)
            if is_there and not facts.is_task:
                self._no_tasks.append(scale)
                return
            self._rows_left_out += facts.test_rows
            self._nameless += facts.nameless
            empty = self._line(scale, is_there=is_there)
            self._lines += _with_planned(self._cells(facts, empty), planned, empty)
            is_known = facts.is_logged or (bool(planned) and self.log.rows > 0)
            self._mismatches += mismatches.find_mismatches(
                self.database, scale, facts, is_known=is_known
            )
            self._times += _page_time(self.database, scale)
            run(self.database, _ADD_DAYS)

    def _line(self, scale: str, *, is_there: bool) -> TaskLine:
        """That of a task which nobody came to; without a log there is no number of it."""
        none = 0 if self.log.rows else None
        return TaskLine(scale=scale, data_found=is_there, logged=none, done=none)

    def _cells(self, facts: OccasionFacts, empty: TaskLine) -> Iterator[TaskLine]:
        repeated = "entries - ids" if facts.has_trials else "greatest(entries - 1, 0)"
        for session, tag, logged, entries, duplicates, done, found in self.database.rows(
            f"""SELECT session, tag, sum(logged)::BIGINT, sum(entries)::BIGINT,
                sum({repeated})::BIGINT, count(*) FILTER (logged > 0),
                count(*) FILTER (logged > 0 AND entries > 0)
            FROM occasion GROUP BY ALL ORDER BY 1, 2"""
        ):
            counts = {"entries": entries, "duplicates": duplicates, "found": found}
            compared = {"logged": logged, "done": done} if self.log.rows else {}
            place = {"session": session, "tag": tag}
            yield empty.model_copy(update={**place, **counts, **compared})

    def _report(self) -> StudyReport:
        ((people, tests),) = self.database.rows(
            "SELECT count(*) FILTER (NOT is_test), count(*) FILTER (is_test) FROM account"
        )
        dropoff = session_lines(self.database)
        now = SystemClock().now()
        days, odd = _days(self.database, (now + AHEAD).date())
        return StudyReport(
            server=self._site.name,
            made_at=now,
            schedule_day=self.schedule.day,
            log_day=self.log.day,
            with_tests=self.with_tests,
            participants=people + (tests if self.with_tests else 0),
            tests=tests,
            test_rows=self.log.tests + self._rows_left_out,
            unlinked=self.log.unlinked,
            nameless=self._nameless,
            sessions=_session_order(self.schedule, dropoff, self._lines),
            tasks=tuple(self._lines),
            mismatches=tuple(sorted(self._mismatches, key=_gravity)),
            dropoff=tuple(dropoff),
            days=days,
            odd_days=odd,
            times=tuple(self._times),
            no_tasks=tuple(self._no_tasks),
            faults=tuple(self._faults),
        )


AHEAD = timedelta(days=2)
FIRST_DAY = date(2000, 1, 1)
_DAYS = "CREATE TABLE days (day DATE, count BIGINT)"
_ADD_DAYS = "INSERT INTO days SELECT day, count(*) FROM entry WHERE day IS NOT NULL GROUP BY 1"


def _days(database: PoolDatabase, end: date) -> tuple[dict[str, int], int]:
    """Entries by day (ISO), and how many bear a day that cannot be."""
    rows = database.rows(
        """SELECT day::VARCHAR, sum(count)::BIGINT, day BETWEEN ? AND ? FROM days
        GROUP BY ALL ORDER BY 1""",
        FIRST_DAY,
        end,
    )
    return {day: count for day, count, can_be in rows if can_be}, sum(
        r[1] for r in rows if not r[2]
    )


def _with_planned(
    lines: Iterator[TaskLine], planned: Sequence[tuple[str, str]], empty: TaskLine
) -> list[TaskLine]:
    """With a line for each task of the schedule that nobody came to; tags are those of the plan."""
    known = {(line.session, line.tag): line for line in lines}
    for session, tag in planned:
        place = (session, tag)
        is_only = [one for one in planned if one[0] == session] == [place]
        if place not in known and is_only and (tagless := known.pop((session, ""), None)):
            known[place] = tagless.model_copy(update={"tag": tag})  # the sheets have none
        line = known.get(place, empty.model_copy(update={"session": session, "tag": tag}))
        known[place] = line.model_copy(update={"in_schedule": True})
    return list(known.values())


def _gravity(one: Mismatches) -> tuple[int, int, str]:
    """What is missing comes first; of one class what is most."""
    return list(KINDS).index(one.kind), -one.cases, one.scale


def _session_order(
    schedule: PoolSchedule, dropoff: Sequence[SessionLine], lines: Sequence[TaskLine]
) -> tuple[str, ...]:
    planned = [task.session for task in schedule.tasks]
    others = [line.session for line in dropoff] + sorted({line.session for line in lines})
    return tuple(dict.fromkeys([*planned, *others]))


def _page_time(database: PoolDatabase, scale: str) -> Iterator[PageTime]:
    ((count, quartiles),) = database.rows("""
        SELECT count(*), quantile_cont(seconds, [0.25, 0.5, 0.75]) FROM entry
        WHERE seconds >= 0 AND isfinite(seconds)""")
    if count:
        lower, median, upper = quartiles
        yield PageTime(scale=scale, entries=count, lower=lower, median=median, upper=upper)
