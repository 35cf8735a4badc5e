"""A server of pages in this process, whose time is the test's own; no test itself."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mtdata.core.errors import StorageError
from mtdata.web import connections
from mtdata.web.connection_limits import Limits
from mtdata.web.forwarded import behind_a_proxy
from mtdata.web.listening import listening
from mtdata.web.uploads.asking import Ask, no_uploads
from tests.jobs.place import until

LARGE = 64 << 20
PIECES = {"/large": None, "/fault": StorageError("it was changed"), "/odd": ValueError("no zip")}
"""What comes in pieces, and what breaks it off."""


def files_without_a_name(pid: str) -> list[str]:
    """Files that this process has open and that stand in no folder."""
    names = []
    for one in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            names += [str(one.readlink())] if int(one.name) > 2 else []
    return [name for name in names if name.endswith("(deleted)")]


def open_line(port: int) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port), 30)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)  # else the system reads for us
    return line


def is_cut(line: socket.socket) -> bool:
    try:
        while line.recv(1 << 16):
            pass
        return True
    except ConnectionResetError:
        return True


class Served:
    """Pages of many bytes, in pieces or whole, or of what was sent, served in this process."""

    def __init__(
        self, limits: Limits, now: list[float], threads: int = 2, admit: Ask = no_uploads
    ) -> None:
        self._now, self.closed = now, threading.Event()
        self.bodies: list[bytes] = []
        how = {"cleanup_interval": 3600, "outbuf_high_watermark": 1 << 20, "threads": threads}
        self.server: Any = listening(
            behind_a_proxy(self._answer), limits, admit, host="127.0.0.1", port=0,
            asyncore_use_poll=True, max_request_body_size=1 << 20, **how,
        )  # fmt: skip
        self.port = int(self.server.effective_port)
        self._is_over = False
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self._is_over:
            self.server.asyncore.loop(1, map=self.server._map, use_poll=True, count=1)

    def _answer(self, environ: dict[str, Any], start: Any) -> Any:
        path, length = environ["PATH_INFO"], environ["QUERY_STRING"]
        start("200 OK", [("Content-Length", length)] if length else [])
        if path == "/whole":
            return [b"x" * LARGE]
        if path in PIECES:
            return self._pieces(PIECES[path])
        self.bodies.append(environ["wsgi.input"].read())
        return [environ["REMOTE_ADDR"].encode()]

    def _pieces(self, fault: Exception | None) -> Iterator[bytes]:
        try:
            for _ in range(LARGE >> 16):
                yield b"x" * (1 << 16)
            if fault:
                raise fault
        finally:
            self.closed.set()

    def later(self, seconds: float) -> None:
        """So much later: what has had its time by then ends."""
        self._now[0] += seconds
        done = threading.Event()
        kept = self.server.maintenance

        def once(now: float) -> None:
            kept(now)
            self.server.maintenance = kept
            done.set()

        self.server.maintenance = once
        self.server.next_channel_cleanup = 0
        self.server.pull_trigger()
        assert done.wait(30)

    def close(self) -> None:
        self._is_over = True
        self.server.pull_trigger()
        self._thread.join()
        self.server.task_dispatcher.shutdown()
        for one in list(self.server._map.values()):
            one.close()


@contextmanager
def own_server(
    monkeypatch: pytest.MonkeyPatch,
    threads: int = 2,
    admit: Ask = no_uploads,
    limits: Limits | None = None,
) -> Iterator[Served]:
    now = [1000.0]
    monkeypatch.setattr(connections, "time", SimpleNamespace(monotonic=lambda: now[0]))
    with closing(Served(limits or Limits(), now, threads, admit)) as served:
        yield served


def wait_known(served: Served, count: int) -> None:
    until(lambda: len(served.server.active_channels) == count, f"{count} connections are known")


def wait_idle(served: Served) -> None:
    """Until the server is done with what was asked."""
    known = served.server.active_channels
    until(lambda: not any(one.requests for one in list(known.values())), "all is answered")
