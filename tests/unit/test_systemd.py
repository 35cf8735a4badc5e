"""What systemd hands over and is told: sockets are taken once, and elsewhere there is nothing."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mtdata.core import systemd
from mtdata.core.errors import ConfigError
from mtdata.core.systemd import Notifier, take_sockets
from tests.notified import Systemd


@pytest.fixture
def handed_over(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A socket that listens, and stands where systemd would have put it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        number = os.dup(listening.fileno())
        os.set_inheritable(number, True)
        monkeypatch.setattr(systemd, "FIRST_SOCKET", number)
        yield listening
        try:
            os.close(number)
        except OSError:  # whoever took it has closed it
            return


def words(count: str = "1", pid: str = "") -> dict[str, str]:
    return {"LISTEN_FDS": count, "LISTEN_PID": pid or str(os.getpid()), "LISTEN_FDNAMES": "web"}


def test_a_socket_is_taken_once_and_no_child_gets_it(handed_over: socket.socket) -> None:
    environ = words()
    [taken] = take_sockets(environ)
    with taken:
        assert taken.getsockname() == handed_over.getsockname()
        assert not taken.get_inheritable()
        assert environ == {}
        assert take_sockets(environ) == []


@pytest.mark.parametrize(
    "environ",
    [{}, {"LISTEN_FDS": "1"}, words(pid="1"), words(count="0"), words(count="-1"), words("x")],
)
def test_without_a_socket_for_us_there_is_none(environ: dict[str, str]) -> None:
    assert take_sockets(environ) == []
    assert "LISTEN_FDS" not in environ


def refused(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systemd, "FIRST_SOCKET", number)
    with pytest.raises(ConfigError, match="ListenStream= with an address and a port"):
        take_sockets(words())


def test_what_nobody_can_listen_at_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(tmp_path / "file", "w") as file:
        refused(os.dup(file.fileno()), monkeypatch)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one:
        one.bind(str(tmp_path / "socket"))
        one.listen()
        refused(one.detach(), monkeypatch)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        refused(one.detach(), monkeypatch)
    one, other = socket.socketpair(socket.AF_UNIX)  # Accept=yes hands over a connection
    with other:
        refused(one.detach(), monkeypatch)
    refused(1_000_000, monkeypatch)


def test_without_systemd_nothing_is_told_and_nothing_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    with closing(Notifier()) as one:
        one.ready()
        one.status("x")
        one.stopping()


def test_a_status_is_told_when_it_is_another_than_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Systemd(tmp_path / "notify")) as heard:
        monkeypatch.setenv("NOTIFY_SOCKET", str(heard.path))
        with closing(Notifier()) as one:
            for text in ("waits", "waits", "häuft\nREADY=1", "waits"):
                one.status(text)
        assert heard.told() == [
            "STATUS=waits",
            r"STATUS=h\xe4uft\nREADY=1",
            "STATUS=waits",
        ]
