"""A clock for the log that is set by hand, and a log that is given back; it tests nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from mtdata import logs
from mtdata.core.clock import SystemClock

BERLIN = ZoneInfo("Europe/Berlin")


class SetClock(SystemClock):
    """It stands until it is moved."""

    def __init__(self, moment: datetime, zone: ZoneInfo = BERLIN) -> None:
        super().__init__(zone)
        self.moment, self.waited_s = moment.replace(tzinfo=moment.tzinfo or zone), 0.0

    def now(self) -> datetime:
        return self.moment.astimezone(UTC)

    def ticks(self) -> float:
        return super().ticks() + self.waited_s

    def set(self, *words: int, fold: int = 0) -> None:
        year, month, day, *time = words
        self.moment = datetime(year, month, day, *time, tzinfo=BERLIN, fold=fold)  # type: ignore[misc, arg-type]

    def wait(self, **span: float) -> None:
        length = timedelta(**span)
        self.moment, self.waited_s = self.moment + length, self.waited_s + length.total_seconds()


@contextmanager
def log_given_back() -> Iterator[None]:
    """Whatever is set up in here, the log of the test run is as before afterwards."""
    names = ("", "mtdata", "botocore", "urllib3")
    loggers = [logging.getLogger(name) for name in names]
    before = [(one.handlers[:], one.level, one.propagate) for one in loggers]
    factory, last = logging.getLogRecordFactory(), logging.lastResort
    try:
        yield
    finally:
        logs.close()
        for handler in logging.root.handlers:  # pytest's own, in this phase of the test
            handler.__dict__.pop("handleError", None)
            handler.setLevel(logging.NOTSET)
            handler.removeFilter(logs.REPEATS)
        logging.setLogRecordFactory(factory)
        logging.lastResort = last
        for one, (handlers, level, propagate) in zip(loggers, before, strict=True):
            one.handlers[:], one.propagate = handlers, propagate
            one.setLevel(level)


def lines_of(folder: Path, pattern: str = "[!.]*.log*") -> dict[str, list[str]]:
    """The lines of every file of the log, by its name."""
    found = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob(pattern))}
    assert all(text.endswith("\n") for text in found.values())
    return {name: text.split("\n")[:-1] for name, text in found.items()}
