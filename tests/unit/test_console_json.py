"""When standard error speaks JSON: in a container or where it is asked to, never to a person."""

from __future__ import annotations

import io
import json
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtdata import logs
from mtdata.cli.main import run
from mtdata.logs.console import goes_as_json
from tests.fakes_log import log_given_back

log = logging.getLogger("mtdata.somewhere")


class Stream(io.StringIO):
    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


@pytest.fixture(autouse=True)
def given_back(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("container", "MTDATA_LOG", "JOURNAL_STREAM"):
        monkeypatch.delenv(name, raising=False)
    with log_given_back():
        yield
        logs.begin(0)  # by no config


@pytest.mark.parametrize(
    ("environ", "is_terminal", "by_config", "expected"),
    [
        ({}, False, False, False),
        ({"container": "podman"}, False, False, True),
        ({"container": "podman"}, True, False, False),
        ({}, False, True, True),
        ({}, True, True, False),
        ({"MTDATA_LOG": "json"}, False, False, True),
        ({"MTDATA_LOG": "JSON"}, True, False, True),
        ({"MTDATA_LOG": "text", "container": "oci"}, False, True, False),
        ({"MTDATA_LOG": "nonsense", "container": "oci"}, False, False, True),
        ({"container": ""}, False, False, False),
    ],
)
def test_json_is_for_containers_and_for_who_asks(
    monkeypatch: pytest.MonkeyPatch,
    environ: dict[str, str],
    is_terminal: bool,
    by_config: bool,
    expected: bool,
) -> None:
    monkeypatch.setattr(sys, "stderr", Stream(is_terminal=is_terminal))
    for name, word in environ.items():
        monkeypatch.setenv(name, word)
    assert goes_as_json(by_config=by_config) is expected


def test_every_line_is_an_object_whoever_wrote_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "stderr", stream := Stream(is_terminal=False))
    monkeypatch.setenv("container", "oci")
    root = logging.getLogger()
    handlers, root.handlers[:] = root.handlers[:], []
    try:
        assert run(["--config", str(tmp_path / "none"), "check"]) == 78
        with logs.at(site="study"):
            log.warning("of a site\nin two lines")
        logging.getLogger("waitress").warning("a body with an answer")
        logs.on_stderr("mtdata: a note", logging.INFO)
        logs.on_stderr("")
    finally:
        root.handlers[:] = handlers
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    told = [line["message"] for line in lines]
    assert "none/server.config: not there" in told[0].replace(os.sep, "/")
    assert told[-3:] == [
        "of a site\nin two lines",
        "something of waitress (test_every_line_is_an_object_whoever_wrote_it)",
        "mtdata: a note",
    ]


def test_the_config_asks_for_json_on_both(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "stderr", stream := Stream(is_terminal=False))
    logs.begin(0)
    logs.configure(None, tmp_path, json_lines=True)
    log.warning("both")
    logs.configure(None, tmp_path)
    log.warning("neither")
    first, second = stream.getvalue().splitlines()
    assert json.loads(first)["message"] == "both"
    assert second.endswith(" WARNING neither")


def test_to_the_journal_goes_json_only_where_it_is_asked_for_and_with_its_priority(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(tmp_path / "journal", "w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        found = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
        monkeypatch.setenv("container", "systemd-nspawn")
        logs.begin(0)
        log.error("in words")
        monkeypatch.setenv("MTDATA_LOG", "json")
        log.error("as JSON")
        logs.on_stderr("mtdata: a fault")
    first, second, third = (tmp_path / "journal").read_text().splitlines()
    assert first == "<3>in words"
    for line, message in ((second, "as JSON"), (third, "mtdata: a fault")):
        assert line.startswith("<3>{")
        assert json.loads(line[3:])["message"] == message
