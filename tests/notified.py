"""The socket on which a service tells systemd how it is; it tests nothing."""

from __future__ import annotations

import socket
from pathlib import Path


class Systemd:
    """Hears what is told on a socket at that path."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)
        self.path = path
        self._told: list[str] = []

    def told(self) -> list[str]:
        """All lines so far."""
        while True:
            try:
                self._told += self._socket.recv(4096).decode().splitlines()
            except BlockingIOError:
                return self._told

    def close(self) -> None:
        self._socket.close()
