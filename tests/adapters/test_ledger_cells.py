"""What comes out of a ledger is held against its columns; whatever is odd is a StorageError."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mtdata.core.cells import Cells, OddCell
from mtdata.core.errors import StorageError
from mtdata.study.ledger import Ledger
from mtdata.study.ledger.schema import MEANT, TABLES
from mtdata.study.model.package import read_entry
from mtdata.study.model.receipt import Span
from mtdata.study.model.scale import Scale

AT = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
ODD: dict[str, tuple[object, ...]] = {
    "files.columns": ('["a', "{}", "[1]", "[" * 3000, b"\xff", 7),
    "files.day": ("2026-13-45", "12", 3),
    "files.length": ("x", -2, 1.5, b"x"),
    "files.kind": ("unheard of", 1),
    "files.path": (b"\xff",),
    "incidents.kind": ("unheard of", "a\0b"),
    "incidents.opened_at": ("yesterday", "2026-03-12T12:00:00", 20260312),
    "runs.ended_at": ("2026-02-30T00:00:00+00:00", b"\xff\xfe"),
    "runs.exit": ("well",),
    "entries.state": (9, -5),
    "entries.start": ("here", -1.5),
    "entries.digest": ("text", 5),
    "scales.columns": ('["a',),
    "scales.listed_at": ("long ago",),
    "ranges.kept_at": ("",),
}
CASES = [(cell, value) for cell, values in ODD.items() for value in values]
READS: tuple[Callable[[Ledger], object], ...] = (
    lambda ledger: ledger.files.standing(),
    lambda ledger: ledger.incidents.incidents(),
    lambda ledger: ledger.runs.last_run(),
    lambda ledger: ledger.arrivals.listed(),
    lambda ledger: ledger.arrivals.newest("", AT),
    lambda ledger: ledger.arrivals.tried(AT, "export study ."),
    lambda ledger: ledger.listing.columns("QOL"),
    lambda ledger: list(ledger.entries.in_raw(1)),
    lambda ledger: list(ledger.entries.waiting("QOL", "")),
    lambda ledger: list(ledger.listing.on_site("QOL")),
    lambda ledger: ledger.notifications.news("study"),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A small ledger of its own, closed."""
    with closing(Ledger(tmp_path / "ledger.sqlite3")) as ledger:
        ledger.listing.see(Scale("QOL", 1, True))
        ledger.listing.set_columns("QOL", ["a"])
        mark = ledger.files.fresh_mark("raw", "QOL", "2026-03-12", 1, "raw_data/q")
        mark = ledger.files.begin(mark)
        ledger.entries.back_up(
            mark, [(read_entry(b'{"id":1}'), Span(mark.number, 0, 8))],
            key="", start=0, piece=b'{"id":1}', conflicts=frozenset(), at=AT,
        )  # fmt: skip
        ledger.incidents.raise_incident("drift", "QOL", "so", AT)
        number = ledger.runs.begin_run("export study .", AT)
        ledger.runs.end_run(number, 0, {}, AT, {"QOL": None})
        assert ledger.is_sound()
    return tmp_path / "ledger.sqlite3"


def put(path: Path, cell: str, value: object) -> None:
    table, _, column = cell.partition(".")
    as_text = "CAST(? AS TEXT)" if isinstance(value, bytes) else "?"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(f"UPDATE {table} SET {column} = {as_text}", (value,))


@pytest.mark.parametrize(("cell", "value"), CASES)
def test_a_cell_that_this_program_never_writes_is_a_storage_error_and_names_the_remedy(
    path: Path, cell: str, value: object
) -> None:
    put(path, cell, value)
    told = []
    with closing(Ledger(path)) as ledger:
        for read in READS:
            try:
                read(ledger)
            except StorageError as error:
                told.append(str(error))
        assert not ledger.is_sound()
    assert told
    assert all("--rebuild-ledger" in one and str(value) not in one.split() for one in told)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\0" * 4096, b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_bytes_that_are_no_ledger_are_a_storage_error(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with suppress(StorageError), closing(Ledger(path)) as ledger:
        ledger.files.standing()


def test_two_bytes_changed_in_the_text_of_the_schema_are_a_storage_error(path: Path) -> None:
    whole = path.read_bytes()
    start = whole.index(b"CREATE TABLE")
    for place in range(start, start + 600, 7):
        path.write_bytes(whole[:place] + b"\xff\xfe" + whole[place + 2 :])
        with suppress(StorageError), closing(Ledger(path)) as ledger:
            for read in READS:
                with suppress(StorageError):
                    read(ledger)


def test_what_names_a_file_or_scale_that_is_not_there_makes_a_ledger_unsound(path: Path) -> None:
    for cell, value in (("entries.file", 7), ("entries.sheet", 7), ("entries.scale", "other")):
        put(path, cell, value)
        with closing(Ledger(path)) as ledger:
            assert not ledger.is_sound()
        put(path, cell, {"entries.file": 1, "entries.sheet": None}.get(cell, "QOL"))


def test_a_column_is_held_against_what_any_table_says_of_it() -> None:
    cells = Cells(TABLES, MEANT)
    cells.check(["digest", "length", "newest_at", "count(*)"], [(b"x", 0, None, 3)])
    for name, value in (("length", None), ("newest_at", 3), ("count(*)", "x"), ("any", b"")):
        with pytest.raises(OddCell):
            cells.check([name], [(value,)])


def test_opening_a_ledger_leaves_the_locks_of_another_connection_alone(path: Path) -> None:
    """POSIX takes all of a process's locks on a file when any descriptor of it is closed."""
    opened: list[str] = []
    before = os.open

    def watched(name: str, *more: int, **how: int) -> int:
        number = before(name, *more, **how)
        opened.append(str(name))  # one that was there all the same: O_EXCL opens none
        return number

    with closing(Ledger(path)), pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", watched)
        Ledger(path).close()
    assert not [name for name in opened if name.startswith(str(path))]
