"""What a server says within a bound of time and length, however it drips; it asks for nothing."""

from __future__ import annotations

import io
import socket
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from http.client import HTTPException, HTTPResponse, IncompleteRead, parse_headers
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import DecodeError

from mtdata.core.trust import authorities

MOST = 1 << 20
MOST_FOR_NOTHING = 1 << 20
"""Bytes of gzip that may bring none: members, headers and blocks can be empty without end."""
STEP = 4096
PIECE = 1 << 14
MAX_INTERIM = 100
SWITCHING = 101
SLOWLY = "it came too slowly, or too much of it"


class TimedBytes(io.RawIOBase):
    """The bytes of a socket until `ends_at` (time.monotonic) or `most` of them have come."""

    def __init__(self, sock: socket.socket, ends_at: float, most: float = MOST) -> None:
        super().__init__()
        self._sock, self._ends_at = sock, ends_at
        self._bytes = sock.makefile("rb", buffering=0)
        self._left, self._has_begun = most, False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._ends_at - time.monotonic()
        if left <= 0 or self._left <= 0:
            raise TimeoutError(0, SLOWLY)
        waits = self._sock.gettimeout()
        is_last = waits is None or left < waits
        if is_last:  # it costs two calls of the system, so only where it changes something
            self._sock.settimeout(left)
        try:
            count = self._bytes.readinto(buffer)
        except TimeoutError:
            if is_last and self._has_begun:
                raise TimeoutError(0, SLOWLY) from None
            raise
        finally:
            if is_last:
                self._sock.settimeout(waits)
        self._has_begun = True
        self._left -= count or 0
        return count

    def close(self) -> None:
        self._bytes.close()
        super().close()


class FinalResponse(HTTPResponse):
    """The answer behind what came before it (1xx): http.client passes over 100 alone.

    Taken for the answer, a 102 would leave the true one to whoever asks next on that connection.
    """

    def begin(self) -> None:
        """Read the head; a connection that switches protocols is of no more use."""
        super().begin()
        if self.status == SWITCHING:
            self.will_close = True

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(MAX_INTERIM + 1):
            line: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
            if line[1] >= 200 or line[1] == SWITCHING:
                return line
            parse_headers(self.fp)
        raise HTTPException("interim answers without end")

    def _safe_read(self, amt: int) -> bytes:
        """A chunk of minus one byte would be read as "all there is", into memory."""
        if amt < 0:
            raise IncompleteRead(b"")
        read: bytes = super()._safe_read(amt)  # type: ignore[misc]  # http.client's, for urllib3
        return read


class BoundedAnswer(FinalResponse):
    """An answer that is there as a whole, head and chunk marks too, within `waits` time-outs."""

    most: float = MOST
    waits: int = 1

    def __init__(self, sock: socket.socket, *rest: Any, **more: Any) -> None:
        super().__init__(sock, *rest, **more)
        self.fp.close()
        self.fp = io.BufferedReader(self.source(sock), 1 << 16)

    def source(self, sock: socket.socket) -> TimedBytes:
        """Where its bytes come from."""
        ends_at = time.monotonic() + self.waits * (sock.gettimeout() or 0)
        return TimedBytes(sock, ends_at, self.most)


class Bounded(HTTPAdapter):
    """For sessions of `requests`: an answer is there within the time-out, as a whole, and its
    status line, headers and body are at most `most` bytes."""

    def __init__(self, most: float = MOST, piece: int = PIECE) -> None:
        """`piece`: so many bytes of a file go out at a time."""
        self._most, self._piece = most, piece
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *rest: Any, **more: Any) -> None:
        """Make connections whose answers are bounded."""
        super().init_poolmanager(*rest, **more, blocksize=self._piece)

        class Answer(BoundedAnswer):
            most = self._most

        self.poolmanager.pool_classes_by_scheme = pools_of(Answer)


def bounded_session(
    ca: str, agent: str, most: float = MOST, piece: int = PIECE
) -> requests.Session:
    """A session whose answers are bounded in time and length (`Bounded`).

    The environment is not asked for proxies or passwords; `ca` names a file of authorities, and
    REQUESTS_CA_BUNDLE counts (trust.py).  ConfigError where that file cannot be used.
    """
    session = requests.Session()
    session.trust_env = False
    session.verify = authorities(ca)
    session.headers["User-Agent"] = agent
    for scheme in ("http://", "https://"):
        session.mount(scheme, Bounded(most, piece))
    return session


def pools_of(answers: type[FinalResponse]) -> dict[str, type[HTTPConnectionPool]]:
    """Pools of urllib3 whose connections give answers of this class, by scheme."""

    class Plain(HTTPConnection):
        response_class = answers

    class Secure(HTTPSConnection):
        response_class = answers

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def unpacked(answer: Any, size: int) -> Iterator[bytes]:
    """The body of an answer of urllib3's, unpacked, in pieces of at most about `size` bytes.

    DecodeError for what cannot be unpacked, or goes on without bringing anything.
    """
    if answer.headers.get("Content-Encoding", "").strip().lower() in ("gzip", "x-gzip"):
        return _gunzipped(answer.stream(size, decode_content=False), size)
    pieces: Iterator[bytes] = answer.stream(size, decode_content=True)
    return pieces


def _gunzipped(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    members, for_nothing, member = 1, 0, zlib.decompressobj(16 + zlib.MAX_WBITS)
    for packed in _in_steps(pieces):
        rest, out = packed, b""
        while rest or len(out) == size:  # a full piece may not be all that these bytes bring
            try:
                out = member.decompress(rest, size)
            except zlib.error:
                if members == 1:
                    raise DecodeError("what came as gzip is none") from None
                return  # what stands behind the last member counts for nothing, as with gzip(1)
            left = member.unused_data if member.eof else member.unconsumed_tail
            for_nothing = 0 if out else for_nothing + len(rest) - len(left)
            if out:
                yield out
            if member.eof:
                members, member = members + 1, zlib.decompressobj(16 + zlib.MAX_WBITS)
                out = b""
            rest = left
        if for_nothing > MOST_FOR_NOTHING:
            raise DecodeError("it is gzip of nothing")


def _in_steps(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Small steps: behind each member all that is left of one is copied."""
    for piece in pieces:
        for start in range(0, len(piece), STEP):
            yield piece[start : start + STEP]


def gathered(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Bytes gathered into pieces of `size` bytes; an empty one stands for each that was put aside.

    Whoever reads a stream looks at what he holds with each piece: pieces of one byte each would
    make that a square.
    """
    held: list[bytes] = []
    count = 0
    for piece in pieces:
        held.append(piece)
        count += len(piece)
        if count < size:
            yield b""
            continue
        yield b"".join(held)
        held, count = [], 0
    yield b"".join(held)


def beginning(pieces: Iterable[bytes], most: int) -> Iterator[bytes]:
    """The first `most` bytes, in pieces; of the rest no more is read than what came with them."""
    for piece in pieces:
        yield piece[:most]
        most -= len(piece)
        if most <= 0:
            return


FaultWords = Sequence[tuple[type[BaseException], str]]
"""Sorts of faults, the narrower ones first, and what is said of each."""


def words_for(fault: BaseException, words: FaultWords) -> tuple[type[BaseException], str] | None:
    """The first of these sorts that is in a fault, with its words; None where none is."""
    seen = causes(fault)
    return next((one for one in words if any(isinstance(of, one[0]) for of in seen)), None)


def causes(fault: BaseException) -> list[BaseException]:
    """A fault and all that it wraps: `requests` and urllib3 pack them into each other by turns."""
    seen = [fault]
    for error in seen:
        inner = (*error.args, getattr(error, "reason", None), error.__cause__, error.__context__)
        seen += [one for one in inner if isinstance(one, BaseException) and one not in seen]
    return seen
