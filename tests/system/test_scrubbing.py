"""`verify` on pools that are well and that are not: in which order, how fast, what it mends."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from mtdata.config import SiteConfig
from mtdata.core.clock import ByteRate, SystemClock
from mtdata.study.operations import opening
from mtdata.study.ports import Cipher
from tests.system.home import STUDY, Home, row


def test_a_pass_that_is_cut_short_goes_on_with_what_is_longest_unread(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.site.put("BBSIQ", [row(1)])
    home.site.put("QOL", [row(2)])
    home.export()
    ticks = count()
    monkeypatch.setattr(SystemClock, "ticks", lambda clock: float(next(ticks)))
    # one tick when it begins, one before each file: two seconds are enough for one of the four
    read = []
    for _ in range(4):
        found = home.run("verify", STUDY, "--for", "2").shown["sites"][STUDY]
        read.append((found["raw_files"], found["sheets"], found["unread"]))
    assert read == [(1, 0, 3), (1, 0, 3), (0, 1, 3), (0, 1, 3)]


def test_a_rate_makes_reading_wait() -> None:
    now, waits = [100.0], []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds

    pace = ByteRate(1000, lambda: now[0], wait)
    for _ in range(10):
        pace.spend(500)
    assert now[0] == pytest.approx(105.0)
    now[0] += 3600  # an idle hour does not become a burst of an hour
    for _ in range(10):
        pace.spend(500)
    assert now[0] == pytest.approx(105.0 + 3600 + 4.0)


def test_a_damaged_ledger_is_told_with_what_mends_it(home: Home) -> None:
    home.site.put("QOL", [row(number) for number in range(1, 400)])
    home.export()
    ledger = home.pool / "ledger.sqlite3"
    content = bytearray(ledger.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 4096] = bytes(4096)
    ledger.write_bytes(content)
    ended = home.run("verify", STUDY)
    assert ended.code == 74
    assert "--rebuild-ledger" in ended.said + str(ended.shown)


def test_a_damaged_file_of_an_entry_that_is_no_json_is_fetched_again(home: Home) -> None:
    home.site.put("QOL", [b'{"id": 9, broken}', row(1)])
    home.export(code=1)
    [held] = (home.pool / "held").iterdir()
    held.write_bytes(b"something else")
    assert home.run("verify", STUDY).code == 74
    home.export(code=74)
    assert held.read_bytes() == b'{"id": 9, broken}'
    assert home.run("verify", STUDY).code == 0


def replicated(home: Home) -> Path:
    """A study with two entries and a table, and a folder that has copies of them."""
    folder = home.folder / "replica"
    folder.mkdir()
    home.configure(REPLICAS=[f"file://{folder}"])
    home.site.put("QOL", [row(1), row(2, note="x" * 50)])
    home.site.put("TaskLog", [row(7)], deleteable=False)
    home.export(STUDY, "all")
    return folder


def garble(path: Path) -> bytes:
    """Change one letter; what stood there before."""
    before = path.read_bytes()
    path.write_bytes(before.replace(b"PRE", b"PRX", 1))
    return before


@pytest.mark.parametrize("scale", ["QOL", "TaskLog"])
@pytest.mark.parametrize("how", ["changed", "gone"])
def test_a_raw_file_is_put_back_from_a_replica_byte_for_byte(
    home: Home, scale: str, how: str
) -> None:
    replicated(home)
    [path] = home.paths("raw_data", scale)
    before = garble(path)
    if how == "gone":
        path.unlink()
    ended = home.run("verify", STUDY)
    assert ended.code == 74
    [told] = ended.shown["sites"][STUDY]["mended"]
    assert "put back as it was" in told
    assert path.read_bytes() == before
    assert any(one["detail"] == told for one in home.incidents("--all") if one["kind"] == "mended")
    damaged = list(home.pool.glob("held/*.damaged1"))
    assert [b"PRX" in one.read_bytes() for one in damaged] == ([True] if how == "changed" else [])
    home.verify_until_clean()
    assert home.troubles() <= {("leftover", "QOL")}
    home.configure(DELETE_MODE=True)
    home.export(STUDY, "all")
    assert sorted(home.deletes()) == [1, 2]
    assert home.is_clean()


def test_a_raw_file_whose_copy_is_damaged_as_well_is_not_guessed(home: Home) -> None:
    folder = replicated(home)
    [path] = home.paths("raw_data", "QOL")
    for copy in folder.rglob("*QOL*/*"):
        copy.write_bytes(copy.read_bytes().replace(b"xxx", b"yyy"))
    garble(path)
    damaged = path.read_bytes()
    ended = home.run("verify", STUDY)
    assert ended.code == 74
    assert path.read_bytes() == damaged
    assert any("copy of" in one for one in ended.shown["sites"][STUDY]["wrong"])
    home.configure(DELETE_MODE=True)
    home.run("export", STUDY)
    home.run("export", STUDY)
    home.verify_until_clean()
    home.export()
    assert sorted(home.deletes()) == [1, 2]  # fetched again while the site had it
    assert [line["note"] for line in home.sheet("QOL")] == ["", "x" * 50]


def test_a_copy_that_is_gone_is_told_and_put_again(home: Home) -> None:
    folder = replicated(home)
    copies = [path for path in folder.rglob("*QOL*/*") if path.is_file()]
    before = {path: path.read_bytes() for path in copies}
    copies[0].unlink()
    found = home.run("verify", STUDY).shown["sites"][STUDY]
    assert (found["copies"], len(found["wrong"])) == (2, 1)
    home.export()
    assert {path: path.read_bytes() for path in copies} == before
    assert home.run("verify", STUDY).code == 0


def test_raw_bytes_lost_for_good_are_told_until_a_person_has_seen_it(home: Home) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(1), row(2)])
    home.site.put("BBSIQ", [row(3)])
    home.export()
    garble(home.paths("raw_data", "QOL")[0])
    for _ in range(2):
        ended = home.run("verify", STUDY)
        assert ended.code == 74
        assert any("raw bytes of 1 entries" in one for one in ended.shown["sites"][STUDY]["wrong"])
    sheets = home.run("decode", STUDY, "--check").shown["sites"][STUDY]["sheets"]
    assert sorted(one["identical"] for one in sheets) == [False, True]
    [seen] = [one for one in home.incidents() if one["kind"] == "raw_changed"]
    home.incidents("--close", str(seen["number"]))
    assert home.run("verify", STUDY).code == 0


@pytest.mark.parametrize("word", ["0", "-1", "x", "nan", "inf"])
def test_a_rate_that_is_none_ends_as_64(home: Home, word: str) -> None:
    assert home.run("verify", STUDY, f"--rate={word}").code == 64


def test_counts_that_are_not_those_of_the_entries_are_told_and_made_again(home: Home) -> None:
    home.site.put("QOL", [row(1), row(2)])
    home.export()
    with closing(sqlite3.connect(home.pool / "ledger.sqlite3")) as db, db:
        db.execute("UPDATE counts SET rowed = 7")
    assert home.status("QOL")["rows"] == 7
    ended = home.run("verify", STUDY)
    assert (ended.code, "the counts of QOL" in str(ended.shown)) == (74, True)
    assert home.status("QOL")["rows"] == 2
    assert home.run("verify", STUDY).code == 0


def test_keys_are_loaded_when_a_row_is_to_be_made_and_not_before(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.site.put("QOL", [row(1), row(2)])
    home.export()
    loaded, load = [], opening.cipher_of

    def counted(site: SiteConfig, workers: int | None = None) -> tuple[Cipher, dict[str, str]]:
        loaded.append(site.name)
        return load(site, workers)

    monkeypatch.setattr(opening, "cipher_of", counted)
    assert (home.run("verify", STUDY).code, loaded) == (0, [])
    home.paths("active_data", "QOL")[0].unlink()
    assert home.run("verify", STUDY).code == 74
    assert loaded == [STUDY]
    assert home.ids("QOL") == ["1", "2"]
