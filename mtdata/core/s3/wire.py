"""The wire to a store: every answer ends in time and in bounds; it understands none of them.

boto3 makes its requests, and hands them over here (its event `before-send`).  What is no file has
to be there within TIMEOUT, as a whole; a file may take as long as it goes on coming.
"""

from __future__ import annotations

import socket
import time
from http.client import HTTPException
from threading import local
from typing import Any

from mtdata.core.http import MOST, BoundedAnswer, TimedBytes, pools_of
from mtdata.core.s3.inside_botocore import PooledSession

WAITS = 10
"""So many times TIMEOUT may be waited for a file that brings less than SLOWEST."""
SLOWEST = 1 << 15
"""Bytes of a file a second of waiting; who takes them slowly himself is not counted."""
MOST_REQUESTS = 8
"""So many requests one call of ours may become: tries, and turns to another region."""


class Circling(HTTPException):
    """One call became ever more requests: the store sends us round and round."""


class _FileBytes(TimedBytes):
    """The bytes of a file: only waiting for them costs time, and what comes gives time back."""

    def __init__(self, sock: socket.socket) -> None:
        self._patience = self._most = WAITS * (sock.gettimeout() or 0)
        super().__init__(sock, 0, MOST)

    def readinto(self, buffer: Any) -> int | None:
        begun = time.monotonic()
        self._ends_at = begun + self._patience
        count = super().readinto(buffer) or 0
        left = self._patience - (time.monotonic() - begun) + count / SLOWEST
        self._patience = min(self._most, left)
        return count

    def go_on(self) -> None:
        """From here on it may be of any length."""
        self._left = float("inf")


class _FileAnswer(BoundedAnswer):
    """The head is bounded as that of any answer, and so is the body of a refusal."""

    _source: _FileBytes

    def source(self, sock: socket.socket) -> TimedBytes:
        """Bytes that may be many."""
        self._source = _FileBytes(sock)
        return self._source

    def begin(self) -> None:
        """Read the head of the answer."""
        super().begin()
        if self.status < 300:
            self._source.go_on()


class StoreTransport:
    """What one client sends by; from several threads."""

    def __init__(self, **how: Any) -> None:
        """`how` is botocore's: verify, timeout, max_pool_connections."""
        self._answers = PooledSession(pools_of(BoundedAnswer), **how)
        self._files = PooledSession(pools_of(_FileAnswer), **how)
        self._asking = local()

    def take(self, client: Any) -> None:
        """Carry all requests of a client from now on."""
        events = client.meta.events
        events.register_last("before-call.s3", _without_expecting)
        events.register("before-send.s3", self._sent)

    def begin(self) -> None:
        """A call of ours begins in this thread."""
        self._asking.left, self._asking.body = MOST_REQUESTS, None

    def drop(self) -> None:
        """The call of this thread came to nothing: nobody will read what may be coming still."""
        if self._asking.body is not None:
            self._asking.body.close()

    def rest(self) -> None:
        """Let go of connections that wait for a next request."""
        self._answers.close()
        self._files.close()

    def _sent(self, request: Any, **_: Any) -> Any:
        left = getattr(self._asking, "left", MOST_REQUESTS)
        if left <= 0:
            raise Circling
        self._asking.left = left - 1
        if not request.stream_output:
            return self._answers.send(request)
        answer = self._files.send(request)
        self._asking.body = answer.raw
        return answer


def _without_expecting(params: dict[str, Any], **_: Any) -> None:
    """botocore waits for `100 Continue` without a bound, for ever where the line is closed then."""
    params["headers"].pop("Expect", None)
