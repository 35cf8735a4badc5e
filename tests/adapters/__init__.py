"""Adapters against the real thing or its stand-in; what their tests share, and no test itself."""

from __future__ import annotations

import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from mtdata.errors import MTDataError


@contextmanager
def saying(*speeches: Callable[[socket.socket], object]) -> Iterator[str]:
    """A server that hears one request a connection and speaks its own mind; gives its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for speech in speeches:
                talk, _ = listener.accept()
                with talk:
                    talk.recv(65536)
                    try:
                        speech(talk)
                    except OSError:
                        continue  # the client left, as it should

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/api"


def text(head: str, body: bytes = b"", kind: str = "application/json") -> Callable[..., object]:
    lead = f"HTTP/1.1 {head}\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n".encode()
    return lambda talk: talk.sendall(lead + body)


def told_by(ask: Callable[[], object], kind: type[MTDataError] | None) -> str:
    """All that the error says which `ask` raises, of exactly this kind; '' where None is due."""
    if kind is None:
        ask()
        return ""
    with pytest.raises(kind) as caught:
        ask()
    error = caught.value
    assert type(error) is kind
    return "".join([str(error), repr(error), *traceback.format_exception(error)])
