"""Lines of the log: which fields they have, what they never say, and how they are set up."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from mtdata import logs
from mtdata.core.clock import SystemClock
from mtdata.core.errors import ConfigError, Stopped, StorageError
from mtdata.logs import setting
from tests.fakes_log import BERLIN, lines_of, log_given_back
from tests.system.home import ROOT

SECRET = "canary-answer"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
log = logging.getLogger("mtdata.somewhere")


@pytest.fixture(autouse=True)
def given_back() -> Iterator[None]:
    with log_given_back():
        yield


# standard error


def spoken(capsys: pytest.CaptureFixture[str], verbosity: int) -> list[str]:
    logs.begin(verbosity)
    for level in ("debug", "info", "warning", "error", "critical"):
        getattr(log, level)("%s told", level)
    out, said = capsys.readouterr()
    assert out == ""
    return [line.rpartition(" ")[0].rpartition(" ")[2] for line in said.splitlines()]


@pytest.mark.parametrize(("verbosity", "least"), [(0, 2), (1, 1), (2, 0), (9, 0)])
@pytest.mark.parametrize("files", [False, True])
def test_each_v_says_more(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, verbosity: int, least: int, files: bool
) -> None:
    levels = ["debug", "info", "warning", "error", "critical"]
    assert spoken(capsys, verbosity) == levels[least:]
    if files:
        logs.configure(None, tmp_path)
        log.debug("to the files")
        assert ("to the files" in capsys.readouterr().err) == (verbosity > 1)


def test_a_line_has_time_with_zone_level_and_message(capsys: pytest.CaptureFixture[str]) -> None:
    logs.begin(0)
    logging.getLogger("mtdata").error("something")
    said = capsys.readouterr().err
    assert re.fullmatch(TIME + r"[+-]\d\d:\d\d ERROR something\n", said)


def test_a_line_on_a_terminal_tells_the_site_and_the_scale(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.begin(0)
    with logs.at(site="study", round=7), logs.at(scale="QOL"):
        log.error("something")
    assert capsys.readouterr().err.endswith(" ERROR study QOL: something\n")


def test_beginning_again_doubles_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        logs.begin(0)
    log.error("once")
    assert capsys.readouterr().err.count("once") == 1


def test_under_systemd_lines_have_a_priority_and_no_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(tmp_path / "journal", "w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        found = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
        logs.begin(2)
        with logs.at(site="study"):
            for level in ("debug", "info", "warning", "error", "critical"):
                getattr(log, level)("%s\ntold", level)
        logs.on_stderr("two\nlines")
    wanted = [
        f"<{number}>study: {level}\\ntold"
        for number, level in ((7, "debug"), (6, "info"), (4, "warning"), (3, "error"))
    ]
    wanted += ["<2>study: critical\\ntold", "<3>two", "<3>lines"]
    assert (tmp_path / "journal").read_text().splitlines() == wanted


def test_a_journal_that_is_not_our_standard_error_gets_lines_as_people_do(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "1:1")
    logs.begin(0)
    log.error("something")
    assert re.match(TIME, capsys.readouterr().err)


# files and fields


def line_of(folder: Path, name: str = "DEBUG.log") -> str:
    [line] = (folder / "logs" / name).read_text(encoding="utf-8").split("\n")[:-1]
    return line


def test_each_level_goes_to_its_files(tmp_path: Path) -> None:
    logs.begin(0)
    logs.configure(None, tmp_path)
    for level in ("debug", "info", "warning", "error", "critical"):
        getattr(log, level)(level)
    kept = lines_of(tmp_path / "logs")
    told = {name: [line.split()[-1] for line in text] for name, text in kept.items()}
    levels = ["debug", "info", "warning", "error", "critical"]
    assert told == {
        "DEBUG.log": levels,
        "Daily.log": levels[1:],
        "error.log": levels[2:],
        "bread_down.log": levels[4:],
    }


@pytest.mark.parametrize("given", [True, False])
def test_a_line_has_time_level_site_scale_round_and_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: bool
) -> None:
    moment = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1)
    monkeypatch.setattr(SystemClock, "now", lambda clock: moment.astimezone(UTC))
    monkeypatch.setattr(SystemClock, "local", lambda clock, at: at.astimezone(BERLIN))
    logs.begin(0)
    logs.configure(None, tmp_path)
    if given:
        with logs.at(site="study", scale="QOL", round=17):
            log.info("%d rows", 5)
    else:
        log.info("%d rows", 5)
    where = "study QOL 17" if given else "- - -"
    assert line_of(tmp_path) == f"2026-10-25T02:30:00.000+01:00 INFO {where} 5 rows"


def test_json_lines_have_the_same_fields(tmp_path: Path) -> None:
    logs.begin(0)
    logs.configure(None, tmp_path, json_lines=True)
    with logs.at(site="study", scale="QOL", round=17):
        log.info('a "word" with Ä,\nand more')
    found = json.loads(line_of(tmp_path))
    assert datetime.fromisoformat(found.pop("time")).tzinfo is not None
    assert found == {
        "level": "INFO",
        "site": "study",
        "scale": "QOL",
        "round": 17,
        "message": 'a "word" with Ä,\nand more',
    }


def test_json_lines_have_null_for_what_is_not_known(tmp_path: Path) -> None:
    logs.begin(0)
    logs.configure(None, tmp_path, json_lines=True)
    log.info("something")
    found = json.loads(line_of(tmp_path))
    assert (found["site"], found["scale"], found["round"]) == (None, None, None)


ECS = {
    "@timestamp", "log.level", "message", "ecs.version", "log.logger", "log.origin.file.name",
    "log.origin.file.line", "log.origin.function", "service.name", "service.version", "process.pid",
    "process.thread.name", "labels.site", "labels.scale", "labels.round", "labels.calls",
    "error.type", "error.stack_trace",
}  # fmt: skip
"""Names of the Elastic Common Schema that a line may have; `labels` are one's own."""


def flat(told: dict[str, Any], before: str = "") -> dict[str, Any]:
    """By dotted names, as Elastic keeps them."""
    found: dict[str, Any] = {}
    for name, value in told.items():
        whole = f"{before}{name}"
        found |= flat(value, f"{whole}.") if isinstance(value, dict) else {whole: value}
    return found


def test_json_lines_can_have_the_names_of_the_elastic_common_schema(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1)
    monkeypatch.setattr(SystemClock, "now", lambda clock: moment.astimezone(UTC))
    logs.begin(0)
    logs.configure(None, tmp_path, json_lines=True, json_fields="ecs")
    with logs.at(site="study", scale="QOL", round=17):
        log.warning('a "word" with Ä,\nand more')
    line = line_of(tmp_path)
    found = json.loads(line)
    # these four stand at the top with a dot in their names, the first three in this order
    assert list(found)[:4] == ["@timestamp", "log.level", "message", "ecs.version"]
    assert found["@timestamp"] == "2026-10-25T01:30:00.000Z"
    assert (found["log.level"], found["message"]) == ("warning", 'a "word" with Ä,\nand more')
    assert found["service"]["name"] == "mtdata"
    assert found["labels"] == {"site": "study", "scale": "QOL", "round": "17"}
    known = flat(found)
    assert set(known) <= ECS
    assert (known["log.logger"], known["log.origin.file.name"]) == (log.name, "test_logs.py")
    assert (known["process.pid"], line.isascii()) == (os.getpid(), True)


def test_in_ecs_a_fault_is_told_by_type_and_places_and_what_is_not_known_is_left_out(
    tmp_path: Path,
) -> None:
    logs.begin(0)
    logs.configure(None, tmp_path, json_lines=True, json_fields="ecs")
    log.info("something")
    try:
        failing()
    except RuntimeError:
        log.exception("it failed", stack_info=True)
    plain, faulty = map(json.loads, (tmp_path / "logs" / "DEBUG.log").read_text().splitlines())
    assert set(plain).isdisjoint({"labels", "error"})
    assert faulty["error"]["type"] == "RuntimeError"
    assert "from ValueError" in faulty["error"]["stack_trace"]
    assert "in failing" in faulty["error"]["stack_trace"]
    assert faulty["labels"]["calls"].startswith("called by ")
    assert set(flat(faulty)) <= ECS
    assert SECRET not in json.dumps(faulty)


def test_a_file_beside_has_the_same_names(tmp_path: Path) -> None:
    logs.begin(0)
    logs.configure(None, tmp_path, json_lines=True, json_fields="ecs")
    logs.also_into(tmp_path / "beside.log", json_lines=True, json_fields="ecs")
    log.info("something")
    assert (tmp_path / "beside.log").read_text() == line_of(tmp_path) + "\n"


@pytest.mark.parametrize("json_lines", [False, True])
def test_whatever_is_in_a_message_a_record_is_one_line(tmp_path: Path, json_lines: bool) -> None:
    logs.begin(0)
    logs.configure(None, tmp_path, json_lines=json_lines)
    odd = "a\nb\rc\x1b[31md\x85e\u2028f\x00g\ud800h\tÄ"
    log.info("%s", odd)
    line = line_of(tmp_path)
    assert line.isprintable()
    assert len(line.splitlines()) == 1
    if json_lines:
        assert json.loads(line)["message"] == odd
    else:
        assert line.endswith(r"a\nb\rc\x1b[31md\x85e\u2028f\x00g\ud800h\tÄ")


def test_lines_of_rounds_side_by_side_tell_each_its_own_site(tmp_path: Path) -> None:
    logs.begin(0)
    logs.configure(None, tmp_path)

    def copied(number: int) -> None:
        log.info("copy of %s", number)

    def played(number: int) -> None:
        with logs.at(site=f"site{number}", round=number), ThreadPoolExecutor(4) as crew:
            list(crew.map(logs.carried(copied), [number] * 20))

    with ThreadPoolExecutor(4) as rounds:
        list(rounds.map(played, range(4)))
    told = [line.split() for line in lines_of(tmp_path / "logs")["DEBUG.log"]]
    assert len(told) == 80
    assert all(words[2] == f"site{words[-1]}" and words[4] == words[-1] for words in told)


def test_what_lines_are_about_ends_with_it_also_by_a_fault(tmp_path: Path) -> None:
    logs.begin(0)
    logs.configure(None, tmp_path)
    with pytest.raises(StorageError), logs.at(site="study"):
        raise StorageError("x")
    log.info("something")
    assert " - - - " in line_of(tmp_path)


# what is never said


def failing() -> None:
    try:
        int(SECRET)
    except ValueError as error:
        raise RuntimeError(f"could not read {SECRET}") from error


@pytest.mark.parametrize("json_lines", [False, True])
@pytest.mark.parametrize("format", [None, "%(message)s of %(site)s"])
@pytest.mark.parametrize("cls", ["mtdata.logs.LineFormatter", "logging.Formatter"])
def test_a_fault_is_told_by_types_and_places_and_never_by_its_words(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    json_lines: bool,
    format: str | None,
    cls: str,
) -> None:
    config: dict[str, Any] = {
        "formatters": {"line": {"class": cls, **({"format": format} if format else {})}},
        "handlers": {
            "one": {
                "class": "mtdata.logs.NightlyFile",
                "filename": "one.log",
                "formatter": "line",
            }
        },
        "loggers": {"mtdata": {"level": "DEBUG", "handlers": ["one"]}},
    }
    logs.begin(2)
    logs.configure(config, tmp_path, json_lines=json_lines)
    try:
        failing()
    except RuntimeError as error:
        log.exception("it failed", stack_info=True)
        log.error(error)
        log.error("because of %s and %r", error, error)
    said = (tmp_path / "one.log").read_text() + capsys.readouterr().err
    assert SECRET not in said
    for word in ("RuntimeError", "ValueError", "in failing", "test_logs.py:"):
        assert word in said


def test_our_own_errors_are_told_in_their_words(tmp_path: Path) -> None:
    logs.begin(0)
    logs.configure(None, tmp_path)
    log.error("%s", StorageError("the disk is full"))
    assert "the disk is full" in line_of(tmp_path)


@pytest.mark.parametrize("own", [False, True])
def test_a_fault_of_logging_itself_is_one_line_without_the_arguments(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    own: bool,
) -> None:
    monkeypatch.setattr(logging.root, "handlers", [])  # pytest's own would have their say
    stream = {"class": "logging.StreamHandler", "stream": "ext://sys.stdout"}
    config = {"handlers": {"one": stream}, "loggers": {"mtdata": {"handlers": ["one"]}}}
    logs.begin(0)
    logs.configure(config if own else None, tmp_path)
    setting._State.console.setLevel(99)  # type: ignore[union-attr]
    log.critical("%d rows", SECRET)
    log.critical("too many", SECRET)
    log.critical("%s", Unspeakable())
    out, said = capsys.readouterr()
    assert SECRET not in out + said
    assert "Traceback" not in said
    lines = said.splitlines()
    assert len(lines) == (3 if own else 12)
    assert all(re.search(r"a line of the log was not written: \w+ \(test_logs", x) for x in lines)


class Unspeakable:
    """Something that fails when it is shown."""

    def __str__(self) -> str:
        raise ArithmeticError(SECRET)


def test_a_signal_that_comes_in_the_middle_of_a_line_is_not_lost(tmp_path: Path) -> None:
    logs.begin(0)
    logs.configure(None, tmp_path)

    class Interrupted:
        def __str__(self) -> str:
            raise Stopped("asked to end")

    with pytest.raises(Stopped):
        log.error("%s", Interrupted())


LOUD: dict[str, Any] = {
    "handlers": {"all": {"class": "mtdata.logs.NightlyFile", "filename": "all.log"}},
    "root": {"level": "DEBUG", "handlers": ["all"]},
    "loggers": {name: {"level": "DEBUG"} for name in ("botocore.auth", "urllib3", "requests")},
}


@pytest.mark.parametrize(
    "name",
    [
        *("botocore", "botocore.auth", "boto3.session", "urllib3", "urllib3.connectionpool"),
        *("s3transfer.tasks", "requests.sessions", "filelock", "asyncio", "schedule"),
    ],
)
def test_other_libraries_are_silent_below_a_warning_and_never_quoted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    logs.begin(2)
    logs.configure(LOUD, tmp_path)
    other = logging.getLogger(name)
    other.debug("%s", SECRET)
    other.info("%s", SECRET)
    assert not (tmp_path / "all.log").exists()
    other.warning("Retrying /ping/%s", SECRET, exc_info=(ValueError, ValueError(SECRET), None))
    [line] = (tmp_path / "all.log").read_text().splitlines()
    assert f"something of {name}" in line
    assert SECRET not in line + capsys.readouterr().err


def test_a_config_of_the_root_alone_hears_us_too(tmp_path: Path) -> None:
    logs.begin(0)
    logs.configure(LOUD, tmp_path)
    log.debug("something")
    assert "something" in (tmp_path / "all.log").read_text()


# setting up


def test_the_default_is_what_the_sample_shows() -> None:
    text = (ROOT / "config" / "log.config.sample").read_text()
    shown = text[text.index("# LOGGING:\n") :].replace("\n# ", "\n").removeprefix("# ")
    assert yaml.safe_load(shown)["LOGGING"] == setting.DEFAULT


def test_the_same_log_set_up_again_doubles_no_line_and_leaves_no_file_open(tmp_path: Path) -> None:
    logs.begin(0)
    before = len(os.listdir("/dev/fd"))
    for _ in range(3):
        logs.configure(None, tmp_path)
    log.info("once")
    line_of(tmp_path)
    assert len(os.listdir("/dev/fd")) == before


@pytest.mark.parametrize(
    ("config", "naming"),
    [
        ({"version": 2}, "version"),
        ({"handlers": []}, "LOGGING"),
        ({"handlers": {"a": {"class": "nowhere.Nothing"}}}, "handler number 1: a class"),
        ({"handlers": {"a": {"class": "mtdata.logs.NightlyFile"}}}, "number 1: a key is missing"),
        ({"handlers": {"a": {"class": "logging.StreamHandler", "level": "LOUD"}}}, "a level is"),
        ({"loggers": {"mtdata": {"handlers": ["b"]}}}, "mtdata"),
        ({"formatters": {"a": {"class": "mtdata.logs.LineFormatter", "style": "?"}}}, "number 1"),
    ],
)
def test_a_faulty_config_is_told_clearly_and_the_log_that_stood_goes_on(
    tmp_path: Path, config: dict[str, Any], naming: str
) -> None:
    logs.begin(0)
    with pytest.raises(ConfigError, match="LOGGING") as told:
        logs.configure(config, tmp_path)
    assert naming in str(told.value)
    assert told.value.exit_code == 78
    logs.configure(None, tmp_path)
    with pytest.raises(ConfigError):
        logs.configure(config, tmp_path)
    log.info("something")
    assert "something" in line_of(tmp_path)


def test_relative_names_are_taken_from_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    logs.begin(0)
    logs.configure(None, tmp_path)
    log.info("something")
    assert line_of(tmp_path)
    assert list((tmp_path / "elsewhere").iterdir()) == []
