"""What a report says in words beside its tables; pure, and it names no participant."""

from __future__ import annotations

from mtdata.core.words import counted
from mtdata.toolbox.report.model import StudyReport


def percent(rate: float | None) -> str:
    """A share of 0 to 1 in words; nothing is called 0 % or 100 % that is not, None is ''."""
    if rate is None:
        return ""
    if 0 < rate < 0.001:
        return "< 0.1 %"
    if 0.999 < rate < 1:
        return "> 99.9 %"
    return "100 %" if rate == 1 else f"{100 * rate:.1f} %" if rate else "0 %"


def headline(report: StudyReport) -> str:
    """The answer in a line: is it complete?"""
    lacking, done = report.missing
    if not report.log_day:
        return "Nobody can tell: the pool has no TaskLog"
    if not done:
        return "No task is logged yet"
    if not lacking:
        return f"Complete: {counted(done, 'logged task has', 'logged tasks have')} an entry"
    return f"{counted(lacking, 'logged task lacks', 'logged tasks lack')} an entry, of {done:,}"


def notes_of(report: StudyReport) -> list[str]:
    """What one has to know to read the numbers, a sentence each."""
    return [words for words in (_basis(report), *_left_out(report)) if words]


def _basis(report: StudyReport) -> str:
    schedule = (
        f"Schedule of {report.schedule_day}"
        if report.schedule_day
        else ("No schedule in the pool: tasks are those of the log and the sheets")
    )
    log = (
        f"TaskLog of {report.log_day}" if report.log_day else "no TaskLog: nothing to compare with"
    )
    return f"{schedule}; {log}"


def _left_out(report: StudyReport) -> list[str]:
    found = []
    accounts = counted(report.tests, "account of tests and admins", "accounts of tests and admins")
    if report.tests and report.with_tests:
        found.append(f"{accounts} counted as well")
    elif report.tests:
        rows = counted(report.test_rows, "row")
        found.append(f"{accounts} left out, with {rows}")
    if report.unlinked:
        found.append(f"{counted(report.unlinked, 'row')} of TaskLog: of no known participant")
    if report.nameless:
        found.append(f"{counted(report.nameless, 'entry', 'entries')} without a participant")
    if report.odd_days:
        found.append(f"{counted(report.odd_days, 'entry', 'entries')} with a day that cannot be")
    if report.no_tasks:
        found.append(f"no tasks, so not compared: {', '.join(report.no_tasks)}")
    return found
