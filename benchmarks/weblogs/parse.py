"""How fast lines become columns, and hits, beside a loop that only matches one regex.

Time is that of the processor in this process, so that what else the machine does counts little.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from statistics import median
from time import process_time

from benchmarks.bench import Bench
from benchmarks.figures import Measured, in_ratio
from benchmarks.weblogs import access_log
from mtdata.weblogs.formats import FORMATS
from mtdata.weblogs.formats.parser import Header
from mtdata.weblogs.reader import LogReader, Rules, pieces_of
from mtdata.weblogs.rules import FLAGS

LINES, BLOCK = 200_000, 512 * 1024
QUOTED = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
PLAIN = re.compile(rf"(\S+) (\S+) (\S+) \[([^\]]+)\] {QUOTED} (\d{{3}}) (\d+|-) {QUOTED} {QUOTED}")


def columns(bench: Bench, lines: int = LINES) -> Measured:
    """Lines a second of parsing alone ÷ the plain loop's; what reading to hits takes is told."""
    blocks = blocks_of(lines)
    sides: dict[str, Callable[[], float]] = {
        "plain": lambda: _rate(lines, lambda: plain_loop(blocks)),
        "parsed": lambda: _rate(lines, lambda: parse_alone(blocks)),
        "default": lambda: _rate(lines, lambda: read(blocks, frozenset())),
        "all": lambda: _rate(lines, lambda: read(blocks, FLAGS)),
    }
    found = bench.in_turns(sides)
    told = {
        "parsed, lines/s": median(found["parsed"]),
        "plain loop, lines/s": median(found["plain"]),
        "to hits, default filters, lines/s": median(found["default"]),
        "to hits, all four flags, lines/s": median(found["all"]),
    }
    note = f"{lines:,} lines in blocks of 512 KB; CPU time of one process"
    return Measured(in_ratio(found["parsed"], found["plain"]), told, note)


def blocks_of(count: int) -> list[bytes]:
    """A log of so many lines in blocks of whole lines."""
    blocks, block, size = [], [], 0
    for line in access_log.lines(count):
        block.append(line)
        size += len(line)
        if size >= BLOCK:
            blocks.append(b"".join(block))
            block, size = [], 0
    return [*blocks, b"".join(block)] if block else blocks


def plain_loop(blocks: list[bytes]) -> int:
    """How many lines match; each line's groups are made."""
    count = 0
    for block in blocks:
        for line in block.decode("utf-8").splitlines():
            found = PLAIN.match(line)
            if found is not None and found.groups():
                count += 1
    return count


def parse_alone(blocks: list[bytes]) -> int:
    """How many lines have columns."""
    parser = FORMATS["combined"].parser(Header("combined"))
    pieces = (piece for block in blocks for piece in pieces_of(block.decode("latin-1")))
    return sum(len(parser.columns(piece)[0] or ()) for piece in pieces)


def read(blocks: list[bytes], flags: frozenset[str]) -> int:
    """How many lines are hits, or left out for a reason."""
    newest = access_log.BEGIN + timedelta(days=365)
    rules = Rules(idsite=1, main_url=access_log.SITE, newest=newest, flags=flags)
    reader, first_line = LogReader(rules), 1
    for block in blocks:
        hits = reader.read(block, first_line)
        first_line += len(hits.lines) + sum(hits.skipped.values())
    return first_line - 1


def _rate(lines: int, work: Callable[[], int]) -> float:
    began = process_time()
    if (count := work()) != lines:
        raise RuntimeError(f"{count} lines were read instead of {lines}")
    return lines / (process_time() - began)
