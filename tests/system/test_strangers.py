"""A pipe, a device or a link where a file of the pool belongs: refused at once, nothing lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.system.home import STUDY, Ended, Home, row

pytestmark = pytest.mark.timeout(120)
PLACES = ("sheet", "raw", "held", "ledger.sqlite3", "ledger.sqlite3-wal", ".lock")
COMMANDS = (
    f"export {STUDY}",
    f"verify {STUDY}",
    f"decode {STUDY}",
    f"decode {STUDY} --check",
    f"deletions {STUDY}",
    "status",
    "check",
    f"verify {STUDY} --rebuild-ledger",
)


@pytest.fixture
def filled(home: Home) -> Home:
    home.site.put("QOL", [row(1), row(2), b'{"id": 3, "oops"}'])
    home.export(code=1)
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(4)])
    return home


def place_of(home: Home, which: str) -> Path:
    folders = {"sheet": "active_data", "raw": "raw_data"}
    if which in folders:
        return home.paths(folders[which], "QOL")[0]
    return next((home.pool / "held").iterdir()) if which == "held" else home.pool / which


def ended_well(ended: Ended) -> Ended:
    assert ended.code in (0, 1, 64, 65, 74, 78), ended
    assert "Traceback" not in ended.said
    return ended


@pytest.mark.parametrize("which", PLACES)
def test_a_pipe_in_the_place_of_a_file_keeps_no_command_waiting(filled: Home, which: str) -> None:
    place = place_of(filled, which)
    place.unlink(missing_ok=True)
    os.mkfifo(place)
    ended = ended_well(filled.run(*COMMANDS[0].split()))
    assert ended.code == 0 if which == "held" else 74, ended
    assert which == "held" or filled.deletes() == []
    for words in COMMANDS[1:]:
        ended_well(filled.run(*words.split()))


@pytest.mark.parametrize("folder", ["raw_data", "active_data", "held"])
def test_a_link_in_the_place_of_a_folder_ends_as_74_and_nothing_is_written_through_it(
    filled: Home, folder: str
) -> None:
    theirs = filled.folder / "theirs"
    (filled.pool / folder).rename(theirs)
    (filled.pool / folder).symlink_to(theirs)
    before = {path: path.read_bytes() for path in theirs.rglob("*") if path.is_file()}
    filled.site.put("QOL", [b'{"id": 5, "other"}'])
    ended = ended_well(filled.run("export", STUDY))
    assert ended.code == 74
    assert "link" in str(ended.shown) or "Not a directory" in str(ended.shown)
    assert filled.deletes() == []
    assert {path: path.read_bytes() for path in theirs.rglob("*") if path.is_file()} == before


def test_a_pipe_in_the_place_of_a_config_file_is_a_fault_of_the_config(home: Home) -> None:
    os.mkfifo(home.folder / "config" / "log.config")
    assert home.run("status").code == 78


def test_a_ledger_that_is_a_link_is_not_followed(filled: Home) -> None:
    theirs = filled.folder / "theirs.sqlite3"
    (filled.pool / "ledger.sqlite3").rename(theirs)
    (filled.pool / "ledger.sqlite3").symlink_to(theirs)
    before = theirs.read_bytes()
    assert filled.run("export", STUDY).code == 74
    assert filled.deletes() == []
    assert theirs.read_bytes() == before
