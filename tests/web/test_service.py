"""The page as a service: up when it listens, at a socket of systemd's where there is one."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import requests

from mtdata.web.connection_limits import Limits
from mtdata.web.forwarded import behind_a_proxy
from mtdata.web.listening import listening
from tests.conftest import requires_program
from tests.jobs.place import Place, until
from tests.notified import Systemd

PATIENCE_S = 60


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    place = Place(tmp_path, "sqlite:///state/programme.sqlite3")
    yield tmp_path / "config"
    place.close()


@contextmanager
def page(words: Sequence[str], **how: object) -> Iterator[subprocess.Popen[bytes]]:
    started = subprocess.Popen(words, stderr=subprocess.PIPE, **how)  # type: ignore[call-overload]
    try:
        yield started
    finally:
        if started.poll() is None:
            started.kill()
        started.communicate()


BECOME = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ['LISTEN_PID'] = str(os.getpid()); "
    "os.execv(sys.argv[2], sys.argv[2:])"
)
"""Becomes the program, as bin/mtdata does: its number is that of LISTEN_PID."""


@contextmanager
def at_socket(
    config: Path, opened: socket.socket, **environ: str
) -> Iterator[subprocess.Popen[bytes]]:
    """The page, which is handed over this socket."""
    web = [sys.executable, "-P", "-m", "mtdata", "--config", str(config), "web"]
    number = opened.fileno()
    words = [sys.executable, "-c", BECOME, str(number), *web]
    with page(words, env={**os.environ, "LISTEN_FDS": "1", **environ}, pass_fds=[number]) as one:
        yield one


def is_well(port: int) -> bool:
    answer = requests.get(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE_S)
    return answer.text == "ok\n"


def test_the_page_takes_over_the_socket_and_says_when_it_is_up_and_when_it_ends(
    config: Path, tmp_path: Path
) -> None:
    with (
        closing(Systemd(tmp_path / "notify")) as systemd,
        socket.create_server(("127.0.0.1", 0)) as opened,
        at_socket(config, opened, NOTIFY_SOCKET=str(systemd.path)) as started,
    ):
        port = opened.getsockname()[1]
        assert is_well(port), "who comes early waits for the page"
        until(lambda: "READY=1" in systemd.told(), "READY")
        until(lambda: systemd.told().count("WATCHDOG=1") > 1, "signs of life")
        assert f"STATUS=listens at http://127.0.0.1:{port}/" in systemd.told()
        started.send_signal(signal.SIGTERM)
        said = started.communicate(timeout=PATIENCE_S)[1].decode()
        assert started.returncode == 0, said
        assert systemd.told()[-1] == "STOPPING=1"
        assert said == f"mtdata: http://127.0.0.1:{port}/\n"


@requires_program("systemd-socket-activate", "sudo apt-get install systemd")
def test_systemds_own_program_hands_over_what_the_page_takes(config: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    activate = str(shutil.which("systemd-socket-activate"))
    web = [sys.executable, "-P", "-m", "mtdata", "--config", str(config), "web", "--port", "1"]
    passed = [f"--setenv={name}" for name in ("PYTHONPATH", "HOME") if name in os.environ]
    with page([activate, f"--listen=127.0.0.1:{port}", *passed, *web]):

        def listens() -> bool:
            try:
                socket.create_connection(("127.0.0.1", port), 5).close()
            except ConnectionRefusedError:
                return False
            return True

        until(listens, "systemd's program")
        assert is_well(port)


def test_several_sockets_are_listened_at() -> None:
    def answer(environ: dict[str, object], start: object) -> list[bytes]:
        start("200 OK", [("Content-Length", "3")])  # type: ignore[operator]
        return [b"ok\n"]

    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [one.getsockname()[1] for one in sockets]
    server = listening(
        behind_a_proxy(answer), Limits(), sockets=sockets, threads=1, asyncore_use_poll=True
    )
    assert (server.effective_host, server.effective_port) == ("127.0.0.1", str(ports[0]))
    is_over = threading.Event()

    def serve() -> None:
        while not is_over.is_set():
            server.asyncore.loop(0.05, map=server.map, use_poll=True, count=1)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        assert all(map(is_well, ports))
    finally:
        is_over.set()
        thread.join()
        server.close()


def test_beyond_this_machine_nobody_listens_before_somebody_can_log_in(config: Path) -> None:
    with (
        socket.create_server(("0.0.0.0", 0)) as opened,
        at_socket(config, opened) as started,
    ):
        said = started.communicate(timeout=PATIENCE_S)[1].decode()
    assert started.returncode == 78
    assert "nobody can log in yet" in said
