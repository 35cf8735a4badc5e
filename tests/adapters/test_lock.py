"""The lock of a pool: one holder, and it dies with whoever holds it, however they end."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mtdata.core.errors import BusyError, RecordsError, StorageError
from mtdata.core.lock import PoolLock
from mtdata.jobs.records import setting
from mtdata.jobs.records.setting import _alone
from tests.system.home import ROOT

HOLDER = """
import sys, time
from pathlib import Path
from mtdata.core.lock import PoolLock
with PoolLock(Path(sys.argv[1])).hold():
    print("held", flush=True)
    time.sleep(600)
"""


def holder(pool: Path) -> subprocess.Popen[str]:
    """A process that has the lock."""
    words = [sys.executable, "-c", HOLDER, str(pool)]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_while_one_holds_it_another_is_told_at_once(tmp_path: Path) -> None:
    again = PoolLock(tmp_path)
    with PoolLock(tmp_path).hold(), pytest.raises(BusyError, match="another round has this pool"):
        again.hold().__enter__()
    with PoolLock(tmp_path).hold():
        assert (tmp_path / ".lock").stat().st_mode & 0o077 == 0


def test_it_is_given_back_when_a_round_ends_in_an_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError), PoolLock(tmp_path).hold():
        raise StorageError("no room")
    with PoolLock(tmp_path).hold():
        assert True


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_it_dies_with_its_holder(tmp_path: Path, how: signal.Signals) -> None:
    with holder(tmp_path) as process:
        with pytest.raises(BusyError):
            PoolLock(tmp_path).hold().__enter__()
        process.send_signal(how)
        process.wait(60)
    with PoolLock(tmp_path).hold():
        assert (tmp_path / ".lock").exists()


def test_locks_of_different_pools_do_not_know_each_other(tmp_path: Path) -> None:
    with PoolLock(tmp_path / "a").hold(), PoolLock(tmp_path / "b").hold():
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_a_lock_that_cannot_be_made_is_told_with_its_path(tmp_path: Path) -> None:
    (tmp_path / ".lock").mkdir()
    with pytest.raises(StorageError, match=r"\.lock: cannot lock"):
        PoolLock(tmp_path).hold().__enter__()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EIO, errno.EBADF])
def test_a_lock_that_cannot_be_tried_is_no_lock_that_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def flock(*of: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(StorageError, match=f"cannot lock: {os.strerror(number)}. Nothing was done"):
        PoolLock(tmp_path).hold().__enter__()
    with pytest.raises(RecordsError, match="cannot lock"), _alone(str(tmp_path / "x.migrating")):
        pass


def test_tables_that_another_process_makes_are_waited_for_and_then_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setting, "BUSY_S", 0)
    path = str(tmp_path / "x.migrating")
    with _alone(path), pytest.raises(RecordsError, match="another process has been making"):
        _alone(path).__enter__()
    with _alone(path):
        assert True


FORKER = """
import os, sys, time
from pathlib import Path
from mtdata.core.lock import PoolLock
with PoolLock(Path(sys.argv[1])).hold():
    number = os.fork()
    os.write(1, f"{number}\\n".encode())  # each of the two, when it got there
    time.sleep(60)
"""


def test_the_child_of_a_fork_does_not_keep_the_lock_of_a_holder_that_was_killed(
    tmp_path: Path,
) -> None:
    words = [sys.executable, "-c", FORKER, str(tmp_path)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        child = max(int(process.stdout.readline()) for _ in range(2))
        with pytest.raises(BusyError):  # the child, which closed it, did not give it back
            PoolLock(tmp_path).hold().__enter__()
        process.kill()
        process.wait(60)
        with PoolLock(tmp_path).hold():
            os.kill(child, signal.SIGKILL)


def test_a_lock_whose_file_goes_as_it_is_taken_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock = fcntl.flock

    def late(*of: int) -> None:
        (tmp_path / ".lock").unlink(missing_ok=True)
        flock(*of)

    monkeypatch.setattr(fcntl, "flock", late)
    with pytest.raises(BusyError, match="removed or replaced"):
        PoolLock(tmp_path).hold().__enter__()


def test_a_lock_that_was_refused_leaves_no_file_open(tmp_path: Path) -> None:
    with PoolLock(tmp_path).hold():
        before = len(os.listdir("/dev/fd"))
        for _ in range(3):
            with pytest.raises(BusyError):
                PoolLock(tmp_path).hold().__enter__()
        assert len(os.listdir("/dev/fd")) == before


@pytest.mark.parametrize("answered", [0, 1])
def test_a_lock_whose_file_tells_nothing_is_a_fault_of_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answered: int
) -> None:
    fstat, left = os.fstat, [answered]

    def stale(file: int) -> os.stat_result:
        if not left[0]:
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
        left[0] -= 1
        return fstat(file)

    with monkeypatch.context() as dead:
        dead.setattr(os, "fstat", stale)
        with pytest.raises(StorageError, match="cannot lock: Stale file handle"):
            PoolLock(tmp_path).hold().__enter__()
    with PoolLock(tmp_path).hold():
        assert True
