"""Sheets: grown by rows or replaced as a whole, widened in one move; on a disk in memory."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from mtdata.core.errors import DamageError, StorageError
from mtdata.study.files.sheet_lines import row_spans
from mtdata.study.files.sheets import CsvSheets
from mtdata.study.model.package import read_entry
from mtdata.study.model.receipt import Backup, Kept, Row, Rows, Sheet, Span, Verified
from mtdata.study.model.row import cells_digest, cells_of
from mtdata.study.model.scale import Scale
from tests.fakes import compact
from tests.fakes_disk import MemoryDisk
from tests.ledgers import ledger_in_memory

DAY = "2026-03-12"
QOL = Scale("QOL", 1, True)
PATH = "active_data/QOL_Mar_12_2026.csv"
ODD = 'a "quote", a comma,\r\na line 🙂'


class Bench:
    """Sheets over a disk and a ledger in memory; rows are entered as a round enters them."""

    def __init__(self) -> None:
        self.disk, self.ledger = MemoryDisk(), ledger_in_memory()
        self.ledger.listing.see(QOL)
        self.again()

    def again(self) -> None:
        """The next run on the same disk and ledger."""
        self.sheets = CsvSheets(self.disk, self.ledger, "%b_%d_%Y")
        self.sheets.recover()

    def rows(self, *entries: dict[str, Any]) -> Rows:
        """Backed-up entries laid out as rows."""
        files = self.ledger.files
        mark = files.begin(files.fresh_mark("raw", "QOL", DAY, 1, "raw"))
        read = [(read_entry(compact(entry)), Span(mark.number, 0, 0)) for entry in entries]
        at, start = datetime(2026, 3, 12, tzinfo=UTC), mark.number
        seqs = self.ledger.entries.back_up(
            mark, read, key="k", start=start, piece=b"", conflicts=frozenset(), at=at
        )
        kept = [
            Kept(seq, entry.id, entry.digest, span, entry.values or {})
            for seq, (entry, span) in zip(seqs, read, strict=True)
        ]
        made = [(one, *cells_of(one.values)) for one in kept]
        rows = tuple(
            Row(one, names, cells, cells_digest(names, cells)) for one, names, cells in made
        )
        return Rows(Backup(QOL, tuple(kept)), rows, ())

    def append(self, *entries: dict[str, Any], commit: bool = True) -> Sheet:
        """Append rows to the day's sheet."""
        growing = self.sheets.growing("QOL", DAY)
        sheet = growing.add_rows(self.rows(*entries))
        assert list(growing.read_back(sheet)) == [True for _ in entries]
        if commit:
            growing.accept(Verified(sheet, frozenset()))
        return sheet

    def table(self, path: str = PATH) -> list[list[str]]:
        """Every row of a sheet as the csv module reads it."""
        return list(csv.reader(io.StringIO(self.disk.files[path].decode(), newline="")))

    def proven(self, path: str = PATH) -> Sequence[int | None]:
        """Ids of the rows that stand where the ledger says, cell by cell."""
        [mark] = [m for m in self.ledger.files.in_state("live") if m.path == path]
        claims = list(self.ledger.entries.lines(mark.number))
        found = self.sheets.lenient([claim.line for claim in claims if claim.line])
        return [
            claim.id
            for claim, cells in zip(claims, found, strict=True)
            if len(cells) == len(mark.columns) and cells_digest(mark.columns, cells) == claim.cells
        ]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_rows_stand_one_behind_the_other_below_one_header(bench: Bench) -> None:
    bench.append({"id": 1, "b": ODD, "a": None})
    bench.append({"id": 2, "b": True, "a": 1.5}, {"id": 3, "b": "", "a": [1]})
    assert bench.table() == [
        ["a", "b", "id"], ["", ODD, "1"], ["1.5", "True", "2"], ["[1]", "", "3"],
    ]  # fmt: skip
    assert bench.proven() == [1, 2, 3]


def test_the_place_of_each_line_is_where_it_stands(bench: Bench) -> None:
    sheet = bench.append({"id": 1, "b": ODD}, {"id": 2, "b": "x"})
    places = list(row_spans(bench.disk, PATH))
    assert [(line.span.start, line.span.length) for line in sheet.lines] == places
    content = bench.disk.files[PATH]
    assert list(bench.sheets.lines([line.span for line in sheet.lines])) == [
        content[start : start + length] for start, length in places
    ]


@pytest.mark.parametrize("ending", ["a", '"', '""', "\n", "\r\n", '"\n', '\n"'])
def test_a_row_ends_where_its_quotes_are_even_whatever_its_cells_hold(
    bench: Bench, ending: str
) -> None:
    bench.append(*({"id": number, "z": "x" * number + ending} for number in range(1, 5)))
    assert len(list(row_spans(bench.disk, PATH))) == 4
    assert bench.proven() == [1, 2, 3, 4]


def test_a_new_field_widens_the_sheet_and_moves_every_row(bench: Bench) -> None:
    bench.append({"id": 1, "b": ODD}, {"id": 2, "b": "y"})
    bench.append({"id": 3, "a": "new"})
    assert bench.table() == [["a", "b", "id"], ["", ODD, "1"], ["", "y", "2"], ["new", "", "3"]]
    assert bench.proven() == [1, 2, 3]
    assert [path for path in bench.disk.files if "staged" in path] == []


def test_a_widening_finds_a_row_that_is_not_as_it_was_and_changes_nothing(bench: Bench) -> None:
    bench.append({"id": 1, "b": "yes"})
    growing = bench.sheets.growing("QOL", DAY)
    growing.add_rows(bench.rows({"id": 2, "b": "in hand"}))
    before = bench.disk.files[PATH].replace(b"yes", b"no!")
    bench.disk.files[PATH] = before
    with pytest.raises(StorageError, match="not as it was written"):
        growing.add_rows(bench.rows({"id": 3, "new": 1}))
    assert bench.disk.files[PATH] == before


def test_lines_that_were_not_committed_are_taken_back_by_the_next_run(bench: Bench) -> None:
    bench.append({"id": 1})
    before = bench.disk.files[PATH]
    bench.append({"id": 2}, commit=False)
    bench.again()
    assert bench.disk.files[PATH] == before
    bench.append({"id": 3})
    assert bench.proven() == [1, 3]


def test_a_sheet_that_somebody_changed_stays_and_rows_go_on_in_a_part(bench: Bench) -> None:
    bench.append({"id": 1})
    bench.ledger.files.release_all()
    mine = bench.disk.files[PATH] + b"a note\r\n"
    bench.disk.files[PATH] = mine
    bench.append({"id": 2})
    assert bench.disk.files[PATH] == mine
    assert bench.table("active_data/QOL_Mar_12_2026_part2.csv") == [["id"], ["2"]]
    assert [mark.path for mark in bench.ledger.files.in_state("aside")] == [PATH]
    bench.append({"id": 3, "wide": 1})
    assert bench.disk.files[PATH] == mine
    assert bench.proven("active_data/QOL_Mar_12_2026_part2.csv") == [2, 3]


def test_a_line_that_the_disk_gives_back_changed_is_not_taken_for_written(bench: Bench) -> None:
    growing = bench.sheets.growing("QOL", DAY)
    sheet = growing.add_rows(bench.rows({"id": 1, "z": "a"}, {"id": 2, "z": "b"}))
    [path] = [path for path in bench.disk.files if path.endswith(".csv")]
    bench.disk.files[path] = bench.disk.files[path].replace(b"2,b", b"2,c")
    assert list(growing.read_back(sheet)) == [True, False]
    bench.disk.files[path] = bench.disk.files[path][:-3]
    assert list(growing.read_back(sheet)) == [True, False]


def whole(bench: Bench, *ids: int) -> None:
    sheet = bench.sheets.whole("QOL", DAY, ("id",))
    rows = bench.rows(*({"id": number} for number in ids))
    placed = sheet.add_rows(rows)
    assert list(sheet.read_back(placed)) == [True for _ in ids]
    sheet.accept(Verified(placed, frozenset()))
    sheet.finish()


def test_a_whole_sheet_takes_the_place_of_the_one_before(bench: Bench) -> None:
    whole(bench, 1, 2)
    whole(bench, 2, 3, 4)
    assert bench.table() == [["id"], ["2"], ["3"], ["4"]]
    assert list(bench.disk.files) == [PATH]


def test_a_whole_sheet_in_the_making_is_not_seen_and_does_not_outlive_its_round(
    bench: Bench,
) -> None:
    whole(bench, 1)
    before = dict(bench.disk.files)
    sheet = bench.sheets.whole("QOL", DAY, ("id",))
    sheet.add_rows(bench.rows({"id": 2}))
    assert bench.table() == [["id"], ["1"]]
    bench.again()
    assert bench.disk.files == before


@pytest.mark.parametrize("renamed", [False, True], ids=["before", "after"])
def test_a_run_that_ended_beside_the_rename_is_ended_by_the_next(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, renamed: bool
) -> None:
    bench.append({"id": 1, "b": "x"})
    publish = bench.disk.publish

    def ending(staged: str, path: str) -> None:
        if renamed:
            publish(staged, path)
        raise KeyboardInterrupt

    monkeypatch.setattr(bench.disk, "publish", ending)
    with pytest.raises(KeyboardInterrupt):
        bench.append({"id": 2, "a": 1}, commit=False)
    monkeypatch.undo()
    bench.again()
    assert bench.table() == (
        [["a", "b", "id"], ["", "x", "1"]] if renamed else [["b", "id"], ["x", "1"]]
    )
    assert bench.proven() == [1]
    assert bench.ledger.files.in_state("staged") == []
    bench.append({"id": 3, "a": 1})
    assert bench.proven() == [1, 3]


def test_a_sheet_of_rows_and_a_whole_one_of_the_same_day_are_two_parts(bench: Bench) -> None:
    whole(bench, 1)
    bench.append({"id": 2})
    whole(bench, 3)
    tables = {path: bench.table(path)[1:] for path in sorted(bench.disk.files)}
    assert tables == {
        PATH: [["1"]],
        "active_data/QOL_Mar_12_2026_part2.csv": [["2"]],
        "active_data/QOL_Mar_12_2026_part3.csv": [["3"]],
    }


@pytest.mark.parametrize("text", ["", ", and so on\r\n" * 80])
def test_a_line_that_cannot_be_read_is_no_row_and_harms_no_other(bench: Bench, text: str) -> None:
    one, two, three = (f"{letter}{text}" for letter in "xyz")
    sheet = bench.append({"id": 1, "b": one}, {"id": 2, "b": two}, {"id": 3, "b": three})
    spans = [line.span for line in sheet.lines]
    content = bytearray(bench.disk.files[PATH])
    content[spans[1].start] = ord("y" if text else '"')
    bench.disk.files[PATH] = bytes(content)
    assert list(bench.sheets.lenient(spans)) == [[one, "1"], [], [three, "3"]]
    del bench.disk.files[PATH]
    assert list(bench.sheets.lenient(spans)) == [[], [], []]


def test_a_read_that_is_refused_is_no_row_that_was_changed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> bytes:
        raise DamageError("cannot read: Input/output error")

    sheet = bench.append({"id": 1, "b": "x"})
    monkeypatch.setattr(bench.disk, "read", refused)
    with pytest.raises(DamageError):
        list(bench.sheets.lenient([line.span for line in sheet.lines]))
