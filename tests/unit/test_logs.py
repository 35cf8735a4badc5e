"""Log lines: to standard error, with zone and level, only ours, and as many as were asked for."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest

from mtdata import logs


@pytest.fixture(autouse=True)
def given_back() -> Iterator[None]:
    log = logging.getLogger("mtdata")
    handlers, level, propagate = log.handlers[:], log.level, log.propagate
    yield
    log.handlers[:], log.propagate = handlers, propagate
    log.setLevel(level)


def spoken(capsys: pytest.CaptureFixture[str], verbosity: int) -> list[str]:
    logs.begin(verbosity)
    for level in ("debug", "info", "warning", "error", "critical"):
        getattr(logging.getLogger("mtdata.somewhere"), level)("%s told", level)
    out, said = capsys.readouterr()
    assert out == ""
    return [line.rpartition(" ")[0].rpartition(" ")[2] for line in said.splitlines()]


@pytest.mark.parametrize(("verbosity", "least"), [(0, 2), (1, 1), (2, 0), (9, 0)])
def test_each_v_says_more(capsys: pytest.CaptureFixture[str], verbosity: int, least: int) -> None:
    levels = ["debug", "info", "warning", "error", "critical"]
    assert spoken(capsys, verbosity) == levels[least:]


def test_a_line_has_time_with_zone_level_and_message(capsys: pytest.CaptureFixture[str]) -> None:
    logs.begin(0)
    logging.getLogger("mtdata").error("something")
    said = capsys.readouterr().err
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d ERROR something\n", said)


def test_beginning_again_doubles_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        logs.begin(0)
    logging.getLogger("mtdata").error("once")
    assert capsys.readouterr().err.count("once") == 1


def test_what_other_libraries_say_is_not_ours_to_print(capsys: pytest.CaptureFixture[str]) -> None:
    logs.begin(2)
    logging.getLogger("urllib3.connectionpool").debug("GET /api/export with a password")
    assert capsys.readouterr().err == ""
