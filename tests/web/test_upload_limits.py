"""An upload that stands still, one too many, a disk that is full: each ends, and leaves nothing."""

from __future__ import annotations

import errno
import shutil
import socket
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from mtdata.web.connection_limits import Limits
from mtdata.web.uploads import spool as spools
from mtdata.web.uploads.incoming import Admission, UploadPlace
from mtdata.web.uploads.spool import AT_ONCE, LEFT_FREE, OF_ONE, SpooledBody, SpoolFull, UploadSpool
from tests.jobs.place import until
from tests.web.own_server import (
    Served,
    files_without_a_name,
    is_cut,
    open_line,
    own_server,
    wait_known,
)

MB = 1 << 20
SIZE = 4 * MB
LIMITS = Limits()


class Door:
    """Lets everybody in, as long as there is a place."""

    def __init__(self, folder: Path) -> None:
        self.spool, self.is_open = UploadSpool(folder / "uploads", 100 * MB), Event()
        self.is_open.set()
        self.asked: list[str] = []

    def __call__(self, environ: dict[str, Any]) -> Admission:
        self.asked.append(environ["PATH_INFO"])
        assert self.is_open.wait(30)
        size = int(environ.get("CONTENT_LENGTH", SIZE))
        return UploadPlace(self.spool.reserve(len(self.asked), size), SIZE)

    def is_empty(self) -> bool:
        """Whether nothing is promised and nothing lies there."""
        there = [one for one in files_without_a_name("self") if "uploads" in one]
        return not self.spool.sizes and not there


@pytest.fixture
def door(tmp_path: Path) -> Door:
    """A door and its place."""
    return Door(tmp_path)


def begun(served: Served, came: bytes = b"", length: int = SIZE) -> socket.socket:
    """An upload of which so much has come."""
    line = open_line(served.port)
    line.sendall(
        f"POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n".encode() + came
    )
    return line


def pace(served: Served, count: int) -> Callable[[], bool]:
    """Whether so many bytes of the only upload are there."""

    def is_there() -> bool:
        found = [one.request for one in served.server.active_channels.values()]
        return [one.body_bytes_received for one in found if one is not None] == [count]

    return is_there


def test_an_upload_lasts_as_long_as_enough_of_it_comes(
    monkeypatch: pytest.MonkeyPatch, door: Door
) -> None:
    with own_server(monkeypatch, admit=door) as served, closing(begun(served)) as line:
        for turn in range(1, 5):
            line.sendall(b"x" * LIMITS.upload_progress)
            until(pace(served, turn * LIMITS.upload_progress), "it has come")
            served.later(LIMITS.upload_s - 1)
        line.sendall(b"x" * (SIZE - 4 * LIMITS.upload_progress))
        assert line.recv(1 << 16).startswith(b"HTTP/1.1 200 ")
        assert served.bodies == [b"x" * SIZE]
        until(door.is_empty, "it is gone")


def test_one_that_drips_is_cut(monkeypatch: pytest.MonkeyPatch, door: Door) -> None:
    with own_server(monkeypatch, admit=door) as served, closing(begun(served, b"x")) as line:
        until(pace(served, 1), "it has come")
        served.later(LIMITS.upload_s - 1)
        line.sendall(b"x" * 1000)
        until(pace(served, 1001), "a little more has come")
        served.later(2)
        assert is_cut(line)
        until(door.is_empty, "it is gone")
        assert not served.bodies


def test_none_lasts_for_ever(monkeypatch: pytest.MonkeyPatch, door: Door) -> None:
    limits = Limits(upload_progress=1)
    with own_server(monkeypatch, admit=door, limits=limits) as served:
        with closing(begun(served)) as line:
            for turn in range(1, int(LIMITS.upload_all_s / 50) + 1):
                line.sendall(b"x")
                until(pace(served, turn), "it has come")
                served.later(50)
            served.later(1)
            assert is_cut(line)
        until(door.is_empty, "it is gone")


def test_one_that_ends_in_the_middle_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, door: Door
) -> None:
    with own_server(monkeypatch, admit=door) as served:
        with closing(begun(served, b"x" * MB)):
            until(pace(served, MB), "it has come")
            assert door.spool.sizes == [SIZE]
        until(door.is_empty, "it is gone")


def test_nothing_is_read_and_nobody_waits_while_it_is_asked(
    monkeypatch: pytest.MonkeyPatch, door: Door
) -> None:
    door.is_open.clear()
    with own_server(monkeypatch, admit=door) as served, ExitStack() as held:
        lines = [held.enter_context(begun(served, b"x" * 2 * MB)) for _ in range(4)]
        until(lambda: len(door.asked) == 2, "threads ask")
        with closing(open_line(served.port)) as other:
            other.sendall(b"GET /small HTTP/1.1\r\nHost: a\r\n\r\n")
            assert other.recv(1 << 16).startswith(b"HTTP/1.1 200 ")
        known = [one.request for one in served.server.active_channels.values() if one.request]
        assert [one.body_bytes_received for one in known] == [0] * 4
        assert max(len(one._ahead) for one in known) <= 1 << 13
        served.later(LIMITS.request_s + 1)
        door.is_open.set()
        assert [is_cut(line) for line in lines] == [True] * 4
        wait_known(served, 0)
        until(lambda: len(door.asked) == 4 and door.is_empty(), "no place is held")


def test_what_cannot_be_asked_is_refused(monkeypatch: pytest.MonkeyPatch, door: Door) -> None:
    def fail(environ: dict[str, Any]) -> Admission:
        raise SpoolFull("nobody expects it")

    with own_server(monkeypatch, admit=fail) as served, closing(begun(served, b"x")) as line:
        assert b"connection: close" in line.recv(1 << 16).lower()
        assert served.bodies == [b""]


def test_a_disk_that_fills_ends_it(monkeypatch: pytest.MonkeyPatch, door: Door) -> None:
    kept = SpooledBody.append

    def append(body: SpooledBody, piece: bytes) -> None:
        if len(body) > MB:
            raise OSError(errno.ENOSPC, "No space left on device")
        kept(body, piece)

    monkeypatch.setattr(SpooledBody, "append", append)
    with own_server(monkeypatch, admit=door) as served:
        with closing(begun(served, b"x" * 2 * MB)) as line:
            assert line.recv(1 << 16).startswith(b"HTTP/1.1 507 ")
        until(door.is_empty, "it is gone")
        assert not served.bodies


# --- the places


def test_few_at_once_and_fewer_of_one(tmp_path: Path) -> None:
    spool = UploadSpool(tmp_path, 100 * MB)
    bodies = [spool.reserve(n // OF_ONE, MB) for n in range(AT_ONCE)]
    with pytest.raises(SpoolFull) as own:
        spool.reserve(0, MB)
    with pytest.raises(SpoolFull) as others:
        spool.reserve("another", MB)
    assert (own.value.is_own, others.value.is_own) == (True, False)
    for _ in range(2):
        bodies[0].close()
    bodies.append(spool.reserve("another", MB))
    with pytest.raises(SpoolFull):
        spool.reserve(0, MB)
    for body in bodies:
        body.close()
    assert spool.sizes == []


def test_no_more_is_promised_than_may_lie_there(tmp_path: Path) -> None:
    spool = UploadSpool(tmp_path, 10 * MB)
    with closing(spool.reserve("a", 8 * MB)):
        with pytest.raises(SpoolFull):
            spool.reserve("b", 3 * MB)
        spool.reserve("b", 2 * MB).close()


def test_the_disk_keeps_room_for_others(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    free = SimpleNamespace(free=LEFT_FREE + 5 * MB)
    monkeypatch.setattr(spools, "shutil", SimpleNamespace(disk_usage=lambda folder: free))
    assert shutil.disk_usage(tmp_path).free != free.free
    spool = UploadSpool(tmp_path, 100 * MB)
    with closing(spool.reserve("a", 3 * MB)):
        with pytest.raises(SpoolFull, match="no room"):
            spool.reserve("b", 3 * MB)
        spool.reserve("b", 2 * MB).close()


@pytest.mark.parametrize("begins", [b"1;", b"0\r\n"], ids=["between chunks", "behind the last"])
def test_a_line_of_an_upload_that_never_ends_is_held_no_longer_than_a_line_is(
    monkeypatch: pytest.MonkeyPatch, door: Door, begins: bytes
) -> None:
    with own_server(monkeypatch, admit=door) as served, closing(open_line(served.port)) as line:
        line.sendall(b"POST /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + begins)
        line.sendall(b"x" * (SIZE // 4))
        assert line.recv(1 << 16).startswith(b"HTTP/1.1 400 ")
        until(door.is_empty, "its place is free")
