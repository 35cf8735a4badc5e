"""Files that grow by proven appends: torn tails are cut, changed files are never touched."""

from __future__ import annotations

import pytest

from mtdata.study.files.append_file import AppendFile, DayFiles
from tests.fakes_disk import MemoryDisk
from tests.ledgers import ledger_in_memory

DAY, CLOSING = "2026-03-12", b"]}"


def path(part: int) -> str:
    return f"raw/A_{part}.json"


class Bench:
    """The files of a day over a disk and a ledger in memory; `again` is the next run on them."""

    def __init__(self) -> None:
        self.disk, self.ledger = MemoryDisk(), ledger_in_memory()
        self.again()

    def again(self) -> None:
        self.day_files = DayFiles(self.disk, self.ledger.files, "raw", CLOSING)
        self.day_files.mend_unfinished()

    def resume(self) -> AppendFile:
        return self.day_files.resume("A", DAY, path)

    def put(self, content: bytes) -> None:
        grown = self.resume()
        grown.append(content)
        self.ledger.files.take_up(grown.mark)
        with self.ledger.files._db.commit():
            self.ledger.files.save(grown.mark)

    def rest(self) -> None:
        self.ledger.files.release_all()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_appends_stand_one_behind_the_other_and_the_closing_comes_last(bench: Bench) -> None:
    bench.put(b"{1")
    bench.put(b"2")
    assert bench.disk.files == {"raw/A_1.json": b"{12]}"}


@pytest.mark.parametrize("tail", [b"", b"3", b"34", b"345]}", b"\0\0\0\0", b"345]}]}]}"])
def test_the_tail_of_a_round_that_ended_without_a_word_is_cut(bench: Bench, tail: bytes) -> None:
    bench.put(b"{12")
    bench.disk.files[path(1)] = b"{12" + tail
    bench.again()
    assert bench.disk.files == {path(1): b"{12]}"}
    bench.put(b"3")
    assert bench.disk.files == {path(1): b"{123]}"}


def test_a_file_begun_but_never_committed_is_taken_away(bench: Bench) -> None:
    bench.resume()
    bench.disk.files[path(1)] = b"{to"
    bench.again()
    assert bench.disk.files == {}


@pytest.mark.parametrize("changed", [b"{X2]}", b"{12]} and more", b"{1", b"", None])
def test_a_file_that_somebody_changed_is_set_aside_and_never_touched(
    bench: Bench, changed: bytes | None
) -> None:
    bench.put(b"{12")
    bench.rest()
    if changed is None:
        del bench.disk.files[path(1)]
    else:
        bench.disk.files[path(1)] = changed
    bench.again()
    bench.put(b"{3")
    assert bench.disk.files.get(path(1)) == changed
    assert bench.disk.files[path(2)] == b"{3]}"
    assert [mark.path for mark in bench.ledger.files.in_state("aside")] == [path(1)]


def test_a_file_that_is_not_ours_is_never_written_over(bench: Bench) -> None:
    bench.disk.files[path(1)] = b"an older program's"
    bench.put(b"{1")
    assert bench.disk.files == {path(1): b"an older program's", path(2): b"{1]}"}
