"""Whose rows are meant, what is cut where, and what a tombstone knows; without the world."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.study.erasure.person import Person
from mtdata.study.erasure.plan import ErasurePlan, begun_plan
from mtdata.study.files.cuts import Cut, Cuts, UnsafeCut, entry_cuts
from mtdata.study.files.erased_list import ErasedList, state_list
from mtdata.study.files.rawfile import RawEntry, raw_entries
from mtdata.study.files.rows_found import SheetLines
from mtdata.study.model.package import read_entry
from mtdata.study.model.row import Digits
from mtdata.study.model.tombstone import (
    Erasure,
    Tombstone,
    TombstoneIndex,
    entry_mark,
    line_mark,
    table_mark,
)
from tests.fakes_disk import MemoryDisk

KEY = b"k" * 32


@pytest.mark.parametrize("value", [17, "17", {"id": 17}, {"id": "17", "x": 1}, Digits("17")])
def test_numbers_texts_and_objects_with_that_id_are_the_person(value: Any) -> None:
    assert Person("17").is_in("QOL", {"participant": value})
    assert Person("17").is_in("QOL", {"participantId": value})
    assert Person("17").is_in("participant", {"id": value})


@pytest.mark.parametrize("value", ["017", "17 ", 17.0, Digits("17.0"), True, None, [17], {"x": 17}])
def test_whatever_looks_like_it_is_somebody_else(value: Any) -> None:
    assert not Person("17").is_in("QOL", {"participant": value})


def test_an_id_is_a_person_in_the_scale_of_people_alone() -> None:
    assert not Person("17").is_in("TaskLog", {"id": 17})
    assert not Person("17", only=True, fields=("who",)).is_in("Participant", {"id": 17})
    assert Person("17", only=True, fields=("who",)).is_in("QOL", {"who": 17})


def test_a_study_finds_tasks_and_nothing_else() -> None:
    person = Person("17", studies=frozenset({"5"}))
    assert person.is_in("TaskLog", {"study": 5})
    assert person.is_in("Study", {"id": 5})
    assert not person.is_in("QOL", {"study": 5})
    assert not person.is_in("TaskLog", {"study": 17})


def test_cells_are_read_as_what_they_show() -> None:
    person = Person("17")
    assert person.is_cell("QOL", "participant", "17")
    assert person.is_cell("QOL", "participant", '{"id":17,"study":{}}')
    assert not person.is_cell("QOL", "participant", "{17")
    assert not person.is_cell("QOL", "participant", "[" * 100_000)


def raw(arrays: list[list[int]]) -> bytes:
    texts = (",\n".join(f'{{"id":{number}}}' for number in numbers) for numbers in arrays)
    named = (f'"QOL_{at}": [\n{text}\n]' for at, text in enumerate(texts))
    return ("{" + ",\n".join(named) + "}\n").encode()


@given(st.lists(st.lists(st.integers(0, 9), max_size=6), min_size=1, max_size=4), st.sets(
    st.integers(0, 9)))  # fmt: skip
def test_what_is_left_of_a_raw_file_is_what_was_to_stay(
    arrays: list[list[int]], going: set[int]
) -> None:
    disk = MemoryDisk()
    disk.files["raw"] = raw(arrays)
    before = list(raw_entries(disk.stream("raw")))
    judged = [(one, one.entry.id in going) for one in before]
    cuts = Cuts(entry_cuts(disk, "raw", judged))
    disk.files["new"] = b"".join(cuts.remaining(disk, "raw"))
    stay = [[number for number in numbers if number not in going] for numbers in arrays]
    assert [[e["id"] for e in one] for one in json.loads(disk.files["new"]).values()] == stay
    assert len(disk.files["new"]) == len(disk.files["raw"]) - cuts.total
    for one in (one for one, goes in judged if not goes):
        place = cuts.moved(one.start)
        assert disk.read("new", place, len(one.entry.body)) == one.entry.body
        by = sum(by for start, end, by in cuts.shifts() if start <= one.start < end)
        assert place == one.start - by


def test_nothing_is_cut_beside_what_is_no_entry() -> None:
    disk = MemoryDisk()
    disk.files["raw"] = b'[{"id":1} what is this {"id":2}]'
    bodies = [(1, b'{"id":1}'), (23, b'{"id":2}')]
    going = [(RawEntry(0, start, read_entry(body)), True) for start, body in bodies]
    with pytest.raises(UnsafeCut):
        list(entry_cuts(disk, "raw", going))


def test_cuts_that_touch_are_one() -> None:
    cuts = Cuts([Cut(5, 7), Cut(0, 2), Cut(7, 9), Cut(6, 8)])
    assert cuts.stretches == [Cut(0, 2), Cut(5, 9)]
    assert [cuts.moved(place) for place in (0, 1, 2, 4, 5, 8, 9)] == [0, 0, 0, 2, 3, 3, 3]


def erased() -> TombstoneIndex:
    rows = [
        Tombstone("QOL", 1, entry_mark(KEY, "QOL", 1, b"one"), line_mark(KEY, "QOL", 1, b"row")),
        Tombstone("QOL", -1, table_mark(KEY, "QOL", 7), b""),
    ]
    return TombstoneIndex("QOL", [(KEY, row) for row in rows])


def test_a_tombstone_knows_its_entry_its_row_and_no_other() -> None:
    known = erased()
    assert known.entry(1, b"one")
    assert not known.entry(1, b"other")
    assert not known.entry(2, b"one")
    assert known.is_row(1, b"row")
    assert not known.is_row(1, b"other")
    assert known.entry(7, b"whatever it says now")
    assert known.is_row(7, b"whatever it says now")
    assert not known.entry(None, b"one")


def test_a_mark_is_too_short_to_prove_an_answer() -> None:
    assert len(entry_mark(KEY, "QOL", 1, b"x")) == len(line_mark(KEY, "QOL", 1, b"x")) == 4


def erasure(sign: str) -> Erasure:
    return Erasure(sign, "2026-03-12T12:00:00+00:00", KEY, True, (Tombstone("Q", 1, b"m", b""),))


def test_a_list_gets_each_erasure_once_and_a_torn_line_is_written_over() -> None:
    found = ErasedList(MemoryDisk())
    found.add([erasure("a")])
    found.disk.write("erased.jsonl", found.disk.size("erased.jsonl") or 0, b'{"erasure": "b", ')
    found.add([erasure("a"), erasure("b")])
    assert found.erasures() == {"a": erasure("a"), "b": erasure("b")}
    assert found.disk.read("erased.jsonl", 0, 9999).count(b"\n") == 2


def test_a_line_that_nobody_can_read_hides_no_other() -> None:
    found = ErasedList(MemoryDisk())
    found.add([erasure("a")])
    size = found.disk.size("erased.jsonl") or 0
    found.disk.write("erased.jsonl", size, b"\xff\xfe nonsense\n")
    found.disk.write("erased.jsonl", size + 12, json.dumps({"erasure": 1}).encode() + b"\n")
    assert set(found.erasures()) == {"a"}


def test_the_state_folder_keeps_studies_apart() -> None:
    disk = MemoryDisk()
    state_list(disk, "s", "https://one.example/api").add([erasure("a")])
    assert set(state_list(disk, "s", "http://one.example/api").erasures()) == {"a"}
    assert state_list(disk, "s", "https://two.example/api").erasures() == {}


def test_a_plan_is_read_as_it_was_written() -> None:
    disk = MemoryDisk()
    plan = ErasurePlan(erasure("a"), ((3, b"mark"),), (), "token", {"rows_removed": 1})
    plan.write(disk)
    assert begun_plan(disk) == plan


def test_a_row_without_a_line_end_is_a_row() -> None:
    disk = MemoryDisk()
    disk.files["x.csv"] = "\ufeffid,participant\n1,17\n2,18".encode()
    rows = SheetLines(disk, "x.csv")
    assert rows.columns == ("id", "participant")
    assert [(row.id, row.cells) for row in rows.rows()] == [(1, ["1", "17"]), (2, ["2", "18"])]
    assert [row.id for row in rows.rows(b"18")] == [2]
