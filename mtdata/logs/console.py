"""Standard error: for people with the time, for the journal with a priority, in containers as JSON.

No file here.
"""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from typing import Any

from mtdata.core.control import on_lines
from mtdata.core.errors import MTDataError
from mtdata.logs.json_fields import FORMATTERS
from mtdata.logs.lines import LineFormatter, time_of
from mtdata.logs.repeats import REPEATS

SWITCH = "MTDATA_LOG"
"""`json` or `text` in the environment decides, whatever else there is."""


def goes_to_journal() -> bool:
    """Whether standard error is what JOURNAL_STREAM names: a program's own pipe is not."""
    try:
        found = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError, AttributeError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def goes_as_json(*, by_config: bool = False) -> bool:
    """Whether lines go there as JSON: in a container, or where log.config says JSON: True.

    Never to a person at a terminal or to systemd's journal, unless MTDATA_LOG asks for it.
    """
    asked = os.environ.get(SWITCH, "").strip().lower()
    if asked in ("json", "text"):
        return asked == "json"
    try:
        is_read_by_people = sys.stderr.isatty() or goes_to_journal()
    except (ValueError, AttributeError):
        return False
    return not is_read_by_people and (by_config or bool(os.environ.get("container")))  # noqa: SIM112


class _Style:
    """How lines go to standard error, those of the log and all others."""

    by_config = False
    as_json: logging.Formatter = FORMATTERS["plain"]()


def priority(level: int) -> str:
    """The level as the journal reads it: `<2>` to `<7>`."""
    steps = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
    return f"<{next((number for least, number in steps if level >= least), 7)}>"


def on_stderr(text: str, level: int = logging.ERROR) -> None:
    """Write lines there; a terminal that is gone is no fault."""
    mark = priority(level) if goes_to_journal() else ""
    lines = on_lines(text).splitlines()
    if lines and goes_as_json(by_config=_Style.by_config):
        lines = [_Style.as_json.format(_record_of(text, level))]
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write("".join(f"{mark}{line}\n" for line in lines))
        sys.stderr.flush()


def _record_of(text: str, level: int) -> logging.LogRecord:
    """A record of words that are no line of the log."""
    make = logging.getLogRecordFactory()
    return make("mtdata", level, __file__, 0, "%s", (text.removesuffix("\n"),), None)


def fault_inside(record: logging.LogRecord) -> None:
    """What a handler calls when it failed: one line that has neither message nor arguments."""
    error = sys.exc_info()[1]
    if isinstance(error, MTDataError):
        raise error  # a signal asked us to end in the middle of a line: no fault of the line
    place = f"{os.path.basename(record.pathname)}:{record.lineno}"
    on_stderr(f"mtdata: a line of the log was not written: {type(error).__name__} ({place})")


class ConsoleFormatter(LineFormatter):
    """`time LEVEL site scale: message`; for the journal `<3>site scale: message`; or JSON."""

    def __init__(self, *, journal: bool) -> None:
        super().__init__("%(message)s")
        self._journal = journal

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        if not goes_as_json(by_config=_Style.by_config):
            return super().format(record)
        return (priority(record.levelno) if self._journal else "") + _Style.as_json.format(record)

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
        self.configure(json_lines=False)
        self.setFormatter(ConsoleFormatter(journal=goes_to_journal()))
        self.addFilter(lambda record: not getattr(record, "told", False))
        self.addFilter(REPEATS)

    def configure(self, *, json_lines: bool, json_fields: str = "plain") -> None:
        """Take what log.config says of JSON."""
        _Style.by_config, _Style.as_json = json_lines, FORMATTERS[json_fields]()

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
