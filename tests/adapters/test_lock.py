"""The lock of a pool: one holder, and it dies with whoever holds it, however they end."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mtdata.adapters.lock import PoolLock
from mtdata.errors import BusyError, StorageError
from tests.system.home import ROOT

HOLDER = """
import sys, time
from pathlib import Path
from mtdata.adapters.lock import PoolLock
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
