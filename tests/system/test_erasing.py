"""A participant's rows erased: away from every file, and they stay away whatever is put back."""

from __future__ import annotations

from typing import Any

from tests.system.home import STUDY, Home, row

PERSON, OTHER = 17, 18
ANSWER = "a-telling-answer"
"""Stands in every row of the person and nowhere else."""


def mine(number: int, **more: object) -> dict[str, Any]:
    return row(number, participant=PERSON, text=ANSWER, **more)


def theirs(number: int, **more: object) -> dict[str, Any]:
    return row(number, participant=OTHER, text="kept", **more)


def people(home: Home, *rows: dict[str, Any]) -> None:
    home.site.offer("Participant", deleteable=False)
    home.site.clear("Participant")
    home.site.put("Participant", rows)


def filled(home: Home, **keys: object) -> None:
    """Two days of a scale, and of the table of people."""
    home.configure(**{"DELETE_MODE": True, **keys})
    home.site.put("QOL", [mine(1), theirs(2), mine(3), theirs(4), theirs(5)])
    home.site.put("OASIS", [theirs(11), mine(12)])
    people(home, row(16), row(PERSON, text=ANSWER), row(OTHER))
    home.export(STUDY, "all")
    home.now = home.now.replace(day=home.now.day + 1)
    home.site.put("QOL", [theirs(6), mine(7, wide=1)])
    people(home, row(16), row(PERSON, text=ANSWER), row(OTHER), row(19))
    home.export(STUDY, "all")


def erase(home: Home, *words: str, who: str = str(PERSON), code: int = 0) -> dict[str, Any]:
    ended = home.run("erase", who, "--server", STUDY, *words)
    assert ended.code == code, ended
    shown: dict[str, Any] = ended.shown["sites"][STUDY]
    return shown


def holding(home: Home, text: str = ANSWER) -> set[str]:
    """The folders of the pool in which any file has that text."""
    files = [path for path in home.pool.rglob("*") if path.is_file()]
    with_text = [path for path in files if text.encode() in path.read_bytes()]
    return {path.relative_to(home.pool).parts[0] for path in with_text}


def is_well(home: Home) -> None:
    """Clean by every way that looks, and nothing of the person in any sheet or raw file."""
    assert home.is_clean()
    assert holding(home) == set()
    assert home.ids("QOL") == ["2", "4", "5", "6"]
    assert home.ids("OASIS") == ["11"]
    assert home.raw_ids("QOL") == [2, 4, 5, 6]


def test_a_look_tells_where_rows_lie_and_changes_nothing(home: Home) -> None:
    filled(home)
    before = home.digests()
    shown = erase(home)
    rows = {(one["kind"], one["scale"]): 0 for one in shown["files"]}
    for one in shown["files"]:
        rows[one["kind"], one["scale"]] += one["rows"]
    assert rows == {
        ("raw", "OASIS"): 1, ("raw", "Participant"): 2, ("raw", "QOL"): 3,
        ("sheet", "OASIS"): 1, ("sheet", "Participant"): 2, ("sheet", "QOL"): 3,
    }  # fmt: skip
    assert not shown["erased"]
    assert home.digests() == before


def test_rows_go_from_sheets_and_by_choice_from_raw_files(home: Home) -> None:
    filled(home)
    erase(home, "--yes")
    assert holding(home) == {"raw_data"}
    assert home.is_clean()
    assert home.ids("QOL") == ["2", "4", "5", "6"]
    assert home.ids("Participant") == ["16", "18", "16", "18", "19"]
    erase(home, "--yes", "--raw")
    is_well(home)


def test_all_at_once_leaves_a_pool_that_goes_on(home: Home) -> None:
    filled(home)
    erase(home, "--yes", "--raw")
    is_well(home)
    home.site.put("QOL", [theirs(8)])
    home.export(STUDY, "all")
    assert home.ids("QOL") == ["2", "4", "5", "6", "8"]
    assert home.is_clean()
    assert home.troubles() == set()
