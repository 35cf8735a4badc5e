"""From what was said to one line, with what it is about; of a fault it tells no more than places.

What a record must not say is taken out when it is made, so that no formatter can show it.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, ParamSpec, TypeVar

from mtdata.core.clock import SystemClock
from mtdata.core.control import on_one_line
from mtdata.core.errors import MTDataError

Given = ParamSpec("Given")
Found = TypeVar("Found")
CLOCK = SystemClock()
FORMAT = "%(asctime)s %(levelname)s %(site)s %(scale)s %(round)s %(message)s"
NOWHERE = {"site": "-", "scale": "-", "round": "-"}
FOREIGN = (
    *("boto3", "botocore", "s3transfer", "urllib3", "requests", "http", "filelock", "asyncio"),
    *("schedule", "concurrent", "django", "pymysql", "psycopg"),
    *("ninja", "waitress", "whitenoise", "csp"),
)
"""Libraries that quote bodies, headers, addresses or arguments in what they log."""
_HOUSE = Path(__file__).resolve().parents[2]
_PLACE = re.compile(r'File "([^"\n]*)", line (\d+), in (\S+)')


class Where(NamedTuple):
    """'' or None is what is not known."""

    site: str = ""
    scale: str = ""
    round: int | None = None


_where: ContextVar[Where] = ContextVar("where", default=Where())  # noqa: B039  # a tuple


@contextmanager
def at(
    *, site: str | None = None, scale: str | None = None, round: int | None = None
) -> Iterator[None]:
    """Lines in here are about these; what is not given stays as it was."""
    now = _where.get()
    token = _where.set(
        Where(
            now.site if site is None else site,
            now.scale if scale is None else scale,
            now.round if round is None else round,
        )
    )
    try:
        yield
    finally:
        _where.reset(token)


def carried(act: Callable[Given, Found]) -> Callable[Given, Found]:
    """`act`, with the site, scale and round of here and now, whichever thread calls it."""
    context = copy_context()

    def inside(*given: Given.args, **named: Given.kwargs) -> Found:
        return context.copy().run(act, *given, **named)  # a copy: several threads at a time

    return inside


def is_foreign(name: str) -> bool:
    """Whether a logger is one of theirs."""
    return name.partition(".")[0] in FOREIGN


def fault_told(error: BaseException | None, trace: TracebackType | None) -> str:
    """Types and places of an exception and what it came from; never a message or a value."""
    told: list[str] = []
    while error is not None and len(told) < 5:
        stack = traceback.extract_tb(error.__traceback__ if told else trace)
        places = _frames_text((frame.filename, frame.lineno or 0, frame.name) for frame in stack)
        told.append(f"{type(error).__name__} at {places or '?'}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return " from ".join(told)


def _frames_text(frames: Iterable[tuple[str, int | str, str]]) -> str:
    return " > ".join(f"{_short(file)}:{line} in {name}" for file, line, name in frames)


def _short(file: str) -> str:
    path = Path(file)
    if path.is_relative_to(_HOUSE / "mtdata"):
        return str(path.relative_to(_HOUSE))
    return "/".join(path.parts[-2:])


class Record(logging.LogRecord):
    """A record that knows what it is about, and has no words of a fault or of another library."""

    def __init__(self, *words: Any, **named: Any) -> None:
        super().__init__(*words, **named)
        moment = CLOCK.now()
        self.created, self.msecs = moment.timestamp(), moment.microsecond // 1000
        now = _where.get()
        self.site, self.scale = now.site or "-", now.scale or "-"
        self.round = "-" if now.round is None else str(now.round)
        self.msg = _without_words(self.msg)
        if isinstance(self.args, tuple):
            self.args = tuple(_without_words(one) for one in self.args)
        if is_foreign(self.name or ""):
            self.msg, self.args = f"something of {self.name} ({self.funcName})", None
        if self.exc_info:
            self.exc_text = fault_told(self.exc_info[1], self.exc_info[2])
            self.exc_info = None
        if self.stack_info:
            self.stack_info = "called by " + _frames_text(_PLACE.findall(self.stack_info))


def _without_words(thing: Any) -> Any:
    """An exception that is not ours becomes its type: its message could quote an answer."""
    if isinstance(thing, BaseException) and not isinstance(thing, MTDataError):
        return type(thing).__name__
    return thing


def time_of(record: logging.LogRecord, precision: str = "milliseconds") -> str:
    """ISO 8601 with the zone's offset, so that no line is ambiguous in autumn."""
    return CLOCK.local(datetime.fromtimestamp(record.created, UTC)).isoformat(timespec=precision)


class LineFormatter(logging.Formatter):
    """One line a record; `format` in log.config may choose other fields."""

    def __init__(self, fmt: str | None = None, *more: Any, **named: Any) -> None:
        super().__init__(fmt or FORMAT, *more, **{"defaults": NOWHERE, **named})

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """ISO 8601 unless the config says otherwise."""
        return super().formatTime(record, datefmt) if datefmt else time_of(record)

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        record.message = record.getMessage()
        record.asctime = self.formatTime(record, self.datefmt)
        return on_one_line(" ".join([self.formatMessage(record), *fault_fields(record).values()]))


class JsonFormatter(logging.Formatter):
    """One JSON object a line; what is not known is null."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__()

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
        now: dict[str, Any] = {key: getattr(record, key, "-") for key in NOWHERE}
        known = {key: None if word == "-" else word for key, word in now.items()}
        if known["round"] is not None:
            known["round"] = int(known["round"])
        first = {"time": time_of(record), "level": record.levelname}
        whole = {**first, **known, "message": record.getMessage(), **fault_fields(record)}
        return json.dumps(whole)  # ASCII: no character in it ends a line


def fault_fields(record: logging.LogRecord) -> dict[str, str]:
    """The fault and the calls that a record tells of."""
    fault = record.exc_text or ""
    if record.exc_info:
        fault = fault_told(record.exc_info[1], record.exc_info[2])
    told = {"fault": fault, "calls": record.stack_info}
    return {key: word for key, word in told.items() if word}
