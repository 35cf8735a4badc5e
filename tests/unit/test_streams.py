"""Standard streams: what cannot be written never raises, and is told in one line and as 74."""

from __future__ import annotations

import fcntl
import io
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from mtdata.cli.streams import Outlet, closed, fault_of


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        with suppress(OSError):
            os.close(end)


def text_to(number: int) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedWriter(Outlet(number)), encoding="utf-8")


def test_what_goes_through_arrives_whole(pipe: tuple[int, int]) -> None:
    stream = text_to(pipe[1])
    print("wörds", "x" * 9000, file=stream, flush=True)
    assert os.read(pipe[0], 20_000).decode() == f"wörds {'x' * 9000}\n"
    assert fault_of(stream) is None


def test_a_pipe_that_does_not_wait_is_waited_for(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    fcntl.fcntl(writer, fcntl.F_SETFL, os.O_NONBLOCK)
    stream, read = text_to(writer), bytearray()

    def drain() -> None:
        while len(read) < 500_000:
            read.extend(os.read(reader, 65536))

    other = threading.Thread(target=drain)
    other.start()
    stream.write("x" * 500_000)
    stream.flush()
    other.join(60)
    assert len(read) == 500_000
    assert fault_of(stream) is None


def gone(pipe: tuple[int, int]) -> int:
    os.close(pipe[0])
    return pipe[1]


def full(pipe: tuple[int, int]) -> int:
    number = os.open("/dev/full", os.O_WRONLY)
    os.dup2(number, pipe[1])
    os.close(number)
    return pipe[1]


def only_read(pipe: tuple[int, int]) -> int:
    return pipe[0]


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (gone, "Broken pipe"),
        (full, "No space left on device"),
        (only_read, "Bad file descriptor"),
    ],
)
@pytest.mark.parametrize(("code", "ends"), [(0, 74), (1, 1), (78, 78)])
def test_output_that_is_lost_is_one_line_and_74_unless_the_work_has_a_code_of_its_own(
    pipe: tuple[int, int],
    end: object,
    why: str,
    code: int,
    ends: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert callable(end)
    monkeypatch.setattr(sys, "stdout", text_to(end(pipe)))
    for _ in range(3):
        print("x" * 20_000)
    assert closed(code) == ends
    assert closed(code) == ends  # and it does not raise at the end of the interpreter either
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith(f"mtdata: standard output cannot be written: {why}. What the command")


def test_a_stream_of_somebody_else_has_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    assert closed(0) == 0
    assert fault_of(None) is None
