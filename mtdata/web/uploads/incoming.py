"""A request while it comes; one with a large body waits behind its header until it may go on.

What comes meanwhile is not read; a refused body never is.
"""

from __future__ import annotations

import copy
from http import HTTPStatus
from typing import Any, NamedTuple

from waitress.parser import (
    HTTPRequestParser,
    ParsingError,
    TransferEncodingNotImplemented,
)
from waitress.receiver import ChunkedReceiver, FixedStreamReceiver
from waitress.utilities import BadRequest, Error, RequestEntityTooLarge

from mtdata.core.border import Border
from mtdata.web.uploads.spool import SpooledBody

REFUSAL = "mtdata.refusal"
"""In the environment of a request: why its body was not read; None where it was."""
AGAIN_S = 30
MOST_BESIDE = 1 << 13
"""Bytes of a line between two chunks, and of what stands behind the last: each piece that comes is
laid to those before it, and all of it is looked at again."""
_HEADER = Border(ParsingError, "a header cannot be read")


class UploadRefusal(NamedTuple):
    """Why a body is not taken; said to who is logged in, others get what strangers get."""

    status: HTTPStatus
    words: str
    again_s: int = 0
    """When it may be tried again; 0 where that would not help."""


NOT_LET_IN = UploadRefusal(HTTPStatus.FORBIDDEN, "It was not let in. Nothing was changed.")
NOT_ASKED = UploadRefusal(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "Who sends it could not be looked up. Nothing was changed; try later.",
    AGAIN_S,
)


class UploadPlace(NamedTuple):
    """Where the body goes, and the bytes that it may have."""

    body: SpooledBody
    most: int


Admission = UploadRefusal | UploadPlace | None
"""None: the limits of all other requests hold."""


class NoPlace(Error):
    """The disk did not take what came."""

    code = HTTPStatus.INSUFFICIENT_STORAGE.value
    reason = HTTPStatus.INSUFFICIENT_STORAGE.phrase


class UploadPace:
    """How fast a body comes; times by the connection's clock."""

    def __init__(self, now: float) -> None:
        self.began = self.moved = now
        self._count = 0

    def note(self, count: int, now: float, progress: int) -> None:
        """So many bytes came."""
        self._count += count
        if self._count >= progress:
            self.moved, self._count = now, 0


class IncomingRequest(HTTPRequestParser):
    """Asks once its header is there, where its body is too large or nobody knows how large."""

    adj: Any
    error: Any = None
    expect_continue: bool = False
    path = ""  # of a request that cannot be read
    is_asking = False
    refusal: UploadRefusal | None = None
    pace: UploadPace | None = None
    """None: no upload."""

    def __init__(self, adj: Any) -> None:
        super().__init__(adj)
        self._ahead, self._expects = b"", False
        self._too_large: Error | None = None

    def received(self, data: bytes) -> int:
        """Take what came, or lay it by; back comes how much that was."""
        if self.is_asking:
            self._ahead += data  # of one reading: nothing more is read until it is decided
            return len(data)
        in_header = not self.headers_finished
        try:
            count = int(super().received(data))
        except OSError as error:
            self.error = NoPlace(error.strerror or "the disk does not take it")
            self.completed, count = True, len(data)
        if not self.completed and self._beside() > MOST_BESIDE:
            self.error, self.completed = BadRequest("a line between chunks is too long"), True
        if in_header and self.headers_finished:
            self._ask_where_large()
        return count

    def parse_header(self, header_plus: bytes) -> None:
        """As the library does, whatever it meets there.  ParsingError for what cannot be read."""
        unknown: TransferEncodingNotImplemented | None = None
        with _HEADER:
            try:
                super().parse_header(header_plus)
            except TransferEncodingNotImplemented as error:
                unknown = error
        if unknown:
            raise unknown

    def _beside(self) -> int:
        """Bytes that came between chunks, or behind them, and are no whole line yet."""
        body = self.body_rcv
        if not isinstance(body, ChunkedReceiver):
            return 0
        return len(body.control_line) + len(body.trailer)

    def _ask_where_large(self) -> None:
        is_too_large = isinstance(self.error, RequestEntityTooLarge)
        if is_too_large or (self.chunked and self.error is None):
            self.is_asking, self.completed = True, False
            self._too_large, self.error = self.error, None
            self._expects, self.expect_continue = self.expect_continue, False

    def decide(self, admission: Admission, now: float) -> bytes:
        """Go on; back comes what was laid by and is to be received now."""
        ahead, self._ahead, self.is_asking = self._ahead, b"", False
        self.expect_continue = self._expects
        if admission is None:
            self.error, self.completed = self._too_large, self._too_large is not None
        elif isinstance(admission, UploadRefusal):
            self._leave_unread(admission)
        else:
            self._lay_into(admission)
            self.pace = UploadPace(now)
        return b"" if self.completed else ahead

    def _leave_unread(self, refusal: UploadRefusal) -> None:
        self.refusal, self.completed, self.expect_continue = refusal, True, False
        self.body_rcv = None
        self.headers |= {"CONTENT_LENGTH": "0", "CONNECTION": "close"}

    def _lay_into(self, place: UploadPlace) -> None:
        self.adj = copy.copy(self.adj)
        self.adj.max_request_body_size = place.most + 1
        if self.chunked:
            self.body_rcv = ChunkedReceiver(place.body)
        else:
            self.body_rcv = FixedStreamReceiver(self.content_length, place.body)
