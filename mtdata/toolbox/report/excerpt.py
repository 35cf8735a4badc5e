"""The part of a report that one page shows: the scales with most amiss, or those of a name; pure.

The rest stands in the tables beside the report, and in the answer of the API.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from mtdata.toolbox.report.model import StudyReport, TaskLine, by_scale
from mtdata.toolbox.report.sections import MOST_SESSIONS

MOST_LINES, LEAST_LINES, MOST_CELLS = 40, 10, 360
"""So many lines of tasks, fewer where many sessions make each of them long: a page of 100 KB."""


class Excerpt(NamedTuple):
    """What is shown, in the order of the report, and of how many scales that fit."""

    shown: StudyReport
    scales: int
    fitting: int

    @property
    def is_whole(self) -> bool:
        """Whether every scale that fits is shown."""
        return self.scales == self.fitting


def excerpt(report: StudyReport, words: str = "") -> Excerpt:
    """The scales whose name has these words, those with most amiss where they are too many."""
    lines = _by_name(report)
    fitting = [name for name in lines if words.casefold() in name.casefold()]
    amiss = _amiss(report, lines)
    gravest = sorted(fitting, key=lambda name: amiss[name], reverse=True)
    chosen = set(_within(gravest, lines, _room(report)))
    shown = {
        "tasks": tuple(one for one in report.tasks if one.scale in chosen),
        "mismatches": tuple(one for one in report.mismatches if one.scale in chosen),
        "times": tuple(one for one in report.times if one.scale in chosen),
    }
    return Excerpt(report.model_copy(update=shown), len(chosen), len(fitting))


def _by_name(report: StudyReport) -> dict[str, list[TaskLine]]:
    """Every scale with its lines, a line for each tag; those without tasks have none."""
    found: dict[str, list[TaskLine]] = {}
    for line in by_scale(report.tasks):
        found.setdefault(line.scale, []).append(line)
    others = [one.scale for one in report.mismatches] + [one.scale for one in report.times]
    for name in others:
        found.setdefault(name, [])
    return found


def _amiss(
    report: StudyReport, lines: Mapping[str, Sequence[TaskLine]]
) -> dict[str, tuple[int, int, int]]:
    """How much is missing, how many cases differ, how much is there twice."""
    cases = dict.fromkeys(lines, 0)
    for one in report.mismatches:
        cases[one.scale] += one.cases
    return {
        name: (
            sum((line.done or 0) - line.found for line in of_scale if line.done),
            cases[name],
            sum(line.duplicates for line in of_scale),
        )
        for name, of_scale in lines.items()
    }


def _room(report: StudyReport) -> int:
    """For how many lines there is room: each has a cell for every session."""
    cells = max(1, min(len(report.sessions), MOST_SESSIONS))
    return max(LEAST_LINES, min(MOST_LINES, MOST_CELLS // cells))


def _within(
    names: Sequence[str], lines: Mapping[str, Sequence[TaskLine]], room: int
) -> Iterator[str]:
    """As many of these as there is room for, the first in any case."""
    for place, name in enumerate(names):
        room -= max(1, len(lines[name]))
        if room < 0 and place:
            return
        yield name
