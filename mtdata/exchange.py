"""What a server says within a bound of time and length, however it drips; it asks for nothing."""

from __future__ import annotations

import io
import socket
import time
from typing import Any

MOST = 1 << 20


class TimedBytes(io.RawIOBase):
    """The bytes of a socket until `ends_at` (time.monotonic) or `most` of them have come."""

    def __init__(self, sock: socket.socket, ends_at: float, most: float = MOST) -> None:
        super().__init__()
        self._sock, self._ends_at = sock, ends_at
        self._bytes = sock.makefile("rb", buffering=0)
        self._left = most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._ends_at - time.monotonic()
        if left <= 0 or self._left <= 0:
            raise TimeoutError(0, "it came too slowly, or too much of it")
        waits = self._sock.gettimeout()
        self._sock.settimeout(left if waits is None else min(waits, left))
        try:
            count = self._bytes.readinto(buffer)
        finally:
            self._sock.settimeout(waits)
        self._left -= count or 0
        return count

    def close(self) -> None:
        self._bytes.close()
        super().close()
