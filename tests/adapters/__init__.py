"""Adapters against the real thing or its stand-in; what their tests share, and no test itself."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


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


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody but itself vouches for, and its key."""
    made, key = folder / "certificate.pem", folder / "key.pem"
    ask = f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout {key} -out {made}"
    to_whom = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*ask.split(), *to_whom], check=True, capture_output=True)
    return made, key
