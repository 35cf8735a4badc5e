"""What of a large report one page shows: the scales with most amiss, or those asked for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mtdata.toolbox.report.excerpt import LEAST_LINES, MOST_LINES, excerpt
from mtdata.toolbox.report.model import Mismatches, PageTime, StudyReport, TaskLine
from mtdata.toolbox.report.sections import sections

SCALES, SESSIONS = 200, 12


def large(sessions: int = SESSIONS) -> StudyReport:
    """Of S007 much is missing, S100 lies there twice, of S150 one case differs."""
    names = [f"S{number:03}" for number in range(SCALES)]
    spans = tuple(f"SESSION{number}" for number in range(sessions))
    lacking, twice = {"S007": 5}, {"S100": 3}
    return StudyReport(
        server="study",
        made_at=datetime(2026, 3, 12, tzinfo=UTC),
        log_day="2026-03-12",
        sessions=spans,
        tasks=tuple(
            TaskLine(
                scale=name, session=span, data_found=True, logged=500, entries=500, done=500,
                found=500 - lacking.get(name, 0), duplicates=twice.get(name, 0),
            )
            for name in names
            for span in spans
        ),
        mismatches=(Mismatches(kind="rewritten", scale="S150", cases=1, rows=2),),
        times=tuple(PageTime(scale=n, entries=9, lower=1, median=2, upper=3) for n in names),
    )  # fmt: skip


def test_scales_with_most_amiss_are_shown_in_the_order_of_the_report() -> None:
    part = excerpt(large())
    names = list(dict.fromkeys(line.scale for line in part.shown.tasks))
    assert len(names) == part.scales < part.fitting == SCALES
    assert names == sorted(names)
    assert {"S007", "S100", "S150"} < set(names)
    assert [one.scale for one in part.shown.mismatches] == ["S150"]
    assert [one.scale for one in part.shown.times] == names
    assert not part.is_whole


@pytest.mark.parametrize(("sessions", "scales"), [(1, MOST_LINES), (40, LEAST_LINES)])
def test_more_sessions_leave_room_for_fewer_scales(sessions: int, scales: int) -> None:
    assert excerpt(large(sessions)).scales == scales


def test_a_name_finds_its_scale_however_well_it_is() -> None:
    part = excerpt(large(), "s19")
    assert part.is_whole
    assert {line.scale for line in part.shown.tasks} == {f"S{n}" for n in range(190, 200)}
    assert excerpt(large(), "nothing").fitting == 0


def test_a_small_report_is_shown_as_it_is() -> None:
    whole = large().model_copy(update={"tasks": large().tasks[: 5 * SESSIONS], "mismatches": ()})
    whole = whole.model_copy(update={"times": whole.times[:5]})
    assert excerpt(whole).shown == whole


def test_sums_are_those_of_all_scales_though_tables_have_few() -> None:
    report = large()
    assert "1,200,000" in sections(report, excerpt(report, "S007").shown)
