"""Answers that come in pieces, at the pace of who reads them: none waits on a disk or in a thread.

So much of one is fetched as fits between two marks; then its source rests, and no thread with it.
What broke off is never ended as if it were whole.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from typing import Any

from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.task import ThreadedTaskDispatcher, WSGITask

from mtdata.core.errors import MTDataError, StorageError
from mtdata.web.forwarded import App
from mtdata.web.uploads.incoming import REFUSAL

log = logging.getLogger(__name__)
FULL, LOW = 1 << 20, 1 << 19
"""Bytes that wait for one reader: fetching rests at the first, and goes on below the second."""
TURN = FULL
"""So many bytes are fetched for one before it is the turn of another."""
UNKNOWN = sys.maxsize


class Fetchers(ThreadedTaskDispatcher):
    """The threads that fetch; others than those of the pages, so that none waits for a source."""

    queue_logger = logging.Logger(__name__, logging.CRITICAL)  # that they have work is no warning


class StreamedAnswer(WSGITask):
    """The answering of one request; what comes in pieces is left to a Pour."""

    content_length: int | None

    def get_environment(self) -> Any:
        """The WSGI environment, with the connection, for who has to know its reader."""
        more = {"mtdata.line": self.channel, "mtdata.answer": self}
        return super().get_environment() | more | {REFUSAL: self.request.refusal}

    def build_response_header(self) -> Any:
        """Without a length where nobody knows it."""
        if self.content_length == UNKNOWN:
            self.content_length = None
        return super().build_response_header()


def pouring(app: App) -> App:
    """The application, whose answers in pieces go out as a Pour."""

    def answer(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        found: Any = app(environ, start)
        is_file = isinstance(found, ReadOnlyFileBasedBuffer)
        is_in_pieces = getattr(found, "streaming", False) or hasattr(found, "__next__")
        if environ["REQUEST_METHOD"] == "HEAD" or is_file or not is_in_pieces:
            return found
        return Pour(found, environ["mtdata.answer"])

    return answer


class Pour(ReadOnlyFileBasedBuffer):
    """What waits of one answer for its reader, and a task of the threads that fetch more of it.

    In the place of a file, which is what the server takes over from a thread.  It counts for one
    byte more than it has for as long as something may come, so that the server does not end it.
    """

    def __init__(self, source: Any, answer: Any) -> None:
        """`source` is what the application gave back."""
        self._source, self._pieces, self._answer = source, iter(source), answer
        self._line, self._lock = answer.channel, answer.channel.outbuf_lock
        self._left, self._ready = UNKNOWN, bytearray()
        self._is_busy = self._is_whole = self._is_over = self._is_closed = False

    # --- what the server asks of a file

    def prepare(self, size: int | None = None) -> int:
        """How long it will be."""
        self._left = UNKNOWN if size is None else size
        return self._left

    def __len__(self) -> int:
        return len(self._ready) + (not self._is_whole)

    def __next__(self) -> bytes:
        raise StopIteration  # it is asked so only where it has no length

    def get(self, numbytes: int = -1, *how: Any) -> bytes:
        """What is ready, as far as it is wanted."""
        return bytes(self._ready[:numbytes])

    def skip(self, numbytes: int, *how: Any) -> None:
        """Drop so many bytes, which were sent."""
        del self._ready[:numbytes]
        if len(self._ready) < LOW and not self._is_whole:
            self.go_on()

    def close(self) -> None:
        """It has gone out, or its connection is over."""
        with self._lock:
            self._is_over = True
            self._ready.clear()
        self.go_on()

    # --- fetching

    @property
    def is_dry(self) -> bool:
        """Whether its reader waits for its source."""
        return not self._ready and not self._is_whole

    def go_on(self) -> None:
        """Let a thread fetch more, or let go of the source where it is over."""
        with self._lock:
            if not self._is_busy and not self._is_closed:
                self._is_busy = True
                self._line.server.fetchers.add_task(self)

    def service(self) -> None:
        """Fetch until enough waits, or another one has its turn; one thread at a time does."""
        is_sound = False
        try:
            fetched = 0
            while fetched < TURN and self._is_wanted():
                fetched += self._take(next(self._pieces, None))
            is_sound = True
        except (MTDataError, OSError) as error:
            log.debug("an answer breaks off: %s", type(error).__name__)  # its source told why
        finally:  # whatever broke it: nobody is to wait for the rest
            self._rest(is_sound=is_sound)
            if not is_sound:
                self._line.cut()

    def cancel(self) -> None:
        """End the answer because the server ends."""
        self._rest(is_sound=False)

    def _is_wanted(self) -> bool:
        return not self._is_over and not self._is_whole and len(self._ready) < FULL

    def _take(self, piece: bytes | None) -> int:
        """A piece that came, None for the end of them; back comes its length."""
        with self._lock:
            was_dry = self.is_dry
            if self._is_over:
                return 0
            if piece is None:
                self._end()
            elif piece:
                self._add(piece)
        if was_dry or self._is_whole:
            self._line.server.pull_trigger()
        return len(piece or b"")

    def _end(self) -> None:
        if self._left not in (0, UNKNOWN):
            raise StorageError("it is shorter than was told")
        self._is_whole = True
        self._line.total_outbufs_len -= 1

    def _add(self, piece: bytes) -> None:
        if self._answer.chunked_response:
            piece = b"%X\r\n%b\r\n" % (len(piece), piece)
        elif self._left != UNKNOWN:
            piece = piece[: self._left]
            self._left -= len(piece)
        self._ready += piece
        self._line.total_outbufs_len += len(piece)

    def _rest(self, *, is_sound: bool) -> None:
        with self._lock:
            self._is_over = self._is_over or not is_sound
            is_done = (self._is_over or self._is_whole) and not self._is_closed
            self._is_closed = self._is_closed or is_done
            self._is_busy = False
            if self._is_wanted():
                self.go_on()
        if is_done and hasattr(self._source, "close"):
            self._source.close()
