"""What the reading of logs brings, in order: blocks of a log with its hits, and its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from mtdata.weblogs.hits import Hits
from mtdata.weblogs.ledger.schema import LogState


class ReadBegin(NamedTuple):
    """A log is read from here on, of which so many lines were left out before.

    `again`: how often lines before its mark had been given back, all of which come in the feed.
    """

    log: int
    skipped: Mapping[str, int]
    again: int = 0


class ReadBlock(NamedTuple):
    """A block of a log: the whole lines up to `last_line`, and those of their hits that are sent.

    `end` and `digest` are those of all plain bytes up to there.  `known`: it lies before the mark
    of the log, so its lines are counted already, and only what waits again is sent.
    """

    log: int
    last_line: int
    end: int
    digest: bytes
    hits: Hits
    skipped: Mapping[str, int]
    known: bool = False


class ReadEnd(NamedTuple):
    """A log came to its end, or to where it cannot be read further."""

    log: int
    state: LogState
    reason: str = ""
    format: str = ""


Feed = Iterator[ReadBegin | ReadBlock | ReadEnd]
