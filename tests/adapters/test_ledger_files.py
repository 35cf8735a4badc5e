"""Files, snapshots and the connection of the ledger: what is known of the pool's files."""

from __future__ import annotations

import sqlite3
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mtdata.core.errors import StorageError
from mtdata.core.sqlite import LedgerDatabase
from mtdata.study.ledger import Ledger, Snapshot
from mtdata.study.ledger.schema import LEDGER
from mtdata.study.model.mark import FileMark
from mtdata.study.model.receipt import Span
from tests.ledgers import ledger_in_memory

DAY = "2026-03-12"


@pytest.fixture
def ledger() -> Ledger:
    return ledger_in_memory()


def begun(ledger: Ledger, part: int = 1, kind: str = "raw", state: str = "live") -> FileMark:
    files = ledger.files
    return files.begin(files.fresh_mark(kind, "QOL", DAY, part, f"{kind}/{part}"), state)


def test_what_was_read_in_the_future_counts_as_unread(ledger: Ledger) -> None:
    now = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
    today, ahead = begun(ledger), begun(ledger, 2)
    ledger.files.save(today._replace(length=10))
    ledger.files.save(ahead._replace(length=5))
    ledger.files.have_read([today.number], now)
    ledger.files.have_read([ahead.number], now + timedelta(days=365))
    assert [mark.part for mark, _ in ledger.files.standing(now=now)] == [2, 1]
    assert ledger.files.read_since(now, now) == 10
    assert not ledger.files.all_read(now, now)
    ledger.files.have_read([ahead.number], now)
    assert ledger.files.all_read(now - timedelta(seconds=1), now)
    assert not ledger.files.all_read(now, now)


def kept(
    ledger: Ledger, file: FileMark, start: int, rows: int = 2, scale: str = "TaskLog"
) -> Snapshot:
    """A snapshot stored at that place of a raw file."""
    made = Snapshot(
        0,
        scale,
        DAY,
        b"digest",
        Span(file.number, start, 10),
        rows,
        ("id",),
        7,
        0,
        None,
        None,
        None,
    )
    mark = file._replace(length=start + 10)
    parts = [(start, 10, b"part")]
    return ledger.snapshots.store(mark, parts, snapshot=made, key=f"k{start}", kept_at="now")


def test_the_newest_part_that_may_be_written_is_the_live_one(ledger: Ledger) -> None:
    first, second = begun(ledger, 1), begun(ledger, 2)
    assert ledger.files.live("raw", "QOL", DAY) == second
    ledger.files.set_state(second.number, "aside")
    assert ledger.files.live("raw", "QOL", DAY) == first
    assert ledger.files.live("sheet", "QOL", DAY) is None
    assert ledger.files.parts("raw", "QOL", DAY) == 2
    assert ledger.files.in_state("aside") == [second]


def test_a_file_is_known_by_its_number_whatever_became_of_it(ledger: Ledger) -> None:
    mark = begun(ledger)
    ledger.files.set_state(mark.number, "replaced")
    assert ledger.files.by_number(mark.number) == mark
    with pytest.raises(StorageError, match="99"):
        ledger.files.by_number(99)


def test_a_file_is_in_hand_from_its_beginning_until_it_is_released(ledger: Ledger) -> None:
    mark = begun(ledger)
    assert ledger.files.unfinished() == [mark]
    ledger.files.release_all()
    assert ledger.files.unfinished() == []
    again = ledger.files.take_up(ledger.files.by_number(mark.number))
    assert (again.writing, ledger.files.unfinished()) == (True, [again])


def test_only_a_staged_file_can_be_forgotten(ledger: Ledger) -> None:
    live, staged = begun(ledger, 1), begun(ledger, 2, state="staged")
    for mark in (live, staged):
        ledger.files.forget(mark.number)
    assert ledger.files.by_number(live.number) == live
    with pytest.raises(StorageError):
        ledger.files.by_number(staged.number)


def test_appends_to_a_raw_file_are_known_in_order_and_by_key(ledger: Ledger) -> None:
    mark = begun(ledger)
    with ledger.files._db.commit():
        ledger.files.add_range(mark.number, 10, 20, "QOL_2", b"b", "now")
        ledger.files.add_range(mark.number, 0, 10, "QOL_1", b"a", "now")
    assert list(ledger.files.ranges(mark.number)) == [(0, 10, b"a"), (10, 20, b"b")]
    assert ledger.files.has_key(mark.number, "QOL_1")
    assert not ledger.files.has_key(mark.number, "QOL_3")
    assert not ledger.files.has_key(mark.number + 1, "QOL_1")


def test_the_last_snapshot_of_a_scale_counts_and_each_scale_has_its_own(ledger: Ledger) -> None:
    file = begun(ledger)
    kept(ledger, file, 0)
    last = kept(ledger, file, 10, rows=5)
    other = kept(ledger, file, 20, scale="Participant")
    assert ledger.snapshots.last("TaskLog") == last
    assert ledger.snapshots.last("Participant") == other
    assert ledger.snapshots.last("QOL") is None
    assert ledger.files.by_number(file.number).length == 30


def test_a_snapshot_waits_until_it_has_a_sheet_and_again_when_other_keys_may_open_more(
    ledger: Ledger,
) -> None:
    file = begun(ledger)
    kept(ledger, file, 0)
    snapshot = kept(ledger, file, 10)
    assert ledger.snapshots.unfinished("keys") == [snapshot]
    ledger.snapshots.bind(snapshot, 5, 1, "keys")
    assert ledger.snapshots.unfinished("keys") == []
    assert len(ledger.snapshots.unfinished("other keys")) == 1
    assert ledger.snapshots.of_sheet(5) == ledger.snapshots.last("TaskLog")
    ledger.snapshots.bind(snapshot, 5, 0, "keys")
    assert ledger.snapshots.unfinished("other keys") == []
    ledger.files.give_up(5)
    assert len(ledger.snapshots.unfinished("keys")) == 1


def test_a_snapshot_whose_raw_file_is_damaged_waits_for_nothing_and_is_stored_anew(
    ledger: Ledger,
) -> None:
    file = begun(ledger)
    kept(ledger, file, 0)
    assert ledger.snapshots.distrust(file.number) == 1
    assert ledger.snapshots.unfinished("keys") == []
    last = ledger.snapshots.last("TaskLog")
    assert last is not None
    assert last.digest != b"digest"


def test_a_commit_is_all_or_nothing(tmp_path: Path) -> None:
    db = LedgerDatabase(tmp_path / "ledger.sqlite3", LEDGER)
    row = "INSERT INTO runs (number, command, started_at) VALUES (?, 'x', 'now')"

    def breaking() -> None:
        with db.commit():
            db.run(row, 1)
            raise KeyError

    with pytest.raises(KeyError):
        breaking()
    assert db.all("SELECT * FROM runs") == []
    with db.commit():
        db.run(row, 2)
    db.close()
    again = LedgerDatabase(tmp_path / "ledger.sqlite3", LEDGER)
    assert again.all("SELECT number FROM runs") == [(2,)]
    assert again.row("PRAGMA synchronous") == (2,)
    assert again.row("PRAGMA journal_mode") == ("wal",)
    again.close()


def test_the_ledger_is_its_owners_alone(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "new" / Ledger.NAME)
    begun(ledger)
    made = list((tmp_path / "new").iterdir())
    assert len(made) == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}
    ledger.close()


def test_a_ledger_of_another_format_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / Ledger.NAME
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version=99")
    db.close()
    before = path.read_bytes()
    with pytest.raises(StorageError, match="format 99"):
        Ledger(path)
    assert path.read_bytes()[100:] == before[100:]


def test_what_sqlite_refuses_is_a_storage_error_with_the_path(tmp_path: Path) -> None:
    path = tmp_path / Ledger.NAME
    path.write_bytes(b"no database " * 400)
    with pytest.raises(StorageError, match=r"ledger\.sqlite3: the ledger cannot be used"):
        Ledger(path)
