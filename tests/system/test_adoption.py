"""Pools without a ledger, and those of the original program: nothing twice, nothing rewritten."""

from __future__ import annotations

import json
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from mtdata.core.pool_files import LEDGER_FILE
from mtdata.demo.study.data import seal
from mtdata.study.integrity.adopt import Adoption
from mtdata.study.operations.commands import REBUILDING
from tests.system.conftest import KeyPair
from tests.system.home import STUDY, Home, row, wire

REBUILD = ("verify", STUDY, "--rebuild-ledger")


def lose_ledger(home: Home) -> None:
    for path in home.pool.glob("ledger.sqlite3*"):
        path.unlink()


def older(home: Home, name: str, content: str | bytes) -> Path:
    """A file of the original program."""
    path = home.pool / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def a_filled_pool(home: Home) -> None:
    home.site.put("QOL", [row(5, note='a "b"\r\nc'), row(6, items=[1, "x"])])
    home.site.put("TaskLog", [row(1), row(2)], deleteable=False)
    home.export(STUDY, "all")
    home.site.put("QOL", [row(3, extra=1.5), b'{"id": 9, broken}'])
    home.export(STUDY, "all", code=1)


@pytest.mark.parametrize("way", ["rebuilt by hand", "rebuilt by the next round"])
def test_after_the_ledger_is_lost_nothing_is_collected_twice(home: Home, way: str) -> None:
    a_filled_pool(home)
    before = home.digests()
    lose_ledger(home)
    if way == "rebuilt by hand":
        found = home.run(*REBUILD).shown["sites"][STUDY]
        assert (found["entries"], found["rows"], found["unproven"], found["odd"]) == (4, 5, 0, [])
    home.configure(DELETE_MODE=True)
    did = home.export(STUDY, "all")
    assert {scale: one["fresh"] for scale, one in did.items()} == {"QOL": 0, "TaskLog": 0}
    assert home.digests() == before
    assert sorted(home.deletes()) == [3, 5, 6]
    assert home.held() == [("QOL", None, "malformed")]
    assert ("listing_shrank", "QOL") not in home.troubles()
    assert home.is_clean()
    assert [one["kind"] for one in home.incidents("--all") if one["kind"] == "adopted"]


def test_what_was_deleted_before_the_loss_has_not_vanished(home: Home) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(1), row(2)])
    home.export()
    lose_ledger(home)
    home.site.put("QOL", [row(3)])
    home.export()
    assert home.deletes() == [1, 2, 3]
    assert home.troubles() == set()


def test_what_comes_after_the_loss_goes_into_new_parts(home: Home) -> None:
    a_filled_pool(home)
    before = home.digests()
    lose_ledger(home)
    home.site.put("QOL", [row(4)])
    home.site.put("TaskLog", [row(7)], deleteable=False)
    home.export(STUDY, "all")
    assert sorted(home.ids("QOL")) == ["3", "4", "5", "6"]
    assert home.raw_ids_of_parts("QOL") == [4]
    now = home.digests()
    assert {path: now[path] for path in before if "benchMark" not in path} == {
        path: digest for path, digest in before.items() if "benchMark" not in path
    }
    assert home.is_clean()


def test_a_ledger_that_is_well_is_not_made_again(home: Home) -> None:
    a_filled_pool(home)
    before = (home.pool / "ledger.sqlite3").read_bytes()
    assert home.run(*REBUILD).code == 64
    assert (home.pool / "ledger.sqlite3").read_bytes() == before


def test_a_ledger_that_cannot_be_read_is_set_aside_and_made_again(home: Home) -> None:
    a_filled_pool(home)
    damaged = b"not a database" * 1000
    (home.pool / "ledger.sqlite3").write_bytes(damaged)
    ended = home.run("export", STUDY)
    assert ended.code == 74
    assert "--rebuild-ledger" in ended.said
    assert home.run(*REBUILD).code == 0
    assert (home.pool / "ledger.sqlite3.lost").read_bytes() == damaged
    assert home.export(STUDY)["QOL"]["fresh"] == 0
    assert home.is_clean()


@pytest.mark.parametrize("tables", ["as they are", "renamed", "none known"])
def test_a_ledger_of_a_newer_program_is_made_again_by_no_command(home: Home, tables: str) -> None:
    a_filled_pool(home)
    with closing(sqlite3.connect(home.pool / "ledger.sqlite3")) as db:
        if tables == "renamed":
            db.execute("ALTER TABLE files RENAME TO papers")
        if tables == "none known":
            db.execute("DELETE FROM files")
        db.execute("PRAGMA user_version = 99")
        db.commit()
    for words in (REBUILD, ("export", STUDY), ("verify", STUDY), ("pool", STUDY, "--accept")):
        before = home.digests(), (home.pool / "ledger.sqlite3").read_bytes()
        ended = home.run(*words)
        assert (ended.code, "format 99" in ended.said) == (
            (0, False) if words[0] == "pool" else (74, True)
        ), words
        assert before == (home.digests(), (home.pool / "ledger.sqlite3").read_bytes())
    assert not (home.pool / "ledger.sqlite3.lost").exists()


def test_a_rebuilding_that_was_cut_off_is_begun_again(home: Home) -> None:
    a_filled_pool(home)
    lose_ledger(home)
    older(home, ".ledger.rebuilding", b"half a ledger")
    older(home, ".ledger.rebuilding-wal", b"half a log")
    assert home.run(*REBUILD).code == 0
    assert not list(home.pool.glob(".ledger*"))
    assert home.is_clean()


def test_an_id_with_two_versions_is_held_as_before(home: Home) -> None:
    home.site.put("QOL", [row(1, answer=1)])
    home.export()
    home.site.replace("QOL", 1, row(1, answer=2))
    home.export(code=1)
    lose_ledger(home)
    home.configure(DELETE_MODE=True)
    home.export(code=0)
    assert home.held() == [("QOL", 1, "conflict")]
    assert [line["answer"] for line in home.sheet("QOL")] == ["1"]
    assert home.deletes() == []


def test_rows_that_no_key_opens_are_neither_doubled_nor_deleted_until_they_are_proven(
    home: Home, key: KeyPair
) -> None:
    home.configure(ENCRYPTION="rsa", PRIVATE_FILE="study.pem", DELETE_MODE=False)
    path = home.put_key(key.pem)
    sealed = row(1, participantRSA=seal(key.public, "17"))
    home.site.put("QOL", [sealed])
    home.export()
    lose_ledger(home)
    path.rename(path.with_suffix(".away"))
    home.configure(DELETE_MODE=True)
    found = home.run(*REBUILD).shown["sites"][STUDY]
    assert (found["rows"], found["unproven"]) == (0, 1)
    home.export(code=1)  # the key that cannot be used
    assert (home.deletes(), home.ids("QOL")) == ([], ["1"])
    path.with_suffix(".away").rename(path)
    assert home.run("verify", STUDY).code == 0
    home.export()
    assert (home.deletes(), home.ids("QOL")) == ([1], ["1"])
    assert home.is_clean()


def test_a_row_that_raw_does_not_give_is_made_again_beside_it(home: Home) -> None:
    home.site.put("QOL", [row(1), row(2)])
    home.export()
    lose_ledger(home)
    [sheet] = home.paths("active_data", "QOL")
    edited = sheet.read_bytes().replace(b"3,2,PRE", b"4,2,PRE")
    sheet.write_bytes(edited)
    home.configure(DELETE_MODE=True)
    home.export()
    assert sheet.read_bytes() == edited
    assert [line["answer"] for line in home.sheet("QOL")] == ["3", "4", "3"]
    assert sorted(home.deletes()) == [1, 2]


def test_a_raw_file_that_breaks_off_gives_what_stands_before(home: Home) -> None:
    home.site.put("QOL", [row(1), row(2)])
    home.export()
    lose_ledger(home)
    [raw] = home.paths("raw_data", "QOL")
    raw.write_bytes(raw.read_bytes()[:-25])
    found = home.run(*REBUILD).shown["sites"][STUDY]
    assert found["entries"] == 1
    assert any("breaks off" in odd for odd in found["odd"])
    assert home.export()["QOL"]["fresh"] == 1


def an_older_pool(home: Home) -> dict[str, bytes]:
    """What the original left: re-worded JSON, arrays one after another, Python 2's own words."""
    mark = {
        "QOL": {"current": 9, "deleteable": True},
        "TaskLog": {"current": 2, "deleteable": False},
    }
    dumped = json.dumps([row(5, f=0.1234567890123456), row(9, items=["a", 1])], indent=0)
    files = {
        "active_data/benchMark.json": json.dumps(mark).encode(),
        "raw_data/QOL_Mar_01_2018_10_00_00.json": (dumped + dumped).encode(),
        "raw_data/QOL_Mar_02_2018_10_05_00.json": json.dumps([row(7)]).encode(),
        "raw_data/TaskLog_Mar_01_2018_10_00_00.json": json.dumps([row(1), row(2)]).encode(),
        "active_data/QOL_Mar_01_2018.csv": (
            b"answer,f,id,items,session,tag\r\n"
            b"3,0.123456789012,5,,PRE,\r\n3,,9,\"[u'a', 1]\",PRE,\r\n"
        ),
        "active_data/TaskLog_Mar_01_2018.csv": b"answer,id,session,tag\r\n3,1,PRE,\r\n",
        "active_data/notes.csv": b"mine\r\n",
    }
    for name, content in files.items():
        older(home, name, content)
    return files


def test_a_pool_of_the_original_program_is_adopted_and_never_rewritten(home: Home) -> None:
    files = an_older_pool(home)
    home.configure(DELETE_MODE=True)
    left: list[Any] = [row(5, f=0.1234567890123456), row(9, items=["a", 1]), row(7), row(4)]
    home.site.put("QOL", [wire(dict(sorted(one.items()))) for one in left])
    did = home.export()
    assert (did["QOL"]["received"], did["QOL"]["appended"]) == (4, 2)
    for name, content in files.items():
        if name != "active_data/benchMark.json":
            assert (home.pool / name).read_bytes() == content
    assert sorted(home.ids("QOL")) == ["4", "5", "7", "9"]  # 7 had raw and no row; 4 is late
    assert sorted(home.deletes()) == [4, 5, 7, 9]
    assert home.held() == []
    assert home.is_clean()
    assert any("active_data/notes.csv" in one["detail"] for one in home.incidents("--all"))


def test_changed_content_below_an_older_benchmark_is_a_conflict_all_the_same(home: Home) -> None:
    an_older_pool(home)
    home.site.put("QOL", [row(5, f=0.5)])
    home.configure(DELETE_MODE=True)
    home.export(code=1)
    assert home.held() == [("QOL", 5, "conflict")]
    assert home.deletes() == []


def test_cipher_text_in_an_older_sheet_is_no_row(home: Home, key: KeyPair) -> None:
    home.configure(ENCRYPTION="rsa", PRIVATE_FILE="study.pem")
    home.put_key(key.pem)
    sealed = row(1, participantRSA=seal(key.public, "17"))
    older(home, "raw_data/QOL_Mar_01_2018_10_00_00.json", json.dumps([sealed]))
    older(
        home,
        "active_data/QOL_Mar_01_2018.csv",
        f"answer,id,participantRSA,session,tag\r\n3,1,{sealed['participantRSA']},PRE,\r\n",
    )
    home.site.offer("QOL")
    home.export()
    [_, made] = home.sheet("QOL")
    assert made["participantRSA"] == "17"


def test_a_ledger_made_anew_has_its_name_only_with_all_that_was_committed(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(number) for number in range(1, 6)])
    home.export()
    lose_ledger(home)
    play = Adoption.play
    with ExitStack() as others, monkeypatch.context() as shared:

        def read(adoption: Adoption) -> Any:
            other = others.enter_context(closing(sqlite3.connect(home.pool / REBUILDING)))
            assert other.execute("SELECT count(*) FROM files").fetchall() == [(0,)]
            return play(adoption)

        shared.setattr(Adoption, "play", read)
        ended = home.run("export", STUDY)
    assert (ended.code, (home.pool / LEDGER_FILE).exists()) == (74, False)
    assert "could not be closed" in ended.said
    home.site.put("QOL", [row(6)])
    home.export()
    assert home.ids("QOL") == [*"123456"]
    assert home.is_clean()
