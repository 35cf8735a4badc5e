"""The logs of a run from their source to the feed of an import: block by block, in order.

A log goes on behind its mark in the ledger, when its bytes up to there are the same.  What is wrong
with one log ends that one alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import NamedTuple

from mtdata.core.errors import MTDataError, Reach
from mtdata.weblogs.blocks import Block, Past, blocks, resume
from mtdata.weblogs.feed import Feed, ReadBegin, ReadBlock, ReadEnd
from mtdata.weblogs.ledger.lines import LineSet
from mtdata.weblogs.ledger.logs import Log
from mtdata.weblogs.ledger.schema import LogState
from mtdata.weblogs.parsing import ParsePool, Text
from mtdata.weblogs.reader import Hits, LogReader, Rules
from mtdata.weblogs.source import LogObject, LogSource
from mtdata.weblogs.source_errors import ChangedLog, LogReplaced, TruncatedLog, UnreadableLog
from mtdata.weblogs.unpacking import LogLimits

OVERLONG = "overlong"
GATHERED = 256 << 10
"""Bytes of small logs that make one task of a worker."""


class LogToRead(NamedTuple):
    """A log as the ledger has it, with its object, and which of its lines are in batches."""

    log: Log
    listed: LogObject
    taken: LineSet


@dataclass(frozen=True, slots=True)
class _Piece:
    """A block on its way through the workers; `text` is not there where nothing is read of it."""

    log: int
    block: Block
    text: Text | None
    known: bool
    skipped: Mapping[str, int]


_Event = ReadBegin | ReadEnd | _Piece


class LogReading:
    """Reads logs by the rules; `told` hears of each sample of a line that was left out."""

    def __init__(
        self,
        source: LogSource,
        rules: Rules,
        parser: ParsePool,
        limits: LogLimits | None = None,
        told: Callable[[int, Hits], None] = lambda log, hits: None,
    ) -> None:
        self._source, self._parser = source, parser
        self._limits, self._told = limits or LogLimits(), told
        self._reader = LogReader(rules)
        self._taken: dict[int, LineSet] = {}

    def feed(self, logs: Sequence[LogToRead]) -> Feed:
        """All that is to be taken of these logs.  LogSourceError where the source fails."""
        for events, found in self._parser.each(self._gathered(self._events(logs))):
            hits = iter(found)
            for event in events:
                if not isinstance(event, _Piece):
                    yield event
                else:
                    yield self._read(event, next(hits) if event.text else Hits())

    def _gathered(self, events: Iterator[_Event]) -> Iterator[tuple[list[_Event], list[Text]]]:
        """Events in lists, each with the texts that a worker reads for it."""
        held: list[_Event] = []
        size = 0
        for event in events:
            held.append(event)
            if isinstance(event, _Piece):
                size += len(event.block.data)
            if size >= GATHERED or len(held) >= 1024:
                yield held, _texts(held)
                held, size = [], 0
        if held:
            yield held, _texts(held)

    def _events(self, logs: Sequence[LogToRead]) -> Iterator[_Event]:
        for one in logs:
            self._taken[one.log.number] = one.taken
            yield ReadBegin(one.log.number, one.log.mark.skipped, one.log.again)
            yield from self._log(one)

    def _log(self, one: LogToRead) -> Iterator[_Event]:
        """The blocks of a log and its end."""
        number, reader = one.log.number, self._reader
        reader.begin()
        state, reason = LogState.DONE, ""
        try:
            with ExitStack() as opened:
                for block, known in self._blocks(one, opened):
                    yield self._piece(one, block, reader, known=known)
        except TruncatedLog as error:
            state, reason = LogState.CUT, str(error)
        except ChangedLog as error:
            state, reason = LogState.CHANGED, str(error)
        except (UnreadableLog, LogReplaced) as error:
            state, reason = LogState.UNREADABLE, str(error)
        except MTDataError as error:
            if error.stops > Reach.SCALE:
                raise
            state, reason = LogState.UNREADABLE, str(error)
        yield ReadEnd(number, state, reason, reader.header.format)

    def _blocks(self, one: LogToRead, opened: ExitStack) -> Iterator[tuple[Block, bool]]:
        """The blocks behind the mark; all of them where lines before it are to be sent again."""
        mark = one.log.mark
        past = Past(mark.lines, mark.end, mark.digest)
        if one.log.again and mark.end:
            self._prove(one, past)
            raw = opened.enter_context(self._source.open(one.listed))
            for block in blocks(raw, limits=self._limits, cut=mark.end):
                yield block, block.end <= mark.end
            return
        raw = opened.enter_context(self._source.open(one.listed))
        for block in resume(raw, past, limits=self._limits):
            yield block, False

    def _prove(self, one: LogToRead, past: Past) -> None:
        """ChangedLog unless the log begins with the bytes that were taken."""
        with self._source.open(one.listed) as raw:
            next(resume(raw, past, limits=self._limits), None)

    def _piece(self, one: LogToRead, block: Block, reader: LogReader, *, known: bool) -> _Piece:
        number = one.log.number
        if block.rest_of_line:
            return _Piece(number, block, None, known, {})
        if block.overlong:
            return _Piece(number, block, None, known, {OVERLONG: block.lines})
        if not reader.header.format:
            reader.detect(block.data)
        text = Text(reader.header, block.first_line, block.data)
        reader.header = reader.header_after(block.data)
        return _Piece(number, block, text, known, {})

    def _read(self, piece: _Piece, hits: Hits) -> ReadBlock:
        block, taken = piece.block, self._taken[piece.log]
        last = block.first_line + max(0, block.lines - 1)  # a rest belongs to a line before it
        if not piece.known:
            self._told(piece.log, hits)
        if taken.has_any(block.first_line, last):
            hits = hits.picked([at for at, line in enumerate(hits.lines) if line not in taken])
        return ReadBlock(
            log=piece.log,
            last_line=last,
            end=block.end,
            digest=block.digest,
            hits=hits,
            skipped={**hits.skipped, **piece.skipped},
            known=piece.known,
        )


def _texts(events: Sequence[_Event]) -> list[Text]:
    return [event.text for event in events if isinstance(event, _Piece) and event.text]
