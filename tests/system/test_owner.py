"""Another user than the pool's owner is refused before the first write, and told what to do."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from mtdata.core import owner
from tests.owners import OTHER, given_away, is_root, pretend
from tests.system.home import STUDY, Home, row

WORDS = (
    *(("export",), ("verify",), ("decode",), ("daemon", "--once"), ("daemon",), ("held",)),
    *(("runner", "--once"), ("web", "--port", "0"), ("migrate",), ("jobs", "list")),
    *(("incidents", STUDY, "--close", "1"), ("held", STUDY, "--release", "QOL", "all")),
)


def everything(home: Home) -> dict[str, int]:
    """Every file and folder there is, with when it was changed."""
    return {str(path): path.lstat().st_mtime_ns for path in home.folder.rglob("*")}


@pytest.mark.parametrize("begun", [True, False])
def test_root_is_refused_on_a_services_home_before_anything_is_written(
    home: Home, monkeypatch: pytest.MonkeyPatch, begun: bool
) -> None:
    home.site.put("QOL", [row(1), b'{"id":2,"oops"}'])
    if begun:
        home.export(code=1)
        home.run("jobs", "list")
    given_away(home.folder, monkeypatch)
    before = everything(home)
    for words in WORDS:
        if not begun and words[0] in ("held", "incidents"):
            continue
        ended = home.run(*words)
        assert ended.code == 78, (words, ended)
        assert "Call it so: sudo -u " in ended.said
    assert everything(home) == before


def test_a_service_is_refused_on_a_pool_of_root_and_told_the_chown(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    pretend(monkeypatch, OTHER)
    before = everything(home)
    ended = home.run("export")
    assert ended.code == 78
    assert (f"sudo chown -R '#{OTHER}': {home.pool}" in ended.said) == is_root()
    assert everything(home) == before


@pytest.mark.parametrize(("folder", "code"), [("pool", 74), ("state", 0)])
def test_a_folder_that_is_hidden_is_no_fault_of_the_program(
    home: Home, monkeypatch: pytest.MonkeyPatch, folder: str, code: int
) -> None:
    is_file, lstat = Path.is_file, os.lstat

    def refuse(path: Any) -> None:
        if os.path.dirname(os.fspath(path)) == str(home.folder / folder):
            raise PermissionError(13, "Permission denied", str(path))

    def hidden_file(path: Path) -> bool:
        refuse(path)
        return is_file(path)

    def hidden(path: Any, **how: Any) -> os.stat_result:
        refuse(path)
        return lstat(path, **how)

    home.site.put("QOL", [row(1)])
    home.export()
    monkeypatch.setattr(Path, "is_file", hidden_file)
    monkeypatch.setattr(os, "lstat", hidden)
    for words in (("verify",), ("incidents",), ("export",)):
        assert home.run(*words).code == code


def test_one_pool_of_another_keeps_no_other_site_waiting(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.configure("other")
    home.site.put("QOL", [row(1)])
    home.run("export", "other")
    theirs, uid_of = home.folder / "pool-other" / "ledger.sqlite3", owner._uid
    monkeypatch.setattr(owner, "_uid", lambda path: OTHER if path == theirs else uid_of(path))
    ended = home.run("export")
    assert ended.code == 78
    assert ended.shown["sites"]["other"]["exit"] == 78
    assert home.ids("QOL") == ["1"]


def test_check_looks_at_the_files_within_and_says_the_chown(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    assert home.run("check").code == 0
    [sheet] = home.paths("active_data", "QOL")
    tree = owner._tree

    def one_of_root(folder: Path) -> list[tuple[Path, int]]:
        return [(path, OTHER if path == sheet else uid) for path, uid in tree(folder)]

    monkeypatch.setattr(owner, "_tree", one_of_root)
    ended = home.run("check")
    assert ended.code == 78
    [found] = [one for one in ended.shown["findings"] if one["exit"] == 78]
    assert "1 files in " in found["told"]
    assert sheet.name in found["told"]
    assert "sudo chown -R " in found["told"]


def test_check_of_another_user_writes_nothing_and_says_whose_it_is(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    given_away(home.folder, monkeypatch)
    before = everything(home)
    ended = home.run("check")
    assert ended.code == 78
    assert "sudo -u " in ended.shown["error"]["message"]
    assert everything(home) == before


def test_an_incident_of_anothers_pool_is_shown_and_not_closed(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.site.put("QOL", [b"not json"])
    home.export(code=1)
    [known] = home.incidents()
    given_away(home.pool, monkeypatch)
    assert home.incidents() == [known]
    ended = home.run("incidents", "study", "--close", str(known["number"]))
    assert ended.code == 78
    assert home.incidents() == [known]
