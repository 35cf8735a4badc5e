"""What the commands write into the log, and that nothing of it ever stops them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mtdata.core.lock import PoolLock
from mtdata.demo.study.site import StudySite
from mtdata.study.round import round
from tests.fakes_log import lines_of
from tests.system.home import STUDY, Home, row


def told(home: Home, name: str = "DEBUG.log") -> list[tuple[str, ...]]:
    """Level, site, scale, round and message of each line."""
    lines = lines_of(home.folder / "logs").get(name, [])
    return [tuple(line.split(" ", 5)[1:]) for line in lines]


def messages(home: Home, level: str, name: str = "DEBUG.log") -> list[str]:
    return [line[-1] for line in told(home, name) if line[0] == level]


def clear(home: Home) -> None:
    for path in (home.folder / "logs").iterdir():
        path.unlink()


def test_a_round_tells_new_sheets_deletes_and_its_counts_and_new_raw_files_only_for_debugging(
    home: Home,
) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(1), row(2)])
    home.site.put("BBSIQ", [])
    home.export()
    assert messages(home, "INFO", "Daily.log") == [
        "active_data/QOL_Mar_12_2026.csv is begun",
        "2 deletes were asked",
        "2 deleted and proven gone",
        "the benchmark file was created: active_data/benchMark.json: 1 scales",
        "the round ended with 0. QOL: 2 received, 2 fresh, 2 appended, 2 deleted",
    ]
    assert messages(home, "DEBUG") == [
        "a round begins: .",
        "raw_data/QOL_Mar_12_2026.json is begun",
    ]
    assert "raw_data" not in (home.folder / "logs" / "Daily.log").read_text()


def test_a_poll_that_brings_nothing_is_for_debugging_alone(home: Home) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(1)])
    home.export()
    clear(home)
    home.export()
    assert messages(home, "DEBUG") == [
        "a round begins: .",
        "the round ended with 0. Nothing new",
    ]
    assert set(lines_of(home.folder / "logs")) == {"DEBUG.log"}


def test_what_lasts_is_loud_when_it_begins_and_for_debugging_afterwards(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    clear(home)
    home.site.put("QOL", [b"not json"])
    home.export(code=1)
    for _ in range(2):
        home.export()
    begins = "entries are held: malformed"
    assert [line[-1][: len(begins)] for line in told(home, "error.log")] == [begins]
    assert len([line for line in told(home, "Daily.log") if begins in line[-1]]) == 1


def test_lines_tell_site_scale_and_the_number_of_the_round(home: Home) -> None:
    with StudySite() as other:
        home.configure("second", site=other, DELETE_MODE=True)
        home.configure(DELETE_MODE=True)
        home.site.put("QOL", [row(1)])
        other.put("BBSIQ", [row(1)])
        home.run("export")
        home.run("export")
        where = {line[1:4] for line in told(home)}
    assert where == {
        *((STUDY, "-", "1"), (STUDY, "QOL", "1"), (STUDY, "-", "2")),
        *(("second", "-", "1"), ("second", "BBSIQ", "1"), ("second", "-", "2")),
    }


def test_what_is_critical_goes_to_bread_down_each_time_it_happens(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    assert told(home, "bread_down.log") == []
    home.site.stop()
    for number in (1, 2, 3):
        ended = home.run("export", STUDY)
        assert ended.code == 69
        assert len(told(home, "bread_down.log")) == number
        assert ended.said.count("the site cannot be reached") == 1
    assert all(line[:2] == ("CRITICAL", STUDY) for line in told(home, "bread_down.log"))
    home.site.start()
    home.export()
    assert "incident closed: site_unreachable" in messages(home, "INFO")


def test_a_fault_that_no_round_could_enter_is_in_the_log_and_once_on_stderr(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    with PoolLock(home.pool).hold():
        ended = home.run("export", STUDY)
    assert ended.code == 75
    assert len(ended.said.splitlines()) == 1
    [line] = told(home, "error.log")
    assert line[:2] == ("WARNING", STUDY)


def test_a_fault_of_the_program_is_critical(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: object) -> None:
        raise ArithmeticError("an answer")

    home.site.put("QOL", [row(1)])
    monkeypatch.setattr(round, "carry", fail)
    ended = home.run("export", STUDY)
    assert ended.code == 70
    assert ended.said.count("a fault of the program: ArithmeticError") == 1
    [line] = told(home, "bread_down.log")
    assert "ArithmeticError at " in line[-1]
    assert "mtdata/study/round/round.py:" in line[-1]
    assert "an answer" not in line[-1]


@pytest.mark.parametrize("words", ["status", "incidents", "held", "check", "deletions", "init"])
def test_commands_that_only_look_write_no_log(home: Home, words: str) -> None:
    home.site.put("QOL", [row(1)])
    home.run("export")
    clear(home)
    home.run(words)
    assert list((home.folder / "logs").iterdir()) == []


@pytest.mark.parametrize("fields", ["", "plain", "ECS"])
def test_decode_writes_its_messages_also_where_recovery_config_says(
    home: Home, fields: str
) -> None:
    (home.folder / "config" / "recovery.config").write_text("LOG: logs/recovery.log\n")
    chosen = f"JSON_FIELDS: {fields}\n" if fields else ""
    (home.folder / "config" / "log.config").write_text(f"JSON: {bool(fields)}\n{chosen}")
    home.site.put("QOL", [row(1)])
    home.run("export")
    assert not (home.folder / "logs" / "recovery.log").exists()
    home.run("decode", STUDY)
    kept = lines_of(home.folder / "logs")
    [line] = kept["recovery.log"]
    said = json.loads(line)["message"] if fields else line
    assert said.endswith("1 rows, 0 left out")
    if fields:
        names = {"time", "level"} if fields == "plain" else {"@timestamp", "log.level"}
        every = [json.loads(one) for one in (line, *kept["DEBUG.log"])]
        assert all(names <= set(one) for one in every)
    assert (home.folder / "logs" / "recovery.log").stat().st_mode & 0o777 == 0o600
    clear(home)
    home.run("export")
    assert not (home.folder / "logs" / "recovery.log").exists()


@pytest.mark.parametrize("thing", ["a file in its place", "a link to nowhere", "no room"])
def test_a_log_that_cannot_be_written_stops_nothing(home: Home, thing: str) -> None:
    folder = home.folder / "logs"
    if thing == "a file in its place":
        folder.write_text("")
    elif thing == "a link to nowhere":
        folder.symlink_to(home.folder / "nowhere" / "logs")
    else:
        folder.mkdir()
        for name in ("DEBUG", "Daily", "error", "bread_down"):
            (folder / f"{name}.log").symlink_to("/dev/full")
            (folder / f".{name}.log.lock").write_text("2026-03-12")
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(1)])
    ended = home.run("export", STUDY)
    assert ended.code == 0
    assert home.deletes() == [1]
    assert len(ended.said.splitlines()) == 1
    assert "mtdata: the log cannot be written: " in ended.said


def test_a_log_in_the_way_of_a_folder_above_is_no_reason_to_stop(home: Home) -> None:
    (home.folder / "config" / "log.config").write_text(
        "LOGGING: {handlers: {a: {class: mtdata.logs.NightlyFile, filename: /proc/no/a.log}},"
        " loggers: {mtdata: {level: DEBUG, handlers: [a]}}}"
    )
    home.site.put("QOL", [row(1)])
    assert home.run("export", STUDY).code == 0


def test_a_faulty_logging_ends_as_78_and_says_why(home: Home) -> None:
    (home.folder / "config" / "log.config").write_text(
        "LOGGING: {handlers: {a: {class: logging.NoSuch}}}"
    )
    ended = home.run("export", STUDY)
    assert ended.code == 78
    assert "LOGGING" in ended.shown["error"]["message"]
    assert "handler number 1: a class that it names" in ended.shown["error"]["message"]
    assert home.run("status").code == 0
    assert home.site.requests == []


def test_the_demo_writes_into_its_own_home(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    kept = tmp_path / "kept"
    assert home.run("demo", "--rows", "20", "--keep", str(kept)).code == 0
    assert "the round ended with 0" in (kept / "logs" / "Daily.log").read_text()
    assert not (tmp_path / "logs").exists()


def test_two_programs_write_one_log(home: Home) -> None:
    with StudySite() as other:
        home.configure("second", site=other)
        for number in range(1, 4):
            home.site.put(f"QOL{number}", [row(1)])
            other.put(f"BBSIQ{number}", [row(1)])
        running = [home.process("export", name) for name in (STUDY, "second")]
        assert [one.communicate(timeout=120) and one.returncode for one in running] == [0, 0]
    sites = [line[1] for line in told(home) if line[-1].startswith("the round ended")]
    assert sorted(sites) == ["second", STUDY]
    assert len(told(home)) == 2 * (2 + 1 + 3 * 2)
