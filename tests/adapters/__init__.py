"""Adapters against the real thing or its stand-in; what their tests share, and no test itself."""

from __future__ import annotations

import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from mtdata.core.errors import MTDataError, SiteError, SiteSlow


@contextmanager
def saying(*speeches: Callable[[socket.socket], object]) -> Iterator[str]:
    """A server that hears one request a connection and speaks its own mind; gives its URL."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)  # between looks at `over`: closing does not end an accept

        def serve() -> None:
            waiting = iter(speeches)
            speech = next(waiting, None)
            while speech is not None and not over.is_set():
                try:
                    talk, _ = listener.accept()
                except TimeoutError:
                    continue
                _speak(talk, speech)
                speech = next(waiting, None)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/api"
        finally:
            over.set()
            thread.join()


def _speak(talk: socket.socket, speech: Callable[[socket.socket], object]) -> None:
    with talk, suppress(OSError):  # the client may leave, as it should
        talk.recv(65536)
        speech(talk)


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
    slow = kind is SiteError and type(error) is SiteSlow  # on a busy machine anything may be slow
    assert type(error) is kind or slow
    return "".join([str(error), repr(error), *traceback.format_exception(error)])
