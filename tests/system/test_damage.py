"""Somebody edited a sheet, a raw file is damaged, the pool cannot be written: 74, nothing lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mtdata.core.disk import FolderDisk
from mtdata.core.errors import StorageError
from tests.system.home import STUDY, Ended, Home, row

EDITS: dict[str, Callable[[bytes], bytes]] = {
    "a note at the end": lambda content: content + b"a note\r\n",
    "an answer changed": lambda content: content.replace(b"3,2,PRE", b"4,2,PRE"),
    "a line removed": lambda content: content.replace(b"3,2,PRE,\r\n", b""),
    "other line ends": lambda content: content.replace(b"\r\n", b"\n"),
    "a quote": lambda content: content.replace(b"3,2,PRE", b'3,2,"PRE'),
    "cut short": lambda content: content[:-5],
    "emptied": lambda content: b"",
    "bytes that are no text": lambda content: content.replace(b"PRE", b"\xff\xfe\x00"),
}


def edited(home: Home, change: Callable[[bytes], bytes]) -> tuple[Path, bytes]:
    """A sheet of three rows, the rows still on the site, and then changed by a person."""
    home.site.put("QOL", [row(1), row(2), row(3)])
    home.export()
    [path] = home.paths("active_data", "QOL")
    after = change(path.read_bytes())
    assert after != path.read_bytes()
    path.write_bytes(after)
    return path, after


def wrong(ended: Ended) -> str:
    assert ended.code == 74, ended
    return " ".join(ended.shown["sites"][STUDY]["wrong"])


@pytest.mark.parametrize("change", EDITS.values(), ids=list(EDITS))
def test_a_sheet_that_a_person_edited_is_never_cut_or_written_over(
    home: Home, change: Callable[[bytes], bytes]
) -> None:
    path, after = edited(home, change)
    home.site.put("QOL", [row(4)])
    home.configure(DELETE_MODE=True)
    home.export(code=74)
    assert path.read_bytes() == after
    _, part = home.paths("active_data", "QOL")
    assert part.name == "QOL_Mar_12_2026_part2.csv"
    assert part.read_bytes() == b"answer,id,session,tag\r\n3,4,PRE,\r\n"
    assert ("sheet_changed", "QOL") in home.troubles()
    assert path.name in wrong(home.run("verify", STUDY))
    assert path.read_bytes() == after
    assert home.is_clean()
    path.unlink()
    assert sorted(home.ids("QOL")) == ["1", "2", "3", "4"]
    home.export()
    assert home.site.ids("QOL") == []


def test_a_row_that_was_edited_keeps_its_neighbours_on_the_site_as_well(home: Home) -> None:
    edited(home, EDITS["an answer changed"])
    home.configure(DELETE_MODE=True)
    home.export(code=74)
    assert home.deletes() == []
    home.verify_until_clean()
    home.export()
    assert home.site.ids("QOL") == []
    assert home.is_clean()


def test_a_line_added_while_the_site_is_down_is_not_cut_as_an_unfinished_write(
    home: Home,
) -> None:
    home.site.put("BBSIQ", [row(1)])
    home.site.put("QOL", [row(2)])
    home.site.fault("drop", scale="QOL")
    home.export(code=69)
    [sheet] = home.paths("active_data", "BBSIQ")
    edited = sheet.read_bytes() + b"a note of mine\r\n"
    sheet.write_bytes(edited)
    home.site.heal()
    home.site.put("BBSIQ", [row(3)])
    home.run("export", STUDY)
    assert sheet.read_bytes() == edited
    assert home.ids("BBSIQ").count("3") == 1


def test_verify_says_which_rows_differ_and_mends_them(home: Home) -> None:
    edited(home, EDITS["an answer changed"])
    ended = home.run("verify", STUDY)
    assert "id 2" in wrong(ended)
    assert "QOL_Mar_12_2026.csv" in ended.shown["sites"][STUDY]["mended"][0]
    assert home.paths("active_data", "QOL")[-1].name == "QOL_Mar_12_2026_part2.csv"
    assert home.run("verify", STUDY).code == 0
    assert ("sheet_changed", "QOL") not in home.troubles()


def test_decode_check_says_where_a_sheet_differs(home: Home) -> None:
    path, after = edited(home, EDITS["an answer changed"])
    ended = home.run("decode", STUDY, "--check")
    assert ended.code == 65
    [sheet] = ended.shown["sites"][STUDY]["sheets"]
    assert sheet["identical"] is False
    assert sheet["difference"] == f"differs at byte {after.index(b'4,2,PRE')}"
    assert path.read_bytes() == after


def test_a_sheet_that_was_removed_is_made_again(home: Home) -> None:
    home.site.put("QOL", [row(1), row(2)])
    home.export()
    home.paths("active_data", "QOL")[0].unlink()
    assert "QOL_Mar_12_2026.csv" in wrong(home.run("verify", STUDY))
    assert home.ids("QOL") == ["1", "2"]
    assert home.is_clean()


def damaged(home: Home) -> Path:
    """A raw file whose second entry has another byte; all three are still on the site."""
    home.site.put("QOL", [row(1), row(2), row(3)])
    home.export()
    [path] = home.paths("raw_data", "QOL")
    path.write_bytes(
        path.read_bytes().replace(b'"id":2,"session":"PRE"', b'"id":2,"session":"PRX"')
    )
    return path


def test_an_entry_whose_raw_bytes_are_damaged_is_not_deleted_and_fetched_again(home: Home) -> None:
    path = damaged(home)
    broken = path.read_bytes()
    home.configure(DELETE_MODE=True)
    home.export(code=74)
    assert home.deletes() == []
    assert ("raw_changed", "QOL") in home.troubles()
    home.run("export", STUDY)
    home.verify_until_clean()
    home.run("export", STUDY)
    assert home.site.ids("QOL") == []
    assert path.read_bytes() == broken
    whole = json.dumps(row(2), separators=(",", ":")).encode()
    assert any(whole in one.read_bytes() for one in home.paths("raw_data", "QOL"))
    assert home.ids("QOL").count("2") == 1


def test_verify_says_which_raw_file_is_damaged(home: Home) -> None:
    path = damaged(home)
    found = wrong(home.run("verify", STUDY))
    assert path.name in found
    assert "1 entries" in found
    home.configure(DELETE_MODE=True)
    home.run("export", STUDY)
    home.verify_until_clean()
    home.run("export", STUDY)
    assert home.site.ids("QOL") == []
    assert home.run("decode", STUDY, "--check").code == 0


def test_a_raw_file_that_was_cut_short_deletes_nothing_of_what_is_lost(home: Home) -> None:
    home.site.put("QOL", [row(1), row(2), row(3)])
    home.export()
    [path] = home.paths("raw_data", "QOL")
    path.write_bytes(path.read_bytes()[:40])
    home.configure(DELETE_MODE=True)
    home.export(code=74)
    assert home.deletes() == []
    home.run("export", STUDY)
    home.verify_until_clean()
    home.run("export", STUDY)
    assert home.site.ids("QOL") == []
    assert home.raw_ids_of_parts("QOL") == [1, 2, 3]


@pytest.mark.parametrize("folder", ["raw_data", "active_data", "held"])
def test_a_pool_that_cannot_be_written_ends_as_74_and_deletes_nothing(
    home: Home, folder: str
) -> None:
    home.configure(DELETE_MODE=True)
    home.pool.mkdir()
    (home.pool / folder).write_bytes(b"a file where a folder should be")
    home.site.put("QOL", [row(1), b'{"oops"}', row(3)])
    home.export(code=74)
    assert home.deletes() == []
    assert "storage" in {kind for kind, _ in home.troubles()}
    (home.pool / folder).unlink()
    home.run("export", STUDY)
    home.run("export", STUDY)
    assert home.ids("QOL") == ["1", "3"]
    assert home.site.rows("QOL") == [b'{"oops"}']
    assert home.is_clean()


def test_a_pool_that_cannot_be_made_ends_as_74(home: Home) -> None:
    home.pool.write_bytes(b"a file")
    home.site.put("QOL", [row(1)])
    home.export(code=74)
    assert home.site.requests == []


def test_a_ledger_that_is_damaged_ends_as_74_and_deletes_nothing(home: Home) -> None:
    home.configure(DELETE_MODE=True)
    home.pool.mkdir()
    (home.pool / "ledger.sqlite3").write_bytes(b"no database at all " * 100)
    home.site.put("QOL", [row(1)])
    ended = home.run("export", STUDY)
    assert ended.code == 74
    assert home.asked("DELETE") == []


def test_a_link_in_the_place_of_a_file_is_not_followed(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    target = home.folder / "elsewhere"
    target.write_bytes(b"mine")
    (home.pool / "active_data").mkdir(parents=True)
    (home.pool / "raw_data").mkdir()
    (home.pool / "active_data" / "QOL_Mar_12_2026.csv").symlink_to(target)
    (home.pool / "raw_data" / "QOL_Mar_12_2026.json").symlink_to(target)
    home.run("export", STUDY)
    assert target.read_bytes() == b"mine"


def test_what_a_person_adds_after_a_round_that_the_site_ended_is_never_cut(home: Home) -> None:
    home.site.put("BBSIQ", [row(1)])
    home.site.put("QOL", [row(2)])
    home.site.fault("drop", scale="QOL")
    home.export(code=69)
    [path] = home.paths("active_data", "BBSIQ")
    noted = path.read_bytes() + b"a note\r\n"
    path.write_bytes(noted)
    home.site.heal()
    home.site.put("BBSIQ", [row(3)])
    home.export(code=74)
    assert path.read_bytes() == noted
    assert [one.name for one in home.paths("active_data", "BBSIQ")][1:] == [
        "BBSIQ_Mar_12_2026_part2.csv"
    ]


def test_a_disk_that_refuses_to_read_once_has_lost_nothing(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.site.put("QOL", [row(1), row(2)])
    home.export()
    home.configure(DELETE_MODE=True)
    with monkeypatch.context() as patched:
        patched.setattr(FolderDisk, "read", refusing_raw)
        home.export(code=74)
    assert home.deletes() == []
    home.run("export", STUDY)
    home.export()
    assert home.raw_ids("QOL") == [1, 2]
    assert home.site.ids("QOL") == []
    assert home.is_clean()


def refusing_raw(self: FolderDisk, path: str, start: int, length: int) -> bytes:
    if path.startswith("raw_data/"):
        raise StorageError(f"{path}: cannot read: Input/output error")
    return (self.root / path).read_bytes()[start : start + length]


def test_a_link_that_leads_nowhere_is_left_alone_and_a_part_takes_what_comes(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    for folder, name in (
        ("active_data", "QOL_Mar_12_2026.csv"),
        ("raw_data", "QOL_Mar_12_2026.json"),
    ):
        (home.pool / folder).mkdir(parents=True)
        (home.pool / folder / name).symlink_to(home.folder / "nowhere")
    home.export()
    assert not (home.folder / "nowhere").exists()
    assert [p.name for p in home.paths("active_data", "QOL") if not p.is_symlink()] == [
        "QOL_Mar_12_2026_part2.csv"
    ]
