"""`decode` after `decode`: what is there and up to date stays, everything else is made again."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mtdata.config import Settings
from mtdata.demo.study.site import StudySite
from mtdata.study.integrity.sheet_making import SheetMaking
from mtdata.study.operations.commands import recovered_to
from tests.sites import site_config
from tests.system.conftest import KeyPair
from tests.system.home import STUDY, Home, row


def decoded(home: Home) -> dict[str, bool]:
    """Carry `decode` out; whether each sheet was made, by the name of its scale."""
    ended = home.run("decode", STUDY)
    assert ended.code == 0, ended
    sheets = ended.shown["sites"][STUDY]["sheets"]
    return {one["sheet"].partition("_")[0]: one["made"] for one in sheets}


def recovered(home: Home, scale: str) -> Path:
    [path] = (home.pool / "recovered_data").glob(f"{scale}_*.csv")
    return path


@pytest.fixture
def both(home: Home) -> Home:
    """A home with two scales, decoded once."""
    for scale in ("QOL", "BBSIQ"):
        home.site.put(scale, [row(1), row(2)])
    home.export()
    assert decoded(home) == {"QOL": True, "BBSIQ": True}
    return home


def test_a_sheet_that_did_not_change_is_not_made_again(both: Home) -> None:
    before = recovered(both, "QOL").stat()
    assert decoded(both) == {"QOL": False, "BBSIQ": False}
    after = recovered(both, "QOL").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    [told] = (both.pool / "recovered_data").glob("README_QOL_recovered_*.txt")
    assert "rows recovered: 2" in told.read_text()


def test_a_sheet_that_grew_is_made_again_and_the_others_are_not(both: Home) -> None:
    both.site.put("QOL", [row(3)])
    both.export()
    assert decoded(both) == {"QOL": True, "BBSIQ": False}
    [sheet] = both.paths("active_data", "QOL")
    assert recovered(both, "QOL").read_bytes() == sheet.read_bytes()


@pytest.mark.parametrize("content", [b"", b"x", None])
def test_a_recovered_sheet_that_is_damaged_or_gone_is_made_again(
    both: Home, content: bytes | None
) -> None:
    path = recovered(both, "QOL")
    sound = path.read_bytes()
    if content is None:
        path.unlink()
    else:  # of the same length as well: its digest tells
        path.write_bytes(content and content * len(sound))
    assert decoded(both) == {"QOL": True, "BBSIQ": False}
    assert path.read_bytes() == sound


@pytest.mark.parametrize("content", [b"", b"[1]", b'{"a": 1}', b"\xff", b"[" * 100_000])
def test_a_list_of_recovered_sheets_that_is_damaged_costs_time_alone(
    both: Home, content: bytes
) -> None:
    [listed] = (both.pool / "recovered_data").glob(".made_QOL.json")
    listed.write_bytes(content)
    assert decoded(both) == {"QOL": True, "BBSIQ": False}
    assert decoded(both) == {"QOL": False, "BBSIQ": False}


def test_the_one_list_of_an_older_program_goes_when_there_are_newer_ones(both: Home) -> None:
    earlier = both.pool / "recovered_data" / ".made.json"
    earlier.write_bytes(b"{}")
    both.site.put("QOL", [row(3)])
    both.export()
    assert decoded(both) == {"QOL": True, "BBSIQ": False}
    assert not earlier.exists()


def test_other_keys_let_every_sheet_be_made_again(
    home: Home, key: KeyPair, other_key: KeyPair
) -> None:
    home.put_key(key.pem)
    home.configure(ENCRYPTION="rsa", PRIVATE_FILE="study.pem")
    home.site.put("QOL", [row(1, participantRSA=key.seal("p1"))])
    home.export()
    assert decoded(home) == {"QOL": True}
    assert decoded(home) == {"QOL": False}
    home.put_key(other_key.pem, "other.pem")
    home.configure(PRIVATE_FILE=["study.pem", "other.pem"])
    assert decoded(home) == {"QOL": True}


def test_a_sheet_of_a_scale_that_must_stay_is_made_again_when_its_table_changed(
    home: Home,
) -> None:
    home.site.put("TaskLog", [row(1)], deleteable=False)
    home.export(STUDY, "all")
    assert decoded(home) == {"TaskLog": True}
    assert decoded(home) == {"TaskLog": False}
    home.site.put("TaskLog", [row(2)])
    home.export(STUDY, "all")
    assert decoded(home) == {"TaskLog": True}


def test_check_reads_everything_whatever_was_decoded_before(both: Home) -> None:
    [raw] = both.paths("raw_data", "QOL")
    raw.write_bytes(raw.read_bytes().replace(b'"answer":3', b'"answer":4', 1))
    assert decoded(both) == {"QOL": False, "BBSIQ": False}
    assert both.run("decode", STUDY, "--check").code != 0


def test_each_readme_tells_of_its_own_scale_whose_name_another_begins_with(home: Home) -> None:
    counts = {"DASS21": 1, "DASS21_AS": 2, "DASS21_AS_2": 3, "DASS": 4}
    for number, (scale, count) in enumerate(counts.items()):
        home.site.put(scale, [row(10 * number + one) for one in range(1, count + 1)])
    home.export()
    assert home.run("decode", STUDY).code == 0
    told = {}
    for scale in counts:
        [path] = (home.pool / "recovered_data").glob(f"README_{scale}_recovered_*.txt")
        [rows] = [line for line in path.read_text().splitlines() if line.startswith("rows")]
        told[scale] = rows
    assert told == {scale: f"rows recovered: {count}" for scale, count in counts.items()}


def cut_at_an_entry(raw: bytes) -> bytes:
    return raw[: raw.index(b'{"id":2') - 2]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "another answer": lambda raw: raw.replace(b'"answer":3', b'"answer":4', 1),
    "cut where an entry ends": cut_at_an_entry,
    "cut within an entry": lambda raw: cut_at_an_entry(raw)[:-3],
    "no JSON": lambda raw: raw.replace(b"}", b"]"),
    "nothing": lambda raw: b"",
}


@pytest.mark.parametrize("how", DAMAGES)
def test_of_a_table_whose_raw_bytes_are_others_no_sheet_is_made_until_they_are_back(
    home: Home, how: str
) -> None:
    home.site.put("TaskLog", [row(1), row(2)], deleteable=False)
    home.site.put("QOL", [row(1)])
    home.export(STUDY, "all")
    [raw], [active] = home.paths("raw_data", "TaskLog"), home.paths("active_data", "TaskLog")
    sound = raw.read_bytes()
    raw.write_bytes(DAMAGES[how](sound))
    for words in (["--check"], []):
        ended = home.run("decode", STUDY, "all", *words)
        found = {one["sheet"]: one["difference"] for one in ended.shown["sites"][STUDY]["sheets"]}
        told = {Path(name).name.partition("_")[0]: words for name, words in found.items()}
        assert (ended.code, bool(told["TaskLog"]), told["QOL"]) == (65, True, ""), ended
    assert not list((home.pool / "recovered_data").glob("TaskLog_*"))
    [told_of] = (home.pool / "recovered_data").glob("README_TaskLog_*")
    assert "rows recovered: 0\n" in told_of.read_text()
    raw.write_bytes(sound)
    assert decoded(home) == {"TaskLog": True, "QOL": False}
    assert recovered(home, "TaskLog").read_bytes() == active.read_bytes()


@pytest.mark.parametrize("deleteable", [True, False])
def test_a_raw_file_that_cannot_be_read_hinders_no_sheet_of_another(
    home: Home, monkeypatch: pytest.MonkeyPatch, *, deleteable: bool
) -> None:
    home.site.put("BBSIQ", [row(1)], deleteable=deleteable)
    home.site.put("QOL", [row(1)])
    home.export(STUDY, "all")
    [raw] = home.paths("raw_data", "BBSIQ")
    bad, pread = raw.stat().st_ino, os.pread

    def refused(file: int, count: int, place: int) -> bytes:
        if os.fstat(file).st_ino == bad:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return pread(file, count, place)

    monkeypatch.setattr(SheetMaking, "each", spoiled(SheetMaking.each, monkeypatch, refused))
    ended = home.run("decode", STUDY, "all")
    told = {one["sheet"][:3]: one["difference"] for one in ended.shown["sites"][STUDY]["sheets"]}
    assert (ended.code, told["QOL"]) == (65, "")
    assert "not written" in told["BBS"]
    assert "Input/output error" in told["BBS"]
    assert recovered(home, "QOL").exists()


def spoiled(
    each: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, refused: Callable[..., bytes]
) -> Callable[..., Any]:
    """`each` with a disk that refuses to read, once ledger and files were held together."""

    def with_refusal(making: SheetMaking, wanted: Any) -> Any:
        with monkeypatch.context() as patched:
            patched.setattr(os, "pread", refused)
            yield from each(making, wanted)

    return with_refusal


@pytest.mark.parametrize("by_config", [True, False])
def test_sheets_of_two_sites_with_one_name_do_not_take_each_others_place(
    home: Home, tmp_path: Path, *, by_config: bool
) -> None:
    out = tmp_path / "out"
    with StudySite() as other:
        home.configure("other", site=other)
        for site in (home.site, other):
            site.put("QOL", [row(1), row(2)] if site is other else [row(3)])
        home.run("export", ".")
    if by_config:
        (tmp_path / "config" / "recovery.config").write_text(f"OUT: {out}\n")
    assert home.run("decode", ".", *([] if by_config else ["--out", str(out)])).code == 0
    for name, folder in ((STUDY, home.pool), ("other", tmp_path / "pool-other")):
        [active] = (folder / "active_data").glob("*.csv")
        assert (out / name / active.name).read_bytes() == active.read_bytes()
    if not by_config:  # of one site, by its name, it is the very folder that was told
        assert home.run("decode", STUDY, "--out", str(tmp_path / "one")).code == 0
        assert (tmp_path / "one" / active.name).exists()


def test_a_job_keeps_sheets_of_two_sites_apart_as_well(tmp_path: Path) -> None:
    one, two = site_config("one"), site_config("two")
    at = {"folder": tmp_path, "home": tmp_path}
    many, alone = Settings(sites=(one, two), **at), Settings(sites=(one,), **at)
    assert {recovered_to(many, site, tmp_path) for site in (one, two)} == {
        tmp_path / "one",
        tmp_path / "two",
    }
    assert recovered_to(many, one, None) is None
    assert recovered_to(alone, one, tmp_path) == tmp_path


def test_entries_of_a_table_that_can_be_no_row_are_counted_as_left_out(home: Home) -> None:
    bad = (b'{"id":2,"oops"}', b'{"id":3,"a":1,"a":2}')
    home.site.put("TaskLog", [row(1), *bad, row("x")], deleteable=False)
    home.export(STUDY, "all", code=1)
    for _ in range(2):  # made, and there already
        [sheet] = home.run("decode", STUDY).shown["sites"][STUDY]["sheets"]
        assert (sheet["rows"], sheet["left_out"]) == (1, 3)
    [readme] = (home.pool / "recovered_data").glob("README_TaskLog_*")
    assert "entries left out: 3\n" in readme.read_text()


def test_of_a_sheet_that_is_not_written_no_row_counts(home: Home) -> None:
    home.site.put("TaskLog", [row(number) for number in range(1, 1500)], deleteable=False)
    home.export(STUDY, "all")
    [raw] = home.paths("raw_data", "TaskLog")
    raw.write_bytes(raw.read_bytes().replace(b'{"id":1400,', b'{"id":1499,'))
    [sheet] = home.run("decode", STUDY).shown["sites"][STUDY]["sheets"]
    assert (sheet["rows"], "not written" in sheet["difference"]) == (0, True)
