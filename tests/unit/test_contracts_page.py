"""docs/CONTRACTS.md promises what is there: names to import, groups, codes, files and headers."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from mtdata.alerts import messengers
from mtdata.cli.main import EPILOG
from mtdata.core import errors, output
from mtdata.core.errors import MTDataError
from mtdata.duties import KINDS
from mtdata.study.duty import STUDY
from mtdata.web.api.deprecation import SINCE

PAGE = (Path(__file__).parents[2] / "docs" / "CONTRACTS.md").read_text("utf-8")
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "mtdata-survey" / "mtdata_survey"
NAMES = re.findall(r"`(mtdata(?:\.[a-z_0-9]+)+\.\w+)`", PAGE.partition("### What a plug-in may")[2])


@pytest.mark.parametrize("name", NAMES)
def test_what_a_plugin_may_import_is_there(name: str) -> None:
    room, _, what = name.rpartition(".")
    assert getattr(import_module(room), what)


def test_the_example_imports_nothing_else() -> None:
    assert len(NAMES) > 20
    found = set()
    for file in EXAMPLE.glob("*.py"):
        for room, names in re.findall(r"^from (mtdata[.\w]*) import (.+)$", file.read_text(), re.M):
            found |= {f"{room}.{name.strip()}" for name in names.split(",")}
    of_errors = {f"mtdata.core.errors.{name}" for name in vars(errors)}
    assert found
    assert found - of_errors <= set(NAMES)


def test_the_groups_are_those_of_the_tables() -> None:
    told = set(re.findall(r"^\| `(mtdata\.[a-z_]+)` \|", PAGE, re.M))
    tables = [*STUDY.plugins(), KINDS.others, output.OTHERS, messengers.OTHERS]
    assert told == {table.group for table in tables}


def test_every_exit_code_of_the_program_stands_there() -> None:
    [line] = [line for line in PAGE.splitlines() if line.startswith("| **exit codes** |")]
    told = set(map(int, re.findall(r"\b\d+\b", line)))
    known = {one.exit_code for one in vars(errors).values() if _is_error(one)}
    assert known <= told
    assert told == {0, *map(int, re.findall(r"\b\d+\b", EPILOG))}


def _is_error(one: object) -> bool:
    return isinstance(one, type) and issubclass(one, MTDataError)


def test_the_header_of_the_older_addresses_is_the_one_that_is_sent() -> None:
    assert f"Deprecation: {SINCE}\n" in PAGE
