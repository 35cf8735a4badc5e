"""The report of a study of sixty days finds each fault that was planted, and nothing else."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mtdata.core.disk import FolderDisk
from mtdata.demo.study.sixty_days import planted as truth
from mtdata.toolbox.report import model
from mtdata.toolbox.report.making import WrittenReport, report_scales
from mtdata.toolbox.report.writing import ReportFolder

if TYPE_CHECKING:
    from mtdata.demo.study.sixty_days.pool import StudyPool

FOUND_AS = {
    truth.MISSING: (model.MISSING, ""),
    truth.IN_CONDITION: (model.MISSING, "condition"),
    truth.IN_SESSION: (model.MISSING, "session"),
    truth.IN_PERIOD: (model.MISSING, "period"),
    truth.WRITTEN_TWICE: (model.WRITTEN_TWICE, ""),
}
"""How the report calls what is planted."""
Case = tuple[str, str, str, str]


def planted_cases() -> list[truth.Planted]:
    """Faults of completeness; those of single values are none."""
    return [one for one in truth.PLANTED if one.kind in FOUND_AS]


def cases_in(file: Path) -> Counter[Case]:
    """Class, scale, participant and session of each mismatch, by how many rows it is."""
    with file.open(newline="", encoding="utf-8") as lines:
        return counted(
            (row["class"], row["scale"], row["participant"], row["session"], int(row["rows"]))
            for row in csv.DictReader(lines)
        )


def counted(cases: Iterable[tuple[str, str, str, str, int]]) -> Counter[Case]:
    found: Counter[Case] = Counter()
    for *case, rows in cases:
        kind, scale, participant, session = case
        found[kind, scale, participant, session] += rows
    return found


@pytest.fixture
def written(sixty_days: StudyPool, tmp_path: Path) -> WrittenReport:
    """The report of the pool, in a folder elsewhere."""
    (site,) = sixty_days.settings.sites
    folder = ReportFolder(FolderDisk(tmp_path), "", "", date(2018, 5, 31))
    return report_scales(site, folder, "report scale")


def test_the_report_finds_each_planted_fault_and_what_its_cases_share(
    written: WrittenReport,
) -> None:
    expected: Counter[tuple[str, str, str]] = Counter()
    for one in planted_cases():
        kind, shared = FOUND_AS[one.kind]
        expected[kind, one.scale, shared] += one.count
    found = {(one.kind, one.scale, one.only_in): one.rows for one in written.report.mismatches}
    assert found == expected


def test_each_case_is_named_and_no_other_is(written: WrittenReport) -> None:
    expected = counted(
        (FOUND_AS[one.kind][0], one.scale, str(one.participant), one.session, one.count)
        for one in planted_cases()
    )
    (file,) = (one.path for one in written.files if one.name.startswith("mismatches"))
    assert cases_in(file) == expected


def test_a_report_tells_of_no_fault_of_the_pool_and_changes_nothing(
    written: WrittenReport, sixty_days: StudyPool
) -> None:
    assert written.report.faults == ()
    pool = sixty_days.settings.sites[0].path
    assert not (pool / "reports").exists()
