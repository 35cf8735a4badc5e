"""Turns of one account: in order, in number and in pace, for threads and processes alike."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread

import pytest

from mtdata.core.errors import BusyError, NotYet, Stopped, StorageError
from mtdata.core.limiter import LONGEST_HOLD_S, Limiter

ROOT = Path(__file__).resolve().parents[2]


class Clock:
    """Time that passes when somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0

    def ticks(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make(tmp_path: Path, clock: Clock) -> Callable[..., Limiter]:
    def made(**more: float) -> Limiter:
        given = {"rate": 2.0, **more}
        place = tmp_path / "state"
        return Limiter(place, "a.example:1", ticks=clock.ticks, wait=clock.wait, **given)  # type: ignore[arg-type]

    return made


def started(folder: Path, *words: object) -> subprocess.Popen[str]:
    program = [sys.executable, "-m", "tests.exports.turns", str(folder), "acme", *map(str, words)]
    return subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def spans(processes: list[subprocess.Popen[str]]) -> list[tuple[float, float]]:
    found = []
    for process in processes:
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        found += [tuple(map(float, line.split())) for line in out.splitlines()]
    return sorted(found)  # type: ignore[arg-type]


def test_turns_keep_their_pace(make: Callable[..., Limiter], clock: Clock) -> None:
    one, other = make(), make()
    begun = []
    for limiter in (one, other, one, other):
        with limiter.turn():
            begun.append(clock.now)
    assert [round(after - before, 3) for before, after in pairwise(begun)] == [0.5] * 3


def test_hold_off_holds_everybody_off_within_bounds(
    make: Callable[..., Limiter], clock: Clock
) -> None:
    one, other = make(), make()
    one.hold_off(30)
    one.hold_off(1)
    with other.turn():
        assert 1030 <= clock.now < 1031
    one.hold_off(10**9)
    assert one._read() <= clock.now + LONGEST_HOLD_S


def test_who_has_no_patience_learns_how_long_the_account_rests(
    make: Callable[..., Limiter], clock: Clock
) -> None:
    make().hold_off(300)
    with pytest.raises(NotYet, match="wants a rest") as caught:
        make(patience_s=60.0).turn().__enter__()
    assert caught.value.wait_s == pytest.approx(300)
    assert not caught.value.untouched
    clock.now += 250
    with make(patience_s=60.0).turn():  # no seat was taken along, and the rest is bearable
        assert clock.now == pytest.approx(1300)


@pytest.mark.parametrize("told", ["", "nonsense", "nan", "9e99", "5000"])
def test_a_pace_that_cannot_be_is_forgotten(
    make: Callable[..., Limiter], clock: Clock, told: str
) -> None:
    limiter = make()
    with limiter.turn():
        pass
    limiter._pace_file.write_text(told)  # as after a restart of the machine: its clock began anew
    with limiter.turn():
        assert clock.now == 1000.0


def test_a_turn_that_does_not_come_is_told(make: Callable[..., Limiter]) -> None:
    with make().turn(), pytest.raises(BusyError, match="somebody else uses the account"):
        make(longest_s=5.0)._seated(1005.0, lambda: None)
    with make(longest_s=5.0).turn():
        pass


def test_who_waits_can_be_asked_to_end(make: Callable[..., Limiter]) -> None:
    def stop() -> None:
        raise Stopped("asked to end")

    waiting = make().turn(stop)
    with make().turn(), pytest.raises(Stopped):
        waiting.__enter__()
    with make().turn():
        pass


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")
    with pytest.raises(StorageError, match="cannot be locked"):
        Limiter(tmp_path / "state", "x", rate=1).turn().__enter__()


def test_threads_and_processes_take_turns_one_at_a_time(tmp_path: Path) -> None:
    processes = [started(tmp_path, 1000, 1, 6, 0.01) for _ in range(3)]
    limiter, own = Limiter(tmp_path, "acme", rate=1000), []

    def turns() -> None:
        for _ in range(6):
            with limiter.turn():
                own.append((limiter._ticks(), limiter._ticks()))

    threads = [Thread(target=turns) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = sorted(spans(processes) + own)
    assert len(found) == 30
    assert all(before[1] <= after[0] for before, after in pairwise(found))


def test_two_at_a_time_are_two_and_no_more(tmp_path: Path) -> None:
    found = spans([started(tmp_path, 1000, 2, 5, 0.03) for _ in range(3)])
    assert len(found) == 15
    for begun, _ in found:
        assert sum(start <= begun < end for start, end in found) <= 2


def test_whatever_is_kept_of_the_turns_is_its_owners_alone(
    make: Callable[..., Limiter], clock: Clock
) -> None:
    limiter = make()
    limiter._pace_file.parent.mkdir(exist_ok=True)
    limiter._pace_file.touch(0o644)  # of an earlier program
    limiter._pace_file.chmod(0o644)
    before = os.umask(0)
    try:
        with limiter.turn():
            pass
    finally:
        os.umask(before)
    kept = list(limiter._pace_file.parent.iterdir())
    assert len(kept) > 1
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept if path.is_file()} == {0o600}


def test_the_pace_is_one_for_all_processes(tmp_path: Path) -> None:
    begun = [start for start, _ in spans([started(tmp_path, 20, 1, 5, 0) for _ in range(2)])]
    assert len(begun) == 10
    assert begun[-1] - begun[0] > 0.3, "9 / 20 s but for what the first was late to tell"


def test_a_holder_that_is_killed_gives_its_turn_back(tmp_path: Path) -> None:
    killed = started(tmp_path, 1000, 1, 1, 600)
    limiter = Limiter(tmp_path, "acme", rate=1000, longest_s=60)
    held, had = Event(), Event()

    def beat() -> None:
        held.set()

    def wait_for_it() -> None:
        with limiter.turn(beat):
            had.set()

    while not list(tmp_path.glob("*.pace")):  # it is written when the turn begins
        assert killed.poll() is None
    thread = Thread(target=wait_for_it)
    thread.start()
    assert held.wait(60)
    assert not had.is_set()
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert had.wait(60)
    thread.join()


def test_who_has_just_had_a_turn_waits_behind_the_others(tmp_path: Path) -> None:
    order: list[str] = []
    waits = {"a": Event(), "b": Event()}
    done = {"a": Event(), "b": Event()}

    def turns(name: str, other: str) -> None:
        limiter = Limiter(tmp_path, "acme", rate=10_000)
        for _ in range(5):
            with limiter.turn(waits[name].set):
                order.append(name)
                waits[other].clear()
                while not (waits[other].wait(0.01) or done[other].is_set()):
                    pass
        done[name].set()

    threads = [Thread(target=turns, args=pair) for pair in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted("".join(order[:2])) == ["a", "b"]
    assert order == order[:2] * 5
