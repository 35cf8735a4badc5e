"""`verify` with worker processes says and mends what it does alone, whatever becomes of them."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import chain
from multiprocessing import active_children
from pathlib import Path
from random import Random
from threading import Event
from typing import Any

import pytest

from mtdata.config import SiteConfig, load
from mtdata.core import worker_pool
from mtdata.core.errors import Stopped
from mtdata.core.stop import StopToken
from mtdata.core.worker_pool import STILLBORN, WorkerPool
from mtdata.study.integrity import marked_file
from mtdata.study.integrity.page_check import ProofPage, page_check
from mtdata.study.ledger import proofs
from mtdata.study.operations import verify
from tests.conftest import LONG
from tests.system.home import Home, row

SCALES = ("BBSIQ", "OASIS", "QOL")
COUNT, PAGE = 40, 8
Check = Callable[[list[ProofPage]], list[bool]]


@pytest.fixture
def pool(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """Three scales of two rounds each; their files are large, as verify sees it, in many pages."""
    monkeypatch.setattr(proofs, "PAGE", PAGE)
    monkeypatch.setattr(marked_file, "SHARED_FROM", 1)
    helped = WorkerPool._help
    # in so small a pool this process would be done before any worker is ready
    only_alone = lambda self: self._stillborn >= STILLBORN and helped(self)  # noqa: E731
    monkeypatch.setattr(WorkerPool, "_help", only_alone)
    for first in (1, 1 + COUNT // 2):
        for scale in SCALES:
            ids = range(first, first + COUNT // 2)
            home.site.put(scale, [row(number, text=f"so, {number}\r\n") for number in ids])
        home.export()
    yield home
    assert active_children() == []


def site_of(home: Home) -> SiteConfig:
    [site] = load(home.folder / "config", os.environ).sites
    return site


def files_of(home: Home) -> dict[str, bytes]:
    """Every file of the pool but the ledger, by name."""
    folders = ("raw_data", "active_data", "held")
    found = chain.from_iterable((home.pool / folder).glob("*") for folder in folders)
    return {one.name: one.read_bytes() for one in found if one.is_file()}


def passes(home: Home, workers: int) -> list[Any]:
    """What three passes in a row say, and what then stands there."""
    found: list[Any] = [verify.verify(site_of(home), workers=workers) for _ in range(3)]
    with closing(sqlite3.connect(home.pool / "ledger.sqlite3")) as db:
        asked = "SELECT kind, scale, detail, closed_at IS NULL FROM incidents ORDER BY number"
        entries = "SELECT seq, state, raw_lost, sheet, line_start FROM entries ORDER BY seq"
        marks = "SELECT number, path, state, length FROM files ORDER BY number"
        found += [db.execute(each).fetchall() for each in (asked, entries, marks)]
    return [*found, files_of(home)]


def both_ways(home: Home) -> list[Any]:
    """What passes say alone, when workers that read the same pool said the same."""
    kept = home.folder / "kept"
    shutil.copytree(home.pool, kept)
    with_workers = passes(home, 2)
    shutil.rmtree(home.pool)
    shutil.move(kept, home.pool)
    alone = passes(home, 0)
    assert with_workers == alone
    return alone


# --- damage of every kind


def flip(path: Path, rng: Random) -> None:
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def flipped(folder: str, home: Home, rng: Random) -> None:
    flip(rng.choice(home.paths(folder, rng.choice(SCALES))), rng)


def lost_line(home: Home, rng: Random) -> None:
    [path] = home.paths("active_data", rng.choice(SCALES))
    lines = path.read_bytes().split(b"\n3,")
    lines.pop(rng.randrange(1, len(lines)))
    path.write_bytes(b"\n3,".join(lines))


def twice(home: Home, rng: Random) -> None:
    [path] = home.paths("active_data", rng.choice(SCALES))
    header, *rest = path.read_bytes().split(b"\n3,")
    again = rng.choice(rest[:-1])
    path.write_bytes(b"\n3,".join([header, again, *rest]))


def cut(folder: str, home: Home, rng: Random) -> None:
    path = rng.choice(home.paths(folder, rng.choice(SCALES)))
    path.write_bytes(path.read_bytes()[: -rng.randrange(1, 200)])


def gone(folder: str, home: Home, rng: Random) -> None:
    home.paths(folder, rng.choice(SCALES))[0].unlink()


def in_ledger(statement: str, home: Home, rng: Random) -> None:
    with closing(sqlite3.connect(home.pool / "ledger.sqlite3")) as db, db:
        place = rng.randrange(6)  # as many ranges as there are; of entries enough
        assert db.execute(statement, (rng.randbytes(32), place)).rowcount == 1


def not_proven(home: Home, rng: Random) -> None:
    with closing(sqlite3.connect(home.pool / "ledger.sqlite3")) as db, db:
        db.execute("UPDATE entries SET cells = NULL WHERE seq = ?", (rng.randrange(1, COUNT),))


DAMAGE: dict[str, Callable[[Home, Random], None]] = {
    "a byte in raw": partial(flipped, "raw_data"),
    "a byte in a sheet": partial(flipped, "active_data"),
    "a line lost": lost_line,
    "a line twice": twice,
    "raw cut": partial(cut, "raw_data"),
    "a sheet cut": partial(cut, "active_data"),
    "raw gone": partial(gone, "raw_data"),
    "a sheet gone": partial(gone, "active_data"),
    "a digest of raw": partial(in_ledger, "UPDATE entries SET digest = ? WHERE seq = 19 * ? + 1"),
    "a digest of cells": partial(in_ledger, "UPDATE entries SET cells = ? WHERE seq = 19 * ? + 1"),
    "a digest of a range": partial(
        in_ledger,
        "UPDATE ranges SET digest = ? WHERE (file, start) ="
        " (SELECT file, start FROM ranges ORDER BY file, start LIMIT 1 OFFSET ?)",
    ),
    "a row not proven": not_proven,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=list(DAMAGE))
def test_workers_find_what_one_process_finds_and_it_is_mended_the_same(
    pool: Home, damage: Callable[[Home, Random], None], seed: int
) -> None:
    damage(pool, Random(seed))
    assert both_ways(pool)[0]["rows"] >= COUNT, seed


def test_files_mended_in_the_middle_of_a_pass_leave_the_rest_as_it_is(
    pool: Home, seed: int
) -> None:
    for number in range(8 if LONG else 2):
        rng = Random(seed + number)
        for _ in range(3):
            try:
                rng.choice([*DAMAGE.values()])(pool, rng)
            except (IndexError, ValueError):
                continue  # what it would damage is gone or a part more by now
        both_ways(pool)


def test_a_pool_that_is_well_is_read_by_workers_and_by_none_again(
    pool: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    again: list[object] = []
    monkeypatch.setattr(marked_file.MarkedFile, "_differing", lambda *given: again.append(given))
    found = verify.verify(site_of(pool), workers=2)
    assert (found["wrong"], found["rows"], found["entries"]) == ([], 3 * COUNT, 3 * COUNT)
    assert again == []


# --- what becomes of workers


def killed_once(root: Path, parent: int, place: Path) -> Check:
    """A worker's check, whose process is killed at its first page if none was before."""
    check = page_check(root)

    def checked(pages: list[ProofPage]) -> list[bool]:
        if os.getpid() != parent and not place.exists():
            place.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return check(pages)

    return checked


def never_ready(root: Path, parent: int, place: Path) -> Check:
    """A worker that ends before it is ready."""
    if os.getpid() != parent:
        place.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return page_check(root)


@pytest.mark.parametrize("end", [killed_once, never_ready])
def test_workers_that_are_killed_change_nothing_of_what_is_found(
    pool: Home, monkeypatch: pytest.MonkeyPatch, end: Callable[..., Check]
) -> None:
    place = pool.folder / "was-killed"
    flipped("active_data", pool, Random(3))
    outfit = partial(end, parent=os.getpid(), place=place)
    monkeypatch.setattr(verify, "page_check", outfit)
    found = both_ways(pool)
    assert place.exists()
    assert "sheet_changed" in str(found)


def test_a_pass_that_is_stopped_leaves_no_worker(
    pool: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopping, begun, look = Event(), [], marked_file.MarkedFile._page

    def stopped(file: marked_file.MarkedFile, page: Any) -> ProofPage:
        begun.append(active_children())
        if len(begun) == 2 * COUNT // PAGE:  # more than are read ahead
            stopping.set()
        return look(file, page)

    monkeypatch.setattr(marked_file.MarkedFile, "_page", stopped)
    with pytest.raises(Stopped):
        verify.verify(site_of(pool), workers=2, stop=StopToken(stopping))
    assert begun[-1] != []
    assert active_children() == []


def test_small_pools_slow_passes_and_shares_of_a_day_begin_no_worker(
    pool: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("a worker was begun")

    monkeypatch.setattr(worker_pool, "_Worker", refused)
    site = site_of(pool)
    assert verify.verify(site, rate=1e12, workers=2)["wrong"] == []
    since = pool.now
    assert verify.verify_share(site, since, 1, lambda: False, StopToken())["wrong"] == []
    monkeypatch.undo()
    monkeypatch.setattr(worker_pool, "_Worker", refused)
    assert verify.verify(site, workers=2)["wrong"] == []
