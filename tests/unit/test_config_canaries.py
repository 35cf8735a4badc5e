"""A secret in the place of any key of any config file is told by its length and kind alone."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mtdata import logs
from mtdata.config import load
from mtdata.core.errors import ConfigError
from tests.fakes_log import log_given_back
from tests.unit import config_canaries as canaries
from tests.unit.config_canaries import ENVIRON, FORMS, OTHERS, PEM, RAW, SINGS, SITE, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    return tmp_path / "config"


def told(folder: Path) -> str:
    """The faults of the config, which holds at least one."""
    with pytest.raises(ConfigError) as caught:
        load(folder, ENVIRON)
    return canaries.chain(caught.value)


def assert_silent(text: str) -> None:
    lines = [line for line in text.splitlines() if SINGS.search(line)]
    assert lines == []


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_in_the_place_of_any_key_is_told_by_its_kind(folder: Path, form: str) -> None:
    canaries.all_at_once(folder, [form])
    faults = told(folder)
    assert_silent(faults)
    assert faults.count("\n") > 20
    write(folder, "log.config", {"MAIL": FORMS[form], "HEARTBEAT_URL": FORMS[form]})
    write(folder, "export.config", {"CAKE": FORMS[form]})
    assert_silent(told(folder))
    write(folder, "weblogs.config", {"sites": FORMS[form]})
    assert_silent(told(folder))
    for name in (*OTHERS, "export.config", "weblogs.config", "server.config"):
        write(folder, name, FORMS[form])
    assert_silent(told(folder))


@pytest.mark.parametrize("name", ["server.config", "log.config"])
def test_a_secret_that_is_no_yaml_is_not_quoted(folder: Path, name: str) -> None:
    write(folder, "server.config", {"uva": {**SITE, "PATH": "p"}})
    for raw in RAW:
        write(folder, name, f"uva:\n  PRIVATE_FILE: {raw}\n  PASS: kestrel\n")
        assert_silent(told(folder))
        write(folder, name, f"uva:\n  {raw}: x\n  kestrel: {raw}\n  kestrel: 2\n")
        assert_silent(told(folder))


def test_a_key_pasted_as_private_file_is_named_as_a_key_itself(folder: Path) -> None:
    for pasted in (PEM, PEM.replace("\n", " "), [PEM], "two\nlines", canaries.BODY * 3):
        write(folder, "server.config", {"uva": {**SITE, "PATH": "p", "PRIVATE_FILE": pasted}})
        [line] = str(told(folder)).splitlines()[:1]
        assert "PRIVATE_FILE: " in line
        assert "it is a key itself: put it into a file" in line


@pytest.fixture
def log_back() -> Iterator[None]:
    with log_given_back():
        yield


@pytest.mark.usefixtures("log_back")
@pytest.mark.parametrize("form", ["pem", "password", "number", "list"])
def test_a_secret_in_any_place_of_logging_is_not_quoted(
    tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.begin(2)
    refused = 0
    for content in canaries.loggings(FORMS[form]):
        refused += _is_refused(content, tmp_path)
    logs.close()
    out, said = capsys.readouterr()
    assert refused > 10
    assert_silent(out + said)


def _is_refused(content: Any, home: Path) -> bool:
    try:
        logs.configure(content, home)
        logging.getLogger("mtdata.somewhere").error("something")
    except ConfigError as error:
        assert_silent(canaries.chain(error))
        return True
    return False
