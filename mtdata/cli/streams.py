"""The three standard streams: always open, and a word that is lost is told once, at the end.

Whoever calls a program may have closed them.  Then the next file that is opened gets their number,
and what was meant for a person is written into it.  It opens nothing but what stands in for them.
"""

from __future__ import annotations

import io
import os
import select
import sys
from contextlib import suppress
from typing import Any

from mtdata.core.errors import StorageError
from mtdata.logs.console import on_stderr

LOST = "What the command did stands; only what it had to say is lost"


class Outlet(io.RawIOBase):
    """A stream of bytes to a descriptor that never raises: `fault` is why some are lost."""

    def __init__(self, number: int) -> None:
        self._number = number
        self.fault: OSError | None = None

    def writable(self) -> bool:
        """It can be written to, in the words of `io`."""
        return True

    def fileno(self) -> int:
        """The descriptor of the stream."""
        return self._number

    def isatty(self) -> bool:
        """Whether a person looks on."""
        return os.isatty(self._number)

    def write(self, piece: Any) -> int:
        """Write what goes; from the first fault on everything is dropped."""
        while self.fault is None:
            try:
                return os.write(self._number, piece)
            except BlockingIOError:  # somebody made the pipe such that it does not wait
                select.select([], [self._number], [])
            except OSError as error:
                self.fault = error
        return len(piece)


def open_all() -> None:
    """See to it that 0 to 2 are open, and that what Python writes to 1 and 2 cannot raise.

    Where standard output was closed, what stands there cannot be written to: that is told.
    """
    for number, flags in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_RDWR)):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, flags), True)  # it gets the lowest free number
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115  # as long as the process is there
    sys.stdout = _text(1, sys.stdout)
    sys.stderr = _text(2, sys.stderr)


def _text(number: int, before: Any) -> io.TextIOWrapper:
    encoding = getattr(before, "encoding", None) or "utf-8"
    outlet = io.BufferedWriter(Outlet(number))
    by_line = number == 2 or os.isatty(number) or getattr(before, "write_through", False)
    return io.TextIOWrapper(
        outlet, encoding=encoding, errors="backslashreplace", line_buffering=by_line
    )


def closed(code: int) -> int:
    """The exit code: that of the work, but where all is well and output was lost that of a disk."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    fault = fault_of(sys.stdout)
    if fault is None:
        return code
    on_stderr(f"mtdata: standard output cannot be written: {fault.strerror}. {LOST}")
    return code or StorageError.exit_code


def fault_of(stream: Any) -> OSError | None:
    """Why something that was written to the stream is lost; None when nothing is."""
    raw = getattr(getattr(stream, "buffer", None), "raw", None)
    return raw.fault if isinstance(raw, Outlet) else None
