"""Rows on their way into a file: each id once, the newest, in order; a cut one leaves none."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import traceback
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.cake.spool import Spool, SpoolRow
from mtdata.core.errors import StorageError

HEADER = b"id\n"
rows = st.builds(
    SpoolRow,
    st.integers(-5, 5),
    st.sampled_from(["2016-01-10T00:00:00", "2016-01-10T00:00:00.95", "2016-01-10T00:01:00"]),
    st.sampled_from(["", "1", "2"]),
    st.binary(max_size=4),
)


def take(spool: Spool, mark: str, rows: Iterable[SpoolRow]) -> None:
    spool.begin()
    spool.put(rows)
    spool.end(mark)


def line(number: int, of: str = "") -> SpoolRow:
    return SpoolRow(number, f"2016-01-10T00:00:{number:02}", of, b"%d %s\n" % (number, of.encode()))


@given(st.lists(st.lists(rows, max_size=8), max_size=4))
def test_of_each_id_the_newest_stays(
    tmp_path_factory: pytest.TempPathFactory, windows: list[list[SpoolRow]]
) -> None:
    newest: dict[int, SpoolRow] = {}
    for row in (row for window in windows for row in window):
        if row.id not in newest or row.version >= newest[row.id].version:
            newest[row.id] = row
    with Spool(tmp_path_factory.mktemp("spool") / "a.sqlite3") as spool:
        for number, window in enumerate(windows):
            take(spool, f"w{number}", window)
            assert spool.mark() == f"w{number}"
        expected = [row.line for row in sorted(newest.values(), key=lambda row: (row.at, row.id))]
        assert list(spool.lines()) == expected
        assert len(spool) == len(newest)


def test_a_file_is_written_whole_and_its_facts_are_true(tmp_path: Path) -> None:
    with Spool(tmp_path / "a.sqlite3") as spool:
        take(spool, "w", map(line, range(3)))
        facts = spool.write(tmp_path / "a.part", HEADER)
        with Spool(tmp_path / "b.sqlite3") as empty:
            assert empty.write(tmp_path / "b.part", HEADER).rows == 0
            spool.remove()
            empty.remove()
    content = (tmp_path / "a.part").read_bytes()
    assert content == HEADER + b"0 \n1 \n2 \n"
    assert facts == (len(content), sha256(content).hexdigest(), 3)
    assert (tmp_path / "b.part").read_bytes() == HEADER
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.part", "b.part"]


def test_a_window_that_breaks_off_leaves_no_row(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    with Spool(path) as spool:
        take(spool, "first", [line(1)])
        spool.begin()
        spool.put(map(line, range(2, 1200)))
    with Spool(path) as spool:
        assert (len(spool), spool.mark()) == (1, "first")
        spool.begin()
        spool.put([line(3)])
        spool.begin()  # it is read anew
        spool.put([line(2)])
        spool.end("second")
        assert [number for number, _ in spool.stamps()] == [1, 2]


def test_only_ids_within_are_written(tmp_path: Path) -> None:
    with Spool(tmp_path / "a.sqlite3") as spool:
        take(spool, "w", map(line, range(10)))
        assert list(spool.lines((3, 5))) == [line(number).line for number in (3, 4, 5)]
        assert list(spool.rows()) == [line(number) for number in range(10)]


def test_one_who_is_killed_leaves_whole_windows(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from mtdata.cake.spool import Spool, SpoolRow\n"
        "spool = Spool(Path(sys.argv[1])); spool.begin(); spool.put([SpoolRow(1, 'a', '', b'1')])\n"
        "spool.end('w'); spool.begin()\n"
        "def cut():\n"
        "    yield from (SpoolRow(n, 'b', '', b'2') for n in range(2, 2000))\n"
        "    os.kill(os.getpid(), 9)\n"
        "spool.put(cut())"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.sqlite3")], timeout=60)
    assert ended.returncode == -signal.SIGKILL
    with Spool(tmp_path / "a.sqlite3") as spool:
        assert (spool.mark(), list(spool.lines())) == ("w", [b"1"])


def test_a_spool_is_for_its_owner_and_says_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    with Spool(path) as spool:
        take(spool, "w", [line(1)])
        assert os.stat(path).st_mode & 0o777 == 0o600
        with pytest.raises(StorageError, match="Nothing was exported"):
            spool.end("no window was begun")
    path.write_bytes(b"no database, by far" * 100)
    with pytest.raises(StorageError, match="cannot be opened") as refused:
        Spool(path)
    cause = refused.value.__context__
    assert cause is not None
    frames = [frame.f_locals for frame, _ in traceback.walk_tb(cause.__traceback__)]
    [half_open] = {one["db"] for one in frames if isinstance(one.get("db"), sqlite3.Connection)}
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        half_open.execute("SELECT 1")


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    import tracemalloc

    def peak(count: int, name: str) -> int:
        tracemalloc.start()
        with Spool(tmp_path / name) as spool:
            take(spool, "w", (SpoolRow(n, "a", "", b"x" * 100) for n in range(count)))
            spool.write(tmp_path / f"{name}.part", HEADER)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    few = peak(2_000, "few")
    assert peak(60_000, "many") < 1.5 * few + (1 << 16)
