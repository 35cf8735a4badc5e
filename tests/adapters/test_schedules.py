"""The study's schedule in the pool: kept when it differs, whole after a power cut, read by day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random

import pytest

from mtdata.core.disk import FolderDisk
from mtdata.core.errors import PackageError, StorageError
from mtdata.study.files.schedules import ScheduleFiles
from mtdata.study.model.study_schedule import MAX_SCHEDULE
from tests.conftest import LONG
from tests.fakes_torn import TornOs
from tests.tally import tried

MONDAY, TUESDAY, FRIDAY = date(2026, 3, 9), date(2026, 3, 10), date(2026, 3, 13)
FOLDER = "schedule"
LOSSES = 20 if LONG else 4


def told(study: str) -> bytes:
    return b'[ {"name":"%s","sessions":[]} ]' % study.encode()


def study_of(files: ScheduleFiles, day: date | None = None) -> tuple[date, str]:
    found = files.newest() if day is None else files.of(day)
    assert found is not None
    return found.day, found.studies[0].name


@pytest.fixture
def files(tmp_path: Path) -> ScheduleFiles:
    return ScheduleFiles(FolderDisk(tmp_path))


def test_a_schedule_is_kept_as_sent_under_the_day_on_which_it_was_told(
    files: ScheduleFiles, tmp_path: Path
) -> None:
    assert files.keep(MONDAY, told("one"))
    [path] = (tmp_path / FOLDER).iterdir()
    assert (path.name, path.read_bytes()) == ("Schedule-2026-03-09.json", told("one"))
    assert path.stat().st_mode & 0o777 == 0o600


def test_only_another_schedule_is_kept_again(files: ScheduleFiles) -> None:
    assert files.keep(MONDAY, told("one"))
    assert not files.keep(MONDAY, told("one"))
    assert not files.keep(TUESDAY, told("one"))
    assert files.days() == [MONDAY]
    assert files.keep(FRIDAY, told("two"))
    assert files.days() == [MONDAY, FRIDAY]


def test_the_last_one_of_a_day_is_that_of_the_day(files: ScheduleFiles) -> None:
    files.keep(MONDAY, told("one"))
    assert files.keep(MONDAY, told("two"))
    assert files.days() == [MONDAY]
    assert study_of(files) == (MONDAY, "two")


def test_each_day_has_the_schedule_that_held_on_it(files: ScheduleFiles) -> None:
    files.keep(TUESDAY, told("one"))
    files.keep(FRIDAY, told("two"))
    assert study_of(files, MONDAY) == (TUESDAY, "one"), "before the first that one is the nearest"
    assert study_of(files, TUESDAY) == (TUESDAY, "one")
    assert study_of(files, date(2026, 3, 12)) == (TUESDAY, "one")
    assert study_of(files, FRIDAY) == (FRIDAY, "two")
    assert study_of(files) == (FRIDAY, "two")


def test_what_a_clock_that_stood_ahead_left_hides_no_schedule_of_today(
    files: ScheduleFiles,
) -> None:
    files.keep(FRIDAY, told("one"))
    assert files.keep(MONDAY, told("one"))
    assert not files.keep(TUESDAY, told("one"))
    assert study_of(files, TUESDAY) == (MONDAY, "one")


def test_a_pool_without_schedules_has_none(files: ScheduleFiles, tmp_path: Path) -> None:
    assert (files.days(), files.newest(), files.of(MONDAY)) == ([], None, None)
    (tmp_path / FOLDER).mkdir()
    for name in ("Schedule.json", "Schedule-2026-13-01.json", "notes.txt", ".Schedule.json.staged"):
        (tmp_path / FOLDER / name).write_bytes(told("none"))
    assert (files.days(), files.newest()) == ([], None)


@pytest.mark.parametrize("body", [b"", b"{}", b"[" * 100_000, b"[" + b" " * MAX_SCHEDULE + b"]"])
def test_what_nobody_could_read_is_not_kept_and_hides_nothing(
    files: ScheduleFiles, body: bytes
) -> None:
    files.keep(MONDAY, told("one"))
    with pytest.raises(PackageError):
        files.keep(TUESDAY, body)
    assert files.days() == [MONDAY]


@pytest.mark.parametrize("body", [b"SECRET", b"[" * 100_000, b" " * 2 * MAX_SCHEDULE])
def test_a_file_that_somebody_changed_is_named_and_the_next_schedule_takes_its_place(
    files: ScheduleFiles, tmp_path: Path, body: bytes
) -> None:
    files.keep(MONDAY, told("one"))
    (tmp_path / FOLDER / "Schedule-2026-03-09.json").write_bytes(body)
    with pytest.raises(StorageError, match=r"schedule/Schedule-2026-03-09\.json") as caught:
        files.newest()
    assert "SECRET" not in str(caught.value)
    assert files.keep(MONDAY, told("one"))
    assert study_of(files) == (MONDAY, "one")


def test_no_link_leads_out_of_the_pool(files: ScheduleFiles, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / FOLDER).symlink_to(elsewhere)
    with pytest.raises(StorageError):
        files.keep(MONDAY, told("one"))
    assert list(elsewhere.iterdir()) == []


class PowerCut(BaseException):
    """The end of the process."""


def cuts(torn: TornOs) -> Iterator[None]:
    """Have it end before its first change, then before its second, and so on, until it ends."""
    number, seen = 0, [0]

    def step(call: str) -> None:
        seen[0] += 1
        if seen[0] == number:
            raise PowerCut

    torn.step = step
    while seen[0] >= number:
        number, seen[0] = number + 1, 0
        yield
    torn.step = lambda call: None


def test_a_power_cut_leaves_the_old_schedule_or_the_new_one_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    torn, root, count = TornOs(), Path("/pool"), 0
    torn.stand_in(monkeypatch)
    for loss in range(LOSSES):
        for _ in cuts(torn):
            before = ScheduleFiles(FolderDisk(root))
            torn.root = type(torn.root)()
            is_cut = False
            try:
                before.keep(MONDAY, told("one"))
                before.keep(TUESDAY, told("two"))
            except PowerCut:
                is_cut = True
            hears, torn.step = torn.step, lambda call: None
            torn.lose_power(Random(f"{seed} {loss} {count}"))
            after, count = ScheduleFiles(FolderDisk(root)), count + 1
            kept = [after.of(day) for day in after.days()]
            names = [one.studies[0].name for one in kept if one]
            assert names in ([], ["one"], ["one", "two"])
            assert is_cut or names == ["one", "two"]
            after.keep(FRIDAY, told("two"))
            assert study_of(after) == (after.days()[-1], "two")
            assert {Path(name).name for name in torn.files()} == {
                f"Schedule-{day}.json" for day in after.days()
            }
            torn.step = hears
    tried("simulated disk", "power cut on a schedule", count)
    assert count > 10 * LOSSES
