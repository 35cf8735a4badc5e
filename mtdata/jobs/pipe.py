"""What supervisor and child say to each other: a line of JSON at a time, each of bounded length."""

from __future__ import annotations

import json
import os
import selectors
from typing import Any

MOST_BYTES = 64 * 1024
Message = dict[str, Any]
TIDY: Message = {"tidy": True}
"""To a child, behind the last part of a job: it says `left`, what of that is still in it."""


def line_of(message: Message) -> bytes:
    """One message as it goes through the pipe."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


class PipeReader:
    """Reads messages from a pipe, never longer than asked."""

    def __init__(self, pipe: int) -> None:
        os.set_blocking(pipe, False)
        self._pipe, self._rest, self.ended = pipe, b"", False
        self._selector = selectors.DefaultSelector()
        self._selector.register(pipe, selectors.EVENT_READ)

    def read(self, wait_s: float) -> list[Message]:
        """Messages that came within `wait_s` seconds; `ended` tells that no more will."""
        if self.ended or not self._selector.select(wait_s):
            return []
        piece = os.read(self._pipe, MOST_BYTES)
        if not piece:
            self.ended = True
        *lines, self._rest = (self._rest + piece).split(b"\n")
        if len(self._rest) > MOST_BYTES:
            self._rest = b""  # no message of ours is that long
        return [found for line in lines if (found := _parsed(line)) is not None]

    def close(self) -> None:
        """Stop reading; the pipe itself is the caller's to close."""
        self._selector.close()


def _parsed(line: bytes) -> Message | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None  # a library wrote where only messages belong
    return found if isinstance(found, dict) else None
