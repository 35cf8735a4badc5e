"""Files of the log: whole lines, each once and in the file of its day; a disk that refuses."""

from __future__ import annotations

import fcntl
import logging
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mtdata import logs
from mtdata.logs import files
from tests.fakes_log import BERLIN, SetClock, lines_of, log_given_back
from tests.system.home import ROOT

NOON = datetime(2026, 3, 12, 12, 0, tzinfo=BERLIN)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
def nightly(tmp_path: Path, clock: SetClock) -> Iterator[logs.NightlyFile]:
    with log_given_back():
        file = logs.NightlyFile(tmp_path / "logs" / "Daily.log", clock=clock)
        file.setFormatter(logging.Formatter("%(message)s"))
        yield file
        file.close()


def tell(file: logs.LogFile, message: str, at: datetime, level: int = logging.INFO) -> None:
    record = logging.LogRecord("mtdata", level, __file__, 1, message, (), None)
    record.created = at.timestamp()
    file.handle(record)


def found(file: logs.LogFile) -> dict[str, list[str]]:
    names = lines_of(Path(file.path).parent)
    return {
        name.removeprefix("Daily.log").lstrip(".") or "now": text for name, text in names.items()
    }


# midnight


@pytest.mark.parametrize(
    "day",
    ["2026-03-12", "2026-10-25"],
)
def test_four_programs_over_midnight_lose_no_line_and_put_each_into_its_day(
    tmp_path: Path, day: str
) -> None:
    midnight = datetime.combine(date.fromisoformat(day), datetime.max.time(), tzinfo=BERLIN)
    start = str(midnight.timestamp() - 0.4)
    words = [sys.executable, "-P", "-m", "tests.log_writer", str(tmp_path)]
    environ = {**os.environ, "TZ": "Europe/Berlin", "PYTHONPATH": str(ROOT)}
    writers = [
        subprocess.Popen(
            [*words, name, start], cwd=ROOT, env=environ, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for name in "abcd"
    ]  # fmt: skip
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    told = [writer.communicate(f"{time.monotonic()}\n", timeout=120)[0] for writer in writers]
    wanted = Counter(f"{name}-{n};" for name, count in zip("abcd", told, strict=True)
                     for n in range(int(count)))  # fmt: skip
    after = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    kept = lines_of(tmp_path / "logs")
    names = {f"{name}.log{end}" for name in ("DEBUG", "Daily", "error") for end in ("", f".{day}")}
    assert set(kept) == names
    for name in ("DEBUG", "Daily", "error"):
        files_of = (kept[f"{name}.log.{day}"], day), (kept[f"{name}.log"], after)
        assert Counter(line.split()[-1] for text, _ in files_of for line in text) == wanted
        for text, its_day in files_of:
            assert {line[:10] for line in text} == {its_day}


def test_a_line_made_before_midnight_and_written_after_it_goes_to_its_day(
    nightly: logs.NightlyFile, clock: SetClock
) -> None:
    tell(nightly, "one", clock.moment)
    clock.set(2026, 3, 13, 0, 0, 1)
    tell(nightly, "two", clock.moment)
    tell(nightly, "late", clock.moment - timedelta(seconds=2))
    assert found(nightly) == {"now": ["two"], "2026-03-12": ["one", "late"]}


def test_a_program_that_slept_over_several_midnights_names_the_day_of_the_lines(
    nightly: logs.NightlyFile, clock: SetClock
) -> None:
    tell(nightly, "one", clock.moment)
    clock.set(2026, 3, 20, 9)
    tell(nightly, "two", clock.moment)
    assert found(nightly) == {"now": ["two"], "2026-03-12": ["one"]}


def test_a_clock_that_is_moved_back_and_forth_keeps_each_line_in_its_day(
    nightly: logs.NightlyFile, clock: SetClock
) -> None:
    for day in (12, 13, 12, 13, 14, 12, 14):
        clock.set(2026, 3, day, 12)
        tell(nightly, f"of {day}", clock.moment)
    clock.set(2027, 3, 14, 12)
    tell(nightly, "a year ahead", clock.moment)
    clock.set(2026, 3, 14, 13)
    tell(nightly, "of 14", clock.moment)
    assert found(nightly) == {
        "now": ["of 14"] * 3,
        "2026-03-12": ["of 12"] * 3,
        "2026-03-13": ["of 13"] * 2,
        "2027-03-14": ["a year ahead"],
    }


def test_programs_that_disagree_about_the_day_lose_nothing(
    nightly: logs.NightlyFile, clock: SetClock
) -> None:
    clock.set(2026, 3, 12, 20)
    tokyo = SetClock(clock.moment, ZoneInfo("Asia/Tokyo"))  # the 13th has begun there
    other = logs.NightlyFile(nightly.path, clock=tokyo)
    other.setFormatter(nightly.formatter)
    for number in range(4):
        tell(nightly, f"here {number}", clock.moment)
        tell(other, f"there {number}", clock.moment)
    other.close()
    assert found(nightly) == {
        "2026-03-12": [f"here {number}" for number in range(4)],
        "now": [f"there {number}" for number in range(4)],
    }


@pytest.mark.parametrize(("month", "day"), [(3, 29), (10, 25)])
def test_a_day_of_23_or_25_hours_is_one_day(
    nightly: logs.NightlyFile, clock: SetClock, month: int, day: int
) -> None:
    begin = datetime(2026, month, day, tzinfo=BERLIN).timestamp()
    end = datetime(2026, month, day + 1, tzinfo=BERLIN).timestamp()
    assert end - begin == (23 if month == 3 else 25) * 3600
    moments = [begin - 1, begin, begin + 3600, begin + 2 * 3600, begin + 3 * 3600, end - 1, end]
    for number, moment in enumerate(moments):
        clock.moment = datetime.fromtimestamp(moment, BERLIN)
        tell(nightly, str(number), clock.moment)
    assert found(nightly) == {
        f"2026-{month:02}-{day - 1}": ["0"],
        f"2026-{month:02}-{day}": ["1", "2", "3", "4", "5"],
        "now": ["6"],
    }


def test_a_zone_whose_summer_begins_at_midnight_has_its_days_too(tmp_path: Path) -> None:
    zone = ZoneInfo("Asia/Beirut")  # 2026-03-29 begins at 01:00
    clock = SetClock(datetime(2026, 3, 28, 23, 59, 59, tzinfo=zone), zone)
    file = logs.NightlyFile(tmp_path / "Daily.log", clock=clock)
    tell(file, "before", clock.moment)
    clock.moment = datetime.fromtimestamp(clock.moment.timestamp() + 1, zone)
    assert clock.moment.hour == 1
    tell(file, "after", clock.moment)
    assert found(file) == {"now": ["after"], "2026-03-28": ["before"]}
    file.close()


def test_366_old_files_are_kept_and_nothing_else_is_removed(
    nightly: logs.NightlyFile, clock: SetClock
) -> None:
    folder = Path(nightly.path).parent
    folder.mkdir()
    days = [(NOON.date() - timedelta(days=n)).isoformat() for n in range(1, 401)]
    for day in days:
        (folder / f"Daily.log.{day}").write_text("old\n")
    others = ["Daily.log.txt", "Daily.log.2020-01-01.gz", "other.log.2020-01-01", "Daily.log.1"]
    for name in others:
        (folder / name).write_text("of somebody\n")
    tell(nightly, "today", clock.moment)
    assert {name for name in days if (folder / f"Daily.log.{name}").exists()} == set(days[:366])
    assert all((folder / name).exists() for name in others)


def test_a_file_of_an_older_program_is_put_aside_under_the_day_of_its_last_change(
    nightly: logs.NightlyFile, clock: SetClock
) -> None:
    path = Path(nightly.path)
    path.parent.mkdir()
    path.write_text("old\n")
    at = datetime(2026, 2, 1, 23, 30, tzinfo=BERLIN).timestamp()
    os.utime(path, (at, at))
    tell(nightly, "new", clock.moment)
    assert found(nightly) == {"now": ["new"], "2026-02-01": ["old"]}


def test_no_file_is_ever_written_over(nightly: logs.NightlyFile, clock: SetClock) -> None:
    tell(nightly, "one", clock.moment)
    path = Path(nightly.path)
    path.with_name("Daily.log.2026-03-12").write_text("of somebody\n")
    clock.set(2026, 3, 13)
    tell(nightly, "two", clock.moment)
    assert found(nightly) == {
        "now": ["two"],
        "2026-03-12": ["of somebody"],
        "2026-03-12.2": ["one"],
    }


def test_folder_and_files_are_for_us_alone(nightly: logs.NightlyFile, clock: SetClock) -> None:
    before = os.umask(0)
    try:
        tell(nightly, "one", clock.moment)
    finally:
        os.umask(before)
    folder = Path(nightly.path).parent
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_half_a_line_of_a_power_cut_takes_no_other_with_it(
    nightly: logs.NightlyFile, clock: SetClock
) -> None:
    tell(nightly, "one", clock.moment)
    with open(nightly.path, "a") as file:
        file.write("hal")
    tell(nightly, "two", clock.moment)
    assert found(nightly) == {"now": ["one", "hal", "two"]}


# a disk that refuses


def written(file: logs.LogFile) -> list[str]:
    return Path(file.path).read_text().splitlines()


def test_a_full_disk_is_told_once_and_counted_and_tried_again_after_a_minute(
    nightly: logs.NightlyFile, clock: SetClock, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(nightly.path)
    path.parent.mkdir()
    path.symlink_to("/dev/full")
    path.with_name(".Daily.log.lock").write_text("2026-03-12")
    assert logs.trouble() == ""
    for _ in range(5):
        tell(nightly, "lost", clock.moment, logging.ERROR)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "the log cannot be written" in said
    assert "No space left on device" in said
    assert "No space left on device" in logs.trouble()
    path.unlink()
    tell(nightly, "lost too", clock.moment)
    assert logs.trouble()
    clock.wait(seconds=61)
    tell(nightly, "here", clock.moment)
    assert logs.trouble() == ""
    note, line = written(nightly)
    assert note.startswith("6 lines could not be written here")
    assert line == "here"
    assert capsys.readouterr().err == ""


def test_who_asks_for_the_trouble_learns_that_it_is_over(
    nightly: logs.NightlyFile, clock: SetClock
) -> None:
    folder = Path(nightly.path).parent
    folder.write_text("a file in its place")
    tell(nightly, "lost", clock.moment, logging.CRITICAL)
    assert "Daily.log" in logs.trouble()
    clock.wait(seconds=61)
    assert logs.trouble()
    folder.unlink()
    assert logs.trouble(), "it is asked again once a minute only"
    clock.wait(seconds=61)
    assert logs.trouble() == ""
    assert written(nightly)[0].startswith("1 lines could not be written here")


def test_what_a_full_disk_took_of_a_line_is_cut_off_again(
    nightly: logs.NightlyFile, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(nightly, "one", clock.moment)
    write = os.write

    def half(file: int, content: bytes) -> int:
        if len(content) < 4:
            raise OSError(28, "No space left on device")
        return write(file, content[:-2])

    with monkeypatch.context() as full:
        full.setattr(files.os, "write", half)
        tell(nightly, "a long one", clock.moment)
    assert Path(nightly.path).read_bytes() == b"one\n"


def test_a_stopped_program_that_holds_the_lock_stops_nobody_for_long(
    nightly: logs.NightlyFile, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(nightly, "one", clock.moment)
    monkeypatch.setattr(files, "PATIENCE_S", 0.1)
    with open(Path(nightly.path).with_name(".Daily.log.lock")) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for _ in range(1000):
            tell(nightly, "lost", clock.moment)
        assert "another program holds its lock" in logs.trouble()
    clock.wait(minutes=2)
    tell(nightly, "two", clock.moment)
    assert [line.split(" lines")[0] for line in written(nightly)] == ["one", "1000", "two"]


def test_a_line_in_the_middle_of_a_line_waits_for_nobody(
    nightly: logs.NightlyFile, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    add, depth = files.append, [0]

    def interrupted(path: str, line: bytes) -> None:
        depth[0] += 1
        if depth[0] == 1:
            tell(nightly, "a signal", clock.moment)
        add(path, line)

    monkeypatch.setattr(files, "append", interrupted)
    tell(nightly, "a line", clock.moment)
    assert written(nightly) == ["a signal", "a line"]
    assert logs.trouble() == ""


@pytest.mark.parametrize("thing", ["folder", "pipe"])
def test_something_else_under_the_name_of_the_file_stops_nobody(
    nightly: logs.NightlyFile, clock: SetClock, thing: str
) -> None:
    path = Path(nightly.path)
    path.parent.mkdir()
    if thing == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    os.utime(path, (clock.moment.timestamp(),) * 2)
    tell(nightly, "lost", clock.moment)
    assert logs.trouble()


READ_ONLY = """
import logging.config, os, socketserver, sys, zoneinfo, encodings.idna
from pathlib import Path
from mtdata import logs
home = Path(sys.argv[1])
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
logs.begin(0)
logs.configure(None, home)
for number in range(20):
    logging.getLogger("mtdata").critical("line %d", number)
print(logs.trouble())
"""


@pytest.mark.parametrize("mode", [0o555, 0o000])
def test_a_folder_that_is_read_only_or_not_ours_is_told_once(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    folder.chmod(mode)
    for above in (tmp_path, *tmp_path.parents[:2]):
        above.chmod(above.stat().st_mode | 0o011)
    done = subprocess.run(
        [sys.executable, "-P", "-c", READ_ONLY, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    folder.chmod(0o700)
    assert done.returncode == 0, done.stderr
    assert "Permission denied" in done.stdout
    assert done.stderr.count("the log cannot be written") == 1
    assert done.stderr.count("CRITICAL line") == 20
    assert len(done.stderr.splitlines()) == 21
