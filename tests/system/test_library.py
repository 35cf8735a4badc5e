"""A pool read by a program while rounds write it: each look is of one moment, and changes none."""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import mtdata
from mtdata.core.sqlite import LedgerDatabase
from mtdata.study.model.package import BATCH_ENTRIES
from tests.system.conftest import KeyPair
from tests.system.home import STUDY, Home, row


class Look(NamedTuple):
    """What one look saw of QOL: the ids in its sheets, and entries without a row."""

    ids: tuple[str, ...]
    held: int
    waiting: int


def look(folder: Path) -> Look:
    """Look, and hold everything that is told against each other."""
    pool = mtdata.Pool(folder)
    if "QOL" not in pool:
        return Look((), 0, 0)
    qol = pool["QOL"]
    rows = qol.arrow(typed=False)
    ids = tuple(rows["id"].to_pylist()) if "id" in rows.column_names else ()
    assert max(Counter(ids).values(), default=1) == 1, "a row is there twice"
    assert len(ids) == qol.rows, "the sheets and the counts are of two moments"
    held = qol.held().arrow()
    receipts = qol.receipts().arrow().to_pylist()
    with_row = [str(one["id"]) for one in receipts if one["sheet"]]
    assert sorted(with_row) == sorted(ids), "receipts and sheets are of two moments"
    assert len(receipts) == len(ids) + held.num_rows + qol.waiting
    for one in receipts[:3]:
        if one["sheet"]:
            stretch = slice(one["row_start"], one["row_start"] + one["row_length"])
            assert str(one["id"]).encode() in (folder / one["sheet"]).read_bytes()[stretch]
    return Look(ids, held.num_rows, qol.waiting)


@contextmanager
def looked_at_each_commit(
    monkeypatch: pytest.MonkeyPatch, seen: Callable[[], None]
) -> Iterator[None]:
    """Look before each commit of a ledger is made, and when it is."""
    commit = LedgerDatabase.commit

    @contextmanager
    def watched(self: LedgerDatabase) -> Iterator[None]:
        with commit(self):
            yield
            seen()
        seen()

    with monkeypatch.context() as patched:
        patched.setattr(LedgerDatabase, "commit", watched)
        yield


@pytest.mark.parametrize("shares_memory", [True, False])
def test_between_any_two_commits_of_a_round_a_look_is_of_one_moment(
    home: Home, key: KeyPair, monkeypatch: pytest.MonkeyPatch, shares_memory: bool
) -> None:
    monkeypatch.setattr("mtdata.core.journal.can_share", lambda folder: shares_memory)
    home.put_key(key.pem)
    home.configure(ENCRYPTION="rsa", PRIVATE_FILE="study.pem", DELETE_MODE=True)
    home.site.put("QOL", [row(1), {**row(2), "participantRSA": "A" * 172}])
    home.export(code=1)
    looks = [look(home.pool)]

    def again() -> None:
        looks.append(look(home.pool))

    home.site.put("QOL", [row(number) for number in range(3, BATCH_ENTRIES + 40)])
    with looked_at_each_commit(monkeypatch, again):
        home.export(code=1)
        home.site.put("QOL", [row(5000)])
        home.export(code=1)
    lengths = [len(one.ids) for one in looks]
    assert lengths == sorted(lengths), "a row that was seen is gone"
    assert len(set(lengths)) >= 4, "no look fell between two batches"
    assert any(one.waiting for one in looks)
    assert {one.held for one in looks} == {1}
    assert len(looks[-1].ids) == len(home.ids("QOL")) == BATCH_ENTRIES + 39


def test_a_reader_beside_rounds_sees_no_half_of_one(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    over, looks = threading.Event(), [look(home.pool)]
    faults: list[BaseException] = []

    def read() -> None:
        try:
            while not over.is_set():
                looks.append(look(home.pool))
        except BaseException as fault:
            faults.append(fault)
            raise

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for first in (10, 20_000, 40_000):
            home.site.put("QOL", [row(first + number) for number in range(600)])
            home.export()
    finally:
        over.set()
        reader.join()
    assert faults == []
    looks.append(look(home.pool))
    lengths = [len(one.ids) for one in looks]
    assert lengths == sorted(lengths)
    assert lengths[-1] == 1801


def test_a_pool_that_was_opened_stays_as_it_was_while_it_grows(home: Home) -> None:
    home.site.put("QOL", [row(1), row(2)])
    home.export()
    before = mtdata.Pool(home.pool)
    home.site.put("QOL", [row(3)])
    home.export()
    assert before["QOL"].rows == 2
    assert before["QOL"].arrow()["id"].to_pylist() == ["1", "2"]
    assert [one["id"] for one in before["QOL"].receipts().arrow().to_pylist()] == [1, 2]
    after = before.refreshed()
    assert after["QOL"].arrow()["id"].to_pylist() == ["1", "2", "3"]
    assert after.site == STUDY


def test_a_row_that_was_made_since_is_none_of_the_moment_before(
    home: Home, key: KeyPair, other_key: KeyPair
) -> None:
    home.put_key(key.pem)
    home.configure(ENCRYPTION="rsa", PRIVATE_FILE=["study.pem", "other.pem"])
    home.put_key(key.pem, "other.pem")
    sealed = [row(1, participantRSA=key.seal("16")), row(2, participantRSA=other_key.seal("17"))]
    home.site.put("QOL", sealed)
    home.export(code=1)
    before = mtdata.Pool(home.pool)
    home.put_key(other_key.pem, "other.pem")
    home.export()
    after = before.refreshed()["QOL"]
    assert [bool(one["sheet"]) for one in after.receipts().arrow().to_pylist()] == [True, True]
    old = before["QOL"].receipts().arrow().to_pylist()
    assert [bool(one["sheet"]) for one in old] == [True, False]
    assert old[1]["state"] == "its row is to be made"
    assert [one["id"] for one in before.held().arrow().to_pylist()] == [2]
    assert after.held().arrow().num_rows == 0
    assert (before["QOL"].arrow().num_rows, after.arrow().num_rows) == (1, 2)


def test_a_sheet_that_was_replaced_ends_the_moment_and_says_what_to_do(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    before = mtdata.Pool(home.pool)
    home.site.put("QOL", [row(2, more="x")])  # another column: the day's sheet is made anew
    home.export()
    with pytest.raises(mtdata.SnapshotOver, match="refreshed") as caught:
        before["QOL"].arrow()
    assert caught.value.again
    with pytest.raises(mtdata.SnapshotOver, match="refreshed"):
        before["QOL"].receipts().arrow()
    assert before.refreshed()["QOL"].arrow()["more"].to_pylist() == [None, "x"]


def test_a_sheet_that_somebody_changed_is_not_read(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    pool = mtdata.Pool(home.pool)
    [sheet] = home.paths("active_data", "QOL")
    sheet.write_bytes(sheet.read_bytes().replace(b"PRE", b"PRX"))
    with pytest.raises(mtdata.SheetChanged, match="mtdata verify"):
        pool["QOL"].arrow()


def test_a_receipt_is_that_of_the_command(home: Home) -> None:
    home.site.offer("TaskLog", deleteable=False)
    home.site.put("TaskLog", [row(9)])
    home.site.put("QOL", [row(1)])
    home.export(STUDY, "all")
    pool = mtdata.Pool(home.pool)
    shown = home.run("receipt", STUDY, "QOL", "1").shown
    told = pool["QOL"].receipt(1)
    assert told["entries"] == shown["entries"]
    assert pool.receipt("QOL", 1) == told
    with pytest.raises(mtdata.UnknownEntry, match="with the id 7"):
        pool.receipt("QOL", 7)
    with pytest.raises(mtdata.UsageError, match="stays on the site"):
        pool.receipt("TaskLog", 9)
    assert pool["TaskLog"].stays
    assert (pool["TaskLog"].rows, pool["TaskLog"].arrow()["id"].to_pylist()) == (1, ["9"])


def test_what_is_held_is_told_without_its_answers(home: Home, key: KeyPair) -> None:
    home.put_key(key.pem)
    home.configure(ENCRYPTION="rsa", PRIVATE_FILE="study.pem")
    home.site.put("QOL", [{**row(1), "participantRSA": "A" * 172}, row(2)])
    home.export(code=1)
    pool = mtdata.Pool(home.pool)
    [held] = pool.held().arrow().to_pylist()
    assert (held["scale"], held["id"], held["kind"]) == ("QOL", 1, "sealed")
    assert held["kept_at"].isoformat()[:10] == "2026-03-12"
    assert "AAAA" not in str(pool.held().arrow().to_pydict())
    assert [(one["id"], one["state"]) for one in pool["QOL"].receipts().arrow().to_pylist()] == [
        (1, "held"), (2, "in a sheet"),
    ]  # fmt: skip


# nothing is changed


class Opens:
    """What this process opens to write, and which databases, while it is watched."""

    def __init__(self) -> None:
        self.watching = False
        self.writing: list[str] = []
        self.databases: list[str] = []
        sys.addaudithook(self._heard)

    def _heard(self, event: str, told: tuple[Any, ...]) -> None:
        if not self.watching:
            return
        if event == "open":
            path, mode, flags = told
            writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if writes or (isinstance(mode, str) and set(mode) & set("wxa+")):
                self.writing.append(str(path))
        elif event == "sqlite3.connect":
            self.databases.append(str(told[0]))


OPENS = Opens()
"""One for all tests: such a hook cannot be taken away again."""


def state_of(folder: Path) -> dict[str, tuple[Any, ...]]:
    """Every file with its bytes and times."""
    return {
        one.relative_to(folder).as_posix(): (
            one.stat().st_mtime_ns,
            sha256(one.read_bytes()).hexdigest() if one.is_file() else "",
        )
        for one in sorted(folder.rglob("*"))
    }


def use(folder: Path) -> None:
    """Ask for everything there is."""
    pool = mtdata.Pool(folder)
    pool.scales.arrow()
    pool.held().arrow()
    qol = pool["QOL"]
    for table in (qol, qol.history, qol.receipts(), qol.held(), *qol.sheets):
        table.arrow()
    qol.receipt(1)


@pytest.mark.parametrize("is_open", [False, True])
def test_nothing_is_opened_to_write_and_nothing_is_changed(home: Home, is_open: bool) -> None:
    home.site.put("QOL", [row(1), row(2)])
    home.export()
    ledger = home.pool / "ledger.sqlite3"
    with closing(sqlite3.connect(ledger, isolation_level=None)) as other:
        if is_open:  # as by a round, in the middle of a commit
            other.execute("BEGIN IMMEDIATE")
            other.execute("UPDATE runs SET exit = 0")
        use(home.pool)  # what is compiled, is compiled now
        before, open_files = state_of(home.pool), len(os.listdir("/dev/fd"))
        OPENS.watching = True
        try:
            use(home.pool)
        finally:
            OPENS.watching = False
        assert state_of(home.pool) == before
        assert len(os.listdir("/dev/fd")) == open_files
    writing, OPENS.writing = OPENS.writing, []
    databases, OPENS.databases = OPENS.databases, []
    assert writing == []
    ours = [one for one in databases if "ledger.sqlite3" in one]
    assert ours
    assert all("mode=ro" in one for one in ours)
    assert all(("immutable=1" in one) is not is_open for one in ours)
