"""Raw files whose names fit no format of today: found again by those of before, or told."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.system.home import STUDY, Home, row

REBUILD = ("verify", STUDY, "--rebuild-ledger")


def lose_ledger(home: Home) -> None:
    for path in home.pool.glob("ledger.sqlite3*"):
        path.unlink()


@pytest.mark.parametrize("way", ["by hand", "by the next round"])
@pytest.mark.parametrize(
    "formats",
    [("%b_%d_%Y", "%Y-%m-%d"), ("%d_%m_%Y", "%Y%m%d", "%b_%d_%Y"), ("%Y%m%d", "%d%m%Y")],
    ids="-".join,
)
def test_files_named_by_a_date_format_of_before_are_adopted_as_well(
    home: Home, formats: tuple[str, ...], way: str
) -> None:
    home.configure(DELETE_MODE=True)
    for number, date_format in enumerate(formats, 1):
        home.configure(DATE_FORMAT=date_format)
        home.site.put("QOL", [row(number)])
        home.site.put("TaskLog", [row(number)], deleteable=False)
        home.export(STUDY, "all")
        home.now = home.now.replace(day=home.now.day + 1)
    before = home.digests()
    lose_ledger(home)
    if way == "by hand":
        assert home.run(*REBUILD).code == 0
    home.site.put("QOL", [row(1)])
    did = home.export(STUDY, "all")
    assert (did["QOL"]["fresh"], did["TaskLog"]["fresh"]) == (0, 0)
    assert home.digests() == before
    assert sorted(home.ids("QOL")) == [str(n) for n in range(1, len(formats) + 1)]
    assert home.troubles() == set()
    assert home.is_clean()


def test_a_pool_of_default_formats_has_no_list_of_them(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    assert not (home.pool / "formats.json").exists()


def test_a_list_of_formats_that_somebody_spoilt_is_passed_by(home: Home) -> None:
    home.pool.mkdir()
    for spoilt in (b"", b"{}", b"[1]", b'[["%d"]]', b'[["%d%d", "%"]]', b"\xff", b"[" * 9000):
        (home.pool / "formats.json").write_bytes(spoilt)
        home.export()


# nobody can place it ------------------------------------------------------------------------------


def misplaced(home: Home, name: str = "QOL_12.3.26.json") -> Path:
    """A raw file with rows that are on the site still, under a name that says no day."""
    home.site.put("QOL", [row(1), row(2)])
    home.site.put("BBSIQ", [row(7)])
    home.export()
    [raw] = home.paths("raw_data", "QOL")
    lose_ledger(home)
    return raw.rename(raw.with_name(name))


def test_what_a_raw_file_that_nobody_can_place_may_hold_is_neither_appended_nor_deleted(
    home: Home,
) -> None:
    raw = misplaced(home)
    home.configure(DELETE_MODE=True)
    before = home.digests()
    for _ in range(2):
        home.site.put("QOL", [row(3)])
        did = home.export(code=74)
        assert set(did) == {"BBSIQ"}
    assert home.site.ids("QOL") == [1, 2, 3, 3]
    assert home.site.ids("BBSIQ") == []
    now = home.digests()
    assert {p: d for p, d in now.items() if "QOL" in p} == {
        p: d for p, d in before.items() if "QOL" in p
    }
    assert "2 entries that the ledger does not know" in home.detail("file_unplaced")
    assert home.run("verify", STUDY).code == 74
    assert home.run("decode", STUDY, "--check").code == 65
    raw.rename(raw.with_name("QOL_Mar_12_2026.json"))
    assert home.export()["QOL"]["fresh"] == 1
    assert home.ids("QOL") == ["1", "2", "3"]
    assert home.troubles() == set()
    assert home.is_clean()


def test_a_ledger_made_again_tells_of_a_raw_file_that_it_could_not_place(home: Home) -> None:
    misplaced(home)
    ended = home.run(*REBUILD)
    assert ended.code == 74
    assert "QOL_12.3.26.json" in " ".join(ended.shown["sites"][STUDY]["odd"])
    assert ("file_unplaced", "QOL") in home.troubles()


def test_a_format_that_a_person_adds_to_the_list_places_the_file(home: Home) -> None:
    misplaced(home)
    home.export(code=74)
    (home.pool / "formats.json").write_text('[["%d.%m.%y", "%H_%M_%S"]]')
    assert home.export()["QOL"]["fresh"] == 0
    assert home.troubles() - {("leftover", "QOL"), ("leftover", "BBSIQ")} == set()
    assert home.is_clean()


OTHERS: dict[str, Callable[[list[dict[str, object]]], object]] = {
    "of the original program": lambda rows: rows,
    "of our form": lambda rows: {"QOL_10_00_00": rows},
}


@pytest.mark.parametrize("name", ["QOL_old.json", "qol_2018.json"])
@pytest.mark.parametrize("form", OTHERS)
def test_the_scale_of_such_a_file_is_known_by_its_name_or_its_packages(
    home: Home, form: str, name: str
) -> None:
    (home.pool / "raw_data").mkdir(parents=True)
    (home.pool / "raw_data" / name).write_text(json.dumps(OTHERS[form]([row(1)])))
    home.site.put("QOL", [row(1)])
    home.configure(DELETE_MODE=True)
    assert home.export(code=74) == {}
    assert home.site.ids("QOL") == [1]


def test_what_holds_no_entry_is_nobody_s_raw_file(home: Home) -> None:
    (home.pool / "raw_data").mkdir(parents=True)
    for name, content in (("notes.json", '{"mine": 1}'), ("QOL_x.json", "[]"), ("a.json", "text")):
        (home.pool / "raw_data" / name).write_text(content)
    home.site.put("QOL", [row(1)])
    home.export()
    assert home.is_clean()


STRANGE = (
    b"QOL_Mar_02_2026\x80.json",
    b"\xffQOL_Mar_02_2026.json",
    b"\x80.json",
    b"QOL_Mar_02_2026\x80.csv",
)


@pytest.mark.parametrize("folder", ["raw_data", "active_data", "held"])
def test_a_file_whose_name_is_no_text_is_told_and_ends_no_command(home: Home, folder: str) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("TaskLog", [row(7)])
    home.export()
    held = b"not JSON"
    (home.pool / folder).mkdir(exist_ok=True)
    own = hashlib.sha256(held).hexdigest()[:24].encode()
    names = [*STRANGE, b"\x80QOL_" + own + b".txt", b"a b_" + own + b".txt"]
    for name in names:
        raw = b'{"QOL_10_00_00": [\n{"id": 5}\n]}\n'
        content = (
            held if name.endswith(b"txt") else b"id\r\n5\r\n" if name.endswith(b"csv") else raw
        )
        (home.pool / folder / os.fsdecode(name)).write_bytes(content)
    home.site.put("TaskLog", [row(8)])
    for words in (
        ("export", STUDY),
        REBUILD,
        ("export", STUDY),
        ("verify", STUDY),
        ("decode", STUDY),
    ):
        ended = home.run(*words)
        assert ended.code != 70, (words, ended)
        ended.said.encode()
    assert home.run("decode", STUDY, "--check").code == (65 if folder == "raw_data" else 0)
    lose_ledger(home)
    assert home.run("decode", STUDY).code in (0, 1)
    assert home.run("export", STUDY).code in (0, 74)
    assert {"7", "8"} <= set(home.ids("TaskLog"))
    if folder == "raw_data":
        assert ("file_unplaced", "QOL") in home.troubles()
        assert "\\xff" in home.detail("file_unplaced")
