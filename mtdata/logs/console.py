"""Standard error: for people with the time, for systemd's journal with a priority; no file here."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from typing import Any

from mtdata.core.control import on_lines
from mtdata.core.errors import MTDataError
from mtdata.logs.lines import LineFormatter, time_of


def goes_to_journal() -> bool:
    """Whether standard error is what JOURNAL_STREAM names: a program's own pipe is not."""
    try:
        found = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError, AttributeError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def priority(level: int) -> str:
    """The level as the journal reads it: `<2>` to `<7>`."""
    steps = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
    return f"<{next((number for least, number in steps if level >= least), 7)}>"


def on_stderr(text: str, level: int = logging.ERROR) -> None:
    """Write lines there; a terminal that is gone is no fault."""
    mark = priority(level) if goes_to_journal() else ""
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write("".join(f"{mark}{line}\n" for line in on_lines(text).splitlines()))
        sys.stderr.flush()


def fault_inside(record: logging.LogRecord) -> None:
    """What a handler calls when it failed: one line that has neither message nor arguments."""
    error = sys.exc_info()[1]
    if isinstance(error, MTDataError):
        raise error  # a signal asked us to end in the middle of a line: no fault of the line
    place = f"{os.path.basename(record.pathname)}:{record.lineno}"
    on_stderr(f"mtdata: a line of the log was not written: {type(error).__name__} ({place})")


class ConsoleFormatter(LineFormatter):
    """`time LEVEL site scale: message`; for the journal `<3>site scale: message`."""

    def __init__(self, *, journal: bool) -> None:
        super().__init__("%(message)s")
        self._journal = journal

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The message behind what stands before it."""
        where = (getattr(record, "site", "-"), getattr(record, "scale", "-"))
        told = " ".join(word for word in where if word != "-")
        message = f"{told}: {record.message}" if told else record.message
        if self._journal:
            return priority(record.levelno) + message
        return f"{time_of(record, 'seconds')} {record.levelname} {message}"


class Console(logging.StreamHandler[Any]):
    """Lines to standard error, but for those that were told there in another way."""

    def __init__(self, level: int) -> None:
        logging.Handler.__init__(self, level)
        self.setFormatter(ConsoleFormatter(journal=goes_to_journal()))
        self.addFilter(lambda record: not getattr(record, "told", False))

    @property
    def stream(self) -> Any:
        """Standard error as it is now: while a step is shown there, a line goes above it."""
        return sys.stderr

    @stream.setter
    def stream(self, stream: Any) -> None:
        raise AttributeError("it is always standard error")

    def handleError(self, record: logging.LogRecord) -> None:
        """One line, without what the record says."""
        fault_inside(record)
