"""The memory of a job without /proc, as on macOS: measured by psutil, or told that it is not."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtdata.jobs import check, memory, runner
from tests.jobs.place import SITE, Place
from tests.unit.config_folder import Folder

MIB = 1 << 20
HELD = 64 * MIB
PROGRAM = f"""
import subprocess, sys
words = [sys.executable, "-c", "held = b'x' * {HELD}; print(flush=True); input()"]
below = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
below.stdout.readline()
print(flush=True)
input()
below.communicate(b"\\n")
"""


@pytest.fixture
def session() -> Iterator[int]:
    """A session in which not its leader but a child of it holds HELD bytes."""
    pipe = subprocess.PIPE
    words = [sys.executable, "-c", PROGRAM]
    leader = subprocess.Popen(words, stdin=pipe, stdout=pipe, start_new_session=True)
    assert leader.stdout is not None
    leader.stdout.readline()
    yield leader.pid
    leader.communicate(b"\n")


@pytest.fixture
def no_proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_PROC", tmp_path)


def test_psutil_tells_what_proc_tells(session: int, monkeypatch: pytest.MonkeyPatch) -> None:
    by_proc = memory.session_memory(session)
    monkeypatch.setattr(memory, "_PROC", Path("/nowhere"))
    by_psutil = memory.session_memory(session)
    assert by_proc > HELD
    assert abs(by_psutil - by_proc) < 8 * MIB


@pytest.mark.usefixtures("no_proc")
def test_a_session_that_is_not_there_takes_nothing() -> None:
    assert memory.session_memory(0x7FFFFFFF) == 0
    assert memory.is_measured()


@pytest.mark.usefixtures("no_proc")
def test_without_psutil_the_check_says_that_no_job_is_ended(
    session: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Folder(tmp_path).server({"study": SITE}).load()
    assert check.check_jobs(settings) == []
    found = importlib.util.find_spec
    monkeypatch.setattr(memory, "find_spec", lambda name: found(name) if name != "psutil" else None)
    assert memory.session_memory(session) == 0
    [finding] = check.check_jobs(settings)
    assert (finding.what, finding.verdict, finding.exit) == ("memory", "odd", 0)
    assert "`pip install psutil`" in finding.told


@pytest.mark.parametrize("is_measured", [True, False])
def test_a_runner_says_once_that_no_job_is_ended(
    plain: Place,
    is_measured: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(runner, "is_measured", lambda: is_measured)
    plain.carry(2)
    said = [one for one in caplog.messages if one == memory.UNMEASURED]
    assert len(said) == (0 if is_measured else 1)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc here")
def test_with_proc_nobody_asks_psutil(session: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert memory.session_memory(session) > HELD
    assert memory.is_measured()
