"""Requests that wait for a thread: said once, in words, with their number; then that it is over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from mtdata import logs
from mtdata.web.connection_limits import Limits
from mtdata.web.forwarded import behind_a_proxy
from mtdata.web.listening import listening
from tests.fakes_log import lines_of, log_given_back
from tests.jobs.place import until
from tests.web.own_server import open_line

CLIENTS, THREADS = 64, 2
REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


class Busy:
    """Pages that wait until they may be answered, served in this process."""

    def __init__(self) -> None:
        self.may_answer, self.looks = threading.Event(), 0
        self.server: Any = listening(
            behind_a_proxy(self._answer), Limits(of_one_address=2 * CLIENTS), beat=self._look,
            host="127.0.0.1", port=0, threads=THREADS, cleanup_interval=0, asyncore_use_poll=True,
        )  # fmt: skip
        self.port = int(self.server.effective_port)
        self._is_over = False
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _look(self) -> None:
        self.looks += 1

    def _serve(self) -> None:
        while not self._is_over:
            self.server.asyncore.loop(0.01, map=self.server._map, use_poll=True, count=1)

    def _answer(self, environ: dict[str, Any], start: Any) -> list[bytes]:
        assert self.may_answer.wait(60)
        start("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    def looked(self, times: int) -> None:
        """Wait until it was looked so often whether a request waits."""
        wanted = self.looks + times
        until(lambda: self.looks >= wanted, "the looks")

    def close(self) -> None:
        self.may_answer.set()
        self._is_over = True
        self.server.pull_trigger()
        self._thread.join()
        self.server.task_dispatcher.shutdown()
        for one in list(self.server._map.values()):
            one.close()


@pytest.fixture
def log_files(tmp_path: Path) -> Iterator[Path]:
    with log_given_back():
        logs.begin(0)
        logs.configure(None, tmp_path)
        yield tmp_path / "logs"


def test_that_requests_wait_is_said_once_and_that_it_is_over(log_files: Path) -> None:
    with closing(Busy()) as busy, ExitStack() as held:
        lines = [held.enter_context(open_line(busy.port)) for _ in range(CLIENTS)]
        for line in lines:
            line.sendall(REQUEST)
        until(lambda: busy.server.task_dispatcher.waiting() == CLIENTS - THREADS, "all that wait")
        busy.looked(50)
        busy.may_answer.set()
        for line in lines:
            assert line.recv(1 << 16).startswith(b"HTTP/1.1 200 ")
        until(lambda: busy.server.task_dispatcher.waiting() == 0, "nobody who waits")
        busy.looked(3)
    logs.REPEATS.finish()
    first, second = (line.partition(" - - - ")[2] for line in lines_of(log_files)["DEBUG.log"])
    assert "requests wait until one of the 2 threads has answered another" in first
    assert second.startswith("over after ")
    assert int(second.split()[2].replace(",", "")) >= 50
    assert "waitress" not in first + second


def test_a_request_that_waits_for_a_moment_is_no_trouble(log_files: Path) -> None:
    with closing(Busy()) as busy:
        busy.may_answer.set()
        with closing(open_line(busy.port)) as line:
            for _ in range(20):
                line.sendall(REQUEST)
                came = b""
                while not came.endswith(b"\r\n\r\nok"):
                    came += line.recv(1 << 16)
        busy.looked(5)
    logs.REPEATS.finish()
    assert not (log_files / "error.log").exists()
