"""A ledger that is opened to be read alone: which moment it shows, and what it leaves alone."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from mtdata.core.errors import BusyError, StorageError
from mtdata.core.sqlite import LedgerNewer
from mtdata.study.ledger import Ledger
from mtdata.study.ledger.read_only import TURNS, ReadOnlyLedger, at_one_moment
from mtdata.study.model.scale import Scale

OLD = (Path(__file__).parent / "ledger_of_format_1.sql").read_text("utf-8")


def made(folder: Path, *scales: str) -> Path:
    """A ledger at rest that has met these scales; where it lies."""
    with closing(Ledger(folder / Ledger.NAME)) as ledger:
        for name in scales:
            ledger.listing.see(Scale(name, 0, True))
    return folder / Ledger.NAME


def names(ledger: ReadOnlyLedger) -> list[str]:
    return [scale.name for scale in ledger.listing.scales()]


def files(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in folder.iterdir()}


def test_a_ledger_at_rest_is_read_as_it_lies_and_nothing_is_made_beside_it(tmp_path: Path) -> None:
    made(tmp_path, "QOL")
    before = files(tmp_path)
    assert list(before) == [Ledger.NAME]
    assert at_one_moment(tmp_path, names) == ["QOL"]
    assert files(tmp_path) == before


def test_nothing_can_be_entered(tmp_path: Path) -> None:
    made(tmp_path, "QOL")
    with (
        closing(ReadOnlyLedger(tmp_path / Ledger.NAME)) as ledger,
        pytest.raises(StorageError, match="readonly"),
    ):
        ledger.listing.see(Scale("PHQ4", 0, True))


def test_what_is_not_committed_is_not_seen_and_a_reader_keeps_nobody_waiting(
    tmp_path: Path,
) -> None:
    path = made(tmp_path, "QOL")
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO scales (name, deleteable, size) VALUES ('PHQ4', 1, 0)")
        assert at_one_moment(tmp_path, names) == ["QOL"]

        def beside(ledger: ReadOnlyLedger) -> list[list[str]]:
            first = names(ledger)
            writer.execute("COMMIT")  # at once, or it is refused
            return [first, names(ledger)]

        assert at_one_moment(tmp_path, beside) == [["QOL"], ["QOL"]]
        assert at_one_moment(tmp_path, names) == ["PHQ4", "QOL"]


def test_a_ledger_that_is_changed_while_it_is_read_as_it_lies_is_read_once_more(
    tmp_path: Path,
) -> None:
    path = made(tmp_path, "QOL")
    turns: list[list[str]] = []

    def question(ledger: ReadOnlyLedger) -> list[str]:
        turns.append(names(ledger))
        if len(turns) == 1:
            made(tmp_path, "PHQ4")
            assert not path.with_name(f"{path.name}-wal").exists()  # it is at rest again
        return names(ledger)

    assert at_one_moment(tmp_path, question) == ["PHQ4", "QOL"]
    assert len(turns) == 2


def test_one_that_never_rests_is_busy(tmp_path: Path) -> None:
    path, turns = made(tmp_path), []

    def question(ledger: ReadOnlyLedger) -> None:
        turns.append(names(ledger))
        os.utime(path, ns=(0, len(turns)))

    with pytest.raises(BusyError, match="try again"):
        at_one_moment(tmp_path, question)
    assert len(turns) == TURNS


def older(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.executescript(OLD)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")


def nonsense(path: Path) -> None:
    path.write_bytes(b"no database at all " * 400)


def linked(path: Path) -> None:
    made(path.parent / "other")
    path.symlink_to(path.parent / "other" / Ledger.NAME)


@pytest.mark.parametrize(
    ("lay", "words"),
    [
        (older, "mtdata status"),
        (empty, "mtdata status"),
        (newer, "use the program that made it"),
        (nonsense, "rebuild-ledger"),
        (linked, "no regular file"),
    ],
)
def test_one_that_cannot_be_read_as_it_is_stays_as_it_is(
    tmp_path: Path, lay: Callable[[Path], None], words: str
) -> None:
    path = tmp_path / "pool" / Ledger.NAME
    path.parent.mkdir()
    lay(path)
    before = path.read_bytes()
    with pytest.raises(StorageError, match=words) as caught:
        at_one_moment(path.parent, names)
    assert isinstance(caught.value, LedgerNewer) is (lay is newer)
    assert path.read_bytes() == before
    assert {one.name for one in path.parent.iterdir()} <= {Ledger.NAME, "other"}
